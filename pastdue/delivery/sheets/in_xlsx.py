"""A row in a sheet of an XLSX workbook, set into the sheet's own XML.

A library that reads the whole workbook and writes it again loses what it does not know: charts, pivot tables, the
conditional formats of newer programs. Here only what must change does: the cells; the extent that the sheet states; a
table or a filter that ended at the last row and now ends at the new one; and, where the workbook has formulas, the order
to work them out when it is opened, because the results that it holds are older than the row. A cell style is added only where
no cell shows how a date looks here.
"""

import copy
import posixpath
import re
from collections.abc import Iterator, Mapping
from datetime import date

from lxml import etree

from pastdue.books.grid import Grid, column_of, letters_of
from pastdue.config import Columns
from pastdue.delivery import Stopped
from pastdue.delivery.sheets import values
from pastdue.delivery.sheets.archive import Archive, Element, added
from pastdue.delivery.sheets.values import Cell

_BOOK = "xl/workbook.xml"
_LAST_ROW = 1_048_576
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
# A reader takes _x0041_ in a text for the letter A; an underscore that only looks so is written as _x005F_.
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def with_row(archive: Archive, grid: Grid, row: Mapping[int, Cell], columns: Columns) -> tuple[bytes, bool]:
    """The workbook with the row below the last one of the grid, and whether it has formulas."""
    _refuse_shared(archive)
    sheet = _Sheet(archive, grid)
    sheet.refuse_obstacles(row)
    sheet.write(row, columns)
    sheet.extend()
    has_formulas = any(_FORMULA.search(part) for part in archive.parts("xl/worksheets/"))
    if has_formulas:
        _ask_to_calculate(archive)
    return archive.content(), has_formulas


def _refuse_shared(archive: Archive) -> None:
    if archive.has("xl/revisions/"):
        hint = "Turn sharing off in Excel (Review, Unshare Workbook), or keep the ledger in a file of its own."
        raise Stopped(f"{archive.path} is a shared workbook that records its changes", hint)
    sharing = _child(archive.tree(_BOOK), "fileSharing")
    if sharing is not None and (sharing.get("reservationPassword") or sharing.get("hashValue")):
        raise Stopped(f"{archive.path} asks for a password before it may be changed", "Save it without one.")


def _ask_to_calculate(archive: Archive) -> None:
    book = archive.changed(_BOOK)
    settings = _child(book, "calcPr")
    if settings is None:
        settings = etree.Element(_beside(book, "calcPr"))
        before = [_child(book, name) for name in ("sheets", "functionGroups", "externalReferences", "definedNames")]
        [place for place in before if place is not None][-1].addnext(settings)
    settings.set("fullCalcOnLoad", "1")


# ------------------------------------------------------------------ the sheet


