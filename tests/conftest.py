"""What every test may use: books in a few lines, and a world without a network but the loopback."""

import os
import socket
from pathlib import Path

import pytest

REAL_DATA = Path(os.environ["PASTDUE_REAL_DATA"]) if os.environ.get("PASTDUE_REAL_DATA") else None


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for another machine fails, whatever it meant to show."""
    connect = socket.socket.connect

    def only_loopback(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if host and host not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test wanted to talk to {host}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", only_loopback)
