"""One cell's text as a date, an amount or a word: strict, a whole column at a time.

Lenient parsers take `1e5`, `+12.00`, `2024-1-5` and other scripts' digits; so a strict ASCII pattern stands before
each cast, and what does not fit is said, never guessed.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pastdue import money

ISO = "%Y-%m-%d"
PLAIN = "1234.56"
YEARS = range(1990, 2101)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def matches(texts: pa.Array, pattern: str) -> np.ndarray:
    """Which cells hold the pattern (RE2), as a mask."""
    return as_mask(pc.match_substring_regex(texts, pattern))


def as_mask(values: pa.Array) -> np.ndarray:
    """An arrow mask as numpy's."""
    mask: np.ndarray = values.to_numpy(zero_copy_only=False)
    return mask


def is_blank(texts: pa.Array) -> np.ndarray:
    """Which cells are empty."""
    return as_mask(pc.equal(texts, ""))


def each_once(texts: pa.Array, turn: Callable[[str], int]) -> np.ndarray:
    """`turn` of every cell as int64, worked out once for each distinct text."""
    coded = texts.dictionary_encode()
    values = np.array([turn(text) for text in coded.dictionary.to_pylist()] or [0], np.int64)
    turned: np.ndarray = values[coded.indices.to_numpy(zero_copy_only=False)]
    return turned


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as numbers: rows with the same text have the same code."""

    distinct: pa.Array
    codes: np.ndarray  # of each row: the place of its text in `distinct`
    first: np.ndarray  # of each code: the first row that has it

    @classmethod
    def of(cls, texts: pa.Array) -> "Coded":
        """Distinct texts in the order in which they come."""
        coded = texts.dictionary_encode()
        codes = coded.indices.to_numpy(zero_copy_only=False)
        first = np.zeros(len(coded.dictionary), np.int64)
        first[codes[::-1]] = np.arange(len(codes))[::-1]
        return cls(coded.dictionary, codes, first)


# ------------------------------------------------------------------ dates

_PARTS = {
    "d": "(?P<day>[0-9]{2})",
    "m": "(?P<month>[0-9]{2})",
    "b": "(?P<name>[A-Za-z]{3})",
    "Y": "(?P<year>[0-9]{4})",
    "y": "(?P<short>[0-9]{2})",
}


@cache
def date_pattern(date_format: str) -> re.Pattern[str] | None:
    """The one form that a date may have; None when the format is not made of %d, %m or %b, %Y or %y."""
    pieces = re.split(r"%(.?)", date_format, flags=re.DOTALL)
    wanted = sorted(pieces[1::2])
    if wanted not in [sorted(day + month + year) for day in "d" for month in "mb" for year in "Yy"]:
        return None
    written = [_PARTS[piece] if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)]
    return re.compile("".join(written))


def day(text: str, date_format: str = ISO) -> int:
    """The ordinal of a date that is written in the format, between 1990 and 2100; 0 for anything else."""
    found = _date(text, date_format)
    return found.toordinal() if found and found.year in YEARS else 0


def is_far(text: str, date_format: str = ISO) -> bool:
    """True for a date in a year of which no book of today speaks."""
    found = _date(text, date_format)
    return found is not None and found.year not in YEARS


def _date(text: str, date_format: str) -> date | None:
    pattern = date_pattern(date_format)
    found = pattern.fullmatch(text) if pattern else None
    if not found:
        return None
    part = found.groupdict()
    name = part.get("name", "").casefold()
    month = int(part["month"]) if "month" in part else _MONTHS.index(name) + 1 if name in _MONTHS else 0
    short = int(part.get("short") or 0)
    year = int(part["year"]) if "year" in part else short + (1900 if short >= YEARS.start % 100 else 2000)
    try:
        return date(year, month, int(part["day"]))
    except ValueError:
        return None


def days(texts: pa.Array, native: np.ndarray | None = None, date_format: str = ISO) -> np.ndarray:
    """Dates as ordinals (int32), 0 where there is none; a spreadsheet's true dates stand as ISO whatever the format."""
    ordinals = each_once(texts, lambda text: day(text, date_format))
    if native is not None and date_format != ISO:
        ordinals = np.where(native, each_once(texts, day), ordinals)
    return ordinals.astype(np.int32)


