"""Cells are read strictly: what is not written as it should be is no date, no amount and no name."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pastdue import money
from pastdue.books import cells
from pastdue.books.grid import texts

NUMBER_FORMATS = [
    "1234.56",
    "1234,56",
    "1.234,56",
    "1,234.56",
    "1 234,56",
    "1'234.56",
    "1\N{NARROW NO-BREAK SPACE}234.56",
]


# ------------------------------------------------------------------ dates


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_every_day_is_read_as_itself_in_every_form(day: date) -> None:
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d %b %Y", "%Y%m%d"):
        assert cells.day(day.strftime(form), form) == day.toordinal()


@given(st.dates(date(1990, 1, 1), date(2089, 12, 31)))
def test_two_digits_of_a_year_mean_the_years_from_1990_on(day: date) -> None:
    assert cells.day(day.strftime("%d.%m.%y"), "%d.%m.%y") == day.toordinal()


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-29", "2025-2-28", "25-02-28", "20250228", "2025-W09-5", "2025/02/28", "2025-02-28T00:00", "2025-02-28\n",
        "٢٠٢٥-٠٢-٢٨", "２０２５-０２-２８", "+025-02-28", "2025-02-2 8", "28/02/2025", "46082", "today", "0000-00-00",
        "1989-12-31", "2101-01-01", "9999-12-31",
    ],
)  # fmt: skip
def test_what_is_not_a_full_date_is_no_date(text: str) -> None:
    assert cells.day(text) == 0


@given(st.text(st.sampled_from("0123456789-/.٢ "), max_size=11))
def test_a_date_is_read_only_from_the_text_that_it_would_be_written_as(text: str) -> None:
    ordinal = cells.day(text)
    assert ordinal == 0 or date.fromordinal(ordinal).isoformat() == text


@pytest.mark.parametrize("form", ["", "%d", "%d.%m", "%d.%m.%Y %H", "%Y-%m-%d-%d", "%x", "%", "%d%m%B%Y", "d/m/Y"])
def test_a_format_without_day_month_and_year_reads_nothing(form: str) -> None:
    assert cells.date_pattern(form) is None
    assert cells.day("2025-02-28", form) == 0


def test_signs_of_a_format_mean_themselves() -> None:
    assert cells.day("28.02.2025", "%d.%m.%Y")
    assert not cells.day("28x02x2025", "%d.%m.%Y")


def test_a_true_date_of_a_spreadsheet_is_read_whatever_is_declared() -> None:
    written = texts(["2025-02-28", "2025-02-28", "28/02/2025", ""])
    native = np.array([True, False, False, False])
    day = date(2025, 2, 28).toordinal()
    assert cells.days(written, native, "%d/%m/%Y").tolist() == [day, 0, day, 0]


# ------------------------------------------------------------------ amounts


def read(text: str, currency: str = "EUR", number_format: str = "1234.56") -> int | None:
    """One amount in minor units; None when it is refused."""
    digits = np.array([money.exponent(currency)])
    amounts = cells.amounts(texts([text]), digits, None, number_format)
    is_refused = amounts.misread[0] or amounts.too_fine[0] or amounts.too_large[0]
    assert not (is_refused and amounts.minor[0])
    return None if is_refused else int(amounts.minor[0])


@given(st.integers(-money.LARGEST, money.LARGEST), st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_every_amount_is_read_exactly(minor: int, currency: str) -> None:
    text = money.to_text(minor, currency)
    assert read(text, currency) == minor
    assert read(text + "000" if "." in text else text + ".000", currency) == minor


@pytest.mark.parametrize(
    "text",
    [
        "", "NaN", "inf", "1e5", "1E+15", "1_000", "+5", ".5", "5.", "1 000", "1,000", "1.000,00", "--5", "5-", "(5)",
        "€5", "5 EUR", "٥", "５", "0x10", "1.2.3", "5\n", "\N{MINUS SIGN}5", "1'000", "nan", "True", "5\u200b",
    ],
)  # fmt: skip
def test_what_is_not_a_plain_amount_is_no_amount(text: str) -> None:
    assert read(text) is None


def test_decimals_that_the_currency_lacks_are_refused_unless_they_are_zeros() -> None:
    assert read("1580.9400") == 158094
    assert read("1580.9401") is None
    assert read("1580.0", "JPY") == 1580
    assert read("1580.5", "JPY") is None
    assert read("1.2345", "KWD") is None


def test_the_largest_amount_is_read_and_anything_larger_refused() -> None:
    assert read("10000000000.00") == money.LARGEST
    for text in ("10000000000.01", "99999999999999", "9" * 400, "-" + "9" * 18):
        assert read(text) is None
    assert read("0" * 30 + "5") == 500


@given(st.text(st.sampled_from("0123456789.,-+ eE_'٥"), max_size=12))
def test_an_amount_is_what_decimal_arithmetic_says_of_plain_digits(text: str) -> None:
    minor = read(text)
    if minor is not None:
        assert set(text) <= set("-0123456789.")
        assert minor == Decimal(text) * 100


def written(minor: int, number_format: str) -> str:
    """The amount as the format's example shows it."""
    point, grouping = number_format[-3], number_format[1:-6]
    whole, part = divmod(abs(minor), 100)
    return ("-" if minor < 0 else "") + f"{whole:,}".replace(",", grouping) + point + f"{part:02d}"


