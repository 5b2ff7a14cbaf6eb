"""The crash log of `send`: what was about to leave and what the server said, out of reach of git on the work tree.

It lies in `.git/pastdue/`, where `stash`, `reset --hard`, `clean -fdx` and `checkout` do not come, and is only ever
appended to. One line is a CRC and a JSON object; a line torn by a crash is cut off at the end and nowhere else.

    run      a sender started, under this boot of the machine
    notice   all about a notice that a fate may need: its rows, its path, the hash of its frozen bytes
    with     it goes together with an email that is about to be sent: once that was tried, it must not be forgotten
    intent   the next thing is to send it; on the disk before the server hears of it
    dot      the next byte completes the message at the server; written, not waited for
    outcome  what became of it, in the server's words
    back     nothing became of it: it has not left, and nothing is in doubt
    settled  all of the above is in the notices ledger and in git

So an intent with a dot and no outcome is unclear: only the operator can tell. An intent without a dot never left, as
long as the machine was not restarted since: the dot was handed to the system before it was handed to the server. After
a restart the dot may have been lost on its way to the disk, and the intent counts as unclear as well.
"""

import errno
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic_core import to_json

from pastdue.delivery import Stopped
from pastdue.delivery.files import flush
from pastdue.model import State

BALLAST = 256 * 1024  # bytes held back, so that the outcome of what is in flight fits on a full disk
FULL_DISK = {errno.ENOSPC, errno.EDQUOT}
_MAKE_ROOM = "Make room and run it again."


@dataclass(frozen=True, slots=True)
class Filed:
    """A notice as the journal keeps it: enough to write its rows, its document and its line in the history again."""

    notice_id: str
    path: str
    sha256: str
    blob: str  # git's name for the same bytes
    channel: str
    recipient: str
    message_id: str
    line: str
    rows: tuple[Mapping[str, str], ...]
    asked: str = ""  # the sum that it asks for; "" where that is what is open in its rows


@dataclass(frozen=True, slots=True)
class Entry:
    """One state that a notice came to, when, in whose words, and as what it had been filed."""

    state: State
    at: str
    reply: str
    filed: Filed


@dataclass(slots=True)
class Fate:
    """All that is known of one notice."""

    filed: Filed
    entries: list[Entry] = field(default_factory=list)
    intent: str = ""  # when the attempt under way began; "" when none is
    dot: str = ""  # when its last byte was released
    boot: str = ""  # the boot of the machine that the attempt began under

    @property
    def state(self) -> State | None:
        """The last state; None when nothing has left yet."""
        return self.entries[-1].state if self.entries else None


class Journal:
    """The journal of one workspace, read once and then kept up with what is appended. The caller holds the lock."""

    def __init__(self, folder: Path, suffix: str = "") -> None:
        self.path = folder / f"journal{suffix}"
        self.ballast = folder / "ballast"
        self.fates: dict[str, Fate] = {}
        self.unsettled: dict[str, None] = {}  # notices with news since the last settling, in their order
        self._together: dict[str, tuple[str, int]] = {}  # what goes with which email, and how often that had been tried
        self.full = False  # the ballast had to go: time to come to an end
        self._boot = ""
        content, whole, records = read(self.path)
        for record in records:
            self._fold(record)
        created = not self.path.exists()
        self._end = whole  # bytes in the file; nobody else writes while the lock is held
        try:
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            if whole < len(content):
                os.ftruncate(self._handle, whole)
            if created:
                flush(folder)
        except OSError as problem:
            raise Stopped(_full(problem) + "; nothing was sent", _MAKE_ROOM) from problem

    def close(self) -> None:
        """Lets go of the file."""
        os.close(self._handle)

    def begin(self, at: str) -> None:
        """Notes that a sender starts now, and takes the ballast."""
        try:
            if not self.ballast.exists() or self.ballast.stat().st_size < BALLAST:
                self.ballast.write_bytes(os.urandom(BALLAST))  # random: a file system that compresses keeps it whole
                flush(self.ballast)
            self._append({"k": "run", "at": at, "boot": boot_id()})
        except OSError as problem:
            self.ballast.unlink(missing_ok=True)
            raise Stopped(_full(problem) + "; nothing was sent", _MAKE_ROOM) from problem

    def file(self, filed: Filed) -> None:
        """Notes all about a notice, before anything happens to it."""
        self._append(filed)

    def intend(
        self, notices: Iterable[Filed], at: str, together: Mapping[str, Sequence[Filed]] = MappingProxyType({})
    ) -> None:
        """Notes all about the notices, and that they are about to be sent; `sync` makes it hold.

        `together`: by the name of an email, the letter and the copy that go with it.
        """
        records: list[Filed | dict[str, Any]] = []
        for filed in notices:
            records.append(filed)
            for other in together.get(filed.notice_id, ()):
                records += [other, {"k": "with", "id": other.notice_id, "email": filed.notice_id}]
            records.append({"k": "intent", "id": filed.notice_id, "at": at})
        self._append(*records)

    def dot(self, notice_id: str, at: str) -> None:
        """Notes that the next byte completes the notice at the server."""
        self._append({"k": "dot", "id": notice_id, "at": at})

    def outcome(self, notice_id: str, state: State, at: str, reply: str) -> None:
        """Notes what became of the notice."""
        self._append({"k": "outcome", "id": notice_id, "state": state, "at": at, "reply": reply})

    def back(self, notice_id: str) -> None:
        """Notes that the attempt is over and the notice has not left."""
        self._append({"k": "back", "id": notice_id})

    def settled(self, at: str, commit: str) -> None:
        """Notes that all is in the ledger and in git; attempts that were never released are over."""
        self._append({"k": "settled", "at": at, "commit": commit})
        self.sync()

    def owed(self) -> list[Filed]:
        """What goes with an email that was tried, and of which nothing has become yet."""
        return [
            self.fates[name].filed
            for name, (email, before) in self._together.items()
            if self.fates[email].dot or len(self.fates[email].entries) > before
        ]

    def sync(self) -> None:
        """Waits until all that was noted is on the disk."""
        try:
            _flush(self._handle)
        except OSError as problem:
            raise Stopped(_full(problem)) from problem

    def _append(self, *records: Filed | dict[str, Any]) -> None:
        lines = b"".join([_line(_notice(each) if isinstance(each, Filed) else each) for each in records])
        try:
            self._write(lines)
        except OSError as problem:
            if problem.errno not in FULL_DISK or not self.ballast.exists():
                raise Stopped(_full(problem)) from problem
            self.full = True
            self.ballast.unlink()
            try:
                self._write(lines)
            except OSError as again:
                raise Stopped(_full(again)) from again
        for record in records:
            if isinstance(record, Filed):
                self._know(record)
            else:
                self._fold(record)

    def _write(self, lines: bytes) -> None:
        if os.write(self._handle, lines) != len(lines):
            os.ftruncate(self._handle, self._end)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._end += len(lines)

    def _know(self, filed: Filed) -> None:
        if fate := self.fates.get(filed.notice_id):
            fate.filed = filed
        else:
            self.fates[filed.notice_id] = Fate(filed)

    def _fold(self, record: Mapping[str, Any]) -> None:
        kind, notice_id = record["k"], record.get("id", "")
        if kind == "run":
            self._boot = record["boot"]
            self._together.clear()
        elif kind == "notice":
            named = {name: record[name] for name in _FIELDS}
            self._know(Filed(**named, rows=tuple(record["rows"]), asked=record.get("asked", "")))
        elif kind == "with":
            email = self.fates[record["email"]]
            self._together[notice_id] = email.filed.notice_id, len(email.entries)
        elif kind == "intent":
            fate = self.fates[notice_id]
            fate.intent, fate.boot, fate.dot = record["at"], self._boot, ""
            self.unsettled[notice_id] = None
        elif kind == "dot":
            self.fates[notice_id].dot = record["at"]
        elif kind == "back":
            self.fates[notice_id].intent = self.fates[notice_id].dot = ""
        elif kind == "outcome":
            fate = self.fates[notice_id]
            fate.entries.append(Entry(State(record["state"]), record["at"], record["reply"], fate.filed))
            fate.intent = fate.dot = ""
            self.unsettled[notice_id] = None
            self._together.pop(notice_id, None)
        elif kind == "settled":
            for name in list(self.unsettled):
                if not self.fates[name].dot:
                    self.fates[name].intent = ""
                    del self.unsettled[name]


