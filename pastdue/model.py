"""The words of the field: the types that cross the rooms, each field with its unit.

Amounts are whole minor units of the currency beside them (`money`); days are calendar dates, inclusive.
All of these are frozen: a run is worked out, not edited.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import pandas as pd

# ------------------------------------------------------------------ what a run reads


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a run reads, as it lies on disk; names in `letters`, `templates` and `static` are within their folder."""

    config: str
    starter_config: str  # the shipped config.toml: its schedules hold where the operator has none
    ledgers: tuple[tuple[str, bytes], ...]  # path in the workspace and content, in the order of their names
    letters: Mapping[str, str]
    templates: Mapping[str, str]
    static: Mapping[str, bytes]
    portal_key: bytes  # b"" before the first build
    invoices: frozenset[str]  # paths in the workspace, such as "invoices/A-17.pdf"


# ------------------------------------------------------------------ what happened: the books


@dataclass(frozen=True, slots=True)
class Customer:
    """One row of the customers ledger, defaults filled in from the business's own."""

    account_id: str
    name: str
    kind: str = "business"  # or "consumer"
    contact: str = ""  # the person who is addressed
    email: str = ""
    cc: str = ""
    phone: str = ""
    address: tuple[str, ...] = ()  # street lines, without postcode and city
    postcode: str = ""
    city: str = ""
    country: str = ""  # ISO 3166, two letters
    language: str = "en"
    currency: str = "EUR"  # ISO 4217
    terms_days: int | None = None
    track: str = "standard"  # the schedule the account follows
    timezone: str = ""
    row: int = 0

    @property
    def has_post(self) -> bool:
        """True when a letter can be addressed to them."""
        return bool(self.address and (self.city or self.postcode))


@dataclass(frozen=True, slots=True)
class Activity:
    """One dated line of the operator's diary; which fields it needs depends on its kind (CONTRACT, `activity.kind`)."""

    on: date
    account_id: str
    kind: str
    invoice_id: str = ""
    amount: int | None = None  # minor units of the account's currency
    due: date | None = None
    every: str = ""  # "week" or "month"
    count: int | None = None
    by: str = ""
    note: str = ""
    row: int = 0

    @property
    def waived(self) -> str:
        """The consequence that a `waive` line lets go of as a whole; "" for one of an amount, and for any other line."""
        return consequence_in(self.note) if self.kind == "waive" and self.amount is None else ""


def consequence_in(note: str) -> str:
    """What a waiver's note begins with, as in "interest: goodwill": the name of a consequence, where it is one."""
    return (note.replace(":", " ").replace(",", " ").split() or [""])[0].lower()


@dataclass(frozen=True, slots=True)
class Ledger:
    """The books as typed tables. Days in frames are `date.toordinal()` as int32, 0 where there is none.

    `invoices`: invoice_id, account_id, issued, due, amount, currency, description, reference, row:
        one line per due amount; a negative amount is a credit note.
    `payments`: received, account_id, amount, currency, invoice_id, reference, row;
        a negative amount takes an earlier payment back.
    `notices`: the notices ledger with each line's last state: notice_id, on, account_id, invoice_id, due,
        step, rung, channel, state, open, currency, pay_by, announces, message_id, sha256, file, at, reply, recipient.
        `on`, `due` and `pay_by` are ordinals, `open` is minor units, `rung` an int, the rest text.
    All text columns are never null; a blank cell is "".
    `places`: by its name the file, and the sheet or "", that each ledger was read from.
    """

    customers: Mapping[str, Customer]
    invoices: pd.DataFrame
    payments: pd.DataFrame
    activity: tuple[Activity, ...]
    notices: pd.DataFrame
    places: Mapping[str, tuple[str, str]] = field(default_factory=dict)


# ------------------------------------------------------------------ how an account stands


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What is unpaid of one due amount of one invoice, on the day of the standing."""

    invoice_id: str
    due: date
    issued: date | None
    currency: str
    amount: int  # as invoiced
    open: int  # still unpaid, above 0; 0 in a notice for what an invoice that is paid still owes beside it
    days_past_due: int  # 1 on the day after the due date; 0 or less when not overdue
    description: str = ""
    reference: str = ""

    @property
    def key(self) -> tuple[str, date]:
        """What names the item in the notices ledger: invoice number and due date."""
        return self.invoice_id, self.due

    @property
    def is_overdue(self) -> bool:
        """Due today is not overdue."""
        return self.days_past_due > 0


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received from an account, or (below 0) an earlier payment taken back."""

    received: date
    amount: int
    currency: str
    invoice_id: str = ""
    reference: str = ""


