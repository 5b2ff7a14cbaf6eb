"""Holds come first: what stops an account or one invoice, until when, what lifts it, and in which words it is said."""

from dataclasses import replace

import pytest
from world import (
    day,
    decide,
    decided,
    diary,
    every_day,
    ladder,
    ledger,
    line,
    notices,
    recorded,
    step,
    told,
)

from pastdue.config import Config
from pastdue.dunning.escalation import decisions
from pastdue.dunning.standing import standings
from pastdue.findings import error
from pastdue.model import Action, Activity, Decision, State

LADDER = ladder(step("reminder", 1, pay_within=7), step("second", 20, pay_within=7), step("demand", 40, pay_within=7))
ONE = [("I", "2025-01-01", "2025-01-10", 50_000)]
TWO = [*ONE, ("J", "2025-01-02", "2025-01-10", 20_000)]
LADDER_ALONE = ["2025-01-11 reminder", "2025-01-30 second", "2025-02-19 demand"]

HARD = {
    "stop-contact": "they asked not to be contacted",
    "lawyer": "a lawyer acts for them",
    "insolvency": "they are insolvent",
    "deceased": "the customer has died",
    "fraud": "fraud or identity theft is claimed",
}


def decision_on(on: str, *lines: Activity, invoices: list = ONE, config: Config = LADDER) -> Decision:
    return decide(ledger(invoices, activity=diary(*lines)), config, day(on))[1][0]


def story(*lines: Activity, invoices: list = ONE, config: Config = LADDER, last: str = "2025-02-25") -> list[str]:
    return told(ledger(invoices, activity=diary(*lines)), config, "2025-01-09", last)


# ------------------------------------------------------------------ what stops everything


@pytest.mark.parametrize("kind", HARD)
def test_a_hard_hold_stops_everything_and_names_its_line(kind: str) -> None:
    decision = decision_on("2025-03-01", line("2025-01-20", kind, note="by letter"))
    assert decision.action is Action.HOLD
    assert decision.reasons == (f"{HARD[kind]} (activity of 2025-01-20, line 2: by letter)",)
    assert [(hold.kind, hold.until) for hold in decision.holds] == [(kind, None)]
    assert story(line("2025-01-20", kind)) == LADDER_ALONE[:1]


@pytest.mark.parametrize("kind", HARD)
def test_a_hard_hold_ends_with_release_and_the_ladder_goes_on_where_it_stood(kind: str) -> None:
    lines = (line("2025-01-20", kind), line("2025-02-03", "release"))
    assert story(*lines) == ["2025-01-11 reminder", "2025-02-03 second", "2025-02-19 demand"]


def test_a_claim_of_fraud_given_as_a_reason_stops_everything_and_stays_on_the_desk() -> None:
    lines = (line("2025-01-20", "reason", note="fraud"), line("2025-02-20", "reason", note="forgot"))
    (standing,), (decision,) = decide(ledger(ONE, activity=diary(*lines)), LADDER, day("2025-03-01"))
    assert (decision.action, decision.holds[0].kind) == (Action.HOLD, "fraud")
    wanted = "fraud or identity theft is claimed: everything is stopped until you decide"
    assert wanted in standing.conduct.proposals
    kind = (line("2025-01-20", "fraud"),)
    (standing,), _ = decide(ledger(ONE, activity=diary(*kind)), LADDER, day("2025-03-01"))
    assert wanted in standing.conduct.proposals
    released = (*kind, line("2025-02-01", "release"))
    (standing,), _ = decide(ledger(ONE, activity=diary(*released)), LADDER, day("2025-03-01"))
    assert wanted not in standing.conduct.proposals


@pytest.mark.parametrize("kind", [*HARD, "placed", "hold", "hardship"])
def test_a_hard_hold_forbids_answers_too(kind: str) -> None:
    lines = (
        line("2025-01-20", kind, note="agency", due="2025-06-30"),
        line("2025-01-21", "promise", amount=50_000, due="2025-02-20"),
        line("2025-01-21", "reason", note="not-received"),
        line("2025-01-22", "plan", amount=25_000, due="2025-02-20", every="month", count=2),
    )
    assert story(*lines) == LADDER_ALONE[:1]


