"""Calls: what one is worth, which plans it could end with, and when to let a customer go. All in whole numbers.

    worth = what is asked for x chance of payment x chance of an answer x what its age leaves of it

Each chance is a share in percent. They order the day's calls and nothing else; no customer is told of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from pastdue import money
from pastdue.config import Config
from pastdue.dunning import plans
from pastdue.dunning.conduct import YEAR, contacts_since
from pastdue.dunning.promises import kept_rates
from pastdue.model import Action, Class, Decision, Promise, Standing

# The chance that what is owed comes after a call, by the class of the payer; where promises are on record, the mean of
# this and the share of them that were kept.
_PAYS = {Class.ON_TIME: 90, Class.SLOW: 75, Class.UNKNOWN: 60, Class.BREAKS: 35, Class.AVOIDS: 20}
_LESS_FOR_EACH, _AT_LEAST = 20, 20  # the chance of an answer falls with each call that was not answered, to this
_BY_AGE = ((30, 100), (60, 90), (90, 80), (120, 65))  # up to so many days past due, what is left of a claim's chance
_OLDEST = 50

CONTACTS, DAYS_LATE = 6, 30  # from which a customer's business may cost more than it pays


class Worth(NamedTuple):
    """What a call is worth, in minor units, and how that comes about."""

    score: int
    amount: int  # what is asked for: overdue and under no hold, or else open and under no hold
    words: str  # the shares by which the amount is multiplied, each with its reason


class Chasing(NamedTuple):
    """Twelve months of a customer who may cost more than they pay."""

    contacts: int
    days_late: int | None  # on average, of the invoices paid; None when none was
    received: int
    overdue: int
    interest: int  # unpaid, beside what is overdue


def worths(standings: Iterable[Standing], decisions: Iterable[Decision]) -> dict[tuple[str, str], Worth]:
    """What each of the day's calls is worth, by account and currency."""
    return {
        (standing.account_id, standing.currency): worth(standing, decision)
        for standing, decision in zip(standings, decisions, strict=True)
        if decision.action is Action.CALL
    }


def worth(standing: Standing, decision: Decision) -> Worth:
    """What a call to the account is worth today."""
    held = {hold.invoice_id for hold in decision.holds if hold.invoice_id}
    claimed = [item for item in standing.items if item.invoice_id not in held]
    amount = sum(item.open for item in claimed if item.is_overdue) or sum(item.open for item in claimed)
    days = max((item.days_past_due for item in claimed), default=0)
    (pays, why), (answers, tried), aged = _pays(standing), _answers(standing), _aged(days)
    words = (
        f"{pays} % for the payer ({why}) × {answers} % for an answer ({tried}) × {aged} % for the age ({_age(days)})"
    )
    return Worth(amount * pays * answers * aged // 100**3, amount, words)


def _pays(standing: Standing) -> tuple[int, str]:
    conduct = standing.conduct
    share, why = _PAYS[conduct.klass], "nothing known yet" if conduct.klass is Class.UNKNOWN else str(conduct.klass)
    kept, over, _, _ = kept_rates(conduct.promises)
    if over:
        return (share + 100 * kept // over) // 2, f"{why}, {kept} of {over} promises kept"
    return share, why


def _answers(standing: Standing) -> tuple[int, str]:
    tried = standing.conduct.unanswered
    said = f"{tried} call{'' if tried == 1 else 's'} unanswered" if tried else "none unanswered"
    return max(100 - _LESS_FOR_EACH * tried, _AT_LEAST), said


def _aged(days: int) -> int:
    return next((share for up_to, share in _BY_AGE if days <= up_to), _OLDEST)


def _age(days: int) -> str:
    return f"{days} day{'' if days == 1 else 's'} past due" if days > 0 else "not overdue"


def ways_to_pay(standing: Standing, config: Config) -> tuple[tuple[int, ...], ...]:
    """Plans that a call could end with, as amounts that add up to all that is open."""
    return plans.ways_to_pay(standing, standing.balance, config)


def to_stop_serving(standings: Iterable[Standing]) -> dict[tuple[str, str], Chasing]:
    """Whose business costs more than it pays, by account and currency."""
    found = {(standing.account_id, standing.currency): costs_more_than_it_pays(standing) for standing in standings}
    return {key: figures for key, figures in found.items() if figures}


def costs_more_than_it_pays(standing: Standing) -> Chasing | None:
    """The figures of a customer to let go, or None.

    Something is overdue, chasing took six contacts or more in twelve months, and either more is overdue than they paid
    in that time, or what they paid came thirty days late or more on average.
    """
    since = standing.on - YEAR
    contacts = contacts_since(standing, since)
    if not standing.overdue or contacts < CONTACTS:
        return None
    received = sum(payment.amount for payment in standing.payments if payment.received > since)
    late = _mean(standing.conduct.days_late)
    if standing.overdue <= received and (late is None or late < DAYS_LATE):
        return None
    return Chasing(contacts, late, received, standing.overdue, standing.interest)


def kept_in_a_year(standings: Iterable[Standing], on: date) -> dict[str, tuple[int, int, int, int]]:
    """By currency, what became of the promises that fell due in the last twelve months: see `kept_rates`."""
    made: defaultdict[str, list[Promise]] = defaultdict(list)
    for standing in standings:
        made[standing.currency] += (each for each in standing.conduct.promises if each.due > on - YEAR)
    return {currency: kept_rates(promises) for currency, promises in made.items() if promises}


def _mean(days: Sequence[int]) -> int | None:
    return money.half_up(Fraction(sum(days), len(days))) if days else None
