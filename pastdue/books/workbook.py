"""XLSX and ODS: sheets become rows of exact text; calamine reads the values, a look into the XML what it cannot tell.

That is: how far the sheet really reaches (before memory is given to it), formulas that nobody worked out, and error values.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import IO, Any, Literal

import numpy as np

from pastdue.books.grid import HEADER_WITHIN, Fault, Grid, column_of, letters_of, texts
from pastdue.books.headers import Names, stops
from pastdue.findings import Finding, error, shown

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_LARGEST_UNPACKED = 512 * 2**20
# Excel's last row; no sheet has more.
_LAST_ROW = 1_048_576
# A stray cell in column XFD makes a sheet of ten thousand rows as large as one of ten million.
_MOST_CELLS = 32_000_000
# A number in a spreadsheet has so many digits; further ones are lost before anyone reads them.
_DIGITS = 15

_SAVE_AGAIN = "Open it in your spreadsheet program, save it again, or save the sheet as CSV UTF-8."
_DAMAGED = ("the file is damaged, or not a spreadsheet", _SAVE_AGAIN)

_Event = Literal["start", "end"]
_Troubles = dict[
    tuple[int, int], str
]  # (row, column), from 0 -> "" for a formula without a result, else the error value


class _UnreadableError(Exception):
    """The workbook cannot be read: message and hint for the operator."""


@dataclass(frozen=True, slots=True)
class Workbook:
    """An open workbook."""

    file: str
    sheets: Sequence[str]  # worksheets, in order
    first: str  # the first that is not hidden; "" when there is none
    _book: Any  # calamine's
    _archive: zipfile.ZipFile
    _ods: Mapping[str, _Troubles] | None

    def grid(self, sheet: str, names: Names) -> tuple[Grid | None, list[Finding]]:
        """The rows below the sheet's header; None when there is an error about the sheet as a whole."""
        try:
            troubles = self._ods.get(sheet, {}) if self._ods is not None else _look_xlsx(self._archive, sheet)
            cells = _calamine(lambda: self._book.get_sheet_by_name(sheet).to_python(skip_empty_area=False))
        except _UnreadableError as problem:
            return None, [error(self.file, *problem.args, sheet=sheet)]
        found = _header(cells, names)
        if found is None:
            hint = f"Write the header into its first row: {', '.join(names.missing([]))}."
            return None, [error(self.file, "the sheet is empty", hint, sheet=sheet)]
        header = [_text(cell).strip() for cell in cells[found]]
        while header and not header[-1]:
            header.pop()
        findings = names.judge(header, self.file, sheet, found + 1)
        known = {place for places in names.places(header).values() for place in places}
        troubles = {at: trouble for at, trouble in troubles.items() if at[1] in known}
        return (None if stops(findings) else _grid(sheet, header, found, cells, troubles)), findings


def open_workbook(file: str, content: bytes) -> tuple[Workbook | None, list[Finding]]:
    """The workbook, or what is wrong with it."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        archive = _archive(content)
        ods = _look_ods(archive) if "content.xml" in archive.namelist() else None
        book = _calamine(lambda: CalamineWorkbook.from_filelike(io.BytesIO(content)))
    except _UnreadableError as problem:
        return None, [error(file, *problem.args)]
    if len(set(book.sheet_names)) < len(book.sheet_names):
        return None, [error(file, "two sheets have the same name", _SAVE_AGAIN)]
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    seen = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
    return Workbook(file, [sheet.name for sheet in sheets], seen[0] if seen else "", book, archive, ods), []


def _calamine(call: Callable[[], Any]) -> Any:
    """The call's result; whatever goes wrong in it, even a panic in Rust, is a file that cannot be read."""
    try:
        return call()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as problem:
        raise _UnreadableError(*_DAMAGED) from problem


# ------------------------------------------------------------------ the archive


