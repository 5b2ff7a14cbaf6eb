"""Contact limits at the command line: settings that cannot be meant stop the run, and who is called is called at a fit time."""

import json
import re
from html import unescape
from pathlib import Path

import pytest
from commandline import PLAIN, Workspace, table

BOOKS = {
    "customers": table(
        ("account_id", "name", "kind", "email", "phone", "country", "timezone"),
        ("KIM", "Kim Doe", "consumer", "kim@doe.example", "", "", ""),
        ("ACME", "Acme Ltd", "business", "a@acme.example", "", "", ""),
        ("TOKYO", "Tokyo Ltd", "business", "", "+81 3 5550 0100", "JP", "Asia/Tokyo"),
    ),
    "invoices": table(
        ("invoice_id", "account_id", "issued", "due", "amount"),
        *((f"{account}-1", account, "2026-01-01", "2026-02-28", "100.00") for account in ("KIM", "ACME", "TOKYO")),
    ),
}
CLOSE = PLAIN.replace("days = 10", "days = 4").replace("pay_within = 7\n", "")  # steps on days 1, 4 and 20
DUBLIN = 'timezone = "Europe/Dublin"'


def workspace(root: Path, contact: str = "") -> Workspace:
    return Workspace.of(root, CLOSE.format(business=DUBLIN, more=contact and f"[contact]\n{contact}"), **BOOKS)


def text(html: bytes) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html.decode())).split())


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ('limits = "us-may"', "Did you mean us-ma?"),
        ('hours = { weekday = "17:00-09:00" }', "does not end after it begins"),
    ],
)
def test_limits_that_cannot_be_meant_stop_the_run_before_anything_is_written(
    tmp_path: Path, contact: str, said: str
) -> None:
    books = workspace(tmp_path, contact)
    for command in ("check", "build"):
        done = books.run(command, "--on", "2026-03-02")
        assert done.exit_code == 1
        assert said in done.output
    assert books.files() == {}


def test_a_number_laxer_than_the_law_is_a_warning_and_the_law_holds(tmp_path: Path) -> None:
    done = workspace(tmp_path, 'limits = "us-ma"\ncalls_per_week = 5').run("check", "--on", "2026-03-02")
    assert "contact.calls_per_week = 5 is laxer than us-ma, whose 2 holds all the same" in done.output


def test_the_desk_and_the_sheet_say_when_to_call_in_the_customers_time_and_in_ones_own(tmp_path: Path) -> None:
    books = workspace(tmp_path)
    books.run("build", "--on", "2026-03-02")
    said = "Call between 09:00 and 17:30 their time (00:00-08:30 yours)"
    written = books.files("outbox")
    assert f"+81 3 5550 0100 {said}" in text(written["outbox/desk.html"])
    assert said in text(written["outbox/2026-03-02/TOKYO-call.html"])
    free = workspace(tmp_path / "free", 'limits = "none"')
    free.run("build", "--on", "2026-03-02")
    assert "Call between" not in text(free.files("outbox")["outbox/desk.html"])


def test_a_consumer_hears_once_in_seven_days_and_a_business_by_its_schedule(tmp_path: Path) -> None:
    books = workspace(tmp_path)
    books.run("send", "--yes", "--on", "2026-03-02")
    found = json.loads(books.run("status", "--json", "--on", "2026-03-05").stdout)
    decided = {each["account_id"]: each["decision"] for each in found["accounts"]}
    assert (decided["ACME"]["action"], decided["ACME"]["step"]) == ("notice", "second-notice")
    assert decided["KIM"]["action"] == "wait"
    assert (
        "1 message in seven days is enough: the last was on 2026-03-02; again on 2026-03-09"
        in decided["KIM"]["reasons"]
    )