_COMMON = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%d-%b-%Y", "%d %b %Y", "%d.%m.%y", "%d/%m/%y")


def example(date_format: str) -> str:
    """The last of February 2025 as the format writes it."""
    written = {"%d": "28", "%m": "02", "%b": "Feb", "%Y": "2025", "%y": "25"}
    return re.sub("%.", lambda part: written.get(part[0], part[0]), date_format)


def formats_of(text: str) -> list[str]:
    """The usual date formats by which the text is a date: for a hint, never to read by."""
    return [each for each in _COMMON if day(text, each)]


# ------------------------------------------------------------------ amounts

_SPACES = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"
# So many digits before the point are beyond the largest amount of any currency.
_WIDE = r"^-?0*[1-9][0-9]{13,}"


@dataclass(frozen=True, slots=True)
class Amounts:
    """Amounts in minor units, 0 where one of the masks says why there is none."""

    minor: np.ndarray  # int64
    misread: np.ndarray  # not an amount as it should be written
    too_fine: np.ndarray  # more decimals than its currency has
    too_large: np.ndarray  # beyond money.LARGEST


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How an operator writes amounts, by the example 1.234,56."""

    grouping: str  # the characters that may stand between thousands, "" when none does
    point: str

    @classmethod
    def of(cls, example: str) -> "NumberFormat | None":
        """None when thousands and decimals are set apart by the same sign."""
        point, grouping = example[-3], example[1:-6]
        same = next((signs for signs in (_SPACES, _APOSTROPHES) if grouping and grouping in signs), grouping)
        return None if point == grouping else cls(same, point)

    @property
    def pattern(self) -> str:
        """Thousands where they belong or nowhere."""
        grouped = f"|[0-9]{{1,3}}(?:{self.group}[0-9]{{3}})+" if self.grouping else ""
        return rf"^-?(?:[0-9]+{grouped})(?:{re.escape(self.point)}[0-9]+)?\z"

    @property
    def group(self) -> str:
        """The grouping sign as a pattern."""
        return f"[{re.escape(self.grouping)}]"


_EXAMPLES = ("1234,56", "1.234,56", "1,234.56", "1 234,56", "1'234.56")


def number_formats_of(text: str) -> list[str]:
    """The usual number formats by which the text is an amount: for a hint, never to read by."""
    fits = []
    for each in _EXAMPLES:
        form = NumberFormat.of(each)
        is_grouped = form is not None and any(sign in text for sign in form.grouping)
        if form and (is_grouped or not form.grouping) and re.fullmatch(form.pattern.removesuffix(r"\z"), text):
            fits.append(each)
    return fits


def amounts(
    texts: pa.Array, digits: np.ndarray, native: np.ndarray | None = None, number_format: str = PLAIN
) -> Amounts:
    """Amounts in minor units; `digits` are the decimals that each row's currency has, blank cells count as misread.

    A spreadsheet's true numbers stand as `1234.5` whatever the format.
    """
    own = NumberFormat.of(number_format) or NumberFormat("", ".")
    is_plain = matches(texts, NumberFormat("", ".").pattern)
    if own == NumberFormat("", "."):
        fits, plain = is_plain, texts
    else:
        fits = matches(texts, own.pattern)
        plain = pc.replace_substring_regex(texts, own.group, "") if own.grouping else texts
        plain = pc.replace_substring(plain, own.point, ".")
        if native is not None:
            fits = np.where(native, is_plain, fits)
            plain = pc.if_else(pa.array(native), texts, plain)
    wide = fits & matches(plain, _WIDE)
    minor, too_fine = np.zeros(len(fits), np.int64), np.zeros(len(fits), bool)
    for exponent in np.unique(digits[fits & ~wide]):
        here = fits & ~wide & (digits == exponent)
        some = plain if here.all() else plain.filter(pa.array(here))
        fine = matches(some, rf"\.[0-9]{{{exponent}}}[0-9]*[1-9]")
        too_fine[here], minor[here] = fine, _minor(some, int(exponent), fine)
    large = np.abs(minor) > money.LARGEST
    minor[large] = 0
    return Amounts(minor, ~fits, too_fine, wide | large)


def _minor(plain: pa.Array, exponent: int, too_fine: np.ndarray) -> np.ndarray:
    """Exact minor units by arrow's decimals; more zeros than the currency has decimals mean nothing."""
    if too_fine.any():
        plain = pc.if_else(pa.array(too_fine), "0", plain)
    if matches(plain, rf"\.[0-9]{{{exponent}}}0").any():
        kept = rf"(\.[0-9]{{{exponent}}})0+\z" if exponent else r"()\.0+\z"
        plain = pc.replace_substring_regex(plain, kept, r"\1")
    decimals = pc.cast(plain, pa.decimal128(38, exponent))
    words = np.frombuffer(decimals.buffers()[1], np.int64).reshape(-1, 2)
    minor: np.ndarray = words[decimals.offset : decimals.offset + len(decimals), 0]
    return minor


