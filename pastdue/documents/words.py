"""What a letter may print of a notice.

Every value a letter sees is a text, ready to be read, in the letter's language; counts are whole numbers, so that
a letter can compare them. NAMES lists all of them; the operator's documentation is made from it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from pastdue import days, money
from pastdue.config import THIRD_PARTY, Business, Config, PaymentLink
from pastdue.documents import payment
from pastdue.documents.catalogue import FALLBACK, Language, chain
from pastdue.model import (
    Accrual,
    Announcement,
    Charge,
    Customer,
    Instalment,
    Notice,
    NoticeItem,
    Payment,
    Plan,
    Promise,
    Standing,
)

# ------------------------------------------------------------------ a reader's figures


@lru_cache(maxsize=256)
def locale(language: str, business: Business) -> str:
    """Babel's name for how dates and amounts are written to a reader of the language: "en_IE", "de".

    A tag without a country takes the business's, so that "en" from London is not American.
    """
    from babel import Locale, UnknownLocaleError

    primary = next(iter(chain(language)[-1:]), FALLBACK)
    own = [tag for tag in chain(business.language)[:-1] if tag.startswith(f"{primary}-")]
    wanted = [*chain(language)[:-1], *own, f"{primary}-{business.country.upper()}", primary, FALLBACK]
    for tag in wanted:
        try:
            found = str(Locale.parse(tag, sep="-"))
        except (UnknownLocaleError, ValueError):
            continue
        if tag == primary or found != primary:
            return found
    return FALLBACK


# ------------------------------------------------------------------ what a letter may print

NAMES: Mapping[str, str] = {
    "on": "The day of the notice, in full: 2 March 2026.",
    "step": "The name of the step, as in config.toml.",
    "channel": 'How the notice goes: "email" or "letter".',
    "about": 'What the notice is about: "invoice 2041", "invoices 2041 and 2042", or "7 invoices".',
    "about_one": "True when that is a single invoice: `is`, not `are`.",
    "about_due": "The due date of what it is about; blank where there are several.",
    "one_item": "True when a single invoice is open, so that the letter can say `it`.",
    "count": "How many items are open.",
    "items": "All that is open, oldest due first: one line per due amount of an invoice, and one for the interest or the fixed sum that it owes beside it.",
    "items[].kind": "What the line is: `invoice`, `interest` or `fee`.",
    "items[].name": 'What the line is called: "2041", "Interest on 2041", "Fixed sum on 2041".',
    "items[].invoice_id": "Invoice number.",
    "items[].description": "What it is for, from the invoices ledger; may be blank.",
    "items[].reference": "The customer's own reference or order number; may be blank.",
    "items[].issued": "Date of the invoice, short: 2 Feb 2026; blank when not known.",
    "items[].due": "Due date, short: 1 Mar 2026.",
    "items[].amount": "What was invoiced.",
    "items[].paid": "What of it is paid; blank when nothing is.",
    "items[].open": "What is still to be paid.",
    "items[].late": 'How it stands: "12 days late", "due today", "not yet due".',
    "items[].days_late": "Days past due as a number; 0 or below when it is not.",
    "items[].is_overdue": "True from the day after the due date.",
    "items[].is_asked": "True when the notice asks for it; an item that is not asked for is only listed.",
    "total": "All that is open, with interest and fixed sums: the sum of all items.",
    "principal": "What of that is invoiced.",
    "interest": "What of that is interest, claimed by this notice; blank when none is.",
    "fees": "What of that is fixed sums for late payment; blank when there are none.",
    "fees_called": 'What those are called by the rule that gives them: "Fixed sums for late payment", "Collection costs".',
    "daily_interest": "What each further day of all that is open adds, at the rates of the day; blank when nothing does.",
    "interest_until": "The last day that the interest is worked out for, in full; blank without any.",
    "interest_law": 'The rule that interest runs by, to follow "under"; blank where the catalogue has no words for it.',
    "worksheet": "The arithmetic of the interest, line by line: principal × rate × days / year, rounded once per line.",
    "worksheet[].invoice_id": "The invoice that the line is about.",
    "worksheet[].principal": "What was open in those days.",
    "worksheet[].first": "The first day, short.",
    "worksheet[].last": "The last day, inclusive, short.",
    "worksheet[].days": "How many days that is, as a number.",
    "worksheet[].rate": 'The rate of a year: "10.15%".',
    "worksheet[].reference": "The reference rate within it; blank where the rate is fixed.",
    "worksheet[].amount": "What it comes to.",
    "worksheet_total": "The sum of the worksheet.",
    "rate_unknown_from": "The first day for which no rate is known and nothing is claimed, in full; blank when all are.",
    "worksheet_less": "What of that was paid or waived before; blank when nothing was.",
    "year_days": "The days of a year that the rate is divided by: 365 or 360.",
    "fixed_sums": "The fixed sums for late payment, where the notice claims some.",
    "fixed_sums[].invoice_id": "The invoice that it is owed on.",
    "fixed_sums[].on": "The day from which it is owed, in full.",
    "fixed_sums[].amount": "What of it is open.",
    "overdue": "What of it is past due; blank when nothing is.",
    "asked": "What the notice asks to be paid.",
    "asks_for_all": "True when that is all that is open.",
    "late_by": 'How long the oldest item asked for is overdue, to follow "for": "12 days"; blank when it is not.',
    "days_late": "The same as a number; 0 when it is not.",
    "pay_by": "The date the notice asks to be paid by; blank when its step sets none.",
    "announcements": "What the notice announces. A letter must print `text` of each; it is the only place consequences come from.",
    "announcements[].text": "The whole sentence, in the letter's language, with its date and the invoices it is for.",
    "announcements[].consequence": "Its name: `interest`, `fee`, `prepayment`, `stop-service`, `agency` or `small-claims`.",
    "announcements[].on": "The day from which it holds, in full.",
    "announcements[].invoices": 'What it is announced for: "invoice 2041".',
    "court": "The court or procedure that `end.court` in config.toml names; blank without one. Say it only where a claim is announced.",
    "court_fee": "What starting a claim costs, from `end.court_fee`; may be blank.",
    "received": "Payments that came in since the last notice, oldest first.",
    "received[].on": "Day of receipt, in full.",
    "received[].amount": "The amount.",
    "received[].is_returned": "True when an earlier payment was taken back; `amount` says how much.",
    "follows": 'What comes next in the schedule if nothing is paid, as half a sentence: "our final demand will follow".',
    "broken": "The promise that was not kept, in the first notice after its day; blank otherwise.",
    "broken.made": "The day on which it was made, in full.",
    "broken.amount": "What was promised.",
    "broken.due": "The day it was promised for, in full.",
    "broken.received": "What of it came; blank when nothing did.",
    "promise": "The promise that the letter `promise` confirms; blank in any other.",
    "promise.made": "The day on which it was made, in full.",
    "promise.amount": "What is counted on: the promised amount, but not more than was open.",
    "promise.said": "The amount that the customer named.",
    "promise.is_capped": "True when that was more than was open.",
    "promise.due": "The day it is promised for, in full.",
    "promise.received": "What of it has come already; blank when nothing has.",
    "promise.open": "What of it is still to come.",
    "promise.rest": "What else is open of what the promise is about; blank when nothing is.",
    "plan": "The plan that the letters `plan`, `instalment` and `note` are about; blank in any other.",
    "plan.total": "What is still to be paid under it: the sum of its instalments.",
    "plan.owed": "What is open of the invoices that it is about: the items with `is_asked`.",
    "plan.rest": "What of that it does not cover; blank when it covers all.",
    "plan.count": "How many instalments it has.",
    "plan.until": "The day until which it is to be signed, in full; blank once it is.",
    "plan.grace": "Days after an instalment's date before it is a default, as a number.",
    "plan.instalments": "Its instalments that are still to be paid, in order.",
    "plan.instalments[].number": "Which one it is: 1 is the first.",
    "plan.instalments[].due": "The day it is due, short: 1 Apr 2026.",
    "plan.instalments[].amount": "What of it is still to be paid.",
    "plan.instalments[].left": "What is then left of the plan.",
    "instalment": "The instalment that the letter `instalment` is about; blank in any other.",
    "instalment.number": "Which one it is: 1 is the first.",
    "instalment.due": "The day it was due, in full.",
    "instalment.amount": "How much it is.",
    "instalment.paid": "What of it came; blank when nothing did.",
    "instalment.open": "What of it is missing.",
    "options": "Ways to pay in instalments, that the letter `plan-offer` offers; none in any other.",
    "options[].count": "How many instalments it takes.",
    "options[].amounts": 'Their amounts, the larger ones first: "1 × €333.34 + 2 × €333.33".',
    "again": "The message that the letter `again` repeats; blank in any other.",
    "again.on": "Its day, in full.",
    "again.channel": 'How it went: "email" or "letter".',
    "again.said": "Its words, one text for each paragraph; none where it was printed.",
    "again.files": "How many files go along with this message: what was attached to it, or the letter itself.",
    "again.asks": "True where anything that is open is asked for now.",
    "policy": "The credit policy as config.toml has it, for the letter `policy` and its page; blank in any other.",
    "policy.version": "Its version; blank while none is set.",
    "policy.url": "Link to its page; blank without a portal.",
    "policy.steps_url": "Link to the page of the schedule; blank without a portal.",
    "policy.steps": "The steps of the `standard` schedule, in order.",
    "policy.steps[].when": 'When it comes, at the earliest: "14 days after the due date".',
    "policy.steps[].what": 'What it is and how it goes: "Reminder, by email".',
    "policy.steps[].more": "By when it is to be paid, and what it announces; may be blank.",
    "policy.rules": "What holds beside the steps, from your settings: disputes, promises, plans, interest, payment in advance.",
    "policy.rules[].title": "A few words.",
    "policy.rules[].text": "One to four sentences.",
    "delivery": "The delivery that the letter `satisfaction` asks about; blank in any other.",
    "delivery.on": "Its day, in full; blank where there were several.",
    "delivery.answer_by": "The day by which we ask to hear of anything that is wrong, in full.",
    "portal_url": "Link to the customer's page; blank without a portal.",
    "contact_us": 'The sentence that asks for an answer: "Just reply to this email, or call us on 020 7946 0000."',
    "payment.reference": "What to write on the payment.",
    "payment.holder": "Name on your bank account.",
    "payment.iban": "Your IBAN, in groups of four; blank without one.",
    "payment.bic": "BIC of your bank; may be blank.",
    "payment.bank": "Name of your bank; may be blank.",
    "payment.sort_code": "Sort code; may be blank.",
    "payment.account_number": "Account number; may be blank.",
    "payment.links": "Ways to pay online, from `portal.links` in config.toml.",
    "payment.links[].name": "What the link says.",
    "payment.links[].url": "Its address, with amount and reference filled in.",
    "customer.id": "Account number of the customer in your books.",
    "customer.name": "Name of the customer.",
    "customer.contact": "The person addressed; may be blank.",
    "customer.greeting": 'How a letter begins, without guessing at anybody\'s gender: "Dear Anna Byrne".',
    "customer.address": "Postal address, on several lines.",
    "customer.is_consumer": "True for a consumer, false for a business.",
    "business.name": "Your name.",
    "business.contact": "The person who signs; may be blank.",
    "business.signature": "The person who signs and your name, on a line each.",
    "business.address": "Your postal address, on several lines.",
    "business.email": "Your email address; may be blank.",
    "business.phone": "Your telephone number; may be blank.",
    "business.website": "Your website; may be blank.",
    "business.registration": "The small print: registration, court, tax number; may be blank.",
    "language": 'Language of the letter: "en".',
}

# As many invoice numbers as a sentence bears; more are counted.
_NAMED = 3


def context(notice: Notice, config: Config, told: Language) -> dict[str, Any]:
    """All that NAMES promises, for a letter in the language."""
    where = locale(told.tag, config.business)
    show = partial(money.display, currency=notice.currency, language=where)
    asked, matter = notice.asked or notice.items, _matter(notice)
    dues = {line.item.due for line in matter}
    late = max((line.item.days_past_due for line in asked), default=0)
    asked_sum = notice.asked_sum or sum(line.item.open for line in asked)
    return {
        "on": days.display(notice.on, where),
        "step": notice.step,
        "channel": "letter" if notice.channel == "letter" else "email",
        "about": invoices((line.item.invoice_id for line in matter), told, where),
        "about_one": len({line.item.invoice_id for line in matter}) == 1,
        "about_due": days.display(dues.pop(), where) if len(dues) == 1 else "",
        "one_item": len(notice.items) == 1,
        "count": len(notice.items),
        "items": [shown for line in notice.items for shown in _lines(line, notice, told, where)],
        "total": show(notice.total),
        "principal": show(sum(line.item.open for line in notice.items)),
        **_charges(notice, config, told, where),
        "overdue": show(notice.overdue) if notice.overdue else "",
        "asked": show(asked_sum),
        "asks_for_all": asked_sum == notice.total,
        "late_by": told.plural("late-by", late) if late > 0 else "",
        "days_late": max(late, 0),
        "pay_by": days.display(notice.pay_by, where) if notice.pay_by else "",
        "announcements": [_announcement(each, notice, config, told, where) for each in notice.announces],
        "court": config.end.court,
        "court_fee": config.end.court_fee,
        "received": [_received(each, where) for each in notice.payments],
        "follows": _follows(notice, config, told),
        "broken": _broken(notice, where),
        **_answer(notice, config, where),
        "again": _again(notice, where),
        "policy": _policy(config, told) if notice.letter == "policy" else None,
        "delivery": _delivery(notice, config, where) if notice.letter == "satisfaction" else None,
        "portal_url": notice.portal_url,
        "contact_us": _contact_us(notice, config, told),
        "payment": _payment(notice, config, told, asked_sum),
        "customer": _customer(notice.customer, config.business, told, where),
        "business": _business(config.business, where),
        "language": told.tag,
    }


def _matter(notice: Notice) -> tuple[NoticeItem, ...]:
    """The lines that the letter was chosen for: those at the notice's own step."""
    return tuple(line for line in notice.items if line.step == notice.step) or notice.asked or notice.items


