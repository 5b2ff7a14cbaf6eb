"""A morning in the operator's words: what all lists of the desk say of an account, and in the same way."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import NamedTuple

from pastdue import days, money
from pastdue.config import Config
from pastdue.documents import beside, calls
from pastdue.documents.catalogue import ENGLISH
from pastdue.documents.desk.morning import LANGUAGE, Morning
from pastdue.documents.desk.previews import paths
from pastdue.documents.desk.words import TEXT, few, link, of_charges
from pastdue.documents.site import cut, telephone
from pastdue.documents.words import lateness, locale
from pastdue.findings import Severity
from pastdue.model import COPY, Action, Decision, Standing

# How long a hold without a day lasts, where it is not simply lifted.
_LASTING = {
    "plan": "while it is kept",
    "dispute": "until it is settled",
    "upheld": "until it is credited",
    "placed": "until it is recalled",
    "error": "until the books are mended",
    "unclear": "until you settle it",
}


class Who(NamedTuple):
    """An account, as every list names it."""

    name: str
    account_id: str
    page: str  # link to the customer's page, "" when there is none
    timeline: str  # link to all that happened, "" when there is none


class Entry(NamedTuple):
    """One account in a list of the desk."""

    who: Who
    what: str
    sum: str
    when: str = ""
    reasons: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()  # label and link
    phone: str = ""
    tel: str = ""
    hours: str = ""  # when to call
    commands: tuple[str, ...] = ()  # what answers it
    preview: str = ""  # link to what goes to them today, side by side


class View:
    """A morning in the operator's words."""

    def __init__(self, morning: Morning, config: Config) -> None:
        self.morning, self.config = morning, config
        self.where = locale(LANGUAGE, config.business)
        self.pairs = tuple(zip(morning.standings, morning.decisions, strict=True))
        self.files: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        for document in morning.documents:
            notice = document.notice
            label = {"email": "email", "letter": "letter", COPY: "copy"}.get(notice.channel, notice.channel)
            self.files[notice.customer.account_id, notice.currency].append((label, link(document.path)))
        self.previews = {key: link(path) for key, path in paths(morning.documents).items()}
        # Of today's notices, what each account is asked for.
        self._asked = {(d.notice.customer.account_id, d.notice.currency): d.notice.asked_sum for d in morning.documents}
        self._sheets = {
            (standing.account_id, standing.currency): (("call sheet", link(calls.path(standing))),)
            for standing, decision in self.pairs
            if calls.has_sheet(standing, decision)
        }
        errors = (finding for finding in morning.findings if finding.severity is Severity.ERROR)
        self.stopped = {finding.account_id for finding in errors if finding.account_id}
        self.named = {standing.account_id: self.who(standing) for standing in morning.standings}

    # -------------------------------------------------------------- how things are said

    def day(self, day: date) -> str:
        """A date, short."""
        return days.display_short(day, self.where)

    def money(self, currency: str) -> Callable[[int], str]:
        """What shows an amount of the currency."""
        return partial(money.display, currency=currency, language=self.where)

    def who(self, standing: Standing) -> Who:
        """Name, account, and links to the customer's page and to all that happened."""
        page, mark, key = self.morning.pages.get(standing.account_id, "").partition("#")
        timeline = self.morning.timelines.get(standing.account_id, "")
        return Who(
            cut(standing.customer.name, TEXT),
            cut(standing.account_id, TEXT),
            f"{link(page)}{mark}{key}" if page else "",
            link(timeline) if timeline else "",
        )

    # -------------------------------------------------------------- in which order

    def currency_order(self, currency: str) -> tuple[bool, str]:
        """The business's own currency first."""
        return currency != self.config.business.currency, currency

    def by_sum(self, pair: tuple[Standing, Decision]) -> tuple[tuple[bool, str], int, int, str]:
        """The largest sums first."""
        standing = pair[0]
        asked = self.asked_of(*pair)
        return self.currency_order(standing.currency), -asked, -standing.days_past_due, standing.account_id

    def doing(self, action: Action) -> list[tuple[Standing, Decision]]:
        """The accounts about which this is done, the largest sums first."""
        return sorted((pair for pair in self.pairs if pair[1].action is action), key=self.by_sum)

    # -------------------------------------------------------------- an account in a list

    def entry(self, standing: Standing, decision: Decision) -> Entry:
        """The account with what is done about it today, and why."""
        customer = standing.customer
        files = self.files.get((standing.account_id, standing.currency), [])
        is_call = decision.action is Action.CALL
        return Entry(
            self.who(standing),
            what=_what(standing, decision),
            when=self._when(decision),
            sum=self.money(standing.currency)(self.asked_of(standing, decision)),
            reasons=few((*self.beside(standing), *decision.reasons)),
            files=(*files, *self.sheet(standing)),
            phone=cut(customer.phone, TEXT) if is_call else "",
            tel=telephone(customer.phone) if is_call else "",
            hours=self.morning.hours.get(standing.account_id, "") if is_call else "",
        )

    def about(self, standing: Standing, what: str, amount: int, when: str = "") -> Entry:
        """The account with one thing that is to be said of it."""
        return Entry(self.who(standing), what=what, sum=self.money(standing.currency)(amount), when=when)

    def sheet(self, standing: Standing) -> tuple[tuple[str, str], ...]:
        """The link to the account's call sheet, where it has one."""
        return self._sheets.get((standing.account_id, standing.currency), ())

    def asked_of(self, standing: Standing, decision: Decision) -> int:
        """What today's notice asks for; where none goes, what there is to ask for."""
        return self._asked.get((standing.account_id, standing.currency)) or asked(standing, decision)

    def beside(self, standing: Standing) -> Iterator[str]:
        """What is owed beside the invoices, and what of it nobody may claim yet."""
        show = self.money(standing.currency)
        owed = standing.interest + standing.fees
        if not owed:
            return
        yield f"{of_charges(standing.interest, standing.fees, show)} owed beside the invoices"
        untold = sum(charge.owed for charge in standing.charges if not charge.told)
        since = owed - untold - sum(charge.owed for charge in beside.told(standing))
        if untold:
            yield f"{show(untold)} of it was announced in no notice before today, and is not claimed"
        if since:
            yield f"{show(since)} of it came since the last notice, and is not claimed while its deadline runs"

    def _when(self, decision: Decision) -> str:
        if decision.pay_by and decision.action is Action.NOTICE:
            return f"pay by {self.day(decision.pay_by)}"
        if decision.action is Action.HOLD:
            until = max((hold.until for hold in decision.holds if hold.until), default=None)
            lasting = [hold.kind for hold in decision.holds if hold.until is None]
            if until and not lasting:
                return f"until {self.day(until)}"
            ends = {_LASTING.get(kind, "until you lift it") for kind in lasting}
            return ends.pop() if len(ends) == 1 else "until you lift it"
        return ""


def _what(standing: Standing, decision: Decision) -> str:
    if decision.action is Action.NOTICE:
        return f"{decision.step}, by {' and '.join(decision.channels)}"
    if decision.action is Action.CALL:
        return decision.step if decision.step == "call" else f"{decision.step}, by telephone"
    return lateness(standing.days_past_due, ENGLISH) if standing.overdue else "not yet due"


def asked(standing: Standing, decision: Decision) -> int:
    """What the account is asked for: what its due steps cover (see `Notice.asked`), else what is overdue or open."""
    at_step = [line.item for line in decision.items if line.is_due]
    due = sum(item.open for item in at_step if item.is_overdue) or sum(item.open for item in at_step)
    return due or standing.overdue or standing.balance


def charged(standing: Standing, decision: Decision) -> int:
    """What a call asks for beside the invoices: charges that notices announced, of what is not held."""
    held = {hold.invoice_id for hold in decision.holds if hold.invoice_id}
    if decision.answer and decision.answer.asks:
        return 0
    return sum(charge.owed for charge in beside.claimed(beside.told(standing), standing.items, held))
