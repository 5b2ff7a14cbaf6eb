"""Whatever is said, paid and run in whatever order: what must hold of every decision, checked against a memory of its own.

A long run: PASTDUE_LONG=1 pytest tests/dunning/test_state_machine.py
"""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from world import day, decide, ladder, ledger, notices, recorded, step

from pastdue.dunning.holds import forbids_answers
from pastdue.dunning.ladder import broken_on, natural_day
from pastdue.model import Action, Activity, Decision, ItemDecision, Ledger, PlanState, PromiseState, Standing

GAP = 5
# Far apart, so that what a break brings forward is seen to be early, and with deadlines that matter.
STEPS = [
    step("reminder", 1, pay_within=9),
    step("call", 8, "call", give_way=2),
    step("second", 25, pay_within=9),
    step("final-demand", 50, pay_within=12),
    step("referral", 25, pay_within=3, **{"from": "previous"}),
]
CONFIG = ladder(
    *STEPS, calendar={"country": "none"}, schedule={"minimum_gap": GAP}, prepayment={"after_final_demand": True}
)
SCHEDULE = CONFIG.schedule["standard"]
CALENDAR = CONFIG.business_days()
HARD = ("stop-contact", "lawyer", "insolvency", "deceased", "fraud")
FIRST = day("2025-03-03")
LONG = bool(os.environ.get("PASTDUE_LONG"))


def seldom(kinds: set[str], most: int) -> Callable[[RuleBasedStateMachine], bool]:
    """So many lines of such kinds at most: a story in which everything is held from its second day on shows little."""
    return lambda machine: sum(line.kind in kinds for line in machine.activity) < most