def invoices(numbers: Iterable[str], told: Language, where: str) -> str:
    """Invoices in the middle of a sentence: "invoice 2041", "invoices 2041 and 2042", "7 invoices"."""
    from babel.lists import format_list

    each = tuple(dict.fromkeys(numbers))
    if len(each) > _NAMED:
        return told["invoices-many"].format(count=len(each))
    key = "invoices-one" if len(each) == 1 else "invoices-other"
    return told[key].format(numbers=format_list(each, locale=where) if len(each) > 1 else "".join(each))


def _lines(line: NoticeItem, notice: Notice, told: Language, where: str) -> Iterator[SimpleNamespace]:
    """What a notice lists of one due amount: the invoice, unless it is paid, and what it owes beside it."""
    item, charge = line.item, line.charge
    if item.open or not charge:
        yield _item(line, told, where)
    if not charge:
        return
    for kind, owed in (("interest", charge.interest), ("fee", charge.fees)):
        if owed:
            since = charge.since if kind == "interest" else charge.fee_on
            name = f"item-fee{costs(charge.regime)}" if kind == "fee" else "item-interest"
            said = told[f"{name}-since"].format(
                first=days.display_short(since or notice.on, where),
                last=days.display_short(_interest_until(charge) or notice.on, where),
            )
            yield SimpleNamespace(
                kind=kind,
                name=told[name].format(invoice=item.invoice_id),
                invoice_id=item.invoice_id,
                description=said,
                reference="",
                issued="",
                due="",
                amount=money.display(owed, item.currency, where),
                paid="",
                open=money.display(owed, item.currency, where),
                late="",
                days_late=item.days_past_due,
                is_overdue=True,
                is_asked=bool(line.step),
            )


