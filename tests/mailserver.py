"""A mail server of the tests' own on this machine: what arrived, from whom and to whom, and to whom it says no."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller


@dataclass
class MailServer:
    """What it got, and what it answers to which recipient."""

    port: int = 0
    arrived: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(self, _server: object, _session: object, envelope: object, address: str, _: object) -> str:  # noqa: N802
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)  # type: ignore[attr-defined]
        return "250 2.1.5 fine"

    async def handle_DATA(self, _server: object, _session: object, got: object) -> str:  # noqa: N802
        self.arrived.append((got.mail_from, got.rcpt_tos, got.original_content))  # type: ignore[attr-defined]
        return f"250 2.0.0 queued as {len(self.arrived)}"

    @property
    def config(self) -> str:
        """The part of config.toml that sends to it."""
        return f'[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nport = {self.port}\nsecurity = "none"\n'

    def to(self, recipient: str) -> bytes:
        """The one email to a recipient."""
        (content,) = [content for _, recipients, content in self.arrived if recipients == [recipient]]
        return content


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A server that runs meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        server = MailServer(free.getsockname()[1])
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
