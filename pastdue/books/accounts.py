"""The customers ledger: one account per row, with the business's own settings where a cell is blank."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pastdue import money
from pastdue.books import cells
from pastdue.books.rows import Alike, Rows, one_of
from pastdue.books.tables import RawTable
from pastdue.config import Columns, Config, is_email_address
from pastdue.findings import Finding
from pastdue.model import Customer

_KINDS = ("business", "consumer")
_LONGEST_TERMS = 366
# Two letters that CLDR has beside ISO 3166's: regions, unions and test codes.
_NO_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}


@dataclass(frozen=True)
class Accounts:
    """The accounts as the other ledgers join to them; behind the last there is one that stands for "no such account"."""

    customers: Mapping[str, Customer]  # those that can be used
    ids: pa.Array  # all that the ledger names, also in rows that were refused
    currency: pa.Array
    terms: np.ndarray  # days, -1 where there are none
    is_read: bool = True  # False: there was no ledger to look into, and nobody is unknown

    @classmethod
    def unread(cls, currency: str) -> "Accounts":
        """No ledger could be read."""
        none = pa.array([], pa.large_string())
        return cls({}, none, pa.array([currency], pa.large_string()), np.array([-1]), is_read=False)

    def places(self, accounts: pa.Array) -> np.ndarray:
        """Where each account stands among `ids`; the place behind the last where it does not."""
        found = pc.index_in(accounts, value_set=self.ids).fill_null(len(self.ids))
        places: np.ndarray = found.to_numpy(zero_copy_only=False)
        return places

    def refuse_strangers(self, rows: Rows) -> np.ndarray:
        """Refuses rows of accounts that there are not; gives each row's place."""
        places = self.places(rows.accounts)
        unknown = (places == len(self.ids)) & ~cells.is_blank(rows.accounts) & self.is_read

        def hint(i: int) -> str:
            return f"{self._alike.hint(rows.accounts[i].as_py())}Correct the row, or add the account to customers."

        rows.refuse(unknown, "account_id", "customers has no account {cell}", hint)
        return places

    def usable(self, places: np.ndarray) -> np.ndarray:
        """Which of the places are accounts that a row can belong to."""
        sound = pc.index_in(self.ids, value_set=pa.array(list(self.customers), pa.large_string())).is_valid()
        mask: np.ndarray = np.append(cells.as_mask(sound), False)[places]
        return mask

    @cached_property
    def _alike(self) -> Alike:
        return Alike(self.ids)


def read_customers(table: RawTable, config: Config) -> tuple[Accounts, list[Finding]]:
    """The accounts, defaults filled in from config.toml."""
    rows = Rows(table, config.columns.get("customers", Columns()))
    business = config.business
    ids = rows.accounts
    _refuse_second(rows, ids)
    rows.require("name", "Letters are addressed to it.")
    columns = {
        "name": rows.name("name"),
        "kind": rows.choices("kind", _one_of(_KINDS), "{cell} is no kind of customer", one_of(_KINDS), "business"),
        "contact": rows.name("contact"),
        "email": _addresses(rows, "email", "A second address goes into cc."),
        "cc": _addresses(rows, "cc", "cc takes no list."),
        "phone": rows.name("phone"),
        "address": rows.block("address"),
        "postcode": rows.name("postcode"),
        "city": rows.name("city"),
        "country": rows.choices("country", country_code, "{cell} is not a country", _country_hint(rows)),
        "language": rows.choices(
            "language", language_code, "{cell} is not a language", "Write its code, such as en, de or pt-BR.", business.language
        ),
        "currency": currencies(rows, business.currency),
        "track": rows.choices(
            "track",
            _one_of(tuple(config.schedule), fold=False),
            "{cell} is not a schedule of config.toml",
            rows.hint_of("track", tuple(config.schedule)),
            config.default_track,
        ),
        "timezone": rows.choices("timezone", time_zone, "{cell} is not a time zone", "Write it as Europe/London."),
    }  # fmt: skip
    terms = rows.whole_numbers("terms_days", 0, _LONGEST_TERMS)
    return _joined(rows, ids, columns, terms, business.currency), rows.findings


