"""Letters on paper: all that a printed notice says, as data that `delivery.pdf` sets in type."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from math import ceil
from typing import Any

from pastdue import days, money
from pastdue.config import Business, Config
from pastdue.documents import payment
from pastdue.documents.catalogue import Language
from pastdue.documents.look import PLAIN, Look
from pastdue.documents.notices import path
from pastdue.documents.site import cut, plain
from pastdue.documents.words import called, filled_in, locale
from pastdue.model import Customer, Document, Notice

Node = dict[str, Any]

_BREAK = "\N{NO-BREAK SPACE}"
_HALVES = re.compile("[\ud800-\udfff]")  # of characters: no file can hold them

# Where the postcode follows the city on its line, and where it has a line of its own; elsewhere it stands first.
_CITY_FIRST = frozenset({"AU", "BD", "CA", "ID", "IN", "KR", "LK", "NP", "NZ", "PK", "SA", "SG", "TH", "TW", "US"})
_OWN_LINE = frozenset({"GB", "GG", "IE", "IM", "JE", "KE", "ZA"})

_SORT_CODES = frozenset({"GB", "IE", "GG", "JE", "IM"})  # what the rest of the world calls otherwise

_LETTER_SIZE = frozenset({"US", "CA"})  # 8.5 by 11 inches, and the envelopes that go with it

# What has more characters than this may break over pages: kept whole, it might not fit on one.
_LONG = 400

# A line around the body ends here, and so does the number of street lines: the first page has room for no more.
_LINE, _STREET = 160, 8

_SUBJECT = 300

# A column whose longest cell has more characters than this gives way to the others.
_NARROW = 24

_FOOTER_CHARACTERS = 112  # of the small print, side by side over the width of the page
_FOOTER_LONGEST = 40  # characters; a longer line breaks


def compose(
    notice: Notice,
    subject: str,
    told: Language,
    blocks: Sequence[Node],
    config: Config,
    enclosed: Sequence[Node] = (),
    look: Look = PLAIN,
) -> Document:
    """The notice as a letter: its words are the body's, everything around them comes from the books and the config.

    What is `enclosed`, each as `sheet` describes it, follows on pages of its own.
    """
    letter = sheet(notice, subject, told, blocks, config, look) | {
        "recipient": list(recipient(notice.customer, config.business)),
        "payment": _payment(notice, config, _Say(told, config.business)),
        "enclosed": list(enclosed),
    }
    return Document(notice, path(notice), "pdf", encoded(letter), subject=plain(subject))


def encoded(sheet: Node) -> bytes:
    """The data of a sheet as bytes, the same for the same sheet."""
    content = json.dumps(sheet, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return _HALVES.sub("\N{REPLACEMENT CHARACTER}", content).encode()


def sheet(
    notice: Notice, subject: str, told: Language, blocks: Sequence[Node], config: Config, look: Look = PLAIN
) -> Node:
    """Words on the business's paper, as `letter.typ` sets them; with a `recipient` they are a letter."""
    from babel import Locale

    business, customer = config.business, notice.customer
    say = _Say(told, business)
    reader = Locale.parse(say.where)
    footer = [column for column in _footer(business, customer, say) if column]
    return {
        "paper": "us-letter" if _country(business.country) in _LETTER_SIZE else "a4",
        "language": reader.language,
        "region": reader.territory or "",
        "on": notice.on.isoformat(),
        "sender": plain(business.name),
        "accent": look.light["accent"],
        "logo": look.logo.svg() if look.logo else "",
        "return_line": " · ".join(_sender_lines(business)),
        "recipient": [],
        "facts": list(_facts(notice, business, say)),
        "subject": cut(subject, _SUBJECT) if _shows(subject) else say("notice", notice=plain(notice.notice_id)),
        "blocks": list(_blocks(blocks)),
        "payment": None,
        "signatures": [],
        "enclosed": [],
        "running": _running(notice, business, say),
        "notice": say("notice", notice=plain(notice.notice_id)),
        "page": say.words["paper.page"],
        "footer": footer,
        "footer_widths": _footer_widths(footer),
        "footer_lines": _footer_lines(footer),
    }


class _Say:
    """The words around a letter, and how its reader writes dates and amounts."""

    def __init__(self, told: Language, business: Business) -> None:
        self.words = told
        self.where = locale(told.tag, business)

    def __call__(self, key: str, **values: str) -> str:
        return self.words[f"paper.{key}"].format(**values)

    def date(self, day: date) -> str:
        return days.display(day, self.where)


# ------------------------------------------------------------------ addresses


def recipient(customer: Customer, business: Business) -> tuple[str, ...]:
    """The lines in the window: person, name, street, town, and for a letter abroad the country as its sender calls it."""
    person = customer.contact if customer.contact.casefold() != customer.name.casefold() else ""
    street = customer.address
    if len(street) > _STREET:
        street = (*street[: _STREET - 1], ", ".join(street[_STREET - 1 :]))
    lines = (person, customer.name, *street, *_town(customer.postcode, customer.city, customer.country))
    home, there = _country(business.country), _country(customer.country)
    abroad = _country_name(there, locale(business.language, business)).upper() if there and there != home else ""
    return tuple(cut(line, _LINE) for line in (*lines, abroad) if line.strip())