def _archive(content: bytes) -> zipfile.ZipFile:
    if content.startswith(_OLE):
        if _ENCRYPTED_PACKAGE in content:
            raise _UnreadableError("the file is protected by a password", "Save it without one.")
        raise _UnreadableError(
            "this is an old Excel file, whatever its name says", "Save it as XLSX, ODS or CSV UTF-8."
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        parts = archive.infolist()
        large = sum(part.file_size for part in parts) > _LARGEST_UNPACKED
        # Reads every part to the end: calamine would trust a part that is larger than it says.
        sound = large or (archive.testzip() is None and len({part.filename.lower() for part in parts}) == len(parts))
    except Exception as problem:
        raise _UnreadableError(*_DAMAGED) from problem
    if large:
        raise _UnreadableError("the file is too large for a spreadsheet", "Save the sheet as CSV UTF-8.")
    if not sound:
        raise _UnreadableError(*_DAMAGED)
    if "META-INF/manifest.xml" in archive.namelist() and b"encryption-data" in _part(archive, "META-INF/manifest.xml"):
        raise _UnreadableError("the file is protected by a password", "Save it without one.")
    return archive


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except Exception as problem:
        raise _UnreadableError(*_DAMAGED) from problem


def _elements(source: IO[bytes], *tags: str, events: Sequence[_Event] = ("end",)) -> Iterator[tuple[str, Any]]:
    """Events of a piece of XML, without entities, network or external anything."""
    from lxml import etree

    try:
        yield from etree.iterparse(
            source, events, tag=tags, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
        )
    except Exception as problem:
        raise _UnreadableError(*_DAMAGED) from problem


def _check_extent(rows: int, columns: int) -> None:
    if rows > _LAST_ROW or rows * columns > _MOST_CELLS:
        raise _UnreadableError(
            f"the sheet reaches to row {rows:,} and column {letters_of(columns - 1)}",
            "Delete the empty rows and columns beyond the table, or save the sheet as CSV UTF-8.",
        )


# ------------------------------------------------------------------ the look into XLSX

_CELL = re.compile(r"([A-Za-z]{1,3})0*([0-9]+)")
_COUNT = re.compile(r"\+?0*([0-9]+)")
# Nothing but these can reach far: two letters or more, or seven digits or more.
_FAR = re.compile(rb"\sr\s*=\s*[\"'](?:[A-Za-z]{2,}\d|[A-Za-z]?\d{7,})")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")


def _look_xlsx(archive: zipfile.ZipFile, sheet: str) -> _Troubles:
    """Where the sheet has formulas without a result and error values; refuses one that reaches too far."""
    xml = _part(archive, _path_in_archive(archive, sheet))
    # Four words "row" per row are far more than any program writes.
    if b"\0" in xml or xml.count(b"row") > 4 * _LAST_ROW:
        raise _UnreadableError(*_DAMAGED)
    if not (_FAR.search(xml) or _FORMULA.search(xml) or b'"e"' in xml or b"'e'" in xml):
        return {}
    troubles: _Troubles = {}
    rows = columns = 0
    for row, column, trouble in _written_cells(xml):
        rows, columns = max(rows, row + 1), max(columns, column + 1)
        if trouble is not None:
            troubles[row, column] = trouble
    _check_extent(rows, columns)
    return troubles


def _path_in_archive(archive: zipfile.ZipFile, sheet: str) -> str:
    """Which part of the archive holds the sheet's cells."""
    parts = {name.lower(): name for name in archive.namelist()}
    book = parts.get("xl/workbook.xml", "xl/workbook.xml")
    relations = parts.get("xl/_rels/workbook.xml.rels", "xl/_rels/workbook.xml.rels")
    wanted = ""
    for _, element in _elements(io.BytesIO(_part(archive, book)), "{*}sheet"):
        if element.get("name") == sheet:
            wanted = next((value for key, value in element.attrib.items() if key.endswith("}id")), "")
    for _, element in _elements(io.BytesIO(_part(archive, relations)), "{*}Relationship"):
        if element.get("Id") == wanted:
            target = element.get("Target", "").removeprefix("/")
            target = target if target.startswith("xl/") else f"xl/{target}"
            return parts.get(target.lower(), target)
    raise _UnreadableError(*_DAMAGED)


def _written_cells(xml: bytes) -> Iterator[tuple[int, int, str | None]]:
    """Row and column, from 0, of each cell that is not blank, and what is wrong with it."""
    row = column = -1
    for event, element in _elements(io.BytesIO(xml), "{*}row", "{*}c", events=("start", "end")):
        is_row = element.tag.rpartition("}")[2] == "row"
        if is_row and event == "start":
            row, column = _count(element.get("r"), row + 2) - 1, -1
        elif is_row:
            element.clear()
        elif event == "end":
            row, column = _reference(element.get("r"), row, column)
            if len(element):
                yield row, column, _trouble_xlsx(element)


def _reference(text: str | None, row: int, column: int) -> tuple[int, int]:
    """Row and column, from 0, of a cell: as it says, or else behind the one before it."""
    if text is None:
        return row, column + 1
    written = _CELL.fullmatch(text)
    if written is None:
        raise _UnreadableError(*_DAMAGED)
    return int(written[2][:12]) - 1, column_of(written[1])


def _count(text: str | None, otherwise: int) -> int:
    """A number of rows or columns; of a number beyond any sheet, enough to tell that it is."""
    if text is None:
        return otherwise
    digits = _COUNT.fullmatch(text)
    if digits is None:
        raise _UnreadableError(*_DAMAGED)
    return int(digits[1][:12])


def _trouble_xlsx(cell: Any) -> str | None:
    value = cell.findtext("{*}v")
    if cell.get("t") == "e":
        return value or "#ERROR!"
    # A formula whose result is the empty text says so: t="str".
    return "" if not value and cell.get("t") != "str" and cell.find("{*}f") is not None else None


# ------------------------------------------------------------------ the look into ODS

_TABLE_URN = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
_TABLE, _ROW = f"{{{_TABLE_URN}}}table", f"{{{_TABLE_URN}}}table-row"
_FORMULA_ODS = f"{{{_TABLE_URN}}}formula"
_ROWS, _COLUMNS = f"{{{_TABLE_URN}}}number-rows-repeated", f"{{{_TABLE_URN}}}number-columns-repeated"
_VALUE_TYPE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"
_CALC_TYPE = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_PARAGRAPH = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}p"
_PREFIX = re.compile(rb"xmlns:table\s*=\s*[\"']([^\"']*)[\"']")


