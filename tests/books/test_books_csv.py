"""CSV dialects: what office suites leave is read as exact text, with the line that each row starts on."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pastdue.books import csvfile
from pastdue.books.grid import Grid
from pastdue.books.headers import Names

NAMES = Names("customers", {})
HEADER = "account_id,name,phone\n"


def grid(content: str | bytes) -> Grid:
    content = content.encode() if isinstance(content, str) else content
    read, findings = csvfile.read("accounts/customers.csv", content, NAMES)
    assert read is not None, findings
    return read


def records(content: str | bytes) -> list[tuple[int, ...]]:
    """Each row as its line number and its cells."""
    read = grid(content)
    columns = [column.to_pylist() for column in read.columns]
    return list(zip(read.rows.tolist(), *columns, strict=True))


@pytest.mark.parametrize("text", ["NA", "N/A", "null", "NaN", "0007", "1e5", "1.50", "TRUE", "-", " x ", "=1+1", "@x"])
def test_a_cell_stays_as_it_is_written(text: str) -> None:
    assert records(f"{HEADER}a,{text},b\n") == [(2, "a", text, "b")]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_delimiter_and_line_end_reads_the_same(delimiter: str, line_end: str) -> None:
    lines = ["account_id,name,phone", "a,Ann,1", "b,Bob,2"]
    content = "".join(line.replace(",", delimiter) + line_end for line in lines)
    assert records(content) == [(2, "a", "Ann", "1"), (3, "b", "Bob", "2")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_marked_encoding_reads_the_same(encoding: str) -> None:
    assert records(f"{HEADER}a,Ørsted 東京 🎉,1\n".encode(encoding)) == [(2, "a", "Ørsted 東京 🎉", "1")]


def test_the_delimiter_is_told_from_the_header_alone() -> None:
    assert records("account_id;name\na;Miller, Smith, Jones\n") == [(2, "a", "Miller, Smith, Jones")]


def test_a_sep_line_names_the_delimiter() -> None:
    assert records("sep=|\r\naccount_id|name\r\na|x,y;z\r\n") == [(3, "a", "x,y;z")]
    assert records("sep=;\naccount_id;name\na;b\n") == [(3, "a", "b")]


def test_a_header_below_a_reports_title_is_found_and_rows_count_from_the_top_of_the_file() -> None:
    assert records('"Harbour, Ltd"\nCustomers\n\naccount_id,name\na,Ann\n') == [(5, "a", "Ann")]


def test_a_quoted_line_break_does_not_shift_the_numbers_of_the_rows_below() -> None:
    assert records(f'{HEADER}a,"two\nlines",1\nb,"say ""hi""",2\n\nc,C,3\n') == [
        (2, "a", "two\nlines", "1"),
        (4, "b", 'say "hi"', "2"),
        (6, "c", "C", "3"),
    ]


def test_a_header_cell_may_hold_a_line_break() -> None:
    assert records('account_id,"na\nme"\na,b\n') == [(3, "a", "b")]


def test_short_rows_are_filled_and_blank_rows_left_out() -> None:
    assert records(f"{HEADER}a,Ann\n\n,,\n , ,\nb,Bob,2\n\n") == [(2, "a", "Ann", ""), (6, "b", "Bob", "2")]


def test_blank_cells_beyond_the_header_are_nothing() -> None:
    read = grid(f"{HEADER}a,Ann,1,,,\n")
    assert not read.faults


def test_a_cell_beyond_the_header_is_a_fault_of_its_row() -> None:
    read = grid(f"{HEADER}a,Ann,1\nb,Miller, Inc,2\n")
    assert [fault.rows.tolist() for fault in read.faults] == [[1]]


def test_a_quote_inside_an_unquoted_cell_is_a_quote() -> None:
    assert records(f'{HEADER}a,5" pipe,1\nb,6" pipe,2\n') == [(2, "a", '5" pipe', "1"), (3, "b", '6" pipe', "2")]


def test_quoted_cells_without_line_breaks_are_read_the_fast_way() -> None:
    plain = f'{HEADER}a,"Miller, ""Inc""",1\n'.encode()
    head = csvfile._head(plain, NAMES)
    assert head is not None
    assert csvfile._all_at_once(plain, head) is not None


# Rows as they come from people and programs, sound and broken.
_PIECES = st.sampled_from(['"', '""', ",", "\n", "\r\n", "\r", "a", "é", " ", ";", "0", '","', '"\n'])
_BODIES = st.lists(_PIECES, max_size=30).map("".join)


@given(_BODIES)
def test_the_fast_way_reads_what_the_slow_way_reads_or_declines(body: str) -> None:
    plain = (HEADER + body).encode()
    head = csvfile._head(plain, NAMES)
    assert head is not None
    fast = csvfile._all_at_once(plain, head)
    slow = csvfile._row_by_row("x", plain, head)
    if fast is not None:
        assert isinstance(slow, Grid)
        assert [c.to_pylist() for c in fast.columns] == [c.to_pylist() for c in slow.columns]
        assert fast.rows.tolist() == slow.rows.tolist()
        assert not slow.faults


_CELLS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12)


@given(st.lists(st.tuples(_CELLS, _CELLS, _CELLS), max_size=8), st.sampled_from([",", ";", "\t"]), st.booleans())
def test_what_a_csv_writer_writes_is_read_back(rows: list[tuple[str, str, str]], delimiter: str, quoted: bool) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    writer.writerows([("account_id", "name", "phone"), *rows])
    expected = [row for row in rows if any(cell.strip() for cell in row)]
    assert [record[1:] for record in records(out.getvalue())] == expected


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_raise(content: bytes, has_header: bool) -> None:
    read, findings = csvfile.read("f.csv", HEADER.encode() + content if has_header else content, NAMES)
    assert read is not None or any(finding.stops_run for finding in findings)
    if read is not None:
        assert all(len(column) == len(read.rows) and not column.null_count for column in read.columns)
