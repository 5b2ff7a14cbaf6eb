"""Charges: what an invoice owes beside its principal, and what payments and waivers made of it (DESIGN, rule 13).

Interest and fixed sums begin where a notice announced them and the law lets them. How much has accrued depends on when
money came, and what money is taken for may depend on how much had accrued: so an account with charges is taken through
the days on which something happened. Money once taken for a charge stays taken, unless it is taken back; all other money
meets invoices as `ageing` has it, so that without charges both come to the same.

While the deadline of a notice runs, no more interest is taken or asked for than that notice claimed, and who pays all that it
asks for by then owes no more: a letter that says "please pay 512.85 by 9 March" is kept to.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import accumulate
from typing import Literal

from pastdue.config import Config
from pastdue.dunning import interest
from pastdue.dunning.regimes import COSTS_FIRST, Regime
from pastdue.model import BUCKETS, Accrual, Activity, Charge, OpenItem, Sent, Standing

_DAY = timedelta(days=1)
_EDGES = (0, 30, 60, 90, 120)  # as in `ageing`

Slot = Literal["fee", "interest"]
_SLOTS: tuple[Slot, ...] = ("fee", "interest")  # in the order in which money and waivers go for them


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


@dataclass(frozen=True, slots=True)
class Pause:
    """Days without interest, both inclusive."""

    first: date
    last: date
    issued_by: date = date.max  # of what was invoiced by this day


def is_told(history: Iterable[Sent]) -> bool:
    """True when a notice told the account of interest or a fixed sum."""
    return any(line.went_out and ("interest" in line.announces or "fee" in line.announces) for line in history)


def with_charges(
    standing: Standing,
    dues: Sequence[Due],
    moves: Iterable[Move],
    config: Config,
    regime: Regime,
    plans_kept: Iterable[Pause] = (),
) -> Standing:
    """The standing with its charges, and with its open items where money went for those first.

    `dues` are all due amounts issued by the day, paid or not, oldest due first; `moves` all that settled them by then;
    `plans_kept` the days on which a signed plan was in good standing.
    """
    pauses = [*_hardship(standing), *plans_kept]
    account = _Account(standing, _debts(dues, standing, config, regime, pauses), regime)
    account.go_through_the_days(moves)
    charges = tuple(charge for debt in account.debts if (charge := account.charge(debt, standing.on)))
    cut = (account.charge(debt, debt.claimed_to(standing.on)) for debt in account.debts)
    claims = tuple(claim for claim in cut if claim and claim.told and claim.owed)
    found = replace(standing, charges=charges, claims=claims, credit=account.credit)
    opens = {debt.key: debt.open for debt in account.debts if debt.open > 0}
    if opens == {item.key: item.open for item in standing.items}:
        return found
    items = tuple(_item(debt, standing) for debt in account.debts if debt.open > 0)
    return replace(found, items=items, buckets=buckets(items))


def _item(debt: "_Debt", standing: Standing) -> OpenItem:
    due = debt.due
    return OpenItem(
        invoice_id=due.invoice_id,
        due=due.due,
        issued=due.issued,
        currency=standing.currency,
        amount=due.amount,
        open=debt.open,
        days_past_due=(standing.on - due.due).days,
        description=due.description,
        reference=due.reference,
    )


def buckets(items: Iterable[OpenItem]) -> tuple[int, ...]:
    """The open sums by days past due, in the order of BUCKETS."""
    sums = [0] * len(BUCKETS)
    for item in items:
        sums[sum(item.days_past_due > edge for edge in _EDGES)] += item.open
    return tuple(sums)


# ------------------------------------------------------------------ what was announced, and since when it runs


@dataclass(slots=True)
class _Debt:
    """A due amount while its days are gone through."""

    due: Due
    lawful: date | None  # the first day on which the law lets interest run: it decides a rate that is fixed for good
    runs: list[tuple[date, date]]  # stretches in which interest may run, both days inclusive
    pauses: list[Pause]  # stretches in which it does not
    told: date | None  # the first day for which a notice announced interest; none is claimed before, see `is_claimed`
    fee_days: list[date]  # the days for which a fixed sum was announced
    deadlines: list[tuple[date, date]]  # of the notices that asked for it: their day, and their pay-by date
    fee: int = 0
    fee_on: date | None = None
    opens: list[tuple[date, int]] = field(default_factory=list)  # the principal, by the day from which it was open
    paid: dict[Slot, int] = field(default_factory=lambda: {"fee": 0, "interest": 0})
    waived: dict[Slot, int] = field(default_factory=lambda: {"fee": 0, "interest": 0})
    settled: list[tuple[date, int]] = field(default_factory=list)  # interest paid or waived, by the day after
    is_claimed: bool = False  # the day that was announced has come, and something was unpaid then or since
    closed_with: int | None = None  # all interest of a debt with no principal open: it does not grow

    @property
    def key(self) -> tuple[str, date]:
        return self.due.invoice_id, self.due.due

    @property
    def open(self) -> int:
        return self.opens[-1][1] if self.opens else 0

    def claimed_to(self, on: date) -> date:
        """The day up to which interest may be claimed on the day: that of the last notice, while its deadline runs."""
        told, pay_by = max((each for each in self.deadlines if each[0] <= on), default=(on, on))
        return told if on <= pay_by else on


def _debts(
    dues: Iterable[Due], standing: Standing, config: Config, regime: Regime, pauses: Sequence[Pause]
) -> list[_Debt]:
    heard: defaultdict[tuple[str, date], list[Sent]] = defaultdict(list)
    for line in standing.history:
        if line.went_out:
            heard[line.key].append(line)
    let_go = [line for line in standing.activity if line.waived in _SLOTS]
    return [_debt(due, heard.get((due.invoice_id, due.due), ()), let_go, config, regime, pauses) for due in dues]


def _debt(
    due: Due,
    heard: Sequence[Sent],
    let_go: Iterable[Activity],
    config: Config,
    regime: Regime,
    pauses: Iterable[Pause],
) -> _Debt:
    """The due amount, with the days from which notices and the law let it bear charges."""
    lawful = interest.first_day(
        regime,
        due=due.due,
        issued=due.issued,
        agreed=config.interest.dues_agreed,
        told=config.interest.consumers_told,
        first_reminder=min((line.on for line in heard if line.is_step and line.on > due.due), default=None),
    )
    said = sorted((line.on, on, what) for line in heard for what, on in line.announced)
    there = due.issued or date.min  # what is let go of before an invoice is issued says nothing of it
    mine = [line for line in let_go if line.invoice_id in {"", due.invoice_id} and line.on >= there]
    starts = [(told, max(on, lawful)) for told, on, what in said if what == "interest" and lawful]
    told = min((max(first, told + _DAY) for told, first in starts), default=None)
    if lawful and config.interest.starts == "due":
        starts.insert(0, (date.min, lawful))
    no_interest = [line.on for line in mine if line.waived == "interest"]
    no_fee = [line.on for line in mine if line.waived == "fee"]
    return _Debt(
        due,
        lawful,
        runs=list(_runs(starts, no_interest)),
        pauses=[pause for pause in pauses if (due.issued or date.min) <= pause.issued_by],
        told=told,
        fee_days=[
            on
            for told, on, what in said
            if what == "fee"
            and (on - told).days > regime.sums.notice_days  # the days that a notice must leave before it is owed
            and not any(told <= day < on for day in no_fee)
        ],
        deadlines=[(line.on, line.pay_by) for line in heard if line.is_step and line.pay_by],
    )


def _runs(starts: Iterable[tuple[date, date]], ends: Sequence[date]) -> Iterator[tuple[date, date]]:
    """From each announcement to the day on which interest was waived; one that comes while it runs changes nothing."""
    over = date.min
    for told, first in starts:
        if told < over:
            continue
        over = min((end for end in ends if end >= told), default=date.max)
        if first <= over:
            yield first, over


def _hardship(standing: Standing) -> Iterator[Pause]:
    """From the day that hardship was logged to its end, or to the day before it was lifted."""
    for i, line in enumerate(standing.activity):
        if line.kind == "hardship" and line.due:
            later = standing.activity[i + 1 :]
            lifted = (each.on - _DAY for each in later if each.kind == "release" and not each.invoice_id)
            yield Pause(line.on, min([line.due, *lifted]))


# ------------------------------------------------------------------ how money meets principal


class _Principal:
    """What is open of each due amount while money comes: as `ageing` has it, and one change at a time.

    Named money goes before what is written off by name, that before loose money, and that before loose write-offs.
    """

    def __init__(self, dues: Sequence[Due]) -> None:
        self.amounts = [due.amount for due in dues]
        self.places: defaultdict[str, list[int]] = defaultdict(list)  # of an invoice's due amounts, as they are issued
        self._invoices = [due.invoice_id for due in dues]
        self._named = [0] * len(dues)  # paid by money that names the invoice
        self._room = [0] * len(dues)  # what loose money and loose write-offs may still take
        self._money: defaultdict[str, int] = defaultdict(int)
        self._given_up: defaultdict[str, int] = defaultdict(int)
        self._over: defaultdict[str, int] = defaultdict(int)  # what an invoice has too much of; below 0, taken back
        self._pool = 0  # loose money: what names no invoice that is there, and what is over

    def issue(self, place: int) -> None:
        invoice = self._invoices[place]
        if not self.places[invoice]:
            self._pool -= self._money[invoice]  # it came before its invoice, and is loose no longer
        self.places[invoice] = sorted({*self.places[invoice], place})
        self._fill(invoice)

    def add(self, amount: int, invoice: str) -> None:
        """Money came; below 0 it went."""
        self._money[invoice] += amount
        if self.places.get(invoice):
            self._fill(invoice)
        else:
            self._pool += amount

    def write_off(self, amount: int, invoice: str) -> None:
        self._given_up[invoice] += amount
        if self.places.get(invoice):
            self._fill(invoice)

    def _fill(self, invoice: str) -> None:
        left, given_up = self._money[invoice], max(self._given_up[invoice], 0)
        for i in self.places[invoice]:
            self._named[i] = min(max(left, 0), self.amounts[i])
            gone = min(given_up, self.amounts[i] - self._named[i])
            self._room[i] = self.amounts[i] - self._named[i] - gone
            left, given_up = left - self._named[i], given_up - gone
        self._pool += left - self._over[invoice]
        self._over[invoice] = left

    def opens(self) -> list[int]:
        """What is open of each."""
        return self._left(max(self._given_up[""], 0))

    def paid(self) -> list[int]:
        """What each has of all the money."""
        return [named + room - left for named, room, left in zip(self._named, self._room, self._left(0), strict=True)]

    @property
    def credit(self) -> int:
        """What is left over where nothing is open."""
        return max(self._pool - sum(self._room), 0)

    def _left(self, given_up: int) -> list[int]:
        """What is open when loose money, and then the loose sum that is given up, has gone from the oldest due on."""
        room, taken = self._room, self._pool + given_up
        if self._pool < 0:  # more was taken back than came loose: it is missing in the newest due first
            room, taken = self._room.copy(), given_up
            back = -self._pool
            for i in reversed(range(len(room))):
                missing = min(back, self._named[i])
                room[i] += missing
                back -= missing
        reach = list(accumulate(room))
        full = bisect_left(reach, taken)
        return [0] * full + [each - taken for each in reach[full : full + 1]] + room[full + 1 :]


# ------------------------------------------------------------------ the days


@dataclass(slots=True)
class _Day:
    """What happened on one day, for debts by their place."""

    fees: list[int] = field(default_factory=list)
    issued: list[int] = field(default_factory=list)
    money: dict[str, int] = field(default_factory=dict)  # by the invoice it names
    given_up: list[Move] = field(default_factory=list)
    waivers: list[Activity] = field(default_factory=list)


class _Account:
    """An account with charges, taken through its days.

    Of one day: a fixed sum falls due, money comes, something is written off, something is waived. The day on which money
    comes still bears interest on what it pays.
    """

    def __init__(self, standing: Standing, debts: list[_Debt], regime: Regime) -> None:
        self.on, self.currency, self.debts, self.regime = standing.on, standing.currency, debts, regime
        self.credit = 0
        self._principal = _Principal([debt.due for debt in debts])
        self._opens = [0] * len(debts)
        self._charged = [debt for debt in debts if debt.told or debt.fee_days]
        # An amount is in the account's own currency; a whole consequence is let go of in all of them.
        own = standing.currency == standing.customer.currency
        self._waivers = [line for line in standing.activity if line.kind == "waive" and (own or line.amount is None)]

    def go_through_the_days(self, moves: Iterable[Move]) -> None:
        """From the first day on which something happened to the day of the standing."""
        for on, day in sorted(self._days(moves).items()):
            self._claim(on)
            for i in day.fees:
                self._fall_due(self.debts[i], on)
            for i in day.issued:
                self._principal.issue(i)
            if day.money:
                self._receive(day.money, on)
            for move in day.given_up:
                self._principal.write_off(move.amount, move.invoice_id)
            if day.issued or day.money or day.given_up:
                self._note(on + _DAY)
                self._claim(on)
            if self.credit:
                self._pay_from_credit(on)
            if day.money:
                self._keep_to_the_letter(on)
            for line in day.waivers:
                self._waive(line)

    def charge(self, debt: _Debt, until: date) -> Charge | None:
        """What the debt owes beside its principal, with interest to the day `until`; None where nothing ever was."""
        accruals = self._accruals(debt, until)
        is_claimed = debt.is_claimed and debt.told is not None and debt.told <= until
        if debt.fee and not is_claimed:
            accruals = ()  # nobody is asked for interest that was not announced because a fixed sum was
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
            principal=debt.open,
            year_days=interest.year_days(self.regime.day_count),
            told=bool(debt.fee) or is_claimed,
        )

    def _days(self, moves: Iterable[Move]) -> Mapping[date, _Day]:
        days: defaultdict[date, _Day] = defaultdict(_Day)
        for i, debt in enumerate(self.debts):
            days[debt.due.issued or date.min].issued.append(i)
            for on in debt.fee_days:
                days[on].fees.append(i)
            if debt.told:
                days.setdefault(debt.told, _Day())  # from this day on, credit pays its interest
        for move in moves:
            if move.is_writeoff:
                days[move.on].given_up.append(move)
            else:
                money = days[move.on].money
                money[move.invoice_id] = money.get(move.invoice_id, 0) + move.amount
        for line in self._waivers:
            days[line.on].waivers.append(line)
        return {on: day for on, day in days.items() if on <= self.on}

    def _claim(self, on: date) -> None:
        """Interest may be asked for where something is unpaid on the day that was announced, or since."""
        for debt in self._charged:
            debt.is_claimed |= debt.told is not None and debt.told <= on and debt.open > 0

    def _fall_due(self, debt: _Debt, on: date) -> None:
        """The fixed sum is owed where principal was open the evening before; once, whatever is announced anew."""
        mine = [debt] if self.regime.sums.per == "claim" else self._of(debt.due.invoice_id)
        if debt.open > 0 and not any(each.fee for each in mine):
            debt.fee = self.regime.fixed_sum(debt.open, self.currency)
            debt.fee_on = on if debt.fee else None

    def _of(self, invoice: str) -> list[_Debt]:
        return [self.debts[i] for i in self._principal.places.get(invoice, ())]

    def _note(self, day: date) -> None:
        """What is open now is open from the day on."""
        opens = self._principal.opens()
        for debt, before, now in zip(self.debts, self._opens, opens, strict=True):
            if now != before:
                debt.opens.append((day, now))
                debt.closed_with = None
        self._opens, self.credit = opens, self._principal.credit

    def _receive(self, money: Mapping[str, int], on: date) -> None:
        """A day's money comes, and what is taken for charges does not reach any principal."""
        if self.regime.order == COSTS_FIRST:
            self._meet_charges(money, on)
        else:
            back = max(-sum(money.values()), 0)
            for debt in reversed(self._charged):
                back -= self._give_back(debt, back, "", on)
        for invoice, amount in money.items():
            self._principal.add(amount, invoice)

    def _meet_charges(self, money: Mapping[str, int], on: date) -> None:
        """Money goes from debt to debt, for costs, interest and principal; what is taken back goes the same way back.

        To the invoice that it names first, and what is left to the oldest due.
        """
        opens, paid = self._principal.opens(), self._principal.paid()
        loose = 0
        for invoice, amount in money.items():
            places = self._principal.places.get(invoice, [])
            loose += self._walk(places, amount, invoice, opens, paid, on)
        self._walk(range(len(self.debts)), loose, "", opens, paid, on)

    def _walk(
        self, places: Sequence[int], amount: int, invoice: str, opens: list[int], paid: list[int], on: date
    ) -> int:
        """One sum on its way through the debts; what is left of it. `opens` and `paid` are principal, and change."""
        for i in places if amount > 0 else ():
            amount -= self._take(self.debts[i], amount, invoice, on)
            goes = min(amount, opens[i])
            opens[i], paid[i], amount = opens[i] - goes, paid[i] + goes, amount - goes
            if not amount:
                break
        for i in reversed(places) if amount < 0 else ():
            goes = min(-amount, paid[i])
            opens[i], paid[i], amount = opens[i] + goes, paid[i] - goes, amount + goes
            amount += self._give_back(self.debts[i], -amount, invoice, on)
            if not amount:
                break
        return amount

    def _pay_from_credit(self, on: date) -> None:
        for debt in self._charged:
            self.credit -= self._take(debt, self.credit, "", on)

    def _keep_to_the_letter(self, on: date) -> None:
        """Who has paid all that a notice asked for by its deadline owes no interest of the days since."""
        for debt in self._charged:
            if debt.open or debt.claimed_to(on) == on:
                continue
            rest = self._owed(debt, "interest", on)
            if rest and not any(self._claimable(debt, slot, on) for slot in _SLOTS):
                debt.waived["interest"] += rest
                debt.settled.append((on + _DAY, rest))

    def _take(self, debt: _Debt, most: int, invoice: str, on: date) -> int:
        """Takes money for the fixed sum, and for interest that may be asked for; how much."""
        taken = 0
        for slot in _SLOTS:
            sum_ = min(most - taken, self._claimable(debt, slot, on))
            self._book(debt, slot, sum_, invoice, on)
            taken += sum_
        return taken

    def _give_back(self, debt: _Debt, most: int, invoice: str, on: date) -> int:
        """Gives back what was taken for charges, the last first; how much."""
        given = 0
        for slot in reversed(_SLOTS):
            sum_ = min(most - given, debt.paid[slot])
            self._book(debt, slot, -sum_, invoice, on)
            given += sum_
        return given

    def _book(self, debt: _Debt, slot: Slot, amount: int, invoice: str, on: date) -> None:
        if amount:
            debt.paid[slot] += amount
            self._principal.add(-amount, invoice)
            if slot == "interest":
                debt.settled.append((on + _DAY, amount))

    def _owed(self, debt: _Debt, slot: Slot, on: date) -> int:
        all_ = debt.fee if slot == "fee" else self._accrued(debt, on)
        return max(all_ - debt.paid[slot] - debt.waived[slot], 0)

    def _claimable(self, debt: _Debt, slot: Slot, on: date) -> int:
        """What money of the day may be taken for."""
        until = debt.claimed_to(on)
        if slot == "interest" and (debt.told is None or not debt.is_claimed or until < debt.told):
            return 0
        if slot == "fee" or until == on:
            return self._owed(debt, slot, on)
        accrued = sum(line.amount for line in self._accruals(debt, until))
        return max(accrued - debt.paid["interest"] - debt.waived["interest"], 0)

    def _accrued(self, debt: _Debt, on: date) -> int:
        if debt.closed_with is not None:
            return debt.closed_with
        accrued = sum(line.amount for line in self._accruals(debt, on))
        if debt.opens and debt.opens[-1][1] == 0 and debt.opens[-1][0] <= on + _DAY:
            debt.closed_with = accrued
        return accrued

    def _accruals(self, debt: _Debt, until: date) -> tuple[Accrual, ...]:
        """The worksheet: what was open, within a run and outside all pauses."""
        if not debt.runs or not debt.lawful or not debt.opens:
            return ()
        stretches = [*debt.runs, *((pause.first, pause.last) for pause in debt.pauses)]
        days = {day for day, _ in debt.opens} | {first for first, _ in stretches}
        days |= {last + _DAY for _, last in stretches if last < until}
        steps = [(day, _bears(debt, day)) for day in sorted(days) if day <= until]
        return interest.accruals(self.regime, steps, debt.lawful, until, debt.settled)

    def _waive(self, line: Activity) -> None:
        """What the operator let go of: an amount, out of fixed sums first and then interest, or a whole consequence."""
        what, left = line.waived, line.amount
        mine = [debt for debt in self.debts if line.invoice_id in {"", debt.due.invoice_id}]
        for slot in _SLOTS:
            for debt in mine if left is not None or slot == what else ():
                owed = self._owed(debt, slot, line.on)
                gone = owed if left is None else min(left, owed)
                debt.waived[slot] += gone
                left = None if left is None else left - gone
                if slot == "interest" and gone:
                    debt.settled.append((line.on + _DAY, gone))


def _bears(debt: _Debt, day: date) -> int:
    """The principal that bears interest on the day."""
    runs = any(first <= day <= last for first, last in debt.runs)
    rests = any(pause.first <= day <= pause.last for pause in debt.pauses)
    if not runs or rests:
        return 0
    place = bisect_left(debt.opens, (day + _DAY, 0)) - 1
    return debt.opens[place][1] if place >= 0 else 0