class State(StrEnum):
    """How far a notice came. The last row of the notices ledger holds."""

    SENT = "sent"  # the server took it: 250
    DRAFTED = "drafted"  # the folder transport wrote it; the operator's mail program sends it
    PRINTED = "printed"  # the letter is in the outbox, to be posted
    POSTED = "posted"  # the operator says that it went out
    CALLED = "called"  # a conversation, from the activity ledger
    REFUSED = "refused"  # the server said no for good: the address takes no mail
    DEFERRED = "deferred"  # the server said not now; tried again on the next run
    UNCLEAR = "unclear"  # the line broke between the last byte and the answer; only the operator can tell

    @property
    def went_out(self) -> bool:
        """True when the customer is taken to have the notice: its step is behind the item."""
        return self in _WENT_OUT

    @property
    def blocks(self) -> bool:
        """True when nothing may build upon the notice until the operator has said what became of it."""
        return self in {State.UNCLEAR, State.PRINTED}


_WENT_OUT = frozenset({State.SENT, State.DRAFTED, State.PRINTED, State.POSTED, State.CALLED, State.UNCLEAR})


# What a notice is about that is about no invoice, such as the credit policy; its row in the notices ledger leaves both blank.
NO_ITEM = ("", date.min)

COPY = "copy"  # the channel of an email's copy to the customer's `cc`: on record, but no step and no contact


@dataclass(frozen=True, slots=True)
class Sent:
    """One line of an account's history: a notice, as it covers one open item, in its last state."""

    notice_id: str
    on: date  # the day it was decided for
    invoice_id: str
    due: date
    step: str  # "" where the item was listed and not recorded at a step
    rung: int  # the step's place in its schedule when it was sent, from 0
    channel: str  # "email", "letter", "call"
    state: State
    open: int
    currency: str
    pay_by: date | None = None
    announces: str = ""  # "interest 2026-03-16; fee 2026-03-20"
    message_id: str = ""
    recipient: str = ""  # the address it was mailed to
    file: str = ""

    @property
    def key(self) -> tuple[str, date]:
        """The open item it covers."""
        return self.invoice_id, self.due

    @property
    def announced(self) -> tuple[tuple[str, date], ...]:
        """The consequences that it announced, each with its day."""
        parts = (part.strip().rpartition(" ") for part in self.announces.split(";") if part.strip())
        return tuple((consequence, date.fromisoformat(on)) for consequence, _, on in parts)

    @property
    def is_step(self) -> bool:
        """True for a step of a schedule; answers to what a customer said are on record and no step."""
        return bool(self.step) and self.rung >= 0

    @property
    def went_out(self) -> bool:
        """True when the customer is taken to have heard this from us."""
        return self.state.went_out and self.channel != COPY


class PromiseState(StrEnum):
    """What payments have made of a promise."""

    PENDING = "pending"
    KEPT = "kept"
    PARTLY_KEPT = "partly-kept"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Promise:
    """A dated amount that the customer said would come."""

    made: date
    due: date
    deadline: date  # the due date and the grace: the last day on which money still keeps it
    amount: int  # what counts: not more than was open
    said: int  # as it was promised
    received: int  # from the day it was made to the deadline
    state: PromiseState
    row: int = 0  # its line in the activity ledger

    @property
    def is_broken(self) -> bool:
        """Less came than was promised, and its time is over: also when a part came."""
        return self.state in {PromiseState.BROKEN, PromiseState.PARTLY_KEPT}


class PlanState(StrEnum):
    """How a payment plan goes."""

    OFFERED = "offered"  # the note is out for signature
    LAPSED = "lapsed"  # never signed
    GOOD = "good"  # signed, and every instalment that was due is paid
    LATE = "late"  # signed, an instalment is past its date, within the grace
    DEFAULT = "default"  # an instalment is unpaid beyond the grace
    PAID = "paid"  # all of it


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment of a plan."""

    number: int  # from 1
    due: date
    amount: int
    paid: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Payment by instalments, from the activity ledger; signed when a line says so."""

    made: date
    signed: date | None
    state: PlanState
    until: date | None  # the last day an unsigned one pauses, or a late one is within its grace
    instalments: tuple[Instalment, ...]
    row: int = 0

    @property
    def total(self) -> int:
        """What the instalments add up to."""
        return sum(each.amount for each in self.instalments)


