"""CSV as office suites leave it: bytes become rows of exact text, each with the line that it starts on."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow as pa

from pastdue.books.grid import HEADER_WITHIN, Fault, Grid, texts
from pastdue.books.headers import Names, stops
from pastdue.findings import Finding, error, shown, warning

_BOM = b"\xef\xbb\xbf"
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_DELIMITERS = (",", ";", "\t")
_SEP_LINE = re.compile(rb"sep=([,;\t|:~^])(?:\r\n|\r|\n)", re.IGNORECASE)
# Far more than twenty lines of header and title ever hold.
_HEAD_BYTES = 65536


def read(file: str, content: bytes, names: Names) -> tuple[Grid | None, list[Finding]]:
    """The rows below the header; None when there is an error about the file as a whole."""
    plain, findings = _as_utf8(file, content)
    if plain is None:
        return None, findings
    head = _head(plain, names)
    if head is None:
        hint = f"Write the header into its first line: {','.join(names_of(names))}."
        return None, [*findings, error(file, "the file is empty", hint)]
    findings += names.judge(head.header, file, "", head.row)
    if stops(findings):
        return None, findings
    grid = _all_at_once(plain, head) or _row_by_row(file, plain, head)
    return (None, [*findings, grid]) if isinstance(grid, Finding) else (grid, findings)


def names_of(names: Names) -> list[str]:
    """The least header that the ledger needs, for a hint."""
    return names.missing([])


# ------------------------------------------------------------------ encodings


def _as_utf8(file: str, content: bytes) -> tuple[bytes | None, list[Finding]]:
    """The text as UTF-8 without a mark in front."""
    if content.startswith(b"PK\x03\x04"):
        return None, [error(file, "this is a spreadsheet, not CSV", "Give the file its own ending: .xlsx or .ods.")]
    if coding := _UTF16.get(content[:2]):
        try:
            content = content[2:].decode(coding).encode()
        except UnicodeError:
            return None, [error(file, "the text is broken: it begins as UTF-16 and is not", _SAVE_AS)]
    content = content.removeprefix(_BOM)
    if (nul := content.find(b"\0")) >= 0:
        return None, [error(file, "the file is damaged: it holds a NUL byte", _SAVE_AS, row=_line_of(content, nul))]
    try:
        if not content.isascii():
            content.decode()
    except UnicodeDecodeError as problem:
        return _from_windows(file, content, _line_of(content, problem.start))
    return content, []


_SAVE_AS = 'Save it again as "CSV UTF-8".'


def _from_windows(file: str, content: bytes, row: int) -> tuple[bytes | None, list[Finding]]:
    """What office suites leave where nobody chose an encoding: Windows-1252."""
    try:
        plain = content.decode("cp1252").encode()
    except UnicodeDecodeError as problem:
        bad = _line_of(content, problem.start)
        return None, [error(file, "the text is neither UTF-8 nor Windows-1252", _SAVE_AS, row=bad)]
    said = "the text is not UTF-8; it is read as Windows-1252: look whether names come out right"
    return plain, [warning(file, said, _SAVE_AS, row=row)]


def _line_of(content: bytes, offset: int) -> int:
    before = content[:offset]
    return 1 + before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")


# ------------------------------------------------------------------ delimiter and header


@dataclass(frozen=True, slots=True)
class _Head:
    header: list[str]
    row: int  # the line on which the header starts
    delimiter: str
    first_line: int  # of the rows below it
    offset: int  # bytes up to there


def _head(plain: bytes, names: Names) -> _Head | None:
    """The row among the first twenty that looks most like the ledger's header, by the delimiter that makes it so."""
    start, delimiters = _declared(plain)
    lines = plain[start : start + _HEAD_BYTES].decode(errors="ignore")
    first = 2 if start else 1
    candidates = [head for delimiter in delimiters for head in _candidates(lines, first, delimiter, start)]
    return max(candidates, key=lambda head: (*names.likeness(head.header), -head.row, len(head.header)), default=None)


def _declared(plain: bytes) -> tuple[int, tuple[str, ...]]:
    """A first line `sep=;` names the delimiter; else it is told from the header."""
    line = _SEP_LINE.match(plain)
    return (line.end(), (line[1].decode(),)) if line else (0, _DELIMITERS)


def _candidates(lines: str, first: int, delimiter: str, start: int) -> Iterator[_Head]:
    source = io.StringIO(lines, newline="")
    used = 0

    def counted() -> Iterator[str]:
        nonlocal used
        for line in source:
            used += len(line.encode())
            yield line

    reader = csv.reader(counted(), delimiter=delimiter)
    line = first
    for cells in islice(reader, HEADER_WITHIN):
        if any(cell.strip() for cell in cells):
            yield _Head([cell.strip() for cell in cells], line, delimiter, first + reader.line_num, start + used)
        line = first + reader.line_num


