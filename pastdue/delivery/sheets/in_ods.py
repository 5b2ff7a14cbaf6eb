"""A row in a sheet of an ODS document, set into content.xml; every other part of the document stays as it is.

The format writes rows and cells that are alike once, with the number of times: a blank row of a million is split into what
is before the new row, the row, and what is after it.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from datetime import date

from lxml import etree

from pastdue.books.grid import Grid
from pastdue.config import Columns
from pastdue.delivery import Stopped
from pastdue.delivery.sheets import values
from pastdue.delivery.sheets.archive import Archive, Element, added
from pastdue.delivery.sheets.values import Cell

_CONTENT = "content.xml"
_LAST_ROW = 1_048_576
_NAMESPACES = "urn:oasis:names:tc:opendocument:xmlns:"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"


def _name(prefix: str, name: str) -> str:
    return f"{{{_NAMESPACES}{prefix}:1.0}}{name}"


_TABLE, _TABLE_NAME = _name("table", "table"), _name("table", "name")
_ROW, _CELL, _COVERED = _name("table", "table-row"), _name("table", "table-cell"), _name("table", "covered-table-cell")
_GROUPS = {_name("table", name) for name in ("table-rows", "table-header-rows", "table-row-group")}
_ROWS_REPEATED, _CELLS_REPEATED = _name("table", "number-rows-repeated"), _name("table", "number-columns-repeated")
_SPANS = (_name("table", "number-columns-spanned"), _name("table", "number-rows-spanned"))
_COLUMN = _name("table", "table-column")
_FORMULA = _name("table", "formula")
_STYLE = _name("table", "style-name")
_TYPE = _name("office", "value-type")
_VALUE = (
    _TYPE, _CALC + "value-type", _name("office", "value"), _name("office", "date-value"), _name("office", "time-value"),
    _name("office", "boolean-value"), _name("office", "string-value"), _name("office", "currency"),
)  # fmt: skip
_P = _name("text", "p")


def with_row(archive: Archive, grid: Grid, row: Mapping[int, Cell], columns: Columns) -> tuple[bytes, bool]:
    """The document with the row below the last one of the grid, and whether it has formulas."""
    sheet = _Sheet(archive, grid)
    sheet.write(row, columns)
    sheet.extend()
    return archive.content(), any(cell.get(_FORMULA) for cell in sheet.document.iter(_CELL))


class _Sheet:
    """The sheet of a grid, its last row, and the row below it."""

    def __init__(self, archive: Archive, grid: Grid) -> None:
        self.grid = grid
        self.where = f"{archive.path}[{grid.sheet}]"
        self.document = archive.changed(_CONTENT)
        sheets = self.document.iterfind(f"{_name('office', 'body')}/{_name('office', 'spreadsheet')}/{_TABLE}")
        self.styles = _Styles(archive, self.document)
        self.table = next(table for table in sheets if table.get(_TABLE_NAME) == grid.sheet)
        self.last = int(grid.rows[-1]) if len(grid.rows) else grid.header_row
        self.target = self.last + 1
        if self.table.get(_name("table", "protected")) == "true":
            raise Stopped(f"{self.where} is protected", "Take the protection off (Tools, Protect Sheet).")
        if self.target > _LAST_ROW:
            raise Stopped(f"{self.where} is full", "Begin a new ledger.")

    def write(self, row: Mapping[int, Cell], columns: Columns) -> None:
        """Every cell of the row in the style of the one above it, the given ones with their values."""
        above = _cells(self._found(self.last)) if len(self.grid.rows) else {}
        line = self._line()
        for place in range(len(self.grid.header)):
            shown = above[place].get(_STYLE) if place in above else None
            if place not in row and shown is None:
                continue
            cell = _single_cell(line, place)
            style = cell.get(_STYLE) or shown
            if place in row:
                self._refuse_obstacles(cell, place)
                style = self._fill(cell, place, row[place], style, columns)
            _set(cell, _STYLE, style)

    def extend(self) -> None:
        """A filter's range that ended at the last row ends at the new one."""
        ranges = self.document.iter(_name("table", "database-range"))
        for each in ranges:
            address = each.get(_name("table", "target-range-address"), "")
            found = _ADDRESS.fullmatch(address)
            if found and _plain_name(found["sheet"]) == self.grid.sheet and int(found["bottom"]) == self.last:
                each.set(_name("table", "target-range-address"), f"{found['head']}{self.target}")

    # -------------------------------------------------------------- rows

    def _found(self, number: int) -> Element:
        """The element of a row, counted from 1; None beyond the last."""
        start = 1
        for row in _rows(self.table):
            if start <= number < start + _times(row, _ROWS_REPEATED):
                return row
            start += _times(row, _ROWS_REPEATED)
        return None

    def _line(self) -> Element:
        """The row's element, standing for itself alone; a new one where the sheet ends before it."""
        start = 1
        for row in _rows(self.table):
            count = _times(row, _ROWS_REPEATED)
            if start <= self.target < start + count:
                return _single(row, _ROWS_REPEATED, self.target - start)
            start += count
        return self._new_line()

    def _new_line(self) -> Element:
        above = self._found(self.last)
        line = etree.Element(_ROW)
        _set(line, _STYLE, above.get(_STYLE) if len(self.grid.rows) else None)
        place = above
        while place.getparent() is not self.table and place.getparent().tag != _name("table", "table-rows"):
            place = place.getparent()
        place.addnext(line)
        return line

    # -------------------------------------------------------------- cells

    def _refuse_obstacles(self, cell: Element, place: int) -> None:
        """What keeps a hand from typing into the cell keeps us."""
        if cell.tag == _COVERED or any(cell.get(span, "1") != "1" for span in _SPANS):
            raise Stopped(f"{self.where}: cells of row {self.target} are merged", "Take them apart, then run it again.")
        if cell.get(_FORMULA):
            header = self.grid.header[place]
            raise Stopped(
                f"{self.where}: there is a formula in row {self.target} below {header}",
                "Clear the cell, then run it again.",
            )

    def _fill(self, element: Element, place: int, cell: Cell, style: str | None, columns: Columns) -> str | None:
        """Gives the element its value; the style that shows it as what it is."""
        for name in _VALUE:
            element.attrib.pop(name, None)
        for child in element.findall(_P):
            element.remove(child)
        if not isinstance(cell, str) and values.keeps_text(self.grid, place):
            cell = values.as_text(cell, columns)
        if isinstance(cell, str):
            element.set(_TYPE, "string")
            element.extend(_paragraph(line) for line in cell.split("\n"))
            return style
        if isinstance(cell, date):
            element.set(_TYPE, "date")
            element.set(_name("office", "date-value"), cell.isoformat())
            element.append(_paragraph(cell.isoformat()))
            return self._style_of_a_day(place, style)
        element.set(_TYPE, "float")
        element.set(_name("office", "value"), values.plain(cell))
        element.append(_paragraph(values.plain(cell)))
        return _DEFAULT if self.styles.shows_days(style or self._style_of_column(place)) else style

    def _style_of_a_day(self, place: int, style: str | None) -> str | None:
        """The style itself where it shows dates, else one like it that shows them as the column's last date does."""
        otherwise = self._style_of_column(place)
        if self.styles.shows_days(style or otherwise):
            return style
        cells = (_cells(row).get(place) for row in reversed(list(_rows(self.table))))
        days = (cell for cell in cells if cell is not None and cell.get(_TYPE) == "date")
        last = next((name for cell in days if self.styles.shows_days(name := cell.get(_STYLE))), None)
        return last if last and not style else self.styles.like(style or otherwise, last)

    def _style_of_column(self, place: int) -> str | None:
        """What cells without a style of their own look like."""
        end = 0
        for column in self.table.iter(_COLUMN):
            end += _times(column, _CELLS_REPEATED)
            if place < end:
                style: str | None = column.get(_name("table", "default-cell-style-name"))
                return style
        return None


