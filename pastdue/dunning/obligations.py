"""Obligations: what notices announced, and what has become of it (DESIGN, rules 12 and 13).

Every consequence that a notice names stays here until it is carried out, waived, or made moot by payment. The tool
carries out what it can, interest, a fixed sum and prepayment; the rest is the operator's, with a line in the diary.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pastdue.config import PLAN_DEFAULT, THIRD_PARTY, Config
from pastdue.dunning.holds import holds, is_covered
from pastdue.model import Activity, Charge, Hold, Obligation, ObligationState, PlanState, Sent, Standing

_Key = tuple[str, date]  # of an open item

_KEPT = frozenset({PlanState.GOOD, PlanState.LATE})
# What each asks of the operator, when its day has come.
_TO_DO = {
    "interest": "none runs: the law lets it begin later, it is paused, or no rate is known; add the rate, or waive the interest",
    "fee": "no fixed sum fell due: set interest.fee, announce it anew, or waive the fee",
    "prepayment": "deliver against prepayment alone, and log it as carried out",
    "stop-service": "stop the service and log it as carried out, or waive it",
    "agency": "place the account with the agency and log it as placed, or waive it",
    "small-claims": "issue the claim and log the account as placed, or waive it",
    PLAN_DEFAULT: "accelerate the plan in writing or agree anew, and log it as carried out, or waive it",
}


@dataclass(frozen=True, slots=True)
class _Said:
    """One consequence as one notice announced it."""

    consequence: str
    on: date
    announced: date
    notice_id: str
    items: tuple[tuple[str, date], ...]


def with_obligations(standing: Standing, config: Config) -> Standing:
    """The standing with every consequence that was announced to the account in its currency, in the order of their days."""
    said = [*_said(standing), *_default(standing)]
    if not said:
        return standing
    held = holds(standing, config)
    last: dict[tuple[str, _Key], date] = {}  # the last day that was given, for each consequence and item
    for each in said:
        for key in each.items:
            last[each.consequence, key] = max(each.on, last.get((each.consequence, key), each.on))
    open_ = frozenset(item.key for item in standing.items)
    found = (_obligation(each, standing, open_, last, held) for each in said)
    return replace(standing, obligations=tuple(sorted(found, key=lambda o: (o.on, o.consequence, o.notice_id))))


def prepayment_announced(
    history: Sequence[Sent], activity: Sequence[Activity], unpaid: set[tuple[str, date]], on: date
) -> str:
    """Why prepayment holds because a notice announced it for what is still unpaid; "" when it does not."""
    for line in history:
        for consequence, day in line.announced:
            is_due = consequence == "prepayment" and day <= on and line.went_out and line.key in unpaid
            let_go = (a for a in activity if a.on >= line.on and a.invoice_id in {"", line.invoice_id})
            if is_due and not any(a.waived == "prepayment" for a in let_go):
                return f"announced on {line.on} from {day}, and {line.invoice_id} is unpaid"
    return ""


def _said(standing: Standing) -> Iterator[_Said]:
    """Every consequence of every notice that went out, once for all the items that it was announced for."""
    found: defaultdict[tuple[str, date, date, str], list[tuple[str, date]]] = defaultdict(list)
    for line in standing.history:
        if line.announces and line.went_out and line.currency == standing.currency:
            for consequence, on in line.announced:
                found[consequence, on, line.on, line.notice_id].append(line.key)
    # An email and a letter of one step say the same thing once.
    once: dict[tuple[str, date, date, tuple[tuple[str, date], ...]], str] = {}
    for (consequence, on, announced, notice_id), keys in found.items():
        once.setdefault((consequence, on, announced, tuple(dict.fromkeys(keys))), notice_id)
    for (consequence, on, announced, items), notice_id in once.items():
        yield _Said(consequence, on, announced, notice_id, items)


def _default(standing: Standing) -> Iterator[_Said]:
    """A plan in default is the operator's to decide upon (DESIGN, rule 11): it was said in the note that was signed."""
    plan = standing.conduct.plan
    if plan and plan.state is PlanState.DEFAULT and plan.until:
        items = tuple(item.key for item in standing.items if is_covered(item, plan.made))
        yield _Said(PLAN_DEFAULT, plan.until + timedelta(days=1), plan.until + timedelta(days=1), "", items)


