"""The customers' pages: one static page per account, at an address that only its customer knows."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from markupsafe import Markup

from pastdue import days, money
from pastdue.config import Business, Config, Portal
from pastdue.documents import beside, payment, sealing, shell, site
from pastdue.documents.catalogue import ENGLISH, FALLBACK, SHIPPED, Language, Words
from pastdue.documents.notices import plain_step
from pastdue.documents.site import cut, encoded, plain, telephone
from pastdue.documents.words import (
    address_lines,
    agreed_rate,
    filled_in,
    grouped,
    invoices,
    lateness,
    locale,
)
from pastdue.findings import Finding
from pastdue.model import (
    COPY,
    Accrual,
    Action,
    Charge,
    Conduct,
    Customer,
    Decision,
    Instalment,
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

PUBLIC = "site/public"
Pairs = tuple[tuple[str, str], ...]

# Every page carries its own policy, for hosts that send no headers; `_headers` repeats it, and adds what only a header
# can say.
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
_HEADERS = """/*
  Content-Security-Policy: {policy}; frame-ancestors 'none'
  Referrer-Policy: no-referrer
  X-Content-Type-Options: nosniff
  X-Frame-Options: DENY
  X-Robots-Tag: noindex, nofollow, noarchive
  Cache-Control: private, no-cache
"""

# As many payments and notices as a customer looks back on: the page stays small on a phone.
_LOOK_BACK = 24
_LATELY = timedelta(days=90)  # for which a promise or a plan that is over is still told of

# What the customer has in hand. A printed letter still lies on the operator's desk.
_RECEIVED = frozenset({State.SENT, State.DRAFTED, State.POSTED, State.CALLED})


def address(key: bytes, account_id: str, rotation: int = 0) -> str:
    """The folder name of an account's page: 160 bits that nobody can guess, the same wherever the key is the same.

    Another rotation gives this account, and no other, another address.
    """
    if len(key) < 16:
        raise ValueError("the portal's key needs 16 bytes or more")
    said = b"\0".join((b"portal", account_id.encode(), str(rotation).encode()))
    return base64.b32encode(hmac.digest(key, said, hashlib.sha256)[:20]).decode().lower()


def path(config: Config, key: bytes, account_id: str) -> str:
    """Where an account's page lies in the workspace."""
    return f"{PUBLIC}/{address(key, account_id, _rotation(config, account_id))}/index.html"


def url(config: Config, key: bytes, account_id: str) -> str:
    """The link that notices carry; "" while the site is published nowhere, or was never built."""
    base = config.portal.base_url.rstrip("/")
    if not base or not key:
        return ""
    return f"{base}/{address(key, account_id, _rotation(config, account_id))}/{opening(config, key, account_id)}"


def opening(config: Config, key: bytes, account_id: str) -> str:
    """The end of a link that opens the account's page: its key where pages are sealed, else ""."""
    if not config.portal.sealed:
        return ""
    return sealing.fragment(sealing.key(key, account_id, _rotation(config, account_id)))


def _rotation(config: Config, account_id: str) -> int:
    return config.portal.rotate.get(account_id, 0)


def reference_of(standing: Standing) -> str:
    """What to write on the payment: the invoice's number where one is asked for, the account's where there are more."""
    charged = {charge.invoice_id for charge in beside.told(standing)}
    asked = {item.invoice_id for item in standing.items if item.is_overdue or not (standing.overdue or charged)}
    asked |= charged
    return asked.pop() if len(asked) == 1 else standing.account_id


def pages(
    standings: Iterable[Standing],
    decisions: Iterable[Decision],
    config: Config,
    templates: Mapping[str, str],
    static: Mapping[str, bytes],
    key: bytes,
    terms: Callable[[str], Pairs] = lambda _: (),
    words: Words = SHIPPED,
) -> Iterator[Page]:
    """The whole site but the pages of `terms`, which gives label and file of each, for a language."""
    yield from _around(config, templates, static, words)
    decided = {(each.account_id, each.currency): each for each in decisions}
    accounts: dict[str, list[Standing]] = {}
    for standing in standings:
        accounts.setdefault(standing.account_id, []).append(standing)
    writer, published = _Writer(config, templates, terms, words), _published(config, templates, key, words)
    for account_id, own in accounts.items():
        yield Page(path(config, key, account_id), published(account_id, writer.page(own, decided)))


def _published(config: Config, templates: Mapping[str, str], key: bytes, words: Words) -> Callable[[str, bytes], bytes]:
    """What is published of an account's page: the page itself, or its ciphertext in a shell that is the same for all."""
    if not config.portal.sealed:
        return lambda _account, html: html
    around = _shell(config, templates, words)

    def seal(account_id: str, html: bytes) -> bytes:
        rotation = _rotation(config, account_id)
        own = address(key, account_id, rotation)
        return around(own, sealing.sealed(sealing.key(key, account_id, rotation), own, html))

    return seal


def _shell(config: Config, templates: Mapping[str, str], words: Words) -> Callable[[str, str], bytes]:
    """What stands around sealed pages. It speaks the business's language, and English: the customer's is nobody's business."""
    business = config.business
    said = [_say(_told(words, language, business), business) for language in (business.language, FALLBACK)]
    told = {each.sealed_locked: each for each in said}  # one, where the business speaks English
    return shell.shell(templates, shell.policy(POLICY), tuple(told.values()), _business(config, said[0]))


def _around(config: Config, templates: Mapping[str, str], static: Mapping[str, bytes], words: Words) -> Iterator[Page]:
    """What stands beside the accounts' pages. None of it tells who has one."""
    say = _say(_told(words, config.business.language, config.business), config.business)
    for name, title, text, root in (
        ("index.html", say.index_title, say.index_text, ""),
        # A host serves it in place of any path, so that only the path of the site itself finds the stylesheet.
        ("404.html", say.missing_title, say.missing_text, _site_path(config.portal)),
    ):
        yield Page(f"{PUBLIC}/{name}", _blank(name, title, text, root, say, templates))
    yield Page(f"{PUBLIC}/robots.txt", b"User-agent: *\nDisallow: /\n")
    policy = shell.policy(POLICY) if config.portal.sealed else POLICY
    yield Page(f"{PUBLIC}/_headers", _HEADERS.format(policy=policy).encode())
    for name, content in sorted(static.items()):
        yield Page(f"{PUBLIC}/static/{name}", content)


def _blank(name: str, title: str, text: str, root: str, say: SimpleNamespace, templates: Mapping[str, str]) -> bytes:
    """A page that says nothing of anybody."""
    template = site.compiled(templates).get_template(name)
    return encoded(template.render(lang=say.lang, policy=POLICY, title=title, text=text, root=root))


def _site_path(portal: Portal) -> str:
    return urlsplit(portal.base_url).path.rstrip("/") + "/" if portal.base_url else ""


# ------------------------------------------------------------------ an account's page


class _Part(NamedTuple):
    """An account's standing in one currency, in words: what its part of the page says."""

    currency: str
    state: str  # "overdue", "open", "credit" or "settled"
    label: str
    amount: str  # "" when there is none to show
    by: str  # by when, or what follows
    more: tuple[str, ...]
    parts: tuple[tuple[str, str], ...]  # what the amount is made of, where it is more than invoices
    items: tuple[tuple[str, ...], ...]
    sums: tuple[tuple[str, str], ...]  # below the items, where there is more than they: label and amount
    total: str
    charges: tuple[tuple[str, ...], ...]  # interest and fixed sums, a row each
    worksheets: tuple["_Worksheet", ...]
    payments: tuple[tuple[str, ...], ...]
    earlier: str  # says what is not listed
    pay: tuple[tuple[str, str], ...]  # label and value; empty when nothing is asked for
    qr: str
    links: tuple[tuple[str, str], ...]  # label and address
    plan: tuple[tuple[str, ...], ...]  # the payments of a plan
    plan_note: str
    promises: tuple[tuple[str, ...], ...]  # what they told us, and what became of it
    ahead: str  # that new orders are paid in advance; "" when they are not


class _Worksheet(NamedTuple):
    """How the interest of one due amount comes about."""

    title: str
    rule: str
    lines: tuple[tuple[str, ...], ...]  # from, to, days, principal, rate, amount
    sums: tuple[tuple[str, str], ...]  # label and amount; the last is what is owed


class _Writer:
    """Writes accounts' pages: what is the same on all of them is prepared once per language."""

    def __init__(
        self,
        config: Config,
        templates: Mapping[str, str],
        terms: Callable[[str], Pairs] = lambda _: (),
        words: Words = SHIPPED,
    ) -> None:
        self.words = words
        self.config, self.terms = config, lru_cache(maxsize=64)(terms)
        self.render = site.compiled(templates).get_template("account.html").render
        self._said: dict[str, tuple[SimpleNamespace, SimpleNamespace]] = {}

    def page(self, own: Sequence[Standing], decided: Mapping[tuple[str, str], Decision]) -> bytes:
        """One account's page: each of its currencies by itself, never added."""
        customer, on = own[0].customer, own[0].on
        say, business = self._say(customer.language)
        told = _worth_telling(own)
        parts = tuple(
            self._part(standing, decided.get((standing.account_id, standing.currency)), say, several=len(told) > 1)
            for standing in told
        )
        notices, earlier = _notices(own[0].history, say)
        as_at = days.display(on, say.where)
        html = self.render(
            lang=say.lang,
            policy=POLICY,
            say=say,
            business=business,
            name=plain(customer.name),
            account_id=plain(customer.account_id),
            as_at=say.as_at.format(date=as_at),
            freshness=say.freshness.format(date=as_at),
            parts=parts,
            notices=notices,
            earlier=earlier,
            replies=_replies(customer, own, business),
            terms=self.terms(customer.language),
        )
        return encoded(html)

    def _say(self, language: str) -> tuple[SimpleNamespace, SimpleNamespace]:
        if language not in self._said:
            business = self.config.business
            say = _say(_told(self.words, language, business), business)
            self._said[language] = say, _business(self.config, say)
        return self._said[language]

    def _part(self, standing: Standing, decision: Decision | None, say: SimpleNamespace, *, several: bool) -> _Part:
        show = partial(money.display, currency=standing.currency, language=say.where)
        claim = _claim(standing, decision)
        state, label, amount, by, more = _headline(standing, claim, decision, say)
        told = beside.told(standing)
        interest, fees = sum(each.interest for each in told), sum(each.fees for each in told)
        claims = {each.key: each for each in told}
        # What went to charges explains why less went to invoices, for as long as anything is open.
        shown = [
            claims.get(each.key, each)
            for each in standing.charges
            if each.key in claims or (each.told and _paid_of(each) and standing.balance)
        ]
        is_asked = amount == claim.asked and not claim.promised and not claim.instalment
        mixed = _sums(standing.balance, interest, fees, say, show)
        payments, earlier = _payments(standing.payments, say)
        pay, qr, links = self._how_to_pay(standing, claim.asked, say) if claim.asked else ((), "", ())
        arranged = standing.conduct if claim.pause != "paused" else Conduct()
        plan, plan_note = _plan(arranged.plan, standing, say)
        return _Part(
            currency=standing.currency,
            state=state,
            label=f"{label} · {standing.currency}" if several else label,
            amount=show(amount) if amount else "",
            by=by,
            more=(*more, *self._to_come(standing, claim, say)),
            parts=_parts(claim, say, show) if is_asked else (),
            items=tuple(_row(item, claim.stands(item, say), say, calm=bool(claim.pause)) for item in standing.items),
            sums=mixed if standing.items else (),
            total=show(standing.balance + interest + fees),
            charges=tuple(row for each in shown for row in _charge_rows(each, claim, say)),
            worksheets=tuple(_worksheet(each, self._rule(each, say), say) for each in shown if each.accruals),
            payments=payments,
            earlier=earlier,
            pay=pay,
            qr=qr,
            links=links,
            plan=plan,
            plan_note=plan_note,
            promises=_promises(arranged.promises, standing, say),
            ahead=say.prepayment if arranged.prepayment else "",
        )

    def _to_come(self, standing: Standing, claim: "_Claim", say: SimpleNamespace) -> Iterator[str]:
        """What a notice told them to come beside the invoices, and from when; nothing while they are asked for nothing."""
        everything = {item.invoice_id for item in standing.items}
        asked = everything - claim.held - claim.planned
        for each in standing.obligations:
            about = tuple(dict.fromkeys(invoice for invoice, _ in each.items if invoice in asked))
            is_ahead = each.state is ObligationState.AHEAD and each.consequence in {"interest", "fee"}
            if is_ahead and about and not claim.pause:
                named = invoices(about, say.told, say.where)
                of = say.of_them.format(invoices=named) if set(about) != everything else ""
                said = say.interest_to_come if each.consequence == "interest" else say.fee_to_come
                yield said.format(date=days.display(each.on, say.where), of=of)

    def _rule(self, charge: Charge, say: SimpleNamespace) -> str:
        """The law or the contract that interest runs by, and how its days are counted."""
        rate = agreed_rate(self.config, say.where)
        basis = say.told.get(f"basis.{charge.regime}").format(rate=rate).strip(" ,")
        counted = str(say.counted.format(year=charge.year_days))
        if any(line.reference is not None for line in charge.accruals):
            counted += f" {say.made_of}"
        return f"{say.basis.format(basis=basis)} {counted}" if basis else counted

    def _how_to_pay(
        self, standing: Standing, asked: int, say: SimpleNamespace
    ) -> tuple[tuple[tuple[str, str], ...], str, tuple[tuple[str, str], ...]]:
        """All that a transfer needs as label and value, the code for a banking app, and the links to pay online."""
        business, currency, about = self.config.business, standing.currency, reference_of(standing)
        reference = payment.reference(self.config, about)
        lines = (
            (say.amount, money.display(asked, currency, say.where)),
            (say.payment_reference, plain(payment.grouped(reference))),
            (say.holder, plain(business.account_holder or business.name)),
            (say.iban, grouped(business.iban)),
            (say.bic, plain(business.bic)),
            (say.sort_code, plain(business.sort_code)),
            (say.account_number, plain(business.account_number)),
            (say.bank, plain(business.bank)),
            (say.upi, plain(business.upi if currency == "INR" else "")),
        )
        code = payment.code(self.config, asked, currency, about, standing.customer)
        qr = Markup(code.svg(say.qr)) if code else ""  # noqa: S704 -- a drawing, its label escaped
        amount = money.to_text(asked, currency)
        links = tuple(
            (plain(link.name), filled_in(link, amount, currency, reference, standing.customer))
            for link in self.config.portal.links
        )
        if code and code.kind == "upi":
            links = ((say.pay_upi, code.payload), *links)
        return tuple((label, value) for label, value in lines if value), qr, links


def _worth_telling(own: Sequence[Standing]) -> list[Standing]:
    """The currencies in which anything ever happened, the customer's own first; at least one."""
    first = own[0].customer.currency
    ordered = sorted(own, key=lambda standing: (standing.currency != first, standing.currency))
    return [each for each in ordered if each.items or each.credit or each.payments or each.charges] or ordered[:1]


# ------------------------------------------------------------------ what is asked for


class _Claim(NamedTuple):
    """What the page asks for: never more than the notices do."""

    asked: int  # to be paid now, or next when nothing is overdue; 0: nothing is asked for
    overdue: int  # what of the invoices it asks for is past due
    charges: tuple[Charge, ...]  # interest and fixed sums that it asks for, beside the invoices
    held: frozenset[str]  # invoices that are under discussion: shown, not asked for
    planned: frozenset[str]  # invoices that are paid by a plan
    pause: str  # "arranged" or "paused" while the whole account is on hold, else ""
    promised: tuple[Promise, ...]  # what they told us, and is still to come: paid by that
    instalment: Instalment | None  # the next one of a signed plan, where it is what is asked for

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


def _claim(standing: Standing, decision: Decision | None) -> _Claim:
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
    return _Claim(asked, overdue, charges, held, planned, pause, promised, instalment)


def _headline(
    standing: Standing, claim: _Claim, decision: Decision | None, say: SimpleNamespace
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
        pay_by = _pay_by(standing, decision)
        if pay_by:
            more = (say.pay_by.format(date=days.display(pay_by, say.where)), *more)
        return "open", say.to_pay, claim.asked, by, more
    if claim.overdue:
        pay_by = _pay_by(standing, decision)
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
    standing: Standing, claim: _Claim, instalment: Instalment, say: SimpleNamespace, more: tuple[str, ...]
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


def _pay_by(standing: Standing, decision: Decision | None) -> date | None:
    """The deadline that holds: that of the notice going out today, or of the last one; None when it has passed."""
    if decision and decision.action is Action.NOTICE:
        return decision.pay_by
    still_open = {item.key for item in standing.items} | {charge.key for charge in beside.told(standing)}
    for line in reversed(standing.history):
        if line.went_out and line.currency == standing.currency and line.pay_by and line.key in still_open:
            return line.pay_by if line.pay_by >= standing.on else None
    return None


# ------------------------------------------------------------------ the tables, as texts in tuples: they render fastest


def _row(item: OpenItem, stands: str, say: SimpleNamespace, *, calm: bool) -> tuple[str, ...]:
    """One open item as the table shows it; `stands` in place of how late it is, `calm` where nobody presses."""
    paid = item.amount - item.open
    show = partial(money.display, currency=item.currency, language=say.where)
    return (
        plain(item.invoice_id),
        plain(item.description),
        plain(item.reference),
        days.display_short(item.issued, say.where) if item.issued else "",
        item.due.isoformat(),
        days.display_short(item.due, say.where),
        " alarm" if item.is_overdue and not stands and not calm else "",
        stands or _when(item.days_past_due, say.told),
        show(item.open),
        say.of_amount.format(amount=show(item.amount)) if paid else "",
        say.paid.format(amount=show(paid)) if paid else "",
    )


def _sums(
    principal: int, interest: int, fees: int, say: SimpleNamespace, show: Callable[[int], str]
) -> tuple[tuple[str, str], ...]:
    """Invoices, interest and fixed sums on a line each; none where there are only invoices."""
    lines = ((say.principal, principal), (say.interest, interest), (say.fees, fees))
    return tuple((str(label), show(sum_)) for label, sum_ in lines if sum_) if interest or fees else ()


def _parts(claim: _Claim, say: SimpleNamespace, show: Callable[[int], str]) -> tuple[tuple[str, str], ...]:
    """What the sum that is asked for is made of."""
    interest, fees = sum(each.interest for each in claim.charges), sum(each.fees for each in claim.charges)
    return _sums(claim.asked - interest - fees, interest, fees, say, show)


def _paid_of(charge: Charge) -> int:
    """What was paid of the charge."""
    return charge.interest_paid + charge.fee_paid


def _charge_rows(charge: Charge, claim: _Claim, say: SimpleNamespace) -> Iterator[tuple[str, ...]]:
    """Interest and the fixed sum of one due amount: invoice, what, a remark and what is owed."""
    show = partial(money.display, currency=charge.currency, language=say.where)
    apart = say.under_discussion if charge.invoice_id in claim.held else ""
    if charge.invoice_id in claim.planned:
        apart = say.in_plan
    rows = (
        (say.interest_since, charge.since, charge.interest, charge.interest_paid, charge.interest_waived),
        (say.fee_of, charge.fee_on, charge.fees, charge.fee_paid, charge.fee_waived),
    )
    for what, since, owed, paid, waived in rows:
        if (owed or paid) and since:
            gone = [say.paid.format(amount=show(paid))] * bool(paid) + [say.waived.format(amount=show(waived))] * bool(
                waived
            )
            about = what.format(date=days.display_short(since, say.where))
            yield plain(charge.invoice_id), about, "; ".join(filter(None, (apart, *gone))), show(owed)


def _worksheet(charge: Charge, rule: str, say: SimpleNamespace) -> _Worksheet:
    """Every line of an interest worksheet, and from their sum to what is owed."""
    show = partial(money.display, currency=charge.currency, language=say.where)
    sums = [(say.interest, charge.accrued)]
    gone = [(say.interest_paid, -charge.interest_paid), (say.interest_waived, -charge.interest_waived)]
    gone = [(label, sum_) for label, sum_ in gone if sum_]
    sums += [*gone, (say.interest_owed, charge.interest)] if gone else []
    title = say.interest_of.format(invoice=plain(charge.invoice_id), date=days.display_short(charge.due, say.where))
    return _Worksheet(
        title=title,
        rule=rule,
        lines=tuple(_accrual(line, show, say) for line in charge.accruals),
        sums=tuple((str(label), show(sum_)) for label, sum_ in sums),
    )


def _accrual(line: Accrual, show: Callable[[int], str], say: SimpleNamespace) -> tuple[str, ...]:
    return (
        days.display_short(line.first, say.where),
        days.display_short(line.last, say.where),
        str(line.days),
        show(line.principal),
        say.rate_unknown if line.rate is None else _rate(line, say),
        show(line.amount),
    )


def _rate(line: Accrual, say: SimpleNamespace) -> str:
    """The yearly rate, and what it is made of where it is built on a reference rate."""
    from babel.numbers import format_decimal

    def percent(millionths: int) -> str:
        exact = Decimal(millionths).scaleb(-4)
        return str(say.percent.format(rate=format_decimal(exact, format="#,##0.00##", locale=say.where)))

    rate = line.rate or 0
    if line.reference is None:
        return percent(rate)
    more = rate - line.reference
    return f"{percent(rate)} = {percent(line.reference)} {'+' if more >= 0 else '−'} {percent(abs(more))}"


def _when(days_past_due: int, told: Language) -> str:
    """How many days an item is late, or still has."""
    if days_past_due < 0:
        return told.plural("portal.due-in", -days_past_due)
    return lateness(days_past_due, told)


def _promises(promises: Sequence[Promise], standing: Standing, say: SimpleNamespace) -> tuple[tuple[str, ...], ...]:
    """What they told us lately and what became of it, the latest first: facts, and thanks where there is cause."""
    show = partial(money.display, currency=standing.currency, language=say.where)
    lately = [each for each in promises if each.deadline >= standing.on - _LATELY]
    return tuple(
        (
            days.display_short(each.made, say.where),
            show(each.amount),
            each.due.isoformat(),
            days.display_short(each.due, say.where),
            _became(each, show(each.received), say),
        )
        for each in reversed(lately)
    )


def _became(promise: Promise, received: str, say: SimpleNamespace) -> str:
    if promise.state is PromiseState.KEPT:
        return str(say.promise_kept)
    if promise.received:
        return str(say.part_received.format(amount=received))
    return str(say.expected if promise.state is PromiseState.PENDING else say.not_received)


def _plan(plan: Plan | None, standing: Standing, say: SimpleNamespace) -> tuple[tuple[tuple[str, ...], ...], str]:
    """The payments of the plan with what came of each, and how it goes; nothing of one that was never signed."""
    if plan is None or plan.state is PlanState.LAPSED or not plan.instalments:
        return (), ""
    if plan.state is PlanState.PAID and plan.instalments[-1].due < standing.on - _LATELY:
        return (), ""
    show = partial(money.display, currency=standing.currency, language=say.where)
    first = next((each for each in plan.instalments if each.paid < each.amount), plan.instalments[-1])
    note = {
        PlanState.OFFERED: say.plan_offered,
        PlanState.GOOD: say.plan_good,
        PlanState.LATE: say.plan_late,
        PlanState.DEFAULT: say.plan_default,
        PlanState.PAID: say.plan_paid,
    }[plan.state].format(
        number=first.number,
        due=days.display(first.due, say.where),
        date=days.display(plan.until, say.where) if plan.until else "",
    )
    rows = tuple(
        (
            say.payment_number.format(number=each.number, count=len(plan.instalments)),
            each.due.isoformat(),
            days.display_short(each.due, say.where),
            show(each.amount),
            _paid(each, standing.on, show(each.paid), say),
        )
        for each in plan.instalments
    )
    return rows, note


def _paid(instalment: Instalment, on: date, paid: str, say: SimpleNamespace) -> str:
    if instalment.paid >= instalment.amount:
        return str(say.received_all)
    if instalment.paid:
        return str(say.part_received.format(amount=paid))
    return str(say.not_received if instalment.due < on else say.to_come)


def _payments(payments: Sequence[Payment], say: SimpleNamespace) -> tuple[tuple[tuple[str, ...], ...], str]:
    """What was received, the latest first, and a line about what is not listed."""
    rows = tuple(
        (
            each.received.isoformat(),
            days.display_short(each.received, say.where),
            plain(each.invoice_id),
            plain(each.reference) if each.amount >= 0 else say.taken_back,
            money.display(each.amount, each.currency, say.where),
        )
        for each in payments[: -_LOOK_BACK - 1 : -1]
    )
    return rows, _earlier(len(payments), say)


def _notices(history: Sequence[Sent], say: SimpleNamespace) -> tuple[tuple[tuple[str, ...], ...], str]:
    """What the customer was sent, the latest first: day, step and channel in plain words."""
    notices: dict[str, Sent] = {}
    for line in history:
        if line.state in _RECEIVED and line.channel != COPY:
            known = notices.get(line.notice_id)
            notices[line.notice_id] = line if known is None or line.rung > known.rung else known
    latest = list(notices.values())
    rows = tuple(
        (
            line.on.isoformat(),
            days.display_short(line.on, say.where),
            # The operator's own names for steps stay in the house.
            getattr(say, f"step_{_label(line.step)}", say.step_other),
            getattr(say, f"channel_{line.channel}", say.channel_other),
        )
        for line in latest[: -_LOOK_BACK - 1 : -1]
    )
    return rows, _earlier(len(latest), say)


def _label(step: str) -> str:
    """The step as its name stands in the catalogue."""
    return plain_step(step).replace("-", "_")


def _earlier(count: int, say: SimpleNamespace) -> str:
    return say.told.plural("portal.earlier", count - _LOOK_BACK) if count > _LOOK_BACK else ""


# ------------------------------------------------------------------ words


def _told(words: Words, language: str, business: Business) -> Language:
    """The customer's language, else the business's, else English."""
    return words.of(next((each for each in (language, business.language) if words.speaks(each)), FALLBACK))


def _say(told: Language, business: Business) -> SimpleNamespace:
    """The portal's words in a language; `where` is how figures are written."""
    where = locale(told.tag, business)
    own = {key.replace("-", "_"): text for key, text in told.table("portal").items()}
    return SimpleNamespace(**own, told=told, where=where, lang=where.replace("_", "-"))


def _business(config: Config, say: SimpleNamespace) -> SimpleNamespace:
    """The creditor as every page names them."""
    business = config.business
    lines = (*address_lines(business, say.where, home=business.country), business.registration)
    email = business.email or config.sender()[1]
    return SimpleNamespace(
        name=plain(business.name),
        email=email,
        replies=_answers(email, say),
        phone=plain(business.phone),
        tel=telephone(business.phone),
        lines=tuple(plain(line) for line in lines if line),
    )


def _replies(customer: Customer, own: Sequence[Standing], business: SimpleNamespace) -> tuple[tuple[str, str], ...]:
    """What a customer may want to say, each as a link that begins the email."""
    account = _quoted(cut(customer.account_id, 60))
    answers = business.replies if any(each.items or beside.told(each) for each in own) else business.replies[-1:]
    return tuple((label, f"{before}{account}{after}") for label, before, after in answers)


def _answers(email: str, say: SimpleNamespace) -> tuple[tuple[str, str, str], ...]:
    """Each answer's label, and its `mailto:` link before and after the account's number; a question comes last."""
    if not email:
        return ()
    told = (
        (say.reply_paid, say.reply_paid_text),
        (say.reply_later, say.reply_later_text),
        (say.reply_dispute, say.reply_dispute_text),
        (say.reply_question, say.reply_question_text),
    )
    to = f"mailto:{quote(email, safe='@')}?subject="
    return tuple(
        (label, f"{to}{_quoted(f'{label} ({say.account} ')}", f"{_quoted(')')}&body={_body(text)}")
        for label, text in told
    )


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _body(text: str) -> str:
    return _quoted("\r\n".join(text.strip().splitlines()) + "\r\n")


# ------------------------------------------------------------------ is every template sound?


def check(templates: Mapping[str, str]) -> list[Finding]:
    """Each mistake in the site's templates, found by rendering samples with them; all of them stop the run."""
    config = Config.model_validate(_SAMPLE)
    blank = partial(_blank, title="", text="", root="", say=_say(ENGLISH, config.business), templates=templates)

    def account() -> None:
        writer = _Writer(config, templates, lambda _: (("Our credit policy", "policy.html"),))
        for own in _samples():
            writer.page(own, {})

    return [
        *site.trial("account.html", account),
        *site.trial("index.html", partial(blank, "index.html")),
        *site.trial("404.html", partial(blank, "404.html")),
        *shell.check(lambda: _shell(config, templates, SHIPPED)("address", "c2VhbGVk")),
    ]


_SAMPLE = {
    "business": {
        "name": "Sample Joinery",
        "address": ["1 Sample Street"],
        "email": "sample@example.com",
        "phone": "+44 20 7946 0000",
        "iban": "DE89370400440532013000",
    },
    "portal": {"links": [{"name": "Pay by card", "url": "https://pay.example.com/?a={amount}"}]},
}


def _samples() -> Iterator[list[Standing]]:
    """An account for each branch that a template may take: owing in two currencies, in credit, settled, never used."""
    on = date(2026, 3, 2)
    customer = Customer("sample", "Sample Customer", currency="EUR")
    late = OpenItem("S-1", on - timedelta(9), on - timedelta(39), "EUR", 90000, 60000, 9, "Sample work", "PO 1")
    early = OpenItem("S-2", on + timedelta(9), None, "GBP", 5000, 5000, -9)
    paid = tuple(Payment(on, 30000, "EUR", "S-1", "sample") for _ in range(_LOOK_BACK + 1))
    history = tuple(
        Sent(f"n{n}", on, "S-1", late.due, "reminder", 1, "email", State.SENT, 60000, "EUR", on + timedelta(7))
        for n in range(_LOOK_BACK + 1)
    )
    promise = Promise(on, on, on, 5000, 5000, 0, PromiseState.PENDING)
    plan = Plan(on, on, PlanState.GOOD, None, (Instalment(1, on, 60000, 0),))
    conduct = Conduct((promise,), plan, prepayment="a reason")
    line = Accrual(60000, on - timedelta(8), on, 9, 101500, 150, 21500)
    charge = Charge("S-1", late.due, "EUR", "ie-si580", line.first, (line,), 4000, on, 10, 0, 20, 0, 60000, told=True)
    yield [
        Standing(on, customer, "EUR", (late,), payments=paid, history=history, conduct=conduct, charges=(charge,)),
        Standing(on, customer, "GBP", (early,), history=history),
    ]
    yield [Standing(on, customer, "EUR", credit=5000, payments=paid[:1])]
    yield [Standing(on, customer, "EUR", payments=paid[:1], history=history[:1])]
    yield [Standing(on, customer, "EUR", payments=paid[:1], charges=(replace(charge, principal=0),))]
    yield [Standing(on, customer, "EUR")]
