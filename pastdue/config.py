"""What the operator decided: `config.toml` as typed, documented values; `config_file` reads it.

The `description` of each field is the documentation: docs/config.md is made from it and checked against it.
"""

import re
from datetime import date
from email.utils import parseaddr
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pastdue import money
from pastdue.days import SATURDAY_SUNDAY, Calendar
from pastdue.findings import shown

FILE = "config.toml"

Channel = Literal["email", "letter", "call"]
Start = Literal["issued", "due", "due-month-end", "previous"]
ConsequenceName = Literal["interest", "fee", "prepayment", "stop-service", "agency", "small-claims"]
PLAN_DEFAULT = "plan-default"  # no step announces it: the note of a plan that was signed did
CONSEQUENCES: tuple[str, ...] = (*get_args(ConsequenceName), PLAN_DEFAULT)  # what an operator carries out, or waives
THIRD_PARTY = frozenset({"agency", "small-claims"})  # those that another takes part in
LEDGERS = ("customers", "invoices", "payments", "activity", "notices")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})  # this machine: what goes there crosses no network


def _lines(value: object) -> object:
    """An address may be a list of lines, or one text with lines separated by `;` or line breaks."""
    if isinstance(value, str):
        return tuple(part.strip() for part in re.split(r"[;\n]", value) if part.strip())
    return value


Lines = Annotated[tuple[str, ...], BeforeValidator(_lines)]

_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,253}")


def is_email_address(text: str) -> bool:
    """One email address and nothing else: no spaces, no brackets, no second address."""
    if not _ADDRESS.fullmatch(text):
        return False
    local, _, domain = text.partition("@")
    labels = domain.split(".")
    return (
        not local.startswith(".")
        and not local.endswith(".")
        and ".." not in local
        and all(label and not label.startswith("-") and not label.endswith("-") for label in labels)
        and text.isprintable()
    )


