"""Nothing is lost and nothing is sent twice, whatever dies when: counted by what a real server took.

The short form runs with the tests. `PASTDUE_FAULTS=long pytest -s tests/faults` runs the long one and prints its figures.
"""

import os
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import Queue
from subprocess import CalledProcessError
from typing import Any

import pytest
from fault_server import ALL, AT_DATA, AT_RCPT, IN_BODY, PERMANENT_TROUBLE, FaultServer
from fault_trials import NAMES, Count, Sender, fresh, judged, trial, until_free
from fault_workspace import NOW, git

from pastdue.delivery.post import Post

LONG = os.environ.get("PASTDUE_FAULTS") == "long"
long_form = pytest.mark.skipif(not LONG, reason="PASTDUE_FAULTS=long runs it")
WORKERS = 3

Run = Callable[[list[dict[str, Any]]], list[Count]]


@pytest.fixture(scope="module")
def senders() -> Iterator["Queue[Sender]"]:
    free: Queue[Sender] = Queue()
    all_of_them = [Sender() for _ in range(WORKERS)]
    for each in all_of_them:
        free.put(each)
    yield free
    for each in all_of_them:
        each.close()


@pytest.fixture(scope="module")
def run(senders: "Queue[Sender]") -> Run:
    """Runs trials, a few at a time; what came of each, in their order."""

    def one(arguments: dict[str, Any]) -> Count:
        sender = senders.get()
        try:
            return trial(sender, **arguments)
        finally:
            senders.put(sender)

    def run(trials: list[dict[str, Any]]) -> list[Count]:
        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(one, trials))

    return run


@pytest.fixture(scope="module")
def steps(senders: "Queue[Sender]") -> Callable[..., int]:
    """How many steps of a kind a clean run takes."""

    def steps(kind: str, sender_kind: str = "ours") -> int:
        sender = senders.get()
        try:
            with fresh() as root, FaultServer() as server:
                job = {"root": str(root), "port": server.port, "names": NAMES, "kill": None}
                assert sender.run(sender=sender_kind, count=kind, **job) == 0
                return int((root / ".git/counted").read_text())
        finally:
            senders.put(sender)

    return steps


def flawless(counts: list[Count]) -> Count:
    """Nothing lost, doubled or wrong; for a single kill at most one unclear."""
    total = sum(counts, Count())
    print(total)
    assert (total.lost, total.doubled, total.wrong) == ([], [], [])
    return total


def test_killed_at_every_event_nothing_is_lost_or_doubled_and_only_the_dot_leaves_doubt(
    run: Run, steps: Callable[..., int]
) -> None:
    events = steps("event")
    counts = run([{"kill": ["event", number]} for number in range(1, events + 1)])
    total = flawless(counts)
    assert total.killed == events
    assert [len(count.unclear) for count in counts] == [0, 0, *([1, 1, 0, 0] * 3)][: 2 + 11] + [0] * (events - 13)


def test_killed_at_lines_of_code_around_the_last_byte(run: Run, steps: Callable[..., int]) -> None:
    lines = range(1, steps("near") + 1, 1 if LONG else 37)
    counts = run([{"kill": ["near", number]} for number in lines])
    total = flawless(counts)
    assert total.killed >= len(lines) - 2  # a run takes a few lines more or less, as the bytes come in
    assert max(len(count.unclear) for count in counts) == 1


def test_a_group_of_intents_leaves_at_most_one_in_doubt_when_killed(run: Run) -> None:
    counts = run([{"kill": ["event", number], "group": 16} for number in range(1, 17, 1 if LONG else 3)])
    flawless(counts)
    assert max(len(count.unclear) for count in counts) <= 1


