"""What a payer writes on the transfer: the invoice's or the account's number as it is, or as a structured reference.

A structured reference has check digits, so that a number typed wrongly is refused by the payer's own bank.
"""

import re

from pastdue.config import Config

# 00, 01 and 99 come out of no calculation of check digits, although they satisfy the check.
DIGITS = r"(?:0[2-9]|[1-8]\d|9[0-8])"
_CREDITOR = re.compile(rf"RF{DIGITS}[A-Z0-9]{{1,21}}", re.ASCII)
_LONGEST = {"rf": 21, "qrr": 26}  # characters between the check digits and the end


def reference(config: Config, about: str) -> str:
    """The number of an invoice or an account as a payer writes it, by `business.references`, without spaces.

    A number with more in it than letters, digits and the marks between them, or one that is too long, stays as it is.
    """
    kind = config.business.references
    bare = re.sub(r"[ ./_-]", "", about).upper()
    if kind == "plain" or creditor_reference(about) or not re.fullmatch(r"[A-Z0-9]+", bare, re.ASCII):
        return about
    # ISO 11649 counts letters as two digits from A = 10; a reference of digits alone keeps to the same.
    body = bare if kind == "rf" else "".join(str(int(each, 36)) for each in bare)
    if len(body) > _LONGEST[kind] or not body.strip("0"):
        return about
    if kind == "rf":
        from stdnum.iso7064 import mod_97_10

        return f"RF{mod_97_10.calc_check_digits(f'{body}RF')}{body}"
    from stdnum.ch import esr

    body = body.zfill(_LONGEST["qrr"])
    return f"{body}{esr.calc_check_digit(body)}"


def creditor_reference(text: str) -> str:
    """The text as an ISO 11649 reference ("RF18539007547034"); "" when it is none."""
    from stdnum import iso11649

    compact = text.replace(" ", "").upper()
    return compact if _CREDITOR.fullmatch(compact) and iso11649.is_valid(compact) else ""


def swiss_reference(text: str) -> str:
    """The text as a Swiss QR reference of 27 digits ("210000000003139471430009017"); "" when it is none."""
    from stdnum.ch import esr

    compact = text.replace(" ", "")
    is_one = re.fullmatch(r"\d{27}", compact, re.ASCII) and compact.strip("0") and esr.is_valid(compact)
    return compact if is_one else ""


def grouped(text: str, between: str = " ") -> str:
    """A structured reference in the groups that banks print it in; any other as it is."""
    if compact := creditor_reference(text):
        return between.join(compact[at : at + 4] for at in range(0, len(compact), 4))
    if compact := swiss_reference(text):
        return between.join([compact[:2], *(compact[at : at + 5] for at in range(2, 27, 5))])
    return text
