"""One line more in a CSV ledger: in the file's own style, and not a byte of what was there is touched."""

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import needs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheet_tools import HEADER, LINE, add, contents, meant, read, refused, saved_by_office

from pastdue.config import Columns

GERMAN = Columns(
    date_format="%d.%m.%Y",
    number_format="1.234,56",
    headers={"on": "Datum", "account_id": "Konto", "kind": "Art", "amount": "Betrag", "note": "Bemerkung"},
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "accounts").mkdir()
    return tmp_path


def put(root: Path, content: bytes | str, name: str = "activity.csv") -> bytes:
    content = content.encode() if isinstance(content, str) else content
    (root / "accounts" / name).write_bytes(content)
    return content


def added(root: Path, before: bytes, columns: Columns | None = None, **cells: object) -> bytes:
    """What stands behind the old bytes after a line was added."""
    add(root, {**LINE, **cells}, columns)  # type: ignore[dict-item]
    after = contents(root)["activity.csv"]
    assert after.startswith(before)
    return after[len(before) :]


def test_where_there_is_no_ledger_one_is_begun(root: Path) -> None:
    place = add(root)
    assert (place.path, place.sheet, place.row) == ("accounts/activity.csv", "", 2)
    assert contents(root) == {
        "activity.csv": b"on,account_id,kind,invoice_id,amount,due,every,count,by,note\n"
        b'2026-03-02,acme,promise,,1420.50,2026-03-09,,,JD,"pays the rest, in May"\n'
    }
    assert read(root) == (meant(2),)


def test_a_new_ledger_has_the_headers_and_formats_that_the_config_declares(root: Path) -> None:
    add(root, columns=GERMAN)
    assert contents(root)["activity.csv"].decode() == (
        "Datum,Konto,Art,invoice_id,Betrag,due,every,count,by,Bemerkung\n"
        '02.03.2026,acme,promise,,"1.420,50",09.03.2026,,,JD,"pays the rest, in May"\n'
    )
    assert read(root, GERMAN) == (meant(2),)


