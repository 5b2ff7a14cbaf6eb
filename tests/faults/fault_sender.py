"""The senders that are killed: ours, and a naive one. Started once, it forks a child per job, so that a trial costs milliseconds.

A job is a line of JSON: {"sender", "root", "port", "names", "day", "group", "dot"}, and what befalls it:

    "kill"    null | ["event", n] | ["line", n] | ["near", n] | ["after", seconds]
    "by"      another signal than SIGKILL, from there on at every step
    "power"   true when its git dies with it
    "fills"   n, the event from which on the disk is full

For the whole command line it is {"sender": "command", "root", "arguments", "said": the file for its words}. The answer
is a line with how the child ended.
"""

import json
import os
import signal
import smtplib
import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

from fault_workspace import DAY, NOW, letter, parcel, states

import pastdue.delivery
from pastdue.delivery import Stopped
from pastdue.delivery.post import Event, Post
from pastdue.delivery.smtp import Patience, Smtp
from pastdue.model import State

HERE = str(Path(pastdue.delivery.__file__).parent)
NEAR_THE_WIRE = ("_transaction", "_announce", "_body", "_dot", "write", "answer", "_next", "send", "_send", "release")


class Killer:
    """Kills this process, as the power of a `kill -9` does, at the n-th event, line of code, or line near the wire.

    By a signal that can be handled, it does so again at each one after that: an operator who does not want to wait.
    """

    def __init__(self, job: dict[str, Any]) -> None:
        self.kind, self.left = job["kill"] or ("", 0)
        by, self.fills, self.disk = job.get("by", "SIGKILL"), job.get("fills", 0), Path(job["root"]).parent
        self.by = signal.Signals[by]
        self.counted = self.events = 0

    def count(self, kind: str) -> None:
        if kind == self.kind:
            self.counted += 1
            if self.counted == self.left or (self.by is not signal.SIGKILL and self.counted > self.left > 0):
                os.kill(os.getpid(), self.by)

    def event(self, event: Event) -> None:
        self.events += 1
        if 0 < self.fills <= self.events:
            fill(self.disk)
        if event.kind != "interrupted":  # said while the signal is handled
            self.count("event")

    def trace(self, frame: FrameType, what: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith((HERE, __file__)):
            return None
        if what == "line":
            self.count("line")
            if frame.f_code.co_name in NEAR_THE_WIRE:
                self.count("near")
        return self.trace


def fill(disk: Path) -> None:
    """Somebody else takes every block that is free, also those that we gave back."""
    with (disk / "filler").open("ab", buffering=0) as filler:
        for size in (1 << 16, 1 << 10):
            with suppress(OSError):
                while filler.write(bytes(size)) == size:
                    pass


def ours(job: dict[str, Any], killer: Killer) -> None:
    """One run of the product: what is not out yet goes, except where the ledger says that it will not."""
    root, day = Path(job["root"]), job.get("day", DAY)
    smtp = Smtp(
        "127.0.0.1", job["port"], "none", "billing@us.example", patience=Patience(3, 3, 3, job.get("dot", 0.4), pause=0)
    )
    smtp.group = job.get("group", 1)
    with Post(root, now=lambda: NOW, report=killer.event) as post:
        known = states(root) if (root / "accounts/notices.csv").exists() else {}
        wanted = [(each, each) for each in (parcel(name, day=day) for name in job["names"])]
        # As the ladder has it: the step is done with the first of its notices, so that a letter is due while its email is.
        wanted += [(letter(name, day=day), parcel(name, day=day)) for name in job["names"][:1]]
        due = [each for each, step in wanted if known.get(step.notice_id, "deferred") == State.DEFERRED]
        post.deliver(due, smtp)


def naive(job: dict[str, Any], killer: Killer) -> None:
    """What one writes first: send, then a row, on the disk; at the end, a commit."""
    root, record = Path(job["root"]), Path(job["root"]) / "accounts/notices.csv"
    done = record.read_text() if record.exists() else ""
    with smtplib.SMTP("127.0.0.1", job["port"], local_hostname="localhost", timeout=job.get("dot", 0.4)) as smtp:
        for name in job["names"]:
            each = parcel(name, day=job.get("day", DAY))
            if each.notice_id in done:
                continue
            try:
                smtp.sendmail("billing@us.example", [each.recipient], each.content)
                state = "sent"
            except smtplib.SMTPRecipientsRefused:
                state = "refused"
            with record.open("a") as rows:
                rows.write(f"{each.notice_id},{state}\n")
                rows.flush()
                os.fsync(rows.fileno())
    subprocess.run(["git", "add", "accounts"], cwd=root, check=True)
    subprocess.run(["git", "commit", "-q", "-m", "sent"], cwd=root, stdout=subprocess.DEVNULL, check=False)


def command(job: dict[str, Any], _: Killer) -> int:
    """What an operator types; its exit code."""
    from pastdue.cli import main as command_line

    said = os.open(job["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    try:
        command_line(["-C", job["root"], *job["arguments"]])
    except SystemExit as done:
        return int(done.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def child(job: dict[str, Any]) -> int:
    """Does the job in the process that may die of it."""
    os.setsid()  # so that its git can be found
    killer = Killer(job)
    if killer.kind == "after":
        signal.setitimer(signal.ITIMER_REAL, killer.left)  # nobody handles the alarm: it kills
    if killer.kind in {"line", "near"} or job.get("count"):
        killer.kind = killer.kind or job["count"]
        sys.settrace(killer.trace)
    code = 0
    try:
        code = {"ours": ours, "naive": naive, "command": command}[job["sender"]](job, killer) or 0
    except Stopped as stopped:
        code = 75 if "under way" in stopped.message else 4
        with suppress(OSError):
            Path(job["root"], ".git", "said").write_text(str(stopped))
    except KeyboardInterrupt:
        code = 130
    except (OSError, smtplib.SMTPException, subprocess.CalledProcessError):
        code = 5
    finally:
        sys.settrace(None)
    if job.get("count"):
        Path(job["root"], ".git", "counted").write_text(str(killer.counted))
    return code


def _load_the_command_line() -> None:
    """Once for all children, since it takes longer than a trial."""
    for name in ("pandas", "babel.numbers", "lxml.etree", "markdown", "premailer", "segno", "typst", "pastdue.flow"):
        import_module(name)
    import_module("pastdue.cli.outbox")


def kill_session(leader: int) -> bool:
    """Kills what a dead sender left behind; False when nothing is left."""
    found = False
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, _, _, session = (process / "stat").read_text().rpartition(") ")[2].split()[:4]
            if int(session) == leader and state not in "ZX":
                os.kill(int(process.name), signal.SIGKILL)
                found = True
    return found


def main() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever these trials were started by
    for line in sys.stdin:
        job = json.loads(line)
        if job["sender"] == "command":
            _load_the_command_line()
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                code = child(job)
            finally:
                sys.stderr.flush()
                os._exit(code) if code != 70 else None
        _, status = os.waitpid(pid, 0)
        while job.get("power") and kill_session(pid):
            pass
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
