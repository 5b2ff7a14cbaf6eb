"""Interest: from which day it runs, and what it comes to, line by line and to the minor unit.

A line is a stretch of days, the first and the last included, with one principal and one rate. Its amount is
principal * rate * days / year, exact until it is rounded half-up, once.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

from pastdue.dunning.regimes import Regime
from pastdue.model import Accrual

_DAY = timedelta(days=1)
_PERIOD = timedelta(days=30)  # the time to pay that the law gives where none is agreed
_YEARS = {"act/365": 365, "act/360": 360, "30/360": 360}


def first_day(
    regime: Regime, *, due: date, issued: date | None, agreed: bool, told: bool, first_reminder: date | None
) -> date | None:
    """The first day for which the law lets interest run; None as long as nothing has put the debtor in default.

    `issued` is the day the invoice is taken to have come, `agreed` says that the due date stands in the contract and
    `told` that the invoice told a consumer of the thirty days; `first_reminder` is the first after the due date.
    """
    rule = regime.start
    days: list[date] = []
    if rule.due == "always" or (rule.due == "agreed" and agreed):
        days.append(due + _DAY)
    if issued and rule.period and (told or not (regime.consumer and rule.consumers_told)):
        days.append(_after_period(rule.period, due, issued))
    if rule.reminder is not None and first_reminder and first_reminder > due:
        days.append(first_reminder + timedelta(days=rule.reminder) + _DAY)
    return max(min(days), due + _DAY) if days else None


def _after_period(period: str, due: date, issued: date) -> date:
    """The day after the thirty days."""
    if period == "beginning-with-invoice":
        return issued + _PERIOD
    begun_by = max(due, issued) if period == "after-due-and-invoice" else issued
    return begun_by + _PERIOD + _DAY


def accruals(
    regime: Regime,
    principals: Sequence[tuple[date, int]],
    start: date,
    until: date,
    settled: Sequence[tuple[date, int]] = (),
) -> tuple[Accrual, ...]:
    """The worksheet of one debt with interest since `start`, up to and with the day `until`.

    `principals`: what was open, by the day from which it was, ascending; no line where it is 0.
    `settled`: interest paid or waived, by the day from which it counts no more; it matters where a regime takes
    unpaid interest to the principal after each full year, and there only.
    """
    if until < start:
        return ()
    days = [day for day, _ in principals]
    years = set(_anniversaries(start, until)) if regime.capitalises else set()
    cuts = {start, *days, *years, *(step.first for step in regime.steps if regime.mode == "split")}
    if regime.capitalises:
        cuts |= {day for day, _ in settled}
    firsts = sorted(day for day in cuts if start <= day <= until)
    lines: list[Accrual] = []
    capital = 0  # the interest of all full years, paid or not
    for first, following in pairwise([*firsts, until + _DAY]):
        if first in years:
            capital = sum(line.amount for line in lines)
        place = bisect_right(days, first) - 1
        principal = principals[place][1] if place >= 0 else 0
        if principal <= 0:
            continue
        if capital:
            principal += max(capital - sum(amount for day, amount in settled if day <= first), 0)
        rate, reference = regime.rate_on(first, start)
        begin = first
        if lines and first not in years and _goes_on(lines[-1], first, principal, rate, reference):
            begin = lines.pop().first
        lines.append(_line(regime.day_count, principal, begin, following - _DAY, rate, reference))
    return tuple(lines)


def _anniversaries(start: date, until: date) -> Iterator[date]:
    """The first day of each further year; a year from 29 February begins on 1 March where that day is missing."""
    for year in range(start.year + 1, until.year + 1):
        leap_day_missing = (start.month, start.day) == (2, 29) and (year % 4 != 0 or (year % 100 == 0 and year % 400))
        yield date(year, 3, 1) if leap_day_missing else start.replace(year=year)


def _goes_on(line: Accrual, first: date, principal: int, rate: int | None, reference: int | None) -> bool:
    same = (line.principal, line.rate, line.reference) == (principal, rate, reference)
    return same and line.last + _DAY == first


def _line(day_count: str, principal: int, first: date, last: date, rate: int | None, reference: int | None) -> Accrual:
    count = days_between(day_count, first, last)
    claimed = 0 if rate is None else amount(principal, count, rate, _YEARS[day_count])
    return Accrual(principal, first, last, count, rate, claimed, reference)


def days_between(day_count: str, first: date, last: date) -> int:
    """Days from the first to the last, both included, as the day count has them.

    30/360 is the European one, up to the day after the last: a whole month is 30 days, and adjoining stretches add up.
    """
    end = last + _DAY
    return _days_360(end) - _days_360(first) if day_count == "30/360" else (end - first).days


def _days_360(day: date) -> int:
    return 360 * day.year + 30 * day.month + min(day.day, 30)


def year_days(day_count: str) -> int:
    """Days of a year in the day count: 365 or 360."""
    return _YEARS[day_count]


def amount(principal: int, days: int, rate: int, year_days: int) -> int:
    """Interest in minor units: principal * rate / 1,000,000 * days / year, rounded half-up once; of what is not below 0."""
    divisor = year_days * 1_000_000
    return (2 * principal * days * rate + divisor) // (2 * divisor)
