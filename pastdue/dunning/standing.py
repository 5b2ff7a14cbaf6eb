"""Standings: from columns to one record per account and currency, everything true of it on one date."""

from collections import defaultdict, namedtuple
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from pastdue.config import Config
from pastdue.dunning import regimes
from pastdue.dunning.ageing import Aged, age
from pastdue.dunning.charges import Due, Move, Pause, is_told, with_charges
from pastdue.dunning.conduct import YEAR, plans_kept, with_conduct
from pastdue.dunning.debt import Debt, not_taken_back
from pastdue.dunning.obligations import with_obligations
from pastdue.findings import Finding, Severity, error
from pastdue.model import BUCKETS, Activity, Customer, Ledger, OpenItem, Payment, Sent, Standing, State

_NO_DEBT = Debt()


def standings(
    ledger: Ledger, config: Config, on: date, findings: Iterable[Finding] = ()
) -> tuple[tuple[Standing, ...], list[Finding]]:
    """One standing per customer and currency, in the order of account and currency, and what the sums found wrong.

    A customer without any invoice or payment has one in their own currency. `findings` that are errors of an account
    are shown in its standings, so that it gets nothing (DESIGN, "Bad input").
    """
    aged = age(ledger, on)
    found = [_shortfall(row) for row in _rows(aged.accounts[aged.accounts["shortfall"].to_numpy() > 0])]
    errors: defaultdict[str, list[str]] = defaultdict(list)
    for finding in (*findings, *found):
        if finding.severity is Severity.ERROR and finding.account_id:
            errors[finding.account_id].append(str(finding))

    items, buckets = _items(aged), _buckets(aged)
    credit = {(row.account_id, row.currency): int(row.credit) for row in _rows(aged.accounts)}
    payments, history, activity = _payments(ledger, on), _history(ledger, on), _activity(ledger, on)
    days_late, debts, calendar = _days_late(aged, on), _debts(ledger, on, payments), config.business_days()
    none_in_any_bucket = (0,) * len(BUCKETS)
    regime = {kind: regimes.for_account(config, kind) for kind in ("business", "consumer")}
    charged = {
        account_id
        for account_id, customer in ledger.customers.items()
        if regime[customer.kind] and (config.interest.starts == "due" or is_told(history.get(account_id, ())))
    }
    dues, moves = _dues(aged, charged), _moves(aged, ledger, on, charged)

    def standing(customer: Customer, currency: str) -> Standing:
        key = customer.account_id, currency
        bare = Standing(
            on=on,
            customer=customer,
            currency=currency,
            items=tuple(items.get(key, ())),
            credit=credit.get(key, 0),
            buckets=buckets.get(key, none_in_any_bucket),
            payments=tuple(payments.get(key, ())),
            history=tuple(history.get(customer.account_id, ())),
            activity=tuple(activity.get(customer.account_id, ())),
            errors=tuple(errors.get(customer.account_id, ())),
            regime=rule.id if (rule := regime[customer.kind]) else "",
        )
        known = with_conduct(bare, days_late.get(key, ()), debts.get(key, _NO_DEBT), config, calendar)
        if rule and key in dues:
            plans = plans_kept(known, debts.get(key, _NO_DEBT), config, calendar)
            pauses = [Pause(first, last, plan.made) for plan, first, last in plans]
            settled = with_charges(known, dues[key], moves.get(key, ()), config, rule, pauses)
            if settled.items != known.items:  # what was paid for interest first leaves more of an invoice open
                bare = replace(settled, conduct=bare.conduct, customer=customer)
                settled = with_conduct(bare, days_late.get(key, ()), debts.get(key, _NO_DEBT), config, calendar)
            known = settled
        return with_obligations(known, config)

    currencies: defaultdict[str, list[str]] = defaultdict(list)
    for account_id, currency in credit:
        currencies[account_id].append(currency)
    return tuple(
        standing(customer, currency)
        for account_id, customer in sorted(ledger.customers.items())
        for currency in sorted(currencies.get(account_id) or [customer.currency])
    ), found


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


def _buckets(aged: Aged) -> dict[tuple[str, str], tuple[int, ...]]:
    """The open sums by age, of every account and currency that has any."""
    items = aged.items
    sums = items.groupby(["account_id", "currency", "bucket"], sort=False)["open"].sum()
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * len(BUCKETS))
    for row in _rows(sums.reset_index()):
        found[row.account_id, row.currency][row.bucket] = row.open
    return {key: tuple(value) for key, value in found.items()}


def _days_late(aged: Aged, on: date) -> dict[tuple[str, str], tuple[int, ...]]:
    """Days between due date and payment of every invoice paid in the last twelve months; 0 when on time."""
    items = aged.items
    recent = items[items["settled"].to_numpy() > on.toordinal() - YEAR.days]
    late = np.maximum(recent["settled"].to_numpy() - recent["due"].to_numpy(), 0)
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for account_id, currency, days in zip(recent["account_id"], recent["currency"], late.tolist(), strict=True):
        found[account_id, currency].append(days)
    return {key: tuple(days) for key, days in found.items()}


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
