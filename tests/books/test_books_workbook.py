"""Spreadsheets: values as their program means them, and nothing that cannot be trusted taken for a value."""

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odf import opendocument, table, text
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from pastdue.books import ledger
from pastdue.books.grid import Grid
from pastdue.books.headers import Names
from pastdue.books.tables import RawFile
from pastdue.books.workbook import open_workbook
from pastdue.config import Config
from pastdue.findings import Finding

NAMES = Names("invoices", {})
HEADER = ("invoice_id", "account_id", "due", "amount")
Cells = Sequence[Sequence[Any]]
# A spreadsheet knows no time zone.
MIDNIGHT = datetime.fromisoformat("2026-01-31T00:00")
AFTERNOON = datetime.fromisoformat("2026-01-31T13:45")


def xlsx(rows: Cells, name: str = "Sheet1", change: Callable[[Workbook], None] | None = None) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = name
    for row in rows:
        sheet.append(list(row))
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _ods_cell(value: Any) -> table.TableCell:
    if isinstance(value, bool):
        return table.TableCell(valuetype="boolean", booleanvalue=str(value).lower())
    if isinstance(value, date):
        return table.TableCell(valuetype="date", datevalue=value.isoformat())
    if isinstance(value, int | float):
        return table.TableCell(valuetype="float", value=repr(value))
    if value is None:
        return table.TableCell()
    if str(value).startswith("="):
        return table.TableCell(formula=f"of:{value}")
    cell = table.TableCell(valuetype="string")
    for line in str(value).split("\n"):
        paragraph = text.P()
        for i, piece in enumerate(line.split(" ")):
            if i:
                paragraph.addElement(text.S())
            paragraph.addText(piece)
        cell.addElement(paragraph)
    return cell


def ods(rows: Cells, name: str = "Sheet1", repeat: Sequence[tuple[int, int]] = ()) -> bytes:
    """`repeat` gives, for some of the rows, how often the row and its first cell are repeated."""
    document = opendocument.OpenDocumentSpreadsheet()
    sheet = table.Table(name=name)
    for number, row in enumerate(rows):
        times = repeat[number] if number < len(repeat) else (1, 1)
        line = table.TableRow(numberrowsrepeated=times[0])
        for place, value in enumerate(row):
            cell = _ods_cell(value)
            if place == 0 and times[1] > 1:
                cell.setAttribute("numbercolumnsrepeated", times[1])
            line.addElement(cell)
        sheet.addElement(line)
    document.spreadsheet.addElement(sheet)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


WRITERS = pytest.mark.parametrize("write", [xlsx, ods])


def opened(content: bytes) -> tuple[Grid | None, list[Finding]]:
    book, findings = open_workbook("accounts/invoices.xlsx", content)
    return (None, findings) if book is None else book.grid(book.first, NAMES)


def grid(content: bytes) -> Grid:
    read, findings = opened(content)
    assert read is not None, findings
    return read


def column(content: bytes, place: int) -> list[str]:
    return grid(content).columns[place].to_pylist()  # type: ignore[no-any-return]


def refused(content: bytes) -> str:
    read, findings = opened(content)
    assert read is None
    (finding,) = findings
    assert finding.stops_run
    return finding.message


# ------------------------------------------------------------------ values


@WRITERS
@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1234.5, "1234.5"),
        (7.0, "7"),
        (0.1 + 0.2, "0.3"),
        (-0.01, "-0.01"),
        (9999999999.99, "9999999999.99"),
        (0.0, "0"),
        (1e-7, "0.0000001"),
        (100 / 3, "33.3333333333333"),
    ],
)
def test_a_number_is_read_as_its_program_shows_it(write: Callable[[Cells], bytes], number: float, text: str) -> None:
    assert column(write([HEADER, ("i", "a", None, number)]), 3) == [text]


@WRITERS
@pytest.mark.parametrize("text", ["0007", "1e5", "NA", "2026-01-31", "1.234,50", "TRUE", "two\nlines", " x"])
def test_a_text_cell_stays_as_it_is_written(write: Callable[[Cells], bytes], text: str) -> None:
    assert column(write([HEADER, (text, "a", None, 1)]), 0) == [text]


@WRITERS
@pytest.mark.parametrize("day", [date(2026, 1, 31), MIDNIGHT, AFTERNOON])
def test_a_true_date_is_read_as_its_day(write: Callable[[Cells], bytes], day: date) -> None:
    read = grid(write([HEADER, ("i", "a", day, 1)]))
    assert read.columns[2].to_pylist() == ["2026-01-31"]
    assert read.native[2].tolist() == [True]


