"""Power cuts: what was not flushed is gone, and still nothing is lost, sent twice or in pieces.

The short form runs with the tests where disks can be had. `PASTDUE_FAULTS=long pytest -s tests/faults` runs the long one.
"""

import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from typing import Any

import pytest
from fault_disks import Disks, none_here
from fault_power import NAMES, Machine, power_cut, steps, with_books
from fault_trials import Count
from needs import need

LONG = os.environ.get("PASTDUE_FAULTS") == "long"
WORKERS = 2
GROUP = 4

pytestmark = need("disks", not none_here(), none_here())


class Machines:
    """A few machines, each for one trial at a time."""

    def __init__(self, disks: Disks) -> None:
        self.free: Queue[Machine] = Queue()
        self.all = [Machine(disks, with_books(disks)) for _ in range(WORKERS)]
        for each in self.all:
            self.free.put(each)

    def one(self, trial: dict[str, Any]) -> Count:
        """What came of a trial."""
        machine = self.free.get()
        try:
            return power_cut(machine, **trial)
        finally:
            self.free.put(machine)

    def run(self, trials: list[dict[str, Any]]) -> list[Count]:
        """What came of each trial, in their order."""
        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(self.one, trials))


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    disks = Disks()
    machines = Machines(disks)
    yield machines
    for each in machines.all:
        each.sender.close()
    disks.close()


def flawless(counts: list[Count]) -> Count:
    """Nothing lost, doubled, wrong or damaged."""
    total = sum(counts, Count())
    print(total)
    assert (total.lost, total.doubled, total.wrong, total.damaged) == ([], [], [], [])
    return total


def test_what_a_power_cut_leaves_is_whole_and_at_most_a_group_is_unclear(machines: Machines) -> None:
    for group in (1, GROUP):
        events = range(1, steps(machines.all[0], "event", group=group) + 1, 1 if LONG else 13)
        counts = machines.run([{"kills": [["event", number]], "group": group} for number in events])
        assert flawless(counts).killed == len(events)
        assert 1 <= max(len(count.unclear) for count in counts) <= group


def test_what_a_finished_run_left_is_there_after_a_power_cut(machines: Machines) -> None:
    rests = [number * 0.9 / 11 for number in range(12)] if LONG else [0, 0.3]
    assert flawless(machines.run([{"kills": [None], "rest": rest} for rest in rests])).unclear == []


def test_a_power_cut_during_the_run_that_follows_a_power_cut(machines: Machines) -> None:
    chance = random.Random(20260302)
    lines = steps(machines.all[0], "line")

    def moment() -> list[Any]:
        """By the clock, which finds git at work, or by the line, which finds us."""
        return chance.choice([["after", chance.uniform(0, 0.4)], ["line", chance.randint(1, lines)]])

    trials = [{"kills": [moment(), moment()], "group": chance.choice([1, GROUP])} for _ in range(60 if LONG else 2)]
    counts = machines.run(trials)
    flawless(counts)
    for trial, count in zip(trials, counts, strict=True):
        assert len(count.unclear) <= 2 * trial["group"]


def test_the_same_power_cuts_catch_a_naive_sender(machines: Machines) -> None:
    after = machines.run([{"kind": "naive", "kills": [None], "rest": 0.3} for _ in range(12 if LONG else 2)])
    print("naive, afterwards:", sum(after, Count()))
    assert all(count.damaged for count in after)
    if LONG:
        counts = machines.run(
            [{"kind": "naive", "kills": [["line", number]]} for number in range(1, 1 + 9 * len(NAMES))]
        )
        print("naive:", sum(counts, Count()))
        assert sum(counts, Count()).doubled