_FIELDS = ("notice_id", "path", "sha256", "blob", "channel", "recipient", "message_id", "line")


def boot_id() -> str:
    """What names this boot of the machine; "" where the system does not tell, and then every crash counts as a power cut."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def read(path: Path) -> tuple[bytes, int, list[dict[str, Any]]]:
    """The journal's bytes, how many of them are whole lines, and its records; damage before the end stops."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return b"", 0, []
    except OSError as problem:
        raise Stopped(f"the journal cannot be read: {problem.strerror}", str(path)) from problem
    records: list[dict[str, Any]] = []
    whole, damaged = 0, 0
    position = 0
    for number, line in enumerate(content.split(b"\n"), start=1):
        record = _record(line)
        ended = position + len(line) < len(content)
        position += len(line) + 1
        if record is None or not ended:
            damaged = damaged or (number if line or ended else 0)
        elif damaged:
            raise Stopped(
                f"line {damaged} of the journal is damaged; nothing was sent",
                f"It is {path}. Ask your mail server's log what went out around that time, keep a copy, "
                "and delete the damaged line.",
            )
        else:
            records.append(record)
            whole = position
    return content, whole, records


def _notice(filed: Filed) -> dict[str, Any]:
    asked = {"asked": filed.asked} if filed.asked else {}
    return {"k": "notice", **{name: getattr(filed, name) for name in _FIELDS}, **asked, "rows": filed.rows}


def _line(record: Mapping[str, Any]) -> bytes:
    text = to_json(record)  # a few times as fast as `json`, of what is written several times for each notice
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _record(line: bytes) -> dict[str, Any] | None:
    checksum, _, text = line.partition(b" ")
    try:
        if len(checksum) != 8 or int(checksum, 16) != zlib.crc32(text):
            return None
        record: dict[str, Any] = json.loads(text)
    except ValueError:
        return None
    return record


def _full(problem: OSError) -> str:
    if problem.errno in FULL_DISK:
        return "the disk is full"
    return f"the journal cannot be written: {problem.strerror}"


def _flush(handle: int) -> None:
    """On macOS `fsync` leaves the data in the drive, and F_FULLFSYNC does not."""
    import fcntl

    if hasattr(fcntl, "F_FULLFSYNC"):
        fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
    else:
        getattr(os, "fdatasync", os.fsync)(handle)


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Holds the one lock of the repository: an open file, which git children inherit, so that none outlives the lock."""
    try:
        import fcntl
    except ImportError as problem:
        raise Stopped("sending needs Linux or macOS", "On Windows, use it inside WSL.") from problem
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise Stopped(_full(problem) + "; nothing was sent", _MAKE_ROOM) from problem
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise Stopped("another send is under way", "Wait until it is done; nothing was touched.") from problem
        yield handle
    finally:
        os.close(handle)