def test_dates_counted_from_1904_are_read_as_what_they_are() -> None:
    def from_1904(book: Workbook) -> None:
        book.epoch = CALENDAR_MAC_1904

    assert column(xlsx([HEADER, ("i", "a", date(2026, 1, 31), 1)], change=from_1904), 2) == ["2026-01-31"]


@WRITERS
def test_blank_rows_around_the_table_are_nothing_and_rows_keep_their_numbers(write: Callable[[Cells], bytes]) -> None:
    blank = (None, None, None, None)
    read = grid(write([("Report",), blank, HEADER, blank, ("i", "a", None, 1), blank, ("j", "a", None, 2), blank]))
    assert read.header_row == 3
    assert read.rows.tolist() == [5, 7]


def test_merged_cells_hold_their_value_once() -> None:
    def merge(book: Workbook) -> None:
        book.worksheets[0].merge_cells("A2:A3")

    rows = [HEADER, ("i", "a", None, 1), (None, "b", None, 2)]
    assert column(xlsx(rows, change=merge), 0) == ["i", ""]


# ------------------------------------------------------------------ what is no value


@WRITERS
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("=A1*2", "the formula in D2 has no result yet"),
        (True, "D2 holds a yes/no value"),
        (12345678901234567890.0, "D2 holds a number of more than 15 digits; a spreadsheet loses the rest"),
    ],
)
def test_a_cell_that_cannot_be_trusted_is_named(write: Callable[[Cells], bytes], value: object, said: str) -> None:
    (fault,) = grid(write([HEADER, ("i", "a", None, value)])).faults
    assert (fault.column, fault.rows.tolist(), fault.message_of(0)) == (3, [0], said)


def test_a_formula_with_a_result_is_its_result() -> None:
    cell = '<c r="D2"><f>1+1</f><v>2</v></c>'
    content = with_cells(xlsx([HEADER, ("i", "a", None, 1)]), cell)
    assert column(content, 3) == ["2"]
    assert not grid(content).faults


def test_a_formula_of_ods_whose_result_is_the_empty_text_is_blank() -> None:
    cell = b'<table:table-cell table:formula="of:=A1"><text:p/></table:table-cell>'
    content = changed(
        ods([HEADER, ("i", "a", None, "=A1")]),
        "content.xml",
        lambda xml: re.sub(rb"<table:table-cell [^>]*formula[^>]*(/>|></table:table-cell>)", cell, xml),
    )
    assert column(content, 3) == [""]
    assert not grid(content).faults


def test_a_formula_whose_result_is_the_empty_text_is_blank() -> None:
    content = with_cells(xlsx([HEADER, ("i", "a", None, 1)]), '<c r="D2" t="str"><f>""</f><v></v></c>')
    assert column(content, 3) == [""]
    assert not grid(content).faults


@pytest.mark.parametrize("quote", ['"', "'"])
def test_an_error_value_of_xlsx_is_named(quote: str) -> None:
    cell = '<c r="D2" t="e"><v>#REF!</v></c>'.replace('"', quote)
    (fault,) = grid(with_cells(xlsx([HEADER, ("i", "a", None, 1)]), cell)).faults
    assert fault.message_of(0) == '"#REF!" in D2 is an error of the spreadsheet'


def test_an_error_value_of_ods_is_named() -> None:
    namespace = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
    content = changed(
        ods([HEADER, ("i", "a", None, "Err:502")]),
        "content.xml",
        lambda xml: xml.replace(
            b'office:value-type="string"><text:p>Err:502',
            f'office:value-type="string" xmlns:c="{namespace}" c:value-type="error"><text:p>Err:502'.encode(),
        ),
    )
    (fault,) = grid(content).faults
    assert fault.message_of(0) == '"Err:502" in D2 is an error of the spreadsheet'


def test_a_row_of_nothing_but_a_formula_without_a_result_is_not_a_blank_row() -> None:
    assert grid(xlsx([HEADER, (None, None, None, "=1+1")])).rows.tolist() == [2]


# ------------------------------------------------------------------ files that are broken, or meant to break us


def changed(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one part of its archive rewritten."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return out.getvalue()


def with_cells(content: bytes, cells: str) -> bytes:
    """The workbook with these cells at the end of row 2 of its first sheet, instead of D2."""

    def change(xml: bytes) -> bytes:
        start = xml.index(b'<c r="D2"')
        return xml[:start] + cells.encode() + xml[xml.index(b"</c>", start) + 4 :]

    return changed(content, SHEET, change)


SHEET = "xl/worksheets/sheet1.xml"
SOUND = xlsx([HEADER, ("i", "a", None, 1)])
SOUND_ODS = ods([HEADER, ("i", "a", None, 1)])


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"account_id,name\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old", SOUND[:500]]
)
def test_what_is_no_spreadsheet_is_refused(content: bytes) -> None:
    assert refused(content) in {
        "the file is damaged, or not a spreadsheet",
        "this is an old Excel file, whatever its name says",
    }


