"""Which file holds which ledger, and its rows as text under the ledger's own column names."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from pastdue.books import csvfile
from pastdue.books.grid import Fault, Grid, texts
from pastdue.books.headers import COLUMNS, Names, judge_config
from pastdue.config import LEDGERS, Columns
from pastdue.findings import Finding, error, warning

_WORKBOOK = "books"
_READ = (".csv", ".xlsx", ".ods")
_NOT_READ = (".xls", ".xlsb", ".xlsm", ".tsv", ".tab", ".txt", ".fods", ".numbers")
_TYPED_BY_HAND = ("customers", "invoices", "payments", "activity")
_AS_CSV = "The tool writes accounts/notices.csv; bring that file back from version control."
_NEEDED = ("customers", "invoices")


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file of the operator's, as it is on disk."""

    path: str  # in the workspace, with forward slashes: "accounts/invoices.csv"
    content: bytes


@dataclass(frozen=True, slots=True)
class RawTable:
    """A ledger as text: all columns that it may have, a blank cell is "".

    `native` marks cells that a spreadsheet held as true numbers or dates: they stand here as `1234.5` and
    `2025-02-28`, whatever formats are declared. `faults` are cells whose text is not to be trusted.
    """

    name: str
    file: str
    sheet: str
    frame: pd.DataFrame
    rows: np.ndarray  # int32: the line or row on which each record starts, as the operator's program counts
    native: Mapping[str, np.ndarray] = field(default_factory=dict)
    faults: Sequence[tuple[str, Fault]] = ()  # each with its column, "" for the whole row


@dataclass(frozen=True, slots=True)
class _Source:
    """A place that says it is a ledger; `grid` is None where it cannot be read."""

    ledger: str
    file: str
    sheet: str = ""
    grid: Grid | None = None

    def __str__(self) -> str:
        return f"{self.file}[{self.sheet}]" if self.sheet else self.file


@dataclass(frozen=True, slots=True)
class _Stranger:
    """A table with a name that no ledger has."""

    word: str
    file: str
    sheet: str = ""


_Found = tuple[list[_Source], list[_Stranger], list[Finding]]


def read_tables(files: Sequence[RawFile], columns: Mapping[str, Columns]) -> tuple[dict[str, RawTable], list[Finding]]:
    """The ledgers among the files, by name; one that cannot be read is missing, and the findings hold an error."""
    findings = judge_config(columns)
    sources: dict[str, list[_Source]] = {}
    strangers: list[_Stranger] = []
    for file in files:
        there, strange, said = _look_into(file, columns)
        for source in there:
            sources.setdefault(source.ledger, []).append(source)
        strangers += strange
        findings += said
    findings += _told_twice(sources)
    findings += (_judge_stranger(stranger, sources) for stranger in strangers)
    findings += _lacking(sources)
    return {
        ledger: _named(source, source.grid, columns)
        for ledger, (source, *others) in sources.items()
        if source.grid is not None and not others
    }, findings


# ------------------------------------------------------------------ which file is what


def _look_into(file: RawFile, columns: Mapping[str, Columns]) -> _Found:
    path = PurePosixPath(file.path)
    word, ending = path.stem.casefold(), path.suffix.casefold()
    # Office suites hide a lock file beside an open one: .~lock.invoices.csv# and ~$invoices.xlsx.
    if len(path.parts) > 2 or path.name.startswith((".", "~$")):
        return [], [], []
    if ending in _NOT_READ and word in (*LEDGERS, _WORKBOOK):
        return [], [_Stranger(word, file.path)], []
    if ending not in _READ:
        return [], [], []
    if word == "notices" and ending != ".csv":
        return [_Source(word, file.path)], [], [error(file.path, "the notices ledger is CSV", _AS_CSV)]
    if ending != ".csv":
        return _look_into_workbook(file, word, columns)
    if word not in LEDGERS:
        return [], [_Stranger(word, file.path)], []
    grid, findings = csvfile.read(file.path, file.content, Names.of(word, columns))
    return [_Source(word, file.path, "", grid)], [], findings


