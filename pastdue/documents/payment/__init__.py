"""How to pay: the reference that a payer writes, and the code that fills in the payment where their banking has one."""

from typing import Literal, NamedTuple

from pastdue.config import Config
from pastdue.documents.payment import epc, swiss, upi
from pastdue.documents.payment.drawing import qr_svg
from pastdue.documents.payment.references import grouped, reference
from pastdue.model import Customer

__all__ = ["Code", "code", "grouped", "qr_svg", "reference"]


_Kind = Literal["epc", "swiss", "upi"]


class Code(NamedTuple):
    """What a payment code says, and by which standard."""

    kind: _Kind
    payload: str

    def svg(self, label: str = "") -> str:
        """The code as a picture; `label` is what it shows, in words."""
        return qr_svg(self.payload, label, cross=self.kind == "swiss")


def code(config: Config, amount: int, currency: str, about: str, customer: Customer) -> Code | None:
    """The code for a payment of `amount` in minor units, to be paid under the reference that `about` gives.

    In Switzerland and Liechtenstein it is that of the QR-bill, elsewhere in euros the EPC's, in rupees that of UPI. None
    where there is no such code: another currency, no account that it could be paid to, nothing to pay.
    """
    text = reference(config, about)
    kind: _Kind = "epc"
    if currency == "INR":
        kind, payload = "upi", upi.link(config, amount, text)
    elif swiss.is_at_home(config, currency, customer):
        kind, payload = "swiss", swiss.payload(config, amount, currency, text, customer)
    else:
        payload = epc.payload(config, amount, currency, text)
    return Code(kind, payload) if payload else None
