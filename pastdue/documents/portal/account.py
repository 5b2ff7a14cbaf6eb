"""One account's page."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import NamedTuple

from markupsafe import Markup

from pastdue import days, money
from pastdue.config import Config
from pastdue.documents import beside, payment, site
from pastdue.documents.catalogue import SHIPPED, Language, Words
from pastdue.documents.portal.asked import Claim, claim_of, headline, reference_of
from pastdue.documents.portal.charges import Worksheet, charge_rows, made_of, paid_of, rule, sums, to_come, worksheet
from pastdue.documents.portal.headers import policy
from pastdue.documents.portal.history import notices_of, payments_of, plan_of, promises
from pastdue.documents.portal.replies import Ways, offered
from pastdue.documents.portal.words import business_of, say_in, told_in
from pastdue.documents.site import encoded, plain
from pastdue.documents.words import called, costs_of, filled_in, grouped, lateness
from pastdue.model import Conduct, Decision, OpenItem, Standing

Pairs = tuple[tuple[str, str], ...]


class Part(NamedTuple):
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
    worksheets: tuple["Worksheet", ...]
    payments: tuple[tuple[str, ...], ...]
    earlier: str  # says what is not listed
    pay: tuple[tuple[str, str], ...]  # label and value; empty when nothing is asked for
    qr: str
    links: tuple[tuple[str, str], ...]  # label and address
    plan: tuple[tuple[str, ...], ...]  # the payments of a plan
    plan_note: str
    promises: tuple[tuple[str, ...], ...]  # what they told us, and what became of it
    ahead: str  # that new orders are paid in advance; "" when they are not


class Writer:
    """Writes accounts' pages: what is the same on all of them is prepared once per language."""

    def __init__(
        self,
        config: Config,
        templates: Mapping[str, str],
        terms: Callable[[str], Pairs] = lambda _: (),
        words: Words = SHIPPED,
        ways: Ways = lambda _: (),
    ) -> None:
        self.words = words
        self.policy, self.calendar, self.ways = policy(config), config.business_days(), ways
        self.config, self.terms = config, lru_cache(maxsize=64)(terms)
        self.render = site.compiled(templates).get_template("account.html").render
        self._said: dict[tuple[str, str], tuple[SimpleNamespace, SimpleNamespace]] = {}

    def page(self, own: Sequence[Standing], decided: Mapping[tuple[str, str], Decision]) -> bytes:
        """One account's page: each of its currencies by itself, never added."""
        customer, on = own[0].customer, own[0].on
        say, business = self._say(customer.language, costs_of(own))
        told = _worth_telling(own)
        decisions = [decided.get((standing.account_id, standing.currency)) for standing in told]
        claims = [claim_of(standing, decision) for standing, decision in zip(told, decisions, strict=True)]
        parts = tuple(
            self._part(standing, claim, decision, say, several=len(told) > 1)
            for standing, claim, decision in zip(told, claims, decisions, strict=True)
        )
        notices, earlier = notices_of(own[0].history, say)
        as_at = days.display(on, say.where)
        html = self.render(
            lang=say.lang,
            policy=self.policy,
            say=say,
            business=business,
            name=plain(customer.name),
            account_id=plain(customer.account_id),
            as_at=say.as_at.format(date=as_at),
            freshness=say.freshness.format(date=as_at),
            parts=parts,
            notices=notices,
            earlier=earlier,
            is_settled=all(part.state in {"settled", "credit"} for part in parts),
            replies=offered(tuple(zip(told, claims, strict=True)), self.config, self.calendar, self.ways, say),
            form=self.config.portal.form,
            terms=self.terms(customer.language),
        )
        return encoded(html)

    def _say(self, language: str, costs: str) -> tuple[SimpleNamespace, SimpleNamespace]:
        if (language, costs) not in self._said:
            business = self.config.business
            say = say_in(told_in(self.words, language, business), business, costs)
            self._said[language, costs] = say, business_of(self.config, say.where)
        return self._said[language, costs]

    def _part(
        self, standing: Standing, claim: Claim, decision: Decision | None, say: SimpleNamespace, *, several: bool
    ) -> Part:
        show = partial(money.display, currency=standing.currency, language=say.where)
        state, label, amount, by, more = headline(standing, claim, decision, say)
        told = beside.told(standing)
        interest, fees = sum(each.interest for each in told), sum(each.fees for each in told)
        claims = {each.key: each for each in told}
        # What went to charges explains why less went to invoices, for as long as anything is open.
        shown = [
            claims.get(each.key, each)
            for each in standing.charges
            if each.key in claims or (each.told and paid_of(each) and standing.balance)
        ]
        is_asked = amount == claim.asked and not claim.promised and not claim.instalment
        mixed = sums(standing.balance, interest, fees, say, show)
        payments, earlier = payments_of(standing.payments, say)
        pay, qr, links = self._how_to_pay(standing, claim.asked, say) if claim.asked else ((), "", ())
        arranged = standing.conduct if claim.pause != "paused" else Conduct()
        plan, plan_note = plan_of(arranged.plan, standing, say)
        return Part(
            currency=standing.currency,
            state=state,
            label=f"{label} · {standing.currency}" if several else label,
            amount=show(amount) if amount else "",
            by=by,
            more=(*more, *to_come(standing, claim, say)),
            parts=made_of(claim, say, show) if is_asked else (),
            items=tuple(_row(item, claim.stands(item, say), say, calm=bool(claim.pause)) for item in standing.items),
            sums=mixed if standing.items else (),
            total=show(standing.balance + interest + fees),
            charges=tuple(row for each in shown for row in charge_rows(each, claim, say)),
            worksheets=tuple(worksheet(each, rule(each, self.config, say), say) for each in shown if each.accruals),
            payments=payments,
            earlier=earlier,
            pay=pay,
            qr=qr,
            links=links,
            plan=plan,
            plan_note=plan_note,
            promises=promises(arranged.promises, standing, say),
            ahead=say.prepayment if arranged.prepayment else "",
        )

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
            (plain(called(link, say.told)), filled_in(link, amount, currency, reference, standing.customer))
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


def _when(days_past_due: int, told: Language) -> str:
    """How many days an item is late, or still has."""
    if days_past_due < 0:
        return told.plural("portal.due-in", -days_past_due)
    return lateness(days_past_due, told)
