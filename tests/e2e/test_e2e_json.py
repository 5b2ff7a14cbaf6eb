"""What `--json` prints has the names and types that operators' scripts rely on, and its sums agree with each other."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from commandline import PLAIN, Workspace, table

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
DIGITS = {"EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3}
ACTIONS = {"notice", "call", "wait", "hold", "refer", "settled", "none"}
BUCKETS = ("current", "1-30", "31-60", "61-90", "91-120", "120+")


class Amount:
    """A sum as text, in the currency's own digits."""


class Day:
    """A date as text."""


class Blank:
    """Absent: null."""


# The contract's names. A tuple means: one of these. A list holds such entries.
ITEM = {
    "invoice_id": str,
    "due": Day,
    "open": Amount,
    "days_past_due": int,
    "step": (str, Blank),
    "next_step": (str, Blank),
    "next_on": (Day, Blank),
    "interest": Amount,
    "fees": Amount,
}
OBLIGATION = {
    "consequence": str,
    "due": Day,
    "state": str,
    "announced": Day,
    "notice_id": (str, Blank),
    "invoices": [str],
    "why": str,
    "held": (str, Blank),
}
CHARGE = {
    "invoice_id": str,
    "due": Day,
    "regime": str,
    "told": bool,
    "since": (Day, Blank),
    "fee_on": (Day, Blank),
    "accrued": Amount,
    "interest_paid": Amount,
    "interest_waived": Amount,
    "interest": Amount,
    "fee": Amount,
    "fee_paid": Amount,
    "fee_waived": Amount,
    "fees": Amount,
    "year_days": int,
    "lines": [{"principal": Amount, "from": Day, "to": Day, "days": int, "rate": (str, Blank), "amount": Amount}],
}
DECISION = {
    "action": str,
    "step": (str, Blank),
    "channels": [str],
    "pay_by": (Day, Blank),
    "items": [{"invoice_id": str, "due": Day, "step": str}],
    "reasons": [str],
}
ACCOUNT = {
    "account_id": str,
    "name": str,
    "currency": str,
    "balance": Amount,
    "overdue": Amount,
    "credit": Amount,
    "oldest_due": (Day, Blank),
    "days_past_due": int,
    "buckets": dict.fromkeys(BUCKETS, Amount),
    "interest": Amount,
    "fees": Amount,
    "class": str,
    "track": str,
    "prepayment": bool,
    "holds": [{"kind": str, "until": (Day, Blank), "invoice_id": (str, Blank)}],
    "promises": [{"made": Day, "due": Day, "amount": (Amount, Blank), "state": str}],
    "obligations": [OBLIGATION],
    "announced": [OBLIGATION],
    "charges": [CHARGE],
    "items": [ITEM],
    "decision": DECISION,
}
TOTAL = {
    "balance": Amount,
    "overdue": Amount,
    "interest": Amount,
    "fees": Amount,
    "buckets": dict.fromkeys(BUCKETS, Amount),
}
FINDING = {
    "severity": str,
    "file": str,
    "sheet": str,
    "row": int,
    "column": str,
    "message": str,
    "hint": str,
    "account_id": str,
}


def misfits(value: Any, shape: Any, currency: str = "", where: str = "$") -> list[str]:
    """Where the value is not of the shape; names beyond the contract's are free to come."""
    if isinstance(shape, tuple):
        return [] if any(not misfits(value, each, currency) for each in shape) else [f"{where}: {value!r}"]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where}: {value!r}"]
        return [m for i, each in enumerate(value) for m in misfits(each, shape[0], currency, f"{where}[{i}]")]
    if isinstance(shape, Mapping):
        if not isinstance(value, dict):
            return [f"{where}: {value!r}"]
        absent = [f"{where}.{name} is missing" for name in shape if name not in value]
        return absent + [
            m for name in shape if name in value for m in misfits(value[name], shape[name], currency, f"{where}.{name}")
        ]
    return [] if _fits(value, shape, currency) else [f"{where}: {value!r}"]


def _fits(value: Any, kind: type, currency: str) -> bool:
    if kind is Blank:
        return value is None
    if kind is Day:
        return isinstance(value, str) and bool(DAY.fullmatch(value))
    if kind is Amount:
        digits = DIGITS[currency]
        return isinstance(value, str) and bool(re.fullmatch(r"-?\d+" + (rf"\.\d{{{digits}}}" if digits else ""), value))
    return type(value) is kind


