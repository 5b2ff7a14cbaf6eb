"""The forecast: what will come if nobody pays, by the rules that decide each day, run on days that are still to come.

Each account is taken on its own and stands only on the days on which something may change; in between nothing does, for
what is not known yet (payments, what customers say, bounces) is taken not to happen, and what is due is taken to go out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pastdue.config import Config, Schedule, Step
from pastdue.dunning import deliveries, limits, onboarding
from pastdue.dunning.answers import answer_due
from pastdue.dunning.conduct import YEAR
from pastdue.dunning.escalation import decided_by
from pastdue.dunning.holds import forbids_answers
from pastdue.dunning.ladder import natural_day
from pastdue.dunning.standing import Books
from pastdue.model import (
    COPY,
    Action,
    Customer,
    Decision,
    ItemDecision,
    Notice,
    ObligationState,
    PlanState,
    PromiseState,
    Sent,
    Standing,
    State,
)
from pastdue.outlook import Coming, Kind

_DAY = timedelta(days=1)
_BY_ITSELF = frozenset({"interest", "fee"})  # consequences that are carried out by their day coming
_IN_FORCE = frozenset({PlanState.GOOD, PlanState.LATE})

# Writes a decision as the notices that carry it, each with its rows for the notices ledger.
Write = Callable[[Standing, Decision], Iterable[tuple[Notice, tuple[Sent, ...]]]]


def coming(books: Books, until: date, write: Write) -> tuple[Coming, ...]:
    """All that comes from the day of the books until the day `until`, both inclusive, in the order of days and accounts."""
    config = books.config
    found: list[Coming] = []
    rules = limits.of(config)
    for customer, currencies in books.accounts():
        found += _Account(books, customer, currencies, until, write, rules).story()
    return tuple(sorted(found, key=lambda each: (each.on, each.account_id, each.currency, each.kind, each.what)))


class _Account:
    """One account on its way through the days."""

    def __init__(
        self,
        books: Books,
        customer: Customer,
        currencies: Sequence[str],
        until: date,
        write: Write,
        rules: limits.Limits,
    ) -> None:
        self.books, self.config, self.calendar = books, books.config, books.calendar
        self.customer, self.currencies, self.until = customer, currencies, until
        self.write, self.rules = write, rules
        # A letter that is printed today is taken to be in the post today.
        self.history = [
            replace(line, state=State.POSTED) if line.state is State.PRINTED else line
            for line in books.history.get(customer.account_id, ())
        ]
        self.was: dict[str, tuple[Action, str]] = {}  # by currency: what the last day it stood on asked for
        self.announced: set[date] = set()  # days for which something was announced

    def story(self) -> Iterator[Coming]:
        """What the days bring, each as it comes; what was announced for a day last."""
        day: date | None = self.books.on
        while day is not None and day <= self.until:
            standings = self._standings(day)
            made = decided_by(standings, self.config, self.calendar, self.rules)
            for standing, decision in zip(standings, made, strict=True):
                if day == self.books.on:
                    yield from self._agreed(standing, decision)
                self._note_what_is_said(standing)
                yield from self._of(standing, decision)
            following = _Following(self.books, day, self.history)
            day = following.day(standings, made)
        for on in sorted(self.announced):
            yield from self._falls_due(on)

    def _standings(self, on: date) -> tuple[Standing, ...]:
        return tuple(self.books.standing(self.customer, each, on, self.history) for each in self.currencies)

    def _of(self, standing: Standing, decision: Decision) -> Iterator[Coming]:
        """What is done on the day; a call is told once, however many days it waits, and so is the end of the schedule."""
        now = decision.action, decision.step
        before = self.was.get(standing.currency)
        self.was[standing.currency] = now
        if decision.action is Action.NOTICE:
            yield from self._notice(standing, decision)
        elif (decision.action is Action.CALL and now != before) or (
            decision.action is Action.REFER and before and now[0] != before[0]
        ):
            held = {hold.invoice_id for hold in decision.holds}
            kind = Kind.CALL if decision.action is Action.CALL else Kind.REFER
            asked = [line.item for line in decision.items if line.item.invoice_id not in held]
            amount = sum(item.open for item in asked if item.is_overdue) or sum(item.open for item in asked)
            yield self._coming(standing, kind, decision.step, amount, decision.channels, why=_why(decision))

    def _notice(self, standing: Standing, decision: Decision) -> Iterator[Coming]:
        """The notice, which is taken to have gone out."""
        written = tuple(self.write(standing, decision))
        for notice, rows in written:
            self.history += rows
            self.announced |= {
                each.on for each in notice.announces if each.on <= self.until and each.consequence not in _BY_ITSELF
            }
        if written:
            notice = written[0][0]
            channels = tuple(each.channel for each, _ in written if each.channel != COPY)
            yield self._coming(
                standing, Kind.NOTICE, notice.step, notice.asked_sum, channels, notice.pay_by, _why(decision)
            )

    def _agreed(self, standing: Standing, decision: Decision) -> Iterator[Coming]:
        """What was promised and agreed, and the holds that end."""
        for promise in standing.conduct.promises:
            if promise.state is PromiseState.PENDING and standing.on <= promise.due <= self.until:
                left = promise.amount - promise.received
                yield self._coming(standing, Kind.PROMISE, "promise", left, why=f"made on {promise.made}")._replace(
                    on=promise.due
                )
        plan = standing.conduct.plan
        if plan and plan.signed and plan.state in _IN_FORCE:
            for each in plan.instalments:
                if each.paid < each.amount and standing.on <= each.due <= self.until:
                    why = f"payment {each.number} of {len(plan.instalments)} of the plan of {plan.made}"
                    yield self._coming(
                        standing, Kind.INSTALMENT, "instalment", each.amount - each.paid, why=why
                    )._replace(on=each.due)
        for hold in dict.fromkeys(decision.holds):
            if hold.until and hold.until <= self.until and hold.kind != "promise":
                about = [i for i in standing.items if hold.invoice_id in {"", i.invoice_id}]
                yield self._coming(
                    standing, Kind.HOLD_ENDS, hold.kind, sum(item.open for item in about), why=hold.why
                )._replace(on=hold.until)

    def _note_what_is_said(self, standing: Standing) -> None:
        """Keeps the days of the standing's obligations: those that were to come, and a plan's default."""
        self.announced |= {
            each.on
            for each in standing.obligations
            if self.books.on <= each.on <= self.until
            and (each.state is ObligationState.AHEAD or each.state.is_open)
            and each.consequence not in _BY_ITSELF
        }

    def _falls_due(self, on: date) -> Iterator[Coming]:
        """What was announced for the day and, as the account stands on it, is the operator's to do."""
        told = [line for line in self.history if line.on <= on]
        for currency in self.currencies:
            standing = self.books.standing(self.customer, currency, on, told)
            open_ = {item.key: item.open for item in standing.items}
            due = [each for each in standing.obligations if each.on == on and each.state.is_open and not each.held]
            for consequence in sorted({each.consequence for each in due}):  # two notices may say it for one day
                said = [each for each in due if each.consequence == consequence]
                amount = sum(open_.get(key, 0) for key in {key for each in said for key in each.items})
                yield self._coming(standing, Kind.CONSEQUENCE, consequence, amount, why=said[0].why)

    def _coming(
        self,
        standing: Standing,
        kind: Kind,
        what: str,
        amount: int,
        channels: tuple[str, ...] = (),
        pay_by: date | None = None,
        why: str = "",
    ) -> Coming:
        return Coming(standing.on, standing.account_id, standing.currency, kind, what, amount, channels, pay_by, why)


