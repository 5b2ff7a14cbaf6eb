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
        account_id, currency, invoice_id, due, issued (ordinals), amount, paid, written_off, open (minor units),
        days_past_due, bucket (place in BUCKETS), settled (ordinal of the day since which all the money that pays it
        has been there, 0 where it is not paid in full), description, reference.
    `accounts`: one line per account and currency with any invoice or payment: account_id, currency, invoiced
        (without credit notes), received (payments and credit notes), credit (received beyond all that is invoiced),
        shortfall (given back beyond all that was received: no invoice asks for it, so the books are wrong).
    `money`: all that settles them: on (ordinal), account_id, currency, invoice_id ("" when it names none), amount;
        payments, credit notes, and below 0 what was taken back.
    """

    items: pd.DataFrame
    accounts: pd.DataFrame
    money: pd.DataFrame


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

    named, pool = _to_named(items, money, of_item, of_money, pool_of=len(accounts), room=amount)
    # What is written off of an invoice goes before loose money, which must not pay what nobody asks for any more;
    # and no write-off takes more than is open, so that money which comes in after all is never turned into credit.
    given_up = _writeoffs(ledger, on)
    of_account = _places(given_up, accounts)
    is_loose = (given_up["invoice_id"] == "").to_numpy(dtype=bool) & (of_account >= 0)
    loose = _sums(of_account[is_loose], given_up["amount"].to_numpy()[is_loose], len(accounts))
    written_off, _ = _to_named(items, given_up, of_item, of_account, pool_of=len(accounts), room=amount - named)

    starts = _starts(of_item)
    from_pool = _fill(np.maximum(pool, 0)[of_item], starts, amount - named - written_off)
    settled = _settled(items, money, of_item, of_money, named, from_pool)
    paid = named + from_pool
    paid -= _fill_from_the_end(np.maximum(-pool, 0)[of_item], starts, paid)
    written_off += _fill(loose[of_item], starts, amount - paid - written_off)

    received = _sums(of_money, money["amount"].to_numpy(), len(accounts))
    invoiced = _sums(of_item, amount, len(accounts))
    over = received - _sums(of_item, paid, len(accounts))

    days = day - items["due"].to_numpy().astype(np.int64)
    return Aged(
        items.assign(
            paid=paid,
            written_off=written_off,
            open=amount - paid - written_off,
            days_past_due=days,
            settled=np.where(paid == amount, settled, 0),
            bucket=np.searchsorted(_EDGES, np.maximum(days, 0), side="left"),
        ).reset_index(drop=True),
        accounts.assign(
            invoiced=invoiced, received=received, credit=np.maximum(over, 0), shortfall=np.maximum(-over, 0)
        ),
        money,
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


def _writeoffs(ledger: Ledger, on: date) -> pd.DataFrame:
    """What the operator has given up, up to the day, in the shape of money; amounts are in the account's currency."""
    lines = [
        (line.account_id, ledger.customers[line.account_id].currency, line.invoice_id, line.amount)
        for line in ledger.activity
        if line.kind == "writeoff" and line.amount and line.on <= on and line.account_id in ledger.customers
    ]
    frame = pd.DataFrame(lines, columns=["account_id", "currency", "invoice_id", "amount"])
    return frame.astype({"account_id": "str", "currency": "str", "invoice_id": "str", "amount": "int64"})


