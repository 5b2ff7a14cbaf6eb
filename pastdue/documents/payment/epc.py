"""What a code for a SEPA transfer says (EPC069-12, called GiroCode or SCT QR)."""

import re

from pastdue import money
from pastdue.config import Config
from pastdue.documents.payment.references import DIGITS, creditor_reference
from pastdue.documents.payment.text import cut, line

# At most this many characters and bytes, and amounts from one cent to 999,999,999.99.
_NAME, _TEXT, _BYTES, _MOST = 70, 140, 331, 99_999_999_999
_IBAN = re.compile(rf"[A-Z]{{2}}{DIGITS}[A-Z0-9]+", re.ASCII)


def payload(config: Config, amount: int, currency: str, reference: str = "") -> str | None:
    """What a banking app reads to fill in the transfer; `amount` in cents.

    None where there is no such code: another currency than EUR, no valid IBAN, nothing to pay.
    """
    if currency != "EUR":
        return None
    from stdnum import bic, iban

    business = config.business
    holder = line(business.account_holder or business.name)
    account = iban.compact(business.iban)
    # Check digits and form prove an IBAN; lists of each country's banks grow old and refuse good ones.
    is_account = _IBAN.fullmatch(account) and iban.is_valid(account, check_country=False)
    if not 1 <= amount <= _MOST or not holder or not is_account:
        return None
    structured = creditor_reference(reference)
    bank = bic.compact(business.bic) if bic.is_valid(business.bic) else ""
    name, text = cut(holder, _NAME), "" if structured else cut(line(reference), _TEXT)

    def said(text: str) -> str:
        lines = ("BCD", "002", "1", "SCT", bank, name, account)
        return "\n".join((*lines, f"EUR{money.to_text(amount, 'EUR')}", "", structured, text)).rstrip("\n")

    # 70 and 140 characters of four bytes are more than a code may hold; the name proves the payee, so the text gives way.
    while text and len(said(text).encode()) > _BYTES:
        text = cut(text, len(text) - 1)
    return said(text)