@given(st.integers(-money.LARGEST, money.LARGEST), st.sampled_from(NUMBER_FORMATS))
def test_a_declared_format_is_read_exactly_with_and_without_its_thousands(minor: int, number_format: str) -> None:
    text = written(minor, number_format)
    assert read(text, number_format=number_format) == minor
    if grouping := number_format[1:-6]:
        assert read(text.replace(grouping, ""), number_format=number_format) == minor


@pytest.mark.parametrize(
    "text", ["12.34,56", "1.2345,00", "1,234.56", "1234.56", ".234,56", "1..234,56", "1.234.56", "1 234,56"]
)
def test_thousands_stand_where_they_belong_or_nowhere(text: str) -> None:
    assert read(text, number_format="1.234,56") is None


def test_what_looks_like_a_space_or_an_apostrophe_groups_like_one() -> None:
    for space in (" ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"):
        assert read(f"1{space}234,56", number_format="1 234,56") == 123456
    assert read("1\N{RIGHT SINGLE QUOTATION MARK}234.56", number_format="1'234.56") == 123456


def test_a_true_number_of_a_spreadsheet_is_read_whatever_is_declared() -> None:
    column = texts(["1.234", "1.234", "1.234,5"])
    amounts = cells.amounts(column, np.array([3, 3, 3]), np.array([True, False, False]), "1.234,56")
    assert amounts.minor.tolist() == [1234, 1234000, 1234500]


def test_each_row_has_the_decimals_of_its_own_currency() -> None:
    amounts = cells.amounts(texts(["1", "1", "1", "x"]), np.array([0, 2, 3, 2]))
    assert amounts.minor.tolist() == [1, 100, 1000, 0]
    assert amounts.misread.tolist() == [False, False, False, True]


# ------------------------------------------------------------------ words


@pytest.mark.parametrize(
    "text",
    [
        "a\u200bb",
        "\ufeffa",
        "a\u202eb",
        "a\u2066b",
        "a\u00adb",
        "a\x07b",
        "a\x7fb",
        "a\x85b",
        "a\u2028b",
        "a\u200db",
        "\u200c",
        "a\u061cb",
    ],
)
def test_characters_that_no_reader_sees_are_odd(text: str) -> None:
    assert cells.odd(texts([text, "sound"])).tolist() == [True, False]


@pytest.mark.parametrize(
    "text",
    [
        "Ørsted & Søn",
        "東京商事",
        "مؤسسة",
        "نیم\u200cفاصله",
        "क्\u200dष",
        "👩\u200d💻 Ltd",
        "❤\ufe0f\u200d🔥",
        "a\N{NO-BREAK SPACE}b",
        "O'Neil",
    ],
)
def test_names_are_spelt_as_their_scripts_need_it(text: str) -> None:
    assert not cells.odd(texts([text])).any()


@pytest.mark.parametrize("text", ["a\N{NO-BREAK SPACE}b", "نیم\u200cفاصله", "a\u3000b", "\ue000"])
def test_a_number_holds_nothing_that_looks_like_something_else(text: str) -> None:
    assert cells.odd(texts([text]), is_id=True).all()


@pytest.mark.parametrize("text", ["../../etc/passwd", "a b", "=1+1", "Ä-1", "東京", "<script>", '"', "a/b\\c:d"])
def test_a_number_may_be_any_text_that_can_be_seen(text: str) -> None:
    assert not cells.odd(texts([text]), is_id=True).any()


@given(st.lists(st.text(max_size=5), max_size=5), st.booleans())
def test_a_column_is_judged_as_its_cells_are(column: list[str], is_id: bool) -> None:
    judged = cells.odd(texts(column), is_id=is_id).tolist()
    assert judged == [bool(cells.odd_character(text, is_id=is_id)) for text in column]


def test_a_slice_of_a_column_is_read_as_if_it_stood_alone() -> None:
    column = texts(["\u200b", "1.00", "2.00", "x"]).slice(1, 2)
    assert not cells.odd(column).any()
    assert cells.amounts(column, np.array([2, 2])).minor.tolist() == [100, 200]
    assert cells.days(texts(["x", "2025-02-28"]).slice(1)).tolist() == [date(2025, 2, 28).toordinal()]


def test_an_empty_column_has_no_days_and_no_amounts() -> None:
    assert cells.days(texts([])).dtype == np.int32
    assert len(cells.amounts(texts([]), np.zeros(0, np.int64)).minor) == 0
