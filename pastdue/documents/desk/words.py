"""The small words of the desk: counts, shares, lists of names, and links to the files around it."""

from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from urllib.parse import quote

from pastdue import money
from pastdue.documents.site import cut
from pastdue.model import Class, Customer, Standing

TEXT = 80  # characters that a name or a number may have
_REASONS, _NAMED = 4, 6


def link(path: str, folder: str = "outbox/") -> str:
    """From a page in a folder of the workspace, or one in the outbox, to a file: relative, each part quoted."""
    here, there = folder.rstrip("/").split("/"), path.split("/")
    while here and here[0] == there[0]:
        here, there = here[1:], there[1:]
    return quote("/".join((*(".." for _ in here), *there)), safe="/.-_")


def few(reasons: Sequence[str]) -> tuple[str, ...]:
    """The first reasons, and how many more there are."""
    shown = tuple(cut(reason, 3 * TEXT) for reason in reasons[:_REASONS])
    return (*shown, f"and {len(reasons) - _REASONS} more") if len(reasons) > _REASONS else shown


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


def of_charges(interest: int, fees: int, show: Callable[[int], str]) -> str:
    """Both kinds of charges in words, each with its sum; "" where there are none."""
    parts = [f"{show(interest)} interest"] * bool(interest) + [f"{show(fees)} fixed sums"] * bool(fees)
    return " and ".join(parts)


def percent(part: int, whole: int) -> str:
    """A share in whole percent; "" where there is none."""
    return f"{money.half_up(Fraction(100 * part, whole))} %" if part and whole > 0 else ""


def tenths(part: int, whole: int) -> str:
    """A share in percent with one decimal, the half rounded up, in whole numbers: 17 of 20 is "85.0 %"."""
    return f"{one_decimal(Fraction(100 * part, whole))} %"


def one_decimal(exact: Fraction) -> str:
    """The number with one decimal, the half rounded up."""
    rounded = money.half_up(exact * 10)
    return f"{'-' * (rounded < 0)}{abs(rounded) // 10}.{abs(rounded) % 10}"


def count(number: int, what: str, many: str = "") -> str:
    """A number of things: "1 account", "2 accounts"."""
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"


def weekday(day: date, where: str) -> str:
    """The day of the week by its name."""
    from babel.dates import format_date

    return format_date(day, format="EEEE", locale=where)


def can_reach(customer: Customer) -> bool:
    """True where there is any way to them."""
    return bool(customer.email or customer.has_post or customer.phone)


def klass(standing: Standing) -> str:
    """What the record says of the payer."""
    known = standing.conduct.klass
    return "not classed yet" if known is Class.UNKNOWN else str(known)
