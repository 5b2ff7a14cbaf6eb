"""The money of each currency, looked at from a step back: how old it is, when it comes, how well it is collected.

Every chart has its numbers in a table, and none is drawn of too little.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from markupsafe import Markup

from pastdue import days, money
from pastdue.documents.desk import charts
from pastdue.documents.desk.coming import beside
from pastdue.documents.desk.totals import bucket
from pastdue.documents.desk.view import View
from pastdue.documents.desk.words import count, one_decimal, tenths
from pastdue.model import BUCKETS, PromiseState
from pastdue.outlook import Cash, Metrics, Ratio

_WEEKS_BACK = 8
_WEEK = timedelta(days=7)


class Figure(NamedTuple):
    """One figure, and what it is made of or why there is none."""

    label: str
    value: str
    note: str  # "" for one that there is nothing to make of, which is not shown


class Chart(NamedTuple):
    """A chart with its legend, and the table of its numbers."""

    key: str
    title: str
    note: str
    missing: str  # why there is no drawing, where there is none
    tone: str  # which colours
    legend: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    drawing: Markup | None = None  # None: there is too little to draw


class Analysis(NamedTuple):
    """What is to be known of one currency."""

    currency: str
    figures: tuple[Figure, ...]
    charts: tuple[Chart, ...]
    beside: tuple[str, ...]  # what of the balance no week has, and why


def analyses(view: View) -> tuple[Analysis, ...]:
    """Each currency by itself, the business's own first."""
    cash = {each.currency: each for each in view.morning.cash}
    ordered = sorted(view.morning.metrics, key=lambda each: view.currency_order(each.currency))
    return tuple(
        Analysis(
            currency=each.currency,
            figures=tuple(figure for figure in _figures(each) if figure.note),
            charts=tuple(_charts(view, each, cash.get(each.currency))),
            beside=tuple(beside(cash[each.currency], view.money(each.currency))) if each.currency in cash else (),
        )
        for each in ordered
    )


# ------------------------------------------------------------------ figures


def _figures(each: Metrics) -> Iterator[Figure]:
    last = each.history[-1] if each.history else None
    yield _in_days("Days sales outstanding", each.dso.value, each.dso.missing, "open × 90 / sales of 90 days")
    yield _in_days("Best possible", each.best_dso.value, each.best_dso.missing, "were nothing overdue")
    yield _in_days("Of that delinquent", each.delinquent.value, each.delinquent.missing, "the first less the second")
    yield _in_days(
        "Counted back", each.count_back.days, each.count_back.missing, "days of sales that are open, month by month"
    )
    yield _in_days(
        "Days late", each.days_late.value, each.days_late.missing, "of what was paid in twelve months, by amount"
    )
    yield _share("Past due", each.past_due, "of what is open")
    if last:
        yield _share("Collected", last.cei, f"of what could be, in {last.on:%B}")
    yield _share("Promises kept", each.kept_count, "by number, in twelve months", counted=True)
    yield _share("Promises kept, by value", each.kept_value, "in twelve months")
    yield _share("Reached by telephone", each.reached, "of all attempts in 90 days", counted=True)
    if talks := each.promised.denominator:
        yield Figure("Promises made", str(each.promised.numerator), f"in {count(talks, 'conversation')} of 90 days")


def _in_days(label: str, value: Fraction | None, missing: str, note: str) -> Figure:
    return Figure(label, f"{one_decimal(value)} days", note) if value is not None else _none(label, missing)


def _none(label: str, missing: str) -> Figure:
    return Figure(label, "–", missing)


def _share(label: str, ratio: Ratio, note: str, *, counted: bool = False) -> Figure:
    if ratio.value is None:
        return _none(label, ratio.missing)
    of = f"{ratio.numerator} of {ratio.denominator} " if counted else ""
    return Figure(label, f"{one_decimal(ratio.value)} %", of + note)


# ------------------------------------------------------------------ charts


