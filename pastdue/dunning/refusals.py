"""Addresses that take no mail: what a server said for good, at once or in a report afterwards."""

import unicodedata
from contextlib import suppress

from pastdue.model import Standing, State


def is_refused(standing: Standing) -> bool:
    """True when a server refused mail for the address that the books have now."""
    email = _plain(standing.customer.email)
    return any(
        line.state is State.REFUSED and line.channel == "email" and _plain(line.recipient) in {"", email}
        for line in standing.history
    )


def _plain(address: str) -> str:
    """The address as people write it: mail travels to xn--bcher-kva.example, and the books say bücher.example."""
    local, at, domain = address.rpartition("@")
    return unicodedata.normalize("NFC", f"{local}{at}{'.'.join(map(_label, domain.lower().split('.')))}")


def _label(label: str) -> str:
    if label.startswith("xn--"):
        with suppress(UnicodeError):
            return label.removeprefix("xn--").encode("ascii").decode("punycode")
    return label
