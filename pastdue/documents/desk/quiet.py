"""What needs no doing today: who waits, what is on hold, who is out of reach, in credit or paid in advance."""

from datetime import date, timedelta

from pastdue.documents.desk.view import Entry, View
from pastdue.documents.desk.words import TEXT, can_reach, count, few
from pastdue.documents.site import cut
from pastdue.model import Action, Decision, Standing

_SOON = timedelta(days=7)  # in which a hold that ends is told of


def unreachable(view: View) -> list[Entry]:
    """Who owes something and cannot be reached in any way."""
    return [
        view.entry(standing, decision)
        for standing, decision in sorted(view.pairs, key=view.by_sum)
        if standing.items and decision.action is not Action.HOLD and not can_reach(standing.customer)
    ]


def waiting(view: View) -> list[Entry]:
    """Who has nothing due today, by the day of the next step."""
    found = [
        (standing, decision)
        for standing, decision in view.pairs
        if decision.action is Action.WAIT and standing.items and can_reach(standing.customer)
    ]
    found.sort(key=lambda pair: (pair[1].next_on or date.max, pair[0].account_id))
    return [
        view.entry(standing, decision)._replace(
            sum=view.money(standing.currency)(standing.balance),
            when=_next(view, decision),
        )
        for standing, decision in found
    ]


def _next(view: View, decision: Decision) -> str:
    """The next step of the account and its day."""
    coming = [line for line in decision.items if line.next_on and line.next_step]
    if not coming:
        return "no day set"
    first = min(coming, key=lambda line: (line.next_on or date.max, line.item.due))
    return f"{first.next_step} on {view.day(first.next_on)}" if first.next_on else ""


def held(view: View) -> list[Entry]:
    """Accounts on hold, and single invoices of others; each hold with its end."""
    whole = [view.entry(s, d)._replace(reasons=_holds(view, d)) for s, d in view.doing(Action.HOLD)]
    parts = [
        view.entry(standing, decision)._replace(
            what=f"{decision.action}; {count(len({hold.invoice_id for hold in decision.holds}), 'invoice')} on hold",
            when="",
            files=(),
            phone="",
            tel="",
            sum=view.money(standing.currency)(_held_sum(standing, decision)),
            reasons=_holds(view, decision),
        )
        for standing, decision in sorted(view.pairs, key=view.by_sum)
        if decision.action is not Action.HOLD and _held_sum(standing, decision)
    ]
    return [*whole, *parts]


def ending(view: View) -> list[Entry]:
    """The holds whose last day is one of the next seven, the soonest first: each once, with what it holds back."""
    last = view.morning.on + _SOON
    found = [
        (hold, standing)
        for standing, decision in view.pairs
        for hold in dict.fromkeys(decision.holds)
        if hold.until and hold.until <= last and hold.kind != "promise"
    ]
    found.sort(key=lambda pair: (pair[0].until or date.max, pair[1].account_id, pair[0].invoice_id))
    return [
        view.about(
            standing,
            f"{hold.kind}, invoice {cut(hold.invoice_id, TEXT)}" if hold.invoice_id else hold.kind,
            sum(item.open for item in standing.items if hold.invoice_id in {"", item.invoice_id}),
            f"until {view.day(hold.until)}" if hold.until else "",
        )._replace(reasons=few((hold.why,)))
        for hold, standing in found
    ]


def _holds(view: View, decision: Decision) -> tuple[str, ...]:
    """Each reason once, with the day to which it holds where that is not said already."""
    told = {hold.why: hold.until for hold in decision.holds}
    why = [f"{why}, until {view.day(until)}" if until and str(until) not in why else why for why, until in told.items()]
    others = [reason for reason in decision.reasons if reason not in told and decision.action is Action.HOLD]
    return few((*others, *why))


def prepayment(view: View) -> list[Entry]:
    """Who pays before anything is delivered, and why."""
    return [
        view.about(standing, "payment in advance", standing.overdue)._replace(
            reasons=few((standing.conduct.prepayment,))
        )
        for standing, _ in sorted(view.pairs, key=view.by_sum)
        if standing.conduct.prepayment
    ]


def costly(view: View) -> list[Entry]:
    """Whom to let go, with the figures: the most contacts first."""
    found = []
    for standing, _ in view.pairs:
        figures = view.morning.costly.get((standing.account_id, standing.currency))
        if figures:
            found.append((figures, standing))
    found.sort(key=lambda each: (-each[0][0], -each[1].overdue, each[1].account_id))
    return [_let_go(view, standing, *figures) for figures, standing in found]


def _let_go(
    view: View, standing: Standing, contacts: int, late: int | None, received: int, overdue: int, interest: int
) -> Entry:
    show = view.money(standing.currency)
    average = "nothing paid in twelve months" if late is None else f"{count(late, 'day')} late on average"
    unpaid = f", {show(interest)} interest unpaid" if interest else ""
    reasons = (f"{show(overdue)} overdue{unpaid}, {show(received)} paid in twelve months",)
    return view.about(standing, f"{count(contacts, 'contact')}, {average}", standing.balance)._replace(reasons=reasons)


def in_credit(view: View) -> list[Entry]:
    """Who paid more than was invoiced."""
    return [
        Entry(
            view.who(standing),
            what="paid beyond all that is invoiced",
            sum=view.money(standing.currency)(standing.credit),
        )
        for standing, _ in sorted(view.pairs, key=lambda pair: (pair[0].currency, -pair[0].credit))
        if standing.credit
    ]


def unread(view: View) -> list[Entry]:
    """Whose acknowledgement is missing or out of date, and when the policy last went to them."""
    standings = {standing.account_id: standing for standing in view.morning.standings}
    return [
        Entry(
            view.who(standings[account_id]),
            what=cut(why, 2 * TEXT),
            when=f"sent on {view.day(sent)}" if sent else "not sent",
            sum="",
        )
        for account_id, (why, sent) in view.morning.unread.items()
    ]


def _held_sum(standing: Standing, decision: Decision) -> int:
    """What is open of the invoices that are on hold by themselves."""
    held = {hold.invoice_id for hold in decision.holds if hold.invoice_id}
    return sum(item.open for item in standing.items if item.invoice_id in held)
