"""The statement of one account in one currency: what was charged and credited, day by day, with the balance after each."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pastdue.model import Ledger, Standing

Row = dict[str, Any]  # of a ledger, by column

# Of one day, what was charged stands before what was credited.
ORDER = ("invoice", "credit-note", "payment", "reversal", "writeoff", "writeoff-undone")


@dataclass(frozen=True, slots=True)
class Line:
    """One entry; charges are above 0, credits below."""

    kind: str  # of ORDER, or "charges-paid", "writeoff-excess", "paid-back-excess"
    on: date | None  # None for what has no day of its own
    name: str  # the invoice that it is or names; may be ""
    amount: int
    text: str = ""  # description, reference or reason
    due: date | None = None
    balance: int = 0  # after it


@dataclass(frozen=True, slots=True)
class Statement:
    """The entries of an account in one currency, oldest first, up to the day of its standing."""

    lines: tuple[Line, ...]

    @property
    def closing(self) -> int:
        """What is owed of the principal at the end; below 0 it is credit."""
        return self.lines[-1].balance if self.lines else 0


def of(standing: Standing, ledger: Ledger) -> Statement:
    """The statement of one account from the whole books; see `made`."""
    return made(standing, rows(ledger.invoices, standing.account_id, standing.on, "issued", standing.currency))


def made(standing: Standing, invoices: Iterable[Row]) -> Statement:
    """The statement that ends at what the standing says is open, less what it says is in credit.

    `invoices` are the account's rows of the invoices ledger in its currency, up to the day.

    What is no movement of money stands at the end, where there is any: what of the payments was taken for interest and
    fixed sums instead of invoices, and what of a write-off found nothing left to take.
    """
    entries = sorted(
        (*_invoices(standing, invoices), *_payments(standing), *_writeoffs(standing)),
        key=lambda line: (
            line.on or date.min,
            ORDER.index(line.kind),
            line.name,
            line.due or date.min,
            line.text,
            line.amount,
        ),
    )
    entries += _corrections(standing, entries)
    balance, lines = 0, []
    for entry in entries:
        balance += entry.amount
        lines.append(replace(entry, balance=balance))
    return Statement(tuple(lines))


def _corrections(standing: Standing, entries: list[Line]) -> Iterator[Line]:
    """What stands between the movements and the balance; nothing in most statements."""
    rest = standing.balance - standing.credit - sum(line.amount for line in entries)
    if rest < 0:  # the account has an error then, and says so
        yield Line("paid-back-excess", None, "", rest)
        return
    has_writeoffs = any(line.kind == "writeoff" for line in entries)
    charged = sum(charge.interest_paid + charge.fee_paid for charge in standing.charges)
    for_charges = min(charged, rest) if has_writeoffs else rest
    for kind, amount in (("charges-paid", for_charges), ("writeoff-excess", rest - for_charges)):
        if amount:
            yield Line(kind, None, "", amount)


def _invoices(standing: Standing, invoices: Iterable[Row]) -> Iterator[Line]:
    """An instalment each; what has no day of issue stands at its due date, or at the day of the statement before that."""
    for row in invoices:
        due = date.fromordinal(row["due"])
        on = date.fromordinal(row["issued"]) if row["issued"] else min(due, standing.on)
        if row["amount"] < 0:
            about = " · ".join(filter(None, (row["description"], row["reference"])))
            yield Line("credit-note", on, row["invoice_id"], row["amount"], about)
        elif row["amount"]:
            yield Line("invoice", on, row["invoice_id"], row["amount"], row["description"], due)


def _payments(standing: Standing) -> Iterator[Line]:
    for payment in standing.payments:
        kind = "payment" if payment.amount >= 0 else "reversal"
        yield Line(kind, payment.received, payment.invoice_id, -payment.amount, payment.reference)


def _writeoffs(standing: Standing) -> Iterator[Line]:
    """The diary's amounts are in the account's own currency."""
    if standing.currency != standing.customer.currency:
        return
    for line in standing.activity:
        if line.kind == "writeoff" and line.amount:
            kind = "writeoff" if line.amount > 0 else "writeoff-undone"
            yield Line(kind, line.on, line.invoice_id, -line.amount, line.note)


def rows(frame: Any, account_id: str, on: date, day: str, currency: str = "") -> Iterator[Row]:
    """The lines of a ledger that are an account's, up to a day, as plain values."""
    mine = (frame["account_id"] == account_id).to_numpy(dtype=bool) & (frame[day].to_numpy() <= on.toordinal())
    if currency:
        mine &= (frame["currency"] == currency).to_numpy(dtype=bool)
    yield from _plain(frame[mine])


def by_account(frame: Any, on: date, day: str) -> dict[tuple[str, str], list[Row]]:
    """All lines of a ledger up to a day, as plain values, by account and currency: for whoever wants those of many accounts."""
    found: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in _plain(frame[frame[day].to_numpy() <= on.toordinal()]):
        found[row["account_id"], row["currency"]].append(row)
    return found


def _plain(chosen: Any) -> Iterator[Row]:
    columns = [chosen[column].to_list() for column in chosen.columns]
    yield from (dict(zip(chosen.columns, values, strict=True)) for values in zip(*columns, strict=True))
