"""Payment plans: instalments that add up exactly, options by what can be paid, and how a signed plan goes (rule 11)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from pastdue import money
from pastdue.config import Config
from pastdue.days import Calendar
from pastdue.dunning.debt import Debt, not_taken_back
from pastdue.model import Activity, Instalment, Payment, Plan, PlanState, Standing

OPTIONS = (2, 3, 6, 12)  # instalments that are offered where the customer names no amount
MOST_INSTALMENTS = 12
INSTALMENT = "instalment"  # the reminder of a late instalment, as it is recorded
TO_PAY_INSTALMENT = 3  # business days that it leaves at the least


@dataclass(frozen=True, slots=True)
class Option:
    """A plan that could be agreed: so many instalments, the larger ones first."""

    amounts: tuple[int, ...]

    @property
    def count(self) -> int:
        """The number of instalments."""
        return len(self.amounts)


def options(total: int, most: int, can_pay: int = 0) -> tuple[Option, ...]:
    """Ways to pay a total (minor units) in at most so many instalments, all adding up to it exactly.

    With `can_pay`, the amount that the customer says they can manage each time, only what does not ask for more than
    that, and first the shortest plan that it allows; nothing where it would take more instalments than may be.
    """
    if total <= 0:
        return ()
    counts = {count for count in OPTIONS if count <= most}
    if can_pay > 0:
        fewest = -(-total // can_pay)
        counts = {count for count in (*counts, fewest) if fewest <= count <= most and count > 1}
    return tuple(Option(tuple(money.split(total, count))) for count in sorted(counts) if total >= count)


def ways_to_pay(standing: Standing, total: int, config: Config) -> tuple[tuple[int, ...], ...]:
    """Plans that could be agreed for a total (minor units), as amounts; by what they said they can pay, if anything.

    None in a currency in which the diary keeps no plans; for a consumer, no more instalments than may be offered.
    """
    if standing.currency != standing.customer.currency:
        return ()
    most = config.plans.consumer_instalments if standing.customer.kind == "consumer" else MOST_INSTALMENTS
    said = next((line for line in reversed(standing.activity) if line.kind == "reason"), None)
    can_pay = said.amount or 0 if said and said.note == "cash-flow" else 0
    return tuple(way.amounts for way in options(total, most, can_pay))


def schedule(total: int, each: int, first: date, every: str, count: int) -> tuple[tuple[date, int], ...]:
    """The dates and amounts of an agreed plan: `each` time the amount, the last one what is then left of the total.

    Where `each` times `count` comes within a rounding of the total, the instalments are the total in equal parts; where
    it comes to less, the plan covers only that.
    """
    if abs(each * count - total) < count:
        amounts = money.split(total, count)
    else:
        amounts = [min(each, max(total - each * n, 0)) for n in range(count)]
    dates = (_later(first, every, n) for n in range(count))
    return tuple((due, amount) for due, amount in zip(dates, amounts, strict=True) if amount > 0)


def _later(first: date, every: str, times: int) -> date:
    """The nth date of a plan; monthly ones keep their day of the month, or the month's last where it has none."""
    if every == "week":
        return first + timedelta(weeks=times)
    year, month = divmod(first.year * 12 + first.month - 1 + times, 12)
    for day in range(first.day, 27, -1):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    return date(year, month + 1, min(first.day, 27))


def plan(
    activity: Iterable[Activity],
    debt: Debt,
    on: date,
    *,
    calendar: Calendar,
    unsigned_days: int,
    grace: int,
    reminded: Iterable[tuple[date, date]] = (),
) -> Plan | None:
    """The account's last plan as it goes on the day; None when there is none, or a line released it.

    The plan's total is what was owed when it was made, less what was credited or written off since. Payments since then
    fill its instalments in order, but for those that name an invoice of later. `reminded` are the reminders of late
    instalments, each as its day and the deadline it gave: no default before that.
    """
    made: Activity | None = None
    signed: date | None = None
    for line in activity:
        if line.on > on:
            continue
        if line.kind == "plan" and line.amount and line.due and line.count:
            made, signed = line, None
        elif line.kind == "signed" and made:
            signed = line.on
        elif line.kind == "release":
            made, signed = None, None
    if made is None or not made.amount or not made.due or not made.count:
        return None
    paid = sum(payment.amount for payment in debt.payments if debt.is_for(made.on, payment))
    dated = schedule(debt.owed(made.on, on), made.amount, made.due, made.every or "month", made.count)
    instalments = tuple(_filled(dated, paid))
    state, until = _how_it_goes(made.on, signed, instalments, on, unsigned_days)
    if state is PlanState.LATE:
        missed = next(each.due for each in instalments if each.paid < each.amount)
        given = (pay_by for day, pay_by in reminded if day >= max(made.on, missed))
        until = max((end_of_grace(missed, grace, calendar), *given))
        state = PlanState.LATE if on <= until else PlanState.DEFAULT
    return Plan(made.on, signed, state, until, instalments, made.row)


def kept(
    activity: Sequence[Activity],
    debt: Debt,
    payments: Sequence[Payment],
    on: date,
    *,
    calendar: Calendar,
    unsigned_days: int,
    grace: int,
    reminded: Sequence[tuple[date, date]] = (),
) -> Iterator[tuple[Plan, date, date]]:
    """The stretches in which a signed plan was in good standing, both days inclusive, as one knew on each of their days.

    `debt` is what the account owed, `payments` are all of its payments up to the day `on`.
    """
    days = {each.on for each in activity} | {each.received for each in payments}
    days |= {day for day, _ in debt.credited} | {day for day, _ in reminded}
    for line in activity:
        if line.kind == "plan" and line.due and line.count:
            days |= {_later(line.due, line.every or "month", n) + timedelta(days=1) for n in range(line.count)}
    for day, following in pairwise([*sorted(day for day in days if day <= on), on + timedelta(days=1)]):
        known = replace(debt, payments=not_taken_back(each for each in payments if each.received <= day))
        heard = [each for each in reminded if each[0] <= day]
        then = plan(activity, known, day, calendar=calendar, unsigned_days=unsigned_days, grace=grace, reminded=heard)
        if then and then.signed and then.state in {PlanState.GOOD, PlanState.LATE}:
            yield then, day, min(following - timedelta(days=1), then.until or date.max)


def _filled(dated: Iterable[tuple[date, int]], paid: int) -> Iterable[Instalment]:
    for number, (due, amount) in enumerate(dated, start=1):
        used = min(paid, amount)
        paid -= used
        yield Instalment(number, due, amount, used)


def _how_it_goes(
    made: date, signed: date | None, instalments: Sequence[Instalment], on: date, unsigned_days: int
) -> tuple[PlanState, date | None]:
    """The plan's state, whatever the grace of an instalment that is late."""
    open_ = [each for each in instalments if each.paid < each.amount]
    if not open_:
        return PlanState.PAID, None
    if signed is None:
        until = made + timedelta(days=unsigned_days)
        return (PlanState.OFFERED if on <= until else PlanState.LAPSED), until
    return (PlanState.GOOD if on <= open_[0].due else PlanState.LATE), None


def end_of_grace(missed: date, grace: int, calendar: Calendar) -> date:
    """The last day on which a late instalment still keeps the plan.

    A weekend does not eat the grace up: the reminder of the first business day leaves what a reminder has to leave.
    """
    if not grace:
        return missed
    first = calendar.on_or_after(missed + timedelta(days=1))
    return max(missed + timedelta(days=grace), calendar.plus(first, TO_PAY_INSTALMENT))
