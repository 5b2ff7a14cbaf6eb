"""What is flushed to the disk, and before what: the order that the trials with power cuts rest on, on any machine."""

import os
from pathlib import Path

import needs
import pytest
from fault_server import FaultServer
from fault_trials import fresh
from fault_workspace import NOW, letter, parcel

from pastdue.delivery import files, git, journal
from pastdue.delivery.post import Post
from pastdue.delivery.smtp import Smtp


def _told(monkeypatch: pytest.MonkeyPatch, root: Path) -> list[str]:
    """What a run flushes and does, in its order; files by their place in the workspace."""
    told: list[str] = []

    def flushed(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        told.append(f"flush {path.relative_to(root)}")

    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, flushed)
    monkeypatch.setattr(files, "flush_all", lambda _: told.append("flush everything"))
    with FaultServer() as server, Post(root, now=lambda: NOW, report=lambda event: told.append(event.kind)) as post:
        smtp = Smtp("127.0.0.1", server.port, "none", "billing@us.example")
        smtp.group = 1
        post.deliver([parcel("A1"), parcel("B2"), letter("C3")], smtp)
    return told


@needs.proc
def test_everything_is_on_the_disk_before_what_rests_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with fresh() as root:
        told = _told(monkeypatch, root.resolve())
    journal_flushed = "flush .git/pastdue/journal"
    # The exact bytes are in git before any intent; each intent is on the disk before the server hears of its notice.
    frozen = told.index("frozen")
    assert {"flush .git/objects", "flush .git/refs/pastdue", "flush .git/pastdue/ballast"} <= set(told[:frozen])
    sent = told[frozen + 1 :]
    assert sent[:8] == [*[journal_flushed, "intent", "dot", "answer", "outcome"], *[journal_flushed, "intent", "dot"]]
    # Outcomes before rows, rows before the commit, the commit with its branch and the documents before it is settled.
    order = [journal_flushed, "journal", "flush accounts/notices.csv", "ledger", "flush .git/refs/heads"]
    order += ["flush everything", "commit", journal_flushed, "settled"]
    left = iter(sent[sent.index("journal") - 1 :])
    assert all(step in left for step in order), sent


def test_git_waits_for_the_disk_with_everything_it_writes() -> None:
    assert git._SETTINGS["core.fsync"] == "all"
    assert git._SETTINGS["core.fsyncMethod"] == "batch"
    assert journal.BALLAST >= 256 * 1024