def _joined(rows: Rows, ids: pa.Array, columns: Mapping[str, pa.Array], terms: np.ndarray, currency: str) -> Accounts:
    kept = np.flatnonzero(rows.kept)
    some = pa.array(kept)
    lists = {name: column.take(some).to_pylist() for name, column in columns.items()}
    lists["account_id"] = ids.take(some).to_pylist()
    lists["address"] = [_lines(text) for text in lists["address"]]
    lists["terms_days"] = [days if days >= 0 else None for days in terms[kept].tolist()]
    lists["row"] = rows.table.rows[kept].tolist()
    names = list(lists)
    customers = [Customer(**dict(zip(names, values, strict=True))) for values in zip(*lists.values(), strict=True)]
    named = np.flatnonzero(~cells.is_blank(ids))
    distinct = named[cells.Coded.of(ids.take(pa.array(named))).first]
    at = pa.array(distinct)
    return Accounts(
        {customer.account_id: customer for customer in customers},
        ids.take(at),
        pa.concat_arrays([columns["currency"].take(at), pa.array([currency], pa.large_string())]),
        np.append(terms[distinct], -1),
    )


def _refuse_second(rows: Rows, ids: pa.Array) -> None:
    known = cells.Coded.of(ids)
    first = known.first[known.codes]
    again = (first != np.arange(len(first))) & ~cells.is_blank(ids)
    rows.refuse(
        again,
        "account_id",
        lambda i: f"{{cell}} is the account of row {rows.table.rows[first[i]]} already",
        "Keep one row per account.",
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.split(";") if line.strip())


# ------------------------------------------------------------------ what words mean


def _one_of(words: tuple[str, ...], *, fold: bool = True) -> Callable[[str], str | None]:
    return lambda text: next((word for word in words if word == (text.casefold() if fold else text)), None)


def currencies(rows: Rows, otherwise: pa.Array | str) -> pa.Array:
    """The currency column, blank cells filled from a text or a column."""
    return rows.choices(
        "currency", currency_code, "{cell} is not a currency", "Write its ISO 4217 code, such as EUR.", otherwise
    )


def currency_code(text: str) -> str | None:
    """An ISO 4217 code in capitals, None when it is none."""
    code = text.upper()
    return code if money.is_currency(code) else None


@cache
def _countries() -> Mapping[str, str]:
    """ISO 3166's two letters by the English name, and by themselves."""
    from babel import Locale

    names = {str(code): str(name) for code, name in Locale("en").territories.items()}
    codes = {code for code in names if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES}
    return {names[code].casefold(): code for code in codes} | {code: code for code in codes}


def country_code(text: str) -> str | None:
    """An ISO 3166 code in capitals, None when it is none."""
    return text.upper() if len(text) == 2 and text.upper() in _countries() else None


def _country_hint(rows: Rows) -> Callable[[int], str]:
    def hint(i: int) -> str:
        text = rows.texts("country")[i].as_py().casefold()
        meant = "GB" if text == "uk" else _countries().get(text, "")
        return f"Write {meant}." if meant else "Write the two letters of ISO 3166, such as GB."

    return hint


_LANGUAGE = re.compile("([a-z]{2,3})((?:_[a-z]{4})?(?:_(?:[a-z]{2}|[0-9]{3}))?)", re.ASCII | re.IGNORECASE)


def language_code(text: str) -> str | None:
    """A language that Babel speaks, such as en or pt_BR; None when it speaks none of that name."""
    from babel import Locale, UnknownLocaleError

    code = _LANGUAGE.fullmatch(text.replace("-", "_"))
    if code is None:
        return None
    try:
        Locale.parse(code[0])
    except (UnknownLocaleError, ValueError):
        return None
    return code[1].lower() + code[2]


def time_zone(text: str) -> str | None:
    """An IANA time zone, None when it is none."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _addresses(rows: Rows, column: str, second: str) -> pa.Array:
    def is_wrong(text: str) -> int:
        return bool(text) and not is_email_address(text)

    def hint(i: int) -> str:
        several = any(sign in rows.texts(column)[i].as_py() for sign in ";,")
        return f"Write one address, such as post@example.com.{' ' + second if several else ''}"

    texts = rows.texts(column)
    rows.refuse(cells.each_once(texts, is_wrong).astype(bool), column, "{cell} is not an email address", hint)
    return texts
