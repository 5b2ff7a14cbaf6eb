"""The rows of one table while they are typed: which of them are refused, and every finding about them."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pastdue import money
from pastdue.books import cells, grid
from pastdue.books.headers import BRING_BACK
from pastdue.books.tables import RawTable
from pastdue.config import Columns
from pastdue.findings import Finding, error, near, shown, warning

# So many findings of one kind about one column are said in full, and one for each further account.
_SAID = 50

_UNSEEN = "Delete it, or type the cell again: no reader can see it."

_LONGEST_ID = 64
_LONGEST_NAME = 200
_LONGEST_TEXT = 2000

# What is said of a row: words with `{cell}` for the cell's text, or made for the row and begun by `{cell}` or without it.
Says = str | Callable[[int], str]


class Rows:
    """One table, column by column: each getter gives a value for every row, and refuses the rows that have none.

    A refused row is dropped from the typed table, and its account is stopped; where the row belongs to no account,
    or the table is the tool's own record, the run is.
    """

    def __init__(self, table: RawTable, form: Columns, *, is_record: bool = False) -> None:
        self.table, self.form = table, form
        self.kept = np.ones(len(table.rows), bool)
        self.findings: list[Finding] = []
        self._is_record = is_record
        self._trimmed: dict[str, pa.Array] = {}
        self._stopped: set[str] = set()
        self._wrong: dict[str, np.ndarray] = {}
        # Until it is known, a row is nobody's: what is wrong with the cell that names its account stops the run.
        self.accounts = grid.texts([""] * len(self))
        self._refuse_faults(lambda column: column == "account_id")
        accounts = self.identifiers("account_id")
        self.accounts = pc.if_else(pa.array(self.kept), accounts, "")
        self._refuse_faults(lambda column: column != "account_id")

    def __len__(self) -> int:
        return len(self.kept)

    # -------------------------------------------------------------- findings

    def _refuse_faults(self, among: Callable[[str], bool]) -> None:
        for column, fault in self.table.faults:
            if among(column):
                said = {int(row): fault.message_of(i) for i, row in enumerate(fault.rows)}
                self.refuse(fault.rows, column, said.__getitem__, fault.hint)

    def refuse(self, at: np.ndarray, column: str, message: Says, hint: Says = "", accounts: pa.Array = None) -> None:
        """Drops the rows (a mask, or their places) and says why, unless the cell was refused already.

        `accounts` are stopped instead of the rows' own.
        """
        where = np.flatnonzero(at) if at.dtype == bool else at
        wrong = self._wrong.setdefault(column, np.zeros(len(self), bool))
        where = where if accounts is not None else where[~wrong[where]]
        if not len(where):
            return
        self.kept[where], wrong[where] = False, True
        blamed = self.accounts if accounts is None else accounts
        if len(where) > _SAID and 2 * len(where) > len(self) and self._concerns_many(where, blamed):
            self._stop(where, column, message, hint)
            return
        said = [(i, "" if self._is_record else blamed[int(i)].as_py()) for i in where[:_SAID]]
        self._stopped.update(account for _, account in said)
        said += self._first_of_each_account(where[_SAID:], blamed)
        self._stopped.update(account for _, account in said)
        self.findings += (self._finding(error, i, column, message, hint, account) for i, account in said)
        self._say_rest(len(where) - len(said), where, column)

    def mention(self, at: np.ndarray, column: str, message: Says, hint: Says = "") -> None:
        """Warns about the rows and keeps them."""
        where = np.flatnonzero(at) if at.dtype == bool else at
        for i in where[:_SAID]:
            self.findings.append(self._finding(warning, i, column, message, hint, self.accounts[int(i)].as_py()))
        self._say_rest(len(where) - _SAID, where, column)

    def _finding(self, say: Any, i: int, column: str, message: Says, hint: Says, account: str) -> Finding:
        i = int(i)
        finding: Finding = say(
            self.table.file,
            self._worded(message, i, column),
            BRING_BACK if self._is_record else self._worded(hint, i, column),
            sheet=self.table.sheet,
            row=int(self.table.rows[i]),
            column=column,
            account_id=account,
        )
        return finding

    def _worded(self, says: Says, i: int, column: str) -> str:
        text = says if isinstance(says, str) else says(i)
        # Words made for a row quote its text, and that may well hold "{cell}" itself.
        if "{cell}" in text if isinstance(says, str) else text.startswith("{cell}"):
            return text.replace("{cell}", shown(self.texts(column)[i].as_py()), 1)
        return text

    def _concerns_many(self, where: np.ndarray, blamed: pa.Array) -> bool:
        return len(blamed.take(pa.array(where)).unique()) > _SAID

    def _stop(self, where: np.ndarray, column: str, message: Says, hint: Says) -> None:
        """Most rows have the same mistake: then it is not theirs but the file's, and one finding stops the run."""
        first = self._finding(error, where[0], column, message, hint, "")
        said = f"{first.message}; so it is in {len(where):,} of {len(self):,} rows"
        self.findings.append(error(first.file, said, first.hint, sheet=first.sheet, row=first.row, column=first.column))

    def _first_of_each_account(self, where: np.ndarray, blamed: pa.Array) -> list[tuple[int, str]]:
        """Of the rows that are too many to be said, one for each account that nothing has stopped yet."""
        if self._is_record or not len(where):
            return []
        first: dict[str, int] = {}
        for i, account in zip(where, blamed.take(pa.array(where)).to_pylist(), strict=True):
            if account not in self._stopped:
                first.setdefault(account, i)
        return [(i, account) for account, i in first.items()]

    def _say_rest(self, count: int, where: np.ndarray, column: str) -> None:
        if count > 0:
            last = int(self.table.rows[where[-1]])
            message = f"{count:,} more rows have the same fault, up to row {last:,}"
            self.findings.append(warning(self.table.file, message, sheet=self.table.sheet, column=column, row=last))

    # -------------------------------------------------------------- text

    def texts(self, column: str) -> pa.Array:
        """The column's text without spaces around it."""
        if column not in self._trimmed:
            whole = pa.array(self.table.frame[column])
            whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
            self._trimmed[column] = pc.utf8_trim(whole, " ")
        return self._trimmed[column]

    def is_blank(self, column: str) -> np.ndarray:
        """Which rows have nothing in the column."""
        return cells.is_blank(self.texts(column))

    def require(self, column: str, hint: str = "") -> None:
        """Refuses rows with a blank cell."""
        self.refuse(self.is_blank(column), column, "the cell is blank", hint)

    def identifiers(self, column: str, *, required: bool = True) -> pa.Array:
        """Account and invoice numbers: any text that can be seen, in Unicode's composed form, so that equal looks equal."""
        texts = self.texts(column)
        texts = texts if cells.is_ordinary(texts) else pc.utf8_normalize(texts, "NFC")
        if required:
            self.refuse(cells.is_blank(texts), column, "the cell is blank", f"Each row names its {column}.")
        long = cells.as_mask(pc.greater(pc.utf8_length(texts), _LONGEST_ID))
        self.refuse(long, column, f"{{cell}} is longer than {_LONGEST_ID} characters", "Is this the right column?")
        hidden = cells.odd(texts, is_id=True)
        self.refuse(hidden, column, _naming_odd(texts, is_id=True), _UNSEEN)
        return pc.if_else(pa.array(long | hidden), "", texts)

    def line(self, column: str, longest: int = _LONGEST_TEXT) -> pa.Array:
        """Text on one line."""
        texts = self.texts(column)
        broken = np.zeros(len(self), bool) if cells.is_ordinary(texts) else cells.matches(texts, r"[\r\n]")
        self.refuse(broken, column, "{cell} stands on more than one line", "Write it on one line.")
        return self._sound(column, texts, longest, among=~broken)

    def name(self, column: str) -> pa.Array:
        """A name, on one line, of a length that fits on an envelope."""
        return self.line(column, _LONGEST_NAME)

    def prose(self, column: str) -> pa.Array:
        """Text whose line breaks mean nothing: they become spaces."""
        return self._sound(column, cells.on_one_line(self.texts(column)), _LONGEST_TEXT)

    def block(self, column: str) -> pa.Array:
        """Text whose line breaks mean something: they become `;`."""
        return self._sound(column, pc.replace_substring_regex(self.texts(column), r"\s*[\r\n]\s*", ";"), _LONGEST_TEXT)

    def _sound(self, column: str, texts: pa.Array, longest: int, among: np.ndarray | None = None) -> pa.Array:
        long = cells.as_mask(pc.greater(pc.utf8_length(texts), longest))
        self.refuse(long, column, f"{{cell}} is longer than {longest:,} characters", "Shorten it.")
        hidden = cells.odd(texts) if among is None else cells.odd(texts) & among
        self.refuse(hidden, column, _naming_odd(texts), _UNSEEN)
        return texts

    def choices(
        self, column: str, meaning: Callable[[str], str | None], message: Says, hint: Says = "", otherwise: Any = ""
    ) -> pa.Array:
        """What each cell means; refuses those that `meaning` gives None for. Blank ones take `otherwise`, a text or a column."""
        texts = self.texts(column)
        coded = texts.dictionary_encode()
        means = [meaning(text) if text else "" for text in coded.dictionary.to_pylist()]
        if None in means:
            unknown = pa.array([each is None for each in means], pa.bool_()).take(coded.indices)
            self.refuse(cells.as_mask(unknown), column, message, hint)
        meant = pa.array([each or "" for each in means], pa.large_string()).take(coded.indices)
        if isinstance(otherwise, str):
            otherwise = pa.scalar(otherwise, pa.large_string())
        return pc.if_else(pc.equal(texts, ""), otherwise, meant)

    def hint_of(self, column: str, words: Sequence[str]) -> Callable[[int], str]:
        """A hint at the word that was probably meant, or at all of them."""

        @cache
        def hint(text: str) -> str:
            return near(text.casefold(), words) or one_of(words)

        return lambda i: hint(self.texts(column)[i].as_py())

    # -------------------------------------------------------------- figures

    def days(self, column: str, *, required: bool = False) -> np.ndarray:
        """Dates as ordinals (int32), 0 where blank or refused."""
        texts, native = self.texts(column), self.table.native.get(column)
        ordinals = cells.days(texts, native, self.form.date_format)
        blank = cells.is_blank(texts)
        hint = f"Write dates as {cells.example(self.form.date_format)}."
        if required:
            self.refuse(blank, column, "the cell is blank", hint)
        self.refuse(
            (ordinals == 0) & ~blank, column, "{cell} is not a date", lambda i: hint + self._other_dates(column, i)
        )
        return ordinals

    def _other_dates(self, column: str, i: int) -> str:
        text, native = self.texts(column)[i].as_py(), self.table.native.get(column)
        if cells.is_far(text, self.form.date_format) or cells.is_far(text):
            return f" It lies outside the years {cells.YEARS.start} to {cells.YEARS.stop - 1}."
        if native is not None and native[i]:
            return " This one is a number: format the cell as a date."
        if self.form.date_format != cells.ISO and cells.day(text):
            return f" As {self.form.date_format} is declared, all dates of {self.table.name} are read by it."
        formats = cells.formats_of(text)
        ways = " or ".join(f'date_format = "{each}"' for each in formats)
        return f" Or declare how yours are written: {ways} under [columns.{self.table.name}]." if formats else ""

    def amounts(
        self, column: str, currencies: pa.Array, *, required: bool = True, positive: bool = False
    ) -> np.ndarray:
        """Amounts in minor units of each row's currency (int64), 0 where blank or refused."""
        texts, native = self.texts(column), self.table.native.get(column)
        digits = cells.each_once(currencies, money.exponent)
        read = cells.amounts(texts, digits, native, self.form.number_format)
        blank = cells.is_blank(texts)
        hint = f"Write amounts as {self.form.number_format}."
        if required:
            self.refuse(blank, column, "the cell is blank", hint)
        self.refuse(
            read.misread & ~blank, column, "{cell} is not an amount", lambda i: hint + self._other_amounts(column, i)
        )
        self.refuse(
            read.too_fine & ~cells.is_blank(currencies),
            column,
            lambda i: f"{{cell}} has more decimals than {currencies[i].as_py()} has",
            lambda i: f"Round it to {digits[i]} decimals." if digits[i] else f"Write whole {currencies[i].as_py()}.",
        )
        self.refuse(
            read.too_large,
            column,
            "{cell} is larger than an amount can be",
            lambda i: _largest(currencies[i].as_py()),
        )
        if positive:
            sound = ~(blank | read.misread | read.too_fine | read.too_large)
            self.refuse(sound & (read.minor <= 0), column, "{cell} is not above 0", "Write how much it is about.")
        return read.minor

    def _other_amounts(self, column: str, i: int) -> str:
        formats = cells.number_formats_of(self.texts(column)[i].as_py())
        if not formats or self.form.number_format != cells.PLAIN:
            return ""
        ways = " or ".join(f'number_format = "{each}"' for each in formats)
        return f" Or declare how yours are written: {ways} under [columns.{self.table.name}]."

    def whole_numbers(self, column: str, lowest: int, highest: int) -> np.ndarray:
        """Whole numbers (int64) in the range; -1 where blank or refused."""

        def number(text: str) -> int:
            is_number = text.isascii() and text.isdigit() and len(text) < 10
            return int(text) if is_number and lowest <= int(text) <= highest else -1

        numbers = cells.each_once(self.texts(column), number)
        wrong = (numbers == -1) & ~self.is_blank(column)
        self.refuse(wrong, column, f"{{cell}} is not a whole number from {lowest} to {highest}", "Write digits alone.")
        return numbers

    # -------------------------------------------------------------- the typed table

    def frame(self, columns: Mapping[str, Any], among: np.ndarray | None = None) -> pd.DataFrame:
        """The rows that were not refused, in the order of the file: text columns as str, the rest as they are."""
        keep = self.kept if among is None else self.kept & among
        every = bool(keep.all())

        def kept(values: Any) -> Any:
            if isinstance(values, np.ndarray):
                return values if every else values[keep]
            return pd.array(values if every else values.filter(pa.array(keep)), dtype="str")

        return pd.DataFrame({name: kept(values) for name, values in columns.items()}, copy=False)


