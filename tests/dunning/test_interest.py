"""Interest: an obviously right calculator, day by day, agrees with the real one to the minor unit; and the first days."""

import calendar
import csv
import random
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pastdue import money
from pastdue.config import Config
from pastdue.dunning import interest, regimes
from pastdue.dunning.regimes import Regime
from pastdue.model import Accrual

DEBTS = 10_000
DAY = timedelta(days=1)

with (Path(__file__).parent / "vectors.csv").open(encoding="utf-8", newline="") as _file:
    RATE_ROWS = [row for row in csv.DictReader(_file) if row["asks"] == "rate"]


def regime_of(name: str, kind: str = "business", **settings: str) -> Regime:
    """The regime, which the test knows to be there."""
    found = regimes.for_account(Config.model_validate({"interest": {"regime": name, **settings}}), kind)
    assert found is not None
    return found


# ------------------------------------------------------------------ the oracle: slow, and nothing to get wrong


FIXED = {"at-1000": Fraction(4), "ch-or104": Fraction(5), "contract": Fraction("9.75")}
PINNED = {"uk-lpcda", "ie-si580"}
CAPITALISING = {"nl-119a", "nl-119"}
KINDS = [
    *[(name, "business") for name in ("uk-lpcda", "ie-si580", "eu-2011-7", "de-288-b2b", "fr-l441-10", "nl-119a")],
    *[("de-288-b2b", "consumer"), ("nl-119a", "consumer"), ("ch-or104", "business"), ("at-456", "consumer")],
    ("contract", "business"),
]
PRINTED = {
    (row["regime"], row["debtor"], row["given"].removeprefix("day=")): Fraction(row["expected"]) for row in RATE_ROWS
}


def printed_rate(name: str, kind: str, day: date) -> Fraction | None:
    """The percentage that the table of known cases prints for the day's half-year."""
    first = f"{day.year}-01-01" if day.month < 7 else f"{day.year}-07-01"
    if (name, kind, first) == ("de-288-b2b", "business", "2014-07-01") and day >= date(2014, 7, 29):
        first = "2014-07-29"
    return PRINTED.get((name, kind, first))


def weight(day: date, day_count: str) -> int:
    """What one day counts for. In 30/360 each month has 30 days: its last day makes up what is missing, or one is left out."""
    if day_count != "30/360":
        return 1
    length = calendar.monthrange(day.year, day.month)[1]
    if day.day == length:
        return {28: 3, 29: 2, 30: 1, 31: 1}[length]
    return 0 if day.day == 30 else 1


def oracle(
    name: str,
    kind: str,
    regime: Regime,
    principals: Sequence[tuple[date, int]],
    start: date,
    until: date,
    settled: Sequence[tuple[date, int]],
) -> list[tuple[int, date, date, int, Fraction | None, int]]:
    """Principal, first, last, days, percent and amount of each stretch: one day after the other."""
    year = 365 if regime.day_count == "act/365" else 360
    capitalises = name in CAPITALISING
    done: list[tuple[int, date, date, int, Fraction | None, int]] = []
    key: tuple[int, Fraction | None] | None = None
    begun, days, capital, years = start, 0, 0, 0

    def close(last: date) -> None:
        nonlocal key, days
        if key is not None:
            principal, percent = key
            exact = Fraction(principal) * (percent or 0) / 100 * days / year
            done.append((principal, begun, last, days, percent, money.half_up(exact)))
        key, days = None, 0

    steps, paid, now = dict(principals), 0, 0
    day = start
    while day <= until:
        now = steps.get(day, now)
        paid += sum(amount for since, amount in settled if since == day)
        full_years = day.year - start.year - ((day.month, day.day) < (start.month, start.day))
        if capitalises and full_years > years:
            years = full_years
            close(day - DAY)
            capital = sum(line[-1] for line in done)
        asked = start if name in PINNED else day
        percent = FIXED.get(regime.id) or printed_rate(name, kind, asked)
        principal = now + max(capital - paid, 0) if now else 0
        if (principal, percent) != key:
            close(day - DAY)
            if principal:
                key, begun = (principal, percent), day
        days += weight(day, regime.day_count)
        day += DAY
    close(until)
    return done


