"""Promises: a dated amount, and what payments made of it (DESIGN, rule 10)."""

from collections.abc import Iterable
from datetime import date

from pastdue.days import Calendar
from pastdue.dunning.debt import Debt
from pastdue.model import Activity, Promise, PromiseState


def promises(activity: Iterable[Activity], debt: Debt, on: date, calendar: Calendar, grace: int) -> tuple[Promise, ...]:
    """The promises of an account up to the day, oldest first, each with its state on that day.

    `grace` is in business days. A payment keeps one promise only, the one that falls due first; a payment taken back
    keeps none. A promise of more than was owed when it was made counts as one of all that was owed, and when all of
    that has come in time, there is nothing left for it to keep.
    """
    made = [
        (line.due, line.amount, line)
        for line in activity
        if line.kind == "promise" and line.amount and line.due and line.on <= on
    ]
    left = [payment.amount for payment in debt.payments]
    found = []
    for due, said, line in sorted(made, key=lambda each: (each[0], each[2].on, each[2].row)):
        deadline = calendar.plus(due, grace)
        end = min(on, deadline)
        in_time = [i for i, p in enumerate(debt.payments) if p.received <= end and debt.is_for(line.on, p)]
        owed = debt.owed(line.on, end)
        amount = min(said, owed)
        received = 0
        for i in in_time:
            takes = min(left[i], amount - received)
            left[i] -= takes
            received += takes
        if sum(debt.payments[i].amount for i in in_time) >= owed:
            amount = received
        state = _state(amount, received, on, deadline)
        found.append(Promise(line.on, due, deadline, amount, said, received, state, line.row))
    return tuple(sorted(found, key=lambda promise: (promise.made, promise.row)))


def _state(amount: int, received: int, on: date, deadline: date) -> PromiseState:
    if received >= amount:
        return PromiseState.KEPT
    if on <= deadline:
        return PromiseState.PENDING
    return PromiseState.PARTLY_KEPT if received else PromiseState.BROKEN


def kept_rates(promises: Iterable[Promise]) -> tuple[int, int, int, int]:
    """Of the promises whose time is over: how many were kept, how many there are, what came in time, what was promised.

    One of what nobody owed, or of what another promise had paid by then, says nothing about its maker.
    """
    over = [promise for promise in promises if promise.state is not PromiseState.PENDING and promise.amount]
    kept = sum(promise.state is PromiseState.KEPT for promise in over)
    return kept, len(over), sum(promise.received for promise in over), sum(promise.amount for promise in over)