def _naming_odd(texts: pa.Array, *, is_id: bool = False) -> Says:
    def says(i: int) -> str:
        odd = cells.odd_character(texts[i].as_py(), is_id=is_id)
        return f"{{cell}} holds the character {cells.named(odd)}"

    return says


def _largest(currency: str) -> str:
    return f"The largest is {money.to_text(money.LARGEST, currency)} {currency}. Is this the right column?"


def one_of(words: Sequence[str]) -> str:
    """A hint at the words that a cell may hold."""
    return f"Write {', '.join(words[:-1])} or {words[-1]}." if len(words) > 1 else f"Write {''.join(words)}."


class Alike:
    """Finds the number that was probably meant among those that there are.

    Invoice numbers are all alike (`by_letters=False`): the next one is no hint.
    """

    # A comparison with each of them is slow, and what it is slow for is read by a person.
    _MOST_KNOWN, _MOST_ASKED = 2000, 50

    def __init__(self, known: pa.Array, *, by_letters: bool = True) -> None:
        self._known = known
        self._by_letters = by_letters and len(known) <= self._MOST_KNOWN
        self._asked = 0

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {_folded(text): text for text in self._known.to_pylist()}

    def hint(self, text: str) -> str:
        """`Did you mean "0007"? `, or "" when none is near."""
        near = self._folded.get(_folded(text), "")
        if not near and self._by_letters and self._asked < self._MOST_ASKED:
            self._asked += 1
            near = next(iter(difflib.get_close_matches(text, self._known.to_pylist(), n=1, cutoff=0.7)), "")
        return f"Did you mean {shown(near)}? " if near not in ("", text) else ""


def _folded(text: str) -> str:
    """Without what office suites and hasty fingers lose: case, leading zeros, spaces and hyphens."""
    return "".join(filter(str.isalnum, text.casefold())).lstrip("0")
