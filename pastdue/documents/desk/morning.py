"""What the desk shows: one worked-out run, the look back and ahead that belongs to it, and where its files lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Protocol

from pastdue.findings import Finding
from pastdue.model import Activity, Decision, Document, Standing

PATH = "outbox/desk.html"
TEMPLATE = "desk.html"
LANGUAGE = "en"  # what the operator reads


class Ratio(Protocol):
    """A quotient with what it is made of; its value is None where it cannot be said, and `missing` may say why."""

    @property
    def numerator(self) -> int: ...
    @property
    def denominator(self) -> int: ...
    @property
    def missing(self) -> str: ...
    @property
    def value(self) -> Fraction | None: ...


class CountBack(Protocol):
    """Days of sales in what is open, walked back month by month."""

    @property
    def days(self) -> Fraction | None: ...
    @property
    def missing(self) -> str: ...


class MonthEnd(Protocol):
    """What was open at the end of a month, and what the month had brought."""

    @property
    def on(self) -> date: ...
    @property
    def buckets(self) -> tuple[int, ...]: ...
    @property
    def balance(self) -> int: ...
    @property
    def cei(self) -> Ratio: ...
    @property
    def dso(self) -> Ratio: ...
    @property
    def best_dso(self) -> Ratio: ...


class Metrics(Protocol):
    """The figures of one currency."""

    @property
    def currency(self) -> str: ...
    @property
    def dso(self) -> Ratio: ...
    @property
    def best_dso(self) -> Ratio: ...
    @property
    def count_back(self) -> CountBack: ...
    @property
    def days_late(self) -> Ratio: ...
    @property
    def kept_count(self) -> Ratio: ...
    @property
    def kept_value(self) -> Ratio: ...
    @property
    def reached(self) -> Ratio: ...
    @property
    def history(self) -> Sequence[MonthEnd]: ...


class Week(Protocol):
    """What money is expected in a week, by source."""

    @property
    def first(self) -> date: ...
    @property
    def promised(self) -> int: ...
    @property
    def planned(self) -> int: ...
    @property
    def by_habit(self) -> int: ...
    @property
    def total(self) -> int: ...


class Cash(Protocol):
    """What money is expected in one currency, and what has no day."""

    @property
    def currency(self) -> str: ...
    @property
    def weeks(self) -> Sequence[Week]: ...
    @property
    def balance(self) -> int: ...
    @property
    def later(self) -> int: ...
    @property
    def no_date(self) -> int: ...
    @property
    def no_record(self) -> int: ...
    @property
    def apart(self) -> int: ...


class Coming(Protocol):
    """One thing that a coming day brings an account in one currency."""

    @property
    def on(self) -> date: ...
    @property
    def account_id(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def amount(self) -> int: ...
    @property
    def channels(self) -> tuple[str, ...]: ...
    @property
    def pay_by(self) -> date | None: ...
    @property
    def why(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Morning:
    """One run with all that is shown of it."""

    on: date
    standings: Sequence[Standing]
    decisions: Sequence[Decision]  # one per standing, in the same order
    findings: Sequence[Finding] = ()
    documents: Sequence[Document] = ()  # the notices to go today, as they lie in the outbox
    guards: Sequence[str] = ()  # why `send` will refuse, in words
    pages: Mapping[str, str] = field(
        default_factory=dict
    )  # customers' pages: account -> path, and after a # the key that opens it
    timelines: Mapping[str, str] = field(default_factory=dict)  # by account that has one: where it lies
    hours: Mapping[str, str] = field(default_factory=dict)  # by account that is called today: when to call, in words
    # By account and currency: what a call is worth, what it asks for, and how the one comes of the other.
    worth: Mapping[tuple[str, str], tuple[int, int, str]] = field(default_factory=dict)
    # By account and currency, of those whose business costs more than it pays, over twelve months: contacts, days late
    # on average (None when nothing was paid), received, overdue, interest unpaid.
    costly: Mapping[tuple[str, str], tuple[int, int | None, int, int, int]] = field(default_factory=dict)
    # By currency, of the promises whose time was over in the last twelve months: kept, all, received, promised.
    kept: Mapping[str, tuple[int, int, int, int]] = field(default_factory=dict)
    unbilled: Sequence[tuple[Activity, str, int]] = ()  # delivered work without an invoice: line, currency, days since
    unread: Mapping[str, tuple[str, date | None]] = field(
        default_factory=dict
    )  # by account, whose acknowledgement of the policy is missing: why, and when the letter last went
    metrics: Sequence[Metrics] = ()
    cash: Sequence[Cash] = ()
    coming: Sequence[Coming] = ()  # if nobody pays, in the order of the days
    until: date | None = None  # how far `coming` looks; None: not beyond the next seven days
