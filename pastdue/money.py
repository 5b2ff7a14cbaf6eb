"""Money: whole minor units of an ISO 4217 currency, and the words for it.

100.00 EUR is 10000, 100 JPY is 100, 1.000 KWD is 1000. No float touches an amount; text becomes an
amount in `books.cells`, and rounding, where a rule needs any, is half-up (away from zero at the half).
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from typing import NamedTuple

# ISO 4217 minor units other than 2 (list one, 2026-01-01). CLDR, and so Babel, differs for IQD, AFN and
# others: it says what shops print, not what the standard counts.
_EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}

# CLDR writes "KWD1.000" where it has no sign for a currency; a reader wants the space.
_CODE_TOUCHES_FIGURES = re.compile(r"([A-Z]{3})$")

# The largest amount a cell may hold, in minor units: sums of a million of them still fit an int64.
LARGEST = 10**12


def exponent(currency: str) -> int:
    """Digits after the point that ISO 4217 gives the currency: EUR 2, JPY 0, KWD 3."""
    return _EXPONENTS.get(currency, 2)


@cache
def is_currency(code: str) -> bool:
    """True for a currency code that ISO 4217 knows today."""
    from babel import Locale

    return len(code) == 3 and code.isascii() and code.isupper() and code in Locale("en").currencies


def to_text(minor: int, currency: str) -> str:
    """The amount as plain digits, for ledgers and JSON: 123450 EUR is "1234.50"."""
    digits = exponent(currency)
    sign = "-" if minor < 0 else ""
    whole, part = divmod(abs(minor), 10**digits)
    return f"{sign}{whole}.{part:0{digits}d}" if digits else f"{sign}{whole}"


def to_decimal(minor: int, currency: str) -> Decimal:
    """The amount in major units, exactly."""
    return Decimal(minor).scaleb(-exponent(currency))


def display(minor: int, currency: str, language: str) -> str:
    """The amount as a reader of the language expects it: "1.234,50 €", always with ISO 4217's digits."""
    written = _written(currency, language)
    whole, _, part = to_text(abs(minor), currency).partition(".")
    groups = []
    size = written.grouping[0]
    while len(whole) > size:
        whole, group = whole[:-size], whole[-size:]
        groups.append(group)
        size = written.grouping[1]
    figures = written.separator.join([whole, *reversed(groups)])
    before, behind = written.ends[minor < 0]
    return f"{before}{figures}{written.point}{part}{behind}" if part else f"{before}{figures}{behind}"


class _Written(NamedTuple):
    """How a language writes amounts of one currency."""

    ends: tuple[tuple[str, str], ...]  # what stands before and behind it, above zero and below
    point: str
    separator: str
    grouping: tuple[int, int]  # the size of the first group before the point, and of the others


@cache
def _written(currency: str, language: str) -> _Written:
    """Babel's word on it, asked once: formatting by Babel costs ten times as much for each amount."""
    from babel import Locale
    from babel.numbers import get_currency_symbol, get_decimal_symbol, get_group_symbol, parse_pattern

    locale = Locale.parse(language)
    pattern = parse_pattern(_pattern(language, exponent(currency)))
    sign = get_currency_symbol(currency, locale)

    def around(before: str, behind: str) -> tuple[str, str]:
        before, behind = (text.replace("¤¤", currency).replace("¤", sign) for text in (before, behind))
        return _CODE_TOUCHES_FIGURES.sub("\\1\N{NO-BREAK SPACE}", before), behind

    ends = tuple(around(*pair) for pair in zip(pattern.prefix, pattern.suffix, strict=True))
    return _Written(ends, get_decimal_symbol(locale), get_group_symbol(locale), pattern.grouping)


@cache
def _pattern(language: str, digits: int) -> str:
    """The locale's currency pattern with the number of decimals fixed."""
    from babel import Locale

    standard = Locale.parse(language).currency_formats["standard"].pattern
    decimals = "." + "0" * digits if digits else ""
    return ";".join(_with_decimals(part, decimals) for part in standard.split(";"))


def _with_decimals(pattern: str, decimals: str) -> str:
    head, point, tail = pattern.partition(".")
    if not point:
        last = max(head.rfind("0"), head.rfind("#"))
        return head[: last + 1] + decimals + head[last + 1 :]
    return head + decimals + tail.lstrip("0#")


def half_up(exact: Fraction | Decimal) -> int:
    """Whole minor units, the half rounded away from zero: 2.5 is 3, -2.5 is -3."""
    if isinstance(exact, Decimal):
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    doubled = abs(exact) * 2 + 1
    rounded = doubled.numerator // (2 * doubled.denominator)
    return -rounded if exact < 0 else rounded


def split(total: int, parts: int) -> list[int]:
    """The total in equal parts that add up to it exactly; the larger ones come first: 1000 by 3 is 334, 333, 333."""
    each, left = divmod(total, parts)
    return [each + 1] * left + [each] * (parts - left)
