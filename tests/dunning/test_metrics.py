"""The metrics against sums done by hand, and what must hold of them whatever the books say."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import NO_CALENDAR, day, diary, ladder, ledger, line, step

from pastdue.config import Config
from pastdue.dunning import metrics
from pastdue.dunning.standing import standings
from pastdue.model import Ledger
from pastdue.outlook import Metrics, Ratio

CONFIG = ladder(step("reminder", 1), calendar=NO_CALENDAR)


def measured(book: Ledger, on: str | date, config: Config = CONFIG) -> Metrics:
    on = day(on) if isinstance(on, str) else on
    found, _ = standings(book, config, on)
    (only,) = metrics.of(book, found, config, on)
    return only


def test_days_sales_outstanding_as_in_the_textbook() -> None:
    """120,000 open of 360,000 sold in 90 days: 30 days; 75,000 of it not yet due: 18.75 at best, 11.25 too many."""
    book = ledger(
        [
            ("1", "2025-01-01", "2025-01-20", 240_000_00),
            ("2", "2025-02-01", "2025-03-01", 45_000_00),
            ("3", "2025-03-10", "2025-04-20", 75_000_00),
        ],
        [("2025-01-20", "1", 240_000_00, "")],
    )
    found = measured(book, "2025-03-31")
    assert found.dso == Ratio(120_000_00, 360_000_00, 90)
    assert found.dso.value == 30
    assert found.best_dso.value == Fraction("18.75")
    assert found.delinquent.value == Fraction("11.25")
    assert found.past_due.value == Fraction("37.5")


def test_counting_back_uses_up_the_months_from_the_last() -> None:
    """120,000 open; March sold 70,000 in 31 days, February 60,000 in 28: 31 + 50 / 60 x 28 days."""
    book = ledger(
        [
            ("0", "2025-01-02", "2025-02-02", 10_000_00),
            ("1", "2025-02-10", "2025-03-10", 60_000_00),
            ("2", "2025-03-10", "2025-04-10", 70_000_00),
        ],
        [("2025-02-20", "0", 10_000_00, ""), ("2025-03-12", "1", 10_000_00, "")],
    )
    back = measured(book, "2025-03-31").count_back
    assert back.days == 31 + Fraction(50 * 28, 60)
    assert back.months == (
        (day("2025-03-01"), 31, 70_000_00, 70_000_00),
        (day("2025-02-01"), 28, 60_000_00, 50_000_00),
    )


def test_a_month_s_collection_is_what_came_of_what_could_have_come() -> None:
    """March began with 1,000 overdue and sold 500, not due yet; 600 came and 100 was written off: 600 of 900."""
    book = ledger(
        [("1", "2025-01-10", "2025-02-10", 1_000_00), ("2", "2025-03-05", "2025-04-05", 500_00)],
        [("2025-03-20", "1", 600_00, "")],
        activity=diary(line("2025-03-25", "writeoff", amount=100_00, invoice="1")),
    )
    march = measured(book, "2025-03-31").history[-1]
    assert (march.on, march.sales, march.received, march.written_off) == (day("2025-03-31"), 500_00, 600_00, 100_00)
    assert march.buckets == (500_00, 0, 300_00, 0, 0, 0)
    assert march.cei == Ratio(600_00, 900_00, 100)


def test_days_late_weigh_as_much_as_their_money() -> None:
    """100 paid 10 days late and 300 paid two days early: 1,000 / 400 = 2.5 days."""
    book = ledger(
        [("1", "2025-01-01", "2025-02-01", 100_00), ("2", "2025-01-01", "2025-02-01", 300_00)],
        [("2025-02-11", "1", 100_00, ""), ("2025-01-30", "2", 300_00, "")],
    )
    assert measured(book, "2025-03-31").days_late.value == Fraction("2.5")


def test_what_is_unpaid_rolls_into_the_next_bucket_and_disputes_are_left_out() -> None:
    """30 days ago 60 + 40 + 500 were 1 to 30 days late; 40 was paid since, 500 is disputed: 60 of 100 rolled on."""
    book = ledger(
        [(i, "2025-01-01", "2025-02-20", amount) for i, amount in (("1", 60_00), ("2", 40_00), ("3", 500_00))],
        [("2025-03-15", "2", 40_00, "")],
        activity=diary(line("2025-02-25", "dispute", invoice="3")),
    )
    assert measured(book, "2025-03-31").rolled[1] == Ratio(60_00, 100_00, 100)


def test_promises_and_calls_are_counted() -> None:
    book = ledger(
        [("1", "2025-01-01", "2025-02-01", 100_00)],
        [("2025-03-05", "1", 60_00, "")],
        activity=diary(
            line("2025-02-20", "no-answer"),
            line("2025-02-21", "voicemail"),
            line("2025-02-22", "call"),
            line("2025-02-22", "promise", amount=60_00, due="2025-03-06"),
            line("2025-03-10", "promise", amount=40_00, due="2025-03-12"),
        ),
    )
    found = measured(book, "2025-03-31")
    assert (found.kept_count, found.kept_value) == (Ratio(1, 2, 100), Ratio(60_00, 100_00, 100))
    assert (found.reached, found.promised) == (Ratio(1, 3, 100), Ratio(2, 1, 100))


def test_what_the_books_do_not_hold_is_not_said() -> None:
    young = measured(ledger([("1", "2025-03-01", "2025-03-15", 100_00)]), "2025-03-31")
    assert young.dso.value is None
    assert young.dso.missing == "the books begin on 2025-03-01"
    assert [each.on for each in young.history] == [day("2025-03-31")]
    blank = measured(ledger([("1", "", "2025-03-15", 100_00)]), "2025-03-31")
    assert (blank.dso.value, blank.count_back.days) == (None, None)
    assert "without a day of issue" in blank.dso.missing
    assert measured(ledger([], [("2025-03-01", "", 1, "")]), "2025-03-31").past_due.value is None


BILL = st.tuples(st.integers(0, 200), st.integers(0, 40), st.integers(1, 900))
PAYMENT = st.tuples(st.integers(0, 200), st.integers(0, 5), st.integers(1, 900))
END = day("2025-06-30")


def books(bills: list[tuple[int, int, int]], paid: list[tuple[int, int, int]]) -> Ledger:
    rows = [
        (str(n), str(END - timedelta(days=ago)), str(END - timedelta(days=ago - terms)), amount)
        for n, (ago, terms, amount) in enumerate(bills)
    ]
    money = [(str(END - timedelta(days=ago)), str(n) if n < len(bills) else "", amount, "") for ago, n, amount in paid]
    return ledger(rows, money)


@given(st.lists(BILL, min_size=1, max_size=6), st.lists(PAYMENT, max_size=4), st.integers(0, 40))
@settings(max_examples=25, deadline=None)
def test_each_month_s_figures_hang_together(bills: list, paid: list, ago: int) -> None:
    book, on = books(bills, paid), END - timedelta(days=ago)
    found = standings(book, CONFIG, on)[0]
    for each in (month for one in metrics.of(book, found, CONFIG, on) for month in one.history):
        (as_it_was,) = standings(book, CONFIG, each.on)[0]
        assert each.buckets == as_it_was.buckets
        assert each.balance == as_it_was.balance
        assert each.cei.numerator == each.received, "what was collected is the money that came"
        assert each.cei.value is None or 0 <= each.cei.value <= 100


@given(st.lists(BILL, min_size=2, max_size=6), st.lists(PAYMENT, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_the_order_of_rows_changes_nothing(bills: list, paid: list, dice: object) -> None:
    book = books(bills, paid)
    order, money = list(range(len(book.invoices))), list(range(len(book.payments)))
    dice.shuffle(order)  # type: ignore[attr-defined]
    dice.shuffle(money)  # type: ignore[attr-defined]
    other = replace(book, invoices=book.invoices.iloc[order], payments=book.payments.iloc[money])
    assert measured(book, END) == measured(other, END)


@pytest.mark.parametrize("on", ["2025-03-31", "2025-03-15"])
def test_later_payments_do_not_exist(on: str) -> None:
    bills = [("1", "2024-11-01", "2024-12-01", 100_00), ("2", "2025-01-01", "2025-02-01", 100_00)]
    assert measured(ledger(bills, [("2025-04-01", "1", 100_00, "")]), on) == measured(ledger(bills), on)
