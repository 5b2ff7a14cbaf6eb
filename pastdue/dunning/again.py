"""Sending once more, on purpose: a notice beside the ladder that carries an earlier one and speaks of what is open today.

It is recorded under a step of its own, such as `again-2026-03-02-reminder`: the day and the step of the notice that it
repeats. No step of a schedule is taken by it, and it counts as a contact like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pastdue.config import Config
from pastdue.dunning import limits as contact_limits
from pastdue.dunning.escalation import heard_today, reachable
from pastdue.dunning.holds import forbids_answers, holds
from pastdue.model import (
    COPY,
    NO_ITEM,
    Action,
    Answer,
    Decision,
    Hold,
    Original,
    Sent,
    Standing,
    State,
)

AGAIN = "again"  # the letter; with the day and the step of the original behind it, what it is recorded as


class NotAgain(Exception):  # noqa: N818 -- it is an answer to the operator, no failure
    """Why a notice does not go once more, and what to do about it."""

    def __init__(self, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.why, self.hint = why, hint


class UnknownNotice(NotAgain):
    """There is no notice of the name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A notice that is to go once more: whose it is, how it goes now, and its lines in the notices ledger."""

    standing: Standing
    today: Decision  # what the run has decided about the account
    channels: tuple[str, ...]
    detour: str  # why it goes by another way than the first time; "" when it does not
    lines: tuple[Sent, ...]

    @property
    def notice_id(self) -> str:
        """The notice that went first: of one that was itself sent once more, the original."""
        return self.lines[0].notice_id

    @property
    def highest(self) -> Sent:
        """The line that stands for the notice: the one at its own step."""
        return max(self.lines, key=lambda line: line.rung)


def is_again(step: str) -> bool:
    """True for what a notice that goes once more is recorded as."""
    return step.startswith(f"{AGAIN}-")


def step_of(on: date, step: str) -> str:
    """What it is recorded as, by the day and the step of the original."""
    return f"{AGAIN}-{on}-{step}"


# ------------------------------------------------------------------ which notice is meant


def asked(standings: Sequence[Standing], decisions: Sequence[Decision], notice_id: str) -> Asked:
    """The notice that the operator names; NotAgain where it never reached anybody, or may have."""
    of = next((each for each in standings if any(line.notice_id == notice_id for line in each.history)), None)
    if of is None:
        raise UnknownNotice(f"there is no notice called {notice_id}")
    lines = [line for line in of.history if line.notice_id == notice_id]
    _check(lines[0])
    highest = max(lines, key=lambda line: line.rung)
    step = highest.step if is_again(highest.step) else step_of(highest.on, highest.step)
    return repeated(standings, decisions, of.account_id, highest.currency, step, highest.channel)


def repeated(
    standings: Sequence[Standing],
    decisions: Sequence[Decision],
    account_id: str,
    currency: str,
    step: str,
    channel: str,
) -> Asked:
    """What is repeated under a recorded step. It goes by its first channel, else by the other one.

    The customer may have had the same by email and by letter: then the one of the channel that it goes by is repeated.
    """
    own = [pair for pair in zip(standings, decisions, strict=True) if pair[0].account_id == account_id]
    standing, today = next((pair for pair in own if pair[0].currency == currency), own[0])
    by, detour = reachable(("email" if channel == COPY else channel,), AGAIN, standing)
    if by in {(), ("call",)}:
        raise NotAgain(f"there is no way to write to {account_id}", "Add an email or a postal address.")
    on, name = date.fromisoformat(step[len(AGAIN) + 1 :][:10]), step[len(AGAIN) + 12 :]
    there = [
        line for line in standing.history if line.on == on and line.currency == currency and line.went_out and line.file
    ]
    meant = [line for line in there if line.step == name]
    if not meant:
        raise NotAgain(f"what {step} repeats is not on record")
    first = next((line for line in meant if line.channel in by), meant[0])
    return Asked(standing, today, by, detour, tuple(line for line in there if line.notice_id == first.notice_id))


def _check(line: Sent) -> None:
    """NotAgain for a notice that did not go out, that may not have, or that nobody wrote."""
    name = line.notice_id
    if line.state is State.UNCLEAR:
        hint = f"Say first what became of it: build.py send --resolve {name}=sent, or --resolve {name}=resend."
        raise NotAgain(f"it is unclear whether {name} arrived", hint)
    if line.state is State.PRINTED:
        raise NotAgain(f"{name} is printed, and not in the post yet", "Post it, then say build.py send --posted.")
    if not line.state.went_out:
        raise NotAgain(
            f"{name} never reached them: it is {line.state}", "The next run writes to them as is due by then."
        )
    if not line.file:
        raise NotAgain(f"{name} was no message", "Only an email or a letter can go once more.")


# ------------------------------------------------------------------ what is done about it


def decide(this: Asked, original: Original, config: Config) -> Decision:
    """The notice once more, with what is open today; NotAgain where a hold, a limit of contact or the day forbids it."""
    standing, held = this.standing, holds(this.standing, config)
    about, asks_nothing = _about(this, held)
    _may_go(this, held, config, is_dunning=any(date.min < due < standing.on for _, due in about))
    enclose = original.channel == "letter" and "letter" in this.channels
    answer = Answer(
        step_of(original.on, original.step),
        about,
        None if asks_nothing else _same_deadline(standing, about),
        original=original,
        asks_nothing=asks_nothing,
        why=f"{original.notice_id} once more",
    )
    put_in = (f"put {this.highest.file} into the envelope, too",) if enclose else ()
    return Decision(
        account_id=standing.account_id,
        currency=standing.currency,
        action=Action.NOTICE,
        reasons=(answer.why, *filter(None, (this.detour,)), *put_in),
        step=answer.step,
        letter=AGAIN,
        channels=this.channels,
        pay_by=answer.pay_by,
        items=this.today.items,
        holds=held,
        answer=answer,
    )


def _may_go(this: Asked, held: tuple[Hold, ...], config: Config, *, is_dunning: bool) -> None:
    """NotAgain where nobody may write to the account today, be it what they asked for."""
    standing, calendar = this.standing, config.business_days()
    account_id, on = standing.account_id, standing.on
    if against := next((hold for hold in held if forbids_answers((hold,))), None):
        raise NotAgain(f"{account_id} gets nothing: {against.why}")
    if heard_today(standing):
        last = next(line.notice_id for line in reversed(standing.history) if line.on == on and line.went_out)
        raise NotAgain(f"{account_id} was written to today: {last}", "One message a day is enough: ask again tomorrow.")
    if not calendar.is_business(on):
        raise NotAgain(f"{on} is not a business day", f"Ask again on {calendar.on_or_after(on)}.")
    limits = contact_limits.of(config)
    waits = contact_limits.wait(
        standing, limits, calendar, "message", channels=len(this.channels), is_dunning=is_dunning
    )
    if waits:
        raise NotAgain(f"{account_id} may not be written to today: {waits[1]}", "docs/limits.md says what holds.")


def _about(this: Asked, held: tuple[Hold, ...]) -> tuple[tuple[tuple[str, date], ...], bool]:
    """What it is recorded for, and whether it asks for nothing: nothing is open, or what is was agreed or is looked into."""
    standing, first = this.standing, tuple(dict.fromkeys(line.key for line in this.lines))
    if NO_ITEM in first:
        return (NO_ITEM,), True
    off = {hold.invoice_id for hold in held if hold.invoice_id}
    there = [item for item in standing.items if item.invoice_id not in off]
    asked_for = [item.key for item in there if item.is_overdue] or [item.key for item in there]
    claimed = [claim.key for claim in standing.claims if claim.invoice_id not in off]
    about = tuple(asked_for or claimed)
    return about or first, not about or any(not hold.invoice_id for hold in held)


def _same_deadline(standing: Standing, about: Sequence[tuple[str, date]]) -> date | None:
    """The day that all of it may still be paid by, by notices before; None where they differ, or there is none: no new one is set."""
    running = {
        max((line.pay_by for line in standing.history if _gives(line, key, standing.on) and line.pay_by), default=None)
        for key in about
    }
    return running.pop() if len(running) == 1 else None


def _gives(line: Sent, key: tuple[str, date], on: date) -> bool:
    return line.key == key and line.is_step and line.went_out and bool(line.pay_by and line.pay_by >= on)
