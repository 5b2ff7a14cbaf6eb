"""A real SMTP server that misbehaves on request, and remembers what it took: the truth that senders are counted by.

`script` holds one behaviour per connection (`greet-*`, `ehlo-*`) or transaction, in their order; when it is used up,
the server is honest. `-accepted` means that the message was taken, whatever the client was told.
"""

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections import Counter

AT_CONNECT = ("greet-421", "greet-554", "greet-drop", "greet-garbage", "ehlo-drop", "ehlo-421")
AT_MAIL = ("mail-451", "mail-550", "mail-421", "mail-drop", "mail-552")
AT_RCPT = ("rcpt-450", "rcpt-550", "rcpt-421", "rcpt-drop", "rcpt-550-then-354", "rcpt-garbage")
AT_DATA = ("data-451", "data-554", "data-drop", "data-250")
IN_BODY = ("body-drop", "body-552", "body-reset")
AT_DOT = (
    "dot-451",
    "dot-554",
    "dot-421",
    "dot-drop",
    "dot-drop-accepted",
    "dot-reset-accepted",
    "dot-stall",
    "dot-stall-accepted",
    "dot-garbage",
    "dot-garbage-accepted",
    "dot-354-accepted",
    "dot-half-accepted",
    "dot-mixed-codes-accepted",
    "dot-trickle",
    "dot-multiline",
    "dot-bare-lf",
    "dot-extra-reply",
)
ALL = AT_CONNECT + AT_MAIL + AT_RCPT + AT_DATA + IN_BODY + AT_DOT
PERMANENT_TROUBLE = {"greet-554", "mail-550"}


class Gone(Exception):  # noqa: N818
    """The server ends the connection here."""


class FaultServer:
    """Listens on a port of the loopback until it is stopped; `with FaultServer() as server`."""

    def __init__(self, *, pipelining: bool = True, tls: ssl.SSLContext | None = None, extensions: tuple[str, ...] = ()):
        self.script: list[str] = []
        self.accepted: list[bytes] = []
        self.commands: list[str] = []
        self.in_one_go: list[bool] = []  # of each transaction: whether RCPT and DATA came with their MAIL
        self.told_ahead: list[bool] = []  # of each message: whether the next one's commands came with its dot
        self.connections = 0
        self._tls, self._lock = tls, threading.Lock()
        self._offers = [*(["PIPELINING"] if pipelining else []), "SIZE 10000000", "DSN", *extensions]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()

    def __enter__(self) -> "FaultServer":
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # `close` alone leaves it listening while `accept` waits
        self._listener.close()
        for wire in list(self._open):
            wire.close()

    @property
    def counted(self) -> Counter:
        """How often each Message-ID was taken."""
        found = (re.search(rb"(?mi)^Message-ID: *(<[^>\r\n]*>)", message) for message in self.accepted)
        return Counter(match[1].decode() for match in found if match)

    def _listen(self) -> None:
        while True:
            try:
                wire, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(wire,), daemon=True).start()

    def _serve(self, wire: socket.socket) -> None:
        self._open.add(wire)
        with contextlib.suppress(OSError, Gone, ValueError):
            if self._tls:
                wire = self._tls.wrap_socket(wire, server_side=True)
            _Talk(self, wire).run()
        with contextlib.suppress(OSError):
            wire.shutdown(socket.SHUT_RDWR)
        wire.close()
        self._open.discard(wire)

    def next(self, of: tuple[str, ...]) -> str:
        """The next behaviour, if it is one of these."""
        with self._lock:
            return self.script.pop(0) if self.script and self.script[0] in of else ""


