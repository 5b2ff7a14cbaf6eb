"""What a page asks for, and its headline: what is owed and by when."""

from datetime import date
from functools import partial
from types import SimpleNamespace
from typing import NamedTuple

from pastdue import days, money
from pastdue.documents import beside
from pastdue.model import (
    Action,
    Charge,
    Decision,
    Instalment,
    OpenItem,
    PlanState,
    Promise,
    PromiseState,
    Standing,
)


def reference_of(standing: Standing) -> str:
    """What to write on the payment: the invoice's number where one is asked for, the account's where there are more."""
    charged = {charge.invoice_id for charge in beside.told(standing)}
    asked = {item.invoice_id for item in standing.items if item.is_overdue or not (standing.overdue or charged)}
    asked |= charged
    return asked.pop() if len(asked) == 1 else standing.account_id


class Claim(NamedTuple):
    """What the page asks for: never more than the notices do."""

    asked: int  # to be paid now, or next when nothing is overdue; 0: nothing is asked for
    overdue: int  # what of the invoices it asks for is past due
    charges: tuple[Charge, ...]  # interest and fixed sums that it asks for, beside the invoices
    held: frozenset[str]  # invoices that are under discussion: shown, not asked for
    planned: frozenset[str]  # invoices that are paid by a plan
    pause: str  # "arranged" or "paused" while the whole account is on hold, else ""
    promised: tuple[Promise, ...]  # what they told us, and is still to come: paid by that
    instalment: Instalment | None  # the next one of a signed plan, where it is what is asked for
    due: date | None  # the last day on which all that it asks for is in time; None when some of it is late

    def stands(self, item: OpenItem, say: SimpleNamespace) -> str:
        """How an item stands where its due date is not what counts."""
        if item.invoice_id in self.held:
            return str(say.under_discussion)
        return str(say.in_plan) if item.invoice_id in self.planned else ""


# The customer agreed to these, and pays by them. Any other hold on an account means that it is not asked at all;
# a mistake in the books or a notice of unclear fate is no matter of theirs.
_ARRANGED = frozenset({"promise", "plan", "signed", "hardship"})
_OURS = frozenset({"error", "unclear"})
_SIGNED = frozenset({PlanState.GOOD, PlanState.LATE})


def claim_of(standing: Standing, decision: Decision | None) -> Claim:
    """What the page asks for in one currency, as the holds of the day leave it."""
    holds = decision.holds if decision else ()
    held = frozenset(hold.invoice_id for hold in holds if hold.invoice_id and hold.kind != "plan")
    kinds = {hold.kind for hold in holds if not hold.invoice_id} - _OURS
    pause = "" if not kinds else "arranged" if kinds <= _ARRANGED else "paused"
    by_plan = frozenset(hold.invoice_id for hold in holds if hold.kind == "plan") - held
    planned = by_plan if pause != "paused" else frozenset()
    claimed = [item for item in standing.items if item.invoice_id not in held | planned]
    overdue = sum(item.open for item in claimed if item.is_overdue)
    charges = tuple(each for each in beside.told(standing) if each.invoice_id not in held | planned)
    promised: tuple[Promise, ...] = ()
    instalment = None
    if pause == "arranged" and "promise" in kinds:
        pending = (each for each in standing.conduct.promises if each.state is PromiseState.PENDING)
        promised = tuple(sorted(pending, key=lambda each: each.due))
    plan = standing.conduct.plan if planned and not pause and not overdue and not charges else None
    if plan and plan.state in _SIGNED:
        instalment = next((each for each in plan.instalments if each.paid < each.amount), None)
    if pause == "paused":
        asked = 0
    elif promised:
        asked = min(sum(each.amount - each.received for each in promised), standing.balance)
    elif instalment:
        asked = instalment.amount - instalment.paid
    else:
        owed = sum(each.owed for each in charges)
        asked = overdue + owed or sum(item.open for item in claimed)
    due = None if overdue or charges else max((item.due for item in claimed), default=None)
    return Claim(asked, overdue, charges, held, planned, pause, promised, instalment, due)