STYLES = {
    "comma": (
        b"on,account_id,kind,amount,due,by,note\n2026-01-02,acme,call,,,JD,\n",
        b'2026-03-02,acme,promise,1420.50,2026-03-09,JD,"pays the rest, in May"\n',
    ),
    "semicolon": (
        b"on;account_id;kind;amount;due;by;note\n2026-01-02;acme;call;;;JD;\n",
        b"2026-03-02;acme;promise;1420.50;2026-03-09;JD;pays the rest, in May\n",
    ),
    "tab": (
        b"on\taccount_id\tkind\tamount\tdue\tby\tnote\n",
        b"2026-03-02\tacme\tpromise\t1420.50\t2026-03-09\tJD\tpays the rest, in May\n",
    ),
    "declared by sep=": (
        b"sep=|\r\non|account_id|kind|amount|due|by|note\r\n",
        b"2026-03-02|acme|promise|1420.50|2026-03-09|JD|pays the rest, in May\r\n",
    ),
    "lines that end in CRLF": (
        b"on,account_id,kind,amount,due,by,note\r\n2026-01-02,acme,call,,,JD,\r\n",
        b'2026-03-02,acme,promise,1420.50,2026-03-09,JD,"pays the rest, in May"\r\n',
    ),
    "lines that end in CR": (
        b"on,account_id,kind,amount,due,by,note\r2026-01-02,acme,call,,,JD,\r",
        b'2026-03-02,acme,promise,1420.50,2026-03-09,JD,"pays the rest, in May"\r',
    ),
    "a last line without an end": (
        b"on;account_id;kind;amount;due;by;note\r\n2026-01-02;acme;call;;;JD;",
        b"\r\n2026-03-02;acme;promise;1420.50;2026-03-09;JD;pays the rest, in May",
    ),
    "a last line without an end below a header of two lines": (
        b'on;"Account\nID";kind;amount;due;by;note\r\n2026-01-02;acme;call;;;JD;x',
        b"\r\n2026-03-02;acme;promise;1420.50;2026-03-09;JD;pays the rest, in May",
    ),
    "a header without an end": (
        b"on;account_id;kind;amount;due;by;note",
        b"\n2026-03-02;acme;promise;1420.50;2026-03-09;JD;pays the rest, in May",
    ),
    "another order, columns of the operator's own": (
        b"note,Colour,kind,due,Account ID,amount,ON,by,Mood\n",
        b'"pays the rest, in May",,promise,2026-03-09,acme,1420.50,2026-03-02,JD,\n',
    ),
    "everything in quotes": (
        b'"on","account_id","kind","amount","due","by","note"\n"2026-01-02","acme","call","","","JD",""\n',
        b'"2026-03-02","acme","promise","1420.50","2026-03-09","JD","pays the rest, in May"\n',
    ),
    "text in quotes": (
        b'"on";"account_id";"kind";"amount";"due";"by";"note";"Mood"\n2026-01-02;"acme";"promise";1.00;2026-02-02;"JD";;\n',
        b'2026-03-02;"acme";"promise";1420.50;2026-03-09;"JD";"pays the rest, in May";\n',
    ),
    "quotes only where they are needed": (
        b'on;account_id;kind;amount;due;by;note\n2026-01-02;acme;promise;1.00;2026-02-02;JD;"a; b"\n',
        b"2026-03-02;acme;promise;1420.50;2026-03-09;JD;pays the rest, in May\n",
    ),
    "a title and blank rows": (
        b"Diary of 2026;;;;;;\n\non;account_id;kind;amount;due;by;note\n2026-01-02;acme;call;;;JD;\n;;;;;;\n",
        b"2026-03-02;acme;promise;1420.50;2026-03-09;JD;pays the rest, in May\n",
    ),
    "line breaks in cells": (
        b'on,account_id,kind,amount,due,by,note\r\n2026-01-02,acme,call,,,JD,"one\ntwo"\r\n',
        b'2026-03-02,acme,promise,1420.50,2026-03-09,JD,"pays the rest, in May"\r\n',
    ),
    "a mark for UTF-8": (
        b"\xef\xbb\xbfon;account_id;kind;amount;due;by;note\n",
        b"2026-03-02;acme;promise;1420.50;2026-03-09;JD;pays the rest, in May\n",
    ),
}


@pytest.mark.parametrize("style", STYLES)
def test_the_line_is_written_as_the_file_is(root: Path, style: str) -> None:
    before, line = STYLES[style]
    put(root, before)
    assert added(root, before) == line
    last = read(root)[-1]
    assert last == meant(last.row)


@pytest.mark.parametrize("name", ["Activity.CSV", "ACTIVITY.csv"])
def test_the_file_is_found_as_the_reader_finds_it(root: Path, name: str) -> None:
    put(root, "on,account_id,kind,amount,due,by,note\n", name)
    assert add(root).path == f"accounts/{name}"
    assert len(read(root)) == 1


def test_the_row_counts_lines_as_an_editor_does(root: Path) -> None:
    put(root, 'sep=;\n\non;account_id;kind;amount;due;by;note\n2026-01-02;acme;call;;;JD;"one\ntwo\n"\n\n')
    assert add(root).place == "accounts/activity.csv:8"
    assert read(root)[-1].row == 8


def test_dates_and_amounts_are_written_in_the_declared_formats(root: Path) -> None:
    before = put(root, "Datum;Konto;Art;Betrag;due;by;Bemerkung\r\n")
    assert added(root, before, GERMAN) == b"02.03.2026;acme;promise;1.420,50;09.03.2026;JD;pays the rest, in May\r\n"
    assert read(root, GERMAN) == (meant(2),)


FORMATS = [
    "1234.56",
    "1234,56",
    "1,234.56",
    "1.234,56",
    "1 234,56",
    "1'234.56",
    "1’234.56",
    "1\N{NARROW NO-BREAK SPACE}234,56",
]


