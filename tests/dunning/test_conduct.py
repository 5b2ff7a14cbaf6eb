"""Conduct: what the record says of a payer, what is proposed to the operator, and what happens by itself if they want it."""

from dataclasses import replace

import pytest
from world import day, decide, diary, ladder, ledger, line, notices, recorded, step, told

from pastdue.config import Config
from pastdue.model import Activity, Class, Customer, Standing, State

STEPS = [step("reminder", 1, pay_within=7), step("second", 20, pay_within=7), step("demand", 40, pay_within=7)]
FIRM = [step("reminder", 1, pay_within=7), step("demand", 15, pay_within=7), step("referral", 30, pay_within=7)]
LADDER = ladder(*STEPS, tracks_of={"firm": FIRM})
AUTOMATIC = ladder(*STEPS, tracks_of={"firm": FIRM}, tracks={"automatic": True})
ONE = [("I", "2025-01-01", "2025-01-10", 50_000)]
MOVE = "move to the firm track: {}"


def standing_on(
    on: str, *lines: Activity, payments: list = (), invoices: list = ONE, config: Config = LADDER
) -> Standing:
    return decide(ledger(invoices, payments, activity=diary(*lines)), config, day(on))[0][0]


@pytest.mark.parametrize("reason", ["refuses", "avoids"])
def test_who_refuses_or_avoids_is_proposed_for_the_firm_track_and_moved_only_where_that_is_wanted(reason: str) -> None:
    said = line("2025-01-15", "reason", note=reason)
    standing = standing_on("2025-01-20", said)
    assert (standing.conduct.klass, standing.customer.track) == (Class.AVOIDS, "standard")
    assert MOVE.format("avoids") in standing.conduct.proposals
    assert f"noted as: {reason}" in standing.conduct.figures
    moved = standing_on("2025-01-20", said, config=AUTOMATIC)
    assert (moved.customer.track, moved.conduct.proposals) == ("firm", ())


def test_four_calls_unanswered_in_a_row_are_avoiding_and_being_heard_of_ends_it() -> None:
    tries = [line(f"2025-01-{n}", kind) for n, kind in enumerate(["no-answer", "voicemail"] * 2, start=13)]
    assert standing_on("2025-01-20", *tries[:3]).conduct.klass is not Class.AVOIDS
    standing = standing_on("2025-01-20", *tries)
    assert (standing.conduct.unanswered, standing.conduct.klass) == (4, Class.AVOIDS)
    assert MOVE.format("avoids") in standing.conduct.proposals
    heard = standing_on("2025-01-20", *tries, line("2025-01-18", "message"))
    assert (heard.conduct.unanswered, heard.conduct.proposals) == (0, ())


def test_mail_that_comes_back_is_avoiding_until_the_books_hold_another_address() -> None:
    books = ledger(ONE)
    _, made = decide(books, LADDER, day("2025-01-11"))
    books = recorded(books, made, day("2025-01-11"), State.REFUSED)
    books = replace(books, notices=books.notices.assign(recipient="a@acme.example"))
    (standing,), _ = decide(books, LADDER, day("2025-01-12"))
    assert (standing.conduct.klass, standing.conduct.figures) == (Class.AVOIDS, "their address refused mail")
    assert MOVE.format("avoids") in standing.conduct.proposals
    books = replace(books, customers={"A": Customer("A", "Acme", email="new@acme.example")})
    (standing,), _ = decide(books, LADDER, day("2025-01-12"))
    assert standing.conduct.klass is not Class.AVOIDS


def test_two_broken_promises_are_promises_and_breaks() -> None:
    two = [line(f"2025-02-{n:02d}", "promise", amount=100, due=f"2025-02-{n + 1:02d}") for n in (1, 5)]
    standing = standing_on("2025-02-20", *two)
    assert (standing.conduct.klass, standing.conduct.figures) == (Class.BREAKS, "0 of 2 promises kept")
    assert standing.conduct.proposals == (
        MOVE.format("promises and breaks"),
        "refer the account: 2 promises were not kept",
    )
    assert standing_on("2025-02-20", *two, config=AUTOMATIC).customer.track == "firm"


def test_nothing_is_proposed_about_who_owes_nothing_overdue() -> None:
    paid = [("2025-01-20", "", 50_000, "")]
    assert standing_on("2025-01-25", line("2025-01-15", "reason", note="avoids"), payments=paid).conduct.proposals == ()


def test_the_diarys_last_word_on_the_track_holds_over_the_record() -> None:
    lines = (line("2025-01-12", "track", note="standard"), line("2025-01-15", "reason", note="refuses"))
    assert standing_on("2025-01-20", *lines, config=AUTOMATIC).customer.track == "standard"
    assert standing_on("2025-01-20", *lines, line("2025-01-16", "track", note="firm")).customer.track == "firm"


def test_a_step_that_only_the_old_track_has_takes_no_step_of_the_new_one_away() -> None:
    firm = line("2025-02-01", "track", note="firm")  # after the second notice, which the firm track does not have
    assert told(ledger(ONE, activity=diary(firm)), LADDER, "2025-01-09", "2025-02-20") == [
        "2025-01-11 reminder",
        "2025-01-30 second",
        "2025-02-07 demand",  # not the referral at once: its deadline first, and no customer is referred undemanded
        "2025-02-15 referral",
    ]


def test_a_ladder_with_new_names_does_not_begin_again() -> None:
    renamed = ladder(*({**each, "name": f"new-{each['name']}"} for each in STEPS))
    row = ("n", day("2025-01-30").toordinal(), "A", "I", day("2025-01-10").toordinal(), "second", 1, "email", "sent", 1, "EUR", 0, "", "", "", "", "", "", "")  # fmt: skip
    books = replace(ledger(ONE), notices=notices([row]))
    _, (decision,) = decide(books, renamed, day("2025-02-01"))
    assert decision.items[0].next_step == "new-demand"


@pytest.mark.parametrize(
    ("paid_on", "klass", "average"),
    [("2025-01-13", Class.ON_TIME, 3), ("2025-01-14", Class.SLOW, 4), ("2025-01-05", Class.ON_TIME, 0)],
)
def test_who_pays_on_time_and_who_is_slow_is_a_matter_of_days(paid_on: str, klass: Class, average: int) -> None:
    standing = standing_on("2025-02-01", payments=[(paid_on, "I", 50_000, "")])
    assert (standing.conduct.klass, standing.conduct.figures) == (
        klass,
        f"1 invoice paid in twelve months, {average} days late on average",
    )


def test_the_record_is_of_the_last_twelve_months() -> None:
    paid = [("2025-03-10", "I", 50_000, "")]
    assert standing_on("2026-03-09", payments=paid).conduct.days_late == (59,)
    assert standing_on("2026-03-10", payments=paid).conduct.days_late == ()


def test_a_promise_about_nothing_is_no_credit_to_its_maker() -> None:
    early = line("2024-12-01", "promise", amount=100, due="2024-12-05")  # nothing was invoiced then
    assert standing_on("2025-02-01", early).conduct.figures == "nothing on record yet"
