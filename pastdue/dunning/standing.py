"""Standings: from columns to one record per account and currency, everything true of it on one date."""

from collections import defaultdict, namedtuple
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from pastdue.config import Config
from pastdue.days import Calendar
from pastdue.dunning import regimes
from pastdue.dunning.ageing import Aged, age
from pastdue.dunning.charges import Due, Move, Pause, buckets, is_told, with_charges
from pastdue.dunning.conduct import YEAR, plans_kept, with_conduct
from pastdue.dunning.debt import Debt, not_taken_back
from pastdue.dunning.obligations import with_obligations
from pastdue.findings import Finding, Severity, error
from pastdue.model import Activity, Customer, Ledger, OpenItem, Payment, Sent, Standing, State

_NO_DEBT = Debt()


@dataclass(frozen=True, slots=True)
class Books:
    """What the books hold of every account as at one day, in the shape in which a standing takes it.

    A standing is a function of it, a day and the notices so far: also of a later day on which nothing new is in the books.
    """

    on: date
    config: Config
    customers: Mapping[str, Customer]
    currencies: Mapping[str, Sequence[str]]  # by account; an account of which the books hold no sums has none
    items: Mapping[tuple[str, str], Sequence[OpenItem]]
    credit: Mapping[tuple[str, str], int]
    payments: Mapping[tuple[str, str], Sequence[Payment]]
    history: Mapping[str, Sequence[Sent]]
    activity: Mapping[str, Sequence[Activity]]
    errors: Mapping[str, Sequence[str]]
    settled: Mapping[tuple[str, str], Sequence[tuple[int, int]]]  # in the last twelve months: the ordinal, and how late
    debts: Mapping[tuple[str, str], Debt]
    dues: Mapping[tuple[str, str], Sequence[Due]]
    moves: Mapping[tuple[str, str], Sequence[Move]]
    rules: Mapping[str, regimes.Regime | None]  # by kind of customer
    calendar: Calendar

    def accounts(self) -> Iterator[tuple[Customer, tuple[str, ...]]]:
        """Every account with its currencies, in their order."""
        for account_id, customer in sorted(self.customers.items()):
            yield customer, tuple(sorted(self.currencies.get(account_id) or [customer.currency]))

    def standing(self, customer: Customer, currency: str, on: date, history: Sequence[Sent]) -> Standing:
        """How the account stands in the currency on the day, after these notices."""
        key = customer.account_id, currency
        items = _as_at(self.items.get(key, ()), on)
        rule = self.rules[customer.kind]
        bare = Standing(
            on=on,
            customer=customer,
            currency=currency,
            items=items,
            credit=self.credit.get(key, 0),
            buckets=buckets(items),
            payments=tuple(self.payments.get(key, ())),
            history=tuple(history),
            activity=tuple(self.activity.get(customer.account_id, ())),
            errors=tuple(self.errors.get(customer.account_id, ())),
            regime=rule.id if rule else "",
        )
        since = on.toordinal() - YEAR.days
        days_late = tuple(late for day, late in self.settled.get(key, ()) if day > since)
        debt = self.debts.get(key, _NO_DEBT)
        known = with_conduct(bare, days_late, debt, self.config, self.calendar)
        if rule and key in self.dues and _is_charged(history, self.config):
            plans = plans_kept(known, debt, self.config, self.calendar)
            pauses = [Pause(first, last, plan.made) for plan, first, last in plans]
            settled = with_charges(known, self.dues[key], self.moves.get(key, ()), self.config, rule, pauses)
            if settled.items != known.items:  # what was paid for interest first leaves more of an invoice open
                bare = replace(settled, conduct=bare.conduct, customer=customer)
                settled = with_conduct(bare, days_late, debt, self.config, self.calendar)
            known = settled
        return with_obligations(known, self.config)


def standings(
    ledger: Ledger, config: Config, on: date, findings: Iterable[Finding] = ()
) -> tuple[tuple[Standing, ...], list[Finding]]:
    """One standing per customer and currency, in the order of account and currency, and what the sums found wrong.

    A customer without any invoice or payment has one in their own currency. `findings` that are errors of an account
    are shown in its standings, so that it gets nothing (DESIGN, "Bad input").
    """
    books, found = as_at(ledger, config, on, findings)
    return tuple(
        books.standing(customer, currency, on, books.history.get(customer.account_id, ()))
        for customer, currencies in books.accounts()
        for currency in currencies
    ), found


