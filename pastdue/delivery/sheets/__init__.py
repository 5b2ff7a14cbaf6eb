"""One row more in a ledger that the operator keeps: in their file and in their style, and nothing else in it changes.

    disk      which files there are, that nobody has one open, and the one moment in which new bytes take its place
    values    what may stand in a cell, and how the operator writes dates and amounts
    in_csv, in_xlsx, in_ods    the row in each of the three; `archive` is what the latter two share

Where the table stands, what its columns are called and which row is its last is asked of `books`, so that writer and
reader cannot differ. The new bytes are read again before they are written: a row that would not come back as it was
given, or that would move another one, is never written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pastdue.books import csvfile
from pastdue.books.grid import Grid
from pastdue.books.headers import COLUMNS, Names
from pastdue.books.workbook import Workbook, open_workbook
from pastdue.config import Columns
from pastdue.delivery import Stopped
from pastdue.delivery.sheets import disk, in_csv, in_ods, in_xlsx, values
from pastdue.delivery.sheets.archive import Archive
from pastdue.delivery.sheets.values import Cell as Cell
from pastdue.findings import Finding, in_reading_order


@dataclass(frozen=True, slots=True)
class Added:
    """Where the row stands; `row` counts as the operator's program does."""

    path: str
    sheet: str  # "" in CSV
    row: int
    has_formulas: bool = False  # in the workbook: what they show was worked out before the row was there

    @property
    def place(self) -> str:
        """As findings name a place: `accounts/activity.csv:14`, or `accounts/books.xlsx[activity]:14`."""
        return f"{_named(self.path, self.sheet)}:{self.row}"


def append_row(root: Path, ledger: str, cells: Mapping[str, Cell], *, columns: Columns) -> Added:
    """Adds one row below the last of the ledger, or begins `accounts/LEDGER.csv` with it.

    `cells` go by the ledger's own column names, amounts in major units; `columns` are the operator's headers and formats.
    Stopped, with nothing changed, where the row cannot be added.
    """
    given = values.sound(cells)
    names = Names.of(ledger, {ledger: columns})
    with disk.alone(root):
        path, sheet = _where(root, ledger)
        before = disk.content(root, path)
        content = (
            in_csv.header([names.own.get(column, column) for column in COLUMNS[ledger]]) if before is None else before
        )
        old = _read(path, sheet, content, names)
        row = _placed(_named(path, sheet), names, old, given)
        after, has_formulas = _with_row(path, content, old, row, columns)
        new = _read(path, sheet, after, names)
        if not _is_old_and_row(old, new, row, columns):
            message = f"{_named(path, sheet)}: the row would not read back as it was given; nothing was written"
            raise Stopped(message, "Type the line into the file yourself, and please report this.")
        disk.replace(root, path, before, after)
    return Added(path, sheet, int(new.rows[-1]), has_formulas)


# ------------------------------------------------------------------ which table


def _where(root: Path, ledger: str) -> tuple[str, str]:
    """The file that holds the ledger, and the sheet in it: as the reader chooses them. A new CSV where there is none."""
    files = disk.named(root, ledger)
    holders = [(path, _first_sheet(root, path)) for path in files if _ending(path) in _READ]
    for path in disk.named(root, _WORKBOOK):
        if _ending(path) in _SPREADSHEETS:
            sheets = _opened(path, _content(root, path)).sheets
            holders += [(path, sheet) for sheet in sheets if sheet.strip().casefold() == ledger]
    if len(holders) > 1:
        message = f"there are two {ledger} ledgers: {' and '.join(_named(*holder) for holder in holders[:2])}"
        raise Stopped(message, "Keep one of them, nobody can tell which holds.")
    unread = [path for path in files if _ending(path) in _NOT_READ]
    if unread and not holders:
        raise Stopped(f"{unread[0]} is not read", "Save it as CSV UTF-8, XLSX or ODS, or move it elsewhere.")
    return holders[0] if holders else (f"{disk.FOLDER}/{ledger}.csv", "")


_SPREADSHEETS = (".xlsx", ".ods")
_READ = (".csv", *_SPREADSHEETS)
_NOT_READ = (".xls", ".xlsb", ".xlsm", ".tsv", ".tab", ".txt", ".fods", ".numbers")
_WORKBOOK = "books"


def _ending(path: str) -> str:
    return PurePosixPath(path).suffix.casefold()


def _first_sheet(root: Path, path: str) -> str:
    return _opened(path, _content(root, path)).first if _ending(path) in _SPREADSHEETS else ""


def _content(root: Path, path: str) -> bytes:
    return disk.content(root, path) or b""


def _opened(path: str, content: bytes) -> Workbook:
    book, findings = open_workbook(path, content)
    if book is None:
        raise _refused(findings)
    return book


def _refused(findings: Sequence[Finding]) -> Stopped:
    """What the reader says about the file as a whole."""
    worst = in_reading_order(findings)[0]
    return Stopped(f"{worst.place}: {worst.message}", worst.hint)


def _named(path: str, sheet: str) -> str:
    return f"{path}[{sheet}]" if sheet else path


# ------------------------------------------------------------------ the row in it


def _read(path: str, sheet: str, content: bytes, names: Names) -> Grid:
    """The table as the reader sees it."""
    if _ending(path) in _SPREADSHEETS:
        grid, findings = _opened(path, content).grid(sheet, names)
    else:
        grid, findings = csvfile.read(path, content, names)
    if grid is None:
        raise _refused(findings)
    return grid


def _placed(where: str, names: Names, grid: Grid, given: Mapping[str, Cell]) -> dict[int, Cell]:
    """The cells by the place of their column."""
    places = names.places(grid.header)
    missing = [names.own.get(column, column) for column in given if column not in places]
    if missing:
        one = len(missing) == 1
        message = f"{where} has no column {' and no column '.join(missing)}"
        raise Stopped(
            message, f"Write {'this header' if one else 'these headers'} into row {grid.header_row}, then run it again."
        )
    return {places[column][0]: cell for column, cell in given.items()}


def _with_row(path: str, content: bytes, grid: Grid, row: Mapping[int, Cell], columns: Columns) -> tuple[bytes, bool]:
    if _ending(path) == ".csv":
        return in_csv.with_row(path, content, grid, row, columns), False
    archive = Archive(path, content)
    # What it is goes by what is in it, as for the reader, and not by its name.
    write = in_ods.with_row if archive.has("content.xml") else in_xlsx.with_row
    try:
        return write(archive, grid, row, columns)
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError) as problem:
        message = f"{_named(path, grid.sheet)} is written in a way that no row can be added to; nothing was written"
        raise Stopped(message, "Open it in your spreadsheet program, save it again, and run this again.") from problem


def _is_old_and_row(old: Grid, new: Grid, row: Mapping[int, Cell], columns: Columns) -> bool:
    """True when the new table is the old one and below it the row, as the reader sees both."""
    count = len(old.rows)
    if list(new.header) != list(old.header) or len(new.rows) != count + 1 or (new.rows[:-1] != old.rows).any():
        return False
    if not all(after[:count].equals(before) for before, after in zip(old.columns, new.columns, strict=True)):
        return False
    return all(
        values.is_meant(cells[count].as_py(), row.get(place), place in new.native and new.native[place][count], columns)
        for place, cells in enumerate(new.columns)
    )