def _look_ods(archive: zipfile.ZipFile) -> Mapping[str, _Troubles]:
    """The same for every sheet of an ODS: calamine reads them all when it opens the file."""
    xml = _part(archive, "content.xml")
    # calamine goes by the prefix, the look by what it stands for.
    if set(_PREFIX.findall(xml)) != {_TABLE_URN.encode()}:
        raise _UnreadableError(*_DAMAGED)
    may_have_troubles = b"formula" in xml or b"error" in xml
    found: dict[str, _Troubles] = {}
    troubles: _Troubles = {}
    depth = row = 0
    for event, element in _elements(io.BytesIO(xml), _TABLE, _ROW, events=("start", "end")):
        if element.tag == _TABLE:
            depth += 1 if event == "start" else -1
            if event == "start" and depth == 1:
                row, troubles = 0, found.setdefault(element.get(f"{{{_TABLE_URN}}}name", ""), {})
        elif event == "end" and depth == 1:
            rows = _count(element.get(_ROWS), 1)
            cells = list(element)
            widths = [_count(cell.get(_COLUMNS), 1) for cell in cells]
            _check_ods_extent(row + rows, cells, widths)
            if may_have_troubles:
                _look_ods_row(range(row, row + rows), cells, widths, troubles)
            row += rows
            element.clear()
    return found


def _check_ods_extent(rows: int, cells: Sequence[Any], widths: Sequence[int]) -> None:
    """Blank cells at the end of a row, and rows of nothing else, are repeated to the end of the sheet and take no memory."""
    last = len(cells)
    while last and cells[last - 1].get(_VALUE_TYPE) is None and not len(cells[last - 1]):
        if cells[last - 1].get(_FORMULA_ODS) is not None:
            break
        last -= 1
    if last:
        _check_extent(rows, sum(widths[:last]))


def _look_ods_row(rows: range, cells: Sequence[Any], widths: Sequence[int], troubles: _Troubles) -> None:
    column = 0
    for cell, width in zip(cells, widths, strict=True):
        trouble = _trouble_ods(cell)
        if trouble is not None:
            if len(troubles) + len(rows) * width > _LAST_ROW:
                raise _UnreadableError(
                    "more than a million cells hold errors or formulas without a result", _SAVE_AGAIN
                )
            troubles.update(((r, c), trouble) for r in rows for c in range(column, column + width))
        column += width


