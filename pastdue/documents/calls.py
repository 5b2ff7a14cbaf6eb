"""Call sheets: all that one needs at the telephone about one account, on one page that prints on A4."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

from pastdue import days, money
from pastdue.config import Config
from pastdue.documents import beside, diary, excuses, site
from pastdue.documents.catalogue import ENGLISH
from pastdue.documents.notices import file_stem
from pastdue.documents.site import cut, encoded, inline, plain, telephone
from pastdue.documents.words import lateness, locale
from pastdue.findings import Finding
from pastdue.model import (
    COPY,
    Accrual,
    Action,
    Activity,
    Charge,
    Class,
    Conduct,
    Customer,
    Decision,
    Hold,
    Instalment,
    Obligation,
    ObligationState,
    OpenItem,
    Page,
    Payment,
    Plan,
    PlanState,
    Promise,
    PromiseState,
    Sent,
    Standing,
    State,
)

TEMPLATE = "call.html"
LANGUAGE = "en"  # what the operator reads

# What fits on one page with the longest texts; the rest is counted, and stands on the customer's page.
_ITEMS, _CONTACTS, _PAYMENTS, _REASONS = 5, 4, 2, 2
_PROMISES, _ANSWERS, _WAYS, _NAMED = 3, 5, 4, 3
_NUMBER, _TEXT, _SAID, _LINE, _NAME = 24, 36, 56, 110, 40

# Activity that tells what passed between the two; the rest is bookkeeping.
_CONTACT_KINDS = {
    "call": "Call",
    "voicemail": "Voicemail",
    "no-answer": "No answer",
    "message": "They wrote",
    "reason": "Reason given",
    "promise": "Promise",
    "dispute": "Dispute",
    "resolved": "Dispute resolved",
    "plan": "Plan offered",
    "signed": "Plan signed",
    "hardship": "Hardship",
    "note": "Note",
}


# Holds under which nobody talks to the customer any more: someone else does, or nobody may.
_SILENT = frozenset({"stop-contact", "lawyer", "deceased", "insolvency", "fraud", "placed"})
_FOR_RINGING = "No call is due today. This is for when they ring."


def has_sheet(standing: Standing, decision: Decision) -> bool:
    """True for an account with a call today or with something overdue: they may ring at any time."""
    if "call" in decision.channels:
        return True
    return bool(standing.overdue) and not any(h.kind in _SILENT for h in decision.holds if not h.invoice_id)


def path(standing: Standing) -> str:
    """Where the account's call sheet of the day lies in the workspace."""
    return f"outbox/{standing.on}/{file_stem(standing, 'call')}.html"


def sheet(
    standing: Standing,
    decision: Decision,
    config: Config,
    templates: Mapping[str, str],
    static: Mapping[str, bytes],
    portal_url: str = "",
    ways: Sequence[Sequence[int]] = (),
    hours: str = "",
) -> Page:
    """The sheet for a call about one account and currency: today's to them, or theirs whenever it comes.

    `ways` are plans that could be agreed, as amounts; `hours` says when to call, "" when any time will do.
    """
    where = locale(LANGUAGE, config.business)
    customer, business = standing.customer, config.business
    show = partial(money.display, currency=standing.currency, language=where)
    held = {hold.invoice_id: hold for hold in decision.holds if hold.invoice_id}
    asked = _asked(standing, held)
    charges = beside.claimed(beside.told(standing), asked, held)
    told = sum(each.owed for each in beside.told(standing))
    late = [item for item in standing.items if item not in asked]
    shown = (*asked, *late)[:_ITEMS]
    rest = (*asked, *late)[_ITEMS:]
    contacts = _contacts(standing, where)
    offered = ways[:_WAYS] if _may_agree(standing.conduct.plan) else ()
    html = (
        site.compiled(templates)
        .get_template(TEMPLATE)
        .render(
            style=inline(static.get(site.STYLESHEET, b"")),
            business=plain(business.name),
            on=days.display(standing.on, where),
            name=cut(customer.name, _NAME),
            contact=cut(customer.contact, _NUMBER),
            account_id=cut(customer.account_id, _TEXT),
            phone=cut(customer.phone, _TEXT),
            tel=telephone(customer.phone),
            email=cut(customer.email, _TEXT),
            hours=hours,
            portal_url=portal_url,
            is_due="call" in decision.channels,
            opening=_opening(standing, decision, asked, charges, config, where),
            reasons=(
                *(cut(each, _LINE) for each in _reasons(decision)[:_REASONS]),
                *_announced(standing, where),
                *_alone(customer),
            ),
            figures=_figures(standing, decision, asked, charges, where),
            record=_record(standing, where),
            items=tuple(_row(item, held.get(item.invoice_id), where) for item in shown),
            rest=f"{len(rest)} more, {show(sum(item.open for item in rest))} together" if rest else "",
            charges=show(told) if told else "",
            total=show(standing.balance + told),
            contacts=contacts[:_CONTACTS],
            older=max(len(contacts) - _CONTACTS, 0),
            payments=tuple(_payment(each, where) for each in standing.payments[: -_PAYMENTS - 1 : -1]),
            promises=_promises(standing.conduct.promises, standing.currency, where),
            plan=_plan_title(standing.conduct.plan, where),
            instalments=_instalments(standing.conduct.plan, standing.currency, where),
            ways=tuple(_way(way, show) for way in offered),
            answers=_answers(standing, decision, asked, config, where, portal_url),
            back=_back(standing, decision, asked, charges, config, where, can_plan=bool(offered)),
            outcomes=_outcomes(standing, asked, config, offered),
        )
    )
    return Page(path(standing), encoded(html))


