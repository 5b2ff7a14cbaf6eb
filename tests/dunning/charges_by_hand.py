"""What an account owes beside its invoices, by hand: one day after the other, exact fractions, nothing clever.

Written from the rules and not from the code that it judges. Of one day: invoices are issued, a fixed sum falls due where
principal was open the evening before, the day's interest is counted, money comes, then write-offs, then waivers.
Days are numbers, amounts minor units.
"""

from dataclasses import dataclass, field
from fractions import Fraction

COSTS_FIRST = "costs-interest-principal"


@dataclass
class Debt:
    """One due amount of one invoice."""

    invoice: str
    due: int
    issued: int
    amount: int
    fee: int = 0
    fee_paid: int = 0
    fee_waived: int = 0
    interest_paid: int = 0
    interest_waived: int = 0
    told: int | None = None  # the first day for which a notice announced interest
    claimed: bool = False  # something was unpaid on that day, or since
    runs: bool = False
    begins: int | None = None  # the first day of interest of the run that is on, or about to begin
    open: int = 0
    written_off: int = 0
    finished: int = 0  # interest of the stretches that are over, each rounded once
    stretch: tuple[int, Fraction] | None = None  # the principal and rate of the stretch that goes on
    days: int = 0

    @property
    def accrued(self) -> int:
        """All interest up to now."""
        return self.finished + (half_up(self.stretch[0] * self.stretch[1] * self.days / 365) if self.stretch else 0)

    def count_the_day(self, principal: int, rate: Fraction) -> None:
        """The day belongs to the stretch that goes on, or to a new one."""
        if self.stretch != ((principal, rate) if principal else None):
            self.finished, self.days = self.accrued, 0
            self.stretch = (principal, rate) if principal else None
        self.days += 1

    def claim(self, day: int) -> None:
        """Interest may be asked for from the day announced, where something is unpaid then or later."""
        self.claimed = self.claimed or (self.told is not None and self.told <= day and self.open > 0)

    def takes(self, slot: str, sum_: int) -> int:
        """Takes money for the fixed sum or for interest, as far as it may; what it took."""
        if slot == "fee":
            taken = min(sum_, max(self.fee - self.fee_paid - self.fee_waived, 0))
            self.fee_paid += taken
            return taken
        taken = min(sum_, max(self.accrued - self.interest_paid - self.interest_waived, 0)) if self.claimed else 0
        self.interest_paid += taken
        return taken

    def gives_back(self, sum_: int) -> int:
        """Money that was taken for interest, then for the fixed sum, is taken back; how much."""
        interest = min(sum_, self.interest_paid)
        fee = min(sum_ - interest, self.fee_paid)
        self.interest_paid -= interest
        self.fee_paid -= fee
        return interest + fee


