"""Call sheets: all that a caller needs about one account, on one page that prints on A4."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

from pastdue import days, money
from pastdue.config import Config
from pastdue.documents import site
from pastdue.documents.notices import file_stem
from pastdue.documents.site import cut, encoded, inline, plain, telephone
from pastdue.documents.words import lateness, locale
from pastdue.findings import Finding
from pastdue.model import (
    COPY,
    Action,
    Activity,
    Customer,
    Decision,
    Hold,
    OpenItem,
    Page,
    Payment,
    Sent,
    Standing,
    State,
)

TEMPLATE = "call.html"
LANGUAGE = "en"  # what the operator reads

# What fits on one page with the longest texts; the rest is counted, and stands on the customer's page.
_ITEMS, _CONTACTS, _PAYMENTS, _REASONS = 6, 4, 4, 2
_NUMBER, _TEXT, _LINE, _NAME = 24, 36, 90, 60

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
) -> Page:
    """The sheet for today's call to one account about one currency."""
    where = locale(LANGUAGE, config.business)
    customer, business = standing.customer, config.business
    show = partial(money.display, currency=standing.currency, language=where)
    held = {hold.invoice_id: hold for hold in decision.holds if hold.invoice_id}
    asked = _asked(standing, held)
    late = [item for item in standing.items if item not in asked]
    shown = (*asked, *late)[:_ITEMS]
    rest = (*asked, *late)[_ITEMS:]
    contacts = _contacts(standing, where)
    html = (
        site.compiled(templates)
        .get_template(TEMPLATE)
        .render(
            style=inline(static.get(site.STYLESHEET, b"")),
            business=plain(business.name),
            on=days.display(standing.on, where),
            name=cut(customer.name, _NAME),
            contact=cut(customer.contact, _NAME),
            account_id=cut(customer.account_id, _TEXT),
            phone=cut(customer.phone, _TEXT),
            tel=telephone(customer.phone),
            email=cut(customer.email, _TEXT),
            zone=_zone(customer, config),
            portal_url=portal_url,
            opening=_opening(standing, asked, config, where),
            reasons=tuple(cut(reason, _LINE) for reason in decision.reasons[:_REASONS]),
            figures=_figures(standing, asked, where),
            items=tuple(_row(item, held.get(item.invoice_id), where) for item in shown),
            rest=f"{len(rest)} more, {show(sum(item.open for item in rest))} together" if rest else "",
            total=show(standing.balance),
            contacts=contacts[:_CONTACTS],
            older=max(len(contacts) - _CONTACTS, 0),
            payments=tuple(_payment(each, where) for each in standing.payments[: -_PAYMENTS - 1 : -1]),
            outcomes=_outcomes(standing, asked, config),
        )
    )
    return Page(path(standing), encoded(html))


def _asked(standing: Standing, held: Mapping[str, Hold]) -> tuple[OpenItem, ...]:
    """What the call is about: what is overdue and not disputed; before anything is overdue, what is open."""
    claimed = tuple(item for item in standing.items if item.invoice_id not in held)
    return tuple(item for item in claimed if item.is_overdue) or claimed


class _Figure(NamedTuple):
    label: str
    value: str


def _figures(standing: Standing, asked: Sequence[OpenItem], where: str) -> tuple[_Figure, ...]:
    """The four figures that one wants before the other side picks up."""
    show = partial(money.display, currency=standing.currency, language=where)
    last = next((each for each in reversed(standing.payments) if each.amount > 0), None)
    paid = f"{show(last.amount)} on {days.display_short(last.received, where)}" if last else "none on record"
    return (
        _Figure("To ask for", show(sum(item.open for item in asked))),
        _Figure("Open in total", show(standing.balance)),
        _Figure("Oldest", lateness(max((i.days_past_due for i in asked), default=0), LANGUAGE)),
        _Figure("Last payment", paid),
    )


def _opening(standing: Standing, asked: Sequence[OpenItem], config: Config, where: str) -> str:
    """The first sentence: who calls, for whom, about which invoices."""
    business, customer = config.business, standing.customer
    caller = f"this is {plain(business.contact)} from {plain(business.name)}" if business.contact else ""
    ask = f" May I speak to {cut(customer.contact, _TEXT)}?" if customer.contact else ""
    return f"Hello, {caller or f'I am calling from {plain(business.name)}'}.{ask} {_about(standing, asked, where)}"


