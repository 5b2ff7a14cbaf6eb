"""What invoices owe beside their principal, interest and fixed sums, as pages and screens tell of it."""

from collections.abc import Collection, Iterable
from decimal import Decimal

from pastdue.model import Charge, OpenItem, Standing


def told(standing: Standing) -> tuple[Charge, ...]:
    """The charges that may be shown to the customer and claimed: something is owed, and a notice announced it before."""
    return standing.claims


def claimed(charges: Iterable[Charge], items: Collection[OpenItem], held: Collection[str]) -> tuple[Charge, ...]:
    """Those that are asked for with the items: theirs, and those of invoices that are paid; none that is `held`."""
    asked = {item.key for item in items}
    return tuple(each for each in charges if each.invoice_id not in held and (each.key in asked or each.principal <= 0))


def percent(millionths: int) -> str:
    """A yearly rate in percent, with all the digits that it has and two at least: 101500 is "10.15", 80000 "8.00"."""
    exact = Decimal(millionths).scaleb(-4)
    return f"{exact.quantize(Decimal('0.01')) if exact == round(exact, 2) else exact.normalize():f}"
