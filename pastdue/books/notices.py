"""The notices ledger: the tool's own record of what went out, each line as its last state left it."""

import re
from typing import Any

import numpy as np
import pandas as pd

from pastdue.books import cells
from pastdue.books.accounts import currencies
from pastdue.books.headers import NOTICE_COLUMNS
from pastdue.books.rows import Rows
from pastdue.books.tables import RawTable
from pastdue.config import Columns
from pastdue.findings import Finding
from pastdue.model import State

_RUNG = re.compile("-1|[0-9]{1,3}")
_NO_RUNG = -2


def read_notices(table: RawTable) -> tuple[pd.DataFrame, list[Finding]]:
    """One row per notice and open item. A damaged row stops the run: it may be the one that says what was sent."""
    rows = Rows(table, Columns(), is_record=True)
    for column in ("notice_id", "channel", "state", "currency"):
        rows.require(column)
    rung = cells.each_once(rows.texts("rung"), _rung)
    # What is no step of a schedule may be about no invoice, and then leaves both cells blank.
    beside = (rung == -1) & ~rows.is_blank("step")
    about_none = beside & rows.is_blank("invoice_id") & rows.is_blank("due")
    for column in ("invoice_id", "due"):
        rows.refuse(~about_none & rows.is_blank(column), column, "the cell is blank")
    rows.refuse(rung == _NO_RUNG, "rung", "{cell} is not the place of a step")
    currency = currencies(rows, "")
    typed: dict[str, Any] = {
        "on": rows.days("on", required=True),
        "account_id": rows.accounts,
        "invoice_id": rows.identifiers("invoice_id", required=False),
        "due": rows.days("due"),
        "rung": rung.astype(np.int32),
        "state": rows.choices("state", _state, "{cell} is not a state"),
        "open": rows.amounts("open", currency),
        "currency": currency,
        "pay_by": rows.days("pay_by"),
    }
    frame = rows.frame({name: typed.get(name, rows.texts(name)) for name in NOTICE_COLUMNS})
    last = frame.drop_duplicates(["notice_id", "invoice_id", "due"], keep="last", ignore_index=True)
    return last, rows.findings


def _rung(text: str) -> int:
    return int(text) if _RUNG.fullmatch(text) else _NO_RUNG if text else -1


def _state(text: str) -> str | None:
    return text if text in set(State) else None
