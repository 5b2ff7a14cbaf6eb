"""Every open sum is expected once, or said to have no day."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from world import NO_CALENDAR, day, diary, ladder, ledger, line, step

from pastdue.dunning import cash
from pastdue.dunning.ageing import age
from pastdue.dunning.escalation import decisions
from pastdue.dunning.standing import standings
from pastdue.model import Activity, Ledger
from pastdue.outlook import Cash, Source, Week

CONFIG = ladder(step("reminder", 1), calendar=NO_CALENDAR)
ON = day("2025-03-05")  # a Wednesday
PAID = [("P", "2024-12-01", "2025-01-01", 100_00), ("Q", "2024-12-01", "2025-01-01", 300_00)]
MONEY = [("2025-01-05", "P", 100_00, ""), ("2025-01-11", "Q", 300_00, "")]  # half of it within ten days


def expected(book: Ledger, until: str = "2025-03-31", on: date = ON) -> Cash:
    found, _ = standings(book, CONFIG, on)
    habits = cash.habits(age(book, on).items, on)
    (only,) = cash.expected(found, decisions(found, CONFIG), habits, day(until))
    return only


def test_the_habit_is_the_day_by_which_half_of_the_money_has_come() -> None:
    book = ledger([*PAID, ("1", "2025-02-01", "2025-03-01", 50_00), ("2", "2025-01-01", "2025-02-01", 7_00)], MONEY)
    found = expected(book)
    assert [(each.on, each.amount, each.days_late, each.source) for each in found.lines] == [
        (day("2025-03-11"), 50_00, 10, Source.HABIT)
    ]
    assert (found.no_date, found.balance, found.habit) == (7_00, 57_00, 10)
    assert found.weeks[:2] == (Week(ON, 0, 0, 0), Week(day("2025-03-10"), 0, 0, 50_00))


def test_what_is_promised_is_not_expected_a_second_time() -> None:
    said = diary(line("2025-03-03", "promise", amount=30_00, due="2025-03-07"))
    book = ledger([*PAID, ("1", "2025-02-01", "2025-03-01", 50_00)], MONEY, activity=said)
    assert [(each.on, each.amount, each.source) for each in expected(book).lines] == [
        (day("2025-03-07"), 30_00, Source.PROMISE),
        (day("2025-03-11"), 20_00, Source.HABIT),
    ]


def test_a_signed_plan_dates_what_it_covers() -> None:
    agreed = diary(
        line("2025-03-01", "plan", amount=25_00, due="2025-03-10", every="week", count=2), line("2025-03-02", "signed")
    )
    book = ledger([*PAID, ("1", "2025-02-01", "2025-03-01", 50_00)], MONEY, activity=agreed)
    assert [(each.on, each.amount, each.source) for each in expected(book).lines] == [
        (day("2025-03-10"), 25_00, Source.PLAN),
        (day("2025-03-17"), 25_00, Source.PLAN),
    ]


def test_what_is_disputed_or_held_is_set_apart() -> None:
    bills = [*PAID, ("1", "2025-02-01", "2025-03-01", 50_00), ("2", "2025-02-01", "2025-03-01", 9_00)]
    assert expected(ledger(bills, MONEY, activity=diary(line("2025-03-01", "dispute", invoice="2")))).apart == 9_00
    assert expected(ledger(bills, MONEY, activity=diary(line("2025-03-01", "lawyer")))).apart == 59_00


def test_nobody_s_record_gives_no_date() -> None:
    found = expected(ledger([("1", "2025-02-01", "2025-03-01", 50_00)]))
    assert (found.no_record, found.lines, found.habit) == (50_00, (), None)


KINDS = st.sampled_from(
    [
        line("2025-03-01", "promise", amount=40, due="2025-03-20"),
        line("2025-02-01", "promise", amount=90, due="2025-03-04"),
        line("2025-02-20", "plan", amount=30, due="2025-03-02", every="week", count=4),
        line("2025-02-21", "signed"),
        line("2025-03-01", "dispute", invoice="1"),
        line("2025-03-01", "hold", due="2025-03-20"),
        line("2025-03-02", "writeoff", amount=20, invoice="0"),
    ]
)


@given(
    st.lists(st.tuples(st.integers(1, 28), st.integers(1, 200)), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(1, 28), st.integers(1, 200)), max_size=3),
    st.lists(KINDS, max_size=4),
)
@settings(max_examples=40, deadline=None)
def test_every_open_sum_is_in_exactly_one_place(
    bills: list[tuple[int, int]], paid: list[tuple[int, int]], said: list[Activity]
) -> None:
    book = ledger(
        [(str(n), "2025-01-10", f"2025-0{1 + n % 4}-{d:02d}", amount) for n, (d, amount) in enumerate(bills)],
        [(f"2025-02-{d:02d}", "", amount, "") for d, amount in paid],
        activity=diary(*sorted(said, key=lambda each: each.on)),
    )
    (standing,) = standings(book, CONFIG, ON)[0]
    if standing.items:
        found = expected(book)
        assert found.balance == standing.balance
        dated = sum(each.amount for each in found.lines)
        assert dated + found.later + found.no_date + found.no_record + found.apart == found.balance
        assert sum(week.total for week in found.weeks) == dated
        assert all(each.amount > 0 and each.on >= ON for each in found.lines)
