"""What was said and agreed, as the commands tell it: on the screen, as JSON, on the desk, on call sheets and the customers' pages."""

import json
import re
from pathlib import Path

import pytest
from commandline import PLAIN, Workspace, table

CONFIG = (
    PLAIN.format(
        business='contact = "Pat"\n', more="[prepayment]\nlate_times = 1\nlate_days = 5\n[promises]\ngrace = 2\n"
    )
    + """
[[schedule.standard.step]]
name = "call"
days = 25
channels = ["call"]
give_way = 60
[[schedule.standard.step]]
name = "referral"
from = "previous"
days = 16
channels = ["email"]
[[schedule.firm.step]]
name = "reminder"
days = 1
channels = ["email"]
"""
)
BOOKS = {
    "customers": table(
        ("account_id", "name", "email", "phone"),
        ("ACME", "Acme Ltd", "ap@acme.example", "+44 20 7946 0000"),
        ("BOLT", "Bolt & Co", "office@bolt.example", "+44 20 7946 0001"),
        ("CASK", "Cask Bar", "", "+44 20 7946 0002"),
        ("DELL", "Dell <b>Farm</b>", "", "+44 20 7946 0003"),
    ),
    "invoices": table(
        ("invoice_id", "account_id", "issued", "due", "amount"),
        ("A-0", "ACME", "2025-11-01", "2025-12-01", "50.00"),
        ("A-1", "ACME", "2026-01-01", "2026-01-31", "600.00"),
        ("B-1", "BOLT", "2026-01-01", "2026-01-31", "900.00"),
        ("C-1", "CASK", "2026-01-20", "2026-02-19", "350.00"),
        ("D-1", "DELL", "2026-01-20", "2026-02-19", "300.00"),
    ),
    "payments": table(
        ("received", "account_id", "amount", "invoice_id"),
        ("2025-12-20", "ACME", "50.00", "A-0"),
        ("2026-02-10", "ACME", "100.00", "A-1"),
        ("2026-02-27", "BOLT", "300.00", "B-1"),
    ),
    "activity": "on,account_id,kind,invoice_id,amount,due,every,count,by,note\n"
    "2026-02-02,ACME,promise,,200.00,2026-02-11,,,,\n"
    "2026-02-20,ACME,promise,,500.00,2026-03-06,,,,\n"
    "2026-02-20,BOLT,plan,,300.00,2026-02-27,month,3,,\n"
    "2026-02-21,BOLT,signed,,,,,,,\n"
    "2026-02-24,CASK,no-answer,,,,,,,\n"
    "2026-02-25,DELL,reason,,,,,,,forgot\n",
}  # fmt: skip
ON = ("--on", "2026-03-02")


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace.of(tmp_path_factory.mktemp("people"), config=CONFIG, **BOOKS)
    workspace.done("build", *ON)
    return workspace


def account(books: Workspace, name: str) -> dict:
    (found,) = json.loads(books.done("explain", name, "--json", *ON))["accounts"]
    return found


