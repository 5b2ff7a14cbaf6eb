"""The benchmarks run from end to end, on a handful of notices, and say their ratios; how large these are is not judged here."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SEND = Path(__file__).parent.parent / "benchmarks/send.py"
NUMBER = r"\d+\.\d+"


def said(*arguments: str) -> str:
    """What the benchmark prints."""
    done = subprocess.run([sys.executable, str(SEND), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def ratios() -> str:
    """One round of the smallest books."""
    return said("--notices", "8", "--slow-notices", "8", "--rounds", "1", "--rtt-ms", "1")


@pytest.mark.parametrize(
    "what",
    [
        "CPU per notice, delivery",
        "CPU per notice, whole command",
        "messages per second, delivery",
        "wall time, delivery",
    ],
)
def test_the_benchmark_says_each_ratio(ratios: str, what: str) -> None:
    found = re.search(rf"^  {what} +({NUMBER})", ratios, re.MULTILINE)
    assert found, ratios
    assert float(found[1]) > 0


def test_the_whole_command_takes_more_than_its_delivery(ratios: str) -> None:
    delivery, whole = re.findall(rf"CPU per notice, .*? ({NUMBER})", ratios)
    assert float(whole) > float(delivery)


def test_the_history_is_measured_in_one_run_and_in_many() -> None:
    told = said("--history", "--notices", "6")
    assert re.findall(r"^6 notices in (\d+) runs?$", told, re.MULTILINE) == ["1", "6"]
    assert len(re.findall(rf"after git gc {NUMBER}", told)) == 2
