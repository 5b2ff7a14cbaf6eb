"""Ageing: payments meet invoices, and what stays open is counted from its due date.

Money goes to the invoice it names and otherwise to the oldest due; what is left over is credit (DESIGN, rule 7).
Everything here is a column, so that costs grow with the books and not with Python.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from pastdue.model import Ledger

_EDGES = np.array([0, 30, 60, 90, 120])  # last day of each bucket but the open one; BUCKETS names them


@dataclass(frozen=True, slots=True)
class Aged:
    """The books as at one day.

    `items`: one line per due amount above 0, sorted by account, currency, due date and invoice:
        account_id, currency, invoice_id, due, issued (ordinals), amount, paid, open (minor units), days_past_due,
        bucket (place in BUCKETS), settled (ordinal of the day on which it was paid in full, 0 while open),
        description, reference.
    `accounts`: one line per account and currency with any invoice or payment: account_id, currency, invoiced
        (without credit notes), received (payments and credit notes), credit (received beyond all that is invoiced),
        shortfall (given back beyond all that was received: no invoice asks for it, so the books are wrong).
    """

    items: pd.DataFrame
    accounts: pd.DataFrame


def age(ledger: Ledger, on: date) -> Aged:
    """The books as at the end of the day `on`: what is dated later does not exist yet (DESIGN, rule 8)."""
    day = on.toordinal()
    invoices = ledger.invoices[ledger.invoices["issued"].to_numpy() <= day]
    payments = ledger.payments[ledger.payments["received"].to_numpy() <= day]

    is_credit_note = invoices["amount"].to_numpy() < 0
    items = invoices[~is_credit_note & (invoices["amount"].to_numpy() != 0)]
    money = _money(payments, invoices[is_credit_note])

    accounts, of_item, of_money = _accounts(items, money)
    order = np.lexsort((_ranks(items["invoice_id"]), items["due"].to_numpy(), of_item))
    items, of_item = items.iloc[order], of_item[order]
    amount = items["amount"].to_numpy()

    paid, pool = _to_named(items, money, of_item, of_money, len(accounts))
    starts = _starts(of_item)
    from_pool = _fill(np.maximum(pool, 0)[of_item], starts, amount - paid)
    settled = _settled(items, money, of_item, of_money, from_pool)
    paid += from_pool
    paid -= _fill_from_the_end(np.maximum(-pool, 0)[of_item], starts, paid)

    received = _sums(of_money, money["amount"].to_numpy(), len(accounts))
    invoiced = _sums(of_item, amount, len(accounts))
    over = received - _sums(of_item, paid, len(accounts))

    days = day - items["due"].to_numpy().astype(np.int64)
    return Aged(
        items.assign(
            paid=paid,
            open=amount - paid,
            days_past_due=days,
            settled=np.where(paid == amount, settled, 0),
            bucket=np.searchsorted(_EDGES, np.maximum(days, 0), side="left"),
        ).reset_index(drop=True),
        accounts.assign(
            invoiced=invoiced, received=received, credit=np.maximum(over, 0), shortfall=np.maximum(-over, 0)
        ),
    )


def _money(payments: pd.DataFrame, credit_notes: pd.DataFrame) -> pd.DataFrame:
    """All that settles invoices: on (ordinal), account_id, currency, invoice_id ("" when it names none), amount.

    A credit note names the invoice that stands in its reference. A reversal that names none takes back the one
    earlier payment of the same amount, where there is exactly one: a bank says how much it took back, not for what.
    """
    columns = ["on", "account_id", "currency", "invoice_id", "amount"]
    notes = credit_notes.assign(
        on=credit_notes["issued"], invoice_id=credit_notes["reference"], amount=-credit_notes["amount"]
    )
    payments = _reversals_named(payments).rename(columns={"received": "on"})
    return pd.concat([payments[columns], notes[columns]], ignore_index=True)


def _reversals_named(payments: pd.DataFrame) -> pd.DataFrame:
    amount = payments["amount"].to_numpy()
    unnamed = np.flatnonzero((amount < 0) & (payments["invoice_id"] == "").to_numpy(dtype=bool))
    if not len(unnamed):
        return payments
    invoice_id = payments["invoice_id"].to_numpy(dtype=object).copy()
    by_amount = {
        key: group.index.to_numpy()
        for key, group in payments.reset_index(drop=True).groupby(["account_id", "currency", "amount"], sort=False)
    }
    received = payments["received"].to_numpy()
    accounts, currencies = payments["account_id"].to_numpy(), payments["currency"].to_numpy()
    for i in unnamed:
        same = by_amount.get((accounts[i], currencies[i], -amount[i]), np.empty(0, np.int64))
        earlier = same[received[same] <= received[i]]
        if len(earlier) == 1:
            invoice_id[i] = invoice_id[earlier[0]]
    return payments.assign(invoice_id=pd.array(invoice_id, dtype="str"))


def _accounts(items: pd.DataFrame, money: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Every account and currency that occurs, sorted, and its place for each item and each sum of money."""
    both = pd.concat([items[["account_id", "currency"]], money[["account_id", "currency"]]], ignore_index=True)
    place = both.groupby(["account_id", "currency"], sort=True).ngroup().to_numpy()
    accounts = both.drop_duplicates().sort_values(["account_id", "currency"], ignore_index=True)
    return accounts, place[: len(items)], place[len(items) :]