def _asked(standing: Standing, held: Mapping[str, Hold]) -> tuple[OpenItem, ...]:
    """What the call is about: what is overdue and under no hold; before anything is overdue, what is open."""
    claimed = tuple(item for item in standing.items if item.invoice_id not in held)
    return tuple(item for item in claimed if item.is_overdue) or claimed


def _sum_asked(decision: Decision, asked: Sequence[OpenItem], charges: Sequence[Charge]) -> int:
    """What there is to ask for: what an answer says, or else the items and the charges that notices announced for them."""
    owed = sum(item.open for item in asked) + sum(each.owed for each in charges)
    return (decision.answer.asks if decision.answer else 0) or owed


def _agreed(standing: Standing, decision: Decision, asked: Sequence[OpenItem]) -> tuple[date, int] | None:
    """What comes next by a promise that pauses everything, or by a plan where nothing else is asked for: day and sum."""
    conduct = standing.conduct
    if any(hold.kind == "promise" for hold in decision.holds):
        pending = [each for each in conduct.promises if each.state is PromiseState.PENDING]
        first = min(pending, key=lambda each: (each.due, each.row), default=None)
        return (first.due, first.amount - first.received) if first else None
    if conduct.plan and not asked and any(hold.kind == "plan" for hold in decision.holds):
        following = _missed(conduct.plan)
        return following.due, following.amount - following.paid
    return None


def _is_paused(decision: Decision) -> bool:
    """True where a hold of the whole account leaves nothing to ask for."""
    return any(not hold.invoice_id and hold.kind not in {"promise", "unclear"} for hold in decision.holds)


def _to_ask(
    standing: Standing, decision: Decision, asked: Sequence[OpenItem], charges: Sequence[Charge], where: str
) -> str:
    show = partial(money.display, currency=standing.currency, language=where)
    if agreed := _agreed(standing, decision, asked):
        return f"{show(agreed[1])} by {days.display_short(agreed[0], where)}"
    return "nothing for now" if _is_paused(decision) else show(_sum_asked(decision, asked, charges))


def _reasons(decision: Decision) -> tuple[str, ...]:
    return decision.reasons if "call" in decision.channels else (_FOR_RINGING, *decision.reasons)


class _Figure(NamedTuple):
    label: str
    value: str


def _figures(
    standing: Standing, decision: Decision, asked: Sequence[OpenItem], charges: Sequence[Charge], where: str
) -> tuple[_Figure, ...]:
    """The figures that one wants before the other side picks up."""
    show = partial(money.display, currency=standing.currency, language=where)
    last = _last_payment(standing)
    paid = f"{show(last.amount)} on {days.display_short(last.received, where)}" if last else "none on record"
    return (
        _Figure("To ask for", _to_ask(standing, decision, asked, charges, where)),
        *([_Figure("Of which charges", _of_charges(charges, show))] * bool(charges)),
        _Figure("Open in total", show(standing.balance + sum(each.owed for each in beside.told(standing)))),
        _Figure("Oldest", lateness(max((i.days_past_due for i in asked), default=standing.days_past_due), ENGLISH)),
        _Figure("Last payment", paid),
    )


