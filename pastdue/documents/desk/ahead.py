"""What comes if nobody pays: the next seven days by name, the weeks after them by number, and all of it one by one."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from pastdue.documents.desk.coming import summary, words
from pastdue.documents.desk.sections import LISTED
from pastdue.documents.desk.view import View, Who
from pastdue.documents.desk.words import weekday
from pastdue.outlook import Coming

_DAYS, _NAMED = 7, 6
_WEEK = timedelta(days=7)


class Step(NamedTuple):
    """One thing that a day brings to some accounts."""

    what: str
    who: tuple[Who, ...]
    more: int  # accounts that are not named


class Day(NamedTuple):
    """What one of the coming days brings."""

    day: str
    date: str
    steps: tuple[Step, ...]
    due: tuple[str, ...]  # sums falling due, per currency


class Week(NamedTuple):
    """What a later week brings."""

    first: str
    brings: tuple[str, ...]
    cash: tuple[str, ...]  # expected, per currency


class Line(NamedTuple):
    """One thing that comes to one account."""

    date: str
    who: Who
    what: str
    sum: str


class Ahead(NamedTuple):
    """The days ahead."""

    days: tuple[Day, ...]
    weeks: tuple[Week, ...]
    lines: tuple[Line, ...]
    more: int  # lines that are not listed
    until: str  # the last day that was looked at; "" where nothing was


def ahead(view: View) -> Ahead:
    """The next seven days, the weeks after them, and what comes one by one."""
    on, until = view.morning.on, view.morning.until
    to_come = [each for each in view.morning.coming if each.on > on]
    lines = tuple(
        Line(view.day(each.on), view.named[each.account_id], words(each), view.money(each.currency)(each.amount))
        for each in to_come[:LISTED]
        if each.account_id in view.named
    )
    return Ahead(
        days=tuple(_days(view, to_come)),
        weeks=tuple(_weeks(view, to_come)) if until and until > on + _WEEK else (),
        lines=lines,
        more=max(len(to_come) - LISTED, 0),
        until=view.day(until) if until else "",
    )


def _days(view: View, to_come: Sequence[Coming]) -> Iterator[Day]:
    steps: defaultdict[date, defaultdict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for each in to_come:
        steps[each.on][_short(each)][each.account_id] = None
    due: defaultdict[date, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for standing in view.morning.standings:
        for item in standing.items:
            due[item.due][standing.currency] += item.open
    for number in range(1, _DAYS + 1):
        day = view.morning.on + timedelta(days=number)
        yield Day(
            day=weekday(day, view.where),
            date=view.day(day),
            steps=tuple(_step(view, what, list(accounts)) for what, accounts in steps[day].items()),
            due=_sums(view, due[day]),
        )


def _short(each: Coming) -> str:
    """What comes, without what is told of one account alone."""
    return {"promise": "promise due", "instalment": "instalment due"}.get(str(each.kind)) or words(each)


def _step(view: View, what: str, accounts: Sequence[str]) -> Step:
    named = [view.named[account] for account in accounts if account in view.named]
    return Step(what, tuple(named[:_NAMED]), max(len(named) - _NAMED, 0))


def _weeks(view: View, to_come: Sequence[Coming]) -> Iterator[Week]:
    """By calendar week, as the forecast of cash has them."""
    cash: defaultdict[date, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for each in view.morning.cash:
        for week in each.weeks:
            cash[_monday(week.first)][each.currency] += week.total
    brings: defaultdict[date, list[Coming]] = defaultdict(list)
    for coming in to_come:
        brings[_monday(coming.on)].append(coming)
    for monday in sorted(cash.keys() | brings.keys()):
        first = max(monday, view.morning.on)
        yield Week(view.day(first), tuple(summary(brings[monday])), _sums(view, cash[monday]))


def _sums(view: View, sums: Mapping[str, int]) -> tuple[str, ...]:
    ordered = sorted(sums.items(), key=lambda each: view.currency_order(each[0]))
    return tuple(view.money(currency)(amount) for currency, amount in ordered if amount)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
