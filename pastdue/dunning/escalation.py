"""Escalation: what is done about an account today, at which step, by which channel, and why (DESIGN, rules 1 to 5)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from pastdue import money
from pastdue.config import Config, Schedule, Step
from pastdue.days import Calendar
from pastdue.dunning import consequences, quiet, regimes
from pastdue.dunning import limits as contact_limits
from pastdue.dunning.answers import (
    INVOICE_AGAIN,
    PLAN,
    PLAN_OFFER,
    PREPAYMENT_LIFTED,
    PROMISE,
    answer_due,
    first_about,
    not_received,
    sent_again,
)
from pastdue.dunning.holds import forbids_answers, free_since, holds
from pastdue.dunning.ladder import Place, brings_forward, broken_on, place
from pastdue.dunning.limits import Contact, Limits
from pastdue.dunning.refusals import is_refused
from pastdue.model import (
    Action,
    Answer,
    Decision,
    Hold,
    ItemDecision,
    OpenItem,
    Promise,
    Sent,
    Standing,
)

# Answers that the customer asked for, or that free them of something: no limit keeps them back, but they count.
_ASKED_FOR = frozenset({PROMISE, PLAN, PLAN_OFFER, INVOICE_AGAIN, PREPAYMENT_LIFTED})


def decisions(standings: Iterable[Standing], config: Config) -> tuple[Decision, ...]:
    """One decision per standing, in the same order. What is decided in one currency counts for the next."""
    return decided_by(standings, config, config.business_days(), contact_limits.of(config))


def decided_by(
    standings: Iterable[Standing], config: Config, calendar: Calendar, limits: Limits
) -> tuple[Decision, ...]:
    """The same by a calendar and limits that are worked out already."""
    today: defaultdict[str, list[Contact]] = defaultdict(list)
    found, standings = [], tuple(standings)
    for standing in standings:
        decision = decide(standing, config, calendar, limits, today[standing.account_id])
        if decision.action in {Action.NOTICE, Action.CALL}:
            today[standing.account_id] += _contacts_of(decision, standing)
        found.append(decision)
    for at, answer in quiet.due(standings, found, config):
        waits = _answer_waits(answer, ("email",), standings[at], limits, calendar, ())
        found[at] = found[at] if waits else _with_quiet_letter(found[at], answer, standings[at], calendar)
    return tuple(found)


def decide(
    standing: Standing, config: Config, calendar: Calendar, limits: Limits, today: Sequence[Contact] = ()
) -> Decision:
    """What is done about the account today.

    Holds come first, then the limits of contact, then what is owed as an answer, then the ladder: one email or letter at
    most, at the highest step due among its items. `today` are the contacts decided on in its other currencies.
    """
    held = holds(standing, config)
    known = (*contact_limits.contacts(standing), *today)
    answer = None if forbids_answers(held) or heard_today(standing) else answer_due(standing, held, config, calendar)
    by = _in_writing(answer, standing) if answer and calendar.is_business(standing.on) else ()
    later = ""
    if answer and by:
        later = _answer_waits(answer, by, standing, limits, calendar, known)
        if not later:
            return _answer(standing, answer, by, _lines(standing, config, calendar, held, limits, known)[0], held)
    if not standing.items:
        decision = _nothing_open(standing, held)
    else:
        lines, stopped = _lines(standing, config, calendar, held, limits, known)
        schedule = config.schedule[standing.customer.track]
        decision = _by_the_ladder(standing, schedule, calendar, lines, stopped, held)
        decision = _with_announcements(decision, standing, schedule, config)
    return replace(decision, reasons=(*decision.reasons, later)) if later else decision


def _by_the_ladder(
    standing: Standing,
    schedule: Schedule,
    calendar: Calendar,
    lines: tuple[ItemDecision, ...],
    stopped: tuple[str, ...],
    held: tuple[Hold, ...],
) -> Decision:
    """The step that is due; `stopped` says why a step that would be due today waits for a limit."""
    account_holds = tuple(hold for hold in held if not hold.invoice_id)
    if account_holds:
        return Decision(
            standing.account_id,
            standing.currency,
            Action.HOLD,
            tuple(hold.why for hold in account_holds),
            items=lines,
            holds=held,
        )
    due = [line for line in lines if line.is_due]
    written = [line for line in due if not schedule.step[line.rung].is_call]
    if written:
        return _notice(standing, schedule, calendar, lines, written, held)
    if due:
        step = schedule.step[max(line.rung for line in due)]
        return _to_call(standing, lines, due, step, schedule.rung(step.name), held)
    if stopped:
        return Decision(standing.account_id, standing.currency, Action.WAIT, stopped, items=lines, holds=held)
    return _not_today(standing, lines, held)


def _with_announcements(decision: Decision, standing: Standing, schedule: Schedule, config: Config) -> Decision:
    """What each item's own step announces, where the account is written to."""
    if decision.action is not Action.NOTICE:
        return decision
    regime = regimes.for_account(config, standing.customer.kind)
    lines = (
        replace(
            line,
            announces=consequences.announced(
                schedule.step[line.rung], line.item, standing, config, regime, decision.pay_by
            ),
        )
        if line.is_due
        else line
        for line in decision.items
    )
    return replace(decision, items=tuple(lines))