class Class(StrEnum):
    """What the record says of a payer; never shown to a customer."""

    UNKNOWN = "unknown"
    ON_TIME = "pays on time"
    SLOW = "slow but honest"
    BREAKS = "promises and breaks"
    AVOIDS = "avoids"


@dataclass(frozen=True, slots=True)
class Conduct:
    """How the account has behaved: what was promised and planned, said and not answered, and what follows from it."""

    promises: tuple[Promise, ...] = ()  # oldest first
    plan: Plan | None = None  # the last one
    reason: str = ""  # the last reason they gave
    reason_on: date | None = None
    unanswered: int = 0  # calls and voicemails since the last time they were heard of
    days_late: tuple[int, ...] = ()  # of each invoice paid in the last twelve months, 0 when on time
    klass: Class = Class.UNKNOWN
    figures: str = ""  # the reason for the class, in numbers
    proposals: tuple[str, ...] = ()  # what the operator might decide, in words
    prepayment: str = ""  # why deliveries are to be paid up front; "" when they are not

    @property
    def broken(self) -> tuple[Promise, ...]:
        """The promises that were not kept."""
        return tuple(promise for promise in self.promises if promise.is_broken)


@dataclass(frozen=True, slots=True)
class Accrual:
    """One line of an interest worksheet: a stretch of days with one principal and one rate."""

    principal: int
    first: date
    last: date  # inclusive
    days: int  # as the day count has it
    rate: int | None  # a year, in millionths: 10.15 % is 101500; None: not known, and nothing is claimed
    amount: int  # principal * rate * days / year, rounded half-up once; 0 where the rate is not known
    reference: int | None = None  # the reference rate within it, in millionths, where the rate is built on one


@dataclass(frozen=True, slots=True)
class Charge:
    """What one due amount of an invoice owes beside its principal: interest and a fixed sum, and what became of them."""

    invoice_id: str
    due: date
    currency: str
    regime: str  # the rule it runs by, such as "ie-si580"
    since: date | None = None  # the first day with interest; None: none runs
    accruals: tuple[Accrual, ...] = ()  # oldest first, up to the day of the standing
    fee: int = 0
    fee_on: date | None = None  # the day from which the fixed sum is owed
    interest_paid: int = 0
    fee_paid: int = 0
    interest_waived: int = 0
    fee_waived: int = 0
    principal: int = 0  # still open
    told: bool = False  # a notice announced it before: it may be claimed
    year_days: int = 365  # what the yearly rate is divided by

    @property
    def key(self) -> tuple[str, date]:
        """The due amount it belongs to."""
        return self.invoice_id, self.due

    @property
    def accrued(self) -> int:
        """All interest so far, whatever was paid or waived."""
        return sum(line.amount for line in self.accruals)

    @property
    def interest(self) -> int:
        """Interest that is still owed."""
        return max(self.accrued - self.interest_paid - self.interest_waived, 0)

    @property
    def fees(self) -> int:
        """What of the fixed sum is still owed."""
        return max(self.fee - self.fee_paid - self.fee_waived, 0)

    @property
    def owed(self) -> int:
        """Interest and fixed sum together."""
        return self.interest + self.fees

    @property
    def unknown_from(self) -> date | None:
        """The first day for which no rate is known; None when all are."""
        return next((line.first for line in self.accruals if line.rate is None), None)


class ObligationState(StrEnum):
    """What became of an announced consequence."""

    AHEAD = "ahead"  # its day has not come
    DUE = "due"  # its day is today
    OVERDUE = "overdue"  # its day is past, and nothing was done
    CARRIED_OUT = "carried-out"
    WAIVED = "waived"
    MOOT = "moot"  # what it was announced for was paid before its day, or since

    @property
    def is_open(self) -> bool:
        """True when the operator is still to act."""
        return self in {ObligationState.DUE, ObligationState.OVERDUE}


@dataclass(frozen=True, slots=True)
class Obligation:
    """An announced consequence: what we said that we would do, for what, from which day."""

    consequence: str  # as announced; or "plan-default"
    on: date  # the day it was announced for
    state: ObligationState
    items: tuple[tuple[str, date], ...]
    announced: date  # the day of the notice that said so
    notice_id: str
    why: str  # what settled it, or what is to be done, in words
    held: str = ""  # why the operator may not act yet: a dispute, a promise, a hold