def _of_charges(charges: Sequence[Charge], show: Callable[[int], str]) -> str:
    """Interest and fixed sums, each with its sum."""
    interest, fees = sum(each.interest for each in charges), sum(each.fees for each in charges)
    parts = [f"{show(interest)} interest"] * bool(interest) + [f"{show(fees)} fixed sums"] * bool(fees)
    return " and ".join(parts)


def _announced(standing: Standing, where: str) -> Iterator[str]:
    """What notices said that comes, and from when: nothing else may be announced or claimed."""
    told = [each for each in standing.obligations if each.notice_id]
    ahead = [each for each in told if each.state is ObligationState.AHEAD]
    past = [each for each in told if each.state.is_open]
    if ahead:
        coming = ", ".join(dict.fromkeys(f"{each.consequence} from {_day_of(each, where)}" for each in ahead))
        yield cut(f"Announced in writing: {coming}. Announce nothing else.", _LINE)
    if past:
        came = ", ".join(dict.fromkeys(f"{each.consequence} for {_day_of(each, where)}" for each in past))
        yield cut(f"Announced, and not done yet: {came}.", _LINE)


def _day_of(each: Obligation, where: str) -> str:
    return days.display_short(each.on, where)


def _last_payment(standing: Standing) -> Payment | None:
    return next((each for each in reversed(standing.payments) if each.amount > 0), None)


# ------------------------------------------------------------------ what is said first


def _opening(
    standing: Standing,
    decision: Decision,
    asked: Sequence[OpenItem],
    charges: Sequence[Charge],
    config: Config,
    where: str,
) -> str:
    """The first sentences: who speaks, for whom, why, about which invoices."""
    business, customer = config.business, standing.customer
    if "call" not in decision.channels:
        who = (
            f"{plain(business.name)}, {plain(business.contact)} speaking" if business.contact else plain(business.name)
        )
        return f"{who}. Thank you for ringing. {_matter(standing, decision, asked, charges, where)}"
    caller = f"this is {plain(business.contact)} from {plain(business.name)}" if business.contact else ""
    person = customer.contact or (customer.name if customer.kind == "consumer" else "")
    ask = f" May I speak to {cut(person, _TEXT)}?" if person else ""
    why = _beside(standing, decision, where) or (
        f"I am calling about {_about(standing, asked, where)}{_with(asked, charges, where)}{_since(standing, where)}"
    )
    return f"Hello, {caller or f'I am calling from {plain(business.name)}'}.{ask} {why}"


def _matter(
    standing: Standing, decision: Decision, asked: Sequence[OpenItem], charges: Sequence[Charge], where: str
) -> str:
    """What it is about when they ring: what was agreed and holds, or else what is open."""
    agreed = _agreed(standing, decision, asked)
    if agreed is None:
        if _is_paused(decision):
            charges = ()
        return f"It is about {_about(standing, asked, where)}{_with(asked, charges, where)}{_since(standing, where)}"
    amount, by = money.display(agreed[1], standing.currency, where), days.display(agreed[0], where)
    if agreed[0] < standing.on:
        return f"We agreed on {amount} by {by}, and it has not come yet."
    return f"What we agreed holds: {amount} by {by}."


def _about(standing: Standing, asked: Sequence[OpenItem], where: str) -> str:
    if not asked:
        return "your account."
    total = money.display(sum(item.open for item in asked), standing.currency, where)
    first = asked[0]
    number, due = cut(first.invoice_id, _NUMBER), days.display(first.due, where)
    was = "was" if first.is_overdue else "is"
    numbers = tuple(dict.fromkeys(cut(item.invoice_id, _NUMBER) for item in asked))
    if len(asked) == 1:
        return f"invoice {number}: {total} {was} due on {due}."
    if len(numbers) == 1:
        return f"invoice {number}: {total} in {len(asked)} parts, the first {was} due on {due}."
    if len(numbers) <= _NAMED:
        named = f"{', '.join(numbers[:-1])} and {numbers[-1]}"
        return f"invoices {named}, {total} together. The oldest {was} due on {due}."
    return f"{len(numbers)} invoices, {total} together. The oldest, {number}, {was} due on {due}."


