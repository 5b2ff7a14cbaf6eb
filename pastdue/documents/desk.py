"""The desk: the operator's morning on one page. What goes out, whom to call, what waits, what is wrong."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from typing import NamedTuple
from urllib.parse import quote

from pastdue import days, money
from pastdue.config import Config
from pastdue.documents import beside, calls, said_and_done, site
from pastdue.documents.catalogue import ENGLISH
from pastdue.documents.site import cut, encoded, inline, plain, telephone
from pastdue.documents.words import lateness, locale
from pastdue.findings import Finding, Severity, in_reading_order
from pastdue.model import (
    BUCKETS,
    COPY,
    Action,
    Activity,
    Charge,
    Class,
    Conduct,
    Customer,
    Decision,
    Document,
    Hold,
    Instalment,
    ItemDecision,
    Obligation,
    ObligationState,
    OpenItem,
    Page,
    Plan,
    PlanState,
    Promise,
    PromiseState,
    Sent,
    Standing,
    State,
)

TEMPLATE = "desk.html"
PATH = "outbox/desk.html"
LANGUAGE = "en"  # what the operator reads

# Nobody reads further than this of what needs no doing today; what goes out and whom to call is listed in full.
_LISTED = 200
_TEXT, _REASONS, _NAMED = 80, 4, 6
_DAYS_AHEAD = 7
_SAID_AHEAD = timedelta(days=14)  # for which what was said to come is listed

_STATES = {
    State.PRINTED: ("printed, not posted", "when it is in the post: build.py send --posted"),
    State.UNCLEAR: ("it is unclear whether it arrived", "build.py send --resolve {notice}=sent, or {notice}=resend"),
    State.DEFERRED: ("put off by their mail server", "the next send tries again"),
    State.REFUSED: ("refused by their mail server", "mend the address in customers; until then a letter goes instead"),
}


# What needs a look comes first.
_PLANS = {
    PlanState.DEFAULT: "payment {number} is missing since {until}",
    PlanState.LATE: "payment {number} is late, its grace ends on {until}",
    PlanState.LAPSED: "not signed by {until}",
    PlanState.OFFERED: "out for signature until {until}",
    PlanState.GOOD: "in good standing, payment {number} is next",
}
_PLAN_ORDER = {state: order for order, state in enumerate(_PLANS)}
_IN_FORCE = frozenset({PlanState.LATE, PlanState.LAPSED, PlanState.OFFERED, PlanState.GOOD})


# What each announced consequence asks of the operator; the tool does the others by itself when their day has come.
_TO_DO = {
    "interest": "charge interest",
    "fee": "charge the fixed sum",
    "prepayment": "ask for payment in advance",
    "stop-service": "stop work and deliveries",
    "agency": "place with the agency",
    "small-claims": "start the claim",
}
_BY_ITSELF = frozenset({"interest", "fee", "prepayment"})
_PLAN_DEFAULT = "plan-default"


# How long a hold without a day lasts, where it is not simply lifted.
_LASTING = {
    "plan": "while it is kept",
    "dispute": "until it is settled",
    "upheld": "until it is credited",
    "placed": "until it is recalled",
    "error": "until the books are mended",
    "unclear": "until you settle it",
}


@dataclass(frozen=True, slots=True)
class Morning:
    """What the desk shows: one worked-out run, and where its files lie in the workspace."""

    on: date
    standings: Sequence[Standing]
    decisions: Sequence[Decision]  # one per standing, in the same order
    findings: Sequence[Finding] = ()
    documents: Sequence[Document] = ()  # the notices to go today, as they lie in the outbox
    guards: Sequence[str] = ()  # why `send` will refuse, in words
    pages: Mapping[str, str] = field(
        default_factory=dict
    )  # customers' pages: account -> path, and after a # the key that opens it
    hours: Mapping[str, str] = field(default_factory=dict)  # by account that is called today: when to call, in words
    # By account and currency: what a call is worth, what it asks for, and how the one comes of the other.
    worth: Mapping[tuple[str, str], tuple[int, int, str]] = field(default_factory=dict)
    # By account and currency, of those whose business costs more than it pays, over twelve months: contacts, days late
    # on average (None when nothing was paid), received, overdue, interest unpaid.
    costly: Mapping[tuple[str, str], tuple[int, int | None, int, int, int]] = field(default_factory=dict)
    # By currency, of the promises whose time was over in the last twelve months: kept, all, received, promised.
    kept: Mapping[str, tuple[int, int, int, int]] = field(default_factory=dict)
    unbilled: Sequence[tuple[Activity, str, int]] = ()  # delivered work without an invoice: line, currency, days since
    unread: Mapping[str, tuple[str, date | None]] = field(
        default_factory=dict
    )  # by account, whose acknowledgement of the policy is missing: why, and when the letter last went


class _Total(NamedTuple):
    """The headline figures of one currency."""

    currency: str
    open: str
    overdue: str
    share: str  # overdue of open, in percent
    credit: str
    charges: str  # interest and fixed sums that are owed, "" where there are none
    charges_note: str
    kept: tuple[str, str]  # promises kept, by number, and how that comes about; ("", "") where none was made
    accounts: str
    buckets: tuple[tuple[str, str, str], ...]  # label, amount, percent
    bars: tuple[tuple[int, str, str], ...]  # bucket, x and width in percent


class _Entry(NamedTuple):
    """One account in a list of the desk."""

    name: str
    account_id: str
    page: str  # link to the customer's page, "" when there is none
    what: str
    sum: str
    when: str = ""
    reasons: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()  # label and link
    phone: str = ""
    tel: str = ""
    hours: str = ""  # when to call
    commands: tuple[str, ...] = ()  # what answers it


class _Day(NamedTuple):
    """What one of the coming days brings."""

    day: str
    date: str
    notices: tuple[str, ...]
    due: tuple[str, ...]  # sums falling due, per currency


def desk(morning: Morning, config: Config, templates: Mapping[str, str], static: Mapping[str, bytes]) -> Page:
    """The page, in one file that stands alone; links lead to the files beside it."""
    view = _View(morning, config)
    findings = in_reading_order(morning.findings)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    sections = tuple(section for section in view.sections() if section.entries or section.always)
    obligations = tuple(section for section in view.obligations() if section.entries)
    html = (
        site.compiled(templates)
        .get_template(TEMPLATE)
        .render(
            style=inline(static.get(site.STYLESHEET, b"")),
            business=plain(config.business.name),
            weekday=_weekday(morning.on, view.where),
            on=days.display(morning.on, view.where),
            guards=tuple(plain(guard) for guard in morning.guards),
            findings=tuple(_finding(finding) for finding in findings[:_LISTED]),
            findings_more=max(len(findings) - _LISTED, 0),
            errors=errors,
            warnings=len(findings) - errors,
            totals=view.totals(),
            obligations=obligations,
            sections=sections,
            ahead=view.ahead(),
        )
    )
    return Page(PATH, encoded(html))


class _Section(NamedTuple):
    """One list of the desk."""

    key: str
    title: str
    note: str
    entries: tuple[_Entry, ...]
    more: int  # how many are not listed
    always: bool  # shown when it is empty, too
    empty: str
    numbered: bool
    folded: bool


class _View:
    """A morning in the operator's words."""

    def __init__(self, morning: Morning, config: Config) -> None:
        self.morning, self.config = morning, config
        self.where = locale(LANGUAGE, config.business)
        self.pairs = tuple(zip(morning.standings, morning.decisions, strict=True))
        self.files: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        for document in morning.documents:
            notice = document.notice
            label = {"email": "email", "letter": "letter", COPY: "copy"}.get(notice.channel, notice.channel)
            self.files[notice.customer.account_id, notice.currency].append((label, link(document.path)))
        # Of today's notices, what each account is asked for.
        self.asked = {(d.notice.customer.account_id, d.notice.currency): d.notice.asked_sum for d in morning.documents}
        self.sheets = {
            (standing.account_id, standing.currency): (("call sheet", link(calls.path(standing))),)
            for standing, decision in self.pairs
            if calls.has_sheet(standing, decision)
        }

    # -------------------------------------------------------------- figures

    def totals(self) -> tuple[_Total, ...]:
        """The headline per currency, the business's own first. Currencies are never added together."""
        buckets: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(BUCKETS))
        credit: defaultdict[str, int] = defaultdict(int)
        accounts: defaultdict[str, int] = defaultdict(int)
        charges: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for standing in self.morning.standings:
            interest, fees = charges[standing.currency]
            charges[standing.currency] = interest + standing.interest, fees + standing.fees
            credit[standing.currency] += standing.credit
            accounts[standing.currency] += bool(standing.items)
            own = buckets[standing.currency]
            for i, amount in enumerate(standing.buckets):
                own[i] += amount
        used = [
            currency for currency in buckets if any(buckets[currency]) or credit[currency] or any(charges[currency])
        ]
        return tuple(
            self._total(currency, buckets[currency], credit[currency], accounts[currency], charges[currency])
            for currency in sorted(used, key=self._currency_order)
        )

    def _currency_order(self, currency: str) -> tuple[bool, str]:
        return currency != self.config.business.currency, currency

    def _total(
        self, currency: str, buckets: Sequence[int], credit: int, accounts: int, charges: tuple[int, int]
    ) -> _Total:
        show = partial(money.display, currency=currency, language=self.where)
        balance, overdue = sum(buckets), sum(buckets[1:])
        return _Total(
            currency=currency,
            open=show(balance),
            overdue=show(overdue),
            share=_percent(overdue, balance),
            credit=show(credit) if credit else "",
            charges=show(sum(charges)) if any(charges) else "",
            charges_note=_of_charges(*charges, show),
            kept=self._kept(currency),
            accounts=_count(accounts, "account"),
            buckets=tuple(
                (_bucket(name), show(amount), _percent(amount, balance))
                for name, amount in zip(BUCKETS, buckets, strict=True)
            ),
            bars=tuple(_bars(buckets, balance)),
        )

    def _kept(self, currency: str) -> tuple[str, str]:
        """The promises kept in twelve months, by number and by value."""
        kept, count, received, promised = self.morning.kept.get(currency, (0, 0, 0, 0))
        if not count:
            return "", ""
        show = partial(money.display, currency=currency, language=self.where)
        by_value = f"{_tenths(received, promised)} by value, {show(received)} of {show(promised)}"
        return _tenths(kept, count), f"{kept} of {count} in twelve months; {by_value}"

    # -------------------------------------------------------------- lists

    def obligations(self) -> Iterator[_Section]:
        """What the operator owes an answer to before anything else: what was said and not done, the longest first."""
        yield _section(
            "overdue",
            "Said, and overdue",
            "Announced to the customer, its day is past, and it was neither done nor let go.",
            self._said(ObligationState.OVERDUE),
        )
        yield _section(
            "today",
            "Said for today",
            "Announced to the customer for today, and unpaid. Do it, or let it go.",
            self._said(ObligationState.DUE),
        )
        yield _section(
            "default",
            "Plans in default",
            "They did not pay what was agreed, and their schedule goes on. Decide today: build.py log ACCOUNT plan agrees anew, release lets the plan go.",
            self._plans({PlanState.DEFAULT}),
        )

    def sections(self) -> Iterator[_Section]:
        """All lists, in the order in which the morning takes them."""
        listed = partial(_section, limit=_LISTED)
        yield listed(
            "coming",
            "Said for the next fourteen days",
            "Announced to the customer, and yours to do if it is unpaid on its day.",
            self._said(ObligationState.AHEAD),
        )
        yield listed(
            "stuck", "Deliveries to settle", "Nothing more goes to these before you have looked.", self._stuck()
        )
        yield _section(
            "notices",
            "Notices to go today",
            "The largest sums first. Look at them, then run build.py send.",
            self._of(Action.NOTICE),
            always="Nothing is due to go out today.",
        )
        yield _section(
            "calls",
            "Calls to make",
            "By worth: what is asked for × the chance that it is paid × the chance of an answer × what its age leaves.",
            self._calls(),
            always="No calls today.",
            numbered=True,
        )
        yield listed(
            "refer", "For you to decide", "Their schedule is through: refer or write off.", self._of(Action.REFER)
        )
        yield listed(
            "unbilled",
            "Delivered, and no invoice",
            "The oldest first. Invoice it, whatever the sum, and enter the invoice's number in the delivery's line.",
            self._unbilled(),
        )
        yield listed(
            "proposals",
            "Proposed",
            "What their record suggests; nothing of it happens by itself. build.py log ACCOUNT track --note firm moves one.",
            self._proposals(),
        )
        yield listed("broken", "Promises not kept", "And something is still overdue.", self._broken())
        yield listed("promised", "Promises", "The soonest first.", self._promised())
        yield listed("plans", "Plans", "What is late comes first.", self._plans(_IN_FORCE))
        yield listed(
            "unreachable",
            "Out of reach",
            "Something is open, and there is no email, no postal address and no telephone number.",
            self._unreachable(),
        )
        yield listed("hold", "On hold", "What is on hold is not asked for.", self._held())
        yield listed(
            "prepayment",
            "Payment in advance",
            "New work and deliveries are paid up front by these.",
            self._prepayment(),
        )
        yield listed(
            "costly",
            "To stop serving",
            "Six contacts or more in twelve months, and either more is overdue than they paid in that time, or what they "
            "paid came thirty days late or more on average.",
            self._costly(),
        )
        yield listed("waiting", "Waiting", "The next step, soonest first.", self._waiting(), folded=True)
        yield listed(
            "charges",
            "Charges left",
            "Their invoices are paid; interest or a fixed sum is not. It stays until it is paid, or waived: build.py log ACCOUNT waive.",
            self._charges_left(),
        )
        yield listed("credit", "In credit", "More was paid than invoiced.", self._credits())
        yield listed(
            "unread",
            "Policy not acknowledged",
            f"When they say that they have read it: build.py log ACCOUNT acknowledged --note {self.config.policy.version}",
            self._unread(),
            folded=True,
        )

    def _of(self, action: Action) -> list[_Entry]:
        return [self._entry(standing, decision) for standing, decision in self._sorted(action)]

    def _sorted(self, action: Action) -> list[tuple[Standing, Decision]]:
        """The accounts about which this is done, the largest sums first."""
        return sorted((pair for pair in self.pairs if pair[1].action is action), key=self._by_sum)

    def _calls(self) -> list[_Entry]:
        """The day's calls, those of the greatest expected worth first; each with how it comes about."""
        chosen = [pair for pair in self.pairs if pair[1].action is Action.CALL]
        return [self._call(standing, decision) for standing, decision in sorted(chosen, key=self._by_worth)]

    def _by_worth(self, pair: tuple[Standing, Decision]) -> tuple[bool, str, int, int, str]:
        standing = pair[0]
        known = self.morning.worth.get((standing.account_id, standing.currency))
        worth = known[0] if known else _asked(*pair)
        return *self._currency_order(standing.currency), -worth, -standing.days_past_due, standing.account_id

    def _call(self, standing: Standing, decision: Decision) -> _Entry:
        entry = self._entry(standing, decision)
        known = self.morning.worth.get((standing.account_id, standing.currency))
        if known is None:
            return entry
        score, amount, words = known
        show = partial(money.display, currency=standing.currency, language=self.where)
        return entry._replace(
            sum=show(amount + _charged(standing, decision)),
            reasons=(f"Worth {show(score)}: {show(amount)} × {plain(words)}.", *entry.reasons),
        )

    # -------------------------------------------------------------- what was said and is to be done

    def _said(self, state: ObligationState) -> list[_Entry]:
        """Announced consequences in the state, the oldest day first and what waits last; plans in default have a list of their own."""
        found = [
            (each, standing)
            for standing in self.morning.standings
            for each in (standing.obligations if state is ObligationState.AHEAD else said_and_done.to_do(standing))
            if each.state is state and each.consequence != _PLAN_DEFAULT and self._is_near(each)
        ]
        found.sort(key=lambda pair: (bool(pair[0].held), pair[0].on, pair[1].account_id, pair[0].consequence))
        return [self._obligation(each, standing) for each, standing in found]

    def _is_near(self, each: Obligation) -> bool:
        """True for what has come, and for what comes soon and is the operator's to do."""
        if not said_and_done.is_ahead(each):
            return True
        return each.consequence not in _BY_ITSELF and each.on <= self.morning.on + _SAID_AHEAD

    def _obligation(self, each: Obligation, standing: Standing) -> _Entry:
        late = said_and_done.days_overdue(each, standing)
        owed = sum(item.open for item in standing.items if item.key in each.items)
        owed += sum(charge.owed for charge in beside.told(standing) if charge.key in each.items)
        about = _names([cut(invoice, _TEXT) for invoice in said_and_done.invoices(each)])
        reasons = (
            f"For {about}. {each.why[:1].upper()}{each.why[1:]}.",
            *([f"It waits: {each.held}"] * bool(each.held)),
        )
        commands = said_and_done.answers(each, standing)
        if commands and each.consequence in said_and_done.THIRD_PARTY:
            commands += (said_and_done.evidence(standing),)
        return self._about(
            standing,
            _TO_DO.get(each.consequence, each.consequence) + (f", {_count(late, 'day')} overdue" if late else ""),
            owed,
            f"said on {self._day(each.announced)} for {self._day(each.on)}",
        )._replace(reasons=_reasons(reasons), commands=commands, files=self._sheet(standing))

    def _charges_left(self) -> list[_Entry]:
        """Accounts that owe nothing but interest and fixed sums, and to whom nothing goes today."""
        return [
            self._about(standing, "interest and fixed sums", standing.interest + standing.fees)._replace(
                reasons=_reasons((*self._beside(standing), *decision.reasons))
            )
            for standing, decision in sorted(self.pairs, key=self._by_sum)
            if not standing.items and standing.interest + standing.fees and decision.action is not Action.NOTICE
        ]

    def _beside(self, standing: Standing) -> Iterator[str]:
        """What is owed beside the invoices, and what of it nobody may claim yet."""
        show = partial(money.display, currency=standing.currency, language=self.where)
        owed = standing.interest + standing.fees
        if not owed:
            return
        yield f"{_of_charges(standing.interest, standing.fees, show)} owed beside the invoices"
        untold = sum(charge.owed for charge in standing.charges if not charge.told)
        since = owed - untold - sum(charge.owed for charge in beside.told(standing))
        if untold:
            yield f"{show(untold)} of it was announced in no notice before today, and is not claimed"
        if since:
            yield f"{show(since)} of it came since the last notice, and is not claimed while its deadline runs"

    # -------------------------------------------------------------- what was said and agreed

    def _proposals(self) -> list[_Entry]:
        """What the record suggests, of accounts that are not listed as in default already."""
        return [
            self._about(standing, _klass(standing), standing.overdue)._replace(
                reasons=_reasons((*standing.conduct.proposals, standing.conduct.figures))
            )
            for standing, _ in sorted(self.pairs, key=self._by_sum)
            if standing.conduct.proposals and not _is_in(standing, {PlanState.DEFAULT})
        ]

    def _about(self, standing: Standing, what: str, amount: int, when: str = "") -> _Entry:
        return _Entry(
            *self._who(standing),
            what=what,
            sum=money.display(amount, standing.currency, self.where),
            when=when,
        )

    def _sheet(self, standing: Standing) -> tuple[tuple[str, str], ...]:
        """The link to the account's call sheet, where it has one."""
        return self.sheets.get((standing.account_id, standing.currency), ())

    def _promised(self) -> list[_Entry]:
        """Each promise whose day, with its grace, is still to come."""
        pending = [
            (promise, standing, decision)
            for standing, decision in self.pairs
            for promise in standing.conduct.promises
            if promise.state is PromiseState.PENDING
        ]
        pending.sort(key=lambda each: (each[0].due, each[1].account_id, each[0].row))
        return [
            self._about(standing, "promised", promise.amount, f"for {self._day(promise.due)}")._replace(
                reasons=tuple(self._of_promise(promise, standing, decision)), files=self._sheet(standing)
            )
            for promise, standing, decision in pending
        ]

    def _of_promise(self, promise: Promise, standing: Standing, decision: Decision) -> Iterator[str]:
        show = partial(money.display, currency=standing.currency, language=self.where)
        yield f"made on {self._day(promise.made)}; broken after {self._day(promise.deadline)}"
        if promise.received:
            yield f"{show(promise.received)} of it has come"
        if promise.said > promise.amount:
            yield f"{show(promise.said)} was said: more than is owed, so that what is owed counts"
        if not any(hold.kind == "promise" and hold.until == promise.deadline for hold in decision.holds):
            yield f"it pauses nothing: {_count(len(standing.conduct.broken), 'promise')} not kept before"

    def _broken(self) -> list[_Entry]:
        """The last promise that was not kept of each account that still owes; the earlier ones below it."""
        found = []
        for standing, _ in self.pairs:
            broken = sorted(standing.conduct.broken, key=lambda promise: (promise.deadline, promise.row), reverse=True)
            if broken and standing.overdue:
                found.append((broken, standing))
        found.sort(key=lambda each: (each[0][0].deadline, each[1].overdue), reverse=True)
        return [
            self._about(standing, "promised", broken[0].amount, f"for {self._day(broken[0].due)}")._replace(
                reasons=_reasons([self._came(promise, standing) for promise in broken]), files=self._sheet(standing)
            )
            for broken, standing in found
        ]

    def _came(self, promise: Promise, standing: Standing) -> str:
        show = partial(money.display, currency=standing.currency, language=self.where)
        came = f"{show(promise.received)} came" if promise.received else "nothing came"
        return f"{show(promise.amount)} for {self._day(promise.due)}: {came}"

    def _plans(self, states: AbstractSet[PlanState]) -> list[_Entry]:
        """Payment plans in one of the states: those that need a look first, then by the day of the next payment."""
        found = [
            (standing.conduct.plan, standing)
            for standing, _ in self.pairs
            if standing.conduct.plan and standing.conduct.plan.state in states and not _is_answered(standing)
        ]
        found.sort(key=lambda each: (_PLAN_ORDER[each[0].state], _next_of(each[0]).due, each[1].account_id))
        return [self._plan(plan, standing) for plan, standing in found]

    def _plan(self, plan: Plan, standing: Standing) -> _Entry:
        show = partial(money.display, currency=standing.currency, language=self.where)
        nearest = _next_of(plan)
        paid = sum(each.paid for each in plan.instalments)
        done = sum(each.paid == each.amount for each in plan.instalments)
        until = self._day(plan.until) if plan.until else ""
        reasons = [f"{done} of {len(plan.instalments)} payments made, {show(paid)} of {show(plan.total)}"]
        commands: tuple[str, ...] = ()
        if plan.state is PlanState.DEFAULT:
            reasons += standing.conduct.proposals
            for each in standing.obligations:
                if each.consequence == _PLAN_DEFAULT and said_and_done.is_open(each):
                    reasons.insert(
                        0, f"{_count(said_and_done.days_overdue(each, standing), 'day')} overdue: {each.why}"
                    )
                    commands = said_and_done.answers(each, standing)
        return self._about(
            standing,
            _PLANS[plan.state].format(number=nearest.number, until=until),
            nearest.amount - nearest.paid,
            f"{'was ' if nearest.due < self.morning.on else ''}due on {self._day(nearest.due)}",
        )._replace(reasons=_reasons(reasons), files=self._sheet(standing), commands=commands)

    def _held(self) -> list[_Entry]:
        """Accounts on hold, and single invoices of others; each hold with its end."""
        whole = [self._entry(s, d)._replace(reasons=self._holds(d)) for s, d in self._sorted(Action.HOLD)]
        parts = [
            self._entry(standing, decision)._replace(
                what=f"{decision.action}; {_count(len({hold.invoice_id for hold in decision.holds}), 'invoice')} on hold",
                when="",
                files=(),
                phone="",
                tel="",
                sum=money.display(_held_sum(standing, decision), standing.currency, self.where),
                reasons=self._holds(decision),
            )
            for standing, decision in sorted(self.pairs, key=self._by_sum)
            if decision.action is not Action.HOLD and _held_sum(standing, decision)
        ]
        return [*whole, *parts]

    def _holds(self, decision: Decision) -> tuple[str, ...]:
        """Each reason once, with the day to which it holds where that is not said already."""
        told = {hold.why: hold.until for hold in decision.holds}
        why = [
            f"{why}, until {self._day(until)}" if until and str(until) not in why else why
            for why, until in told.items()
        ]
        others = [reason for reason in decision.reasons if reason not in told and decision.action is Action.HOLD]
        return _reasons((*others, *why))

    def _prepayment(self) -> list[_Entry]:
        return [
            self._about(standing, "payment in advance", standing.overdue)._replace(
                reasons=_reasons((standing.conduct.prepayment,))
            )
            for standing, _ in sorted(self.pairs, key=self._by_sum)
            if standing.conduct.prepayment
        ]

    def _costly(self) -> list[_Entry]:
        """Whom to let go, with the figures: the most contacts first."""
        found = []
        for standing, _ in self.pairs:
            figures = self.morning.costly.get((standing.account_id, standing.currency))
            if figures:
                found.append((figures, standing))
        found.sort(key=lambda each: (-each[0][0], -each[1].overdue, each[1].account_id))
        return [self._let_go(standing, *figures) for figures, standing in found]

    def _let_go(
        self, standing: Standing, contacts: int, late: int | None, received: int, overdue: int, interest: int
    ) -> _Entry:
        show = partial(money.display, currency=standing.currency, language=self.where)
        average = "nothing paid in twelve months" if late is None else f"{_count(late, 'day')} late on average"
        unpaid = f", {show(interest)} interest unpaid" if interest else ""
        reasons = (f"{show(overdue)} overdue{unpaid}, {show(received)} paid in twelve months",)
        return self._about(standing, f"{_count(contacts, 'contact')}, {average}", standing.balance)._replace(
            reasons=reasons
        )

    def _sum(self, standing: Standing, decision: Decision) -> int:
        """What today's notice asks for; where none goes, what there is to ask for."""
        return self.asked.get((standing.account_id, standing.currency)) or _asked(standing, decision)

    def _by_sum(self, pair: tuple[Standing, Decision]) -> tuple[tuple[bool, str], int, int, str]:
        standing = pair[0]
        asked = self._sum(*pair)
        return self._currency_order(standing.currency), -asked, -standing.days_past_due, standing.account_id

    def _entry(self, standing: Standing, decision: Decision) -> _Entry:
        customer = standing.customer
        files = self.files.get((standing.account_id, standing.currency), [])
        is_call = decision.action is Action.CALL
        return _Entry(
            *self._who(standing),
            what=self._what(standing, decision),
            when=self._when(decision),
            sum=money.display(self._sum(standing, decision), standing.currency, self.where),
            reasons=_reasons((*self._beside(standing), *decision.reasons)),
            files=(*files, *self._sheet(standing)),
            phone=cut(customer.phone, _TEXT) if is_call else "",
            tel=telephone(customer.phone) if is_call else "",
            hours=self.morning.hours.get(standing.account_id, "") if is_call else "",
        )

    def _who(self, standing: Standing) -> tuple[str, str, str]:
        """Name, account and link to the customer's page."""
        page, mark, key = self.morning.pages.get(standing.account_id, "").partition("#")
        to = f"{link(page)}{mark}{key}" if page else ""
        return cut(standing.customer.name, _TEXT), cut(standing.account_id, _TEXT), to

    def _what(self, standing: Standing, decision: Decision) -> str:
        if decision.action is Action.NOTICE:
            return f"{decision.step}, by {' and '.join(decision.channels)}"
        if decision.action is Action.CALL:
            return decision.step if decision.step == "call" else f"{decision.step}, by telephone"
        return lateness(standing.days_past_due, ENGLISH) if standing.overdue else "not yet due"

    def _when(self, decision: Decision) -> str:
        if decision.pay_by and decision.action is Action.NOTICE:
            return f"pay by {self._day(decision.pay_by)}"
        if decision.action is Action.HOLD:
            until = max((hold.until for hold in decision.holds if hold.until), default=None)
            lasting = [hold.kind for hold in decision.holds if hold.until is None]
            if until and not lasting:
                return f"until {self._day(until)}"
            ends = {_LASTING.get(kind, "until you lift it") for kind in lasting}
            return ends.pop() if len(ends) == 1 else "until you lift it"
        return ""

    def _day(self, day: date) -> str:
        return days.display_short(day, self.where)

    def _stuck(self) -> list[_Entry]:
        """Notices whose delivery the operator has to settle: not posted, unclear, refused or put off, and not overtaken."""
        stuck = [
            (standing, line)
            for standing, _ in self.pairs
            for line in _unsettled(standing)
            if standing.items or line.state.blocks
        ]
        stuck.sort(key=lambda pair: (not pair[1].state.blocks, pair[1].on))
        return [self._stuck_entry(standing, line) for standing, line in stuck]

    def _stuck_entry(self, standing: Standing, line: Sent) -> _Entry:
        what, remedy = _STATES[line.state]
        return _Entry(
            *self._who(standing),
            what=f"{line.step or 'notice'} by {line.channel}: {what}",
            when=self._day(line.on),
            sum=money.display(line.open, line.currency, self.where),
            reasons=(remedy.format(notice=cut(line.notice_id, _TEXT)),),
            files=((line.channel, link(line.file)),) if line.file else (),
        )

    def _unreachable(self) -> list[_Entry]:
        return [
            self._entry(standing, decision)
            for standing, decision in sorted(self.pairs, key=self._by_sum)
            if standing.items and decision.action is not Action.HOLD and not _can_reach(standing.customer)
        ]

    def _waiting(self) -> list[_Entry]:
        waiting = [
            (standing, decision)
            for standing, decision in self.pairs
            if decision.action is Action.WAIT and standing.items and _can_reach(standing.customer)
        ]
        waiting.sort(key=lambda pair: (pair[1].next_on or date.max, pair[0].account_id))
        return [
            self._entry(standing, decision)._replace(
                sum=money.display(standing.balance, standing.currency, self.where),
                when=self._next(decision),
            )
            for standing, decision in waiting
        ]

    def _next(self, decision: Decision) -> str:
        """The next step of the account and its day."""
        coming = [line for line in decision.items if line.next_on and line.next_step]
        if not coming:
            return "no day set"
        first = min(coming, key=lambda line: (line.next_on or date.max, line.item.due))
        return f"{first.next_step} on {self._day(first.next_on)}" if first.next_on else ""

    def _credits(self) -> list[_Entry]:
        return [
            _Entry(
                *self._who(standing),
                what="paid beyond all that is invoiced",
                sum=money.display(standing.credit, standing.currency, self.where),
            )
            for standing, _ in sorted(self.pairs, key=lambda pair: (pair[0].currency, -pair[0].credit))
            if standing.credit
        ]

    # -------------------------------------------------------------- deliveries and the policy

    def _unbilled(self) -> list[_Entry]:
        """Delivered work without an invoice: day, sum, and for how long."""
        standings = {standing.account_id: standing for standing in self.morning.standings}
        return [
            _Entry(
                *self._who(standings[line.account_id]),
                what=f"delivered on {self._day(line.on)}",
                when=f"{_count(waiting, 'day')} without an invoice",
                sum=money.display(line.amount or 0, currency, self.where),
                reasons=(cut(line.note, 3 * _TEXT),) if line.note else (),
            )
            for line, currency, waiting in self.morning.unbilled
        ]

    def _unread(self) -> list[_Entry]:
        """Whose acknowledgement is missing or out of date, and when the policy last went to them."""
        standings = {standing.account_id: standing for standing in self.morning.standings}
        return [
            _Entry(
                *self._who(standings[account_id]),
                what=cut(why, 2 * _TEXT),
                when=f"sent on {self._day(sent)}" if sent else "not sent",
                sum="",
            )
            for account_id, (why, sent) in self.morning.unread.items()
        ]

    # -------------------------------------------------------------- the days ahead

    def ahead(self) -> tuple[_Day, ...]:
        """The next seven days: which steps come if nobody pays, and what falls due."""
        steps: defaultdict[date, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        due: defaultdict[date, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        for standing, decision in self.pairs:
            for line in _first_of_each_day(decision.items):
                steps[line.next_on or date.max][line.next_step].append(cut(standing.customer.name, 40))
            for item in standing.items:
                due[item.due][standing.currency] += item.open
            for each in standing.obligations:
                if said_and_done.is_ahead(each):
                    steps[each.on][f"{each.consequence}, as announced"].append(cut(standing.customer.name, 40))
        found = []
        for ahead in range(1, _DAYS_AHEAD + 1):
            day = self.morning.on + timedelta(days=ahead)
            sums = sorted(due[day].items(), key=lambda each: self._currency_order(each[0]))
            found.append(
                _Day(
                    day=_weekday(day, self.where),
                    date=self._day(day),
                    notices=tuple(f"{step}: {_names(names)}" for step, names in steps[day].items()),
                    due=tuple(money.display(amount, currency, self.where) for currency, amount in sums),
                )
            )
        return tuple(found)


def _section(
    key: str,
    title: str,
    note: str,
    entries: Sequence[_Entry],
    limit: int | None = None,
    *,
    always: str = "",
    numbered: bool = False,
    folded: bool = False,
) -> _Section:
    shown = tuple(entries[:limit])
    return _Section(key, title, note, shown, len(entries) - len(shown), bool(always), always, numbered, folded)


def link(path: str) -> str:
    """From the desk to a file of the workspace: relative, each part quoted."""
    inside = path.removeprefix("outbox/")
    return quote(inside if inside != path else f"../{path}", safe="/.-_")


def _asked(standing: Standing, decision: Decision) -> int:
    """What the account is asked for: what its due steps cover (see `Notice.asked`), else what is overdue or open."""
    at_step = [line.item for line in decision.items if line.is_due]
    due = sum(item.open for item in at_step if item.is_overdue) or sum(item.open for item in at_step)
    return due or standing.overdue or standing.balance


def _charged(standing: Standing, decision: Decision) -> int:
    """What a call asks for beside the invoices: charges that notices announced, of what is not held."""
    held = {hold.invoice_id for hold in decision.holds if hold.invoice_id}
    if decision.answer and decision.answer.asks:
        return 0
    return sum(charge.owed for charge in beside.claimed(beside.told(standing), standing.items, held))


def _of_charges(interest: int, fees: int, show: Callable[[int], str]) -> str:
    """Both kinds of charges in words, each with its sum; "" where there are none."""
    parts = [f"{show(interest)} interest"] * bool(interest) + [f"{show(fees)} fixed sums"] * bool(fees)
    return " and ".join(parts)


def _is_answered(standing: Standing) -> bool:
    """True when the operator has dealt with a plan's default."""
    own = [each for each in standing.obligations if each.consequence == _PLAN_DEFAULT]
    return bool(own) and not any(said_and_done.is_open(each) for each in own)


def _klass(standing: Standing) -> str:
    klass = standing.conduct.klass
    return "not classed yet" if klass is Class.UNKNOWN else str(klass)


def _is_in(standing: Standing, states: AbstractSet[PlanState]) -> bool:
    return standing.conduct.plan is not None and standing.conduct.plan.state in states


def _next_of(plan: Plan) -> Instalment:
    """The first payment of a plan that is not made in full."""
    return next((each for each in plan.instalments if each.paid < each.amount), plan.instalments[-1])


def _held_sum(standing: Standing, decision: Decision) -> int:
    """What is open of the invoices that are on hold by themselves."""
    held = {hold.invoice_id for hold in decision.holds if hold.invoice_id}
    return sum(item.open for item in standing.items if item.invoice_id in held)


def _reasons(reasons: Sequence[str]) -> tuple[str, ...]:
    shown = tuple(cut(reason, 3 * _TEXT) for reason in reasons[:_REASONS])
    return (*shown, f"and {len(reasons) - _REASONS} more") if len(reasons) > _REASONS else shown


def _can_reach(customer: Customer) -> bool:
    return bool(customer.email or customer.has_post or customer.phone)


def _unsettled(standing: Standing) -> list[Sent]:
    """The last line of each notice in the standing's currency that hangs, unless a later notice overtook it.

    An email that was put off is not tried again where the letter of the same step is there.
    """
    found: dict[str, Sent] = {}
    there = {(line.on, line.step) for line in standing.history if line.went_out and line.currency == standing.currency}
    for line in standing.history:
        if line.currency != standing.currency or line.channel == COPY:
            continue
        if line.state is State.DEFERRED and (line.on, line.step) in there:
            continue
        if line.state in _STATES:
            known = found.get(line.notice_id)
            found[line.notice_id] = line if known is None else _with(known, line)
        elif line.went_out:
            for other in [each for each in found.values() if each.on < line.on and not each.state.blocks]:
                del found[other.notice_id]
    return list(found.values())


def _with(known: Sent, line: Sent) -> Sent:
    """Two lines of one notice as one: the higher step, the sum of both."""
    higher = line if line.rung > known.rung else known
    return replace(higher, open=known.open + line.open)


def _first_of_each_day(lines: Iterable[ItemDecision]) -> list[ItemDecision]:
    """One notice per account and day: of the steps that fall on one day, the highest."""
    by_day: dict[date, ItemDecision] = {}
    for line in lines:
        if line.next_on and line.next_step and not line.is_due:
            known = by_day.get(line.next_on)
            by_day[line.next_on] = line if known is None or line.rung > known.rung else known
    return list(by_day.values())


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


def _finding(finding: Finding) -> tuple[str, str, str, str]:
    """Severity, place, message and hint."""
    column = f"{plain(finding.column)}: " if finding.column else ""
    return (
        str(finding.severity),
        plain(finding.place),
        column + cut(finding.message, 5 * _TEXT),
        cut(finding.hint, 5 * _TEXT),
    )


def _bars(buckets: Sequence[int], balance: int) -> Iterator[tuple[int, str, str]]:
    """The buckets as parts of one bar, in percent of its length; a credit note may leave one below zero, which is no part."""
    parts = [max(amount, 0) for amount in buckets]
    whole, x = max(sum(parts), 1), 0
    for number, part in enumerate(parts):
        if part and balance > 0:
            yield number, f"{100 * x / whole:.3f}", f"{100 * part / whole:.3f}"
        x += part


def _bucket(name: str) -> str:
    return "not yet due" if name == "current" else f"{name.replace('-', '–')} days"


def _percent(part: int, whole: int) -> str:
    return f"{money.half_up(Fraction(100 * part, whole))} %" if part and whole > 0 else ""


def _tenths(part: int, whole: int) -> str:
    """A share in percent with one decimal, the half rounded up, in whole numbers: 17 of 20 is "85.0 %"."""
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10} %"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _weekday(day: date, where: str) -> str:
    from babel.dates import format_date

    return format_date(day, format="EEEE", locale=where)


# ------------------------------------------------------------------ is the template sound?


def check(templates: Mapping[str, str]) -> list[Finding]:
    """What is wrong with the desk's template, found by rendering samples with it."""

    def attempt() -> None:
        config = Config.model_validate({"business": {"name": "Sample Joinery"}})
        for morning in (Morning(date(2026, 3, 2), (), ()), _sample()):
            desk(morning, config, templates, {})

    return site.trial(TEMPLATE, attempt)


def _sample() -> Morning:
    """A morning with something in every list, and one list that is cut."""
    on = date(2026, 3, 2)
    late = OpenItem("S-1", on - timedelta(9), on - timedelta(39), "EUR", 90000, 60000, 9, "Sample work")
    early = OpenItem("S-2", on + timedelta(3), None, "EUR", 5000, 5000, -3)
    next_step = ItemDecision(late, "reminder", "second-notice", on + timedelta(3), False, ("a reason",), 3)
    printed = Sent("n1", on, "S-1", late.due, "reminder", 2, "letter", State.PRINTED, 60000, "EUR", file="outbox/a.pdf")
    buckets = (5000, 60000, 0, 0, 0, 0)
    promises = tuple(Promise(on, on, on, 9, 10, 5, state, n) for n, state in enumerate(PromiseState))
    in_default = Plan(on, on, PlanState.DEFAULT, on, (Instalment(1, on, 9, 5),))
    conduct = Conduct(
        promises, in_default, "cash-flow", on, 1, (), Class.BREAKS, "figures", ("a proposal",), "a reason"
    )
    in_order = replace(conduct, plan=replace(in_default, state=PlanState.GOOD))

    said = tuple(Obligation("agency", on, state, (late.key,), on, "n1", "why", "held") for state in ObligationState)
    charge = Charge("S-1", late.due, "EUR", "ie-si580", on, (), 4000, on, told=True)

    def standing(account: str, phone: str) -> Standing:
        customer = Customer(account, "Sample", phone=phone)
        how, items = (conduct, (late, early)) if phone else (in_order, ())
        return Standing(
            on, customer, "EUR", items, 100, buckets, (), (printed,), conduct=how, charges=(charge,), obligations=said
        )

    def decision(account: str, action: Action) -> Decision:
        hold = Hold("hold", "a reason")
        return Decision(
            account, "EUR", action, ("a reason",), "reminder", -1, "", ("email",), on, (next_step,), holds=(hold,)
        )

    wanted = [(action, phone) for action in Action for phone in ("", "+44 20 7946 0000")]
    wanted += [(Action.HOLD, "")] * _LISTED
    accounts = [f"s-{n}" for n in range(len(wanted))]
    return Morning(
        on,
        [standing(account, phone) for account, (_, phone) in zip(accounts, wanted, strict=True)],
        [decision(account, action) for account, (action, _) in zip(accounts, wanted, strict=True)],
        [Finding(Severity.ERROR, "accounts/invoices.csv", "a message", "a hint", row=3)] * (_LISTED + 1),
        guards=("a guard",),
        pages=dict.fromkeys(accounts, "site/public/x/index.html"),
        hours=dict.fromkeys(accounts, "Call between 09:00 and 17:30"),
        worth={(account, "EUR"): (9, 10, "90 % of a sample") for account in accounts},
        costly={(account, "EUR"): (6, 30, 0, 9, 5) for account in accounts},
        kept={"EUR": (17, 20, 1240000, 1600000)},
        unbilled=[(Activity(on, accounts[0], "delivered", amount=4500, note="a note"), "EUR", 9)],
        unread={accounts[0]: ("a reason", None)},
    )
