"""The forecast, held against the days themselves: the same workspace, sent from day by day, and nobody pays."""

import json
from datetime import date, timedelta
from pathlib import Path

from commandline import Workspace, table

START = date(2026, 3, 2)
DAYS = 24

CONFIG = """
[business]
name = "Brook Street Bakery"
email = "accounts@brookstreet.example"
iban = "IE29 AIBK 9311 5212 3456 78"
country = "IE"
[interest]
regime = "ie-si580"
[schedule.standard]
minimum_gap = 3
[[schedule.standard.step]]
name = "reminder"
days = 1
channels = ["email"]
pay_within = 5
announces = [{ consequence = "interest", in_days = 7 }]
[[schedule.standard.step]]
name = "call"
days = 6
channels = ["call"]
give_way = 2
[[schedule.standard.step]]
name = "final-demand"
days = 10
channels = ["email", "letter"]
pay_within = 7
announces = [{ consequence = "agency", in_days = 30 }]
"""


def books(root: Path) -> Workspace:
    """Four accounts: one that falls late, one in two currencies, one that promised, one in dispute."""
    return Workspace.of(
        root,
        CONFIG,
        customers=table(
            ["account_id", "name", "email", "address", "postcode", "city", "country", "phone"],
            ["LATE", "Late & Co", "late@a.example", "1 Quay", "H91", "Galway", "IE", "+353 91 000 001"],
            ["TWO", "Two Ltd", "two@b.example", "", "", "", "IE", "+353 91 000 002"],
            ["WORD", "Word Ltd", "word@c.example", "3 Quay", "H91", "Galway", "IE", ""],
            ["ROW", "Row Ltd", "row@d.example", "4 Quay", "H91", "Galway", "IE", ""],
        ),
        invoices=table(
            ["invoice_id", "account_id", "issued", "due", "amount", "currency"],
            ["L-1", "LATE", "2026-02-01", "2026-03-01", "100.00", "EUR"],
            ["L-2", "LATE", "2026-02-10", "2026-03-10", "250.00", "EUR"],
            ["T-1", "TWO", "2026-02-01", "2026-03-03", "70.00", "EUR"],
            ["T-2", "TWO", "2026-02-01", "2026-03-05", "80.00", "GBP"],
            ["W-1", "WORD", "2026-01-20", "2026-02-20", "500.00", "EUR"],
            ["R-1", "ROW", "2026-01-20", "2026-02-20", "900.00", "EUR"],
            ["R-2", "ROW", "2026-02-15", "2026-03-15", "40.00", "EUR"],
        ),
        payments=table(["received", "account_id", "amount", "invoice_id"], ["2026-02-27", "WORD", "20.00", "W-1"]),
        activity=table(
            ["on", "account_id", "kind", "invoice_id", "amount", "due"],
            ["2026-03-01", "WORD", "promise", "", "480.00", "2026-03-09"],
            ["2026-02-25", "ROW", "dispute", "R-1", "", ""],
        ),
    )


def test_what_is_forecast_is_what_is_sent_day_by_day(tmp_path: Path) -> None:
    workspace = books(tmp_path)
    found = json.loads(workspace.done("forecast", "--days", str(DAYS), "--on", str(START), "--json"))
    said = {
        (each["on"], each["account_id"], each["currency"], each["what"], channel)
        for each in found["coming"]
        if each["kind"] == "notice"
        for channel in each["channels"]
    }
    for today in (START + timedelta(days=n) for n in range(DAYS + 1)):
        result = workspace.run("send", "--posted", "--yes", "--stale-books", "--many", "--on", str(today))
        assert result.exit_code == 0, result.output
    went = {(row["on"], row["account_id"], row["currency"], row["step"], row["channel"]) for row in workspace.notices()}
    assert said == went
    assert {step for *_, step, _ in went} == {"reminder", "promise", "final-demand"}
    assert {each["kind"] for each in found["coming"]} >= {"notice", "call", "promise", "refer"}


def test_the_sums_of_the_cash_are_what_is_open(tmp_path: Path) -> None:
    cash = json.loads(books(tmp_path).done("forecast", "--on", str(START), "--json"))["cash"]
    assert cash["EUR"]["balance"] == "1840.00"
    assert cash["EUR"]["apart"] == "900.00"
    assert [(line["on"], line["amount"]) for line in cash["EUR"]["lines"] if line["source"] == "promise"] == [
        ("2026-03-09", "480.00")
    ]
    assert cash["GBP"]["no_record"] == "80.00"


def test_the_forecast_of_a_past_day_knows_nothing_that_came_later(tmp_path: Path) -> None:
    workspace = books(tmp_path)
    before = workspace.done("forecast", "--on", str(START), "--json")
    workspace.write(
        "accounts/payments.csv",
        table(
            ["received", "account_id", "amount", "invoice_id"],
            ["2026-02-27", "WORD", "20.00", "W-1"],
            ["2026-03-04", "LATE", "100.00", "L-1"],
        ),
    )
    assert workspace.done("forecast", "--on", str(START), "--json") == before


def test_the_screen_says_what_is_assumed_and_what_comes(tmp_path: Path) -> None:
    shown = books(tmp_path).done("forecast", "--days", "9", "--on", str(START))
    assert "If nobody pays or answers" in shown
    assert "promise due, made on 2026-03-01" in shown
    assert "cash expected of €1,840.00 open" in shown