class Collecting(RuleBasedStateMachine):
    """One account: what happens to it, and what the tool decides on the days on which it is run."""

    def __init__(self) -> None:
        super().__init__()
        self.on = FIRST
        self.invoices: list[tuple[str, str, str, int]] = []
        self.payments: list[tuple[str, str, int, str]] = []
        self.activity: list[Activity] = []
        self.sent = notices([])
        self.hard: set[str] = set()  # what stops everything, as the operator would remember it
        self.until: date | None = None  # the last day of the operator's own hold
        self.disputed: set[str] = set()
        self.runs = 0

    # -------------------------------------------------------------- what happens

    def note(self, kind: str, **cells: object) -> None:
        line = Activity(self.on, "A", kind, row=len(self.activity) + 2, **cells)  # type: ignore[arg-type]
        self.activity.append(line)

    @initialize(amounts=st.lists(st.sampled_from([300, 500, 1_000]), min_size=1, max_size=2))
    def begin(self, amounts: list[int]) -> None:
        for amount in amounts:
            self.invoiced(amount, 0)

    @precondition(lambda self: len(self.invoices) < 3)
    @rule(amount=st.sampled_from([200, 700]), terms=st.integers(0, 10))
    def invoiced(self, amount: int, terms: int) -> None:
        name = f"I{len(self.invoices)}"
        self.invoices.append((name, str(self.on), str(self.on + timedelta(days=terms)), amount))

    @precondition(lambda self: len(self.payments) < 4)
    @rule(amount=st.sampled_from([50, 100, 300, 500, 2_000]), named=st.booleans(), which=st.integers(0, 3))
    def paid(self, amount: int, named: bool, which: int) -> None:
        name = self.invoices[which % len(self.invoices)][0] if named else ""
        self.payments.append((str(self.on), name, amount, ""))

    @precondition(lambda self: any(amount > 0 for _, _, amount, _ in self.payments))
    @rule()
    def taken_back(self) -> None:
        _, name, amount, _ = next(p for p in reversed(self.payments) if p[2] > 0)
        if sum(p[2] for p in self.payments) >= amount:
            self.payments.append((str(self.on), name, -amount, ""))

    @precondition(seldom({"promise"}, 4))
    @rule(amount=st.sampled_from([100, 300, 2_000]), days=st.integers(0, 5))
    def promised(self, amount: int, days: int) -> None:
        self.note("promise", amount=amount, due=self.on + timedelta(days=days))

    @precondition(seldom({"dispute", "resolved"}, 3))
    @rule(which=st.integers(0, 3), end=st.sampled_from(["", "rejected", "upheld"]))
    def disputed_or_resolved(self, which: int, end: str) -> None:
        name = self.invoices[which % len(self.invoices)][0]
        if not end:
            self.note("dispute", invoice_id=name)
        else:
            self.note("resolved", invoice_id=name, note=end)
        (self.disputed.discard if end == "rejected" else self.disputed.add)(name)

    @precondition(seldom({*HARD, "placed", "hold", "hardship"}, 2))
    @rule(kind=st.sampled_from([*HARD, "placed", "hold", "hardship", "hold", "hardship"]), days=st.integers(0, 12))
    def stopped(self, kind: str, days: int) -> None:
        if kind in {"hold", "hardship"}:
            until = self.on + timedelta(days=days)
            self.note(kind, due=until)
            self.until = max(self.until or until, until)
        else:
            self.note(kind)
            self.hard.add(kind)

    @precondition(lambda self: self.hard or self.until)
    @rule()
    def freed(self) -> None:
        if "placed" in self.hard:
            self.note("recalled")
        self.note("release")
        self.hard, self.until = set(), None

    @precondition(seldom({"plan"}, 1))
    @rule(each=st.sampled_from([100, 250]), count=st.integers(2, 4), days=st.integers(3, 10), signed=st.booleans())
    def agreed(self, each: int, count: int, days: int, signed: bool) -> None:
        self.note("plan", amount=each, due=self.on + timedelta(days=days), every="week", count=count)
        if signed:
            self.note("signed")

    @precondition(seldom({"reason"}, 3))
    @rule(
        said=st.sampled_from(["not-received", "not-received", "cash-flow", "forgot", "avoids"]),
        which=st.integers(0, 4),
    )
    def gave_a_reason(self, said: str, which: int) -> None:
        self.note("reason", note=said, invoice_id=self.invoices[which][0] if which < len(self.invoices) else "")

    @precondition(seldom({"call", "voicemail", "no-answer", "signed", "message"}, 5))
    @rule(kind=st.sampled_from(["call", "voicemail", "no-answer", "signed", "message"]))
    def heard(self, kind: str) -> None:
        self.note(kind)

    @precondition(seldom({"writeoff"}, 1))
    @rule(amount=st.sampled_from([50, 300]), which=st.integers(0, 4))
    def written_off(self, amount: int, which: int) -> None:
        name = self.invoices[which][0] if which < len(self.invoices) else ""
        self.note("writeoff", amount=amount, invoice_id=name)

    # -------------------------------------------------------------- the days on which it is run

    @rule(days=st.integers(1, 9))
    def later(self, days: int) -> None:
        """So many days pass, and only on the last of them it is run."""
        self.on += timedelta(days=days)
        self.look()

    @rule(days=st.integers(3, 12))
    def day_by_day(self, days: int) -> None:
        for _ in range(days):
            self.later(1)

    @rule(weeks=st.integers(2, 6))
    def week_by_week(self, weeks: int) -> None:
        for _ in range(weeks):
            self.later(7)

    @rule()
    def look(self) -> None:
        """A run, and what went out is recorded."""
        (standing,), (decision,) = decide(self.books, CONFIG, self.on)
        Judge(self, standing, decision).judge()
        self.runs += 1
        if self.runs % 5 == 0:
            assert decide(turned(self.books), CONFIG, self.on) == ((standing,), (decision,))
        if decision.action is Action.NOTICE:
            self.sent = recorded(self.books, [decision], self.on).notices
            (_,), (again,) = decide(self.books, CONFIG, self.on)
            assert again.action is not Action.NOTICE, "twice on one day"

    @property
    def books(self) -> Ledger:
        return replace(ledger(self.invoices, self.payments, activity=tuple(self.activity)), notices=self.sent)

    @invariant()
    def no_item_gets_a_step_twice(self) -> None:
        """But once more from the beginning, where they said that its invoice did not arrive."""
        steps = self.sent[self.sent["rung"] >= 0]
        counts = steps.groupby(["invoice_id", "due", "step"]).size()
        for (invoice, _, name), count in counts.items():
            assert count <= 1 + self.may_restart(invoice), (invoice, name)
        again = self.sent[self.sent["step"] == "invoice-again"]
        assert (again.groupby(["invoice_id", "due"]).size() <= 1).all()

    def may_restart(self, invoice: str) -> bool:
        return any(
            line.kind == "reason" and line.note == "not-received" and line.invoice_id in {"", invoice}
            for line in self.activity
        )


def turned(books: Ledger) -> Ledger:
    """The same books with all their rows the other way round."""
    return replace(
        books,
        invoices=books.invoices[::-1].reset_index(drop=True),
        payments=books.payments[::-1].reset_index(drop=True),
        activity=books.activity[::-1],
    )


