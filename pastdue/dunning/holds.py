"""Holds: what stops an account or one invoice, before any count (DESIGN, rule 9)."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from pastdue.config import Config
from pastdue.model import Activity, Hold, OpenItem, PlanState, Promise, PromiseState, Standing, State

# Kinds that stop the account until the line that lifts them.
_UNTIL_LIFTED = {
    "stop-contact": "they asked not to be contacted",
    "lawyer": "a lawyer acts for them",
    "insolvency": "they are insolvent",
    "deceased": "the customer has died",
    "fraud": "fraud or identity theft is claimed",
    "placed": "the account is placed with a third party",
}
_RELEASED = frozenset({*_UNTIL_LIFTED, "hold", "hardship", "cash-flow"}) - {"placed"}
_DAY = timedelta(days=1)

# Holds under which an answer to what the customer said may still go out: they were told it would.
_GENTLE = frozenset({"promise", "plan", "cash-flow", "dispute", "upheld"})


def holds(standing: Standing, config: Config) -> tuple[Hold, ...]:
    """Every hold in force on the day of the standing, each with the line that set it and its end."""
    return (
        *_from_us(standing),
        *in_force(standing.activity, standing.on, config),
        *_from_promises(standing, config),
        *_from_the_plan(standing),
    )


def forbids_answers(held: tuple[Hold, ...]) -> bool:
    """True when not even an answer may go: someone else decides, or nobody may write."""
    return any(hold.kind not in _GENTLE and not hold.invoice_id for hold in held)


def not_asked_for(held: Iterable[Hold]) -> frozenset[str]:
    """The invoices that no answer may ask for: they are disputed, or the operator holds them."""
    return frozenset(hold.invoice_id for hold in held if hold.kind in {"dispute", "upheld", "hold"}) - {""}


def in_force(activity: Iterable[Activity], on: date, config: Config) -> tuple[Hold, ...]:
    """The holds that the diary sets and has not lifted by the day."""
    held, _ = _diary(activity, config)
    return tuple(hold for hold in held if hold.until is None or hold.until >= on)


def free_since(standing: Standing, config: Config) -> dict[str, date]:
    """By invoice, and under "" for the whole account: the day since which the last of its holds is over."""
    held, lifted = _diary(standing.activity, config)
    ends = lifted + [(hold.until + _DAY, hold.invoice_id) for hold in held if hold.until and hold.until < standing.on]
    ends += [
        (promise.deadline + _DAY, "") for promise in standing.conduct.promises if _pauses(promise, standing, config)
    ]
    plan = standing.conduct.plan
    if plan and plan.until and plan.until < standing.on:
        ends += [(plan.until + _DAY, item.invoice_id) for item in standing.items if is_covered(item, plan.made)]
    found: dict[str, date] = {}
    for day, invoice_id in ends:
        found[invoice_id] = max(day, found.get(invoice_id, day))
    return found


def _from_us(standing: Standing) -> Iterator[Hold]:
    """Errors in the account's rows, and a notice of which it is unclear whether it arrived."""
    for text in standing.errors[:1]:
        yield Hold("error", f"an error in the books stops this account: {text}")
    unclear = next((line for line in standing.history if line.state is State.UNCLEAR), None)
    if unclear:
        yield Hold("unclear", f"it is unclear whether {unclear.notice_id} arrived: settle it with send --resolve")


def _diary(activity: Iterable[Activity], config: Config) -> tuple[list[Hold], list[tuple[date, str]]]:
    """The holds that no line lifted; and of those lifted, the days since when, with the invoice."""
    held: list[Hold] = []
    lifted: list[tuple[date, str]] = []
    for line in activity:
        over = [hold for hold in held if _is_lifted(hold, line)]
        held = [hold for hold in held if hold not in over]
        lifted += [(min(line.on, (hold.until or date.max - _DAY) + _DAY), hold.invoice_id) for hold in over]
        hold = _hold(line, config)
        if hold:
            held.append(hold)
    return held, lifted


def _is_lifted(hold: Hold, by: Activity) -> bool:
    """True where the line ends the hold.

    `release` ends the operator's holds, those of the account or those of the invoice that it names, and a dispute that
    named no invoice. What is said of a dispute holds for one that named no invoice too: now it has a name. The pause to
    agree a plan is over when one is agreed, which then holds by itself.
    """
    if by.kind == "recalled":
        return hold.kind == "placed"
    if by.kind == "plan":
        return hold.kind == "cash-flow"
    if by.kind == "release":
        if by.invoice_id:
            return hold.kind == "hold" and hold.invoice_id == by.invoice_id
        return hold.kind in _RELEASED or (hold.kind == "dispute" and not hold.invoice_id)
    if _meant(by) in {"resolved", "dispute"}:
        return hold.kind in {"dispute", "upheld"} and hold.invoice_id in {"", by.invoice_id}
    return False


def _meant(line: Activity) -> str:
    """The line's kind; a reason that stops something is what the kind of the same name is."""
    return line.note if line.kind == "reason" and line.note in {"fraud", "dispute"} else line.kind


def _hold(line: Activity, config: Config) -> Hold | None:
    """The hold that one diary line sets, if any."""
    said = f"activity of {line.on}, line {line.row}" + (f": {line.note}" if line.note else "")
    kind = _meant(line)
    if kind in _UNTIL_LIFTED:
        return Hold(kind, f"{_UNTIL_LIFTED[kind]} ({said})")
    if kind == "hold":
        what = f"{line.invoice_id} is on hold" if line.invoice_id else "on hold"
        until = f" until {line.due}" if line.due else ""
        return Hold("hold", f"{what}{until} ({said})", line.due, line.invoice_id)
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
        if promise.state is PromiseState.PENDING and _pauses(promise, standing, config):
            why = f"payment is promised for {promise.due} (activity of {promise.made}, line {promise.row})"
            yield Hold("promise", why, promise.deadline)


def _pauses(promise: Promise, standing: Standing, config: Config) -> bool:
    """True for a promise that was not made after too many that were not kept."""
    return sum(other.deadline < promise.made for other in standing.conduct.broken) < config.promises.most_broken


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
        for invoice_id in dict.fromkeys(item.invoice_id for item in standing.items if is_covered(item, plan.made)):
            yield Hold("plan", words[plan.state], plan.until, invoice_id)


def is_covered(item: OpenItem, made: date) -> bool:
    """True for what was invoiced by the day a plan was made."""
    return item.issued is None or item.issued <= made
