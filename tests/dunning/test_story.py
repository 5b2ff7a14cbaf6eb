"""One account from its invoice to its referral, day by day: `story/` holds the books and what came of them, to be read.

After a change that is meant: PASTDUE_WRITE_STORY=1 pytest tests/dunning/test_story.py, and read the difference.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from world import day, decide, every_day, recorded

from pastdue import config_file, money
from pastdue.books import ledger as books
from pastdue.books.tables import RawFile
from pastdue.config import Config
from pastdue.model import Action, Conduct, Decision, Ledger, PromiseState, Standing

FOLDER = Path(__file__).parent / "story"
EXPECTED = FOLDER / "expected.txt"
FIRST, LAST = "2026-01-05", "2026-05-05"  # 120 days
LONG_AFTER = "2026-06-05"


@pytest.fixture(scope="module")
def config() -> Config:
    found, findings = config_file.load((FOLDER / "config.toml").read_text(encoding="utf-8"))
    assert found is not None, findings
    return found


@pytest.fixture(scope="module")
def ledger(config: Config) -> Ledger:
    files = [RawFile(f"accounts/{path.name}", path.read_bytes()) for path in sorted(FOLDER.glob("*.csv"))]
    found, findings = books.read(files, config)
    assert not [str(finding) for finding in findings]
    return found


def run(ledger: Ledger, config: Config, days: Iterable[date]) -> list[tuple[Standing, Decision]]:
    """Each day's standing and decision, after what went out on the days before it."""
    found = []
    for on in days:
        (standing,), (decision,) = decide(ledger, config, on)
        found.append((standing, decision))
        ledger = recorded(ledger, [decision], on)
    return found


@pytest.fixture(scope="module")
def daily(ledger: Ledger, config: Config) -> list[tuple[Standing, Decision]]:
    return run(ledger, config, every_day(FIRST, LONG_AFTER))


# ------------------------------------------------------------------ the story in words


def heard(standing: Standing) -> Iterator[str]:
    """What the operator wrote down for the day, and what came in."""
    currency = standing.currency
    for line in standing.activity:
        if line.on == standing.on:
            amount = f" {money.to_text(line.amount, currency)}" if line.amount else ""
            often = f" x {line.count}, every {line.every}" if line.count else ""
            due = f" by {line.due}" if line.due and not line.count else f" from {line.due}" if line.due else ""
            yield f"{line.kind}{amount}{often}{due}" + (f" ({line.note})" if line.note else "")
    for payment in standing.payments:
        if payment.received == standing.on:
            yield f"{money.to_text(payment.amount, currency)} received ({payment.reference})"


def done(decision: Decision) -> str:
    """What is done today, in a few words."""
    if decision.action is Action.NOTICE:
        until = f", to pay by {decision.pay_by}" if decision.pay_by else ""
        return f"{decision.step} by {' and '.join(decision.channels)}{until}"
    return f"call: {decision.step}" if decision.action is Action.CALL else str(decision.action)


def states(standing: Standing, decision: Decision) -> tuple[object, ...]:
    """What may be the same tomorrow without being news."""
    plan = standing.conduct.plan
    return (
        tuple(hold.kind for hold in decision.holds),
        tuple(promise.state for promise in standing.conduct.promises),
        plan.state if plan else None,
        standing.customer.track,
        standing.conduct.proposals,
        decision.action is Action.REFER,
        decision.action is Action.CALL,
    )


def news(before: Standing | None, standing: Standing) -> Iterator[str]:
    """What became of promises and plans since yesterday, and what is newly proposed to the operator."""
    was = before.conduct if before else Conduct()
    for promise in standing.conduct.promises:
        if promise not in was.promises and promise.state is not PromiseState.PENDING:
            yield f"promise for {promise.due} {promise.state}"
    plan, old = standing.conduct.plan, was.plan
    if plan and (old is None or plan.state is not old.state):
        yield f"plan {plan.state}"
    for proposal in standing.conduct.proposals:
        if proposal not in was.proposals:
            yield f"proposed: {proposal}"


