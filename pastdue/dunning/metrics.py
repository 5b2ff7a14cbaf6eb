"""Metrics: how long money takes, how much of it is collected, how old the rest is. Each with the figures that it is made of.

By currency, as at a day: what is dated later does not exist. A quotient whose denominator is zero, or that needs more of
the past than the books hold, is None and says why; nothing is guessed. The formulas: docs/metrics.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pandas as pd

from pastdue.config import Config
from pastdue.dunning import calls
from pastdue.dunning.ageing import Aged, age
from pastdue.dunning.conduct import YEAR
from pastdue.dunning.holds import in_force
from pastdue.model import BUCKETS, Ledger, Standing
from pastdue.outlook import CountBack, Metrics, MonthEnd, Ratio

MONTHS = 12
DAYS = 90  # over which sales are set against what is open
_DAY = timedelta(days=1)


def of(ledger: Ledger, standings: Sequence[Standing], config: Config, on: date) -> tuple[Metrics, ...]:
    """The metrics of each currency of the books, in its order. `standings` are those of the day."""
    now, then = age(ledger, on), age(ledger, on - timedelta(days=30))
    ends = list(_month_ends(on, MONTHS + 1))
    by_month = [(end, age(ledger, end)) for end in ends]
    kept, talks = calls.kept_in_a_year(standings, on), _talks(standings, on)
    disputed = _disputed(standings, config)
    currencies = sorted(set(now.accounts["currency"]))
    return tuple(_Currency(each, ledger, on, now, then, by_month).metrics(kept, talks, disputed) for each in currencies)


class _Currency:
    """One currency's part of the books, as at the day, thirty days before, and at the ends of the months."""

    def __init__(
        self, currency: str, ledger: Ledger, on: date, now: Aged, then: Aged, by_month: Sequence[tuple[date, Aged]]
    ) -> None:
        self.currency, self.on = currency, on
        bills, money = ledger.invoices, ledger.payments
        self.bills = bills[(bills["currency"] == currency).to_numpy() & (bills["issued"].to_numpy() <= on.toordinal())]
        self.money = money[
            (money["currency"] == currency).to_numpy() & (money["received"].to_numpy() <= on.toordinal())
        ]
        self.now, self.then = self._items(now), self._items(then)
        self.by_month = [(end, self._items(aged), self._credit(aged)) for end, aged in by_month]
        self.issued = self.bills["issued"].to_numpy().astype(np.int64)
        self.undated = int(((self.issued == 0) & (self.bills["amount"].to_numpy() != 0)).sum())
        dated = self.issued[self.issued > 0]
        self.begin = date.fromordinal(int(dated.min())) if len(dated) else on + _DAY

    def _items(self, aged: Aged) -> pd.DataFrame:
        return aged.items[(aged.items["currency"] == self.currency).to_numpy()]

    def _credit(self, aged: Aged) -> int:
        own = aged.accounts[(aged.accounts["currency"] == self.currency).to_numpy()]
        return int(own["credit"].sum() - own["shortfall"].sum())

    def metrics(
        self,
        kept: Mapping[str, tuple[int, int, int, int]],
        talks: Mapping[str, tuple[int, int, int]],
        disputed: frozenset[tuple[str, str]],
    ) -> Metrics:
        """All of its figures."""
        buckets = _buckets(self.now)
        open_, current = sum(buckets), buckets[0]
        first = self.on - timedelta(days=DAYS - 1)
        sales, missing = self._sales(first, self.on), self._missing(first)
        count, over, received, promised = kept.get(self.currency, (0, 0, 0, 0))
        reached, tried, made = talks.get(self.currency, (0, 0, 0))
        return Metrics(
            currency=self.currency,
            dso=Ratio(open_, sales, DAYS, missing),
            best_dso=Ratio(current, sales, DAYS, missing),
            delinquent=Ratio(open_ - current, sales, DAYS, missing),
            count_back=self._count_back(open_),
            days_late=self._days_late(),
            past_due=Ratio(open_ - current, open_, 100),
            rolled=self._rolled(disputed),
            kept_count=Ratio(count, over, 100),
            kept_value=Ratio(received, promised, 100),
            reached=Ratio(reached, tried, 100),
            promised=Ratio(made, reached, 100),
            history=tuple(self._history()),
        )

    def _sales(self, first: date, last: date) -> int:
        """Invoiced from the one day to the other, less what was credited."""
        within = (self.issued >= first.toordinal()) & (self.issued <= last.toordinal())
        return int(self.bills["amount"].to_numpy()[within].sum())

    def _received(self, first: date, last: date) -> int:
        day = self.money["received"].to_numpy()
        within = (day >= first.toordinal()) & (day <= last.toordinal())
        return int(self.money["amount"].to_numpy()[within].sum())

    def _missing(self, first: date) -> str:
        """Why sales since the day are not known."""
        if self.undated:
            return f"{self.undated} invoice{'' if self.undated == 1 else 's'} without a day of issue"
        return f"the books begin on {self.begin}" if self.begin > first else ""

    def _count_back(self, open_: int) -> CountBack:
        if self.undated:
            return CountBack(None, (), self._missing(self.on))
        total, last, left = Fraction(0), self.on, open_
        months: list[tuple[date, int, int, int]] = []
        while left > 0:
            first = last.replace(day=1)
            if last < self.begin:
                return CountBack(None, tuple(months), f"the books begin on {self.begin}")
            sales, days = max(self._sales(first, last), 0), (last - first).days + 1
            used = min(sales, left)
            total += Fraction(days * used, sales) if left <= sales else days
            months.append((first, days, sales, used))
            left -= used
            last = first - _DAY
        return CountBack(total, tuple(months))

    def _days_late(self) -> Ratio:
        """Of what was paid in full in twelve months: 0 days where it came on time."""
        settled = self.now["settled"].to_numpy().astype(np.int64)
        recent = settled > self.on.toordinal() - YEAR.days
        late = np.maximum(settled - self.now["due"].to_numpy(), 0)[recent]
        amount = self.now["amount"].to_numpy()[recent]
        return Ratio(sum(int(a) * int(d) for a, d in zip(amount, late, strict=True)), int(amount.sum()))

    def _rolled(self, disputed: frozenset[tuple[str, str]]) -> tuple[Ratio, ...]:
        """Thirty days on, what is not paid has moved on by one bucket; disputed invoices are left out."""
        keys = ["account_id", "invoice_id", "due"]
        then = self.then[self.then["open"].to_numpy() > 0][[*keys, "bucket", "open"]]
        now = self.now[[*keys, "bucket", "open"]]
        both = then.merge(now, on=keys, how="left", suffixes=("", "_now"))
        off = [
            (account, invoice) in disputed
            for account, invoice in zip(both["account_id"], both["invoice_id"], strict=True)
        ]
        both = both[~np.array(off, dtype=bool)]
        older = np.where(both["bucket_now"] > both["bucket"], np.minimum(both["open_now"], both["open"]), 0)
        bucket, before = both["bucket"].to_numpy(), both["open"].to_numpy()
        return tuple(
            Ratio(int(older[bucket == n].sum()), int(before[bucket == n].sum()), 100) for n in range(len(BUCKETS) - 1)
        )

    def _history(self) -> Iterator[MonthEnd]:
        """Whole months, from the one in which the books begin; it needs the month end before each for what it brought."""
        before: tuple[pd.DataFrame, int] | None = None
        for end, items, credit in self.by_month:
            first = end.replace(day=1)
            if before is not None and end >= self.begin:
                yield self._month(first, end, before, (items, credit))
            before = items, credit

    def _month(
        self, first: date, end: date, before: tuple[pd.DataFrame, int], after: tuple[pd.DataFrame, int]
    ) -> MonthEnd:
        buckets, begin = _buckets(after[0]), sum(_buckets(before[0])) - before[1]
        sales = self._sales(first, end)
        written_off = int(after[0]["written_off"].sum()) - int(before[0]["written_off"].sum())
        # What waits as credit was collected, and what was written off was not: sums are net of both.
        collected = begin + sales - written_off - (sum(buckets) - after[1])
        could_be = collected + sum(buckets[1:])
        since = end - timedelta(days=DAYS - 1)
        recent, too_early = self._sales(since, end), self._missing(since)
        missing = self._missing(self.begin) or ("more was taken back than came in" if collected < 0 else "")
        return MonthEnd(
            on=end,
            buckets=buckets,
            credit=after[1],
            sales=sales,
            received=self._received(first, end),
            written_off=written_off,
            cei=Ratio(collected, could_be, 100, missing),
            dso=Ratio(sum(buckets), recent, DAYS, too_early),
            best_dso=Ratio(buckets[0], recent, DAYS, too_early),
        )


