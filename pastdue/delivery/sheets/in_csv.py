"""A row at the end of a CSV file, in its delimiter, encoding, line ends and quoting; what stands there stays byte for byte.

Text that a spreadsheet would take for a formula gets a space in front of it. An apostrophe, as is often advised, would be part
of the text for every other reader, and Excel drops it when it saves; a space turns the formula into text in Excel and
LibreOffice alike, stays when they save, and our reader takes spaces around a text for nothing: what was given comes back
exactly, and nobody's note is worked out on the operator's machine.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pastdue.books.grid import Grid
from pastdue.config import Columns
from pastdue.delivery import Stopped
from pastdue.delivery.sheets import values
from pastdue.delivery.sheets.values import Cell
from pastdue.findings import shown

_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_BREAK = re.compile(r"\r\n|\r|\n")
_SEP_LINE = re.compile(r"sep=([,;\t|:~^])(?:\r\n|\r|\n)", re.IGNORECASE)
_DELIMITERS = (",", ";", "\t")
# Also in full width, which Excel takes for the same in East Asian settings.
_BEGINS_FORMULA = tuple("=+-@\n＝＋－＠")


def header(names: Sequence[str]) -> bytes:
    """The one line of a new file."""
    return (",".join(_quoted(name, ",") for name in names) + "\n").encode()


def with_row(path: str, content: bytes, grid: Grid, row: Mapping[int, Cell], columns: Columns) -> bytes:
    """The file's bytes and the row behind them."""
    mark, coding = _coding(content)
    text = content[len(mark) :].decode(coding)
    habits = _Habits.of(text, grid)
    line = habits.delimiter.join(habits.written(place, row.get(place), columns) for place in range(len(grid.header)))
    # A file whose last line has no end keeps it so.
    added = line + habits.line_end if text.endswith(("\r", "\n")) else habits.line_end + line
    try:
        return content + added.encode(coding)
    except UnicodeEncodeError as problem:
        character = added[problem.start]
        message = f"{path} is kept in Windows-1252, which has no {shown(character)} (U+{ord(character):04X})"
        raise Stopped(message, 'Save the file as "CSV UTF-8" first, or write the line without it.') from problem


def _coding(content: bytes) -> tuple[bytes, str]:
    """The mark in front and the encoding, told as the reader does."""
    for mark, coding in _MARKS.items():
        if content.startswith(mark):
            return mark, coding
    try:
        content.decode()
    except UnicodeDecodeError:
        return b"", "cp1252"
    return b"", "utf-8"


def _quoted(text: str, delimiter: str, always: bool = False) -> str:
    if always or any(sign in text for sign in (delimiter, '"', "\r", "\n")):
        return '"' + text.replace('"', '""') + '"'
    return text


@dataclass(slots=True)
class _Habits:
    """How the file is written: each cell is quoted as the last one of its column was that had no need of it."""

    delimiter: str
    line_end: str = ""
    quotes_column: dict[int, bool] = field(default_factory=dict)
    quotes_header: list[bool] = field(default_factory=list)
    quotes_blank: bool = False

    @classmethod
    def of(cls, text: str, grid: Grid) -> "_Habits":
        start = _start_of_line(text, grid.header_row)
        habits = cls(_delimiter(text, start, grid.header))
        end = rf"{re.escape(habits.delimiter)}|\r\n|\r|\n|\Z"
        cell = re.compile(rf'("(?:[^"]|"")*"|[^{re.escape(habits.delimiter)}\r\n]*)({end})')
        place, in_header = 0, True
        for found in cell.finditer(text, start):
            if found.start() == len(text):
                break
            habits._notice(found[1], place, in_header)
            place += 1
            if found[2] != habits.delimiter:
                habits.line_end = found[2] or habits.line_end
                place, in_header = 0, False
        if not habits.line_end:
            above = _BREAK.search(text)
            habits.line_end = above[0] if above else "\n"
        return habits

    def _notice(self, raw: str, place: int, in_header: bool) -> None:
        is_quoted = raw.startswith('"')
        inner = raw[1:-1] if is_quoted else raw
        if in_header:
            self.quotes_header.append(is_quoted)
        elif not inner:
            self.quotes_blank = is_quoted
        elif _quoted(inner, self.delimiter) == inner:
            self.quotes_column[place] = is_quoted

    def written(self, place: int, cell: Cell | None, columns: Columns) -> str:
        if cell is None:
            return '""' if self.quotes_blank else ""
        text = values.as_text(cell, columns)
        is_text = isinstance(cell, str)
        if is_text and text.startswith(_BEGINS_FORMULA):
            text = f" {text}"
        # In a column that has been blank so far, text goes by its header and figures by blank cells.
        otherwise = self.quotes_header[place] if is_text else self.quotes_blank
        return _quoted(text, self.delimiter, always=self.quotes_column.get(place, otherwise))


def _start_of_line(text: str, line: int) -> int:
    """Where a line starts, counted from 1; a line ends at CR, LF or both, as the reader counts."""
    start = 0
    for _ in range(line - 1):
        end = _BREAK.search(text, start)
        start = end.end() if end else len(text)
    return start


def _delimiter(text: str, start: int, header: Sequence[str]) -> str:
    """The one by which the reader saw this header."""
    declared = _SEP_LINE.match(text)
    if declared:
        return declared[1]
    for delimiter in _DELIMITERS:
        cells = next(csv.reader(io.StringIO(text[start:], newline=""), delimiter=delimiter))
        if [cell.strip() for cell in cells] == list(header):
            return delimiter
    raise AssertionError("the reader knows no other delimiter")
