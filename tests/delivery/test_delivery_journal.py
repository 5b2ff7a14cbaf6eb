"""The journal survives what it is there for."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import needs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pastdue.delivery import Stopped, journal
from pastdue.delivery.journal import Filed, Journal
from pastdue.model import State

FILED = Filed("n1", "outbox/d/a.eml", "00", "11", "email", "a@b.example", "<m@b.example>", "line", ({"open": "1.00"},))


def written(folder: Path) -> Journal:
    """A journal in which a notice was sent, and a second one released and not answered."""
    book = Journal(folder)
    book.begin("t0")
    for name in ("n1", "n2"):
        filed = FILED if name == "n1" else Filed(name, *[getattr(FILED, f) for f in journal._FIELDS[1:]], FILED.rows)
        book.intend([filed], "t1")
        book.sync()
        book.dot(name, "t2")
    book.outcome("n1", State.SENT, "t3", "250 ok")
    return book


def test_what_was_noted_is_read_back(tmp_path: Path) -> None:
    written(tmp_path).close()
    again = Journal(tmp_path)
    assert [(e.state, e.at, e.reply, e.filed) for e in again.fates["n1"].entries] == [
        (State.SENT, "t3", "250 ok", FILED)
    ]
    assert again.fates["n1"].dot == ""
    assert again.fates["n2"].dot == "t2"
    assert again.fates["n2"].boot == journal.boot_id()
    assert list(again.unsettled) == ["n1", "n2"]
    again.settled("t4", "c0ffee")
    assert list(again.unsettled) == ["n2"]  # released and not answered: no settling makes that go away
    assert again.fates["n2"].dot == "t2"
    again.back("n2")
    again.settled("t5", "c0ffee")
    assert not again.unsettled
    assert not again.fates["n2"].dot
    again.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    cut=st.integers(min_value=0, max_value=900),
    tail=st.sampled_from([b"", b"\0" * 40, b"torn", b"torn\n", b"\0\n\0\n"]),
)
def test_a_tail_torn_at_any_byte_is_cut_off_and_the_journal_goes_on(tmp_path: Path, cut: int, tail: bytes) -> None:
    (tmp_path / "journal").unlink(missing_ok=True)
    written(tmp_path).close()
    whole = (tmp_path / "journal").read_bytes()
    (tmp_path / "journal").write_bytes(whole[:cut] + tail)
    lines = whole[:cut].count(b"\n")
    torn = Journal(tmp_path)
    torn.begin("t9")
    torn.close()
    assert len(journal.read(tmp_path / "journal")[2]) == lines + 1


def test_a_line_that_lacks_only_its_end_is_cut_off_too(tmp_path: Path) -> None:
    written(tmp_path).close()
    whole = (tmp_path / "journal").read_bytes()
    for number, end in enumerate(place for place, byte in enumerate(whole) if byte == ord("\n")):
        (tmp_path / "journal").write_bytes(whole[:end])
        Journal(tmp_path).close()
        assert (tmp_path / "journal").read_bytes() == b"".join(whole.splitlines(keepends=True)[:number])


def test_damage_before_the_end_stops_and_says_where(tmp_path: Path) -> None:
    written(tmp_path).close()
    content = bytearray((tmp_path / "journal").read_bytes())
    content[20] ^= 1
    (tmp_path / "journal").write_bytes(content)
    with pytest.raises(Stopped, match="line 1 of the journal is damaged"):
        Journal(tmp_path)


def test_one_sender_holds_the_lock_and_the_next_is_told(tmp_path: Path) -> None:
    with journal.locked(tmp_path), pytest.raises(Stopped, match="another send"), journal.locked(tmp_path):
        pass
    with journal.locked(tmp_path):
        pass


def test_a_child_of_a_killed_sender_still_holds_the_lock(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys, os, signal\nfrom pathlib import Path\nfrom pastdue.delivery import journal\n"
        "with journal.locked(Path(sys.argv[1])) as lock:\n"
        "    child = subprocess.Popen(['sleep', '30'], pass_fds=[lock], stdout=subprocess.DEVNULL)\n"
        "    print(child.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True, check=False
    )
    child = int(done.stdout)
    try:
        with pytest.raises(Stopped, match="another send"), journal.locked(tmp_path):
            pass
    finally:
        os.kill(child, signal.SIGKILL)


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A file system of one megabyte."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(tmp_path)], check=True)
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=False)


def fill(folder: Path) -> None:
    with (folder / "filler").open("ab", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 4096)


@needs.mounts
def test_on_a_full_disk_the_ballast_makes_room_for_the_outcome(small_disk: Path) -> None:
    book = written(small_disk)
    fill(small_disk)
    long_reply = "451 " + "x" * 8192
    book.outcome("n2", State.DEFERRED, "t4", long_reply)
    assert book.full
    assert not (small_disk / "ballast").exists()
    book.close()
    assert Journal(small_disk).fates["n2"].entries[0].reply == long_reply


@needs.mounts
def test_on_a_full_disk_nothing_begins(small_disk: Path) -> None:
    book = Journal(small_disk)
    fill(small_disk)
    with pytest.raises(Stopped, match="disk is full; nothing was sent"):
        book.begin("t0")
    book.close()


@needs.mounts
def test_a_line_that_did_not_fit_leaves_no_trace(small_disk: Path) -> None:
    book = written(small_disk)
    before = (small_disk / "journal").read_bytes()
    book.ballast.unlink()
    fill(small_disk)
    with pytest.raises(Stopped, match="disk is full"):
        book.outcome("n2", State.SENT, "t4", "250 " + "x" * 100_000)
    assert (small_disk / "journal").read_bytes() == before
    assert book.fates["n2"].entries == []
    book.close()
