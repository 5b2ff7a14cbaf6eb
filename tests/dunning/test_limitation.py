"""A threat of court is kept back only where an invoice is too old beyond doubt."""

from datetime import date, timedelta

import pytest

from pastdue.config import Config
from pastdue.dunning.limitation import time_barred
from pastdue.model import Activity, Customer, OpenItem, Payment, Standing


def barred(
    due: date,
    on: date,
    business: str = "GB",
    customer: str = "",
    *paid: tuple[date, str, int],
    said: str = "",
    said_on: date = date.min,
) -> bool:
    item = OpenItem("A-1", due, None, "GBP", 10_000, 10_000, (on - due).days)
    standing = Standing(
        on,
        Customer("A", "Acme", country=customer),
        "GBP",
        (item,),
        payments=tuple(Payment(day, amount, "GBP", invoice) for day, invoice, amount in paid),
        activity=(Activity(said_on, "A", said),) if said else (),
    )
    config = Config.model_validate({"business": {"name": "B", "country": business}})
    found = time_barred(standing, config)
    assert found <= {"A-1"}
    return bool(found)


@pytest.mark.parametrize(
    ("country", "due", "last"),
    [
        ("GB", date(2020, 3, 2), date(2026, 3, 2)),
        ("GB", date(2016, 2, 29), date(2022, 2, 28)),
        ("DE", date(2022, 1, 1), date(2025, 12, 31)),
        ("DE", date(2022, 12, 31), date(2025, 12, 31)),
    ],
)
def test_an_action_can_be_brought_until_the_last_day_and_not_after(country: str, due: date, last: date) -> None:
    assert not barred(due, last, country)
    assert barred(due, last + timedelta(1), country)


@pytest.mark.parametrize(("business", "customer"), [("IE", ""), ("GB", "IE"), ("IE", "GB"), ("DE", "AT"), ("", "GB")])
def test_nothing_is_time_barred_where_the_law_is_not_certain(business: str, customer: str) -> None:
    assert not barred(date(1990, 1, 1), date(2026, 3, 2), business, customer)


@pytest.mark.parametrize("invoice", ["", "A-1"])
def test_a_payment_begins_the_time_anew(invoice: str) -> None:
    due, paid = date(2015, 1, 1), date(2020, 6, 1)
    assert not barred(due, date(2026, 6, 1), "GB", "", (paid, invoice, 500))
    assert barred(due, date(2026, 6, 2), "GB", "", (paid, invoice, 500))
    assert not barred(due, date(2023, 6, 1), "DE", "", (paid, invoice, 500))
    assert barred(due, date(2023, 6, 2), "DE", "", (paid, invoice, 500))


@pytest.mark.parametrize(("invoice", "amount"), [("A-2", 500), ("A-1", -500)])
def test_a_payment_of_another_invoice_or_one_taken_back_does_not(invoice: str, amount: int) -> None:
    assert barred(date(2015, 1, 1), date(2026, 3, 2), "GB", "", (date(2024, 1, 1), invoice, amount))


@pytest.mark.parametrize(("kind", "again"), [("promise", True), ("plan", True), ("signed", True), ("call", False)])
def test_who_promises_acknowledges(kind: str, again: bool) -> None:
    assert barred(date(2015, 1, 1), date(2026, 3, 2), said=kind, said_on=date(2024, 1, 1)) is not again
