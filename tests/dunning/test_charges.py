"""Interest and fixed sums of whole accounts: a slow calculator by hand agrees on random books, and what always holds."""

import os
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pandas as pd
from charges_by_hand import COSTS_FIRST, Account, reversals_named
from hypothesis import given, settings
from hypothesis import strategies as st
from world import day, diary, ledger, notices, typed

from pastdue.config import Config
from pastdue.dunning.standing import standings
from pastdue.model import Activity, Charge, Customer, Ledger, Standing

EXAMPLES = 2_000 if os.environ.get("PASTDUE_SLOW") else 100
DAY = timedelta(days=1)
BEGIN = date(2023, 4, 1)
LAST = 150
PRINCIPAL = "principal"


def config(regime: str = "contract", **interest: Any) -> Config:
    """A config with a rule for interest; the contract's is 9.75 % and a fixed sum of 40.00."""
    own = {"rate": "9.75", "fee": "40"} if regime == "contract" else {}
    return Config.model_validate(
        {
            "business": {"currency": "EUR"},
            "interest": {"regime": regime} | own | interest,
            "schedule": {"standard": {"step": [{"name": "s", "days": 1, "channels": ["email"]}]}},
        }
    )


def told(*rows: tuple[str, str, str, str], currency: str = "EUR", account: str = "A") -> pd.DataFrame:
    """Notices that went out, as (day, invoice, due, what it announces)."""
    return notices(
        [
            (
                f"n{n}", day(on).toordinal(), account, invoice, day(due).toordinal(), "s", 0, "email", "sent", 1,
                currency, 0, announces, "", "", "", "", "", "",
            )
            for n, (on, invoice, due, announces) in enumerate(rows)
        ]
    )  # fmt: skip


# ------------------------------------------------------------------ random books, and the same by hand


@dataclass
class Book:
    """A random book, in days since `BEGIN` and minor units."""

    order: str
    starts: str
    regime: str
    invoices: list[tuple[str, int, int, int]]  # invoice, issued, due, amount
    payments: list[tuple[int, int, str]]
    credit_notes: list[tuple[int, int, str]]
    written_off: list[tuple[int, int, str]]
    notices: list[tuple[int, str, int, str, int]]
    waivers: list[tuple[int, str, int | None, str]]
    hardship: list[tuple[int, int]]

    def config(self) -> Config:
        return config(self.regime, order=self.order, starts=self.starts)

    def by_hand(self) -> Account:
        half_year = (date(2023, 7, 1) - BEGIN).days
        is_law = self.regime == "de-288-b2b"
        rates = {0: "10.62", half_year: "12.12"} if is_law else {0: "9.75"}
        return Account(
            order=self.order,
            rate={since: Fraction(rate) / 100 for since, rate in rates.items()},
            fee=4000,
            starts=self.starts,
            invoices=self.invoices,
            money=reversals_named(self.payments) + self.credit_notes,
            written_off=self.written_off,
            notices=self.notices,
            waivers=self.waivers,
            paused=frozenset(each for first, last in self.hardship for each in range(first, last + 1)),
            each_due_amount=is_law,
        )

    def ledger(self, until: int = 10**6) -> Ledger:
        """The books as they are typed, with no row of later than the day."""
        invoices = [(i, on, due, amount, "") for i, on, due, amount in self.invoices]
        invoices += [(f"C{n}", on, on, -amount, ref) for n, (on, amount, ref) in enumerate(self.credit_notes)]
        frame = pd.DataFrame(
            [
                (i, "A", _ordinal(on), _ordinal(due), amount, "EUR", "", ref, n)
                for n, (i, on, due, amount, ref) in enumerate(invoices)
                if on <= until
            ],
            columns=[
                "invoice_id",
                "account_id",
                "issued",
                "due",
                "amount",
                "currency",
                "description",
                "reference",
                "row",
            ],
        )
        money = pd.DataFrame(
            [
                (_ordinal(on), "A", sum_, "EUR", i, "", n)
                for n, (on, sum_, i) in enumerate(self.payments)
                if on <= until
            ],
            columns=["received", "account_id", "amount", "currency", "invoice_id", "reference", "row"],
        )
        lines = [_line(on, "writeoff", invoice_id=i, amount=sum_) for on, sum_, i in self.written_off]
        lines += [_line(on, "hardship", due=_day(last)) for on, last in self.hardship]
        lines += [
            _line(on, "waive", invoice_id=i, amount=amount, note=f"{what}: goodwill" if what else "goodwill")
            for on, i, amount, what in self.waivers
        ]
        said = [
            (str(_day(on)), i, str(_day(due)), f"{what} {_day(begins)}")
            for on, i, due, what, begins in self.notices
            if on <= until
        ]
        activity = tuple(each for each in diary(*lines) if each.on <= _day(min(LAST, until)))
        return replace(
            ledger([]),
            invoices=typed(frame),
            payments=typed(money),
            activity=activity,
            notices=told(*said),
            customers={"A": Customer("A", "A")},
        )


