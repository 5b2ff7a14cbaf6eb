"""Debt: what an account owed on a past day, and which money is for it; promises and plans are about that alone."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from pastdue.model import Payment


@dataclass(frozen=True, slots=True)
class Debt:
    """What was asked of an account in one currency, and what became of it, up to the day of the standing."""

    billed: tuple[tuple[str, date | None, int], ...] = ()  # invoice, day of issue where it has one, amount
    credited: tuple[tuple[date, int], ...] = ()  # credit notes and write-offs
    payments: tuple[Payment, ...] = ()  # those that stayed

    def owed(self, made: date, until: date) -> int:
        """What was owed when something was agreed on the day `made`, less what was credited or written off by `until`.

        What was paid on that day is for what was agreed, and not taken off.
        """
        billed = sum(amount for _, issued, amount in self.billed if issued is None or issued <= made)
        credited = sum(amount for on, amount in self.credited if on <= until)
        before = sum(payment.amount for payment in self.payments if payment.received < made)
        return max(billed - credited - before, 0)

    def is_for(self, made: date, payment: Payment) -> bool:
        """True for what came in from the day `made` on, unless it names an invoice that was only written later."""
        issued = [issued for invoice, issued, _ in self.billed if invoice == payment.invoice_id]
        return payment.received >= made and (not issued or any(day is None or day <= made for day in issued))


def not_taken_back(payments: Iterable[Payment]) -> tuple[Payment, ...]:
    """The payments that stayed, in the order in which they came.

    What is taken back is the last payment of that amount, of the same invoice where it names one; where there is none,
    it comes out of the last payments. Of one day, what came is before what went.
    """
    kept: list[Payment] = []
    for payment in sorted(payments, key=lambda each: (each.received, each.amount < 0)):
        if payment.amount >= 0:
            kept.append(payment)
            continue
        same = [i for i, p in enumerate(kept) if p.amount == -payment.amount]
        named = [i for i in same if payment.invoice_id and kept[i].invoice_id == payment.invoice_id]
        if same:
            del kept[(named or same)[-1]]
            continue
        left = -payment.amount
        while kept and left:
            last = kept.pop()
            if last.amount > left:
                kept.append(replace(last, amount=last.amount - left))
            left = max(left - last.amount, 0)
    return tuple(kept)
