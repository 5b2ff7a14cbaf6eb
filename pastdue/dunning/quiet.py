"""Quiet letters: those that ask for no money, to accounts that hear nothing else today."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from pastdue.config import Config
from pastdue.dunning import deliveries, onboarding
from pastdue.model import Action, Answer, Decision, Hold, Standing


def is_quiet(step: str) -> bool:
    """True for what such a letter is recorded as: no step of a schedule waits because of one."""
    return step == deliveries.SATISFACTION or onboarding.is_policy(step)


def letter_of(step: str) -> str:
    """The letter that it is written with."""
    return onboarding.POLICY if onboarding.is_policy(step) else step


def due(standings: Sequence[Standing], decided: Sequence[Decision], config: Config) -> Iterator[tuple[int, Answer]]:
    """What may go today, as the place of its standing: one to an account, in its own currency where there are several.

    `decided` is what else happens; no step of a schedule gives way to a quiet letter.
    """
    asks, tells = config.deliveries.ask_after is not None, config.policy.send and bool(config.policy.version)
    accounts: defaultdict[str, list[int]] = defaultdict(list)
    for place, standing in enumerate(standings) if asks or tells else ():
        accounts[standing.account_id].append(place)
    for places in accounts.values():
        own = [standings[place] for place in places]
        if _hears_nothing(own, [decided[place] for place in places], config):
            places.sort(key=lambda place: standings[place].currency != standings[place].customer.currency)
            found = ((place, each) for place in places for each in _owed(standings[place], own, decided[place], config))
            yield from (first for first in [next(found, None)] if first)


def _hears_nothing(own: Sequence[Standing], decided: Sequence[Decision], config: Config) -> bool:
    """True where nothing happens about the account today, nothing holds it, and it heard nothing for the minimum gap."""
    if any(decision.action not in {Action.WAIT, Action.SETTLED, Action.NONE} for decision in decided):
        return False
    if any(not hold.invoice_id for decision in decided for hold in decision.holds):
        return False
    heard = [line.on for line in own[0].history if line.went_out]
    heard += [line.on for line in own[0].activity if line.kind == "call"]
    gap = max(config.schedule[own[0].customer.track].minimum_gap, 1)
    return all((own[0].on - on).days >= gap for on in heard)


def _owed(standing: Standing, own: Sequence[Standing], decision: Decision, config: Config) -> Iterator[Answer]:
    """Whether all is in order with what was delivered; then the credit policy, to an account without holds or overdue sums."""
    yield from deliveries.owed(standing, _off(decision.holds), config)
    if not decision.holds and not any(each.overdue for each in own):
        yield from onboarding.owed(standing, config)


def _off(held: Sequence[Hold]) -> frozenset[str]:
    return frozenset(hold.invoice_id for hold in held)
