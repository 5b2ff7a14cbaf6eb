"""The books as one typed ledger, and every finding about them: bytes in, tables out, no exception on any bytes."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from pastdue.books import cells
from pastdue.books.accounts import Accounts, read_customers
from pastdue.books.activity import read_activity
from pastdue.books.grid import texts
from pastdue.books.headers import NOTICE_COLUMNS as NOTICE_COLUMNS
from pastdue.books.invoices import Invoices, read_invoices
from pastdue.books.notices import read_notices
from pastdue.books.payments import read_payments
from pastdue.books.tables import RawFile as RawFile
from pastdue.books.tables import read_tables
from pastdue.config import FILE as CONFIG
from pastdue.config import Config
from pastdue.findings import Finding, error, shown
from pastdue.model import Activity, Ledger

_INVOICES = ("invoice_id", "account_id", "issued", "due", "amount", "currency", "description", "reference", "row")
_PAYMENTS = ("received", "account_id", "amount", "currency", "invoice_id", "reference", "row")
_DAYS_AND_PLACES = {"issued", "due", "received", "on", "pay_by", "row", "rung"}
_AMOUNTS = {"amount", "open"}


def read(files: Sequence[RawFile], config: Config) -> tuple[Ledger, list[Finding]]:
    """The ledger and all findings; rows that an error stands against are left out of it.

    Every row of invoices, payments and activity belongs to an account in `customers`.
    """
    findings = list(_judge_formats(config))
    if findings:
        return Ledger({}, _empty(_INVOICES), _empty(_PAYMENTS), (), _empty(NOTICE_COLUMNS)), findings
    tables, found = read_tables(files, config.columns)
    findings += found
    accounts, invoices = Accounts.unread(config.business.currency), Invoices.unread()
    owed, paid, notices = _empty(_INVOICES), _empty(_PAYMENTS), _empty(NOTICE_COLUMNS)
    activity: tuple[Activity, ...] = ()
    if "customers" in tables:
        accounts, found = read_customers(tables["customers"], config)
        findings += found
    if "invoices" in tables:
        owed, invoices, found = read_invoices(tables["invoices"], accounts, config)
        findings += found
    if "payments" in tables:
        paid, found = read_payments(tables["payments"], accounts, invoices, config)
        findings += found
    if "activity" in tables:
        activity, found = read_activity(tables["activity"], accounts, invoices, config)
        findings += found
    if "notices" in tables:
        notices, found = read_notices(tables["notices"])
        findings += found
    places = {name: (table.file, table.sheet) for name, table in tables.items()}
    return Ledger(accounts.customers, owed, paid, activity, notices, places), findings


def _judge_formats(config: Config) -> Iterator[Finding]:
    """Formats that nobody could read by."""
    for name, columns in config.columns.items():
        if cells.date_pattern(columns.date_format) is None:
            message = f"columns.{name}.date_format: {shown(columns.date_format)} is not a form for dates"
            yield error(CONFIG, message, 'It is made of %d, %m or %b, and %Y or %y: date_format = "%d/%m/%Y".')
        if cells.NumberFormat.of(columns.number_format) is None:
            message = f"columns.{name}.number_format: {shown(columns.number_format)} sets thousands and decimals apart by the same sign"
            yield error(CONFIG, message, 'Write it as number_format = "1.234,56".')


def _empty(columns: Sequence[str]) -> pd.DataFrame:
    """A table without rows, its columns typed as ever."""

    def column(name: str) -> object:
        if name in _DAYS_AND_PLACES:
            return np.zeros(0, np.int32)
        return np.zeros(0, np.int64) if name in _AMOUNTS else pd.array(texts([]), dtype="str")

    return pd.DataFrame({name: column(name) for name in columns})
