"""Payment plans: sums that add up, and how an agreed plan goes from the offer to its last instalment or its default."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import day, decide, diary, ladder, ledger, line, step

from pastdue.dunning.plans import options, schedule
from pastdue.model import Activity, Plan, PlanState

LADDER = ladder(step("reminder", 1, pay_within=7), step("second", 20, pay_within=7), step("demand", 40, pay_within=7))
OWED = [("I", "2025-01-01", "2025-01-10", 100_000)]
PLAN = line("2025-02-03", "plan", amount=33_334, due="2025-02-28", every="month", count=3)
SIGNED = line("2025-02-10", "signed")


def plan_on(on: str, payments: list, *lines: Activity, invoices: list = OWED) -> Plan | None:
    (standing,), _ = decide(ledger(invoices, payments, activity=diary(*lines)), LADDER, day(on))
    return standing.conduct.plan


# ------------------------------------------------------------------ sums


def test_600_over_a_plan_is_2_of_300_3_of_200_6_of_100_or_12_of_50() -> None:
    assert [(o.count, set(o.amounts)) for o in options(60_000, 12)] == [
        (2, {30_000}),
        (3, {20_000}),
        (6, {10_000}),
        (12, {5_000}),
    ]


def test_1000_over_3_is_a_cent_more_at_first_and_adds_up() -> None:
    assert next(o.amounts for o in options(100_000, 12) if o.count == 3) == (33_334, 33_333, 33_333)
    for each in (33_333, 33_334):
        amounts = [amount for _, amount in schedule(100_000, each, day("2025-01-31"), "month", 3)]
        assert amounts == [33_334, 33_333, 33_333]


@given(st.integers(1, 10**9), st.integers(1, 24), st.integers(0, 10**8))
def test_every_option_adds_up_exactly_and_asks_for_no_more_than_they_can_pay(total: int, most: int, can: int) -> None:
    for option in options(total, most, can):
        assert sum(option.amounts) == total
        assert max(option.amounts) - min(option.amounts) <= 1
        assert min(option.amounts) > 0
        assert 1 < option.count <= most
        assert not can or max(option.amounts) <= can
    if can and -(-total // can) > most:
        assert options(total, most, can) == ()


@given(st.integers(1, 10**8), st.integers(1, 10**7), st.sampled_from(["week", "month"]), st.integers(1, 60))
def test_an_agreed_plan_never_asks_for_more_than_is_owed_and_covers_it_where_its_instalments_reach(
    total: int, each: int, every: str, count: int
) -> None:
    dated = schedule(total, each, date(2025, 1, 31), every, count)
    is_all = each * count >= total or total - each * count < count  # a rounding short of it is meant as all of it
    assert sum(amount for _, amount in dated) == (total if is_all else each * count)
    days = [due for due, _ in dated]
    assert days == sorted(set(days))


def test_monthly_instalments_keep_to_the_end_of_the_month() -> None:
    days = [str(due) for due, _ in schedule(400, 100, day("2024-01-31"), "month", 4)]
    assert days == ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]
    assert [str(due) for due, _ in schedule(200, 100, day("2025-12-30"), "month", 3)] == ["2025-12-30", "2026-01-30"]


# ------------------------------------------------------------------ states


@pytest.mark.parametrize(
    ("on", "lines", "money", "state"),
    [
        ("2025-02-17", [PLAN], [], PlanState.OFFERED),  # the fourteenth day
        ("2025-02-18", [PLAN], [], PlanState.LAPSED),
        ("2025-02-18", [PLAN, SIGNED], [], PlanState.GOOD),
        ("2025-02-28", [PLAN, SIGNED], [], PlanState.GOOD),  # due today is not late
        ("2025-03-01", [PLAN, SIGNED], [], PlanState.LATE),
        ("2025-03-05", [PLAN, SIGNED], [], PlanState.LATE),  # the fifth day of grace
        ("2025-03-06", [PLAN, SIGNED], [], PlanState.DEFAULT),
        ("2025-03-06", [PLAN, SIGNED], [("2025-03-05", "", 33_334, "")], PlanState.GOOD),
        ("2025-03-06", [PLAN, SIGNED], [("2025-03-05", "", 33_333, "")], PlanState.DEFAULT),
        ("2025-03-20", [PLAN, SIGNED], [("2025-03-20", "", 33_334, "")], PlanState.GOOD),  # paying up reinstates
        ("2025-06-01", [PLAN, SIGNED], [("2025-02-28", "", 100_000, "")], PlanState.PAID),
        ("2025-03-06", [PLAN, SIGNED], [("2025-02-20", "", 50_000, ""), ("2025-03-04", "", -50_000, "")], PlanState.DEFAULT),
    ],
)  # fmt: skip
def test_a_plan_is_what_its_signature_and_its_money_make_it(
    on: str, lines: list, money: list, state: PlanState
) -> None:
    plan = plan_on(on, money, *lines)
    assert plan is not None
    assert plan.state is state


def test_the_plan_is_about_what_was_owed_when_it_was_made_whatever_comes_later() -> None:
    invoices = [*OWED, ("NEW", "2025-02-10", "2025-03-10", 40_000)]
    money = [("2025-02-20", "NEW", 40_000, ""), ("2025-02-27", "", 33_334, "")]
    plan = plan_on("2025-03-01", money, PLAN, SIGNED, invoices=invoices)
    assert plan is not None
    assert plan.total == 100_000
    assert [(i.amount, i.paid) for i in plan.instalments] == [(33_334, 33_334), (33_333, 0), (33_333, 0)]


def test_what_was_paid_before_the_plan_is_no_instalment_of_it() -> None:
    plan = plan_on("2025-02-20", [("2025-02-02", "", 40_000, "")], PLAN, SIGNED)
    assert plan is not None
    assert plan.total == 60_000
    assert [i.paid for i in plan.instalments] == [0, 0]


def test_a_credit_note_shortens_the_plan_from_its_end() -> None:
    invoices = [*OWED, ("CN", "2025-02-12", "2025-02-12", -50_000)]
    plan = plan_on("2025-02-20", [], PLAN, SIGNED, invoices=invoices)
    assert plan is not None
    assert [i.amount for i in plan.instalments] == [33_334, 16_666]


def test_a_new_plan_takes_the_place_of_the_old_one_and_wants_its_own_signature() -> None:
    anew = line("2025-03-10", "plan", amount=50_000, due="2025-03-31", every="month", count=2)
    plan = plan_on("2025-03-11", [], PLAN, SIGNED, anew)
    assert plan is not None
    assert (plan.made, plan.signed, plan.state) == (day("2025-03-10"), None, PlanState.OFFERED)


@pytest.mark.parametrize(
    ("grace", "default"), [(5, "2025-03-07"), (1, "2025-03-07"), (10, "2025-03-11"), (0, "2025-03-01")]
)
def test_a_weekend_does_not_eat_up_the_grace_and_no_grace_is_none(grace: int, default: str) -> None:
    config = ladder(step("reminder", 1), calendar={"country": "none"}, plans={"grace": grace})
    before = day(default) - timedelta(days=1)
    states = []
    for on in (before, day(default)):
        (standing,), _ = decide(ledger(OWED, activity=diary(PLAN, SIGNED)), config, on)
        assert standing.conduct.plan is not None
        states.append(standing.conduct.plan.state)
    assert states == [PlanState.LATE if grace else PlanState.GOOD, PlanState.DEFAULT]
