"""Interest regimes: what the law, or a contract, lets an overdue debt cost; dated data files with their sources.

One TOML file per regime beside this module, and one per reference rate in `rates/`. Rates are a year's, in millionths
(10.15 % is 101500); a rate that no file and no operator states is not known, and nothing is claimed for its days.
"""

import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from pastdue import money
from pastdue.config import FILE, Config, Interest
from pastdue.findings import Finding, error, near, shown, warning

CONTRACT = "contract"
NAMED_FIRST = "principal"  # a payment goes to the invoice that it names
COSTS_FIRST = "costs-interest-principal"

_MILLION = 10**6


@dataclass(frozen=True, slots=True)
class Step:
    """A rate and the day it holds from, until the next step's."""

    first: date
    rate: int | None  # None: not known
    reference: int | None = None  # the reference rate within it; None where the rate is fixed or not known


@dataclass(frozen=True, slots=True)
class Start:
    """What puts a debtor in default, and so lets interest run: the earliest of these."""

    due: str  # a due date alone does: "agreed" when it is agreed, "always" from the invoice too, or "never"
    period: str = (
        ""  # thirty days: "beginning-with-invoice", "after-invoice", "after-due-and-invoice"; "": no such period
    )
    consumers_told: bool = False  # the thirty days bind a consumer only when the invoice said so
    reminder: int | None = None  # days that the first reminder after the due date leaves; None: a reminder does nothing


@dataclass(frozen=True, slots=True)
class Band:
    """Debts, or the slice of a debt, from an amount on: a sum, or a share in millionths."""

    start: int  # minor units, inclusive
    sum: int = 0
    share: int = 0


@dataclass(frozen=True, slots=True)
class Sums:
    """The fixed sum for late payment, on a scale of the debt's size; all in minor units of one currency."""

    currency: str = ""
    bands: tuple[Band, ...] = ()
    least: int = 0
    most: int | None = None
    per: str = "invoice"  # or "claim": each due amount of an invoice has its own
    notice_days: int = 0  # owed only when a notice named the exact sum and left so many days; 0: owed with the default


