"""Answers: notices beside the ladder, owed for something that the customer said or did. Each goes once."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from pastdue.config import Config
from pastdue.days import Calendar
from pastdue.dunning.conduct import sent_since
from pastdue.dunning.holds import is_covered, not_asked_for
from pastdue.dunning.plans import INSTALMENT, TO_PAY_INSTALMENT, ways_to_pay
from pastdue.model import Activity, Answer, Hold, OpenItem, PlanState, PromiseState, Standing

PROMISE, PLAN, PLAN_OFFER = "promise", "plan", "plan-offer"
INVOICE_AGAIN = "invoice-again"
PREPAYMENT, PREPAYMENT_LIFTED = "prepayment", "prepayment-lifted"
CHARGES = "charges"
TO_PAY_CHARGES = timedelta(days=14)
TO_PAY_AGAIN = timedelta(days=7)  # after an invoice that had not arrived


def answer_due(standing: Standing, held: tuple[Hold, ...], config: Config, calendar: Calendar) -> Answer | None:
    """The first answer that is owed on the day of the standing, if any.

    One that is about no invoice is none: nothing would record it, and it would go again on the next day.
    """
    off = not_asked_for(held)
    asked = tuple(item for item in standing.items if item.invoice_id not in off)
    return next(
        (
            answer
            for owed in (
                _promise(standing, asked, held),
                _plan(standing),
                _invoice_again(standing, asked, calendar),
                _plan_offer(standing, asked, config),
                _instalment(standing, calendar),
                _prepayment(standing, asked),
                _charges(standing, calendar),
            )
            for answer in owed
            if answer.items
        ),
        None,
    )


def _promise(standing: Standing, asked: Sequence[OpenItem], held: tuple[Hold, ...]) -> Iterator[Answer]:
    """What was promised, in writing, and what follows if it does not come: only where nothing else will come before."""
    if not any(hold.kind == "promise" for hold in held):
        return
    for promise in standing.conduct.promises:
        told = any(line.pay_by == promise.due for line in sent_since(standing, PROMISE, promise.made))
        if promise.state is PromiseState.PENDING and standing.on <= promise.due and not told:
            items = tuple(item.key for item in asked if item.is_overdue) or _keys(asked)
            why = f"the promise of {promise.made} is confirmed in writing"
            yield Answer(PROMISE, items, promise.due, promise.amount - promise.received, promise=promise, why=why)


def _plan(standing: Standing) -> Iterator[Answer]:
    """The plan with its note, for signature."""
    plan = standing.conduct.plan
    if plan and plan.state is PlanState.OFFERED and not sent_since(standing, PLAN, plan.made):
        items = tuple(item.key for item in standing.items if is_covered(item, plan.made))
        why = f"the plan of {plan.made} goes out for signature"
        yield Answer(PLAN, items, plan.instalments[0].due, plan.instalments[0].amount, plan=plan, why=why)


def _invoice_again(standing: Standing, asked: Sequence[OpenItem], calendar: Calendar) -> Iterator[Answer]:
    """The invoice once more, to a customer who says that it did not arrive: each invoice once, however often it is said."""
    lines, sent = not_received(standing), sent_again(standing)
    again = [(item, line) for item in asked if (line := first_about(lines, item)) and item.key not in sent]
    if again:
        items = [item for item, _ in again]
        why = f"said on {min(line.on for _, line in again)}: the invoice did not arrive"
        yield Answer(INVOICE_AGAIN, _keys(items), _time_to_pay(items, standing.on, calendar), why=why)


def _time_to_pay(items: Sequence[OpenItem], on: date, calendar: Calendar) -> date | None:
    """The deadline of invoices that go once more: what is overdue gets it, and what is not due yet is not made due by it.

    None where there are several that keep their own due dates.
    """
    week = calendar.on_or_after(on + TO_PAY_AGAIN)
    if any(item.is_overdue for item in items):
        return week
    last = max(item.due for item in items)
    if last <= week:
        return week
    return calendar.on_or_after(last) if all(item.due == last for item in items) else None


def not_received(standing: Standing) -> list[Activity]:
    """Every time they said that an invoice did not arrive, oldest first."""
    return [line for line in standing.activity if line.kind == "reason" and line.note == "not-received"]


def first_about(lines: Iterable[Activity], item: OpenItem) -> Activity | None:
    """The first of the lines that is about the item, whose invoice was written by then."""
    about = (line for line in lines if line.invoice_id in {"", item.invoice_id})
    return next((line for line in about if item.issued is None or item.issued <= line.on), None)


def sent_again(standing: Standing) -> dict[tuple[str, date], date]:
    """The items whose invoice went out once more, each with the last day of its deadline."""
    return {line.key: line.pay_by or line.on for line in sent_since(standing, INVOICE_AGAIN, date.min)}


def _plan_offer(standing: Standing, asked: Sequence[OpenItem], config: Config) -> Iterator[Answer]:
    """Ways to pay in parts, to a customer who is short of cash; plans are agreed in the account's own currency."""
    said = next((a for a in reversed(standing.activity) if a.kind == "reason"), None)
    if said is None or said.note != "cash-flow" or standing.conduct.plan or not any(i.is_overdue for i in asked):
        return
    ways = ways_to_pay(standing, sum(item.open for item in asked), config)
    if ways and not sent_since(standing, PLAN_OFFER, said.on):
        yield Answer(PLAN_OFFER, _keys(asked), options=ways, why=f"said on {said.on}: short of cash")