def _nothing_open(standing: Standing, held: tuple[Hold, ...]) -> Decision:
    action, why = Action.SETTLED, "everything is paid"
    left = sum(claim.owed for claim in standing.claims)
    if left:
        amount = f"{money.to_text(left, standing.currency)} {standing.currency}"
        action, why = (
            Action.WAIT,
            f"the invoices are paid; {amount} of interest and fixed sums is left: wait, or waive it",
        )
    elif standing.credit:
        why = "everything is paid, and there is credit on the account"
    elif sum(line.amount or 0 for line in standing.activity if line.kind == "writeoff") > 0:
        why = "nothing is open: what was not paid is written off"
    elif not (standing.payments or standing.history or standing.conduct.days_late):
        action, why = Action.NONE, "nothing was ever invoiced"
    return Decision(standing.account_id, standing.currency, action, (why,), holds=held)


def heard_today(standing: Standing) -> bool:
    """One email or letter a day and currency, whatever it is."""
    return any(
        line.on == standing.on and line.currency == standing.currency and line.went_out for line in standing.history
    )


def _with_quiet_letter(decision: Decision, answer: Answer, standing: Standing, calendar: Calendar) -> Decision:
    """The decision with the letter in place of doing nothing, on a business day and where it can be written to."""
    by = _in_writing(answer, standing) if calendar.is_business(standing.on) else ()
    if not by:
        return decision
    made = _answer(standing, answer, by, decision.items, decision.holds)
    return replace(made, letter=quiet.letter_of(answer.step))


def _in_writing(answer: Answer, standing: Standing) -> tuple[str, ...]:
    """The channel for an answer: email, else letter. Who has a telephone alone was answered on it."""
    channels, _ = reachable(("email",), answer.step, standing)
    return tuple(channel for channel in channels if channel != "call")


def _answer(
    standing: Standing,
    answer: Answer,
    channels: tuple[str, ...],
    lines: tuple[ItemDecision, ...],
    held: tuple[Hold, ...],
) -> Decision:
    """A notice beside the ladder: by email where there is an address, else by letter."""
    _, fallback = reachable(("email",), answer.step, standing)
    return Decision(
        account_id=standing.account_id,
        currency=standing.currency,
        action=Action.NOTICE,
        reasons=(answer.why, *([fallback] if fallback else [])),
        step=answer.step,
        letter=answer.step,
        channels=channels,
        pay_by=answer.pay_by,
        items=tuple(replace(line, is_due=False) for line in lines),
        holds=held,
        answer=answer,
    )


