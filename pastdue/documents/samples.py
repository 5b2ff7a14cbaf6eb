"""Notices that nobody gets: what letters are tried with before one is sent."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

from pastdue.config import Config, ConsequenceName, Step
from pastdue.model import (
    Accrual,
    Announcement,
    Answer,
    Charge,
    Customer,
    Instalment,
    Notice,
    NoticeItem,
    OpenItem,
    Original,
    Payment,
    Plan,
    PlanState,
    Promise,
    PromiseState,
)

_ON = date(2026, 3, 2)
_FAR = date(2031, 1, 1)  # a year that stands nowhere else, so that one can see where a letter names it

_CUSTOMER = Customer(
    "S-1001",
    "Sample Trading Ltd",
    contact="Alex Sample",
    email="alex@sample.example",
    address=("1 Sample Street",),
    postcode="12345",
    city="Sampleton",
    country="GB",
)

_PERSON = Customer("S-1002", "Kim Sample", kind="consumer", email="kim@sample.example")

FULL = Config.model_validate(
    {
        "business": {
            "name": "Sample Joinery",
            "contact": "Sam Sample",
            "address": ["2 Sample Street"],
            "postcode": "12345",
            "city": "Sampleton",
            "country": "GB",
            "email": "sam@joinery.example",
            "phone": "+44 20 7946 0000",
            "website": "https://joinery.example",
            "registration": "Sample Joinery Ltd, No. 1",
            "iban": "DE89370400440532013000",
            "bic": "COBADEFF",
            "bank": "Sample Bank",
            "sort_code": "00-00-00",
            "account_number": "12345678",
        },
        "interest": {"regime": "contract", "rate": "8.5"},
        "policy": {"version": "sample"},
        "portal": {"links": [{"name": "Pay by card", "url": "https://pay.example/?a={amount}&r={reference}"}]},
    }
)


def tries(letter: str, config: Config) -> Iterator[tuple[Notice, Config]]:
    """What a letter has to do for: all that can be there, hardly anything, late, and not yet due; each with a config.

    A letter that answers something is tried with what it answers, in full and in part.
    """
    everything = full(letter, [Announcement(each, _FAR, ("S-1",)) for each in get_args(ConsequenceName)])
    whole, part = _answers(letter)
    for broken in (None, _promise(0), _promise(20000)):
        yield replace(everything, answer=whole, broken=broken), FULL
    yield replace(everything, answer=part, follows="sample"), config
    early = NoticeItem(_item("S-4", -5, 0, ""), "sample")
    yield replace(_notice(letter, "letter", _PERSON, [early], None, ()), answer=part), config
    today = NoticeItem(_item("S-5", 0, 0, ""), "sample")
    yield replace(_notice(letter, "email", _PERSON, [today], _ON, ()), answer=whole), config


def for_step(letter: str, step: Step, channel: str) -> Notice:
    """What the step itself would send: its pay-by date, and all that it announces."""
    announces = [Announcement(each.consequence, _FAR + timedelta(each.in_days), ("S-1",)) for each in step.announces]
    pay_by = _ON + timedelta(step.pay_within) if step.pay_within is not None else None
    items = [NoticeItem(_item("S-1", step.days if step.start == "due" else 30, 0, "Sample work"), "sample")]
    return _notice(letter, channel, _CUSTOMER, items, pay_by, announces)


def full(letter: str, announces: Iterable[Announcement]) -> Notice:
    """Several items, some late and one not asked for, with payments, a page, and all that is announced."""
    items = [
        NoticeItem(_item("S-2", 12, 0, ""), "earlier"),
        NoticeItem(_item("S-3", -9, 0, "Sample work, second part"), ""),
        NoticeItem(_item("S-1", 40, 10000, "Sample work, first part"), "sample", charge=_charge("S-1", 113400)),
        NoticeItem(replace(_item("S-6", 30, 0, ""), open=0), "sample", charge=_charge("S-6", 0)),
    ]
    return _notice(
        letter, "email", _CUSTOMER, items, _ON + timedelta(7), announces, portal_url=_PAGE, payments=_PAYMENTS
    )


def _charge(invoice_id: str, principal: int) -> Charge:
    """Interest over a change of rate, a part of it paid, and a fixed sum."""
    until = _ON if principal else _ON - timedelta(3)
    lines = (
        Accrual(113400, _ON - timedelta(20), _ON - timedelta(11), 10, 85000, 264),
        Accrual(113400, _ON - timedelta(10), until, (until - _ON).days + 11, 87500, 299, 7500),
    )
    return Charge(
        invoice_id, _ON - timedelta(40), "GBP", "contract", lines[0].first, lines, 4000, _ON - timedelta(5),
        interest_paid=100, principal=principal, told=True,
    )  # fmt: skip


def _answers(letter: str) -> tuple[Answer | None, Answer | None]:
    """What the letter of an answer is about, twice; None for a step's letter."""
    about = (("S-1", _ON - timedelta(40)), ("S-4", _ON + timedelta(5)), ("S-5", _ON))
    if letter == "promise":
        whole, part = _promise(0), replace(_promise(20000), said=500000)
        return Answer(letter, about, promise=whole), Answer(letter, about, promise=part)
    if letter in {"plan", "instalment", "note"}:
        whole_plan, part_plan = _plan(0, 41134), _plan(11000, 30000)
        return Answer(letter, about, plan=whole_plan), Answer(letter, about, plan=part_plan)
    if letter == "again":
        said = ("Reminder: invoice S-1", "S-1 \N{MIDDLE DOT} £1,234.00\nwork on the stairs", "Kind regards")
        mailed = Original("S-1", _ON - timedelta(9), "sample", "email", said=said)
        printed = Original("S-2", _ON - timedelta(9), "sample", "letter", enclosed=(("letter.pdf", b"PDF"),))
        return Answer(letter, about, original=mailed), Answer(letter, about, original=printed, asks_nothing=True)
    if letter == "plan-offer":
        options = ((61700, 61700), (41134, 41133, 41133))
        return Answer(letter, about, options=options), Answer(letter, about, options=options[:1])
    return None, None


