"""What the operator is shown of what was announced: each duty once, the oldest day first."""

import shlex
from datetime import timedelta

from page_tools import ON, item, standing

from pastdue.documents import said_and_done
from pastdue.model import Obligation, ObligationState

FIRST, SECOND = item("A-1", 60, 100), item("A-2", 50, 100)


def said(what: str, ago: int, *items: object, state: ObligationState = ObligationState.OVERDUE) -> Obligation:
    keys = tuple(each.key for each in items)  # type: ignore[attr-defined]
    return Obligation(what, ON - timedelta(days=ago), state, keys, ON - timedelta(days=ago + 14), f"n{ago}", "why")


def test_what_was_announced_again_for_the_same_invoices_stands_there_once_with_its_first_day() -> None:
    first, again = said("agency", 20, FIRST, SECOND), said("agency", 9, SECOND)
    found = said_and_done.to_do(standing("A", FIRST, SECOND, obligations=(first, again)))
    assert found == (first,)


def test_another_consequence_another_invoice_and_what_is_settled_stand_for_themselves() -> None:
    agency, stop, other = said("agency", 20, FIRST), said("stop-service", 9, FIRST), said("agency", 5, FIRST, SECOND)
    done = said("fee", 30, FIRST, state=ObligationState.CARRIED_OUT)
    found = said_and_done.to_do(standing("A", FIRST, SECOND, obligations=(done, agency, stop, other)))
    assert found == (agency, stop, other)


def test_the_file_of_an_account_that_looks_like_an_option_is_asked_for_as_an_account() -> None:
    assert said_and_done.evidence(standing("A B")) == "python build.py evidence 'A B'"
    for name in ("-n", "-n 2"):
        command = said_and_done.evidence(standing(name))
        assert shlex.split(command) == ["python", "build.py", "evidence", "--", name]