def _charts(view: View, each: Metrics, cash: Cash | None) -> Iterator[Chart]:
    yield _ageing(view, each)
    yield _cash(view, each.currency, cash)
    yield _sales_outstanding(view, each)
    yield _collection(view, each)


def _ageing(view: View, each: Metrics) -> Chart:
    show = view.money(each.currency)
    ends = [end for end in each.history if end.balance or any(end.buckets)]
    chart = Chart(
        key="ageing",
        title="What was open at the ends of months, by age",
        note="",
        missing="Two month ends with something open are needed.",
        tone="by-age",
        legend=tuple(bucket(name) for name in BUCKETS),
        columns=("Month end", "Open", *(bucket(name) for name in BUCKETS)),
        rows=(
            *((view.day(end.on), show(end.balance), *map(show, end.buckets)) for end in each.history),
            ("Roll rate, 30 days", "", *(_percent(ratio.value) for ratio in each.rolled), ""),
        ),
    )
    if len(ends) < 2:
        return chart
    labels = [_month(end.on, view.where) for end in each.history]
    values = [[max(end.buckets[place], 0) for end in each.history] for place in range(len(BUCKETS))]
    return _drawn(chart, charts.bars, labels, values, _compact(each.currency, view.where), _told(chart, each))


def _cash(view: View, currency: str, cash: Cash | None) -> Chart:
    show = view.money(currency)
    received = _received(view, currency)
    weeks = list(cash.weeks) if cash else []
    chart = Chart(
        key="cash",
        title="What came week by week, and what is to be expected",
        note="Each open sum on one day at most: as promised, by the plan, or as late as the account usually pays.",
        missing="Nothing came in the last weeks, and nothing is expected on any day.",
        tone="cash",
        legend=("received", "promised", "by plans", "by habit"),
        columns=("Week from", "Received", "Promised", "By plans", "By habit", "Together"),
        rows=(
            *((view.day(first), show(amount), *("–",) * 3, show(amount)) for first, amount in received),
            *(
                (view.day(week.first), "–", *map(show, (week.promised, week.planned, week.by_habit, week.total)))
                for week in weeks
            ),
        ),
    )
    if not any(amount for _, amount in received) and not any(week.total for week in weeks):
        return chart
    back, ahead = [0] * len(received), [0] * len(weeks)
    values = [
        [*(max(amount, 0) for _, amount in received), *ahead],
        [*back, *(week.promised for week in weeks)],
        [*back, *(week.planned for week in weeks)],
        [*back, *(week.by_habit for week in weeks)],
    ]
    firsts = [*(first for first, _ in received), *(week.first for week in weeks)]
    labels = [
        f"{first.day} {_month(first, view.where)}" if place % 4 == 0 else "" for place, first in enumerate(firsts)
    ]
    told = f"{currency}: {chart.title}. The numbers are in the table below."
    return _drawn(chart, charts.bars, labels, values, _compact(currency, view.where), told)


def _received(view: View, currency: str) -> list[tuple[date, int]]:
    """What came in each of the last whole weeks, less what was taken back, and in the one that runs, by its Monday."""
    monday = view.morning.on - timedelta(days=view.morning.on.weekday())
    firsts = [monday - _WEEK * number for number in range(_WEEKS_BACK, 0, -1)]
    if monday < view.morning.on:
        firsts.append(monday)
    sums = dict.fromkeys(firsts, 0)
    for standing in view.morning.standings:
        if standing.currency == currency:
            for payment in reversed(standing.payments):
                if payment.received < firsts[0]:
                    break
                first = payment.received - timedelta(days=payment.received.weekday())
                if first in sums:
                    sums[first] += payment.amount
    return list(sums.items())