class _Section(BaseModel):
    """Unknown keys are judged in `config_file.load`, so that a near miss can be named."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Business(_Section):
    """Who writes the letters: the creditor, in their own true name."""

    name: str = Field(
        default="", description="Your business's name as customers know it; the only name letters go out in."
    )
    address: Lines = Field(
        default=(), description="Street lines of your address: a list, or one text separated by `;`."
    )
    postcode: str = Field(default="", description="Postcode.")
    city: str = Field(default="", description="Town or city.")
    country: str = Field(
        default="",
        description="Your country, ISO 3166 in two letters; also the calendar's, unless that says otherwise.",
    )
    email: str = Field(default="", description="Where customers reach you; the sender, unless `mail.sender` is set.")
    phone: str = Field(default="", description="Telephone number, as customers should dial it.")
    website: str = Field(default="", description="Address of your website.")
    contact: str = Field(default="", description="The person who signs.")
    registration: str = Field(
        default="", description="Company number and court, tax or VAT number: the small print of a letter."
    )
    timezone: str = Field(default="UTC", description="IANA time zone of your day, such as `Europe/London`.")
    currency: str = Field(default="EUR", description="ISO 4217 currency of rows that name none.")
    language: str = Field(default="en", description="Language of customers for whom none is set.")
    account_holder: str = Field(default="", description="Name on the bank account; your business's name unless set.")
    iban: str = Field(default="", description="IBAN that customers pay to.")
    bic: str = Field(default="", description="BIC of the bank, where payers need one.")
    bank: str = Field(default="", description="Name of the bank.")
    sort_code: str = Field(default="", description="UK sort code, or another routing number.")
    account_number: str = Field(default="", description="Account number that goes with the sort code.")
    upi: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9._-]{2,256}@[A-Za-z][A-Za-z0-9]{1,63})?$",
        description="UPI ID that customers in India pay to, such as `name@bank`.",
    )
    references: Literal["plain", "rf", "qrr"] = Field(
        default="plain",
        description="What payers write on a transfer: the number of the invoice or account as it is; with check digits, as an ISO 11649 creditor reference (`rf`); or as a Swiss QR reference (`qrr`), which goes with a QR-IBAN alone.",
    )

    @field_validator("currency")
    @classmethod
    def _is_currency(cls, value: str) -> str:
        if not money.is_currency(value):
            raise ValueError(f"{shown(value)} is not an ISO 4217 currency, such as EUR")
        return value

    @field_validator("email")
    @classmethod
    def _is_email(cls, value: str) -> str:
        if value and not is_email_address(value):
            raise ValueError(f"{shown(value)} is not an email address")
        return value

    @field_validator("iban")
    @classmethod
    def _is_iban(cls, value: str) -> str:
        from stdnum import iban

        # Without the country's own rules: a list of banks goes stale. Check digits 00, 01 and 99 cannot occur.
        compact = iban.compact(value)
        if value and (not iban.is_valid(compact, check_country=False) or compact[2:4] in {"00", "01", "99"}):
            raise ValueError(f"{shown(value)} is not a valid IBAN: its check digits do not agree")
        return compact

    @model_validator(mode="after")
    def _goes_with_its_account(self) -> "Business":
        is_qr = self.iban[:2] in {"CH", "LI"} and "30000" <= self.iban[4:9] <= "31999"
        if is_qr and self.references != "qrr":
            raise ValueError(
                'its IBAN is a QR-IBAN, which takes no transfer without a QR reference: references = "qrr"'
            )
        if self.references == "qrr" and not is_qr:
            raise ValueError('references = "qrr" goes with a QR-IBAN alone: "rf" is for any other account')
        return self

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as problem:
            raise ValueError(f"{shown(value)} is not a time zone, such as Europe/London") from problem
        return value


class Mail(_Section):
    """How notices leave the machine."""

    transport: Literal["folder", "smtp", "sendmail"] = Field(
        default="folder",
        description="`folder`: nothing leaves the machine, drafts lie in `outbox/`; `smtp`; `sendmail`: a local program such as msmtp.",
    )
    sender: str = Field(default="", description="From: an address at your own domain, or `Name <address>`.")
    reply_to: str = Field(default="", description="Where answers go, if not to the sender.")
    subject: Literal["account", "letter"] = Field(
        default="account",
        description="Subject of every email: `account`: one that names account and business and stays the same, so that an account's emails make one thread; `letter`: each letter's own.",
    )
    host: str = Field(default="", description="SMTP server.")
    port: int = Field(
        default=0, ge=0, le=65535, description="SMTP port; 0 takes 587 for starttls, 465 for tls, 25 for none."
    )
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="Encryption, always verified. `none` is for a server on this machine only."
    )
    user: str = Field(default="", description="User name at the server; blank: no login.")
    password_command: str = Field(
        default="",
        description="Command whose first line of output is the password. Without it: the environment variable PASTDUE_SMTP_PASSWORD, git's credential helper (`protocol=smtp`, the host with its port), the system's keyring.",
    )
    ca_file: str = Field(
        default="", description="File with the certificate authority of your own server, if it has one."
    )
    sendmail_command: str = Field(default="/usr/sbin/sendmail -i", description="The program of the sendmail transport.")
    dkim_selector: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*)?$",
        description="Selector of the DKIM key that signs what leaves by smtp or sendmail; its public half is at `SELECTOR._domainkey.` and the sender's domain. Blank: your mail server signs, as most do.",
    )
    dkim_key: str = Field(
        default="",
        description="Path of the private key in PEM, RSA or Ed25519, outside of the workspace's repository; needs `pip install 'pastdue[dkim]'`.",
    )
    imap_host: str = Field(
        default="",
        pattern=r"^[^\s/]*$",
        description="IMAP server, over TLS, that keeps a copy of what was sent by smtp or sendmail, with the same user and password; blank: none does.",
    )
    imap_port: int = Field(default=993, ge=1, le=65535, description="Its port.")
    imap_folder: str = Field(
        default="Sent", pattern=r"^[ -~]+$", description="The folder of the copies, as the server names it."
    )

    @field_validator("sender", "reply_to")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value and not is_email_address(parseaddr(value)[1]):
            raise ValueError(f"{shown(value)} is not an email address")
        return value


class PaymentLink(_Section):
    """One way to pay online."""

    name: str = Field(description="What the button says, such as `Pay by card`.")
    names: dict[str, str] = Field(
        default_factory=dict, description='The same in other languages: `{ de = "Mit Karte zahlen" }`.'
    )
    url: str = Field(
        pattern=r"^https://",
        description="Its address; `{amount}`, `{currency}`, `{reference}` and `{account}` are filled in.",
    )


class Portal(_Section):
    """The static site with one private page per account."""

    base_url: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="Where `site/public` is published; blank: notices carry no link.",
    )
    links: tuple[PaymentLink, ...] = Field(default=(), description="Online ways to pay, shown as buttons.")
    sealed: bool = Field(
        default=False, description="Encrypt each page, with the key in its link alone: docs/portal.md."
    )
    rotate: dict[str, int] = Field(
        default_factory=dict,
        description="A number per account id: raise it by one and that account's page moves to a new address, under a new key.",
    )

    form: str = Field(
        default="",
        description="Where the buttons of a page post their form to, `https://...`; blank: each begins an email instead (docs/portal.md).",
    )

    @field_validator("form")
    @classmethod
    def _can_be_posted_to(cls, value: str) -> str:
        if not value:
            return value
        if not re.fullmatch(r"[!-~]+", value) or set(value) & set("\"'<>;,\\"):
            raise ValueError(
                "the form's address holds a character that must be written as %..: such as %20 for a space"
            )
        to = urlsplit(value)
        is_safe = to.scheme == "https" or (to.scheme == "http" and to.hostname in LOOPBACK)
        if not is_safe or not to.hostname or "@" in to.netloc or to.fragment:
            raise ValueError("write where the form goes as https://..., without a name, a password or a #")
        return value

    @field_validator("sealed")
    @classmethod
    def _can_be_opened(cls, value: bool, others: ValidationInfo) -> bool:
        to = urlsplit(others.data.get("base_url", ""))
        if value and to.scheme == "http" and to.hostname not in LOOPBACK:
            raise ValueError("sealed pages need a base_url of https://: browsers decrypt nothing that came over http")
        return value


class CalendarSection(_Section):
    """Which days are business days."""

    country: str = Field(
        default="", description="Country of the public holidays; `none`: no holidays; blank: your business's."
    )
    region: str = Field(default="", description="State or province, where holidays differ.")
    weekend: frozenset[Annotated[int, Field(ge=1, le=7)]] = Field(
        default=SATURDAY_SUNDAY, description="Days of the week without notices: Monday is 1, Sunday is 7; `[]`: none."
    )
    closed: frozenset[date] = Field(default=frozenset(), description="Further days on which you are closed.")

    @field_validator("weekend")
    @classmethod
    def _leaves_a_day(cls, value: frozenset[int]) -> frozenset[int]:
        if len(value) == 7:
            raise ValueError("a week needs one business day")
        return value


_PERCENT = r"^(\d{1,3}(\.\d{1,4})?)?$"


class Interest(_Section):
    """By which rule overdue items bear interest."""

    regime: str = Field(
        default="",
        description="A regime such as `uk-lpcda` or `de-288-b2b` (docs/interest.md lists them), or `contract`; blank: no interest is claimed. Whether a customer is a business or a consumer decides what of it applies.",
    )
    rate: str = Field(
        default="", pattern=_PERCENT, description='Yearly rate in percent for `contract`, in quotes: `"8.5"`.'
    )
    cap: str = Field(
        default="",
        pattern=_PERCENT,
        description="The highest yearly rate in percent that the law lets your contract take; a higher one is cut to it.",
    )
    starts: Literal["announced", "due"] = Field(
        default="announced",
        description="From the day a notice announced, or from the day after the due date; never before the law lets it run, and nothing is claimed that no notice announced.",
    )
    rates: dict[date, Annotated[str, Field(pattern=r"^-?\d{1,3}(\.\d{1,4})?$")]] = Field(
        default_factory=dict,
        description='Reference rates that the regime does not know yet, by the day they hold from: `2027-01-01 = "2.65"` (the bank\'s own rate in percent, without the addition).',
    )
    day_count: Literal["", "act/365", "act/360", "30/360"] = Field(
        default="", description="How days become years; blank: as the regime has it."
    )
    dues_agreed: bool = Field(
        default=True,
        description="Your due dates are agreed in the contract. False: they stand on the invoice alone, and default begins after the law's own period, or with the first notice after the due date where the law has it so.",
    )
    consumers_told: bool = Field(
        default=False,
        description="Your invoices tell consumers that they are in default 30 days after due date and receipt; used where the law asks for it.",
    )
    fee: str = Field(
        default="",
        pattern=r"^(\d{1,6}(\.\d{1,3})?)?$",
        description="Fixed sum per invoice that your contract sets for late payment, in quotes; only for `contract`, and never for consumers. A statutory regime has its own.",
    )
    order: Literal["", "principal", "costs-interest-principal"] = Field(
        default="",
        description="What a payment is taken for first: the invoice, or costs, then interest, then the invoice; blank: as the regime has it.",
    )


Hours = Annotated[str, Field(pattern=r"^([01]\d|2[0-4]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$")]


class Contact(_Section):
    """How often, and when, an account may be contacted."""

    limits: str = Field(
        default="house",
        description="`house`, a preset of the law where your customer lives (docs/limits.md lists them), or `none`. Your own numbers stand in for those of `house`; a law's hold in any case.",
    )
    calls_per_week: int | None = Field(default=None, ge=0, le=50, description="Calls and attempts in seven days.")
    messages_per_week: int | None = Field(default=None, ge=0, le=50, description="Emails and letters in seven days.")
    contacts_per_week: int | None = Field(
        default=None, ge=0, le=50, description="Calls, attempts, emails and letters together in seven days."
    )
    contacts_per_month: int | None = Field(
        default=None, ge=0, le=100, description="The same in a calendar month back from today."
    )
    days_after_talk: int | None = Field(
        default=None, ge=0, le=60, description="Days after a conversation without another call; its own day counts."
    )
    hours: dict[str, Hours] = Field(
        default_factory=dict,
        description='When calls may be made, in the customer\'s own time: `weekday = "09:00-17:30"`, `saturday`, `sunday`; a day that is not named has none, once one is.',
    )
    quiet: frozenset[date] = Field(default=frozenset(), description="Further days on which nobody is contacted.")


class Look(_Section):
    """What pages, emails and letters look like."""

    accent: str = Field(
        default="",
        pattern=r"^(#[0-9a-f]{6})?$",
        description="Your colour as `#rrggbb`, in small letters: links, buttons, the sum that is asked for. Text in it must have a contrast of 4.5 on white; for dark mode a lighter shade of it is worked out. Blank: petrol, `#0b5563`.",
    )
    logo: str = Field(
        default="",
        pattern=r"^[^/\\]*$",
        description="A file in `site/static`, SVG, PNG or JPEG, of 40,000 bytes at the most: at the head of pages, letters and, unless it is an SVG, emails, in place of your name.",
    )


class Policy(_Section):
    """The credit policy: what customers and staff have read and agreed to."""

    version: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$|^$",
        description="Version of `letters/policy.LANGUAGE.md`, such as `2026-01`; blank: there is no policy to send.",
    )
    send: bool = Field(
        default=False,
        description="Send it to new customers, and to those whose acknowledgement is missing, older than a year or of another version; otherwise the desk lists them.",
    )
    valid_days: int = Field(default=365, ge=1, le=3660, description="Days for which an acknowledgement holds.")
    staff: dict[str, date] = Field(
        default_factory=dict, description="Who of your staff acknowledged it last, and when: `Nora = 2026-01-05`."
    )


class Deliveries(_Section):
    """What is done after work was delivered."""

    invoice_within: int = Field(
        default=3, ge=0, le=365, description="Days after which delivered work without an invoice is shown on the desk."
    )
    ask_after: int | None = Field(
        default=None,
        ge=0,
        le=60,
        description="Days after delivery on which the customer is asked whether all is in order; blank: they are not.",
    )


class End(_Section):
    """Where an account goes when the letters are through."""

    agency: str = Field(default="", description="Name of the collection agency, as your letters name it.")
    court: str = Field(default="", description="Name of the court or procedure, such as `the County Court`.")
    court_fee: str = Field(
        default="", description="What issuing a claim costs, in words; told in a letter before action."
    )


class Overrule(_Section):
    """A warning of the letter linter that you have looked at and let stand."""

    code: str = Field(pattern=r"^L\d\d$", description="The rule, such as `L12`. Errors cannot be overruled.")
    letter: str = Field(description="The letter that it is about, such as `final-demand`.")
    reason: str = Field(min_length=3, description="Why it may stand; shown by `check`, and on record with the config.")


class Promises(_Section):
    """What a promise to pay does."""

    grace: int = Field(
        default=2, ge=0, le=30, description="Business days after the promised day in which money still keeps it."
    )
    most_broken: int = Field(
        default=2, ge=1, le=20, description="After so many broken ones a promise is recorded and pauses nothing."
    )


class Plans(_Section):
    """What a payment plan does."""

    unsigned_days: int = Field(
        default=14, ge=0, le=90, description="Days for which an unsigned plan pauses the schedule."
    )
    grace: int = Field(default=5, ge=0, le=60, description="Days after an instalment's date before it is a default.")
    consumer_instalments: int = Field(
        default=12,
        ge=1,
        le=120,
        description="Most instalments of a consumer's plan: more may be consumer credit where you are.",
    )


class Calls(_Section):
    """How calls are tried again, and what silence means."""

    per_week: int = Field(default=2, ge=1, le=7, description="Another name of `contact.calls_per_week`.")
    unanswered: int = Field(
        default=4, ge=1, le=50, description="Unanswered attempts in a row after which the account counts as avoiding."
    )


class Prepayment(_Section):
    """When a customer is asked to pay up front."""

    late_times: int = Field(
        default=0,
        ge=0,
        le=100,
        description="Invoices paid late in twelve months after which prepayment holds; 0: never by this rule.",
    )
    late_days: int = Field(
        default=10, ge=1, le=365, description="Days past due from which a paid invoice counts as late here."
    )
    after_final_demand: bool = Field(default=False, description="Prepayment also while a final demand is open.")


class Tracks(_Section):
    """Moves between schedules by behaviour."""

    automatic: bool = Field(
        default=False,
        description="Move an account that refuses, avoids or breaks promises to `firm` without asking; otherwise the desk proposes it.",
    )


class Columns(_Section):
    """How an operator's own table maps to one of the ledgers."""

    date_format: str = Field(default="%Y-%m-%d", description="How dates are written, such as `%d/%m/%Y`.")
    number_format: str = Field(
        default="1234.56",
        pattern=r"^1[.,'’ \u00a0\u202f]?234[.,]56$",
        description="How amounts are written, such as `1.234,56` or `1,234.56`.",
    )
    headers: dict[str, str] = Field(default_factory=dict, description="Ledger column = header in your file.")


