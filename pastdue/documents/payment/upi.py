"""What a payment by UPI says: a link that payment apps in India open, and that its code holds."""

from urllib.parse import quote, urlencode

from pastdue import money
from pastdue.config import Config
from pastdue.documents.payment.text import cut, line

_NAME, _NOTE = 99, 80  # characters that apps show of the payee's name and the note


def link(config: Config, amount: int, reference: str = "") -> str | None:
    """The link that pays `amount` paise to `business.upi`; None without one, or with nothing to pay."""
    business = config.business
    if not business.upi or amount < 1:
        return None
    values = {
        "pa": business.upi,
        "pn": cut(line(business.account_holder or business.name), _NAME),
        "am": money.to_text(amount, "INR"),
        "cu": "INR",
        "tn": cut(line(reference), _NOTE),
    }
    # Apps take a plus sign for what it is, not for a space.
    return "upi://pay?" + urlencode({k: v for k, v in values.items() if v}, quote_via=quote, safe="@", errors="replace")
