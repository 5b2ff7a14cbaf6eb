"""Interest and fixed sums on a page: what each is for, and how it is worked out."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import NamedTuple

from pastdue import days, money
from pastdue.config import Config
from pastdue.documents.portal.asked import Claim
from pastdue.documents.site import plain
from pastdue.documents.words import agreed_rate, invoices
from pastdue.model import Accrual, Charge, ObligationState, Standing


class Worksheet(NamedTuple):
    """How the interest of one due amount comes about."""

    title: str
    rule: str
    lines: tuple[tuple[str, ...], ...]  # from, to, days, principal, rate, amount
    sums: tuple[tuple[str, str], ...]  # label and amount; the last is what is owed
    unknown: str  # says from when on no rate is known, in the letter's words; "" while one is


def sums(
    principal: int, interest: int, fees: int, say: SimpleNamespace, show: Callable[[int], str]
) -> tuple[tuple[str, str], ...]:
    """Invoices, interest and fixed sums on a line each; none where there are only invoices."""
    lines = ((say.principal, principal), (say.interest, interest), (say.fees, fees))
    return tuple((str(label), show(sum_)) for label, sum_ in lines if sum_) if interest or fees else ()


def made_of(claim: Claim, say: SimpleNamespace, show: Callable[[int], str]) -> tuple[tuple[str, str], ...]:
    """What the sum that is asked for is made of."""
    interest, fees = sum(each.interest for each in claim.charges), sum(each.fees for each in claim.charges)
    return sums(claim.asked - interest - fees, interest, fees, say, show)


def paid_of(charge: Charge) -> int:
    """What was paid of the charge."""
    return charge.interest_paid + charge.fee_paid


def charge_rows(charge: Charge, claim: Claim, say: SimpleNamespace) -> Iterator[tuple[str, ...]]:
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


def worksheet(charge: Charge, rule: str, say: SimpleNamespace) -> Worksheet:
    """Every line of an interest worksheet, and from their sum to what is owed."""
    show = partial(money.display, currency=charge.currency, language=say.where)
    sums = [(say.interest, charge.accrued)]
    gone = [(say.interest_paid, -charge.interest_paid), (say.interest_waived, -charge.interest_waived)]
    gone = [(label, sum_) for label, sum_ in gone if sum_]
    sums += [*gone, (say.interest_owed, charge.interest)] if gone else []
    since = charge.unknown_from
    title = say.interest_of.format(invoice=plain(charge.invoice_id), date=days.display_short(charge.due, say.where))
    return Worksheet(
        title=title,
        rule=rule,
        lines=tuple(_accrual(line, show, say) for line in charge.accruals if line.rate is not None),
        sums=tuple((str(label), show(sum_)) for label, sum_ in sums),
        unknown=say.rate_unknown.format(date=days.display(since, say.where)) if since else "",
    )


def _accrual(line: Accrual, show: Callable[[int], str], say: SimpleNamespace) -> tuple[str, ...]:
    return (
        days.display_short(line.first, say.where),
        days.display_short(line.last, say.where),
        str(line.days),
        show(line.principal),
        _rate(line, say),
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


def to_come(standing: Standing, claim: Claim, say: SimpleNamespace) -> Iterator[str]:
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


def rule(charge: Charge, config: Config, say: SimpleNamespace) -> str:
    """The law or the contract that interest runs by, and how its days are counted."""
    rate = agreed_rate(config, say.where)
    basis = say.told.get(f"basis.{charge.regime}").format(rate=rate).strip(" ,")
    counted = str(say.counted.format(year=charge.year_days))
    if any(line.reference is not None for line in charge.accruals):
        counted += f" {say.made_of}"
    return f"{say.basis.format(basis=basis)} {counted}" if basis else counted
