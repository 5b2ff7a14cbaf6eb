"""How an email leaves the machine: by SMTP, by a local `sendmail`, or not at all.

A transport says of each email what became of it, and knows the one moment that matters: before the last byte nothing
has been accepted and the email can be tried again; after it, only the server's answer tells, and without an answer it
is unclear. `release` is called between the two. Trouble of the whole session is `Stopped`, and no notice's fault.
"""

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pastdue.delivery import Stopped
from pastdue.delivery.gate import mailbox
from pastdue.model import State

if TYPE_CHECKING:
    from pastdue.config import Config


@dataclass(frozen=True, slots=True)
class Envelope:
    """One email on its way: the exact bytes, and the one mailbox they are for."""

    notice_id: str
    path: str
    recipient: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of an email, and the words for it: the server's own, which begin with their code, or ours."""

    state: State
    text: str


class Transport(Protocol):
    """A way out of the machine."""

    drafts: bool  # what it is given stays here, for the operator's mail program
    group: int  # emails whose intents are put on the disk at once; as many are unclear after a power cut

    def open(self) -> None:
        """Makes sure that emails can leave; Stopped when none can."""

    def send(self, envelope: Envelope, release: Callable[[], None], following: Envelope | None = None, /) -> Reply:
        """Sends one email; `release` is called just before the byte that completes it.

        `following` is the next one, which the server may be told of together with that byte: its intent is on the disk.
        """

    def close(self) -> None:
        """Ends politely; never fails."""


def transport(config: "Config", root: Path | None = None) -> Transport:
    """The transport that the config names; `root` is the workspace, whose git may know the password."""
    mail = config.mail
    if mail.transport == "folder":
        return Folder()
    sender = config.sender()[1]
    if mail.transport == "sendmail":
        return Sendmail(sender, mail.sendmail_command)
    from pastdue.delivery.passwords import password
    from pastdue.delivery.smtp import Smtp

    port = mail.port or {"starttls": 587, "tls": 465, "none": 25}[mail.security]
    return Smtp(
        host=mail.host,
        port=port,
        security=mail.security,
        sender=sender,
        user=mail.user,
        password=lambda: password(mail.user, mail.password_command, f"{mail.host}:{port}", root),
        ca_file=mail.ca_file,
    )


class Folder:
    """Nothing leaves the machine: the file in the outbox is a draft, which opens in a mail program."""

    drafts = True
    group = 1

    def open(self) -> None:
        """Always possible."""

    def send(self, envelope: Envelope, release: Callable[[], None], _following: Envelope | None = None, /) -> Reply:
        """Leaves it where it is."""
        release()
        return Reply(State.DRAFTED, f"left in {envelope.path}")

    def close(self) -> None:
        """Nothing to end."""


# ------------------------------------------------------------------ sendmail

_TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h, as are the following
_NOT_RUN = {64, 72, 73, 77, 78, 126, 127}  # wrong usage or configuration, no permission, not found: no notice's fault
_NO_ANSWER = {
    70,
    71,
    74,
    76,
}  # a program that talks to the server itself and lost the line: perhaps after the last byte


class Sendmail:
    """A local program such as msmtp, nullmailer or Postfix' own: exit code 0 is sent, 75 is not now, another is no."""

    drafts = False
    group = 1

    def __init__(self, sender: str, command: str, *, patience: float = 600.0) -> None:
        self._sender, self._patience = envelope_sender(sender), patience
        self._command = words(command, "sendmail_command")

    def open(self) -> None:
        """Makes sure that there is such a program."""
        if not shutil.which(self._command[0]):
            raise Stopped(f"there is no program {self._command[0]}", "Check mail.sendmail_command.")

    def send(self, envelope: Envelope, release: Callable[[], None], _following: Envelope | None = None, /) -> Reply:
        """Hands it over as a file, not through a pipe: if we die, the program reads all of it and not a part."""
        try:
            recipient = mailbox(envelope.recipient)
        except ValueError as problem:
            return Reply(State.REFUSED, str(problem))
        if recipient.startswith("-"):
            return Reply(State.REFUSED, "the program would take this address for an option")
        program = Path(self._command[0]).name
        with tempfile.TemporaryFile() as message:
            message.write(envelope.content.replace(b"\r\n", b"\n"))  # such programs expect the system's line ends
            message.seek(0)
            release()
            try:
                done = subprocess.run(
                    [*self._command, "-f", self._sender, recipient],
                    stdin=message,
                    capture_output=True,
                    timeout=self._patience,
                    process_group=0,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return Reply(State.UNCLEAR, f"{program} did not come to an end")
            except OSError as problem:
                raise Stopped(
                    f"{program} cannot be run: {problem.strerror}", "Check mail.sendmail_command."
                ) from problem
        said = f"{program} ended with {done.returncode}: {cleaned(done.stderr or done.stdout)}".rstrip(": ")
        if done.returncode == 0:
            return Reply(State.SENT, f"accepted by {program}")
        if done.returncode in _NOT_RUN:
            raise Stopped(said, "Check mail.sendmail_command, and the program's own configuration.")
        if done.returncode < 0 or done.returncode in _NO_ANSWER:
            return Reply(State.UNCLEAR, said)
        return Reply(State.DEFERRED if done.returncode == _TRY_LATER else State.REFUSED, said)

    def close(self) -> None:
        """Nothing to end."""


# ------------------------------------------------------------------ what SMTP and passwords need too

LONGEST_TEXT = 500  # characters that are kept of what another program says


def cleaned(said: bytes) -> str:
    """Words of another program on one line, without control characters, not endless."""
    text = said.decode("utf-8", "replace")
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())[:LONGEST_TEXT]


def envelope_sender(address: str) -> str:
    """The mailbox that answers go to, as the envelope names it; Stopped when it is none, or not one for every server."""
    try:
        sender = mailbox(address)
    except ValueError as problem:
        raise Stopped(f"the sender: {problem}", "Set mail.sender.") from problem
    if not sender.isascii():
        raise Stopped(
            "the sender's address has letters beyond ASCII before the @", "Not every server can answer to it."
        )
    return sender


def words(command: str, setting: str) -> list[str]:
    """A command line as its words; it is never given to a shell."""
    try:
        found = shlex.split(command)
    except ValueError as problem:
        raise Stopped(f"mail.{setting} cannot be understood: {str(problem).lower()}", "Check its quotes.") from problem
    if not found:
        raise Stopped(f"mail.{setting} is blank")
    return found