def _look_into_workbook(file: RawFile, word: str, columns: Mapping[str, Columns]) -> _Found:
    from pastdue.books.workbook import open_workbook

    if word not in (*LEDGERS, _WORKBOOK):
        return [], [_Stranger(word, file.path)], []
    book, findings = open_workbook(file.path, file.content)
    if book is None:
        return ([_Source(word, file.path)] if word in LEDGERS else []), [], findings
    if word in LEDGERS:
        grid, said = book.grid(book.first, Names.of(word, columns))
        return [_Source(word, file.path, book.first, grid)], [], [*findings, *said]
    sources, strangers = [], []
    for sheet in book.sheets:
        ledger = sheet.strip().casefold()
        if ledger == "notices":
            findings.append(error(file.path, "the notices ledger is CSV, not a sheet", _AS_CSV, sheet=sheet))
        elif ledger in LEDGERS:
            grid, said = book.grid(sheet, Names.of(ledger, columns))
            sources.append(_Source(ledger, file.path, sheet, grid))
            findings += said
        elif _alike(ledger):
            strangers.append(_Stranger(ledger, file.path, sheet))
    return sources, strangers, findings


def _told_twice(sources: Mapping[str, Sequence[_Source]]) -> Iterator[Finding]:
    for ledger, (first, *others) in sources.items():
        for other in others:
            message = f"there are two {ledger} ledgers: {first} and {other}"
            yield error(other.file, message, "Keep one of them, nobody can tell which holds.", sheet=other.sheet)


def _lacking(sources: Mapping[str, Sequence[_Source]]) -> Iterator[Finding]:
    for ledger in _NEEDED:
        if ledger not in sources:
            hint = f"Begin with a file of one line: {','.join(Names(ledger, {}).missing([]))}"
            yield error(f"accounts/{ledger}.csv", f"there is no {ledger} ledger", hint)


def _alike(word: str) -> list[str]:
    """The ledgers that may be meant by a name: a misspelling, a singular, something with a year behind it."""
    near = difflib.get_close_matches(word, _TYPED_BY_HAND, n=1, cutoff=0.75)
    return [ledger for ledger in _TYPED_BY_HAND if ledger in near or ledger[:-1] in word]


def _judge_stranger(stranger: _Stranger, sources: Mapping[str, Sequence[_Source]]) -> Finding:
    """An error where it may be a ledger that is missing: payments that nobody reads are customers chased for nothing."""
    where = {"sheet": stranger.sheet}
    what = "this sheet" if stranger.sheet else "this file"
    if PurePosixPath(stranger.file).suffix.casefold() in _NOT_READ:
        say = warning if stranger.word in sources else error
        return say(stranger.file, f"{what} is not read", "Save it as CSV UTF-8, XLSX or ODS, or move it elsewhere.")
    meant = _alike(stranger.word)
    missing = [ledger for ledger in meant if ledger not in sources]
    if missing:
        hint = f"Call it {missing[0]} if it is that ledger, or move it elsewhere."
        return error(stranger.file, f"{what} is not read, and there is no {missing[0]} ledger", hint, **where)
    hint = f"The ledgers are {', '.join(_TYPED_BY_HAND)}, or sheets of those names in one workbook called {_WORKBOOK}."
    return warning(stranger.file, f"{what} is not a ledger and not read", hint, **where)


# ------------------------------------------------------------------ columns under their names


def _named(source: _Source, grid: Grid, columns: Mapping[str, Columns]) -> RawTable:
    """The ledger's columns of the grid; those that the file does not have are blank."""
    places = {column: at[0] for column, at in Names.of(source.ledger, columns).places(grid.header).items()}
    blank = texts([""] * len(grid.rows))
    frame = pd.DataFrame(
        {
            column: pd.array(grid.columns[places[column]] if column in places else blank, dtype="str")
            for column in COLUMNS[source.ledger]
        },
        copy=False,
    )
    return RawTable(
        source.ledger,
        source.file,
        source.sheet,
        frame,
        grid.rows,
        {column: grid.native[place] for column, place in places.items() if place in grid.native},
        [
            (column, fault)
            for fault in grid.faults
            for column, place in (*places.items(), ("", -1))
            if place == fault.column
        ],
    )
