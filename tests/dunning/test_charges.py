"""Interest and fixed sums of whole accounts: a slow calculator by hand agrees on random books, and what always holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from charges_by_hand import COSTS_FIRST, Account, reversals_named
from hypothesis import given, settings
from hypothesis import strategies as st
from world import day, diary, ledger, line, notices, typed

from pastdue.config import Config
from pastdue.dunning.standing import standings
from pastdue.model import Activity, Charge, Customer, Ledger, Standing

EXAMPLES = 100
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
        (
            d.open,
            0 if d.fee and not d.claimed else d.accrued,
            d.interest_paid,
            d.interest_waived,
            d.fee,
            d.fee_paid,
            d.fee_waived,
        )
        for d in there
    ]
    assert found.credit == credit
    assert sum(found.buckets) == found.balance


# ------------------------------------------------------------------ what always holds

FEW = settings(max_examples=EXAMPLES // 4, deadline=None)
NO_INTEREST = config("")


@given(books(), st.sampled_from([PRINCIPAL, COSTS_FIRST]), st.integers(0, LAST))
@FEW
def test_without_a_rate_and_a_fixed_sum_both_orders_are_what_ageing_alone_gives(
    book: Book, order: str, until: int
) -> None:
    free = config(rate="0", fee="", order=order, starts=book.starts)
    found, _ = standings(book.ledger(), free, _day(until))
    alone, _ = standings(book.ledger(), NO_INTEREST, _day(until))
    assert [(s.items, s.credit, s.buckets) for s in found] == [(s.items, s.credit, s.buckets) for s in alone]
    assert not any(charge.owed for s in found for charge in s.charges)


@given(books(), st.randoms(use_true_random=False))
@FEW
def test_nothing_depends_on_the_order_of_rows(book: Book, rng: Any) -> None:
    mixed = replace(book, **{
        each: rng.sample(getattr(book, each), len(getattr(book, each)))
        for each in ("invoices", "payments", "credit_notes", "notices")
    })  # fmt: skip
    one, other = (standing_of(b.ledger(), _day(LAST), book.config()) for b in (book, mixed))
    assert (one.items, one.credit, one.buckets, one.charges) == (
        other.items,
        other.credit,
        other.buckets,
        other.charges,
    )


@given(books(), st.integers(0, LAST))
@FEW
def test_what_is_entered_later_changes_no_earlier_day(book: Book, until: int) -> None:
    whole, _ = standings(book.ledger(), book.config(), _day(until))
    known, _ = standings(book.ledger(until), book.config(), _day(until))
    assert [(s.items, s.credit, s.charges) for s in whole] == [(s.items, s.credit, s.charges) for s in known]


@given(books(), st.integers(0, LAST - 1), st.integers(1, 60))
@FEW
def test_a_longer_worksheet_goes_on_where_the_shorter_one_ends(book: Book, until: int, more: int) -> None:
    short, _ = standings(book.ledger(), book.config(), _day(until))
    long, _ = standings(book.ledger(), book.config(), _day(until + more))
    later = {charge.key: charge.accruals for s in long for charge in s.charges}
    later = {
        key: lines for key, lines in later.items() if lines
    }  # unannounced interest is not shown beside a fixed sum
    for charge in (charge for s in short for charge in s.charges if charge.accruals and charge.key in later):
        *whole, last = charge.accruals
        assert list(later[charge.key][: len(whole)]) == whole
        same = later[charge.key][len(whole)]
        assert (same.principal, same.first, same.rate) == (last.principal, last.first, last.rate)
        assert same.last >= last.last
        assert same.amount >= last.amount
    for lines in later.values():
        assert all(one.last < other.first for one, other in pairwise(lines))
        assert sum(x.days for x in lines) == sum((x.last - x.first).days + 1 for x in lines)


@given(books(), st.integers(0, LAST))
@FEW
def test_money_is_for_invoices_interest_and_fixed_sums_or_is_credit_and_none_is_lost(book: Book, until: int) -> None:
    found, errors = standings(book.ledger(), book.config(), _day(until))
    if errors or not found:  # more was paid back than ever came
        return
    (standing,) = found
    received = sum(sum_ for on, sum_, _ in (*book.payments, *book.credit_notes) if on <= until)
    invoiced = sum(amount for _, on, _, amount in book.invoices if on <= until)
    charged = sum(charge.interest_paid + charge.fee_paid for charge in standing.charges)
    given_up = sum(sum_ for on, sum_, _ in book.written_off if on <= until)
    wrote_off = invoiced - standing.balance + charged + standing.credit - received
    assert 0 <= wrote_off <= given_up


# ------------------------------------------------------------------ one case each


def one(
    invoices: Sequence[tuple[str, str, str, int]],
    said: pd.DataFrame,
    on: str,
    rule: Config,
    payments: Sequence[tuple[str, str, int, str]] = (),
    activity: Sequence[Activity] = (),
    **customer: str,
) -> Standing:
    """The standing of an account of which notices said something."""
    currency = customer.get("currency", "EUR")
    who = {"A": Customer("A", "Acme", **({"currency": currency} | customer))}  # type: ignore[arg-type]
    book = replace(
        ledger(invoices, payments, currency=currency, customers=who), notices=said, activity=diary(*activity)
    )
    found, _ = standings(book, rule, day(on))
    return next(s for s in found if s.currency == currency)


INVOICE = ("I", "2025-01-01", "2025-01-31", 100_000)
# 10 % of 1,000.00 for 73 days is 20.00: from 11 February to 24 April.
TOLD = told(("2025-02-01", "I", "2025-01-31", "interest 2025-02-11; fee 2025-02-11"))
TEN = {"rate": "10"}


def figures(standing: Standing) -> tuple[int, int, int, int]:
    """Fixed sum, interest and principal that are owed, and the credit."""
    return standing.fees, standing.interest, standing.balance, standing.credit


@pytest.mark.parametrize(
    ("order", "paid", "left"),
    [
        (COSTS_FIRST, 5_000, (0, 1_000, 100_000, 0)),  # 40, 20 and 1,000 less 50: 0, 10 and 1,000
        (COSTS_FIRST, 3_000, (1_000, 2_000, 100_000, 0)),
        (COSTS_FIRST, 106_000, (0, 0, 0, 0)),
        (COSTS_FIRST, 107_000, (0, 0, 0, 1_000)),
        (PRINCIPAL, 5_000, (4_000, 2_000, 95_000, 0)),
        (PRINCIPAL, 100_000, (4_000, 2_000, 0, 0)),
        (PRINCIPAL, 105_000, (0, 1_000, 0, 0)),
        (PRINCIPAL, 107_000, (0, 0, 0, 1_000)),
    ],
)
@pytest.mark.parametrize("names", ["I", ""])
def test_a_payment_goes_for_costs_interest_and_principal_as_the_order_has_it(
    order: str, paid: int, left: tuple[int, ...], names: str
) -> None:
    rule = config(**TEN, order=order)
    assert figures(one([INVOICE], TOLD, "2025-04-24", rule, [("2025-04-24", names, paid, "")])) == left


def test_paying_the_principal_leaves_the_interest_owed_until_it_is_paid_or_waived() -> None:
    rule = config(**TEN, order=PRINCIPAL, fee="")
    paid = [("2025-04-24", "I", 100_000, "")]
    assert figures(one([INVOICE], TOLD, "2026-04-24", rule, paid)) == (0, 2_000, 0, 0)
    both = [*paid, ("2025-08-01", "", 2_000, "")]
    assert figures(one([INVOICE], TOLD, "2026-04-24", rule, both)) == (0, 0, 0, 0)
    waived = [line("2025-08-01", "waive", note="interest: goodwill", invoice="I")]
    assert figures(one([INVOICE], TOLD, "2026-04-24", rule, paid, waived)) == (0, 0, 0, 0)
    part = [line("2025-08-01", "waive", note="goodwill", amount=500)]
    assert figures(one([INVOICE], TOLD, "2026-04-24", rule, paid, part)) == (0, 1_500, 0, 0)


@pytest.mark.parametrize("order", [PRINCIPAL, COSTS_FIRST])
def test_interest_that_was_paid_stays_paid_when_another_invoice_is_issued(order: str) -> None:
    rule = config(**TEN, order=order)
    paid = [("2025-04-24", "", 106_000, "")]
    later = ("J", "2025-06-01", "2025-06-30", 50_000)
    assert figures(one([INVOICE, later], TOLD, "2025-06-10", rule, paid)) == (0, 0, 50_000, 0)


@pytest.mark.parametrize("order", [PRINCIPAL, COSTS_FIRST])
def test_a_reversed_payment_takes_back_what_it_paid_and_interest_runs_again(order: str) -> None:
    rule = config(**TEN, order=order)
    money = [("2025-04-24", "", 106_000, ""), ("2025-05-01", "", -106_000, "")]
    assert figures(one([INVOICE], TOLD, "2025-05-01", rule, money)) == (4_000, 2_000, 100_000, 0)
    assert figures(one([INVOICE], TOLD, "2025-07-13", rule, money)) == (4_000, 4_000, 100_000, 0)


def test_a_write_off_takes_no_more_than_the_principal_that_is_open_whatever_interest_was_paid() -> None:
    rule = config(**TEN, order=COSTS_FIRST)
    money = [("2025-04-24", "I", 50_000, "")]
    gone = [line("2025-07-01", "writeoff", amount=100_000, invoice="I", note="gone away")]
    found = one([INVOICE], TOLD, "2025-12-31", rule, money, gone)
    assert found.balance == 0
    assert found.interest == 1_043  # 10 % of 560.00 for 68 days, up to the day on which it was given up


@pytest.mark.parametrize("order", ["principal", COSTS_FIRST])
@pytest.mark.parametrize("paid_on", ["2025-05-06", "2025-05-11"])
def test_who_pays_before_the_day_that_was_announced_owes_no_interest(order: str, paid_on: str) -> None:
    rule = config(**TEN, fee="", starts="due", order=order)
    paid = [(paid_on, "I", 101_000, "")]
    said = told(("2025-05-05", "I", "2025-01-31", "interest 2025-05-12"))
    for on in (paid_on, "2025-05-12", "2025-07-01"):
        found = one([INVOICE], said, on, rule, paid)
        assert (found.balance, found.credit) == (0, 1_000)
        assert found.claims == ()
        assert not found.charges[0].told


@pytest.mark.parametrize(("paid_on", "left"), [("2025-05-11", (0, 2_740, 0, 6_000)), ("2025-05-12", (0, 0, 0, 3_233))])
def test_money_is_taken_for_interest_from_the_day_that_was_announced(paid_on: str, left: tuple[int, ...]) -> None:
    rule = config(**TEN, fee="", starts="due", order=COSTS_FIRST)
    said = told(("2025-05-05", "I", "2025-01-31", "interest 2025-05-12"))
    assert figures(one([INVOICE], said, paid_on, rule, [(paid_on, "I", 106_000, "")])) == left


def test_interest_that_only_a_fixed_sum_was_announced_beside_is_not_claimed() -> None:
    rule = config(**TEN, starts="due", order=COSTS_FIRST)
    said = told(("2025-05-05", "I", "2025-01-31", "fee 2025-05-12"))
    found = one([INVOICE], said, "2025-07-01", rule)
    assert (found.interest, found.fees) == (0, 4_000)
    assert [(claim.interest, claim.fees) for claim in found.claims] == [(0, 4_000)]


def test_a_payment_that_bounces_after_the_day_that_was_announced_saves_nobody_the_interest() -> None:
    rule = config(**TEN, fee="", starts="due", order=COSTS_FIRST)
    said = told(("2025-05-05", "I", "2025-01-31", "interest 2025-05-12"))
    money = [("2025-05-06", "I", 100_000, ""), ("2025-05-20", "I", -100_000, "")]
    assert not one([INVOICE], said, "2025-05-19", rule, money).claims
    assert one([INVOICE], said, "2025-05-21", rule, money).claims[0].interest == 2_630  # to 6 May, and 21 May


def test_what_is_taken_back_is_missing_in_the_interest_before_the_fixed_sum() -> None:
    rule = config(**TEN, order=COSTS_FIRST)
    money = [("2025-04-24", "I", 6_000, ""), ("2025-04-25", "I", -3_000, "")]
    assert figures(one([INVOICE], TOLD, "2025-04-25", rule, money)) == (1_000, 2_027, 100_000, 0)


def test_a_debt_that_was_paid_takes_no_money_back_from_another_for_interest_told_later() -> None:
    rule = config(**TEN, fee="", starts="due", order=COSTS_FIRST)
    other = ("J", "2025-01-02", "2025-02-28", 100_000)
    paid = [("2025-04-24", "", 150_000, "")]
    said = told(("2025-05-05", "I", "2025-01-31", "interest 2025-05-12"))
    found = one([INVOICE, other], said, "2025-06-01", rule, paid)
    assert found.balance == 50_000
    assert {charge.invoice_id: charge.interest_paid for charge in found.charges} == {"I": 0, "J": 0}


def test_the_united_kingdom_keeps_one_rate_for_the_debt_across_a_half_year() -> None:
    debt = ("I", "2024-10-01", "2024-11-30", 100_000)
    said = told(("2024-12-01", "I", "2024-11-30", "interest 2024-12-02"), currency="GBP")
    found = one([debt], said, "2025-07-31", config("uk-lpcda"), currency="GBP")
    (sheet,) = found.charges[0].accruals
    assert (sheet.rate, sheet.days, sheet.amount) == (132_500, 242, 8_785)


def test_germany_splits_at_the_half_year() -> None:
    debt = ("I", "2024-10-01", "2024-11-30", 100_000)
    said = told(("2024-12-01", "I", "2024-11-30", "interest 2024-12-02"))
    found = one([debt], said, "2025-01-31", config("de-288-b2b"))
    assert [(x.first.isoformat(), x.days, x.rate, x.amount) for x in found.charges[0].accruals] == [
        ("2024-12-02", 30, 123_700, 1_017),
        ("2025-01-01", 31, 112_700, 957),
    ]


def test_days_without_a_known_rate_claim_nothing_and_say_so() -> None:
    debt = ("I", "2026-10-01", "2026-11-30", 100_000)
    said = told(("2026-12-01", "I", "2026-11-30", "interest 2026-12-02"))
    (charge,) = one([debt], said, "2027-02-01", config("de-288-b2b")).charges
    assert charge.unknown_from == day("2027-01-01")
    assert [line.amount for line in charge.accruals] == [865, 0]
    (known,) = one([debt], said, "2027-02-01", config("de-288-b2b", rates={"2027-01-01": "1.52"})).charges
    assert known.unknown_from is None
    assert known.accrued > charge.accrued


def test_a_dutch_consumer_owes_costs_only_when_the_letter_left_fourteen_days() -> None:
    debt = ("I", "2025-01-01", "2025-01-31", 100_000)
    for on, fee in (("2025-02-15", 0), ("2025-02-16", 15_000)):
        said = told(("2025-02-01", "I", "2025-01-31", f"fee {on}"))
        assert one([debt], said, "2025-03-01", config("nl-119a"), kind="consumer").fees == fee


def test_a_consumer_owes_nothing_under_a_rule_for_businesses_alone() -> None:
    said = told(("2025-02-01", "I", "2025-01-31", "interest 2025-02-11; fee 2025-02-11"), currency="GBP")
    assert one([INVOICE], said, "2025-04-24", config("uk-lpcda"), currency="GBP", kind="consumer").charges == ()


def test_a_dispute_claims_nothing_away() -> None:
    rule, disputed = config(**TEN), [line("2025-03-01", "dispute", invoice="I")]
    found = one([INVOICE], TOLD, "2025-04-24", rule, activity=disputed)
    assert figures(found) == figures(one([INVOICE], TOLD, "2025-04-24", rule)) == (4_000, 2_000, 100_000, 0)


def test_a_fixed_sum_is_owed_in_its_own_currency_alone() -> None:
    said = told(("2025-02-01", "I", "2025-01-31", "interest 2025-02-11; fee 2025-02-11"), currency="USD")
    found = one([INVOICE], said, "2025-04-24", config(**TEN), currency="USD")
    assert figures(found) == (0, 2_000, 100_000, 0)
    assert found.charges[0].fee_on is None


def test_an_amount_is_waived_in_the_currency_of_the_account_alone() -> None:
    said = told(("2025-02-01", "I", "2025-01-31", "interest 2025-02-11"), currency="USD")
    who = {"A": Customer("A", "Acme", currency="EUR")}
    book = replace(ledger([INVOICE], currency="USD", customers=who), notices=said)
    for waiver, interest in ((line("2025-04-01", "waive", amount=500, note="goodwill"), 2_000),
                             (line("2025-04-24", "waive", note="interest: goodwill"), 0)):  # fmt: skip
        (found,), _ = standings(replace(book, activity=diary(waiver)), config(**TEN), day("2025-04-24"))
        assert found.interest == interest


def test_a_fixed_sum_that_was_not_owed_on_its_day_may_be_announced_again() -> None:
    money = [("2025-02-10", "I", 100_000, ""), ("2025-03-01", "I", -100_000, "")]
    again = told(
        ("2025-02-01", "I", "2025-01-31", "fee 2025-02-11"), ("2025-03-05", "I", "2025-01-31", "fee 2025-03-15")
    )
    assert one([INVOICE], again, "2025-03-14", config(**TEN), money).fees == 0
    (charge,) = one([INVOICE], again, "2025-03-15", config(**TEN), money).charges
    assert (charge.fee, charge.fee_on) == (4_000, day("2025-03-15"))


def test_an_invoice_with_instalments_owes_one_fixed_sum_where_the_rule_says_per_invoice() -> None:
    dues = [INVOICE, ("I", "2025-01-01", "2025-02-28", 100_000)]
    said = told(
        ("2025-03-01", "I", "2025-01-31", "fee 2025-03-11"), ("2025-03-01", "I", "2025-02-28", "fee 2025-03-11")
    )
    assert one(dues, said, "2025-04-01", config()).fees == 4_000
    assert one(dues, said, "2025-04-01", config("de-288-b2b")).fees == 8_000


def test_waived_interest_stops_until_a_later_notice_announces_it_anew() -> None:
    let_go = [line("2025-03-01", "waive", note="interest: goodwill")]
    assert one([INVOICE], TOLD, "2025-04-24", config(**TEN), activity=let_go).interest == 0
    anew = pd.concat([TOLD, told(("2025-04-01", "I", "2025-01-31", "interest 2025-04-11"))])
    (charge,) = one([INVOICE], anew, "2025-04-24", config(**TEN), activity=let_go).charges
    assert (charge.accruals[-1].first, charge.interest) == (day("2025-04-11"), charge.accruals[-1].amount)


def test_hardship_bears_no_interest_and_a_release_of_one_invoice_does_not_end_it() -> None:
    pause = line("2025-03-01", "hardship", due="2025-03-31")
    for lifted, days in (
        ((), 42),
        ((line("2025-03-11", "release"),), 63),
        ((line("2025-03-11", "release", invoice="I"),), 42),
    ):
        (charge,) = one([INVOICE], TOLD, "2025-04-24", config(**TEN), activity=[pause, *lifted]).charges
        assert sum(x.days for x in charge.accruals) == days


PLAN = [
    line("2025-03-01", "plan", amount=50_000, due="2025-03-31", every="month", count=2),
    line("2025-03-03", "signed"),
]


def rested(on: str, *more: Activity, payments: Sequence[tuple[str, str, int, str]] = ()) -> list[str]:
    """First and last days of the stretches that bore interest."""
    (charge,) = one([INVOICE], TOLD, on, config(**TEN), payments, [*PLAN, *more]).charges
    return [f"{x.first:%m-%d}/{x.last:%m-%d}" for x in charge.accruals]


def test_a_signed_plan_bears_no_interest_while_it_is_kept() -> None:
    assert rested("2025-03-31") == ["02-11/03-02"]
    first, *_ = rested("2025-06-30")
    assert first == "02-11/03-02"


def test_what_a_plan_spared_stays_spared_when_it_is_released_or_another_one_is_made() -> None:
    before = rested("2025-03-20")
    assert rested("2025-03-25", line("2025-03-21", "release")) == [*before, "03-21/03-25"]
    anew = line("2025-03-21", "plan", amount=100_000, due="2025-05-31", every="month", count=1)
    assert rested("2025-03-25", anew) == [*before, "03-21/03-25"]


def test_a_default_that_is_made_good_keeps_the_interest_of_its_days() -> None:
    late = rested("2025-04-20")
    assert len(late) == 2, "the plan is in default after the grace"
    cured = rested("2025-04-25", payments=[("2025-04-21", "I", 50_000, "")])
    assert cured == late, "the payment made it good from its own day on"


def test_what_is_invoiced_after_a_plan_was_made_bears_interest_beside_it() -> None:
    later = ("J", "2025-03-02", "2025-03-10", 100_000)
    said = pd.concat([TOLD, told(("2025-03-11", "J", "2025-03-10", "interest 2025-03-15"))])
    found = one([INVOICE, later], said, "2025-03-20", config(**TEN), activity=PLAN)
    assert {c.invoice_id: sum(x.days for x in c.accruals) for c in found.charges} == {"I": 20, "J": 6}


def test_a_dutch_business_pays_interest_on_the_interest_of_full_years_unless_it_was_paid() -> None:
    debt = ("I", "2023-01-01", "2023-01-31", 100_000)
    said = told(("2023-02-01", "I", "2023-01-31", "interest 2023-02-02"))
    plain = one([debt], said, "2024-03-31", config("nl-119a"))
    assert plain.charges[0].accruals[-1].principal > 100_000
    paid = [("2024-01-31", "I", plain.charges[0].accrued, "")]
    found = one([debt], said, "2024-03-31", config("nl-119a"), paid)
    assert max(x.principal for x in found.charges[0].accruals) == 100_000


# ------------------------------------------------------------------ a letter is kept to


def asked(*, by: str) -> pd.DataFrame:
    """Interest was announced from 11 January; a notice of 31 January claims 21 days of it, to be paid by a day."""
    frame = told(("2025-01-02", "I", "2025-01-01", "interest 2025-01-11"), ("2025-01-31", "I", "2025-01-01", ""))
    return frame.assign(pay_by=[0, day(by).toordinal()]).astype({"pay_by": "int32"})


CLAIMED = 561  # 1,000.00 * 9.75 % * 21 / 365


@pytest.mark.parametrize("order", ["principal", "costs-interest-principal"])
@pytest.mark.parametrize(
    ("paid_on", "amount", "left"),
    [
        ("2025-01-31", 100_561, (0, 0)),
        ("2025-02-14", 100_561, (0, 0)),  # the last day
        ("2025-02-10", 100_000, {"principal": (0, 828), "costs-interest-principal": (561, 270)}),
        ("2025-02-15", 100_561, {"principal": (0, 401), "costs-interest-principal": (401, 1)}),  # too late
        ("2025-02-10", 50_000, {"principal": (50_000, 1068), "costs-interest-principal": (50_561, 510)}),
    ],
)
def test_who_pays_what_a_notice_asks_by_its_deadline_owes_no_more(
    order: str, paid_on: str, amount: int, left: Any
) -> None:
    book = ledger([("I", "2024-12-01", "2025-01-01", 100_000)], [(paid_on, "I", amount, "")])
    book = replace(book, notices=asked(by="2025-02-14"))
    (found, *_), _ = standings(book, config(fee="0", order=order), day("2025-02-28"))
    assert (found.balance, found.interest) == (left[order] if isinstance(left, dict) else left)


def test_what_is_asked_for_stays_the_same_while_the_deadline_runs() -> None:
    book = replace(ledger([("I", "2024-12-01", "2025-01-01", 100_000)]), notices=asked(by="2025-02-14"))
    claims = {
        on: [claim.interest for claim in standings(book, config(fee="0"), day(on))[0][0].claims]
        for on in ("2025-01-31", "2025-02-05", "2025-02-14", "2025-02-15")
    }
    assert claims == {"2025-01-31": [CLAIMED], "2025-02-05": [CLAIMED], "2025-02-14": [CLAIMED], "2025-02-15": [962]}
