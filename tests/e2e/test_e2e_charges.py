"""What was announced and sent comes true: the same interest and fixed sums in JSON, on the screen, on the page and in its code."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import needs
import pytest
from commandline import Workspace, table
from test_e2e_json import ACCOUNT, TOTAL, misfits
from test_e2e_part_payment import _painted, _scanned

CONFIG = """
[business]
name = "Brook Street Bakery"
email = "accounts@brookstreet.example"
iban = "IE29 AIBK 9311 5212 3456 78"
[portal]
base_url = "https://pay.brookstreet.example"
links = [{ name = "Card", url = "https://card.example/?a={amount}" }]
[calendar]
country = "none"
weekend = []
[interest]
regime = "ie-si580"
[schedule.standard]
minimum_gap = 0
[[schedule.standard.step]]
name = "reminder"
days = 1
channels = ["email"]
pay_within = 7
announces = [{ consequence = "interest", in_days = 14 }, { consequence = "fee", in_days = 14 }]
[[schedule.standard.step]]
name = "final-demand"
days = 20
channels = ["email"]
pay_within = 7
announces = [{ consequence = "agency", in_days = 20 }]
"""
BOOKS = {
    "customers": table(
        ("account_id", "name", "email"),
        ("ACME", "Acme Ltd", "a@acme.example"),
        ("LATE", "Paid Late Ltd", "l@late.example"),
        ("GOOD", "Good Ltd", "g@good.example"),
    ),
    "invoices": table(
        ("invoice_id", "account_id", "issued", "due", "amount"),
        ("A-1", "ACME", "2025-11-01", "2025-12-01", "12400.00"),
        ("A-2", "ACME", "2026-02-01", "2026-03-20", "99.50"),
        ("L-1", "LATE", "2025-11-01", "2025-12-01", "900.00"),
        ("G-1", "GOOD", "2026-02-01", "2026-03-20", "10.00"),
    ),
    "payments": table(
        ("received", "account_id", "amount", "invoice_id"),
        ("2026-01-05", "ACME", "5000.00", "A-1"),
        ("2025-12-20", "LATE", "900.00", "L-1"),
    ),
    "activity": table(
        ("on", "account_id", "kind", "invoice_id", "amount", "note"),
        ("2026-01-10", "ACME", "waive", "A-1", "15.00", "goodwill"),
    ),
}
ON = "2026-01-13"


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Reminders of 2 December that announce interest and a fixed sum, the final demand of the 21st, and what followed."""
    workspace = Workspace.of(tmp_path_factory.mktemp("books"), CONFIG, **BOOKS)
    workspace.done("send", "--yes", "--on", "2025-12-02")
    workspace.done("send", "--yes", "--on", "2025-12-21", "--only", "ACME")
    workspace.done("build", "--on", ON)
    return workspace


def status(books: Workspace, on: str = ON) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    told = json.loads(books.done("status", "--json", "--on", on))
    return {each["account_id"]: each for each in told["accounts"]}, told["totals"]["EUR"]


def page(books: Workspace, account: str) -> str:
    """The customer's page."""
    for path in (books.root / "site/public").glob("*/index.html"):
        if f"<bdi>{account}</bdi>" in (text := path.read_text("utf-8")):
            return text
    raise AssertionError(f"no page of {account}")


def test_interest_and_fixed_sums_are_in_the_json_of_status(books: Workspace) -> None:
    accounts, totals = status(books)
    acme, late, good = accounts["ACME"], accounts["LATE"], accounts["GOOD"]
    # 12,400 for 21 days and 7,400 for 8 at 10.15 %; 100 fixed for more than 10,000, 15 of it waived.
    assert (acme["interest"], acme["fees"]) == ("88.87", "85.00")
    assert (late["interest"], late["fees"], late["balance"]) == ("1.25", "40.00", "0.00")
    assert (good["interest"], good["fees"], good["obligations"], good["announced"]) == ("0.00", "0.00", [], [])
    for name in ("interest", "fees"):
        assert Decimal(totals[name]) == sum(Decimal(each[name]) for each in accounts.values())
        for each in accounts.values():
            assert Decimal(each[name]) == sum(Decimal(item[name]) for item in each["items"])


@pytest.mark.parametrize("on", ["2025-12-03", "2026-01-09", ON])
def test_charges_and_obligations_have_the_names_and_types_of_the_contract(books: Workspace, on: str) -> None:
    accounts, totals = status(books, on)
    assert [m for each in accounts.values() for m in misfits(each, ACCOUNT, "EUR", each["account_id"])] == []
    assert misfits(totals, TOTAL, "EUR") == []
    states = {"due", "overdue", "carried-out", "waived", "moot"}
    assert {o["state"] for each in accounts.values() for o in each["obligations"]} <= states
    assert {o["state"] for each in accounts.values() for o in each["announced"]} <= {"ahead"}


def test_a_paid_invoice_that_owes_interest_stays_as_an_open_item(books: Workspace) -> None:
    (item,) = status(books)[0]["LATE"]["items"]
    assert item == {
        "invoice_id": "L-1",
        "due": "2025-12-01",
        "open": "0.00",
        "days_past_due": 43,
        "step": None,
        "next_step": None,
        "next_on": None,
        "reasons": [],
        "interest": "1.25",
        "fees": "40.00",
    }


