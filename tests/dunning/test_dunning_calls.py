"""Calls: the order of the day by expected worth, plans that could be agreed, and whom to let go, all in whole numbers."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pastdue.config import Config
from pastdue.dunning import calls
from pastdue.model import (
    Accrual,
    Action,
    Activity,
    Charge,
    Class,
    Conduct,
    Customer,
    Decision,
    Hold,
    OpenItem,
    Payment,
    Promise,
    PromiseState,
    Sent,
    Standing,
    State,
)

ON = date(2026, 3, 2)
CALL = Decision("A", "EUR", Action.CALL, ())


def ago(days):
    return ON - timedelta(days=days)


def item(number, late, open_):
    return OpenItem(number, ago(late), ago(late + 30), "EUR", open_, open_, late)


def account(*items, **more):
    return Standing(ON, Customer("A", "Acme"), "EUR", tuple(items), **more)


def promise(state, amount=10000, received=0, due=10):
    return Promise(ago(due + 5), ago(due), ago(due - 2), amount, amount, received, state)


KEPT, BROKEN = promise(PromiseState.KEPT, received=10000), promise(PromiseState.BROKEN)


# ------------------------------------------------------------------ worth


def test_a_call_is_worth_what_is_asked_for_times_its_chances():
    standing = account(
        item("A", 41, 100000),
        conduct=Conduct(promises=(KEPT, BROKEN, BROKEN), unanswered=2, klass=Class.BREAKS),
    )
    worth = calls.worth(standing, CALL)
    # 1,000.00 x (35 % + 33 %) / 2 x 60 % x 90 %
    assert worth.amount == 100000
    assert worth.score == 100000 * 34 * 60 * 90 // 10**6 == 18360
    assert worth.words == (
        "34 % for the payer (promises and breaks, 1 of 3 promises kept) × 60 % for an answer (2 calls unanswered) × "
        "90 % for the age (41 days past due)"
    )


def test_what_is_on_hold_by_itself_is_not_asked_for_and_what_is_not_due_only_when_nothing_is():
    standing = account(item("A", 41, 100000), item("B", 3, 5000), item("C", -3, 700))
    assert calls.worth(standing, CALL).amount == 105000
    assert calls.worth(standing, replace(CALL, holds=(Hold("dispute", "x", None, "A"),))).amount == 5000
    assert calls.worth(account(item("C", -3, 700)), CALL).amount == 700
    assert "not overdue" in calls.worth(account(item("C", -3, 700)), CALL).words


@pytest.mark.parametrize(
    ("days", "share"), [(-5, 100), (30, 100), (31, 90), (60, 90), (61, 80), (91, 65), (120, 65), (121, 50), (999, 50)]
)
def test_a_claim_loses_worth_with_its_age(days, share):
    assert calls.worth(account(item("A", days, 100)), CALL).score == 100 * 60 * share // 10**4


@given(
    st.integers(1, 10**12),
    st.integers(-30, 2000),
    st.sampled_from(list(Class)),
    st.integers(0, 50),
    st.lists(st.sampled_from((KEPT, BROKEN)), max_size=9),
)
def test_a_call_is_never_worth_more_than_it_asks_for_and_more_money_is_never_worth_less(
    open_, late, klass, unanswered, promises
):
    conduct = Conduct(promises=tuple(promises), unanswered=unanswered, klass=klass)
    worth = calls.worth(account(item("A", late, open_), conduct=conduct), CALL)
    more = calls.worth(account(item("A", late, open_ + 1), conduct=conduct), CALL)
    silent = calls.worth(account(item("A", late, open_), conduct=replace(conduct, unanswered=unanswered + 1)), CALL)
    broke = calls.worth(account(item("A", late, open_), conduct=replace(conduct, promises=(*promises, BROKEN))), CALL)
    assert 0 <= worth.score <= worth.amount == open_
    assert worth.score <= more.score
    assert silent.score <= worth.score
    assert not promises or broke.score <= worth.score


def test_only_the_day_s_calls_are_weighed():
    standing = account(item("A", 3, 100))
    assert calls.worths([standing, standing], [CALL, replace(CALL, action=Action.WAIT)]) == {
        ("A", "EUR"): calls.worth(standing, CALL)
    }


# ------------------------------------------------------------------ plans that could be agreed


def test_plans_cover_all_that_is_open_within_what_a_consumer_may_be_offered():
    standing = account(item("A", 3, 50000), item("B", -3, 10000))
    assert calls.ways_to_pay(standing, Config()) == ((30000,) * 2, (20000,) * 3, (10000,) * 6, (5000,) * 12)
    few = Config.model_validate({"plans": {"consumer_instalments": 4}})
    consumer = replace(standing, customer=replace(standing.customer, kind="consumer"))
    assert calls.ways_to_pay(consumer, few) == ((30000,) * 2, (20000,) * 3)


def test_what_they_said_they_can_pay_bounds_each_payment():
    said = Activity(ago(3), "A", "reason", amount=25000, note="cash-flow")
    standing = account(item("A", 3, 60000), activity=(said,))
    assert calls.ways_to_pay(standing, Config()) == ((20000,) * 3, (10000,) * 6, (5000,) * 12)
    since = replace(said, on=ago(1), note="forgot")
    assert calls.ways_to_pay(replace(standing, activity=(said, since)), Config())[0] == (30000, 30000)


def test_there_is_no_plan_in_a_currency_the_diary_does_not_keep():
    assert calls.ways_to_pay(replace(account(item("A", 3, 60000)), currency="GBP"), Config()) == ()


# ------------------------------------------------------------------ letting go


def notices(count):
    return tuple(
        Sent(f"n{n}", ago(300 - n), "A", ago(41), "reminder", 2, "email", State.SENT, 100, "EUR") for n in range(count)
    )


def paid(days, amount):
    return Payment(ago(days), amount, "EUR")


def test_a_customer_who_costs_more_than_they_pay_is_named_with_the_figures():
    standing = account(
        item("A", 41, 50000),
        history=notices(4),
        activity=(Activity(ago(9), "A", "call"), Activity(ago(8), "A", "no-answer")),
        payments=(paid(400, 900000), paid(40, 40000)),
        conduct=Conduct(days_late=(10, 13)),
    )
    assert calls.costs_more_than_it_pays(standing) == (6, 12, 40000, 50000, 0)
    assert calls.to_stop_serving([standing, replace(account(), currency="GBP")]) == {
        ("A", "EUR"): (6, 12, 40000, 50000, 0)
    }
    charge = Charge("A", ago(41), "EUR", "contract", accruals=(Accrual(50000, ago(41), ON, 42, 100000, 575),))
    owes_interest = calls.costs_more_than_it_pays(
        replace(standing, charges=(charge, replace(charge, interest_paid=75)))
    )
    assert owes_interest is not None
    assert owes_interest.interest == 575 + 500


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({}, True),
        ({"history": notices(5)}, False),  # one contact fewer
        ({"items": ()}, False),  # nothing is overdue
        ({"payments": (paid(9, 50000),)}, False),  # they paid as much as is overdue
        ({"payments": (paid(9, 50000),), "conduct": Conduct(days_late=(30,))}, True),  # and so late that it costs
        ({"payments": (paid(9, 50000),), "conduct": Conduct(days_late=(29, 29))}, False),
        ({"history": (*notices(5), replace(notices(1)[0], notice_id="old", on=ago(366)))}, False),
    ],
)
def test_the_rule_for_letting_go(change, named):
    standing = replace(account(item("A", 41, 50000), history=notices(6)), **change)
    assert (calls.costs_more_than_it_pays(standing) is not None) is named


# ------------------------------------------------------------------ how many are kept


def test_seventeen_of_twenty_promises_and_what_came_of_sixteen_thousand():
    good = [promise(PromiseState.KEPT, 70000, 70000)] * 17
    bad = [promise(PromiseState.PARTLY_KEPT, 200000, 50000), promise(PromiseState.BROKEN, 110000)]
    rest = [promise(PromiseState.BROKEN, 100000)]
    old = promise(PromiseState.BROKEN, 999, due=366)
    pending = promise(PromiseState.PENDING, 999, due=-3)
    one = account(conduct=Conduct(promises=(*good, old, pending)))
    other = account(conduct=Conduct(promises=(*bad, *rest)))
    pounds = replace(account(conduct=Conduct(promises=(BROKEN,))), currency="GBP")
    assert calls.kept_in_a_year([one, other, pounds, account()], ON) == {
        "EUR": (17, 20, 1240000, 1600000),
        "GBP": (0, 1, 0, 10000),
    }
