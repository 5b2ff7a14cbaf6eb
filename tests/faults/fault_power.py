"""Trials: the power goes during a run or after it, and what had not been flushed is gone; then clean runs, then the count."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fault_disks import Disk, Disks, reboot
from fault_server import FaultServer
from fault_trials import Count, Sender, judged, until_free
from fault_workspace import DAY, git, workspace

from pastdue.delivery import Stopped, journal
from pastdue.delivery.ledger import PATH

NAMES = [f"P{number}" for number in range(1, 9)]
PATIENCE = 10  # seconds for the server's answer, which always comes here
EARLIER = "2026-02-27"  # the day of a run that was through long before the power goes


class Machine:
    """A sender that believes in a boot of its own, and the disk that its trials begin with."""

    def __init__(self, disks: Disks, disk: Disk) -> None:
        self.boot, within = disks.elsewhere()
        self.sender = Sender(within)
        self.disk = disk

    def run(self, root: Path, server: FaultServer, **job: Any) -> int:
        """How one run ended."""
        return self.sender.run(
            **{"root": str(root), "port": server.port, "names": NAMES, "kill": None, "dot": PATIENCE, **job}
        )


@dataclass(frozen=True)
class Finished:
    """What the last run that came to its end had left."""

    head: str
    ledger: bytes

    @classmethod
    def of(cls, root: Path) -> "Finished":
        """What is there now."""
        return cls(git(root, "rev-parse", "HEAD").strip(), (root / PATH).read_bytes())


def with_books(disks: Disks) -> Disk:
    """A disk with a workspace on it, all of it flushed."""
    disk = disks.new()
    with disk.mounted() as folder:
        workspace(folder / "books")
    return disk


def power_cut(
    machine: Machine, *, kills: Sequence[list[Any] | None], kind: str = "ours", group: int = 1, rest: float = 0
) -> Count:
    """A run that is through, and then for each power cut one more: cut in its midst or, with None, `rest` seconds after it."""
    count = Count()
    job = {"sender": kind, "group": group, "dot": PATIENCE}
    disk, finished = machine.disk.copy(), None
    with FaultServer() as server:
        for kill in kills:
            with disk.used_up() as folder:
                root = folder / "books"
                if finished:
                    count.damaged += damage(root, finished, kind)
                else:
                    assert machine.run(root, server, day=EARLIER, **job) == 0
                    finished = Finished.of(root)
                ended = machine.run(root, server, kill=kill, power=True, **job)
                assert ended <= 0 or kind == "naive", (root / ".git/said").read_text()
                count.killed += ended < 0
                if ended == 0:
                    finished = Finished.of(root)
                    time.sleep(rest)
                after = disk.copy(while_in_use=True)
            disk = after
            reboot(machine.boot)
            _was_off(disk)
        with disk.used_up() as folder:
            root = folder / "books"
            count.damaged += damage(root, finished, kind)
            for _ in range(2):
                until_free(machine.sender, {"root": str(root), "port": server.port, "names": NAMES, **job})
            return count + judged(root, server, kind, NAMES, (EARLIER, DAY))


def steps(machine: Machine, kind: str, **job: Any) -> int:
    """How many steps of a kind a run takes."""
    with FaultServer() as server, machine.disk.copy().used_up() as folder:
        assert machine.run(folder / "books", server, sender="ours", count=kind, **job) == 0
        return int((folder / "books/.git/counted").read_text())


def _was_off(disk: Disk) -> None:
    """The real machine has been on all the time; the locks that git left are to be older than its boot, as they would be."""
    with disk.mounted() as folder:
        for lock in (folder / "books/.git").rglob("*.lock"):
            os.utime(lock, (0, 0))


def damage(root: Path, finished: Finished, kind: str) -> list[str]:
    """What a power cut may not take, and took."""
    found = []
    fsck = subprocess.run(["git", "fsck", "--no-dangling"], cwd=root, capture_output=True, text=True, check=False)
    if fsck.returncode:
        found.append(f"git fsck: {' '.join(fsck.stderr.split())}")
    ancestor = ["git", "merge-base", "--is-ancestor", finished.head, "HEAD"]
    if subprocess.run(ancestor, cwd=root, capture_output=True, check=False).returncode:
        found.append("the commit of a finished run is gone")
    if not (root / PATH).exists() or not (root / PATH).read_bytes().startswith(finished.ledger):
        found.append("rows of a finished run are gone")
    if kind == "ours":
        try:
            journal.read(root / ".git/pastdue/journal")
        except Stopped as stopped:
            found.append(stopped.message)
    return found