def _about(standing: Standing, asked: Sequence[OpenItem], where: str) -> str:
    if not asked:
        return "I am calling about your account."
    total = money.display(sum(item.open for item in asked), standing.currency, where)
    first = asked[0]
    number, due = cut(first.invoice_id, _NUMBER), days.display(first.due, where)
    was = "was" if first.is_overdue else "is"
    if len(asked) == 1:
        return f"I am calling about invoice {number}: {total} {was} due on {due}."
    return f"I am calling about {len(asked)} invoices, {total} together. The oldest, {number}, {was} due on {due}."


def _zone(customer: Customer, config: Config) -> str:
    """A reminder that it may be another time of day where they are."""
    if not customer.timezone or customer.timezone == config.business.timezone:
        return ""
    return f"Their time zone is {cut(customer.timezone, _TEXT)}; yours is {config.business.timezone}."


def _row(item: OpenItem, held: Hold | None, where: str) -> tuple[str, ...]:
    show = partial(money.display, currency=item.currency, language=where)
    about = cut(" · ".join(text for text in (item.description, item.reference) if text), _TEXT)
    paid = item.amount - item.open
    return (
        cut(item.invoice_id, _NUMBER),
        "disputed: do not ask for it" if held else about,
        days.display_short(item.issued, where) if item.issued else "",
        days.display_short(item.due, where),
        " alarm" if item.is_overdue and not held else "",
        lateness(item.days_past_due, LANGUAGE),
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
    told += [(line.on, *_said(line, standing, where)) for line in standing.activity if line.kind in _CONTACT_KINDS]
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
    return _CONTACT_KINDS[line.kind], cut(": ".join(part for part in (terms, line.note) if part), _LINE)


def _outcomes(standing: Standing, asked: Sequence[OpenItem], config: Config) -> tuple[tuple[str, str], ...]:
    """What may have come of it, each with the line that records it; values in it are there to be changed."""
    log = partial(log_command, standing.account_id)
    week = config.business_days().on_or_after(standing.on + timedelta(days=7))
    found = [("You spoke", log("call", note="what was said"))]
    # The diary's amounts are in the account's own currency.
    if asked and standing.currency == standing.customer.currency:
        amount = money.to_text(sum(item.open for item in asked), standing.currency)
        found.append(("They promise to pay", log("promise", amount=amount, due=week.isoformat())))
    if asked:
        found.append(("They dispute an invoice", log("dispute", invoice=asked[0].invoice_id, note="what is wrong")))
    found += [
        ("They say why", log("reason", note="cash-flow")),
        ("You left a message", log("voicemail")),
        ("Nobody answered", log("no-answer")),
    ]
    return tuple(found)


def log_command(account_id: str, kind: str, **options: str) -> str:
    """The `log` line that records something, safe to paste into a shell whatever the account is called."""
    told = [f"--{name} {shlex.quote(plain(value))}" for name, value in options.items()]
    account = shlex.quote(plain(account_id))
    # An id that begins like an option goes behind `--`, and the true options before it.
    words = [*told, "--", account, kind] if account_id.startswith("-") else [account, kind, *told]
    return " ".join(("python build.py log", *words))


# ------------------------------------------------------------------ is the template sound?


def check(templates: Mapping[str, str]) -> list[Finding]:
    """What is wrong with the call sheet's template, found by rendering samples with it."""

    def attempt() -> None:
        config = Config.model_validate({"business": {"name": "Sample Joinery", "contact": "Sam Sample"}})
        for standing in _samples():
            sheet(standing, Decision("sample", "EUR", Action.CALL, ("a reason",)), config, templates, {}, "https://x/")

    return site.trial(TEMPLATE, attempt)


def _samples() -> Iterator[Standing]:
    on = date(2026, 3, 2)
    customer = Customer("sample", "Sample Customer", contact="Kim Doe", phone="+44 20 7946 0000", email="a@example.com")
    items = tuple(
        OpenItem(f"S-{n}", on - timedelta(9), on - timedelta(39), "EUR", 90000, 60000, 9, "Sample work")
        for n in range(_ITEMS + 1)
    )
    paid = (Payment(on, 30000, "EUR", "S-1", "sample"),)
    activity = tuple(Activity(on, "sample", "call", note="sample") for _ in range(_CONTACTS + 1))
    zoned = Customer("sample", "Sample Customer", timezone="Asia/Tokyo")
    yield Standing(on, customer, "EUR", items, payments=paid, activity=activity)
    yield Standing(on, zoned, "EUR", items[:1])
