"""A language is a folder: what an operator writes in letters/LANGUAGE is said to customers, and every slip in it is a finding."""

import io
import re
from datetime import date
from pathlib import Path

import pytest
from commandline import PLAIN, Workspace, text_of
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment, nodes
from pypdf import PdfReader

from pastdue import days
from pastdue.config import Config
from pastdue.documents import linter, patterns
from pastdue.documents.catalogue import CATALOGUES, ENGLISH, SHIPPED, Words
from pastdue.findings import Severity

WORDS = """
greeting-person = "Gentile {name}"
invoices-one = "fattura {numbers}"
late-one = "{count} giorno di ritardo"
late-other = "{count} giorni di ritardo"
[portal]
title = "Il suo conto <b>"
overdue = "Scaduto"
[paper]
pay = "Da pagare"
by = "entro il {date}"
"""
REMINDER = """---
subject: Sollecito: {{ about }}
language: it
---
{{ customer.greeting }},

la {{ about }} di {{ asked }} è scaduta da {{ late_by }}. La preghiamo di pagare entro il {{ pay_by }}.

{% include "_items.md" %}
"""
ITEMS = "{% for item in items %}- {{ item.name }}: {{ item.open }}, {{ item.late }}\n{% endfor %}\n"


def house(root: Path, **more: str) -> Workspace:
    """A bakery with two Italian customers: one is written to by email, the other by post."""
    config = PLAIN.format(business='country = "IE"\n', more='[portal]\nbase_url = "https://pay.example"')
    books = Workspace.of(
        root,
        config.replace('channels = ["email"]', 'channels = ["email", "letter"]'),
        customers="account_id,name,email,contact,language,address,city,postcode,country\n"
        "ROSSI,Rossi Srl,anna@rossi.example,Anna Rossi,it,Via Roma 1,Milano,20121,IT\n"
        "BIANCHI,Bianchi Srl,,Ugo Bianchi,it-CH,Via Nassa 2,Lugano,6900,CH\n",
        invoices="invoice_id,account_id,issued,due,amount\n2041,ROSSI,2026-01-20,2026-02-19,1240.50\n"
        "2042,BIANCHI,2026-01-20,2026-02-19,99.00\n",
    )
    files = {"it/words.toml": WORDS, "it/reminder.md": REMINDER, "it/_items.md": ITEMS} | more
    for name, text in files.items():
        books.write(f"letters/{name}", text)
    return books.committed()


def found(books: Workspace) -> list[str]:
    """The findings of `check` about Italian, a line each."""
    lines = books.run("check", "--on", "2026-02-27").stdout.splitlines()
    return [line for line in lines if line.startswith("letters/it")]


def pages(books: Workspace) -> dict[str, str]:
    """Every customer's page, by the name of the customer on it."""
    texts = [page.decode() for path, page in books.files("site/public").items() if path.endswith("/index.html")]
    return {name: text for text in texts for name in ("Rossi Srl", "Bianchi Srl") if name in text}


def a_file(books: Workspace, part: str) -> str:
    """The one file of the outbox with this in its name."""
    (found,) = (path for path in books.files("outbox") if part in path)
    return found


# ------------------------------------------------------------------ a language of the operator's own


def test_a_language_is_a_folder_and_its_email_and_page_speak_it(tmp_path: Path) -> None:
    books = house(tmp_path)
    books.done("build", "--on", "2026-02-27")
    message = books.email(a_file(books, ".eml"))
    text = text_of(message)
    assert message["Content-Language"] == "it"
    assert "Gentile Anna Rossi," in text
    assert "la fattura 2041 di 1.240,50\xa0€ è scaduta da 8 days" in " ".join(text.split(" "))
    assert "entro il 6 marzo 2026" in text
    assert "- 2041: 1.240,50\xa0€, 8 giorni di ritardo" in text
    page = pages(books)["Rossi Srl"]
    assert 'lang="it' in page
    assert "Il suo conto &lt;b&gt;" in page
    assert "Scaduto" in page
    assert "8 giorni di ritardo" in page
    assert 'lang="it-CH"' in pages(books)["Bianchi Srl"]


def test_what_stands_against_a_notice_names_the_file_in_the_folder(tmp_path: Path) -> None:
    books = house(tmp_path, **{"it/reminder.md": f"{REMINDER}\nPlease pay within 3 days.\n"})
    lines = books.run("check", "--on", "2026-02-27").stdout.splitlines()
    said = [line for line in lines if "L12" in line and not line.startswith(" ")]
    assert said
    assert all(line.startswith("letters/it/reminder.md: ") for line in said), said


