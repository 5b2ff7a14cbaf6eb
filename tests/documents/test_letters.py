"""Letters say what the books say, in every language, and nothing in the books can make them say anything else."""

import difflib
import html as html_entities
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from answer_tools import answering, promise
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import pass_context
from lxml import html as lxml_html

from pastdue.config import Config
from pastdue.documents import blocks, emails, shapes, words
from pastdue.documents.catalogue import CATALOGUES
from pastdue.documents.catalogue import SHIPPED as WORDS
from pastdue.documents.letters import ANSWERS, NOTE, Letter, LetterError, Letters
from pastdue.documents.plaintext import columns, to_text
from pastdue.documents.templates import LAYOUT, STYLES, Verbatim, clean
from pastdue.findings import Finding, Severity
from pastdue.model import Accrual, Announcement, Charge, Customer, Notice, NoticeItem, OpenItem, Payment

FOLDER = Path(__file__).parents[2] / "letters"
SHIPPED = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
EVERY = sorted({name.partition(".")[0] for name in SHIPPED if name.endswith(".de.md") and not name.startswith("_")})
ENGLISH = ("before-action-uk-company", "before-action-uk-individual")  # of English law, and in its language alone
NAMES = [name for name in EVERY if name not in {*ANSWERS, NOTE}]  # those of the schedules' steps
LETTERS = Letters(SHIPPED)
ON = date(2026, 3, 2)

BUSINESS = {
    "name": "Harbour Joinery",
    "contact": "Nora Conneely",
    "address": ["4 Dock Road"],
    "postcode": "H91 X2TF",
    "city": "Galway",
    "country": "IE",
    "email": "accounts@joinery.example",
    "phone": "+353 20 910 0100",
    "website": "https://joinery.example",
    "registration": "Harbour Joinery Ltd, Registered No. 000000",
    "language": "en-IE",
    "iban": "DE89370400440532013000",
    "bic": "COBADEFFXXX",
    "bank": "Example Bank",
}


def config(**business: Any) -> Config:
    return Config.model_validate(
        {
            "business": BUSINESS | business,
            "interest": {"regime": "ie-si580"},
            "portal": {"links": [{"name": "Pay by card", "url": "https://pay.example/?a={amount}&r={reference}"}]},
            "schedule": {
                "standard": {
                    "step": [
                        {"name": "reminder", "days": 1, "channels": ["email"], "pay_within": 7},
                        {
                            "name": "final-demand",
                            "days": 30,
                            "channels": ["email", "letter"],
                            "pay_within": 14,
                            "announces": [{"consequence": "agency", "in_days": 30}],
                        },
                    ]
                }
            },
        }
    )


CONFIG = config()

CUSTOMER = Customer(
    "ACME-1",
    "Byrne & Daughters Ltd",
    contact="Anna Byrne",
    email="anna@byrne.example",
    address=("1 Quay Street",),
    postcode="H91 ABCD",
    city="Galway",
    country="IE",
    language="en",
)


def item(invoice_id: str = "2041", late: int = 1, amount: int = 124000, paid: int = 0, **more: Any) -> OpenItem:
    due = ON - timedelta(late)
    return OpenItem(
        invoice_id,
        due,
        due - timedelta(30),
        "EUR",
        amount,
        amount - paid,
        late,
        **({"description": "Oak staircase"} | more),
    )


def notice(letter: str = "reminder", *items: OpenItem, **more: Any) -> Notice:
    lines = tuple(NoticeItem(each, letter if each.is_overdue else "", 1) for each in items or (item(),))
    fields = {
        "notice_id": f"{ON}-ACME-1-{letter}-email",
        "on": ON,
        "customer": CUSTOMER,
        "currency": "EUR",
        "step": letter,
        "rung": 1,
        "letter": letter,
        "channel": "email",
        "items": lines,
        "pay_by": ON + timedelta(7),
        "announces": (),
        "reasons": (),
        "portal_url": "https://pay.joinery.example/abc/",
        "reference": "2041",
        "regime": "ie-si580",
    }
    return Notice(**(fields | more))


def charge(invoice_id: str = "2030", principal: int = 51250, regime: str = "ie-si580", **more: Any) -> Charge:
    """20 days of interest, and the fixed sum."""
    line = Accrual(51250, ON - timedelta(19), ON, 20, 101500, 285, 21500)
    fields = {"since": line.first, "accruals": (line,), "fee": 4000, "fee_on": ON - timedelta(5), "told": True}
    due = ON - timedelta(40)
    return Charge(invoice_id, due, "EUR", regime, principal=principal, **(fields | more))


MANY = (
    item("2030", 40, 51250, description=""),
    item("2041", 1, 124000, 60000, reference="PO 4711"),
    item("2055", -9, 9900),
)
INTEREST = Announcement("interest", date(2026, 3, 16), ("2041",))
AGENCY = Announcement("agency", date(2026, 4, 1), ("2030", "2041"))


LANGUAGES = ("en", "de", "es", "fr")


def told(language: str) -> Customer:
    return replace(CUSTOMER, language=language)


def visible(page: str) -> str:
    """What a reader of the HTML sees, with a line break between blocks."""
    body = lxml_html.document_fromstring(page).find("body")
    for hidden in body.find_class("preview"):
        hidden.drop_tree()
    for element in body.iter("br", "td", "th", "p", "h1", "h3", "li", "tr"):
        element.tail = f"\n{element.tail or ''}"
    return str(body.text_content())


