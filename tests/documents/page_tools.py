"""What the tests of site, desk and call sheets share: the shipped templates, small books, and a reader of finished pages."""

import re
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

from pastdue.config import Config
from pastdue.model import Customer, Document, Notice, OpenItem, Payment, Sent, Standing, State
from pastdue.outlook import Coming, Kind

ROOT = Path(__file__).parents[2]
TEMPLATES = {path.name: path.read_text("utf-8") for path in (ROOT / "site/templates").glob("*.html")}
STATIC = {path.name: path.read_bytes() for path in (ROOT / "site/static").iterdir()}
ON = date(2026, 3, 2)

CONFIG = Config.model_validate(
    {
        "business": {
            "name": "Harbour Joinery",
            "address": ["4 Dock Road"],
            "postcode": "H91 X2TF",
            "city": "Galway",
            "country": "IE",
            "email": "accounts@harbourjoinery.example",
            "phone": "+353 (0)20 910 0100",
            "contact": "Nora Conneely",
            "registration": "Registered in Ireland No. 000000",
            "language": "en-IE",
            "iban": "IE29 AIBK 9311 5212 3456 78",
            "bic": "AIBKIE2D",
            "timezone": "Europe/Dublin",
        },
        "portal": {
            "base_url": "https://pay.harbourjoinery.example/a",
            "links": [
                {
                    "name": "Pay by card",
                    "url": "https://pay.example/h?a={amount}&c={currency}&r={reference}&n={account}",
                }
            ],
        },
    }
)

# What a hostile cell may hold; each is text that a page may show and must never obey.
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raise %}",
    "javascript:alert(1)",
    "</style><style>*{display:none}</style>",
    "<!-- --> ]]> &amp; &lt;",
    "\u202egnp.exe\u202c",
    "line\r\nBcc: x@example.com\x00\x1b[2J",
    "W" * 200,
    "=cmd|' /C calc'!A0",
    "../../../etc/passwd",
)


def item(number: str, late: int, open_: int, amount: int | None = None, currency: str = "EUR", **more: str) -> OpenItem:
    """An open item that is so many days late on the tests' day."""
    due = ON - timedelta(days=late)
    return OpenItem(number, due, due - timedelta(days=30), currency, amount or open_, open_, late, **more)


def standing(account: str | Customer, *items: OpenItem, currency: str = "EUR", **more: object) -> Standing:
    """An account's standing with its buckets added up."""
    customer = account if isinstance(account, Customer) else Customer(account, f"{account} Ltd", currency=currency)
    buckets = [0] * 6
    for each in items:
        late = each.days_past_due
        buckets[0 if late <= 0 else 5 if late > 120 else (late + 29) // 30] += each.open
    oldest_first = tuple(sorted(items, key=lambda each: each.due))
    return Standing(ON, customer, currency, oldest_first, buckets=tuple(buckets), **more)  # type: ignore[arg-type]


def with_claims(account: Standing) -> Standing:
    """The standing as the rules leave it where no deadline runs: what was told of and is owed may be asked for.

    Claims that a test sets itself stay.
    """
    return replace(account, claims=account.claims or tuple(each for each in account.charges if each.told and each.owed))


def paid(ago: int, amount: int, invoice: str = "", currency: str = "EUR", reference: str = "") -> Payment:
    """A payment so many days ago."""
    return Payment(ON - timedelta(days=ago), amount, currency, invoice, reference)


def sent(ago: int, number: str, step: str, rung: int, state: State = State.SENT, **more: object) -> Sent:
    """A notice of one item, so many days ago."""
    said: dict[str, object] = {
        "notice_id": f"{ago}-{step}",
        "on": ON - timedelta(days=ago),
        "invoice_id": number,
        "due": ON - timedelta(days=41),
        "channel": "email",
        "open": 100,
        "currency": "EUR",
    }
    return Sent(step=step, rung=rung, state=state, **(said | more))  # type: ignore[arg-type]


def to_come(
    ahead: int, kind: Kind = Kind.NOTICE, what: str = "reminder", account: str = "K-1", why: str = ""
) -> Coming:
    """One thing that the forecast has for an account, so many days ahead."""
    return Coming(ON + timedelta(days=ahead), account, "EUR", kind, what, 500, ("email",), None, why)


def document(account: Standing, channel: str, path: str, content: bytes = b"") -> Document:
    """A notice to an account, as it lies in the outbox."""
    notice = Notice(
        "n", ON, account.customer, account.currency, "reminder", 2, "reminder", channel, (), None, (), (), ""
    )
    return Document(notice, path, path.rpartition(".")[2], content, "A subject")


class Read(HTMLParser):
    """A finished page, read back: its text, its elements, and every address in it."""

    VOID = frozenset({"meta", "link", "br", "img", "rect", "path", "hr", "input"})

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.misnested: list[str] = []
        self.styles = ""
        self.texts: list[str] = []
        self.feed(content.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.misnested.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.styles += data
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        """All that a reader reads, spaces as they see them."""
        return re.sub(r"[ \n\t]+", " ", " ".join(self.texts)).replace("\N{NO-BREAK SPACE}", " ")

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of each element of a kind."""
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def links(self) -> list[str]:
        """Where one can go from the page."""
        return [attrs["href"] for attrs in self.all("a")]

    @property
    def requests(self) -> list[str]:
        """All that a browser fetches by itself on opening the page."""
        fetched = [attrs["href"] for attrs in self.all("link")]
        for _, attrs in self.elements:
            fetched += [
                attrs[name] for name in ("src", "srcset", "data", "poster", "action", "background") if name in attrs
            ]
        fetched += re.findall(r"url\(([^)]*)\)|@import\s+(\S+)", self.styles)
        return fetched

    def problems(self) -> list[str]:
        """What no page may have: scripts, handlers, styles in attributes, broken nesting, several h1, cells without scope."""
        found = [f"<{tag}> in the wrong place" for tag in (*self.misnested, *self.open)]
        for tag, attrs in self.elements:
            if tag in {"script", "iframe", "object", "embed", "form", "base", "img"}:
                found.append(f"<{tag}>")
            found += [f"{tag} {name}" for name in attrs if name.startswith("on") or name == "style"]
            if tag == "th" and "scope" not in attrs:
                found.append("th without scope")
        ids = [attrs["id"] for _, attrs in self.elements if "id" in attrs]
        found += [f"id {each} twice" for each in set(ids) if ids.count(each) > 1]
        if len(self.all("h1")) != 1:
            found.append(f"{len(self.all('h1'))} h1")
        if not self.all("html")[0].get("lang"):
            found.append("no language")
        if not self.all("main"):
            found.append("no main")
        return found
