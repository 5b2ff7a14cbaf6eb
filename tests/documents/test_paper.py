"""Letters on paper: addresses as each country's post reads them, the right sum in the box, and the body as data."""

import json
import re

import pytest
from papers import ALBRECHT, BRISTOL, DALLAS, HAMBURG, item, letter, notice, p, strong, table, text

from pastdue.config import Business, Config, PaymentLink, Portal
from pastdue.documents.catalogue import SHIPPED as WORDS
from pastdue.documents.paper import compose, recipient
from pastdue.documents.payment import epc, qr_svg
from pastdue.model import Customer


def written(*blocks: dict[str, object], **around: object) -> dict[str, object]:
    """The data of a letter with these blocks."""
    of = around.pop("of", notice(item(1)))
    business = around.pop("business", HAMBURG)
    made = compose(
        of,
        str(around.pop("subject", "Betreff")),
        WORDS.of(str(around.pop("language", "de"))),
        blocks,
        Config(business=business),
    )
    return json.loads(made.content)


def said(row: dict[str, str]) -> tuple[str, str]:
    return row["label"], row["value"].replace("\xa0", " ")


# ------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("country", "lines"),
    [
        ("DE", ("20457 Hamburg",)),
        ("FR", ("20457 Hamburg",)),
        ("", ("20457 Hamburg",)),
        ("GB", ("Hamburg", "20457")),
        ("IE", ("Hamburg", "20457")),
        ("US", ("Hamburg 20457",)),
        ("AU", ("Hamburg 20457",)),
        ("us", ("Hamburg 20457",)),
    ],
)
def test_postcode_and_city_stand_as_the_countrys_post_wants_them(country: str, lines: tuple[str, ...]) -> None:
    customer = Customer("A", "Firma", address=("Weg 1",), postcode="20457", city="Hamburg", country=country)
    assert recipient(customer, Business(name="X", country=country)) == ("Firma", "Weg 1", *lines)


def test_a_missing_postcode_or_city_leaves_no_gap() -> None:
    home = Business(name="X", country="GB")
    assert recipient(Customer("A", "Firm", address=("1 Way",), city="Bristol", country="GB"), home)[2:] == ("Bristol",)
    assert recipient(Customer("A", "Firm", address=("1 Way",), postcode="20457", country="DE"), home)[2] == "20457"


def test_a_letter_abroad_names_the_country_in_capitals_as_its_sender_calls_it() -> None:
    customer = Customer("A", "Firma", address=("Weg 1",), postcode="69002", city="Lyon", country="FR", language="fr")
    assert recipient(customer, HAMBURG)[-1] == "FRANKREICH"
    assert recipient(customer, BRISTOL)[-1] == "FRANCE"
    assert recipient(customer, Business(name="X", country="FR"))[-1] == "69002 Lyon"


def test_the_person_stands_above_the_name_and_only_once() -> None:
    assert recipient(ALBRECHT, HAMBURG)[:2] == ("Frau Dr. Miriam Albrecht", "Albrecht & Töchter OHG")
    alone = Customer("A", "Anna Byrne", contact="anna byrne", address=("1 Way",), city="Cork", country="IE")
    assert recipient(alone, HAMBURG)[:2] == ("Anna Byrne", "1 Way")


def test_a_line_break_in_an_address_makes_no_line_of_its_own() -> None:
    customer = Customer("A", "Firma\nEvil Corp\x00", address=("Weg\r\n1",), postcode="1", city="B\u2028C", country="DE")
    assert recipient(customer, HAMBURG) == ("Firma Evil Corp\N{REPLACEMENT CHARACTER}", "Weg  1", "1 B C")


def test_an_endless_address_ends_in_sight() -> None:
    customer = Customer("A", "x" * 100_000, address=("y" * 1000,) * 500, postcode="1", city="z", country="DE")
    lines = recipient(customer, HAMBURG)
    assert len(lines) <= 12
    assert all(len(line) <= 160 for line in lines)
    assert lines[0].endswith("…")


def test_the_paper_is_the_one_of_the_business_country() -> None:
    assert [written(business=b)["paper"] for b in (HAMBURG, BRISTOL, DALLAS)] == ["a4", "a4", "us-letter"]


# ------------------------------------------------------------------ how to pay