def _charges(notice: Notice, config: Config, told: Language, where: str) -> dict[str, Any]:
    """Interest and fixed sums that the notice claims, and their arithmetic."""
    show = partial(money.display, currency=notice.currency, language=where)
    charges = [line.charge for line in notice.items if line.charge]
    with_interest = [charge for charge in charges if charge.interest]
    interest, fees = (sum(c.interest for c in charges), sum(c.fees for c in charges))
    accrued = sum(charge.accrued for charge in with_interest)
    unknown = [charge.unknown_from for charge in with_interest if charge.unknown_from]
    return {
        "interest": show(interest) if interest else "",
        "fees": show(fees) if fees else "",
        "fees_called": told[f"fees-called{costs(notice.regime)}"],
        "daily_interest": show(daily) if interest and (daily := sum(map(_daily, charges))) else "",
        "interest_until": days.display(max(filter(None, map(_interest_until, with_interest))), where)
        if interest
        else "",
        "interest_law": _basis("basis", notice.regime, config, told, where).strip(" ,"),
        "worksheet": [
            _worksheet_line(charge, line, where)
            for charge in with_interest
            for line in charge.accruals
            if line.rate is not None
        ],
        "worksheet_total": show(accrued) if interest else "",
        "rate_unknown_from": days.display(min(unknown), where) if unknown else "",
        "worksheet_less": show(accrued - interest) if interest and accrued > interest else "",
        "year_days": next((charge.year_days for charge in with_interest), 365),
        "fixed_sums": [
            SimpleNamespace(
                invoice_id=charge.invoice_id,
                on=days.display(charge.fee_on, where) if charge.fee_on else "",
                amount=show(charge.fees),
            )
            for charge in charges
            if charge.fees
        ],
    }