def _why(decision: Decision) -> str:
    return "; ".join(decision.reasons)


# ------------------------------------------------------------------ the next day on which anything may change


@dataclass(frozen=True, slots=True)
class _Following:
    """The first business day after a day on which an account may have to be looked at again.

    Too early a day costs a look, too late a day a notice: every bound here is one before which nothing can come.
    """

    books: Books
    today: date
    history: Sequence[Sent]  # with what went out today

    def day(self, standings: Sequence[Standing], decisions: Sequence[Decision]) -> date | None:
        """The day; None when nothing will come any more."""
        days = [
            day
            for standing, decision in zip(standings, decisions, strict=True)
            for day in self._days(standing, decision)
        ]
        days += self._quiet_days(standings)
        if len(standings) > 1 and any(decision.action is Action.CALL for decision in decisions):
            days.append(self.today + _DAY)  # the call kept its day from the other currency, and is not made
        if not days:
            return None
        return self.books.calendar.on_or_after(max(min(days), self.today + _DAY))

    def _days(self, standing: Standing, decision: Decision) -> Iterator[date]:
        config, tomorrow = self.books.config, self.today + _DAY
        if decision.answer or self._owes_an_answer(standing, decision):
            yield tomorrow  # what else there is had to wait for the answer, or the answer for a limit
        if decision.action is Action.NOTICE and config.prepayment.after_final_demand:
            yield tomorrow
        schedule = config.schedule[standing.customer.track]
        is_notice = decision.action is Action.NOTICE and not decision.answer
        yield from (item.due + _DAY for item in standing.items if not item.is_overdue)
        if all(hold.invoice_id for hold in decision.holds):
            for line in decision.items:
                yield from self._of_item(line, standing, schedule, decision if is_notice else None)
        yield from (hold.until + _DAY for hold in decision.holds if hold.until)
        yield from (p.deadline + _DAY for p in standing.conduct.promises if p.state is PromiseState.PENDING)
        if plan := standing.conduct.plan:
            dates = [each.due for each in plan.instalments if each.paid < each.amount]
            yield from (day + _DAY for day in [*dates, *([plan.until] if plan.until else [])] if day >= self.today)
        yield from (
            each.on
            for each in standing.obligations
            if each.state is ObligationState.AHEAD and each.consequence == "prepayment"
        )
        if config.prepayment.late_times:  # what was paid late counts for a year
            settled = self.books.settled.get((standing.account_id, standing.currency), ())
            ends = (date.fromordinal(day) + YEAR for day, _ in settled)
            yield from (day for day in ends if day > self.today)
        if standing.charges and not standing.items:
            ends = (day for line in self.history for day in (line.pay_by, *(on for _, on in line.announced)) if day)
            yield from (day + _DAY for day in ends if day >= self.today)

    def _owes_an_answer(self, standing: Standing, decision: Decision) -> bool:
        """True where an answer is due that did not go: a limit keeps it back, or the day is none for letters."""
        customer = standing.customer
        if not (customer.email or customer.has_post) or forbids_answers(decision.holds):
            return False
        return answer_due(standing, decision.holds, self.books.config, self.books.calendar) is not None

    def _of_item(
        self, line: ItemDecision, standing: Standing, schedule: Schedule, notice: Decision | None
    ) -> Iterator[date]:
        """The days from which the item may call for something: its next step, and what changes which step that is."""
        item = line.item
        if notice and line.is_due:
            yield self._after_its_notice(line, schedule, notice)
            return
        if line.next_on is None or not line.next_step:
            if line.next_on and line.next_on > self.today:
                yield line.next_on  # the end of the schedule
            return
        step = schedule.step[line.rung]
        if notice:
            yield max(line.next_on, self._after_the_gap(schedule, line.rung))
        elif line.next_on > self.today:
            yield line.next_on
        if step.is_call:
            yield max(self._gives_way(line, step, standing), self.today + _DAY)
        is_first = not line.step and schedule.entry == "by-age"
        if is_first or (step.start != "previous" and natural_day(item, step, None) <= item.due):
            for other in schedule.step if is_first else schedule.step[line.rung + 1 : line.rung + 2]:
                day = natural_day(item, other, None)
                if day > self.today:
                    yield day

    def _after_its_notice(self, line: ItemDecision, schedule: Schedule, notice: Decision) -> date:
        """The first day on which anything may follow what the item was just told."""
        over = notice.pay_by if notice.pay_by and line.item.is_overdue else self.today
        later = schedule.step[line.rung + 1 :]
        if not later:
            return over + _DAY
        natural = min(natural_day(line.item, step, self.today) for step in later)
        return max(natural, over + _DAY, self._after_the_gap(schedule, line.rung + 1))

    def _after_the_gap(self, schedule: Schedule, rung: int) -> date:
        """The first day that the minimum gap after today leaves to any step from this one on."""
        gaps = (schedule.minimum_gap if step.minimum_gap is None else step.minimum_gap for step in schedule.step[rung:])
        return self.today + timedelta(days=max(min(gaps), 1))

    def _gives_way(self, line: ItemDecision, step: Step, standing: Standing) -> date:
        """The first day on which a call that nobody made may fall behind the item."""
        told = (s.pay_by for s in self.history if s.key == line.item.key and s.is_step and s.went_out and s.pay_by)
        first = max(told, default=date.min) + _DAY
        if step.start != "previous" and not standing.conduct.broken:
            first = max(first, natural_day(line.item, step, None))
        return self.books.calendar.plus(self.books.calendar.on_or_after(first), step.give_way)

    def _quiet_days(self, standings: Sequence[Standing]) -> Iterator[date]:
        """The days on which a letter that asks for no money may be due."""
        config, own = self.books.config, standings[0]
        if config.deliveries.ask_after is not None:
            asks = timedelta(days=config.deliveries.ask_after)
            for line in own.activity:
                first = line.on + asks
                if line.kind == "delivered" and first + deliveries.STILL_FRESH > self.today:
                    yield max(first, self.today + _DAY)
        if config.policy.send and config.policy.version and not any(standing.overdue for standing in standings):
            yield self._policy_day(own, config)

    def _policy_day(self, standing: Standing, config: Config) -> date:
        """The day from which the credit policy may be due to an account that is not overdue."""
        last = onboarding.sent_on(replace(standing, history=tuple(self.history)), config)
        first = last + YEAR if last else self.today + _DAY
        if not onboarding.missing(standing, config):
            read = max(line.on for line in standing.activity if line.kind == "acknowledged")
            first = max(first, read + timedelta(days=config.policy.valid_days + 1))
        return max(first, self.today + _DAY)
