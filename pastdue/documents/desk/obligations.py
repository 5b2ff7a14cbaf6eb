"""What was said and is to be done: announced consequences whose day has come or comes soon, and charges that are left."""

from datetime import timedelta

from pastdue.documents import beside, said_and_done
from pastdue.documents.desk.view import Entry, View
from pastdue.documents.desk.words import TEXT, count, few, listed
from pastdue.documents.site import cut
from pastdue.model import Action, Obligation, ObligationState, Standing

PLAN_DEFAULT = "plan-default"
_SAID_AHEAD = timedelta(days=14)  # for which what was said to come is listed

# What each announced consequence asks of the operator.
_TO_DO = {
    "interest": "charge interest",
    "fee": "charge the fixed sum",
    "prepayment": "ask for payment in advance",
    "stop-service": "stop work and deliveries",
    "agency": "place with the agency",
    "small-claims": "start the claim",
}
# What of it the tool does by itself when its day has come.
_BY_ITSELF = frozenset({"interest", "fee", "prepayment"})


def said(view: View, state: ObligationState) -> list[Entry]:
    """Announced consequences in the state, the oldest day first and what waits last; plans in default have a list of their own."""
    found = [
        (each, standing)
        for standing in view.morning.standings
        for each in (standing.obligations if state is ObligationState.AHEAD else said_and_done.to_do(standing))
        if each.state is state and each.consequence != PLAN_DEFAULT and _is_near(view, each)
    ]
    found.sort(key=lambda pair: (bool(pair[0].held), pair[0].on, pair[1].account_id, pair[0].consequence))
    return [_obligation(view, each, standing) for each, standing in found]


def _is_near(view: View, each: Obligation) -> bool:
    """True for what has come, and for what comes soon and is the operator's to do."""
    if not said_and_done.is_ahead(each):
        return True
    return each.consequence not in _BY_ITSELF and each.on <= view.morning.on + _SAID_AHEAD


def _obligation(view: View, each: Obligation, standing: Standing) -> Entry:
    late = said_and_done.days_overdue(each, standing)
    owed = sum(item.open for item in standing.items if item.key in each.items)
    owed += sum(charge.owed for charge in beside.told(standing) if charge.key in each.items)
    about = listed([cut(invoice, TEXT) for invoice in said_and_done.invoices(each)])
    reasons = (
        f"For {about}. {each.why[:1].upper()}{each.why[1:]}.",
        *([f"It waits: {each.held}"] * bool(each.held)),
    )
    commands = said_and_done.answers(each, standing)
    if commands and each.consequence in said_and_done.THIRD_PARTY:
        commands += (said_and_done.evidence(standing),)
    return view.about(
        standing,
        _TO_DO.get(each.consequence, each.consequence) + (f", {count(late, 'day')} overdue" if late else ""),
        owed,
        f"said on {view.day(each.announced)} for {view.day(each.on)}",
    )._replace(reasons=few(reasons), commands=commands, files=view.sheet(standing))


def charges_left(view: View) -> list[Entry]:
    """Accounts that owe nothing but interest and fixed sums, and to whom nothing goes today."""
    return [
        view.about(standing, "interest and fixed sums", standing.interest + standing.fees)._replace(
            reasons=few((*view.beside(standing), *decision.reasons))
        )
        for standing, decision in sorted(view.pairs, key=view.by_sum)
        if not standing.items and standing.interest + standing.fees and decision.action is not Action.NOTICE
    ]