# By these rules the fixed sum is no compensation for lateness, but what collecting costs: article 6:96 BW.
_COLLECTION_COSTS = frozenset({"nl-119", "nl-119a"})


def costs(regime: str) -> str:
    """How the catalogue's words for a fixed sum end where the rule that gives it speaks of collection costs; else nothing."""
    return "-costs" if regime in _COLLECTION_COSTS else ""


def costs_of(standings: Iterable[Standing]) -> str:
    """The same for all of an account: how the words end where every rule that it falls under speaks of collection costs."""
    regimes = {
        rule for each in standings for rule in (each.regime, *(charge.regime for charge in each.charges)) if rule
    }
    return "-costs" if regimes and all(map(costs, regimes)) else ""


def _interest_until(charge: Charge) -> date | None:
    """The last day for which interest is worked out: days without a known rate bear none."""
    return max((line.last for line in charge.accruals if line.rate is not None), default=None)


def _daily(charge: Charge) -> int:
    """What one more day adds, rounded half-up: said beside the claim, and claimed only as days go by."""
    last = charge.accruals[-1] if charge.accruals else None
    if last is None or last.rate is None or not charge.principal:
        return 0
    divisor = charge.year_days * 1_000_000
    return (2 * last.principal * last.rate + divisor) // (2 * divisor)


