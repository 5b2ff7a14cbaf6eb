"""All lists of the desk, in the order in which the morning takes them."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from pastdue.documents.desk import agreed, obligations, quiet, today
from pastdue.documents.desk.view import Entry, View
from pastdue.model import Action, ObligationState, PlanState

# Nobody reads further than this of what needs no doing today; what goes out and whom to call is listed in full.
LISTED = 200


class Section(NamedTuple):
    """One list of the desk."""

    key: str
    title: str
    note: str
    entries: tuple[Entry, ...]
    more: int  # how many are not listed
    always: bool  # shown when it is empty, too
    empty: str
    numbered: bool
    folded: bool


def _section(
    key: str,
    title: str,
    note: str,
    entries: Sequence[Entry],
    limit: int | None = None,
    *,
    always: str = "",
    numbered: bool = False,
    folded: bool = False,
) -> Section:
    shown = tuple(entries[:limit])
    return Section(key, title, note, shown, len(entries) - len(shown), bool(always), always, numbered, folded)


_listed = partial(_section, limit=LISTED)


def first(view: View) -> Iterator[Section]:
    """What the operator owes an answer to before anything else: what was said and not done, the longest first."""
    yield _section(
        "overdue",
        "Said, and overdue",
        "Announced to the customer, its day is past, and it was neither done nor let go.",
        obligations.said(view, ObligationState.OVERDUE),
    )
    yield _section(
        "today",
        "Said for today",
        "Announced to the customer for today, and unpaid. Do it, or let it go.",
        obligations.said(view, ObligationState.DUE),
    )
    yield _section(
        "default",
        "Plans in default",
        "They did not pay what was agreed, and their schedule goes on. Decide today: build.py log ACCOUNT plan agrees anew, release lets the plan go.",
        agreed.plans(view, {PlanState.DEFAULT}),
    )


def of_the_day(view: View) -> Iterator[Section]:
    """What there is to do today, and what was agreed."""
    yield _listed(
        "stuck", "Deliveries to settle", "Nothing more goes to these before you have looked.", today.stuck(view)
    )
    yield _section(
        "calls",
        "Calls to make",
        "By worth: what is asked for × the chance that it is paid × the chance of an answer × what its age leaves.",
        today.to_call(view),
        always="No calls today.",
        numbered=True,
    )
    yield _section(
        "notices",
        "Notices to go today",
        "The largest sums first. Look at them, then run build.py send.",
        today.notices(view),
        always="Nothing is due to go out today.",
    )
    yield _listed(
        "refer", "For you to decide", "Their schedule is through: refer or write off.", today.doing(view, Action.REFER)
    )
    yield _listed("promised", "Promises", "The soonest first.", agreed.promised(view))
    yield _listed("broken", "Promises not kept", "And something is still overdue.", agreed.broken(view))
    yield _listed("plans", "Plans", "What is late comes first.", agreed.plans(view, agreed.IN_FORCE))
    yield _listed(
        "ending",
        "Holds that end",
        "Their last day is one of the next seven; then the schedule goes on by itself.",
        quiet.ending(view),
    )
    yield _listed(
        "coming",
        "Said for the next fourteen days",
        "Announced to the customer, and yours to do if it is unpaid on its day.",
        obligations.said(view, ObligationState.AHEAD),
    )
    yield _listed(
        "unbilled",
        "Delivered, and no invoice",
        "The oldest first. Invoice it, whatever the sum, and enter the invoice's number in the delivery's line.",
        today.unbilled(view),
    )
    yield _listed(
        "proposals",
        "Proposed",
        "What their record suggests; nothing of it happens by itself. build.py log ACCOUNT track --note firm moves one.",
        agreed.proposals(view),
    )


def for_the_record(view: View) -> Iterator[Section]:
    """What needs no doing today."""
    yield _listed(
        "unreachable",
        "Out of reach",
        "Something is open, and there is no email, no postal address and no telephone number.",
        quiet.unreachable(view),
    )
    yield _listed("hold", "On hold", "What is on hold is not asked for.", quiet.held(view))
    yield _listed(
        "prepayment",
        "Payment in advance",
        "New work and deliveries are paid up front by these.",
        quiet.prepayment(view),
    )
    yield _listed(
        "costly",
        "To stop serving",
        "Six contacts or more in twelve months, and either more is overdue than they paid in that time, or what they "
        "paid came thirty days late or more on average.",
        quiet.costly(view),
    )
    yield _listed("waiting", "Waiting", "The next step, soonest first.", quiet.waiting(view), folded=True)
    yield _listed(
        "charges",
        "Charges left",
        "Their invoices are paid; interest or a fixed sum is not. It stays until it is paid, or waived: build.py log ACCOUNT waive.",
        obligations.charges_left(view),
    )
    yield _listed("credit", "In credit", "More was paid than invoiced.", quiet.in_credit(view))
    yield _listed(
        "unread",
        "Policy not acknowledged",
        f"When they say that they have read it: build.py log ACCOUNT acknowledged --note {view.config.policy.version}",
        quiet.unread(view),
        folded=True,
    )