def _buckets(items: pd.DataFrame) -> tuple[int, ...]:
    sums = np.zeros(len(BUCKETS), np.int64)
    np.add.at(sums, items["bucket"].to_numpy(), items["open"].to_numpy())
    return tuple(int(each) for each in sums)


def _month_ends(on: date, count: int) -> Iterator[date]:
    """The last so many ends of months up to the day, oldest first."""
    end = on if (on + _DAY).day == 1 else on.replace(day=1) - _DAY
    ends = [end]
    while len(ends) < count:
        ends.append(ends[-1].replace(day=1) - _DAY)
    return reversed(ends)


def _talks(standings: Iterable[Standing], on: date) -> dict[str, tuple[int, int, int]]:
    """By the account's own currency: calls on which they were reached, attempts in all, and promises, in the last 90 days."""
    since, found = on - timedelta(days=DAYS), dict[str, tuple[int, int, int]]()
    for standing in standings:
        if standing.currency == standing.customer.currency:
            kinds = [line.kind for line in standing.activity if line.on > since]
            reached, made = kinds.count("call"), kinds.count("promise")
            tried = reached + kinds.count("voicemail") + kinds.count("no-answer")
            old = found.get(standing.currency, (0, 0, 0))
            found[standing.currency] = old[0] + reached, old[1] + tried, old[2] + made
    return found


def _disputed(standings: Iterable[Standing], config: Config) -> frozenset[tuple[str, str]]:
    """Account and invoice of every dispute that is not settled; one about a whole account names all that it has open."""
    found = set()
    for standing in standings:
        for hold in in_force(standing.activity, standing.on, config):
            if hold.kind in {"dispute", "upheld"}:
                named = [hold.invoice_id] if hold.invoice_id else [item.invoice_id for item in standing.items]
                found |= {(standing.account_id, invoice) for invoice in named}
    return frozenset(found)