def test_an_operators_hold_ends_after_its_day() -> None:
    until = line("2025-01-20", "hold", due="2025-02-05", note="site visit")
    assert story(until) == ["2025-01-11 reminder", "2025-02-06 second", "2025-02-19 demand"]
    decision = decision_on("2025-02-05", until)
    assert decision.reasons == ("on hold until 2025-02-05 (activity of 2025-01-20, line 2: site visit)",)
    assert decision.holds[0].until == day("2025-02-05")


def test_an_operators_hold_without_a_day_lasts_until_release() -> None:
    assert story(line("2025-01-20", "hold")) == LADDER_ALONE[:1]
    assert story(line("2025-01-20", "hold"), line("2025-02-03", "release"))[1] == "2025-02-03 second"


def test_an_operators_hold_of_one_invoice_holds_that_invoice() -> None:
    held = line("2025-01-05", "hold", invoice="I")
    decision = decision_on("2025-01-11", held, invoices=TWO)
    assert (decision.action, [each.item.invoice_id for each in decision.items if each.is_due]) == (Action.NOTICE, ["J"])
    assert decision.holds[0].why == "I is on hold (activity of 2025-01-05, line 2)"
    other = decision_on("2025-01-11", held, line("2025-01-06", "release", invoice="J"), invoices=TWO)
    assert other.holds
    for invoice in ("I", ""):
        freed = decision_on("2025-01-11", held, line("2025-01-06", "release", invoice=invoice), invoices=TWO)
        assert not freed.holds


def test_hardship_pauses_until_its_day() -> None:
    pause = line("2025-01-20", "hardship", due="2025-02-28")
    assert story(pause, last="2025-03-10") == ["2025-01-11 reminder", "2025-03-01 second", "2025-03-09 demand"]
    assert decision_on("2025-02-28", pause).reasons == (
        "paused for hardship until 2025-02-28 (activity of 2025-01-20, line 2)",
    )


def test_a_placed_account_falls_silent_until_it_is_recalled() -> None:
    placed = line("2025-01-20", "placed", note="Fair Collections Ltd")
    decision = decision_on("2025-03-01", placed)
    assert decision.reasons == (
        "the account is placed with a third party (activity of 2025-01-20, line 2: Fair Collections Ltd)",
    )
    assert story(placed, line("2025-02-01", "release")) == LADDER_ALONE[:1]  # a release does not take it back
    assert story(placed, line("2025-02-03", "recalled")) == ["2025-01-11 reminder", "2025-02-03 second", "2025-02-19 demand"]  # fmt: skip


def test_short_of_cash_pauses_for_fourteen_days() -> None:
    lines = (line("2025-01-25", "reason", note="cash-flow"),)
    assert story(*lines) == ["2025-01-11 reminder", "2025-01-25 plan-offer", "2025-02-09 second", "2025-02-19 demand"]
    assert decision_on("2025-02-08", *lines).holds[0].until == day("2025-02-08")


def test_an_error_in_the_accounts_rows_stops_it_and_says_so() -> None:
    found = [error("accounts/invoices.csv", '"31/02/2025" is not a date', row=14, column="due", account_id="A")]
    all_, _ = standings(ledger(ONE), LADDER, day("2025-01-11"), found)
    (decision,) = decisions(all_, LADDER)
    assert decision.action is Action.HOLD
    assert "accounts/invoices.csv:14" in decision.reasons[0]


def test_an_unclear_notice_stops_the_account_until_it_is_settled() -> None:
    books = ledger(ONE)
    _, made = decide(books, LADDER, day("2025-01-11"))
    unclear = recorded(books, made, day("2025-01-11"), State.UNCLEAR)
    _, (decision,) = decide(unclear, LADDER, day("2025-02-11"))
    assert (decision.action, decision.holds[0].kind) == (Action.HOLD, "unclear")
    assert "send --resolve" in decision.reasons[0]


# ------------------------------------------------------------------ what stops one invoice


@pytest.mark.parametrize("kind", [{"kind": "dispute"}, {"kind": "reason", "note": "dispute"}])
def test_a_disputed_invoice_is_held_and_the_rest_goes_on(kind: dict) -> None:
    disputed = line("2025-01-05", kind.pop("kind"), invoice="I", **kind)
    decision = decision_on("2025-01-11", disputed, invoices=TWO)
    assert decision.action is Action.NOTICE
    assert {each.item.invoice_id: each.is_due for each in decision.items} == {"I": False, "J": True}
    assert [(hold.kind, hold.invoice_id, hold.until) for hold in decision.holds] == [("dispute", "I", None)]
    assert decision.items[0].reasons[0].startswith("I is disputed (activity of 2025-01-05, line 2")


