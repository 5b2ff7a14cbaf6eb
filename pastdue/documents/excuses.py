"""What they may answer on the telephone, and what to say then: calm, true, and never a threat.

Each answer is offered to the accounts whose record makes it likely; what fits best comes first. Replies are said aloud,
so that they ask one thing, and leave the amount and the day to the customer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pastdue.model import Class, Standing


@dataclass(frozen=True, slots=True)
class Known:
    """What the record says that makes one answer likelier than another."""

    standing: Standing
    asked: frozenset[str]  # the invoices that the call is about
    disputed: bool  # an invoice of the account is under discussion
    written: bool  # a notice of ours reached them

    @property
    def reason(self) -> str:
        """The last reason that they gave."""
        return self.standing.conduct.reason

    @property
    def is_business(self) -> bool:
        """Somebody else may approve and pay there."""
        return self.standing.customer.kind == "business"

    @property
    def has_paid_a_part(self) -> bool:
        """Money came for what the call is about."""
        return any(item.open < item.amount for item in self.standing.items if item.invoice_id in self.asked)


class Excuse(NamedTuple):
    """One answer, and the reply. `fits` is how likely it is, from 0: not offered."""

    says: str
    reply: str  # {placeholders} are filled from the record
    fits: Callable[[Known], int]
    log: str = ""  # what to record, in the words of the `log` command


def likely(known: Known, facts: Mapping[str, str], most: int) -> tuple[tuple[str, str, str], ...]:
    """The likeliest answers for this account, the best fit first: what they say, the reply, and what to record."""
    offered = (FRAUD,) if known.reason == "fraud" else EXCUSES
    fitting = [(each.fits(known), -place, each) for place, each in enumerate(offered)]
    chosen = sorted((each for each in fitting if each[0] > 0), reverse=True)[:most]
    return tuple((each.says, each.reply.format_map(facts).strip(), each.log) for _, _, each in chosen)


def _for_reason(*reasons: str, otherwise: int = 0) -> Callable[[Known], int]:
    return lambda known: 8 if known.reason in reasons else otherwise


def _broke(known: Known) -> int:
    return 10 if known.standing.conduct.broken else 0


def _never_came(known: Known) -> int:
    if known.reason == "not-received":
        return 8
    return 5 if not known.written else 2


def _by_work(known: Known) -> int:
    return 8 if known.reason == "dispute" or known.disputed else 2


def _by_cash(known: Known) -> int:
    if known.reason == "cash-flow":
        return 9
    return 5 if known.standing.conduct.klass in {Class.SLOW, Class.BREAKS} or known.has_paid_a_part else 3


def _by_trade(known: Known) -> int:
    if not known.is_business:
        return 0
    return 7 if known.reason == "cash-flow" else 3


def _by_absence(known: Known) -> int:
    if not known.is_business:
        return 0
    return 7 if known.standing.conduct.unanswered or known.reason == "avoids" else 2


def _by_payment(known: Known) -> int:
    return 6 if known.has_paid_a_part or known.standing.credit else 1


def _next_week(known: Known) -> int:
    conduct = known.standing.conduct
    return 7 if conduct.promises or conduct.klass is Class.SLOW else 4


def _by_approval(known: Known) -> int:
    """Who pays on time as a rule is seldom short: it hangs somewhere."""
    if not known.is_business:
        return 0
    return 6 if known.standing.conduct.klass is Class.ON_TIME else 2


def _refuses(known: Known) -> int:
    return {"refuses": 9, "avoids": 4}.get(known.reason, 0)


def _post(known: Known) -> int:
    return 6 if known.standing.conduct.klass in {Class.BREAKS, Class.AVOIDS} else 2


# Stop and note: the one answer that is offered alone once it was given.
FRAUD = Excuse(
    "I never ordered that; it was not me.",
    "Thank you for telling me. I stop here and note what you say. Nobody will ask you for it while we look into it.",
    lambda known: 8 if known.reason == "fraud" else 1,
    "reason fraud",
)

# In the order that breaks a tie: the commonest first.
EXCUSES = (
    Excuse(
        "I will pay, I promise.",
        "You told us {broken}. What has changed since then? What can you pay today, and what on which day?",
        _broke,
        "promise",
    ),
    Excuse(
        "We never got the invoice.",
        "Then it goes to you again. To which address, and what else do you need to pay it?",
        _never_came,
        "reason not-received",
    ),
    Excuse(
        "I will pay next week.",
        "Thank you. Which amount, on which day? I note it{confirmed}.",
        _next_week,
        "promise",
    ),
    Excuse(
        "Cash is short.",
        "Thank you for saying so. What can you pay each month, without fail? We can make that a plan.",
        _by_cash,
        "reason cash-flow",
    ),
    Excuse(
        "Something was wrong with the work.",
        "I am glad that you say so. Which invoice, and what is wrong? We do not ask for that one until it is settled. "
        "Are the others right?",
        _by_work,
        "dispute",
    ),
    Excuse(
        "The person who pays is away.",
        "When are they back, and when is a good time to call? Who can pay while they are away?",
        _by_absence,
        "call",
    ),
    Excuse(
        "We are waiting for our own customer.",
        "That is hard to plan with. What can you pay of it now, and the rest on which day?",
        _by_trade,
        "reason cash-flow",
    ),
    Excuse(
        "We paid that.",
        "Thank you. On which day, how much, and with which reference? I will look for it today. {last_payment}",
        _by_payment,
        "message",
    ),
    Excuse(
        "The cheque is in the post.",
        "Thank you. When was it posted, and for how much? If it is not here by {week}, may I call you again?",
        _post,
        "promise",
    ),
    Excuse(
        "Send it again.",
        "Gladly. To whom, and with which order number or name? On which day can it be paid?",
        _for_reason("not-received", otherwise=2),
        "reason not-received",
    ),
    Excuse(
        "I forgot.",
        "That happens. Can you pay it now, while we speak? {page}",
        _for_reason("forgot", otherwise=2),
        "reason forgot",
    ),
    Excuse(
        "It has to be approved.",
        "Who approves it, and when is your next payment run? What do they still need from us?",
        _by_approval,
        "call",
    ),
    Excuse(
        "Things are hard at home.",
        "I am sorry to hear that. Would a pause help, until when? Or smaller amounts?",
        lambda known: 0 if known.is_business else 4,
        "hardship",
    ),
    Excuse(
        "We are not going to pay.",
        "May I ask why? If something is wrong, I note it, and we look into it before we ask again.",
        _refuses,
        "reason refuses",
    ),
    FRAUD,
)