CUSTOMERS = table(
    ("account_id", "name", "email", "currency", "phone"),
    ("EURO", 'Euro & "Sons" <Ltd>', "a@euro.example", "EUR", "1"),
    ("YEN", "Yen KK", "a@yen.example", "JPY", ""),
    ("DINAR", "Dinar Co", "", "KWD", ""),
    ("CREDIT", "Credit Ltd", "a@credit.example", "", ""),
    ("QUIET", "Nothing Ever", "a@quiet.example", "", ""),
    ("HELD", "Held Ltd", "a@held.example", "", ""),
)
BOOKS = {
    "customers": CUSTOMERS,
    "invoices": table(
        ("invoice_id", "account_id", "issued", "due", "amount", "currency"),
        ("E-1", "EURO", "2025-09-01", "2025-10-01", "10.10", ""),
        ("E-2", "EURO", "2026-01-01", "2026-01-31", "20.20", ""),
        ("E-3", "EURO", "2026-01-10", "2026-02-20", "40.40", ""),
        ("E-4", "EURO", "2026-01-10", "2026-01-20", "7.07", "GBP"),
        ("Y-1", "YEN", "2026-01-01", "2026-01-31", "5000", ""),
        ("D-1", "DINAR", "2026-01-01", "2026-01-31", "1.234", ""),
        ("C-1", "CREDIT", "2026-01-01", "2026-01-31", "5.00", ""),
        ("H-1", "HELD", "2026-01-01", "2026-01-31", "5.00", ""),
        ("H-2", "HELD", "2026-01-01", "2026-01-31", "6.00", ""),
    ),
    "payments": "received,account_id,amount,invoice_id\n2026-01-05,CREDIT,9.00,\n2026-01-06,EURO,1.10,E-1\n",
    "activity": "on,account_id,kind,invoice_id,due,amount\n2026-01-20,HELD,dispute,H-1,,\n2026-01-21,HELD,hold,,2026-02-09,\n",
}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace.of(tmp_path_factory.mktemp("books"), PLAIN.format(business="", more=""), **BOOKS)
    workspace.done("send", "--yes", "--only", "YEN", "--on", "2026-02-01")
    return workspace


def printed(workspace: Workspace, *arguments: str) -> Any:
    result = workspace.run(*arguments, "--json")
    assert result.exit_code in {0, 1}, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("on", ["2026-01-15", "2026-02-02", "2026-02-12", "2026-06-30"])
def test_status_has_the_contracts_names_and_types(books: Workspace, on: str) -> None:
    status = printed(books, "status", "--on", on)
    assert set(status) >= {"on", "accounts", "totals"}
    assert status["on"] == on
    assert [
        m for each in status["accounts"] for m in misfits(each, ACCOUNT, each["currency"], each["account_id"])
    ] == []
    assert [m for currency, each in status["totals"].items() for m in misfits(each, TOTAL, currency, currency)] == []
    assert {each["decision"]["action"] for each in status["accounts"]} <= ACTIONS


def test_an_account_with_two_currencies_has_two_entries(books: Workspace) -> None:
    entries = [(e["account_id"], e["currency"]) for e in printed(books, "status", "--on", "2026-02-02")["accounts"]]
    assert [currency for account, currency in entries if account == "EURO"] == ["EUR", "GBP"]
    assert len(set(entries)) == len(entries)
    assert {account for account, _ in entries} == {"EURO", "YEN", "DINAR", "CREDIT", "QUIET", "HELD"}


@pytest.mark.parametrize("on", ["2026-01-15", "2026-02-02", "2026-06-30"])
def test_the_sums_agree_with_each_other(books: Workspace, on: str) -> None:
    status = printed(books, "status", "--on", on)
    totals: dict[str, dict[str, Decimal]] = {}
    for each in status["accounts"]:
        opened = sum(Decimal(item["open"]) for item in each["items"])
        assert opened == Decimal(each["balance"]) == sum(map(Decimal, each["buckets"].values()))
        overdue = sum(Decimal(item["open"]) for item in each["items"] if item["days_past_due"] > 0)
        assert overdue == Decimal(each["overdue"]) == opened - Decimal(each["buckets"]["current"])
        sums = totals.setdefault(each["currency"], {"balance": Decimal(), "overdue": Decimal()})
        sums["balance"] += opened
        sums["overdue"] += overdue
    assert {
        currency: {name: Decimal(each[name]) for name in ("balance", "overdue")}
        for currency, each in status["totals"].items()
    } == totals