def headline(
    standing: Standing, claim: Claim, decision: Decision | None, say: SimpleNamespace
) -> tuple[str, str, int, str, tuple[str, ...]]:
    """What is owed and by when: state, label, amount, the line below it and further lines."""
    show = partial(money.display, currency=standing.currency, language=say.where)
    charges = beside.told(standing)
    balance = standing.balance + sum(each.owed for each in charges)
    if not balance:
        return _nothing_open(standing, say)
    more = (say.credit_too.format(amount=show(standing.credit)),) if standing.credit else ()
    if claim.promised:
        told = tuple(
            say.promised.format(amount=show(each.amount), date=days.display(each.due, say.where))
            for each in claim.promised
        )
        return "open", say.open_sum, balance, told[0], (*told[1:], say.arranged, *more)
    discussed = sum(item.open for item in standing.items if item.invoice_id in claim.held)
    discussed += sum(each.owed for each in charges if each.invoice_id in claim.held)
    if claim.pause or not claim.asked:
        whole = say.plan_waits if claim.planned else say.discussed_all
        by = {"arranged": say.arranged, "paused": say.paused}.get(claim.pause, whole)
        return "open", say.open_sum, balance, by, more
    if discussed:
        more = (say.discussed.format(amount=show(discussed)), *more)
    if claim.instalment:
        return _by_plan(standing, claim, claim.instalment, say, more)
    planned = sum(item.open for item in standing.items if item.invoice_id in claim.planned)
    planned += sum(each.owed for each in charges if each.invoice_id in claim.planned)
    if planned:
        more = (say.planned.format(amount=show(planned)), *more)
    if claim.charges and not claim.overdue:
        by = say.charges_left if standing.balance == 0 else say.charges_of_paid
        later = balance - discussed - planned - claim.asked
        if later:
            more = (say.not_yet_due.format(amount=show(later)), *more)
        pay_by = pay_by_of(standing, decision)
        if pay_by:
            more = (say.pay_by.format(date=days.display(pay_by, say.where)), *more)
        return "open", say.to_pay, claim.asked, by, more
    if claim.overdue:
        pay_by = pay_by_of(standing, decision)
        by = say.pay_by.format(date=days.display(pay_by, say.where)) if pay_by else say.pay_now
        later = balance - discussed - planned - claim.asked
        if later:
            more = (say.not_yet_due.format(amount=show(later)), *more)
        return "overdue", say.overdue, claim.asked, by, more
    coming = [item for item in standing.items if item.invoice_id not in claim.held | claim.planned]
    first = days.display(coming[0].due, say.where)
    due_first = sum(item.open for item in coming if item.due == coming[0].due)
    if due_first == claim.asked:
        return "open", say.to_pay, claim.asked, say.pay_by.format(date=first), more
    by = say.pay_part_by.format(amount=show(due_first), date=first)
    return "open", say.to_pay, claim.asked, by, (say.rest_later, *more)


def _by_plan(
    standing: Standing, claim: Claim, instalment: Instalment, say: SimpleNamespace, more: tuple[str, ...]
) -> tuple[str, str, int, str, tuple[str, ...]]:
    """The next payment of a signed plan; of one that is late, with the day to which it still keeps the plan."""
    plan = standing.conduct.plan
    is_late = plan is not None and plan.state is PlanState.LATE and plan.until is not None
    day = plan.until if plan and plan.until and is_late else instalment.due
    by = say.pay_by.format(date=days.display(day, say.where))
    total = standing.balance + sum(each.owed for each in beside.told(standing))
    whole = say.open_too.format(amount=money.display(total, standing.currency, say.where))
    return ("overdue" if is_late else "open"), say.next_payment, claim.asked, by, (whole, *more)


def _nothing_open(standing: Standing, say: SimpleNamespace) -> tuple[str, str, int, str, tuple[str, ...]]:
    """In credit, settled with thanks, or never used."""
    if standing.credit:
        return "credit", say.credit, standing.credit, say.in_credit, ()
    last = next((each for each in reversed(standing.payments) if each.amount > 0), None)
    if not last:
        return "settled", say.nothing, 0, say.nothing_text, ()
    arrived = say.last_payment.format(
        amount=money.display(last.amount, standing.currency, say.where), date=days.display(last.received, say.where)
    )
    return "settled", say.settled, 0, say.thanks, (arrived,)


def pay_by_of(standing: Standing, decision: Decision | None) -> date | None:
    """The deadline that holds: that of the notice going out today, or of the last one; None when it has passed."""
    if decision and decision.action is Action.NOTICE:
        return decision.pay_by
    still_open = {item.key for item in standing.items} | {charge.key for charge in beside.told(standing)}
    for line in reversed(standing.history):
        if line.went_out and line.currency == standing.currency and line.pay_by and line.key in still_open:
            return line.pay_by if line.pay_by >= standing.on else None
    return None