# ------------------------------------------------------------------ what letters say


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_letter_states_each_item_the_sum_the_deadline_and_how_to_pay(name: str, language: str) -> None:
    letter = LETTERS.write(notice(name, *MANY, customer=told(language), announces=(INTEREST, AGENCY)), CONFIG)
    show = {
        "en": [
            "€512.50",
            "€640.00",
            "€99.00",
            "€1,251.50",
            "€1,152.50",
            "9 March 2026",
            "16 March 2026",
            "1 April 2026",
        ],
        "de": [
            "512,50\xa0€",
            "640,00\xa0€",
            "99,00\xa0€",
            "1.251,50\xa0€",
            "9. März 2026",
            "16. März 2026",
            "1. April 2026",
        ],
        "es": [
            "512,50\xa0€",
            "640,00\xa0€",
            "99,00\xa0€",
            "1.251,50\xa0€",
            "9 de marzo de 2026",
            "16 de marzo de 2026",
            "1 de abril de 2026",
        ],
        "fr": [
            "512,50\xa0€",
            "640,00\xa0€",
            "99,00\xa0€",
            "1\u202f251,50\xa0€",
            "9 mars 2026",
            "16 mars 2026",
            "1er avril 2026",
        ],
    }[language]
    for said in [
        "2030",
        "2041",
        "2055",
        "PO 4711",
        "DE89 3704 0044 0532 0130 00",
        "COBADEFFXXX",
        "Nora Conneely",
        *show,
    ]:
        assert said in letter.text, said
        assert said in visible(letter.html), said
    assert "https://pay.joinery.example/abc/" in letter.text
    assert letter.language == language
    assert len(letter.html.encode()) < 30_000


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_text_and_html_hold_the_same_figures(name: str, language: str) -> None:
    letter = LETTERS.write(notice(name, *MANY, customer=told(language), announces=(INTEREST, AGENCY)), CONFIG)
    seen = visible(letter.html)
    figures = set(re.findall(r"\d[\d.,]*", seen))
    assert figures >= {"2041", "2030"}
    assert [figure for figure in figures if figure not in letter.text] == []
    for word in set(re.findall(r"[^\W\d_]{4,}", letter.text)):
        assert word in seen or word in letter.html, word


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_without_an_announcement_no_consequence_is_named(name: str, language: str) -> None:
    letter = LETTERS.write(notice(name, *MANY, customer=told(language)), CONFIG)
    threats = r"interest|agency|claim|court|legal|lawyer|fee\b|zins|inkasso|gericht|anwalt|gebühr|übergabe|übergeben"
    threats += (
        r"|intérêts?\b|agence\b|huissier|avocat|juridique|judiciaire|tribunal|frais\b|indemnité|transmettr|recouvrement"
    )
    threats += r"|interés|intereses|agencia|recobro|judicial|tribunal|juzgado|abogad|demanda\b|gastos|traslad"
    assert re.findall(threats, f"{letter.subject}\n{letter.text}", re.IGNORECASE) == []


def test_each_consequence_is_announced_with_its_day_and_only_for_its_invoices() -> None:
    letter = LETTERS.write(notice("reminder", *MANY, announces=(INTEREST,)), CONFIG)
    assert "From 16 March 2026, we will charge interest under the European\nCommunities" in letter.text
    assert "on whatever is then still unpaid of invoice 2041." in " ".join(letter.text.split())
    german = LETTERS.write(notice("referral", *MANY, announces=(AGENCY,), customer=told("de")), CONFIG)
    said = " ".join(german.text.split())
    assert "Den Betrag aus Rechnungen 2030 und 2041, der am 1. April 2026 noch offen ist, übergeben wir" in said
    assert german.subject == "Ankündigung der Übergabe: Rechnungen 2030 und 2041"
    french, spanish = (
        " ".join(
            LETTERS.write(notice("reminder", *MANY, announces=(INTEREST,), customer=told(each)), CONFIG).text.split()
        )
        for each in ("fr", "es")
    )
    assert (
        "À compter du 16 mars 2026, nous facturerons des intérêts de retard en application du règlement irlandais"
        in french
    )
    assert "sur tout montant alors encore impayé (facture 2041)." in french
    assert "A partir del 16 de marzo de 2026 cobraremos intereses de demora conforme al reglamento irlandés" in spanish
    assert "sobre lo que entonces siga pendiente (factura 2041)." in spanish


FEE = Announcement("fee", date(2026, 4, 1), ("2041",), 4000)


@pytest.mark.parametrize(
    ("language", "announced", "line", "since", "sum_"),
    [
        (
            "en",
            "collection costs of €40.00 under article 6:96 of the Dutch Civil Code will be added",
            "Collection costs on 2030",
            "owed since 25 Feb 2026",
            "Collection costs",
        ),
        (
            "de",
            "berechnen wir von diesem Tag an Inkassokosten von 40,00 € nach Artikel 6:96 des niederländischen",
            "Inkassokosten auf 2030",
            "geschuldet seit 25. Feb. 2026",
            "Inkassokosten",
        ),
        (
            "fr",
            "des frais de recouvrement de 40,00 € en application de l’article 6:96 du Code civil néerlandais",
            "Frais de recouvrement sur 2030",
            "dus depuis le 25 févr. 2026",
            "Frais de recouvrement",
        ),
        (
            "es",
            "se añadirán gastos de cobro de 40,00 € conforme al artículo 6:96 del Código Civil neerlandés",
            "Gastos de cobro de 2030",
            "debidos desde el 25 feb 2026",
            "Gastos de cobro",
        ),
    ],
)
@pytest.mark.parametrize("regime", ["nl-119", "nl-119a"])
def test_what_dutch_law_calls_collection_costs_is_called_so(
    regime: str, language: str, announced: str, line: str, since: str, sum_: str
) -> None:
    def of(name: str, **more: Any) -> Notice:
        lines: tuple[NoticeItem, ...] = (NoticeItem(item("2030", 40, 51250), name, 1, charge=charge(regime=regime)),)
        return notice(name, items=lines, customer=told(language), regime=regime, **more)

    def plain(name: str, **more: Any) -> str:
        return " ".join(LETTERS.write(of(name, **more), CONFIG).text.replace("\xa0", " ").split())

    assert announced in plain("final-demand", announces=(FEE,))
    items = words.context(of("final-demand"), CONFIG, WORDS.of(language))["items"]
    (shown,) = [each for each in items if each.kind == "fee"]
    assert (shown.name, shown.description) == (line, since)
    assert f"{sum_} 40,00" in plain("before-action").replace("€40.00", "40,00")
    for text in (plain("final-demand", announces=(FEE,)), plain("before-action")):
        assert not re.search(r"fixed sum|pauschale|forfaitaire|cantidad fija", text, re.IGNORECASE)