def _obligation(
    said: _Said, standing: Standing, open_: frozenset[_Key], last: Mapping[tuple[str, _Key], date], held: Sequence[Hold]
) -> Obligation:
    unpaid = open_.intersection(said.items)
    state, why = _state(said, standing, unpaid)
    waits = ""
    if state.is_open:
        given = max((last[said.consequence, key] for key in said.items), default=said.on)
        waits = _on_hold(unpaid, held) or (f"a later notice gives them until {given}" if given > standing.on else "")
    return Obligation(said.consequence, said.on, state, said.items, said.announced, said.notice_id, why, waits)


def _on_hold(unpaid: Iterable[_Key], held: Sequence[Hold]) -> str:
    """Why the operator may not act yet: a hold on the account, or on each invoice that is unpaid."""
    whys = {hold.invoice_id: hold.why for hold in held}
    invoices = {invoice for invoice, _ in unpaid}
    return whys.get("") or (whys[min(invoices)] if invoices and invoices <= whys.keys() else "")


def _state(said: _Said, standing: Standing, unpaid: frozenset[_Key]) -> tuple[ObligationState, str]:
    """What became of it, and in words what settled it or what is to be done. `unpaid` is what is open of its items."""
    if line := _diary(said, standing.activity, {invoice for invoice, _ in unpaid}):
        done = ObligationState.WAIVED if line.kind == "waive" else ObligationState.CARRIED_OUT
        note = f": {line.note}" if line.note else ""
        return done, f"{line.kind} on {line.on}, line {line.row} of activity{note}"
    charges = [charge for charge in standing.charges if charge.key in said.items]
    if said.consequence == "interest" and (since := _runs_since(charges, said.on)):
        return ObligationState.CARRIED_OUT, f"interest runs since {since}"
    plan = standing.conduct.plan
    if said.consequence == "interest" and unpaid and plan and plan.signed and plan.state in _KEPT:
        planned = {item.key for item in standing.items if is_covered(item, plan.made)}
        if unpaid <= planned and said.on <= standing.on:
            return ObligationState.WAIVED, f"the plan signed on {plan.signed} bears no interest while it is kept"
    if said.consequence == "fee" and any(charge.fee_on for charge in charges):
        return ObligationState.CARRIED_OUT, f"charged on {min(c.fee_on for c in charges if c.fee_on)}"
    if not unpaid:
        return ObligationState.MOOT, "nothing that it was announced for is open"
    if said.on > standing.on:
        return ObligationState.AHEAD, f"if it is unpaid on {said.on}"
    if said.consequence == "prepayment" and standing.conduct.prepayment:
        return ObligationState.CARRIED_OUT, f"prepayment holds: {standing.conduct.prepayment}"
    state = ObligationState.DUE if said.on == standing.on else ObligationState.OVERDUE
    return state, _TO_DO.get(said.consequence, "carry it out and log it, or waive it")


def _diary(said: _Said, activity: Iterable[Activity], unpaid: set[str]) -> Activity | None:
    """The line that carried it out or let it go, from the day it was announced; None while one of its invoices is left.

    A line that names an invoice answers for that one, a line that names none for all.
    """
    invoices = {invoice for invoice, _ in said.items}
    answered: set[str] = set()
    for line in activity:
        answers = (
            line.waived == said.consequence
            or (line.kind == "carried-out" and line.note == said.consequence)
            or (line.kind == "placed" and said.consequence in THIRD_PARTY)
        )
        if line.on < said.announced or not answers or line.invoice_id not in {"", *invoices}:
            continue
        answered |= {line.invoice_id} if line.invoice_id else invoices | unpaid
        if unpaid <= answered:
            return line
    return None


def _runs_since(charges: Iterable[Charge], on: date) -> date | None:
    """The day since which interest with a known rate has run on what the notice named, where it ran on the day `on` or later."""
    known = [line for charge in charges for line in charge.accruals if line.rate is not None]
    since = [line.first for line in known] if any(line.last >= on for line in known) else []
    return min(since, default=None)
