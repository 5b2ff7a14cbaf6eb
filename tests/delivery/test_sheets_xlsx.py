"""One row more in an XLSX ledger: set into the sheet's own XML, every other part of the workbook byte for byte as it was."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import needs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table
from sheet_tools import (
    HEADER,
    LINE,
    add,
    changed_parts,
    contents,
    meant,
    parts,
    read,
    refused,
    rows_of,
    saved_by_office,
    with_part,
)

from pastdue.config import Columns
from pastdue.delivery import Stopped

SHEET = "xl/worksheets/sheet1.xml"
ROWS = [
    (date(2026, 1, 2), "acme", "call", None, None, None, None, None, "JD", "asks for the invoice"),
    (date(2026, 1, 9), "acme", "promise", None, 99.5, date(2026, 1, 20), None, None, "JD", None),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "accounts").mkdir()
    return tmp_path


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def plain(rows: list[Any] = ROWS, header: tuple[str, ...] = HEADER, name: str = "activity") -> Workbook:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = name
    for row in (header, *rows):
        sheet.append(row)
    return book


def rich() -> Workbook:
    """A ledger as operators keep them, in a workbook with much that no reader of ledgers knows."""
    book = plain()
    sheet = book["activity"]
    line = Side(style="thin", color="999999")
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            cell.border, cell.fill = Border(bottom=line), PatternFill("solid", fgColor="FFF4E0")
        row[0].number_format = row[5].number_format = "dd/mm/yyyy"
        row[4].number_format, row[9].alignment = "#,##0.00", Alignment(wrap_text=True)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.add_table(Table(displayName="Diary", ref="A1:J3"))
    sheet.freeze_panes = "A2"
    kinds = DataValidation(type="list", formula1='"call,promise,note"', allow_blank=True)
    kinds.add("C2:C500")
    sheet.add_data_validation(kinds)
    sheet.conditional_formatting.add(
        "E2:E500", CellIsRule(operator="greaterThan", formula=["1000"], fill=PatternFill(bgColor="FF0000"))
    )
    sums = book.create_sheet("sums")
    sums["A1"], sums["B1"] = "promised", "=SUM(activity!E2:E500)"
    sums["A2"], sums["B2"] = "lines", "=COUNTA(activity!A2:A500)"
    sums.merge_cells("A4:C4")
    sums["B1"].font = Font(italic=True, color="0000FF")
    chart = BarChart()
    chart.add_data(Reference(sums, min_col=2, min_row=1, max_row=2))
    sums.add_chart(chart, "E2")
    return book


def put(root: Path, book: Workbook | bytes, name: str = "activity.xlsx") -> bytes:
    content = saved(book) if isinstance(book, Workbook) else book
    (root / "accounts" / name).write_bytes(content)
    return content


def added(root: Path, book: Workbook | bytes, columns: Columns | None = None, **cells: Any) -> tuple[bytes, bytes]:
    """The file before and after a line was added."""
    before = put(root, book)
    add(root, {**LINE, **cells}, columns)
    return before, contents(root)["activity.xlsx"]


def after(root: Path, book: Workbook | bytes, columns: Columns | None = None, **cells: Any) -> Any:
    """The sheet after a line was added, as openpyxl sees it."""
    return load_workbook(io.BytesIO(added(root, book, columns, **cells)[1])).worksheets[0]


# ------------------------------------------------------------------ the row


def test_the_row_goes_below_the_last_one_with_true_dates_and_numbers(root: Path) -> None:
    put(root, plain())
    place = add(root)
    assert (place.place, place.has_formulas) == ("accounts/activity.xlsx[activity]:4", False)
    sheet = load_workbook(root / "accounts/activity.xlsx")["activity"]
    assert [cell.value for cell in sheet[4]] == [
        sheet["A4"].value, "acme", "promise", None, 1420.5, sheet["F4"].value, None, None, "JD", "pays the rest, in May",
    ]  # fmt: skip
    assert (sheet["A4"].value.date(), sheet["F4"].value.date()) == (date(2026, 3, 2), date(2026, 3, 9))
    assert [cell.data_type for cell in sheet[4]] == ["d", "s", "s", "n", "n", "d", "n", "n", "s", "s"]
    assert read(root)[-1] == meant(4)


def test_only_the_sheet_and_its_table_change_and_all_old_rows_stay_as_they_were(root: Path) -> None:
    book = rich()
    book.remove(book["sums"])
    before, after_ = added(root, book)
    assert changed_parts(before, after_) == {SHEET, "xl/tables/table1.xml"}
    assert without_row(parts(after_)[SHEET], 4).replace("A1:J4", "A1:J3") == without_row(parts(before)[SHEET], 0)


def without_row(xml: bytes, number: int) -> str:
    """The sheet in canonical form, without one of its rows."""
    tree = etree.fromstring(xml)
    for row in tree.findall(f".//{{*}}row[@r='{number}']"):
        row.getparent().remove(row)
    return canonical(etree.tostring(tree))


def test_a_workbook_with_formulas_is_told_to_work_them_out_when_it_is_opened(root: Path) -> None:
    before = put(root, rich())
    assert add(root).has_formulas
    after_ = contents(root)["activity.xlsx"]
    assert changed_parts(before, after_) <= {SHEET, "xl/tables/table1.xml", "xl/workbook.xml"}
    assert 'fullCalcOnLoad="1"' in parts(after_)["xl/workbook.xml"].decode()
    bare = with_part(before, "xl/workbook.xml", ('<calcPr calcId="124519" fullCalcOnLoad="1"/>', ""))
    assert load_workbook(io.BytesIO(added(root, bare)[1])).calculation.fullCalcOnLoad


def test_the_row_looks_like_the_one_above_it_also_where_it_is_blank(root: Path) -> None:
    sheet = after(root, rich())
    for above, cell in zip(sheet[3], sheet[4], strict=True):
        assert (cell.style_id, cell.border.bottom.style, cell.fill.fgColor.rgb) == (above.style_id, "thin", "00FFF4E0")
    assert sheet["F4"].number_format == "dd/mm/yyyy"


def test_styled_blank_rows_below_are_filled_from_the_first(root: Path) -> None:
    book = rich()
    sheet = book["activity"]
    for number in range(4, 1000):
        for cell in sheet[number]:
            cell.fill = PatternFill("solid", fgColor="EEEEEE" if number % 2 else "DDDDDD")
    sheet = after(root, book)
    assert (sheet["B4"].value, sheet["B5"].value, sheet.max_row) == ("acme", None, 999)
    assert [cell.fill.fgColor.rgb for cell in sheet[4]] == ["00DDDDDD"] * 10
    assert sheet["F4"].number_format == "dd/mm/yyyy"
    assert read(root)[-1] == meant(4)


def test_a_blank_row_inside_the_table_stays_blank(root: Path) -> None:
    put(root, plain([ROWS[0], (None,) * 10, ROWS[1]]))
    assert add(root).row == 5


def test_a_date_takes_the_style_of_the_columns_last_date_where_the_row_above_has_none(root: Path) -> None:
    book = plain([ROWS[1], ROWS[0]])
    book["activity"]["F2"].number_format = "d mmm yyyy"
    before, content = added(root, book)
    assert load_workbook(io.BytesIO(content))["activity"]["F4"].number_format == "d mmm yyyy"
    assert changed_parts(before, content) == {SHEET}


def test_a_ledger_that_has_only_a_header_gets_a_style_for_dates_and_not_the_headers_own(root: Path) -> None:
    book = plain([])
    for cell in book["activity"][1]:
        cell.font = Font(bold=True)
    before, content = added(root, book)
    sheet = load_workbook(io.BytesIO(content))["activity"]
    assert (sheet["A2"].is_date, sheet["F2"].is_date, sheet["A2"].font.bold) == (True, True, False)
    assert changed_parts(before, content) == {SHEET, "xl/styles.xml"}
    assert read(root) == (meant(2),)
    again = contents(root)["activity.xlsx"]
    add(root)
    assert changed_parts(again, contents(root)["activity.xlsx"]) == {SHEET}


def test_the_style_of_a_column_holds_where_nothing_else_does(root: Path) -> None:
    book = plain([])
    book["activity"].column_dimensions["F"].number_format = "yyyy/mm/dd"
    assert after(root, book)["F2"].number_format == "yyyy/mm/dd"


def test_an_amount_in_a_cell_that_shows_dates_is_shown_as_a_number(root: Path) -> None:
    book = plain([ROWS[1], ROWS[0]])
    book["activity"]["E3"].number_format = "dd/mm/yyyy"
    assert not after(root, book)["E4"].is_date
    assert read(root)[-1] == meant(4)


def test_dates_counted_from_1904_are_written_so(root: Path) -> None:
    book = plain()
    book.epoch = CALENDAR_MAC_1904
    put(root, book)
    add(root)
    assert read(root)[-1] == meant(4)


def test_where_dates_and_amounts_are_text_another_one_is_too(root: Path) -> None:
    columns = Columns(date_format="%d.%m.%Y", number_format="1.234,56")
    sheet = after(root, plain([("02.01.2026", "acme", "promise", None, "1.000,00", "09.01.2026")]), columns)
    assert [sheet[cell].value for cell in ("A3", "E3", "F3")] == ["02.03.2026", "1.420,50", "09.03.2026"]
    assert read(root, columns)[-1] == meant(3)


def test_columns_stand_where_the_operator_has_them_and_their_own_stay_blank(root: Path) -> None:
    header = ("Mood", "Bemerkung", "Konto", "due", "Art", "Datum", "", "amount", "by")
    columns = Columns(headers={"on": "Datum", "account_id": "Konto", "kind": "Art", "note": "Bemerkung"})
    sheet = after(root, plain([], header), columns)
    assert [cell.value for cell in sheet[2]][:3] == [None, "pays the rest, in May", "acme"]
    assert read(root, columns) == (meant(2),)


def test_a_title_above_the_header_and_a_count_are_no_trouble(root: Path) -> None:
    book = plain()
    book["activity"].insert_rows(1, 3)
    book["activity"]["A1"] = "Diary"
    put(root, book)
    assert add(root, {**LINE, "kind": "plan", "every": "month", "count": 6}).row == 7
    assert read(root)[-1] == meant(7, kind="plan", every="month", count=6)


def test_the_sheet_of_the_ledgers_name_in_one_workbook_is_found(root: Path) -> None:
    book = rich()
    book["activity"].title = "Activity "
    book.move_sheet("sums", -1)
    before = put(root, book, "Books.xlsx")
    place = add(root)
    assert place.place == "accounts/Books.xlsx[Activity ]:4"
    content = contents(root)["Books.xlsx"]
    assert "xl/worksheets/sheet1.xml" not in changed_parts(before, content)
    assert read(root)[-1] == meant(4)


def test_the_first_visible_sheet_is_the_ledger(root: Path) -> None:
    book = plain(name="Tabelle2")
    book.create_sheet("hidden", 0).sheet_state = "hidden"
    put(root, book)
    assert add(root).place == "accounts/activity.xlsx[Tabelle2]:4"


# ------------------------------------------------------------------ ranges


def test_a_table_and_its_filter_grow_with_the_row(root: Path) -> None:
    table = after(root, rich()).tables["Diary"]
    assert (table.ref, table.autoFilter.ref) == ("A1:J4", "A1:J4")


def test_a_table_that_reaches_further_already_stays(root: Path) -> None:
    book = plain()
    book["activity"].add_table(Table(displayName="Diary", ref="A1:J50"))
    assert after(root, book).tables["Diary"].ref == "A1:J50"


def test_a_filter_grows_in_both_places_where_it_is_kept(root: Path) -> None:
    book = plain()
    book["activity"].auto_filter.ref = "A1:J3"
    _, content = added(root, book)
    assert load_workbook(io.BytesIO(content))["activity"].auto_filter.ref == "A1:J4"
    assert "'activity'!$A$1:$J$4" in parts(content)["xl/workbook.xml"].decode()


def test_the_extent_that_the_sheet_states_takes_in_the_row(root: Path) -> None:
    _, content = added(root, plain())
    assert '<dimension ref="A1:J4"' in parts(content)[SHEET].decode()


# ------------------------------------------------------------------ text


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+44 20", "-50", "@x", "_x0041_", "a_x000a_b_", "<&>'\"", "]]>", "two\nlines", "  x", "0007", "1e5"],
)
def test_text_stays_text(root: Path, text: str) -> None:
    assert after(root, plain(), note=text)["J4"].data_type == "s"
    assert rows_of(contents(root)["activity.xlsx"], "activity")[3][9] == text


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n _xX05F"), min_size=1, max_size=20)
PLAIN = saved(plain())


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_what_is_written_reads_back(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    root = tmp_path_factory.getbasetemp() / "xlsx"
    (root / "accounts").mkdir(parents=True, exist_ok=True)
    put(root, PLAIN)
    add(root, {**LINE, "note": text})
    assert rows_of(contents(root)["activity.xlsx"], "activity")[3][9] == (text if text.strip() else "")


# ------------------------------------------------------------------ what keeps a hand from typing


def test_a_protected_sheet_is_refused(root: Path) -> None:
    book = plain()
    book["activity"].protection.enable()
    book["activity"]["A4"].protection = Protection(locked=False)
    put(root, book)
    assert refused(root) == "accounts/activity.xlsx[activity] is protected"


def test_another_protected_sheet_is_not_our_business(root: Path) -> None:
    book = plain()
    book.create_sheet("sums").protection.enable()
    put(root, book)
    assert add(root).row == 4


def test_merged_cells_in_the_way_are_refused(root: Path) -> None:
    book = plain()
    book["activity"].merge_cells("B4:C5")
    put(root, book)
    assert refused(root) == "accounts/activity.xlsx[activity]: the cells B4:C5 are merged"


def test_a_formula_in_the_way_is_refused_and_one_beside_it_stays(root: Path) -> None:
    cell = '<row r="4"><c r="{}4" t="str"><f>IF(A4="","",A4+7)</f><v></v></c></row></sheetData>'
    for column, said in (("F", "accounts/activity.xlsx[activity]: there is a formula in F4"), ("D", "")):
        content = with_part(PLAIN, SHEET, ("</sheetData>", cell.format(column)))
        put(root, content)
        if said:
            assert refused(root) == said
        else:
            assert add(root).row == 4
            assert '<f>IF(A4="","",A4+7)</f>' in parts(contents(root)["activity.xlsx"])[SHEET].decode()


def test_what_a_blank_row_says_about_its_cells_holds_no_longer(root: Path) -> None:
    blank = '<row r="4" spans="1:2"><c r="A4"/><c r="E4" t="str" cm="1"><v></v></c><c r="J4" t="b"/></row></sheetData>'
    put(root, with_part(PLAIN, SHEET, ("</sheetData>", blank)))
    add(root)
    sheet = parts(contents(root)["activity.xlsx"])[SHEET].decode()
    assert '<row r="4"><c r="A4"' in sheet
    assert '<c r="E4"><v>1420.50</v></c>' in sheet
    assert read(root)[-1] == meant(4)


def test_a_table_with_a_total_row_is_refused(root: Path) -> None:
    book = plain()
    book["activity"].add_table(Table(displayName="Diary", ref="A1:J4", totalsRowCount=1))
    put(root, book)
    assert refused(root) == "accounts/activity.xlsx[activity]: the table has a total row at its end"


def test_a_shared_a_signed_and_a_locked_workbook_are_refused(root: Path) -> None:
    for part, said in (
        ("xl/revisions/revisionHeaders.xml", "is a shared workbook that records its changes"),
        ("_xmlsignatures/origin.sigs", "is signed, and a new row would break the signature"),
    ):
        out = io.BytesIO(PLAIN)
        with zipfile.ZipFile(out, "a") as archive:
            archive.writestr(part, "<x/>")
        put(root, out.getvalue())
        assert refused(root) == f"accounts/activity.xlsx {said}"
    put(
        root,
        with_part(PLAIN, "xl/workbook.xml", ("<workbookPr", '<fileSharing reservationPassword="CC1A"/><workbookPr')),
    )
    assert refused(root) == "accounts/activity.xlsx asks for a password before it may be changed"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "the file is protected by a password",
        ),
        (PLAIN[:500], "the file is damaged, or not a spreadsheet"),
    ],
)
def test_what_cannot_be_read_is_not_written(root: Path, content: bytes, said: str) -> None:
    put(root, content)
    assert refused(root) == f"accounts/activity.xlsx: {said}"


def test_a_sheet_without_a_header_or_a_column_says_what_to_add(root: Path) -> None:
    put(root, plain([], ("on", "account_id", "amount")))
    assert "the column kind is missing" in refused(root)
    put(root, plain([], HEADER[:-2]))
    assert refused(root) == "accounts/activity.xlsx[activity] has no column by and no column note"


# ------------------------------------------------------------------ other programs' ways of writing


def as_strict(content: bytes) -> bytes:
    """In the namespaces of the strict form of the format."""
    for part in ("xl/workbook.xml", SHEET, "xl/styles.xml"):
        content = with_part(
            content,
            part,
            (
                "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                "http://purl.oclc.org/ooxml/spreadsheetml/main",
            ),
        )
    return content


def without_references(content: bytes) -> bytes:
    """Rows and cells that do not say where they stand."""
    xml = parts(content)[SHEET].decode()
    found = sorted(set(re.findall(r' r="[A-Z]*\d+"', xml)))
    return with_part(content, SHEET, *((each, "") for each in found))


def with_prefix(content: bytes) -> bytes:
    """Every element of the sheet under a prefix."""
    xml = parts(content)[SHEET].decode()
    body = re.sub(r"<(/?)(\w)", r"<\1x:\2", xml[xml.index("<worksheet") :]).replace("xmlns=", "xmlns:x=", 1)
    return with_part(content, SHEET, (xml[xml.index("<worksheet") :], body))


FULL = ("2026-01-02", "acme", "promise", "INV-1", 1.5, "2026-01-03", "week", 2, "JD", "x")


@pytest.mark.parametrize("written", [as_strict, without_references, with_prefix])
def test_the_row_is_written_whoever_wrote_the_workbook(root: Path, written: Callable[[bytes], bytes]) -> None:
    put(root, written(saved(plain([FULL]))))
    assert add(root).row == 3
    assert read(root)[-1] == meant(3)


EXCEL = {
    "[Content_Types].xml": """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="bin" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.printerSettings"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/><Override PartName="/xl/calcChain.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml"/></Types>""",
    "_rels/.rels": """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>""",
    "xl/workbook.xml": """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" mc:Ignorable="x15" xmlns:x15="http://schemas.microsoft.com/office/spreadsheetml/2010/11/main"><fileVersion appName="xl" lastEdited="7"/><workbookPr defaultThemeVersion="166925"/><sheets><sheet name="activity" sheetId="1" r:id="rId1"/></sheets><definedNames><definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">activity!$A$1:$D$3</definedName><definedName name="_xlnm.Print_Area" localSheetId="0">activity!$A$1:$C$3</definedName></definedNames><calcPr calcId="191029"/><extLst><ext uri="{140A7094-0E35-4892-8432-C4D2E57EDEB5}"><x15:workbookPr chartTrackingRefBase="1"/></ext></extLst></workbook>""",
    "xl/_rels/workbook.xml.rels": """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId4" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/calcChain" Target="calcChain.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="/xl/styles.xml"/><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>""",
    SHEET: """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" mc:Ignorable="x14ac xr" xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac" xmlns:xr="http://schemas.microsoft.com/office/spreadsheetml/2014/revision" xr:uid="{6F2C6A4D-1}"><dimension ref="A1:F3"/><sheetViews><sheetView workbookViewId="0"/></sheetViews><sheetFormatPr defaultRowHeight="15" x14ac:dyDescent="0.25"/><sheetData><row r="1" spans="1:6" s="2" customFormat="1" x14ac:dyDescent="0.25"><c r="A1" s="2" t="s"><v>0</v></c><c r="B1" s="2" t="s"><v>1</v></c><c r="C1" s="2" t="s"><v>2</v></c><c r="D1" s="2" t="s"><v>3</v></c><c r="F1" s="2"/></row><row r="2" spans="1:6" x14ac:dyDescent="0.25"><c r="A2" s="1"><v>46024</v></c><c r="B2" t="s"><v>4</v></c><c r="C2" t="s"><v>5</v></c><c r="D2" t="s"><v>6</v></c></row><row r="3" spans="1:6" ht="30" customHeight="1" x14ac:dyDescent="0.25"><c r="A3" s="1"><v>46025</v></c><c r="B3" t="s"><v>4</v></c><c r="C3" t="s"><v>5</v></c><c r="D3" t="str"><f>"line "&amp;ROW()</f><v>line 3</v></c></row></sheetData><autoFilter ref="A1:D3"/><pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/><extLst><ext uri="{78C0D931-6437-407d-A8EE-F0AAD7539E65}" xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"><x14:conditionalFormattings><x14:conditionalFormatting xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><xm:sqref>E2:E90</xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings></ext></extLst></worksheet>""",
    "xl/styles.xml": """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="165" formatCode="[$-809]dd\\ mmmm\\ yyyy;@"/></numFmts><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>""",
    "xl/sharedStrings.xml": """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="11" uniqueCount="7"><si><t>on</t></si><si><t>account_id</t></si><si><t>kind</t></si><si><r><t>no</t></r><r><t>te</t></r></si><si><t>acme</t></si><si><t>note</t></si><si><t>first</t></si></sst>""",
    "xl/calcChain.xml": """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><c r="D3" i="1"/></calcChain>""",
    "xl/printerSettings/printerSettings1.bin": "\x00\x01",
    "customXml/item1.xml": "<of-their-own/>",
}


