"""What was said and agreed: promises, kept and not, payment plans, and what the record suggests."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from pastdue.documents import said_and_done
from pastdue.documents.desk.obligations import PLAN_DEFAULT
from pastdue.documents.desk.view import Entry, View
from pastdue.documents.desk.words import count, few, klass
from pastdue.model import Decision, Instalment, Plan, PlanState, Promise, PromiseState, Standing

_PLANS = {
    PlanState.DEFAULT: "payment {number} is missing since {until}",
    PlanState.LATE: "payment {number} is late, its grace ends on {until}",
    PlanState.LAPSED: "not signed by {until}",
    PlanState.OFFERED: "out for signature until {until}",
    PlanState.GOOD: "in good standing, payment {number} is next",
}
_PLAN_ORDER = {state: order for order, state in enumerate(_PLANS)}
IN_FORCE = frozenset({PlanState.LATE, PlanState.LAPSED, PlanState.OFFERED, PlanState.GOOD})


def promised(view: View) -> list[Entry]:
    """Each promise whose day, with its grace, is still to come."""
    pending = [
        (promise, standing, decision)
        for standing, decision in view.pairs
        for promise in standing.conduct.promises
        if promise.state is PromiseState.PENDING
    ]
    pending.sort(key=lambda each: (each[0].due, each[1].account_id, each[0].row))
    return [
        view.about(standing, "promised", promise.amount, f"for {view.day(promise.due)}")._replace(
            reasons=tuple(_of_promise(view, promise, standing, decision)), files=view.sheet(standing)
        )
        for promise, standing, decision in pending
    ]


def _of_promise(view: View, promise: Promise, standing: Standing, decision: Decision) -> Iterator[str]:
    show = view.money(standing.currency)
    yield f"made on {view.day(promise.made)}; broken after {view.day(promise.deadline)}"
    if promise.received:
        yield f"{show(promise.received)} of it has come"
    if promise.said > promise.amount:
        yield f"{show(promise.said)} was said: more than is owed, so that what is owed counts"
    if not any(hold.kind == "promise" and hold.until == promise.deadline for hold in decision.holds):
        yield f"it pauses nothing: {count(len(standing.conduct.broken), 'promise')} not kept before"


def broken(view: View) -> list[Entry]:
    """The last promise that was not kept of each account that still owes; the earlier ones below it."""
    found = []
    for standing, _ in view.pairs:
        broken = sorted(standing.conduct.broken, key=lambda promise: (promise.deadline, promise.row), reverse=True)
        if broken and standing.overdue:
            found.append((broken, standing))
    found.sort(key=lambda each: (each[0][0].deadline, each[1].overdue), reverse=True)
    return [
        view.about(standing, "promised", broken[0].amount, f"for {view.day(broken[0].due)}")._replace(
            reasons=few([_came(view, promise, standing) for promise in broken]), files=view.sheet(standing)
        )
        for broken, standing in found
    ]


def _came(view: View, promise: Promise, standing: Standing) -> str:
    show = view.money(standing.currency)
    came = f"{show(promise.received)} came" if promise.received else "nothing came"
    return f"{show(promise.amount)} for {view.day(promise.due)}: {came}"


def plans(view: View, states: AbstractSet[PlanState]) -> list[Entry]:
    """Payment plans in one of the states: those that need a look first, then by the day of the next payment."""
    found = [
        (standing.conduct.plan, standing)
        for standing, _ in view.pairs
        if standing.conduct.plan and standing.conduct.plan.state in states and not _is_answered(standing)
    ]
    found.sort(key=lambda each: (_PLAN_ORDER[each[0].state], _next_of(each[0]).due, each[1].account_id))
    return [_plan(view, plan, standing) for plan, standing in found]


def _plan(view: View, plan: Plan, standing: Standing) -> Entry:
    show = view.money(standing.currency)
    nearest = _next_of(plan)
    paid = sum(each.paid for each in plan.instalments)
    done = sum(each.paid == each.amount for each in plan.instalments)
    until = view.day(plan.until) if plan.until else ""
    reasons = [f"{done} of {len(plan.instalments)} payments made, {show(paid)} of {show(plan.total)}"]
    commands: tuple[str, ...] = ()
    if plan.state is PlanState.DEFAULT:
        reasons += standing.conduct.proposals
        for each in standing.obligations:
            if each.consequence == PLAN_DEFAULT and said_and_done.is_open(each):
                reasons.insert(0, f"{count(said_and_done.days_overdue(each, standing), 'day')} overdue: {each.why}")
                commands = said_and_done.answers(each, standing)
    return view.about(
        standing,
        _PLANS[plan.state].format(number=nearest.number, until=until),
        nearest.amount - nearest.paid,
        f"{'was ' if nearest.due < view.morning.on else ''}due on {view.day(nearest.due)}",
    )._replace(reasons=few(reasons), files=view.sheet(standing), commands=commands)


def proposals(view: View) -> list[Entry]:
    """What the record suggests, of accounts that are not listed as in default already."""
    return [
        view.about(standing, klass(standing), standing.overdue)._replace(
            reasons=few((*standing.conduct.proposals, standing.conduct.figures))
        )
        for standing, _ in sorted(view.pairs, key=view.by_sum)
        if standing.conduct.proposals and not _is_in(standing, {PlanState.DEFAULT})
    ]


def _is_answered(standing: Standing) -> bool:
    """True when the operator has dealt with a plan's default."""
    own = [each for each in standing.obligations if each.consequence == PLAN_DEFAULT]
    return bool(own) and not any(said_and_done.is_open(each) for each in own)


def _is_in(standing: Standing, states: AbstractSet[PlanState]) -> bool:
    return standing.conduct.plan is not None and standing.conduct.plan.state in states


def _next_of(plan: Plan) -> Instalment:
    """The first payment of a plan that is not made in full."""
    return next((each for each in plan.instalments if each.paid < each.amount), plan.instalments[-1])