def _sales_outstanding(view: View, each: Metrics) -> Chart:
    rows = [(end, end.dso.value, end.best_dso.value) for end in each.history]
    chart = Chart(
        key="dso",
        title="Days sales outstanding",
        note="Open × 90 / sales of the 90 days before; the best possible were nothing overdue.",
        missing=next((end.dso.missing for end in reversed(each.history) if end.dso.missing), "")
        or "Two month ends with 90 days of sales before them are needed.",
        tone="two",
        legend=("days sales outstanding", "best possible"),
        columns=("Month end", "Days sales outstanding", "Best possible", "Open", "Sales of 90 days"),
        rows=tuple(
            (
                view.day(end.on),
                _number(dso),
                _number(best),
                view.money(each.currency)(end.balance),
                view.money(each.currency)(end.dso.denominator),
            )
            for end, dso, best in rows
        ),
    )
    if sum(dso is not None for _, dso, _ in rows) < 2:
        return chart
    labels = [_month(end.on, view.where) for end, _, _ in rows]
    values = [[_float(dso) for _, dso, _ in rows], [_float(best) for _, _, best in rows]]
    return _drawn(chart, charts.lines, labels, values, lambda value: f"{value:.0f}", _told(chart, each))


def _collection(view: View, each: Metrics) -> Chart:
    show = view.money(each.currency)
    kept = _kept_by_month(view, each.currency)
    rows = [(end, end.cei.value, kept[end.on.year, end.on.month]) for end in each.history]
    chart = Chart(
        key="collection",
        title="Collection effectiveness, and promises kept",
        note="Collected in the month of what could be, in percent; and of the promises for its days, how many were kept.",
        missing="Two whole months in which money could be collected are needed.",
        tone="two",
        legend=("collected of what could be", "promises kept"),
        columns=("Month", "Collected", "Of what could be", "In percent", "Promises kept", "In percent"),
        rows=tuple(
            (
                days.display_short(end.on, view.where),
                show(end.cei.numerator),
                show(end.cei.denominator),
                _number(cei),
                f"{good} of {over}" if over else "–",
                tenths(good, over) if over else "–",
            )
            for end, cei, (good, over) in rows
        ),
    )
    if sum(cei is not None for _, cei, _ in rows) < 2:
        return chart
    labels = [_month(end.on, view.where) for end, _, _ in rows]
    values = [
        [_float(cei) for _, cei, _ in rows],
        [100 * good / over if over else None for _, _, (good, over) in rows],
    ]
    return _drawn(chart, charts.lines, labels, values, lambda value: f"{value:.0f} %", _told(chart, each))


def _kept_by_month(view: View, currency: str) -> defaultdict[tuple[int, int], tuple[int, int]]:
    """By month of their day, the promises that were kept, and all of them."""
    found: defaultdict[tuple[int, int], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for standing in view.morning.standings:
        if standing.currency == currency:
            for promise in standing.conduct.promises:
                if promise.state is not PromiseState.PENDING:
                    month = promise.due.year, promise.due.month
                    good, over = found[month]
                    found[month] = good + (promise.state is PromiseState.KEPT), over + 1
    return found


def _drawn(
    chart: Chart,
    draw: Callable[[Sequence[str], Sequence[charts.Series], Callable[[float], str], str], Markup],
    labels: Sequence[str],
    values: Sequence[Sequence[float | None]],
    written: Callable[[float], str],
    told: str,
) -> Chart:
    """The chart with its drawing: the values of each name in its legend."""
    return chart._replace(drawing=draw(labels, list(zip(chart.legend, values, strict=True)), written, told))


# ------------------------------------------------------------------ words


def _told(chart: Chart, each: Metrics) -> str:
    months = count(len(each.history), "month end")
    return f"{each.currency}: {chart.title}, {months}. The numbers are in the table below."


def _compact(currency: str, where: str) -> Callable[[float], str]:
    """What writes an amount in minor units at an axis: "€20K"."""
    from babel.numbers import format_compact_currency

    unit = 10 ** money.exponent(currency)
    return lambda value: format_compact_currency(value / unit, currency, locale=where, fraction_digits=1)


def _month(day: date, where: str) -> str:
    from babel.dates import format_date

    return format_date(day, format="MMM", locale=where)


def _number(value: Fraction | None) -> str:
    return "–" if value is None else one_decimal(value)


def _percent(value: Fraction | None) -> str:
    return "–" if value is None else f"{one_decimal(value)} %"


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