def told(days: Iterable[tuple[Standing, Decision]]) -> Iterator[str]:
    """A line for each day on which something happens: the date, what was heard, what is done, why, what is new."""
    before: tuple[Standing, Decision] | None = None
    for standing, decision in days:
        happened = list(heard(standing))
        changed = before is None or states(*before) != states(standing, decision)
        if happened or changed or decision.action is Action.NOTICE:
            parts = [
                f"{standing.on:%Y-%m-%d %a}",
                ", ".join(happened) or "-",
                f"{done(decision)} ({'; '.join(decision.reasons)})",
                *news(before[0] if before else None, standing),
            ]
            yield " | ".join(parts)
        before = standing, decision


def test_the_story_of_120_days_is_the_one_that_is_written_down(daily: list[tuple[Standing, Decision]]) -> None:
    story = "\n".join(told(each for each in daily if each[0].on <= day(LAST))) + "\n"
    if os.environ.get("PASTDUE_WRITE_STORY"):
        EXPECTED.write_text(story, encoding="utf-8")
    assert story.splitlines() == EXPECTED.read_text(encoding="utf-8").splitlines()


def test_the_story_has_every_turn_in_its_order() -> None:
    """Invoice, reminder, call, promise, part payment, break, promise, break, firm, final demand, plan, signed, default with the referral of its day."""
    text = EXPECTED.read_text(encoding="utf-8")
    turns = [
        "invoice by email", "reminder by email", "call: call", "promise by email", "1000.00 received",
        "promise for 2026-02-25 partly-kept", "second-notice by email", "promise 2000.00", "promise for 2026-03-13 broken",
        "proposed: refer the account", "final-demand by email and letter", "plan by email", "plan good",
        "instalment by email", "referral by email and letter", "plan default", "| refer (",
    ]  # fmt: skip
    places = [text.index(turn) for turn in turns]
    assert places == sorted(places)


# ------------------------------------------------------------------ the same, by an operator who looks in once a week


def went(days: Iterable[tuple[Standing, Decision]]) -> list[tuple[str, date]]:
    """Every notice that went out, with its day."""
    return [(decision.step, standing.on) for standing, decision in days if decision.action is Action.NOTICE]


def without_deadline(conduct: Conduct) -> Conduct:
    """The deadline of a late instalment is that of its reminder, and who never looked in that week sent none."""
    return replace(conduct, plan=conduct.plan and replace(conduct.plan, until=None))


@pytest.mark.parametrize("weekday", range(7))
def test_run_once_a_week_nothing_goes_earlier_nothing_twice_and_the_end_is_the_same(
    ledger: Ledger, config: Config, daily: list[tuple[Standing, Decision]], weekday: int
) -> None:
    weekly = run(ledger, config, every_day(FIRST, LONG_AFTER)[weekday::7])
    every, seldom = went(daily), went(weekly)
    first = dict(reversed(every))
    assert all(on >= first[step] for step, on in seldom)
    for steps in ([step for step, _ in every], [step for step, _ in seldom]):
        assert steps.count("promise") <= 2  # one for each promise
        assert all(steps.count(step) == 1 for step in steps if step != "promise")
    if weekly[0][0].on.isoweekday() > 5:
        assert seldom == []  # an operator who only looks in at the weekend never sends anything
        return
    (standing, decision), (theirs, their_decision) = daily[-1], weekly[-1]
    assert their_decision.action is decision.action is Action.REFER
    assert without_deadline(theirs.conduct) == without_deadline(standing.conduct)
    assert [line.step for line in their_decision.items] == [line.step for line in decision.items] == ["referral"]


def test_looking_again_on_a_day_on_which_something_went_out_sends_nothing_more(
    ledger: Ledger, config: Config, daily: list[tuple[Standing, Decision]]
) -> None:
    for standing, decision in daily:
        ledger = recorded(ledger, [decision], standing.on)
        if decision.action is Action.NOTICE:
            (_,), (again,) = decide(ledger, config, standing.on)
            assert again.action is not Action.NOTICE


def test_the_order_of_rows_says_nothing(ledger: Ledger, config: Config, daily: list[tuple[Standing, Decision]]) -> None:
    turned = replace(
        ledger,
        invoices=ledger.invoices[::-1].reset_index(drop=True),
        payments=ledger.payments[::-1].reset_index(drop=True),
        activity=ledger.activity[::-1],
    )
    assert went(run(turned, config, [on for _, on in went(daily)])) == went(daily)