def as_at(
    ledger: Ledger, config: Config, on: date, findings: Iterable[Finding] = (), *, to_come: bool = False
) -> tuple[Books, list[Finding]]:
    """The books as at the day, and what the sums found wrong.

    Interest is worked out of every due amount of an account that was told of it, paid or not. With `to_come`, for days
    that are still to come, also of what is open on the others, which may be told.
    """
    aged = age(ledger, on)
    found = [_shortfall(row) for row in _rows(aged.accounts[aged.accounts["shortfall"].to_numpy() > 0])]
    errors: defaultdict[str, list[str]] = defaultdict(list)
    for finding in (*findings, *found):
        if finding.severity is Severity.ERROR and finding.account_id:
            errors[finding.account_id].append(str(finding))

    items, credit = _items(aged), {(row.account_id, row.currency): int(row.credit) for row in _rows(aged.accounts)}
    payments, history = _payments(ledger, on), _history(ledger, on)
    rules = {kind: regimes.for_account(config, kind) for kind in ("business", "consumer")}
    charged = {
        account_id
        for account_id, customer in ledger.customers.items()
        if rules[customer.kind] and _is_charged(history.get(account_id, ()), config)
    }
    dues, moves = _dues(aged, charged), _moves(aged, ledger, on, charged)
    if to_come:
        rest = {key: own for key, own in items.items() if key[0] not in charged}
        dues |= {key: [_still_due(item) for item in own] for key, own in rest.items()}
        moves |= {key: [_paid_so_far(item, on) for item in own] for key, own in rest.items()}
    currencies: defaultdict[str, list[str]] = defaultdict(list)
    for account_id, currency in credit:
        currencies[account_id].append(currency)
    return Books(
        on=on,
        config=config,
        customers=ledger.customers,
        currencies=currencies,
        items=items,
        credit=credit,
        payments=payments,
        history=history,
        activity=_activity(ledger, on),
        errors=errors,
        settled=_settled(aged, on),
        debts=_debts(ledger, on, payments),
        dues=dues,
        moves=moves,
        rules=rules,
        calendar=config.business_days(),
    ), found


def _is_charged(history: Iterable[Sent], config: Config) -> bool:
    """True for an account that may owe interest or a fixed sum: it was told, or needs no telling."""
    return config.interest.starts == "due" or is_told(history)


def _as_at(items: Sequence[OpenItem], on: date) -> tuple[OpenItem, ...]:
    """The items on a day, each with its days past due; most often it is the day that they are of already."""
    if all(item.days_past_due == (on - item.due).days for item in items):
        return tuple(items)
    return tuple(replace(item, days_past_due=(on - item.due).days) for item in items)


def _shortfall(row: Any) -> Finding:
    return error(
        "accounts/payments",
        f"account {row.account_id}: more {row.currency} was paid back than was ever received",
        "Enter the payment that was reversed, or an invoice for what was paid out.",
        account_id=row.account_id,
    )


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """The lines of a frame as plain Python values, in chunks so that a large book is never held twice."""
    line = _line_type(tuple(frame.columns))
    for start in range(0, len(frame), 50_000):
        chunk = frame.iloc[start : start + 50_000]
        yield from map(line, *(chunk[column].to_list() for column in chunk.columns))


@cache
def _line_type(columns: tuple[str, ...]) -> Any:
    return namedtuple("Line", columns)


def _items(aged: Aged) -> dict[tuple[str, str], list[OpenItem]]:
    found: defaultdict[tuple[str, str], list[OpenItem]] = defaultdict(list)
    for row in _rows(aged.items[aged.items["open"].to_numpy() > 0]):
        found[row.account_id, row.currency].append(
            OpenItem(
                invoice_id=row.invoice_id,
                due=date.fromordinal(row.due),
                issued=date.fromordinal(row.issued) if row.issued else None,
                currency=row.currency,
                amount=row.amount,
                open=row.open,
                days_past_due=row.days_past_due,
                description=row.description,
                reference=row.reference,
            )
        )
    return found


def _dues(aged: Aged, accounts: Collection[str]) -> dict[tuple[str, str], list[Due]]:
    """Every due amount of the accounts, paid or not, oldest due first."""
    found: defaultdict[tuple[str, str], list[Due]] = defaultdict(list)
    items = aged.items[aged.items["account_id"].isin(accounts)] if accounts else aged.items[:0]
    for row in _rows(items):
        issued = date.fromordinal(row.issued) if row.issued else None
        due = Due(row.invoice_id, date.fromordinal(row.due), issued, row.amount, row.description, row.reference)
        found[row.account_id, row.currency].append(due)
    return found


def _still_due(item: OpenItem) -> Due:
    return Due(item.invoice_id, item.due, item.issued, item.amount, item.description, item.reference)


def _paid_so_far(item: OpenItem, on: date) -> Move:
    """What has settled a part of the item, whenever it came: before any interest, the day makes no difference."""
    return Move(on, item.amount - item.open, item.invoice_id)


