"""An SMTP server, over one connection: greeting, TLS and login are `smtplib`'s, the transaction is our own.

`smtplib` calls a line that broke before the last byte and one that broke after it by one name, and its transaction takes
a round trip for each command.
"""

import re
import select
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from pastdue.config import LOOPBACK
from pastdue.delivery import Stopped
from pastdue.delivery.gate import mailbox
from pastdue.delivery.mail import LONGEST_TEXT, Envelope, Reply, cleaned, envelope_sender
from pastdue.delivery.passwords import WHERE_PASSWORDS_ARE
from pastdue.model import State


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds. The dot's ten minutes are RFC 5321's: who gives up earlier makes duplicates."""

    connect: float = 30.0
    command: float = 120.0
    data: float = 180.0
    dot: float = 600.0
    pause: float = 1.0  # before the line is tried again


_TRIES = 3


class Smtp:
    """An SMTP server, over one connection. Greeting, TLS and login are `smtplib`'s, the transaction is our own."""

    drafts = False

    def __init__(
        self,
        host: str,
        port: int,
        security: str,
        sender: str,
        user: str = "",
        password: Callable[[], str] = lambda: "",
        ca_file: str = "",
        patience: Patience | None = None,
    ) -> None:
        if security == "none" and host not in LOOPBACK:
            raise Stopped(f"mail to {host} would travel in the clear", 'Set mail.security = "starttls" or "tls".')
        self._host, self._port, self._security = host, port, security
        self._sender, self._user, self._password = envelope_sender(sender), user, password
        self._ca_file, self._patience = ca_file, patience or Patience()
        self._secret: str | None = None
        self._line: _Line | None = None
        # A relay on this machine answers faster than the disk: there the disk is waited for once for several.
        self.group = 16 if host in LOOPBACK else 1

    def open(self) -> None:
        """Connects, with the server's certificate verified, and logs in; Stopped, in words, when that fails."""
        self._connected()

    def _connected(self) -> "_Line":
        if self._line is None:
            if self._user and self._secret is None:
                self._secret = self._password()  # before the connection, which would not wait for a passphrase
            smtp: smtplib.SMTP | None = None
            try:
                smtp = self._connect()
                if self._user:
                    smtp.login(self._user, self._secret or "")
                self._line = _Line(smtp)
            except (OSError, smtplib.SMTPException, ValueError) as problem:
                if smtp is not None:
                    smtp.close()
                raise self._trouble(problem) from problem
        return self._line

    def _connect(self) -> smtplib.SMTP:
        address, patience = (self._host, self._port), self._patience.connect
        # Not `getfqdn()`: that asks the network for minutes where the name server is slow.
        if self._security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                *address, local_hostname="localhost", timeout=patience, context=self._context()
            )
        else:
            smtp = smtplib.SMTP(*address, local_hostname="localhost", timeout=patience)
        try:
            wire = _socket(smtp)
            # The body and its dot are two writes: without this the dot would wait for the first one's acknowledgement.
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            mine = wire.getsockname()[0]
            smtp.local_hostname = f"[IPv6:{mine}]" if ":" in mine else f"[{mine}]"
            smtp.ehlo_or_helo_if_needed()
            if self._security == "starttls":
                smtp.starttls(context=self._context())
                smtp.ehlo_or_helo_if_needed()
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _trouble(self, problem: Exception) -> Stopped:
        where = f"{self._host}:{self._port}"
        if isinstance(problem, ssl.SSLCertVerificationError):
            return Stopped(
                f"the certificate of {where} is not to be trusted: {problem.verify_message}",
                "For a server with its own authority set mail.ca_file; unverified, nothing is sent.",
            )
        if isinstance(problem, ssl.SSLError):
            return Stopped(
                f"{where} does not speak TLS as expected: {problem.reason}", "Check mail.security and mail.port."
            )
        if isinstance(problem, smtplib.SMTPAuthenticationError):
            return Stopped(f"{where} refused the login of {self._user}: {_said(problem)}", WHERE_PASSWORDS_ARE)
        if isinstance(problem, smtplib.SMTPNotSupportedError):
            return Stopped(f"{where} cannot do this: {problem}", "Check mail.security, mail.port and mail.user.")
        if isinstance(problem, smtplib.SMTPResponseException):
            return Stopped(f"{where} will not talk to us: {_said(problem)}")
        if isinstance(problem, socket.gaierror):
            return Stopped(f"there is no mail server {self._host}", "Check mail.host, and the network.")
        if isinstance(problem, TimeoutError):
            return Stopped(f"{where} does not answer", "Check mail.host and mail.port, and the network.")
        if isinstance(problem, FileNotFoundError):
            return Stopped(f"there is no file {self._ca_file}", "Check mail.ca_file.")
        if isinstance(problem, UnicodeError):
            return Stopped("the password holds characters that this login cannot carry", WHERE_PASSWORDS_ARE)
        words = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        return Stopped(
            f"no connection to {where}: {cleaned(words.encode())}", "Check mail.host, mail.port and mail.security."
        )

    def send(self, envelope: Envelope, release: Callable[[], None], following: Envelope | None = None, /) -> Reply:
        """Sends one email. A line that breaks before its last byte is tried again, on a new connection.

        Where the server lets us (RFC 2920), the commands for the following one go with this one's dot: one round trip
        for each email instead of two. Nothing of it is completed by that, so it can be dropped at any time.
        """
        broken = _Broken("")
        for left in range(_TRIES - 1, -1, -1):
            if self._line and self._line.announced not in (None, envelope):
                self._drop()
            line = self._connected()
            try:
                recipient = _recipient(line.offers, envelope)
            except ValueError as problem:
                return Reply(State.REFUSED, str(problem))
            try:
                return self._transaction(line, envelope, recipient, release, following)
            except _Broken as problem:
                self._drop()
                broken = problem
                if left:
                    time.sleep(self._patience.pause)
        if broken.at_mail:
            raise Stopped(f"{self._host}:{self._port} takes no mail now: {broken}", "Try again later.")
        return Reply(State.DEFERRED, f"the line broke {_TRIES} times before the end: {broken}")

    def close(self) -> None:
        """Says goodbye; whatever the server makes of it."""
        if self._line is not None and self._line.announced is None:
            self._line.quit()
        self._drop()

    def _drop(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None

    def _transaction(
        self,
        line: "_Line",
        envelope: Envelope,
        recipient: str,
        release: Callable[[], None],
        following: Envelope | None,
    ) -> Reply:
        if failure := self._announce(line, envelope, recipient) or self._body(line, envelope.content):
            self._drop()  # rather than to argue about what state the server is in
            return failure
        ahead = self._ahead(line.offers, following)
        try:
            release()
        except BaseException:
            self._drop()
            raise
        line.announced = following if ahead else None
        reply = self._dot(line, ahead)
        if reply.state is not State.SENT:
            self._drop()
        return reply

    def _announce(self, line: "_Line", envelope: Envelope, recipient: str) -> Reply | None:
        """MAIL, RCPT and DATA, in one go where the server lets us; what it says no with, or None."""
        unsent = [] if line.announced else self._commands(line.offers, envelope, recipient)
        if unsent and "pipelining" in line.offers:
            unsent = [b"".join(unsent)]
        line.announced = None
        for place in range(3):
            at_mail = place == 0
            if unsent:
                line.write(unsent.pop(0), self._patience.command, at_mail=at_mail)
            code, text = line.answer(self._patience.command, at_mail=at_mail)
            if code // 100 == 2 if place < 2 else code == 354:
                continue
            if code == 421 or code // 100 not in {4, 5}:
                raise _Broken(text, at_mail=at_mail)
            if at_mail and code != 552:
                self._drop()
                raise Stopped(
                    f"the mail server takes nothing from {self._sender}: {text}", "Check mail.sender, mail.user."
                )
            return Reply(_no(code), text)
        return None

    def _ahead(self, offers: Mapping[str, str], following: Envelope | None) -> bytes:
        """The commands that announce the next email; b"" where they have to wait for their turn."""
        if following is None or "pipelining" not in offers:
            return b""
        try:
            recipient = _recipient(offers, following)
        except ValueError:
            return b""
        return b"".join(self._commands(offers, following, recipient))

    def _commands(self, offers: Mapping[str, str], envelope: Envelope, recipient: str) -> list[bytes]:
        mail, rcpt = f"MAIL FROM:<{self._sender}>", f"RCPT TO:<{recipient}>"
        if "size" in offers:
            mail += f" SIZE={len(envelope.content)}"
        if not recipient.isascii():
            mail += " BODY=8BITMIME SMTPUTF8"
        if "dsn" in offers:
            name = _xtext(envelope.notice_id)
            mail += " RET=HDRS" + (f" ENVID={name}" if len(name) <= 100 else "")
            rcpt += " NOTIFY=FAILURE,DELAY"
        return [f"{mail}\r\n".encode(), f"{rcpt}\r\n".encode(), b"DATA\r\n"]

    def _body(self, line: "_Line", content: bytes) -> Reply | None:
        """All of it but the dot that ends it; what the server says no with although it is not its turn, or None."""
        # Asked from behind, since that is twice as fast, and the answer is nearly always no.
        stuffed = content.replace(b"\r\n.", b"\r\n..") if content.rfind(b"\r\n.") >= 0 else content
        broken: _Broken | None = None
        try:
            line.write(b"." + stuffed if stuffed.startswith(b".") else stuffed, self._patience.data)
        except _Broken as problem:
            broken = problem
        if line.is_waiting():
            code, text = line.answer(self._patience.command)
            if code // 100 in {4, 5} and code != 421:
                return Reply(_no(code), text)
            raise _Broken(text)
        if broken:
            raise broken
        return None

    def _dot(self, line: "_Line", ahead: bytes) -> Reply:
        """The dot, and what the server says to it: from here on, silence is unclear."""
        try:
            with suppress(_Broken):  # its last words may still be there to be read
                line.write(b".\r\n" + ahead, self._patience.data)
            code, text = line.answer(self._patience.dot)
        except _Broken as problem:
            return Reply(State.UNCLEAR, f"no answer to the last byte: {problem}")
        if code // 100 == 2:
            return Reply(State.SENT, text)
        if code // 100 in {4, 5}:
            return Reply(_no(code), text)
        return Reply(State.UNCLEAR, f"no answer that means anything: {text}")


class _Broken(Exception):  # noqa: N818
    """The line to the server is of no more use; nothing was completed. `at_mail`: before the server answered its MAIL."""

    def __init__(self, words: str, *, at_mail: bool = False) -> None:
        super().__init__(words)
        self.at_mail = at_mail


_LONGEST_REPLY = 64 * 1024  # bytes
_REPLY = re.compile(rb"([1-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)


class _Line:
    """The connection after the login: writes commands, reads replies."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self._smtp, self._wire, self._held = smtp, _socket(smtp), b""
        self._patience = self._wire.gettimeout()
        self.offers: Mapping[str, str] = smtp.esmtp_features
        self.announced: Envelope | None = None  # its commands were sent, and their answers not yet read

    def quit(self) -> None:
        """Says goodbye and does not mind what is said to it."""
        with suppress(OSError, smtplib.SMTPException):
            self._wait(5)
            self._smtp.quit()

    def close(self) -> None:
        """Hangs up."""
        self._smtp.close()

    def write(self, data: bytes, patience: float, *, at_mail: bool = False) -> None:
        """Sends all of it."""
        try:
            self._wait(patience)
            self._wire.sendall(data)
        except OSError as problem:
            raise _Broken(_why(problem), at_mail=at_mail) from problem

    def answer(self, patience: float, *, at_mail: bool = False) -> tuple[int, str]:
        """The next reply: its code, and all of it as one line of text."""
        until = time.monotonic() + patience
        code, goes_on, text = _understood(self._next(until, at_mail))
        while code and goes_on:
            again, goes_on, more = _understood(self._next(until, at_mail))
            code, text = code if again == code else 0, f"{text} {more}".strip()[:LONGEST_TEXT]
        if not code:
            raise _Broken("it does not speak SMTP", at_mail=at_mail)
        return code, f"{code} {text}".rstrip()

    def _wait(self, patience: float) -> None:
        """How long the next call may take, in seconds; the system is told only when that changes."""
        if patience != self._patience:
            self._wire.settimeout(patience)
            self._patience = patience

    def is_waiting(self) -> bool:
        """True when the server has said something that was not asked for, or hung up."""
        if self._held:
            return True
        if not select.select([self._wire], [], [], 0)[0] and not getattr(self._wire, "pending", int)():
            return False
        try:
            self._wait(0)
            self._held = self._wire.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False  # only TLS talking to itself
        except OSError:
            return True
        return True

    def _next(self, until: float, at_mail: bool) -> bytes:
        while True:
            line, ended, rest = self._held.partition(b"\n")
            if ended:
                self._held = rest
                return line.rstrip(b"\r")
            try:
                self._wait(max(round(until - time.monotonic(), 1), 0.001))
                more = self._wire.recv(4096)
            except OSError as problem:
                raise _Broken(_why(problem), at_mail=at_mail) from problem
            self._held += more
            if not more or len(self._held) > _LONGEST_REPLY:
                raise _Broken("it hung up" if not more else "it does not stop talking", at_mail=at_mail)


@lru_cache(maxsize=64)  # a server's answers are the same few words all day long, but for the last one's
def _understood(line: bytes) -> tuple[int, bool, str]:
    """A line of a reply: its code, 0 where it is none, whether another line belongs to it, and its words."""
    match = _REPLY.fullmatch(line)
    return (int(match[1]), match[2] == b"-", cleaned(match[3] or b"")) if match else (0, False, "")


def _recipient(offers: Mapping[str, str], envelope: Envelope) -> str:
    """The mailbox that it goes to; ValueError, in words, when a server that offers this cannot take the email at all."""
    recipient = mailbox(envelope.recipient)
    if not recipient.isascii() and "smtputf8" not in offers:
        raise ValueError("the mail server takes no address with letters beyond ASCII before the @")
    limit = offers.get("size", "").split()
    if limit and limit[0].isdigit() and 0 < int(limit[0]) < len(envelope.content):
        raise ValueError(f"it has {len(envelope.content)} bytes, and the mail server takes {limit[0]}")
    return recipient


def _no(code: int) -> State:
    return State.DEFERRED if code // 100 == 4 else State.REFUSED


def _why(problem: OSError) -> str:
    if isinstance(problem, TimeoutError):
        return "it did not answer in time"
    return (problem.strerror or str(problem)).lower()


def _socket(smtp: smtplib.SMTP) -> socket.socket:
    if smtp.sock is None:
        raise smtplib.SMTPServerDisconnected("it hung up")
    return smtp.sock


def _said(problem: smtplib.SMTPResponseException) -> str:
    said = problem.smtp_error
    return f"{problem.smtp_code} {cleaned(said if isinstance(said, bytes) else said.encode())}"


_NOT_XTEXT = re.compile(r"[^!-*,-<>-~]")


def _xtext(text: str) -> str:
    """RFC 3461 section 4: printable ASCII, the rest as `+` and two hexadecimal digits."""
    return _NOT_XTEXT.sub(lambda odd: f"+{ord(odd[0]):02X}", text.encode().decode("latin-1"))
