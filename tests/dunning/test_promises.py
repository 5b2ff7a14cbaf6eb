"""Promises: pending, kept, partly kept, broken; what each state does to the ladder, and what is said about it."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import day, decide, decided, diary, every_day, ladder, ledger, line, step, told

from pastdue.dunning.promises import kept_rates
from pastdue.model import Action, Activity, Class, Customer, Decision, Promise, PromiseState, Standing

WEEKDAYS = {"country": "none"}  # Saturday and Sunday are closed
LADDER = ladder(
    step("reminder", 1, pay_within=7), step("second", 20, pay_within=7), step("demand", 40, pay_within=7),
    schedule={"minimum_gap": 5},
)  # fmt: skip
ONE = [("I", "2025-01-01", "2025-01-10", 50_000)]
MADE = line("2025-02-03", "promise", amount=50_000, due="2025-02-14")  # a Friday


def standing_on(on: str, payments: list, *lines: Activity, invoices: list = ONE, config: object = None) -> Standing:
    books = ledger(invoices, payments, activity=diary(*lines))
    (standing,), _ = decide(books, config or ladder(step("reminder", 1), calendar=WEEKDAYS), day(on))
    return standing


def promise_on(on: str, payments: list, *lines: Activity, invoices: list = ONE) -> Promise:
    return standing_on(on, payments, *(lines or (MADE,)), invoices=invoices).conduct.promises[0]


# ------------------------------------------------------------------ what payments make of it


def test_a_promise_is_pending_up_to_two_business_days_after_its_date() -> None:
    assert promise_on("2025-02-18", []).state is PromiseState.PENDING  # Friday and two business days: Tuesday
    assert promise_on("2025-02-18", []).deadline == day("2025-02-18")
    assert promise_on("2025-02-19", []).state is PromiseState.BROKEN


@pytest.mark.parametrize(
    ("received", "amount", "state"),
    [
        ("2025-02-02", 50_000, PromiseState.KEPT),  # before it was made: nothing was owed any more
        ("2025-02-03", 50_000, PromiseState.KEPT),  # on the day it was made
        ("2025-02-18", 50_000, PromiseState.KEPT),  # on the last day of grace
        ("2025-02-19", 50_000, PromiseState.BROKEN),  # a day too late
        ("2025-02-18", 49_999, PromiseState.PARTLY_KEPT),
        ("2025-02-19", 49_999, PromiseState.BROKEN),
    ],
)
def test_money_counts_from_the_day_it_was_made_to_its_date_and_grace(
    received: str, amount: int, state: PromiseState
) -> None:
    assert promise_on("2025-02-25", [(received, "", amount, "")]).state is state


def test_several_payments_keep_one_promise() -> None:
    money = [("2025-02-05", "", 20_000, ""), ("2025-02-17", "I", 30_000, "")]
    assert promise_on("2025-02-06", money).state is PromiseState.PENDING
    kept = promise_on("2025-02-17", money)
    assert (kept.state, kept.received) == (PromiseState.KEPT, 50_000)


def test_a_payment_keeps_one_promise_only_the_one_that_falls_due_first() -> None:
    two = (
        line("2025-02-03", "promise", amount=20_000, due="2025-02-21"),
        line("2025-02-03", "promise", amount=20_000, due="2025-02-14"),
    )
    promises = standing_on("2025-03-05", [("2025-02-12", "", 20_000, "")], *two).conduct.promises
    assert [(str(p.due), p.state) for p in promises] == [
        ("2025-02-21", PromiseState.BROKEN),
        ("2025-02-14", PromiseState.KEPT),
    ]
    promises = standing_on("2025-03-05", [("2025-02-12", "", 30_000, "")], *two).conduct.promises
    assert [(p.state, p.received) for p in promises] == [
        (PromiseState.PARTLY_KEPT, 10_000),
        (PromiseState.KEPT, 20_000),
    ]


def test_a_payment_that_is_taken_back_keeps_nothing() -> None:
    paid = [("2025-02-10", "", 50_000, "")]
    assert promise_on("2025-02-20", paid).state is PromiseState.KEPT
    assert promise_on("2025-02-20", [*paid, ("2025-02-20", "", -50_000, "")]).state is PromiseState.BROKEN


def test_what_is_taken_back_in_part_keeps_only_the_rest() -> None:
    money = [("2025-02-10", "", 50_000, ""), ("2025-02-20", "", -10_000, "")]
    promise = promise_on("2025-02-20", money)
    assert (promise.state, promise.received) == (PromiseState.PARTLY_KEPT, 40_000)


def test_of_one_day_the_payment_comes_before_what_takes_it_back_however_the_rows_stand() -> None:
    money = [("2025-02-10", "", -50_000, ""), ("2025-02-10", "", 50_000, "")]
    assert promise_on("2025-02-20", money).state is PromiseState.BROKEN


def test_a_promise_of_more_than_is_owed_counts_as_one_of_all_that_is_owed() -> None:
    more = line("2025-02-03", "promise", amount=80_000, due="2025-02-14")
    promise = promise_on("2025-02-20", [("2025-02-10", "", 50_000, "")], more)
    assert (promise.state, promise.amount, promise.said) == (PromiseState.KEPT, 50_000, 80_000)


def test_an_invoice_written_after_the_promise_does_not_raise_it() -> None:
    more = line("2025-02-03", "promise", amount=80_000, due="2025-02-14")
    invoices = [*ONE, ("NEW", "2025-02-12", "2025-03-12", 60_000)]
    promise = promise_on("2025-02-20", [("2025-02-10", "", 50_000, "")], more, invoices=invoices)
    assert (promise.state, promise.amount) == (PromiseState.KEPT, 50_000)


def test_money_for_an_invoice_of_later_does_not_keep_it() -> None:
    invoices = [*ONE, ("NEW", "2025-02-05", "2025-03-12", 60_000)]
    promise = promise_on("2025-02-20", [("2025-02-10", "NEW", 50_000, "")], invoices=invoices)
    assert (promise.state, promise.received) == (PromiseState.BROKEN, 0)


def test_a_promise_that_moves_another_is_kept_with_it_once_all_that_was_owed_has_come() -> None:
    moved = line("2025-02-12", "promise", amount=50_000, due="2025-02-28")
    standing = standing_on("2025-03-10", [("2025-02-14", "", 50_000, "")], MADE, moved)
    assert [p.state for p in standing.conduct.promises] == [PromiseState.KEPT, PromiseState.KEPT]
    assert kept_rates(standing.conduct.promises) == (1, 1, 50_000, 50_000)


def test_a_credit_note_takes_off_what_has_to_come() -> None:
    invoices = [*ONE, ("CN", "2025-02-10", "2025-02-10", -10_000)]
    promise = promise_on("2025-02-20", [("2025-02-12", "", 40_000, "")], invoices=invoices)
    assert (promise.state, promise.amount) == (PromiseState.KEPT, 40_000)


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 300), st.integers(0, 20)), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 300)), max_size=6),
    st.integers(0, 60),
)
@settings(max_examples=150, deadline=None)
def test_no_money_keeps_two_promises_and_states_say_what_the_sums_say(made: list, money: list, after: int) -> None:
    start = day("2025-02-01")

    def at(n: int) -> str:
        return str(date.fromordinal(start.toordinal() + n))

    lines = [line(at(on), "promise", amount=amount, due=at(on + wait)) for on, amount, wait in made]
    lines.sort(key=lambda each: each.on)
    payments = [(at(n), "", amount, "") for n, amount in money]
    on = at(after)
    promises = standing_on(on, payments, *lines, invoices=[("I", "2025-01-01", "2025-01-10", 1_000)]).conduct.promises
    came = sum(amount for n, amount in money if n <= after)
    assert sum(p.received for p in promises) <= came
    for p in promises:
        in_time = sum(a for n, a in money if n <= after and str(p.made) <= at(n) <= str(p.deadline))
        assert 0 <= p.received <= min(p.amount, in_time)
        assert p.amount <= p.said
        assert (p.state is PromiseState.KEPT) == (p.received == p.amount)
        assert (p.state is PromiseState.PENDING) == (p.received < p.amount and day(on) <= p.deadline)
        assert (p.state is PromiseState.PARTLY_KEPT) == (0 < p.received < p.amount and day(on) > p.deadline)


# ------------------------------------------------------------------ the figures


def test_seventeen_of_twenty_promises_kept_are_85_percent() -> None:
    """Twenty promises of 100.00, one a week, and money in time for seventeen."""
    start = day("2025-02-03").toordinal()
    days = [str(date.fromordinal(start + 7 * n)) for n in range(20)]
    lines = [line(on, "promise", amount=10_000, due=on) for on in days]
    money = [(on, "", 10_000, "") for n, on in enumerate(days) if n not in {3, 11, 12}]
    standing = standing_on("2025-12-01", money, *lines, invoices=[("I", "2025-01-01", "2025-01-10", 10**6)])
    kept, over, _, _ = kept_rates(standing.conduct.promises)
    assert (kept, over, f"{100 * kept / over:.1f} %") == (17, 20, "85.0 %")
    assert "17 of 20 promises kept" in standing.conduct.figures


def test_of_16000_promised_12400_in_time_are_77_and_a_half_percent() -> None:
    lines = [
        line("2025-02-03", "promise", amount=800_000, due="2025-02-14"),
        line("2025-03-03", "promise", amount=500_000, due="2025-03-14"),
        line("2025-04-01", "promise", amount=300_000, due="2025-04-11"),
        line("2025-05-01", "promise", amount=100_000, due="2025-12-01"),  # pending: its time is not over
    ]
    money = [
        ("2025-02-18", "", 800_000, ""),  # with the grace
        ("2025-03-10", "", 440_000, ""),  # in part
        ("2025-04-16", "", 300_000, ""),  # a day too late
    ]
    standing = standing_on("2025-05-02", money, *lines, invoices=[("I", "2025-01-01", "2025-01-10", 5_000_000)])
    _, over, received, promised = kept_rates(standing.conduct.promises)
    assert (over, promised, received) == (3, 1_600_000, 1_240_000)
    assert f"{100 * received / promised:.1f} %" == "77.5 %"


# ------------------------------------------------------------------ what the ladder makes of it

BROKEN = line("2025-01-20", "promise", amount=50_000, due="2025-01-24")  # counts as broken from 27 January on


def story(*lines: Activity, payments: list = (), config: object = LADDER, last: str = "2025-02-25") -> list[str]:
    return told(ledger(ONE, payments, activity=diary(*lines)), config, "2025-01-09", last)


def decisions_on(on: str, *lines: Activity, config: object = LADDER, payments: list = ()) -> Decision:
    """The decision of the day, after what went out on every day before it."""
    books = ledger(ONE, payments, activity=diary(*lines))
    return list(decided(books, config, every_day("2025-01-09", on)))[-1][1]


def test_a_promise_is_confirmed_once_and_pauses_the_account_until_its_time_is_over() -> None:
    assert story()[:2] == ["2025-01-11 reminder", "2025-01-30 second"]
    kept = story(BROKEN, payments=[("2025-01-26", "", 50_000, "")])
    assert kept == ["2025-01-11 reminder", "2025-01-20 promise"]
    held = decisions_on("2025-01-26", BROKEN)
    assert (held.action, held.holds[0].kind, held.holds[0].until) == (Action.HOLD, "promise", day("2025-01-26"))
    assert held.reasons == ("payment is promised for 2025-01-24 (activity of 2025-01-20, line 2)",)


def test_the_confirmation_says_the_date_and_the_sum_and_is_no_step() -> None:
    decision = decisions_on("2025-01-20", line("2025-01-20", "promise", amount=80_000, due="2025-01-24"))
    assert decision.answer is not None
    assert (decision.step, decision.rung, decision.pay_by) == ("promise", -1, day("2025-01-24"))
    assert (decision.answer.asks, decision.answer.promise.said) == (50_000, 80_000)
    assert not any(each.is_due for each in decision.items)


@pytest.mark.parametrize("paid", [0, 20_000])
def test_broken_or_partly_kept_brings_the_next_step_at_once_whatever_its_days(paid: int) -> None:
    money = [("2025-01-22", "", paid, "")] if paid else []
    assert story(BROKEN, payments=money) == [
        "2025-01-11 reminder",
        "2025-01-20 promise",
        "2025-01-27 second",
        "2025-02-19 demand",
    ]


def test_the_first_notice_after_the_break_says_which_promise_and_no_later_one_does() -> None:
    first = decisions_on("2025-01-27", BROKEN)
    assert first.broken is not None
    assert first.broken.due == day("2025-01-24")
    assert "the promise for 2025-01-24 was not kept" in first.reasons[0]
    assert "second of I is due at once: the promise for 2025-01-24 was not kept" in first.items[0].reasons
    later = decisions_on("2025-02-19", BROKEN)
    assert (later.step, later.broken) == ("demand", None)
    assert "promise" not in later.reasons[0]


def test_a_break_brings_one_step_and_not_the_one_after_it() -> None:
    config = ladder(step("reminder", 1), step("second", 60), step("demand", 90))
    assert story(BROKEN, config=config, last="2025-03-09") == [
        "2025-01-11 reminder",
        "2025-01-20 promise",
        "2025-01-27 second",
    ]


def test_a_break_does_not_shorten_a_deadline_that_the_customer_was_given() -> None:
    config = ladder(step("reminder", 1, pay_within=30), step("second", 20))
    assert story(BROKEN, config=config)[-1] == "2025-02-11 second"  # the reminder gave them until the tenth


def test_a_break_does_not_shorten_the_minimum_gap() -> None:
    config = ladder(step("reminder", 1), step("second", 10), schedule={"minimum_gap": 14})
    assert story(BROKEN, config=config)[-1] == "2025-02-03 second"  # fourteen days after the confirmation


def test_after_the_second_break_a_promise_pauses_nothing_and_referral_is_proposed() -> None:
    two = (BROKEN, line("2025-01-28", "promise", amount=50_000, due="2025-02-05"))
    third = line("2025-02-09", "promise", amount=50_000, due="2025-03-20")
    assert story(*two, third) == [
        "2025-01-11 reminder",
        "2025-01-20 promise",
        "2025-01-27 second",
        "2025-01-28 promise",
        "2025-02-08 demand",
    ]
    (standing,), (decision,) = decide(ledger(ONE, activity=diary(*two, third)), LADDER, day("2025-02-12"))
    assert [p.state for p in standing.conduct.promises][2] is PromiseState.PENDING
    assert not decision.holds
    assert "refer the account: 2 promises were not kept" in standing.conduct.proposals
    assert standing.conduct.klass is Class.BREAKS


def test_how_many_breaks_are_too_many_is_configured() -> None:
    config = ladder(step("reminder", 1), promises={"most_broken": 1})
    again = line("2025-01-28", "promise", amount=50_000, due="2025-02-05")
    _, (decision,) = decide(ledger(ONE, activity=diary(BROKEN, again)), config, day("2025-01-29"))
    assert not decision.holds


def test_two_breaks_bring_two_steps_when_each_has_its_time() -> None:
    config = ladder(step("reminder", 1), step("second", 60), step("demand", 90), step("last", 120))
    two = (BROKEN, line("2025-01-28", "promise", amount=50_000, due="2025-02-05"))
    assert [each for each in story(*two, config=config, last="2025-03-01") if "promise" not in each] == [
        "2025-01-11 reminder",
        "2025-01-27 second",
        "2025-02-08 demand",
    ]


def test_what_was_not_overdue_when_the_promise_broke_is_not_brought_forward() -> None:
    invoices = [*ONE, ("NEW", "2025-01-15", "2025-02-20", 10_000)]
    config = ladder(step("courtesy", -3), step("reminder", 10))
    _, (decision,) = decide(ledger(invoices, activity=diary(BROKEN)), config, day("2025-01-27"))
    assert {each.item.invoice_id: each.next_on for each in decision.items} == {
        "I": day("2025-01-27"),
        "NEW": day("2025-02-17"),
    }


def test_a_hard_hold_forbids_the_confirmation_and_there_is_none_on_the_telephone_alone() -> None:
    hard = line("2025-01-20", "stop-contact")
    assert "2025-01-20 promise" not in story(hard, BROKEN)
    invoices = ledger(ONE, activity=diary(BROKEN), customers={"A": Customer("A", "Acme", phone="+44 1")})
    _, (decision,) = decide(invoices, LADDER, day("2025-01-20"))
    assert (decision.action, decision.answer) == (Action.HOLD, None)
    by_post = {"A": Customer("A", "Acme", address=("1 Road",), city="Town")}
    _, (decision,) = decide(ledger(ONE, activity=diary(BROKEN), customers=by_post), LADDER, day("2025-01-20"))
    assert (decision.step, decision.channels) == ("promise", ("letter",))


def test_a_call_after_a_break_names_the_promise_and_is_not_skipped_for_the_days_of_the_pause() -> None:
    config = ladder(step("reminder", 1), step("call", 11, "call", give_way=5), step("demand", 40))
    first = decisions_on("2025-01-27", BROKEN, config=config)  # the call was due on 21 January, within the pause
    assert (first.action, first.step) == (Action.CALL, "call")
    assert first.broken is not None
    assert "the promise for 2025-01-24 was not kept" in first.reasons[0]
    assert story(BROKEN, config=config, last="2025-02-05")[-1] == "2025-02-01 demand"  # nobody called for five days


def test_a_call_that_one_break_brought_forward_stays_made_after_the_next_break() -> None:
    config = ladder(step("reminder", 1), step("call", 60, "call"), step("demand", 90), schedule={"minimum_gap": 1})
    lines = (BROKEN, line("2025-01-28", "call"), line("2025-01-28", "promise", amount=50_000, due="2025-02-05"))
    assert decisions_on("2025-01-27", *lines, config=config).action is Action.CALL
    after = decisions_on("2025-02-08", *lines, config=config)
    assert (after.action, after.step, after.items[0].step) == (Action.NOTICE, "demand", "call")


def test_a_promise_in_another_currency_than_the_accounts_own_pauses_nothing_there() -> None:
    books = ledger(ONE, [("2025-01-05", "", 100, "USD")], activity=diary(BROKEN))
    found, _ = decide(books, LADDER, day("2025-01-21"))
    assert [(s.currency, len(s.conduct.promises)) for s in found] == [("EUR", 1), ("USD", 0)]