def _answer_waits(
    answer: Answer,
    channels: tuple[str, ...],
    standing: Standing,
    limits: Limits,
    calendar: Calendar,
    known: Sequence[Contact],
) -> str:
    """Why an answer that nobody asked for may not go today; "" when it may."""
    if answer.step in _ASKED_FOR:
        return ""
    waits = contact_limits.wait(
        standing,
        limits,
        calendar,
        "message",
        channels=len(channels),
        is_dunning=any(due < standing.on for _, due in answer.items),
        known=known,
    )
    return f"{answer.step} waits: {waits[1]}" if waits else ""


def _contacts_of(decision: Decision, standing: Standing) -> list[Contact]:
    """What a decision is, once it is carried out, for the limits."""
    about = decision.answer.items if decision.answer else tuple(each.item.key for each in decision.items if each.is_due)
    is_dunning = any(due < standing.on for _, due in about)
    return [
        Contact(standing.on, channel, f"{standing.currency}-{channel}", is_dunning) for channel in decision.channels
    ]


def _lines(
    standing: Standing,
    config: Config,
    calendar: Calendar,
    held: Sequence[Hold],
    limits: Limits,
    known: Sequence[Contact],
) -> tuple[tuple[ItemDecision, ...], tuple[str, ...]]:
    """Where each open item stands on its ladder; and why what would be due today waits for a limit of contact."""
    schedule = config.schedule[standing.customer.track]
    by_item: defaultdict[tuple[str, date], list[Sent]] = defaultdict(list)
    for line in standing.history:
        by_item[line.key].append(line)
    talks = [line for line in standing.activity if line.kind == "call"]
    never_arrived, again, free = not_received(standing), sent_again(standing), free_since(standing, config)
    found, stopped = [], []
    for item in standing.items:
        said = first_about(never_arrived, item)
        restarts_on = again[item.key] + timedelta(days=1) if said and item.key in again else None
        where = place(
            item,
            by_item.get(item.key, ()),
            [talk.on for talk in talks if talk.invoice_id in {"", item.invoice_id}],
            schedule,
            calendar,
            standing.on,
            by_phone=not standing.customer.email and not standing.customer.has_post,
            broken=standing.conduct.broken,
            restart=said.on if said else None,
            free_since=max(filter(None, (free.get(""), free.get(item.invoice_id), restarts_on)), default=None),
        )
        unlimited = _item(where, standing, schedule, calendar, held, restarts_on)
        limited = _within(limits, unlimited, standing, schedule, calendar, known)
        if unlimited.is_due and not limited.is_due:
            stopped.append(limited.reasons[-1])
        found.append(limited)
    return tuple(found), tuple(dict.fromkeys(stopped))


def _within(
    limits: Limits,
    line: ItemDecision,
    standing: Standing,
    schedule: Schedule,
    calendar: Calendar,
    known: Sequence[Contact],
) -> ItemDecision:
    """The line, moved to the first day on which its step breaks no limit of contact."""
    if line.next_on is None or not line.next_step:
        return line
    step = schedule.step[line.rung]
    channels = reachable(step.channels, step.name, standing)[0]
    is_call = step.is_call or channels == ("call",)
    waits = contact_limits.wait(
        standing,
        limits,
        calendar,
        "call" if is_call else "message",
        first=line.next_on,
        channels=len(channels),
        is_dunning=line.item.due < line.next_on,
        # What is to be said in two currencies is said in one call.
        known=[each for each in known if not (is_call and each.is_call and each.notice_id)],
    )
    if waits is None:
        return line
    day, why = waits
    return replace(line, next_on=day, is_due=False, reasons=(*line.reasons, why), announces=())