def test_a_rejected_objection_lets_the_invoice_go_on_where_it_stood() -> None:
    lines = (line("2025-01-20", "dispute", invoice="I"), line("2025-02-10", "resolved", invoice="I", note="rejected"))
    assert story(*lines) == ["2025-01-11 reminder", "2025-02-10 second", "2025-02-19 demand"]


def test_an_upheld_objection_ends_the_chase_and_asks_for_a_credit_note() -> None:
    lines = (line("2025-01-20", "dispute", invoice="I"), line("2025-02-10", "resolved", invoice="I", note="upheld"))
    assert story(*lines, line("2025-02-20", "release"), last="2025-03-31") == LADDER_ALONE[:1]
    (standing,), (decision,) = decide(ledger(ONE, activity=diary(*lines)), LADDER, day("2025-03-01"))
    assert decision.action is Action.HOLD
    assert "the objection to I was right" in decision.reasons[0]
    assert "credit I, or write it off: the objection was right" in standing.conduct.proposals
    credited = ledger([*ONE, ("CN", "2025-02-20", "2025-02-20", -50_000)], activity=diary(*lines))
    (standing,), (decision,) = decide(credited, LADDER, day("2025-03-01"))
    assert (decision.action, standing.conduct.proposals) == (Action.SETTLED, ())


def test_a_dispute_that_names_no_invoice_holds_the_account_until_it_has_a_name_or_is_released() -> None:
    vague = line("2025-01-05", "reason", note="dispute")
    assert decision_on("2025-01-11", vague, invoices=TWO).action is Action.HOLD
    named = decision_on("2025-01-11", vague, line("2025-01-06", "dispute", invoice="I"), invoices=TWO)
    assert (named.action, [hold.invoice_id for hold in named.holds]) == (Action.NOTICE, ["I"])
    for end in (line("2025-01-06", "release"), line("2025-01-06", "resolved", invoice="I", note="rejected")):
        assert not decision_on("2025-01-11", vague, end, invoices=TWO).holds


def test_a_plan_holds_what_was_there_when_it_was_made_and_nothing_that_is_invoiced_later() -> None:
    plan = line("2025-01-20", "plan", amount=25_000, due="2025-03-01", every="month", count=2)
    invoices = [*ONE, ("NEW", "2025-01-21", "2025-02-01", 10_000)]
    decision = decision_on("2025-02-02", plan, line("2025-01-22", "signed"), invoices=invoices)
    assert {each.item.invoice_id: each.is_due for each in decision.items} == {"I": False, "NEW": True}
    assert decision.holds[0].why == "a signed payment plan is in good standing (activity of 2025-01-20, line 2)"


def test_a_release_ends_the_hold_and_leaves_a_plan_alone_unless_there_is_nothing_else_to_end() -> None:
    plan = (
        line("2025-01-20", "plan", amount=25_000, due="2025-03-01", every="month", count=2),
        line("2025-01-22", "signed"),
    )
    hold = line("2025-01-23", "hold")
    kinds = [hold.kind for hold in decision_on("2025-02-02", *plan, hold, line("2025-01-30", "release")).holds]
    assert kinds == ["plan"]
    assert not decision_on("2025-02-02", *plan, line("2025-01-30", "release")).holds  # fmt: skip


def test_a_disputed_item_does_not_keep_the_rest_from_being_referred() -> None:
    config = ladder(step("reminder", 1, pay_within=7))
    disputed = line("2025-01-05", "dispute", invoice="I")
    books = ledger(TWO, activity=diary(disputed))
    last = list(decided(books, config, every_day("2025-01-11", "2025-01-19")))[-1][1]
    assert last.action is Action.REFER