# ------------------------------------------------------------------ the rows, fast


def _all_at_once(plain: bytes, head: _Head) -> Grid | None:
    """By arrow, where it reads the very same as row by row: one line per row, quotes in order, no row ragged."""
    import pyarrow.csv

    end = len(plain) if plain[-4:].strip() else len(plain.rstrip(b"\r\n"))
    body = memoryview(plain)[head.offset : end]
    if not body or not _one_line_per_row(np.frombuffer(body, np.uint8), ord(head.delimiter)):
        return None
    places = [str(place) for place in range(len(head.header))]
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(pa.py_buffer(body)),
            read_options=pyarrow.csv.ReadOptions(column_names=places),
            parse_options=pyarrow.csv.ParseOptions(delimiter=head.delimiter, ignore_empty_lines=False),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(places, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    rows = np.arange(head.first_line, head.first_line + table.num_rows, dtype=np.int32)
    return _without_blank_rows(head, [_whole(column) for column in table.columns], rows)


def _one_line_per_row(body: np.ndarray, delimiter: int) -> bool:
    """True when no quoted cell holds a line break and every quote opens, closes or is doubled where it should."""
    quotes = np.flatnonzero(body == 0x22)
    if not len(quotes):
        return True
    if len(quotes) % 2:
        return False
    opening, closing = quotes[0::2], quotes[1::2]
    before, after = np.full(len(opening), 0x0A, np.uint8), np.full(len(closing), 0x0A, np.uint8)
    inner = opening > 0
    before[inner] = body[opening[inner] - 1]
    inner = closing < len(body) - 1
    after[inner] = body[closing[inner] + 1]
    border = np.array([delimiter, 0x0A, 0x0D, 0x22], np.uint8)
    doubled = np.zeros(len(opening), bool)
    doubled[1:] = opening[1:] == closing[:-1] + 1
    if not (np.isin(before, border[:3]) | doubled).all() or not np.isin(after, border).all():
        return False
    breaks = np.flatnonzero((body == 0x0A) | (body == 0x0D))
    return bool((np.searchsorted(breaks, opening) == np.searchsorted(breaks, closing)).all())


def _whole(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole


def _without_blank_rows(head: _Head, columns: list[pa.Array], rows: np.ndarray) -> Grid:
    import pyarrow.compute as pc

    blank = np.ones(len(rows), bool)
    for column in columns:
        here = np.flatnonzero(blank)
        if not len(here):
            break
        trimmed = pc.utf8_trim_whitespace(column.take(pa.array(here)) if len(here) < len(rows) else column)
        blank[here] = pc.equal(trimmed, "").to_numpy(zero_copy_only=False)
    if blank.any():
        keep = pa.array(~blank)
        columns, rows = [column.filter(keep) for column in columns], rows[~blank]
    return Grid(head.header, head.row, columns, rows)


# ------------------------------------------------------------------ the rows, one by one


def _row_by_row(file: str, plain: bytes, head: _Head) -> Grid | Finding:
    """With line breaks in cells, ragged rows and blank lines."""
    width = len(head.header)
    lines = io.StringIO(plain[head.offset :].decode(), newline="")  # a line ends at CR, LF or both
    reader = csv.reader(lines, delimiter=head.delimiter, strict=True)
    records: list[list[str]] = []
    rows: list[int] = []
    long: list[int] = []
    beyond: list[str] = []
    line = head.first_line
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                if len(cells) > width and (extra := next((c for c in cells[width:] if c.strip()), "")):
                    long.append(len(records))
                    beyond.append(shown(extra))
                records.append(cells[:width] + [""] * (width - len(cells)))
                rows.append(line)
            line = head.first_line + reader.line_num
    except csv.Error as problem:
        return _broken(file, str(problem), line)
    columns = [texts(column) for column in zip(*records, strict=True)] if records else [texts([])] * width
    fault = Fault(
        -1,
        np.array(long, np.int64),
        f"{{place}} stands beyond the last of the {width} columns",
        f'Put a cell that holds {_named(head.delimiter)} between quotes: "Miller, Inc".',
        beyond,
    )
    return Grid(head.header, head.row, columns, np.array(rows, np.int32), faults=(fault,) if long else ())


def _named(delimiter: str) -> str:
    return {",": "a comma", ";": "a semicolon", "\t": "a tab"}.get(delimiter, shown(delimiter))


def _broken(file: str, problem: str, line: int) -> Finding:
    if "expected after" in problem:
        hint = 'Write a quote inside a quoted cell twice: "the ""Old Mill"" inn".'
        return error(file, "text follows a closing quote", hint, row=line)
    if "limit" in problem:
        hint = "Is there a quote that is never closed?"
        return error(file, f"a cell is longer than {csv.field_size_limit():,} characters", hint, row=line)
    return error(file, "a quoted cell is never closed", 'Close it with ", or delete the " that opens it.', row=line)