def test_a_printed_letter_speaks_the_language_of_the_folder(tmp_path: Path) -> None:
    books = house(tmp_path)
    books.done("build", "--on", "2026-02-27")
    content = books.files("outbox")[a_file(books, "BIANCHI-reminder.pdf")]
    said = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).replace("\xa0", " ")
    for part in ("Sollecito: fattura 2042", "Gentile Ugo Bianchi,", "Da pagare", "entro il 6 marzo 2026"):
        assert part in said


def test_what_is_missing_is_said_in_english_and_named_in_one_finding(tmp_path: Path) -> None:
    (one, *others) = found(house(tmp_path))
    assert others == []
    assert one.startswith("letters/it/words.toml: warning: ")
    assert "words are missing, and said in English: colon, greeting-firm, " in one
    for each in ("late-by-one", "[schedule]", "[evidence]", "portal.to-pay"):
        assert f" {each}," in one
    assert "late-one," not in one


def test_a_language_that_says_everything_lacks_nothing() -> None:
    whole = "\n".join(
        f"{key} = {text!r}" if "." not in key else f"{key.replace('.', '.', 1)} = {text!r}"
        for key, text in ((k, t.replace("'", "")) for k, t in CATALOGUES["en"].items() if k != "language")
    ).replace("\\n", " ")
    assert Words({"it/words.toml": whole}).findings == []


def test_a_language_has_the_plural_forms_of_its_own() -> None:
    polish = (
        'late-one = "{count} dzień"\nlate-few = "{count} dni"\nlate-many = "{count} dni!"\nlate-other = "{count} dnia"'
    )
    words = Words({"pl/words.toml": polish})
    assert [words.of("pl-PL").plural("late", count) for count in (1, 3, 5)] == ["1 dzień", "3 dni", "5 dni!"]
    assert messages('late-few = "{count} giorni"') == ["late-few is never asked for"]
    (lacking,) = Words({"ja/words.toml": 'late-other = "{count}日遅れ"'}).findings
    assert "late-by-one" not in lacking.message
    assert "late-by-other" in lacking.message


def test_a_language_that_babel_does_not_know_has_the_figures_of_the_business(tmp_path: Path) -> None:
    words = Words({"tlh/words.toml": 'late-one = "wa\' jaj"'})
    assert words.of("tlh").plural("late", 1) == "wa' jaj"
    assert any("tlh is not known to Babel" in each.message for each in words.findings)


def test_a_country_of_a_language_says_what_differs() -> None:
    words = Words(
        {
            "pt/words.toml": 'due-today = "vence hoje"\nnot-yet-due = "a vencer"',
            "pt-BR/words.toml": 'not-yet-due = "ainda não venceu"',
        }
    )
    assert (words.of("pt-BR")["due-today"], words.of("pt-BR")["not-yet-due"]) == ("vence hoje", "ainda não venceu")
    assert words.of("pt-PT")["not-yet-due"] == "a vencer"


# ------------------------------------------------------------------ single words of a shipped language


def test_single_words_of_a_shipped_language_may_be_said_otherwise() -> None:
    words = Words({"de/words.toml": 'due-today = "heute zu zahlen"\n[portal]\noverdue = "offen geblieben"'})
    assert words.findings == []
    assert words.of("de-AT")["due-today"] == "heute zu zahlen"
    assert words.of("de")["portal.overdue"] == "offen geblieben"
    assert words.of("de")["not-yet-due"] == CATALOGUES["de"]["not-yet-due"]
    assert SHIPPED.of("de")["due-today"] == CATALOGUES["de"]["due-today"]


def test_a_step_of_the_operator_s_own_may_have_a_name() -> None:
    assert (
        Words(
            {
                "de/words.toml": '[follows]\nfarewell = "schreiben wir zum letzten Mal"\n[portal]\nstep-farewell = "Abschied"'
            }
        ).findings
        == []
    )


# ------------------------------------------------------------------ slips