BUCKETS = ("current", "1-30", "31-60", "61-90", "91-120", "120+")


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything true of one account in one currency on one date."""

    on: date
    customer: Customer
    currency: str
    items: tuple[OpenItem, ...] = ()  # oldest due first
    credit: int = 0  # paid beyond all that is invoiced
    buckets: tuple[int, ...] = (0, 0, 0, 0, 0, 0)  # by days past due, in the order of BUCKETS
    payments: tuple[Payment, ...] = ()  # up to the date, oldest first
    history: tuple[Sent, ...] = ()  # up to the date, oldest first, all currencies
    activity: tuple[Activity, ...] = ()  # up to the date, oldest first
    errors: tuple[str, ...] = ()  # findings that stop this account, as they are shown
    conduct: Conduct = Conduct()
    regime: str = ""  # the rule that interest from this account runs by; "" when none may be claimed
    charges: tuple[Charge, ...] = ()  # interest and fixed sums, of open items and of paid ones that still owe some
    claims: tuple[
        Charge, ...
    ] = ()  # what may be asked for of them now: announced, and to the day of a notice whose deadline runs
    obligations: tuple[Obligation, ...] = ()  # every announced consequence, in the order of their days

    @property
    def account_id(self) -> str:
        """The account's id in the books."""
        return self.customer.account_id

    @property
    def balance(self) -> int:
        """All that is open, due or not; the sum of the buckets."""
        return sum(item.open for item in self.items)

    @property
    def overdue(self) -> int:
        """What of the balance is past its due date."""
        return sum(item.open for item in self.items if item.is_overdue)

    @property
    def interest(self) -> int:
        """Interest that is owed, beside the balance."""
        return sum(charge.interest for charge in self.charges)

    @property
    def fees(self) -> int:
        """Fixed sums that are owed, beside the balance."""
        return sum(charge.fees for charge in self.charges)

    @property
    def oldest_due(self) -> date | None:
        """The due date that ageing counts from: the original one, whatever happened later."""
        return self.items[0].due if self.items else None

    @property
    def days_past_due(self) -> int:
        """Of the oldest open item; 0 when nothing is overdue."""
        return max((item.days_past_due for item in self.items), default=0) if self.overdue else 0


# ------------------------------------------------------------------ what follows from it


class Action(StrEnum):
    """What a run does about an account today."""

    NOTICE = "notice"
    CALL = "call"
    WAIT = "wait"
    HOLD = "hold"
    REFER = "refer"  # the schedule is through: the operator refers the account
    SETTLED = "settled"  # nothing open
    NONE = "none"  # nothing ever owed


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an account, or one invoice of it, gets nothing."""

    kind: str  # the activity kind that set it, or "error", "unclear"
    why: str  # in words, with the line of the activity sheet that says so
    until: date | None = None  # the last day it holds; None: until a line lifts it
    invoice_id: str = ""  # "" for the whole account


@dataclass(frozen=True, slots=True)
class Announcement:
    """A consequence that a notice names, and the day from which it holds."""

    consequence: str  # "interest", "fee", "prepayment", "stop-service", "agency", "small-claims"
    on: date
    invoices: tuple[str, ...] = ()  # those it is announced for
    amount: int = 0  # what it comes to for them, where that is known when it is announced: a fixed sum
    since: date | None = None  # the day from which interest counts, where that is before the day it is claimed from

    def __str__(self) -> str:
        return f"{self.consequence} {self.on.isoformat()}"


@dataclass(frozen=True, slots=True)
class ItemDecision:
    """Where one open item stands on its ladder, and what comes next."""

    item: OpenItem
    step: str  # the last step behind it, "" when none
    next_step: str  # "" when the ladder is through
    next_on: date | None  # the first day on which the next step may go
    is_due: bool  # the next step goes today
    reasons: tuple[str, ...]  # in words, for the operator; what decides the day stands last
    rung: int = -1  # the place of `next_step` in the schedule
    announces: tuple[Announcement, ...] = ()


@dataclass(frozen=True, slots=True)
class Original:
    """A notice that goes once more on purpose: what it was, and what it said."""

    notice_id: str
    on: date
    step: str
    channel: str  # by which it went
    message_id: str = ""
    said: tuple[str, ...] = ()  # an email's text, paragraph by paragraph; () for what was printed
    enclosed: tuple[tuple[str, bytes], ...] = ()  # what goes along as a file, by name: its attachments, or the letter


@dataclass(frozen=True, slots=True)
class Answer:
    """A notice beside the ladder: it answers what the customer said or did, and is no step."""

    step: str  # as it is recorded: "promise", "plan", "plan-offer", "invoice-again", "instalment", "prepayment", ...
    items: tuple[tuple[str, date], ...]  # the open items it is about, or NO_ITEM
    pay_by: date | None = None
    asks: int = 0  # what it asks for, where that is not the sum of its items
    promise: Promise | None = None
    plan: Plan | None = None
    options: tuple[tuple[int, ...], ...] = ()  # plans that could be agreed, as amounts
    delivered: date | None = None  # the day of the work that it asks about; None: none, or several
    original: Original | None = None  # the notice that it repeats
    asks_nothing: bool = False  # it lists what is open and asks for none of it now
    why: str = ""  # in words, for the operator


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done about one account in one currency today, and why."""

    account_id: str
    currency: str
    action: Action
    reasons: tuple[str, ...]
    step: str = ""  # the highest step due: the letter that is written
    rung: int = -1
    letter: str = ""  # the name of the letter in letters/
    channels: tuple[str, ...] = ()  # "email", "letter", "call", after the fallbacks
    pay_by: date | None = None
    items: tuple[ItemDecision, ...] = ()
    holds: tuple[Hold, ...] = ()
    answer: Answer | None = None  # set where the notice is no step of the schedule
    broken: Promise | None = None  # the promise whose break brought the step forward

    @property
    def next_on(self) -> date | None:
        """The first day on which anything more may come; None when nothing will."""
        return min((line.next_on for line in self.items if line.next_on and line.next_step), default=None)


