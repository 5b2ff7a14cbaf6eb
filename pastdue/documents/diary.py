"""A line for the operator's diary, ready to be recorded: as a command, and as a row to paste into the activity sheet."""

import shlex
from datetime import date

from pastdue.config import Columns, Config
from pastdue.documents.site import plain

# The columns of the activity ledger in the contract's order, after day, account and kind.
_COLUMNS = ("invoice", "amount", "due", "every", "count", "by", "note")


def row(on: date, account_id: str, kind: str, config: Config, **terms: str) -> str:
    """The line for the activity sheet, tab between its cells so that it pastes into a spreadsheet as a row.

    Dates and amounts are written as the sheet's own settings say. "" where a cell would be taken for a formula.
    """
    columns = config.columns.get("activity", Columns())
    point = columns.number_format[-3]
    written = {
        name: date.fromisoformat(value).strftime(columns.date_format)
        if name == "due"
        else value.replace(".", point)
        if name == "amount"
        else plain(value)
        for name, value in terms.items()
    }
    cells = [on.strftime(columns.date_format), plain(account_id), kind, *(written.get(name, "") for name in _COLUMNS)]
    is_safe = not any(cell.lstrip().startswith(("=", "+", "-", "@", '"')) for cell in cells)
    return "\t".join(cells) if is_safe else ""


def command(account_id: str, kind: str, **options: str) -> str:
    """The `log` line that records something, safe to paste into a shell whatever the account is called."""
    told = [f"--{name} {shlex.quote(plain(value))}" for name, value in options.items()]
    # An id that begins like an option goes behind `--`, and the true options before it.
    words = [*told, named(account_id), kind] if account_id.startswith("-") else [named(account_id), kind, *told]
    return " ".join(("python build.py log", *words))


def named(account_id: str) -> str:
    """An account as an argument of a command, behind `--` where it would be taken for an option."""
    return f"{'-- ' if account_id.startswith('-') else ''}{shlex.quote(plain(account_id))}"