def messages(text: str) -> list[str]:
    """The errors in a words.toml."""
    return [each.message for each in Words({"it/words.toml": text}).findings if each.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("text", "row", "message", "hint"),
    [
        ('late-one = "{count} giorno', 0, "not valid TOML", "key and a text in quotes"),
        ('\ngreting-person = "Gentile {name}"', 2, "there is no word greting-person", "Did you mean greeting-person?"),
        ('[portal]\n\ntitel = "Conto"', 3, "there is no word portal.titel", "Did you mean portal.title?"),
        ('late-other = "{cuont} giorni"', 1, "late-other has no place {cuont}", "Did you mean {count}?"),
        ('due-today = "scade {date}"', 1, "due-today has no place {date}", "It has none."),
        ('[paper]\nby = "presto"', 2, "paper.by does not say {date}", "by {date}"),
        ('late-other = "{count giorni"', 1, "late-other: its braces cannot be read", "written twice"),
        ('late-other = "{count.__class__}"', 1, "late-other: its braces cannot be read", "a name in braces"),
        ('late-other = "{count!r:>99}"', 1, "late-other: its braces cannot be read", "a name in braces"),
        ('late-other = "{} giorni"', 1, "late-other: its braces cannot be read", "a name in braces"),
        ("due-today = 3", 1, "due-today is not a text", "quotes"),
        ('due-today = ["oggi"]', 1, "due-today is not a text", "quotes"),
        ('due-today = " "', 1, "due-today is blank", "Leave the line out"),
        ('language = "fr"', 1, 'language is "fr", and the folder is it', ""),
        ("a." * 5000 + 'b = "x"', 0, "", ""),
    ],
)
def test_a_slip_is_a_finding_with_its_line_and_the_word_is_english(
    text: str, row: int, message: str, hint: str
) -> None:
    words = Words({"it/words.toml": text})
    wrong = next(each for each in words.findings if each.severity is Severity.ERROR)
    assert wrong.file == "letters/it/words.toml"
    assert wrong.row == row
    assert message in wrong.message
    assert hint in wrong.hint
    assert words.of("it")["late-other"] == ENGLISH["late-other"]
    assert words.of("it")["due-today"] == ENGLISH["due-today"]


def test_a_file_that_nothing_reads_is_said() -> None:
    words = Words({"it/word.toml": "", "words.toml": "", "italian/words.toml": "", "it/rules.toml": ""})
    assert {each.file: each.hint for each in words.findings} == {
        "letters/it/word.toml": "Did you mean words.toml?",
        "letters/italian/words.toml": "The words of a language stand in a folder of its own: letters/it/words.toml, letters/pt-BR/words.toml.",
        "letters/words.toml": "The words of a language stand in a folder of its own: letters/it/words.toml, letters/pt-BR/words.toml.",
    }


def test_two_folders_of_one_language_are_refused() -> None:
    (_, second) = Words({"pt-BR/words.toml": "", "pt_br/words.toml": ""}).findings[-2:]
    assert (
        "pt-BR" in second.message
        or "pt-BR" in Words({"pt-BR/words.toml": "", "pt_br/words.toml": ""}).findings[0].message
    )


def test_a_broken_file_stops_the_run_and_no_command_falls_over_it(tmp_path: Path) -> None:
    books = house(tmp_path, **{"it/words.toml": "late-one = {", "it/rules.toml": "[[pattern]"})
    assert books.run("check").exit_code == 1
    assert [line.split(" ")[0] for line in found(books)] == ["letters/it/rules.toml:1:", "letters/it/words.toml:"]
    assert books.run("build").exit_code == 1
    assert books.run("status").exit_code == 0


def test_both_forms_of_a_letter_are_refused_by_name(tmp_path: Path) -> None:
    books = house(tmp_path, **{"reminder.it.md": REMINDER})
    assert any(
        line == "letters/reminder.it.md: error: letters/it/reminder.md is the same letter in the same language"
        for line in found_of(books, "letters/reminder.it.md")
    )


def found_of(books: Workspace, start: str) -> list[str]:
    return [line for line in books.run("check").stdout.splitlines() if line.startswith(start)]


def test_a_letter_in_a_folder_stands_for_the_shipped_one(tmp_path: Path) -> None:
    own = (
        (Path(__file__).parents[2] / "letters/reminder.de.md")
        .read_text(encoding="utf-8")
        .replace("Zahlungserinnerung", "Nachfrage")
    )
    books = house(tmp_path, **{"de/reminder.md": own})
    books.write("accounts/customers.csv", (tmp_path / "accounts/customers.csv").read_text().replace(",it,", ",de,"))
    assert found_of(books, "letters/reminder.de.md") == []
    books.done("build", "--on", "2026-02-27")
    assert "Nachfrage: Rechnung 2041" in text_of(books.email(a_file(books, ".eml")))