def _places(frame: pd.DataFrame, accounts: pd.DataFrame) -> np.ndarray:
    """The place of each line's account and currency; -1 where it has none."""
    known, asked = (pd.MultiIndex.from_frame(f[["account_id", "currency"]]) for f in (accounts, frame))
    return np.asarray(known.get_indexer(asked))


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
    items: pd.DataFrame,
    money: pd.DataFrame,
    of_item: np.ndarray,
    of_money: np.ndarray,
    *,
    pool_of: int,
    room: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """What each item gets, up to its room, from money that names its invoice; and the rest of each account, its pool.

    `of_item` and `of_money` are places among `pool_of` accounts, below 0 for money of none of them. An invoice's money goes to its oldest instalment first. What it has too much, and below 0 what was taken back
    beyond that, falls to the account. An invoice of another account or currency is not settled: `books` refuses it.
    """
    amount = money["amount"].to_numpy()
    invoice, uniques = pd.factorize(items["invoice_id"])
    place = pd.Index(uniques).get_indexer(pd.Index(money["invoice_id"]))
    account_of = np.full(len(uniques) + 1, -1, np.int64)  # one more, for the -1 of what names no invoice
    account_of[invoice] = of_item
    named = (place >= 0) & (account_of[place] == of_money)

    total = _sums(place[named], amount[named], len(uniques))
    is_loose = ~named & (of_money >= 0)
    pool = _sums(of_money[is_loose], amount[is_loose], pool_of)

    order = np.argsort(invoice, kind="stable")  # items of one invoice side by side, the oldest due first
    by_invoice = invoice[order]
    paid = np.empty(len(items), np.int64)
    paid[order] = _fill(np.maximum(total, 0)[by_invoice], _starts(by_invoice), room[order])

    over = total - _sums(invoice, paid, len(uniques))
    pool += _sums(account_of[:-1], over, pool_of)
    return paid, pool


def _settled(
    items: pd.DataFrame,
    money: pd.DataFrame,
    of_item: np.ndarray,
    of_money: np.ndarray,
    named: np.ndarray,
    from_pool: np.ndarray,
) -> np.ndarray:
    """The day since which each item has had what it gets, and none of it was taken back later.

    `named` is what it gets from money that names its invoice, `from_pool` what from its account's. Only meaningful for
    items that are paid in full.
    """
    day, amount = money["on"].to_numpy().astype(np.int64), money["amount"].to_numpy()
    invoice, uniques = pd.factorize(items["invoice_id"])
    place = pd.Index(uniques).get_indexer(pd.Index(money["invoice_id"]))
    account_of = np.full(len(uniques) + 1, -1, np.int64)
    account_of[invoice] = of_item
    is_named = (place >= 0) & (account_of[place] == of_money)

    # Within an invoice: its instalments are filled in their order.
    order = np.argsort(invoice, kind="stable")
    up_to = np.empty(len(items), np.int64)
    up_to[order] = _running(named[order], invoice[order])
    came = _in_order(place[is_named], day[is_named], amount[is_named])
    had_named = _since(*came, invoice, up_to)

    # Into the pool comes what names no invoice, and at its day what an invoice had too much of.
    of_invoice, on, sums = came
    has = _running(sums, of_invoice)
    too_much = np.maximum(has - _sums(invoice, items["amount"].to_numpy(), len(uniques))[of_invoice], 0)
    too_much += np.minimum(has, 0)
    before = np.r_[0, too_much[:-1]] if len(too_much) else too_much
    spilt = too_much - np.where(_starts(of_invoice) == np.arange(len(of_invoice)), 0, before)
    pooled = _in_order(
        np.r_[of_money[~is_named], account_of[of_invoice]], np.r_[day[~is_named], on], np.r_[amount[~is_named], spilt]
    )
    had_pool = _since(*pooled, of_item, _running(from_pool, of_item))
    return np.maximum(np.where(named > 0, had_named, 0), np.where(from_pool > 0, had_pool, 0))


def _in_order(group: np.ndarray, day: np.ndarray, amount: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Movements by group and day; of one day what came before what went, so that the order of rows says nothing."""
    order = np.lexsort((-amount, day, group))
    return group[order], day[order], amount[order]


def _running(amount: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The running sum within each of the sorted groups."""
    total = np.cumsum(amount)
    return total - (total - amount)[_starts(group)] if len(amount) else total


def _since(group: np.ndarray, day: np.ndarray, amount: np.ndarray, of: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The day since which the running sum of the group `of` has never been below the one wanted; 0 where it is now.

    For all groups at once: sums become ranks, so that a group and a rank make one number that can be looked up.
    """
    if not len(group):
        return np.zeros(len(of), np.int64)
    ranks = np.unique(np.r_[_running(amount, group), wanted], return_inverse=True)[1].astype(np.int64)
    base = ranks.max() + 1
    # From the last movement back, the least that there was from each one on.
    least = np.minimum.accumulate((group * base + ranks[: len(group)])[::-1])[::-1]
    found = np.searchsorted(least, of * base + ranks[len(group) :], side="left")
    there = np.minimum(found, len(group) - 1)
    return np.where((found < len(group)) & (group[there] == of), day[there], 0)


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
