"""What goes along with an email: the operator's own invoices, where they lie in `invoices/`."""

from collections.abc import Mapping

from pastdue.config import Config
from pastdue.model import Notice

FOLDER = "invoices"


def wanted(notice: Notice, config: Config, there: frozenset[str]) -> tuple[str, ...]:
    """The paths of the invoices that the notice's step attaches, of those that are there.

    A file belongs to an invoice by its name alone, and names are compared, not joined: ledger text is never a path.
    """
    schedule = config.schedule[notice.customer.track]
    rung = schedule.rung(notice.step)
    if notice.channel == "letter" or rung < 0 or not schedule.step[rung].attach_invoice:
        return ()
    names = dict.fromkeys(f"{FOLDER}/{line.item.invoice_id}.pdf" for line in notice.asked)
    return tuple(name for name in names if name in there)


def of(notice: Notice, config: Config, contents: Mapping[str, bytes]) -> tuple[tuple[str, bytes], ...]:
    """The invoices to attach, as file name and content."""
    paths = wanted(notice, config, frozenset(contents))
    return tuple((path.removeprefix(f"{FOLDER}/"), contents[path]) for path in paths)
