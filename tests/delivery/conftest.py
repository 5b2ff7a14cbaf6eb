"""The delivery tests share a server and a workspace with the fault harness."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "faults"))

from fault_server import FaultServer
from fault_workspace import workspace as make_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Books in a git repository."""
    return make_workspace(tmp_path / "books")


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """An SMTP server that does as it is told."""
    with FaultServer() as running:
        yield running