class Announce(_Section):
    """A consequence that a step names."""

    consequence: ConsequenceName = Field(
        description="`interest`, `fee`, `prepayment`, `stop-service`, `agency` or `small-claims`."
    )
    in_days: int = Field(ge=0, le=366, description="Days from the notice to the day it holds from.")


class Step(_Section):
    """One rung of a schedule."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="Name of the step: small letters, digits and hyphens.")
    start: Start = Field(
        alias="from",
        default="due",
        description="What the days count from: `issued`, `due`, `due-month-end` (the end of the month that due date + days falls in), or `previous` (the last notice for the item).",
    )
    days: int = Field(ge=-366, le=3660, description="Days after that; below 0: before it.")
    channels: tuple[Channel, ...] = Field(min_length=1, description='How it goes: `"email"`, `"letter"`, `"call"`.')
    letter: str = Field(
        default="",
        pattern=r"^([a-z][a-z0-9-]*)?$",
        description="`letters/NAME.LANGUAGE.md`; the step's name unless set.",
    )
    pay_within: int | None = Field(
        default=None, ge=0, le=366, description="Days to the pay-by date that the notice states; blank: it states none."
    )
    announces: tuple[Announce, ...] = Field(
        default=(), description="Consequences that the notice names: `{ consequence, in_days }`."
    )
    minimum_gap: int | None = Field(
        default=None, ge=0, le=366, description="The schedule's `minimum_gap`, for this step alone."
    )
    attach_invoice: bool = Field(
        default=False, description="Attach `invoices/INVOICE_ID.pdf` of each item, where there is one."
    )
    give_way: int = Field(
        default=5,
        ge=0,
        le=366,
        description="For a call: business days after which the ladder goes on although nobody called.",
    )

    @property
    def is_call(self) -> bool:
        """A step that is done by telephone alone."""
        return self.channels == ("call",)

    @property
    def letter_name(self) -> str:
        """The letter it is written with."""
        return self.letter or self.name

    @field_validator("channels")
    @classmethod
    def _each_once(cls, value: tuple[Channel, ...]) -> tuple[Channel, ...]:
        if len(set(value)) < len(value):
            raise ValueError("a channel stands there twice")
        if "call" in value and len(value) > 1:
            raise ValueError("a call is a step of its own: give the email or letter another step")
        return value


class Schedule(_Section):
    """A ladder of steps; an account's `track` names the one it follows."""

    minimum_gap: int = Field(
        default=5, ge=0, le=366, description="Least number of days between two notices to one account."
    )
    entry: Literal["in-order", "by-age"] = Field(
        default="in-order",
        description="Where an old debt without history starts: at the first overdue step, or at the step for its age.",
    )
    invoices_since: date | None = Field(
        default=None,
        description="Steps before the due date are taken only for invoices issued on or after this day: set it to the day on which you begin.",
    )
    step: tuple[Step, ...] = Field(min_length=1, description="The steps, in order: `[[schedule.NAME.step]]`.")

    @field_validator("step")
    @classmethod
    def _names_once(cls, value: tuple[Step, ...]) -> tuple[Step, ...]:
        names = [step.name for step in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two steps are called {shown(twice[0])}")
        if value[0].start == "previous":
            raise ValueError("the first step cannot count from the previous one")
        return value

    def rung(self, name: str) -> int:
        """The place of a step, from 0; -1 when the schedule has no step of that name."""
        return next((i for i, step in enumerate(self.step) if step.name == name), -1)


class Guards(_Section):
    """When `send` stops with exit 4 until you say that you mean it; 0 turns a guard off."""

    stale_days: int = Field(
        default=7,
        ge=0,
        le=366,
        description="Days after which payments that nobody touched (or, where there is no such ledger, invoices) are stale. Means it: `--stale-books`.",
    )
    many_times: int = Field(
        default=3,
        ge=0,
        le=100,
        description="More notices than so many times the largest of the last ten runs are too many. Means it: `--many`.",
    )
    many_over: int = Field(default=20, ge=0, le=100_000, description="Up to this number, notices are never too many.")
    shrunk_to: int = Field(
        default=50,
        ge=0,
        le=99,
        description="Percent: customers, invoices, payments or activity with fewer rows than this share of those at the last run have lost some. Means it: `--shrunk`.",
    )


class Git(_Section):
    """The history of what was sent."""

    push: str = Field(
        default="",
        pattern=r"^([^\s-]\S*)?$",
        description="Remote, such as `origin`: each run is claimed there before anything leaves, and pushed after it. Blank: nothing is pushed.",
    )
    sign: bool = Field(
        default=False, description="Sign the commits of `send`, with the key and the program that your git names."
    )


class Config(_Section):
    """The whole of config.toml."""

    today: date | None = Field(default=None, description="A fixed date instead of today's, for a demo.")
    business: Business = Field(default_factory=Business, description="Who you are.")
    mail: Mail = Field(default_factory=Mail, description="How notices leave.")
    portal: Portal = Field(default_factory=Portal, description="The customers' pages.")
    calendar: CalendarSection = Field(default_factory=CalendarSection, description="Business days.")
    interest: Interest = Field(default_factory=Interest, description="Interest.")
    contact: Contact = Field(default_factory=Contact, description="Contact limits.")
    promises: Promises = Field(default_factory=Promises, description="Promises to pay.")
    plans: Plans = Field(default_factory=Plans, description="Payment plans.")
    calls: Calls = Field(default_factory=Calls, description="Calls.")
    prepayment: Prepayment = Field(default_factory=Prepayment, description="Prepayment.")
    tracks: Tracks = Field(default_factory=Tracks, description="Moves between tracks.")
    look: Look = Field(default_factory=Look, description="Colour and logo.")
    policy: Policy = Field(default_factory=Policy, description="The credit policy.")
    deliveries: Deliveries = Field(default_factory=Deliveries, description="After delivery.")
    end: End = Field(default_factory=End, description="Agency and court.")
    guards: Guards = Field(default_factory=Guards, description="Guards.")
    git: Git = Field(default_factory=Git, description="History.")
    overrule: tuple[Overrule, ...] = Field(default=(), description="Warnings of the linter that you let stand.")
    columns: dict[str, Columns] = Field(
        default_factory=dict, description="Your own headers and formats, a table per ledger."
    )
    schedule: dict[str, Schedule] = Field(default_factory=dict, description="The ladders, by track.")

    @property
    def default_track(self) -> str:
        """The schedule of a customer who names none: `standard`, or the only one there is."""
        return "standard" if "standard" in self.schedule or len(self.schedule) != 1 else next(iter(self.schedule))

    def business_days(self) -> Calendar:
        """The calendar that notices and deadlines keep to."""
        section = self.calendar
        country = (section.country or self.business.country or "none").upper()
        return Calendar("none" if country == "NONE" else country, section.region, section.weekend, section.closed)

    def sender(self) -> tuple[str, str]:
        """Name and address that mail comes from; the address is "" when none is set."""
        name, address = parseaddr(self.mail.sender)
        return name or self.business.name, address or self.business.email