def _with(asked: Sequence[OpenItem], charges: Sequence[Charge], where: str) -> str:
    """What comes to the invoices: interest and fixed sums, where notices announced them."""
    if not charges:
        return ""
    show = partial(money.display, currency=charges[0].currency, language=where)
    total = sum(item.open for item in asked) + sum(each.owed for each in charges)
    if not asked:
        return f" {_of_charges(charges, show)} is still open, as we wrote to you."
    return f" With {_of_charges(charges, show)}, as we wrote to you, it comes to {show(total)} today."


def _since(standing: Standing, where: str) -> str:
    """What was agreed and did not come, unless it was spoken of since."""
    conduct = standing.conduct
    spoken = max((line.on for line in standing.activity if line.kind == "call"), default=date.min)
    if conduct.plan and conduct.plan.state is PlanState.DEFAULT and conduct.plan.until and spoken <= conduct.plan.until:
        missed = _missed(conduct.plan)
        amount = money.display(missed.amount - missed.paid, standing.currency, where)
        return f" The instalment of {days.display(missed.due, where)}, {amount}, has not arrived."
    broken = max(conduct.broken, key=lambda promise: promise.deadline, default=None)
    if broken and spoken <= broken.deadline:
        return f" You told us {_told(broken, standing.currency, where)}."
    return ""


def _told(promise: Promise, currency: str, where: str) -> str:
    """A broken promise as one says it, without reproach."""
    show = partial(money.display, currency=currency, language=where)
    came = f"{show(promise.received)} of it has come" if promise.received else "it has not come"
    return f"{show(promise.said)} by {days.display(promise.due, where)}, and {came}"


def _beside(standing: Standing, decision: Decision, where: str) -> str:
    """Why one calls where it is no step of the schedule: an answer that cannot be written to them."""
    answer = decision.answer
    if answer is None:
        return ""
    asks, by = money.display(answer.asks, standing.currency, where), ""
    if answer.pay_by:
        by = days.display(answer.pay_by, where)
    return {
        "promise": f"I am calling to confirm what you told us: {asks} by {by}. Until then you hear nothing more from us.",
        "plan": f"I am calling about the plan that we spoke of. It begins with {asks} on {by}, and needs your signature.",
        "plan-offer": "You told us that cash is short. I am calling to find a way that you can manage.",
        "invoice-again": f"You told us that our invoice did not arrive. It can be paid until {by}; how shall we send it?",
        "instalment": f"I am calling about the instalment of {asks}. It can still be paid until {by}.",
        "prepayment": "I am calling about new orders: for now, we ask for payment in advance.",
        "prepayment-lifted": "I am calling about new orders: payment in advance is no longer needed. Thank you.",
    }.get(answer.step, "I am calling about your account.")


def _alone(customer: Customer) -> Iterator[str]:
    """What a consumer owes is no matter of whoever picks up."""
    if customer.kind == "consumer":
        yield "Give your name first, and the rest to the customer alone: what they owe is nobody else's matter."


# ------------------------------------------------------------------ what the record says, for the operator alone


def _record(standing: Standing, where: str) -> tuple[_Figure, ...]:
    """The class with its figures, the last reason, what may not be claimed yet, and what is to be decided."""
    conduct, found = standing.conduct, []
    if conduct.klass is not Class.UNKNOWN or conduct.figures:
        found.append(_Figure(str(conduct.klass).capitalize(), cut(conduct.figures, _LINE)))
    if conduct.reason:
        on = f"{conduct.reason}, said on {days.display_short(conduct.reason_on, where)}" if conduct.reason_on else ""
        found.append(_Figure("Last reason", cut(on or conduct.reason, _LINE)))
    if conduct.prepayment:
        found.append(_Figure("Prepayment", cut(conduct.prepayment, _LINE)))
    untold = [each for each in standing.charges if each.owed and not each.told]
    if untold:
        of = _of_charges(untold, partial(money.display, currency=standing.currency, language=where))
        found.append(_Figure("Not to be claimed", cut(f"{of}: no notice announced it before today", _LINE)))
    if conduct.proposals:
        found.append(_Figure("To decide", cut("; ".join(conduct.proposals), _LINE)))
    return tuple(found)


_KEPT = {PromiseState.PENDING: "pending", PromiseState.KEPT: "kept", PromiseState.BROKEN: "broken: nothing came"}


