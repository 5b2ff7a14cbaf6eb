"""What was said that would be done: the operator's obligations, and the commands that answer them."""

from pastdue.documents import diary
from pastdue.model import Obligation, ObligationState, Standing

THIRD_PARTY = {"agency": "name of the agency", "small-claims": "name of the court"}


def is_ahead(obligation: Obligation) -> bool:
    """True while its day has not come."""
    return obligation.state is ObligationState.AHEAD


def is_open(obligation: Obligation) -> bool:
    """True when the operator is to act today, or should have."""
    return obligation.state.is_open


def to_do(standing: Standing) -> tuple[Obligation, ...]:
    """What is open, the first day first; what was announced again for the same invoices stands there once, with its first day."""
    found: list[Obligation] = []
    for each in filter(is_open, standing.obligations):
        if not any(each.consequence == first.consequence and set(each.items) <= set(first.items) for first in found):
            found.append(each)
    return tuple(found)


def days_overdue(obligation: Obligation, standing: Standing) -> int:
    """Days since the day that was given for it; 0 on the day itself."""
    return max((standing.on - obligation.on).days, 0)


def invoices(obligation: Obligation) -> tuple[str, ...]:
    """The invoices that it was announced for, each once."""
    return tuple(dict.fromkeys(invoice for invoice, _ in obligation.items))


def answers(obligation: Obligation, standing: Standing) -> tuple[str, ...]:
    """The commands that answer an obligation whose day has come: it was done, or is let go. None for any other."""
    if not obligation.state.is_open:
        return ()
    account, what = standing.account_id, obligation.consequence
    waive = diary.command(account, "waive", **_one_of_several(obligation, standing), note=f"{what}: why")
    if what in {"interest", "fee"}:  # the tool carries these out by itself where a rule says how much
        return (waive,)
    if what in THIRD_PARTY:
        return diary.command(account, "placed", note=THIRD_PARTY[what]), waive
    return diary.command(account, "carried-out", note=what), waive


def evidence(standing: Standing) -> str:
    """The command that writes the account's file, for the agency or the court."""
    return f"python build.py evidence {diary.named(standing.account_id)}"


def _one_of_several(obligation: Obligation, standing: Standing) -> dict[str, str]:
    """Names the invoice where letting go of one must not let go of the others."""
    others = {
        invoice
        for each in standing.obligations
        if each.consequence == obligation.consequence and each.state.is_open
        for invoice in invoices(each)
    }
    own = invoices(obligation)
    return {"invoice": own[0]} if len(own) == 1 and len(others) > 1 else {}
