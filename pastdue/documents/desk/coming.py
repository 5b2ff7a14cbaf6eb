"""What the coming days bring, and what money has no day, in the words that the desk and `forecast` share."""

from collections.abc import Callable, Iterator, Sequence

from pastdue.documents.desk.words import count
from pastdue.outlook import Cash, Coming, Kind

_NOUNS = {
    Kind.NOTICE: ("notice", ""),
    Kind.CALL: ("call", ""),
    Kind.CONSEQUENCE: ("announced consequence", ""),
    Kind.PROMISE: ("promise", ""),
    Kind.INSTALMENT: ("instalment", ""),
    Kind.HOLD_ENDS: ("hold that ends", "holds that end"),
    Kind.REFER: ("account to refer", "accounts to refer"),
}


def words(each: Coming) -> str:
    """What comes, in a few words."""
    match each.kind:
        case Kind.NOTICE:
            return f"{each.what} by {' and '.join(each.channels)}"
        case Kind.CALL:
            return "call" if each.what == "call" else f"call ({each.what})"
        case Kind.CONSEQUENCE:
            return f"{each.what}, as announced"
        case Kind.PROMISE:
            return f"promise due, {each.why}"
        case Kind.INSTALMENT:
            return f"instalment due, {each.why}"
        case Kind.HOLD_ENDS:
            return f"last day of the hold ({each.what})"
        case Kind.REFER:
            return "schedule through: refer, write off"


def summary(coming: Sequence[Coming]) -> list[str]:
    """How many things of each kind."""
    kinds = [each.kind for each in coming]
    return [count(kinds.count(kind), *nouns) for kind, nouns in _NOUNS.items() if kind in kinds]


def beside(cash: Cash, show: Callable[[int], str]) -> Iterator[str]:
    """What of the balance no week has, and why."""
    if cash.later:
        yield f"{show(cash.later)} is expected later than these weeks."
    if cash.no_date:
        yield f"{show(cash.no_date)} has no day: it is later already than the account pays."
    if cash.no_record:
        yield f"{show(cash.no_record)} has no day: nothing was paid in this currency in twelve months."
    if cash.apart:
        yield f"{show(cash.apart)} is disputed or on hold, and not expected."