def _promises(promises: Sequence[Promise], currency: str, where: str) -> tuple[tuple[str, str, str, str], ...]:
    """The latest promises, the last one first: made, what, how it went, and its tone."""
    show = partial(money.display, currency=currency, language=where)
    return tuple(
        (
            days.display_short(each.made, where),
            f"{show(each.said)} by {days.display_short(each.due, where)}",
            _KEPT.get(each.state, f"broken: {show(each.received)} came"),
            " alarm" if each.is_broken else "",
        )
        for each in promises[: -_PROMISES - 1 : -1]
    )


_AGREED = {
    PlanState.OFFERED: "out for signature until {until}",
    PlanState.GOOD: "signed, in good standing",
    PlanState.LATE: "signed, an instalment is late; its grace ends on {until}",
    PlanState.DEFAULT: "in default",
}


def _may_agree(plan: Plan | None) -> bool:
    """True where a plan could be agreed: there is none in force."""
    return plan is None or plan.state not in {PlanState.OFFERED, PlanState.GOOD, PlanState.LATE}


def _missed(plan: Plan) -> Instalment:
    return next((each for each in plan.instalments if each.paid < each.amount), plan.instalments[-1])


def _plan_title(plan: Plan | None, where: str) -> str:
    if plan is None or plan.state not in _AGREED:
        return ""
    until = days.display_short(plan.until, where) if plan.until else ""
    return f"Plan of {days.display_short(plan.made, where)}, {_AGREED[plan.state].format(until=until)}"


def _instalments(plan: Plan | None, currency: str, where: str) -> tuple[tuple[str, str, str], ...]:
    """The instalment that is open first, the one before it, and what follows."""
    if plan is None or plan.state not in _AGREED:
        return ()
    show = partial(money.display, currency=currency, language=where)
    first = max(_missed(plan).number - 2, 0)
    return tuple(
        (
            f"{each.number} of {len(plan.instalments)}",
            days.display_short(each.due, where),
            "paid" if each.paid == each.amount else f"{show(each.amount - each.paid)} open",
        )
        for each in plan.instalments[first : first + _PROMISES]
    )


# ------------------------------------------------------------------ what may be said and agreed


def _way(way: Sequence[int], show: partial[str]) -> tuple[str, str, str]:
    """A plan that could be agreed: what they can pay each month, how often, and the last payment where it is less."""
    return show(way[0]), f"{len(way)} payments", show(way[-1]) if way[-1] != way[0] else ""


def _answers(
    standing: Standing, decision: Decision, asked: Sequence[OpenItem], config: Config, where: str, portal_url: str
) -> tuple[tuple[str, str, str], ...]:
    """What they may say to this call, what to answer, and what to record."""
    customer, last = standing.customer, _last_payment(standing)
    show = partial(money.display, currency=standing.currency, language=where)
    in_writing = bool(customer.email) or customer.has_post
    known = excuses.Known(
        standing=standing,
        asked=frozenset(item.invoice_id for item in asked),
        disputed=any(hold.kind == "dispute" for hold in decision.holds),
        written=any(line.went_out and line.channel != "call" for line in standing.history),
    )
    broken = standing.conduct.broken
    facts = {
        "broken": _told(broken[-1], standing.currency, where) if broken else "",
        "confirmed": ", and you get it in writing" if in_writing and _pauses(standing, config) else "",
        "week": days.display(_week_ahead(standing, config), where),
        "last_payment": f"The last that reached us is {show(last.amount)} on {days.display(last.received, where)}."
        if last
        else "",
        "page": "Your page has all that it takes." if portal_url else "",
    }
    return excuses.likely(known, facts, _ANSWERS)


def _pauses(standing: Standing, config: Config) -> bool:
    """True while a new promise would still stop the schedule until its day."""
    return len(standing.conduct.broken) < config.promises.most_broken


def _week_ahead(standing: Standing, config: Config) -> date:
    return config.business_days().on_or_after(standing.on + timedelta(days=7))