def test_a_fixed_sum_for_lateness_is_called_one() -> None:
    lines = (NoticeItem(item("2030", 40, 51250), "final-demand", 1, charge=charge()),)
    text = LETTERS.write(notice("final-demand", items=lines, announces=(FEE,)), CONFIG).text
    assert "a fixed sum of €40.00 for late payment" in " ".join(text.split())
    assert "ollection costs" not in text


def test_interest_that_counts_from_an_earlier_day_is_announced_with_that_day() -> None:
    since = replace(INTEREST, since=date(2026, 2, 20))
    english = LETTERS.write(notice("reminder", *MANY, announces=(since,)), CONFIG)
    assert (
        "If anything of invoice 2041 is still unpaid on 16 March 2026, we will charge interest under the European "
        "Communities (Late Payment in Commercial Transactions) Regulations 2012 for the time since 20 February 2026, on "
        "what was unpaid each day."
    ) in " ".join(english.text.split())
    german = LETTERS.write(notice("reminder", *MANY, announces=(since,), customer=told("de")), CONFIG)
    assert (
        "Ist am 16. März 2026 aus Rechnung 2041 noch etwas offen, berechnen wir für die Zeit ab dem 20. Februar 2026 auf "
        "den jeweils offenen Betrag Verzugszinsen"
    ) in " ".join(german.text.split())


def test_days_without_a_known_rate_are_named_and_not_counted() -> None:
    known = Accrual(51250, ON - timedelta(40), ON - timedelta(11), 30, 101500, 428, 21500)
    unknown = Accrual(51250, ON - timedelta(10), ON, 11, None, 0)
    line = NoticeItem(item("2030", 50, 51250), "second-notice", 3, charge=charge(accruals=(known, unknown)))
    text = " ".join(LETTERS.write(notice("second-notice", items=(line,)), CONFIG).text.split())
    assert "to 19 Feb 2026" in text
    assert "From 20 February 2026 on, the rate is not known yet; nothing is claimed for that time." in text
    german = LETTERS.write(notice("second-notice", items=(line,), customer=told("de")), CONFIG)
    assert "Ab dem 20. Februar 2026 ist der Zinssatz noch nicht bekannt" in " ".join(german.text.split())


def test_a_contract_names_the_rate_that_its_cap_lets_it_claim() -> None:
    rate = {"regime": "contract", "rate": "18", "cap": "12.5"}
    capped = CONFIG.model_copy(update={"interest": CONFIG.interest.model_copy(update=rate)})
    text = LETTERS.write(notice("reminder", announces=(INTEREST,), regime="contract"), capped).text
    assert "interest at 12.5% a year" in " ".join(text.split())


def test_an_announcement_for_all_that_is_listed_names_no_invoices() -> None:
    letter = LETTERS.write(notice("final-demand", announces=(replace(AGENCY, invoices=("2041",)),)), CONFIG)
    assert "On 1 April 2026, we will pass whatever is then still unpaid to a\ncollection agency." in letter.text


def test_the_letter_is_about_the_items_at_its_own_step_and_asks_for_all_that_are_due() -> None:
    late = NoticeItem(item("2030", 40), "final-demand", 4)
    younger = NoticeItem(item("2041", 2, 10000), "reminder", 2)
    later = NoticeItem(item("2055", -9, 9900), "")
    letter = LETTERS.write(notice("final-demand", items=(late, younger, later)), CONFIG)
    assert letter.subject == "Final demand: invoice 2030"
    assert "Please pay €1,340.00 by 9 March 2026" in letter.text
    assert "We ask for €1,340.00 now" in letter.text


def test_one_day_is_a_day_and_two_are_days() -> None:
    one = LETTERS.write(notice("reminder", item(late=1)), CONFIG).text
    two = LETTERS.write(notice("reminder", item(late=2)), CONFIG).text
    assert "1 day late" in one
    assert "2 days late" in two
    german = notice("second-notice", item(late=1), customer=told("de"))
    assert "ist nun seit 1 Tag offen" in " ".join(LETTERS.write(german, CONFIG).text.split())
    german = notice("second-notice", item(late=2), customer=told("de"))
    assert "ist nun seit 2 Tagen offen" in " ".join(LETTERS.write(german, CONFIG).text.split())


def test_payments_since_the_last_notice_are_thanked_for_and_returned_ones_named() -> None:
    came = (Payment(date(2026, 2, 20), 60000, "EUR", "2041"), Payment(date(2026, 2, 23), -2500, "EUR"))
    text = " ".join(LETTERS.write(notice("reminder", *MANY, payments=came), CONFIG).text.split())
    assert "Thank you for your payment of €600.00, received on 20 February 2026." in text
    assert "A payment of €25.00 was returned on 23 February 2026" in text
    assert "€600.00 of €1,240.00 paid" in text


def test_greeting_uses_the_person_and_guesses_no_gender() -> None:
    def first_line(customer: Customer) -> str:
        return LETTERS.write(notice(customer=customer), CONFIG).text.partition("\n")[0]

    assert first_line(CUSTOMER) == "Dear Anna Byrne,"
    assert first_line(replace(CUSTOMER, contact="")) == "Dear Byrne & Daughters Ltd,"
    assert first_line(told("de")) == "Guten Tag Anna Byrne,"
    assert first_line(replace(told("de"), contact="")) == "Sehr geehrte Damen und Herren,"
    assert first_line(replace(told("de"), contact="", name="Kim Maier", kind="consumer")) == "Guten Tag Kim Maier,"


def test_on_paper_the_letter_leaves_the_payment_box_and_the_reply_to_paper() -> None:
    letter = LETTERS.write(notice("final-demand", channel="letter"), CONFIG)
    assert "IBAN" not in letter.text
    assert "reply to this email" not in letter.text
    assert "Please write to accounts@joinery.example, or call us on +353 20 910 0100." in " ".join(letter.text.split())


def test_what_is_blank_leaves_no_gap() -> None:
    bare = config(phone="", website="", registration="", contact="", bic="", bank="", email="")
    letter = LETTERS.write(notice(portal_url="", pay_by=None), bare)
    assert "\n\n\n" not in letter.text
    assert "BIC" not in letter.text
    assert letter.text.endswith("-- \nHarbour Joinery\n4 Dock Road, Galway H91 X2TF\n")
    assert not re.search(r"<(p|li|strong|em)\b[^>]*>\s*</\1>", letter.html)
    assert "See your account" not in letter.html


