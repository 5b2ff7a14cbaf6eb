"""Payments meet invoices: the columns against a slow, obviously right reading of DESIGN's rule 7, and what always holds."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from world import day, ledger, typed

from pastdue.config import Config
from pastdue.dunning.ageing import age
from pastdue.dunning.standing import standings
from pastdue.findings import Finding
from pastdue.model import BUCKETS, Customer, Ledger, Standing

CONFIG = Config.model_validate({"schedule": {"standard": {"step": [{"name": "s", "days": 1, "channels": ["email"]}]}}})


def standings_of(book: Ledger, on: date) -> tuple[tuple[Standing, ...], list[Finding]]:
    return standings(book, CONFIG, on)


AMOUNT = st.one_of(st.sampled_from([50, 100, 200, 10_000]), st.integers(1, 600))
INVOICE = st.tuples(
    st.sampled_from(["A", "B"]), st.sampled_from(["EUR", "EUR", "USD"]), st.integers(1, 4), st.integers(1, 20),
    st.integers(5, 200), AMOUNT, st.booleans(), st.sampled_from(["", "", "A-EUR-1", "B-EUR-2"]),
)  # fmt: skip
PAYMENT = st.tuples(
    st.integers(1, 30), st.sampled_from(["A", "B"]), AMOUNT, st.sampled_from([1, 1, -1]),
    st.sampled_from(["EUR", "EUR", "USD"]), st.sampled_from(["", "", "A-EUR-1", "B-EUR-1", "B-USD-1", "unknown"]),
)  # fmt: skip


def book(invoices: list[tuple], payments: list[tuple]) -> Ledger:
    """Random books without duplicates: one amount per invoice number and due date."""
    frame = pd.DataFrame(
        [
            (f"{a}-{c}-{i}", a, issued, due * 1000 + n, -amount if is_note else amount, c, "", ref, n)
            for n, (a, c, i, issued, due, amount, is_note, ref) in enumerate(invoices)
        ],
        columns=["invoice_id", "account_id", "issued", "due", "amount", "currency", "description", "reference", "row"],
    )
    money = pd.DataFrame(
        [(on, a, sign * amount, c, i, "", n) for n, (on, a, amount, sign, c, i) in enumerate(payments)],
        columns=["received", "account_id", "amount", "currency", "invoice_id", "reference", "row"],
    )
    return replace(
        ledger([]),
        invoices=typed(frame),
        payments=typed(money),
        customers={a: Customer(a, a) for a in "AB"},
    )


def by_hand(invoices: list[tuple], payments: list[tuple], on: int) -> tuple[dict, dict]:
    """What is paid of each item and left over of each account, one payment and one item at a time."""
    items, money = [], []
    for n, (a, c, i, issued, due, amount, is_note, ref) in enumerate(invoices):
        if issued <= on and not is_note:
            items.append({"id": f"{a}-{c}-{i}", "account": (a, c), "due": due * 1000 + n, "amount": amount, "paid": 0})
        if issued <= on and is_note:
            money.append([(a, c), ref, amount])
    known = [(r, (a, c), sign * amount, i) for r, a, amount, sign, c, i in payments if r <= on]
    for received, account, amount, invoice in known:
        same = [k for k in known if k[1] == account and k[2] == -amount and k[0] <= received]
        names = same[0][3] if amount < 0 and not invoice and len(same) == 1 else invoice
        money.append([account, names, amount])
    items.sort(key=lambda x: (x["account"], x["due"], x["id"]))
    account_of = {x["id"]: x["account"] for x in items}
    pool: dict[tuple, int] = {}
    for invoice in account_of:
        left = sum(m[2] for m in money if m[1] == invoice and m[0] == account_of[invoice])
        for x in items:
            if x["id"] == invoice and left > 0:
                took = min(left, x["amount"])
                x["paid"] += took
                left -= took
        pool[account_of[invoice]] = pool.get(account_of[invoice], 0) + left
    for account, invoice, amount in money:
        if account_of.get(invoice) != account:
            pool[account] = pool.get(account, 0) + amount
    for account, sum_ in pool.items():
        mine = [x for x in items if x["account"] == account]
        left = sum_
        for x in mine if left > 0 else reversed(mine):
            took = min(left, x["amount"] - x["paid"]) if left > 0 else -min(-left, x["paid"])
            x["paid"] += took
            left -= took
        pool[account] = left
    return {(x["id"], x["due"]): x["paid"] for x in items}, pool


@given(st.lists(INVOICE, max_size=8), st.lists(PAYMENT, max_size=8), st.integers(1, 40))
@settings(max_examples=150, deadline=None)
def test_the_columns_agree_with_one_payment_at_a_time(invoices: list, payments: list, on: int) -> None:
    aged = age(book(invoices, payments), date.fromordinal(on))
    paid, pool = by_hand(invoices, payments, on)
    assert {(x.invoice_id, x.due): x.paid for x in aged.items.itertuples()} == paid
    left = {(x.account_id, x.currency): x.credit - x.shortfall for x in aged.accounts.itertuples()}
    assert all(left[account] == amount for account, amount in pool.items())


@given(st.lists(INVOICE, max_size=8), st.lists(PAYMENT, max_size=8), st.integers(1, 300_000))
@settings(max_examples=60, deadline=None)
def test_allocated_and_open_are_what_was_invoiced_and_buckets_are_the_balance(
    invoices: list, payments: list, on: int
) -> None:
    aged = age(book(invoices, payments), date.fromordinal(on))
    assert (aged.items["paid"] + aged.items["open"] == aged.items["amount"]).all()
    assert (aged.items["paid"] >= 0).all()
    assert (aged.items["open"] >= 0).all()
    accounts = aged.accounts
    open_sum = aged.items.groupby(["account_id", "currency"])["open"].sum()
    for row in accounts.itertuples():
        still_open = int(open_sum.get((row.account_id, row.currency), 0))
        assert row.invoiced - row.received == still_open - row.credit + row.shortfall
        assert not (row.credit and still_open), "nobody in credit owes"
    found, _ = standings_of(book(invoices, payments), date.fromordinal(on))
    for standing in found:
        assert sum(standing.buckets) == standing.balance
        assert sum(standing.buckets[1:]) == standing.overdue


@given(st.lists(INVOICE, max_size=8), st.lists(PAYMENT, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_row_order_never_matters(invoices: list, payments: list, random: object) -> None:
    before = book(invoices, payments)
    order, money_order = list(range(len(invoices))), list(range(len(payments)))
    random.shuffle(order)  # type: ignore[attr-defined]
    random.shuffle(money_order)  # type: ignore[attr-defined]
    after = replace(
        before,
        invoices=before.invoices.iloc[order].reset_index(drop=True),
        payments=before.payments.iloc[money_order].reset_index(drop=True),
    )
    columns = ["account_id", "currency", "invoice_id", "due", "open", "days_past_due", "bucket"]
    first, second = (age(b, date.fromordinal(40)) for b in (before, after))
    pd.testing.assert_frame_equal(first.items[columns], second.items[columns])


def test_buckets_begin_and_end_where_their_names_say() -> None:
    edges = {0: 0, 1: 1, 30: 1, 31: 2, 60: 2, 61: 3, 90: 3, 91: 4, 120: 4, 121: 5, -400: 0, 4000: 5}
    on = day("2026-03-02").toordinal()
    for days, bucket in edges.items():
        due = str(date.fromordinal(on - days))
        (standing,), _ = standings_of(ledger([("I", "", due, 100)]), day("2026-03-02"))
        assert standing.buckets[bucket] == 100, BUCKETS[bucket]


def test_a_chargeback_that_names_nothing_reopens_the_invoice_that_its_amount_paid() -> None:
    invoices = [("OLD", "2025-01-01", "2025-01-10", 500), ("PAID", "2025-01-01", "2025-02-10", 300)]
    paid = [("2025-02-01", "PAID", 300, ""), ("2025-02-02", "", 100, "")]
    (before,), _ = standings_of(ledger(invoices, paid), day("2025-03-01"))
    (after,), _ = standings_of(ledger(invoices, [*paid, ("2025-02-20", "", -300, "")]), day("2025-03-01"))
    assert [(i.invoice_id, i.open) for i in before.items] == [("OLD", 400)]
    assert [(i.invoice_id, i.open) for i in after.items] == [("OLD", 400), ("PAID", 300)]


def test_two_currencies_are_two_standings_and_never_added() -> None:
    book = ledger([("I", "2025-01-01", "2025-01-10", 500)], [("2025-02-01", "", 900, "USD")])
    found, _ = standings_of(book, day("2025-03-01"))
    assert [(s.currency, s.balance, s.credit) for s in found] == [("EUR", 500, 0), ("USD", 0, 900)]


def test_a_million_of_the_largest_amounts_still_add_up() -> None:
    from pastdue.money import LARGEST

    n = 200_000
    frame = pd.DataFrame(
        {
            "invoice_id": [f"I{k}" for k in range(n)], "account_id": "A", "issued": 1, "due": 10,
            "amount": LARGEST, "currency": "EUR", "description": "", "reference": "", "row": np.arange(n),
        }
    )  # fmt: skip
    aged = age(replace(ledger([]), invoices=typed(frame)), date.fromordinal(50))
    assert int(aged.items["open"].sum()) == n * LARGEST


def test_more_paid_back_than_received_is_an_error_of_the_account() -> None:
    book = ledger([("I", "2025-01-01", "2025-01-10", 500)], [("2025-02-01", "", -900, "")])
    found, findings = standings_of(book, day("2025-03-01"))
    assert [f.account_id for f in findings] == ["A"]
    assert found[0].errors