def _item(
    place: Place,
    standing: Standing,
    schedule: Schedule,
    calendar: Calendar,
    holds: Sequence[Hold],
    restarts_on: date | None,
) -> ItemDecision:
    """The item's next step, the first day for it, and whether that is today."""
    behind = schedule.step[place.behind.taken].name if place.behind and place.behind.taken >= 0 else ""
    held = next((hold for hold in holds if hold.invoice_id == place.item.invoice_id), None)
    is_through = place.next_rung == len(schedule.step)
    next_name = "" if is_through else schedule.step[place.next_rung].name
    if place.blocked or held or place.from_day is None:
        why = (held.why if held else "") or place.blocked or "the schedule has no step left for it"
        return ItemDecision(place.item, behind, next_name, None, False, (why,), place.next_rung)
    if is_through:
        over = tuple(why for _, why in place.waits)
        return ItemDecision(place.item, behind, "", place.from_day, False, over, place.next_rung)
    step = schedule.step[place.next_rung]
    again = [(restarts_on, f"the invoice was sent again, to be paid before {restarts_on}")] if restarts_on else []
    waits = sorted((*place.waits, *_account_waits(standing, step, schedule), *again))
    first = max(waits[-1][0], standing.on)
    day = calendar.on_or_after(first)
    reasons = tuple(why for _, why in waits)
    if day != first:
        reasons += (f"{first} is not a business day",)
    return ItemDecision(
        item=place.item,
        step=behind,
        next_step=step.name,
        next_on=day,
        is_due=day <= standing.on,
        reasons=reasons,
        rung=place.next_rung,
    )


def _account_waits(standing: Standing, step: Step, schedule: Schedule) -> list[tuple[date, str]]:
    """The minimum gap, counted from the last contact with the account whatever it was about.

    A notice in another currency that goes out on the same day is no reason to wait: one per currency is the rule.
    """
    contacts = [
        (line.on, line.step or line.channel)
        for line in standing.history
        if line.went_out
        and not quiet.is_quiet(line.step)
        and (line.currency == standing.currency or line.on < standing.on)
    ]
    contacts += [(line.on, "call") for line in standing.activity if line.kind == "call"]
    if not contacts:
        return []
    on, what = max(contacts)
    gap = max(schedule.minimum_gap if step.minimum_gap is None else step.minimum_gap, 1)
    days = f"{gap} day{'' if gap == 1 else 's'}"
    return [(on + timedelta(days=gap), f"at least {days} after the last contact, the {what} of {on}")]


def _notice(
    standing: Standing,
    schedule: Schedule,
    calendar: Calendar,
    lines: tuple[ItemDecision, ...],
    written: Sequence[ItemDecision],
    holds: tuple[Hold, ...],
) -> Decision:
    rung = max(line.rung for line in written)
    step = schedule.step[rung]
    channels, fallback = reachable(step.channels, step.name, standing)
    if not channels:
        return Decision(
            standing.account_id, standing.currency, Action.WAIT, (fallback,), step.name, rung, items=lines, holds=holds
        )
    broke = _broken_now(standing, [line.item for line in lines if line.is_due])
    pay_by = None
    if step.pay_within is not None:
        pay_by = calendar.on_or_after(standing.on + timedelta(days=step.pay_within))
    return Decision(
        account_id=standing.account_id,
        currency=standing.currency,
        action=Action.NOTICE if channels != ("call",) else Action.CALL,
        reasons=(
            *(_why_due(line, _break_of(standing, line.item)) for line in written),
            *([fallback] if fallback else []),
        ),
        step=step.name,
        rung=rung,
        letter=step.letter_name,
        broken=broke,
        channels=channels,
        pay_by=pay_by,
        items=tuple(replace(line, is_due=line.is_due and line in written) for line in lines),
        holds=holds,
    )


def _broken_now(standing: Standing, items: Sequence[OpenItem]) -> Promise | None:
    """The promise that was not kept, in the first notice after its break: its letter says so."""
    return max(filter(None, (_break_of(standing, item, alone=False) for item in items)), key=broken_on, default=None)


def _break_of(standing: Standing, item: OpenItem, *, alone: bool = True) -> Promise | None:
    """The last promise that was not kept and that no notice followed yet: none for the item, or else none at all."""
    followed = (s.on for s in standing.history if s.is_step and s.went_out and (s.key == item.key or not alone))
    last = max(followed, default=None)
    calling = [promise for promise in standing.conduct.broken if brings_forward(promise, item, last)]
    return max(calling, key=broken_on, default=None)


