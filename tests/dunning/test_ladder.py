"""Escalation as other systems define it, and as DESIGN's rules 1 to 5 refine it: named cases, exact dates."""

from dataclasses import replace
from datetime import date

import pytest
from world import NO_CALENDAR, day, decide, decided, every_day, ledger, live, notices, sent

from pastdue.config import Config
from pastdue.model import Action, Activity, Customer, State

MONTH_ENDS = [day(d) for d in ("2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31", "2025-06-30")]


def schedule(*steps: dict[str, object], calendar: dict[str, object] = NO_CALENDAR, **settings: object) -> Config:
    named = [
        {"name": f"step-{n}", "channels": ["email"], "from": "due"} | step for n, step in enumerate(steps, start=1)
    ]
    return Config.model_validate(
        {
            "business": {"name": "B"},
            "calendar": calendar,
            "schedule": {"standard": {"step": named, **settings}},
        }
    )


def by_invoice(story: list[tuple[date, str, date, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for on, invoice, _, step in story:
        found.setdefault(invoice, []).append(f"{on} {step}")
    return found


MONTHLY = schedule(
    {"days": 10}, {"from": "due-month-end", "days": 30}, {"from": "previous", "days": 10}
)  # fmt: skip


def test_two_due_dates_climb_two_ladders_at_month_ends() -> None:
    book = ledger([("I", "2025-01-01", "2025-01-18", 30000), ("I", "2025-01-01", "2025-02-28", 70000)])
    story = live(book, MONTHLY, MONTH_ENDS)
    assert [str(on) for on, _, due, _ in story if due == day("2025-01-18")] == [
        "2025-01-31",
        "2025-02-28",
        "2025-03-31",
    ]
    assert [str(on) for on, _, due, _ in story if due == day("2025-02-28")] == [
        "2025-03-31",
        "2025-04-30",
        "2025-05-31",
    ]
    assert [step for _, _, due, step in story if due == day("2025-01-18")] == ["step-1", "step-2", "step-3"]


def test_part_payment_leaves_the_remainder_on_the_first_ladder() -> None:
    book = ledger(
        [("I", "2025-03-01", "2025-03-15", 45000), ("I", "2025-03-01", "2025-04-30", 105000)],
        [("2025-03-20", "", 30000, "")],
    )
    (standing,), _ = decide(book, MONTHLY, day("2025-03-31"))
    assert [(str(i.due), i.open) for i in standing.items] == [("2025-03-15", 15000), ("2025-04-30", 105000)]
    assert by_invoice(live(book, MONTHLY, MONTH_ENDS[2:4])) == {"I": ["2025-03-31 step-1", "2025-04-30 step-2"]}


def test_nothing_sent_before_day_30_starts_with_the_first_step_not_the_second() -> None:
    config = schedule({"days": 5}, {"days": 20}, {"days": 40})
    book = ledger([("I", "2025-01-01", "2025-01-10", 100)])
    assert live(book, config, [day("2025-02-09")]) == [(day("2025-02-09"), "I", day("2025-01-10"), "step-1")]


def test_entry_by_age_starts_at_the_step_for_the_age() -> None:
    config = schedule({"days": 5}, {"days": 20}, {"days": 40}, entry="by-age")
    book = ledger([("I", "2025-01-01", "2025-01-10", 100)])
    assert by_invoice(live(book, config, every_day("2025-02-09", "2025-03-31"))) == {
        "I": ["2025-02-09 step-2", "2025-02-19 step-3"]
    }


def test_steps_after_the_issue_date() -> None:
    config = schedule(*({"from": "issued", "days": n} for n in (5, 10, 15)))
    for due in ("2024-03-01", "2024-03-08", "2024-03-31"):
        book = ledger([("I", "2024-03-01", due, 100)])
        story = live(book, config, every_day("2024-03-01", "2024-04-30"))
        assert by_invoice(story) == {"I": ["2024-03-06 step-1", "2024-03-11 step-2", "2024-03-16 step-3"]}, due


def test_as_at_a_past_date_later_payments_do_not_exist() -> None:
    book = ledger([("I", "2025-01-01", "2025-01-10", 100)], [("2025-02-01", "I", 100, "")])
    (then,), _ = decide(book, MONTHLY, day("2025-01-31"))
    (now,), (decision,) = decide(book, MONTHLY, day("2025-02-01"))
    assert (then.balance, now.balance, decision.action) == (100, 0, Action.SETTLED)


def test_due_today_is_not_overdue_and_day_one_is_the_day_after() -> None:
    book = ledger([("I", "2025-01-01", "2025-01-10", 100)])
    days = [decide(book, MONTHLY, day(d))[0][0].items[0] for d in ("2025-01-10", "2025-01-11")]
    assert [(i.days_past_due, i.is_overdue) for i in days] == [(0, False), (1, True)]


def test_the_next_step_waits_for_the_pay_by_date_even_when_its_own_day_has_come() -> None:
    config = schedule({"days": 1, "pay_within": 14}, {"days": 7})
    book = ledger([("I", "2025-01-01", "2025-01-10", 100)])
    assert by_invoice(live(book, config, every_day("2025-01-11", "2025-02-10"))) == {
        "I": ["2025-01-11 step-1", "2025-01-26 step-2"]
    }


def test_a_late_notice_pushes_the_rest_back() -> None:
    config = schedule({"days": 1, "pay_within": 7}, {"days": 10})
    book = ledger([("I", "2025-01-01", "2025-01-10", 100)])
    assert by_invoice(live(book, config, every_day("2025-01-19", "2025-02-10"))) == {
        "I": ["2025-01-19 step-1", "2025-01-27 step-2"]
    }


def test_a_missed_day_is_caught_up_once() -> None:
    config = schedule({"days": 1}, {"days": 30})
    book = ledger([("I", "2025-01-01", "2025-01-10", 100)])
    days = [day("2025-01-10"), day("2025-01-13"), day("2025-01-13"), day("2025-01-14")]
    assert by_invoice(live(book, config, days)) == {"I": ["2025-01-13 step-1"]}


def test_five_overdue_invoices_are_one_notice_each_recorded_at_its_own_step() -> None:
    config = schedule({"days": 1}, {"days": 15}, {"days": 30})
    invoices = [(f"I{n}", "2025-01-01", f"2025-01-{n:02d}", 100) for n in (5, 6, 7, 8, 9)]
    story = live(ledger(invoices), config, every_day("2025-01-06", "2025-02-20"))
    for on in {on for on, *_ in story}:
        steps = [step for o, _, _, step in story if o == on]
        assert len(steps) == len({i for o, i, _, _ in story if o == on}), on
    # I5 on the first day; the rest come due within the gap of 5 days and go together with the first day after it.
    assert by_invoice(story)["I5"][:2] == ["2025-01-06 step-1", "2025-01-20 step-2"]
    assert {steps[0] for i, steps in by_invoice(story).items() if i != "I5"} == {"2025-01-11 step-1"}


def test_the_letter_is_the_highest_step_and_items_not_at_a_step_are_not_recorded() -> None:
    config = schedule({"days": 1}, {"days": 15})
    book = ledger(
        [
            ("OLD", "2025-01-01", "2025-01-05", 100),
            ("NEW", "2025-01-01", "2025-01-21", 50),
            ("FAR", "2025-01-01", "2025-03-01", 7),
        ]
    )
    live_days = [day("2025-01-06"), day("2025-01-22")]
    assert by_invoice(live(book, config, live_days)) == {
        "OLD": ["2025-01-06 step-1", "2025-01-22 step-2"],
        "NEW": ["2025-01-22 step-1"],
    }
    _, (first,) = decide(book, config, day("2025-01-22"))
    assert (first.step, [line.item.invoice_id for line in first.items]) == ("step-1", ["OLD", "NEW", "FAR"])


def test_an_old_debt_does_not_get_the_invoice_or_the_courtesy_note() -> None:
    config = schedule({"from": "issued", "days": 0}, {"days": -3}, {"days": 1}, {"days": 15})
    book = ledger([("I", "2025-01-01", "2025-01-31", 100)])
    assert by_invoice(live(book, config, [day("2025-02-20")])) == {"I": ["2025-02-20 step-3"]}


def test_before_the_due_date_the_steps_come_in_order() -> None:
    config = schedule({"from": "issued", "days": 0}, {"days": -3}, {"days": 1})
    book = ledger([("I", "2025-01-01", "2025-01-31", 100)])
    assert by_invoice(live(book, config, every_day("2025-01-01", "2025-02-28"))) == {
        "I": ["2025-01-01 step-1", "2025-01-28 step-2", "2025-02-02 step-3"]
    }


def test_a_reminder_for_the_due_day_itself_is_not_lost_over_a_weekend() -> None:
    config = schedule({"days": 0}, {"days": 10}, calendar={"country": "none"})
    book = ledger([("I", "2025-01-01", "2025-01-11", 100)])  # a Saturday
    assert by_invoice(live(book, config, every_day("2025-01-08", "2025-01-20"))) == {"I": ["2025-01-13 step-1"]}


def test_with_invoices_since_old_invoices_are_not_sent_again() -> None:
    config = schedule({"from": "issued", "days": 0}, {"days": 1}, invoices_since="2025-01-10")
    book = ledger([("OLD", "2025-01-01", "2025-01-31", 100), ("NEW", "2025-01-10", "2025-02-10", 100)])
    assert by_invoice(live(book, config, every_day("2025-01-10", "2025-02-03"))) == {
        "NEW": ["2025-01-10 step-1"],
        "OLD": ["2025-02-01 step-2"],
    }


def test_notices_and_deadlines_keep_to_business_days() -> None:
    config = schedule({"days": 1, "pay_within": 7}, calendar={"country": "DE"})
    book = ledger([("I", "2026-03-01", "2026-04-02", 100)])  # the next day is Good Friday
    story = live(book, config, every_day("2026-04-02", "2026-04-09"))
    assert by_invoice(story) == {"I": ["2026-04-07 step-1"]}
    config = schedule({"days": 1, "pay_within": 4}, calendar={"country": "DE"})
    _, (decision,) = decide(ledger([("I", "2026-03-01", "2026-03-29", 100)]), config, day("2026-03-30"))
    assert decision.pay_by == day("2026-04-07")  # four days on is Good Friday


def test_nothing_follows_an_unclear_notice_or_a_letter_not_posted() -> None:
    config = schedule({"days": 1}, {"days": 10})
    book = ledger([("I", "2025-01-01", "2025-01-10", 100)])
    days = every_day("2025-01-11", "2025-03-10")
    assert len(live(book, config, days, State.UNCLEAR)) == 1
    assert len(live(book, config, days, State.PRINTED)) == 1
    assert len(live(book, config, days, State.POSTED)) == 2


def test_a_deferred_notice_is_tried_again_and_a_refused_address_gets_a_letter() -> None:
    config = schedule({"days": 1}, {"days": 10})
    book = ledger([("I", "2025-01-01", "2025-01-10", 100)])
    assert by_invoice(live(book, config, every_day("2025-01-11", "2025-01-13"), State.DEFERRED)) == {
        "I": ["2025-01-11 step-1", "2025-01-12 step-1", "2025-01-13 step-1"]
    }
    with_post = Customer("A", "Acme", email="a@acme.example", address=("1 Road",), city="Town")
    book = replace(book, customers={"A": with_post})
    _, (first,) = decide(book, config, day("2025-01-11"))
    book = replace(book, notices=notices(sent(first, day("2025-01-11"), State.REFUSED)))
    _, (second,) = decide(book, config, day("2025-01-12"))
    assert (first.channels, second.channels, second.step) == (("email",), ("letter",), "step-1")


@pytest.mark.parametrize(("letter", "next_step"), [(State.PRINTED, None), (State.POSTED, "step-2")])
def test_a_letter_is_its_step_although_the_email_of_the_same_step_was_put_off(
    letter: State, next_step: str | None
) -> None:
    config = schedule({"days": 1, "channels": ["email", "letter"]}, {"days": 10})
    customer = Customer("A", "Acme", email="a@acme.example", address=("1 Road",), city="Town")
    book = ledger([("I", "2025-01-01", "2025-01-10", 100)], customers={"A": customer})
    first_day = day("2025-01-11")
    _, (first,) = decide(book, config, first_day)
    rows = [
        row
        for channel, state in (("email", State.DEFERRED), ("letter", letter))
        for row in sent(replace(first, channels=(channel,)), first_day, state)
    ]
    book = replace(book, notices=notices(rows))
    made = [
        (str(on), each.step) for on, each in decided(book, config, every_day("2025-01-12", "2025-01-21")) if each.step
    ]
    assert made == ([("2025-01-20", next_step)] if next_step else [])


def test_a_customer_without_email_gets_a_letter_and_one_without_anything_is_never_silence() -> None:
    config = schedule({"days": 1})
    invoices = [("I", "2025-01-01", "2025-01-12", 100)]
    post = Customer("A", "Acme", address=("1 Road",), city="Town", phone="1")
    nothing, phone = Customer("A", "Acme"), Customer("A", "Acme", phone="+44 1")
    made = [
        decide(ledger(invoices, customers={"A": c}), config, day("2025-01-13"))[1][0] for c in (post, nothing, phone)
    ]
    assert [d.channels for d in made] == [("letter",), (), ("call",)]
    assert "no way to reach them" in made[1].reasons[0]
    assert made[1].action is Action.WAIT


def test_a_conversation_counts_as_the_call_step_and_an_unmade_call_gives_way() -> None:
    config = schedule({"days": 1}, {"days": 10, "channels": ["call"]}, {"days": 14})
    invoices = [("I", "2025-01-01", "2025-01-10", 100)]
    talked = ledger(invoices, activity=[Activity(day("2025-01-22"), "A", "call")])
    unmade = ledger(invoices)
    days = every_day("2025-01-11", "2025-02-28")
    assert by_invoice(live(talked, config, days)) == {"I": ["2025-01-11 step-1", "2025-01-27 step-3"]}
    assert by_invoice(live(unmade, config, days)) == {"I": ["2025-01-11 step-1", "2025-01-25 step-3"]}
    _, (decision,) = decide(unmade, config, day("2025-01-20"))
    assert (decision.action, decision.channels) == (Action.NOTICE, ("email",))  # nothing was sent yet: the first step