class Judge:
    """What must hold of one decision."""

    def __init__(self, machine: Collecting, standing: Standing, decision: Decision) -> None:
        self.machine, self.standing, self.decision, self.on = machine, standing, decision, machine.on

    @cached_property
    def due(self) -> list[ItemDecision]:
        """The lines that the decision acts on."""
        goes = self.decision.action in {Action.NOTICE, Action.CALL} and not self.decision.answer
        return [line for line in self.decision.items if line.is_due] if goes else []

    def judge(self) -> None:
        if self.decision.action is Action.NOTICE:
            assert CALENDAR.is_business(self.on)
            self.is_about_something_open()
        self.keeps_to_holds()
        self.keeps_to_promises()
        self.keeps_to_plans()
        for line in self.due:
            self.keeps_to_its_ladder(line)
            self.comes_before_its_days_only_for_a_break(line)
        self.answers_every_break()
        assert self.standing.credit == 0 or self.standing.balance == 0

    def is_about_something_open(self) -> None:
        open_ = {item.key for item in self.standing.items}
        if self.decision.answer and self.decision.step != "prepayment-lifted":
            assert self.decision.answer.items
            assert set(self.decision.answer.items) <= open_
        assert all(line.item.key in open_ for line in self.due)
        assert self.decision.answer or any(line.is_due for line in self.decision.items)

    def keeps_to_holds(self) -> None:
        machine, decision = self.machine, self.decision
        stopped = bool(machine.hard) or bool(machine.until and machine.until >= self.on)
        if stopped:
            assert decision.action not in {Action.NOTICE, Action.CALL, Action.REFER}
        if any(not hold.invoice_id for hold in decision.holds):
            assert not self.due
            assert decision.answer is None or not forbids_answers(decision.holds)
        asked = {line.item.invoice_id for line in self.due}
        if decision.answer and decision.step in {"promise", "invoice-again", "plan-offer", "prepayment"}:
            asked = {invoice for invoice, _ in decision.answer.items}
        assert not asked & machine.disputed

    def keeps_to_promises(self) -> None:
        promises = self.standing.conduct.promises
        for promise in promises:
            before = sum(p.is_broken and p.deadline < promise.made for p in promises)
            if promise.state is PromiseState.PENDING and before < 2:
                assert not self.due, "a promise is pending"
                assert any(hold.kind == "promise" for hold in self.decision.holds)

    def keeps_to_plans(self) -> None:
        plan = self.standing.conduct.plan
        if plan is None or plan.state not in {PlanState.OFFERED, PlanState.GOOD, PlanState.LATE}:
            return
        assert not [line for line in self.due if line.item.issued <= plan.made]
        if plan.state is PlanState.GOOD:
            assert self.decision.step not in {"plan", "plan-offer", "instalment"}

    def keeps_to_its_ladder(self, line: ItemDecision) -> None:
        """Overdue, higher than before, not before the deadline, not within the gap."""
        assert line.item.is_overdue
        history = [s for s in self.standing.history if s.key == line.item.key and s.went_out]
        deadlines = [s.pay_by for s in history if s.pay_by and (s.is_step or s.step in {"invoice-again", "instalment"})]
        assert all(deadline < self.on for deadline in deadlines), "before the deadline they were given"
        told = [s for s in self.standing.history if s.went_out]
        talks = [a.on for a in self.standing.activity if a.kind == "call"]
        assert all((self.on - contact).days >= GAP for contact in [*(s.on for s in told), *talks]), "within the gap"
        if not self.machine.may_restart(line.item.invoice_id):
            assert all(s.rung < line.rung for s in history if s.is_step), "not higher"

    def comes_before_its_days_only_for_a_break(self, line: ItemDecision) -> None:
        steps = [s for s in self.standing.history if s.key == line.item.key and s.is_step and s.went_out]
        last = max((s.on for s in steps), default=None)
        talk = max((a.on for a in self.standing.activity if a.kind == "call"), default=None)
        if natural_day(line.item, SCHEDULE.step[line.rung], last) <= self.on:
            return
        calling = [
            promise
            for promise in self.standing.conduct.broken
            if line.item.due < broken_on(promise) <= self.on and (last is None or last < broken_on(promise))
        ]
        # From "previous" a conversation counts as the last step, and may be later than the last notice.
        assert calling or (talk and natural_day(line.item, SCHEDULE.step[line.rung], talk) <= self.on)
        if calling:
            own = [reason for reason in self.decision.reasons if reason.startswith(f"{line.item.invoice_id} is ")]
            assert all(
                "was not kept" in reason for reason in own
            )  # none where the notice is another item's, and this is a call
            told = [s.on for s in self.standing.history if s.is_step and s.went_out]
            is_first = all(on < broken_on(promise) for on in told for promise in calling)
            assert (self.decision.broken in calling) == is_first

    def answers_every_break(self) -> None:
        """Where nothing forbids it, the next step is due on the day after the break, whatever its own days."""
        if self.decision.holds or self.decision.answer or not CALENDAR.is_business(self.on):
            return
        contacts = [s.on for s in self.standing.history if s.went_out]
        contacts += [a.on for a in self.standing.activity if a.kind == "call"]
        if any((self.on - contact).days < GAP for contact in contacts):
            return
        for line in self.decision.items:
            lines = [s for s in self.standing.history if s.key == line.item.key and s.went_out]
            if not line.next_step or any(s.pay_by and s.pay_by >= self.on for s in lines):
                continue
            for promise in self.standing.conduct.broken:
                since = broken_on(promise)
                done = [s.on for s in lines if s.is_step and s.on >= since]
                done += [a.on for a in self.standing.activity if a.kind == "call" and a.on >= since]
                if line.item.due < since <= self.on and not done:
                    assert line.is_due, f"the break of {promise.due} calls for {line.next_step}"


Collecting.TestCase.settings = settings(
    max_examples=1_000 if LONG else 24,
    stateful_step_count=60 if LONG else 30,
    deadline=None,
    derandomize=not LONG,  # the short run is the same every time, the long one looks elsewhere
    suppress_health_check=list(HealthCheck),
)
TestCollecting = Collecting.TestCase
