"""Since when an invoice is paid, and what is written off: the columns against a slow reading, day by day."""

from collections import defaultdict
from dataclasses import replace
from datetime import date

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from world import day, ledger, typed

from pastdue.config import Config
from pastdue.dunning.ageing import age
from pastdue.dunning.standing import standings
from pastdue.model import Activity, Customer, Ledger

CONFIG = Config.model_validate({"schedule": {"standard": {"step": [{"name": "s", "days": 1, "channels": ["email"]}]}}})
LAST = 20  # the day of the standing in the random books

INVOICE = st.tuples(st.sampled_from("AB"), st.integers(1, 3), st.integers(1, 4), st.sampled_from([50, 100, 130]))
MONEY = st.tuples(
    st.integers(1, LAST), st.sampled_from("AB"), st.sampled_from([50, 100, 120, 200, -50, -100]),
    st.sampled_from(["", "A-1", "A-2", "B-1"]),
)  # fmt: skip
GIVEN_UP = st.tuples(
    st.integers(1, LAST), st.sampled_from("AB"), st.sampled_from([30, 100]), st.sampled_from(["", "A-1", "B-1"])
)


def book(invoices: list[tuple], money: list[tuple], given_up: list[tuple] = ()) -> Ledger:
    """Random books: an invoice may have instalments; its number and its due date name one amount."""
    rows = {(f"{a}-{i}", 10 * due): (a, amount) for a, i, due, amount in invoices}
    frame = pd.DataFrame(
        [(i, a, 1, due, amount, "EUR", "", "", n) for n, ((i, due), (a, amount)) in enumerate(rows.items())],
        columns=["invoice_id", "account_id", "issued", "due", "amount", "currency", "description", "reference", "row"],
    )
    payments = pd.DataFrame(
        [(on, a, amount, "EUR", i, "", n) for n, (on, a, amount, i) in enumerate(money)],
        columns=["received", "account_id", "amount", "currency", "invoice_id", "reference", "row"],
    )
    activity = tuple(
        Activity(date.fromordinal(on), a, "writeoff", i, amount, row=n)
        for n, (on, a, amount, i) in enumerate(given_up, start=2)
    )
    customers = {a: Customer(a, a) for a in "AB"}
    return replace(ledger([]), invoices=typed(frame), payments=typed(payments), activity=activity, customers=customers)


def names_of(money: list[tuple], invoices: set[str]) -> list[tuple]:
    """Each sum with the invoice that it is for: one that takes back the only earlier sum of its size is for the same."""
    found = []
    for on, account, amount, invoice in money:
        same = [m for m in money if m[1] == account and m[2] == -amount and m[0] <= on]
        name = same[0][3] if amount < 0 and not invoice and len(same) == 1 else invoice
        found.append((on, account, amount, name if name in invoices and name.startswith(account) else ""))
    return found


def shares(items: list[tuple], money: list[tuple]) -> dict[tuple, tuple[int, int]]:
    """What each item gets from money that names its invoice, and from its account's loose money, in the end."""
    given, loose = {}, defaultdict(int)
    for _, account, amount, invoice in money:
        loose[account] += 0 if invoice else amount
    for invoice in {i for i, _, _, _ in items}:
        left = sum(m[2] for m in money if m[3] == invoice)
        for i, due, _, amount in items:
            if i == invoice:
                given[i, due] = min(max(left, 0), amount)
                left -= given[i, due]
        loose[invoice[0]] += left
    pooled = {}
    for i, due, account, amount in items:
        pooled[i, due] = min(max(loose[account], 0), amount - given[i, due])
        loose[account] -= pooled[i, due]
    return {key: (given[key], pooled[key]) for key in given}


def was_there(item: tuple, items: list[tuple], money: list[tuple], share: dict, on: int) -> bool:
    """True when, of all that came in by the day, the item's shares could be taken."""
    came = [m for m in money if m[0] <= on]
    named, pooled = share[item[:2]]
    mine = [x for x in items if x[0] == item[0] and x[1] <= item[1]]
    if named and sum(m[2] for m in came if m[3] == item[0]) < sum(share[x[:2]][0] for x in mine):
        return False
    pool = sum(m[2] for m in came if m[1] == item[2] and not m[3])
    for invoice in {x[0] for x in items if x[2] == item[2]}:
        has = sum(m[2] for m in came if m[3] == invoice)
        asked = sum(x[3] for x in items if x[0] == invoice)
        pool += max(has - asked, 0) + min(has, 0)
    before = [x for x in items if x[2] == item[2] and (x[1], x[0]) <= (item[1], item[0])]
    return not pooled or pool >= sum(share[x[:2]][1] for x in before)


@given(st.lists(INVOICE, max_size=6), st.lists(MONEY, max_size=8))
@settings(max_examples=200, deadline=None)
def test_an_invoice_is_settled_since_the_day_on_which_its_money_had_come_and_stayed(
    invoices: list, money: list
) -> None:
    books = book(invoices, money)
    aged = age(books, date.fromordinal(LAST)).items
    items = [(x.invoice_id, x.due, x.account_id, x.amount) for x in aged.itertuples()]
    named = names_of(money, {i for i, _, _, _ in items})
    share = shares(items, named)
    for item, line in zip(items, aged.itertuples(), strict=True):
        settled = 0
        if line.open == 0:
            days = [d for d in range(1, LAST + 1) if not was_there(item, items, named, share, d)]
            settled = max(days, default=0) + 1
        assert line.settled == settled, item


