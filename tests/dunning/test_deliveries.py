"""Delivered work: none of it stays without an invoice unseen, and whoever got it is asked once whether all is in order."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import day, decide, diary, every_day, ladder, ledger, line, live, step

from pastdue.config import Config
from pastdue.dunning import deliveries
from pastdue.model import Action, Activity, Ledger

STEPS = (step("reminder", 1, pay_within=7), step("second-notice", 10, pay_within=7))


def config(**settings: object) -> Config:
    return ladder(*STEPS, deliveries=settings, schedule={"minimum_gap": 0})


WITHIN_3 = config(invoice_within=3)
ASKING = config(ask_after=5)


def without(books: Ledger, on: str, settings: Config = WITHIN_3) -> list[tuple[str, int, int]]:
    """The deliveries without an invoice: day, amount, days."""
    return [
        (str(each.line.on), each.line.amount or 0, each.days) for each in deliveries.unbilled(books, settings, day(on))
    ]


def delivered(on: str, amount: int, invoice: str = "") -> Activity:
    return line(on, "delivered", amount=amount, invoice=invoice)


# ------------------------------------------------------------------ unbilled work


def test_delivered_work_without_an_invoice_shows_after_its_days() -> None:
    books = ledger([], activity=diary(delivered("2026-03-02", 4500)))
    assert without(books, "2026-03-05") == []
    assert without(books, "2026-03-06") == [("2026-03-02", 4500, 4)]
    assert without(books, "2026-03-03", config(invoice_within=0)) == [("2026-03-02", 4500, 1)]
    assert without(books, "2026-03-01") == []


def test_no_sum_is_too_small() -> None:
    assert without(ledger([], activity=diary(delivered("2026-03-02", 1))), "2026-03-30") == [("2026-03-02", 1, 28)]


def test_a_line_that_names_its_invoice_is_billed() -> None:
    books = ledger([("R", "2026-03-04", "2026-04-03", 9900)], activity=diary(delivered("2026-03-02", 4500, "R")))
    assert without(books, "2026-03-30") == []


@pytest.mark.parametrize(
    ("issued", "amount", "is_billed"),
    [
        ("2026-03-02", 4500, True),
        ("2026-03-20", 4500, True),
        ("2026-03-01", 4500, False),
        ("2026-03-04", 4499, False),
        ("2026-03-04", 4501, False),
    ],
)
def test_an_invoice_of_the_same_amount_on_its_day_or_later_bills_it(issued: str, amount: int, is_billed: bool) -> None:
    books = ledger([("R", issued, "2026-04-30", amount)], activity=diary(delivered("2026-03-02", 4500)))
    assert without(books, "2026-03-30") == ([] if is_billed else [("2026-03-02", 4500, 28)])


def test_an_invoice_that_is_yet_to_be_written_bills_nothing() -> None:
    books = ledger([("R", "2026-03-20", "2026-04-30", 4500)], activity=diary(delivered("2026-03-02", 4500)))
    assert without(books, "2026-03-19") == [("2026-03-02", 4500, 17)]
    assert without(books, "2026-03-20") == []


def test_one_invoice_bills_one_delivery_the_oldest() -> None:
    lines = diary(delivered("2026-03-09", 4500), delivered("2026-03-02", 4500))
    one = ledger([("R", "2026-03-10", "2026-04-30", 4500)], activity=lines)
    assert without(one, "2026-03-30") == [("2026-03-09", 4500, 21)]
    two = ledger([("R", "2026-03-10", "2026-04-30", 4500), ("S", "2026-03-10", "2026-04-30", 4500)], activity=lines)
    assert without(two, "2026-03-30") == []


def test_an_invoice_that_another_line_names_is_spoken_for() -> None:
    lines = diary(delivered("2026-03-02", 4500), delivered("2026-03-09", 4500, "R"))
    books = ledger([("R", "2026-03-10", "2026-04-30", 4500)], activity=lines)
    assert without(books, "2026-03-30") == [("2026-03-02", 4500, 28)]


def test_an_invoice_in_instalments_counts_whole_and_a_credit_note_bills_nothing() -> None:
    halves = [("R", "2026-03-04", "2026-04-03", 2000), ("R", "2026-03-04", "2026-05-03", 2500)]
    lines = diary(delivered("2026-03-02", 4500))
    assert without(ledger(halves, activity=lines), "2026-03-30") == []
    assert without(ledger([*halves[:1]], activity=lines), "2026-03-30") != []
    assert without(ledger([("C", "2026-03-04", "2026-03-04", -4500)], activity=lines), "2026-03-30") != []


def test_an_invoice_of_another_account_or_currency_bills_nothing() -> None:
    mine = ledger([], activity=diary(delivered("2026-03-02", 4500)))
    other = ledger([("R", "2026-03-04", "2026-04-03", 4500)], account="B")
    pounds = ledger([("R", "2026-03-04", "2026-04-03", 4500)], currency="GBP")
    for invoices in (other.invoices, pounds.invoices):
        books = Ledger(mine.customers, pd.concat([mine.invoices, invoices]), mine.payments, mine.activity, mine.notices)
        assert without(books, "2026-03-30") == [("2026-03-02", 4500, 28)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 28), st.sampled_from([100, 200])), max_size=6), st.data())
def test_as_many_deliveries_are_billed_as_there_are_invoices_that_fit(
    work: list[tuple[int, int]], data: st.DataObject
) -> None:
    bills = data.draw(st.lists(st.tuples(st.integers(1, 28), st.sampled_from([100, 200])), max_size=6))
    invoices = [(f"R{n}", f"2026-03-{d:02}", "2026-06-30", amount) for n, (d, amount) in enumerate(bills)]
    lines = diary(*(delivered(f"2026-03-{d:02}", amount) for d, amount in work))
    left = without(ledger(invoices, activity=lines), "2026-04-30")

    def most(amount: int) -> int:
        """The most deliveries of the amount that invoices on their day or later can bill, found by trying the latest first."""
        days = sorted((d for d, a in bills if a == amount), reverse=True)
        billed = 0
        for delivered_on in sorted((d for d, a in work if a == amount), reverse=True):
            if days and days[0] >= delivered_on:
                days.pop(0)
                billed += 1
        return billed

    assert len(left) == len(work) - sum(map(most, (100, 200)))


def test_the_warning_says_whose_how_much_and_for_how_long() -> None:
    books = ledger([], activity=diary(delivered("2026-03-02", 4500)))
    (said,) = map(str, deliveries.findings(deliveries.unbilled(books, WITHIN_3, day("2026-03-06"))))
    assert said == (
        "accounts/activity:2: warning: invoice_id: A: 45.00 EUR delivered on 2026-03-02, and no invoice for 4 days\n"
        "    Invoice it, whatever the sum; then enter the invoice's number in this line."
    )


# ------------------------------------------------------------------ is all in order?

ONE = [("R", "2026-03-02", "2026-04-01", 4500)]
DONE = delivered("2026-03-02", 4500, "R")


def asked(
    *lines: Activity,
    invoices: list[tuple[str, str, str, int]] = ONE,
    payments: tuple[tuple[str, str, int, str], ...] = (),
    settings: Config = ASKING,
    first: str = "2026-03-02",
    last: str = "2026-03-31",
) -> list[str]:
    books = ledger(invoices, payments, activity=diary(*lines))
    return [f"{on} {invoice} {what}" for on, invoice, _, what in live(books, settings, every_day(first, last))]


def test_the_customer_is_asked_once_so_many_days_after_the_delivery() -> None:
    assert asked(DONE) == ["2026-03-07 R satisfaction"]
    assert asked(DONE, settings=config(ask_after=0)) == ["2026-03-02 R satisfaction"]


def test_nobody_is_asked_unless_it_is_set_or_before_there_is_an_invoice() -> None:
    assert asked(DONE, settings=config()) == []
    assert asked(delivered("2026-03-02", 4500)) == []


def test_a_question_that_comes_too_late_is_not_asked() -> None:
    assert asked(DONE, first="2026-03-21") == ["2026-03-21 R satisfaction"]
    assert asked(DONE, first="2026-03-22") == []


def test_what_is_paid_disputed_or_on_hold_is_not_asked_about() -> None:
    assert asked(DONE, payments=(("2026-03-05", "R", 4500, ""),)) == []
    assert asked(DONE, line("2026-03-05", "dispute", invoice="R")) == []
    settled = line("2026-03-06", "resolved", invoice="R", note="rejected")
    assert asked(DONE, line("2026-03-05", "dispute", invoice="R"), settled) == []
    assert asked(DONE, line("2026-03-05", "reason", note="dispute", invoice="R")) == []
    assert asked(DONE, line("2026-03-05", "hold")) == []
    assert asked(DONE, line("2026-03-05", "hold", invoice="R")) == []
    assert asked(DONE, line("2026-03-05", "stop-contact")) == []


def test_a_part_payment_is_no_reason_not_to_ask() -> None:
    assert asked(DONE, payments=(("2026-03-05", "R", 4000, ""),)) == ["2026-03-07 R satisfaction"]


def test_an_invoice_that_is_overdue_is_reminded_of_and_not_asked_about() -> None:
    soon = [("R", "2026-03-02", "2026-03-05", 4500)]
    assert asked(DONE, invoices=soon) == ["2026-03-06 R reminder", "2026-03-15 R second-notice"]


def test_two_deliveries_at_once_make_one_letter() -> None:
    both = [*ONE, ("S", "2026-03-03", "2026-04-02", 100)]
    books = ledger(both, activity=diary(DONE, delivered("2026-03-02", 100, "S")))
    _, (decision,) = decide(books, ASKING, day("2026-03-07"))
    assert decision.answer is not None
    assert [invoice for invoice, _ in decision.answer.items] == ["R", "S"]
    assert decision.answer.delivered == day("2026-03-02")
    other = ledger(both, activity=diary(DONE, delivered("2026-03-04", 100, "S")))
    _, (decision,) = decide(other, ASKING, day("2026-03-09"))
    assert decision.answer is not None
    assert (len(decision.answer.items), decision.answer.delivered) == (2, None)


def test_the_question_asks_for_no_money_and_sets_no_deadline() -> None:
    books = ledger(ONE, activity=diary(DONE))
    _, (decision,) = decide(books, ASKING, day("2026-03-07"))
    assert decision.answer is not None
    assert (decision.action, decision.letter, decision.pay_by, decision.answer.asks) == (
        Action.NOTICE, "satisfaction", None, 0,
    )  # fmt: skip
    assert decision.reasons == ("delivered on 2026-03-02: is all in order?",)


def test_no_step_waits_because_of_the_question() -> None:
    gap = ladder(*STEPS, deliveries={"ask_after": 30}, schedule={"minimum_gap": 5})
    assert asked(DONE, settings=gap, last="2026-04-05") == ["2026-04-01 R satisfaction", "2026-04-02 R reminder"]