def _instalment(standing: Standing, calendar: Calendar) -> Iterator[Answer]:
    """A reminder of an instalment that is past its date, before it becomes a default.

    It gives until the end of the grace, and where it goes late some days at the least: the default waits for that day.
    """
    plan = standing.conduct.plan
    if plan is None or plan.state is not PlanState.LATE or plan.until is None:
        return
    missed = next(each for each in plan.instalments if each.paid < each.amount)
    if not sent_since(standing, INSTALMENT, missed.due):
        items = tuple(item.key for item in standing.items if is_covered(item, plan.made))
        pay_by = calendar.on_or_after(max(plan.until, calendar.plus(standing.on, TO_PAY_INSTALMENT)))
        why = f"instalment {missed.number} was due on {missed.due}"
        yield Answer(INSTALMENT, items, pay_by, missed.amount - missed.paid, plan=plan, why=why)


def _prepayment(standing: Standing, asked: Sequence[OpenItem]) -> Iterator[Answer]:
    """Told once when it begins, and once when it ends."""
    told = [
        line
        for line in standing.history
        if line.step in {PREPAYMENT, PREPAYMENT_LIFTED} and line.went_out and line.currency == standing.currency
    ]
    is_told = bool(told) and told[-1].step == PREPAYMENT
    if standing.conduct.prepayment and not is_told:
        yield Answer(PREPAYMENT, _keys(asked), why=f"prepayment: {standing.conduct.prepayment}")
    elif is_told and not standing.conduct.prepayment:
        # Whatever it was told about may be paid by now; it is on record under the same invoices.
        about = _keys(asked) or tuple(dict.fromkeys(line.key for line in told if line.notice_id == told[-1].notice_id))
        yield Answer(PREPAYMENT_LIFTED, about, why="prepayment ends")


def _charges(standing: Standing, calendar: Calendar) -> Iterator[Answer]:
    """What is left of interest and fixed sums once every invoice is paid: told once, after the payment that left it."""
    charges = standing.claims
    paid_on = max((payment.received for payment in standing.payments), default=date.min)
    if standing.items or not charges or sent_since(standing, CHARGES, paid_on):
        return
    pay_by = calendar.on_or_after(standing.on + TO_PAY_CHARGES)
    why = "the invoices are paid, and interest or fixed sums are left"
    yield Answer(CHARGES, tuple(charge.key for charge in charges), pay_by, why=why)


def _keys(items: Sequence[OpenItem]) -> tuple[tuple[str, date], ...]:
    return tuple(item.key for item in items)
