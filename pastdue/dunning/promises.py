"""Promises: a dated amount, and what payments made of it (DESIGN, rule 10)."""

from collections.abc import Iterable, Sequence
from datetime import date

from pastdue.days import Calendar
from pastdue.model import Activity, Payment, Promise, PromiseState


def promises(
    activity: Iterable[Activity],
    payments: Sequence[Payment],
    balance: int,
    on: date,
    calendar: Calendar,
    grace: int,
) -> tuple[Promise, ...]:
    """The promises of an account up to the day, oldest first, each with its state on that day.

    `payments` are those in the currency that was promised, `balance` what is open of it now, `grace` in business days.
    A payment keeps one promise only, the one that falls due first; a payment taken back keeps none. A promise of more
    than was owed counts as one of all that was owed.
    """
    money = _not_taken_back(payments, on)
    left = [payment.amount for payment in money]
    made = [
        (line.due, line.amount, line)
        for line in activity
        if line.kind == "promise" and line.amount and line.due and line.on <= on
    ]
    found = []
    for due, said, line in sorted(made, key=lambda each: (each[0], each[2].on, each[2].row)):
        deadline = calendar.plus(due, grace)
        came_later = sum(payment.amount for payment in money if payment.received >= line.on)
        amount = min(said, balance + came_later)
        received = 0
        for i, payment in enumerate(money):
            if line.on <= payment.received <= deadline:
                used = min(left[i], amount - received)
                left[i] -= used
                received += used
        state = _state(amount, received, on, deadline)
        found.append(Promise(line.on, due, deadline, amount, said, received, state, line.row))
    return tuple(sorted(found, key=lambda promise: (promise.made, promise.row)))


def _state(amount: int, received: int, on: date, deadline: date) -> PromiseState:
    if received >= amount:
        return PromiseState.KEPT
    if on <= deadline:
        return PromiseState.PENDING
    return PromiseState.PARTLY_KEPT if received else PromiseState.BROKEN


def _not_taken_back(payments: Sequence[Payment], on: date) -> list[Payment]:
    """Payments up to the day, without those that were reversed: the last one of the amount that was taken back."""
    kept: list[Payment] = []
    for payment in payments:
        if payment.received > on:
            continue
        if payment.amount > 0:
            kept.append(payment)
            continue
        same = next((p for p in reversed(kept) if p.amount == -payment.amount), None)
        if same:
            kept.remove(same)
    return kept


def kept_rates(promises: Iterable[Promise]) -> tuple[int, int, int, int]:
    """Of the promises whose time is over: how many were kept, how many there are, what came in time, what was promised."""
    over = [promise for promise in promises if promise.state is not PromiseState.PENDING]
    kept = sum(promise.state is PromiseState.KEPT for promise in over)
    return kept, len(over), sum(promise.received for promise in over), sum(promise.amount for promise in over)
