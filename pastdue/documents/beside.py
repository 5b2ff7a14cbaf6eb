"""What invoices owe beside their principal, interest and fixed sums, as pages and screens tell of it."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from fractions import Fraction

from pastdue import money
from pastdue.model import Accrual, Charge, OpenItem, Standing

_YEARS = (365, 360)  # days of a year that interest is reckoned by


def told(standing: Standing) -> tuple[Charge, ...]:
    """The charges that may be shown to the customer and claimed: something is owed, and a notice announced it before."""
    return tuple(charge for charge in standing.charges if charge.told and charge.owed)


def claimed(charges: Iterable[Charge], items: Collection[OpenItem], held: Collection[str]) -> tuple[Charge, ...]:
    """Those that are asked for with the items: theirs, and those of invoices that are paid; none that is `held`."""
    asked = {item.key for item in items}
    return tuple(each for each in charges if each.invoice_id not in held and (each.key in asked or each.principal <= 0))


def year_days(lines: Iterable[Accrual]) -> int:
    """Days of the year that gives the amount of each line; 0 where none of the usual ones does."""
    known = [line for line in lines if line.rate is not None]
    for year in _YEARS:
        if all(line.amount == _reckoned(line, year) for line in known):
            return year
    return 0


def _reckoned(line: Accrual, year: int) -> int:
    return money.half_up(Fraction(line.principal * (line.rate or 0) * line.days, 1_000_000 * year))


def percent(millionths: int) -> str:
    """A yearly rate in percent, with all the digits that it has and two at least: 101500 is "10.15", 80000 "8.00"."""
    exact = Decimal(millionths).scaleb(-4)
    return f"{exact.quantize(Decimal('0.01')) if exact == round(exact, 2) else exact.normalize():f}"
