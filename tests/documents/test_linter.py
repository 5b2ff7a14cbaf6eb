"""What letters may not say is refused, what is firm and fair passes, and a notice is held to what is true of it."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from textwrap import fill
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pastdue import config_file
from pastdue.config import Config
from pastdue.documents import linter, patterns, samples
from pastdue.documents.catalogue import SHIPPED as WORDS
from pastdue.documents.letters import Letters
from pastdue.documents.linter import in_notices
from pastdue.documents.linter.in_words import SUBJECT, TEXT, remarks_in
from pastdue.findings import Severity
from pastdue.model import Accrual, Announcement, Charge, Customer, Notice, NoticeItem, OpenItem

HERE = Path(__file__).parent / "linter"
LANGUAGES = ("en", "de", "es", "fr")
ROOT = Path(__file__).parents[2]
SHIPPED = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "letters").iterdir()}
DEMO = config_file.load((ROOT / "config.toml").read_text(encoding="utf-8"))[0] or Config()
EVERYTHING = ("interest", "fee", "prepayment", "stop-service", "agency", "small-claims")
ON = date(2026, 3, 2)


def lines(kind: str, language: str) -> list[str]:
    text = (HERE / f"{kind}.{language}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def refused() -> list[tuple[str, str, str]]:
    return [(language, *line.split(" ", 1)) for language in LANGUAGES for line in lines("refused", language)]


def allowed() -> list[tuple[str, str, tuple[str, ...]]]:
    found = []
    for language, line in [(tag, line) for tag in LANGUAGES for line in lines("allowed", tag)]:
        planned, sentence = line[1:].split("] ", 1) if line.startswith("[") else ("", line)
        found.append((language, sentence, tuple(filter(None, planned.split(",")))))
    return found


def words_of(text: str, language: str, planned: Collection[str] = ()) -> tuple[linter.Remark, ...]:
    """What a finished text may not say, where the consequences `planned` are really carried out."""
    return tuple(
        replace(each, language=language) for each in remarks_in(text, patterns.SHIPPED.of(language), planned, TEXT)
    )


def of_letter(subject: str, text: str, language: str, planned: Collection[str] = ()) -> tuple[linter.Remark, ...]:
    """What a finished letter may not say, its subject line included."""
    on_top = (
        replace(each, language=language)
        for each in remarks_in(subject, patterns.SHIPPED.of(language), planned, SUBJECT)
    )
    return tuple(dict.fromkeys((*on_top, *words_of(text, language, planned))))


# ------------------------------------------------------------------ sentences


@pytest.mark.parametrize(("language", "code", "sentence"), refused())
def test_what_breaks_a_rule_is_refused_with_its_code_and_words(language: str, code: str, sentence: str) -> None:
    found = words_of(sentence, language)
    assert code in {each.code for each in found}
    assert all(each.found in sentence for each in found)


@pytest.mark.parametrize(("language", "sentence", "planned"), allowed())
def test_what_is_firm_and_fair_passes(language: str, sentence: str, planned: tuple[str, ...]) -> None:
    assert words_of(sentence, language, planned) == ()


def test_there_are_enough_sentences_of_either_kind() -> None:
    assert all(len(lines("refused", language)) >= 90 for language in LANGUAGES)
    assert all(len(lines("allowed", language)) >= 85 for language in LANGUAGES)


def test_a_planned_consequence_is_an_idle_threat_where_it_is_not_planned() -> None:
    for language, sentence, planned in allowed():
        if planned and any(
            word in sentence.lower() for word in ("we will", "beantragen wir", "übergeben wir", "geben wir")
        ):
            assert words_of(sentence, language), sentence


@pytest.mark.parametrize("language", ["de-AT", "de_CH", "de"])
def test_a_language_falls_back_to_its_first_part(language: str) -> None:
    assert [each.code for each in words_of("Wir werden Sie verklagen.", language)] == ["L03"]


def test_a_language_without_rules_is_read_with_all_of_them() -> None:
    for sentence in ("We will sue you.", "Wir werden Sie verklagen."):
        assert words_of(sentence, "it")


def test_abuse_in_any_language_is_abuse_in_all() -> None:
    assert words_of("Sie sind ein deadbeat.", "de")[0].code == "L09"
    assert words_of("You Arschloch.", "en")[0].code == "L09"


def test_false_friends_between_the_languages_are_no_abuse() -> None:
    assert words_of("Ein loser Kontakt; der dicke Umschlag liegt bei. Die Ware ist damit bezahlt.", "de") == ()


HIDDEN = {
    "soft hyphens": lambda text: text.replace("a", "a\u00ad"),
    "zero width": lambda text: text.replace("e", "\u200be\u2060"),
    "capitals": str.upper,
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "line breaks": lambda text: text.replace(" ", "\n"),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0\u202f"),
    "bold": lambda text: " ".join(f"**{word}**" for word in text.split()),
    "umlauts apart": lambda text: text.replace("ä", "a\u0308").replace("ö", "o\u0308").replace("ü", "u\u0308"),
    "umlauts spelt": lambda text: text.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss"),
    "umlauts lost": lambda text: text.replace("ä", "a").replace("ö", "o").replace("ü", "u"),
    "entities": lambda text: text.replace("ä", "&auml;").replace("s", "&shy;s"),
    "Cyrillic": lambda text: text.replace("a", "а").replace("o", "о").replace("e", "е"),
}


@pytest.mark.parametrize("how", HIDDEN)
def test_nothing_is_hidden_by_how_it_is_written(how: str) -> None:
    for language, code, sentence in refused()[::4]:
        written = HIDDEN[how](sentence)
        assert code in {each.code for each in words_of(written, language)}, written


def test_letters_spaced_out_are_read_as_a_word() -> None:
    for word in ("p r i s o n", "p.r.i.s.o.n", "P R I S O N"):
        assert "L01" in {each.code for each in words_of(f"You will go to {word} for this.", "en")}


@given(st.text(max_size=300), st.sampled_from(["en", "de", "fr", ""]))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_and_what_is_found_stands_in_it(text: str, language: str) -> None:
    for each in of_letter(text, text, language):
        assert each.found in " ".join(text.split()) or "@" in text or "://" in text or "www." in text
        assert each.code in patterns.RULES


@given(st.sampled_from(refused()), st.sampled_from(allowed()), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_fair_sentence_beside_it_excuses_nothing(bad: tuple[str, str, str], good: Any, first: bool) -> None:
    language, code, sentence = bad
    if code == "L20" or sentence.isupper():  # a rate for the year may stand in the next sentence; a headline has no end
        return
    text = f"{good[1]}\n\n{sentence}" if first else f"{sentence}\n\n{good[1]}"
    assert code in {each.code for each in words_of(text, language)}


@pytest.mark.parametrize(
    "text", ["nicht " + "12 " * 400, "we will " * 300, "nicht bis zum am " * 150, "x." * 2000, "a " * 1500]
)
def test_a_sentence_without_an_end_is_read_to_its_end(text: str) -> None:
    for language, end in (("en", "we will sue you"), ("de", "Betrüger")):
        assert words_of(f"{text}; {end}", language)


def test_addresses_are_not_read_as_words() -> None:
    assert words_of("See https://fraud.example/prison or write to arrest@sue.example.", "en") == ()


# ------------------------------------------------------------------ subject lines


@pytest.mark.parametrize("subject", ["Your debt with us", "OVERDUE: invoice 2041", "Notice to the debtor"])
def test_a_subject_line_may_not_mark_the_reader(subject: str) -> None:
    assert "L13" in {each.code for each in of_letter(subject, "", "en")}
    assert words_of("Your debt with us is 500.00.", "en") == ()


@pytest.mark.parametrize("subject", ["Reminder: invoice 2041", "Final demand: invoice 2041", "Overdue: invoice 2041"])
def test_a_plain_subject_line_passes(subject: str) -> None:
    assert of_letter(subject, "", "en") == ()


# ------------------------------------------------------------------ shipped letters


def test_all_shipped_letters_pass_with_no_warning() -> None:
    assert linter.sources(SHIPPED, DEMO) == ()


def test_all_shipped_letters_pass_as_they_are_written() -> None:
    letters = Letters(SHIPPED)
    names = {name.partition(".")[0] for name in SHIPPED if name.endswith(".md") and not name.startswith("_")}
    for name, language in product(sorted(names), LANGUAGES):
        for notice, config in list(samples.tries(name, DEMO))[::4]:
            there = replace(notice, customer=replace(notice.customer, language=language))
            written = letters.write(there, config)
            assert of_letter(written.subject, written.text, language, EVERYTHING) == ()


def test_what_the_tool_itself_says_passes_where_it_is_planned() -> None:
    for language in LANGUAGES:
        for text in WORDS.of(language).catalogue.values():
            assert words_of(text, language, EVERYTHING) == (), text


def test_a_shipped_announcement_is_idle_where_nothing_is_planned() -> None:
    for language in LANGUAGES:
        for key in ("announce-agency", "announce-small-claims"):
            assert [each.code for each in words_of(WORDS.of(language)[key], language)] == ["L03"]


# ------------------------------------------------------------------ the operator's sources

FRONT = "---\nsubject: {{ about }}\nlanguage: en\n---\n"


def of(body: str, front: str = FRONT, name: str = "reminder.en.md", **settings: Any) -> tuple[linter.Remark, ...]:
    return linter.sources({name: front + body}, Config.model_validate(settings))


def test_a_remark_names_letter_language_and_row() -> None:
    (found,) = of("Hello,\n\nplease pay.\nWe will sue\nyou.\n")
    assert (found.letter, found.language, found.row, found.code) == ("reminder", "en", 8, "L03")
    assert found.found == "We will sue"


def test_a_branch_that_no_sample_takes_is_read() -> None:
    found = of(
        "{% if false %}\nAll is well.\n{% elif days_late == 77 %}\nWe will\nsue you.\n{% else %}Bye.{% endif %}\n"
    )
    assert [(each.code, each.row) for each in found] == [("L03", 8)]


def test_words_in_jinja_are_read_too() -> None:
    assert [each.row for each in of('Hello.\n{{ "You will be arrested." if broken else "" }}\n')] == [6]
    assert [each.row for each in of('Hello.\n{% set x = ["We will sue you."] %}{{ x|first }}\n')] == [6]


def test_a_tag_within_the_words_does_not_hide_them() -> None:
    assert of("We will {% if pay_by %}on {{ pay_by }} {% endif %}sue you.\n")
    assert of("We {% if broken %}will{% else %}may{% endif %} sue you.\n")


def test_a_no_in_one_branch_does_not_excuse_the_other() -> None:
    (found,) = of("We will {% if customer.is_consumer %}not {% endif %}sue you.\n")
    assert found.code == "L03"


def test_comments_are_not_read() -> None:
    assert of("{# We will sue you. #}\nPlease pay.\n") == ()


def test_subject_and_preview_are_read_at_their_rows() -> None:
    found = of("Hello.\n", "---\nsubject: Your debt\npreview: We will sue you\nlanguage: en\n---\n")
    assert [(each.code, each.row) for each in found] == [("L13", 2), ("L03", 3)]


def test_partials_and_the_layout_are_read() -> None:
    assert [each.letter for each in of("We will sue you.\n", "", "_footer.en.md")] == ["_footer"]
    found = linter.sources({"email.html": "<p>We will <b>sue</b> you.</p>"}, Config())
    assert [(each.letter, each.row) for each in found] == [("email.html", 1)]


def test_what_a_schedule_announces_or_the_road_ends_in_is_no_idle_threat() -> None:
    body = "We will file a claim in court.\n"
    assert [each.code for each in of(body)] == ["L03"]
    assert of(body, end={"court": "the County Court"}) == ()
    step = {
        "name": "last",
        "days": 30,
        "channels": ["email"],
        "announces": [{"consequence": "small-claims", "in_days": 30}],
    }
    assert of(body, schedule={"standard": {"step": [step]}}) == ()


def test_a_real_lawyer_may_be_named() -> None:
    body = "Our solicitors, Smith & Co, have been instructed.\n"
    assert of(body)
    assert of(body, end={"agency": "Smith & Co Solicitors"}) == ()


# ------------------------------------------------------------------ notices

BUSINESS = {"name": "Harbour Joinery", "email": "accounts@joinery.example", "contact": "Nora Conneely"}


def setup(**more: Any) -> Config:
    return Config.model_validate({"business": BUSINESS, **more})


def item(days_late: int = 30, charge: Charge | None = None, description: str = "Oak stairs") -> NoticeItem:
    due = ON - timedelta(days_late)
    return NoticeItem(OpenItem("2041", due, due, "EUR", 50000, 50000, days_late, description), "last", charge=charge)


def about(kind: str = "business", **more: Any) -> Notice:
    customer = Customer("ACME", more.pop("name", "Acme"), kind=kind, email=more.pop("email", "anna@acme.example"))
    values = {
        "notice_id": "n", "on": ON, "customer": customer, "currency": "EUR", "step": "last", "rung": 3, "letter": "last",
        "channel": "email", "items": (item(),), "pay_by": ON + timedelta(14), "announces": (), "reasons": (), "portal_url": "",
    }  # fmt: skip
    return Notice(**(values | more))


def codes(notice: Notice, text: str = "Please pay.", subject: str = "Invoice 2041", **more: Any) -> list[str]:
    config = more.pop("config", setup())
    return [each.code for each in linter.notice(notice, subject, text, config, **more)]


def charge(regime: str = "contract", fee: int = 0, told: bool = True) -> Charge:
    line = Accrual(50000, ON - timedelta(10), ON, 11, 80000, 120)
    return Charge("2041", ON, "EUR", regime, ON - timedelta(10), (line,), fee, told=told)


def test_a_plain_notice_passes() -> None:
    assert codes(about()) == []


def test_interest_by_no_rule_is_refused() -> None:
    assert codes(about(items=(item(charge=charge("")),))) == ["L11"]
    assert codes(about(items=(item(charge=charge()),))) == []


def test_what_was_not_announced_is_not_claimed() -> None:
    assert codes(about(items=(item(charge=charge(told=False)),))) == ["L11"]


@pytest.mark.parametrize("regime", ["uk-lpcda", "de-288-b2b", "ie-si580", "eu-2011-7"])
def test_a_consumer_owes_no_interest_of_businesses(regime: str) -> None:
    claimed = (item(charge=charge(regime, fee=4000)),)
    assert codes(about("consumer", items=claimed)) == ["L19"]
    assert codes(about(items=claimed)) == []


def test_a_consumer_owes_no_fixed_sum() -> None:
    assert codes(about("consumer", items=(item(charge=charge(fee=4000)),))) == ["L19"]
    assert "L19" in codes(
        about("consumer", announces=()),
        "We add the fixed sum of 40 euros.",
        config=setup(interest={"regime": "at-1000"}),
    )


def test_a_dutch_consumer_owes_the_collection_costs_that_the_law_gives() -> None:
    notice = about("consumer", items=(item(charge=charge("nl-119", fee=4000)),), regime="nl-119")
    assert codes(notice, "The fixed sum of 40 euros is owed.", config=setup(interest={"regime": "nl-119a"})) == []


def test_a_day_to_pay_by_that_is_over_is_remarked() -> None:
    assert codes(about(pay_by=ON - timedelta(1))) == ["L12"]


@pytest.mark.parametrize(
    ("kind", "days", "expected"), [("consumer", 6, ["L12"]), ("consumer", 7, []), ("business", 3, [])]
)
def test_a_consumer_gets_seven_days(kind: str, days: int, expected: list[str]) -> None:
    assert codes(about(kind, pay_by=ON + timedelta(days))) == expected


def test_the_words_may_not_give_fewer_days_than_the_schedule() -> None:
    assert codes(about(), "Please pay within 3 days.") == ["L12"]
    assert codes(about(), "Please pay within 14 days.") == []


@pytest.mark.parametrize(
    ("language", "few", "enough", "other"),
    [
        ("en", "Please pay within 3 days.", "Please pay within 14 days.", "We answer within 3 days."),
        (
            "de",
            "Bitte überweisen Sie binnen 3 Tagen.",
            "Bitte zahlen Sie binnen 14 Tagen.",
            "Wir antworten in 3 Tagen.",
        ),
        ("fr", "Merci de régler sous 3 jours.", "Merci de payer dans un délai de 14 jours.", "Réponse sous 3 jours."),
        (
            "fr",
            "Veuillez verser la somme dans un délai de huit (8) jours.",
            "Un virement sous 14 jours.",
            "Sous 3 jours.",
        ),
        ("es", "Abone el importe en el plazo de 3 días.", "Pague en 14 días.", "Le contestamos en 3 días."),
        ("es", "Rogamos el ingreso dentro de 8 días.", "Transfiera el importe en 14 días.", "Lo veremos en 3 días."),
    ],
)
def test_days_to_pay_are_read_in_each_language(language: str, few: str, enough: str, other: str) -> None:
    customer = replace(about().customer, language=language)
    assert [codes(replace(about(), customer=customer), text) for text in (few, enough, other)] == [["L12"], [], []]


def test_the_words_for_days_to_pay_are_shown_as_they_stand() -> None:
    found = linter.notice(about(), "Account 17", "Merci de régler dans un\ndélai de 3 jours.", setup())
    assert [each.found for each in found] == ["dans un\ndélai de 3 jours"]


def test_a_referral_on_a_day_that_is_still_for_paying_is_remarked() -> None:
    assert codes(about(announces=(Announcement("agency", ON + timedelta(14)),))) == ["L12"]
    assert codes(about(announces=(Announcement("agency", ON + timedelta(15)),))) == []


def test_a_disputed_invoice_is_not_demanded() -> None:
    assert codes(about(), disputed=("2041",)) == ["L16"]
    assert codes(about(), disputed=("1999",)) == []


def test_no_suit_is_threatened_over_what_is_time_barred() -> None:
    suit = about(announces=(Announcement("small-claims", ON + timedelta(30)),))
    text = "We will then file a claim in court."
    assert codes(suit, text) == []
    assert codes(suit, text, time_barred=("2041",)) == ["L15", "L15"]
    assert codes(about(), time_barred=("2041",)) == []


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("Harbour Joinery <a@joinery.example>", []),
        ("Accounts at Harbour Joinery <a@joinery.example>", []),
        ("Nora Conneely <a@joinery.example>", []),
        ("a@joinery.example", []),
        ("Harbour Joinery Legal Department <a@joinery.example>", ["L06"]),
        ("Credit Recovery Services <a@joinery.example>", ["L06"]),
        ("Inkasso Nord <a@joinery.example>", ["L06"]),
        ("Harbour Joinery service comptabilité <a@joinery.example>", []),
        ("Harbour Joinery service juridique <a@joinery.example>", ["L06"]),
        ("Harbour Joinery Recouvrement <a@joinery.example>", ["L06"]),
        ("Harbour Joinery Administración <a@joinery.example>", []),
        ("Harbour Joinery Departamento Jurídico <a@joinery.example>", ["L06"]),
        ("Harbour Joinery Recobro <a@joinery.example>", ["L06"]),
    ],
)
def test_mail_comes_from_the_business_itself(sender: str, expected: list[str]) -> None:
    assert codes(about(), config=setup(mail={"sender": sender})) == expected


def test_a_word_that_any_business_has_in_its_name_makes_no_sender_its_own() -> None:
    of = setup(
        business={"name": "Taller de Luis SL", "contact": ""}, mail={"sender": "Pagos de Madrid SL <a@x.example>"}
    )
    assert codes(about(), config=of) == ["L06"]


@pytest.mark.parametrize(
    "name",
    [
        "info",
        "accounts.office",
        "rechnung",
        "facturation",
        "compta",
        "bonjour",
        "contabilidad",
        "hola",
        "administracion",
    ],
)
def test_a_shared_address_is_known_by_its_name_in_any_language(name: str) -> None:
    own = setup(mail={"subject": "letter"})
    shared = "office.accounts" if name == "accounts.office" else name
    assert codes(about(email=f"{shared}@acme.example"), subject="Please pay €500.00", config=own) == ["L13"]


@pytest.mark.parametrize(
    "agency",
    [
        "Smith & Co Solicitors",
        "Kanzlei Weber",
        "Rechtsanwälte Weber",
        "Étude d’huissiers Lemaire",
        "Cabinet Moreau",
        "Bufete Ruiz",
    ],
)
def test_a_lawyer_whom_the_end_names_may_be_spoken_of(agency: str) -> None:
    text = "We will then hand the matter to our solicitors."
    assert "L06" in codes(about(), text)
    assert "L06" not in codes(about(), text, config=setup(end={"agency": agency}))
    assert "L06" in codes(about(), text, config=setup(end={"agency": "Cabinet de recouvrement Nord"}))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Nobody goes for No. 17 to prison."),
        ("de", "Niemand kommt wegen Nr. 17 ins Gefängnis."),
        ("fr", "Personne n’ira pour l’art. 17 en prison."),
        ("es", "Nadie irá por la factura núm. 17 a la cárcel."),
    ],
)
def test_an_abbreviation_ends_no_sentence(language: str, text: str) -> None:
    assert words_of(text, language) == ()
    assert words_of(text.replace(" 17 ", " "), language) == ()
    ended = {
        "en": "Nobody is left. Prison.",
        "de": "Niemand ist da. Gefängnis.",
        "fr": "Personne. Prison.",
        "es": "Nadie. Cárcel.",
    }
    assert {each.code for each in words_of(ended[language], language)} == {"L01"}


def test_an_operator_adds_words_of_their_language() -> None:
    rules = """
