"""What a customer may want to say: each reply begins an email, or fills a form, with a line for the diary ready in it.

The line is one of the activity ledger as CSV, in the order of its columns (`Activity`), so that what was said can be
written down as it stands: `log --from` finds it in the email.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import NamedTuple
from urllib.parse import quote

from pastdue import days, money
from pastdue.config import Config
from pastdue.days import Calendar, month_end
from pastdue.documents.portal.asked import Claim
from pastdue.documents.site import cut, plain
from pastdue.model import Activity, PlanState, Standing

Ways = Callable[[Standing], Sequence[Sequence[int]]]  # plans that could be agreed, as amounts

_MOST = 12  # invoices, and three plans, that have a button of their own: the page stays small on a phone
_MOST_PLANS = 3
_WEEK = timedelta(days=7)
_RUNNING = frozenset({PlanState.OFFERED, PlanState.GOOD, PlanState.LATE})


class Choice(NamedTuple):
    """One thing to say, and the line that says it in the diary."""

    text: str  # on the button, where a reply has several: "9 Mar 2026"; else ""
    name: str  # in full: "I can pay on 9 March 2026"
    line: Activity


class Reply(NamedTuple):
    """One of the replies, as the page offers it."""

    kind: str  # "paid", "later", "plan", "dispute", "wrong" or "question"
    label: str
    choices: tuple[Choice, ...]


class Link(NamedTuple):
    """A button that begins an email."""

    text: str
    name: str
    href: str


class Field(NamedTuple):
    """What a form asks for, with what it suggests."""

    name: str  # the ledger's column
    type: str  # "date", "number" or "choice"
    label: str
    value: str
    least: str = ""
    most: str = ""
    step: str = ""
    options: tuple[str, ...] = ()


class Form(NamedTuple):
    """A reply as a form."""

    hidden: tuple[tuple[str, str], ...]
    fields: tuple[Field, ...]
    label: str  # of the text that they may add
    text: str  # what it begins with; "" where the label says what to write


class Offered(NamedTuple):
    """A reply as the template shows it: with links, or with a form."""

    kind: str
    label: str
    links: tuple[Link, ...]
    form: Form | None


def offered(
    claims: Sequence[tuple[Standing, Claim]], config: Config, calendar: Calendar, ways: Ways, say: SimpleNamespace
) -> tuple[Offered, ...]:
    """The replies of an account's page; none where there is nowhere to send them."""
    to, currency = config.business.email or config.sender()[1], claims[0][0].customer.currency
    said = replies(claims, config, calendar, ways, say) if to or config.portal.form else ()
    if config.portal.form:
        return tuple(_by_form(reply, currency, say) for reply in said)
    mailbox = quote(to, safe="@")
    return tuple(_by_email(reply, mailbox, currency, say) for reply in said)


def replies(
    claims: Sequence[tuple[Standing, Claim]], config: Config, calendar: Calendar, ways: Ways, say: SimpleNamespace
) -> Iterator[Reply]:
    """What they may want to say of an account, by what is asked of it in each currency."""
    first = claims[0][0]
    note = Activity(first.on, first.account_id, "message")
    own = next((pair for pair in claims if pair[0].currency == first.customer.currency), None)
    if any(claim.asked for _, claim in claims):
        yield Reply("paid", say.reply_paid, (_simply(say.reply_paid, note, "says: paid"),))
    # The diary keeps sums in the account's own currency.
    if own and own[0].balance and own[1].asked and not own[1].instalment:
        standing, claim = own
        if not claim.promised:
            yield Reply("later", say.reply_later, tuple(_later(standing, claim, calendar, say)))
        plan = standing.conduct.plan
        offered = () if plan and plan.state in _RUNNING else tuple(_plans(standing, config, calendar, ways, say))
        if offered:
            yield Reply("plan", say.reply_plan, offered)
    if disputes := tuple(_disputes(claims, note, say)):
        yield Reply("dispute", say.reply_dispute, disputes)
    yield Reply("wrong", say.reply_wrong, (_simply(say.reply_wrong, note, "says: wrong person"),))
    yield Reply("question", say.reply_question, (_simply(say.reply_question, note, "says: question"),))


# ------------------------------------------------------------------ what can be said


def _simply(name: str, note: Activity, said: str) -> Choice:
    return Choice("", name, replace(note, note=said))


def _later(standing: Standing, claim: Claim, calendar: Calendar, say: SimpleNamespace) -> Iterator[Choice]:
    """That they pay what is asked for in a week, in two, or at the end of a month: on business days."""
    for day in days_to_pay(max(standing.on, claim.due or standing.on), calendar):
        yield Choice(
            days.display_short(day, say.where),
            say.reply_later_on.format(date=days.display(day, say.where)),
            Activity(standing.on, standing.account_id, "promise", amount=claim.asked, due=day, note="says: can pay"),
        )


def days_to_pay(after: date, calendar: Calendar) -> tuple[date, ...]:
    """The first business day a week and two weeks later, and the last one of the month or of the next."""
    end = _last_business_day(after, calendar)
    if end <= after + _WEEK:
        end = _last_business_day(month_end(after) + timedelta(days=1), calendar)
    return tuple(sorted({calendar.on_or_after(after + _WEEK), calendar.on_or_after(after + 2 * _WEEK), end}))


def _last_business_day(of: date, calendar: Calendar) -> date:
    day = month_end(of)
    while not calendar.is_business(day):
        day -= timedelta(days=1)
    return day


