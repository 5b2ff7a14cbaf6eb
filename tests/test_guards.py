"""Each guard stops `send` with exit 4, names the flag that means it, and lets everything else through."""

import os
import time
from pathlib import Path

import pytest
from commandline import PLAIN, ROOT, Workspace, table

CUSTOMERS = "account_id,name,email\nACME,Acme Ltd,ap@acme.example\nBOLT,Bolt & Co,office@bolt.example\n"
INVOICES = table(
    ("invoice_id", "account_id", "issued", "due", "amount"),
    ("INV-1", "ACME", "2026-01-01", "2026-01-31", "100.00"),
    ("INV-2", "BOLT", "2026-01-10", "2026-01-31", "40.00"),
)
PAYMENTS = "received,account_id,amount\n2026-01-20,ACME,10.00\n"
ACTIVITY = "on,account_id,kind,note\n2026-01-20,BOLT,note,Asked for the tenth\n"
ON = ("--on", "2026-02-02")


@pytest.fixture
def books(tmp_path: Path) -> Workspace:
    return Workspace.of(tmp_path / "books", customers=CUSTOMERS, invoices=INVOICES, payments=PAYMENTS)


def stops(books: Workspace, flag: str, *words: str, arguments: tuple[str, ...] = ()) -> None:
    """`send` stops, says why and which flag means it; with the flag it goes on."""
    before = books.everything(), books.git("for-each-ref")
    result = books.run("send", "--yes", *ON, *arguments)
    assert result.exit_code == 4, result.output
    said = " ".join(result.stderr.split())
    assert f"If you mean it: {flag}" in said
    assert all(word in said for word in words), said
    after = {name: content for name, content in books.everything().items() if name != "portal.key"}
    assert (after, books.git("for-each-ref")) == ({n: c for n, c in before[0].items() if n != "portal.key"}, before[1])
    assert "drafted" in books.done("send", "--yes", *ON, *arguments, flag)


# ------------------------------------------------------------------ stale books