class _Sheet:
    """The sheet of a grid, its last row, and the row below it."""

    def __init__(self, archive: Archive, grid: Grid) -> None:
        self.archive, self.grid = archive, grid
        self.part, self.place = _part_of_sheet(archive, grid.sheet)
        self.xml = archive.changed(self.part)
        self.styles = _Styles(archive)
        self.last = int(grid.rows[-1]) if len(grid.rows) else grid.header_row
        self.target = self.last + 1
        self.rows = dict(_numbered_rows(_child(self.xml, "sheetData")))

    @property
    def where(self) -> str:
        return f"{self.archive.path}[{self.grid.sheet}]"

    def refuse_obstacles(self, row: Mapping[int, Cell]) -> None:
        """What keeps a hand from typing into these cells keeps us."""
        protection = _child(self.xml, "sheetProtection")
        if protection is not None and _is_true(protection.get("sheet")):
            raise Stopped(f"{self.where} is protected", "Take the protection off (Review, Unprotect Sheet).")
        if self.target > _LAST_ROW:
            raise Stopped(f"{self.where} is full", "Begin a new ledger.")
        merged = _child(self.xml, "mergeCells")
        for area in merged if merged is not None else ():
            first, top, last, bottom = _range(area.get("ref"))
            if top <= self.target <= bottom and first < len(self.grid.header) and last >= 0:
                raise Stopped(
                    f"{self.where}: the cells {area.get('ref')} are merged", "Take them apart, then run it again."
                )
        there = self._cells(self.target)
        for place in row:
            if place in there and _child(there[place], "f") is not None:
                name = f"{letters_of(place)}{self.target}"
                raise Stopped(f"{self.where}: there is a formula in {name}", "Clear the cell, then run it again.")

    def write(self, row: Mapping[int, Cell], columns: Columns) -> None:
        """Every cell of the row in the style of the one above it, the given ones with their values."""
        above = self._cells(self.last) if len(self.grid.rows) else {}
        line = self._line()
        there = self._cells(self.target)
        for place in range(len(self.grid.header)):
            if place not in row and place not in there and place not in above:
                continue
            cell = there.get(place)
            if cell is None:
                cell = there[place] = self._new_cell(line, place, there)
            style = _style(cell) or _style(above.get(place)) or _style(line) or self._style_ofcolumn_of(place)
            if place in row:
                style = self._fill(cell, place, row[place], style, columns)
            if style or cell.get("s"):
                cell.set("s", str(style))

    def extend(self) -> None:
        """The ranges that ended at the last row end at the new one."""
        extent = _child(self.xml, "dimension")
        if extent is not None:
            first, top, last, bottom = _range(extent.get("ref"))
            reach = max(last, *self._cells(self.target))
            extent.set("ref", _named(min(first, 0), top, reach, max(bottom, self.target)))
        self._extend(_child(self.xml, "autoFilter"))
        self._extend_hidden_name()
        for kind, part in _relations(self.archive, self.part).values():
            if kind == "table":
                self._extend_table(part)

    # -------------------------------------------------------------- rows and cells

    def _cells(self, number: int) -> dict[int, Element]:
        """The row's cells by their place."""
        return dict(_placed_cells(self.rows[number])) if number in self.rows else {}

    def _line(self) -> Element:
        """The row's element; where there is none, a new one as high as the row above."""
        if self.target in self.rows:
            line = self.rows[self.target]
            for place, cell in _placed_cells(line):
                cell.set("r", f"{letters_of(place)}{self.target}")
            line.attrib.pop("spans", None)
            return line
        before = self.rows[max(number for number in self.rows if number < self.target)]
        line = etree.Element(_beside(before, "row"), r=str(self.target))
        if len(self.grid.rows):
            above = self.rows[self.last]
            for says, what in (("customFormat", "s"), ("customHeight", "ht")):
                if _is_true(above.get(says)) and above.get(what):
                    line.set(what, above.get(what))
                    line.set(says, "1")
        before.addnext(line)
        self.rows[self.target] = line
        return line

    def _new_cell(self, line: Element, place: int, there: Mapping[int, Element]) -> Element:
        cell = etree.Element(_beside(line, "c"), r=f"{letters_of(place)}{self.target}")
        before = [other for other in there if other < place]
        if before:
            there[max(before)].addnext(cell)
        else:
            line.insert(0, cell)
        return cell

    def _fill(self, element: Element, place: int, cell: Cell, style: int, columns: Columns) -> int:
        """Gives the element its value; the style that shows it as what it is."""
        for child in [*_children(element, "v"), *_children(element, "is")]:
            element.remove(child)
        for name in ("t", "cm", "vm"):
            element.attrib.pop(name, None)
        if not isinstance(cell, str) and values.keeps_text(self.grid, place):
            cell = values.as_text(cell, columns)
        if isinstance(cell, str):
            element.set("t", "inlineStr")  # beside the shared strings, which so stay as they are
            text = _LOOKS_ESCAPED.sub("_x005F_", cell)
            added(added(element, _beside(element, "is")), _beside(element, "t"), text).set(_SPACE, "preserve")
            return style
        if isinstance(cell, date):
            added(element, _beside(element, "v"), str((cell - self._epoch()).days))
            return self._style_of_a_day(place, style)
        added(element, _beside(element, "v"), values.plain(cell))
        return self.styles.like(style, _GENERAL) if self.styles.is_time(style) else style

    def _epoch(self) -> date:
        settings = _child(self.archive.tree(_BOOK), "workbookPr")
        from_1904 = settings is not None and _is_true(settings.get("date1904"))
        return date(1904, 1, 1) if from_1904 else date(1899, 12, 30)

    # -------------------------------------------------------------- styles

    def _style_ofcolumn_of(self, place: int) -> int:
        columns = _child(self.xml, "cols")
        for column in columns if columns is not None else ():
            if int(column.get("min")) <= place + 1 <= int(column.get("max")):
                return int(column.get("style", "0"))
        return 0

    def _style_of_a_day(self, place: int, style: int) -> int:
        """The style itself where it shows dates, else one like it that shows them as the column's last date does."""
        if self.styles.is_day(style):
            return style
        shown = (_style(self._cells(number).get(place)) for number in reversed(self.grid.rows.tolist()))
        last = next((other for other in shown if self.styles.is_day(other)), None)
        if last is None:
            return self.styles.like(style, _DAY)
        return self.styles.like(style, self.styles.format_of(last)) if style else last

    # -------------------------------------------------------------- ranges

    def _ends_above(self, element: Element) -> bool:
        """True for a range that reaches to the last row and no further."""
        if element is None or not element.get("ref"):
            return False
        _, top, _, bottom = _range(element.get("ref"))
        return top <= bottom == self.last

    def _extend(self, element: Element) -> None:
        if self._ends_above(element):
            first, top, last, _ = _range(element.get("ref"))
            element.set("ref", _named(first, top, last, self.target))

    def _extend_hidden_name(self) -> None:
        """Excel keeps a filter's range a second time, as a name of the workbook."""
        names = _child(self.archive.tree(_BOOK), "definedNames")
        for name in names if names is not None else ():
            is_filter = name.get("name") == "_xlnm._FilterDatabase" and name.get("localSheetId") == str(self.place)
            head, _, bottom = (name.text or "").rpartition("$")
            if is_filter and bottom == str(self.last):
                self.archive.changed(_BOOK)
                name.text = f"{head}${self.target}"

    def _extend_table(self, part: str) -> None:
        table = self.archive.tree(part)
        _, top, _, bottom = _range(table.get("ref"))
        if int(table.get("totalsRowCount", "0")) and top <= self.target <= bottom + 1:
            hint = "Turn the total row off (Table Design, Total Row), then run it again."
            raise Stopped(f"{self.where}: the table has a total row at its end", hint)
        if self._ends_above(table):
            self._extend(self.archive.changed(part))
            self._extend(_child(table, "autoFilter"))


