"""One row more in an ODS ledger: content.xml alone changes, and in it the row."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import needs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from odf import number, opendocument, style, table, text
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

ROWS = [
    (date(2026, 1, 2), "acme", "call", None, None, None, None, None, "JD", "asks for the invoice"),
    (date(2026, 1, 9), "acme", "promise", None, 99.5, date(2026, 1, 20), None, None, "JD", None),
]
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
OFFICE_NS = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "accounts").mkdir()
    return tmp_path


def cell(value: Any, styled: str = "") -> table.TableCell:
    look = {"stylename": styled} if styled else {}
    if isinstance(value, date):
        return table.TableCell(valuetype="date", datevalue=value.isoformat(), **{**look, "stylename": "day"})
    if isinstance(value, int | float):
        return table.TableCell(valuetype="float", value=repr(value), **look)
    if value is None:
        return table.TableCell(**look)
    if str(value).startswith("="):
        return table.TableCell(formula=f"of:{value}", valuetype="float", value="99.5", **look)
    made = table.TableCell(valuetype="string", **look)
    made.addElement(text.P(text=value))
    return made


def row(*cells: table.TableCell, **attributes: Any) -> table.TableRow:
    made = table.TableRow(**attributes)
    for each in cells:
        made.addElement(each)
    return made


def document(
    rows: Sequence[Sequence[Any]] = ROWS,
    *,
    header: Sequence[str] = HEADER,
    name: str = "activity",
    tail: Sequence[table.TableRow] = (),
    in_groups: bool = False,
    **attributes: Any,
) -> bytes:
    """A ledger in a document with another sheet, whose formula sums it up."""
    made = opendocument.OpenDocumentSpreadsheet()
    days = number.DateStyle(name="iso")
    for part in (
        number.Year(style="long"),
        number.Text(text="-"),
        number.Month(style="long"),
        number.Text(text="-"),
        number.Day(),
    ):
        days.addElement(part)
    made.automaticstyles.addElement(days)
    made.automaticstyles.addElement(style.Style(name="day", family="table-cell", datastylename="iso"))
    tinted = style.Style(name="tinted", family="table-cell")
    tinted.addElement(style.TableCellProperties(backgroundcolor="#fff4e0"))
    made.automaticstyles.addElement(tinted)
    sheet = table.Table(name=name, **attributes)
    lines = [row(*(cell(value, "tinted") for value in each)) for each in (header, *rows)]
    if in_groups:
        heads, group = table.TableHeaderRows(), table.TableRowGroup()
        heads.addElement(lines[0])
        sheet.addElement(heads)
        for line in lines[1:]:
            group.addElement(line)
        if len(lines) > 1:
            sheet.addElement(group)
    for line in (*(() if in_groups else lines), *tail):
        sheet.addElement(line)
    made.spreadsheet.addElement(sheet)
    sums = table.Table(name="sums")
    sums.addElement(row(cell("promised"), cell("=SUM([activity.E2:.E500])", "tinted")))
    made.spreadsheet.addElement(sums)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def put(root: Path, content: bytes, name: str = "activity.ods") -> bytes:
    (root / "accounts" / name).write_bytes(content)
    return content


def lines(content: bytes, sheet: str = "activity") -> list[Any]:
    """The row elements of a sheet."""
    tree = etree.fromstring(parts(content)["content.xml"])
    (found,) = tree.findall(f".//{TABLE}table[@{TABLE}name='{sheet}']")
    return list(found.iter(f"{TABLE}table-row"))


def height(content: bytes) -> int:
    """How many rows the sheet has."""
    return sum(int(each.get(f"{TABLE}number-rows-repeated", "1")) for each in lines(content))


def blank(times: int, cells: int = 16384, styled: str = "") -> table.TableRow:
    made = table.TableCell(numbercolumnsrepeated=cells, **({"stylename": styled} if styled else {}))
    return row(made, numberrowsrepeated=times)


# ------------------------------------------------------------------ the row


def test_the_row_goes_below_the_last_one_with_true_dates_and_numbers(root: Path) -> None:
    before = put(root, document())
    place = add(root)
    assert (place.place, place.has_formulas) == ("accounts/activity.ods[activity]:4", True)
    content = contents(root)["activity.ods"]
    assert changed_parts(before, content) == {"content.xml"}
    types = [each.get(f"{OFFICE_NS}value-type") for each in lines(content)[3]]
    assert types == ["date", "string", "string", None, "float", "date", None, None, "string", "string"]
    assert read(root)[-1] == meant(4)


def test_all_else_in_the_document_is_as_it_was(root: Path) -> None:
    before = put(root, document(tail=[blank(1000)]))
    add(root)
    old, new = (etree.fromstring(parts(each)["content.xml"]) for each in (before, contents(root)["activity.ods"]))
    (sheet,) = new.findall(f".//{TABLE}table[@{TABLE}name='activity']")
    added, rest = sheet.findall(f"{TABLE}table-row")[3:]
    sheet.remove(added)
    assert rest.get(f"{TABLE}number-rows-repeated") == "999"
    rest.set(f"{TABLE}number-rows-repeated", "1000")
    assert etree.tostring(new, method="c14n") == etree.tostring(old, method="c14n")


def test_the_type_of_the_document_stands_first_and_unpacked(root: Path) -> None:
    put(root, document())
    add(root)
    content = contents(root)["activity.ods"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
    assert content[30:38] == b"mimetype"


def test_a_blank_row_that_stands_for_a_million_is_split(root: Path) -> None:
    put(root, document(tail=[blank(1_048_573)]))
    add(root)
    add(root)
    content = contents(root)["activity.ods"]
    assert [int(each.get(f"{TABLE}number-rows-repeated", "1")) for each in lines(content)] == [1] * 5 + [1_048_571]
    assert height(content) == 1_048_576
    assert [line.row for line in read(root)] == [2, 3, 4, 5]


def test_the_row_in_the_midst_of_repeated_ones_is_split_on_both_sides(root: Path) -> None:
    gap = [
        blank(2),
        row(*(cell(value) for value in ROWS[0])),
        row(cell(None), numberrowsrepeated=5),
        blank(90, styled="tinted"),
    ]
    put(root, document(tail=gap))
    assert add(root).row == 7
    content = contents(root)["activity.ods"]
    assert [int(each.get(f"{TABLE}number-rows-repeated", "1")) for each in lines(content)] == [1, 1, 1, 2, 1, 1, 4, 90]
    assert read(root)[-1] == meant(7)


def test_a_row_that_is_repeated_with_its_values_is_not_taken_for_blank(root: Path) -> None:
    twice = row(*(cell(value) for value in ROWS[0]), numberrowsrepeated=3)
    put(root, document(tail=[twice, blank(10)]))
    assert add(root).row == 7
    assert height(contents(root)["activity.ods"]) == 3 + 3 + 10


@pytest.mark.parametrize("rows", [ROWS, []])
def test_the_row_goes_behind_header_rows_and_groups(root: Path, rows: Sequence[Sequence[Any]]) -> None:
    put(root, document(rows, in_groups=True))
    add(root)
    added = lines(contents(root)["activity.ods"])[-1]
    assert added.getparent().tag == f"{TABLE}table"
    assert read(root)[-1] == meant(len(rows) + 2)


def test_the_row_looks_like_the_one_above_it_also_where_it_is_blank(root: Path) -> None:
    put(root, document(tail=[blank(1000)]))
    add(root)
    looks = [each.get(f"{TABLE}style-name") for each in lines(contents(root)["activity.ods"])[3]]
    assert looks == ["day", *["tinted"] * 4, "day", *["tinted"] * 4, None]


def test_a_date_is_shown_as_the_columns_last_one_in_the_colours_of_its_row(root: Path) -> None:
    put(root, document([ROWS[1], ROWS[0]]))
    add(root)
    content = contents(root)["activity.ods"]
    assert lines(content)[3][5].get(f"{TABLE}style-name") == "tinted-day"
    tree = etree.fromstring(parts(content)["content.xml"])
    old, new = (tree.find(f".//{STYLE}style[@{STYLE}name='{name}']") for name in ("tinted", "tinted-day"))
    assert new.get(f"{STYLE}data-style-name") == "iso"
    assert etree.tostring(new[0]) == etree.tostring(old[0])
    add(root)
    assert lines(contents(root)["activity.ods"])[4][5].get(f"{TABLE}style-name") == "tinted-day"


def test_an_amount_below_a_cell_that_shows_dates_is_not_shown_as_one(root: Path) -> None:
    wrong = row(cell("2026-01-02"), cell("acme"), cell("call"), cell(None), cell(None, "day"))
    put(root, document(tail=[wrong]))
    add(root)
    assert lines(contents(root)["activity.ods"])[4][4].get(f"{TABLE}style-name") == "Default"


@pytest.mark.parametrize("name", ["day", "own"])
def test_the_style_of_a_column_holds_where_nothing_else_does(root: Path, name: str) -> None:
    column = f'<table:table-column table:number-columns-repeated="9" table:default-cell-style-name="{name}"/><table:table-row>'
    day = (
        '<style:style style:name="day" style:family="table-cell" style:data-style-name="iso"/>'
        '<style:style style:name="own" style:family="table-cell" style:parent-style-name="day"/></office:automatic-styles>'
    )
    changes = (("</office:automatic-styles>", day), ("<table:table-row>", column))
    put(root, with_part(document([]), "content.xml", *changes))
    add(root)
    looks = [each.get(f"{TABLE}style-name") for each in lines(contents(root)["activity.ods"])[1]]
    assert looks == [None, None, None, None, "Default", None, None, None, None]


def test_where_dates_and_amounts_are_text_another_one_is_too(root: Path) -> None:
    columns = Columns(date_format="%d.%m.%Y", number_format="1.234,56")
    put(root, document([("02.01.2026", "acme", "promise", None, "1.000,00", "09.01.2026")]))
    add(root, columns=columns)
    assert rows_of(contents(root)["activity.ods"], "activity")[2][:6] == [
        "02.03.2026",
        "acme",
        "promise",
        "",
        "1.420,50",
        "09.03.2026",
    ]
    assert read(root, columns)[-1] == meant(3)


def test_columns_stand_where_the_operator_has_them_and_their_own_stay_blank(root: Path) -> None:
    header = ("Mood", "Bemerkung", "Konto", "due", "Art", "Datum", "amount", "by")
    columns = Columns(headers={"on": "Datum", "account_id": "Konto", "kind": "Art", "note": "Bemerkung"})
    put(root, document([], header=header))
    add(root, columns=columns)
    assert rows_of(contents(root)["activity.ods"], "activity")[1][:3] == ["", "pays the rest, in May", "acme"]
    assert read(root, columns) == (meant(2),)


def test_the_sheet_of_the_ledgers_name_in_one_workbook_is_found(root: Path) -> None:
    put(root, document(name="Activity"), "books.ods")
    assert add(root).place == "accounts/books.ods[Activity]:4"
    assert read(root)[-1] == meant(4)


def test_a_count_and_a_comment_in_the_cell_are_no_trouble(root: Path) -> None:
    comment = "<table:table-row><table:table-cell><office:annotation><text:p>here</text:p></office:annotation></table:table-cell></table:table-row>"
    content = document(tail=[blank(3)])
    xml = parts(content)["content.xml"].decode()
    line = (
        xml[xml.index('<table:table-row table:number-rows-repeated="3"') :].partition("</table:table-row>")[0]
        + "</table:table-row>"
    )
    put(root, with_part(content, "content.xml", (line, comment)))
    assert add(root, {**LINE, "kind": "plan", "every": "month", "count": 6}).row == 4
    assert read(root)[-1] == meant(4, kind="plan", every="month", count=6)
    assert (
        "<office:annotation><text:p>here</text:p></office:annotation>"
        in parts(contents(root)["activity.ods"])["content.xml"].decode()
    )


ADDRESSES = [
    ("activity.A1:activity.J3", "activity.A1:activity.J4"),
    ("$activity.$A$1:.$J$3", "$activity.$A$1:.$J$4"),
    ("'activity'.A1:'activity'.J3", "'activity'.A1:'activity'.J4"),
    ("activity.A1:activity.J20", "activity.A1:activity.J20"),
    ("sums.A1:sums.J3", "sums.A1:sums.J3"),
]


@pytest.mark.parametrize(("before", "after"), ADDRESSES)
def test_a_filter_grows_with_the_row(root: Path, before: str, after: str) -> None:
    ranges = '<table:database-ranges><table:database-range table:name="f" table:target-range-address="{}"/></table:database-ranges></office:spreadsheet>'
    put(root, with_part(document(), "content.xml", ("</office:spreadsheet>", ranges.format(before))))
    add(root)
    assert f'target-range-address="{after}"' in parts(contents(root)["activity.ods"])["content.xml"].decode()


# ------------------------------------------------------------------ text


@pytest.mark.parametrize(
    "note", ["=1+1", "+44 20", "-50", "@x", "<&>'\"", "two\nlines", "  x", "a  b c ", "0007", "1e5", "_x0041_"]
)
def test_text_stays_text(root: Path, note: str) -> None:
    put(root, document())
    add(root, {**LINE, "note": note})
    assert rows_of(contents(root)["activity.ods"], "activity")[3][9] == note
    assert lines(contents(root)["activity.ods"])[3][9].get(f"{OFFICE_NS}value-type") == "string"


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n "), min_size=1, max_size=20)
PLAIN = document()


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_what_is_written_reads_back(tmp_path_factory: pytest.TempPathFactory, note: str) -> None:
    root = tmp_path_factory.getbasetemp() / "ods"
    (root / "accounts").mkdir(parents=True, exist_ok=True)
    put(root, PLAIN)
    add(root, {**LINE, "note": note})
    assert rows_of(contents(root)["activity.ods"], "activity")[3][9] == (note if note.strip() else "")


# ------------------------------------------------------------------ what keeps a hand from typing


def test_a_protected_sheet_is_refused(root: Path) -> None:
    put(root, document(protected="true"))
    assert refused(root) == "accounts/activity.ods[activity] is protected"


def test_merged_cells_and_formulas_in_the_way_are_refused(root: Path) -> None:
    covered = row(table.CoveredTableCell(numbercolumnsrepeated=3))
    put(root, document(tail=[covered]))
    assert refused(root) == "accounts/activity.ods[activity]: cells of row 4 are merged"
    put(root, document(tail=[row(table.TableCell(numberrowsspanned=2))]))
    assert refused(root) == "accounts/activity.ods[activity]: cells of row 4 are merged"
    empty = table.TableCell(formula='of:=""', valuetype="string")
    put(root, document(tail=[row(empty)]))
    assert refused(root) == "accounts/activity.ods[activity]: there is a formula in row 4 below on"


def test_a_signed_and_an_encrypted_document_are_refused(root: Path) -> None:
    out = io.BytesIO(PLAIN)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("META-INF/documentsignatures.xml", "<x/>")
    put(root, out.getvalue())
    assert refused(root) == "accounts/activity.ods is signed, and a new row would break the signature"
    put(
        root,
        with_part(
            PLAIN, "META-INF/manifest.xml", ("</manifest:manifest>", "<manifest:encryption-data/></manifest:manifest>")
        ),
    )
    assert refused(root) == "accounts/activity.ods: the file is protected by a password"


# ------------------------------------------------------------------ an office suite


@pytest.fixture(scope="module")
def by_office(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The document as LibreOffice writes it."""
    return saved_by_office(document(tail=[blank(5, 10, "tinted")]), "ods", "ods", tmp_path_factory.mktemp("office"))


