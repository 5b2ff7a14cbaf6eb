"""`audit` as an operator and as a stranger with a clone would run it: on the demo, on a workspace that sends, on kept emails."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import needs
import pytest
from commandline import ROOT, Workspace, parsed, table

from pastdue import __version__

CONFIG = """
[business]
name = "Brook Street Bakery"
address = ["1 Brook Street"]
postcode = "AB1 2CD"
city = "Brookton"
country = "GB"
email = "accounts@brookstreet.example"
iban = "IE29 AIBK 9311 5212 3456 78"
[mail]
transport = "folder"
[calendar]
country = "none"
weekend = []
[schedule.standard]
minimum_gap = 0
[[schedule.standard.step]]
name = "reminder"
days = 1
channels = ["email"]
pay_within = 7
attach_invoice = true
[[schedule.standard.step]]
name = "second-notice"
days = 10
channels = ["email", "letter"]
pay_within = 7
"""
CUSTOMERS = (
    "account_id,name,email,cc,address,postcode,city,country,language\n"
    "ACME,Acme Ltd,ap@acme.example,boss@acme.example,2 Mill Lane,AB1 3CD,Brookton,GB,en\n"
    "BÜLOW,Bülow & Söhne,büro@bulow.example,,Weg 3,10115,Berlin,DE,de\n"
).replace("büro@", "buero@")
INVOICES = table(
    ("invoice_id", "account_id", "issued", "due", "amount"),
    ("INV-1", "ACME", "2026-01-01", "2026-01-31", "100.00"),
    ("INV-2", "BÜLOW", "2026-01-02", "2026-02-01", "40.00"),
)
LEDGER = "accounts/notices.csv"
REMINDER = "2026-02-02-ACME-reminder-email"


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace that sent on two days: emails with a copy and an attachment, then letters as well."""
    books = Workspace.of(tmp_path_factory.mktemp("sent") / "books", CONFIG, customers=CUSTOMERS, invoices=INVOICES)
    books.write("invoices/INV-1.pdf", b"%PDF-1.7\nINV-1\n")
    books.committed()
    for on in ("2026-02-02", "2026-02-12"):
        books.done("build", "--on", on)
        books.done("send", "--yes", "--on", on)
    return books


@pytest.fixture
def sent(two_days: Workspace, tmp_path: Path) -> Workspace:
    """A copy of it."""
    return Workspace(Path(shutil.copytree(two_days.root, tmp_path / "books")))


def audited(books: Workspace, *more: str, code: int = 0) -> dict[str, Any]:
    """What `audit --json` prints."""
    result = books.run("audit", "--json", *more)
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["ok"] == (code == 0) == (not found["breaks"])
    return found


# ------------------------------------------------------------------ the demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The repository as somebody clones it, with the demo's history from before rows were chained."""
    root = tmp_path_factory.mktemp("clone") / "demo"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(root)], capture_output=True, check=True)
    return Workspace(root)


@needs.history
def test_the_demo_agrees_as_it_was_cloned_and_its_next_run_begins_the_chain(demo: Workspace, tmp_path: Path) -> None:
    said = demo.done("audit")
    assert "all of it agrees" in said
    rows = demo.notices()
    assert audited(demo)["checked"]["rows"] == len(rows) > 40
    for setting in ("user.name=Pat", "user.email=pat@brookstreet.example"):
        demo.git("config", *setting.split("=", 1))
    first = demo.git("log", "--format=%H", "--", LEDGER).split()[-1]
    assert audited(demo, "--since", first)["ok"]
    before = (demo.root / LEDGER).read_bytes().partition(b"\n")[2]
    demo.run("send", "--yes", "--stale-books", "--many", "--changed", "--shrunk")
    now = (demo.root / LEDGER).read_bytes().partition(b"\n")[2]
    assert now.startswith(before)
    assert len(demo.notices()) > len(rows)
    assert all(row["chain"] for row in demo.notices()[len(rows) :])
    assert audited(demo, "--since", first)["ok"]