@dataclass(frozen=True, slots=True)
class Regime:
    """The rules by which one account's overdue debts bear interest, with the operator's own settings worked in."""

    id: str
    title: str
    law: str  # as one cites it; "" for a contract
    consumer: bool  # the debtor is one
    steps: tuple[Step, ...]  # ascending; the first one's day is `date.min`
    start: Start
    mode: str = "split"  # "pinned": the rate of the first day of interest holds for all days of the debt
    reference: str = ""  # the reference rate in words; "" where the rate is fixed
    addition: int = 0  # what the rate adds to the reference rate, in millionths
    day_count: str = "act/365"
    capitalises: bool = False  # after each full year, its interest bears interest too
    order: str = NAMED_FIRST  # what a payment is taken for first
    sums: Sums = Sums()
    known_until: date | None = None  # the last day with a known rate; None: no end, `date.min`: no day
    checked_on: date | None = None  # when the data was last compared with its sources; None for a contract
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # what an operator should know of it, for the docs

    def rate_on(self, day: date, start: date) -> tuple[int | None, int | None]:
        """The year's rate and the reference rate within it, in millionths, on a day of a debt with interest since `start`."""
        asked = start if self.mode == "pinned" else day
        step = self.steps[bisect_right(self.steps, asked, key=lambda each: each.first) - 1]
        return step.rate, step.reference

    def fixed_sum(self, amount: int, currency: str) -> int:
        """The fixed sum that a late debt of the amount owes, in minor units; 0 where there is none, or not in its currency."""
        sums = self.sums
        reached = [band for band in sums.bands if amount >= band.start]
        if currency != sums.currency or amount <= 0 or not reached:
            return 0
        if not any(band.share for band in reached):
            return reached[-1].sum
        ends = [band.start for band in reached[1:]] + [amount]
        millionths = sum((end - band.start) * band.share for band, end in zip(reached, ends, strict=True))
        charged = max((2 * millionths + _MILLION) // (2 * _MILLION), sums.least)
        return charged if sums.most is None else min(charged, sums.most)


def known_ids() -> tuple[str, ...]:
    """Every regime that a config may name."""
    return (*_shipped(), CONTRACT)


def for_account(config: Config, kind: str) -> Regime | None:
    """The regime of accounts of the kind ("business" or "consumer"); None: no interest may be claimed from them."""
    interest = config.interest
    own_rates = tuple(sorted(interest.rates.items()))
    if interest.regime == CONTRACT:
        return _contract(interest, config.business.currency, kind == "consumer") if interest.rate else None
    return _statutory(interest.regime, kind == "consumer", own_rates, interest.day_count, interest.order)


def _contract(interest: Interest, currency: str, consumer: bool) -> Regime:
    """What the contract says, within the cap that the operator found in the law."""
    rate = _capped(interest)
    fee = _minor(Decimal(interest.fee or 0), currency)
    return Regime(
        id=CONTRACT,
        title="Interest as agreed in the contract",
        law="",
        consumer=consumer,
        steps=(Step(date.min, rate),),
        start=Start(due="agreed", reminder=0),
        day_count=interest.day_count or "act/365",
        order=interest.order or NAMED_FIRST,
        # A contract's lump sum against a consumer is struck down in most countries: it is never claimed.
        sums=Sums(currency, (Band(0, fee),)) if fee and not consumer else Sums(),
    )


def _capped(interest: Interest) -> int:
    rate = millionths(interest.rate)
    return min(rate, millionths(interest.cap)) if interest.cap else rate


@lru_cache(maxsize=64)
def _statutory(
    name: str, consumer: bool, own_rates: tuple[tuple[date, str], ...], day_count: str, order: str
) -> Regime | None:
    shipped = _shipped()
    data = shipped.get(name)
    if data is None:
        return None
    # The operator's rates are those of the regime they chose; another reference rate of its counterpart is not known by them.
    reference = data["rate"].get("reference")
    if consumer and data["debtors"] == "business":
        name = data["consumers"]
        data = shipped.get(name)
    if data is None:
        return None
    known = own_rates if data["rate"].get("reference") == reference else ()
    return _regime(name, data, consumer, known, day_count, order)


def _regime(
    name: str,
    data: Mapping[str, Any],
    consumer: bool,
    own_rates: tuple[tuple[date, str], ...] = (),
    day_count: str = "",
    order: str = "",
) -> Regime:
    rate = data["rate"]
    table = _tables().get(rate.get("reference", ""))
    steps, known_until = _steps(rate, table, {day: millionths(text) for day, text in own_rates})
    return Regime(
        id=name,
        title=data["title"],
        law=data["law"],
        consumer=consumer,
        steps=steps,
        start=Start(**data["start"]),
        mode=rate.get("mode", "split"),
        reference=table["title"] if table else "",
        addition=millionths(rate.get("addition", 0)),
        day_count=day_count or data["day_count"],
        capitalises=rate.get("capitalises", False),
        order=order or data["order"],
        sums=_sums(data.get("sum")),
        known_until=known_until,
        checked_on=min(data["checked_on"], table["checked_on"]) if table else data["checked_on"],
        sources=tuple(dict.fromkeys([*data["sources"], *(table["sources"] if table else ())])),
        notes=tuple(data.get("notes", ())),
    )


def _sums(data: Mapping[str, Any] | None) -> Sums:
    if not data:
        return Sums()
    currency = data["currency"]
    bands = tuple(
        Band(_minor(band["from"], currency), _minor(band.get("sum", 0), currency), millionths(band.get("percent", 0)))
        for band in data["bands"]
    )
    return Sums(
        currency=currency,
        bands=bands,
        least=_minor(data.get("least", 0), currency),
        most=_minor(data["most"], currency) if "most" in data else None,
        per=data.get("per", "invoice"),
        notice_days=data.get("notice_days", 0),
    )


def _steps(
    rate: Mapping[str, Any], table: Mapping[str, Any] | None, own: Mapping[date, int]
) -> tuple[tuple[Step, ...], date | None]:
    """The rates by the day they hold from, one step for half-years of one rate, and the last day that is known."""
    if table is None:
        return (Step(date.min, millionths(rate["fixed"])),), None
    addition = millionths(rate["addition"])
    steps, known_until = [Step(date.min, None)], date.min
    known_from, shipped_until = rate.get("known_from"), rate.get("known_until")
    begin = min([day for day in (known_from, *own) if day], default=None)
    end = max([day for day in (shipped_until, *map(_half_year_for, own)) if day], default=None)
    if begin is None or end is None:
        return tuple(steps), known_until
    for first, next_first in pairwise(_half_years(begin, end)):
        # What the operator states between the day after the half-year before began and the day this one begins is for
        # this one: a bank's own day of change and the half-year's first day both say what is meant.
        before = _half_year(first - timedelta(days=1))
        stated = [day for day in own if before < day <= first]
        reference: int | None = None
        if stated:
            reference = own[max(stated)]
        elif known_from and shipped_until and known_from < next_first and first <= shipped_until:
            reference = _in_force(table["rates"], first - timedelta(days=rate["read"] == "day-before"))
            first = max(first, known_from)  # noqa: PLW2901 - a regime may begin within a half-year
        if reference is not None:
            known_until = next_first - timedelta(days=1)
        # A bank's negative rate lowers the addition; it never makes a creditor owe interest.
        step = Step(first, None if reference is None else max(reference + addition, 0), reference)
        if (step.rate, step.reference) != (steps[-1].rate, steps[-1].reference):
            steps.append(step)
    if steps[-1].rate is not None:
        steps.append(Step(known_until + timedelta(days=1), None))
    return tuple(steps), known_until


def _in_force(rates: Mapping[date, int], day: date) -> int | None:
    """The reference rate on the day; None before the table begins."""
    since = max((first for first in rates if first <= day), default=None)
    return None if since is None else rates[since]


def _half_year(day: date) -> date:
    """The first day of the day's half-year."""
    return date(day.year, 1 if day.month < 7 else 7, 1)


def _next_half_year(day: date) -> date:
    return date(day.year + 1, 1, 1) if day.month >= 7 else date(day.year, 7, 1)


def _half_year_for(day: date) -> date:
    """The first day of the half-year that an operator's rate of the day is for."""
    return day if day == _half_year(day) else _next_half_year(day)


def _half_years(begin: date, end: date) -> Iterator[date]:
    """First days of half-years from the one of `begin` to the one after that of `end`."""
    day = _half_year(begin)
    while day <= end:
        yield day
        day = _next_half_year(day)
    yield day


def millionths(percent: str | int | Decimal) -> int:
    """Percent as whole millionths: "10.15" is 101500."""
    return int(Decimal(percent) * 10_000)


def _minor(amount: Decimal | int, currency: str) -> int:
    return money.half_up(Decimal(amount).scaleb(money.exponent(currency)))


@cache
def _shipped() -> Mapping[str, Mapping[str, Any]]:
    """The regimes' files, by id."""
    return _read("")


@cache
def _tables() -> Mapping[str, Mapping[str, Any]]:
    """The reference rates' files, by id; their rates in millionths, by the day they hold from."""
    return {
        name: data
        | {"rates": {date.fromisoformat(day): millionths(rate) for day, rate in data.get("rates", {}).items()}}
        for name, data in _read("rates").items()
    }


def _read(folder: str) -> dict[str, dict[str, Any]]:
    place = files(__name__)
    place = place.joinpath(folder) if folder else place
    return {
        entry.name.removesuffix(".toml"): tomllib.loads(entry.read_text(encoding="utf-8"), parse_float=Decimal)
        for entry in sorted(place.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }


def floor_on(name: str, day: date) -> int | None:
    """The lowest yearly rate, in millionths, that a contract may take in place of the regime's; None where none is known."""
    floor = _shipped()[name].get("floor", {})
    held = [rate for since, rate in sorted(floor.get("rates", {}).items()) if date.fromisoformat(since) <= day]
    return millionths(held[-1]) * int(floor["times"]) if held else None


def problems(config: Config) -> list[Finding]:
    """What is wrong with `[interest]`, as far as it does not depend on the day."""
    return list(_problems(config))


def _problems(config: Config) -> Iterator[Finding]:
    interest = config.interest
    if interest.regime not in ("", *known_ids()):
        hint = near(interest.regime, known_ids()) or f"Known are: {', '.join(known_ids())}."
        yield error(FILE, f"interest.regime: there is no regime called {shown(interest.regime)}", hint)
        return
    if interest.regime == CONTRACT:
        yield from _contract_problems(interest, config.business.currency)
        yield from _below_the_floor(interest, config.business.country)
    elif interest.regime:
        for name in ("rate", "cap", "fee"):
            if getattr(interest, name):
                yield warning(FILE, f"interest.{name} is ignored", 'It is for regime = "contract" only.')
        yield from _rates_problems(interest)
    if interest.rates and (interest.regime == CONTRACT or not interest.regime):
        yield warning(FILE, "interest.rates is ignored", "It is for regimes that are built on a reference rate.")


def _contract_problems(interest: Interest, currency: str) -> Iterator[Finding]:
    if not interest.rate:
        yield error(FILE, "interest.rate is missing", 'Say what your contract takes in a year: rate = "8.5".')
    elif interest.cap and millionths(interest.rate) > millionths(interest.cap):
        hint = f"{interest.cap} % is claimed. Letters should say what may be claimed: set the rate to it."
        yield warning(FILE, f"interest.rate: {interest.rate} % is above the cap of {interest.cap} %", hint)
    fee = Decimal(interest.fee or 0).scaleb(money.exponent(currency))
    if fee != fee.to_integral_value():
        yield error(FILE, f"interest.fee: {shown(interest.fee)} is not an amount of {currency}")


_FLOORS = {"FR": "fr-l441-10"}  # by the business's country


def _below_the_floor(interest: Interest, country: str) -> Iterator[Finding]:
    lowest = floor_on(name, date.max) if (name := _FLOORS.get(country.upper(), "")) else None
    if lowest and interest.rate and millionths(interest.rate) < lowest:
        least = f"{Decimal(lowest).scaleb(-4).normalize():f}"
        message = f"interest.rate: {interest.rate} % is below {least} %, the least between businesses by {name}"
        yield warning(FILE, message, "Terms below it do not hold: raise the rate, or take the regime.")


def _rates_problems(interest: Interest) -> Iterator[Finding]:
    data = _shipped()[interest.regime]
    if not data["rate"].get("reference"):
        if interest.rates:
            yield warning(FILE, "interest.rates is ignored", f"The rate of {interest.regime} is fixed by law.")
        return
    shipped = _regime(interest.regime, data, consumer=False)
    if shipped.known_until == date.min and not interest.rates:
        hint = 'Under [interest.rates], write the rate and the day it holds from: 2026-07-01 = "1.53".'
        yield warning(FILE, f"{interest.regime} knows no rate by itself, so no interest is claimed", hint)
    for day, text in sorted(interest.rates.items()):
        first = _half_year_for(day)
        _, known = shipped.rate_on(first, first)
        if known is not None and known != millionths(text):
            hint = f"Yours is taken. The shipped one was checked on {shipped.checked_on}."
            message = f"interest.rates: {day}: {text} % differs from the {Decimal(known) / 10_000} % that {interest.regime} knows"
            yield warning(FILE, message, hint)
