"""The payments ledger: money received, and (below 0) taken back again."""

import numpy as np
import pandas as pd
import pyarrow as pa

from pastdue.books import cells
from pastdue.books.accounts import Accounts, currencies
from pastdue.books.cells import Coded
from pastdue.books.invoices import Invoices
from pastdue.books.rows import Rows
from pastdue.books.tables import RawTable
from pastdue.config import Columns, Config
from pastdue.findings import Finding, shown


def read_payments(
    table: RawTable, accounts: Accounts, invoices: Invoices, config: Config
) -> tuple[pd.DataFrame, list[Finding]]:
    """The payments of accounts that can be used."""
    rows = Rows(table, config.columns.get("payments", Columns()))
    received = rows.days("received", required=True)
    places = accounts.refuse_strangers(rows)
    currency = currencies(rows, accounts.currency.take(pa.array(places)))
    amount = rows.amounts("amount", currency)
    rows.mention(
        (amount == 0) & rows.kept, "amount", "the amount is 0", "Nothing was paid; delete the row, or correct it."
    )
    ids, reference = rows.identifiers("invoice_id", required=False), rows.line("reference")
    _judge_invoice(rows, ids, currency, invoices)
    columns = {
        "received": received,
        "account_id": rows.accounts,
        "amount": amount,
        "currency": currency,
        "invoice_id": ids,
        "reference": reference,
        "row": table.rows,
    }
    _warn_of_twins(rows, columns)
    return rows.frame(columns, among=accounts.usable(places)), rows.findings


def _judge_invoice(rows: Rows, ids: pa.Array, currency: pa.Array, invoices: Invoices) -> None:
    """Money for an invoice that there is not is kept; money for another account's invoice stops both accounts."""
    places = invoices.places(ids)
    rows.mention(
        invoices.unknown(ids, places),
        "invoice_id",
        "invoices has no {cell}; the money goes to the account's oldest due invoice",
        lambda i: f"{invoices.alike.hint(ids[i].as_py())}Correct the number if it is meant for another.",
    )
    elsewhere = invoices.differs(invoices.account, places, rows.accounts)
    owner = invoices.account.take(pa.array(np.where(elsewhere, places, 0))) if elsewhere.any() else rows.accounts
    for blamed in (rows.accounts, owner):
        rows.refuse(
            elsewhere,
            "invoice_id",
            lambda i: (
                f"{{cell}} is an invoice of {shown(owner[i].as_py())}, the payment is of {shown(rows.accounts[i].as_py())}"
            ),
            "Correct the account or the invoice: until then neither is chased.",
            blamed,
        )
    rows.refuse(
        invoices.differs(invoices.currency, places, currency) & ~elsewhere,
        "invoice_id",
        lambda i: (
            f"{{cell}} is in {invoices.currency[int(places[i])].as_py()}, the payment is in {currency[i].as_py()}"
        ),
        "Write the currency of the payment, or leave the invoice blank.",
    )


def _warn_of_twins(rows: Rows, columns: dict[str, pa.Array]) -> None:
    """The same day, account, amount, invoice and reference: a bank gives each payment a reference of its own."""
    reference = columns["reference"]
    if len(Coded.of(reference).distinct) == len(reference):
        return
    at = np.flatnonzero(rows.kept & ~cells.is_blank(reference))
    some = pa.array(at)
    frame = pd.DataFrame(
        {
            name: values[at] if isinstance(values, np.ndarray) else Coded.of(values.take(some)).codes
            for name, values in columns.items()
            if name != "row"
        }
    )
    again = np.zeros(len(rows), bool)
    again[at] = frame.duplicated().to_numpy()
    rows.mention(
        again,
        "reference",
        "the same payment stands in an earlier row: {cell}, same day, account, invoice and amount",
        "Was it entered twice? Then delete one; else give each its own reference.",
    )
