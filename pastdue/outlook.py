"""The look back and the look ahead, as they cross the rooms: a currency's figures, what comes, and the cash to expect.

Amounts are whole minor units of the currency beside them, days are inclusive, and all of these are frozen, as in `model`.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

# ------------------------------------------------------------------ the look back


@dataclass(frozen=True, slots=True)
class Ratio:
    """A quotient with what it is made of: sums in minor units, counts, or days times sums."""

    numerator: int
    denominator: int
    factor: int = 1  # by which it is multiplied: the days of a period, 100 for a percentage
    missing: str = ""  # why there is no value although the denominator is not zero

    @property
    def value(self) -> Fraction | None:
        """The exact quotient; None where it cannot be said."""
        if self.missing or self.denominator <= 0:
            return None
        return Fraction(self.numerator * self.factor, self.denominator)


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """What was open at the end of a month, and what the month had brought."""

    on: date  # its last day
    buckets: tuple[int, ...]  # open, by days past due, in the order of BUCKETS
    credit: int  # paid beyond all that was invoiced
    sales: int  # invoiced in the month, less what was credited
    received: int  # money that came in the month, less what was taken back
    written_off: int  # in the month, less what was undone
    cei: Ratio  # collection effectiveness of the month, in percent
    dso: Ratio  # open x 90 / sales of the 90 days up to its end
    best_dso: Ratio  # not yet due x 90 / the same sales

    @property
    def balance(self) -> int:
        """All that was open, due or not."""
        return sum(self.buckets)


@dataclass(frozen=True, slots=True)
class CountBack:
    """Days of sales in what is open, walked back month by month from the day."""

    days: Fraction | None  # None: the books do not reach back far enough
    months: tuple[tuple[date, int, int, int], ...]  # first day, days, sales, and how much of what is open it used up
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of one currency."""

    currency: str
    dso: Ratio  # open x 90 / sales of the last 90 days
    best_dso: Ratio  # not yet due x 90 / sales of the last 90 days
    delinquent: Ratio  # overdue x 90 / sales of the last 90 days: the one less the other
    count_back: CountBack
    days_late: Ratio  # each amount paid in twelve months x its days late / those amounts
    past_due: Ratio  # overdue / open, in percent
    # By bucket but the last: what of it 30 days ago is a bucket older and still open, in percent.
    rolled: tuple[Ratio, ...]
    kept_count: Ratio  # promises kept in twelve months, in percent
    kept_value: Ratio
    reached: Ratio  # calls in the last 90 days on which somebody was reached, in percent of all attempts
    promised: Ratio  # promises made in them for each call on which somebody was reached, in percent
    history: tuple[MonthEnd, ...]  # the last twelve whole months that the books hold, oldest first


# ------------------------------------------------------------------ the look ahead


class Kind(StrEnum):
    """What a coming day brings."""

    NOTICE = "notice"  # an email or letter goes
    CALL = "call"  # somebody is to be called, from this day on
    CONSEQUENCE = "consequence"  # what was announced for the day, and is the operator's to do
    PROMISE = "promise"  # a promise is due
    INSTALMENT = "instalment"  # an instalment of a signed plan is due
    HOLD_ENDS = "hold-ends"  # the last day of a hold
    REFER = "refer"  # the schedule is through: refer or write off


class Coming(NamedTuple):
    """One thing that a coming day brings an account in one currency. The amount is in minor units."""

    on: date
    account_id: str
    currency: str
    kind: Kind
    what: str  # the step, the consequence, the kind of hold
    amount: int  # what it asks for or is about
    channels: tuple[str, ...] = ()
    pay_by: date | None = None
    why: str = ""


class Source(StrEnum):
    """Why money is expected on a day."""

    PROMISE = "promise"
    PLAN = "plan"
    HABIT = "habit"


class Expected(NamedTuple):
    """A sum of one account, in minor units, and the day on which it is expected."""

    on: date
    account_id: str
    currency: str
    source: Source
    amount: int
    invoice_id: str = ""  # of what the habit dates; promises and instalments are for the account
    days_late: int = 0  # by habit


class Week(NamedTuple):
    """What is expected in a week, Monday to Sunday, by source; the first one begins on the day of the forecast."""

    first: date
    promised: int
    planned: int
    by_habit: int

    @property
    def total(self) -> int:
        """All that is expected in it."""
        return self.promised + self.planned + self.by_habit


@dataclass(frozen=True, slots=True)
class Cash:
    """What is open in one currency, and when it is expected. The last four sums and those of the lines are the balance."""

    currency: str
    weeks: tuple[Week, ...]
    lines: tuple[Expected, ...]  # in the order of their days, up to the last day of the forecast
    later: int  # expected after it
    no_date: int  # later than its account's habit already
    no_record: int  # no invoice in the currency was paid in twelve months: there is no habit
    apart: int  # disputed or held
    balance: int
    habit: int | None  # days late, of all accounts together; None: none was paid in twelve months