def unwrapped(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_json_tells_promises_class_and_prepayment(books: Workspace) -> None:
    acme = account(books, "ACME")
    assert [{k: p[k] for k in ("made", "due", "amount", "state")} for p in acme["promises"]] == [
        {"made": "2026-02-02", "due": "2026-02-11", "amount": "200.00", "state": "partly-kept"},
        {"made": "2026-02-20", "due": "2026-03-06", "amount": "500.00", "state": "pending"},
    ]
    assert acme["promises"][0]["received"] == "100.00"
    assert acme["class"] == "slow but honest"
    assert acme["prepayment"] is True
    assert acme["track"] == "standard"
    assert [(hold["kind"], hold["until"], hold["invoice_id"]) for hold in acme["holds"]] == [
        ("promise", "2026-03-08", None)
    ]
    assert account(books, "CASK")["prepayment"] is False
    assert account(books, "CASK")["class"] == "unknown"


def test_json_tells_the_plan_payment_by_payment(books: Workspace) -> None:
    plan = account(books, "BOLT")["plan"]
    assert (plan["made"], plan["signed"], plan["state"]) == ("2026-02-20", "2026-02-21", "good")
    assert plan["instalments"] == [
        {"due": "2026-02-27", "amount": "300.00", "paid": "300.00"},
        {"due": "2026-03-27", "amount": "300.00", "paid": "0.00"},
        {"due": "2026-04-27", "amount": "300.00", "paid": "0.00"},
    ]
    assert account(books, "ACME")["plan"] is None


def test_status_lists_what_was_promised_and_agreed(books: Workspace) -> None:
    said = unwrapped(books.run("status", *ON, env={"COLUMNS": "200"}).stdout)
    assert "ACME promised €500.00 for 2026-03-06 (on 2026-02-20): pending" in said
    assert "ACME promised €200.00 for 2026-02-11 (on 2026-02-02): not kept, €100.00 came" in said
    assert "BOLT plan of 2026-02-20: 1 of 3 payments made, €300.00 due on 2026-03-27; in good standing" in said
    nothing = unwrapped(books.run("status", "--on", "2026-02-01").stdout)
    assert "promised" not in nothing


def test_explain_tells_the_record_with_its_figures(books: Workspace) -> None:
    said = unwrapped(books.done("explain", "ACME", *ON))
    assert (
        "Record: slow but honest (1 invoice paid in twelve months, 19 days late on average; 0 of 1 promises kept)"
        in said
    )
    assert "payment in advance: 1 invoice" in said
    assert "hold (promise) until 2026-03-08" in said
    late = unwrapped(books.done("explain", "ACME", "--on", "2026-03-20"))
    assert "proposed: refer the account: 2 promises were not kept" in late
    assert "last reason: forgot, on 2026-02-25" in unwrapped(books.done("explain", "DELL", *ON))


def test_explain_names_each_hold_with_its_line_and_its_end(books: Workspace, tmp_path: Path) -> None:
    said = unwrapped(books.done("explain", "ACME", *ON))
    assert "payment is promised for 2026-03-06 (activity of 2026-02-20, line 3)" in said
    other = Workspace.of(tmp_path / "books", config=CONFIG, **BOOKS)
    other.done("log", "DELL", "dispute", "--invoice", "D-1", "--note", "too short", "--on", "2026-02-26")
    other.done("log", "DELL", "hold", "--due", "2026-03-20", "--note", "back from Spain", "--on", "2026-02-26")
    said = unwrapped(other.done("explain", "DELL", *ON))
    assert "D-1 is disputed (activity of 2026-02-26, line 8: too short)" in said
    assert "on hold until 2026-03-20 (activity of 2026-02-26, line 9: back from Spain)" in said
    assert "hold (dispute) on D-1, with no end set" in said


def test_a_promise_of_more_than_was_owed_is_capped_and_said(tmp_path: Path) -> None:
    other = Workspace.of(tmp_path / "books", config=CONFIG, **BOOKS)
    other.done("log", "DELL", "promise", "--amount", "999", "--due", "2026-03-06", "--on", "2026-02-27")
    said = unwrapped(other.done("explain", "DELL", *ON))
    assert "promised €300.00 for 2026-03-06 (on 2026-02-27, as €999.00, which is more than was owed): pending" in said


def test_the_telephone_may_ring_at_any_time_and_the_sheet_is_there(books: Workspace, tmp_path: Path) -> None:
    there = {path.name for path in (books.root / "outbox/2026-03-02").glob("*-call.html")}
    assert there == {f"{name}-call.html" for name in ("ACME", "BOLT", "CASK", "DELL")}
    other = Workspace.of(tmp_path / "books", config=CONFIG, **BOOKS)
    other.done("log", "ACME", "lawyer", "--on", "2026-02-26")
    other.done("log", "CASK", "stop-contact", "--on", "2026-02-26")
    other.done("build", *ON)
    there = {path.name for path in (other.root / "outbox/2026-03-02").glob("*-call.html")}
    assert there == {"BOLT-call.html", "DELL-call.html"}


def test_the_calls_of_the_day_stand_in_order_of_their_worth(books: Workspace) -> None:
    desk = (books.root / "outbox/desk.html").read_text("utf-8")
    calls = desk[desk.index('id="calls"') :]
    assert calls.index("DELL") < calls.index("CASK"), (
        "300 from one who answers are worth more than 350 from one who did not"
    )
    said = unwrapped(re.sub(r"<[^>]+>", " ", calls))
    assert "Worth €180.00: €300.00 × 60 % for the payer (nothing known yet) × 100 % for an answer" in said
    assert "Dell &lt;b&gt;Farm&lt;/b&gt;" in desk


def test_the_desk_counts_what_was_kept_in_twelve_months(books: Workspace) -> None:
    desk = unwrapped(re.sub(r"<[^>]+>", " ", (books.root / "outbox/desk.html").read_text("utf-8")))
    assert "0.0 % of promises kept: 0 of 1 in twelve months; 50.0 % by value, €100.00 of €200.00" in desk


def test_the_call_sheet_works_out_plans_from_all_that_is_open(books: Workspace) -> None:
    (path,) = (books.root / "outbox/2026-03-02").glob("CASK*call.html")
    said = unwrapped(re.sub(r"<[^>]+>", " ", path.read_text("utf-8")))
    assert "€175.00 2 payments €116.67 3 payments €116.66 €58.34 6 payments €58.33 " in said
    assert "python build.py log CASK plan --amount 58.34" in said


def test_no_page_of_a_customer_says_what_the_operator_thinks_of_them(books: Workspace) -> None:
    pages = [path.read_text("utf-8") for path in (books.root / "site/public").glob("*/index.html")]
    assert len(pages) == 4
    for page in pages:
        assert not re.search(
            "slow but honest|promises and breaks|avoids|firm|proposed|unanswered|days late or more", page
        )


def test_what_the_sheet_says_to_log_can_be_logged(books: Workspace, tmp_path: Path) -> None:
    import html
    import shlex

    other = Workspace.of(tmp_path / "books", config=CONFIG, **BOOKS)
    other.done("build", *ON)
    (path,) = (other.root / "outbox/2026-03-02").glob("CASK*call.html")
    text = path.read_text("utf-8")
    commands = re.findall(r"<td><code>(python build\.py log .*?)</code></td>", text)
    assert len(commands) >= 8
    for command in commands:
        plain = html.unescape(re.sub(r"<[^>]+>", "", command))
        done = other.run(*shlex.split(plain)[2:], *ON)
        assert done.exit_code == 0, f"{plain}: {done.output}"