def _numbered_rows(data: Element) -> Iterator[tuple[int, Element]]:
    """Rows with their numbers; one that does not say its own follows the one before it."""
    number = 0
    for row in _children(data, "row"):
        number = int(row.get("r") or number + 1)
        yield number, row


def _placed_cells(row: Element) -> Iterator[tuple[int, Element]]:
    """Cells with their places; one that does not say its own follows the one before it."""
    place = -1
    for cell in _children(row, "c"):
        reference = _CELL.fullmatch(cell.get("r", ""))
        place = column_of(reference[1]) if reference else place + 1
        yield place, cell


def _style(element: Element) -> int:
    """The style of a cell or row; 0, the plain one, where it has none."""
    return int(element.get("s", "0")) if element is not None else 0


# ------------------------------------------------------------------ styles

_GENERAL = "0"
_DAY = "14"  # the short date of the program's own language, as if it had been typed
_DAYS = {*range(14, 18), 22, *range(27, 32), 36, *range(50, 59)}
_TIMES = {*range(18, 22), *range(32, 36), *range(45, 48)}
_NO_PART_OF_A_DATE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')


class _Styles:
    """The workbook's cell styles, by their numbers."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        parts = [part for kind, part in _relations(archive, _BOOK).values() if kind == "styles"]
        self._part = parts[0] if parts else ""
        tree = archive.tree(self._part)
        own = _child(tree, "numFmts") if tree is not None else None
        self._codes = {each.get("numFmtId"): each.get("formatCode", "") for each in (own if own is not None else ())}
        self._all: Element = _child(tree, "cellXfs") if tree is not None else None

    def is_day(self, style: int) -> bool:
        """True for a style that shows a number as a date."""
        return self._shows(style, _DAYS, "[dy]")

    def is_time(self, style: int) -> bool:
        """True for a style that shows a number as a date, a time or both."""
        return self._shows(style, _DAYS | _TIMES, "[dyhms]")

    def format_of(self, style: int) -> str:
        """The number of the style's number format."""
        return str(self._all[style].get("numFmtId", _GENERAL))

    def like(self, style: int, number_format: str) -> int:
        """The style with another number format; added where there is none yet."""
        if self._all is None or style >= len(self._all):
            return style
        wanted = copy.deepcopy(self._all[style])
        wanted.set("numFmtId", number_format)
        wanted.set("applyNumberFormat", "1")
        for number, there in enumerate(self._all):
            if etree.tostring(there, method="c14n").strip() == etree.tostring(wanted, method="c14n").strip():
                return number
        self._archive.changed(self._part)
        self._all.append(wanted)
        self._all.set("count", str(len(self._all)))
        return len(self._all) - 1

    def _shows(self, style: int, built_in: set[int], letters: str) -> bool:
        if self._all is None or style >= len(self._all):
            return False
        number = self.format_of(style)
        if number not in self._codes:
            return int(number) in built_in
        code = _NO_PART_OF_A_DATE.sub("", self._codes[number].partition(";")[0]).casefold()
        return code != "general" and re.search(letters, code) is not None