def test_a_password_is_told_from_damage() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    assert refused(ole) == "the file is protected by a password"
    locked = changed(SOUND_ODS, "META-INF/manifest.xml", lambda xml: xml + b"<manifest:encryption-data/>")
    assert refused(locked) == "the file is protected by a password"


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="D99999999"><v>1</v></c>',
        '<c r="XFD1048576"><v>1</v></c>',
        "<c r='XFD1048576'><v>1</v></c>",
        '<c r = "xfd1048576"><v>1</v></c>',
    ],
)
def test_a_stray_cell_at_the_far_end_is_refused_before_memory_is_given_to_it(cell: str) -> None:
    assert refused(with_cells(SOUND, cell)).startswith("the sheet reaches to row")


@pytest.mark.parametrize("cell", ['<c r="XFD2" s="0"/>', '<c r="ABC2" s="0"></c>'])
def test_a_blank_cell_at_the_far_end_is_nothing(cell: str) -> None:
    content = with_cells(SOUND, '<c r="D2"><v>1</v></c>' + cell)
    content = changed(
        content, SHEET, lambda xml: xml.replace(b"</sheetData>", b'<row r="1048576" ht="15"/></sheetData>')
    )
    assert grid(content).rows.tolist() == [2]


def test_cells_that_do_not_say_where_they_stand_are_counted() -> None:
    far = b'<row r="99999999"><c><v>1</v></c></row></sheetData>'
    assert refused(changed(SOUND, SHEET, lambda xml: xml.replace(b"</sheetData>", far))).startswith("the sheet reaches")


def test_a_cell_repeated_a_million_times_is_refused_before_memory_is_given_to_it() -> None:
    bomb = ods([HEADER, ("i", "a", None, 1)], repeat=[(1, 1), (1_000_000, 16_000)])
    assert refused(bomb) == "the sheet reaches to row 1,000,001 and column WQM"


@pytest.mark.parametrize("times", ["99999999999999999999", "+99999999"])
def test_no_spelling_of_a_repetition_slips_through(times: str) -> None:
    content = changed(
        ods([HEADER, ("i", "a", None, 1)], repeat=[(1, 1), (77, 1)]),
        "content.xml",
        lambda xml: xml.replace(b'repeated="77"', f'repeated="{times}"'.encode()),
    )
    assert refused(content).startswith("the sheet reaches to row")


def test_a_prefix_that_stands_for_something_else_is_refused() -> None:
    content = changed(
        SOUND_ODS, "content.xml", lambda xml: xml.replace(b"urn:oasis:names:tc:opendocument:xmlns:table:1.0", b"urn:x")
    )
    assert refused(content) == "the file is damaged, or not a spreadsheet"


def test_blank_cells_repeated_to_the_end_of_the_sheet_are_nothing() -> None:
    rows = [HEADER, ("i", "a", None, 1), (None,)]
    assert grid(ods(rows, repeat=[(1, 1), (1, 1), (1_048_574, 16_384)])).rows.tolist() == [2]


def test_a_part_that_is_larger_than_it_says_is_refused() -> None:
    content = bytearray(SOUND)
    at = content.index(b"PK\x01\x02")
    while at >= 0:
        content[at + 24 : at + 28] = (1).to_bytes(4, "little")
        at = content.find(b"PK\x01\x02", at + 1)
    assert refused(bytes(content)) == "the file is damaged, or not a spreadsheet"


def test_entities_are_not_expanded() -> None:
    def bomb(xml: bytes) -> bytes:
        return b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + xml.replace(b"INV", b"&b;")

    read, _ = opened(changed(SOUND_ODS, "content.xml", lambda xml: bomb(xml[xml.index(b"?>") + 2 :])))
    assert read is None or "aaaa" not in str(read.columns)


@given(st.data(), st.sampled_from([SOUND, SOUND_ODS]))
def test_no_bytes_raise(data: st.DataObject, sound: bytes) -> None:
    content = bytearray(sound)
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    read, findings = opened(bytes(content))
    assert read is not None or any(finding.stops_run for finding in findings)