@settings(max_examples=60, deadline=None)
@given(
    date_format=st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%d-%b-%Y", "%b %d, %y", "%Y%m%d"]),
    number_format=st.sampled_from(FORMATS),
    due=st.dates(date(1990, 1, 1), date(2089, 12, 31)),
    minor=st.integers(1, 10**12),
    delimiter=st.sampled_from(",;\t"),
)
def test_every_date_and_amount_comes_back_from_every_format(
    tmp_path_factory: pytest.TempPathFactory,
    date_format: str,
    number_format: str,
    due: date,
    minor: int,
    delimiter: str,
) -> None:
    root, columns = (
        tmp_path_factory.getbasetemp() / "formats",
        Columns(date_format=date_format, number_format=number_format),
    )
    (root / "accounts").mkdir(parents=True, exist_ok=True)
    put(root, delimiter.join(HEADER) + "\n")
    add(root, {**LINE, "due": due, "amount": Decimal(minor).scaleb(-2)}, columns)
    assert read(root, columns) == (meant(2, due=due, amount=minor),)


def test_a_year_that_two_digits_cannot_hold_is_refused(root: Path) -> None:
    columns = Columns(date_format="%d.%m.%y")
    put(root, ",".join(HEADER) + "\n")
    assert "would not read back" in refused(root, {**LINE, "due": date(2095, 1, 1)}, columns)


@pytest.mark.parametrize("columns", [Columns(number_format="1.234.56"), Columns(date_format="%A")])
def test_a_format_that_nobody_can_read_by_is_refused(root: Path, columns: Columns) -> None:
    put(root, ",".join(HEADER) + "\n")
    assert "would not read back" in refused(root, columns=columns)


# ------------------------------------------------------------------ encodings


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_encoding_stays(root: Path, coding: str) -> None:
    before = put(root, "on;account_id;kind;amount;due;by;note\r\n2026-01-02;acme;call;;;Jörg;fällig\r\n".encode(coding))
    line = added(root, before, note="zahlt 5 € später")
    plain = "utf-16-le" if coding == "utf-16" else coding.removesuffix("-sig")
    assert line.decode(plain) == "2026-03-02;acme;promise;1420.50;2026-03-09;JD;zahlt 5 € später\r\n"
    assert read(root)[-1].note == "zahlt 5 € später"


def test_big_endian_utf_16_stays(root: Path) -> None:
    before = put(root, b"\xfe\xff" + "on,account_id,kind,note\n".encode("utf-16-be"))
    add(root, {"on": date(2026, 3, 2), "account_id": "acme", "kind": "note", "note": "łódź"})
    assert contents(root)["activity.csv"][len(before) :].decode("utf-16-be") == "2026-03-02,acme,note,łódź\n"


def test_a_character_that_the_encoding_lacks_is_refused_and_nothing_written(root: Path) -> None:
    put(root, "on;account_id;kind;amount;due;by;note\n2026-01-02;acme;call;;;Jörg;\n".encode("cp1252"))
    message = refused(root, {**LINE, "note": "call Łukasz"})
    assert message == 'accounts/activity.csv is kept in Windows-1252, which has no "Ł" (U+0141)'


# ------------------------------------------------------------------ text that is more than text

FORMULAS = ["=1+1", "+44 20 7946 0018", "-50 agreed", "@SUM(A1)", "\t=1+1", '=HYPERLINK("http://x")', "＝1+1"]


@pytest.mark.parametrize("note", FORMULAS)
@pytest.mark.parametrize("quoted", [True, False])
def test_text_that_looks_like_a_formula_comes_back_as_it_was_and_opens_as_text(
    root: Path, note: str, quoted: bool
) -> None:
    header = '"on","account_id","kind","note"\n' if quoted else "on,account_id,kind,note\n"
    before = put(root, header)
    add(root, {"on": date(2026, 3, 2), "account_id": "acme", "kind": "note", "note": note})
    cell = next(csv.reader(io.StringIO(contents(root)["activity.csv"][len(before) :].decode(), newline="")))[3]
    assert cell == f" {note.strip()}"
    assert read(root)[-1].note == note.strip()


