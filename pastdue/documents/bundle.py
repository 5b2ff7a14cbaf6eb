"""The folder around an account's file: the documents as they went out, the account's rows, a page to begin at, and hashes.

All links are relative and all names plain, so that the folder opens anywhere and without this program.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from markupsafe import Markup, escape

from pastdue import money
from pastdue.documents.attachments import FOLDER as INVOICES
from pastdue.documents.evidence import Account, Enclosure, Message, Say, claims
from pastdue.documents.notices import slug
from pastdue.documents.site import cut, plain
from pastdue.documents.statement import rows
from pastdue.model import Ledger, Page

PDF, INDEX, MANIFEST, SUMS = "file.pdf", "index.html", "manifest.csv", "SHA256SUMS"

_OUTBOX = "outbox"
_SUFFIXES = (".eml", ".pdf", ".html")
# What Excel or LibreOffice would work out instead of showing, also in full width; a space in front makes it text.
_BEGINS_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_UNSAFE = re.compile(r"(?:^|/)\.{0,2}(?:/|$)|[\x00-\x1f\x7f\\]")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document to enclose: where it is to lie, where it is, and its hash on record."""

    path: str
    source: str
    recorded: str
    is_notice: bool


def wanted(
    messages: Iterable[Message], ledger: Ledger, account_id: str, on: date, there: frozenset[str]
) -> tuple[Wanted, ...]:
    """Every notice on record, and those of the account's invoices that lie in `invoices/` (`there`).

    A notice's place comes from the notices ledger, and is taken only where it is one in the outbox.
    """
    found: dict[str, Wanted] = {}
    names: set[str] = set()
    for each in messages:
        folder, _, name = each.file.rpartition("/")
        stem, dot, suffix = name.rpartition(".")
        if not (folder.split("/")[0] == _OUTBOX and f"{dot}{suffix}" in _SUFFIXES) or _UNSAFE.search(each.file):
            continue
        path = _unique(f"notices/{each.on}-{slug(stem)}", f".{suffix}", each.file, names)
        found.setdefault(each.file, Wanted(path, each.file, each.sha256, is_notice=True))
    numbers = dict.fromkeys(row["invoice_id"] for row in rows(ledger.invoices, account_id, on, "issued"))
    for number in numbers:
        source = f"{INVOICES}/{number}.pdf"
        if source in there:
            found[source] = Wanted(
                _unique(f"invoices/{slug(number)}", ".pdf", source, names), source, "", is_notice=False
            )
    return tuple(found.values())


def _unique(stem: str, suffix: str, source: str, names: set[str]) -> str:
    """A name that no other document has, also where capitals do not tell names apart."""
    name = stem + suffix
    if name.casefold() in names:
        name = f"{stem}-{sha256(source.encode()).hexdigest()[:8]}{suffix}"
    names.add(name.casefold())
    return name


def files(account: Account, ledger: Ledger, pdf: bytes) -> tuple[Page, ...]:
    """Every file of the folder, by path in it: the same for the same books, documents and day."""
    pages = [Page(PDF, pdf), *_books(account, ledger)]
    pages += [Page(each.path, each.content) for each in account.enclosed if each.content is not None]
    pages.append(Page(INDEX, _index(account, [page.path for page in pages])))
    pages.append(Page(MANIFEST, _manifest(account, pages)))
    sums = "".join(f"{_digest(page)}  {page.path}\n" for page in sorted(pages, key=lambda page: page.path))
    return (*pages, Page(SUMS, sums.encode()))


def _digest(page: Page) -> str:
    return sha256(page.content).hexdigest()


def _manifest(account: Account, pages: Iterable[Page]) -> bytes:
    """Each file with its hash and, for what was taken from the workspace, its place and commit there."""
    known = {each.path: each for each in account.enclosed}
    head = ("file", "sha256", "commit", "committed", "taken_from", "as_recorded")
    lines = []
    for page in sorted(pages, key=lambda page: page.path):
        each = known.get(page.path)
        about = ("", "", "", "") if each is None else _about(each)
        lines.append((page.path, _digest(page), *about))
    return _csv(head, lines)


def _about(each: Enclosure) -> tuple[str, ...]:
    as_recorded = "" if not each.recorded else "yes" if each.is_as_recorded else "no"
    return each.commit, each.committed.isoformat() if each.committed else "", _cell(each.source), as_recorded


# ------------------------------------------------------------------ the account's rows


def _books(account: Account, ledger: Ledger) -> Iterator[Page]:
    """What the books say of the account, up to the day, as it was read from them."""
    customer, on = account.customer, account.on
    who = customer.account_id
    yield _ledger(
        "customers",
        ("account_id", "name", "kind", "contact", "email", "phone", "address", "postcode", "city", "country", "language", "currency"),
        [
            (
                who, customer.name, customer.kind, customer.contact, customer.email, customer.phone,
                "; ".join(customer.address), customer.postcode, customer.city, customer.country, customer.language,
                customer.currency,
            )
        ],
    )  # fmt: skip
    shapes: tuple[tuple[str, Any, str, tuple[str, ...]], ...] = (
        ("invoices", ledger.invoices, "issued", ("invoice_id", "account_id", "issued", "due", "amount", "currency", "description", "reference")),
        ("payments", ledger.payments, "received", ("received", "account_id", "amount", "currency", "invoice_id", "reference")),
        (
            "notices", ledger.notices, "on",
            ("notice_id", "on", "account_id", "invoice_id", "due", "step", "channel", "state", "open", "currency", "pay_by",
             "announces", "message_id", "sha256", "file", "at", "reply", "recipient"),
        ),
    )  # fmt: skip
    for name, frame, day, columns in shapes:
        lines = [[_value(row, column) for column in columns] for row in rows(frame, who, on, day)]
        yield _ledger(name, columns, lines)
    yield _ledger(
        "activity",
        ("on", "account_id", "kind", "invoice_id", "amount", "currency", "due", "every", "count", "by", "note"),
        [
            (
                line.on.isoformat(), who, line.kind, line.invoice_id,
                "" if line.amount is None else _Amount(money.to_text(line.amount, customer.currency)),
                "" if line.amount is None else customer.currency,
                line.due.isoformat() if line.due else "", line.every, "" if line.count is None else str(line.count), line.by, line.note,
            )
            for line in account.standings[0][0].activity
        ],
    )  # fmt: skip