def test_a_multi_line_value_is_lines_in_every_form() -> None:
    address = "{{ customer.address }}\n"
    letters = Letters(SHIPPED | {"reminder.en.md": f"---\nsubject: x\n---\n{address}"})
    letter = letters.write(notice(), CONFIG)
    assert letter.text.startswith("Byrne & Daughters Ltd\n1 Quay Street\nGalway H91 ABCD\n")
    assert "Byrne &amp; Daughters Ltd<br>1 Quay Street<br>Galway H91 ABCD" in letter.html
    assert [node["t"] for node in letter.blocks[0]["c"]] == ["text", "br", "text", "br", "text"]


def test_blocks_are_what_paper_expects() -> None:
    letter = LETTERS.write(notice("second-notice", *MANY), CONFIG)
    kinds = [node["t"] for node in letter.blocks]
    assert {"p", "table", "quote", "ul"} <= set(kinds)
    table = next(node for node in letter.blocks if node["t"] == "table")
    assert table["align"] == ["left", "left", "right"]
    assert table["head"][2] == [{"t": "text", "v": "To pay"}]
    assert len(table["rows"]) == 4
    assert table["rows"][0][0][0] == {"t": "strong", "c": [{"t": "text", "v": "2030"}]}
    assert table["rows"][-1][2] == [{"t": "strong", "c": [{"t": "text", "v": "€1,251.50"}]}]


# ------------------------------------------------------------------ text part


def test_the_text_part_has_columns_and_fits_a_terminal() -> None:
    text = LETTERS.write(notice("reminder", *MANY), CONFIG).text
    assert (
        """
Invoice                    Due              To pay
--------------------------------------------------
2030                       21 Jan 2026     €512.50
Invoiced 22 Dec 2025       40 days late

2041                       1 Mar 2026      €640.00
Oak staircase              1 day late
Your reference PO 4711
Invoiced 30 Jan 2026
€600.00 of €1,240.00 paid

2055                       11 Mar 2026      €99.00
Oak staircase              not yet due
Invoiced 9 Feb 2026
--------------------------------------------------
Total                                    €1,251.50
"""
        in text
    )
    assert max(columns(line) for line in text.split("\n") if "://" not in line) <= 72


def test_wide_characters_and_endless_words_leave_the_columns_straight() -> None:
    rows = [
        item("請求書-1", description="家具" * 40),
        item("x" * 200, description="é" * 10),
        item("3", description="a\u0301b"),
    ]
    text = LETTERS.write(notice("reminder", *rows), CONFIG).text
    table = text[text.index("Invoice ") : text.index("Total ")].split("\n")
    assert {columns(line) for line in table if line.endswith("€1,240.00")} == {72}
    assert max(map(columns, table)) == 72
    assert sum(line.count("x") for line in table) == 200
    assert sum(line.count("家具") for line in table) >= 38  # a few are cut in two by a line's end


def test_a_table_too_wide_for_columns_becomes_lines() -> None:
    cell = [{"t": "text", "v": "123456789012345678901234567890"}]
    head = [[{"t": "text", "v": f"Sum {i}"}] for i in range(4)]
    node = {"t": "table", "head": head, "rows": [[cell] * 4], "align": ["right"] * 4}
    assert to_text([node]).splitlines() == [f"Sum {i}: 123456789012345678901234567890" for i in range(4)]


# ------------------------------------------------------------------ languages


@pytest.mark.parametrize("name", ["reminder", "second-notice", "final-demand"])
def test_french_text_keeps_a_space_that_does_not_break_before_a_colon(name: str) -> None:
    letter = LETTERS.write(notice(name, item(description="Porte"), customer=told("fr")), CONFIG)
    said = re.sub(r"https?://\S+", "", f"{letter.subject}\n{letter.text}")
    colons = re.findall(r".:(?!\S)", said)
    assert len(colons) >= 2
    assert set(colons) == {"\u00a0:"}


def test_a_missing_language_falls_back_to_the_parent_the_business_and_english() -> None:
    assert LETTERS.languages("reminder") == ["de", "en", "es", "fr"]
    assert LETTERS.language_for("reminder", "de-AT", "en") == "de"
    assert LETTERS.language_for("reminder", "DE_at", "en") == "de"
    assert LETTERS.language_for("reminder", "pl", "de-DE") == "de"
    assert LETTERS.language_for("reminder", "pl", "it") == "en"
    assert LETTERS.language_for("reminder", "\r\nBcc: x", "it") == "en"
    assert LETTERS.language_for("nothing", "en", "en") == ""


def test_an_austrian_reads_austrian_figures_in_the_german_letter() -> None:
    letter = LETTERS.write(notice(customer=told("de-AT")), CONFIG)
    assert letter.language == "de-AT"
    assert "€\xa01.240,00" in letter.text
    assert letter.subject == "Zahlungserinnerung: Rechnung 2041"


def test_plain_english_is_the_english_of_the_business() -> None:
    assert words.locale("en", CONFIG.business) == "en_IE"
    assert words.locale("en", config(language="en", country="GB").business) == "en_GB"
    assert words.locale("en-US", CONFIG.business) == "en_US"
    assert words.locale("tlh", CONFIG.business) == "en"


def test_every_language_of_the_tool_has_the_same_keys_and_places() -> None:
    english = CATALOGUES["en"]
    for language, catalogue in CATALOGUES.items():
        assert catalogue["language"] == language
        assert set(catalogue) == set(english), language
        for key, text in catalogue.items():
            # A firm may be greeted without its name; all else must say what it is given.
            if key != "greeting-firm":
                assert sorted(re.findall(r"{\w*}", text)) == sorted(re.findall(r"{\w*}", english[key])), key


def test_every_letter_is_shipped_in_all_four_languages() -> None:
    assert {"invoice", "courtesy", "reminder", "second-notice", "final-demand", "referral"} <= set(NAMES)
    assert {*ANSWERS, NOTE} < set(EVERY)
    for name in EVERY:
        assert LETTERS.languages(name) == ["de", "en", "es", "fr"], name


