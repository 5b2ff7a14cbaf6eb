"""What every test may use: a world without a network but the loopback, the demo as it is built and published, a browser."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mailserver
import needs
import pytest
from commandline import Workspace
from webserver import serving


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


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that only its own file vouches for, and the server's side of it."""
    return mailserver.certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo with its history, built."""
    workspace = Workspace.demo(tmp_path_factory.mktemp("demo"), history=True)
    workspace.done("build")
    return workspace


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo with sealed pages, built."""
    workspace = Workspace.demo(tmp_path_factory.mktemp("sealed"), history=True)
    config = (workspace.root / "config.toml").read_text("utf-8")
    workspace.write("config.toml", config.replace("[portal]", "[portal]\nsealed = true"))
    workspace.done("build")
    return workspace


@pytest.fixture(scope="module")
def published(demo: Workspace) -> Iterator[str]:
    """The demo's site as it would be published: its address."""
    with serving(demo.root / "site/public") as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=needs.CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()