def _worksheet_line(charge: Charge, line: Accrual, where: str) -> SimpleNamespace:
    show = partial(money.display, currency=charge.currency, language=where)
    return SimpleNamespace(
        invoice_id=charge.invoice_id,
        principal=show(line.principal),
        first=days.display_short(line.first, where),
        last=days.display_short(line.last, where),
        days=line.days,
        rate=percent(line.rate or 0, where),
        reference=percent(line.reference, where) if line.reference is not None else "",
        amount=show(line.amount),
    )


def percent(millionths: int, where: str) -> str:
    """A yearly rate as its reader writes it: "10.15%"."""
    from decimal import Decimal

    from babel import Locale
    from babel.numbers import format_percent

    pattern = Locale.parse(where).percent_formats[None].pattern.replace("#,##0", "#,##0.####")
    return str(format_percent(Decimal(millionths) / 1_000_000, pattern, locale=where, decimal_quantization=False))


def _item(line: NoticeItem, told: Language, where: str) -> SimpleNamespace:
    item = line.item
    show = partial(money.display, currency=item.currency, language=where)
    paid = item.amount - item.open
    return SimpleNamespace(
        kind="invoice",
        name=item.invoice_id,
        invoice_id=item.invoice_id,
        description=item.description,
        reference=item.reference,
        issued=days.display_short(item.issued, where) if item.issued else "",
        due=days.display_short(item.due, where),
        amount=show(item.amount),
        paid=show(paid) if paid else "",
        open=show(item.open),
        late=lateness(item.days_past_due, told),
        days_late=item.days_past_due,
        is_overdue=item.is_overdue,
        is_asked=bool(line.step),
    )