class _Amount(str):
    """Digits that we wrote: a minus in front is no formula."""

    __slots__ = ()


def _value(row: dict[str, Any], column: str) -> str:
    value = row[column]
    if column in {"issued", "due", "received", "on", "pay_by"}:
        return date.fromordinal(value).isoformat() if value else ""
    if column in {"amount", "open"}:
        return _Amount(money.to_text(value, row["currency"]))
    return str(value)


def _ledger(name: str, columns: Sequence[str], lines: Iterable[Sequence[str]]) -> Page:
    return Page(f"books/{name}.csv", _csv(columns, ([_cell(cell) for cell in line] for line in lines)))


def _cell(text: str) -> str:
    """Text as a spreadsheet takes it for text."""
    return f" {text}" if text.startswith(_BEGINS_FORMULA) and not isinstance(text, _Amount) else text


def _csv(head: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([head, *lines])
    return out.getvalue().encode("utf-8", "replace")


# ------------------------------------------------------------------ the page to begin at

_STYLE = Markup("""
body{font:16px/1.5 system-ui,sans-serif;color:#191d21;max-width:46rem;margin:3rem auto;padding:0 1.25rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;color:#0b5563;margin:2rem 0 .5rem}
p{margin:.25rem 0}.quiet,small{color:#575d64}a{color:#0b5563}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px solid #c5cbd3;vertical-align:top}
th{font-size:.8rem;font-weight:400;color:#575d64}td:last-child,th:last-child{padding-right:0}
.amount{text-align:right;font-variant-numeric:tabular-nums}ul{padding-left:1.2rem;margin:.25rem 0}
@media(prefers-color-scheme:dark){body{background:#14181b;color:#e8eaed}h2,a{color:#7cc4d4}.quiet,small,th{color:#a4acb5}td,th{border-color:#3a424a}}
""")


def _index(account: Account, paths: Sequence[str]) -> bytes:
    """One page with what is claimed and a link to everything."""
    say = Say(account)
    title = say("title", name=cut(account.customer.name, 160))
    parts = [
        Markup("<p class=quiet>{}</p>").format(plain(account.config.business.name)),
        Markup("<h1>{}</h1><p class=quiet>{}</p>").format(title, say("as-at", date=say.full(account.on))),
        _sums(account, say),
        Markup('<h2>{}</h2><p><a href="{}">{}</a></p>').format(say("contents"), PDF, say("open-file")),
        _notices(account, say),
        _links(say("folder-invoices"), [path for path in paths if path.startswith("invoices/")]),
        _links(say("folder-books"), [path for path in paths if path.startswith("books/")]),
        _links(say("folder-checks"), [MANIFEST, SUMS]),
    ]
    page = Markup(
        '<!doctype html>\n<html lang="{}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n<meta name="robots" content="noindex">\n'
        "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}\n</body>\n</html>\n"
    ).format(say.words["language"], title, _STYLE, Markup("\n").join(part for part in parts if part))
    return page.encode("utf-8", "replace")


def _sums(account: Account, say: Say) -> Markup:
    heads = Markup("").join(
        Markup("<th class=amount>{}</th>").format(say(name)) for name in ("principal", "interest", "fees", "claimed")
    )
    lines = []
    for standing, _ in account.standings:
        parts = claims(standing)
        amounts = (say.amount(minor, standing.currency) for minor in (*parts, sum(parts)))
        lines.append(Markup("").join(Markup("<td class=amount>{}</td>").format(amount) for amount in amounts))
    body = Markup("").join(Markup("<tr>{}</tr>").format(line) for line in lines)
    return Markup("<h2>{}</h2><table><tr>{}</tr>{}</table>").format(say("claim"), heads, body)


def _notices(account: Account, say: Say) -> Markup:
    if not account.messages:
        return Markup("")
    lines = []
    for each in account.messages:
        enclosure = account.of(each.file)
        name = " / ".join(say.of("portal.step", step) for step in each.steps) or say.of("portal.step", "other")
        there = enclosure is not None and enclosure.content is not None
        link = Markup('<a href="{}">{}</a>').format(enclosure.path, name) if enclosure and there else escape(name)
        state = f"{say.of('evidence.channel', each.channel)} · {say.of('evidence.state', each.state)}"
        lines.append(
            Markup("<tr><td>{}</td><td>{}<br><small>{}</small></td><td class=amount>{}</td></tr>").format(
                say.day(each.on), link, state, say.amount(each.total, each.currency)
            )
        )
    return Markup("<h2>{}</h2><table>{}</table>").format(say("folder-notices"), Markup("\n").join(lines))


def _links(title: str, paths: Sequence[str]) -> Markup:
    if not paths:
        return Markup("")
    items = Markup("").join(Markup('<li><a href="{0}">{0}</a></li>').format(path) for path in paths)
    return Markup("<h2>{}</h2><ul>{}</ul>").format(title, items)
