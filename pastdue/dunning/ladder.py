"""One ladder per open item: which step is behind it, which comes next, and from which day (DESIGN, rules 2 to 5).

Nothing is stored: the place on the ladder follows from the notices ledger, the activity sheet and the date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pastdue.config import Schedule, Step
from pastdue.days import Calendar, month_end
from pastdue.model import OpenItem, Promise, Sent, State

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rung:
    """A step that is behind an item."""

    rung: int
    on: date
    pay_by: date | None = None
    taken: int = -1  # the last rung that was really taken: a call that nobody made is behind the item all the same


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item stands. `waits` are the days before which the next step may not come, each with its reason."""

    item: OpenItem
    behind: Rung | None
    next_rung: int  # the length of the schedule when the ladder is through
    waits: tuple[tuple[date, str], ...] = ()
    blocked: str = ""  # why nothing may follow until the operator has said what became of the last notice

    @property
    def from_day(self) -> date | None:
        """The first day that the item itself allows; None when it is blocked or through."""
        return max(self.waits)[0] if self.waits and not self.blocked else None


def place(
    item: OpenItem,
    lines: Sequence[Sent],
    calls: Sequence[date],
    schedule: Schedule,
    calendar: Calendar,
    on: date,
    *,
    by_phone: bool = False,
    broken: Sequence[Promise] = (),
    restart: date | None = None,
    free_since: date | None = None,
) -> Place:
    """The item's place on the ladder at the day `on`.

    `lines` are the notices ledger's for this item, `calls` the days of conversations about it; both up to `on`.
    `by_phone`: nothing can be written to the customer, so a conversation stands for any step. `broken` are the promises
    that were not kept; `restart` the day on which they said that the invoice had not arrived: of what came up to then,
    only the deadline counts. `free_since` is the day on which the last hold ended: only then does a call begin to give way.
    """
    told = [line for line in lines if line.is_step and line.went_out]
    taken = [line for line in told if not (restart and line.on <= restart)]
    deadline = max((line.pay_by for line in told if line.pay_by), default=None)
    calls = [day for day in calls if not (restart and day <= restart)]
    behind = _behind(taken, schedule)
    while True:
        rung = _next_rung(item, behind, schedule, on, restart)
        if rung == len(schedule.step):
            return Place(item, behind, rung, _after(behind, schedule), blocked=_blocked(taken))
        step = schedule.step[rung]
        waits = _waits(item, behind, deadline, step, schedule, broken)
        passed = _passed(step, max(waits)[0], free_since, calls, calendar, on) if step.is_call or by_phone else None
        if passed is None:
            return Place(item, behind, rung, waits, blocked=_blocked(taken))
        behind = _past_the_call(item, behind, rung, passed, is_made=passed in calls)


def _past_the_call(item: OpenItem, behind: Rung | None, rung: int, passed: date, *, is_made: bool) -> Rung:
    """The item after a step by telephone: the conversation counts like a notice, one that gave way leaves no trace."""
    if is_made:
        return Rung(rung, passed, None, rung)
    return Rung(rung, behind.on if behind else item.due, None, behind.taken if behind else -1)


def natural_day(item: OpenItem, step: Step, previous: date | None) -> date:
    """The day that the step's own rule gives: its `from` and its `days`.

    An item without an issue date counts from its due date instead; so does `previous` where nothing went before.
    """
    days = timedelta(days=step.days)
    if step.start == "issued":
        return (item.issued or item.due) + days
    if step.start == "due-month-end":
        return month_end(item.due + days)
    if step.start == "previous":
        return (previous or item.due) + days
    return item.due + days


def _behind(taken: Sequence[Sent], schedule: Schedule) -> Rung | None:
    """The highest step that went out, with the latest date and deadline the customer was given for the item."""
    if not taken:
        return None
    pay_by = [line.pay_by for line in taken if line.pay_by]
    highest = _highest(taken, schedule)
    return Rung(highest, max(line.on for line in taken), max(pay_by, default=None), highest)


def _highest(taken: Sequence[Sent], schedule: Schedule) -> int:
    """The place in the account's schedule of today, by the names of the steps.

    A step that only another track has takes none of this one's away: its place there says nothing about what the
    customer was told. Only where no name is known does the place count, so that a ladder with new names does not begin
    again.
    """
    known = [rung for line in taken if (rung := schedule.rung(line.step)) >= 0]
    return max(known) if known else min(max(line.rung for line in taken), len(schedule.step) - 1)


def _next_rung(item: OpenItem, behind: Rung | None, schedule: Schedule, on: date, restart: date | None) -> int:
    """The step that comes next: strictly in order, but no notice of what is to come once it has come.

    A step before the due date lapses when the item is overdue and the day of the step after it is there; with
    `invoices_since`, also for invoices issued before that day; and when the ladder begins again, since the invoice is
    sent instead. `entry = "by-age"` lets an item without any history start at the step for its age.
    """
    rung = behind.rung + 1 if behind else 0
    if behind is None and restart is None and schedule.entry == "by-age" and item.is_overdue:
        due = [i for i, step in enumerate(schedule.step) if _is_by_age(item, step, on)]
        rung = max(due, default=0)
    while rung < len(schedule.step) and _has_lapsed(item, rung, schedule, on, restart):
        rung += 1
    return rung