def lateness(days_past_due: int, told: Language) -> str:
    """How an item stands: "12 days late", "due today", "not yet due"."""
    if days_past_due > 0:
        return told.plural("late", days_past_due)
    return told["due-today" if days_past_due == 0 else "not-yet-due"]


def _announcement(each: Announcement, notice: Notice, config: Config, told: Language, where: str) -> SimpleNamespace:
    everything = {line.item.invoice_id for line in notice.items}
    named = invoices(each.invoices or sorted(everything), told, where)
    return SimpleNamespace(
        text=_sentence(each, everything, notice, config, told),
        consequence=each.consequence,
        on=days.display(each.on, where),
        invoices=named,
    )


def _sentence(each: Announcement, everything: set[str], notice: Notice, config: Config, told: Language) -> str:
    """The sentence a consequence is announced with; it names its invoices where they are not `everything` listed."""
    where = locale(told.tag, config.business)
    of = ""
    if each.invoices and set(each.invoices) != everything:
        of = told["of-invoices"].format(invoices=invoices(each.invoices, told, where))
    rule = "fee-basis" if each.consequence == "fee" else "basis"
    sum_ = told["of-amount"].format(amount=money.display(each.amount, notice.currency, where)) if each.amount else ""
    since = days.display(each.since, where) if each.since else ""
    which = costs(notice.regime) if each.consequence == "fee" else "-since" if since else ""
    return told[f"announce-{each.consequence}{which}"].format(
        on=days.display(each.on, where),
        since=since,
        of=of,
        sum=sum_,
        basis=_basis(rule, notice.regime, config, told, where),
    )


def _basis(rule: str, regime: str, config: Config, told: Language, where: str) -> str:
    """The rule that interest runs by, or a fixed sum is owed by, where the catalogue has words for it."""
    rate = agreed_rate(config, where)
    if regime == "contract" and not rate:
        return ""
    return told.get(f"{rule}.{regime}", told.get(f"basis.{regime}", "")).format(rate=rate)


def agreed_rate(config: Config, where: str) -> str:
    """The yearly rate that the contract lets us claim, in percent, within the cap that the law sets it; blank without one."""
    from decimal import Decimal

    from babel.numbers import format_decimal

    if not config.interest.rate:
        return ""
    rate = min(Decimal(each) for each in (config.interest.rate, config.interest.cap) if each)
    return str(format_decimal(rate, locale=where, decimal_quantization=False))


def _received(payment: Payment, where: str) -> SimpleNamespace:
    return SimpleNamespace(
        on=days.display(payment.received, where),
        amount=money.display(abs(payment.amount), payment.currency, where),
        is_returned=payment.amount < 0,
    )


def _follows(notice: Notice, config: Config, told: Language) -> str:
    """What the schedule does next, as half a sentence, and no more than it does."""
    schedule = config.schedule.get(notice.customer.track)
    step = next((step for step in schedule.step if step.name == notice.follows), None) if schedule else None
    if step is None:
        return told["follows.other"]
    if step.is_call:
        return told["follows.call"]
    if step.name == "referral" and THIRD_PARTY.isdisjoint(each.consequence for each in step.announces):
        return told["follows.other"]
    return told.get(f"follows.{step.name}", told["follows.other"])


# ------------------------------------------------------------------ promises and plans


def _broken(notice: Notice, where: str) -> SimpleNamespace | None:
    promise = notice.broken
    if promise is None:
        return None
    show = partial(money.display, currency=notice.currency, language=where)
    return SimpleNamespace(
        made=days.display(promise.made, where),
        amount=show(promise.amount),
        due=days.display(promise.due, where),
        received=show(promise.received) if promise.received else "",
    )


