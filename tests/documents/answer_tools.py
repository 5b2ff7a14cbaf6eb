"""Answers for tests: what a letter beside the ladder is about, for the open items of a notice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from pastdue import money
from pastdue.model import (
    Answer,
    Instalment,
    Notice,
    OpenItem,
    Original,
    Plan,
    PlanState,
    Promise,
    PromiseState,
)

ON = date(2026, 3, 2)
DAY = ON + timedelta(9)  # what is promised is promised for 11 March, and was promised on 27 February


def promise(amount: int, said: int = 0, received: int = 0) -> Promise:
    state = PromiseState.PARTLY_KEPT if received else PromiseState.BROKEN
    return Promise(ON - timedelta(3), DAY, DAY + timedelta(2), amount, said or amount, received, state)


def plan(total: int, count: int, paid: int = 0, state: PlanState = PlanState.OFFERED) -> Plan:
    """So many instalments on the first of each month from April on, filled with what is paid."""
    instalments = []
    for number, amount in enumerate(money.split(total, count), start=1):
        used = min(paid, amount)
        paid -= used
        year, month = divmod(2 + number, 12)
        instalments.append(Instalment(number, date(2026 + year, month + 1, 1), amount, used))
    return Plan(ON, None, state, ON + timedelta(14), tuple(instalments))


def answer(step: str, items: Sequence[OpenItem], about: Promise | Plan | None = None) -> Answer:
    """The answer with what it asks for, as dunning makes it; about a promise or plan of all that is open unless one is given."""
    keys = tuple(item.key for item in items)
    total = sum(item.open for item in items)
    if step == "promise":
        made = about if isinstance(about, Promise) else promise(total)
        return Answer(step, keys, made.due, made.amount - made.received, promise=made)
    if step in {"plan", "instalment"}:
        agreed = about if isinstance(about, Plan) else plan(total, 3)
        first = next(each for each in agreed.instalments if each.paid < each.amount)
        until = first.due if step == "plan" else ON + timedelta(4)
        return Answer(step, keys, until, first.amount - first.paid, plan=agreed)
    if step == "plan-offer":
        return Answer(step, keys, options=tuple(tuple(money.split(total, count)) for count in (2, 3, 6, 12)))
    if step == "again":
        first = Original(
            "2026-02-20-ACME-1-reminder-email", ON - timedelta(10), "reminder", "email", said=("As before",)
        )
        return Answer(step, keys, original=first)
    return Answer(step, keys, ON + timedelta(7) if step == "invoice-again" else None)


def answering(notice: Notice, about: Promise | Plan | None = None) -> Notice:
    """The notice as the one that its letter is for: every item recorded, asking for what the answer asks for."""
    lines = tuple(replace(line, step=notice.letter) for line in notice.items)
    made = answer(notice.letter, [line.item for line in lines], about)
    return replace(notice, items=lines, answer=made, pay_by=made.pay_by, rung=-1)