def _is_by_age(item: OpenItem, step: Step, on: date) -> bool:
    return step.start != "previous" and item.due < natural_day(item, step, None) <= on


def _has_lapsed(item: OpenItem, rung: int, schedule: Schedule, on: date, restart: date | None) -> bool:
    step = schedule.step[rung]
    if step.start == "previous" or natural_day(item, step, None) > item.due:
        return False
    if restart and natural_day(item, step, None) <= restart:
        return True
    if schedule.invoices_since and item.issued and item.issued < schedule.invoices_since:
        return True
    following = schedule.step[rung + 1 : rung + 2]
    return item.is_overdue and all(natural_day(item, after, None) <= on for after in following)


def _waits(
    item: OpenItem,
    behind: Rung | None,
    deadline: date | None,
    step: Step,
    schedule: Schedule,
    broken: Sequence[Promise],
) -> tuple[tuple[date, str], ...]:
    """The days that the item itself sets for its next step.

    After a broken promise the next step of what was overdue is due at once, whatever its days: once for each break.
    """
    day = natural_day(item, step, behind.on if behind else None)
    why = f"{step.name} of {item.invoice_id} {_rule(step)}: {day}"
    calling = [promise for promise in broken if brings_forward(promise, item, behind.on if behind else None)]
    broke = min(calling, key=broken_on, default=None)
    if broke and broken_on(broke) < day:
        day = broken_on(broke)
        why = f"{step.name} of {item.invoice_id} is due at once: the promise for {broke.due} was not kept"
    waits = [(day, why)]
    if behind:
        gap = _gap(step, schedule)
        waits.append((behind.on + gap, f"{gap.days} days after the last notice for {item.invoice_id}, {behind.on}"))
    if deadline:
        waits.append((deadline + _DAY, f"the customer has until {deadline} to pay {item.invoice_id}"))
    return tuple(waits)


def broken_on(promise: Promise) -> date:
    """The first day on which the promise counts as broken."""
    return promise.deadline + _DAY


def brings_forward(promise: Promise, item: OpenItem, last: date | None) -> bool:
    """True while the break still calls for a step: the item was overdue by then, and nothing went out for it since."""
    return item.due < broken_on(promise) and (last is None or last < broken_on(promise))


def _gap(step: Step, schedule: Schedule) -> timedelta:
    """Days since the last contact; at least one, so that no day ever holds two steps."""
    gap = schedule.minimum_gap if step.minimum_gap is None else step.minimum_gap
    return timedelta(days=max(gap, 1))


def _rule(step: Step) -> str:
    """The step's own rule in words."""
    if step.start == "due-month-end":
        return f"goes at the end of the month in which due date + {step.days} days falls"
    what = {"issued": "the issue date", "due": "the due date", "previous": "the last notice"}[step.start]
    if step.days == 0:
        return f"goes on {what}"
    days = f"{abs(step.days)} day{'' if abs(step.days) == 1 else 's'}"
    return f"goes {days} {'after' if step.days > 0 else 'before'} {what}"


def _after(behind: Rung | None, schedule: Schedule) -> tuple[tuple[date, str], ...]:
    """When the last step's deadline is over, and with it the schedule."""
    if behind is None:
        return ()
    over = behind.pay_by or behind.on + timedelta(days=schedule.minimum_gap)
    return ((over + _DAY, f"the last step's deadline is {over}"),)


def _passed(
    step: Step, due_on: date, free_since: date | None, calls: Sequence[date], calendar: Calendar, on: date
) -> date | None:
    """The day on which a step by telephone fell behind the item: the conversation, or the day it gave way; else None.

    Only a call step gives way: one that was to be written, to a customer with nothing but a telephone, must be said.
    The days on which nobody was to be called, because of a hold, do not make it give way.
    """
    conversation = next((day for day in sorted(calls) if day >= due_on), None)
    if conversation or not step.is_call:
        return conversation
    could_be_made = calendar.on_or_after(max(due_on, free_since or due_on))
    gave_way = calendar.plus(could_be_made, step.give_way)
    return gave_way if gave_way <= on else None


def _blocked(taken: Sequence[Sent]) -> str:
    """Why nothing may build on the last notice: unclear, or a letter that is printed and, for all we know, not posted."""
    unclear = next((line for line in taken if line.state is State.UNCLEAR), None)
    if unclear:
        return f"it is unclear whether {unclear.notice_id} arrived: settle it with send --resolve"
    if not taken:
        return ""
    last = max(line.on for line in taken)
    latest = [line for line in taken if line.on == last]
    if all(line.state is State.PRINTED for line in latest):
        return f"the letter {latest[0].notice_id} is printed, not posted: say send --posted when it is in the post"
    return ""