def test_the_box_asks_for_what_is_still_open_and_the_code_pays_the_same() -> None:
    of = notice(item(1), item(2), reference="RF18539007547034")
    box = written(of=of)["payment"]
    assert of.asked_sum == 103_713 - 5_050 + 107_426
    assert box["amount"] == "2.060,89\xa0€"
    assert box["by"] == "bis 16. März 2026"
    assert [said(row) for row in box["rows"]] == [
        ("Kontoinhaber", "Nordlicht Messtechnik GmbH"),
        ("Bank", "Bankhaus Alster"),
        ("IBAN", "DE71 1102 2033 0123 4567 89"),
        ("BIC", "BHBLDEHHXXX"),
        ("Verwendungszweck", "RF18 5390 0754 7034"),
    ]
    assert box["shows"] == "Code für Ihre Banking-App: 2.060,89\xa0€ an Nordlicht Messtechnik GmbH"
    paid = epc.payload(Config(business=HAMBURG), 206_089, "EUR", "RF18539007547034")
    assert box["code"] == qr_svg(paid)


def test_pounds_go_to_the_sort_code_and_have_no_code_to_scan() -> None:
    of = notice(item(1, currency="GBP"), currency="GBP", url="https://pay.example/abc/")
    box = written(of=of, business=BRISTOL, language="en")["payment"]
    assert box["code"] == ""
    assert [said(row) for row in box["rows"]] == [
        ("Account holder", "Northwind Instruments Ltd"),
        ("Bank", "Severn Bank"),
        ("Sort code", "20-00-00"),
        ("Account number", "55779911"),
        ("Reference", "K-20417"),
        ("Online", "https://pay.example/abc/"),
    ]
    assert box["rows"][-1]["url"] == "https://pay.example/abc/"


def test_without_an_account_the_box_still_says_how_much_and_what_to_write() -> None:
    box = written(of=notice(item(1), reference=""), business=Business(name="X", country="DE"))["payment"]
    assert [said(row) for row in box["rows"]] == [("Verwendungszweck", "K-20417")]


def test_without_a_page_of_their_own_the_ways_to_pay_online_are_in_print() -> None:
    names = {"de": "Mit Karte zahlen"}
    links = (PaymentLink(name="Pay by card", names=names, url="https://pay.example/?a={amount}&r={reference}"),)
    config = Config(business=BRISTOL, portal=Portal(links=links))

    def online(url: str, language: str = "en") -> tuple[str, str]:
        of = notice(item(1, currency="GBP"), currency="GBP", url=url, reference="A/1")
        return said(json.loads(compose(of, "Subject", WORDS.of(language), [], config).content)["payment"]["rows"][-1])

    assert online("") == ("Pay by card", "https://pay.example/?a=986.63&r=A%2F1")
    assert online("", "de-AT")[0] == "Mit Karte zahlen"
    assert online("https://pay.example/abc/") == ("Online", "https://pay.example/abc/")


def test_a_letter_that_asks_for_nothing_has_no_box() -> None:
    assert written(of=notice())["payment"] is None


# ------------------------------------------------------------------ around the body


def test_the_letter_says_who_writes_when_and_about_which_account() -> None:
    data = written()
    assert data["sender"] == "Nordlicht Messtechnik GmbH"
    assert data["return_line"] == "Nordlicht Messtechnik GmbH · Speicherstraße 14 · 20457 Hamburg"
    assert [said(row) for row in data["facts"]] == [
        ("Datum", "2. März 2026"),
        ("Kundennummer", "K-20417"),
        ("Ansprechpartner", "Jana Petersen"),
        ("Telefon", "+49 40 5550 1234"),
        ("E-Mail", "buchhaltung@nordlicht.example"),
    ]
    assert data["running"] == "Nordlicht Messtechnik GmbH · K-20417 · 2. März 2026"
    assert data["notice"] == "Schreiben 2026-03-02-K-20417-second-notice-letter"
    assert data["footer"][-1] == ["Amtsgericht Hamburg HRB 123456", "USt-IdNr. DE 123456789"]


def test_dates_are_the_readers_own() -> None:
    assert said(written(business=BRISTOL, language="en")["facts"][0]) == ("Date", "2 March 2026")
    assert said(written(business=DALLAS, language="en")["facts"][0]) == ("Date", "March 2, 2026")