def test_a_letter_sees_exactly_the_names_that_are_documented() -> None:
    full = notice("reminder", *MANY, announces=(INTEREST,), payments=(Payment(ON, 1, "EUR"),), broken=promise(500))
    answers = (
        answering(notice(step, *MANY))
        for step in ("promise", "plan", "instalment", "plan-offer", "policy", "satisfaction", "again")
    )
    charged = notice("reminder", items=(NoticeItem(item("2030", 40, 51250), "reminder", 1, charge=charge()),))
    seen = {name for each in (full, charged, *answers) for name in _names(words.context(each, CONFIG, WORDS.of("en")))}
    assert seen == set(words.NAMES) | {"payment", "customer", "business"}


def _names(value: Any, prefix: str = "") -> Iterator[str]:
    if prefix:
        yield prefix
    if isinstance(value, SimpleNamespace):
        value = vars(value)
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _names(inner, f"{prefix}.{key}" if prefix else key)
    elif isinstance(value, list):
        for inner in value:
            yield from (name for name in _names(inner, f"{prefix}[]") if name != f"{prefix}[]")


# ------------------------------------------------------------------ values stay values

HOSTILE = [
    "*_[x](y)`~#>|",
    "<script>alert(1)</script><b>&amp;</b>",
    "{{ 7*7 }}{% if %}",
    "=?utf-8?q?x=0D=0ABcc:_evil@example.com?=",
    "\u202eevil\u202c שלום مرحبا",
    "👩‍👩‍👧 ﷽ e\u0301",
    "x" * 5000,
    "word " * 1000,
    "qzx0z qzx1tz qzx2",
    "a\r\n\r\n# b\n> c\n    d\n| e |\n---\n- f",
    "\x00\x07\x1b[31m\ud800\ufffe",
    "javascript:alert(1)",
    "   ",
    '" onload="x" \'',
    "\u2028\u2029\xa0\u200b\u200f\ufeff",
    "&#60;i&#62; &lt;i&gt; \\*",
    "[1]: http://evil.example",
]


def hostile_notice(letter: str, language: str, text: str) -> tuple[Notice, Config]:
    customer = replace(told(language), name=text, contact=text, account_id=text, address=(text, text), city=text)
    items = (item(text or "1", 40, description=text, reference=text), item("2041", 1, 124000, 60000, description=text))
    own = config(name=text, registration=text, contact=text, phone=text, address=[text], bank=text)
    this = notice(letter, *items, customer=customer, announces=(INTEREST,), reference=text, portal_url=text)
    if letter == NOTE:
        return replace(answering(replace(this, letter="plan")), letter=NOTE), own
    return (answering(this) if letter in ANSWERS else replace(this, broken=promise(500))), own


BREAK, BLANK = "\ue000", "\ue001"


class SlowLetters(Letters):
    """The same letters without shapes: Jinja, Markdown and premailer run for every message, on the values themselves."""

    def __init__(self, sources: dict[str, str]) -> None:
        super().__init__(sources)

        @pass_context
        def printed(_: Any, value: object) -> str:
            if isinstance(value, Verbatim):
                return value
            text = clean(str(value)).replace("\n", BREAK) or BLANK
            return "".join(f"&#{ord(character)};" for character in text)

        self._templates.finalize = printed
        self._templates.line = lambda name, context: self._line(self._templates.write(name, context))

    def _line(self, text: str) -> str:
        line = re.sub(r"[^\S\u00a0\u202f]+", " ", text).strip()
        return html_entities.unescape(line).replace(BREAK, " ").replace(BLANK, "")

    def write_slowly(self, this: Notice, own: Config, language: str) -> Letter:
        name = f"{this.letter}.{language}.md"
        subject, (body, footer, layout) = self._written(
            name, words.context(this, own, WORDS.of(language)), lambda texts, _: texts
        )
        body, footer = self._filled(body), self._filled(footer)
        page = layout.replace(shapes.BODY, blocks.to_html(body)).replace(shapes.FOOTER, blocks.to_html(footer))
        html = (
            shapes.inlined(page, self._styles, re.compile("(?!)"), frozenset())
            .replace(BLANK, "")
            .replace(BREAK, "<br>")
        )
        colon = WORDS.of(language)["colon"]
        text = f"{to_text(body, colon=colon)}\n-- \n{to_text(footer, colon=colon)}"
        return Letter(language, subject, html, text, body, self._mailed_as(this, own, language))

    def _shape(self, body: str, footer: str, layout: str) -> Any:
        return body, footer, layout

    def _filled(self, text: str) -> list[blocks.Node]:
        def lines(said: str) -> list[blocks.Node]:
            return blocks.lines(said.replace(BLANK, "").replace(BREAK, "\n"))

        return blocks.changed(self._read(text), lines, lambda url: blocks.web_address(url.replace(BLANK, "")))


SLOW = SlowLetters(SHIPPED)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_compiled_letters_are_the_slow_ones_byte_for_byte(text: str) -> None:
    """Every shipped letter, with the value in every field: what the shape is filled with is what all tools would have made."""
    for number, name in enumerate(EVERY if len(text) < 1000 else ["reminder"]):
        language = LANGUAGES[(number + len(text)) % len(LANGUAGES)]
        this, own = hostile_notice(name, language, text)
        assert LETTERS.write(this, own) == SLOW.write_slowly(this, own, language), name


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(exclude_characters=(BREAK, BLANK)), max_size=60))
def test_compiled_letters_are_the_slow_ones_for_any_text(text: str) -> None:
    this, own = hostile_notice("reminder", "en", text)
    assert LETTERS.write(this, own) == SLOW.write_slowly(this, own, "en")


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_a_hostile_value_changes_no_tag_and_no_line_but_its_own(text: str) -> None:
    def tags(of: str) -> list[str]:
        this, own = hostile_notice("final-demand", "en", of)
        page = LETTERS.write(replace(this, portal_url="https://x.example/"), own).html
        return [str(element.tag) for element in lxml_html.document_fromstring(page).iter() if element.tag != "br"]

    if clean(text):
        assert tags(text) == tags("plain")


