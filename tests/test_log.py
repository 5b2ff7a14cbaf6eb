"""`log ACCOUNT KIND`: the line is checked as the reader of the ledger would, written, and read again as it was meant."""

import io
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from pastdue.books import ledger
from pastdue.books.tables import RawFile
from pastdue.cli import DONE, FINDINGS, Desk
from pastdue.cli.log import Options, log
from pastdue.config import Config
from pastdue.delivery import Stopped
from pastdue.model import Activity

CONFIG = """
today = 2026-03-02
[business]
name = "Harbour Joinery"
email = "post@harbour.example"
"""
CUSTOMERS = "account_id,name,currency\nNOLAN,Nolan Ltd,EUR\nYEN,Yen KK,JPY\n0007,Bond,EUR\nBAD,Bad Row,XXQ\n"
INVOICES = "invoice_id,account_id,due,amount\nHJ-1,NOLAN,2026-01-31,420.00\nHJ-2,YEN,2026-01-31,500\n"
ACTIVITY = (
    "on;account_id;kind;invoice_id;amount;due;every;count;by;note\r\n2026-02-01;NOLAN;call;;;;;;JD;asks again\r\n"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "accounts").mkdir()
    (tmp_path / "config.toml").write_text(CONFIG)
    for name, text in (("customers", CUSTOMERS), ("invoices", INVOICES), ("activity", ACTIVITY)):
        (tmp_path / f"accounts/{name}.csv").write_bytes(text.encode())
    return tmp_path


def run(root: Path, account: str, kind: str, **options: object) -> int:
    return log(Desk(root), account, kind, Options(**options))  # type: ignore[arg-type]


def refused(root: Path, capsys: pytest.CaptureFixture[str], account: str, kind: str, **options: object) -> str:
    """What is said about a line that is not written."""
    before = {file.name: file.read_bytes() for file in (root / "accounts").iterdir()}
    assert run(root, account, kind, **options) == FINDINGS
    assert {file.name: file.read_bytes() for file in (root / "accounts").iterdir()} == before
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith(": nothing was written.\n")
    return said.err


def read(root: Path) -> Activity:
    """The last line of the ledger, as a run reads it."""
    config = Config.model_validate(
        {"schedule": {"standard": {"step": [{"name": "a", "days": 1, "channels": ["email"]}]}}}
    )
    files = [RawFile(f"accounts/{file.name}", file.read_bytes()) for file in sorted((root / "accounts").iterdir())]
    return ledger.read(files, config)[0].activity[-1]


def test_a_promise_is_written_as_the_ledger_is_kept_and_said_in_words(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root, "NOLAN", "promise", amount="420", due=date(2026, 3, 9), by="JD", note="on the phone; sure") == DONE
    assert capsys.readouterr().out == (
        "accounts/activity.csv:3: promise of 420.00 EUR by 9 March 2026: on the phone; sure\n"
    )
    content = (root / "accounts/activity.csv").read_bytes()
    assert content == ACTIVITY.encode() + b'2026-03-02;NOLAN;promise;;420.00;2026-03-09;;;JD;"on the phone; sure"\r\n'
    assert read(root) == Activity(
        date(2026, 3, 2), "NOLAN", "promise", "", 42000, date(2026, 3, 9), by="JD", note="on the phone; sure", row=3
    )


WORDS = {
    "plan of 6 × 70.00 EUR every month from 9 March 2026": (
        "plan",
        {"amount": "70", "due": date(2026, 3, 9), "every": "month", "count": "6"},
    ),
    "dispute about HJ-1: two sashes": ("dispute", {"invoice": "HJ-1", "note": "two sashes"}),
    "hold until 9 March 2026": ("hold", {"due": date(2026, 3, 9)}),
    "reason: cash-flow": ("Reason", {"note": "Cash flow"}),
    "no-answer": ("No answer", {}),
    "note: =1+1": ("note", {"note": "=1+1"}),
}


