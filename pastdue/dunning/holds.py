"""Holds: what in the operator's diary stops an account or one invoice, before any count (DESIGN, rule 9)."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from pastdue.days import Calendar
from pastdue.model import Activity, Hold

PROMISE_GRACE = 2  # business days after the promised day
UNSIGNED_PLAN = timedelta(days=14)  # while the note is out for signature

# Kinds that stop the account until the line that lifts them.
_UNTIL_LIFTED = {
    "stop-contact": "they asked not to be contacted",
    "lawyer": "a lawyer acts for them",
    "insolvency": "they are insolvent",
    "deceased": "the customer has died",
    "fraud": "fraud or identity theft is claimed",
    "placed": "the account is placed with a third party",
}
_LIFTS = {
    "release": frozenset({*_UNTIL_LIFTED, "hold", "hardship", "promise", "plan", "signed"}) - {"placed"},
    "recalled": frozenset({"placed"}),
}


def holds_on(activity: Sequence[Activity], on: date, calendar: Calendar) -> tuple[Hold, ...]:
    """Every hold in force on the day, from the diary lines up to it (oldest first)."""
    held: list[tuple[Activity, Hold]] = []
    for line in activity:
        lifted = _LIFTS.get(line.kind, frozenset())
        held = [(by, hold) for by, hold in held if hold.kind not in lifted]
        if line.kind == "resolved":
            held = [(by, hold) for by, hold in held if (hold.kind, hold.invoice_id) != ("dispute", line.invoice_id)]
        if line.kind == "signed":
            held = [(by, hold) for by, hold in held if hold.kind != "plan"]
        hold = _hold(line, calendar)
        if hold:
            held.append((line, hold))
    return tuple(hold for _, hold in held if hold.until is None or hold.until >= on)


def _hold(line: Activity, calendar: Calendar) -> Hold | None:
    """The hold that one diary line sets, if any."""
    said = f"activity of {line.on}, line {line.row}" + (f": {line.note}" if line.note else "")
    if line.kind in _UNTIL_LIFTED:
        return Hold(line.kind, f"{_UNTIL_LIFTED[line.kind]} ({said})")
    maker = _BY_LINE.get(line.kind)
    return maker(line, said, calendar) if maker else None


def _operator_hold(line: Activity, said: str, _: Calendar) -> Hold:
    until = f" until {line.due}" if line.due else ""
    return Hold("hold", f"on hold{until} ({said})", line.due)


def _hardship(line: Activity, said: str, _: Calendar) -> Hold:
    return Hold("hardship", f"paused for hardship until {line.due} ({said})", line.due)


def _dispute(line: Activity, said: str, _: Calendar) -> Hold:
    return Hold("dispute", f"{line.invoice_id} is disputed ({said})", None, line.invoice_id)


def _promise(line: Activity, said: str, calendar: Calendar) -> Hold | None:
    if line.due is None:
        return None
    until = calendar.plus(line.due, PROMISE_GRACE)
    return Hold("promise", f"payment is promised for {line.due} ({said})", until)


def _plan(line: Activity, said: str, _: Calendar) -> Hold:
    until = line.on + UNSIGNED_PLAN
    return Hold("plan", f"a payment plan is out for signature until {until} ({said})", until)


def _signed(_: Activity, said: str, __: Calendar) -> Hold:
    return Hold("signed", f"a signed payment plan is running ({said})")


_BY_LINE: dict[str, Callable[[Activity, str, Calendar], Hold | None]] = {
    "hold": _operator_hold,
    "hardship": _hardship,
    "dispute": _dispute,
    "promise": _promise,
    "plan": _plan,
    "signed": _signed,
}
