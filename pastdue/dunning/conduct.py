"""Conduct: what an account's record says of its payer, in figures, and what the operator might do about it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from pastdue.config import Config
from pastdue.days import Calendar
from pastdue.dunning.debt import Debt
from pastdue.dunning.holds import in_force
from pastdue.dunning.obligations import prepayment_announced
from pastdue.dunning.plans import INSTALMENT, kept, plan
from pastdue.dunning.promises import promises
from pastdue.dunning.refusals import is_refused
from pastdue.model import Activity, Class, Conduct, Plan, PlanState, PromiseState, Sent, Standing

YEAR = timedelta(days=365)
PUNCTUAL = 3  # days late on average up to which a payer counts as on time
_HEARD_OF = frozenset({"call", "message", "promise", "plan", "signed", "reason", "dispute"})
_UNANSWERED = frozenset({"no-answer", "voicemail"})
FIRM = "firm"


def with_conduct(
    standing: Standing, days_late: tuple[int, ...], debt: Debt, config: Config, calendar: Calendar
) -> Standing:
    """The standing with its conduct, and on the track that the diary, or with `tracks.automatic` the record, put it.

    `days_late` are those of the invoices paid in the last twelve months, `debt` what promises and plans were made of.
    Both are in the account's own currency; in another there are none.
    """
    is_own = standing.currency == standing.customer.currency
    activity = standing.activity if is_own else ()
    reason = next((line for line in reversed(standing.activity) if line.kind == "reason"), None)
    base = Conduct(
        promises=promises(activity, debt, standing.on, calendar, config.promises.grace),
        plan=plan(
            _without_releases_of_holds(activity, config),
            debt,
            standing.on,
            calendar=calendar,
            unsigned_days=config.plans.unsigned_days,
            grace=config.plans.grace,
            reminded=_reminded(standing),
        ),
        reason=reason.note if reason else "",
        reason_on=reason.on if reason else None,
        unanswered=_unanswered(standing.activity),
        days_late=days_late,
    )
    klass, figures = _class(standing, base, config)
    moved = _track(standing, klass, config)
    customer = replace(standing.customer, track=moved)
    conduct = replace(
        base,
        klass=klass,
        figures=figures,
        proposals=_proposals(standing, base, klass, moved, config),
        prepayment=_prepayment(standing, base, config),
    )
    return replace(standing, customer=customer, conduct=conduct)


def plans_kept(standing: Standing, debt: Debt, config: Config, calendar: Calendar) -> Iterator[tuple[Plan, date, date]]:
    """The stretches in which a signed plan of the account was in good standing, both days inclusive."""
    if standing.currency == standing.customer.currency and any(line.kind == "signed" for line in standing.activity):
        yield from kept(
            _without_releases_of_holds(standing.activity, config),
            debt,
            standing.payments,
            standing.on,
            calendar=calendar,
            unsigned_days=config.plans.unsigned_days,
            grace=config.plans.grace,
            reminded=_reminded(standing),
        )


def _reminded(standing: Standing) -> list[tuple[date, date]]:
    """The reminders of late instalments, each as its day and the deadline it gave."""
    return [(line.on, line.pay_by) for line in sent_since(standing, INSTALMENT, date.min) if line.pay_by]


def _without_releases_of_holds(activity: Sequence[Activity], config: Config) -> list[Activity]:
    """The diary as a plan sees it: a `release` that ends a hold leaves the plan alone, one that finds none ends the plan."""
    found = []
    for i, line in enumerate(activity):
        if line.kind == "release":
            held = in_force(activity[:i], line.on, config)
            if line.invoice_id or any(hold.kind not in {"cash-flow", "placed", "upheld"} for hold in held):
                continue
        found.append(line)
    return found


def _unanswered(activity: Sequence[Activity]) -> int:
    """Attempts since they were last heard of."""
    count = 0
    for line in activity:
        count = 0 if line.kind in _HEARD_OF else count + (line.kind in _UNANSWERED)
    return count


def _class(standing: Standing, conduct: Conduct, config: Config) -> tuple[Class, str]:
    """What kind of payer the record shows, and the figures that say so."""
    late, broken = conduct.days_late, len(conduct.broken)
    over = sum(promise.state is not PromiseState.PENDING and promise.amount > 0 for promise in conduct.promises)
    figures = []
    if late:
        average = _average(late)
        noun = "invoice" if len(late) == 1 else "invoices"
        figures.append(f"{len(late)} {noun} paid in twelve months, {average} days late on average")
    if over:
        figures.append(f"{over - broken} of {over} promises kept")
    if conduct.unanswered:
        calls = "call" if conduct.unanswered == 1 else "calls"
        figures.append(f"{conduct.unanswered} {calls} unanswered in a row")
    if conduct.reason in {"refuses", "avoids"}:
        figures.append(f"noted as: {conduct.reason}")
    if is_refused(standing):
        figures.append("their address refused mail")
    said = "; ".join(figures) or "nothing on record yet"
    if (
        conduct.reason in {"refuses", "avoids"}
        or conduct.unanswered >= config.calls.unanswered
        or (is_refused(standing) and standing.overdue)
    ):
        return Class.AVOIDS, said
    if broken >= config.promises.most_broken:
        return Class.BREAKS, said
    if late:
        return (Class.ON_TIME if _average(late) <= PUNCTUAL else Class.SLOW), said
    if over or standing.payments:
        return Class.SLOW, said
    return Class.UNKNOWN, said


def _average(days: Sequence[int]) -> int:
    """Whole days, the half rounded up."""
    return (2 * sum(days) + len(days)) // (2 * len(days))


def _track(standing: Standing, klass: Class, config: Config) -> str:
    """The schedule that holds: the diary's last word, else the customer's own; `firm` by itself only where that is wanted."""
    said = [line.note for line in standing.activity if line.kind == "track" and line.note in config.schedule]
    track = said[-1] if said else standing.customer.track
    by_record = klass in {Class.AVOIDS, Class.BREAKS} and FIRM in config.schedule and config.tracks.automatic
    return FIRM if by_record and not said else track


def _proposals(standing: Standing, conduct: Conduct, klass: Class, track: str, config: Config) -> tuple[str, ...]:
    found = []
    if klass in {Class.AVOIDS, Class.BREAKS} and track != FIRM and FIRM in config.schedule and standing.overdue:
        found.append(f"move to the firm track: {klass}")
    if len(conduct.broken) >= config.promises.most_broken and standing.overdue:
        found.append(f"refer the account: {len(conduct.broken)} promises were not kept")
    if conduct.plan and conduct.plan.state is PlanState.DEFAULT:
        missed = next(each for each in conduct.plan.instalments if each.paid < each.amount)
        found.append(
            f"the plan is in default: instalment {missed.number} of {missed.due} is unpaid; accelerate it, or agree anew"
        )
    if conduct.reason == "cash-flow" and not conduct.plan and standing.overdue:
        found.append("short of cash: agree a plan")
    held = in_force(standing.activity, standing.on, config)
    if any(hold.kind == "fraud" for hold in held):
        found.append("fraud or identity theft is claimed: everything is stopped until you decide")
    open_ = {item.invoice_id for item in standing.items}
    found += [
        f"credit {hold.invoice_id}, or write it off: the objection was right"
        for hold in held
        if hold.kind == "upheld" and hold.invoice_id in open_
    ]
    return tuple(found)


def _prepayment(standing: Standing, conduct: Conduct, config: Config) -> str:
    """Why the account is to pay up front, by the operator's rule; "" when it need not."""
    rule = config.prepayment
    late = sum(days >= rule.late_days for days in conduct.days_late)
    if rule.late_times and late >= rule.late_times:
        invoices = "invoice was" if late == 1 else "invoices were"
        return f"{late} {invoices} paid {rule.late_days} days late or more in twelve months"
    keys = {item.key for item in standing.items}
    if said := prepayment_announced(standing.history, standing.activity, keys, standing.on):
        return said
    demanded = any(
        line.step.startswith("final-demand") and line.key in keys and line.went_out for line in standing.history
    )
    if rule.after_final_demand and demanded:
        return "a final demand is open"
    return ""


def contacts_since(standing: Standing, since: date) -> int:
    """Notices, calls and attempts from the day on: what chasing has cost."""
    notices = {line.notice_id for line in standing.history if line.on >= since and line.went_out}
    calls = sum(line.on >= since and line.kind in {"call", *_UNANSWERED} for line in standing.activity)
    return len(notices) + calls


def sent_since(standing: Standing, step: str, since: date) -> list[Sent]:
    """The lines of an answer that went out on or after the day, in the currency of the standing."""
    return [
        line
        for line in standing.history
        if line.step == step and line.on >= since and line.went_out and line.currency == standing.currency
    ]