def _why_due(line: ItemDecision, broke: Promise | None = None) -> str:
    days = line.item.days_past_due
    if days > 0:
        age = f"{days} day{'' if days == 1 else 's'} past due"
    else:
        age = "due today" if days == 0 else f"due in {-days} day{'' if days == -1 else 's'}"
    after = f"after {line.step}" if line.step else "nothing sent before"
    promised = f", the promise for {broke.due} was not kept" if broke else ""
    return f"{line.item.invoice_id} is {age}, {after}{promised}: {line.next_step}"


def reachable(wanted: tuple[str, ...], what: str, standing: Standing) -> tuple[tuple[str, ...], str]:
    """The channels of those wanted that can reach the customer, else the next best way, with the reason for any change.

    An address that a server refused for good takes no mail: it counts as none until the books hold another.
    """
    customer = standing.customer
    refused = is_refused(standing)
    can = {"email": bool(customer.email) and not refused, "letter": customer.has_post, "call": bool(customer.phone)}
    reachable = tuple(channel for channel in wanted if can[channel])
    if len(reachable) == len(wanted):
        return reachable, ""
    no_mail = "their address refused mail" if refused else "there is no email address"
    why = no_mail if "email" in wanted and not can["email"] else "there is no postal address"
    if reachable:
        return reachable, f"{why}: by {reachable[0]} alone"
    for channel in ("letter", "email", "call"):
        if can[channel]:
            return (channel,), f"{why}: by {'telephone' if channel == 'call' else channel} instead"
    return (), f"{what} is due, and there is no way to reach them: no email, no postal address, no telephone"


def _to_call(
    standing: Standing,
    lines: tuple[ItemDecision, ...],
    due: Sequence[ItemDecision],
    step: Step,
    rung: int,
    holds: tuple[Hold, ...],
) -> Decision:
    broke = _broken_now(standing, [line.item for line in due])
    reasons = tuple(_why_due(line, _break_of(standing, line.item)) for line in due)
    if not standing.customer.phone:
        reasons = (
            *reasons,
            f"no telephone number is known; without a call the ladder goes on after {step.give_way} business days",
        )
    return Decision(
        account_id=standing.account_id,
        currency=standing.currency,
        action=Action.CALL,
        reasons=tuple(reasons),
        step=step.name,
        rung=rung,
        channels=("call",),
        items=lines,
        holds=holds,
        broken=broke,
    )


def _not_today(standing: Standing, lines: tuple[ItemDecision, ...], holds: tuple[Hold, ...]) -> Decision:
    """The schedule is through and its last deadline past, for all that is overdue and not held: refer. Otherwise wait,
    and say for what."""
    held = {hold.invoice_id for hold in holds}
    overdue = [line for line in lines if line.item.is_overdue and line.item.invoice_id not in held]
    if overdue and all(not line.next_step and line.next_on and line.next_on <= standing.on for line in overdue):
        why = "every step of the schedule is taken and the last deadline is past: refer the account or write it off"
        return Decision(
            standing.account_id, standing.currency, Action.REFER, (why,), step=overdue[0].step, items=lines, holds=holds
        )
    ahead = [line for line in lines if line.next_on and (line.next_step or line.next_on > standing.on)]
    coming = sorted(ahead, key=lambda line: (line.next_on, line.item.due))
    if coming:
        first = coming[0]
        reasons: tuple[str, ...] = (
            f"{first.next_step or 'the end of the schedule'} on {first.next_on}: {first.reasons[-1]}",
        )
    else:
        reasons = tuple(dict.fromkeys(line.reasons[-1] for line in lines))
    action = Action.HOLD if holds and all(line.next_on is None for line in lines) else Action.WAIT
    return Decision(standing.account_id, standing.currency, action, reasons, items=lines, holds=holds)