def test_every_language_of_the_tool_has_all_the_words() -> None:
    keys = {key for key in WORDS.of("en").catalogue if key.startswith("paper.")}
    for language in ("en", "de"):
        found = WORDS.of(language)
        assert found["language"] == language
        assert all(found[key] for key in keys)
        assert re.findall(r"{\w+}", found["paper.page"]) == ["{page}", "{pages}"]
    assert sum(WORDS.of("de")[key] == WORDS.of("en")[key] for key in keys) < len(keys) / 2


def test_the_document_lies_in_the_folder_of_its_day() -> None:
    made = letter(notice(item(1)))
    assert (made.kind, made.path) == ("pdf", "outbox/2026-03-02/K-20417-second-notice.pdf")
    assert made.subject == "Zweite Mahnung"


def test_the_same_notice_gives_the_same_bytes() -> None:
    of = notice(*map(item, range(5)))
    made = letter(of).content
    assert made == letter(of).content
    assert made == json.dumps(json.loads(made), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


# ------------------------------------------------------------------ the body


def test_markup_in_the_books_is_text() -> None:
    data = written(p("#panic() $a$ *b* <b>x</b> {{ 7 * 7 }}"))
    assert data["blocks"] == [{"t": "p", "c": text("#panic() $a$ *b* <b>x</b> {{ 7 * 7 }}")}]


def test_control_characters_and_turned_direction_do_not_reach_the_page() -> None:
    data = written(p("a\x00b\x1bc", "x\u202ey\u2066z\ud800"), subject="s\u202e\nt")
    assert data["blocks"][0]["c"] == [
        *text("a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"),
        *text("xyz\N{REPLACEMENT CHARACTER}"),
    ]
    assert data["subject"] == "s t"


def test_a_link_on_paper_shows_its_address_unless_it_is_there_already() -> None:
    def line(url: str, words: str) -> str:
        paragraph = written(p({"t": "link", "url": url, "c": text(words)}))["blocks"][0]["c"]
        return "".join(node.get("v", "") or f"[{node['c'][0]['v']}]" for node in paragraph)

    assert line("https://pay.example/a", "Ihre Seite") == "[Ihre Seite] (https://pay.example/a)"
    assert line("https://pay.example/", "https://pay.example") == "[https://pay.example]"
    assert line("mailto:a@b.example?subject=x", "schreiben Sie") == "[schreiben Sie] (a@b.example)"
    assert line("tel:+4940", "+4940") == "[+4940]"
    assert line("javascript:alert(1)", "Klick") == "Klick"


def test_headings_skip_no_level() -> None:
    def heading(level: int) -> dict[str, object]:
        return {"t": "h", "level": level, "c": text("x")}

    assert [b["level"] for b in written(heading(1), heading(4), heading(2), heading(5), heading(5))["blocks"]] == [
        2,
        3,
        2,
        3,
        4,
    ]


def test_a_strong_last_row_is_the_total_and_figures_are_never_squeezed() -> None:
    made = written(table(notice(item(1), item(2, "Wartungsvertrag, erstes Quartal, Pumpen und Ventile"))))["blocks"][0]
    assert made["total"] is True
    assert made["widths"] == [0, 0, 0, 51, 0, 0]


def test_a_column_is_as_wide_as_its_longest_line() -> None:
    def cell(*lines: str) -> list[dict[str, object]]:
        return [node for line in lines for node in (*text(line), {"t": "br"})][:-1]

    rows = [[cell("RE-2026-0001", "Wartung und Instandhaltung"), cell("2. Jan. 2026", "40 Tage überfällig")]]
    made = written({"t": "table", "head": [text("Rechnung"), text("Fällig")], "rows": rows})["blocks"][0]
    assert made["widths"] == [26, 0]


def test_a_row_that_is_no_total_is_an_ordinary_row() -> None:
    cells = [[text("a"), text("1")], [strong("b"), text("2")]]
    assert written({"t": "table", "head": [text("x"), text("y")], "rows": cells})["blocks"][0]["total"] is False


def test_a_short_row_is_filled_and_a_table_may_have_no_head() -> None:
    made = written(
        {"t": "table", "head": [], "rows": [[text("a"), text("b")], [text("c")]], "align": ["left", "right"]}
    )
    assert made["blocks"][0]["rows"][1] == [text("c"), []]


def test_a_node_that_paper_does_not_know_is_no_silent_loss() -> None:
    with pytest.raises(ValueError, match="picture"):
        written({"t": "picture"})
    with pytest.raises(ValueError, match="blink"):
        written(p({"t": "blink", "c": []}))