def _answer(notice: Notice, config: Config, where: str) -> dict[str, Any]:
    """What an answer is about: a promise, a plan, an instalment that is late, or ways to pay in parts."""
    answer = notice.answer
    promise, plan, options = (answer.promise, answer.plan, answer.options) if answer else (None, None, ())
    late = _unpaid(plan) if plan and notice.letter == "instalment" else []
    show = partial(money.display, currency=notice.currency, language=where)
    return {
        "promise": _promise(promise, notice, where) if promise else None,
        "plan": _plan(plan, notice, config, where) if plan else None,
        "instalment": _instalment(late[0], notice.currency, where) if late else None,
        "options": [
            SimpleNamespace(
                count=len(amounts),
                amounts=" + ".join(
                    f"{amounts.count(each)}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}{show(each)}"
                    for each in dict.fromkeys(amounts)
                ),
            )
            for amounts in options
        ],
    }


def _again(notice: Notice, where: str) -> SimpleNamespace | None:
    """The message that the notice repeats."""
    original = notice.answer.original if notice.answer else None
    if original is None:
        return None
    return SimpleNamespace(
        on=days.display(original.on, where),
        channel=original.channel,
        said=list(original.said),
        files=0 if notice.channel == "letter" else len(original.enclosed),
        asks=bool(notice.asked),
    )


def _promise(promise: Promise, notice: Notice, where: str) -> SimpleNamespace:
    show = partial(money.display, currency=notice.currency, language=where)
    to_come = promise.amount - promise.received
    rest = sum(line.item.open for line in notice.recorded) - to_come
    return SimpleNamespace(
        made=days.display(promise.made, where),
        amount=show(promise.amount),
        said=show(promise.said),
        is_capped=promise.said > promise.amount,
        due=days.display(promise.due, where),
        received=show(promise.received) if promise.received else "",
        open=show(to_come),
        rest=show(rest) if rest > 0 else "",
    )


def _unpaid(plan: Plan) -> list[Instalment]:
    return [each for each in plan.instalments if each.paid < each.amount]


def _plan(plan: Plan, notice: Notice, config: Config, where: str) -> SimpleNamespace:
    show = partial(money.display, currency=notice.currency, language=where)
    unpaid = _unpaid(plan)
    total = left = sum(each.amount - each.paid for each in unpaid)
    about = sum(line.item.open for line in notice.recorded)
    instalments = []
    for each in unpaid:
        left -= each.amount - each.paid
        instalments.append(
            SimpleNamespace(
                number=each.number,
                due=days.display_short(each.due, where),
                amount=show(each.amount - each.paid),
                left=show(left),
            )
        )
    return SimpleNamespace(
        total=show(total),
        rest=show(about - total) if about > total else "",
        count=len(plan.instalments),
        until=days.display(plan.until, where) if plan.until and not plan.signed else "",
        grace=config.plans.grace,
        instalments=instalments,
        owed=show(about),
    )


def _instalment(late: Instalment, currency: str, where: str) -> SimpleNamespace:
    show = partial(money.display, currency=currency, language=where)
    return SimpleNamespace(
        number=late.number,
        due=days.display(late.due, where),
        amount=show(late.amount),
        paid=show(late.paid) if late.paid else "",
        open=show(late.amount - late.paid),
    )


# ------------------------------------------------------------------ policy and deliveries

TO_ANSWER = timedelta(days=7)  # to say that something is wrong with what was delivered


def _policy(config: Config, told: Language) -> SimpleNamespace:
    """The policy as the settings have it: the same for every customer."""
    from pastdue.documents import schedule  # it is made of these words

    return SimpleNamespace(
        version=config.policy.version,
        url=schedule.page_url(schedule.POLICY, told.tag, config),
        steps_url=schedule.page_url(schedule.SCHEDULE, told.tag, config),
        steps=[
            SimpleNamespace(when=each.when, what=each.what, more=each.more) for each in schedule.steps(config, told)
        ],
        rules=[SimpleNamespace(title=each.title, text=each.text) for each in schedule.rules(config, told)],
    )