def _sender_lines(business: Business) -> tuple[str, ...]:
    town = " ".join(_town(business.postcode, business.city, business.country)).strip()
    return tuple(plain(line) for line in (business.name, *business.address, town) if line)


def _town(postcode: str, city: str, country: str) -> tuple[str, ...]:
    """Postcode and city in the order of the country's post."""
    if _country(country) in _OWN_LINE:
        return city, postcode
    first, second = (city, postcode) if _country(country) in _CITY_FIRST else (postcode, city)
    return (f"{first} {second}".strip(),)


def _country(code: str) -> str:
    return code.strip().upper()


def _country_name(country: str, where: str) -> str:
    """The country's name in a language; its code, where that is not known."""
    from babel import Locale

    name: str = Locale.parse(where).territories.get(country, country)
    return name


# ------------------------------------------------------------------ around the body


def _facts(notice: Notice, business: Business, say: _Say) -> Iterator[Node]:
    """What tells the letter apart, and whom to ask."""
    rows = (
        ("date", say.date(notice.on), ""),
        ("account", notice.customer.account_id, ""),
        ("contact", business.contact, ""),
        ("phone", business.phone, ""),
        ("email", business.email, f"mailto:{business.email}"),
    )
    return (_row(say(name), cut(value, _LINE), url) for name, value, url in rows if value)


def _row(label: str, value: str, url: str = "") -> Node:
    return {"label": label, "value": plain(value), "url": plain(url)}


def _running(notice: Notice, business: Business, say: _Say) -> str:
    """The quiet line at the head of every further page."""
    parts = (business.name, notice.customer.account_id, say.date(notice.on))
    return " · ".join(cut(part, 48) for part in parts)


def _footer(business: Business, customer: Customer, say: _Say) -> Iterator[list[str]]:
    """The small print, in columns: who, where to reach them, their bank, their registration."""
    home = _country(business.country)
    abroad = home and _country(customer.country) not in {"", home}
    yield [*_sender_lines(business), *([_country_name(home, say.where)] if abroad else ())]
    yield [plain(line) for line in (business.phone, business.email, business.website) if line]
    yield [value if name == "bank" else f"{say(name)} {value}" for name, value in _account(business)]
    yield [plain(line.strip()) for line in business.registration.replace("\n", ";").split(";") if line.strip()]


def _footer_widths(columns: Sequence[Sequence[str]]) -> list[int]:
    """The share of the width that each column gets: by its longest line, so that none runs into its neighbour."""
    return [min(max(map(len, column)), _FOOTER_LONGEST) for column in columns]


