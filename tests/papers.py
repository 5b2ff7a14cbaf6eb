"""Letters for tests: a business, customers, and notices of any length, composed as a run composes them."""

from datetime import date, timedelta
from typing import Any

from pastdue import days, money
from pastdue.config import Business, Config
from pastdue.documents.catalogue import SHIPPED
from pastdue.documents.paper import compose
from pastdue.model import Customer, Document, Notice, NoticeItem, OpenItem

ON = date(2026, 3, 2)

HAMBURG = Business(
    name="Nordlicht Messtechnik GmbH",
    address=("Speicherstraße 14",),
    postcode="20457",
    city="Hamburg",
    country="DE",
    email="buchhaltung@nordlicht.example",
    phone="+49 40 5550 1234",
    contact="Jana Petersen",
    registration="Amtsgericht Hamburg HRB 123456; USt-IdNr. DE 123456789",
    iban="DE71110220330123456789",
    bic="BHBLDEHHXXX",
    bank="Bankhaus Alster",
    language="de",
)
BRISTOL = Business(
    name="Northwind Instruments Ltd",
    address=("12 Quay Street",),
    postcode="BS1 4DJ",
    city="Bristol",
    country="GB",
    email="accounts@northwind.example",
    bank="Severn Bank",
    sort_code="20-00-00",
    account_number="55779911",
)
DALLAS = Business(
    name="Prairie Supply Co.", address=("400 Commerce Street",), postcode="75201", city="Dallas, TX", country="US"
)

ALBRECHT = Customer(
    "K-20417",
    "Albrecht & Töchter OHG",
    contact="Frau Dr. Miriam Albrecht",
    address=("Große Elbstraße 212",),
    postcode="22767",
    city="Hamburg",
    country="DE",
    language="de",
)

Node = dict[str, Any]


def text(value: str) -> list[Node]:
    return [{"t": "text", "v": value}]


def strong(value: str) -> list[Node]:
    return [{"t": "strong", "c": text(value)}]


def p(*words: str | Node) -> Node:
    return {"t": "p", "c": [word if isinstance(word, dict) else {"t": "text", "v": word} for word in words]}


def item(number: int, description: str = "Wartung", invoice_id: str = "", currency: str = "EUR") -> OpenItem:
    """An invoice of which no two figures are alike, half of them paid in part."""
    due, amount = date(2026, 1, 2) + timedelta(days=number), 100_000 + 3_713 * number
    unpaid = amount - (number % 2) * 5_050
    name = invoice_id or f"RE-2026-{number:04d}"
    return OpenItem(name, due, due - timedelta(days=14), currency, amount, unpaid, (ON - due).days, description)


def notice(
    *items: OpenItem, customer: Customer = ALBRECHT, currency: str = "EUR", reference: str = "K-20417", url: str = ""
) -> Notice:
    lines = tuple(NoticeItem(each, "second-notice", 2) for each in items)
    name = "2026-03-02-K-20417-second-notice-letter"
    by = date(2026, 3, 16)
    return Notice(
        name, ON, customer, currency, "second-notice", 2, "second-notice", "letter", lines, by, (), (), url, reference
    )


def table(of: Notice, language: str = "de") -> Node:
    """The items as a letter lists them: a row each, and the total below."""

    def show(minor: int) -> list[Node]:
        return text(money.display(minor, of.currency, language))

    def short(day: date | None) -> list[Node]:
        return text(days.display_short(day, language)) if day else []

    rows = [
        [text(i.invoice_id), short(i.issued), short(i.due), text(i.description), show(i.amount), show(i.open)]
        for i in (line.item for line in of.items)
    ]
    rows.append([strong("Summe"), [], [], [], [], strong(money.display(of.total, of.currency, language))])
    head = [text(word) for word in ("Rechnung", "Datum", "Fällig", "Leistung", "Betrag", "Offen")]
    return {"t": "table", "head": head, "rows": rows, "align": ["left"] * 4 + ["right"] * 2}


def letter(
    of: Notice,
    business: Business = HAMBURG,
    language: str = "de",
    subject: str = "Zweite Mahnung",
    before: tuple[Node, ...] = (),
) -> Document:
    """A letter with the words above, the table of all items, and a line below it."""
    blocks = [*before, table(of, language), p("Vielen Dank.")]
    return compose(of, subject, SHIPPED.of(language), blocks, Config(business=business))