[notice]
shared = ["amministrazione"]
days = ['entro (?:N|tre) giorni']
paying = ['pagh\\w*']
not-ours = ["recupero"]
"""
    spoken = patterns.Patterns({"it/rules.toml": rules})
    assert spoken.findings == []
    notice = about(email="amministrazione@acme.example")
    config = setup(mail={"subject": "letter", "sender": "Harbour Joinery Recupero <a@joinery.example>"})
    said = (notice, "Please pay €500.00", "Paghi entro 3 giorni, anzi entro tre giorni.", config)
    assert sorted(each.code for each in linter.notice(*said, spoken=spoken)) == ["L06", "L12", "L13"]
    assert linter.notice(*said) == ()


def test_an_amount_in_a_subject_does_not_go_to_a_shared_address() -> None:
    subject, own = "Please pay €500.00", setup(mail={"subject": "letter"})
    assert codes(about("consumer", email="info@acme.example"), subject=subject, config=own) == ["L13"]
    assert codes(about("consumer", email="info@acme.example"), subject=subject) == []  # the account's stands there
    assert codes(about(email="anna@acme.example"), subject=subject, config=own) == []
    (remark,) = linter.notice(about(email="office.dublin@acme.example"), subject, "", own)
    assert remark.severity is Severity.WARNING


def test_a_consequence_that_is_announced_nowhere_is_idle() -> None:
    agency = "We will place the account with Smith Collections."
    assert codes(about(), agency) == ["L03"]
    assert codes(about(announces=(Announcement("agency", ON + timedelta(30)),)), agency) == []
    stop = "From 1 April we will suspend all deliveries."
    assert codes(about(), stop) == ["L03"]
    assert codes(about(announces=(Announcement("stop-service", ON + timedelta(30)),)), stop) == []


@pytest.mark.parametrize("width", [30, 72])
def test_a_notice_breaks_the_rules_that_its_words_break_however_it_is_wrapped(width: int) -> None:
    for language, _, sentence in refused():
        text = (
            f"Dear Acme Ltd,\n\n{fill(sentence, width, break_on_hyphens=False)}\n\nPlease pay 500.00 by 9 March 2026."
        )
        there = {each.code for each in words_of(text, language)}
        notice = about()
        notice = replace(notice, customer=replace(notice.customer, language=language))
        assert there, sentence
        assert there <= set(codes(notice, text)), sentence


def test_names_in_the_books_are_not_the_letter_s_words() -> None:
    name = "Bailiff & Prison Supplies Deadbeat Ltd"
    sold = item(description="Repair of the jail, HALL OF SHAME EXHIBITION")
    text = f"Dear {name},\n\nplease pay for: Repair of the jail,\nHALL OF SHAME EXHIBITION."
    assert codes(about(name=name, items=(sold,)), text) == []
    assert "L04" in codes(about(name=name), f"Dear {name}, the bailiffs will come.")


def test_every_remark_of_a_notice_names_letter_and_language() -> None:
    for each in linter.notice(about(), "Your debt", "We will sue you!!!", setup()):
        assert (each.letter, each.language) == ("last", "en")


# ------------------------------------------------------------------ findings and overruling


def test_a_finding_says_code_words_reason_and_basis() -> None:
    (found,) = linter.findings(of("We will sue you.\n"), Config())
    assert found.place == "letters/reminder.en.md:5"
    assert found.severity is Severity.ERROR
    assert found.message.startswith('L03 "We will sue": ')
    assert "1692e(5)" in found.hint


def test_a_warning_can_be_let_stand_with_a_reason_on_record() -> None:
    config = Config.model_validate({"overrule": [{"code": "L12", "letter": "reminder", "reason": "a real deadline"}]})
    remarks = of("This is your last chance.\n")
    assert [each.severity for each in linter.findings(remarks, Config())] == [Severity.WARNING]
    assert linter.findings(remarks, config) == []
    (told,) = linter.overruled(remarks, config)
    assert "a real deadline" in told
    assert "L12" in told


def test_an_overrule_of_one_letter_is_none_of_another() -> None:
    config = Config.model_validate(
        {"overrule": [{"code": "L12", "letter": "second-notice", "reason": "a real deadline"}]}
    )
    assert len(linter.findings(of("This is your last chance.\n"), config)) == 1


@pytest.mark.parametrize("code", ["L01", "L16", "L99"])
def test_errors_cannot_be_overruled(code: str) -> None:
    config = Config.model_validate({"overrule": [{"code": code, "letter": "reminder", "reason": "we mean it"}]})
    found = linter.findings(of("You will go to prison.\n"), config)
    assert [each.file for each in found] == ["letters/reminder.en.md", "config.toml"]
    assert all(each.severity is Severity.ERROR for each in found)


def test_the_rules_are_those_of_the_house_and_each_has_words_or_is_of_the_notice() -> None:
    assert list(patterns.RULES) == [f"L{number:02}" for number in range(1, 21)]
    for language in patterns.LANGUAGES:
        own = patterns.shipped(language)
        said = {pattern.code for pattern in (*own.patterns, *own.everywhere)}
        assert {code for code, rule in patterns.RULES.items() if not rule.of_notice} == said


def test_a_value_of_blanks_is_no_value_to_look_for() -> None:
    text = "a  b\u2028\u2028\u2028c"
    assert in_notices._masked(text, in_notices._values(_blank_notice(), Config())) == text


def _blank_notice() -> Notice:
    (tried, _), *_ = samples.tries("reminder", Config())
    return replace(
        tried, reference="\u2028\u2028\u2028", customer=replace(tried.customer, name="   ", contact="\u3000" * 4)
    )
