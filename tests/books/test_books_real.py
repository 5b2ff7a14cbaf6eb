"""Files as they come from the outside world: none raises, each says what to do."""

import csv
import io
import json
from pathlib import Path

import needs
import pytest
from conftest import a_config

from pastdue.books import ledger
from pastdue.books.tables import RawFile
from pastdue.findings import Finding
from pastdue.model import Ledger

REAL = needs.REAL_DATA
pytestmark = needs.real_data


def found(pattern: str) -> list[Path]:
    return sorted(path for path in REAL.glob(pattern) if path.is_file())


def read_as(name: str, content: bytes, customers: str, **columns: object) -> tuple[Ledger, list[Finding]]:
    files = [RawFile("accounts/customers.csv", customers.encode()), RawFile(f"accounts/{name}", content)]
    return ledger.read(files, a_config(columns={"invoices": columns}))


@pytest.mark.parametrize("path", [*found("messy/**/*"), *found("exports/*")], ids=lambda path: path.name)
def test_no_file_raises_and_each_that_is_no_ledger_says_what_to_do(path: Path) -> None:
    for ledger_name in ("invoices", "payments"):
        books, findings = read_as(f"{ledger_name}{path.suffix}", path.read_bytes(), "account_id,name\nacme,Acme\n")
        assert len(books.invoices) == 0
        assert any(finding.stops_run and finding.hint for finding in findings)


def test_naughty_strings_are_read_as_they_stand_or_refused_by_name() -> None:
    strings = [text.replace("\0", "") for text in json.loads((REAL / "messy/strings/blns.json").read_text())]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("account_id", "name", "contact"))
    writer.writerows((f"a{i}", "Name", text) for i, text in enumerate(strings))
    files = [RawFile("accounts/customers.csv", out.getvalue().encode("utf-8", "replace"))]
    files.append(RawFile("accounts/invoices.csv", b"invoice_id,account_id,due,amount\n"))
    books, findings = ledger.read(files, a_config())
    refused = {finding.account_id for finding in findings}
    assert "" not in refused
    assert len(refused) < len(strings) / 10
    for i, text in enumerate(strings):
        assert (f"a{i}" in refused) != (f"a{i}" in books.customers)
        assert f"a{i}" in refused or books.customers[f"a{i}"].contact == text.strip(" ")


def test_receivables_of_a_public_sample_are_read_by_their_own_headers() -> None:
    content = (REAL / "ibm-receivables/receivables.csv").read_bytes()
    with (REAL / "ibm-receivables/receivables.csv").open(newline="") as source:
        rows = list(csv.DictReader(source))
    customers = "account_id,name\n" + "".join(
        f"{account},{account}\n" for account in {row["customerID"] for row in rows}
    )
    headers = {
        "invoice_id": "invoiceNumber",
        "account_id": "customerID",
        "issued": "InvoiceDate",
        "due": "DueDate",
        "amount": "InvoiceAmount",
    }
    books, findings = read_as("invoices.csv", content, customers, headers=headers, date_format="%d/%m/%Y")
    assert findings == []
    assert len(books.invoices) == 2466
    assert len(books.customers) == 100
    assert books.invoices["amount"].sum() == sum(round(float(row["InvoiceAmount"]) * 100) for row in rows)


def test_an_office_suites_semicolons_commas_and_windows_text_are_read_when_declared() -> None:
    content = (REAL / "messy/made/invoices_sep_line.csv").read_bytes()
    books, findings = read_as(
        "invoices.csv",
        content,
        'account_id,name\n"Müller; Söhne",M\n',
        headers={"invoice_id": "Invoice", "account_id": "Customer"},
        date_format="%d.%m.%Y",
        number_format="1.234,56",
    )
    assert [finding.message[:25] for finding in findings] == ["the text is not UTF-8; it"]
    assert books.invoices[["amount", "row"]].values.tolist() == [[123456, 3]]


def test_formulas_without_results_are_named_by_cell() -> None:
    content = (REAL / "messy/made/invoices_formula_no_cached_values.xlsx").read_bytes()
    headers = {"invoice_id": "Invoice", "account_id": "Customer"}
    _, findings = read_as("invoices.xlsx", content, "account_id,name\nNordby AS,N\n", headers=headers)
    messages = [finding.message for finding in findings]
    assert "the formula in E2 has no result yet" in messages
    assert "the formula in F2 has no result yet" in messages