@dataclass(frozen=True, slots=True)
class NoticeItem:
    """One line of a notice: an open item as the customer reads it."""

    item: OpenItem
    step: str  # the step it is recorded at; "" when it is only listed
    rung: int = -1
    announces: tuple[Announcement, ...] = ()
    charge: Charge | None = None  # what the notice claims for it beside the principal

    @property
    def claimed(self) -> int:
        """Principal, interest and fixed sum."""
        return self.item.open + (self.charge.owed if self.charge else 0)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one account on one day through one channel, listing all that is open in one currency."""

    notice_id: str
    on: date
    customer: Customer
    currency: str
    step: str
    rung: int
    letter: str
    channel: str
    items: tuple[NoticeItem, ...]
    pay_by: date | None
    announces: tuple[Announcement, ...]
    reasons: tuple[str, ...]
    portal_url: str
    reference: str = ""  # what to write on the payment
    replies_to: str = ""  # Message-ID of the account's first notice, for the thread
    payments: tuple[Payment, ...] = field(default=())  # received since the last notice
    answer: Answer | None = None
    broken: Promise | None = None  # the promise that was not kept: the letter says so first
    follows: str = ""  # the step that comes next if nothing is paid
    regime: str = ""  # the rule that interest runs by

    @property
    def total(self) -> int:
        """All that is open, interest and fixed sums included: what the notice adds up to."""
        return sum(line.claimed for line in self.items)

    @property
    def recorded(self) -> tuple[NoticeItem, ...]:
        """The lines that are at a step: the notices ledger gets a row for each."""
        return tuple(line for line in self.items if line.step)

    @property
    def asked(self) -> tuple[NoticeItem, ...]:
        """The lines that the notice asks for by its pay-by date.

        Those recorded and overdue; where none is overdue, those recorded. An invoice that is told of beside a
        reminder for another keeps its own due date, and what is between two steps has its own deadline already.
        """
        if self.answer and self.answer.asks_nothing:
            return ()
        overdue = tuple(line for line in self.recorded if line.item.is_overdue)
        return overdue or self.recorded

    @property
    def asked_sum(self) -> int:
        """What the notice asks for."""
        if self.answer and self.answer.asks_nothing:
            return 0
        if self.answer and self.answer.asks:
            return self.answer.asks
        asked = self.asked
        rest = (line for line in self.items if not line.item.open and line not in asked)  # paid, but for its interest
        return sum(line.claimed for line in (*asked, *rest))

    @property
    def overdue(self) -> int:
        """What of all that is open is past due."""
        return sum(line.claimed for line in self.items if line.item.is_overdue)


@dataclass(frozen=True, slots=True)
class Document:
    """What a notice looks like in its channel, before the outside world touches it.

    `content` is the finished file (an email, a call sheet); for a letter it is the data that
    `delivery.pdf` sets in type, and `sha256` stands for the same data so that an unchanged letter is not set again.
    """

    notice: Notice
    path: str  # in the workspace, with forward slashes: "outbox/2026-03-02/acme-reminder.eml"
    kind: str  # "eml", "pdf", "html"
    content: bytes
    subject: str = ""
    recipient: str = ""  # the envelope's address; "" when nothing is mailed
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A file of the site or the desk, finished: path in the workspace and bytes."""

    path: str
    content: bytes
