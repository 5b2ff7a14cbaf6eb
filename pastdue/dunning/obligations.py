"""Obligations: what notices announced, and what has become of it (DESIGN, rules 12 and 13).

Every consequence that a notice names stays here until it is carried out, waived, or made moot by payment. The tool
carries out what it can, interest, a fixed sum and prepayment; the rest is the operator's, with a line in the diary.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pastdue.config import Config
from pastdue.dunning.charges import waived
from pastdue.dunning.holds import holds, is_covered
from pastdue.model import Activity, Charge, Hold, Obligation, ObligationState, PlanState, Sent, Standing

PLAN_DEFAULT = "plan-default"
THIRD_PARTY = frozenset({"agency", "small-claims"})
# What each asks of the operator, when its day has come.
_TO_DO = {
    "interest": "no rate is known: add it under [interest.rates], or waive the interest",
    "fee": "no rule gives a fixed sum: set interest.fee, or waive the fee",
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
    found = (_obligation(each, standing, said, held) for each in said)
    return replace(standing, obligations=tuple(sorted(found, key=lambda o: (o.on, o.consequence, o.notice_id))))


def prepayment_announced(
    history: Sequence[Sent], activity: Sequence[Activity], unpaid: set[tuple[str, date]], on: date
) -> str:
    """Why prepayment holds because a notice announced it for what is still unpaid; "" when it does not."""
    for line in history:
        for consequence, day in line.announced:
            is_due = consequence == "prepayment" and day <= on and line.went_out and line.key in unpaid
            if is_due and not any(a.on >= line.on and waived(a) == "prepayment" for a in activity):
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


def _obligation(said: _Said, standing: Standing, everything: Sequence[_Said], held: Sequence[Hold]) -> Obligation:
    state, why = _state(said, standing)
    waits = _waits(said, standing, everything, held) if state.is_open else ""
    return Obligation(said.consequence, said.on, state, said.items, said.announced, said.notice_id, why, waits)


def _waits(said: _Said, standing: Standing, everything: Sequence[_Said], held: Sequence[Hold]) -> str:
    """Why the operator may not act yet: a hold on the account or on all that is open of it, or a later day that was given."""
    open_ = {item.invoice_id for item in standing.items if item.key in said.items}
    on_hold = {hold.invoice_id: hold.why for hold in held}
    if "" in on_hold:
        return on_hold[""]
    if open_ <= on_hold.keys():
        return on_hold[min(open_)] if open_ else ""
    later = max(s.on for s in everything if s.consequence == said.consequence and set(s.items) & set(said.items))
    return f"a later notice gives them until {later}" if later > standing.on else ""


def _state(said: _Said, standing: Standing) -> tuple[ObligationState, str]:
    """What became of it, and in words what settled it or what is to be done."""
    if line := _diary(said, standing):
        done = ObligationState.WAIVED if line.kind == "waive" else ObligationState.CARRIED_OUT
        note = f": {line.note}" if line.note else ""
        return done, f"{line.kind} on {line.on}, line {line.row} of activity{note}"
    charges = [charge for charge in standing.charges if charge.key in said.items]
    if said.consequence == "interest" and (since := _runs_since(charges)):
        return ObligationState.CARRIED_OUT, f"interest runs since {since}"
    if said.consequence == "fee" and any(charge.fee_on for charge in charges):
        return ObligationState.CARRIED_OUT, f"charged on {min(c.fee_on for c in charges if c.fee_on)}"
    open_ = {item.key for item in standing.items}
    if not open_ & set(said.items):
        return ObligationState.MOOT, "what it was announced for is paid"
    if said.on > standing.on:
        return ObligationState.AHEAD, f"if it is unpaid on {said.on}"
    if said.consequence == "prepayment" and standing.conduct.prepayment:
        return ObligationState.CARRIED_OUT, f"prepayment holds: {standing.conduct.prepayment}"
    state = ObligationState.DUE if said.on == standing.on else ObligationState.OVERDUE
    return state, _TO_DO.get(said.consequence, "carry it out and log it, or waive it")


def _diary(said: _Said, standing: Standing) -> Activity | None:
    """The line that carried it out or let it go: from the day it was announced, for one of its invoices or for all."""
    invoices = {"", *(invoice for invoice, _ in said.items)}
    for line in standing.activity:
        if line.on < said.announced or line.invoice_id not in invoices:
            continue
        if waived(line) == said.consequence:
            return line
        if line.kind == "carried-out" and line.note == said.consequence:
            return line
        if line.kind == "placed" and said.consequence in THIRD_PARTY:
            return line
    return None


def _runs_since(charges: Sequence[Charge]) -> date | None:
    """The day since which interest with a known rate has run on what the notice named."""
    since = [line.first for charge in charges for line in charge.accruals if line.rate is not None]
    return min(since, default=None)