def _moves(aged: Aged, ledger: Ledger, on: date, accounts: Collection[str]) -> dict[tuple[str, str], list[Move]]:
    """All that settled something of the accounts up to the day."""
    found: defaultdict[tuple[str, str], list[Move]] = defaultdict(list)
    money = aged.money[aged.money["account_id"].isin(accounts)] if accounts else aged.money[:0]
    for row in _rows(money):
        day = date.fromordinal(row.on) if row.on else date.min
        found[row.account_id, row.currency].append(Move(day, row.amount, row.invoice_id))
    for line in ledger.activity:
        if line.kind == "writeoff" and line.amount and line.on <= on and line.account_id in accounts:
            currency = ledger.customers[line.account_id].currency
            found[line.account_id, currency].append(Move(line.on, line.amount, line.invoice_id, is_writeoff=True))
    return found


def _settled(aged: Aged, on: date) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Of every invoice paid in the last twelve months: the day's ordinal, and the days from due date to payment; 0 when on time."""
    items = aged.items
    recent = items[items["settled"].to_numpy() > on.toordinal() - YEAR.days]
    late = np.maximum(recent["settled"].to_numpy() - recent["due"].to_numpy(), 0)
    found: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    columns = recent["account_id"], recent["currency"], recent["settled"].to_list(), late.tolist()
    for account_id, currency, day, days in zip(*columns, strict=True):
        found[account_id, currency].append((day, days))
    return found


def _debts(
    ledger: Ledger, on: date, payments: Mapping[tuple[str, str], Sequence[Payment]]
) -> dict[tuple[str, str], Debt]:
    """What every account that ever promised or agreed anything was asked for, and when, in its own currency."""
    agreed = {line.account_id for line in ledger.activity if line.kind in {"promise", "plan"} and line.on <= on}
    own = {account: ledger.customers[account].currency for account in agreed if account in ledger.customers}
    billed: defaultdict[str, list[tuple[str, date | None, int]]] = defaultdict(list)
    credited: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
    invoices = ledger.invoices[ledger.invoices["issued"].to_numpy() <= on.toordinal()]
    for row in _rows(invoices[invoices["account_id"].isin(own)]) if own else ():
        issued = date.fromordinal(row.issued) if row.issued else None
        if row.currency != own[row.account_id]:
            continue
        if row.amount < 0:
            credited[row.account_id].append((issued or date.min, -row.amount))
        else:
            billed[row.account_id].append((row.invoice_id, issued, row.amount))
    for line in ledger.activity:
        if line.kind == "writeoff" and line.amount and line.on <= on and line.account_id in own:
            credited[line.account_id].append((line.on, line.amount))
    return {
        (account, currency): Debt(
            tuple(billed[account]), tuple(credited[account]), not_taken_back(payments.get((account, currency), ()))
        )
        for account, currency in own.items()
    }


def _payments(ledger: Ledger, on: date) -> Mapping[tuple[str, str], list[Payment]]:
    frame = ledger.payments[ledger.payments["received"].to_numpy() <= on.toordinal()]
    found: defaultdict[tuple[str, str], list[Payment]] = defaultdict(list)
    for row in _rows(frame):
        found[row.account_id, row.currency].append(
            Payment(date.fromordinal(row.received), row.amount, row.currency, row.invoice_id, row.reference)
        )
    for lines in found.values():
        lines.sort(key=lambda each: (each.received, each.invoice_id, each.reference, each.amount))
    return found


def _history(ledger: Ledger, on: date) -> Mapping[str, list[Sent]]:
    frame = ledger.notices[ledger.notices["on"].to_numpy() <= on.toordinal()]
    found: defaultdict[str, list[Sent]] = defaultdict(list)
    for row in _rows(frame):
        found[row.account_id].append(
            Sent(
                notice_id=row.notice_id,
                on=date.fromordinal(row.on),
                invoice_id=row.invoice_id,
                due=date.fromordinal(row.due) if row.due else date.min,
                step=row.step,
                rung=row.rung,
                channel=row.channel,
                state=State(row.state),
                open=row.open,
                currency=row.currency,
                pay_by=date.fromordinal(row.pay_by) if row.pay_by else None,
                announces=row.announces,
                message_id=row.message_id,
                recipient=row.recipient,
                file=row.file,
            )
        )
    for lines in found.values():
        lines.sort(key=lambda sent: sent.on)
    return found


def _activity(ledger: Ledger, on: date) -> Mapping[str, list[Activity]]:
    found: defaultdict[str, list[Activity]] = defaultdict(list)
    for line in sorted(ledger.activity, key=lambda line: (line.on, line.row)):
        if line.on <= on:
            found[line.account_id].append(line)
    return found
