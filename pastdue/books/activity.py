"""The activity ledger: the operator's diary, each line checked for what its kind needs."""

from collections.abc import Iterable
from datetime import date
from typing import Any, get_args

import numpy as np
import pyarrow as pa

from pastdue.books import cells
from pastdue.books.accounts import Accounts
from pastdue.books.invoices import Invoices
from pastdue.books.rows import Rows, one_of
from pastdue.books.tables import RawTable
from pastdue.config import Columns, Config, ConsequenceName
from pastdue.findings import Finding, shown
from pastdue.model import Activity

KINDS = (
    "call", "voicemail", "no-answer", "message", "reason", "promise", "dispute", "resolved", "plan", "signed",
    "hardship", "hold", "release", "stop-contact", "lawyer", "insolvency", "deceased", "fraud", "delivered",
    "acknowledged", "placed", "recalled", "carried-out", "waive", "writeoff", "track", "note",
)  # fmt: skip

_NEEDS = {
    "reason": ("note",),
    "promise": ("amount", "due"),
    "dispute": ("invoice_id",),
    "resolved": ("invoice_id", "note"),
    "plan": ("amount", "due", "every", "count"),
    "hardship": ("due",),
    "delivered": ("amount",),
    "placed": ("note",),
    "carried-out": ("note",),
    "waive": ("note",),
    "writeoff": ("amount",),
    "track": ("note",),
}
_REASONS = ("not-received", "forgot", "cash-flow", "dispute", "fraud", "refuses", "avoids")
_EVERY = ("week", "month")
_MOST_INSTALMENTS = 600


def read_activity(
    table: RawTable, accounts: Accounts, invoices: Invoices, config: Config
) -> tuple[tuple[Activity, ...], list[Finding]]:
    """The lines of accounts that can be used, in the order of the file."""
    rows = Rows(table, config.columns.get("activity", Columns()))
    on = rows.days("on", required=True)
    places = accounts.refuse_strangers(rows)
    rows.require("kind", "Say what happened: call, promise, dispute, note, ...")
    kinds = rows.choices("kind", _word(KINDS), "{cell} is no kind of activity", rows.hint_of("kind", KINDS))
    ids = rows.identifiers("invoice_id", required=False)
    amount = rows.amounts("amount", accounts.currency.take(pa.array(places)), required=False, positive=True)
    due = rows.days("due")
    every = rows.choices("every", _word(_EVERY), "{cell} is no rhythm", one_of(_EVERY))
    count = rows.whole_numbers("count", 1, _MOST_INSTALMENTS)
    by, note = rows.line("by"), rows.prose("note")
    _judge_needs(rows, kinds)
    _judge_invoice(rows, ids, invoices)
    note = _judge_notes(rows, kinds, note, config)
    kept = np.flatnonzero(rows.kept & accounts.usable(places))
    has_amount = ~rows.is_blank("amount")
    texts = [column.take(pa.array(kept)).to_pylist() for column in (rows.accounts, kinds, ids, every, by, note)]
    lines = zip(kept.tolist(), *texts, strict=True)
    return tuple(
        Activity(
            on=date.fromordinal(int(on[i])),
            account_id=account,
            kind=kind,
            invoice_id=invoice,
            amount=int(amount[i]) if has_amount[i] else None,
            due=date.fromordinal(int(due[i])) if due[i] else None,
            every=rhythm,
            count=int(count[i]) if count[i] > 0 else None,
            by=who,
            note=text,
            row=int(table.rows[i]),
        )
        for i, account, kind, invoice, rhythm, who, text in lines
    ), rows.findings


def _word(words: Iterable[str]) -> Any:
    """One of the words, whatever its case and however its parts are joined: "No answer" is no-answer."""
    known = set(words)

    def meaning(text: str) -> str | None:
        word = "-".join(text.casefold().replace("_", " ").replace("-", " ").split())
        return word if word in known else None

    return meaning


def _is_kind(kinds: pa.Array, kind: str) -> np.ndarray:
    import pyarrow.compute as pc

    return cells.as_mask(pc.equal(kinds, kind))


def _judge_needs(rows: Rows, kinds: pa.Array) -> None:
    for kind, needed in _NEEDS.items():
        here = _is_kind(kinds, kind)
        for column in needed if here.any() else ():
            rows.refuse(
                here & rows.is_blank(column),
                column,
                f"the cell is blank, and {kind} needs it",
                f"It takes {' and '.join(needed)}.",
            )


def _judge_invoice(rows: Rows, ids: pa.Array, invoices: Invoices) -> None:
    places = invoices.places(ids)
    wrong = invoices.unknown(ids, places) | invoices.differs(invoices.account, places, rows.accounts)
    rows.refuse(
        wrong,
        "invoice_id",
        lambda i: f"{{cell}} is not an invoice of {shown(rows.accounts[i].as_py())}",
        lambda i: f"{invoices.alike.hint(ids[i].as_py())}Write one of the account's invoices, or leave it blank.",
    )


def _judge_notes(rows: Rows, kinds: pa.Array, note: pa.Array, config: Config) -> pa.Array:
    """The notes that are words with a meaning, in their usual spelling."""
    words = {
        "reason": _REASONS,
        "resolved": ("upheld", "rejected"),
        "carried-out": get_args(ConsequenceName),
    }
    texts = note.to_pylist()
    for kind, known in words.items():
        meaning = _word(known)
        meant = {int(i): meaning(texts[i]) for i in np.flatnonzero(_is_kind(kinds, kind)) if texts[i]}
        wrong = np.array([i for i, word in meant.items() if word is None], np.int64)
        rows.refuse(wrong, "note", f"{{cell}} says nothing about {kind}", one_of(known))
        for i, word in meant.items():
            texts[i] = word or ""
    tracks = np.flatnonzero(_is_kind(kinds, "track"))
    wrong = np.array([i for i in tracks if texts[i] and texts[i] not in config.schedule], np.int64)
    rows.refuse(wrong, "note", "{cell} is not a schedule of config.toml", one_of(tuple(config.schedule)))
    return pa.array(texts, pa.large_string())
