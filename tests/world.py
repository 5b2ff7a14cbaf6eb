"""A small world for tests of the rules: a ledger from a few tuples, and days that pass with what they send."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from unittest.mock import patch

import pandas as pd

from pastdue.books.headers import NOTICE_COLUMNS
from pastdue.config import Config
from pastdue.dunning import standing as standing_module
from pastdue.dunning.ageing import Aged, age
from pastdue.dunning.escalation import decisions
from pastdue.dunning.standing import standings
from pastdue.model import Action, Activity, Customer, Decision, Ledger, Sent, Standing, State

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
    frame, money = _frames(tuple(invoices), tuple(payments), account, currency)
    if customers is None:
        customers = {account: Customer(account, "Acme", email="a@acme.example", currency=currency)}
    return Ledger(customers, frame, money, tuple(activity), notices([]))


@lru_cache(maxsize=1000)
def _frames(
    invoices: tuple[tuple[str, str, str, int], ...],
    payments: tuple[tuple[str, str, int, str], ...],
    account: str,
    currency: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same books are the same tables, so that `decide` ages them once for each day."""
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
    return typed(frame), typed(money)


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = {"amount": "int64", "issued": "int32", "due": "int32", "received": "int32", "row": "int32"}
    return frame.astype({c: kinds.get(c, "str") for c in frame.columns})


NOTICES = list(NOTICE_COLUMNS)


def notices(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    kinds = {"on": "int32", "due": "int32", "pay_by": "int32", "rung": "int32", "open": "int64"}
    return pd.DataFrame(rows, columns=NOTICES).astype({c: kinds.get(c, "str") for c in NOTICES})


_AGED: dict[tuple[object, ...], tuple[Ledger, Aged]] = {}


def _age_once(book: Ledger, on: date) -> Aged:
    """`age` is a function of its tables and the day: the many stories about the same invoices share its answers."""
    given_up = tuple(each for each in book.activity if each.kind == "writeoff")
    key = id(book.invoices), id(book.payments), given_up, on
    if key not in _AGED:
        if len(_AGED) > 5_000:
            _AGED.clear()
        _AGED[key] = book, age(book, on)  # the books too, so that no id is given to others
    return _AGED[key][1]


def decide(book: Ledger, config: Config, on: date) -> tuple[tuple[Standing, ...], tuple[Decision, ...]]:
    with patch.object(standing_module, "age", _age_once):
        found, _ = standings(book, config, on)
    return found, decisions(found, config)


def line(on: str, kind: str, *, account: str = "A", **cells: object) -> Activity:
    """One line of the activity sheet; `due` may be text, `invoice` is the invoice_id."""
    if "invoice" in cells:
        cells["invoice_id"] = cells.pop("invoice")
    if isinstance(cells.get("due"), str):
        cells["due"] = day(str(cells["due"]))
    return Activity(day(on), account, kind, **cells)  # type: ignore[arg-type]


def diary(*lines: Activity) -> tuple[Activity, ...]:
    """The lines as they stand in the sheet, numbered as a spreadsheet counts."""
    return tuple(replace(each, row=n) for n, each in enumerate(lines, start=2))


def sent(decision: Decision, on: date, state: State = State.SENT) -> list[tuple[object, ...]]:
    """The rows that `send` writes for a decision: a line per item at its step, or per item that an answer is about."""
    open_ = {each.item.key: each.item.open for each in decision.items}
    announces = {each.item.key: "; ".join(map(str, each.announces)) for each in decision.items}
    if decision.answer:
        lines = [(key, decision.step, -1, open_.get(key, 0)) for key in decision.answer.items]
    else:
        lines = [(each.item.key, each.next_step, each.rung, each.item.open) for each in decision.items if each.is_due]
    return [
        (
            f"{on}-{decision.account_id}-{decision.step}-{channel}", on.toordinal(), decision.account_id, invoice,
            due.toordinal(), step, rung, channel, state, open_now, decision.currency,
            decision.pay_by.toordinal() if decision.pay_by else 0, announces.get((invoice, due), ""),
            "", "", "", "", "", "",
        )
        for channel in decision.channels
        for (invoice, due), step, rung, open_now in lines
        if channel != "call"
    ]  # fmt: skip


def recorded(book: Ledger, decisions: Iterable[Decision], on: date, state: State = State.SENT) -> Ledger:
    """The books after the day's notices went out."""
    rows = [row for decision in decisions if decision.action is Action.NOTICE for row in sent(decision, on, state)]
    if not rows:
        return book
    return replace(book, notices=pd.concat([book.notices, notices(rows)], ignore_index=True))


def decided(
    book: Ledger, config: Config, days: Iterable[date], state: State = State.SENT
) -> Iterator[tuple[date, Decision]]:
    """Runs on each of the days and sends what is due: every decision about the one account, as it was made."""
    for on in days:
        _, (decision, *_) = decide(book, config, on)
        yield on, decision
        book = recorded(book, [decision], on, state)


def told(book: Ledger, config: Config, first: str, last: str) -> list[str]:
    """What goes out from the first day to the last, run daily: "2025-01-11 reminder"."""
    return [
        f"{on} {decision.step}"
        for on, decision in decided(book, config, every_day(first, last))
        if decision.action is Action.NOTICE
    ]


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


def ladder(*steps: Mapping[str, object], calendar: Mapping[str, object] = NO_CALENDAR, **config: object) -> Config:
    """A config with one schedule; the days are business days unless a calendar says otherwise.

    Settings of the schedule are given as `schedule={...}`, further schedules as `tracks_of={name: [step, ...]}`.
    """
    own = dict(config.pop("schedule", {}))  # type: ignore[call-overload]
    others = dict(config.pop("tracks_of", {}))  # type: ignore[call-overload]
    return Config.model_validate(
        {
            "business": {"name": "B"},
            "calendar": calendar,
            "schedule": {"standard": {"step": list(steps), **own}}
            | {name: {"step": list(track)} for name, track in others.items()},
            **config,
        }
    )


def step(name: str, days: int, *channels: str, **more: object) -> dict[str, object]:
    """A step that counts from the due date, by email unless said otherwise."""
    return {"name": name, "days": days, "channels": list(channels or ("email",)), "from": "due"} | more
