"""The instalment agreement: what both sides sign when a plan is agreed, as data that `delivery.pdf` sets in type."""

from dataclasses import replace
from typing import Any

from pastdue.config import Config
from pastdue.documents import paper
from pastdue.documents.catalogue import Language
from pastdue.documents.letters import NOTE, Letters
from pastdue.documents.site import plain
from pastdue.model import Customer, Notice

Node = dict[str, Any]

FILE = "instalment-agreement.pdf"  # what an email's attachment is called


def of(notice: Notice, letters: Letters, config: Config) -> Node | None:
    """The agreement that goes along with a notice, as `paper.sheet` describes it; None where no plan is out to be signed.

    Raises LetterError when it cannot be written.
    """
    if notice.answer is None or notice.answer.step != "plan":
        return None
    written = letters.write(replace(notice, letter=NOTE), config)
    told = letters.words.of(written.language)
    sheet = paper.sheet(notice, written.subject, told, written.blocks, config, letters.look)
    return sheet | {"facts": [], "signatures": _signatures(notice.customer, config, told)}


def _signatures(customer: Customer, config: Config, told: Language) -> list[Node]:
    """Where each side signs: whose place it is, and what is to be written on each line."""
    person, firm = ("place-date", "signature"), ("place-date", "signature", "name", "position")
    address = () if customer.has_post else ("address",)
    is_firm = customer.kind == "business"
    sides = (
        ("for-creditor", config.business.name, firm),
        ("for-debtor" if is_firm else "debtor", customer.name, (*(firm if is_firm else person), *address)),
    )
    return [
        {"for": told[f"note.{side}"], "name": plain(name), "lines": [told[f"note.{line}"] for line in lines]}
        for side, name, lines in sides
    ]