# ------------------------------------------------------------------ styles

_STYLE_NAME, _DATA_STYLE = _name("style", "name"), _name("style", "data-style-name")
_PARENT = _name("style", "parent-style-name")
_DEFAULT = "Default"
_ISO = "pastdue-iso"


class _Styles:
    """The document's cell styles, by their names."""

    def __init__(self, archive: Archive, document: Element) -> None:
        self._automatic = document.find(_name("office", "automatic-styles"))
        trees = [tree for tree in (archive.tree("styles.xml"), document) if tree is not None]
        days = {each.get(_STYLE_NAME) for tree in trees for each in tree.iter(_name("datastyle", "date-style"))}
        # A style of the document itself stands before one of the same name in its template.
        self._all = {each.get(_STYLE_NAME): each for tree in trees for each in tree.iter(_name("style", "style"))}
        self._days = days

    def shows_days(self, name: str | None) -> bool:
        """True for a style that shows a number as a date."""
        return self._data_style(name) in self._days

    def like(self, name: str | None, days: str | None) -> str | None:
        """The style with dates shown as in the style `days`, or year first where there is none."""
        if self._automatic is None:
            return name
        new = f"{name or 'pastdue'}-day"
        if new not in self._all:
            there = self._all.get(name)
            is_automatic = there is not None and there.getparent() is self._automatic
            style: Element = copy.deepcopy(there) if is_automatic else etree.Element(_name("style", "style"))
            if not is_automatic:
                style.set(_name("style", "family"), "table-cell")
                style.set(_PARENT, name or _DEFAULT)
            style.set(_STYLE_NAME, new)
            style.set(_DATA_STYLE, self._data_style(days) or self._year_first())
            self._automatic.append(style)
            self._all[new] = style
        return new

    def _data_style(self, name: str | None) -> str | None:
        """How the style shows numbers, its own way or its parent's."""
        for _ in range(10):
            style = self._all.get(name) if name else None
            if style is None:
                return None
            if style.get(_DATA_STYLE):
                return str(style.get(_DATA_STYLE))
            name = style.get(_PARENT)
        return None

    def _year_first(self) -> str:
        if _ISO not in self._days:
            shape = added(self._automatic, _name("datastyle", "date-style"))
            shape.set(_STYLE_NAME, _ISO)
            for part in ("year", "-", "month", "-", "day"):
                if part == "-":
                    added(shape, _name("datastyle", "text"), part)
                else:
                    added(shape, _name("datastyle", part)).set(_name("datastyle", "style"), "long")
            self._days.add(_ISO)
        return _ISO