def committed_days_ago(books: Workspace, days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    then = f"{int(time.time()) - days * 86_400} +0000"
    with monkeypatch.context() as patch:
        patch.setenv("GIT_COMMITTER_DATE", then)
        books.git("commit", "-q", "--amend", "--no-edit")


def test_payments_that_nobody_touched_for_days_stop_it(books: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    committed_days_ago(books, 8, monkeypatch)
    stops(books, "--stale-books", "accounts/payments.csv was last changed on", "8 days ago")


def test_a_week_is_not_stale_and_a_clone_does_not_make_old_books_new(
    books: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed_days_ago(books, 8, monkeypatch)
    books.git("clone", "-q", str(books.root), str(tmp_path / "clone"))
    clone = Workspace(tmp_path / "clone")
    for setting in ("user.name=Pat", "user.email=pat@brookstreet.example"):
        clone.git("config", *setting.split("=", 1))
    assert clone.run("send", "--yes", *ON).exit_code == 4
    committed_days_ago(books, 6, monkeypatch)
    books.done("send", "--yes", *ON)


def test_a_shallow_clone_cannot_tell_and_says_so(books: Workspace, tmp_path: Path) -> None:
    books.write("config.toml", PLAIN.format(business="", more="") + "\n")
    books.committed()
    books.git("clone", "-q", "--depth=1", f"file://{books.root}", str(tmp_path / "clone"))
    clone = Workspace(tmp_path / "clone")
    for setting in ("user.name=Pat", "user.email=pat@brookstreet.example"):
        clone.git("config", *setting.split("=", 1))
    stops(clone, "--stale-books", "shallow clone", "git fetch --unshallow")


def test_an_edit_that_is_not_committed_counts_from_when_the_file_was_saved(
    books: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed_days_ago(books, 30, monkeypatch)
    books.write("accounts/payments.csv", PAYMENTS + "2026-01-21,ACME,5.00\n")
    long_ago = time.time() - 9 * 86_400
    os.utime(books.root / "accounts/payments.csv", (long_ago, long_ago))
    assert "9 days ago" in books.run("send", "--yes", *ON).stderr
    os.utime(books.root / "accounts/payments.csv")
    books.done("send", "--yes", *ON)


def test_without_payments_the_invoices_tell_and_a_fixed_today_is_never_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_items = Workspace.of(tmp_path / "open", customers=CUSTOMERS, invoices=INVOICES)
    committed_days_ago(open_items, 8, monkeypatch)
    assert "accounts/invoices.csv was last changed" in open_items.run("send", "--yes", *ON).stderr
    demo = Workspace.of(
        tmp_path / "demo",
        "today = 2026-02-02\n" + PLAIN.format(business="", more=""),
        customers=CUSTOMERS,
        invoices=INVOICES,
        payments=PAYMENTS,
    )
    committed_days_ago(demo, 400, monkeypatch)
    demo.done("send", "--yes")


def test_the_number_of_days_is_the_operators_and_0_is_never(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for days, exit_code in ((30, 0), (20, 4), (0, 0)):
        config = PLAIN.format(business="", more=f"[guards]\nstale_days = {days}\n")
        books = Workspace.of(tmp_path / str(days), config, customers=CUSTOMERS, invoices=INVOICES, payments=PAYMENTS)
        committed_days_ago(books, 25, monkeypatch)
        assert books.run("send", "--yes", *ON).exit_code == exit_code


# ------------------------------------------------------------------ more than usual


def crowd(number: int) -> dict[str, str]:
    names = [f"C{place:03}" for place in range(number)]
    customers = [(name, f"Customer {name}", f"{name.lower()}@customer.example") for name in names]
    invoices = [(f"I-{name}", name, "2026-01-01", "2026-02-09", "10.00") for name in names]
    first = ("I-0", "C000", "2026-01-01", "2026-01-31", "10.00")
    return {
        "customers": table(("account_id", "name", "email"), *customers),
        "invoices": table(("invoice_id", "account_id", "issued", "due", "amount"), first, *invoices),
        "payments": PAYMENTS.replace("ACME,10.00", "C001,1.00"),
    }


def test_far_more_than_in_the_last_runs_stop_it(tmp_path: Path) -> None:
    books = Workspace.of(tmp_path, PLAIN.format(business="", more="[guards]\nmany_over = 5\n"), **crowd(7))
    books.done("send", "--yes", "--on", "2026-02-02")  # the first run of all has nothing to be compared with: 1 notice
    result = books.run("send", "--yes", "--on", "2026-02-12")
    assert result.exit_code == 4
    assert "7 notices are due; the largest of the last 10 runs had 1" in result.stderr
    assert "If you mean it: --many" in result.stderr
    dry = books.run("send", "--dry-run", "--on", "2026-02-12")
    assert (dry.exit_code, "send would stop: 7 notices are due" in dry.stderr) == (0, True)
    assert "7 drafted" in books.done("send", "--yes", "--on", "2026-02-12", "--many")


@pytest.mark.parametrize("guards", ["many_over = 7", "many_over = 5\nmany_times = 7", "many_over = 5\nmany_times = 0"])
def test_not_more_than_the_operators_numbers_go_out(tmp_path: Path, guards: str) -> None:
    books = Workspace.of(tmp_path, PLAIN.format(business="", more=f"[guards]\n{guards}\n"), **crowd(7))
    books.done("send", "--yes", "--on", "2026-02-02")
    books.done("send", "--yes", "--on", "2026-02-12")


# ------------------------------------------------------------------ lost rows


def test_a_payments_ledger_cut_to_less_than_half_stops_it(books: Workspace) -> None:
    rows = [f"2026-01-{day:02},ACME,1.00\n" for day in range(1, 21)]
    books.write("accounts/payments.csv", "received,account_id,amount\n" + "".join(rows))
    books.committed()
    books.write("accounts/payments.csv", "received,account_id,amount\n" + "".join(rows[:10]))
    assert "Would send" in books.done("send", "--dry-run", *ON)  # half is not less than half
    books.write("accounts/payments.csv", "received,account_id,amount\n" + "".join(rows[:9]))
    books.git("add", "-A")
    stops(books, "--shrunk", "there are 9 payments in the books; git has 20", arguments=("--changed",))


def test_it_is_compared_with_the_last_run_though_the_loss_is_committed_and_the_file_another(books: Workspace) -> None:
    rows = [f"2026-01-{day:02},ACME,1.00\n" for day in range(1, 21)]
    books.write("accounts/payments.csv", "received,account_id,amount\n" + "".join(rows))
    books.committed()
    books.done("send", "--yes", "--only", "BOLT", *ON)
    (books.root / "accounts/payments.csv").unlink()
    books.committed()
    stops(books, "--shrunk", "there are 0 payments in the books; there were 20 when notices last went out")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("payments", PAYMENTS, "there are 0 payments in the books; git has 1"),
        ("activity", ACTIVITY, "there are 0 lines of activity in the books; git has 1"),
    ],
)
def test_a_small_ledger_may_shrink_but_not_to_nothing(books: Workspace, name: str, text: str, words: str) -> None:
    books.write("accounts/activity.csv", ACTIVITY)
    books.committed()
    books.write(f"accounts/{name}.csv", text.partition("\n")[0] + "\n")
    assert f"send would stop: {words}" in books.run("send", "--dry-run", *ON).stderr
    (books.root / f"accounts/{name}.csv").unlink()
    stops(books, "--shrunk", words, arguments=("--changed",))


# ------------------------------------------------------------------ changed since the operator looked


@pytest.mark.parametrize("look", [["build"], ["send", "--dry-run"]])
def test_what_changed_since_the_operator_looked_stops_a_send_that_does_not_ask(
    books: Workspace, look: list[str]
) -> None:
    books.done(*look, *ON)
    reminder = (ROOT / "letters/reminder.en.md").read_text("utf-8")
    books.write("letters/reminder.en.md", reminder.replace("subject: Reminder", "subject: Reminded"))
    books.write("accounts/customers.csv", CUSTOMERS.replace("Acme Ltd", "Acme Limited"))
    result = books.run("send", "--yes", *ON)
    assert result.exit_code == 4
    said = " ".join(result.stderr.split())
    assert f"accounts/customers.csv, letters/reminder.en.md changed since `{' '.join(look)}` showed you" in said
    assert "If you mean it: --changed" in said
    books.done(*look, *ON)
    books.done("send", "--yes", *ON)


def test_the_look_at_another_day_and_one_that_was_sent_from_hold_nothing_up(books: Workspace) -> None:
    books.done("build", "--on", "2026-02-01")
    books.write("accounts/customers.csv", CUSTOMERS.replace("Acme Ltd", "Acme Limited"))
    books.done("send", "--yes", "--only", "BOLT", *ON)
    books.done("build", *ON)
    books.done("send", "--yes", "--only", "BOLT", *ON)
    books.done("send", "--yes", *ON)
    books.write("accounts/customers.csv", CUSTOMERS)
    books.done("send", "--yes", "--on", "2026-02-12")


def test_what_changes_while_the_question_stands_is_not_sent_over(
    books: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pastdue.cli import outbox

    def answers_after_an_edit(*_: object) -> bool:
        books.write("accounts/payments.csv", PAYMENTS + "2026-02-01,BOLT,40.00\n")
        return True

    monkeypatch.setattr(outbox, "_confirmed", answers_after_an_edit)
    result = books.run("send", *ON)
    assert result.exit_code == 4
    assert "accounts/payments.csv changed while the list was on the screen" in " ".join(result.stderr.split())
    assert books.notices() == []
    assert "1 drafted" in books.done("send", *ON)  # the money is in the books: BOLT is not asked


def test_where_nothing_is_due_no_guard_speaks(books: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    committed_days_ago(books, 60, monkeypatch)
    assert "Nothing is due." in books.done("send", "--yes", "--on", "2026-01-15")


# ------------------------------------------------------------------ what belongs elsewhere


def test_a_password_in_the_config_stops_everything(books: Workspace) -> None:
    books.write("config.toml", PLAIN.format(business="", more='[mail]\npassword = "s3cret"\n'))
    for command in (["check"], ["send", "--yes", *ON], ["build"]):
        result = books.run(*command)
        assert result.exit_code == 1
        assert "a password must not stand in config.toml" in result.output
        assert "s3cret" not in result.output


def test_with_a_remote_in_the_config_one_of_two_machines_sends(books: Workspace, tmp_path: Path) -> None:
    books.write("config.toml", PLAIN.format(business="", more='[git]\npush = "origin"\n'))
    books.committed()
    books.git("init", "-q", "--bare", "-b", "main", str(tmp_path / "remote.git"))
    books.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    books.git("push", "-q", "origin", "main")
    books.git("clone", "-q", str(tmp_path / "remote.git"), str(tmp_path / "two"))
    two = Workspace(tmp_path / "two")
    for setting in ("user.name=Sam", "user.email=sam@brookstreet.example"):
        two.git("config", *setting.split("=", 1))
    books.done("send", "--yes", *ON)
    assert books.git("ls-remote", "origin").split()[0::2] == [books.git("rev-parse", "HEAD").strip()] * 2
    result = two.run("send", "--yes", *ON)
    assert result.exit_code == 4
    assert "another machine may have sent these notices" in result.stderr
    assert two.notices() == []
