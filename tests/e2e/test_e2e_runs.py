"""Running it again: the same bytes, nothing twice, nothing lost, and the list that was shown is the list that went."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from commandline import PLAIN, ROOT, Workspace, table

CUSTOMERS = "account_id,name,email\nACME,Acme Ltd,ap@acme.example\nBOLT,Bolt & Co,office@bolt.example\n"
INVOICES = table(
    ("invoice_id", "account_id", "issued", "due", "amount"),
    ("INV-1", "ACME", "2026-01-01", "2026-01-31", "100.00"),
    ("INV-2", "BOLT", "2026-01-10", "2026-02-09", "40.00"),
)


@pytest.fixture
def books(tmp_path: Path) -> Workspace:
    return Workspace.of(tmp_path / "books", customers=CUSTOMERS, invoices=INVOICES)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace.demo(tmp_path_factory.mktemp("demo"), history=True)


# ------------------------------------------------------------------ building


def test_building_twice_and_elsewhere_gives_the_same_bytes(demo: Workspace, tmp_path: Path) -> None:
    demo.done("build")
    first = demo.files()
    assert "nothing changed" in demo.done("build")
    assert demo.files() == first
    elsewhere = Workspace.demo(tmp_path / "elsewhere", history=True)
    elsewhere.done("build")
    assert elsewhere.files() == first
    kinds = {Path(name).suffix for name in first}
    assert {".eml", ".pdf", ".html", ".css"} <= kinds


def test_another_process_another_clock_and_another_zone_write_the_same_bytes(demo: Workspace, tmp_path: Path) -> None:
    import os

    demo.done("build")
    other = Workspace.demo(tmp_path / "other", history=True)
    env = os.environ | {"TZ": "Pacific/Auckland", "PYTHONHASHSEED": "7", "LC_ALL": "C", "COLUMNS": "40"}
    done = other.process("build", env=env)
    assert done.returncode == 0, done.stderr
    assert other.files() == demo.files()


def test_a_build_sends_nothing_commits_nothing_and_writes_only_outbox_and_site(demo: Workspace) -> None:
    before = demo.everything(), demo.git("log", "--format=%H")
    demo.done("build")
    after = demo.everything(), demo.git("log", "--format=%H")
    assert after[1] == before[1]
    assert {n: c for n, c in after[0].items() if not n.startswith(("outbox/", "site/public/"))} == {
        n: c for n, c in before[0].items() if not n.startswith(("outbox/", "site/public/"))
    }


def test_a_build_for_another_day_leaves_no_stale_drafts(books: Workspace) -> None:
    books.done("build", "--on", "2026-02-02")
    assert [n for n in books.files("outbox") if n.endswith(".eml")] == ["outbox/2026-02-02/ACME-reminder.eml"]
    books.done("build", "--on", "2026-02-10")
    assert [n for n in books.files("outbox") if n.endswith(".eml")] == [
        "outbox/2026-02-10/ACME-reminder.eml",
        "outbox/2026-02-10/BOLT-reminder.eml",
    ]


def test_status_explain_and_check_write_nothing(books: Workspace) -> None:
    before = books.everything()
    for command in (["status"], ["explain", "ACME"], ["check"], ["send", "--dry-run"]):
        books.done(*command, "--on", "2026-02-02")
    assert books.everything() == before
    assert books.git("status", "--porcelain") == ""


# ------------------------------------------------------------------ sending


def test_sending_twice_sends_nothing_the_second_time(books: Workspace) -> None:
    assert "1 drafted. Committed as " in books.done("send", "--yes", "--on", "2026-02-02")
    ledger, head = books.notices(), books.git("rev-parse", "HEAD")
    sent = books.files("outbox/2026-02-02")
    assert "Nothing is due." in books.done("send", "--yes", "--on", "2026-02-02")
    assert books.notices() == ledger
    assert books.git("rev-parse", "HEAD") == head
    assert books.files("outbox/2026-02-02") == sent


def test_a_missed_first_is_caught_up_on_the_third_once(books: Workspace) -> None:
    for on in ("2026-01-31", "2026-02-03", "2026-02-03", "2026-02-04"):
        books.done("send", "--yes", "--on", on)
    assert books.told("on", "invoice_id", "step") == [("2026-02-03", "INV-1", "reminder")]


def test_what_was_sent_is_never_touched_again(books: Workspace) -> None:
    books.done("send", "--yes", "--on", "2026-02-02")
    sent = {name: content for name, content in books.files("outbox/2026-02-02").items() if not name.endswith(".html")}
    assert sent
    books.write("accounts/customers.csv", CUSTOMERS.replace("Acme Ltd", "Acme Renamed Ltd"))
    books.committed()
    for command in (
        ["build", "--on", "2026-02-02"],
        ["build", "--on", "2026-02-12"],
        ["send", "--yes", "--on", "2026-02-12"],
    ):
        books.done(*command)
    assert {name: content for name, content in books.files("outbox/2026-02-02").items() if name in sent} == sent


def test_the_dry_run_prints_exactly_the_list_that_is_sent(demo: Workspace, tmp_path: Path) -> None:
    workspace = Workspace.demo(tmp_path / "demo", history=True)
    before, untouched = len(workspace.notices()), workspace.everything()
    dry = workspace.done("send", "--dry-run")
    assert workspace.everything() == untouched
    real = workspace.done("send", "--yes")
    rows, said = _list(dry)
    assert rows
    assert (rows, said) == _list(real)
    assert rows == _list(demo.done("build"))[0]
    listed = {(account, step, by) for account, step, by, *_ in (row.split() for row in rows)}
    assert listed == {(r["account_id"], r["step"], r["channel"]) for r in _highest(workspace.notices()[before:])}


def _list(printed: str) -> tuple[list[str], str]:
    """The rows of the printed list, and the sum below it without its first words."""
    lines = printed.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("account "))
    end = next(i for i, line in enumerate(lines) if re.match(r"(Would send|To send:|Ready to send:) ", line))
    return lines[start + 1 : end], re.sub(r"^(Would send|To send:|Ready to send:) ", "", lines[end])


def _highest(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Of each notice the row of its highest step."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["notice_id"] not in found or int(row["rung"]) > int(found[row["notice_id"]]["rung"]):
            found[row["notice_id"]] = row
    return list(found.values())


def test_one_account_alone(books: Workspace) -> None:
    assert "1 drafted" in books.done("send", "--yes", "--only", "BOLT", "--on", "2026-02-12")
    assert {row["account_id"] for row in books.notices()} == {"BOLT"}
    assert "1 drafted" in books.done("send", "--yes", "--on", "2026-02-12")
    assert [row["account_id"] for row in books.notices()] == ["BOLT", "ACME"]


def test_the_history_reads_as_a_list_of_notices(books: Workspace) -> None:
    books.done("send", "--yes", "--on", "2026-02-12")
    body = books.git("log", "-1", "--format=%B")
    assert body.splitlines()[0] == "drafted: 2 notices to 2 accounts, 140.00 EUR"
    assert [line.split()[1:3] for line in body.splitlines() if line.startswith("Notice: ")] == [
        ["2026-02-12-ACME-reminder-email", "drafted"],
        ["2026-02-12-BOLT-reminder-email", "drafted"],
    ]
    held = books.git("show", "--stat=200", "--format=", "HEAD").split()
    assert {"accounts/notices.csv", "outbox/2026-02-12/ACME-reminder.eml", "portal.key"} <= set(held)
    assert books.git("status", "--porcelain") == ""


def test_the_sum_in_the_subject_is_that_of_its_lines_an_account_once(tmp_path: Path) -> None:
    books = Workspace.demo(tmp_path / "books", history=True)
    books.run("send", "--yes")
    said = books.git("log", "-1", "--format=%B").splitlines()
    lines = re.findall(r"(?m)^Notice: \S+ (\S+) .* sha256:\S+ (\S+) \S+ (\S+) ([\d.]+) (EUR|GBP);", "\n".join(said))
    assert {channel for _, _, channel, _, _ in lines} == {"email", "letter"}
    lead = said[0].partition(":")[0]
    asked = {(account, currency): Decimal(amount) for state, account, _, amount, currency in lines if state == lead}
    sums = {
        each: sum(a for (_, currency), a in asked.items() if currency == each) for each in dict(asked.keys()).values()
    }
    told = " + ".join(f"{amount:,} {currency}" for currency, amount in sums.items())
    count = sum(state == lead for state, *_ in lines)
    assert said[0].startswith(f"{lead}: {count} notices to {len(asked)} accounts, {told}")


# ------------------------------------------------------------------ letters and the post

LETTERS = PLAIN.format(business="", more="").replace('["email"]', '["letter"]')
BY_POST = "account_id,name,address,postcode,city,country\nACME,Acme Ltd,1 Mill Road,BS1 4DJ,Bristol,GB\n"


def test_nothing_follows_a_printed_letter_until_it_is_posted(tmp_path: Path) -> None:
    first = "".join(INVOICES.splitlines(keepends=True)[:2])
    books = Workspace.of(tmp_path, LETTERS, customers=BY_POST, invoices=first)
    assert "1 printed" in books.done("send", "--yes", "--on", "2026-02-02")
    assert "Nothing is due." in books.done("send", "--yes", "--on", "2026-02-28")
    assert "is printed, not posted" in books.done("explain", "ACME", "--on", "2026-02-28")
    said = books.done("send", "--posted", "--yes", "--on", "2026-02-28")
    assert said.startswith("1 letter recorded as posted.\n")
    assert books.told("on", "invoice_id", "step", "state") == [
        ("2026-02-02", "INV-1", "reminder", "printed"),
        ("2026-02-02", "INV-1", "reminder", "posted"),
        ("2026-02-28", "INV-1", "second-notice", "printed"),
    ]
    subjects = books.git("log", "--format=%s").splitlines()
    assert [subject.split(":")[0] for subject in subjects[:3]] == ["printed", "posted", "printed"]
    for said in ("1 letter recorded as posted.", "0 letters recorded as posted."):
        assert books.done("send", "--posted", "--yes", "--on", "2026-02-28").startswith(said)


# ------------------------------------------------------------------ exit codes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["send", "--resolve", "no-equals"], "NOTICE=sent or NOTICE=resend"),
        (["send", "--resolve", "N1=maybe"], "NOTICE=sent or NOTICE=resend"),
        (["send", "--resolve", "=sent"], "NOTICE=sent or NOTICE=resend"),
        (["send", "--yes", "--only", "NOBODY"], "no account 'NOBODY'"),
        (["send", "--yes", "--on", "02/03/2026"], "write it as 2026-03-02"),
        (["send", "--yes", "--on", "2026-02-30"], "write it as 2026-03-02"),
        (["explain", "ACNE"], "did you mean ACME?"),
        (["explain"], "Missing argument"),
        (["dispatch"], "No such command"),
        (["build", "--force"], "No such option"),
    ],
)
def test_a_command_that_cannot_be_meant_is_2_and_says_how_to_write_it(
    books: Workspace, arguments: list[str], words: str
) -> None:
    before = books.everything()
    result = books.run(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert {n for n in books.everything() if n != "portal.key"} == {n for n in before if n != "portal.key"}
    assert books.notices() == []


def test_a_folder_that_is_not_there_is_2(tmp_path: Path) -> None:
    assert Workspace(tmp_path / "nowhere").run("check").exit_code == 2


def test_findings_are_1_and_nothing_is_written_on_books_that_cannot_be_understood(books: Workspace) -> None:
    books.write("accounts/invoices.csv", "invoice,customer\nINV-1,ACME\n")
    before = books.everything()
    for command in (["check"], ["build"], ["send", "--yes"], ["status"], ["send", "--dry-run"]):
        result = books.run(*command, "--on", "2026-02-02")
        assert result.exit_code == 1, command
        assert "accounts/invoices.csv" in result.output
    assert {n: c for n, c in books.everything().items() if n != "portal.key"} == before


def test_an_error_in_one_accounts_rows_stops_that_account_alone_and_is_1(books: Workspace) -> None:
    books.write("accounts/payments.csv", "received,account_id,amount\n31/02/2026,ACME,10.00\n")
    result = books.run("send", "--yes", "--on", "2026-02-12")
    assert result.exit_code == 1
    assert "accounts/payments.csv:2: error: received: " in result.stderr
    assert {row["account_id"] for row in books.notices()} == {"BOLT"}
    desk = (books.root / "outbox/desk.html").read_text("utf-8")
    assert "31/02/2026" in desk
    explained = json.loads(books.run("explain", "ACME", "--json", "--on", "2026-02-12").stdout)
    assert explained["accounts"][0]["decision"]["action"] == "hold"


def test_without_a_terminal_and_without_yes_a_guard_stops_with_4(books: Workspace) -> None:
    result = books.run("send", "--on", "2026-02-02")
    assert result.exit_code == 4
    assert "--yes" in result.stderr
    assert books.notices() == []


def test_a_server_that_is_not_there_is_4_and_nothing_is_recorded(books: Workspace) -> None:
    mail = '[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"\n'
    books.write("config.toml", PLAIN.format(business="", more=mail))
    result = books.run("send", "--yes", "--on", "2026-02-02")
    assert result.exit_code == 4
    assert "127.0.0.1:9" in result.stderr
    assert books.notices() == []


def test_an_unknown_notice_cannot_be_resolved(books: Workspace) -> None:
    result = books.run("send", "--resolve", "2026-02-02-ACME-reminder-email=sent")
    assert result.exit_code == 4
    assert "no notice called" in result.stderr
    books.done("send", "--yes", "--on", "2026-02-02")
    result = books.run("send", "--resolve", "2026-02-02-ACME-reminder-email=sent")
    assert result.exit_code == 4
    assert "is not unclear" in result.stderr


def test_outside_a_workspace_it_is_said_and_1(tmp_path: Path) -> None:
    for command in ("check", "build", "status", "send"):
        result = Workspace(tmp_path).run(command)
        assert result.exit_code in {1, 4}, command
        assert "config.toml" in result.output or "git" in result.output
    assert list(tmp_path.iterdir()) == []


def test_outside_git_a_build_works_and_a_send_says_what_is_missing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.write("config.toml", PLAIN.format(business="", more=""))
    workspace.write("accounts/customers.csv", CUSTOMERS)
    workspace.write("accounts/invoices.csv", INVOICES)
    workspace.done("build", "--on", "2026-02-02")
    result = workspace.run("send", "--yes", "--on", "2026-02-02")
    assert result.exit_code == 4
    assert "git" in result.stderr
    assert workspace.notices() == []


def test_the_program_itself_ends_with_these_codes_and_is_quick_to_help(books: Workspace) -> None:
    done = books.process("check", "--on", "2026-02-02")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "Books, config and letters are clean.\n"
    assert books.process("build", "--nonsense").returncode == 2
    helped = books.process("--help", folder=ROOT)
    assert helped.returncode == 0
    assert all(command in helped.stdout for command in ("check", "status", "build", "send", "explain"))


def test_a_reader_who_leaves_early_is_no_defect(demo: Workspace) -> None:
    import subprocess
    import sys

    from commandline import BUILD

    command = f"'{sys.executable}' '{BUILD}' -C '{demo.root}' status --json | head -c 10"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
