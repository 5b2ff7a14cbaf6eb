"""The demo's books, saved by LibreOffice as XLSX and as ODS, a file per ledger or one workbook: the same bytes come out."""

import shutil
import subprocess
from pathlib import Path

import needs
import pytest
from commandline import Workspace

pytestmark = needs.office

LEDGERS = ("customers", "invoices", "payments", "activity")
DATES = {"issued", "due", "received", "on"}
NUMBERS = {"amount", "terms_days", "count"}
TEXT, STANDARD, DATE = 2, 1, 5  # LibreOffice's names for what an operator chooses above each column on import


def saved(target: str, folder: Path, *files: Path, infilter: str = "") -> None:
    """The files as LibreOffice saves them, in another form."""
    command = [
        str(needs.OFFICE), "--headless", f"-env:UserInstallation=file://{folder.parent}/profile",
        "--convert-to", target, "--outdir", str(folder), *([f"--infilter={infilter}"] if infilter else []), *map(str, files),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180)
    assert all((folder / f"{file.stem}.{target}").is_file() for file in files), done.stdout + done.stderr


def imported(csv: Path, folder: Path) -> None:
    """The ledger as ODS, its columns declared as on LibreOffice's import page: text, dates, numbers."""
    header = csv.read_text("utf-8").splitlines()[0].split(",")
    kinds = [DATE if name in DATES else STANDARD if name in NUMBERS else TEXT for name in header]
    columns = "/".join(f"{place}/{kind}" for place, kind in enumerate(kinds, start=1))
    comma, quote, utf8, english = 44, 34, 76, 1033
    saved("ods", folder, csv, infilter=f"CSV:{comma},{quote},{utf8},1,{columns},{english},false,false")


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The demo's ledgers by form, a folder each."""
    from openpyxl import Workbook, load_workbook

    top = tmp_path_factory.mktemp("office")
    csv = Workspace.demo(top / "demo").root / "accounts"
    found = {name: top / name for name in ("ods", "xlsx", "workbook-xlsx", "workbook-ods", "made")}
    for name in LEDGERS:
        imported(csv / f"{name}.csv", found["ods"])
    saved("xlsx", found["xlsx"], *(found["ods"] / f"{name}.ods" for name in LEDGERS))
    book = Workbook()
    book.remove(book.worksheets[0])
    for name in ("notes", *LEDGERS):
        sheet = book.create_sheet(name)
        if name == "notes":
            sheet.append(["The operator's own sheet, which is nobody's ledger"])
            continue
        for row in load_workbook(found["xlsx"] / f"{name}.xlsx").worksheets[0].iter_rows():
            for cell in row:
                copy = sheet.cell(cell.row, cell.column, cell.value)
                copy.number_format = cell.number_format
    found["made"].mkdir()
    book.save(found["made"] / "books.xlsx")
    saved("ods", found["workbook-ods"], found["made"] / "books.xlsx")
    saved("xlsx", found["workbook-xlsx"], found["workbook-ods"] / "books.ods")
    return found


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the CSV books come to."""
    workspace = Workspace.demo(tmp_path_factory.mktemp("csv"), history=True)
    workspace.done("build")
    return workspace.files()


@pytest.mark.parametrize("form", ["xlsx", "ods", "workbook-xlsx", "workbook-ods"])
def test_the_books_in_another_form_come_to_the_same_bytes(
    form: str, forms: dict[str, Path], expected: dict[str, bytes], tmp_path: Path
) -> None:
    workspace = Workspace.demo(tmp_path / "demo", history=True)
    for name in LEDGERS:
        (workspace.root / f"accounts/{name}.csv").unlink()
    for path in forms[form].iterdir():
        shutil.copy(path, workspace.root / "accounts" / path.name)
    assert workspace.run("check").stdout == ""
    workspace.done("build")
    found = workspace.files()
    assert sorted(found) == sorted(expected)
    assert [name for name in found if found[name] != expected[name]] == []


def test_two_sources_for_one_ledger_are_refused(forms: dict[str, Path], tmp_path: Path) -> None:
    workspace = Workspace.demo(tmp_path / "demo")
    shutil.copy(forms["xlsx"] / "payments.xlsx", workspace.root / "accounts/payments.xlsx")
    result = workspace.run("build")
    assert result.exit_code == 1
    assert "accounts/payments" in result.stderr
    assert not (workspace.root / "outbox").exists()