def _ranks(text: pd.Series) -> np.ndarray:
    """The place of each text in sorted order: ties between equal due dates must not depend on row order."""
    codes, uniques = pd.factorize(text, sort=True)
    del uniques
    return np.asarray(codes)


def _to_named(
    items: pd.DataFrame, money: pd.DataFrame, of_item: np.ndarray, of_money: np.ndarray, accounts: int
) -> tuple[np.ndarray, np.ndarray]:
    """What each item gets from money that names its invoice, and the pool of each account: all the rest.

    An invoice's money goes to its oldest instalment first. What it has too much, and below 0 what was taken back
    beyond that, falls to the account. An invoice of another account or currency is not settled: `books` refuses it.
    """
    amount = money["amount"].to_numpy()
    invoice, uniques = pd.factorize(items["invoice_id"])
    place = pd.Index(uniques).get_indexer(pd.Index(money["invoice_id"]))
    account_of = np.full(len(uniques) + 1, -1, np.int64)  # one more, for the -1 of what names no invoice
    account_of[invoice] = of_item
    named = (place >= 0) & (account_of[place] == of_money)

    total = _sums(place[named], amount[named], len(uniques))
    pool = _sums(of_money[~named], amount[~named], accounts)

    order = np.argsort(invoice, kind="stable")  # items of one invoice side by side, the oldest due first
    by_invoice = invoice[order]
    room = items["amount"].to_numpy()[order]
    paid = np.empty(len(items), np.int64)
    paid[order] = _fill(np.maximum(total, 0)[by_invoice], _starts(by_invoice), room)

    over = total - _sums(invoice, paid, len(uniques))
    pool += _sums(account_of[:-1], over, accounts)
    return paid, pool


def _settled(
    items: pd.DataFrame, money: pd.DataFrame, of_item: np.ndarray, of_money: np.ndarray, from_pool: np.ndarray
) -> np.ndarray:
    """The day on which each item had all of its money: the last payment that names it, or the one in its account's pool
    that reached it. Only meaningful for items that are paid in full."""
    day, amount = money["on"].to_numpy().astype(np.int64), money["amount"].to_numpy()
    invoice, uniques = pd.factorize(items["invoice_id"])
    place = pd.Index(uniques).get_indexer(pd.Index(money["invoice_id"]))
    last = np.zeros(len(uniques) + 1, np.int64)
    names = (place >= 0) & (amount > 0)
    np.maximum.at(last, place[names], day[names])
    settled = last[invoice]
    # Of the pool: where the running sum of what came in first reaches the running sum of what the items took.
    pooled = np.flatnonzero((place < 0) & (amount > 0))
    pooled = pooled[np.lexsort((day[pooled], of_money[pooled]))]
    for account in np.unique(of_item[from_pool > 0]):
        mine = _range(of_item, account)
        came = pooled[slice(*np.searchsorted(of_money[pooled], [account, account + 1]))]
        if not len(came):
            continue
        reached = np.searchsorted(np.cumsum(amount[came]), np.cumsum(from_pool[mine]))
        days_reached = day[came][np.minimum(reached, len(came) - 1)]
        settled[mine] = np.where(from_pool[mine] > 0, np.maximum(settled[mine], days_reached), settled[mine])
    return settled


def _range(sorted_groups: np.ndarray, group: int) -> np.ndarray:
    return np.arange(*np.searchsorted(sorted_groups, [group, group + 1]))


def _sums(group: np.ndarray, amounts: np.ndarray, groups: int) -> np.ndarray:
    """The exact sum of each group."""
    sums = np.zeros(groups, np.int64)
    np.add.at(sums, group, amounts)
    return sums


def _starts(group: np.ndarray) -> np.ndarray:
    """For sorted groups: the place of the first member of each member's group."""
    if not len(group):
        return np.empty(0, np.int64)
    first = np.r_[True, group[1:] != group[:-1]]
    starts: np.ndarray = np.flatnonzero(first)[np.cumsum(first) - 1]
    return starts


def _fill(sums: np.ndarray, starts: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Pours each group's sum into its members in order, each up to its room: what every member gets."""
    before = np.cumsum(room) - room
    return np.clip(sums - (before - before[starts]), 0, room) if len(room) else room.copy()


def _fill_from_the_end(sums: np.ndarray, starts: np.ndarray, room: np.ndarray) -> np.ndarray:
    """The same from the last member on: what is taken back comes out of the newest due first."""
    group = np.unique(starts, return_inverse=True)[1][::-1] if len(starts) else starts
    return _fill(sums[::-1], _starts(group), room[::-1])[::-1]
