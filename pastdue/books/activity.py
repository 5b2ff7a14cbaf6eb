"""The activity ledger: the operator's diary, each line checked for what its kind needs."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from pastdue.books import cells
from pastdue.books.accounts import Accounts
from pastdue.books.invoices import Invoices
from pastdue.books.rows import Rows, one_of
from pastdue.books.tables import RawTable
from pastdue.config import CONSEQUENCES, Columns, Config
from pastdue.findings import Finding, shown
from pastdue.model import Activity, consequence_in

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
    table: RawTable, accounts: Accounts, invoices: Invoices, config: Config, before: Iterable[Activity] = ()
) -> tuple[tuple[Activity, ...], list[Finding]]:
    """The lines of accounts that can be used, in the order of the file. `before` are lines that stand elsewhere already."""
    rows = Rows(table, config.columns.get("activity", Columns()))
    on = rows.days("on", required=True)
    places = accounts.refuse_strangers(rows)
    rows.require("kind", "Say what happened: call, promise, dispute, note, ...")
    kinds = rows.choices("kind", _word(KINDS), "{cell} is no kind of activity", rows.hint_of("kind", KINDS))
    ids = rows.identifiers("invoice_id", required=False)
    amount = rows.amounts("amount", accounts.currency.take(pa.array(places)), required=False)
    due = rows.days("due")
    every = rows.choices("every", _word(_EVERY), "{cell} is no rhythm", one_of(_EVERY))
    count = rows.whole_numbers("count", 1, _MOST_INSTALMENTS)
    by, note = rows.line("by"), rows.prose("note")
    _judge_needs(rows, kinds)
    _judge_amounts(rows, kinds, amount)
    _judge_writeoffs(rows, kinds)
    _judge_undone(rows, kinds, ids, amount, on, before)
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


def _judge_amounts(rows: Rows, kinds: pa.Array, amount: np.ndarray) -> None:
    """Every amount is above 0, but that of a write-off that is undone is below."""
    undone = _is_kind(kinds, "writeoff") & (amount < 0)
    rows.refuse(
        ~rows.is_blank("amount") & (amount <= 0) & ~undone,
        "amount",
        "{cell} is not above 0",
        "Write how much it is about.",
    )


def _judge_writeoffs(rows: Rows, kinds: pa.Array) -> None:
    """A write-off says why."""
    rows.mention(
        _is_kind(kinds, "writeoff") & rows.is_blank("note"),
        "note",
        "the write-off gives no reason",
        "Write why, such as: uneconomic, gone away, insolvent, time-barred, dispute settled, goodwill.",
    )


def _judge_undone(
    rows: Rows, kinds: pa.Array, ids: pa.Array, amount: np.ndarray, on: np.ndarray, before: Iterable[Activity]
) -> None:
    """No more is undone than was written off by that day, of the same invoice where it names one."""
    at = np.flatnonzero(_is_kind(kinds, "writeoff") & rows.kept).tolist()
    if not any(amount[i] < 0 for i in at):
        return
    lines = [(int(on[i]), int(amount[i]), rows.accounts[i].as_py(), ids[i].as_py(), i) for i in at]
    lines += [
        (line.on.toordinal(), line.amount, line.account_id, line.invoice_id, -1)
        for line in before
        if line.kind == "writeoff" and line.amount
    ]
    left: dict[tuple[str, str], int] = {}
    too_much = []
    for _, minor, account, invoice, i in sorted(lines, key=lambda line: (line[0], line[1] < 0, line[4])):
        rest = left.get((account, invoice), 0) + minor
        too_much += [i] * (rest < 0 <= i)
        left[account, invoice] = max(rest, 0)
    rows.refuse(
        np.array(sorted(too_much), np.int64),
        "amount",
        "{cell} undoes more than was written off by that day",
        "Undo a write-off with its own invoice_id, or with none where it had none.",
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
        "carried-out": CONSEQUENCES,
    }
    texts = note.to_pylist()
    for kind, known in words.items():
        meaning = _word(known)
        meant = {int(i): meaning(texts[i]) for i in np.flatnonzero(_is_kind(kinds, kind)) if texts[i]}
        wrong = np.array([i for i, word in meant.items() if word is None], np.int64)
        rows.refuse(wrong, "note", f"{{cell}} says nothing about {kind}", one_of(known))
        for i, word in meant.items():
            texts[i] = word or ""
    _judge_waivers(rows, kinds, texts)
    tracks = np.flatnonzero(_is_kind(kinds, "track"))
    wrong = np.array([i for i in tracks if texts[i] and texts[i] not in config.schedule], np.int64)
    rows.refuse(wrong, "note", "{cell} is not a schedule of config.toml", one_of(tuple(config.schedule)))
    return pa.array(texts, pa.large_string())


def _judge_waivers(rows: Rows, kinds: pa.Array, notes: list[str]) -> None:
    """A waiver is of an amount or of a consequence: without an amount, the note begins with the consequence."""
    whole = np.flatnonzero(_is_kind(kinds, "waive") & rows.is_blank("amount"))
    rows.refuse(
        np.array([i for i in whole if notes[i] and consequence_in(notes[i]) not in CONSEQUENCES], np.int64),
        "note",
        "{cell} does not say what is waived, and there is no amount",
        f"Write an amount, or begin the note with what it is, as in interest: goodwill. {one_of(CONSEQUENCES)}",
    )
