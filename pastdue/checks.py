"""What is to be said against a run: against what it reads, before anything is decided, and against what it came to."""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from pastdue.config import FILE, Config
from pastdue.documents import calls, catalogue, desk, look, policy, portal
from pastdue.documents.letters import ANSWERS, NOTE, Letters
from pastdue.dunning import consequences, deliveries, limits, onboarding, regimes
from pastdue.findings import Finding, warning
from pastdue.model import Action, Decision, Inputs, Ledger, Standing

if TYPE_CHECKING:  # the linter is for runs that write letters; the others start without it
    from pastdue.documents.linter import Remark

_DEMO_KEY = "723b3ff15ea057382308ae4378155dbc5fa39f5484710f70b20cddd970549b63"  # the hash of the portal.key that is published with the demo


def of_decisions(inputs: Inputs, config: Config, ledger: Ledger) -> list[Finding]:
    """What the operator decided and cannot be done so, or should not be: look, key, limits of contact, announcements."""
    return [
        *look.problems(config, inputs.static),
        *_demo_key(inputs, config),
        *limits.problems(config),
        *_what_is_announced(config, ledger),
    ]


def of_letters(
    letters: Letters, inputs: Inputs, config: Config, ledger: Ledger, *, in_every_language: bool
) -> "tuple[tuple[Remark, ...], list[Finding]]":
    """What the linter found in letters, and everything that is wrong with letters and pages.

    Letters in languages that nobody in the books reads are looked at `in_every_language` alone.
    """
    from pastdue.documents import linter, patterns

    wanted = list(_letters_wanted(config, ledger))
    # The credit policy is on the site in every language.
    read = None if in_every_language or config.policy.version else _languages_read(config, ledger)
    remarks = linter.sources(inputs.letters, config, _said_to_anybody(wanted, config), read)
    return remarks, [
        *letters.check(wanted, config, read),
        *patterns.of_letters(inputs.letters).findings,
        *linter.findings(remarks, config),
        *policy.findings(letters, config),
        *_mistakes_in_pages(tuple(sorted(inputs.templates.items()))),
    ]


def of_accounts(
    standings: tuple[Standing, ...],
    decisions: tuple[Decision, ...],
    unbilled: Iterable[deliveries.Unbilled],
    config: Config,
    on: date,
) -> list[Finding]:
    """What the operator has to see to on the day: whom nothing reaches, what no rate is known for, what is not billed."""
    return [
        *_unreachable(standings, decisions),
        *_without_a_rate(standings),
        *deliveries.findings(unbilled),
        *onboarding.findings(standings, config, on),
    ]


# `send` works the day out twice, and what pages are made of is the same in both.
@lru_cache(maxsize=1)
def _mistakes_in_pages(templates: tuple[tuple[str, str], ...]) -> tuple[Finding, ...]:
    return tuple(finding for page in (portal, policy, desk, calls) for finding in page.check(dict(templates)))


def _letters_wanted(config: Config, ledger: Ledger) -> Iterator[tuple[str, list[str]]]:
    """Every letter that a schedule names, with the languages of the customers who follow it, and those that any may need."""
    for track, schedule in config.schedule.items():
        languages = sorted({c.language for c in ledger.customers.values() if c.track == track})
        yield from ((step.letter_name, languages) for step in schedule.step if not step.is_call)
    everybody = sorted({customer.language for customer in ledger.customers.values()})
    never = {deliveries.SATISFACTION: config.deliveries.ask_after is None, onboarding.POLICY: not config.policy.version}
    yield from ((letter, everybody) for letter in (*ANSWERS, NOTE) if not never.get(letter))


def _languages_read(config: Config, ledger: Ledger) -> frozenset[str]:
    """The languages, without their regions, that letters of this run may be in: of customers, the business, and English."""
    tags = {customer.language for customer in ledger.customers.values()} | {
        config.business.language,
        catalogue.FALLBACK,
    }
    return frozenset(chain[-1] for tag in tags if (chain := catalogue.chain(tag)))


def _said_to_anybody(wanted: Iterable[tuple[str, list[str]]], config: Config) -> set[str]:
    """The names of the letters that some customer may get, and of the text that stands on the site."""
    return {letter for letter, _ in wanted} | ({policy.TEXT} if config.policy.version else set())


def _what_is_announced(config: Config, ledger: Ledger) -> list[Finding]:
    """Rules of interest that are not known or not whole; and where they are, schedules that say what they do not do."""
    found = regimes.problems(config)
    if not any(finding.stops_run for finding in found):
        found += consequences.problems(config, ledger.customers.values())
    return found


def _demo_key(inputs: Inputs, config: Config) -> Iterator[Finding]:
    """The demo's key where addresses must be secret."""
    if sha256(inputs.portal_key).hexdigest() == _DEMO_KEY and config.today is None:
        yield warning(
            "portal.key",
            "this is the demo's key: everybody can work out the addresses of your customers' pages",
            "Delete the file; the next build makes a new one.",
        )


def _without_a_rate(standings: tuple[Standing, ...]) -> Iterator[Finding]:
    """Interest that runs by a rule whose rate nobody has entered: said once, since nothing is claimed for those days."""
    since = [
        (charge.unknown_from, standing.account_id)
        for standing in standings
        for charge in standing.charges
        if charge.unknown_from
    ]
    if since:
        first, accounts = min(since)[0], sorted({account for _, account in since})
        others = f" and {len(accounts) - 1} more" if len(accounts) > 1 else ""
        yield warning(
            FILE,
            f"no interest is claimed from {first} on of {accounts[0]}{others}: the rate is not known",
            f'Enter the reference rate under [interest.rates], by the day it holds from: {first} = "...".',
        )


def _unreachable(standings: tuple[Standing, ...], decisions: tuple[Decision, ...]) -> Iterator[Finding]:
    """Customers to whom something is due and nothing can go: on the desk, never in silence."""
    for account, decision in zip(standings, decisions, strict=True):
        if decision.action is Action.WAIT and decision.step and not decision.channels:
            yield warning(
                "accounts/customers",
                f"{account.account_id}: {decision.reasons[0]}",
                "Add an email address, a postal address or a telephone number.",
                row=account.customer.row,
            )