def test_a_line_ends_after_each_block_but_not_where_spaces_are_kept() -> None:
    page = "<p>a</p><p>b</p><pre>x<br>y</pre><div style='white-space:pre-line'><p>c</p><p>d</p></div><p>e <b>f</b></p>"
    made = shapes.inlined(f"<html><body>{page}</body></html>", "", re.compile("(?!)"), frozenset())
    assert "<p>a</p>\n<p>b</p>\n<pre>x<br>y</pre>" in made
    assert "<p>c</p><p>d</p></div>\n<p>e <b>f</b></p>\n" in made


@pytest.mark.parametrize(
    "kept",
    [
        "<div>x</div>\u00a0<div>y</div>",
        '<div style="white-space: pre"><p>x</p><p>y</p></div>',
        '<div style="WHITE-SPACE:break-spaces"><p>x</p><p>y</p></div>',
        '<div style="display: inline-block">x</div><div style="display: inline-block">y</div>',
    ],
)
def test_a_line_ends_nowhere_that_a_reader_would_see(kept: str) -> None:
    made = shapes.inlined(f"<html><body>{kept}</body></html>", "", re.compile("(?!)"), frozenset())
    assert kept in made.replace("&nbsp;", "\u00a0").replace("&#160;", "\u00a0")


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_emails_of_one_kind_differ_in_the_lines_that_hold_their_values(language: str) -> None:
    """Git keeps of an email its difference from another: a longer name must not move every line break after it."""

    def lines(name: str) -> list[bytes]:
        this = notice(customer=replace(told(language), name=name, contact=name))
        made = emails.compose(
            this, LETTERS.write(this, CONFIG), CONFIG, sent_at=datetime(2026, 3, 2, 9, tzinfo=UTC), draft=False
        )
        return made.content.split(b"\r\n")

    one, other = lines("Ann"), lines("Annabel Featherstonehaugh")
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    assert len(one) > 100
    assert matcher.ratio() > 0.9


def test_a_value_that_looks_like_a_slot_stays_what_it_is() -> None:
    customer = replace(CUSTOMER, contact="qzx0z qzx12z qzx3uz")
    letter = LETTERS.write(notice(customer=customer), CONFIG)
    assert letter.text.startswith("Dear qzx0z qzx12z qzx3uz,\n")
    assert "Dear qzx0z qzx12z qzx3uz," in letter.html


def test_a_letter_may_hold_the_text_that_slots_are_made_of() -> None:
    letters = Letters(SHIPPED | {"reminder.en.md": "---\nsubject: s\n---\nqzx0z QZX1z {{ customer.name }}"})
    assert letters.write(notice(), CONFIG).text.startswith("qzx0z QZX1z Byrne & Daughters Ltd\n")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "", "https:///x", "ftp://x"]
)
def test_a_link_to_anything_but_web_and_mail_leaves_its_words_alone(url: str) -> None:
    letter = LETTERS.write(notice(portal_url=url), CONFIG)
    assert "See your account" not in letter.html or "href" not in re.search("<[^<]*See your account", letter.html)[0]
    assert url == "" or url not in letter.html


def test_an_address_is_quoted_for_where_it_stands() -> None:
    url = "https://x.example/a b\"><script>&q=ü'(1)"
    letter = LETTERS.write(notice(portal_url=url), CONFIG)
    assert 'href="https://x.example/a%20b%22%3E%3Cscript%3E&amp;q=%C3%BC\'(1)"' in letter.html
    assert "https://x.example/a%20b%22%3E%3Cscript%3E&q=%C3%BC'(1)" in letter.text


def test_a_value_within_an_address_is_one_part_of_it() -> None:
    body = "---\nsubject: s\n---\n[mail](mailto:{{ business.email }}?subject={{ customer.name }}) [web](https://x.example/?q={{ customer.name }})"
    letter = Letters(SHIPPED | {"reminder.en.md": body}).write(notice(), CONFIG)
    assert 'href="mailto:accounts@joinery.example?subject=Byrne%20%26%20Daughters%20Ltd"' in letter.html
    assert 'href="https://x.example/?q=Byrne%20%26%20Daughters%20Ltd"' in letter.html


def test_filters_work_on_values_before_they_are_set() -> None:
    body = "---\nsubject: '{{ customer.name|upper }}'\n---\n{{ customer.name|upper|replace('&', '+') }} {{ customer.name|safe }} {{ customer.name|e }}"
    letter = Letters(SHIPPED | {"reminder.en.md": body}).write(notice(), CONFIG)
    assert letter.text.startswith("BYRNE + DAUGHTERS LTD Byrne & Daughters Ltd Byrne & Daughters Ltd\n")
    assert letter.subject == "'BYRNE & DAUGHTERS LTD'"


def test_a_line_that_ends_with_a_tag_keeps_its_end_and_a_line_of_tags_leaves_none() -> None:
    body = "---\nsubject: s\n---\na {% if count %}b{% endif %}\nc\n\n  {% if count %}\n- one\n  {% endif %}\n- two\n"
    text = Letters(SHIPPED | {"reminder.en.md": body}).write(notice(), CONFIG).text
    assert text.startswith("a b c\n\n- one\n- two\n")


def test_the_same_letters_are_written_the_same_by_another_run() -> None:
    other = Letters(dict(reversed(SHIPPED.items())))
    for name in NAMES:
        this = notice(name, *MANY, announces=(INTEREST,))
        assert other.write(this, CONFIG) == LETTERS.write(this, CONFIG)


# ------------------------------------------------------------------ check


def check(*wanted: str, languages: tuple[str, ...] = ("en",), settings: Config = CONFIG, **files: str) -> list[Finding]:
    sources = SHIPPED | {name.replace("__", ".").replace("_md", ".md"): text for name, text in files.items()}
    return Letters(sources).check([(name, languages) for name in wanted], settings)


def check_reminder(body: str, front: str = "subject: x") -> list[Finding]:
    """Findings about a reminder that says all it must, and this."""
    said = '{% include "_items.md" %}\n{% include "_pay.md" %}\n{% include "_announcements.md" %}\n'
    sources = SHIPPED | {"reminder.en.md": f"---\n{front}\n---\n{body}\n\n{said}"}
    return Letters(sources).check([("reminder", ["en"])], CONFIG)