def _back(
    standing: Standing,
    decision: Decision,
    asked: Sequence[OpenItem],
    charges: Sequence[Charge],
    config: Config,
    where: str,
    *,
    can_plan: bool,
) -> tuple[str, ...]:
    """What may be promised in return: no more than the schedule will keep."""
    found = []
    total = money.display(_sum_asked(decision, asked, charges), standing.currency, where)
    growing = ", and the interest until it comes," if any(each.interest and each.principal for each in charges) else ""
    week = days.display(_week_ahead(standing, config), where)
    agreed = _agreed(standing, decision, asked)
    if agreed:
        found.append("What was agreed holds. Ask for nothing else.")
    elif asked and not _pauses(standing, config):
        count = len(standing.conduct.broken)
        found.append(
            f"“If {total}{growing} arrives, you hear nothing more.” A new promise pauses nothing: {count} were not kept."
        )
    elif asked and standing.currency == standing.customer.currency:
        found.append(
            f"“If {total}{growing} arrives by {week}, you hear nothing more.” Log it as a promise: it holds until then."
        )
    if can_plan:
        pause = config.plans.unsigned_days
        found.append(f"A plan stops everything for {pause} days, to sign it; once signed, while each instalment comes.")
    if asked:
        found.append("What they object to is not asked for until it is settled. The rest is.")
    following = _follows(standing, decision, config)
    if following and not agreed:
        found.append(f"If nothing is agreed, next comes: {following}. Announce nothing else.")
    return tuple(found)


def _follows(standing: Standing, decision: Decision, config: Config) -> str:
    """The step that comes if nothing is paid: the one behind today's, or else the next one of any item."""
    if decision.rung >= 0:
        schedule = config.schedule.get(standing.customer.track)
        return next((step.name for step in schedule.step[decision.rung + 1 :]), "") if schedule else ""
    ahead = [line for line in decision.items if line.next_step and line.next_on]
    if _is_paused(decision) or not ahead:
        return ""
    return min(ahead, key=lambda line: (line.next_on or date.max, -line.rung)).next_step


# ------------------------------------------------------------------ the tables


_HELD = {
    "dispute": "disputed: do not ask for it",
    "upheld": "to be credited: do not ask for it",
    "plan": "in the plan: ask for its instalments alone",
}


def _row(item: OpenItem, held: Hold | None, where: str) -> tuple[str, ...]:
    show = partial(money.display, currency=item.currency, language=where)
    about = cut(" · ".join(text for text in (item.description, item.reference) if text), _TEXT)
    paid = item.amount - item.open
    return (
        cut(item.invoice_id, _NUMBER),
        _HELD.get(held.kind, "on hold: do not ask for it") if held else about,
        days.display_short(item.issued, where) if item.issued else "",
        days.display_short(item.due, where),
        " alarm" if item.is_overdue and not held else "",
        lateness(item.days_past_due, ENGLISH),
        show(item.amount),
        show(paid) if paid else "",
        show(item.open),
    )


def _payment(payment: Payment, where: str) -> tuple[str, ...]:
    text = "taken back" if payment.amount < 0 else payment.reference
    return (
        days.display_short(payment.received, where),
        cut(" · ".join(part for part in (payment.invoice_id, text) if part), _NUMBER),
        money.display(payment.amount, payment.currency, where),
    )


def _contacts(standing: Standing, where: str) -> list[tuple[str, str, str]]:
    """What was sent and said, the latest first: day, what, and how it went."""
    sent: dict[str, Sent] = {}
    for line in standing.history:
        # A conversation stands in the diary, with what was said.
        if line.channel != COPY and line.state is not State.CALLED:
            known = sent.get(line.notice_id)
            sent[line.notice_id] = line if known is None or line.rung > known.rung else known
    told = [(line.on, *_sent(line, where)) for line in sent.values()]
    listed = {promise.row for promise in standing.conduct.promises[-_PROMISES:]}
    told += [
        (line.on, *_said(line, standing, where))
        for line in standing.activity
        if line.kind in _CONTACT_KINDS and not (line.kind == "promise" and line.row in listed)
    ]
    told.sort(key=lambda contact: contact[0], reverse=True)
    return [(days.display_short(on, where), what, how) for on, what, how in told]


def _sent(line: Sent, where: str) -> tuple[str, str]:
    what = cut(f"{line.channel.capitalize()}: {line.step or 'listed'}", _NUMBER)
    by = f"pay by {days.display_short(line.pay_by, where)}" if line.pay_by else ""
    state = "" if line.state in {State.SENT, State.POSTED} else str(line.state)
    return what, ", ".join(part for part in (state, by) if part)


def _said(line: Activity, standing: Standing, where: str) -> tuple[str, str]:
    amount = money.display(line.amount, standing.customer.currency, where) if line.amount is not None else ""
    due = f"by {days.display_short(line.due, where)}" if line.due else ""
    terms = " ".join(part for part in (cut(line.invoice_id, _NUMBER), amount, due) if part)
    return _CONTACT_KINDS[line.kind], cut(": ".join(part for part in (terms, line.note) if part), _SAID)