def test_what_came_is_an_obligation_and_what_comes_is_announced(books: Workspace) -> None:
    acme = status(books)[0]["ACME"]
    (agency,) = (each for each in acme["obligations"] if each["consequence"] == "agency")
    assert agency == {
        "consequence": "agency",
        "due": "2026-01-10",
        "state": "overdue",
        "announced": "2025-12-21",
        "notice_id": "2025-12-21-ACME-final-demand-email",
        "invoices": ["A-1"],
        "why": agency["why"],
        "held": None,
    }
    assert {each["consequence"]: each["state"] for each in acme["obligations"]} == {
        "interest": "carried-out",
        "fee": "carried-out",
        "agency": "overdue",
    }
    earlier = status(books, "2026-01-09")[0]["ACME"]
    assert [(each["consequence"], each["due"], each["state"]) for each in earlier["announced"]] == [
        ("agency", "2026-01-10", "ahead")
    ]
    assert "agency" not in {each["consequence"] for each in earlier["obligations"]}


def test_every_line_of_the_worksheet_can_be_worked_out_again(books: Workspace) -> None:
    (charge,) = status(books)[0]["ACME"]["charges"]
    assert [(line["principal"], line["from"], line["to"], line["days"], line["rate"]) for line in charge["lines"]] == [
        ("12400.00", "2025-12-16", "2026-01-05", 21, "10.15"),
        ("7400.00", "2026-01-06", "2026-01-13", 8, "10.15"),
    ]
    for line in charge["lines"]:
        exact = Decimal(line["principal"]) * line["days"] * Decimal(line["rate"]) / 100 / charge["year_days"]
        assert abs(exact - Decimal(line["amount"])) <= Decimal("0.005")
    assert Decimal(charge["accrued"]) == sum(Decimal(line["amount"]) for line in charge["lines"])


def test_status_begins_with_what_is_overdue_and_says_what_is_owed_beside(books: Workspace) -> None:
    said = books.done("status", "--on", ON)
    assert said.index("3 days overdue: place the account") < said.index("EUR") < said.index("charges")
    assert "90.12 interest, 125.00 fixed sums" in said
    assert "€173.87" in said


EXPLAINED = """
A-1  €173.87 owed beside the principal, by ie-si580
    2025-12-16 to 2026-01-05: €12,400.00 × 21 days × 10.15 % / 365 = €72.41  (10.15 % = 2.15 % + 8.00 %)
    2026-01-06 to 2026-01-13: €7,400.00 × 8 days × 10.15 % / 365 = €16.46  (10.15 % = 2.15 % + 8.00 %)
    interest €88.87 owed
    fixed sum of 2025-12-16 €100.00, €15.00 waived: €85.00 owed
"""


def test_explain_shows_the_arithmetic_and_the_commands_that_answer(books: Workspace) -> None:
    said = books.done("explain", "ACME", "--on", ON)
    assert said.endswith(EXPLAINED)
    assert "€88.87 interest, €85.00 fixed sums" in re.sub(r"\s+", " ", said)
    assert (
        "3 days overdue: place the account with the agency and log it as placed, or waive it (agency announced" in said
    )
    assert "python build.py log ACME placed --note 'name of the agency'\n" in said
    assert "python build.py log ACME waive --note 'agency: why'\n" in said
    assert "carried-out: interest: interest runs since 2025-12-16" in said


def test_the_commands_that_explain_names_settle_the_obligation(books: Workspace, tmp_path: Path) -> None:
    import shlex
    import shutil

    shutil.copytree(books.root, tmp_path / "copy")
    copy = Workspace(tmp_path / "copy")
    (placed,) = re.findall(r"python build\.py (log ACME placed .*)", copy.done("explain", "ACME", "--on", ON))
    copy.done(*shlex.split(placed), "--on", ON)
    assert {each["state"] for each in status(copy)[0]["ACME"]["obligations"]} == {"carried-out"}
    assert "overdue: place" not in copy.done("status", "--on", ON)


def test_a_rate_that_nobody_knows_is_said_plainly_with_what_to_enter(tmp_path: Path) -> None:
    invoices = table(
        ("invoice_id", "account_id", "issued", "due", "amount"), ("A-1", "ACME", "2099-01-01", "2099-01-31", "100.00")
    )
    far = Workspace.of(tmp_path, CONFIG, customers=BOOKS["customers"], invoices=invoices)
    far.done("send", "--yes", "--on", "2099-02-01")
    said = far.done("explain", "ACME", "--on", "2099-02-20")
    assert "€100.00 × 6 days, rate not known: nothing" in said
    assert "No rate is known from 2099-02-15: nothing is claimed for these days." in said
    assert '[interest.rates] 2099-02-15 = "RATE"' in said
    assert status(far, "2099-02-20")[0]["ACME"]["interest"] == "0.00"
    told = far.run("check", "--on", "2099-02-20")
    assert "no interest is claimed from 2099-02-15 on of ACME: the rate is not known" in told.stdout + told.stderr


def test_the_page_asks_for_principal_and_announced_charges_and_so_does_its_link(books: Workspace) -> None:
    html = page(books, "ACME")
    link = re.search(r'https://card\.example/[^"]+', html)
    assert link
    assert parse_qs(urlsplit(link[0]).query)["a"] == ["7573.87"]  # 7,400.00 + 88.87 + 85.00
    assert "agency" not in html
    late = page(books, "LATE")
    assert "What is left are the charges" in late
    assert "€41.25" in late


@needs.zbar
def test_a_banking_app_reads_the_sum_with_the_charges(books: Workspace, tmp_path: Path) -> None:
    assert "EUR7573.87" in _scanned(_painted(page(books, "ACME"), tmp_path / "a.pgm")).split("\n")
    assert "EUR41.25" in _scanned(_painted(page(books, "LATE"), tmp_path / "l.pgm")).split("\n")


def test_the_desk_begins_with_the_obligation_that_is_overdue(books: Workspace) -> None:
    html = (books.root / "outbox/desk.html").read_text("utf-8")
    assert html.index("place with the agency, 3 days overdue") < html.index('class="totals"')
