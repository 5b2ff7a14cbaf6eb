"""What may stand in a cell, and how the operator writes dates and amounts."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from pastdue.books import cells as books
from pastdue.books.grid import Grid
from pastdue.config import Columns
from pastdue.delivery import Stopped
from pastdue.findings import shown

Cell = str | int | Decimal | date  # text, a count, an amount in major units, a day

# What XML cannot hold, and with it no XLSX and no ODS; nobody types these into a CSV either.
_UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST = 32_767  # characters in a cell; with more of them Excel calls the file damaged
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def sound(cells: Mapping[str, Cell]) -> dict[str, Cell]:
    """The cells that are not blank; line breaks in them as office suites write them, and no tabs, which nobody can type there."""
    given: dict[str, Cell] = {}
    for column, cell in cells.items():
        if not isinstance(cell, str):
            given[column] = cell
            continue
        if odd := _UNWRITABLE.search(cell):
            raise Stopped(
                f"{column}: {shown(cell)} holds U+{ord(odd[0]):04X}, which no spreadsheet keeps", "Leave it out."
            )
        if len(cell) > _LONGEST:
            raise Stopped(f"{column}: the text is longer than a cell can be: {_LONGEST:,} characters", "Shorten it.")
        if cell.strip():
            given[column] = re.sub(r"\r\n?", "\n", cell).replace("\t", " ")
    return given


def as_text(cell: Cell, columns: Columns) -> str:
    """The cell as the operator writes it, in the formats that config.toml declares."""
    if isinstance(cell, date):
        return _day(cell, columns.date_format)
    if isinstance(cell, Decimal):
        return _amount(cell, columns.number_format)
    return str(cell)


def _day(day: date, date_format: str) -> str:
    parts = {
        "%d": f"{day.day:02}",
        "%m": f"{day.month:02}",
        "%b": _MONTHS[day.month - 1],
        "%Y": f"{day.year:04}",
        "%y": f"{day.year % 100:02}",
    }
    return re.sub("%.", lambda part: parts.get(part[0], part[0]), date_format)


def _amount(amount: Decimal, number_format: str) -> str:
    """By the example of 1.234,56: the sign between thousands, where it has one, and the decimal point."""
    group, point = number_format[1:-6], number_format[-3]
    whole, _, part = f"{abs(amount):,f}".partition(".")
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole.replace(',', group)}{point if part else ''}{part}"


def plain(number: int | Decimal) -> str:
    """Digits and a point, as XML has numbers."""
    return f"{number:f}" if isinstance(number, Decimal) else str(number)


def keeps_text(grid: Grid, place: int) -> bool:
    """True when the operator's last date or figure in the column is text: then another one is too, in their format."""
    filled = [i for i, text in enumerate(grid.columns[place].to_pylist()) if text.strip()]
    native = grid.native.get(place)
    return bool(filled) and (native is None or not native[filled[-1]])


def is_meant(text: str, cell: Cell | None, native: bool, columns: Columns) -> bool:
    """True when the reader's text of a cell is what was given; `native`: the file holds a true number or date.

    Spaces around a text mean nothing to the reader.
    """
    if cell is None:
        return not text.strip()
    if isinstance(cell, str):
        return not native and text.strip(" ") == cell.strip(" ")
    if isinstance(cell, date):
        return books.day(text, books.ISO if native else columns.date_format) == cell.toordinal()
    if not native and isinstance(cell, int):
        return text == str(cell)
    return _number(text, books.PLAIN if native else columns.number_format) == cell


def _number(text: str, number_format: str) -> Decimal | None:
    """An amount as the reader takes it in this format; None when it would not."""
    form = books.NumberFormat.of(number_format)
    if form is None or not re.fullmatch(form.pattern.removesuffix(r"\z"), text):
        return None
    digits = re.sub(form.group, "", text) if form.grouping else text
    return Decimal(digits.replace(form.point, "."))