@given(st.text(max_size=200), st.sampled_from(["late-other", "portal.title", "fee-basis.x", "language"]))
@settings(max_examples=150, deadline=None)
def test_no_word_makes_the_tool_fall_over(text: str, key: str) -> None:
    quoted = "".join(f"\\U{ord(c):08x}" for c in text if not 0xD800 <= ord(c) < 0xE000)
    words = Words({"it/words.toml": f'{key} = "{quoted}"', "fr/words.toml": text})
    for told in (words.of("it"), words.of("fr")):
        assert told.plural("late", 2)
        assert told["portal.title"]


# ------------------------------------------------------------------ rules of the language


RULES = """
[words]
jail = ["prigione", "galera"]
[no]
words = '\\bnon\\b'
[[pattern]]
code = "L01"
find = ['\\b<jail>\\b']
"""


def test_a_language_may_have_rules_of_its_own() -> None:
    letters = {"it/rules.toml": RULES, "it/reminder.md": REMINDER + "\nFinirà in prigione.\n"}
    (remark,) = linter.sources(letters, Config())
    assert (remark.code, remark.found, remark.file, remark.row) == ("L01", "prigione", "letters/it/reminder.md", 11)
    assert linter.sources(letters | {"it/reminder.md": REMINDER + "\nNon finirà in prigione.\n"}, Config()) == ()
    assert linter.findings([remark], Config())[0].place == "letters/it/reminder.md:11"


def test_rules_beside_those_of_a_shipped_language_take_none_away() -> None:
    rules = {"de/rules.toml": RULES.replace("prigione", "kerker")}
    said = linter.sources(
        rules | {"reminder.de.md": "---\nsubject: x\n---\nAb in den Kerker. Wir werden Sie verklagen.\n"}, Config()
    )
    assert [each.code for each in said] == ["L01", "L03"]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[[pattern]", "not valid TOML", ""),
        ("[[patern]]", "there is no [patern]", "Did you mean pattern?"),
        ('[[pattern]]\ncode = "L99"\nfind = ["x"]', 'pattern 1: there is no rule "L99"', "docs/linter.md"),
        ('[[pattern]]\ncode = "L01"', "pattern 1: finds nothing", ""),
        ('[[pattern]]\ncode = "L01"\nfind = "x"', "pattern 1: find is not a list of texts", ""),
        ('[[pattern]]\ncode = "L01"\nfind = ["("]', "pattern 1: cannot be read: ", "regular expression"),
        ('[[pattern]]\ncode = "L01"\nfind = ["<a>"]', "pattern 1: there is no list of words <a>", ""),
        (
            '[words]\na = "<a>"\n[[pattern]]\ncode = "L01"\nfind = ["<a>"]',
            "pattern 1: cannot be read: its lists of words name",
            "",
        ),
        (
            '[words]\na = "<a><a>"\n[[pattern]]\ncode = "L01"\nfind = ["<a>"]',
            "pattern 1: cannot be read: its lists of words name",
            "",
        ),
        (
            '[[pattern]]\ncode = "L01"\nfind = ["x"]\nnegable = true',
            "pattern 1: negable is not known",
            "Did you mean negatable?",
        ),
        ('[[pattern]]\ncode = "L01"\nfind = ["x"]\ncased = 1', "pattern 1: cased is not true or false", ""),
        ('[[pattern]]\ncode = "L01"\nfind = ["x"]\nseverity = "bad"', 'pattern 1: severity is "bad"', ""),
        ('[[pattern]]\ncode = "L01"\nfind = ["x"]\nwhere = "subjct"', 'pattern 1: where is "subjct"', "subject"),
        ("[no]\nwords = 3", "[no] holds something else than texts", ""),
        ("[no]\nword = 'x'", "no.word is not known", "Did you mean words?"),
        ("[no]\nwords = '('", "no: cannot be read", ""),
        ("[notice]\nshared = 3", "[notice] holds something else than texts", ""),
        ("[notice]\nshard = 'x'", "notice.shard is not known", "Did you mean shared?"),
        ("[notice]\npaying = '('", "paying: cannot be read", "regular expression"),
        ("[notice]\npaying = '(x)'", 'paying: "(x)" holds a group', "(?:...)"),
        ("[notice]\ndays = 'entro tre giorni'", 'days: "entro tre giorni" has no number', "N stands for it"),
        ("[sentence]\nabbreviated = ['[']", "abbreviated: cannot be read", ""),
        ("pattern = 3", "pattern is not a list", ""),
    ],
)
def test_a_slip_in_the_rules_is_a_finding(text: str, message: str, hint: str) -> None:
    (wrong, *_) = patterns.Patterns({"it/rules.toml": text}).findings
    assert (wrong.file, wrong.severity) == ("letters/it/rules.toml", Severity.ERROR)
    assert message in wrong.message
    assert hint in wrong.hint