@pytest.mark.parametrize("words", WORDS)
def test_every_kind_is_said_in_words_and_read_as_it_was_meant(
    root: Path, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    kind, options = WORDS[words]
    assert run(root, "NOLAN", kind, **options) == DONE
    assert capsys.readouterr().out == f"accounts/activity.csv:3: {words}\n"
    line = read(root)
    assert line.kind == words.partition(" ")[0].rstrip(":")
    assert (line.note or "") in words


def test_the_day_is_the_one_given_or_the_configs(root: Path) -> None:
    run(root, "NOLAN", "call")
    assert read(root).on == date(2026, 3, 2)
    run(root, "NOLAN", "call", on=date(2026, 2, 27))
    assert read(root).on == date(2026, 2, 27)


def test_an_amount_is_in_the_accounts_currency(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "YEN", "promise", amount="500", due=date(2026, 3, 9)) == DONE
    assert "promise of 500 JPY by" in capsys.readouterr().out
    said = refused(root, capsys, "YEN", "promise", amount="500.50", due=date(2026, 3, 9))
    assert '"500.50" has more decimals than JPY has\n    Write whole JPY.' in said


@pytest.mark.parametrize(
    ("account", "kind", "options", "said"),
    [
        ("nolan", "call", {}, 'log: error: account_id: customers has no account "nolan"\n    Did you mean "NOLAN"?'),
        ("7", "call", {}, 'Did you mean "0007"?'),
        ("NOLAN", "promis", {}, 'log: error: kind: "promis" is no kind of activity\n    Did you mean promise?'),
        (
            "NOLAN",
            "promise",
            {"amount": "1"},
            "due: the cell is blank, and promise needs it\n    It takes amount and due.",
        ),
        ("NOLAN", "dispute", {"invoice": "HJ-2"}, '"HJ-2" is not an invoice of'),
        ("NOLAN", "writeoff", {"amount": "0"}, '"0" is not above 0'),
        ("NOLAN", "promise", {"amount": "-5", "due": date(2026, 4, 1)}, '"-5" is not above 0'),
        ("NOLAN", "writeoff", {"amount": "-5", "note": "x"}, '"-5" undoes more than was written off by that day'),
        (
            "NOLAN",
            "writeoff",
            {"amount": "1.234,50", "note": "uneconomic"},
            '"1.234,50" is not an amount\n    Write amounts as 1234.56.\n1 error',
        ),
        ("NOLAN", "reason", {"note": "moody"}, '"moody" says nothing about reason'),
        ("NOLAN", "track", {"note": "no-such"}, '"no-such" is not a schedule of config.toml'),
        ("NOLAN", "plan", {"count": "many"}, '"many" is not a whole number from 1 to 600'),
        ("NOLAN", "note", {"note": "a\udcffb"}, "is not text"),
        ("BAD", "call", {}, 'accounts/customers.csv:5: error: currency: "XXQ" is not a currency'),
    ],
)
def test_what_is_wrong_is_said_in_the_readers_words_and_nothing_is_written(
    root: Path, capsys: pytest.CaptureFixture[str], account: str, kind: str, options: dict[str, str], said: str
) -> None:
    assert said in refused(root, capsys, account, kind, **options)


def test_a_write_off_is_undone_by_the_same_below_zero_and_by_no_more(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root, "NOLAN", "writeoff", amount="100", invoice="HJ-1", note="gone away", on=date(2026, 2, 1)) == DONE
    assert run(root, "NOLAN", "writeoff", amount="-60", invoice="HJ-1", note="found again") == DONE
    assert "writeoff of -60.00 EUR about HJ-1" in capsys.readouterr().out
    assert "undoes more" in refused(root, capsys, "NOLAN", "writeoff", amount="-41", invoice="HJ-1", note="x")
    assert "undoes more" in refused(root, capsys, "NOLAN", "writeoff", amount="-40", note="x")
    early = {"amount": "-1", "invoice": "HJ-1", "note": "x", "on": date(2026, 1, 31)}
    assert "undoes more" in refused(root, capsys, "NOLAN", "writeoff", **early)
    assert run(root, "NOLAN", "writeoff", amount="-40", invoice="HJ-1", note="found again") == DONE


def test_a_write_off_without_a_reason_is_written_and_warned_of(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "NOLAN", "writeoff", amount="100", invoice="HJ-1") == DONE
    assert "the write-off gives no reason" in capsys.readouterr().err


def test_everything_that_is_wrong_is_said_at_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(root, capsys, "NOLAN", "promise", amount="-1", every="day")
    assert said.count("log: error:") == 3
    assert said.endswith("3 errors: nothing was written.\n")


def test_an_error_elsewhere_in_the_books_is_no_obstacle(root: Path) -> None:
    (root / "accounts/payments.csv").write_text("nonsense\n")
    (root / "accounts/invoices.csv").write_text(INVOICES + "HJ-3,NOLAN,31/02/2026,1.00\n")
    assert run(root, "NOLAN", "call") == DONE


def test_books_that_cannot_be_read_are_said_and_nothing_is_written(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "accounts/customers.csv").write_text("id\n")
    assert "accounts/customers.csv:1: error: the columns account_id and name are missing" in refused(
        root, capsys, "NOLAN", "call"
    )
    (root / "config.toml").write_text("business = 1")
    assert "config.toml" in refused(root, capsys, "NOLAN", "call")


def test_no_second_ledger_is_begun_beside_one_that_is_not_read(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "accounts/activity.csv").rename(root / "accounts/activities.csv")
    said = refused(root, capsys, "NOLAN", "call")
    assert "accounts/activities.csv: error: this file is not read, and there is no activity ledger" in said


def test_the_first_line_begins_the_ledger(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "accounts/activity.csv").unlink()
    assert run(root, "NOLAN", "call", note="asks for the bill") == DONE
    assert capsys.readouterr().out == "accounts/activity.csv:2: call: asks for the bill\n"
    assert read(root).note == "asks for the bill"


def test_the_operators_own_headers_and_formats_hold_for_the_ledger_and_not_for_the_command(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = '[columns.activity]\ndate_format = "%d.%m.%Y"\nnumber_format = "1.234,56"\non = "Datum"\nkind = "Art"\n'
    (root / "config.toml").write_text(CONFIG + own)
    (root / "accounts/activity.csv").write_text("Datum;Art;account_id;amount;due\n01.02.2026;call;NOLAN;;\n")
    assert run(root, "NOLAN", "promise", amount="1420.50", due=date(2026, 3, 9)) == DONE
    assert capsys.readouterr().out == "accounts/activity.csv:3: promise of 1420.50 EUR by 9 March 2026\n"
    assert (root / "accounts/activity.csv").read_text().endswith("02.03.2026;promise;NOLAN;1.420,50;09.03.2026\n")


def test_a_sheet_of_a_workbook_is_named_and_its_formulas_are_spoken_of(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "accounts/activity.csv").unlink()
    book = Workbook()
    book.worksheets[0].title = "activity"
    book.worksheets[0].append(["on", "account_id", "kind", "note"])
    book.create_sheet("sums")["A1"] = "=COUNTA(activity!A:A)"
    out = io.BytesIO()
    book.save(out)
    (root / "accounts/books.xlsx").write_bytes(out.getvalue())
    assert run(root, "NOLAN", "note", note="[bold]is no markup[/bold]") == DONE
    said = capsys.readouterr()
    assert said.out == "accounts/books.xlsx[activity]:2: note: [bold]is no markup[/bold]\n"
    assert "LibreOffice with Ctrl+Shift+F9" in said.err
    assert read(root).note == "[bold]is no markup[/bold]"


def test_a_ledger_that_is_open_in_an_office_suite_stops_the_command(root: Path) -> None:
    (root / "accounts/.~lock.activity.csv#").write_text("")
    with pytest.raises(Stopped, match="is open in LibreOffice"):
        run(root, "NOLAN", "call")
    assert (root / "accounts/activity.csv").read_bytes() == ACTIVITY.encode()
