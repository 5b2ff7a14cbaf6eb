"""Two years of a company's own receivables, read by the example's config: its own column of days late is the judge."""

import csv
import re
import subprocess
import sys
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import needs
import pytest
from commandline import ROOT, Workspace

EXAMPLE = ROOT / "examples/ibm-receivables"
EXPORT = needs.REAL_DATA / "ibm-receivables/receivables.csv"
pytestmark = needs.real_data


def day(text: str) -> date:
    return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007  (a day has no zone)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with EXPORT.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The export and what the example derives from it."""
    sys.path.insert(0, str(EXAMPLE))
    from month_ends import derive

    workspace = Workspace(tmp_path_factory.mktemp("ibm"))
    derive(EXPORT, workspace.root)
    return workspace


def test_all_of_it_is_read_by_configuration_alone(books: Workspace, rows: list[dict[str, str]]) -> None:
    import json

    assert (books.root / "accounts/invoices.csv").read_bytes() == EXPORT.read_bytes()
    result = books.run("check", "--on", "2013-12-31")
    assert (result.exit_code, result.stdout) == (0, "")
    assert len(rows) == 2466
    accounts = json.loads(books.done("status", "--json", "--on", "2014-12-31"))["accounts"]
    assert {account["account_id"] for account in accounts} == {row["customerID"] for row in rows}
    assert len(accounts) == 100
    assert {account["balance"] for account in accounts} == {"0.00"}  # every invoice was settled in the end


def test_the_days_past_due_are_the_files_own_days_late(books: Workspace, rows: list[dict[str, str]]) -> None:
    from pastdue import config, flow
    from pastdue.delivery import files
    from pastdue.dunning.ageing import age

    inputs, _ = files.read_inputs(books.root)
    assert inputs is not None
    run = flow.run(inputs, today=date(2014, 12, 31), clock=date(2014, 12, 31), check_letters=False)
    assert isinstance(run, flow.Run)
    assert isinstance(run.config, config.Config)
    unpaid = type(run.ledger)(
        run.ledger.customers, run.ledger.invoices, run.ledger.payments.iloc[:0], (), run.ledger.notices
    )
    compared = 0
    settled: dict[date, list[dict[str, str]]] = {}
    for row in rows:
        settled.setdefault(day(row["SettledDate"]), []).append(row)
    for on, here in settled.items():
        items = age(unpaid, on).items
        counted = dict(zip(items["invoice_id"], items["days_past_due"], strict=True))
        for row in here:
            assert max(int(counted[row["invoiceNumber"]]), 0) == int(row["DaysLate"]), row
            compared += 1
    assert compared == 2466


def test_the_days_on_the_command_line_are_the_same(books: Workspace, rows: list[dict[str, str]]) -> None:
    import json

    on = date(2013, 6, 30)
    accounts = json.loads(books.done("status", "--json", "--on", str(on)))["accounts"]
    told = {
        item["invoice_id"]: (item["open"], item["days_past_due"]) for account in accounts for item in account["items"]
    }
    wanted = {
        row["invoiceNumber"]: (
            str(Decimal(row["InvoiceAmount"]).quantize(Decimal("0.01"))),
            max((on - day(row["DueDate"])).days, 0),
        )
        for row in rows
        if day(row["InvoiceDate"]) <= on < day(row["SettledDate"])
    }
    assert told == wanted


STEPS = (("reminder", 1), ("second-notice", 30), ("final-demand", 60))


def expected(rows: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    """By hand: at each month end every open item takes its next step when it is old enough, and one step at most."""
    found = []
    taken: Counter[str] = Counter()
    for year, month in ((y, m) for y in (2012, 2013) for m in range(1, 13)):
        on = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        for row in rows:
            if day(row["InvoiceDate"]) <= on < day(row["SettledDate"]):
                step = taken[row["invoiceNumber"]]
                if step < len(STEPS) and (on - day(row["DueDate"])).days >= STEPS[step][1]:
                    taken[row["invoiceNumber"]] += 1
                    found.append((str(on), row["invoiceNumber"], STEPS[step][0]))
    return sorted(found)


def test_every_month_end_of_two_years_sends_what_the_rule_says_and_its_desk_states_it(
    rows: list[dict[str, str]], tmp_path: Path
) -> None:
    folder = tmp_path / "two-years"
    command = [sys.executable, str(EXAMPLE / "month_ends.py"), str(EXPORT), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 24
    workspace = Workspace(folder)
    assert sorted(workspace.told("on", "invoice_id", "step")) == expected(rows)
    assert {row["state"] for row in workspace.notices()} == {"drafted"}
    for line in done.stdout.splitlines():
        on = line[:10]
        ids = {row["notice_id"] for row in workspace.notices() if row["on"] == on}
        accounts = {row["account_id"] for row in workspace.notices() if row["on"] == on}
        desk = re.sub(r"<[^>]+>|\s+", " ", (folder / f"desk-{on}.html").read_text("utf-8"))
        assert re.search(rf"Notices to go today\s+{len(ids)}\b", desk), on
        assert all(account in desk for account in accounts), on
        assert len(list((folder / "outbox" / on).glob("*.eml")) if ids else []) == len(ids)
    subjects = workspace.git("log", "--format=%s").splitlines()
    assert sum(subject.startswith("drafted: ") for subject in subjects) == len({r["on"] for r in workspace.notices()})
