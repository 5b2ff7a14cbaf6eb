"""What the operator reads when a run ends otherwise than it should, and what the options of `send` mean together."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from commandline import BUILD, PLAIN, Workspace, table

CUSTOMERS = (
    "account_id,name,email\n"
    "ACME,Acme Ltd,ap@acme.example\nBOLT,Bolt & Co,office@bolt.example\nCARR,Carr,pay@carr.example\n"
)
INVOICES = table(
    ("invoice_id", "account_id", "issued", "due", "amount"),
    ("INV-1", "ACME", "2026-01-01", "2026-01-31", "100.00"),
    ("INV-2", "BOLT", "2026-01-01", "2026-01-31", "40.00"),
    ("INV-3", "CARR", "2026-01-01", "2026-01-31", "7.00"),
)
ON = ("--on", "2026-02-02")
ACME = "2026-02-02-ACME-reminder-email"


@pytest.fixture
def books(tmp_path: Path) -> Workspace:
    mail = f'[mail]\ntransport = "sendmail"\nsendmail_command = "{tmp_path / "sendmail"}"\n'
    config = PLAIN.format(business="", more=mail)
    return Workspace.of(tmp_path / "books", config, customers=CUSTOMERS, invoices=INVOICES)


def sendmail(books: Workspace, *lines: str) -> None:
    """The program that takes mail does this from now on."""
    program = books.root.parent / "sendmail"
    program.write_text("\n".join(["#!/bin/sh", "cat > /dev/null", *lines, ""]), encoding="utf-8")
    program.chmod(0o755)


def test_after_a_death_the_next_run_names_what_is_unclear_and_how_to_settle_it(books: Workspace) -> None:
    sendmail(books, "kill -9 $PPID")
    assert books.process("send", "--yes", *ON).returncode == -9
    sendmail(books)
    after = books.run("send", "--yes", *ON)
    assert "1 notice of an earlier run put on record" in after.stderr
    assert f"unclear: {ACME} to ap@acme.example: the sender died between the last byte and the answer" in after.stderr
    assert f"--resolve {ACME}=sent" in after.stderr
    assert f"--resolve {ACME}=resend" in after.stderr
    assert books.told("account_id", "state") == [("ACME", "unclear"), ("BOLT", "sent"), ("CARR", "sent")]
    assert after.exit_code == 3, "whoever let it run by a clock learns of it"
    assert books.run("send", "--yes", *ON).exit_code == 0


def test_after_a_death_the_letter_that_goes_with_an_email_is_printed(books: Workspace) -> None:
    """The email counts as the step: nothing else would ever ask for its letter."""
    config = (books.root / "config.toml").read_text("utf-8")
    books.write("config.toml", config.replace('["email"]', '["email", "letter"]'))
    books.write(
        "accounts/customers.csv",
        CUSTOMERS.replace("email\n", "email,address,city\n").replace(
            "ap@acme.example", "ap@acme.example,1 Mill Road,Galway"
        ),
    )
    sendmail(books, "kill -9 $PPID")
    assert books.process("send", "--yes", "--changed", *ON).returncode == -9
    sendmail(books)
    after = books.run("send", "--yes", "--changed", *ON)
    assert "2 notices of an earlier run put on record" in after.stderr
    assert books.told("account_id", "channel", "state")[:2] == [
        ("ACME", "email", "unclear"),
        ("ACME", "letter", "printed"),
    ]
    assert (books.root / "outbox/2026-02-02/ACME-reminder.pdf").read_bytes().startswith(b"%PDF")
    assert "all of it agrees" in books.done("audit")


def test_a_build_after_a_death_does_not_change_what_went_out(books: Workspace) -> None:
    sendmail(books, "kill -9 $PPID")
    assert books.process("send", "--yes", *ON).returncode == -9
    books.done("build", *ON)
    sendmail(books)
    assert books.run("send", "--yes", *ON).exit_code == 3
    assert books.git("status", "--porcelain") == ""
    assert "all of it agrees" in books.done("audit")


def test_trouble_in_the_midst_is_told_after_what_had_become_of_the_others(books: Workspace) -> None:
    sendmail(books, 'if [ -e "$0.again" ]; then exit 78; fi', 'touch "$0.again"', "kill -9 $$")
    result = books.run("send", "--yes", *ON)
    assert result.exit_code == 4
    assert f"--resolve {ACME}=sent" in result.stderr
    assert "1 unclear. Committed as " in result.stdout
    assert "stopped: sendmail ended with 78; 2 notices not tried" in result.stderr
    assert books.told("account_id", "state") == [("ACME", "unclear")]


def test_trouble_at_the_first_one_says_that_nothing_was_sent(books: Workspace) -> None:
    sendmail(books, "exit 78")
    result = books.run("send", "--yes", *ON)
    assert result.exit_code == 4
    assert "stopped: sendmail ended with 78; nothing was sent" in result.stderr
    assert books.notices() == []


def test_a_git_command_at_work_stops_it_before_anything_leaves(books: Workspace) -> None:
    sendmail(books, "exit 1")
    (books.root / ".git/index.lock").touch()
    result = books.run("send", "--yes", *ON)
    assert result.exit_code == 4
    assert "stopped: another git command holds the index" in result.stderr
    assert "delete .git/index.lock" in result.stderr
    assert books.notices() == []


def test_what_cannot_be_committed_after_it_left_is_said_and_the_next_run_records_it(books: Workspace) -> None:
    sendmail(books, f"touch '{books.root}/.git/index.lock'")
    result = books.run("send", "--yes", *ON)
    assert result.exit_code == 4
    assert "what became of 3 notices is noted in the journal and not yet on record" in result.stderr
    assert "The next `send` records it first." in result.stderr
    (books.root / ".git/index.lock").unlink()
    assert "Nothing is due." in books.done("send", "--yes", *ON)
    assert books.told("account_id", "state") == [("ACME", "sent"), ("BOLT", "sent"), ("CARR", "sent")]
    assert "all of it agrees" in books.done("audit")


def test_what_is_unclear_is_said_at_every_send_until_it_is_settled(books: Workspace) -> None:
    sendmail(books, "exit 70")
    assert books.run("send", "--yes", "--only", "ACME", *ON).exit_code == 3
    sendmail(books)
    how = f"--resolve {ACME}=sent"
    assert how in books.run("send", "--yes", "--only", "ACME", *ON).stderr
    assert how in books.run("send", "--yes", *ON).stderr
    books.done("send", "--resolve", f"{ACME}=sent")
    assert how not in books.run("send", "--yes", *ON).stderr


def test_a_dry_run_says_that_the_record_is_gone_since_its_list_may_be_wrong(books: Workspace) -> None:
    sendmail(books)
    books.done("send", "--yes", *ON)
    assert "send would stop" not in books.run("send", "--dry-run", *ON).stderr
    (books.root / "accounts/notices.csv").unlink()
    said = books.run("send", "--dry-run", *ON).stderr
    assert "send would stop: accounts/notices.csv is not what git has of it" in said
    assert "git checkout accounts/notices.csv" in said


def test_marks_of_a_conflict_in_the_config_are_called_so(books: Workspace) -> None:
    text = (books.root / "config.toml").read_text(encoding="utf-8")
    books.write("config.toml", f"# ours\n<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> other\n{text}")
    result = books.run("check")
    assert result.exit_code == 1
    assert "config.toml:2: error: git's marks of a conflict stand in it" in result.output


# ------------------------------------------------------------------ where it cannot begin


def test_without_its_libraries_it_says_what_to_do() -> None:
    done = subprocess.run([sys.executable, "-S", str(BUILD), "status"], capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert done.stderr.startswith("stopped: click is not installed for ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_that_no_calendar_reaches_is_a_slip_of_the_command_line(books: Workspace, day: str) -> None:
    result = books.run("status", "--on", day)
    assert result.exit_code == 2
    assert "lies outside the years 1990 to 2100" in " ".join(result.stderr.split())


def test_who_breaks_off_at_the_question_sends_nothing_and_reads_so(books: Workspace) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, str(BUILD), "-C", str(books.root), "send", *ON]
    with subprocess.Popen(command, stdin=theirs, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as run:
        os.write(ours, b"\x04")  # the end of what is typed
        _, said = run.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert run.returncode == 4
    assert said.endswith("[y/N]: \nNothing was sent.\n")
    assert books.notices() == []


# ------------------------------------------------------------------ options together


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--resolve", f"{ACME}=resend", "--dry-run"], "--resolve goes by itself: without --dry-run"),
        (["--resolve", f"{ACME}=sent", "--only", "ACME", "--posted"], "--resolve goes by itself: without --only and"),
        (["--bounced", ".", "--dry-run"], "--bounced goes by itself: without --dry-run"),
        (["--posted", "--dry-run"], "--posted goes by itself: without --dry-run"),
    ],
)
def test_what_would_be_done_in_part_is_not_done_at_all(books: Workspace, arguments: list[str], said: str) -> None:
    sendmail(books, "exit 70")
    assert books.run("send", "--yes", *ON).exit_code == 3
    before = books.notices()
    result = books.run("send", "--yes", *ON, *arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert books.notices() == before


def test_letters_to_one_account_can_be_posted_alone(tmp_path: Path) -> None:
    config = PLAIN.format(business="", more="").replace('["email"]', '["letter"]')
    rows = (f"{account},{account},1 Mill Road,BS1 4DJ,Bristol,GB\n" for account in ("ACME", "BOLT", "CARR"))
    customers = "account_id,name,address,postcode,city,country\n" + "".join(rows)
    books = Workspace.of(tmp_path / "books", config, customers=customers, invoices=INVOICES)
    assert "3 printed" in books.done("send", "--yes", *ON)
    assert "1 letter recorded as posted." in books.done("send", "--posted", "--only", "BOLT", "--yes", *ON)
    assert books.told("account_id", "state")[3:] == [("BOLT", "posted")]
    assert "2 letters recorded as posted." in books.done("send", "--posted", "--yes", *ON)


def test_what_was_frozen_and_did_not_leave_is_a_draft_that_the_next_build_takes_away(books: Workspace) -> None:
    config = (books.root / "config.toml").read_text(encoding="utf-8")
    books.write("config.toml", config + '[git]\npush = "nowhere"\n')
    books.committed()
    sendmail(books)
    stopped = books.run("send", "--yes", *ON)
    assert stopped.exit_code == 4
    books.write("config.toml", config)
    books.write("accounts/payments.csv", "received,account_id,amount\n2026-02-02,ACME,100.00\n")
    books.git("add", "config.toml", "accounts")
    books.git("commit", "-q", "-m", "Paid")
    assert (books.root / "outbox/2026-02-02/ACME-reminder.eml").is_file()
    books.done("build", "--on", "2026-02-03")
    assert "all of it agrees" in books.done("audit")
    sendmail(books)
    books.done("send", "--yes", "--on", "2026-02-03")
    assert books.git("status", "--porcelain") == ""
    assert "all of it agrees" in books.done("audit")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_is_said_of_a_ledger_as_a_whole_names_its_file_and_sheet(tmp_path: Path, form: str) -> None:
    customers = table(("account_id", "name"), ("ACME", "Acme Ltd"))
    invoices = "\n".join(INVOICES.splitlines()[:2]) + "\n"
    books = Workspace.of(tmp_path / "books", PLAIN.format(business="", more=""), customers=customers, invoices=invoices)
    place = "accounts/customers.csv:2: "
    if form == "xlsx":
        from openpyxl import Workbook

        book = Workbook()
        book.active.title = "customers"
        for line in (("account_id", "name"), ("ACME", "Acme Ltd")):
            book.active.append(line)
        book.save(books.root / "accounts/books.xlsx")
        (books.root / "accounts/customers.csv").unlink()
        place = "accounts/books.xlsx[customers]:2: "
    said = books.run("check", *ON).stdout
    assert f"{place}warning: ACME:" in said, said