def test_the_shipped_letters_are_without_findings() -> None:
    assert check(*EVERY, languages=("en-IE", "de", "de-AT", "es", "es-MX", "fr", "fr-CA")) == []
    assert check(*ENGLISH, languages=("en-IE",)) == []


def test_a_letter_is_shipped_in_every_language_unless_it_is_of_one_law() -> None:
    letters = {name.partition(".")[0] for name in SHIPPED if name.endswith(".md")}
    assert letters - {name.partition(".")[0] for name in SHIPPED if name.endswith(".de.md")} == set(ENGLISH)
    assert {f"{name}.en.md" for name in letters} <= SHIPPED.keys()


@pytest.mark.parametrize(
    ("body", "row", "message", "hint"),
    [
        ("{{ bussiness.name }}", 4, "bussiness is not known", "Did you mean business?"),
        ("\n\n{{ business.nmae }}", 6, "business.nmae is not known", "Did you mean name?"),
        ("{% for each in items %}\n{{ each.opne }}\n{% endfor %}", 5, "each.opne is not known", "Did you mean open?"),
        ("{{ items[0].dues }}", 4, "....dues is not known", "Did you mean due?"),
        ("{{ (items|first).opem }}", 4, "....opem is not known", "Did you mean open?"),
        ("{% if nothing_here is defined %}{% endif %}", 4, "nothing_here is not known", "docs/letters.md"),
        ("{% if false %}{{ costumer.name }}{% endif %}", 4, "costumer is not known", "Did you mean customer?"),
        ("{{ customer.name|uper }}", 4, "not a template: No filter named 'uper'.", "Did you mean upper?"),
        ("{% if count %}", 9, "not a template: Unexpected end of template.", ""),
        (
            '{% include "_itmes.md" %}',
            4,
            "includes letters/_itmes.en.md, which is not there",
            "Did you mean _items.en.md?",
        ),
        ('{% include "reminder.en.md" %}', 4, "includes reminder.en.md, which includes it", ""),
        ("{{ items }}", 4, "cannot be written: prints a list, which is no text", ""),
        ("{{ business }}", 4, "cannot be written: prints something with parts, which is no text", ""),
        ("{{ one_item }}", 4, "cannot be written: prints yes or no, which is no text", ""),
        ("{{ items[7].open }}", 4, "cannot be written: list object has no element 7", "Check the spelling"),
        ("{{ 1 // 0 }}", 4, "cannot be written: integer division or modulo by zero", ""),
        ("{% macro x() %}{% endmacro %}", 4, "a letter may not use a macro statement", "A letter has if, for"),
        ('{% import "_items.en.md" as x %}', 4, "a letter may not use a import statement", ""),
        ('{% extends "email.html" %}', 4, "a letter may not use a extends statement", ""),
        ("{% set x %}a{% endset %}", 4, "a letter may not use a assign block statement", ""),
        ("{% filter upper %}a{% endfilter %}", 4, "a letter may not use a filter block statement", ""),
        ("<b>now</b>", 4, 'HTML does not work in a letter: "<b>"', "Write Markdown."),
        ("text\n\n<!-- to do -->", 6, 'HTML does not work in a letter: "<!--"', ""),
        ("a\n\n    b", 6, "has a line that begins with four spaces, which a letter has no place for", ""),
        ("![a](https://x.example/a.png)", 4, "has a picture, which a letter has no place for", ""),
        ("3. three", 4, "has a numbered list that does not begin at 1, which a letter has no place for", ""),
        ('[x](https://x.example "title")', 4, "has a link with a title, which a letter has no place for", ""),
        ("[x](javascript:alert)", 0, "cannot be written: links to javascript:alert, which is no http", ""),
    ],
)
def test_check_names_the_mistake_and_its_line(body: str, row: int, message: str, hint: str) -> None:
    found = check_reminder(body)
    assert found
    first = found[0]
    assert (first.file, first.row) == ("letters/reminder.en.md", row), first
    assert first.message.startswith(message), first.message
    assert first.hint.startswith(hint)
    assert first.stops_run


@pytest.mark.parametrize(
    "escape",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ business.__init__.__globals__ }}",
        "{{ items.append(1) }}",
        "{{ items[0].__dict__ }}",
        "{{ ''|attr('__class__') }}",
        "{{ '{0.__class__}'.format(business) }}",
        "{{ ('%s' % business).__class__ }}",
        "{{ self.__init__ }}",
        "{{ lipsum() }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ items.sort.__self__ }}",
        "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
        "{{ range(100000000)|list }}",
    ],
)
def test_a_letter_cannot_leave_its_sandbox(escape: str) -> None:
    found = check_reminder(escape)
    assert found, escape
    assert found[0].stops_run
    assert found[0].row == 4


@pytest.mark.parametrize(
    ("text", "row", "message"),
    [
        ("Dear all", 1, "no front matter"),
        ("---\nlanguage: en\n---\nx", 1, "no subject"),
        ("---\nsubject:\n---\nx", 1, "no subject"),
        ("---\nsubject: a\nsubjekt: b\n---\nx", 3, "subjekt is not a line of the front matter"),
        ("---\nsubject: a\nsubject: b\n---\nx", 3, "subject stands there twice"),
        ("---\nsubject: a\nlanguage: de\n---\nx", 3, "language is de, and the file's name says en"),
        ("---\n\nsubject: a {{ custmer.name }}\n---\nx", 3, "custmer is not known"),
        ("---\nsubject: a\npreview: {{ aksed }}\n---\nx", 3, "aksed is not known"),
    ],
)
def test_check_reads_the_front_matter(text: str, row: int, message: str) -> None:
    found = check("reminder", reminder__en_md=text)
    assert (found[0].file, found[0].row, found[0].message) == ("letters/reminder.en.md", row, message)


def test_a_mistake_in_a_partial_is_named_where_it_stands_and_once() -> None:
    found = Letters(SHIPPED | {"_items.en.md": "\n{{ totl }}"}).check(
        [("reminder", ["en"]), ("courtesy", ["en"])], CONFIG
    )
    assert [(f.file, f.row, f.message, f.hint) for f in found] == [
        ("letters/_items.en.md", 2, "totl is not known", "Did you mean total?")
    ]