_XML = st.sampled_from(
    [
        *('<c r="E2">', "</c>", "<v>", "</v>", "1", "<f>", "</f>", ' t="e"', "<row>", "</row>", "&#0;", "<!--", 'r="'),
        *('<c r="D2" s="1"><v>1e308</v></c>', '<c t="s"><v>99</v></c>', '<c r="E2" t="d"><v>x</v></c>', "<c/>", "NaN"),
    ]
)


@given(st.lists(_XML, max_size=8).map("".join))
def test_no_xml_raises(cells: str) -> None:
    read, findings = opened(with_cells(SOUND, cells))
    assert read is not None or any(finding.stops_run for finding in findings)


# ------------------------------------------------------------------ what the operator reads


SAID_OF_A_SPREADSHEET = """
accounts/books.xlsx[notices]: error: the notices ledger is CSV, not a sheet
    The tool writes accounts/notices.csv; bring that file back from version control.
accounts/books.xlsx[activity]: error: the sheet is empty
    Write the header into its first row: on, account_id, kind.
accounts/books.xlsx[Payment]: error: this sheet is not read, and there is no payments ledger
    Call it payments if it is that ledger, or move it elsewhere.
accounts/books.xlsx[Old invoices]: warning: this sheet is not a ledger and not read
    The ledgers are customers, invoices, payments, activity, or sheets of those names in one workbook called books.
accounts/books.xlsx[Invoices]:4: error: account_id: B4 holds a yes/no value
    Format the cell as text and type it again.
accounts/books.xlsx[Invoices]:2: error: amount: the formula in D2 has no result yet
    Open the file in your spreadsheet program, save it, and run again.
accounts/books.xlsx[Invoices]:7: error: currency: "#REF!" in E7 is an error of the spreadsheet
    Mend its formula.
accounts/books.xlsx[Invoices]:5: error: invoice_id: A5 holds a number of more than 15 digits; a spreadsheet loses the rest
    Format the cell as text and type it again.
accounts/books.xlsx[Invoices]:3: error: due: "46053" is not a date
    Write dates as 2025-02-28. This one is a number: format the cell as a date.
accounts/books.xlsx[Invoices]:6: error: due: "1950-12-31" is not a date
    Write dates as 2025-02-28. It lies outside the years 1990 to 2100.
"""


def test_every_message_about_a_spreadsheet_names_sheet_row_and_cell(config: Config) -> None:
    def more(book: Workbook) -> None:
        for name, rows in {
            "Invoices": [
                (*HEADER, "currency"),
                ("i1", "a", date(2026, 1, 31), "=1+1"),
                ("i2", "a", 46053, 1),
                ("i3", True, date(2026, 1, 31), 1),
                (12345678901234567890, "a", date(2026, 1, 31), 1),
                ("i5", "a", date(1950, 12, 31), 1),
                ("i6", "a", date(2026, 1, 31), 1, "#REF!"),
            ],
            "Payment": [("received", "account_id", "amount")],
            "notices": [],
            "activity": [],
            "Old invoices": [],
            "Notes to self": [],
        }.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(list(row))

    content = xlsx([("account_id", "name"), ("a", "A")], "Customers", more)
    _, findings = ledger.read([RawFile("accounts/books.xlsx", content)], config)
    assert "\n".join(map(str, findings)) == SAID_OF_A_SPREADSHEET.strip()
    assert [finding.account_id for finding in findings][4:] == ["", "a", "a", "a", "a", "a"]


def test_a_spreadsheet_that_is_no_ledger_is_not_opened(config: Config) -> None:
    _, findings = ledger.read([RawFile("accounts/prices.xlsx", b"whatever")], config)
    assert findings[0].message == "this file is not a ledger and not read"


def test_the_first_sheet_that_is_not_hidden_is_the_ledger(config: Config) -> None:
    def hide(book: Workbook) -> None:
        book.worksheets[0].sheet_state = "hidden"
        for row in CUSTOMERS:
            book.create_sheet("Seen") if "Seen" not in book else None
            book["Seen"].append(list(row))

    files = [RawFile("accounts/customers.xlsx", xlsx([("lists",)], change=hide))]
    books, _ = ledger.read(files, config)
    assert list(books.customers) == ["0007"]


def test_two_sheets_of_one_name_are_refused() -> None:
    def copy(xml: bytes) -> bytes:
        sheet = xml[xml.index(b"<table:table ") : xml.index(b"</table:table>") + len(b"</table:table>")]
        return xml.replace(sheet, sheet + sheet)

    assert refused(changed(SOUND_ODS, "content.xml", copy)) == "two sheets have the same name"


