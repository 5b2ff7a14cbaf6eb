"""Trials: a sender that is killed, servers that misbehave, operators that reach for git; then clean runs, then the count.

Counted is what the server took, against what the ledger says:

    lost      after clean runs neither refused nor unclear, and never taken, whatever the ledger calls it
    doubled   taken more than once
    wrong     taken, and called refused or deferred, or not on record; or ledger, documents and git do not agree
    unclear   shown to the operator as such
    damaged   what was finished before a power cut and is not there after it, or is in pieces
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from fault_server import FaultServer
from fault_workspace import DAY, git, letter, parcel, states, workspace

from pastdue.delivery.audit import audit
from pastdue.delivery.ledger import PATH, NoticesLedger, last_states

NAMES = ["A1", "B2", "C3"]


@dataclass
class Count:
    """What came of trials; notices by name."""

    trials: int = 0
    killed: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    def __add__(self, other: "Count") -> "Count":
        return Count(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    def __str__(self) -> str:
        return (
            f"{self.trials} trials, {self.killed} killed: {len(self.lost)} lost, {len(self.doubled)} doubled, "
            f"{len(self.wrong)} wrong, {len(self.unclear)} unclear, {len(self.damaged)} damaged"
        )


class Sender:
    """The process that forks the senders, one at a time; `within` is what its command is started by."""

    def __init__(self, within: Sequence[str] = ()) -> None:
        here = Path(__file__).parent
        self._process = subprocess.Popen(
            [*within, sys.executable, str(here / "fault_sender.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent.parent)])},
            text=True,
        )

    def run(self, **job: Any) -> int:
        """How the sender ended: -9 killed, 0 through, 4 stopped, 75 somebody else is sending."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """Ends it."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


@contextmanager
def fresh() -> Iterator[Path]:
    """A workspace, in memory where the system has such a place: a `kill -9` does not ask the disk."""
    memory = Path("/dev/shm")  # noqa: S108
    where = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=where, ignore_cleanup_errors=True) as folder:
        yield workspace(Path(folder) / "books")


def trial(
    sender: Sender,
    *,
    kill: list[Any] | None = None,
    by: str = "SIGKILL",
    script: tuple[str, ...] = (),
    kind: str = "ours",
    accident: Callable[[Path], None] = lambda _: None,
    pipelining: bool = True,
    group: int = 1,
) -> Count:
    """One run that goes wrong, then clean ones until nothing is left to do."""
    with fresh() as root, FaultServer(pipelining=pipelining) as server:
        server.script = list(script)
        job = {"sender": kind, "root": str(root), "port": server.port, "names": NAMES, "group": group}
        ended = sender.run(**job, kill=kill, by=by)
        accident(root)
        for _ in range(8):
            again = until_free(sender, job)
            accident(root)
            if again == 0 and not server.script:
                break
        until_free(sender, job)
        count = judged(root, server, kind)
        count.killed = int(ended < 0)
        return count


def until_free(sender: Sender, job: dict[str, Any]) -> int:
    """A clean run, once an orphaned git of the dead one lets go of the lock."""
    for _ in range(100):
        if (ended := sender.run(**job, kill=None)) != 75:
            return ended
        time.sleep(0.02)
    return 75


def judged(
    root: Path, server: FaultServer, kind: str, names: Sequence[str] = NAMES, days: Sequence[str] = (DAY,)
) -> Count:
    """The ledger against the server."""
    count = Count(trials=1)
    taken = server.counted
    known = states(root) if kind == "ours" else _naive_states(root)
    for each in [parcel(name, day=day) for name in names for day in days]:
        times, state = taken[each.message_id], known.get(each.notice_id, "")
        if times > 1:
            count.doubled.append(each.notice_id)
        if state == "unclear":
            count.unclear.append(each.notice_id)
        elif times == 0 and state != "refused":
            count.lost.append(each.notice_id)
        elif times and state != "sent":
            count.wrong.append(each.notice_id)
    if kind == "ours":
        letters = [letter(names[0], day=day).notice_id for day in days]
        count.lost += [notice_id for notice_id in letters if known.get(notice_id) != "printed"]
        count.wrong += disagreements(root)
    return count


def disagreements(root: Path) -> list[str]:
    """Where the branch does not hold the ledger as it lies there, and each document on record with its own bytes."""
    ledger = NoticesLedger(root)
    if git(root, "show", f"HEAD:{PATH}").encode() != ledger.content():
        return ["the ledger in git"]
    rows = last_states(ledger.rows()).values()
    held = {row["file"]: row["sha256"] for lines in rows for row in lines if row["state"] != "deferred"}
    there = set(git(root, "ls-tree", "-r", "--name-only", "HEAD", "outbox").split())
    wrong = [path for path in held if path not in there]
    for path, digest in held.items():
        content = subprocess.run(
            ["git", "cat-file", "blob", f"HEAD:{path}"], cwd=root, capture_output=True, check=False
        )
        if sha256(content.stdout).hexdigest() != digest or (root / path).read_bytes() != content.stdout:
            wrong.append(f"{path} in git")
    # An operator's `reset` does rewrite the history; that is all that the audit may have to say.
    wrong += [f"{each.place}: {each.message}" for each in audit(root).breaks if each.code != "history-rewritten"]
    wrong += [line for line in git(root, "status", "--porcelain").splitlines() if not line.startswith("?? outbox")]
    return wrong


def _naive_states(root: Path) -> dict[str, str]:
    record = root / "accounts/notices.csv"
    lines = record.read_text().splitlines() if record.exists() else []
    return dict(line.split(",") for line in lines)