@given(st.lists(INVOICE, max_size=6), st.lists(MONEY, max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_says_nothing_about_since_when(invoices: list, money: list, random: object) -> None:
    shuffled = list(money)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (age(book(invoices, m), date.fromordinal(LAST)).items for m in (money, shuffled))
    assert first["settled"].to_list() == second["settled"].to_list()


def days_late(invoices: list[tuple], payments: list[tuple], on: str = "2025-06-30") -> tuple[int, ...]:
    (standing,), _ = standings(ledger(invoices, payments), CONFIG, day(on))
    return standing.conduct.days_late


def test_each_instalment_is_as_late_as_its_own_money() -> None:
    invoices = [("I", "2025-01-01", "2025-01-10", 100), ("I", "2025-01-01", "2025-02-10", 100)]
    assert days_late(invoices, [("2025-01-10", "I", 100, ""), ("2025-02-12", "I", 100, "")]) == (0, 2)


def test_paying_twice_by_mistake_makes_nobody_late() -> None:
    invoices = [("I", "2025-01-01", "2025-01-10", 100)]
    assert days_late(invoices, [("2025-01-09", "I", 100, ""), ("2025-04-01", "I", 100, "")]) == (0,)


def test_what_was_paid_too_much_on_one_invoice_pays_the_next_on_its_day() -> None:
    invoices = [("I", "2025-01-01", "2025-01-10", 100), ("J", "2025-01-01", "2025-02-10", 50)]
    assert days_late(invoices, [("2025-01-10", "I", 150, ""), ("2025-05-01", "", 70, "")]) == (0, 0)


def test_after_a_chargeback_the_day_counts_on_which_it_was_paid_for_good() -> None:
    invoices = [("I", "2025-01-01", "2025-01-10", 100)]
    money = [("2025-01-10", "I", 100, ""), ("2025-01-20", "I", -100, ""), ("2025-01-25", "I", 100, "")]
    assert days_late(invoices, money) == (15,)


# ------------------------------------------------------------------ write-offs


@given(st.lists(INVOICE, max_size=6), st.lists(MONEY, max_size=6), st.lists(GIVEN_UP, max_size=4))
@settings(max_examples=150, deadline=None)
def test_a_writeoff_takes_what_is_open_and_never_becomes_credit(invoices: list, money: list, given_up: list) -> None:
    with_, without = (age(book(invoices, money, g), date.fromordinal(LAST)) for g in (given_up, []))
    items = with_.items
    assert (items["paid"] + items["written_off"] + items["open"] == items["amount"]).all()
    assert (items[["paid", "written_off", "open"]] >= 0).all(axis=None)
    assert with_.accounts["received"].to_list() == without.accounts["received"].to_list()
    for name, mine in items.groupby("account_id"):
        before = int(without.items.loc[without.items["account_id"] == name, "open"].sum())
        sums = sum(amount for _, a, amount, _ in given_up if a == name)
        assert mine["open"].sum() >= before - sums
        assert mine["written_off"].sum() <= sums
        loose = sum(amount for _, a, amount, i in given_up if a == name and not i)
        assert mine["open"].sum() <= max(before - loose, 0)


def test_what_is_written_off_leaves_the_balance_and_stays_on_record() -> None:
    line = Activity(day("2025-03-01"), "A", "writeoff", "J", 200, row=2)
    invoices = [("I", "2025-01-01", "2025-01-10", 100), ("J", "2025-01-01", "2025-02-10", 200)]
    (standing,), _ = standings(ledger(invoices, activity=[line]), CONFIG, day("2025-03-02"))
    assert [(i.invoice_id, i.open) for i in standing.items] == [("I", 100)]
    assert (standing.balance, standing.credit, standing.activity) == (100, 0, (line,))
    (before,), _ = standings(ledger(invoices, activity=[line]), CONFIG, day("2025-02-28"))
    assert before.balance == 300


def test_a_writeoff_that_names_nothing_takes_the_oldest_due() -> None:
    line = Activity(day("2025-03-01"), "A", "writeoff", "", 150, row=2)
    invoices = [("I", "2025-01-01", "2025-01-10", 100), ("J", "2025-01-01", "2025-02-10", 200)]
    (standing,), _ = standings(ledger(invoices, activity=[line]), CONFIG, day("2025-03-02"))
    assert [(i.invoice_id, i.open) for i in standing.items] == [("J", 150)]


def test_money_that_comes_after_a_writeoff_pays_what_is_still_asked_for() -> None:
    line = Activity(day("2025-03-01"), "A", "writeoff", "I", 100, row=2)
    invoices = [("I", "2025-01-01", "2025-01-10", 100), ("J", "2025-01-01", "2025-02-10", 200)]

    def opens(*payments: tuple[str, str, int, str]) -> tuple[list[tuple[str, int]], int]:
        (standing,), _ = standings(ledger(invoices, payments, activity=[line]), CONFIG, day("2025-04-01"))
        return [(i.invoice_id, i.open) for i in standing.items], standing.credit

    assert opens(("2025-03-10", "", 200, "")) == ([], 0)
    assert opens(("2025-03-10", "I", 100, "")) == ([("J", 200)], 0)


def test_an_invoice_that_is_written_off_says_nothing_about_how_late_they_pay() -> None:
    line = Activity(day("2025-03-01"), "A", "writeoff", "I", 100, row=2)
    (standing,), _ = standings(
        ledger([("I", "2025-01-01", "2025-01-10", 100)], activity=[line]), CONFIG, day("2025-03-02")
    )
    assert standing.conduct.days_late == ()