def _trouble_ods(cell: Any) -> str | None:
    if cell.get(_CALC_TYPE) == "error":
        written = cell.find(_PARAGRAPH)
        return "".join(written.itertext()) if written is not None else "#ERROR!"
    # A formula whose result is the empty text has no type either, but an empty paragraph.
    return "" if cell.get(_FORMULA_ODS) is not None and cell.get(_VALUE_TYPE) is None and not len(cell) else None


# ------------------------------------------------------------------ cells


def _header(cells: Sequence[Sequence[Any]], names: Names) -> int | None:
    """The row among the first twenty that looks most like the ledger's header."""
    rows = range(min(HEADER_WITHIN, len(cells)))
    written = [row for row in rows if any(_text(cell).strip() for cell in cells[row])]
    return max(written, key=lambda row: (*names.likeness([_text(cell) for cell in cells[row]]), -row), default=None)


def _grid(sheet: str, header: list[str], above: int, cells: list[list[Any]], troubles: _Troubles) -> Grid:
    troubled_rows = {row for row, _ in troubles}
    # Formulas without a result are nothing to calamine: below the last value it sees no row at all.
    cells = cells + [[""] * len(cells[above])] * (max(troubled_rows, default=0) + 1 - len(cells))
    kept = [
        row
        for row in range(above + 1, len(cells))
        if row in troubled_rows or any(not isinstance(cell, str) or cell.strip() for cell in cells[row])
    ]
    columns, native, faults = [], {}, _troubled(kept, troubles)
    for place in range(len(header)):
        values = [cells[row][place] for row in kept]
        is_native = np.fromiter((type(value) is not str for value in values), bool, len(values))
        if is_native.any():
            native[place] = is_native
            faults += _lossy(place, values, kept)
            values = [_text(value) for value in values]
        columns.append(texts(values))
    return Grid(header, above + 1, columns, np.array(kept, np.int32) + 1, native, faults, sheet)


def _text(cell: Any) -> str:
    """A cell's value as it would stand in CSV."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float | int):
        return _digits(float(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _digits(number: float) -> str:
    """A number without the noise of binary fractions, as spreadsheets show it: 0.30000000000000004 is 0.3."""
    text = f"{number + 0.0:.{_DIGITS}g}"  # + 0.0: there is no -0
    return format(Decimal(text), "f") if "e" in text else text


def _lossy(place: int, values: Sequence[Any], kept: Sequence[int]) -> list[Fault]:
    """Values that are no text, number or date, and numbers that have lost digits."""
    retype = "Format the cell as text and type it again."
    yes_no = [i for i, value in enumerate(values) if isinstance(value, bool)]
    long = [i for i, value in enumerate(values) if isinstance(value, float) and abs(value) >= 10**_DIGITS]
    lost = f"{{place}} holds a number of more than {_DIGITS} digits; a spreadsheet loses the rest"
    return [
        *_fault(place, yes_no, kept, "{place} holds a yes/no value", retype),
        *_fault(place, long, kept, lost, retype),
    ]


def _troubled(kept: Sequence[int], troubles: _Troubles) -> list[Fault]:
    at = {row: i for i, row in enumerate(kept)}
    here = sorted((column, not trouble, at[row], trouble) for (row, column), trouble in troubles.items() if row in at)
    faults = []
    for (place, has_no_result), group in groupby(here, key=lambda each: each[:2]):
        rows, words = zip(*((row, shown(trouble, 20)) for _, _, row, trouble in group), strict=True)
        if has_no_result:
            hint = "Open the file in your spreadsheet program, save it, and run again."
            faults += _fault(place, rows, kept, "the formula in {place} has no result yet", hint)
        else:
            faults += _fault(place, rows, kept, "{place} is an error of the spreadsheet", "Mend its formula.", words)
    return faults


def _fault(
    place: int, at: Sequence[int], kept: Sequence[int], message: str, hint: str, words: Sequence[str] = ()
) -> list[Fault]:
    """One fault for all these cells, or none: each named as the operator's program names it, after its word if it has one."""
    names = [f"{letters_of(place)}{kept[i] + 1}" for i in at]
    places = [f"{word} in {name}" for word, name in zip(words, names, strict=True)] if words else names
    return [Fault(place, np.array(at, np.int64), message, hint, places)] if names else []
