"""The invoices ledger: one line per due amount, each invoice number one account's and in one currency."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pastdue.books import cells
from pastdue.books.accounts import Accounts, currencies
from pastdue.books.cells import Coded
from pastdue.books.rows import Alike, Rows
from pastdue.books.tables import RawTable
from pastdue.config import Columns, Config
from pastdue.findings import Finding, shown


@dataclass(frozen=True)
class Invoices:
    """The invoices as payments and activity join to them: every number that the ledger names, also in refused rows."""

    ids: pa.Array
    account: pa.Array
    currency: pa.Array
    is_read: bool = True  # False: there was no ledger to look into, and no number is unknown

    @classmethod
    def unread(cls) -> "Invoices":
        """No ledger could be read."""
        none = pa.array([], pa.large_string())
        return cls(none, none, none, is_read=False)

    def places(self, invoices: pa.Array) -> np.ndarray:
        """Where each number stands among `ids`, -1 where it does not."""
        found = pc.index_in(invoices, value_set=self.ids).fill_null(-1)
        places: np.ndarray = found.to_numpy(zero_copy_only=False)
        return places

    def unknown(self, invoices: pa.Array, places: np.ndarray) -> np.ndarray:
        """Rows that name an invoice that there is not."""
        unknown: np.ndarray = (places < 0) & ~cells.is_blank(invoices) & self.is_read
        return unknown

    def differs(self, column: pa.Array, places: np.ndarray, own: pa.Array) -> np.ndarray:
        """Rows whose invoice has something else in the column (account or currency) than the row itself."""
        mask = np.zeros(len(places), bool)
        named = np.flatnonzero(places >= 0)
        mine, its = own.take(pa.array(named)), column.take(pa.array(places[named]))
        # A blank one was refused, and what it was is not known.
        both = ~cells.is_blank(mine) & ~cells.is_blank(its)
        mask[named] = cells.as_mask(pc.not_equal(mine, its)) & both
        return mask

    @cached_property
    def alike(self) -> Alike:
        """Finds the number that was probably meant."""
        return Alike(self.ids, by_letters=False)


def read_invoices(table: RawTable, accounts: Accounts, config: Config) -> tuple[pd.DataFrame, Invoices, list[Finding]]:
    """The invoices of accounts that can be used, with a due date each."""
    rows = Rows(table, config.columns.get("invoices", Columns()))
    ids = rows.identifiers("invoice_id")
    places = accounts.refuse_strangers(rows)
    currency = currencies(rows, accounts.currency.take(pa.array(places)))
    amount = rows.amounts("amount", currency)
    issued = rows.days("issued")
    due = _due(rows, issued, amount, accounts, places)
    rows.mention(
        (amount == 0) & rows.kept, "amount", "the amount is 0", "It asks for nothing; delete the row, or correct it."
    )
    description, reference = rows.prose("description"), rows.line("reference")
    known = Coded.of(ids)
    if len(known.distinct) < len(ids):
        _refuse_clashes(rows, known, currency, due)
    first = pa.array(known.first[~cells.is_blank(known.distinct)])
    invoices = Invoices(ids.take(first), rows.accounts.take(first), currency.take(first))
    columns = {
        "invoice_id": ids,
        "account_id": rows.accounts,
        "issued": issued,
        "due": due,
        "amount": amount,
        "currency": currency,
        "description": description,
        "reference": reference,
        "row": table.rows,
    }
    return rows.frame(columns, among=accounts.usable(places)), invoices, rows.findings


def _due(rows: Rows, issued: np.ndarray, amount: np.ndarray, accounts: Accounts, places: np.ndarray) -> np.ndarray:
    """Due dates; where none is written, the day of issue and the customer's terms."""
    due, blank = rows.days("due"), rows.is_blank("due")
    terms = accounts.terms[places]
    has_issued, has_terms = ~rows.is_blank("issued"), terms >= 0
    rows.refuse(
        blank & ~has_issued,
        "due",
        "the cell is blank, and so is issued",
        "Write when it is due, or when it was issued and the customer's terms_days.",
    )
    rows.refuse(
        blank & has_issued & ~has_terms & rows.kept,
        "due",
        "the cell is blank, and the customer has no terms_days",
        "Write when it is due, or the customer's terms_days.",
    )
    due = np.where(blank & (issued > 0) & has_terms, issued + terms, due).astype(np.int32)
    rows.refuse(
        (due < issued) & (due > 0) & (amount >= 0),
        "due",
        lambda i: f"{{cell}} is before the day of issue, {rows.texts('issued')[i].as_py()}",
        "Correct one of the two.",
    )
    return due


def _refuse_clashes(rows: Rows, known: Coded, currency: pa.Array, due: np.ndarray) -> None:
    """An invoice number has one account and one currency; with another due date it is an instalment, with the same a duplicate."""
    first = known.first[known.codes]
    named = ~cells.is_blank(known.distinct)[known.codes]
    accounts = Coded.of(rows.accounts).codes
    elsewhere = _not_alone(known, named & (accounts != accounts[first]) & ~cells.is_blank(rows.accounts))
    rows.refuse(
        elsewhere >= 0,
        "invoice_id",
        _beside(rows, elsewhere, "an invoice of", rows.accounts),
        "An invoice belongs to one account: give each its own number.",
    )
    coins = Coded.of(currency).codes
    otherwise = _not_alone(known, named & (coins != coins[first]) & ~cells.is_blank(currency))
    rows.refuse(
        (otherwise >= 0) & (elsewhere < 0),
        "invoice_id",
        _beside(rows, otherwise, "in", currency),
        "An invoice has one currency: give each its own number.",
    )
    before = _same_before(known, due, named & (due > 0) & (elsewhere < 0))
    rows.refuse(
        before >= 0,
        "invoice_id",
        lambda i: f"{{cell}} with the same due date stands in row {rows.table.rows[before[i]]} already",
        "Delete one of them; instalments have different due dates.",
    )


def _beside(rows: Rows, other: np.ndarray, lead: str, column: pa.Array) -> Callable[[int], str]:
    def says(i: int) -> str:
        here, there = shown(column[i].as_py()), shown(column[int(other[i])].as_py())
        return f"{{cell}} is {lead} {here} here and {lead} {there} in row {rows.table.rows[other[i]]}"

    return says


def _not_alone(known: Coded, differs: np.ndarray) -> np.ndarray:
    """For each row of a number that has several of something, another row that differs; -1 elsewhere.

    `differs` marks the rows that are not like the first of their number.
    """
    at = np.flatnonzero(differs)
    odd_one = np.full(len(known.first), -1, np.int64)
    odd_one[known.codes[at][::-1]] = at[::-1]
    other: np.ndarray = odd_one[known.codes]
    other[at] = known.first[known.codes[at]]
    return other


def _same_before(known: Coded, due: np.ndarray, among: np.ndarray) -> np.ndarray:
    """For each row, the first with its number and due date where that is an earlier one; -1 elsewhere."""
    before = np.full(len(due), -1, np.int64)
    at = np.flatnonzero(among)
    keys = known.codes[at].astype(np.int64) << 32 | due[at]
    _, first, each = np.unique(keys, return_index=True, return_inverse=True)
    earlier = at[first[each]]
    before[at] = np.where(earlier < at, earlier, -1)
    return before