@pytest.mark.parametrize("number", ["x", "-1", "1.5", ""])
def test_a_repetition_that_is_no_number_is_damage(number: str) -> None:
    rows = ods([HEADER, ("i", "a", None, 1)], repeat=[(1, 1), (77, 1)])
    wrong = changed(rows, "content.xml", lambda xml: xml.replace(b'"77"', f'"{number}"'.encode()))
    assert refused(wrong) == "the file is damaged, or not a spreadsheet"


@pytest.mark.parametrize("reference", ["ABCD1", "D", "2D", "D-1", ""])
def test_a_cell_that_says_that_it_stands_nowhere_is_damage(reference: str) -> None:
    cell = f'<c r="{reference}"><f>1</f><v>1</v></c>'
    assert refused(with_cells(SOUND, cell)) == "the file is damaged, or not a spreadsheet"


def test_a_workbook_whose_sheet_is_missing_is_damage() -> None:
    gone = changed(
        SOUND, "xl/_rels/workbook.xml.rels", lambda xml: xml.replace(b"worksheets/sheet1", b"worksheets/sheet9")
    )
    assert refused(gone) == "the file is damaged, or not a spreadsheet"


def test_a_file_that_unpacks_to_more_than_memory_is_refused() -> None:
    content = bytearray(SOUND)
    at = content.index(b"PK\x01\x02")
    content[at + 24 : at + 28] = (2**31).to_bytes(4, "little")
    assert refused(bytes(content)) == "the file is too large for a spreadsheet"


# ------------------------------------------------------------------ one table, three files

CUSTOMERS = [("account_id", "name", "terms_days", "address"), ("0007", "Ørsted 東京", 30, "1 High St\nLeeds")]
INVOICES = [
    ("Invoice-ID", "ACCOUNT ID", "issued", "due", "amount", "description"),
    ("INV-1", "0007", date(2026, 1, 1), None, 1234.5, "NA"),
    ("INV-2", "0007", None, date(2026, 2, 28), -0.1, "a, b; c"),
    (None, None, None, None, None, None),
    ("3", "0007", date(2026, 1, 1), date(2026, 2, 28), 0.1 + 0.2, 'say "hi"'),
]


def as_csv(rows: Cells) -> bytes:
    def cell(value: Any) -> str:
        plain = "" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)
        return '"' + plain.replace('"', '""') + '"'

    return "".join(",".join(map(cell, row)) + "\r\n" for row in rows).encode()


def test_the_same_tables_read_the_same_as_csv_xlsx_and_ods(config: Config) -> None:
    def books(ending: str, write: Callable[[Cells], bytes]) -> Any:
        files = [("customers", CUSTOMERS), ("invoices", INVOICES)]
        return ledger.read([RawFile(f"accounts/{name}.{ending}", write(rows)) for name, rows in files], config)

    by_csv, said = books("csv", as_csv)
    assert said == []
    assert len(by_csv.invoices) == 3
    for ending, write in (("xlsx", xlsx), ("ods", ods)):
        other, said = books(ending, write)
        assert said == []
        assert other.invoices.equals(by_csv.invoices)
        assert [str(c) for c in other.customers.values()] == [
            str(c).replace("row=3", "row=2") for c in by_csv.customers.values()
        ]


@pytest.mark.parametrize("ending", ["xlsx", "ods"])
def test_one_workbook_may_hold_all_ledgers_each_in_a_sheet_of_its_name(ending: str, config: Config) -> None:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(xlsx(CUSTOMERS, "Customers")))
    sheet = book.create_sheet("INVOICES")
    for row in INVOICES:
        sheet.append(list(row))
    book.create_sheet("Notes to self")
    out = io.BytesIO()
    book.save(out)
    content = out.getvalue() if ending == "xlsx" else _two_sheets()
    read, findings = ledger.read([RawFile(f"accounts/books.{ending}", content)], config)
    assert findings == []
    assert read.invoices["invoice_id"].tolist() == ["INV-1", "INV-2", "3"]


def _two_sheets() -> bytes:
    """Both sheets in one ODS: the second file's table moved into the first."""

    def table_of(content: bytes) -> bytes:
        xml = zipfile.ZipFile(io.BytesIO(content)).read("content.xml")
        return xml[xml.index(b"<table:table ") : xml.index(b"</table:table>") + len(b"</table:table>")]

    second = table_of(ods(INVOICES, "INVOICES"))
    return changed(
        ods(CUSTOMERS, "Customers"),
        "content.xml",
        lambda xml: xml.replace(b"</table:table>", b"</table:table>" + second, 1),
    )