# ------------------------------------------------------------------ rows and cells, and how often they stand there


def _rows(element: Element) -> Iterator[Element]:
    """The rows of a table, also those that are grouped."""
    for child in element.iterchildren(_ROW, *_GROUPS):
        if child.tag == _ROW:
            yield child
        else:
            yield from _rows(child)


def _cells(row: Element) -> dict[int, Element]:
    """The row's cells by their place; one that is repeated beyond any table counts where it begins and as far as tables reach."""
    found: dict[int, Element] = {}
    place = 0
    for cell in row.iterchildren(_CELL, _COVERED):
        count = _times(cell, _CELLS_REPEATED)
        found.update((each, cell) for each in range(place, min(place + count, _WIDEST)))
        place += count
    return found


_WIDEST = 1024  # columns; a ledger has twenty


def _times(element: Element, attribute: str) -> int:
    return int(element.get(attribute, "1"))


def _single(element: Element, attribute: str, before: int) -> Element:
    """The element after `before` of its repetitions, alone; those before and after it stand beside it."""
    after = _times(element, attribute) - before - 1
    for count, add in ((before, element.addprevious), (after, element.addnext)):
        if count:
            others = copy.deepcopy(element)
            _set_times(others, attribute, count)
            add(others)
    _set_times(element, attribute, 1)
    return element


def _set_times(element: Element, attribute: str, count: int) -> None:
    _set(element, attribute, str(count) if count > 1 else None)


def _set(element: Element, attribute: str, value: str | None) -> None:
    if value is None:
        element.attrib.pop(attribute, None)
    else:
        element.set(attribute, value)


def _single_cell(line: Element, place: int) -> Element:
    """The cell at the place, alone; with blank ones before it where the row ends before it."""
    end = 0
    for cell in line.iterchildren(_CELL, _COVERED):
        count = _times(cell, _CELLS_REPEATED)
        if place < end + count:
            return _single(cell, _CELLS_REPEATED, place - end)
        end += count
    if place > end:
        _set_times(etree.SubElement(line, _CELL), _CELLS_REPEATED, place - end)
    return etree.SubElement(line, _CELL)


# ------------------------------------------------------------------ text

_LOST_SPACES = re.compile(r"(^ +| {2,}| +$)")


def _paragraph(text: str) -> Element:
    """A line of text; the format folds spaces, so those that would be lost have an element of their own."""
    plain, *rest = _LOST_SPACES.split(text)
    paragraph: Element = etree.Element(_P)
    paragraph.text = plain
    for spaces, tail in zip(rest[0::2], rest[1::2], strict=True):
        element = added(paragraph, _name("text", "s"))
        element.set(_name("text", "c"), str(len(spaces)))
        element.tail = tail
    return paragraph


# ------------------------------------------------------------------ addresses

# $activity.$A$1:$activity.$J$13, or with the name in quotes.
_ADDRESS = re.compile(
    r"(?P<head>\$?(?P<sheet>'(?:[^']|'')+'|[^'.]+)\.\$?[A-Z]+\$?[0-9]+:(?:.*\.)?\$?[A-Z]+\$?)(?P<bottom>[0-9]+)"
)


def _plain_name(sheet: str) -> str:
    return sheet[1:-1].replace("''", "'") if sheet.startswith("'") else sheet