@needs.office
def test_a_document_of_the_office_suite_changes_by_the_row_alone(root: Path, by_office: bytes) -> None:
    put(root, by_office)
    assert add(root).place == "accounts/activity.ods[activity]:4"
    content = contents(root)["activity.ods"]
    assert changed_parts(by_office, content) == {"content.xml"}
    assert height(content) == height(by_office)
    assert read(root)[-1] == meant(4)
    first, last = read(root)[0], read(root)[1]
    assert (first.note, last.amount) == ("asks for the invoice", 9950)


@needs.office
def test_what_the_office_suite_saves_afterwards_still_has_everything(root: Path, by_office: bytes) -> None:
    put(root, by_office)
    add(root)
    again = put(root, saved_by_office(contents(root)["activity.ods"], "ods", "ods", root))
    assert read(root)[-1] == meant(4)
    added, sums = lines(again)[3], lines(again, "sums")[0]
    assert added[0].get(f"{TABLE}style-name") == lines(again)[2][0].get(f"{TABLE}style-name")
    assert sums[1].get(f"{TABLE}formula") == "of:=SUM([activity.E2:.E500])"
    assert sums[1].get(f"{TABLE}style-name") == lines(again)[1][1].get(f"{TABLE}style-name")


@needs.office
def test_a_date_without_a_style_to_follow_is_shown_as_a_date(root: Path) -> None:
    put(root, document([]))
    add(root)
    shown = saved_by_office(contents(root)["activity.ods"], "ods", "csv", root)
    assert b"2026" in shown.splitlines()[1] or b"/26" in shown.splitlines()[1]
    assert b"46083" not in shown