def _footer_lines(columns: Sequence[Sequence[str]]) -> int:
    """Lines that the longest column takes, so that the page leaves room for it."""
    widths = _footer_widths(columns)
    room = [max(_FOOTER_CHARACTERS * width // sum(widths), 1) for width in widths]
    taken = (sum(ceil(len(line) / wide) for line in column) for column, wide in zip(columns, room, strict=True))
    return max(taken, default=0)


# ------------------------------------------------------------------ how to pay


def _payment(notice: Notice, config: Config, say: _Say) -> Node | None:
    """The box at the end: how much, by when, to whom, and the code that fills in the transfer."""
    asked, business = notice.asked_sum, config.business
    # An answer that names no day, such as ways to pay in parts, asks for nothing.
    if asked <= 0 or (notice.answer and not notice.pay_by):
        return None
    amount = money.display(asked, notice.currency, say.where)
    holder = business.account_holder or business.name
    about = notice.reference or notice.customer.account_id
    reference = payment.reference(config, about)
    rows = [_row(say(name), value) for name, value in _account(business)]
    if rows:
        rows.insert(0, _row(say("holder"), holder))
    rows.append(_row(say("reference"), payment.grouped(reference, _BREAK)))
    rows += _online(notice, config, say, reference)
    code = payment.code(config, asked, notice.currency, about, notice.customer)
    return {
        "title": say("pay"),
        "amount": amount,
        "by": say("by", date=say.date(notice.pay_by)) if notice.pay_by else "",
        "rows": rows,
        "long": any(len(row["value"]) > _LONG for row in rows),
        "code": code.svg() if code else "",
        "shows": say("code", amount=amount, name=plain(holder)),
        "scan": say("scan"),
    }


def _online(notice: Notice, config: Config, say: _Say, reference: str) -> Iterator[Node]:
    """Where to pay online: the customer's own page, which has every way; without one, the ways themselves."""
    if notice.portal_url:
        row = _row(say("online"), notice.portal_url, notice.portal_url)
        # Nobody types the key of a sealed page.
        yield row | {"code": payment.qr_svg(notice.portal_url)} if config.portal.sealed else row
        return
    amount = money.to_text(notice.asked_sum, notice.currency)
    for link in config.portal.links:
        url = filled_in(link, amount, notice.currency, reference, notice.customer)
        yield _row(plain(called(link, say.words)), url, url)


def _account(business: Business) -> list[tuple[str, str]]:
    """The bank account, as far as the config names it: words for each part, and the part as banks print it."""
    from stdnum import iban

    parts = (
        ("bank", business.bank),
        ("sort-code" if _country(business.country) in _SORT_CODES else "routing", business.sort_code),
        ("account-number", business.account_number),
        ("iban", iban.format(business.iban, _BREAK) if business.iban else ""),
        ("bic", business.bic),
    )
    return [(name, plain(value)) for name, value in parts if value]


# ------------------------------------------------------------------ the body


def _blocks(nodes: Sequence[Node], level: int = 1) -> Iterator[Node]:
    """The body's nodes with plain text in them, headings that skip no level, and tables that know their columns."""
    for node in nodes:
        kind = node["t"]
        if kind == "p":
            yield {"t": "p", "c": _inline(node["c"])}
        elif kind == "h" and _shows(_text(node["c"])):
            level = min(max(int(node["level"]), 2), level + 1)
            yield {"t": "h", "level": level, "c": _inline(node["c"])}
        elif kind in {"ul", "ol"}:
            items = [list(_blocks(item, level)) for item in node["items"]]
            yield {"t": kind, "items": items, "start": int(node.get("start", 1))}
        elif kind == "quote":
            yield {"t": "quote", "c": list(_blocks(node["c"], level))}
        elif kind == "table":
            yield _table(node)
        elif kind == "hr":
            yield {"t": "hr"}
        elif kind != "h":
            raise ValueError(f"a letter has no {kind!r}")


def _inline(nodes: Sequence[Node]) -> list[Node]:
    return [made for node in nodes for made in _inlines(node)]


def _inlines(node: Node) -> Iterator[Node]:
    kind = node["t"]
    if kind in {"text", "code"}:
        yield {"t": kind, "v": plain(node["v"])}
    elif kind == "br":
        yield {"t": "br"}
    elif kind in {"strong", "em"}:
        yield {"t": kind, "c": _inline(node["c"])}
    elif kind == "link":
        yield from _link(plain(node["url"]), _inline(node["c"]))
    else:
        raise ValueError(f"a line of a letter has no {kind!r}")


def _link(url: str, content: list[Node]) -> Iterator[Node]:
    """A link as a reader of paper needs it: with the address in print, unless it is there already."""
    scheme, _, rest = url.partition(":")
    if scheme.lower() not in {"http", "https", "mailto", "tel"} or not rest:
        yield from content
        return
    yield {"t": "link", "url": url, "c": content}
    shown = rest.partition("?")[0] if scheme.lower() in {"mailto", "tel"} else url
    if shown.removesuffix("/") not in _text(content):
        yield {"t": "text", "v": f" ({shown})"}


def _text(nodes: Sequence[Node]) -> str:
    """The words of a line without their dress."""
    return "".join(node["v"] if "v" in node else _text(node.get("c", ())) for node in nodes)


def _longest_line(cell: Sequence[Node]) -> int:
    """Characters on the longest line of a cell; what is emphasised there stands on one line, as `letter.typ` sets it."""
    lines, line = [0], 0
    for node in cell:
        line = 0 if node["t"] == "br" else line + len(_text([node]))
        lines.append(line)
    return max(lines)


def _shows(text: str) -> bool:
    """True when there is something to see: a heading without words stops the setting of the letter."""
    return any(character.isprintable() and not character.isspace() for character in text)


def _table(node: Node) -> Node:
    head = [_inline(cell) for cell in node["head"]]
    rows = [[_inline(cell) for cell in row] for row in node["rows"]]
    wide = max(map(len, (head, *rows)))
    rows = [row + [[]] * (wide - len(row)) for row in rows]
    align = [*node.get("align", ()), *["left"] * wide][:wide]
    longest = [max(_longest_line(row[i]) for row in (head or rows[0], *rows)) for i in range(wide)]
    tall = {i for i, row in enumerate(rows) if any(len(_text(cell)) > _LONG for cell in row)}
    return {
        "t": "table",
        "head": head,
        "rows": rows,
        "align": align,
        "widths": _widths(longest, align),
        "total": len(rows) > 1 and _is_total(rows[-1]) and not tall & {len(rows) - 1, len(rows) - 2},
        "tall": sorted(tall),
    }


def _widths(longest: Sequence[int], align: Sequence[str]) -> list[int]:
    """Shares of the width for the columns that may wrap; 0 for those as wide as what is in them, such as figures."""
    widths = [
        min(length, 60) if length > _NARROW and side != "right" else 0
        for length, side in zip(longest, align, strict=True)
    ]
    if not any(widths) and widths:
        widths[max(range(len(widths)), key=lambda i: (align[i] != "right", longest[i], -i))] = 1
    return widths


def _is_total(row: Sequence[Sequence[Node]]) -> bool:
    """A last row in which all that stands is strong adds up the others."""
    filled = [cell for cell in row if _text(cell).strip()]
    return len(filled) > 1 and all(node["t"] == "strong" for cell in filled for node in cell)
