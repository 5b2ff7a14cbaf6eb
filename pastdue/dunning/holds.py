"""Holds: what stops an account or one invoice, before any count (DESIGN, rule 9)."""

from collections.abc import Iterator
from datetime import date, timedelta

from pastdue.config import Config
from pastdue.model import Activity, Hold, OpenItem, PlanState, PromiseState, Standing, State

# Kinds that stop the account until the line that lifts them.
_UNTIL_LIFTED = {
    "stop-contact": "they asked not to be contacted",
    "lawyer": "a lawyer acts for them",
    "insolvency": "they are insolvent",
    "deceased": "the customer has died",
    "fraud": "fraud or identity theft is claimed",
    "placed": "the account is placed with a third party",
}
_LIFTS = {"release": frozenset({*_UNTIL_LIFTED, "hold", "hardship", "cash-flow"}) - {"placed"}, "recalled": {"placed"}}

# Holds under which an answer to what the customer said may still go out: they were told it would.
_GENTLE = frozenset({"promise", "plan", "cash-flow", "dispute", "not-received", "upheld"})


def holds(standing: Standing, config: Config) -> tuple[Hold, ...]:
    """Every hold in force on the day of the standing, each with the line that set it and its end."""
    return (
        *_from_us(standing),
        *_from_the_diary(standing, config),
        *_from_promises(standing, config),
        *_from_the_plan(standing),
    )


def forbids_answers(held: tuple[Hold, ...]) -> bool:
    """True when not even an answer may go: someone else decides, or nobody may write."""
    return any(hold.kind not in _GENTLE for hold in held)


def _from_us(standing: Standing) -> Iterator[Hold]:
    """Errors in the account's rows, and a notice of which it is unclear whether it arrived."""
    for text in standing.errors[:1]:
        yield Hold("error", f"an error in the books stops this account: {text}")
    unclear = next((line for line in standing.history if line.state is State.UNCLEAR), None)
    if unclear:
        yield Hold("unclear", f"it is unclear whether {unclear.notice_id} arrived: settle it with send --resolve")


def _from_the_diary(standing: Standing, config: Config) -> Iterator[Hold]:
    held: list[Hold] = []
    for line in standing.activity:
        lifted = _LIFTS.get(line.kind, frozenset())
        held = [hold for hold in held if hold.kind not in lifted]
        if line.kind in {"resolved", "dispute"}:
            held = [h for h in held if (h.kind, h.invoice_id) not in _disputes(line)]
        hold = _hold(line, config)
        if hold:
            held.append(hold)
    yield from (hold for hold in held if hold.until is None or hold.until >= standing.on)


def _disputes(line: Activity) -> set[tuple[str, str]]:
    return {("dispute", line.invoice_id), ("upheld", line.invoice_id)}


def _hold(line: Activity, config: Config) -> Hold | None:
    """The hold that one diary line sets, if any. A reason stops what the kind of the same name would."""
    said = f"activity of {line.on}, line {line.row}" + (f": {line.note}" if line.note else "")
    kind = line.note if line.kind == "reason" and line.note in {"fraud", "dispute"} else line.kind
    if kind in _UNTIL_LIFTED:
        return Hold(kind, f"{_UNTIL_LIFTED[kind]} ({said})")
    if kind == "hold":
        until = f" until {line.due}" if line.due else ""
        return Hold("hold", f"on hold{until} ({said})", line.due)
    if kind == "hardship":
        return Hold("hardship", f"paused for hardship until {line.due} ({said})", line.due)
    if kind == "dispute":
        about = line.invoice_id or "the account"
        return Hold("dispute", f"{about} is disputed ({said})", None, line.invoice_id)
    if kind == "resolved" and line.note == "upheld":
        why = f"the objection to {line.invoice_id} was right: credit it, or write it off ({said})"
        return Hold("upheld", why, None, line.invoice_id)
    if kind == "reason" and line.note == "cash-flow":
        until_day = line.on + timedelta(days=config.plans.unsigned_days)
        return Hold("cash-flow", f"short of cash: paused until {until_day} to agree a plan ({said})", until_day)
    return None


def _from_promises(standing: Standing, config: Config) -> Iterator[Hold]:
    """A pending promise pauses the account, unless it was made after too many that were not kept."""
    for promise in standing.conduct.promises:
        broken_before = sum(other.deadline < promise.made for other in standing.conduct.broken)
        if promise.state is PromiseState.PENDING and broken_before < config.promises.most_broken:
            why = f"payment is promised for {promise.due} (activity of {promise.made}, line {promise.row})"
            yield Hold("promise", why, promise.deadline)


def _from_the_plan(standing: Standing) -> Iterator[Hold]:
    """A plan holds the invoices that were there when it was made; what is invoiced later goes its own way."""
    plan = standing.conduct.plan
    if plan is None:
        return
    line = f"activity of {plan.made}, line {plan.row}"
    words = {
        PlanState.OFFERED: f"a payment plan is out for signature until {plan.until} ({line})",
        PlanState.GOOD: f"a signed payment plan is in good standing ({line})",
        PlanState.LATE: f"an instalment is late, and within its grace until {plan.until} ({line})",
    }
    if plan.state in words:
        for item in standing.items:
            if is_covered(item, plan.made):
                yield Hold("plan", words[plan.state], plan.until, item.invoice_id)


def is_covered(item: OpenItem, made: date) -> bool:
    """True for what was invoiced by the day a plan was made."""
    return item.issued is None or item.issued <= made