@needs.office
def test_no_text_becomes_a_formula_in_an_office_suite_and_it_survives_being_saved_there(root: Path) -> None:
    for note in FORMULAS:
        add(root, {"on": date(2026, 3, 2), "account_id": "-7", "kind": "note", "note": note})
    saved = saved_by_office(contents(root)["activity.csv"], "csv", "fods", root)
    assert b"table:formula" not in saved
    again = saved_by_office(saved, "fods", "csv", root)
    put(root, again)
    assert [line.note.strip() for line in read(root)] == [note.strip() for note in FORMULAS]


TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n;,\"'=+-@"), min_size=1, max_size=30
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(TEXTS, min_size=1, max_size=4),
    st.sampled_from([b",", b";", b"\t"]),
    st.sampled_from([b"\n", b"\r\n", b""]),
)
def test_what_is_written_reads_back(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], delimiter: bytes, line_end: bytes
) -> None:
    from pastdue.books import csvfile
    from pastdue.books.headers import Names

    root = tmp_path_factory.getbasetemp() / "texts"
    (root / "accounts").mkdir(parents=True, exist_ok=True)
    put(root, delimiter.join([b"on", b"account_id", b"kind", b"note"]) + line_end)
    for text in texts:
        add(root, {"on": date(2026, 3, 2), "account_id": "acme", "kind": "note", "note": text})
    grid, findings = csvfile.read("activity.csv", contents(root)["activity.csv"], Names("activity", {}))
    assert grid is not None
    assert findings == []
    assert [cell.strip(" ") for cell in grid.columns[3].to_pylist()] == [
        text.strip(" ") if text.strip() else "" for text in texts
    ]


@pytest.mark.parametrize(("text", "stands"), [("a\tb", "a b"), ("a\r\nb\rc", "a\nb\nc")])
def test_what_no_hand_can_type_into_a_cell_is_written_as_what_it_means(root: Path, text: str, stands: str) -> None:
    add(root, {**LINE, "note": text})
    row = list(csv.reader(io.StringIO(contents(root)["activity.csv"].decode(), newline="")))[1]
    assert row[-1] == stands


@pytest.mark.parametrize("text", ["a\x00b", "a\x1fb", "\ud800", "\ufffe"])
def test_characters_that_no_spreadsheet_keeps_are_refused(root: Path, text: str) -> None:
    put(root, ",".join(HEADER) + "\n")
    assert "which no spreadsheet keeps" in refused(root, {**LINE, "note": text})


def test_a_text_that_no_cell_can_hold_is_refused(root: Path) -> None:
    assert "longer than a cell can be" in refused(root, {**LINE, "note": "x" * 32_768})


# ------------------------------------------------------------------ what is not there


def test_a_value_without_a_column_names_the_header_to_add(root: Path) -> None:
    put(root, "on,account_id,kind,amount,due\n")
    assert refused(root) == "accounts/activity.csv has no column by and no column note"


def test_a_blank_value_needs_no_column(root: Path) -> None:
    before = put(root, "on,account_id,kind,amount,due\n")
    assert added(root, before, by="", note=" ") == b"2026-03-02,acme,promise,1420.50,2026-03-09\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "accounts/activity.csv: the file is empty"),
        ("2026-01-02,acme,call\n", "accounts/activity.csv:1: the columns on, account_id and kind are missing"),
        ("on,account_id,kind,note,Note\n", "accounts/activity.csv:1: note stands there 2 times"),
        ('on,account_id,kind\n2026-01-02,acme,"call\n', "accounts/activity.csv:2: a quoted cell is never closed"),
        (b"PK\x03\x04", "accounts/activity.csv: this is a spreadsheet, not CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_not_written(root: Path, content: str, said: str) -> None:
    put(root, content)
    assert refused(root).startswith(said)