def _day(number: int) -> date:
    return BEGIN + timedelta(days=number)


def _ordinal(number: int) -> int:
    return _day(number).toordinal()


def _line(on: int, kind: str, **cells: Any) -> Activity:
    return Activity(_day(on), "A", kind, **cells)


AMOUNT = st.sampled_from([1, 333, 4000, 10_000, 10_000, 99_999])


@st.composite
def books(draw: st.DrawFn, charges: bool = True) -> Book:
    """Accounts with up to five due amounts of four invoices, and all that may happen to them."""
    drawn = draw(
        st.lists(
            st.tuples(st.sampled_from("abcd"), st.integers(0, 60), st.integers(-3, 30), AMOUNT), min_size=1, max_size=5
        )
    )
    invoices = list({(i, on + days): (i, on, on + days, amount) for i, on, days, amount in drawn}.values())
    names = st.sampled_from(["", "", *"abcd"])
    days = st.integers(0, LAST)
    money = st.tuples(days, st.one_of(AMOUNT, AMOUNT.map(lambda a: -a), st.integers(1, 20_000)), names)
    said = st.tuples(
        st.sampled_from(invoices),
        st.integers(0, 90),
        st.sampled_from(["interest", "interest", "fee"]),
        st.integers(1, 20),
    )
    waiver = st.one_of(
        st.tuples(days, names, st.integers(1, 5_000), st.just("")),
        st.tuples(days, names, st.none(), st.sampled_from(["interest", "fee", "agency"])),
    )
    return Book(
        order=draw(st.sampled_from([PRINCIPAL, COSTS_FIRST])),
        starts=draw(st.sampled_from(["announced", "announced", "due"])),
        regime=draw(st.sampled_from(["contract", "de-288-b2b"])),
        invoices=invoices,
        payments=draw(st.lists(money, max_size=6)),
        credit_notes=draw(st.lists(st.tuples(days, AMOUNT, names), max_size=1)),
        written_off=draw(st.lists(st.tuples(days, AMOUNT, names), max_size=2)),
        notices=[
            (inv[1] + later, inv[0], inv[2], what, inv[1] + later + ahead)
            for inv, later, what, ahead in (draw(st.lists(said, max_size=5)) if charges else ())
        ],
        waivers=draw(st.lists(waiver, max_size=2)) if charges else [],
        hardship=[(on, on + long) for on, long in draw(st.lists(st.tuples(days, st.integers(0, 40)), max_size=1))],
    )


def standing_of(book: Ledger, on: date, rule: Config) -> Standing:
    (found,), _ = standings(book, rule, on)
    return found


def sums(charge: Charge | None, open_: int) -> tuple[int, ...]:
    if charge is None:
        return (open_, 0, 0, 0, 0, 0, 0)
    assert charge.principal == open_
    return (
        open_, charge.accrued, charge.interest_paid, charge.interest_waived, charge.fee, charge.fee_paid, charge.fee_waived
    )  # fmt: skip


@given(books(), st.integers(0, LAST))
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_calculator_by_hand_agrees_to_the_minor_unit(book: Book, until: int) -> None:
    if not any(on <= until for _, on, _, _ in book.invoices):
        return
    there, credit = book.by_hand().through(until)
    found = standing_of(book.ledger(), _day(until), book.config())
    opens = {item.key: item.open for item in found.items}
    charges = {charge.key: charge for charge in found.charges}
    keys = [(debt.invoice, _day(debt.due)) for debt in there]
    assert [sums(charges.get(key), opens.get(key, 0)) for key in keys] == [
        (d.open, d.accrued, d.interest_paid, d.interest_waived, d.fee, d.fee_paid, d.fee_waived) for d in there
    ]
    assert found.credit == credit
    assert sum(found.buckets) == found.balance
