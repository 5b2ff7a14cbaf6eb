"""The notices ledger on disk, `accounts/notices.csv`: rows are appended, and what stands there is never changed.

A cell holds exactly what it is, also where a spreadsheet would take it for a formula: an account or invoice number must
come back as it went in, or the next run would not know the item again, and a customer would be asked twice. Such a
number comes from the operator's own sheet, which shows it in the same way; text that others write, the replies of mail
servers, always begins with a digit of its code or with our own words, see `mail.Reply`.

Its last column chains the rows: each says the hash of the one before it and of itself, so that none can be changed,
removed or moved without the next ones telling. A ledger that began before there was a chain keeps its rows as they are;
its first chained row says the hash of all of them.
"""

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from pathlib import Path

from pastdue.delivery import Stopped
from pastdue.delivery.files import flush, inside

PATH = "accounts/notices.csv"
COLUMNS = (
    "notice_id",
    "on",
    "account_id",
    "invoice_id",
    "due",
    "step",
    "rung",
    "channel",
    "state",
    "open",
    "currency",
    "pay_by",
    "announces",
    "message_id",
    "sha256",
    "file",
    "at",
    "reply",
    "recipient",
    "chain",
)
CHAIN = COLUMNS[-1]
_LINK = re.compile(rb"[0-9a-f]{64}")
_HEADER = (",".join(COLUMNS) + "\n").encode("ascii")
_UNCHAINED = (",".join(COLUMNS[:-1]) + "\n").encode("ascii")  # of a ledger that began before there was a chain
_RESTORE = "It is the tool's own: `git diff accounts/notices.csv` shows the change, `git checkout accounts/notices.csv` takes it back."

Row = Mapping[str, str]


