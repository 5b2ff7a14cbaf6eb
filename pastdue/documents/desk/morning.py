"""What the desk shows: one worked-out run, the look back and ahead that belongs to it, and where its files lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pastdue.findings import Finding
from pastdue.model import Activity, Decision, Document, Standing
from pastdue.outlook import Cash, Coming, Metrics

PATH = "outbox/desk.html"
TEMPLATE = "desk.html"
LANGUAGE = "en"  # what the operator reads


@dataclass(frozen=True, slots=True)
class Morning:
    """One run with all that is shown of it."""

    on: date
    standings: Sequence[Standing]
    decisions: Sequence[Decision]  # one per standing, in the same order
    findings: Sequence[Finding] = ()
    documents: Sequence[Document] = ()  # the notices to go today, as they lie in the outbox
    guards: Sequence[str] = ()  # why `send` will refuse, in words
    # By account, where its page lies, and after a # the key that opens it.
    pages: Mapping[str, str] = field(default_factory=dict)
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
    # By account, whose acknowledgement of the policy is missing: why, and when the letter last went.
    unread: Mapping[str, tuple[str, date | None]] = field(default_factory=dict)
    metrics: Sequence[Metrics] = ()
    cash: Sequence[Cash] = ()
    coming: Sequence[Coming] = ()  # if nobody pays, in the order of the days
    until: date | None = None  # how far `coming` looks; None: not beyond the next seven days