# ------------------------------------------------------------------ a workspace


def test_what_was_sent_agrees_in_the_workspace_and_in_a_clone(sent: Workspace, tmp_path: Path) -> None:
    checked = audited(sent)["checked"]
    assert {name: checked[name] for name in ("notices", "documents", "commits", "witnesses")} == {
        "notices": 8, "documents": 8, "commits": 2, "witnesses": 6
    }  # fmt: skip
    sent.git("clone", "-q", str(sent.root), str(tmp_path / "clone"))
    assert audited(Workspace(tmp_path / "clone"))["checked"] == checked | {"journal": 0}


def test_each_email_names_the_commit_before_its_own_and_a_build_names_none(sent: Workspace) -> None:
    runs = sent.git("log", "--format=%H", "--", LEDGER).split()
    for row in sent.notices():
        email = sent.root / row["file"]
        if email.suffix == ".eml":
            own = sent.git("log", "--format=%H", "--", row["file"]).strip()
            assert parsed(email.read_bytes())["X-Pastdue-Log"] == sent.git("rev-parse", f"{own}^").strip()
            assert own in runs
    sent.write("accounts/invoices.csv", INVOICES + "INV-3,ACME,2026-02-10,2026-02-20,5.00\n")
    sent.run("build", "--on", "2026-02-21")
    drafts = list((sent.root / "outbox/2026-02-21").glob("*.eml"))
    assert drafts
    assert not any(b"X-Pastdue-Log" in draft.read_bytes() for draft in drafts)


def test_a_break_is_told_with_its_place_and_a_hint_and_ends_with_one(sent: Workspace) -> None:
    content = (sent.root / LEDGER).read_text("utf-8")
    sent.write(LEDGER, content.replace(",100.00,", ",10.00,", 1))
    result = sent.run("audit")
    assert result.exit_code == 1
    assert (
        f"{LEDGER}:2: row-changed: open is '10.00', and was '100.00' in the last commit ({REMINDER})" in result.stdout
    )
    assert "git checkout accounts/notices.csv takes it back" in result.stdout
    assert result.stdout.rstrip().endswith("1 break.")
    (broken,) = audited(sent, code=1)["breaks"]
    assert {name: broken[name] for name in ("code", "file", "row", "notice_id", "commit")} == {
        "code": "row-changed", "file": LEDGER, "row": 2, "notice_id": REMINDER, "commit": ""
    }  # fmt: skip


def test_send_refuses_on_a_ledger_that_the_audit_would_name(sent: Workspace) -> None:
    sent.write("accounts/invoices.csv", INVOICES + "INV-3,ACME,2026-02-10,2026-02-20,5.00\n")
    content = (sent.root / LEDGER).read_text("utf-8")
    sent.write(LEDGER, content.replace(",100.00,", ",10.00,", 1))
    result = sent.run("send", "--yes", "--changed", "--on", "2026-02-21")
    assert result.exit_code == 4
    assert "changed by hand" in result.stderr


def test_without_git_there_is_nothing_to_audit(tmp_path: Path) -> None:
    books = Workspace.of(tmp_path / "books", CONFIG, customers=CUSTOMERS, invoices=INVOICES)
    shutil.rmtree(books.root / ".git")
    result = books.run("audit")
    assert result.exit_code == 4
    assert "not under version control" in result.stderr


# ------------------------------------------------------------------ kept emails


def test_a_kept_email_is_checked_against_the_record_and_the_history(sent: Workspace, tmp_path: Path) -> None:
    content = (sent.root / "outbox/2026-02-12/ACME-second-notice.eml").read_bytes()
    kept = tmp_path / "kept.eml"
    kept.write_bytes(b"Return-Path: <accounts@brookstreet.example>\n" + content.replace(b"\r\n", b"\n"))
    found = audited(sent, "--witness", str(kept))["witness"]
    named = parsed(content)["X-Pastdue-Log"]
    assert found.pop("at").startswith("20")
    assert found == {
        "notice_id": "2026-02-12-ACME-second-notice-email",
        "state": "drafted",
        "commit": named,
        "form": "bytes",
        "ok": True,
    }
    said = sent.done("audit", "--witness", str(kept))
    assert f"the very bytes that are on record; the history goes back to {named[:10]}, which it names" in said
    kept.write_bytes(content.replace(b"Acme", b"Amce"))
    told = sent.run("audit", "--witness", str(kept))
    assert told.exit_code == 1
    assert "kept.eml: witness-differs: its To is" in told.stdout


