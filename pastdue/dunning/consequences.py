"""Consequences: what a step may announce to an account, and which schedules announce what they cannot keep (rule 12)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from pastdue.config import FILE, THIRD_PARTY, Config, Schedule, Step
from pastdue.dunning import interest, regimes
from pastdue.findings import Finding, warning
from pastdue.model import Announcement, Customer, OpenItem, Standing

PATIENCE = 30  # days past due before a third party: DESIGN, rule 12; RULES, 8 (`grace_before_agency_days`)


def announced(
    step: Step, item: OpenItem, standing: Standing, config: Config, regime: regimes.Regime | None, pay_by: date | None
) -> tuple[Announcement, ...]:
    """What the step announces for an item today: what a rule lets happen, and no interest or fixed sum a second time.

    Nothing but interest comes before the day after `pay_by`, which may have moved to a business day, and no third party
    sooner than thirty days past the due date.
    """
    found = []
    for each in step.announces:
        on, what, since = standing.on + timedelta(days=each.in_days), each.consequence, None
        if what in {"interest", "fee"} and (regime is None or _is_announced(what, item, standing)):
            continue
        if regime and what == "interest":
            lawful = _lawful(regime, item, standing, config)
            if lawful is None:
                continue
            on = max(on, lawful)
            since = lawful if config.interest.starts == "due" and lawful < on else None
        amount = regime.fixed_sum(item.open, item.currency) if regime and what == "fee" else 0
        if what == "fee" and not amount:
            continue
        if regime and what == "fee":
            on = max(on, standing.on + timedelta(days=regime.sums.notice_days + 1))  # sooner, it would not be owed
        if pay_by and what != "interest":
            on = max(on, pay_by + timedelta(days=1))
        if what in THIRD_PARTY:
            on = max(on, item.due + timedelta(days=PATIENCE))
        found.append(Announcement(what, on, (item.invoice_id,), amount, since))
    return tuple(found)


def _lawful(regime: regimes.Regime, item: OpenItem, standing: Standing, config: Config) -> date | None:
    """The first day on which the law lets interest run; the notice that goes today is a reminder, if none was before it."""
    told = (line.on for line in standing.history if line.key == item.key and line.is_step and line.went_out)
    late = [on for on in (*told, standing.on) if on > item.due]
    return interest.first_day(
        regime,
        due=item.due,
        issued=item.issued,
        agreed=config.interest.dues_agreed,
        told=config.interest.consumers_told,
        first_reminder=min(late, default=None),
    )


def _is_announced(consequence: str, item: OpenItem, standing: Standing) -> bool:
    """True when a notice has said so already, it was not waived since, and it was or will be carried out."""
    told = {
        line.on: on
        for line in standing.history
        if line.key == item.key and line.went_out
        for what, on in line.announced
        if what == consequence
    }
    let_go = max(
        (a.on for a in standing.activity if a.waived == consequence and a.invoice_id in {"", item.invoice_id}),
        default=date.min,
    )
    if consequence == "fee":  # one that found nothing open on its day was not charged
        charged = any(charge.key == item.key and charge.fee for charge in standing.charges)
        return charged or any(day > let_go and on > standing.on for day, on in told.items())
    return any(day > let_go for day in told)


# ------------------------------------------------------------------ schedules that say what they do not do


def _refused(message: str, hint: str) -> Finding:
    """An error for `check`. A run says it and keeps to the rule all the same: it announces and sends no sooner."""
    return warning(FILE, message, hint, fails_check=True)


def problems(config: Config, customers: Iterable[Customer]) -> Iterator[Finding]:
    """Every schedule that announces what nothing carries out, that does not wait for its own deadline, or that refers too soon.

    Of interest and fixed sums, a rule has to let some of the customers owe them.
    """
    kinds = sorted({customer.kind for customer in customers} or {"business"})
    rules = {kind: regimes.for_account(config, kind) for kind in kinds}
    for track, schedule in config.schedule.items():
        for step in schedule.step:
            yield from _never_carried_out(track, step, config, rules)
            yield from _before_its_own_deadline(track, step)
        yield from _steps_too_soon(track, schedule)
        yield from _refers_too_soon(track, schedule)


def _never_carried_out(
    track: str, step: Step, config: Config, rules: Mapping[str, regimes.Regime | None]
) -> Iterator[Finding]:
    said = {each.consequence for each in step.announces}
    if "interest" in said and not any(rules.values()):
        yield _refused(
            f"schedule.{track}: the step {step.name} announces interest, and no rule lets it run",
            "Set interest.regime, or take the announcement out.",
        )
    if "fee" in said and not any(rule and _has_sum(rule, config) for rule in rules.values()):
        yield _refused(
            f"schedule.{track}: the step {step.name} announces a fee, and no rule gives a fixed sum in {config.business.currency}",
            "Set interest.regime to one with a fixed sum, or interest.fee for a contract, or take the announcement out.",
        )


def _has_sum(rule: regimes.Regime, config: Config) -> bool:
    return rule.fixed_sum(10**9, config.business.currency) > 0


def _before_its_own_deadline(track: str, step: Step) -> Iterator[Finding]:
    """A consequence whose day comes before the date that the same notice asks to be paid by."""
    for each in step.announces:
        if step.pay_within is not None and each.in_days <= step.pay_within and each.consequence != "interest":
            yield _refused(
                f"schedule.{track}: the step {step.name} asks for payment within {step.pay_within} days and announces {each.consequence} in {each.in_days}",
                f"Let it come after the deadline: in_days = {step.pay_within + 1} or more.",
            )


def _steps_too_soon(track: str, schedule: Schedule) -> Iterator[Finding]:
    """A step that its days put before the deadline of the step before it: it would always be late."""
    for earlier, later in zip(schedule.step, schedule.step[1:], strict=False):
        if earlier.pay_within is None:
            continue
        gap = _days_between(earlier, later)
        if gap is not None and gap <= earlier.pay_within:
            yield _refused(
                f"schedule.{track}: the step {later.name} comes {gap} days after {earlier.name}, which gives {earlier.pay_within} days to pay",
                "No customer is escalated before the date that they were given: give the step more days, or the letter fewer.",
            )


def _days_between(earlier: Step, later: Step) -> int | None:
    """Days from one step to the next by their own numbers; None where they count from different days."""
    if later.start == "previous":
        return later.days
    return later.days - earlier.days if later.start == earlier.start else None


def _refers_too_soon(track: str, schedule: Schedule) -> Iterator[Finding]:
    """A third party that is announced for less than thirty days past the due date."""
    soonest = 0
    for step in schedule.step:
        if step.start in {"due", "due-month-end"}:
            soonest = max(soonest, step.days)
        elif step.start == "previous":
            soonest += step.days
        for each in step.announces:
            if each.consequence in THIRD_PARTY and soonest + each.in_days < PATIENCE:
                yield _refused(
                    f"schedule.{track}: the step {step.name} announces {each.consequence} {soonest + each.in_days} days past due",
                    f"Give at least {PATIENCE} days past the due date before a third party.",
                )
