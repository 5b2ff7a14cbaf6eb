"""What the code of a Swiss QR-bill says (SIX, Swiss Implementation Guidelines QR-bill, version 2.3)."""

from collections.abc import Mapping
from typing import Any

from pastdue import money
from pastdue.config import Business, Config
from pastdue.documents.payment.references import creditor_reference, swiss_reference
from pastdue.documents.payment.text import cut, line
from pastdue.model import Customer

_COUNTRIES = frozenset({"CH", "LI"})
_MOST = 99_999_999_999  # 999,999,999.99
_NAME, _STREET, _POSTCODE, _TOWN, _MESSAGE = 70, 70, 16, 35, 140


def is_at_home(config: Config, currency: str, customer: Customer) -> bool:
    """Is this a payment within Switzerland or Liechtenstein: an account there, in francs, or in euros by a payer there?"""
    country = customer.country or config.business.country
    is_local = currency == "CHF" or (currency == "EUR" and country.upper() in _COUNTRIES)
    return is_local and config.business.iban[:2] in _COUNTRIES


def is_qr_iban(iban: str) -> bool:
    """Is it an account for QR references alone: one whose bank has a number from 30000 to 31999?"""
    return iban[:2] in _COUNTRIES and iban[4:9].isdigit() and 30000 <= int(iban[4:9]) <= 31999


def payload(config: Config, amount: int, currency: str, reference: str, customer: Customer) -> str | None:
    """What a banking app reads to pay `amount` rappen or cents.

    None where the guidelines allow no code: no full address of the creditor, a QR-IBAN without a QR reference, nothing to pay.
    """
    business = config.business
    creditor = _address(business.account_holder or business.name, business, business.country)
    structured = swiss_reference(reference) if is_qr_iban(business.iban) else creditor_reference(reference)
    if not 1 <= amount <= _MOST or creditor is None or (is_qr_iban(business.iban) and not structured):
        return None
    bill = {
        "account": business.iban,
        "creditor": creditor,
        "amount": money.to_text(amount, currency),
        "currency": currency,
        "reference_number": structured or None,
        "additional_information": "" if structured else cut(_allowed(reference), _MESSAGE),
    }
    # Who pays may be left blank, and is where the books hold no whole address.
    payer = _address(customer.name, customer, customer.country or business.country)
    return (_written(bill | {"debtor": payer}) if payer else None) or _written(bill)


def _written(bill: Mapping[str, Any]) -> str | None:
    from qrbill import QRBill

    try:
        return str(QRBill(**bill).qr_data()).replace("\r\n", "\n")
    except ValueError:  # a country that is none
        return None


def _address(name: str, at: Business | Customer, country: str) -> dict[str, Any] | None:
    """A structured address, the only form since November 2025; the number stays with the street. None without name or town."""
    parts = {
        "name": cut(_allowed(name), _NAME),
        "street": cut(_allowed(", ".join(at.address)), _STREET),
        "pcode": cut(_allowed(at.postcode), _POSTCODE),
        "city": cut(_allowed(at.city), _TOWN),
        "country": country.upper(),
    }
    is_whole = all(parts[part] for part in ("name", "pcode", "city")) and len(country) == 2
    return parts if is_whole else None


def _allowed(text: str) -> str:
    """Text in the characters of the guidelines: Latin with its accents, and the euro; anything else is a full stop."""
    kept = (c if c <= "~" or "\u00a0" <= c <= "\u017f" or c in "ȘșȚț€" else "." for c in line(text))
    return "".join(kept).replace("\u00a0", " ").strip()