def as_excel() -> bytes:
    """A workbook with the parts that Excel writes: shared strings, a calculation chain, extensions, a printer's settings."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in EXCEL.items():
            archive.writestr(name, text)
    return out.getvalue()


def test_a_workbook_of_excel_keeps_all_that_only_excel_knows(root: Path) -> None:
    before = put(root, as_excel())
    add(root, {"on": date(2026, 3, 2), "account_id": "acme", "kind": "note", "note": "second"})
    content = contents(root)["activity.xlsx"]
    assert changed_parts(before, content) == {SHEET, "xl/workbook.xml"}
    old, new = parts(before), parts(content)
    row = (
        '<row r="4" ht="30" customHeight="1"><c r="A4" s="1"><v>46083</v></c><c r="B4" t="inlineStr"><is><t xml:space="preserve">acme</t></is></c>'
        '<c r="C4" t="inlineStr"><is><t xml:space="preserve">note</t></is></c><c r="D4" t="inlineStr"><is><t xml:space="preserve">second</t></is></c></row>'
    )
    sheet = old[SHEET].decode().replace("</row></sheetData>", f"</row>{row}</sheetData>")
    sheet = sheet.replace('autoFilter ref="A1:D3"', 'autoFilter ref="A1:D4"').replace('ref="A1:F3"', 'ref="A1:F4"')
    assert canonical(new[SHEET]) == canonical(sheet)
    book = old["xl/workbook.xml"].decode().replace("$D$3", "$D$4")
    book = book.replace('<calcPr calcId="191029"/>', '<calcPr calcId="191029" fullCalcOnLoad="1"/>')
    assert canonical(new["xl/workbook.xml"]) == canonical(book)
    assert [line.note for line in read(root)] == ["first", "line 3", "second"]


def canonical(xml: bytes | str) -> str:
    """The XML in the one form in which equal is equal."""
    return etree.tostring(etree.fromstring(xml.encode() if isinstance(xml, str) else xml), method="c14n").decode()


_XML = st.sampled_from(
    [
        *(
            '<row r="9">',
            "</row>",
            '<row r="x"/>',
            '<row r="4" spans="?"><c/></row>',
            '<c r="A4"/>',
            '<c r="B4" s="99"/>',
            "<c/>",
        ),
        *(
            '<row r="4"><c r="F4" s="-1"/></row>',
            '<row r="2"/>',
            '<row r="0"/>',
            "</sheetData>",
            '<autoFilter ref="A"/>',
        ),
        *(
            '<mergeCells><mergeCell ref="x"/></mergeCells>',
            '<dimension ref=""/>',
            '<cols><col min="a"/></cols>',
            "<row/>",
        ),
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_XML, max_size=5).map("".join))
def test_no_workbook_that_can_be_read_breaks_the_writer(tmp_path_factory: pytest.TempPathFactory, xml: str) -> None:
    root = tmp_path_factory.getbasetemp() / "odd"
    (root / "accounts").mkdir(parents=True, exist_ok=True)
    before = put(root, with_part(PLAIN, SHEET, ("</sheetData>", f"{xml}</sheetData>")))
    try:
        add(root)
    except Stopped:
        assert contents(root)["activity.xlsx"] == before
    else:
        last = read(root)[-1]
        assert last == meant(last.row)


# ------------------------------------------------------------------ an office suite


@needs.office
@pytest.mark.parametrize("writer", ["openpyxl", "office"])
def test_what_an_office_suite_saves_afterwards_still_has_everything(root: Path, writer: str) -> None:
    before = saved(rich())
    if writer == "office":
        before = saved_by_office(before, "xlsx", "xlsx", root)
    put(root, before)
    add(root)
    content = contents(root)["activity.xlsx"]
    then, now = (load_workbook(io.BytesIO(saved_by_office(each, "xlsx", "xlsx", root))) for each in (before, content))
    assert [cell.value for cell in now["activity"][4]][1:] == [
        "acme", "promise", None, 1420.5, now["activity"]["F4"].value, None, None, "JD", "pays the rest, in May",
    ]  # fmt: skip
    for above, cell in zip(now["activity"][3], now["activity"][4], strict=True):
        assert (cell.number_format, cell.fill.fgColor.rgb, cell.border.bottom.style) == (
            above.number_format, above.fill.fgColor.rgb, above.border.bottom.style,
        )  # fmt: skip
    assert (now["sums"]["B1"].value, now["sums"]["B2"].value) == ("=SUM(activity!E2:E500)", "=COUNTA(activity!A2:A500)")
    assert now["sums"]["B1"].font.color.rgb == then["sums"]["B1"].font.color.rgb
    assert len(now["sums"]._charts) == len(then["sums"]._charts) == 1
    assert now["activity"].data_validations.dataValidation == then["activity"].data_validations.dataValidation
    assert [str(each.sqref) for each in now["activity"].conditional_formatting] == ["E2:E500"]
    assert dict(now["activity"].tables.items()) == {"Diary": "A1:J4"}
    for old, new in zip(then["activity"].iter_rows(max_row=3), now["activity"].iter_rows(max_row=3), strict=True):
        assert [(cell.value, cell.number_format) for cell in old] == [(cell.value, cell.number_format) for cell in new]
