"""A disk that fills up during a run: nothing is lost or sent twice, and the operator reads a sentence, no traceback.

The short form runs with the tests where disks can be had. `PASTDUE_FAULTS=long pytest -s tests/faults` runs the long one.
"""

import os
from collections.abc import Iterator

import pytest
from fault_disks import Disk, Disks, none_here
from fault_full import full_disk, full_disk_of_an_operator, with_customers
from fault_power import Machine, steps, with_books
from fault_trials import Count
from needs import need

LONG = os.environ.get("PASTDUE_FAULTS") == "long"
KILOBYTE = 1024

pytestmark = need("disks", not none_here(), none_here())


@pytest.fixture(scope="module")
def disks() -> Iterator[Disks]:
    disks = Disks()
    yield disks
    disks.close()


@pytest.fixture(scope="module")
def machine(disks: Disks) -> Iterator[Machine]:
    machine = Machine(disks, with_books(disks))
    yield machine
    machine.sender.close()


@pytest.fixture(scope="module")
def customers(disks: Disks) -> Disk:
    return with_customers(disks)


def flawless(counts: list[Count]) -> Count:
    """Nothing lost, doubled, wrong, unclear or damaged."""
    total = sum(counts, Count())
    print("full:", total)
    assert (total.lost, total.doubled, total.wrong, total.unclear, total.damaged) == ([], [], [], [], [])
    return total


def test_wherever_the_disk_fills_up_the_next_run_with_room_makes_it_good(machine: Machine) -> None:
    left = range(0, 440, 4) if LONG else (0, 8, 270, 300, 330)
    total = flawless([full_disk(machine, left=size * KILOBYTE) for size in left])
    assert total.killed > 0


def test_from_whichever_event_on_others_take_every_block_the_next_run_makes_it_good(machine: Machine) -> None:
    events = range(1, steps(machine, "event") + 1, 1 if LONG else 8)
    flawless([full_disk(machine, left=2 << 20, fills=number) for number in events])


def test_the_operator_of_a_full_disk_reads_what_happened_and_what_to_do(
    machine: Machine, disks: Disks, customers: Disk
) -> None:
    counts = []
    for size in [0, 100, 200, *range(256, 600, 16)] if LONG else (0, 340):
        ended, count = full_disk_of_an_operator(machine, disks, customers, left=size * KILOBYTE)
        counts.append(count)
        print(f"{size} KB left: exit {ended.code}, {ended.said.strip().splitlines()[-2:]}")
        assert ended.code in {0, 3, 4}
        assert "Traceback" not in ended.said
        assert "defect" not in ended.said
        if ended.code:
            assert "the disk is full" in ended.said or "no space left on device" in ended.said.casefold()
    assert flawless(counts).killed


def test_the_same_full_disk_catches_a_naive_sender(machine: Machine) -> None:
    left = range(0, 40, 4) if LONG else (0,)
    total = sum((full_disk(machine, left=size * KILOBYTE, kind="naive") for size in left), Count())
    print("naive:", total)
    assert total.doubled
