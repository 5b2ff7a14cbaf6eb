"""Charges: what an invoice owes beside its principal, and what payments and waivers made of it (DESIGN, rule 13).

Interest and fixed sums begin where a notice announced them and the law lets them. How much has accrued depends on when
money came, and what money is taken for may depend on how much had accrued: so an account with charges is taken through
the days on which something happened. All others are settled by `ageing` alone; without charges both come to the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

from pastdue.config import Config
from pastdue.dunning import interest
from pastdue.dunning.regimes import Regime
from pastdue.model import BUCKETS, Accrual, Activity, Charge, OpenItem, PlanState, Sent, Standing

PRINCIPAL_FIRST = "principal"
CONSEQUENCES = ("interest", "fee", "prepayment", "stop-service", "agency", "small-claims", "plan-default")
_DAY = timedelta(days=1)
_EDGES = (0, 30, 60, 90, 120)  # as in `ageing`

Slot = Literal["principal", "fee", "interest"]


@dataclass(frozen=True, slots=True)
class Due:
    """One due amount of an invoice, paid or not."""

    invoice_id: str
    due: date
    issued: date | None
    amount: int
    description: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """What settles invoices: a payment or credit note, below 0 what was taken back; or a write-off."""

    on: date
    amount: int
    invoice_id: str = ""  # the invoice it names
    is_writeoff: bool = False


def is_told(history: Iterable[Sent]) -> bool:
    """True when a notice told the account of interest or a fixed sum."""
    return any(line.went_out and ("interest" in line.announces or "fee" in line.announces) for line in history)


def waived(line: Activity) -> str:
    """The consequence that a `waive` line lets go of: the first word of its note, as in "interest: goodwill"; else ""."""
    word = (line.note.replace(":", " ").replace(",", " ").split() or [""])[0].lower()
    return word if line.kind == "waive" and line.amount is None and word in CONSEQUENCES else ""


def with_charges(
    standing: Standing, dues: Sequence[Due], moves: Sequence[Move], config: Config, regime: Regime
) -> Standing:
    """The standing with its charges; and with its open items, where the rule takes payments for costs and interest first.

    `dues` are all due amounts issued by the day, paid or not, oldest due first; `moves` all that settled them by then.
    """
    account = _Account(standing, [_debt(due, standing, config, regime) for due in dues], list(moves), regime)
    account.go_through_the_days()
    charges = tuple(filter(None, (account.charge(debt) for debt in account.debts)))
    if regime.order == PRINCIPAL_FIRST:
        return replace(standing, charges=charges, credit=account.credit)
    items = tuple(_item(debt, standing) for debt in account.debts if debt.open_principal > 0)
    return replace(standing, charges=charges, credit=account.credit, items=items, buckets=_buckets(items))


# ------------------------------------------------------------------ what was announced, and since when it runs


@dataclass(slots=True)
class _Debt:
    """A due amount while its days are gone through."""

    due: Due
    lawful: date | None  # the first day on which the law lets interest run: it decides a rate that is fixed for good
    runs: list[tuple[date, date]]  # stretches in which interest may run, both days inclusive
    told: date | None  # the day of the notice that announced interest; before it none is claimed
    fee_day: date | None  # the day for which a fixed sum was announced
    fee: int = 0
    fee_on: date | None = None
    written_off: int = 0
    paid: dict[Slot, int] = field(default_factory=lambda: {"principal": 0, "fee": 0, "interest": 0})
    waived: dict[Slot, int] = field(default_factory=lambda: {"principal": 0, "fee": 0, "interest": 0})
    steps: list[tuple[date, int]] = field(
        default_factory=list
    )  # first day, and the principal that bears interest from it
    settled: list[tuple[date, int]] = field(default_factory=list)  # interest paid or waived, by the day after

    @property
    def open_principal(self) -> int:
        return self.due.amount - self.written_off - self.paid["principal"]


def _debt(due: Due, standing: Standing, config: Config, regime: Regime) -> _Debt:
    """The due amount, with the days from which notices and the law let it bear charges."""
    key = due.invoice_id, due.due
    heard = [line for line in standing.history if line.key == key and line.went_out]
    said = sorted((line.on, on, what) for line in heard for what, on in line.announced)
    let_go = [(line.on, waived(line)) for line in standing.activity if line.invoice_id in {"", due.invoice_id}]
    lawful = interest.first_day(
        regime,
        due=due.due,
        issued=due.issued,
        agreed=config.interest.dues_agreed,
        told=config.interest.consumers_told,
        first_reminder=min((line.on for line in heard if line.is_step and line.on > due.due), default=None),
    )
    starts = [(told, max(on, lawful)) for told, on, what in said if what == "interest" and lawful]
    told = min((told for told, _ in starts), default=None)
    if lawful and config.interest.starts == "due":
        starts.insert(0, (date.min, lawful))
    left = regime.sums.notice_days  # days that a notice must leave before the fixed sum is owed
    fees = [(told, on) for told, on, what in said if what == "fee" and (on - told).days > left]
    fee_day = next((on for told, on in fees if not any(told <= day < on and w == "fee" for day, w in let_go)), None)
    return _Debt(due, lawful, list(_runs(starts, [day for day, what in let_go if what == "interest"])), told, fee_day)


def _runs(starts: Iterable[tuple[date, date]], ends: Sequence[date]) -> Iterator[tuple[date, date]]:
    """From each announcement to the day on which interest was waived; one that comes while it runs changes nothing."""
    over = date.min
    for told, first in starts:
        if told < over:
            continue
        over = min((end for end in ends if end >= told), default=date.max)
        if first <= over:
            yield first, over


def _pauses(standing: Standing) -> Iterator[tuple[date, date]]:
    """Stretches without interest, both days inclusive: hardship, and a signed plan for as long as it is kept."""
    for i, line in enumerate(standing.activity):
        if line.kind == "hardship" and line.due:
            lifted = (later.on - _DAY for later in standing.activity[i + 1 :] if later.kind == "release")
            yield line.on, min([line.due, *lifted])
    plan = standing.conduct.plan
    if plan and plan.signed:
        yield plan.signed, plan.until if plan.state is PlanState.DEFAULT and plan.until else standing.on


# ------------------------------------------------------------------ the days


class _Account:
    """An account with charges, taken through its days. Of one day: a fixed sum falls due, then money comes, then is waived.

    The day on which money comes still bears interest on what it pays.
    """

    def __init__(self, standing: Standing, debts: list[_Debt], moves: list[Move], regime: Regime) -> None:
        self.on, self.currency, self.debts, self.regime = standing.on, standing.currency, debts, regime
        self.credit = 0
        self._moves = sorted(moves, key=lambda move: move.on)
        self._waivers = [line for line in standing.activity if line.kind == "waive"]
        self._pauses = list(_pauses(standing))

    def go_through_the_days(self) -> None:
        """From the first event to the day of the standing."""
        for day in self._days():
            for debt in self.debts:
                if debt.fee_day == day and debt.open_principal > 0:
                    debt.fee, debt.fee_on = self.regime.fixed_sum(debt.open_principal, self.currency), day
            self._settle(day)
            for line in self._waivers:
                if line.on == day:
                    self._waive(line)
            for debt in self.debts:
                self._note(debt, day + _DAY)

    def charge(self, debt: _Debt) -> Charge | None:
        """What the debt owes beside its principal; None where nothing ever was."""
        accruals = self._accruals(debt, self.on)
        if not accruals and not debt.fee:
            return None
        return Charge(
            invoice_id=debt.due.invoice_id,
            due=debt.due.due,
            currency=self.currency,
            regime=self.regime.id,
            since=accruals[0].first if accruals else None,
            accruals=accruals,
            fee=debt.fee,
            fee_on=debt.fee_on,
            interest_paid=debt.paid["interest"],
            fee_paid=debt.paid["fee"],
            interest_waived=debt.waived["interest"],
            fee_waived=debt.waived["fee"],
            principal=debt.open_principal,
            year_days=interest.year_days(self.regime.day_count),
            told=bool(debt.fee) or (debt.told is not None and debt.told < self.on),
        )

    def _days(self) -> list[date]:
        days = {move.on for move in self._moves} | {line.on for line in self._waivers} | {self.on}
        days |= {debt.due.issued for debt in self.debts if debt.due.issued}
        days |= {debt.fee_day for debt in self.debts if debt.fee_day}
        edges = [run for debt in self.debts for run in debt.runs] + self._pauses
        days |= {first - _DAY for first, _ in edges} | {last for _, last in edges}
        return sorted(day for day in days if day <= self.on)

    def _note(self, debt: _Debt, day: date) -> None:
        """From the day on, interest runs on what is open now, within a run and outside a pause."""
        is_on = any(first <= day <= last for first, last in debt.runs)
        is_off = any(first <= day <= last for first, last in self._pauses)
        bears = debt.open_principal if is_on and not is_off else 0
        if bears != (debt.steps[-1][1] if debt.steps else 0):
            debt.steps.append((day, bears))

    def _accruals(self, debt: _Debt, until: date) -> tuple[Accrual, ...]:
        steps = [step for step in debt.steps if step[0] <= until]
        return interest.accruals(self.regime, steps, debt.lawful or steps[0][0], until, debt.settled) if steps else ()

    def _room(self, debt: _Debt, slot: Slot, day: date) -> int:
        """All that the debt may ever have taken for the slot by the day, what it has included."""
        if slot == "principal":
            return debt.due.amount - debt.written_off
        if slot == "fee":
            return debt.fee - debt.waived["fee"]
        if debt.told is None or debt.told >= day:  # claimed from nobody before the day after they were told
            return debt.paid["interest"]
        return sum(line.amount for line in self._accruals(debt, day)) - debt.waived["interest"]

    def _settle(self, day: date) -> None:
        """Shares all money up to the day out anew, and books what has changed.

        Money goes to the invoice it names and otherwise to the oldest due. Where the law has it so, each debt takes money
        for costs, then interest, then principal; otherwise all principal comes before any charge.
        """
        there = [debt for debt in self.debts if debt.due.issued is None or debt.due.issued <= day]
        moves = [move for move in self._moves if move.on <= day]
        order: list[tuple[_Debt, tuple[Slot, ...]]]
        if self.regime.order == PRINCIPAL_FIRST:
            order = [(debt, ("principal",)) for debt in there] + [(debt, ("fee", "interest")) for debt in there]
        else:
            order = [(debt, ("fee", "interest", "principal")) for debt in there]
        for debt in there:
            debt.written_off = 0
        gets, self.credit = self._shares(order, there, moves, day)
        for (debt, slots), share in zip(order, gets, strict=True):
            self._book(debt, slots, share - sum(debt.paid[slot] for slot in slots), day)

    def _shares(
        self, order: Sequence[tuple[_Debt, tuple[Slot, ...]]], there: Sequence[_Debt], moves: Sequence[Move], day: date
    ) -> tuple[list[int], int]:
        """What each place of the order has of all the money, and what is left: as `ageing` shares it out.

        Named money first, then what is written off by name, then loose money, then loose write-offs.
        """
        money, given_up = _by_invoice(moves, there)
        rooms = [sum(self._room(debt, slot, day) for slot in slots) for debt, slots in order]
        of = [debt.due.invoice_id for debt, _ in order]
        gets = [0] * len(order)
        pool = money.pop("", 0)
        for invoice, total in money.items():
            mine = [i for i, named in enumerate(of) if named == invoice]
            pool += _pour(max(total, 0), mine, rooms, gets) + min(total, 0)
        principals = [i for i, (_, slots) in enumerate(order) if "principal" in slots]
        loose = given_up.pop("", 0)
        for invoice, total in given_up.items():
            mine = [i for i in principals if of[i] == invoice]
            loose += self._write_off(total, mine, order, rooms, gets)
        left = _pour(max(pool, 0), range(len(order)), rooms, gets)
        back = max(-pool, 0)
        for i in reversed(range(len(order))):
            taken = min(back, gets[i])
            gets[i], back = gets[i] - taken, back - taken
        self._write_off(loose, principals, order, rooms, gets)
        return gets, left

    def _write_off(
        self,
        total: int,
        places: Iterable[int],
        order: Sequence[tuple[_Debt, tuple[Slot, ...]]],
        rooms: list[int],
        gets: Sequence[int],
    ) -> int:
        """Takes what is given up out of the principal that is open; what is left of it."""
        for i in places:
            debt = order[i][0]
            taken = min(max(total, 0), rooms[i] - gets[i], debt.due.amount - debt.written_off)
            debt.written_off += taken
            rooms[i] -= taken
            total -= taken
        return max(total, 0)

    def _book(self, debt: _Debt, slots: tuple[Slot, ...], change: int, day: date) -> None:
        """Money that came is taken in the order of the slots; what was taken back goes out of the last one first."""
        for slot in slots if change > 0 else reversed(slots):
            if change > 0:
                taken = min(change, max(self._room(debt, slot, day) - debt.paid[slot], 0))
            else:
                taken = -min(-change, debt.paid[slot])
            debt.paid[slot] += taken
            change -= taken
            if slot == "interest" and taken:
                debt.settled.append((day + _DAY, taken))

    def _waive(self, line: Activity) -> None:
        """What the operator let go of: an amount, out of fixed sums first and then interest, or a whole consequence."""
        what, left = waived(line), line.amount
        for debt in self.debts:
            if line.invoice_id not in {"", debt.due.invoice_id}:
                continue
            accrued = sum(each.amount for each in self._accruals(debt, line.on))
            owed: dict[Slot, int] = {"fee": debt.fee, "interest": accrued}
            for slot, sum_ in owed.items():
                open_ = max(sum_ - debt.paid[slot] - debt.waived[slot], 0)
                taken = min(left, open_) if left is not None else open_ if slot == what else 0
                debt.waived[slot] += taken
                if slot == "interest" and taken:
                    debt.settled.append((line.on + _DAY, taken))
                left = left - taken if left is not None else None


def _by_invoice(moves: Iterable[Move], there: Iterable[_Debt]) -> tuple[dict[str, int], dict[str, int]]:
    """Sums of money, and of what is written off, by the invoice they name; under "" what names none that is there."""
    known = {debt.due.invoice_id for debt in there}
    money: defaultdict[str, int] = defaultdict(int)
    given_up: defaultdict[str, int] = defaultdict(int)
    for move in moves:
        sums = given_up if move.is_writeoff else money
        sums[move.invoice_id if move.invoice_id in known else ""] += move.amount
    return dict(money), dict(given_up)


def _pour(total: int, places: Iterable[int], rooms: Sequence[int], gets: list[int]) -> int:
    """Fills the places in their order, each up to its room; what is left."""
    for i in places:
        taken = min(total, max(rooms[i] - gets[i], 0))
        gets[i], total = gets[i] + taken, total - taken
    return total


def _item(debt: _Debt, standing: Standing) -> OpenItem:
    due = debt.due
    return OpenItem(
        invoice_id=due.invoice_id,
        due=due.due,
        issued=due.issued,
        currency=standing.currency,
        amount=due.amount,
        open=debt.open_principal,
        days_past_due=(standing.on - due.due).days,
        description=due.description,
        reference=due.reference,
    )


def _buckets(items: Iterable[OpenItem]) -> tuple[int, ...]:
    sums = [0] * len(BUCKETS)
    for item in items:
        sums[sum(item.days_past_due > edge for edge in _EDGES)] += item.open
    return tuple(sums)
