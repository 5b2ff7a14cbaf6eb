"""What is wrong with the input, as data: where it stands, what it is, what to write instead."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is. An error stops something; a warning is only said."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem in the books, the config or a letter.

    `row` counts as the operator's program does: 1 is the header; 0 means the whole file.
    An error with `account_id` stops that account's notices, an error without one (`stops_run`)
    stops the run before anything is written.
    """

    severity: Severity
    file: str
    message: str
    hint: str = ""
    sheet: str = ""
    row: int = 0
    column: str = ""
    account_id: str = ""
    fails_check: bool = False  # a run keeps to the rule by itself and only says so; `check` takes it for an error

    @property
    def stops_run(self) -> bool:
        """True when nothing at all may be built or sent on this input."""
        return self.severity is Severity.ERROR and not self.account_id

    @property
    def place(self) -> str:
        """Where it stands: `accounts/invoices.csv:14`, or `accounts/books.xlsx[invoices]:14`."""
        sheet = f"[{self.sheet}]" if self.sheet else ""
        row = f":{self.row}" if self.row else ""
        return f"{self.file}{sheet}{row}"

    def __str__(self) -> str:
        column = f"{self.column}: " if self.column else ""
        hint = f"\n    {self.hint}" if self.hint else ""
        return f"{self.place}: {self.severity}: {column}{self.message}{hint}"


def error(file: str, message: str, hint: str = "", **where: object) -> Finding:
    """A finding that stops an account (with `account_id=`) or the whole run."""
    return Finding(Severity.ERROR, file, message, hint, **where)  # type: ignore[arg-type]


def warning(file: str, message: str, hint: str = "", **where: object) -> Finding:
    """A finding that is said and stops nothing."""
    return Finding(Severity.WARNING, file, message, hint, **where)  # type: ignore[arg-type]


def located(findings: Iterable[Finding], places: Mapping[str, tuple[str, str]]) -> list[Finding]:
    """The findings about `accounts/NAME`, a ledger, with the file and sheet that it was read from instead; `places` by name."""
    files = {f"accounts/{name}": place for name, place in places.items()}
    return [
        replace(each, file=files[each.file][0], sheet=files[each.file][1]) if each.file in files else each
        for each in findings
    ]


def in_reading_order(findings: Iterable[Finding]) -> list[Finding]:
    """Errors first, then by file, sheet, row and column: the order in which one mends them."""
    return sorted(
        findings, key=lambda f: (f.severity is not Severity.ERROR, f.file, f.sheet, f.row, f.column, f.message)
    )


def shown(text: object, longest: int = 60) -> str:
    """Text of a cell as it may stand in a message: quoted, on one line, no control characters, cut when long."""
    plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text))
    return f'"{plain[: longest - 1]}…"' if len(plain) > longest else f'"{plain}"'


def near(word: str, known: Iterable[str], closeness: float = 0.6) -> str:
    """A hint at the known word that was probably meant, as a question; "" where none is as close (0 to 1)."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=closeness)
    return f"Did you mean {close[0]}?" if close else ""