def test_a_missing_letter_is_an_error_that_names_the_near_one() -> None:
    found = check("remainder")
    assert [(f.file, f.message, f.hint) for f in found] == [
        ("letters/remainder.en.md", "there is no such letter", "Did you mean reminder.en.md?")
    ]
    with pytest.raises(LetterError, match="there is no such letter"):
        LETTERS.write(notice("remainder"), CONFIG)


def test_a_missing_language_is_said_once() -> None:
    found = check("reminder", languages=("pl", "pl-PL", "pl", "en-GB"))
    assert [(f.severity, f.file) for f in found] == [(Severity.WARNING, "letters/reminder.pl.md")]
    assert "customers who read pl get en" in found[0].message


def test_a_letter_in_a_language_that_the_tool_lacks_is_said_to_mix_two() -> None:
    polish = {name.replace(".en.md", ".pl.md"): text.replace("language: en", "") for name, text in SHIPPED.items()}
    letters = Letters(SHIPPED | polish)
    found = letters.check([("reminder", ["pl"])], CONFIG)
    assert [(f.severity, f.file) for f in found] == [(Severity.WARNING, "letters/reminder.pl.md")]
    assert "is English in pl" in found[0].message
    letter = letters.write(notice(customer=told("pl")), CONFIG)
    assert letter.language == "pl"
    assert "1 marca 2026" in letter.text


def test_a_letter_must_say_what_its_step_has_on_record() -> None:
    body = "---\nsubject: x\n---\n{{ customer.greeting }}\n"
    messages = [f.message for f in check("final-demand", **{"final-demand__en_md": body})]
    assert messages == [
        "does not say the agency it announces, as step final-demand does",
        "does not say the invoice's number, as step final-demand does",
        "does not say the amount, as step final-demand does",
        "does not say the pay-by date, as step final-demand does",
    ]


def test_the_layout_is_checked_too() -> None:
    def found(**files: str) -> list[tuple[str, int, str]]:
        return [(f.file, f.row, f.message) for f in check("reminder", **files)]

    assert (
        found(email__html=SHIPPED[LAYOUT].replace("{{ business.name }}", "{{ busines.name }}"))[0][2]
        == "busines is not known"
    )
    assert (
        found(email__html="<p>{{ subject }}</p>")[0][2] == "cannot be written: letters/email.html does not print body"
    )
    assert found(email__html="{{ body }}<style>{{ subject }}</style>")[0][2].endswith(
        "inside a comment, a style or a script"
    )
    assert found(email__html='{{ body }}<p style="{{ subject }}">')[0][2].endswith("prints a value inside style")
    assert found(email__html='{{ body }}<a href="javascript:{{ subject }}">')[0][2].endswith(
        "no http, https or mailto address"
    )
    assert found(email__css=SHIPPED[STYLES] + "\np { color: red; .x { color: blue }")[0][:2] == (
        "letters/email.css",
        SHIPPED[STYLES].count("\n") + 2,
    )
    without = {name: text for name, text in SHIPPED.items() if name != LAYOUT}
    assert Letters(without).check([("reminder", ["en"])], CONFIG)[0].message == "is missing"


def test_a_letter_that_fails_on_real_data_says_where() -> None:
    letters = Letters(SHIPPED | {"reminder.en.md": "---\nsubject: x\n---\n\n{{ items[1].open }}"})
    with pytest.raises(LetterError) as caught:
        letters.write(notice(), CONFIG)
    assert caught.value.finding.file == "letters/reminder.en.md"
    assert caught.value.finding.row == 5


def test_more_shapes_than_are_kept_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pastdue.documents.letters._SHAPES", 2)
    letters = Letters(SHIPPED)
    first = letters.write(notice("reminder", item("1")), CONFIG)
    for count in (2, 3, 4):
        letters.write(notice("reminder", *(item(str(n)) for n in range(count))), CONFIG)
    assert len(letters._shapes) == 2
    assert letters.write(notice("reminder", item("1")), CONFIG) == first


# ------------------------------------------------------------------ interest and fixed sums


def test_a_notice_adds_up_from_what_it_shows_and_asks_for_it_all() -> None:
    lines = (
        NoticeItem(replace(item("2020", 60, 90000), open=0), "", charge=charge("2020", 0, fee=0, fee_on=None)),
        NoticeItem(item("2030", 40, 51250), "second-notice", 3, charge=charge()),
    )
    text = " ".join(LETTERS.write(notice("second-notice", items=lines, pay_by=ON + timedelta(7)), CONFIG).text.split())
    assert "Interest on 2020 €2.85 11 Feb 2026 to 2 Mar 2026" in text
    assert "Fixed sum on 2030 €40.00 for late payment, owed since 25 Feb 2026" in text
    assert "2030 21 Jan 2026 €512.50 Oak staircase 40 days late" in text
    assert "Total €558.20" in text, "2.85 + 512.50 + 2.85 + 40.00"
    assert "Please pay €558.20 by 9 March 2026" in text
    assert "2030 €2.85 €512.50 × 10.15% a year × 20 days 11 Feb 2026 to 2 Mar 2026" in text
    assert "amount × rate × days ÷ 365, rounded once per line" in text
    assert "If €558.20 is paid by 9 March 2026, no further interest is claimed on what it pays." in text
    assert "each day after 2 March 2026 adds €0.14" in text, "512.50 × 10.15 % ÷ 365 of 2030; what is paid adds nothing"


def test_what_was_paid_of_the_interest_is_said_below_its_arithmetic() -> None:
    line = NoticeItem(item("2030", 40, 51250), "second-notice", 3, charge=charge(interest_paid=100, fee_paid=4000))
    text = " ".join(LETTERS.write(notice("second-notice", items=(line,)), CONFIG).text.split())
    assert "€1.00 of it was paid or let go before, so €1.85 is open." in text
    assert "Fixed sum" not in text
    assert "Total €514.35" in text


def test_without_a_claim_a_letter_says_nothing_of_interest() -> None:
    letter = LETTERS.write(notice("second-notice"), CONFIG)
    assert "nterest" not in letter.text
