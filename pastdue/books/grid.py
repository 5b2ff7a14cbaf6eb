"""A table as it stands in its file, before its columns have names: cells as exact text, each row with its number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

# The header may stand below a report's title, but not anywhere.
HEADER_WITHIN = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with cells whatever they mean: a formula without a result, a cell too many.

    `rows` are places in the grid, from 0; in `message`, `{place}` is the row's entry in `places`.
    """

    column: int  # place in the header; -1 where the whole row is meant
    rows: np.ndarray
    message: str
    hint: str
    places: Sequence[str] = ()

    def message_of(self, i: int) -> str:
        """The message about the i-th of its rows."""
        return self.message.replace("{place}", self.places[i]) if self.places else self.message


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of cells below a header; blank rows are left out, short ones filled up."""

    header: Sequence[str]
    header_row: int
    columns: Sequence[pa.Array]  # of large_string, never null; as many as header cells
    rows: np.ndarray  # int32: the number of each row as the operator's program counts
    native: Mapping[int, np.ndarray] = field(default_factory=dict)  # per column: cells that were true numbers or dates
    faults: Sequence[Fault] = ()
    sheet: str = ""


def texts(cells: Sequence[str]) -> pa.Array:
    """Cells as one column of text."""
    return pa.array(cells, pa.large_string())


def letters_of(column: int) -> str:
    """A column's name as spreadsheets write it, from 0: A, Z, AA."""
    name = ""
    column += 1
    while column > 0:
        column, letter = divmod(column - 1, 26)
        name = chr(65 + letter) + name
    return name


def column_of(letters: str) -> int:
    """A column's number, from 0, by its name."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1