def random_debt(rng: random.Random) -> tuple[list[tuple[date, int]], date, date, list[tuple[date, int]]]:
    """A debt with part payments, now and then one that is paid, taken back, and paid again; some interest paid too."""
    start = date(2012, 1, 1) + timedelta(days=rng.randrange(5_500))
    length = rng.choice((rng.randrange(60), rng.randrange(400), rng.randrange(1500)))
    until = start + timedelta(days=length)
    principal = rng.choice((rng.randrange(1, 500), rng.randrange(1, 10**7), rng.randrange(1, 10**12)))
    days = sorted({start, *(start + timedelta(days=rng.randrange(length + 1)) for _ in range(rng.randrange(5)))})
    steps = [(start, principal)]
    steps += [(day, rng.choice((0, principal, rng.randrange(principal + 1)))) for day in days[1:]]
    settled = [
        (start + timedelta(days=rng.randrange(length + 1)), rng.randrange(1 + principal // 8))
        for _ in range(rng.choice((0, 0, 1, 3)))
    ]
    return steps, start, until, settled


def seen(lines: Sequence[Accrual]) -> list[tuple[int, date, date, int, Fraction | None, int]]:
    """A worksheet as the oracle writes it."""
    return [
        (
            *(line.principal, line.first, line.last, line.days),
            None if line.rate is None else Fraction(line.rate, 10_000),
            line.amount,
        )
        for line in lines
    ]


@pytest.mark.parametrize(("name", "kind"), KINDS, ids=str)
def test_a_calculator_that_goes_day_by_day_agrees_to_the_minor_unit(name: str, kind: str) -> None:
    rng = random.Random(f"{name} {kind}")
    for _ in range(-(-DEBTS // len(KINDS))):
        day_count = rng.choice(("act/365", "act/360", "30/360"))
        settings = {"day_count": day_count} | ({"rate": "9.75"} if name == "contract" else {})
        regime = regime_of(name, kind, **settings)
        steps, start, until, settled = random_debt(rng)
        lines = interest.accruals(regime, steps, start, until, settled)
        assert seen(lines) == oracle(name, kind, regime, steps, start, until, settled), (steps, start, until, day_count)


# ------------------------------------------------------------------ amounts

largest = st.integers(0, 10**15)
a_rate = st.integers(0, 9_999_999)
a_hundred_years = st.integers(0, 36_525)


@given(st.lists(st.tuples(largest, a_hundred_years, a_rate), min_size=1), st.sampled_from((360, 365)))
def test_amounts_are_exact_however_large(rows: list[tuple[int, int, int]], year: int) -> None:
    exact = [money.half_up(Fraction(p * d * r, year * 10**6)) for p, d, r in rows]
    assert [interest.amount(p, d, r, year) for p, d, r in rows] == exact


def test_the_half_is_rounded_up_and_what_is_below_it_down() -> None:
    assert interest.amount(1, 180, 1_000_000, 360) == 1
    assert interest.amount(1, 179, 1_000_000, 360) == 0
    assert interest.amount(365_000_000, 1, 1_500_000, 365) == 1_500_000
    assert interest.amount(10**15, 36_525, 9_999_999, 360) == 1_014_583_231_875_000_000


def test_ten_thousand_random_debts_are_exact() -> None:
    rng = random.Random(4)
    for _ in range(DEBTS):
        principal, days, rate = rng.randrange(10**12), rng.randrange(4_000), rng.randrange(300_000)
        exact = money.half_up(Fraction(principal * days * rate, 365 * 10**6))
        assert interest.amount(principal, days, rate, 365) == exact


# ------------------------------------------------------------------ worksheets


def test_the_united_kingdom_keeps_one_rate_for_the_whole_debt() -> None:
    """UK-06, and not UK-07's 316.03, which splits at the half-year."""
    start, until = date(2024, 12, 20), date(2025, 3, 19)
    (line,) = interest.accruals(regime_of("uk-lpcda"), [(start, 1_000_000)], start, until)
    assert line == Accrual(1_000_000, start, until, 90, 132_500, 32_671, 52_500)
    later = interest.accruals(regime_of("uk-lpcda"), [(start, 1_000_000)], start, date(2028, 3, 19))
    assert [each.rate for each in later] == [132_500], "also beyond the last day with a known rate"


def test_germany_changes_the_rate_where_the_base_rate_changes_and_only_there() -> None:
    start, until = date(2025, 5, 1), date(2026, 8, 31)
    lines = interest.accruals(regime_of("de-288-b2b"), [(start, 1_000_000)], start, until)
    assert [(str(line.first), str(line.last), line.rate, line.reference) for line in lines] == [
        ("2025-05-01", "2025-06-30", 112_700, 22_700),
        ("2025-07-01", "2026-06-30", 102_700, 12_700),  # two half-years of 1.27 are one line
        ("2026-07-01", "2026-08-31", 105_200, 15_200),
    ]


def test_a_part_payment_begins_a_new_line_and_full_payment_ends_them() -> None:
    start = date(2026, 1, 1)
    steps = [(start, 100_000), (date(2026, 1, 11), 40_000), (date(2026, 1, 21), 0)]
    lines = interest.accruals(regime_of("ch-or104"), steps, start, date(2026, 12, 31))
    assert [(line.principal, line.first.day, line.last.day, line.amount) for line in lines] == [
        (100_000, 1, 10, 137),
        (40_000, 11, 20, 55),
    ]


def test_days_without_a_known_rate_claim_nothing_and_say_so() -> None:
    start = date(2026, 6, 30)
    known, unknown = interest.accruals(regime_of("fr-l441-10"), [(start, 100_000)], start, date(2026, 7, 31))
    assert (known.last, known.rate, known.amount) == (date(2026, 6, 30), 121_500, 33)
    assert unknown == Accrual(100_000, date(2026, 7, 1), date(2026, 7, 31), 31, None, 0, None)


def test_the_netherlands_take_a_full_years_interest_to_the_principal() -> None:
    start = date(2023, 7, 1)
    lines = interest.accruals(regime_of("nl-119a"), [(start, 100_000)], start, date(2024, 12, 31))
    assert [(line.principal, str(line.first), line.rate, line.amount) for line in lines] == [
        (100_000, "2023-07-01", 120_000, 6_049),
        (100_000, "2024-01-01", 125_000, 6_233),
        (112_282, "2024-07-01", 122_500, 6_934),
    ]


def test_interest_that_was_paid_bears_no_interest() -> None:
    start, regime = date(2023, 7, 1), regime_of("nl-119a")
    paid = interest.accruals(regime, [(start, 100_000)], start, date(2024, 12, 31), [(date(2024, 6, 1), 10_000)])
    assert [line.principal for line in paid] == [100_000, 100_000, 102_282]
    later = interest.accruals(regime, [(start, 100_000)], start, date(2024, 12, 31), [(date(2024, 10, 1), 20_000)])
    assert [line.principal for line in later] == [100_000, 100_000, 112_282, 100_000]
    german = regime_of("de-288-b2b")
    settled = [(date(2024, 6, 1), 10_000)]
    assert interest.accruals(german, [(start, 100_000)], start, date(2024, 12, 31), settled) == interest.accruals(
        german, [(start, 100_000)], start, date(2024, 12, 31)
    )


def test_a_year_from_29_february_is_over_on_the_last_of_february() -> None:
    start = date(2024, 2, 29)
    lines = interest.accruals(regime_of("nl-119", "consumer"), [(start, 10**6)], start, date(2025, 3, 31))
    assert date(2025, 3, 1) in {line.first for line in lines}


def test_before_its_first_day_there_is_no_interest() -> None:
    start = date(2026, 1, 2)
    assert interest.accruals(regime_of("ch-or104"), [(start, 100)], start, date(2026, 1, 1)) == ()
    assert len(interest.accruals(regime_of("ch-or104"), [(start, 100)], start, start)) == 1


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2026-01-01", "2026-01-31", 30),
        ("2026-02-01", "2026-02-28", 30),
        ("2024-02-01", "2024-02-29", 30),
        ("2026-01-01", "2026-12-31", 360),
        ("2026-01-31", "2026-01-31", 1),
        ("2026-01-16", "2026-02-15", 30),
    ],
)
def test_a_month_is_thirty_days_in_30_360(first: str, last: str, days: int) -> None:
    assert interest.days_between("30/360", date.fromisoformat(first), date.fromisoformat(last)) == days


some_day = st.dates(date(2015, 1, 1), date(2027, 12, 31))
some_regime = st.sampled_from(KINDS)
a_day_count = st.sampled_from(("act/365", "act/360", "30/360"))


@given(some_regime, a_day_count, st.lists(some_day, min_size=3, max_size=3, unique=True), st.integers(1, 10**9))
def test_interest_of_adjoining_periods_is_that_of_the_whole(
    of: tuple[str, str], day_count: str, days: list[date], principal: int
) -> None:
    """All lines but the last stand; and where a line is cut, its days and its exact interest are the two parts'."""
    start, between, until = sorted(days)
    regime = regime_of(*of, day_count=day_count, rate="9.75" if of[0] == "contract" else "")
    whole = interest.accruals(regime, [(start, principal)], start, until)
    before = interest.accruals(regime, [(start, principal)], start, between)
    assert before[:-1] == whole[: len(before) - 1]
    cut, uncut = before[-1], whole[len(before) - 1]
    assert (cut.principal, cut.first, cut.rate) == (uncut.principal, uncut.first, uncut.rate)
    rest = interest.days_between(day_count, between + DAY, uncut.last) if uncut.last > between else 0
    assert cut.days + rest == uncut.days
    part = sum(line.amount for line in whole) - sum(line.amount for line in before)
    exact = exactly(uncut.principal, rest, uncut, regime)
    exact += sum(exactly(line.principal, line.days, line, regime) for line in whole[len(before) :])
    assert abs(part - exact) <= Fraction(len(whole) - len(before) + 2, 2)
    assert part >= 0


def exactly(principal: int, days: int, line: Accrual, regime: Regime) -> Fraction:
    """Interest before it is rounded."""
    return Fraction(principal * days * (line.rate or 0), interest.year_days(regime.day_count) * 10**6)


@given(some_regime, some_day, st.integers(1, 10**9), st.lists(st.integers(1, 200), min_size=1, max_size=8))
def test_what_is_claimed_from_letter_to_letter_adds_up_to_what_is_owed(
    of: tuple[str, str], start: date, principal: int, gaps: list[int]
) -> None:
    regime = regime_of(*of, rate="9.75" if of[0] == "contract" else "")
    owed = [0]
    day = start
    for gap in gaps:
        day += timedelta(days=gap)
        owed.append(sum(line.amount for line in interest.accruals(regime, [(start, principal)], start, day)))
    claimed = [later - earlier for earlier, later in pairwise(owed)]
    assert all(each >= 0 for each in claimed)
    assert sum(claimed) == sum(line[-1] for line in oracle(*of, regime, [(start, principal)], start, day, []))


@given(some_regime, st.data())
def test_lines_adjoin_and_cover_each_day_with_a_principal_once(of: tuple[str, str], data: st.DataObject) -> None:
    rng = random.Random(data.draw(st.integers(0, 10**6)))
    steps, start, until, settled = random_debt(rng)
    regime = regime_of(*of, rate="9.75" if of[0] == "contract" else "")
    lines = interest.accruals(regime, steps, start, until, settled)
    covered = [line.first + timedelta(days=i) for line in lines for i in range((line.last - line.first).days + 1)]
    assert covered == sorted(set(covered))
    ends = [day for day, _ in steps[1:]] + [until + DAY]
    unpaid = {
        day + timedelta(days=i)
        for (day, principal), end in zip(steps, ends, strict=True)
        if principal
        for i in range((end - day).days)
    }
    assert set(covered) == unpaid


# ------------------------------------------------------------------ first days


def first_day(regime: Regime, **facts: object) -> date | None:
    usual = {"issued": date(2026, 3, 1), "agreed": False, "told": False, "first_reminder": None}
    return interest.first_day(regime, **({"due": date(2026, 3, 15)} | usual | facts))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [name for name in regimes.known_ids() if name != "nl-119"])
def test_an_agreed_due_date_lets_interest_run_from_the_next_day(name: str) -> None:
    assert first_day(regime_of(name, rate="8"), agreed=True) == date(2026, 3, 16)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("uk-lpcda", "business", "2026-03-31"),
        ("ie-si580", "business", "2026-04-01"),
        ("eu-2011-7", "business", "2026-04-01"),
        ("nl-119a", "business", "2026-04-01"),
        ("at-456", "business", "2026-04-01"),
        ("de-288-b2b", "business", "2026-04-15"),  # thirty days after the due date, which is the later
        ("de-288-b2b", "consumer", "None"),
        ("fr-l441-10", "business", "2026-03-16"),
        ("nl-119a", "consumer", "None"),
        ("at-456", "consumer", "None"),
        ("ch-or104", "business", "None"),
        ("contract", "business", "None"),
    ],
)
def test_a_due_date_on_the_invoice_alone_waits_for_the_laws_own_period(name: str, kind: str, expected: str) -> None:
    assert str(first_day(regime_of(name, kind, rate="8"))) == expected


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("de-288-b2b", "business", "2026-03-21"),
        ("de-288-b2b", "consumer", "2026-03-21"),
        ("ch-or104", "consumer", "2026-03-21"),
        ("nl-119a", "consumer", "2026-04-04"),  # after the fourteen days that it leaves
        ("uk-lpcda", "business", "2026-03-31"),  # a reminder changes nothing
    ],
)
def test_a_first_reminder_puts_in_default_where_the_law_has_it_so(name: str, kind: str, expected: str) -> None:
    assert str(first_day(regime_of(name, kind), first_reminder=date(2026, 3, 20))) == expected


def test_a_letter_before_the_debt_is_overdue_is_no_reminder() -> None:
    assert first_day(regime_of("ch-or104"), first_reminder=date(2026, 3, 15)) is None


def test_interest_never_runs_before_the_day_after_the_due_date() -> None:
    assert first_day(regime_of("uk-lpcda"), due=date(2026, 6, 30)) == date(2026, 7, 1)


def test_without_the_day_of_the_invoice_its_period_cannot_begin() -> None:
    assert first_day(regime_of("eu-2011-7"), issued=None) is None
