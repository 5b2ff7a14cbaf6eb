"""What a customer wrote back: the lines for the diary that the buttons of their page put into an email or a form.

Whoever knows an address can write such an email. So all of it is data: only what reads as a row of the activity ledger,
of a kind that a button says, is taken out of it, and only to be shown and checked like a line that somebody types.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from html.parser import HTMLParser
from typing import TypeAlias
from urllib.parse import parse_qsl

from pastdue.books.activity import KINDS
from pastdue.books.headers import COLUMNS
from pastdue.findings import Finding, error, shown

SAYABLE = ("message", "promise", "plan", "dispute")  # the kinds that a button can say
LONGEST = 20 * 1024 * 1024  # bytes of an email with all that is attached to it

_CELLS = COLUMNS["activity"]
_Email: TypeAlias = "Message[str, str]"

_QUOTED = re.compile(r"[\s>|]*")
_BEGINS = re.compile(r"\d[\d./-]{5,9}\s*,")
_MOST_PARTS = 4  # lines that one row may have become on its way
_MOST_ROWS = 20
_WIDEST = 1000  # characters of a line
_NOTES = frozenset({"says: can pay", "says: wrong person"})  # those in which a line may break
_FIELD = re.compile(rf"({'|'.join(_CELLS)})\s*[:=]\s*(.*)", re.IGNORECASE)
_UNSEEN = dict.fromkeys(map(ord, "\N{ZERO WIDTH SPACE}\N{SOFT HYPHEN}\N{ZERO WIDTH NO-BREAK SPACE}\N{WORD JOINER}"))


@dataclass(frozen=True, slots=True)
class Reply:
    """What was found in what a customer wrote."""

    sender: str  # the address it says it is from; "" where it says none
    lines: tuple[dict[str, str], ...]  # cells by column, each row once, in the order in which they stand
    findings: tuple[Finding, ...]  # rows that cannot be taken


def read(name: str, content: bytes) -> Reply:
    """The rows in an email as it was saved, or in a text."""
    if len(content) > LONGEST:
        return Reply("", (), (error(name, "it is too large for an email", "Save the email without what is attached."),))
    try:
        message = message_from_bytes(content)
        is_email = bool(message["From"] or message["Content-Type"])
        texts = list(_texts(message)) if is_email else [content.decode("utf-8-sig", "replace")]
        sender = _sender(message) if is_email else ""
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        # The email package, too, stumbles over what was made for that.
        return Reply("", (), (error(name, "it cannot be read as an email", "Save its text, and give that."),))
    rows: dict[tuple[str, ...], None] = {}
    for text in texts:
        rows |= dict.fromkeys(_rows(text))
    if len(rows) > _MOST_ROWS:
        hint = "Write what is true of it yourself: build.py log ACCOUNT KIND."
        return Reply(
            sender, (), (error(name, f"it holds {len(rows)} lines; no customer presses so many buttons", hint),)
        )
    findings = [problem for row in rows if (problem := _wrong(name, row))]
    lines = tuple(dict(zip(_CELLS, row, strict=True)) for row in rows if not _wrong(name, row))
    return Reply(sender, lines, tuple(findings))


def _wrong(name: str, row: Sequence[str]) -> Finding | None:
    """Why a row cannot be one of a button's."""
    whole = shown(",".join(row))
    if row[2] not in SAYABLE:
        hint = "If it is true, write it yourself: build.py log ACCOUNT KIND."
        return error(name, f"{whole}: no button says {row[2]}", hint)
    if len(row) != len(_CELLS):
        hint = "Sums are written as 1234.56. Or write the line yourself: build.py log ACCOUNT KIND."
        return error(name, f"{whole} has {len(row)} cells where a line has {len(_CELLS)}", hint)
    return None


# ------------------------------------------------------------------ the rows in a text


def _rows(text: str) -> Iterator[tuple[str, ...]]:
    """Every row, whole, quoted or wrapped, and every form."""
    lines = [
        _QUOTED.sub("", line, count=1)[:_WIDEST] for line in text.translate(_UNSEEN).replace("\r\n", "\n").split("\n")
    ]
    for at, line in enumerate(lines):
        if _BEGINS.match(line):
            row = _whole(lines[at : at + _MOST_PARTS])
            if len(row) > 4 and row[2] in KINDS:
                yield row
        elif line.count("=") > 2 and "account_id=" in line:
            yield from _posted(parse_qsl(line.strip(), keep_blank_values=True))
    yield from _posted((found[1].lower(), found[2]) for line in lines if (found := _FIELD.fullmatch(line.rstrip())))


def _whole(parts: Sequence[str]) -> tuple[str, ...]:
    """The row that begins with the first of the lines, and goes on in the next where it was wrapped."""
    line, *rest = parts
    row = _cells(line)
    for more in rest:
        if len(row) >= len(_CELLS):
            # It may have been wrapped within its last words.
            longer = (*row[:-1], f"{row[-1]} {more.strip()}")
            return longer if longer[-1] in _NOTES else row
        if not more.strip():
            break
        line += more if line.endswith((" ", "-", ",")) else f" {more}"
        row = _cells(line)
    return row


def _cells(line: str) -> tuple[str, ...]:
    row = next(csv.reader([line]), [])
    return tuple(" ".join(cell.split()) for cell in row)


def _posted(fields: Iterable[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    """The rows of forms: their fields go by the ledger's columns, and a form begins where one of them comes again."""
    form: dict[str, str] = {}
    for name, value in fields:
        if name in form:
            yield from _row(form)
            form = {}
        form[name] = " ".join(value.split())
    yield from _row(form)


def _row(form: dict[str, str]) -> Iterator[tuple[str, ...]]:
    if {"on", "account_id", "kind"} <= form.keys() and form["kind"] in KINDS:
        yield tuple(form.get(column, "") for column in _CELLS)


# ------------------------------------------------------------------ the texts of an email


def _sender(message: _Email) -> str:
    header = str(make_header(decode_header(str(message["From"] or ""))))
    addresses = [address for _, address in getaddresses([header]) if address]
    return addresses[0] if len(addresses) == 1 else ""


def _texts(message: _Email) -> Iterator[str]:
    """Every text that a reader of the email sees, as lines; not what is attached as a file."""
    for part in message.walk():
        kind = part.get_content_type()
        if kind not in {"text/plain", "text/html"} or part.get_filename():
            continue
        content = part.get_payload(decode=True)
        text = _decoded(content if isinstance(content, bytes) else b"", str(part.get_content_charset() or "utf-8"))
        yield _seen(text) if kind == "text/html" else text


def _decoded(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


_LINES = frozenset({"address", "blockquote", "body", "br", "dd", "div", "dt", "h1", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "table", "td", "th", "tr", "ul"})  # fmt: skip
_HIDDEN = frozenset({"head", "script", "style", "template", "title"})


class _Seen(HTMLParser):
    """The text of an HTML email as lines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = self.kept = 0

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.hidden += tag in _HIDDEN
        self.kept += tag == "pre"
        if tag in _LINES:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden = max(self.hidden - (tag in _HIDDEN), 0)
        self.kept = max(self.kept - (tag == "pre"), 0)
        if tag in _LINES:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data if self.kept else re.sub(r"\s+", " ", data))


def _seen(html: str) -> str:
    reader = _Seen()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts)