def test_a_recipient_bears_witness_when_the_sender_begins_the_history_anew(sent: Workspace, tmp_path: Path) -> None:
    kept = tmp_path / "kept.eml"
    kept.write_bytes((sent.root / "outbox/2026-02-12/ACME-second-notice.eml").read_bytes())
    shutil.rmtree(sent.root / ".git")
    sent.committed()
    found = audited(sent, "--witness", str(kept), code=1)
    named = parsed(kept.read_bytes())["X-Pastdue-Log"]
    assert ("history-rewritten", str(kept), named) in {(b["code"], b["file"], b["commit"]) for b in found["breaks"]}


# ------------------------------------------------------------------ writing notices again


def test_every_notice_can_be_written_again_to_the_byte(sent: Workspace) -> None:
    notices = dict.fromkeys(row["notice_id"] for row in sent.notices())
    assert len(notices) == 8
    for notice in notices:
        found = audited(sent, "--rebuild", notice)["rebuilt"]
        assert (found["notice_id"], found["identical"], found["written_by"]) == (notice, True, __version__)
    said = sent.done("audit", "--rebuild", REMINDER)
    assert f'"{REMINDER}" written again from commit' in said
    assert "identical, byte for byte." in said


def test_a_notice_is_written_again_from_its_own_commit_whatever_the_books_say_now(sent: Workspace) -> None:
    sent.write("accounts/invoices.csv", INVOICES.replace("100.00", "999.00"))
    sent.write("letters/reminder.en.md", "---\nsubject: Something else\n---\nSomething else.\n")
    sent.write("config.toml", CONFIG.replace("Brook Street Bakery", "Another Bakery"))
    sent.committed()
    assert audited(sent, "--rebuild", REMINDER)["rebuilt"]["identical"]


def test_books_that_were_not_committed_when_it_went_out_show_in_the_part_that_differs(tmp_path: Path) -> None:
    books = Workspace.of(tmp_path / "books", CONFIG, customers=CUSTOMERS, invoices=INVOICES)
    books.write("accounts/invoices.csv", INVOICES.replace("100.00", "120.00"))
    books.done("send", "--yes", "--on", "2026-02-02")
    found = audited(books, "--rebuild", REMINDER, code=1)
    assert {broken["code"] for broken in found["breaks"]} == {"rebuild"}
    assert found["breaks"][0]["message"].startswith("written again, its ")
    assert any("120.00" in broken["message"] and "100.00" in broken["message"] for broken in found["breaks"])
    assert found["rebuilt"]["identical"] is False


def test_another_version_of_the_program_is_told(sent: Workspace) -> None:
    message = sent.git("log", "-1", "--format=%B").replace(f"Pastdue-Version: {__version__}", "Pastdue-Version: 0.0.9")
    sent.git("commit", "-q", "--amend", "-m", message)
    notice = "2026-02-12-ACME-second-notice-letter"
    result = sent.run("audit", "--rebuild", notice)
    assert f"It was written by pastdue 0.0.9; this is {__version__}." in result.stdout
    assert "identical, byte for byte" in result.stdout
    assert result.exit_code == 1  # the journal knows the commit that was amended


def test_a_notice_that_there_is_none_of_stops(sent: Workspace) -> None:
    result = sent.run("audit", "--rebuild", "2026-02-02-NOBODY-reminder-email")
    assert result.exit_code == 4
    assert "there is no notice called 2026-02-02-NOBODY-reminder-email" in result.stderr