class NoticesLedger:
    """The file, and what may be done with it."""

    def __init__(self, root: Path) -> None:
        self.path = inside(root, PATH)
        self._read: tuple[bytes, list[dict[str, str]]] = b"", []

    def content(self) -> bytes:
        """Its bytes; b"" where there is none yet."""
        if self.path.is_symlink():
            raise Stopped(f"{PATH} is a link", "The notices ledger has to be a file of its own.")
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as problem:
            raise Stopped(f"{PATH} cannot be read: {problem.strerror}") from problem

    def rows(self) -> list[dict[str, str]]:
        """All lines, in the order things happened; read again only when the file has changed."""
        content = self.content()
        if content != self._read[0]:
            self._read = content, parse(content)
        return self._read[1]

    def check(self, committed: bytes) -> None:
        """Stopped unless the file is what git has of it with whole lines after that: it only ever grows.

        A last line that a power cut tore is taken off again; the journal knows what it was.
        """
        content = self.content()
        if not content and not committed:
            return
        if not content:
            raise Stopped(f"{PATH} is gone", _RESTORE)
        if not has_header(content):
            resaved = has_header(content.replace(b"\r\n", b"\n"))
            raise Stopped(
                f"{PATH} has other {'line ends: another program saved it' if resaved else 'columns'}", _RESTORE
            )
        if not grew(committed, content):
            raise Stopped(f"{PATH} was changed by hand", _RESTORE)
        if not content.endswith(b"\n"):
            self._cut(content.rfind(b"\n") + 1)

    def append(self, rows: Iterable[Row]) -> None:
        """Adds the rows, each chained to the one before it, and waits until they are on the disk."""
        before = self.content()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows(list(map(row.get, COLUMNS)) for row in chained(rows, end_of_chain(before)))
        lines = text.getvalue().encode()
        created = not self.path.exists()
        try:
            self.path.parent.mkdir(exist_ok=True)
            if before.startswith(_UNCHAINED):
                self._replace(_HEADER + body(before) + lines)
                return
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                self._write(handle, lines)
            finally:
                os.close(handle)
            if created:
                flush(self.path.parent)
        except OSError as problem:
            raise Stopped(f"{PATH} cannot be written: {problem.strerror}", "Mend that, or make room.") from problem

    def _write(self, handle: int, lines: bytes) -> None:
        end = os.fstat(handle).st_size
        left = lines if end else _HEADER + lines
        try:
            while left:
                left = left[os.write(handle, left) :]
            os.fsync(handle)
        except OSError:
            with suppress(OSError):
                os.ftruncate(handle, end)
            raise

    def _replace(self, content: bytes) -> None:
        """The whole file anew: the old one or the new one, at every moment."""
        new = self.path.with_name(f".{self.path.name}.new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        flush(self.path.parent)

    def _cut(self, end: int) -> None:
        handle = os.open(self.path, os.O_WRONLY)
        try:
            os.ftruncate(handle, end)
            os.fsync(handle)
        finally:
            os.close(handle)


def parse(content: bytes) -> list[dict[str, str]]:
    """The rows of a ledger's bytes; in one that began before there was a chain, that column is blank."""
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
        return [{name: row[name] or "" for name in COLUMNS[:-1]} | {CHAIN: row.get(CHAIN) or ""} for row in lines]
    except (UnicodeDecodeError, csv.Error, KeyError) as problem:
        raise Stopped(f"{PATH} is not as the tool left it", _RESTORE) from problem


def has_header(content: bytes) -> bool:
    """True when the columns are those of a ledger, with or without the chain."""
    return content.startswith((_HEADER, _UNCHAINED))


def body(content: bytes) -> bytes:
    """All rows of a ledger's bytes, without the header."""
    return content.partition(b"\n")[2]


def grew(before: bytes, after: bytes) -> bool:
    """True when the one is the other with rows after it; the header may have got the chain's column since."""
    if after.startswith(_HEADER) and before.startswith(_UNCHAINED):
        return body(after).startswith(body(before))
    return after.startswith(before)


# ------------------------------------------------------------------ the chain


def link(before: str, row: Row) -> str:
    """A row's place in the chain: the hash of the chain before it and of the row's cells that are not blank.

    They are hashed as JSON, by name and without spaces: `{"account_id":"A1","at":...}`.
    """
    cells = ",".join([name + encode_basestring_ascii(cell) for column, name in _NAMES if (cell := row.get(column))])
    return sha256(f"{before}\n{{{cells}}}".encode()).hexdigest()


_NAMES = tuple((column, f'"{column}":') for column in sorted(COLUMNS) if column != CHAIN)


def beginning(content: bytes) -> str:
    """What the first chained row is chained to: the hash of the lines before it, which have no chain of their own."""
    return sha256(content).hexdigest()


def end_of_chain(content: bytes) -> str:
    """What the next row is chained to: no cell holds a line break, and the chain is a row's last cell."""
    last = content.removesuffix(b"\n").rpartition(b"\n")[2].rpartition(b",")[2] if content.startswith(_HEADER) else b""
    return last.decode() if _LINK.fullmatch(last) else beginning(body(content))


def chained(rows: Iterable[Row], before: str) -> Iterator[dict[str, str]]:
    """The rows with their places in the chain that ended with `before`."""
    for row in rows:
        before = link(before, row)
        yield {**row, CHAIN: before}


# ------------------------------------------------------------------ what the rows say


def last_states(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows of each notice in its last state, by notice."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        lines = found.setdefault(row["notice_id"], [])
        if lines and (lines[-1]["state"], lines[-1]["at"]) != (row["state"], row["at"]):
            lines.clear()
        lines.append(row)
    return found


def missing(present: Iterable[Row], wanted: Iterable[list[Row]]) -> Iterator[Row]:
    """The rows that the ledger lacks: per notice, of its rows in their order, all after the last one that is there.

    What is absent before that one was taken out by hand; writing it again would change the notice's last state.
    """
    there = {_key(row) for row in present}
    for rows in wanted:
        last = max((place for place, row in enumerate(rows) if _key(row) in there), default=-1)
        yield from rows[last + 1 :]


# What tells a row apart also from one of the same second: bytes and words.
_key = itemgetter("notice_id", "invoice_id", "due", "state", "at", "sha256", "reply")