def test_what_an_entry_says(books: Workspace) -> None:
    found = {(e["account_id"], e["currency"]): e for e in printed(books, "status", "--on", "2026-02-02")["accounts"]}
    euro = found["EURO", "EUR"]
    assert (euro["name"], euro["balance"], euro["overdue"]) == ('Euro & "Sons" <Ltd>', "69.60", "29.20")
    assert (euro["oldest_due"], euro["days_past_due"], euro["buckets"]["120+"]) == ("2025-10-01", 124, "9.00")
    assert euro["decision"] | {"reasons": []} == {
        "action": "notice",
        "step": "reminder",
        "channels": ["email"],
        "pay_by": "2026-02-09",
        "items": [
            {"invoice_id": "E-1", "due": "2025-10-01", "step": "reminder"},
            {"invoice_id": "E-2", "due": "2026-01-31", "step": "reminder"},
        ],
        "reasons": [],
    }
    yen = found["YEN", "JPY"]
    assert (yen["balance"], yen["items"][0]["step"], yen["decision"]["action"]) == ("5000", "reminder", "wait")
    assert yen["items"][0]["next_step"] == "second-notice"
    assert found["DINAR", "KWD"]["balance"] == "1.234"
    assert (found["CREDIT", "EUR"]["credit"], found["CREDIT", "EUR"]["decision"]["action"]) == ("4.00", "settled")
    assert found["QUIET", "EUR"]["decision"]["action"] == "none"
    held = found["HELD", "EUR"]
    assert held["decision"]["action"] == "hold"
    assert {(hold["kind"], hold["invoice_id"], hold["until"]) for hold in held["holds"]} == {
        ("dispute", "H-1", None),
        ("hold", None, "2026-02-09"),
    }


def test_explain_tells_one_account_as_status_does(books: Workspace) -> None:
    status = printed(books, "status", "--on", "2026-02-02")
    told = printed(books, "explain", "EURO", "--on", "2026-02-02")
    assert told["on"] == "2026-02-02"
    assert told["accounts"] == [each for each in status["accounts"] if each["account_id"] == "EURO"]


def test_explain_in_words_names_every_step_of_every_item(books: Workspace) -> None:
    said = books.done("explain", "EURO", "--on", "2026-02-02")
    for invoice in ("E-1", "E-2", "E-3", "E-4"):
        assert f"\n{invoice}  " in said
    assert said.count("reminder") >= 4
    assert "→ reminder        2026-02-02" in said
    assert "not before" in said or "2026-02-21" in said


def test_check_says_every_finding_with_its_place(tmp_path: Path) -> None:
    workspace = Workspace.of(
        tmp_path,
        customers="account_id,name\nA,Acme\nA,Acme again\n",
        invoices="invoice_id,account_id,due,amount\nI-1,A,31/02/2026,1\nI-2,B,2026-01-01,x\n",
    )
    result = workspace.run("check", "--json")
    found = json.loads(result.stdout)["findings"]
    assert result.exit_code == 1
    assert [m for each in found for m in misfits(each, FINDING)] == []
    places = {(each["file"], each["row"], each["column"]) for each in found}
    assert {
        ("accounts/customers.csv", 3, "account_id"),
        ("accounts/invoices.csv", 2, "due"),
        ("accounts/invoices.csv", 3, "account_id"),
        ("accounts/invoices.csv", 3, "amount"),
    } <= places
    assert {each["severity"] for each in found} <= {"error", "warning"}


def test_a_clean_check_is_an_empty_list(books: Workspace) -> None:
    result = books.run("check", "--json", "--on", "2026-01-15")
    assert (result.exit_code, json.loads(result.stdout)["findings"]) == (0, [])


def test_json_goes_to_stdout_alone(books: Workspace) -> None:
    for command in (["status"], ["explain", "EURO"], ["check"]):
        result = books.run(*command, "--json", "--on", "2026-02-02")
        json.loads(result.stdout)
        assert "{" not in result.stderr