# ------------------------------------------------------------------ days


@pytest.mark.parametrize("language", ["fr", "fr_FR", "fr_BE", "fr_CA", "fr_CH"])
def test_the_first_of_a_month_is_an_ordinal_in_french(language: str) -> None:
    assert days.display(date(2026, 3, 1), language) == "1er mars 2026"
    assert days.display_short(date(2026, 3, 1), language) == "1er mars 2026"
    assert days.display(date(2026, 3, 11), language) == "11 mars 2026"
    assert days.display_short(date(2026, 2, 1), language).startswith("1er févr.")


@pytest.mark.parametrize(
    ("language", "said"), [("en_GB", "1 March 2026"), ("de", "1. März 2026"), ("es", "1 de marzo de 2026")]
)
def test_the_first_of_a_month_is_a_plain_number_elsewhere(language: str, said: str) -> None:
    assert days.display(date(2026, 3, 1), language) == said


# ------------------------------------------------------------------ the shipped languages

LETTERS = {path.name: path.read_text(encoding="utf-8") for path in (Path(__file__).parents[2] / "letters").glob("*.md")}
OF_ENGLISH_LAW = {"before-action-uk-company", "before-action-uk-individual"}


def used(text: str) -> set[str]:
    """The names that a letter uses, dotted ("plan.total"); whether something is so, without a figure, is grammar that not every language needs."""
    tree = Environment(autoescape=True).parse(text)
    parts = {f"{n.node.name}.{n.attr}" for n in tree.find_all(nodes.Getattr) if isinstance(n.node, nodes.Name)}
    return (parts | {n.name for n in tree.find_all(nodes.Name)}) - {"about_one", "one_item", "broken"}


@pytest.mark.parametrize("language", sorted(CATALOGUES.keys() - {"en"}))
def test_every_shipped_language_has_the_letters_of_english(language: str) -> None:
    english = {name.removesuffix(".en.md") for name in LETTERS if name.endswith(".en.md")}
    there = {name.removesuffix(f".{language}.md") for name in LETTERS if name.endswith(f".{language}.md")}
    assert there == english - OF_ENGLISH_LAW


@pytest.mark.parametrize("language", sorted(CATALOGUES.keys() - {"en"}))
def test_every_letter_says_the_same_figures_in_every_language(language: str) -> None:
    for name, text in LETTERS.items():
        if name.endswith(f".{language}.md"):
            assert used(text) == used(LETTERS[name.replace(f".{language}.md", ".en.md")]), name


def test_french_is_set_as_french_is() -> None:
    for name, text in [*LETTERS.items(), *(("words", each) for each in CATALOGUES["fr"].values())]:
        if name.endswith(".fr.md") or name == "words":
            said = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", "x", text, flags=re.DOTALL)
            assert not re.search(
                r"(?<![\u00a0\u202f|:\-\n]) [;!?»%](?!\{)|[^\W\d]'[^\W\d]|« | :(?= |$)", said, re.MULTILINE
            ), (name, text)


def test_french_counts_nothing_in_the_singular() -> None:
    french = SHIPPED.of("fr")
    assert [french.plural("late-by", count) for count in (0, 1, 2)] == ["0 jour", "1 jour", "2 jours"]


def test_a_run_looks_at_the_letters_that_somebody_reads_and_check_at_all_of_them(tmp_path: Path) -> None:
    books = Workspace.of(
        tmp_path / "books",
        customers="account_id,name,email\nACME,Acme,ap@acme.example\n",
        invoices="invoice_id,account_id,due,amount\n1,ACME,2026-01-31,10.00\n",
    )
    broken = '---\nsubject: "x"\n---\n{{ nobody.knows }}\n'
    books.write("letters/reminder.fr.md", broken)
    on = ("--on", "2026-02-02")
    assert "letters/reminder.fr.md:4: error" in books.run("check", *on).stdout
    assert books.run("build", *on).exit_code == 0
    books.write("accounts/customers.csv", "account_id,name,email,language\nACME,Acme,ap@acme.example,fr-BE\n")
    refused = books.run("build", *on)
    assert refused.exit_code == 1
    assert "letters/reminder.fr.md:4: error" in refused.stderr
