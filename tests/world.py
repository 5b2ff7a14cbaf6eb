"""A small world for tests of the rules: a ledger from a few tuples, and days that pass with what they send."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd

from pastdue.config import Config
from pastdue.dunning.escalation import decisions
from pastdue.dunning.standing import standings
from pastdue.model import Activity, Customer, Decision, Ledger, Sent, Standing, State

NO_CALENDAR = {"country": "none", "weekend": []}


def day(text: str) -> date:
    return date.fromisoformat(text)


def ledger(
    invoices: Iterable[tuple[str, str, str, int]],
    payments: Iterable[tuple[str, str, int, str]] = (),
    *,
    account: str = "A",
    currency: str = "EUR",
    activity: Sequence[Activity] = (),
    customers: Mapping[str, Customer] | None = None,
) -> Ledger:
    """Invoices as (id, issued, due, minor units), payments as (received, id or "", minor units, currency or "")."""
    invoices, payments = list(invoices), list(payments)
    frame = pd.DataFrame(
        [
            (i, account, day(issued).toordinal() if issued else 0, day(due).toordinal(), amount, currency, "", "", n)
            for n, (i, issued, due, amount) in enumerate(invoices, start=2)
        ],
        columns=["invoice_id", "account_id", "issued", "due", "amount", "currency", "description", "reference", "row"],
    )
    money = pd.DataFrame(
        [
            (day(on).toordinal(), account, amount, cur or currency, i, "", n)
            for n, (on, i, amount, cur) in enumerate(payments, start=2)
        ],
        columns=["received", "account_id", "amount", "currency", "invoice_id", "reference", "row"],
    )
    if customers is None:
        customers = {account: Customer(account, "Acme", email="a@acme.example", currency=currency)}
    return Ledger(customers, typed(frame), typed(money), tuple(activity), notices([]))


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = {"amount": "int64", "issued": "int32", "due": "int32", "received": "int32", "row": "int32"}
    return frame.astype({c: kinds.get(c, "str") for c in frame.columns})


NOTICES = [
    "notice_id",
    "on",
    "account_id",
    "invoice_id",
    "due",
    "step",
    "rung",
    "channel",
    "state",
    "open",
    "currency",
    "pay_by",
    "announces",
    "message_id",
    "sha256",
    "file",
    "at",
    "reply",
    "recipient",
]


def notices(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    kinds = {"on": "int32", "due": "int32", "pay_by": "int32", "rung": "int32", "open": "int64"}
    return pd.DataFrame(rows, columns=NOTICES).astype({c: kinds.get(c, "str") for c in NOTICES})


def decide(book: Ledger, config: Config, on: date) -> tuple[tuple[Standing, ...], tuple[Decision, ...]]:
    found, _ = standings(book, config, on)
    return found, decisions(found, config)


def sent(decision: Decision, on: date, state: State = State.SENT) -> list[tuple[object, ...]]:
    """The rows that `send` writes for a decision."""
    return [
        (
            f"{on}-{decision.account_id}-{channel}", on.toordinal(), decision.account_id, line.item.invoice_id,
            line.item.due.toordinal(), line.next_step, line.rung, channel, state, line.item.open, decision.currency,
            decision.pay_by.toordinal() if decision.pay_by else 0, "", "", "", "", "", "", "",
        )
        for channel in decision.channels
        for line in decision.items
        if line.is_due and channel != "call"
    ]  # fmt: skip


def live(
    book: Ledger, config: Config, days: Iterable[date], state: State = State.SENT
) -> list[tuple[date, str, date, str]]:
    """Runs on each of the days and sends what is due: (day, invoice, due, step) of every line recorded."""
    story = []
    for on in days:
        _, made = decide(book, config, on)
        rows = [row for decision in made for row in sent(decision, on, state)]
        story += [(on, str(row[3]), date.fromordinal(int(str(row[4]))), str(row[5])) for row in rows]
        if rows:
            book = replace(book, notices=pd.concat([book.notices, notices(rows)], ignore_index=True))
    return story


def every_day(first: str, last: str) -> list[date]:
    start, end = day(first), day(last)
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def lines_of(standing: Standing) -> tuple[Sent, ...]:
    return standing.history
