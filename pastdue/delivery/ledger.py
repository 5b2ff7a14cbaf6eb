"""The notices ledger on disk, `accounts/notices.csv`: rows are appended, and what stands there is never changed.

A cell holds exactly what it is, also where a spreadsheet would take it for a formula: an account or invoice number must
come back as it went in, or the next run would not know the item again, and a customer would be asked twice. Such a
number comes from the operator's own sheet, which shows it in the same way; text that others write, the replies of mail
servers, always begins with a digit of its code or with our own words, see `mail.Reply`.
"""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
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
)
_HEADER = (",".join(COLUMNS) + "\n").encode("ascii")
_RESTORE = "It is the tool's own: `git diff accounts/notices.csv` shows the change, `git checkout accounts/notices.csv` takes it back."

Row = Mapping[str, str]


class NoticesLedger:
    """The file, and what may be done with it."""

    def __init__(self, root: Path) -> None:
        self.path = inside(root, PATH)

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
        """All lines, in the order things happened."""
        try:
            text = self.content().decode("utf-8")
            return [{key: row[key] or "" for key in COLUMNS} for row in csv.DictReader(io.StringIO(text, newline=""))]
        except (UnicodeDecodeError, csv.Error, KeyError) as problem:
            raise Stopped(f"{PATH} is not as the tool left it", _RESTORE) from problem

    def check(self, committed: bytes) -> None:
        """Stopped unless the file is what git has of it with whole lines after that: it only ever grows.

        A last line that a power cut tore is taken off again; the journal knows what it was.
        """
        content = self.content()
        if not content and not committed:
            return
        if not content:
            raise Stopped(f"{PATH} is gone", _RESTORE)
        if not content.startswith(_HEADER):
            raise Stopped(f"{PATH} has other columns", _RESTORE)
        if not content.startswith(committed):
            raise Stopped(f"{PATH} was changed by hand", _RESTORE)
        if not content.endswith(b"\n"):
            self._cut(content.rfind(b"\n") + 1)

    def append(self, rows: Iterable[Row]) -> None:
        """Adds the rows and waits until they are on the disk."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n", restval="")
        writer.writerows(rows)
        lines = text.getvalue().encode()
        created = not self.path.exists()
        try:
            self.path.parent.mkdir(exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                self._write(handle, lines)
            finally:
                os.close(handle)
            if created:
                flush(self.path.parent)
        except OSError as problem:
            raise Stopped(
                f"{PATH} cannot be written: {problem.strerror}", "The next run adds what is missing."
            ) from problem

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

    def _cut(self, end: int) -> None:
        handle = os.open(self.path, os.O_WRONLY)
        try:
            os.ftruncate(handle, end)
            os.fsync(handle)
        finally:
            os.close(handle)


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


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in ("notice_id", "invoice_id", "due", "state", "at"))
