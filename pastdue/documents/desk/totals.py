"""The headline figures of each currency. Currencies are never added together."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pastdue.documents.desk.view import View
from pastdue.documents.desk.words import (
    count,
    of_charges,
    percent,
    tenths,
)
from pastdue.model import (
    BUCKETS,
)


class Total(NamedTuple):
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


def totals(view: View) -> tuple[Total, ...]:
    """The headline per currency, the business's own first. Currencies are never added together."""
    buckets: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(BUCKETS))
    credit: defaultdict[str, int] = defaultdict(int)
    accounts: defaultdict[str, int] = defaultdict(int)
    charges: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for standing in view.morning.standings:
        interest, fees = charges[standing.currency]
        charges[standing.currency] = interest + standing.interest, fees + standing.fees
        credit[standing.currency] += standing.credit
        accounts[standing.currency] += bool(standing.items)
        own = buckets[standing.currency]
        for i, amount in enumerate(standing.buckets):
            own[i] += amount
    used = [currency for currency in buckets if any(buckets[currency]) or credit[currency] or any(charges[currency])]
    return tuple(
        _total(view, currency, buckets[currency], credit[currency], accounts[currency], charges[currency])
        for currency in sorted(used, key=view.currency_order)
    )


def _total(
    view: View, currency: str, buckets: Sequence[int], credit: int, accounts: int, charges: tuple[int, int]
) -> Total:
    show = view.money(currency)
    balance, overdue = sum(buckets), sum(buckets[1:])
    return Total(
        currency=currency,
        open=show(balance),
        overdue=show(overdue),
        share=percent(overdue, balance),
        credit=show(credit) if credit else "",
        charges=show(sum(charges)) if any(charges) else "",
        charges_note=of_charges(*charges, show),
        kept=_kept(view, currency),
        accounts=count(accounts, "account"),
        buckets=tuple(
            (bucket(name), show(amount), percent(amount, balance))
            for name, amount in zip(BUCKETS, buckets, strict=True)
        ),
        bars=tuple(_bars(buckets, balance)),
    )


def _kept(view: View, currency: str) -> tuple[str, str]:
    """The promises kept in twelve months, by number and by value."""
    kept, count, received, promised = view.morning.kept.get(currency, (0, 0, 0, 0))
    if not count:
        return "", ""
    show = view.money(currency)
    by_value = f"{tenths(received, promised)} by value, {show(received)} of {show(promised)}"
    return tenths(kept, count), f"{kept} of {count} in twelve months; {by_value}"


def _bars(buckets: Sequence[int], balance: int) -> Iterator[tuple[int, str, str]]:
    """The buckets as parts of one bar, in percent of its length; a credit note may leave one below zero, which is no part."""
    parts = [max(amount, 0) for amount in buckets]
    whole, x = max(sum(parts), 1), 0
    for number, part in enumerate(parts):
        if part and balance > 0:
            yield number, f"{100 * x / whole:.3f}", f"{100 * part / whole:.3f}"
        x += part


def bucket(name: str) -> str:
    """How old what is in it is."""
    return "not yet due" if name == "current" else f"{name.replace('-', '–')} days"
