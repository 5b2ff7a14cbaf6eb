"""The chain of the notices ledger: a row that is changed, removed, moved or put in is told by the next ones."""

import errno
import hashlib
import json
import os
from pathlib import Path

import pytest
from fault_workspace import letter, parcel
from hypothesis import given
from hypothesis import strategies as st
from test_delivery_post import PowerCut, cut_at, deliver, git, head

from pastdue.delivery import Stopped
from pastdue.delivery.ledger import (
    CHAIN,
    COLUMNS,
    PATH,
    NoticesLedger,
    beginning,
    body,
    chained,
    end_of_chain,
    grew,
    link,
    parse,
)

OLD = COLUMNS[:-1]


def before_the_chain(content: bytes) -> bytes:
    """The same ledger as a program without chains would have written it."""
    lines = content.splitlines(keepends=True)
    return b",".join(name.encode() for name in OLD) + b"\n" + b"".join(_cut(line) for line in lines[1:])


def _cut(line: bytes) -> bytes:
    return line.rpartition(b",")[0] + b"\n"


def test_a_row_says_the_hash_of_the_one_before_it_and_of_its_own_cells(workspace: Path) -> None:
    deliver(workspace, None, parcel("A1", invoices=2))
    before = hashlib.sha256(b"").hexdigest()
    for row in NoticesLedger(workspace).rows():
        cells = {name: cell for name, cell in row.items() if cell and name != "chain"}
        text = json.dumps(cells, sort_keys=True, separators=(",", ":"))
        before = hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()
        assert row["chain"] == before


def test_an_old_ledger_keeps_its_rows_and_the_next_one_says_the_hash_of_all_of_them(workspace: Path) -> None:
    deliver(workspace, None, parcel("A1"), parcel("B2"))
    old = before_the_chain((workspace / PATH).read_bytes())
    (workspace / PATH).write_bytes(old)
    git(workspace, "commit", "-q", "-am", "As an older program left it")
    deliver(workspace, None, parcel("C3", invoices=2))
    content = (workspace / PATH).read_bytes()
    assert content.startswith(",".join(COLUMNS).encode() + b"\n" + body(old))
    assert [bool(row["chain"]) for row in parse(content)] == [False, False, True, True]
    first, second = parse(content)[2:]
    assert first["chain"] == link(beginning(body(old)), first)
    assert second["chain"] == link(first["chain"], second)
    assert head(workspace, PATH) == content
    assert git(workspace, "status", "--porcelain") == ""


@pytest.mark.parametrize("kind", ["journal", "ledger"])
def test_a_run_that_dies_over_an_old_ledger_is_finished_by_the_next_one(workspace: Path, kind: str) -> None:
    deliver(workspace, None, parcel("A1"))
    old = before_the_chain((workspace / PATH).read_bytes())
    (workspace / PATH).write_bytes(old)
    git(workspace, "commit", "-q", "-am", "As an older program left it")
    with pytest.raises(PowerCut):
        deliver(workspace, None, letter("B2"), report=cut_at(kind))
    deliver(workspace, None)
    rows = NoticesLedger(workspace).rows()
    assert [row["account_id"] for row in rows] == ["A1", "B2"]
    assert rows[1]["chain"] == link(end_of_chain(old), rows[1])
    assert head(workspace, PATH) == (workspace / PATH).read_bytes()


def test_a_disk_that_fails_leaves_the_old_ledger_as_it_was(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(workspace, None, parcel("A1"))
    old = before_the_chain((workspace / PATH).read_bytes())
    (workspace / PATH).write_bytes(old)
    rows = parse(old)

    def fails(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(Stopped):
        NoticesLedger(workspace).append([rows[0] | {"state": "posted"}])
    assert (workspace / PATH).read_bytes() == old
    assert sorted(path.name for path in (workspace / "accounts").iterdir()) == ["customers.csv", "notices.csv"]


ROWS = st.lists(st.fixed_dictionaries({name: st.text("ab=,", max_size=2) for name in COLUMNS[:3]}), max_size=5)


@given(rows=ROWS, before=st.text("0f", min_size=3, max_size=3), data=st.data())
def test_whatever_is_done_to_a_row_the_chain_is_another(
    rows: list[dict[str, str]], before: str, data: st.DataObject
) -> None:
    chain = [row[CHAIN] for row in chained(rows, before)]
    other = list(rows)
    what = data.draw(st.sampled_from(["edit", "remove", "swap", "insert"]))
    if what == "insert" or not rows:
        place = data.draw(st.integers(0, len(rows)))
        other.insert(place, {"notice_id": "new"})
    else:
        place = data.draw(st.integers(0, len(rows) - 1))
        if what == "edit":
            other[place] = rows[place] | {COLUMNS[0]: rows[place][COLUMNS[0]] + "x"}
        elif what == "remove":
            del other[place]
        else:
            second = data.draw(st.integers(0, len(rows) - 1))
            other[place], other[second] = other[second], other[place]
    differs = [set(_said(row)) for row in other] != [set(_said(row)) for row in rows]
    assert ([row[CHAIN] for row in chained(other, before)] != chain) == differs


def _said(row: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, cell) for name, cell in row.items() if cell]


def test_a_ledger_has_grown_when_all_that_was_there_still_is() -> None:
    old, new = ",".join(OLD).encode() + b"\n", ",".join(COLUMNS).encode() + b"\n"
    assert grew(b"", old)
    assert grew(old + b"a\n", old + b"a\nb\n")
    assert grew(old + b"a\n", new + b"a\nb,chain\n")
    assert grew(new + b"a\n", new + b"a\nb\n")
    assert not grew(new + b"a\n", old + b"a\n")
    assert not grew(old + b"a\n", new + b"b\n")
    assert not grew(old + b"a\n", old)