class _Lines:
    """What comes in, line by line, and what of it nobody has read yet."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire, self.held = wire, b""

    def readline(self) -> bytes:
        while b"\n" not in self.held:
            more = self._wire.recv(1 << 16)
            if not more:
                line, self.held = self.held, b""
                return line
            self.held += more
        line, end, self.held = self.held.partition(b"\n")
        return line + end


class _Talk:
    """One connection."""

    def __init__(self, server: FaultServer, wire: socket.socket) -> None:
        self.server, self.wire = server, wire
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines = _Lines(wire)

    def say(self, text: str) -> None:
        self.wire.sendall(text.encode() + b"\r\n")

    def hear(self) -> str:
        line = self.lines.readline()
        if not line:
            raise Gone
        text = line.decode("utf-8", "replace").strip()
        self.server.commands.append(text)
        return text

    def run(self) -> None:
        fault = self.server.next(AT_CONNECT)
        if fault == "greet-drop":
            raise Gone
        self.say(
            {"greet-421": "421 busy", "greet-554": "554 no", "greet-garbage": "\x00\x01 hello"}.get(fault, "220 hi")
        )
        while True:
            verb = self.hear().upper()
            if verb.startswith("EHLO"):
                if fault == "ehlo-drop":
                    raise Gone
                if fault == "ehlo-421":
                    self.say("421 not now")
                    raise Gone
                self.say(
                    "\r\n".join(["250-fault.example", *(f"250-{offer}" for offer in self.server._offers), "250 HELP"])
                )
            elif verb.startswith("MAIL"):
                self.transaction()
            elif verb.startswith("QUIT"):
                self.say("221 bye")
                raise Gone
            elif verb.startswith("RSET"):
                self.say("250 ok")
            else:
                self.say("503 out of order")

    def transaction(self) -> None:
        fault = self.server.next(AT_MAIL + AT_RCPT + AT_DATA + IN_BODY + AT_DOT)
        self.server.in_one_go.append(self.lines.held.endswith(b"DATA\r\n"))
        if not self.stage(fault, AT_MAIL, "250 sender ok"):
            return
        self.hear()
        if fault == "rcpt-550-then-354":
            self.say("550 5.7.1 not this one")
        elif not self.stage(fault, AT_RCPT, "250 recipient ok"):
            return
        self.hear()
        if not self.stage(fault, AT_DATA, "354 go on"):
            return
        message = self.body(fault)
        if fault == "rcpt-550-then-354":
            self.say("554 no valid recipients")
            return
        if fault.endswith("-accepted") or fault in {
            "",
            "dot-trickle",
            "dot-multiline",
            "dot-bare-lf",
            "dot-extra-reply",
        }:
            self.server.accepted.append(message)
        self.answer(fault)

    def stage(self, fault: str, stage: tuple[str, ...], good: str) -> bool:
        if fault not in stage or fault == "rcpt-550-then-354":
            self.say(good)
            return True
        what = fault.rpartition("-")[2]
        if what == "drop":
            raise Gone
        self.say({"garbage": "2x0 ???", "250": "250 fine, whatever"}.get(what, f"{what} 4.0.0 no: {fault}"))
        if what == "421":
            raise Gone
        return False

    def body(self, fault: str) -> bytes:
        lines: list[bytes] = []
        while (line := self.lines.readline()) != b".\r\n":
            if not line:
                raise Gone
            lines.append(line.removeprefix(b"."))
            if len(lines) == 5 and fault in IN_BODY:
                if fault == "body-reset":
                    self.reset()
                if fault == "body-552":
                    self.say("552 5.3.4 too big, says the filter")
                    self.wire.shutdown(socket.SHUT_WR)
                    while self.lines.readline():
                        pass
                raise Gone
        self.server.told_ahead.append(bool(self.lines.held))
        return b"".join(lines)

    def answer(self, fault: str) -> None:
        plain = {
            "dot-451": "451 4.3.0 try again",
            "dot-554": "554 5.7.1 spam, they say",
            "dot-421": "421 closing down",
            "dot-garbage": "OK thanks",
            "dot-garbage-accepted": "OK thanks",
            "dot-354-accepted": "354 go on",
            "dot-mixed-codes-accepted": "250-queued\r\n550 or not",
            "dot-multiline": "250-queued\r\n250-as\r\n250 12345",
            "dot-extra-reply": "250 queued\r\n250 and again",
        }
        if fault in {"dot-drop", "dot-drop-accepted"}:
            raise Gone
        if fault == "dot-reset-accepted":
            self.reset()
        if fault.startswith("dot-stall"):
            threading.Event().wait(5)
            raise Gone
        if fault == "dot-half-accepted":
            self.wire.sendall(b"25")
            raise Gone
        if fault == "dot-trickle":
            for byte in b"250 2.0.0 queued\r\n":
                self.wire.sendall(bytes([byte]))
            return
        if fault == "dot-bare-lf":
            self.wire.sendall(b"250 2.0.0 queued\n")
            return
        self.say(plain.get(fault, f"250 2.0.0 queued as {len(self.server.accepted)}"))
        if fault == "dot-421":
            raise Gone

    def reset(self) -> None:
        self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.wire.close()
        raise Gone