def _delivery(notice: Notice, config: Config, where: str) -> SimpleNamespace:
    delivered = notice.answer.delivered if notice.answer else None
    answer_by = config.business_days().on_or_after(notice.on + TO_ANSWER)
    return SimpleNamespace(
        on=days.display(delivered, where) if delivered else "", answer_by=days.display(answer_by, where)
    )


# ------------------------------------------------------------------ the two parties


def _contact_us(notice: Notice, config: Config, told: Language) -> str:
    phone = config.business.phone
    if notice.channel != "letter":
        return told["reach-reply-phone" if phone else "reach-reply"].format(phone=phone)
    email = config.business.email
    key = {(True, True): "email-phone", (True, False): "email", (False, True): "phone", (False, False): "post"}
    return told[f"reach-{key[bool(email), bool(phone)]}"].format(email=email, phone=phone)


def _payment(notice: Notice, config: Config, told: Language, asked: int) -> SimpleNamespace:
    business = config.business
    reference = payment.reference(config, notice.reference or notice.customer.account_id)
    return SimpleNamespace(
        reference=payment.grouped(reference),
        holder=business.account_holder or business.name,
        iban=grouped(business.iban),
        bic=business.bic,
        bank=business.bank,
        sort_code=business.sort_code,
        account_number=business.account_number,
        links=[
            SimpleNamespace(
                name=called(link, told),
                url=filled_in(link, money.to_text(asked, notice.currency), notice.currency, reference, notice.customer),
            )
            for link in config.portal.links
        ],
    )


def grouped(iban: str) -> str:
    """An IBAN as people copy it: in groups of four."""
    return " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))


def called(link: PaymentLink, told: Language) -> str:
    """What the link says to a reader of the language."""
    return next((link.names[tag] for tag in chain(told.tag) if tag in link.names), link.name)


def filled_in(link: PaymentLink, amount: str, currency: str, reference: str, customer: Customer) -> str:
    """The link's address with its `{placeholders}` filled, each value percent-encoded."""
    url = link.url
    for name, value in (
        ("amount", amount),
        ("currency", currency),
        ("reference", reference),
        ("account", customer.account_id),
    ):
        url = url.replace(f"{{{name}}}", quote(value, safe="", errors="replace"))
    return url


def _customer(customer: Customer, business: Business, told: Language, where: str) -> SimpleNamespace:
    person = customer.contact or (customer.name if customer.kind == "consumer" else "")
    greeting = told["greeting-person" if person else "greeting-firm"].format(name=person or customer.name)
    lines = (customer.name, *address_lines(customer, where, home=business.country))
    return SimpleNamespace(
        id=customer.account_id,
        name=customer.name,
        contact=customer.contact,
        greeting=greeting,
        address="\n".join(line for line in lines if line),
        is_consumer=customer.kind == "consumer",
    )


def _business(business: Business, where: str) -> SimpleNamespace:
    return SimpleNamespace(
        name=business.name,
        contact=business.contact,
        signature="\n".join(line for line in (business.contact, business.name) if line),
        address="\n".join(address_lines(business, where, home=business.country)),
        email=business.email,
        phone=business.phone,
        website=business.website,
        registration=business.registration,
    )


# Where the postcode stands behind the town.
_TOWN_FIRST = frozenset({"AU", "CA", "GB", "IE", "IN", "NZ", "US", "ZA"})


def address_lines(at: Customer | Business, where: str, home: str) -> tuple[str, ...]:
    """Street, town and, abroad, the country, a line each; `home` is the country that need not be named."""
    country = at.country.upper()
    town = (at.city, at.postcode) if country in _TOWN_FIRST else (at.postcode, at.city)
    abroad = _country_name(country, where) if country and country != home.upper() else ""
    return tuple(line for line in (*at.address, " ".join(filter(None, town)), abroad) if line)


@lru_cache(maxsize=512)
def _country_name(country: str, where: str) -> str:
    from babel import Locale

    name: str = Locale.parse(where).territories.get(country, country)
    return name