def _promise(received: int) -> Promise:
    state = PromiseState.PARTLY_KEPT if received else PromiseState.BROKEN
    return Promise(_ON - timedelta(9), _ON, _ON + timedelta(2), 123400, 123400, received, state)


def _plan(paid: int, each: int) -> Plan:
    months = (_ON + timedelta(30 * number) for number in range(3))
    instalments = tuple(Instalment(n, due, each, paid if n == 1 else 0) for n, due in enumerate(months, start=1))
    return Plan(_ON, None, PlanState.OFFERED, _ON + timedelta(14), instalments)


_PAGE = "https://pay.joinery.example/abc/"
_PAYMENTS = (Payment(_ON - timedelta(3), 10000, "GBP", "S-1"), Payment(_ON - timedelta(2), -2500, "GBP", "S-2"))


def _item(invoice_id: str, days_past_due: int, paid: int, description: str) -> OpenItem:
    due = _ON - timedelta(days_past_due)
    reference = "PO 7" if description else ""
    return OpenItem(
        invoice_id, due, due - timedelta(30), "GBP", 123400, 123400 - paid, days_past_due, description, reference
    )


def _notice(
    letter: str,
    channel: str,
    customer: Customer,
    items: Iterable[NoticeItem],
    pay_by: date | None,
    announces: Iterable[Announcement],
    *,
    portal_url: str = "",
    payments: tuple[Payment, ...] = (),
) -> Notice:
    return Notice(
        notice_id=f"{_ON}-sample-{letter}-{channel}",
        on=_ON,
        customer=customer,
        currency="GBP",
        step="sample",
        rung=0,
        letter=letter,
        channel=channel,
        items=tuple(items),
        pay_by=pay_by,
        announces=tuple(announces),
        reasons=(),
        portal_url=portal_url,
        reference="S-1",
        payments=payments,
        regime="contract",
    )