# ------------------------------------------------------------------ names and references

_CELL = re.compile(r"\$?([A-Za-z]+)\$?([0-9]+)")


def _children(element: Element, name: str) -> Iterator[Element]:
    found: Iterator[Element] = element.iterchildren(f"{{*}}{name}")
    return found


def _child(element: Element, name: str) -> Element:
    return next(_children(element, name), None)


def _beside(element: Element, name: str) -> str:
    """The name in the element's own namespace: strict workbooks have another one."""
    return f"{{{etree.QName(element).namespace}}}{name}"


def _is_true(text: str | None) -> bool:
    return text in {"1", "true"}


def _relations(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """The parts that a part refers to, by the reference: what each is, such as `table`, and its name."""
    folder, name = posixpath.split(part)
    tree = archive.tree(f"{folder}/_rels/{name}.rels")
    found: dict[str, tuple[str, str]] = {}
    for relation in _children(tree, "Relationship") if tree is not None else ():
        target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/")
        found[relation.get("Id")] = (relation.get("Type", "").rpartition("/")[2], target)
    return found


def _part_of_sheet(archive: Archive, sheet: str) -> tuple[str, int]:
    """The part that holds the sheet, and the sheet's place in the workbook."""
    relations = _relations(archive, _BOOK)
    for place, element in enumerate(_child(archive.tree(_BOOK), "sheets")):
        if element.get("name") == sheet:
            reference = next(value for key, value in element.attrib.items() if key.endswith("}id"))
            return relations[reference][1], place
    raise AssertionError("the reader saw this sheet")


def _range(reference: str) -> tuple[int, int, int, int]:
    """First column and row, last column and row; columns from 0, rows from 1."""
    corners = _CELL.findall(reference)
    (first, top), (last, bottom) = corners[0], corners[-1]
    return column_of(first), int(top), column_of(last), int(bottom)


def _named(first: int, top: int, last: int, bottom: int) -> str:
    return f"{letters_of(first)}{top}:{letters_of(last)}{bottom}"
