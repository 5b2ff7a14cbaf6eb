"""What goes along with an email: the operator's own invoices, where they lie in `invoices/`, and what went along with a notice that it repeats."""

from collections.abc import Mapping

from pastdue.config import Config
from pastdue.model import Notice

FOLDER = "invoices"
AGAIN = "invoice-again"  # the answer to a customer who says that an invoice did not arrive


def wanted(notice: Notice, config: Config, there: frozenset[str]) -> tuple[str, ...]:
    """The paths of the invoices that the notice's step attaches, of those that are there; one sent again always does.

    A file belongs to an invoice by its name alone, and names are compared, not joined: ledger text is never a path.
    """
    schedule = config.schedule[notice.customer.track]
    rung = schedule.rung(notice.step)
    attaches = schedule.step[rung].attach_invoice if rung >= 0 else notice.step == AGAIN
    if notice.channel == "letter" or not attaches:
        return ()
    lines = notice.recorded if notice.step == AGAIN else notice.asked
    names = dict.fromkeys(f"{FOLDER}/{line.item.invoice_id}.pdf" for line in lines)
    return tuple(name for name in names if name in there)


def of(notice: Notice, config: Config, contents: Mapping[str, bytes]) -> tuple[tuple[str, bytes], ...]:
    """The files to attach, as name and content."""
    paths = wanted(notice, config, frozenset(contents))
    original = notice.answer.original if notice.answer else None
    invoices = ((path.removeprefix(f"{FOLDER}/"), contents[path]) for path in paths)
    return (*invoices, *(original.enclosed if original else ()))
