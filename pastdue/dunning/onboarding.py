"""Onboarding: who has not acknowledged the credit policy as it is now, who is to get it, and who of the staff is due again."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from pastdue.config import FILE, Config
from pastdue.findings import Finding, shown, warning
from pastdue.model import NO_ITEM, Activity, Answer, Standing

POLICY = "policy"  # the letter; with the version behind it, the step that it is recorded as
YEAR = timedelta(days=365)


def step_of(version: str) -> str:
    """What the policy letter is recorded as: its version stands in the notices ledger, and in the file's name."""
    return f"{POLICY}-{version}"


def is_policy(step: str) -> bool:
    """True for a step that is a policy letter, of whatever version."""
    return step.startswith(f"{POLICY}-")


def missing(standing: Standing, config: Config) -> str:
    """Why no acknowledgement of the account holds, in words; "" when one does, or when there is no policy."""
    if not config.policy.version:
        return ""
    line = _last(standing)
    if line is None:
        return "never acknowledged"
    if line.note != config.policy.version:
        named = f"version {line.note}" if line.note else "no version"
        return f"acknowledged {named} on {line.on}, and {config.policy.version} holds now"
    if standing.on - line.on > timedelta(days=config.policy.valid_days):
        return f"acknowledged on {line.on}, more than {_days(config.policy.valid_days)} ago"
    return ""


def sent_on(standing: Standing, config: Config) -> date | None:
    """The last day on which the policy went to the account in its present version; None when it never did."""
    step = step_of(config.policy.version)
    return max((line.on for line in standing.history if line.step == step and line.went_out), default=None)


def unread(standings: Iterable[Standing], config: Config) -> dict[str, tuple[str, date | None]]:
    """By account, whose acknowledgement is missing: why, and the day on which the policy last went to them.

    Of those with whom there is business; what is wrong with the others can wait until they order.
    """
    return {
        standing.account_id: (why, sent_on(standing, config))
        for standing in _once_per_account(standings)
        if _is_customer(standing) and (why := missing(standing, config))
    }


def owed(standing: Standing, config: Config) -> Iterator[Answer]:
    """The policy letter, to a customer whose acknowledgement is missing: in each version once a year at most.

    Not to one who is overdue, and has other things to read; nor to one of whom nothing was heard for a year.
    """
    why = missing(standing, config)
    if not (why and config.policy.send) or standing.overdue or not _is_customer(standing):
        return
    last = sent_on(standing, config)
    if last is None or standing.on - last >= YEAR:
        yield Answer(step_of(config.policy.version), (NO_ITEM,), why=f"the credit policy: {why}")


def findings(standings: Sequence[Standing], config: Config, on: date) -> Iterator[Finding]:
    """Staff who have not acknowledged the policy within its time, and acknowledgements that name no version anybody knows."""
    if not config.policy.version:
        return
    for name, last in sorted(config.policy.staff.items()):
        if on - last > timedelta(days=config.policy.valid_days):
            message = f"{shown(name)} acknowledged the credit policy on {last}, more than {_days(config.policy.valid_days)} ago"
            yield warning(FILE, message, "Let them read it again, then set their date under [policy.staff].")
    for standing in _once_per_account(standings):
        line, sent = _last(standing), _versions_sent(standing)
        if line and line.note not in {config.policy.version, *sent} and (not line.note or _answers(line, sent, config)):
            named = f"{shown(line.note)} is no version that they were sent" if line.note else "no version is named"
            hint = f"Write the version that they acknowledged into its note: {config.policy.version}."
            yield warning("accounts/activity", f"acknowledged: {named}", hint, row=line.row, column="note")


def _last(standing: Standing) -> Activity | None:
    return next((line for line in reversed(standing.activity) if line.kind == "acknowledged"), None)


def _versions_sent(standing: Standing) -> dict[str, date]:
    """Each version that went to the account, with the first day on which it did."""
    sent: dict[str, date] = {}
    for line in standing.history:
        if is_policy(line.step) and line.went_out:
            sent.setdefault(line.step.removeprefix(f"{POLICY}-"), line.on)
    return sent


def _answers(line: Activity, sent: dict[str, date], config: Config) -> bool:
    """True for a line that came after the present version went out: it should name that one, or one sent before."""
    first = sent.get(config.policy.version)
    return first is not None and line.on >= first


def _is_customer(standing: Standing) -> bool:
    """True for a new customer, and for one with whom there was business in the last year."""
    since = standing.on - YEAR
    lately = (
        *(payment.received for payment in standing.payments),
        *(line.on for line in standing.history if not is_policy(line.step)),
        *(line.on for line in standing.activity if line.kind != "acknowledged"),
    )
    is_new = not lately and not _versions_sent(standing)
    return bool(standing.items or standing.conduct.days_late) or is_new or any(day > since for day in lately)


def _once_per_account(standings: Iterable[Standing]) -> Iterator[Standing]:
    return iter({standing.account_id: standing for standing in standings}.values())


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"