class _Outcome(NamedTuple):
    """What came of the call, with the command that records it and the same line for a spreadsheet."""

    said: str
    command: str
    row: str  # "" where a spreadsheet would take a cell of it for a formula


def _outcomes(
    standing: Standing, asked: Sequence[OpenItem], config: Config, ways: Sequence[Sequence[int]]
) -> tuple[_Outcome, ...]:
    """What may have come of it, each with the line that records it; values in it are there to be changed."""
    week = _week_ahead(standing, config).isoformat()
    is_own = standing.currency == standing.customer.currency  # the diary's amounts are in it
    text = partial(money.to_text, currency=standing.currency)
    found: list[tuple[str, str, dict[str, str]]] = [("You spoke", "call", {"note": "what was said"})]
    if asked and is_own:
        amount = text(sum(item.open for item in asked))
        found.append(("They promise", "promise", {"amount": amount, "due": week}))
    if ways and is_own:
        way = ways[len(ways) // 2]
        terms = {"amount": text(way[0]), "due": week, "every": "month", "count": str(len(way))}
        found.append(("You agree a plan", "plan", terms))
    if asked:
        found.append(("They object", "dispute", {"invoice": asked[0].invoice_id, "note": "what is wrong"}))
    found.append(("They say why", "reason", {"note": standing.conduct.reason or "cash-flow"}))
    if standing.customer.kind == "consumer":
        month = config.business_days().on_or_after(standing.on + timedelta(days=30)).isoformat()
        found.append(("They need a pause", "hardship", {"due": month}))
    found += [
        ("You left a message", "voicemail", {}),
        ("Nobody answered", "no-answer", {}),
        ("They ask you to stop", "stop-contact", {}),
    ]
    account = standing.account_id
    return tuple(
        _Outcome(said, diary.command(account, kind, **terms), diary.row(standing.on, account, kind, config, **terms))
        for said, kind, terms in found
    )


# ------------------------------------------------------------------ is the template sound?


def check(templates: Mapping[str, str]) -> list[Finding]:
    """What is wrong with the call sheet's template, found by rendering samples with it."""

    def attempt() -> None:
        config = Config.model_validate({"business": {"name": "Sample Joinery", "contact": "Sam Sample"}})
        decision = Decision("sample", "EUR", Action.CALL, ("a reason",))
        for standing in _samples():
            ways = ((20001, 20000, 20000),)
            sheet(standing, decision, config, templates, {}, "https://x/", ways, "Call between 09:00 and 17:30")

    return site.trial(TEMPLATE, attempt)


def _samples() -> Iterator[Standing]:
    """An account with a long record, one with a plan in force, and one of which nothing is known."""
    on = date(2026, 3, 2)
    customer = Customer("sample", "Sample Customer", contact="Kim Doe", phone="+44 20 7946 0000", email="a@example.com")
    items = tuple(
        OpenItem(f"S-{n}", on - timedelta(9), on - timedelta(39), "EUR", 90000, 60000, 9, "Sample work")
        for n in range(_ITEMS + 1)
    )
    paid = (Payment(on, 30000, "EUR", "S-1", "sample"),)
    activity = tuple(Activity(on, "sample", "call", note="sample") for _ in range(_CONTACTS + 1))
    other = Customer("=sample", "Sample Customer", kind="consumer")
    broken = Promise(on, on, on, 5000, 5000, 100, PromiseState.PARTLY_KEPT)
    conduct = Conduct((broken,), None, "cash-flow", on, 1, (9,), Class.SLOW, "a figure", ("a proposal",), "a reason")
    plan = Plan(on, on, PlanState.GOOD, None, (Instalment(1, on, 5000, 0), Instalment(2, on, 5000, 0)))
    line = Accrual(60000, on - timedelta(8), on, 9, 101500, 150)
    charges = tuple(
        Charge(each.invoice_id, each.due, "EUR", "ie-si580", on, (line,), 4000, on, told=each is not items[0])
        for each in items
    )
    said = tuple(Obligation("agency", on, state, (items[0].key,), on, "n1", "why") for state in ObligationState)
    yield Standing(
        on, customer, "EUR", items, payments=paid, activity=activity, conduct=conduct, charges=charges, obligations=said
    )
    yield Standing(on, other, "EUR", items[:1], conduct=Conduct(plan=plan))
    yield Standing(on, other, "EUR", items[:1])
