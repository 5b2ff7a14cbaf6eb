"""`log`: one line of the operator's diary, checked as the reader of the ledger checks it, then written where the ledger is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from pastdue import config_file, days, money
from pastdue.books.accounts import Accounts, read_customers
from pastdue.books.activity import read_activity
from pastdue.books.headers import COLUMNS
from pastdue.books.invoices import Invoices, read_invoices
from pastdue.books.tables import RawFile, RawTable, read_tables
from pastdue.cli import DONE, FINDINGS, Desk, _now, screen
from pastdue.config import Columns, Config
from pastdue.delivery import files
from pastdue.delivery.sheets import Cell, append_row
from pastdue.findings import Finding, Severity, error, in_reading_order, shown
from pastdue.model import Activity

LEDGER = "activity"
_HERE = "log"  # where findings say that the line stands while it is in no file
_UNTIL = ("hold", "hardship")


@dataclass(frozen=True, slots=True)
class Options:
    """What stands behind the account and the kind on the command line; "" or None where nothing was given."""

    on: date | None = None  # else the config's day, else today
    invoice: str = ""
    amount: str = ""  # as 1234.56, in the account's currency, whatever format the ledger is kept in
    due: date | None = None
    every: str = ""
    count: str = ""
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Books:
    """What a line is checked against."""

    config: Config
    accounts: Accounts
    invoices: Invoices
    of_customers: Sequence[Finding]
    before: Sequence[Activity]  # what the ledger has already


def log(desk: Desk, account: str, kind: str, options: Options) -> int:
    """Adds the line and says where it stands; exit 1, and nothing written, when something about it is wrong."""
    books, findings = read_books(desk)
    if books is None:
        return refused(desk, findings)
    on = options.on or books.config.today or _now().date()
    line, findings = checked(books, _cells(account, kind, options, on))
    if line is None:
        return refused(desk, findings)
    screen.show_findings(desk.err, findings)
    write(desk, books, line)
    return DONE


def write(desk: Desk, books: Books, line: Activity) -> None:
    """Adds a line that was checked to the ledger, and says where it stands."""
    currency = books.accounts.customers[line.account_id].currency
    columns = books.config.columns.get(LEDGER, Columns())
    added = append_row(desk.root, LEDGER, _typed(line, currency), columns=columns)
    desk.out.print(f"{added.place}: {said(line, currency)}", soft_wrap=True)
    if added.has_formulas:
        desk.err.print(
            "Formulas in the workbook show their old results until they are worked out again: "
            "Excel does it when it opens the file, LibreOffice with Ctrl+Shift+F9."
        )


def said(line: Activity, currency: str) -> str:
    """The line in words: "promise of 420.00 EUR by 9 March 2026"."""
    words = [line.kind]
    if line.amount is not None:
        times = f"{line.count} × " if line.count else ""
        words.append(f"of {times}{money.to_text(line.amount, currency)} {currency}")
    if line.invoice_id:
        words.append(f"about {line.invoice_id}")
    if line.every:
        words.append(f"every {line.every}")
    if line.due:
        until = "from" if line.every else "until" if line.kind in _UNTIL else "by"
        words.append(f"{until} {days.display(line.due, screen.LANGUAGE)}")
    return screen.plain(" ".join(words) + (f": {line.note}" if line.note else ""))


# ------------------------------------------------------------------ the books


def read_books(desk: Desk) -> tuple[Books | None, list[Finding]]:
    """Customers and invoices; or why they, or the ledger that the line goes into, cannot be read."""
    inputs, findings = files.read_inputs(desk.root)
    if inputs is None:
        return None, findings
    config, found = config_file.load(inputs.config, inputs.starter_config)
    findings += found
    if config is None:
        return None, findings
    tables, found = read_tables([RawFile(path, content) for path, content in inputs.ledgers], config.columns)
    wrong = [finding for finding in [*findings, *found] if finding.stops_run]
    # Without an activity ledger one is begun, unless something may be it that cannot be read.
    if not {"customers", "invoices"} <= tables.keys() or (LEDGER not in tables and wrong):
        return None, wrong
    accounts, of_customers = read_customers(tables["customers"], config)
    _, invoices, _ = read_invoices(tables["invoices"], accounts, config)
    before = read_activity(tables[LEDGER], accounts, invoices, config)[0] if LEDGER in tables else ()
    return Books(config, accounts, invoices, of_customers, before), []


# ------------------------------------------------------------------ the line


def _cells(account: str, kind: str, options: Options, on: date) -> dict[str, str]:
    return {
        "on": on.isoformat(),
        "account_id": account,
        "kind": kind,
        "invoice_id": options.invoice,
        "amount": options.amount,
        "due": options.due.isoformat() if options.due else "",
        "every": options.every,
        "count": options.count,
        "by": options.by,
        "note": options.note,
    }


def checked(books: Books, cells: Mapping[str, str], here: str = _HERE) -> tuple[Activity | None, list[Finding]]:
    """The line as the reader would take it from a ledger in the contract's own formats, or everything that is wrong with it."""
    broken = [
        error(here, f"{shown(text)} is not text", column=name) for name, text in cells.items() if _is_broken(text)
    ]
    if broken:
        return None, broken
    frame = pd.DataFrame({column: pd.array([cells[column]], dtype="str") for column in COLUMNS[LEDGER]})
    table = RawTable(LEDGER, here, "", frame, np.zeros(1, np.int32))
    plain = books.config.model_copy(update={"columns": {}})
    lines, findings = read_activity(table, books.accounts, books.invoices, plain, books.before)
    if lines and not any(finding.severity is Severity.ERROR for finding in findings):
        return lines[0], findings
    if not findings:  # there is such an account, and its own row is wrong
        return None, [finding for finding in books.of_customers if finding.account_id == cells["account_id"].strip()]
    # No format can be declared for the command line.
    return None, [replace(finding, hint=finding.hint.partition(" Or declare")[0]) for finding in findings]


def _is_broken(text: str) -> bool:
    """True for bytes on the command line that are no text in the terminal's encoding."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _typed(line: Activity, currency: str) -> dict[str, Cell]:
    """The line's cells, as the ledger is to hold them."""
    cells: dict[str, Cell | None] = {
        "on": line.on,
        "account_id": line.account_id,
        "kind": line.kind,
        "invoice_id": line.invoice_id,
        "amount": None if line.amount is None else money.to_decimal(line.amount, currency),
        "due": line.due,
        "every": line.every,
        "count": line.count,
        "by": line.by,
        "note": line.note,
    }
    return {column: cell for column, cell in cells.items() if cell is not None}


def refused(desk: Desk, findings: Sequence[Finding]) -> int:
    """Says what is wrong, and that nothing was written; the exit code for it."""
    screen.show_findings(desk.err, in_reading_order(findings))
    desk.err.print(f"{screen.summary(findings)}: nothing was written.")
    return FINDINGS
