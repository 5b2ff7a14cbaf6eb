"""What the columns of each ledger are called, and which column of a file is which."""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pastdue.config import FILE as CONFIG
from pastdue.config import Columns
from pastdue.findings import Finding, Severity, error, near, shown, warning

# The notices ledger is the tool's own: its columns stand in this order.
NOTICE_COLUMNS = (
    "notice_id", "on", "account_id", "invoice_id", "due", "step", "rung", "channel", "state", "open",
    "currency", "pay_by", "announces", "message_id", "sha256", "file", "at", "reply",
    "recipient",
)  # fmt: skip

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "customers": (
        "account_id", "name", "kind", "contact", "email", "cc", "phone", "address", "postcode", "city", "country",
        "language", "currency", "terms_days", "track", "timezone",
    ),
    "invoices": ("invoice_id", "account_id", "issued", "due", "amount", "currency", "description", "reference"),
    "payments": ("received", "account_id", "amount", "currency", "invoice_id", "reference"),
    "activity": ("on", "account_id", "kind", "invoice_id", "amount", "due", "every", "count", "by", "note"),
    "notices": NOTICE_COLUMNS,
}  # fmt: skip

# Of each group one column must be there: an invoice without a due date is due by its customer's terms.
REQUIRED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "customers": (("account_id",), ("name",)),
    "invoices": (("invoice_id",), ("account_id",), ("due", "issued"), ("amount",)),
    "payments": (("received",), ("account_id",), ("amount",)),
    "activity": (("on",), ("account_id",), ("kind",)),
    "notices": tuple((column,) for column in NOTICE_COLUMNS if column != "recipient"),
}

BRING_BACK = "The tool writes this file; bring it back from version control."

# "ammount" is near amount; "amount due" and "invoice date" are names of something else.
_NEAR = 0.85
_NOT_TOLD_APART = re.compile(r"[\s_-]+")


def plain(header: str) -> str:
    """A header as it is compared: case, spaces, `-` and `_` do not matter."""
    return _NOT_TOLD_APART.sub("", unicodedata.normalize("NFC", header)).casefold()


@dataclass(frozen=True, slots=True)
class Names:
    """How the columns of one ledger are called in the operator's file."""

    ledger: str
    own: Mapping[str, str]  # ledger column -> the operator's header

    @classmethod
    def of(cls, ledger: str, columns: Mapping[str, Columns]) -> "Names":
        """By config.toml; nobody renames the columns of the tool's own ledger."""
        declared = columns.get(ledger)
        return cls(ledger, declared.headers if declared and ledger != "notices" else {})

    def places(self, header: Sequence[str]) -> dict[str, list[int]]:
        """Where in the header each column of the ledger stands; more than one place is a mistake."""
        by_name: dict[str, list[int]] = {}
        for place, cell in enumerate(header):
            by_name.setdefault(plain(cell), []).append(place)
        found = {
            column: by_name.get(plain(self.own.get(column, column))) or by_name.get(plain(column))
            for column in COLUMNS[self.ledger]
        }
        return {column: places for column, places in found.items() if places}

    def missing(self, header: Sequence[str]) -> list[str]:
        """Required columns that the header lacks."""
        there = self.places(header)
        return [group[0] for group in REQUIRED[self.ledger] if not any(column in there for column in group)]

    def likeness(self, header: Sequence[str]) -> tuple[bool, int, int]:
        """How much a row looks like the ledger's header: all that is required is there, how many columns are; else how wide it is."""
        fits = not self.missing(header)
        return fits, len(self.places(header)), 0 if fits else sum(1 for cell in header if cell.strip())

    def judge(self, header: Sequence[str], file: str, sheet: str, row: int) -> list[Finding]:
        """Every mistake in the header; an error among them means that the table cannot be read."""
        wrong = [*self._lost(header), *self._twice(header)]
        return [
            *(error(file, message, hint, sheet=sheet, row=row) for message, hint in wrong),
            *(warning(file, message, hint, sheet=sheet, row=row) for message, hint in self._nearly(header)),
        ]

    def _lost(self, header: Sequence[str]) -> Iterator[tuple[str, str]]:
        there, missing = self.places(header), self.missing(header)
        if missing:
            named = [f"{column} ({shown(self.own[column])})" if column in self.own else column for column in missing]
            columns, are = ("the column", "is") if len(missing) == 1 else ("the columns", "are")
            hint = f'Rename a header, or name yours in {CONFIG}: {missing[0]} = "your header" under [columns.{self.ledger}].'
            yield (
                f"{columns} {_listed(named)} {are} missing; the header has {_shortened(header)}",
                BRING_BACK if self.ledger == "notices" else hint,
            )
        for column, own in self.own.items():
            if column in COLUMNS[self.ledger] and column not in there and column not in missing:
                yield (
                    f"there is no column {shown(own)}, which {CONFIG} names for {column}",
                    f"Correct {column} under [columns.{self.ledger}] in {CONFIG}.",
                )

    def _twice(self, header: Sequence[str]) -> Iterator[tuple[str, str]]:
        for column, places in self.places(header).items():
            if len(places) > 1:
                names = _listed([shown(header[place]) for place in places])
                yield (
                    f"{column} stands there {len(places)} times: {names}",
                    "Keep one of the columns, rename the others.",
                )

    def _nearly(self, header: Sequence[str]) -> Iterator[tuple[str, str]]:
        there = self.places(header)
        taken = {place for places in there.values() for place in places}
        free = {plain(column): column for column in COLUMNS[self.ledger] if column not in there}
        for place, cell in enumerate(header):
            if place not in taken and (close := difflib.get_close_matches(plain(cell), free, n=1, cutoff=_NEAR)):
                yield (
                    f"{shown(cell)} is not a column of {self.ledger}; it is ignored",
                    f"Did you mean {free[close[0]]}?",
                )


def judge_config(columns: Mapping[str, Columns]) -> list[Finding]:
    """Columns that config.toml maps and no ledger has."""
    found = []
    for ledger, declared in columns.items():
        for column in declared.headers:
            if ledger in COLUMNS and column not in COLUMNS[ledger]:
                hint = near(column, COLUMNS[ledger], 0.7) or f"It has {_listed(COLUMNS[ledger])}."
                found.append(error(CONFIG, f"columns.{ledger}.{column}: {ledger} has no column {shown(column)}", hint))
    return found


def stops(findings: Sequence[Finding]) -> bool:
    """True when one of them is an error."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def _shortened(header: Sequence[str], most: int = 12) -> str:
    cells = [shown(cell, 30) for cell in header if cell.strip()]
    more = f" and {len(cells) - most} more" if len(cells) > most else ""
    return f"{', '.join(cells[:most])}{more}"


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