def test_an_item_whose_ladder_is_through_does_not_hide_what_comes_for_the_others() -> None:
    config = ladder(step("reminder", 1, pay_within=7))
    books = ledger([*ONE, ("J", "2025-01-02", "2025-01-20", 20_000)])
    books = replace(
        books, notices=notices([("n", day("2025-01-12").toordinal(), "A", "I", day("2025-01-10").toordinal(), "reminder", 0, "email", State.SENT, 1, "EUR", day("2025-01-19").toordinal(), "", "", "", "", "", "", "")])
    )  # fmt: skip
    first = decide(books, replace_gap(config, 20), day("2025-01-22"))[1][0]
    assert (first.action, first.reasons[0][:22]) == (Action.WAIT, "reminder on 2025-02-01")


def replace_gap(config: Config, gap: int) -> Config:
    schedule = config.schedule["standard"].model_copy(update={"minimum_gap": gap})
    return config.model_copy(update={"schedule": {"standard": schedule}})


# ------------------------------------------------------------------ the telephone


CALLS = ladder(step("reminder", 1), step("call", 10, "call", give_way=5), step("demand", 40))


def call_on(on: str, *lines: Activity) -> Decision:
    books = ledger(ONE, activity=diary(*lines))
    return list(decided(books, CALLS, every_day("2025-01-11", on)))[-1][1]


def test_a_conversation_counts_as_the_call_and_neither_voicemail_nor_no_answer_does() -> None:
    assert call_on("2025-01-20").action is Action.CALL
    talked = call_on("2025-01-21", line("2025-01-20", "call"))
    assert (talked.action, talked.items[0].step, talked.items[0].next_step) == (Action.WAIT, "call", "demand")
    for kind in ("voicemail", "no-answer"):
        tried = call_on("2025-01-21", line("2025-01-20", kind))
        assert (tried.action, tried.step) == (Action.CALL, "call")


def test_a_call_is_tried_once_a_day_and_so_many_times_in_seven_days() -> None:
    once = line("2025-01-20", "no-answer")
    assert call_on("2025-01-20", once).reasons == ("tried today; again on 2025-01-21",)
    twice = (once, line("2025-01-21", "voicemail"))
    assert call_on("2025-01-22", *twice).reasons == ("tried 2 times in seven days; again on 2025-01-27",)
    config = CALLS.model_copy(update={"calls": CALLS.calls.model_copy(update={"per_week": 2})})
    three = ledger(ONE, activity=diary(*twice, line("2025-01-22", "no-answer")))
    books = recorded(three, decide(three, config, day("2025-01-11"))[1], day("2025-01-11"))
    schedule = config.schedule["standard"]
    slow = schedule.model_copy(
        update={"step": tuple(each.model_copy(update={"give_way": 30}) for each in schedule.step)}
    )
    config = config.model_copy(update={"schedule": {"standard": slow}})
    said = [decide(books, config, day(f"2025-01-{n}"))[1][0] for n in (23, 27, 28)]
    assert [each.action for each in said] == [Action.WAIT, Action.WAIT, Action.CALL]
    assert said[0].reasons == ("tried 3 times in seven days; again on 2025-01-28",)


def test_a_call_that_fell_due_during_a_hold_has_its_days_after_it() -> None:
    held = (line("2025-01-15", "hold", due="2025-02-09"),)
    assert call_on("2025-02-10", *held).action is Action.CALL
    assert call_on("2025-02-14", *held).action is Action.CALL
    gave_way = call_on("2025-02-15", *held).items[0]  # five days on; the demand waits for day 40
    assert (gave_way.step, gave_way.rung) == ("reminder", 2)
    released = (line("2025-01-15", "stop-contact"), line("2025-02-09", "release"))
    assert call_on("2025-02-10", *released).action is Action.CALL


def test_the_pause_to_agree_a_plan_is_over_when_one_is_agreed() -> None:
    short = line("2025-01-25", "reason", note="cash-flow")
    plan = line("2025-01-27", "plan", amount=25_000, due="2025-01-28", every="month", count=2)
    signed = line("2025-01-27", "signed")
    assert {hold.kind for hold in decision_on("2025-01-26", short).holds} == {"cash-flow"}
    assert {hold.kind for hold in decision_on("2025-01-28", short, plan, signed).holds} == {"plan"}
    # In default within the fourteen days of the pause, and nothing holds it back.
    assert decision_on("2025-02-04", short, plan, signed).holds == ()
    assert decision_on("2025-02-04", short).holds != ()