# ------------------------------------------------------------------ words

_LINES = "\r\n\t\v\f\N{NEXT LINE}\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}"
# RE2's classes; a cell without any of these is sound.
_SUSPECT_IN_TEXT = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]"
_SUSPECT_IN_ID = r"[^\x20-\x7e]"


def on_one_line(texts: pa.Array) -> pa.Array:
    """Line breaks and tabs as spaces."""
    return texts if is_ordinary(texts) else pc.replace_substring_regex(texts, f"[{_LINES}]+", " ")


def is_ordinary(texts: pa.Array) -> bool:
    """True when all of it is printable ASCII: the common case, told from the bytes at once."""
    if not len(texts):
        return True
    start, end = texts.offset, texts.offset + len(texts)
    offsets = np.frombuffer(texts.buffers()[1], np.int64)
    letters = np.frombuffer(texts.buffers()[2] or b"", np.uint8)[offsets[start] : offsets[end]]
    return bool(((letters >= 0x20) & (letters < 0x7F)).all())


def odd(texts: pa.Array, *, is_id: bool = False) -> np.ndarray:
    """Which cells hold a character that a reader cannot see, or that rearranges what they see."""
    if is_ordinary(texts):
        return np.zeros(len(texts), bool)
    held = matches(texts, _SUSPECT_IN_ID if is_id else _SUSPECT_IN_TEXT)
    suspects = np.flatnonzero(held)
    if len(suspects):
        some = texts.take(pa.array(suspects))
        held[suspects] = each_once(some, lambda text: bool(odd_character(text, is_id=is_id))).astype(bool)
    return held


def odd_character(text: str, *, is_id: bool = False) -> str:
    """The first such character, "" when there is none. In an id, any space but the ordinary one is odd too."""
    for i, character in enumerate(text):
        if is_id and not character.isprintable():
            return character
        if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} and not _joins(text, i):
            return character
    return ""


def _joins(text: str, at: int) -> bool:
    """True for a joiner where a script or an emoji needs it: Persian and Indian names are spelt with them (RFC 5892)."""
    before = text[at - 1] if at else ""
    if not before or text[at] not in "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}":
        return False
    if unicodedata.combining(before) == 9:  # virama
        return True
    if text[at] == "\N{ZERO WIDTH NON-JOINER}":
        return unicodedata.bidirectional(before) == "AL" and at + 1 < len(text)
    return unicodedata.category(before) in {"So", "Sk"} or before == "\N{VARIATION SELECTOR-16}"


def named(character: str) -> str:
    """An odd character as a message names it: U+200B (zero width space)."""
    name = unicodedata.name(character, "").lower()
    code = f"U+{ord(character):04X}"
    return f"{code} ({name})" if name else code
