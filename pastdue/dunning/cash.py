"""Cash to come: what is open, each sum on one day at most, by what was promised and agreed and by what each account does.

Of every sum exactly one thing is said: the day it is expected, that its habit gives no day any more, or that it is set
apart because it is disputed or held. Together they are the balance. Interest and fixed sums are not counted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from pastdue.dunning.conduct import YEAR
from pastdue.dunning.holds import is_covered
from pastdue.model import Decision, OpenItem, PlanState, PromiseState, Standing
from pastdue.outlook import Cash, Expected, Source, Week

# Holds under which money is still expected; whatever any other one holds is set apart.
_STILL_EXPECTED = frozenset({"promise", "plan", "cash-flow"})
_IN_FORCE = frozenset({PlanState.GOOD, PlanState.LATE})


class Habits(NamedTuple):
    """How many days after the due date half of the money has come, by account and currency, and of all by currency."""

    own: Mapping[tuple[str, str], int]
    everybody: Mapping[str, int]

    def of(self, account_id: str, currency: str) -> int | None:
        """The account's, else everybody's; None when nothing was paid in the currency."""
        return self.own.get((account_id, currency), self.everybody.get(currency))


def habits(items: pd.DataFrame, on: date) -> Habits:
    """The habits as at the day, from the due amounts (`ageing.Aged.items`) that were paid in full in the last twelve months.

    The median of days late, 0 when on time, each weighted by its amount: the day by which half of the money had come.
    """
    settled = items["settled"].to_numpy()
    paid = items[settled > on.toordinal() - YEAR.days]
    late = np.maximum(paid["settled"].to_numpy().astype(np.int64) - paid["due"].to_numpy(), 0)
    paid = paid.assign(late=late)
    own = _medians(paid, ["account_id", "currency"])
    everybody = _medians(paid, ["currency"])
    return Habits(
        {(account, currency): late for (account, currency), late in own.items()},
        {currency: late for (currency,), late in everybody.items()},
    )


def _medians(paid: pd.DataFrame, keys: list[str]) -> dict[tuple[str, ...], int]:
    """Of each group the least number of days within which at least half of its money came."""
    if paid.empty:
        return {}
    group = paid.groupby(keys, sort=True).ngroup().to_numpy()
    late, amount = paid["late"].to_numpy(), paid["amount"].to_numpy()
    order = np.lexsort((late, group))
    group, late, amount = group[order], late[order], amount[order]
    ends = np.r_[np.flatnonzero(group[1:] != group[:-1]), len(group) - 1]
    running = np.cumsum(amount)
    before = np.r_[0, running[ends[:-1]]]
    is_half = 2 * (running - before[group]) >= (running[ends] - before)[group]
    first = np.unique(group[is_half], return_index=True)[1]
    names = paid[keys].drop_duplicates().sort_values(keys)
    return dict(zip(names.itertuples(index=False, name=None), late[is_half][first].tolist(), strict=True))


def expected(
    standings: Sequence[Standing], decisions: Sequence[Decision], known: Habits, until: date
) -> tuple[Cash, ...]:
    """What is expected from the day of the standings until the day `until`, both inclusive, by currency."""
    found: defaultdict[str, _Sums] = defaultdict(_Sums)
    for standing, decision in zip(standings, decisions, strict=True):
        if standing.items:
            found[standing.currency].add(standing, decision, known)
    return tuple(found[each].cash(each, standings[0].on, until, known) for each in sorted(found))


class _Sums:
    """The sums of one currency as they are gathered."""

    def __init__(self) -> None:
        self.lines: list[Expected] = []
        self.no_date = self.no_record = self.apart = self.balance = 0

    def add(self, standing: Standing, decision: Decision, known: Habits) -> None:
        """Every open item of the account: set apart, promised, planned, or left to its habit."""
        self.balance += standing.balance
        held = [hold for hold in decision.holds if hold.kind not in _STILL_EXPECTED]
        off = {hold.invoice_id for hold in held}
        left = {item: item.open for item in standing.items if not off & {"", item.invoice_id}}
        self.apart += standing.balance - sum(left.values())
        self.lines += _planned(standing, left)
        self.lines += _promised(standing, left)
        habit = known.of(standing.account_id, standing.currency)
        for item, amount in left.items():
            if habit is None:
                self.no_record += amount
            elif (day := item.due + timedelta(days=habit)) < standing.on:
                self.no_date += amount
            elif amount:
                self.lines.append(
                    _line(standing, day, Source.HABIT, amount)._replace(invoice_id=item.invoice_id, days_late=habit)
                )

    def cash(self, currency: str, on: date, until: date, known: Habits) -> Cash:
        """The sums, with what falls into each week."""
        lines = sorted(line for line in self.lines if line.on <= until)
        return Cash(
            currency=currency,
            weeks=tuple(_weeks(lines, on, until)),
            lines=tuple(lines),
            later=sum(line.amount for line in self.lines if line.on > until),
            no_date=self.no_date,
            no_record=self.no_record,
            apart=self.apart,
            balance=self.balance,
            habit=known.everybody.get(currency),
        )


def _planned(standing: Standing, left: dict[OpenItem, int]) -> Iterator[Expected]:
    """The instalments of a signed plan that are still to be paid; one that is late, at the end of its grace."""
    plan = standing.conduct.plan
    if plan is None or not plan.signed or plan.state not in _IN_FORCE:
        return
    for each in plan.instalments:
        covered = [item for item in left if is_covered(item, plan.made)]
        if amount := _take(left, covered, each.amount - each.paid):
            yield _line(standing, _still(each.due, plan.until, standing.on), Source.PLAN, amount)


def _promised(standing: Standing, left: dict[OpenItem, int]) -> Iterator[Expected]:
    """What was promised and may still come in time; past its day, at the end of its grace."""
    for promise in sorted(standing.conduct.promises, key=lambda each: (each.due, each.made, each.row)):
        if promise.state is PromiseState.PENDING:
            amount = _take(left, list(left), promise.amount - promise.received)
            if amount:
                yield _line(standing, _still(promise.due, promise.deadline, standing.on), Source.PROMISE, amount)


def _still(due: date, deadline: date | None, on: date) -> date:
    """The day itself, or once it is past the last one on which it still counts."""
    return due if due >= on else max(deadline or on, on)


def _take(left: dict[OpenItem, int], items: Iterable[OpenItem], amount: int) -> int:
    """Takes the amount out of the items, the oldest due first; what it took."""
    taken = 0
    for item in items:
        part = min(left[item], max(amount - taken, 0))
        left[item] -= part
        taken += part
    return taken


def _line(standing: Standing, on: date, source: Source, amount: int) -> Expected:
    return Expected(on, standing.account_id, standing.currency, source, amount)


def _weeks(lines: Iterable[Expected], on: date, until: date) -> Iterator[Week]:
    sums: defaultdict[tuple[date, Source], int] = defaultdict(int)
    for line in lines:
        sums[_monday(line.on), line.source] += line.amount
    monday = _monday(on)
    while monday <= until:
        parts = (sums[monday, source] for source in (Source.PROMISE, Source.PLAN, Source.HABIT))
        yield Week(max(monday, on), *parts)
        monday += timedelta(days=7)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
