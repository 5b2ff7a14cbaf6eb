"""A write-off is bookkeeping and no forgiveness: what undoes it brings the balance back as if it had never been."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_settled import GIVEN_UP, INVOICE, LAST, MONEY, book
from world import day, decide, diary, ledger, line

from pastdue.config import Config
from pastdue.dunning.ageing import age
from pastdue.model import Action

CONFIG = Config.model_validate(
    {
        "business": {"name": "Acme"},
        "calendar": {"country": "none", "weekend": []},
        "schedule": {"standard": {"step": [{"name": "reminder", "days": 1, "channels": ["email"]}]}},
    }
)
INVOICES = [("I", "2025-01-01", "2025-01-10", 100)]


@given(st.lists(INVOICE, max_size=6), st.lists(MONEY, max_size=6), st.lists(GIVEN_UP, max_size=4), st.data())
@settings(max_examples=100, deadline=None)
def test_a_write_off_that_is_undone_leaves_no_trace_in_the_sums(
    invoices: list, money: list, given_up: list, data: st.DataObject
) -> None:
    undone = [(LAST, account, -amount, invoice) for _, account, amount, invoice in given_up]
    at = data.draw(st.integers(0, len(given_up)))
    without = age(book(invoices, money, given_up[at:]), date.fromordinal(LAST))
    with_ = age(book(invoices, money, given_up + undone[:at]), date.fromordinal(LAST))
    assert with_.items.equals(without.items)
    assert with_.accounts.equals(without.accounts)


@pytest.mark.parametrize(("on", "open_"), [("2025-02-28", 100), ("2025-03-01", 0), ("2025-04-01", 70)])
def test_part_of_a_write_off_is_undone_from_its_day_on(on: str, open_: int) -> None:
    lines = diary(
        line("2025-03-01", "writeoff", amount=100, invoice="I"), line("2025-04-01", "writeoff", amount=-70, invoice="I")
    )
    (standing,), (decision,) = decide(ledger(INVOICES, activity=lines), CONFIG, day(on))
    assert standing.balance == open_
    assert decision.action is (Action.NOTICE if open_ else Action.SETTLED)
    assert len(standing.activity) == sum(each.on <= day(on) for each in lines)


def test_what_was_written_off_undone_and_then_paid_is_paid() -> None:
    lines = diary(line("2025-03-01", "writeoff", amount=100), line("2025-04-01", "writeoff", amount=-100))
    book_ = ledger(INVOICES, [("2025-04-02", "", 100, "")], activity=lines)
    _, (decision,) = decide(book_, CONFIG, day("2025-04-03"))
    assert decision.reasons == ("everything is paid",)
