"""What the tests of the sheets share: a line to add, workbooks that hold more than a ledger, and a look at what became of them."""

import io
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import needs
import pytest

from pastdue.books import ledger
from pastdue.books.tables import RawFile
from pastdue.config import Columns, Config
from pastdue.delivery import Stopped, sheets
from pastdue.delivery.sheets import Added, Cell
from pastdue.model import Activity

HEADER = ("on", "account_id", "kind", "invoice_id", "amount", "due", "every", "count", "by", "note")
LINE: Mapping[str, Cell] = {
    "on": date(2026, 3, 2),
    "account_id": "acme",
    "kind": "promise",
    "amount": Decimal("1420.50"),
    "due": date(2026, 3, 9),
    "by": "JD",
    "note": "pays the rest, in May",
}
MEANT = Activity(
    date(2026, 3, 2), "acme", "promise", "", 142050, date(2026, 3, 9), "", None, "JD", "pays the rest, in May"
)

_BOOKS = (
    RawFile("accounts/customers.csv", b"account_id,name\nacme,Acme Ltd\n-7,Minus Seven\n"),
    RawFile("accounts/invoices.csv", b"invoice_id,account_id,due,amount\nINV-1,acme,2026-01-31,100.00\n"),
)


def add(root: Path, cells: Mapping[str, Cell] = LINE, columns: Columns | None = None) -> Added:
    """Adds a line to the activity ledger."""
    return sheets.append_row(root, "activity", cells, columns=columns or Columns())


def read(root: Path, columns: Columns | None = None) -> tuple[Activity, ...]:
    """The activity ledger as the books read it, from whatever file holds it; nothing may be wrong with it."""
    steps = [{"name": "reminder", "days": 1, "channels": ["email"]}]
    config = Config.model_validate({"schedule": {"standard": {"step": steps}}})
    config = config.model_copy(update={"columns": {"activity": columns or Columns()}})
    found = sorted((root / "accounts").iterdir())
    files = [*_BOOKS, *(RawFile(f"accounts/{file.name}", file.read_bytes()) for file in found)]
    books, findings = ledger.read(files, config)
    assert [str(f) for f in findings if f.severity == "error"] == []
    return books.activity


def meant(row: int, **changes: Any) -> Activity:
    """The line as the reader must see it."""
    values = {name: getattr(MEANT, name) for name in MEANT.__slots__}
    return Activity(**{**values, "row": row, **changes})


def refused(root: Path, cells: Mapping[str, Cell] = LINE, columns: Columns | None = None) -> str:
    """What stops the line; all files are as they were, and nothing lies beside them."""
    before = contents(root)
    with pytest.raises(Stopped) as stopped:
        add(root, cells, columns)
    assert contents(root) == before
    assert stopped.value.hint
    return stopped.value.message


def contents(root: Path) -> dict[str, bytes]:
    """Every file of the ledgers' folder."""
    return {file.name: file.read_bytes() for file in (root / "accounts").iterdir()}


def parts(content: bytes) -> dict[str, bytes]:
    """The parts of a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {info.filename: archive.read(info) for info in archive.infolist()}


def changed_parts(before: bytes, after: bytes) -> set[str]:
    """The parts that are not byte for byte what they were; their order and dates must be."""
    with zipfile.ZipFile(io.BytesIO(before)) as old, zipfile.ZipFile(io.BytesIO(after)) as new:
        assert [(i.filename, i.date_time, i.compress_type) for i in old.infolist()] == [
            (i.filename, i.date_time, i.compress_type) for i in new.infolist()
        ]
    then, now = parts(before), parts(after)
    return {name for name in then if then[name] != now[name]}


def with_part(content: bytes, part: str, *changes: tuple[str, str]) -> bytes:
    """The workbook with texts of one part replaced, each of which must be there."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            for there, instead in changes if info.filename == part else ():
                assert there.encode() in data, f"{there} is not in {part}"
                data = data.replace(there.encode(), instead.encode())
            new.writestr(info, data)
    return out.getvalue()


def saved_by_office(content: bytes, ending: str, to: str, folder: Path) -> bytes:
    """The file opened and saved again by LibreOffice, in a form of its own."""
    source, target = folder / f"in.{ending}", folder / "saved"
    source.write_bytes(content)
    profile = f"-env:UserInstallation={(folder.parent / 'office-profile').as_uri()}"
    command = [str(needs.OFFICE), profile, "--headless", "--convert-to", to, "--outdir", str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return (target / f"in.{to.partition(':')[0]}").read_bytes()


def rows_of(content: bytes, sheet: str) -> Sequence[Sequence[Any]]:
    """A sheet's values."""
    from python_calamine import CalamineWorkbook

    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(sheet).to_python(skip_empty_area=False)  # type: ignore[no-any-return]
