"""What happened, as a page tells it: what they told us, plans, payments, and what was sent."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from types import SimpleNamespace

from pastdue import days, money
from pastdue.documents.notices import plain_step
from pastdue.documents.site import plain
from pastdue.model import COPY, Instalment, Payment, Plan, PlanState, Promise, PromiseState, Sent, Standing, State

LOOK_BACK = 24
_LATELY = timedelta(days=90)  # for which a promise or a plan that is over is still told of

# What the customer has in hand. A printed letter still lies on the operator's desk.
_RECEIVED = frozenset({State.SENT, State.DRAFTED, State.POSTED, State.CALLED})


def promises(promises: Sequence[Promise], standing: Standing, say: SimpleNamespace) -> tuple[tuple[str, ...], ...]:
    """What they told us lately and what became of it, the latest first: facts, and thanks where there is cause."""
    show = partial(money.display, currency=standing.currency, language=say.where)
    lately = [each for each in promises if each.deadline >= standing.on - _LATELY]
    return tuple(
        (
            days.display_short(each.made, say.where),
            show(each.amount),
            each.due.isoformat(),
            days.display_short(each.due, say.where),
            _became(each, show(each.received), say),
        )
        for each in reversed(lately)
    )


def _became(promise: Promise, received: str, say: SimpleNamespace) -> str:
    if promise.state is PromiseState.KEPT:
        return str(say.promise_kept)
    if promise.received:
        return str(say.part_received.format(amount=received))
    return str(say.expected if promise.state is PromiseState.PENDING else say.not_received)


def plan_of(plan: Plan | None, standing: Standing, say: SimpleNamespace) -> tuple[tuple[tuple[str, ...], ...], str]:
    """The payments of the plan with what came of each, and how it goes; nothing of one that was never signed."""
    if plan is None or plan.state is PlanState.LAPSED or not plan.instalments:
        return (), ""
    if plan.state is PlanState.PAID and plan.instalments[-1].due < standing.on - _LATELY:
        return (), ""
    show = partial(money.display, currency=standing.currency, language=say.where)
    first = next((each for each in plan.instalments if each.paid < each.amount), plan.instalments[-1])
    note = {
        PlanState.OFFERED: say.plan_offered,
        PlanState.GOOD: say.plan_good,
        PlanState.LATE: say.plan_late,
        PlanState.DEFAULT: say.plan_default,
        PlanState.PAID: say.plan_paid,
    }[plan.state].format(
        number=first.number,
        due=days.display(first.due, say.where),
        date=days.display(plan.until, say.where) if plan.until else "",
    )
    rows = tuple(
        (
            say.payment_number.format(number=each.number, count=len(plan.instalments)),
            each.due.isoformat(),
            days.display_short(each.due, say.where),
            show(each.amount),
            _paid(each, standing.on, show(each.paid), say),
        )
        for each in plan.instalments
    )
    return rows, note


def _paid(instalment: Instalment, on: date, paid: str, say: SimpleNamespace) -> str:
    if instalment.paid >= instalment.amount:
        return str(say.received_all)
    if instalment.paid:
        return str(say.part_received.format(amount=paid))
    return str(say.not_received if instalment.due < on else say.to_come)


def payments_of(payments: Sequence[Payment], say: SimpleNamespace) -> tuple[tuple[tuple[str, ...], ...], str]:
    """What was received, the latest first, and a line about what is not listed."""
    rows = tuple(
        (
            each.received.isoformat(),
            days.display_short(each.received, say.where),
            plain(each.invoice_id),
            plain(each.reference) if each.amount >= 0 else say.taken_back,
            money.display(each.amount, each.currency, say.where),
        )
        for each in payments[: -LOOK_BACK - 1 : -1]
    )
    return rows, earlier_than(len(payments), say)


def notices_of(history: Sequence[Sent], say: SimpleNamespace) -> tuple[tuple[tuple[str, ...], ...], str]:
    """What the customer was sent, the latest first: day, step and channel in plain words; with its currency where there are several."""
    notices: dict[str, Sent] = {}
    for line in history:
        if line.state in _RECEIVED and line.channel != COPY:
            known = notices.get(line.notice_id)
            notices[line.notice_id] = line if known is None or line.rung > known.rung else known
    latest = list(notices.values())
    several = len({line.currency for line in latest}) > 1
    rows = tuple(
        (
            line.on.isoformat(),
            days.display_short(line.on, say.where),
            # The operator's own names for steps stay in the house.
            getattr(say, f"step_{_label(line.step)}", say.step_other) + (f" · {line.currency}" if several else ""),
            getattr(say, f"channel_{line.channel}", say.channel_other),
        )
        for line in latest[: -LOOK_BACK - 1 : -1]
    )
    return rows, earlier_than(len(latest), say)


def _label(step: str) -> str:
    """The step as its name stands in the catalogue."""
    return plain_step(step).replace("-", "_")


def earlier_than(count: int, say: SimpleNamespace) -> str:
    """How many of so many in all are older than those listed, in words; "" where all are listed."""
    return say.told.plural("portal.earlier", count - LOOK_BACK) if count > LOOK_BACK else ""