@pytest.mark.parametrize("by", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_whoever_ends_a_run_by_hand_leaves_nothing_in_doubt(run: Run, steps: Callable[..., int], by: str) -> None:
    events = range(1, steps("event") + 1, 1 if LONG else 3)
    assert flawless(run([{"kill": ["event", number], "by": by} for number in events])).unclear == []


@pytest.mark.parametrize("pipelining", [True, False])
def test_whatever_the_server_does_the_ledger_says_what_happened(run: Run, *, pipelining: bool) -> None:
    assert len(set(ALL)) > 25
    faults = [fault for fault in ALL if LONG or pipelining or fault in AT_RCPT + AT_DATA + IN_BODY]
    scripts = (
        [(fault,) * 3 for fault in faults] if LONG else [tuple(faults[n : n + 3]) for n in range(0, len(faults), 3)]
    )
    flawless(run([{"script": script, "pipelining": pipelining} for script in scripts]))


def _stash(root: Path) -> None:
    git(root, "stash", "-u")


def _reset(root: Path) -> None:
    git(root, "reset", "-q", "--hard")


def _rewind(root: Path) -> None:
    with suppress(CalledProcessError):
        git(root, "reset", "-q", "--hard", "HEAD~1")


def _clean(root: Path) -> None:
    git(root, "clean", "-q", "-fdx")


def _checkout(root: Path) -> None:
    git(root, "checkout", "-q", "--", ".")


@pytest.mark.parametrize("accident", [_stash, _reset, _rewind, _clean, _checkout])
def test_no_git_command_of_the_operator_makes_it_send_again(run: Run, accident: Callable[[Path], None]) -> None:
    events = range(1, 19) if LONG else (4, 9, 15)
    flawless(run([{"kill": ["event", number], "accident": accident} for number in events]))


def test_the_lock_of_a_git_that_is_no_more_is_taken_away_and_one_that_may_be_the_operators_is_not() -> None:
    with fresh() as root:
        ours, old, young = (root / ".git" / name for name in ("refs/pastdue/frozen.lock", "HEAD.lock", "index.lock"))
        ours.parent.mkdir(parents=True)
        for lock in (ours, old, young):
            lock.touch()
        os.utime(old, (0, 0))  # from before this boot
        with Post(root, now=lambda: NOW):
            assert [lock.exists() for lock in (ours, old, young)] == [False, False, True]


def test_four_senders_at_once_send_each_notice_once() -> None:
    four = [Sender() for _ in range(4)]
    with fresh() as root, FaultServer() as server:
        job = {"sender": "ours", "root": str(root), "port": server.port, "names": NAMES}
        ended: list[int] = []
        threads = [threading.Thread(target=lambda each=each: ended.append(each.run(**job, kill=None))) for each in four]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        until_free(four[0], job)
        assert set(ended) <= {0, 75}
        assert set(server.counted.values()) == {1}
        flawless([judged(root, server, "ours")])
    for each in four:
        each.close()


def test_the_same_harness_catches_a_naive_sender(run: Run, steps: Callable[..., int]) -> None:
    lines = steps("line", "naive")
    kills = [{"kind": "naive", "kill": ["line", number]} for number in range(1, lines + 1, 1 if LONG else 3)]
    faults = [{"kind": "naive", "script": (fault,)} for fault in ("dot-drop-accepted", "dot-stall-accepted")]
    total = sum(run(kills + faults), Count())
    print("naive:", total)
    assert total.doubled


@long_form
def test_killed_at_random_lines_with_a_server_that_fails_a_third_of_the_time(
    run: Run, steps: Callable[..., int]
) -> None:
    chance = random.Random(20260302)
    lines = steps("line")
    faults = [fault for fault in ALL if fault not in PERMANENT_TROUBLE]
    trials = [
        {
            "kill": ["line", chance.randint(1, lines)],
            "script": tuple(chance.choice(faults) for _ in range(chance.choice([0, 1, 1, 2]))),
            "accident": chance.choice([lambda _: None, _stash, _reset, _rewind, _clean, _checkout]),
            "pipelining": chance.random() < 0.7,
            "group": chance.choice([1, 16]),
        }
        for _ in range(600)
    ]
    total = flawless(run(trials))
    assert total.killed >= 300
