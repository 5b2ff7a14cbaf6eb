"""Timelines: all that happened between us and one account, the newest first, on a page of its own.

Invoices and payments come from the statement that the evidence has too; what was said, sent and charged stands between
them, each with what became of it. Who owes nothing and was not heard of in a year has no page.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache, partial
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

from pastdue import days, money
from pastdue.config import Config
from pastdue.documents import calls, said_and_done, site, statement
from pastdue.documents.attachments import FOLDER as INVOICES
from pastdue.documents.catalogue import ENGLISH
from pastdue.documents.desk.morning import LANGUAGE, Morning
from pastdue.documents.desk.words import TEXT, klass, link, of_charges
from pastdue.documents.notices import slug
from pastdue.documents.site import cut, encoded, plain, telephone
from pastdue.documents.words import locale
from pastdue.model import COPY, Activity, Decision, Ledger, Page, Plan, Promise, Sent, Standing, State

FOLDER = "outbox/accounts"  # wholly the tool's: the page of an account that has none any more is removed
TEMPLATE, STYLE = "timeline.html", "timeline.css"
_YEAR = timedelta(days=365)
_MOST = 1000  # events on a page
_DOCUMENT = re.compile(r"outbox/[0-9-]{10}/[^/\\]+\.(eml|pdf)")  # a place in the outbox, as the notices ledger has it


class Event(NamedTuple):
    """One thing that happened."""

    on: date
    tone: str  # "bill", "money", "sent", "said", "charge"
    what: str
    sum: str = ""
    balance: str = ""  # what is owed after it
    details: tuple[str, ...] = ()
    href: str = ""  # the document


class Month(NamedTuple):
    """The events of a month, the newest first."""

    title: str
    key: str
    events: tuple[tuple[str, Event], ...]  # each with its day in words


class Now(NamedTuple):
    """How the account stands today in one currency."""

    currency: str
    figures: tuple[tuple[str, str], ...]
    action: str
    reasons: tuple[str, ...]
    plan: str
    instalments: tuple[tuple[str, str, str], ...]  # day, amount, what came


def path(account_id: str) -> str:
    """Where the account's page lies: a name that is safe whatever the id, and no other account's."""
    return f"{FOLDER}/{slug(account_id).lower()}-{sha256(account_id.encode()).hexdigest()[:16]}.html"


def paths(standings: Sequence[Standing]) -> dict[str, str]:
    """By account that has a page: where it lies."""
    return {standing.account_id: path(standing.account_id) for standing in standings if _is_alive(standing)}


def _is_alive(standing: Standing) -> bool:
    """True where anything is owed, or was heard in the last year."""
    if standing.items or standing.credit or any(charge.owed for charge in standing.charges):
        return True
    last = (
        *(payment.received for payment in standing.payments[-1:]),
        *(line.on for line in standing.history[-1:]),
        *(line.on for line in standing.activity[-1:]),
    )
    return any(day > standing.on - _YEAR for day in last)


def pages(
    morning: Morning,
    ledger: Ledger,
    config: Config,
    templates: Mapping[str, str],
    static: Mapping[str, bytes],
    invoices: frozenset[str] = frozenset(),
) -> Iterator[Page]:
    """A page for each account in `morning.timelines`, and the stylesheet that they share. One look at the books for all."""
    template = site.compiled(templates).get_template(TEMPLATE)
    where = locale(LANGUAGE, config.business)
    bills = statement.by_account(ledger.invoices, morning.on, "issued")
    accounts: defaultdict[str, list[tuple[Standing, Decision]]] = defaultdict(list)
    for standing, decision in zip(morning.standings, morning.decisions, strict=True):
        accounts[standing.account_id].append((standing, decision))
    yield Page(f"{FOLDER}/style.css", static.get(site.STYLESHEET, b"") + templates.get(STYLE, "").encode())
    for account_id, place in morning.timelines.items():
        teller = _Teller(morning, accounts[account_id], bills, where, invoices)
        yield Page(place, encoded(template.render(teller.values(plain(config.business.name)))))


class _Teller:
    """Tells of one account."""

    def __init__(
        self,
        morning: Morning,
        standings: Sequence[tuple[Standing, Decision]],
        bills: Mapping[tuple[str, str], Sequence[statement.Row]],
        where: str,
        invoices: frozenset[str],
    ) -> None:
        self.morning, self.standings, self.bills, self.where, self.invoices = morning, standings, bills, where, invoices
        self.customer = standings[0][0].customer
        self.day = partial(days.display_short, language=where)

    def values(self, business: str) -> dict[str, object]:
        """What the template is filled with."""
        customer, first = self.customer, self.standings[0][0]
        events = sorted(enumerate(self._events()), key=lambda each: (each[1].on, each[0]), reverse=True)
        page, mark, key = self.morning.pages.get(customer.account_id, "").partition("#")
        return {
            "business": business,
            "on": days.display(self.morning.on, self.where),
            "name": cut(customer.name, TEXT),
            "account_id": cut(customer.account_id, TEXT),
            "about": tuple(filter(None, (cut(customer.contact, TEXT), cut(customer.email, TEXT), klass(first)))),
            "phone": cut(customer.phone, TEXT),
            "tel": telephone(customer.phone),
            "links": (
                ("Desk", "../desk.html"),
                *((("Their page", self._link(page) + mark + key),) if page else ()),
                *(
                    (f"Call sheet{f', {s.currency}' if len(self.standings) > 1 else ''}", self._link(calls.path(s)))
                    for s, d in self.standings
                    if calls.has_sheet(s, d)
                ),
            ),
            "now": tuple(self._now(standing, decision) for standing, decision in self.standings),
            "months": tuple(self._months([event for _, event in events[:_MOST]])),
            "more": max(len(events) - _MOST, 0),
            "command": said_and_done.evidence(first),
        }

    def _link(self, to: str) -> str:
        return link(to, f"{FOLDER}/")

    def _show(self, currency: str) -> Callable[[int], str]:
        return partial(money.display, currency=currency, language=self.where)

    # -------------------------------------------------------------- today

    def _now(self, standing: Standing, decision: Decision) -> Now:
        show = self._show(standing.currency)
        charges = of_charges(standing.interest, standing.fees, show)
        figures = [("Open", show(standing.balance)), ("Overdue", show(standing.overdue))]
        figures += [("Credit", show(standing.credit))] * bool(standing.credit)
        figures += [("Beside the invoices", charges)] * bool(charges)
        plan = standing.conduct.plan
        return Now(
            currency=standing.currency,
            figures=tuple(figures),
            action=f"{decision.action}{f': {decision.step}' if decision.step else ''}",
            reasons=tuple(cut(reason, 3 * TEXT) for reason in decision.reasons),
            plan=self._plan(plan) if plan else "",
            instalments=tuple((self.day(each.due), show(each.amount), show(each.paid)) for each in plan.instalments)
            if plan
            else (),
        )

    def _plan(self, plan: Plan) -> str:
        signed = f"signed on {self.day(plan.signed)}" if plan.signed else "not signed"
        return f"Plan of {self.day(plan.made)}, {signed}. {ENGLISH[f'evidence.plan-{plan.state}']}"

    def _months(self, events: Sequence[Event]) -> Iterator[Month]:
        for (year, month), group in groupby(events, key=lambda event: (event.on.year, event.on.month)):
            yield Month(
                _month(year, month, self.where),
                f"m-{year}-{month}",
                tuple((self.day(event.on), event) for event in group),
            )

    # -------------------------------------------------------------- what happened, of one day in this order

    def _events(self) -> Iterator[Event]:
        for standing, _ in self.standings:
            yield from self._statement(standing)
        yield from self._diary(self.standings[0][0])
        for standing, _ in self.standings:
            yield from self._charges(standing)
            yield from self._announced(standing)
            yield from self._notices(standing)

    def _statement(self, standing: Standing) -> Iterator[Event]:
        """What was charged and credited, with what was owed after it."""
        show = self._show(standing.currency)
        for line in statement.made(standing, self.bills.get((standing.account_id, standing.currency), ())).lines:
            what = f"evidence.entry-{line.kind}" + ("" if line.name else "-unnamed")
            file = f"{INVOICES}/{line.name}.pdf"
            details = (cut(line.text, 3 * TEXT), f"due on {self.day(line.due)}" if line.due else "")
            yield Event(
                line.on or standing.on,
                "bill" if line.amount > 0 else "money",
                ENGLISH[what].format(name=cut(line.name, TEXT)),
                show(line.amount),
                show(line.balance),
                tuple(filter(None, details)),
                self._link(file) if line.kind == "invoice" and file in self.invoices else "",
            )

    def _diary(self, standing: Standing) -> Iterator[Event]:
        """What the operator wrote down; a promise with what became of it. Write-offs stand in the statement."""
        promises = {promise.row: promise for each, _ in self.standings for promise in each.conduct.promises}
        show = self._show(standing.customer.currency)
        for line in standing.activity:
            if line.kind == "writeoff" and line.amount:
                continue
            promise = promises.get(line.row) if line.kind == "promise" else None
            yield Event(
                line.on,
                "said",
                ENGLISH.get(f"evidence.activity-{line.kind}", line.kind),
                show(line.amount) if line.amount is not None else "",
                details=tuple(filter(None, self._of_line(line, promise, show))),
            )

    def _of_line(self, line: Activity, promise: Promise | None, show: Callable[[int], str]) -> Iterator[str]:
        until = "for" if line.kind == "promise" else "from" if line.kind == "plan" else "until"
        about = (
            f"invoice {cut(line.invoice_id, TEXT)}" if line.invoice_id else "",
            f"{until} {self.day(line.due)}" if line.due else "",
            f"{line.count} payments, one each {line.every}" if line.count and line.every else "",
        )
        yield ", ".join(filter(None, about))
        if promise:
            came = f", {show(promise.received)} came" if promise.received else ""
            yield f"{ENGLISH[f'evidence.promise-{promise.state}']}{came}"
        yield cut(line.note, 3 * TEXT)
        yield f"written down by {cut(line.by, TEXT)}" if line.by else ""

    def _charges(self, standing: Standing) -> Iterator[Event]:
        """From when interest runs and a fixed sum is owed, for what still owes some."""
        show = self._show(standing.currency)
        for charge in standing.charges:
            invoice = cut(charge.invoice_id, TEXT)
            if charge.since and charge.accruals:
                details = (f"{show(charge.accrued)} by today, {show(charge.interest)} of it owed", charge.regime)
                yield Event(charge.since, "charge", f"Interest on invoice {invoice} begins", details=details)
            if charge.fee_on and charge.fee:
                owed = "" if charge.fees == charge.fee else f"{show(charge.fees)} of it owed"
                what = f"Fixed sum for invoice {invoice}"
                yield Event(charge.fee_on, "charge", what, show(charge.fee), details=tuple(filter(None, (owed,))))

    def _announced(self, standing: Standing) -> Iterator[Event]:
        """What was announced, on the day for which it was, and what became of it; what is still to come is not there yet."""
        for each in standing.obligations:
            if each.on <= standing.on:
                name = ENGLISH.get(f"evidence.consequence-{each.consequence}", each.consequence)
                became = ENGLISH[f"evidence.obligation-{each.state}"]
                details = (f"announced on {self.day(each.announced)}", cut(each.why, 3 * TEXT))
                yield Event(each.on, "charge", f"{name}: {became}", details=tuple(filter(None, details)))

    def _notices(self, standing: Standing) -> Iterator[Event]:
        """What went out, or was to, each notice once with its document; an email's copies are told of beside it."""
        found: defaultdict[str, list[Sent]] = defaultdict(list)
        copies: defaultdict[tuple[date, str], dict[str, None]] = defaultdict(dict)
        for line in standing.history:
            if line.currency == standing.currency and line.channel == COPY:
                copies[line.on, line.step][cut(line.recipient, TEXT)] = None
            elif line.currency == standing.currency and line.state is not State.CALLED:
                found[line.notice_id].append(line)
        show = self._show(standing.currency)
        for lines in found.values():
            first = max(lines, key=lambda line: line.rung)
            copied = " and ".join(copies[first.on, first.step]) if first.channel == "email" else ""
            announces = [line.announces for line in lines if line.announces]
            invoices = ", ".join(dict.fromkeys(cut(line.invoice_id, TEXT) for line in lines if line.invoice_id))
            details = (
                ENGLISH.get(f"evidence.state-{first.state}", str(first.state)),
                f"about {cut(invoices, 2 * TEXT)}" if invoices else "",
                f"pay by {self.day(first.pay_by)}" if first.pay_by else "",
                f"announced {cut(announces[0], 2 * TEXT)}" if announces else "",
                f"copied to {copied}" if copied else "",
            )
            yield Event(
                first.on,
                "sent",
                f"{cut(first.step, TEXT) or 'notice'} by {first.channel}",
                show(sum(line.open for line in lines)),
                details=tuple(filter(None, details)),
                href=self._link(first.file) if _DOCUMENT.fullmatch(first.file) else "",
            )


@cache
def _month(year: int, month: int, where: str) -> str:
    from babel.dates import format_skeleton

    return str(format_skeleton("yMMMM", date(year, month, 1), locale=where))