def _plans(
    standing: Standing, config: Config, calendar: Calendar, ways: Ways, say: SimpleNamespace
) -> Iterator[Choice]:
    """The plans that could be agreed, the shortest first, of all that is open; three parts where nothing else is known."""
    first = calendar.on_or_after(standing.on + 2 * _WEEK)
    known = tuple(ways(standing))[:_MOST_PLANS] or tuple(_thirds(standing, config))
    for amounts in known:
        each = money.display(amounts[0], standing.currency, say.where)
        yield Choice(
            f"{len(amounts)} × {each}",
            say.reply_plan_in.format(count=len(amounts), amount=each),
            Activity(
                standing.on, standing.account_id, "plan",
                amount=amounts[0], due=first, every="month", count=len(amounts), note="says: instalments",
            ),
        )  # fmt: skip


def _thirds(standing: Standing, config: Config) -> Iterator[Sequence[int]]:
    most = config.plans.consumer_instalments if standing.customer.kind == "consumer" else 3
    if standing.balance >= 3 <= most:
        yield money.split(standing.balance, 3)


def _disputes(claims: Iterable[tuple[Standing, Claim]], note: Activity, say: SimpleNamespace) -> Iterator[Choice]:
    """Each invoice of which something is owed and that is not under discussion yet, the oldest first."""
    owing: dict[str, None] = {}
    for standing, claim in claims:
        about = [*(item.invoice_id for item in standing.items), *(charge.invoice_id for charge in claim.charges)]
        owing |= dict.fromkeys(invoice for invoice in about if invoice not in claim.held)
    several = len(owing) > 1
    for invoice in list(owing)[:_MOST]:
        name = plain(invoice)
        yield Choice(
            cut(name, 40) if several else "",
            say.reply_dispute_of.format(invoice=name),
            replace(note, kind="dispute", invoice_id=invoice, note="says: disputes"),
        )
    if len(owing) > _MOST:
        yield Choice(say.reply_dispute_other, say.reply_dispute, replace(note, note="says: disputes"))


# ------------------------------------------------------------------ as lines, emails and forms


def columns(line: Activity, currency: str) -> dict[str, str]:
    """The line's cells as the ledger writes them, by column, in the order of its columns."""
    return {
        "on": line.on.isoformat(),
        "account_id": plain(line.account_id),
        "kind": line.kind,
        "invoice_id": plain(line.invoice_id),
        "amount": "" if line.amount is None else money.to_text(line.amount, currency),
        "due": line.due.isoformat() if line.due else "",
        "every": line.every,
        "count": str(line.count or ""),
        "by": line.by,
        "note": line.note,
    }


def row(line: Activity, currency: str) -> str:
    """The line as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(columns(line, currency).values())
    return out.getvalue()


def _by_email(reply: Reply, to: str, currency: str, say: SimpleNamespace) -> Offered:
    """The reply as links that begin an email."""
    prompts = getattr(say, f"reply_{reply.kind}_text").strip()
    please = say.reply_row_open if reply.kind in {"later", "plan"} else say.reply_row
    links = []
    for choice in reply.choices:
        account = cut(choice.line.account_id, 60)
        subject = _quoted(f"{choice.name} ({say.account} {account})")
        below = f"%0D%0A%0D%0A{_lines(please)}%0D%0A{_quoted(row(choice.line, currency))}%0D%0A"
        body = f"{_quoted(choice.name)}.%0D%0A%0D%0A{_lines(prompts)}{below}"
        links.append(Link(choice.text, choice.name, f"mailto:{to}?subject={subject}&body={body}"))
    return Offered(reply.kind, reply.label, tuple(links), None)


@lru_cache(maxsize=1024)
def _lines(text: str) -> str:
    return _quoted("\r\n".join(text.splitlines()))


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _by_form(reply: Reply, currency: str, say: SimpleNamespace) -> Offered:
    """The reply as a form that asks for what may be changed, and posts the line's cells by the ledger's columns."""
    line = reply.choices[0].line
    cells = columns(line, currency)
    asked = tuple(_fields(reply, cells, currency, say))
    shown = {field.name for field in asked}
    hidden = tuple((name, value) for name, value in cells.items() if name not in shown)
    prompts = getattr(say, f"reply_{reply.kind}_text").strip()
    label, text = (say.form_more, prompts) if "\n" in prompts else (prompts, "")
    return Offered(reply.kind, reply.label, (), Form(hidden, asked, label, text))


def _fields(reply: Reply, cells: dict[str, str], currency: str, say: SimpleNamespace) -> Iterator[Field]:
    line = reply.choices[0].line
    smallest = money.to_text(1, currency)
    if line.due:
        label = say.form_first if reply.kind == "plan" else say.form_date
        tomorrow = (line.on + timedelta(days=1)).isoformat()
        yield Field("due", "date", label, cells["due"], tomorrow)
    if line.amount is not None:
        label = say.form_each if reply.kind == "plan" else say.form_amount
        about = f"{label} ({currency})"
        most = max(choice.line.amount or 0 for choice in reply.choices)
        yield Field("amount", "number", about, cells["amount"], smallest, money.to_text(most, currency), smallest)
    if reply.kind == "plan":
        yield Field("count", "number", say.form_count, cells["count"], "2", str(_MOST), "1")
    if reply.kind == "dispute" and len(reply.choices) > 1:
        invoices = tuple(choice.line.invoice_id for choice in reply.choices if choice.line.invoice_id)
        yield Field("invoice_id", "choice", say.invoice, invoices[0], options=tuple(map(plain, invoices)))