@dataclass
class Account:
    """All that is known of one account; `through` goes through its days."""

    order: str
    rate: dict[int, Fraction]  # a year's, by the day since which it holds, from day 0 on
    fee: int
    starts: str
    invoices: list[tuple[str, int, int, int]]  # invoice, issued, due, amount
    money: list[tuple[int, int, str]]  # day, amount (below 0: taken back), the invoice it names
    written_off: list[tuple[int, int, str]] = field(default_factory=list)
    notices: list[tuple[int, str, int, str, int]] = field(default_factory=list)  # day, invoice, due, what, from when
    waivers: list[tuple[int, str, int | None, str]] = field(default_factory=list)  # day, invoice, amount, or what
    paused: frozenset[int] = frozenset()  # days without interest
    each_due_amount: bool = False  # a fixed sum for each due amount of an invoice, not for the invoice

    def through(self, until: int) -> tuple[list[Debt], int]:
        """Every due amount that was issued by the day, as it stands in the evening, oldest due first; and the credit."""
        debts = sorted((Debt(i, due, issued, amount) for i, issued, due, amount in self.invoices), key=_oldest)
        taken: list[tuple[int, str]] = []  # money that went for charges: its amount, and the invoice that it named
        credit = 0
        for day in range(until + 1):
            self._fixed_sums(debts, day)
            rate = [rate for since, rate in sorted(self.rate.items()) if since <= day][-1]
            for debt in debts:
                self._begin(debt, day)
                debt.claim(day)
                bears = debt.runs and debt.begins is not None and debt.begins <= day and day not in self.paused
                debt.count_the_day(debt.open if bears else 0, rate)
            there = [debt for debt in debts if debt.issued <= day]
            today = [(sum_, name) for on, sum_, name in self.money if on == day]
            if self.order == COSTS_FIRST:
                self._principal(there, taken, day - 1)
                self._walk(there, today, taken, day)
            else:
                back = max(-sum(sum_ for sum_, _ in today), 0)
                for debt in reversed(there):
                    given = debt.gives_back(back)
                    back -= given
                    taken.append((-given, ""))
            credit = self._principal(there, taken, day)
            for debt in there:
                debt.claim(day)
            for debt in there:
                for slot in ("fee", "interest"):
                    sum_ = debt.takes(slot, credit)
                    taken.append((sum_, ""))
                    credit -= sum_
            self._waive(there, day)
        return there, credit

    def _fixed_sums(self, debts: list[Debt], day: int) -> None:
        """Owed from the day it was announced for, once for an invoice, unless it was let go of before."""
        for debt in debts:
            for told, invoice, due, what, on in self.notices:
                announced = (invoice, due, what, on) == (debt.invoice, debt.due, "fee", day) and told < day
                let_go = any(
                    w == "fee" and name in {"", invoice} and told <= at < day for at, name, _, w in self.waivers
                )
                mine = [debt] if self.each_due_amount else [each for each in debts if each.invoice == debt.invoice]
                has_one = any(each.fee for each in mine)
                if announced and not let_go and not has_one and debt.open > 0:
                    debt.fee = self.fee

    def _begin(self, debt: Debt, day: int) -> None:
        """Interest begins when a notice says so or, where the operator wants it, the day after the due date."""
        if self.starts == "due" and day == 0:
            debt.runs, debt.begins = True, debt.due + 1
        for told, invoice, due, what, on in sorted(self.notices, key=lambda notice: (notice[0], notice[4])):
            if (told, invoice, due, what) == (day, debt.invoice, debt.due, "interest"):
                first = max(on, debt.due + 1, told + 1)
                debt.told = first if debt.told is None else min(debt.told, first)
                if not debt.runs:
                    debt.runs, debt.begins = True, max(on, debt.due + 1)

    def _principal(self, there: list[Debt], taken: list[tuple[int, str]], day: int) -> int:
        """Shares out anew all money that did not go for charges, and what is given up; the credit that is left.

        Named money first, then what is written off by name, then loose money, then loose write-offs.
        """
        names = {debt.invoice for debt in there}
        purse = dict.fromkeys([*names, ""], 0)
        given_up = dict.fromkeys([*names, ""], 0)
        for on, sum_, name in self.money:
            purse[name if name in names else ""] += sum_ if on <= day else 0
        for sum_, name in taken:
            purse[name if name in names else ""] -= sum_
        for on, sum_, name in self.written_off:
            if name in given_up:
                given_up[name] += sum_ if on <= day else 0
        for debt in there:
            debt.open, debt.written_off = debt.amount, 0
        pool = purse.pop("")
        for name, sum_ in purse.items():
            left = sum_
            for debt in there:
                if debt.invoice == name and left > 0:
                    pays = min(left, debt.open)
                    debt.open, left = debt.open - pays, left - pays
            pool += left
        loose = given_up.pop("")
        for name, sum_ in given_up.items():
            _give_up([debt for debt in there if debt.invoice == name], sum_)
        for debt in there:
            pays = min(max(pool, 0), debt.open)
            debt.open, pool = debt.open - pays, pool - pays
        for debt in reversed(there):
            back = min(max(-pool, 0), debt.amount - debt.written_off - debt.open)
            debt.open, pool = debt.open + back, pool + back
        _give_up(there, loose)
        return max(pool, 0)

    def _walk(self, there: list[Debt], today: list[tuple[int, str]], taken: list[tuple[int, str]], day: int) -> None:
        """What of today's money meets fixed sums and interest on its way, and what of it goes for them."""
        room = {id(debt): debt.open for debt in there}
        names = {debt.invoice for debt in there}
        loose = sum(sum_ for sum_, name in today if name not in names)
        for name in sorted(names):
            mine = [debt for debt in there if debt.invoice == name]
            loose += _one_walk(mine, sum(sum_ for sum_, named in today if named == name), name, room, taken, day)
        _one_walk(there, loose, "", room, taken, day)

    def _waive(self, there: list[Debt], day: int) -> None:
        for on, invoice, amount, what in self.waivers:
            if on != day:
                continue
            mine = [debt for debt in there if invoice in {"", debt.invoice}]
            left = amount
            for slot in ("fee", "interest"):
                for debt in mine:
                    fees, interest = (
                        debt.fee - debt.fee_paid - debt.fee_waived,
                        debt.accrued - debt.interest_paid - debt.interest_waived,
                    )
                    owed = max(fees if slot == "fee" else interest, 0)
                    gone = min(owed, left) if left is not None else owed if what == slot else 0
                    if slot == "fee":
                        debt.fee_waived += gone
                    else:
                        debt.interest_waived += gone
                    left = None if left is None else left - gone
            if what == "interest" and amount is None:
                for debt in mine:
                    debt.runs = False


def _oldest(debt: Debt) -> tuple[int, str]:
    return debt.due, debt.invoice


def _give_up(debts: list[Debt], sum_: int) -> None:
    for debt in debts:
        gone = min(max(sum_, 0), debt.open)
        debt.open, debt.written_off, sum_ = debt.open - gone, debt.written_off + gone, sum_ - gone


def _one_walk(
    debts: list[Debt], sum_: int, name: str, room: dict[int, int], taken: list[tuple[int, str]], day: int
) -> int:
    """One sum of money goes from debt to debt: costs, interest, principal; below 0 it goes back the way it came."""
    for debt in debts if sum_ > 0 else ():
        for slot in ("fee", "interest"):
            went = debt.takes(slot, sum_)
            taken.append((went, name))
            sum_ -= went
        pays = min(sum_, room[id(debt)])
        room[id(debt)] -= pays
        sum_ -= pays
    for debt in reversed(debts) if sum_ < 0 else ():
        back = min(-sum_, debt.amount - debt.written_off - room[id(debt)])
        room[id(debt)] += back
        sum_ += back
        given = debt.gives_back(-sum_)
        taken.append((-given, name))
        sum_ += given
    return sum_


def half_up(exact: Fraction) -> int:
    """Whole minor units of an amount that is not below 0."""
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def reversals_named(payments: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """A reversal that names no invoice is of the one earlier payment of its amount, where there is exactly one."""
    found = []
    for day, sum_, name in payments:
        same = [each for each in payments if sum_ < 0 and each[1] == -sum_ and each[0] <= day]
        found.append((day, sum_, same[0][2] if not name and len(same) == 1 else name))
    return found
