"""Deliveries: work that nobody has invoiced yet, and whom to ask whether all is in order while it is fresh."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from pastdue import money
from pastdue.config import Config
from pastdue.findings import Finding, warning
from pastdue.model import Activity, Answer, Ledger, Standing

SATISFACTION = "satisfaction"
STILL_FRESH = timedelta(days=14)  # after the day to ask; later the question comes too late to be one


@dataclass(frozen=True, slots=True)
class Unbilled:
    """Delivered work for which there is no invoice."""

    line: Activity
    currency: str
    days: int  # since the delivery


def unbilled(ledger: Ledger, config: Config, on: date) -> tuple[Unbilled, ...]:
    """Deliveries past their days without an invoice, oldest first.

    A delivery is billed when its line names an invoice; or when an invoice of the account, issued on its day or later
    and named by no other line, is of exactly its amount. Each invoice bills one delivery: the oldest that it fits.
    """
    lines = sorted((a for a in ledger.activity if a.kind == "delivered" and a.on <= on), key=lambda a: (a.on, a.row))
    open_ = [line for line in lines if not line.invoice_id]
    if not open_:
        return ()
    named = {line.invoice_id for line in lines}
    bills = _bills(ledger, {line.account_id for line in open_}, named, on)
    found = []
    for line in open_:
        currency = ledger.customers[line.account_id].currency
        fits = bills[line.account_id, currency, line.amount or 0]
        bill = next((day for day in fits if day >= line.on), None)
        days = (on - line.on).days
        if bill:
            fits.remove(bill)
        elif days > config.deliveries.invoice_within:
            found.append(Unbilled(line, currency, days))
    return tuple(found)


def _bills(
    ledger: Ledger, accounts: set[str], named: set[str], on: date
) -> defaultdict[tuple[str, str, int], list[date]]:
    """The days on which invoices that no delivery names were issued, by account, currency and whole amount, in order."""
    frame = ledger.invoices
    own = frame[frame["account_id"].isin(accounts) & ~frame["invoice_id"].isin(named)]
    whole: dict[tuple[str, str, str], tuple[int, int]] = {}
    columns = (own[name].to_list() for name in ("account_id", "currency", "invoice_id", "amount", "issued", "due"))
    for account, currency, invoice, amount, issued, due in zip(*columns, strict=True):
        so_far, day = whole.get((account, currency, invoice), (0, due))
        whole[account, currency, invoice] = so_far + amount, min(day, issued or due)
    found: defaultdict[tuple[str, str, int], list[date]] = defaultdict(list)
    for (account, currency, _), (amount, day) in sorted(whole.items(), key=lambda each: (each[1][1], each[0])):
        if day <= on.toordinal():
            found[account, currency, amount].append(date.fromordinal(day))
    return found


def findings(work: Iterable[Unbilled]) -> Iterator[Finding]:
    """Each delivery without an invoice, as `check` says it."""
    for each in work:
        amount = money.to_text(each.line.amount or 0, each.currency)
        ago = f"{each.days} day{'' if each.days == 1 else 's'}"
        yield warning(
            "accounts/activity",
            f"{each.line.account_id}: {amount} {each.currency} delivered on {each.line.on}, and no invoice for {ago}",
            "Invoice it, whatever the sum; then enter the invoice's number in this line.",
            row=each.line.row,
            column="invoice_id",
        )


def owed(standing: Standing, held: frozenset[str], config: Config) -> Iterator[Answer]:
    """The question whether all is in order, once for each delivered invoice: open, not yet overdue, and never in dispute.

    `held` are the invoices that are on hold.
    """
    wait = config.deliveries.ask_after
    if wait is None:
        return
    asked = {line.invoice_id for line in standing.history if line.step == SATISFACTION and line.went_out}
    answered = {line.invoice_id for line in standing.activity if _is_disputed(line)}
    delivered = {
        line.invoice_id: line.on
        for line in standing.activity
        if line.kind == "delivered"
        and line.invoice_id not in asked | answered
        and line.on + timedelta(days=wait) <= standing.on <= line.on + timedelta(days=wait) + STILL_FRESH
    }
    items = tuple(item for item in standing.items if item.invoice_id in delivered.keys() - held)
    late = {item.invoice_id for item in items if item.is_overdue}
    keys = tuple(item.key for item in items if item.invoice_id not in late)
    days = {delivered[invoice_id] for invoice_id, _ in keys}
    if keys:
        why = f"delivered on {min(days)}: is all in order?"
        yield Answer(SATISFACTION, keys, why=why, delivered=days.pop() if len(days) == 1 else None)


def _is_disputed(line: Activity) -> bool:
    return line.kind in {"dispute", "resolved"} or (line.kind == "reason" and line.note == "dispute")
