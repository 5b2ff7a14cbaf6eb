"""What a step may announce, and schedules that say what they do not do."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from world import day, decide, ledger, line, notices, sent

from pastdue.config import Config
from pastdue.dunning.consequences import problems
from pastdue.model import Announcement, Customer, Decision, Ledger

BUSINESS, CONSUMER = Customer("A", "Acme"), Customer("B", "Kim", kind="consumer")


def config(*steps: dict[str, Any], currency: str = "EUR", **interest: Any) -> Config:
    ladder = [{"name": f"step-{n}", "channels": ["email"], **step} for n, step in enumerate(steps)]
    return Config.model_validate(
        {
            "business": {"name": "Us", "currency": currency},
            "calendar": {"country": "none", "weekend": []},
            "contact": {"limits": "none"},
            "interest": interest,
            "schedule": {"standard": {"minimum_gap": 1, "step": ladder}},
        }
    )


def said(*what: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"consequence": consequence, "in_days": days} for consequence, days in what]


def announced(decision: Decision) -> list[Announcement]:
    return [each for item in decision.items for each in item.announces]


def decided(book: Ledger, rules: Config, on: str) -> Decision:
    return decide(book, rules, day(on))[1][0]


ONE = [("I", "2026-01-01", "2026-01-31", 100_000)]

# ------------------------------------------------------------------ what a notice may announce


def test_interest_is_announced_once_and_again_only_after_it_was_waived() -> None:
    rules = config(
        {"days": 1, "announces": said(("interest", 14))},
        {"days": 5, "announces": said(("interest", 14))},
        regime="ie-si580",
    )
    book = ledger(ONE)
    first = decided(book, rules, "2026-02-01")
    assert [str(each) for each in announced(first)] == ["interest 2026-02-15"]
    book = replace(book, notices=notices(sent(first, day("2026-02-01"))))
    assert announced(decided(book, rules, "2026-02-06")) == []
    waived = replace(book, activity=(line("2026-02-03", "waive", note="interest: goodwill"),))
    assert [str(each) for each in announced(decided(waived, rules, "2026-02-06"))] == ["interest 2026-02-20"]


def test_nothing_is_announced_that_no_rule_lets_happen_to_this_customer() -> None:
    step = {"days": 1, "announces": said(("interest", 14), ("fee", 14), ("prepayment", 14))}
    for regime, kind, expected in (
        ("uk-lpcda", "consumer", ["prepayment"]),
        ("ie-si580", "business", ["interest", "fee", "prepayment"]),
        ("de-288-b2b", "consumer", ["interest", "prepayment"]),
        ("ch-or104", "business", ["interest", "prepayment"]),
        ("", "business", ["prepayment"]),
    ):
        book = ledger(ONE, customers={"A": Customer("A", "Acme", kind=kind, email="a@acme.example")})
        found = announced(decided(book, config(step, regime=regime), "2026-02-01"))
        assert [each.consequence for each in found] == expected, (regime, kind)


def test_interest_from_the_due_date_is_announced_with_the_day_it_counts_from() -> None:
    step = {"days": 1, "announces": said(("interest", 14))}
    for starts, since in (("announced", None), ("due", day("2026-02-01"))):
        (found,) = announced(decided(ledger(ONE), config(step, regime="ie-si580", starts=starts), "2026-02-01"))
        assert (found.on, found.since) == (day("2026-02-15"), since)
    late = config(step, regime="nl-119", starts="due")  # the law's own day is not before the one announced
    (found,) = announced(decided(ledger(ONE), late, "2026-02-01"))
    assert found.since is None


def test_a_dutch_consumer_is_told_of_collection_costs_for_a_day_on_which_they_are_owed() -> None:
    customers = {"A": Customer("A", "Acme", kind="consumer", email="a@acme.example")}
    rules = config({"days": 1, "announces": said(("fee", 14))}, regime="nl-119a")
    (fee,) = announced(decided(ledger(ONE, customers=customers), rules, "2026-02-01"))
    assert (fee.on, fee.amount) == (day("2026-02-16"), 15_000)


def test_a_fixed_sum_is_announced_with_its_amount() -> None:
    rules = config({"days": 1, "announces": said(("fee", 14))}, regime="ie-si580")
    (fee,) = announced(decided(ledger(ONE), rules, "2026-02-01"))
    assert (fee.amount, fee.invoices, fee.on) == (4000, ("I",), day("2026-02-15"))


def test_nothing_happens_before_the_day_after_the_deadline_also_when_that_moved_to_a_monday() -> None:
    step = {"days": 1, "pay_within": 13, "announces": said(("stop-service", 14), ("interest", 10))}
    rules = config(step, regime="ie-si580")
    rules = rules.model_copy(update={"calendar": rules.calendar.model_copy(update={"weekend": frozenset({6, 7})})})
    decision = decided(ledger([("I", "2026-01-01", "2026-02-01", 100)]), rules, "2026-02-02")
    assert decision.pay_by == day("2026-02-16"), "15 February is a Sunday"
    assert [str(each) for each in announced(decision)] == ["stop-service 2026-02-17", "interest 2026-02-12"]


def test_no_third_party_sooner_than_thirty_days_past_due() -> None:
    rules = config({"days": 1, "announces": said(("agency", 5), ("small-claims", 60))})
    found = announced(decided(ledger(ONE), rules, "2026-02-01"))
    assert [str(each) for each in found] == ["agency 2026-03-02", "small-claims 2026-04-02"]
    assert day("2026-03-02") == date(2026, 1, 31) + timedelta(30)


# ------------------------------------------------------------------ what check refuses


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (config({"days": 1, "announces": said(("interest", 14))}), "announces interest, and no rule lets it run"),
        (config({"days": 1, "announces": said(("fee", 14))}, regime="ch-or104"), "no rule gives a fixed sum in EUR"),
        (config({"days": 1, "announces": said(("fee", 14))}, regime="uk-lpcda"), "no rule gives a fixed sum in EUR"),
        (config({"days": 1, "announces": said(("fee", 14))}, regime="contract", rate="8"), "no rule gives a fixed sum"),
        (
            config({"days": 1, "pay_within": 14, "announces": said(("stop-service", 14))}),
            "asks for payment within 14 days and announces stop-service in 14",
        ),
        (config({"days": 1, "pay_within": 14}, {"days": 15}), "comes 14 days after step-0, which gives 14 days to pay"),
        (
            config({"days": 1, "pay_within": 14}, {"from": "previous", "days": 7}),
            "comes 7 days after step-0, which gives 14 days to pay",
        ),
        (config({"days": 14, "announces": said(("agency", 15))}), "announces agency 29 days past due"),
        (
            config({"days": 10}, {"from": "previous", "days": 10, "announces": said(("small-claims", 9))}),
            "announces small-claims 29 days past due",
        ),
    ],
)
def test_a_schedule_that_does_not_keep_its_word_fails_check(rules: Config, words: str) -> None:
    (found,) = problems(rules, [BUSINESS])
    assert words in found.message
    assert found.fails_check
    assert not found.stops_run, "a run keeps to the rule by itself"
    assert found.hint


@pytest.mark.parametrize(
    "rules",
    [
        config({"days": 1, "announces": said(("interest", 14))}, regime="ie-si580"),
        config({"days": 1, "announces": said(("fee", 14))}, regime="de-288-b2b"),
        config({"days": 1, "announces": said(("fee", 14))}, regime="uk-lpcda", currency="GBP"),
        config({"days": 1, "announces": said(("fee", 14))}, regime="contract", rate="8", fee="25"),
        config({"days": 1, "pay_within": 13, "announces": said(("stop-service", 14))}),
        config({"days": 1, "pay_within": 13}, {"days": 15}),
        config({"days": 1, "pay_within": 14}, {"from": "issued", "days": 2}),
        config({"days": 14, "announces": said(("agency", 16))}),
        config({"days": 10}, {"from": "previous", "days": 10, "announces": said(("small-claims", 10))}),
        config({"days": -5}, {"days": 30, "announces": said(("agency", 0))}),
    ],
)
def test_a_schedule_that_keeps_its_word_passes(rules: Config) -> None:
    assert list(problems(rules, [BUSINESS])) == []


def test_interest_that_only_businesses_owe_is_no_mistake_while_there_are_businesses() -> None:
    rules = config({"days": 1, "announces": said(("interest", 14))}, regime="uk-lpcda")
    assert list(problems(rules, [BUSINESS, CONSUMER])) == []
    assert [found.fails_check for found in problems(rules, [CONSUMER])] == [True]
