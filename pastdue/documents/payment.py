"""How to pay: what a payment QR code says (EPC069-12, called GiroCode or SCT QR), and its picture."""

import re
import unicodedata
from functools import lru_cache
from html import escape

from pastdue import money
from pastdue.config import Config

# EPC069-12: at most this many characters and bytes, and amounts from one cent to 999,999,999.99.
_NAME, _TEXT, _BYTES, _MOST = 70, 140, 331, 99_999_999_999

# 00, 01 and 99 come out of no calculation of check digits, although they satisfy the check.
_DIGITS = r"(?:0[2-9]|[1-8]\d|9[0-8])"
_IBAN = re.compile(rf"[A-Z]{{2}}{_DIGITS}[A-Z0-9]+", re.ASCII)
_REFERENCE = re.compile(rf"RF{_DIGITS}[A-Z0-9]{{1,21}}", re.ASCII)

# ISO/IEC 18004 asks for four modules of white around the code; many readers fail with less.
_QUIET = 4


def epc_payload(config: Config, amount: int, currency: str, reference: str = "") -> str | None:
    """What a banking app reads to fill in the transfer; `amount` in cents.

    None where there is no such code: another currency than EUR, no valid IBAN, nothing to pay.
    """
    if currency != "EUR":
        return None
    from stdnum import bic, iban

    business = config.business
    holder = _line(business.account_holder or business.name)
    account = iban.compact(business.iban)
    # Check digits and form prove an IBAN; lists of each country's banks grow old and refuse good ones.
    is_account = _IBAN.fullmatch(account) and iban.is_valid(account, check_country=False)
    if not 1 <= amount <= _MOST or not holder or not is_account:
        return None
    structured = creditor_reference(reference)
    bank = bic.compact(business.bic) if bic.is_valid(business.bic) else ""
    name, text = _cut(holder, _NAME), "" if structured else _cut(_line(reference), _TEXT)

    def payload(text: str) -> str:
        lines = ("BCD", "002", "1", "SCT", bank, name, account)
        return "\n".join((*lines, f"EUR{money.to_text(amount, 'EUR')}", "", structured, text)).rstrip("\n")

    # 70 and 140 characters of four bytes are more than a code may hold; the name proves the payee, so the text gives way.
    while text and len(payload(text).encode()) > _BYTES:
        text = _cut(text, len(text) - 1)
    return payload(text)


def creditor_reference(text: str) -> str:
    """The text as an ISO 11649 reference ("RF18539007547034"); "" when it is none."""
    from stdnum import iso11649

    compact = text.replace(" ", "").upper()
    return compact if _REFERENCE.fullmatch(compact) and iso11649.is_valid(compact) else ""


def _line(text: str) -> str:
    """Text that stays on its line of the payload: no breaks, no control characters, no invisible direction marks."""
    return " ".join("".join(c if c.isprintable() or c == " " else " " for c in text).split())


def _cut(text: str, longest: int) -> str:
    """The text up to a number of characters, never between a letter and its accent."""
    if len(text) <= longest:
        return text
    end = longest
    while end and unicodedata.combining(text[end]):
        end -= 1
    return text[:end].rstrip()


@lru_cache(maxsize=1024)
def qr_matrix(payload: str) -> tuple[tuple[bool, ...], ...]:
    """The code as rows of modules, True for dark, without the white around it: error level M, bytes in UTF-8."""
    import segno

    # Any of the eight masks makes a valid code. Weighing them all takes five times as long; the diagonal one stayed
    # nearest the best in what scanners stumble over, a tenth off on average, whatever was in the payload.
    code = segno.make_qr(payload, error="m", boost_error=False, mode="byte", encoding="utf-8", mask=3)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


@lru_cache(maxsize=1024)
def qr_svg(payload: str, label: str = "") -> str:
    """The code as an SVG picture on its own white ground, so that it reads on a dark page too; `label` is what it shows, in words."""
    matrix = qr_matrix(payload)
    side = len(matrix) + 2 * _QUIET
    # One path: a renderer that smooths edges leaves no hairlines between its parts.
    dark = "".join(
        f"M{x + _QUIET} {y + _QUIET}h{length}v1h-{length}z" for y, row in enumerate(matrix) for x, length in _runs(row)
    )
    meaning = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" {meaning}>'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path fill="#000" d="{dark}"/></svg>'
    )


def _runs(row: tuple[bool, ...]) -> list[tuple[int, int]]:
    """Where dark modules begin in a row, and how many stand together."""
    runs: list[tuple[int, int]] = []
    for x, module in enumerate(row):
        if module and runs and sum(runs[-1]) == x:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif module:
            runs.append((x, 1))
    return runs
