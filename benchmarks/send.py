"""What it costs to send as safely as `send` does: `python benchmarks/send.py [--notices 2000] [--rounds 5] [--rtt-ms 5]`.

Both senders write to the same thin server on this machine (benchmarks/sink.py), by turns; what is printed are ratios of
medians, since the times say more about the machine.

    bare      smtplib, one connection, one `sendmail` per message: the bytes that the other one froze. Measured from before the
              connection to after the goodbye; the messages are read before that, and nothing is kept of what became of them.
    delivery  the part of `build.py send --yes` from the confirmed list to the finished commit, everything on: the last look at
              each message, its file, the freeze commit, intents and outcomes in the journal and on the disk, the transactions,
              the chained rows of the ledger, the run's commit; with all that git does for it.
    whole     the whole command, from the start of Python on: reading the books, deciding, writing and linting each email,
              delivering, then working the day out again and writing site and desk.

CPU is user and system time, git's included. With a round trip fewer notices are enough: there one waits, mostly.
`--history` measures the repository instead: see benchmarks/history.py.
"""

import argparse
import json
import os
import resource
import shutil
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import generate
import history

ROOT = Path(__file__).parent.parent
SENDER = "accounts@harbourjoinery.example"


@dataclass(frozen=True)
class Cost:
    """What a number of messages took, in seconds."""

    messages: int
    cpu: float
    wall: float


@dataclass(frozen=True)
class Round:
    """The same messages, sent three ways of looking at it."""

    bare: Cost
    delivery: Cost
    whole: Cost


# ------------------------------------------------------------------ the two senders, each in a process of its own


def spent() -> float:
    """CPU seconds of this process and of all that it started and waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def bare(root: Path, port: int) -> Cost:
    """What one would write without a thought of crashes."""
    from email.parser import BytesHeaderParser

    messages = [path.read_bytes() for path in sorted(root.glob("outbox/*/*.eml"))]
    recipients = [BytesHeaderParser().parsebytes(each)["To"].rpartition("<")[2].strip("> ") for each in messages]
    cpu, wall = spent(), time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as smtp:
        for recipient, message in zip(recipients, messages, strict=True):
            smtp.sendmail(SENDER, [recipient], message)
    return Cost(len(messages), spent() - cpu, time.perf_counter() - wall)


def ours(root: Path) -> Cost:
    """`build.py send --yes`, and what of it is delivery."""
    sys.path.insert(0, str(ROOT))  # installed or not
    from pastdue.cli import guards, main
    from pastdue.delivery.post import Post

    confirmed, deliver = guards.changed_meanwhile, Post.deliver
    began = [0.0, 0.0]
    found: list[Cost] = []

    def last_question(*arguments: Any) -> Any:
        answer = list(confirmed(*arguments))
        began[:] = spent(), time.perf_counter()
        return answer

    def delivered(*arguments: Any) -> Any:
        outcome = deliver(*arguments)
        cpu, wall = spent() - began[0], time.perf_counter() - began[1]
        found.append(Cost(sum(result.state == "sent" for result in outcome.results), cpu, wall))
        return outcome

    guards.changed_meanwhile, Post.deliver = last_question, delivered  # type: ignore[assignment,method-assign]
    with suppress(SystemExit):
        main(["-C", str(root), "send", "--yes", "--many", "--changed"])
    if not found:
        raise SystemExit("send stopped before it sent anything: what it said stands above")
    return found[0]


def measured(*arguments: object) -> tuple[Cost, Cost]:
    """What a sender says of itself, and what its whole process took."""
    wall = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen([sys.executable, __file__, *map(str, arguments)], stdout=said)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - wall
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        lines = said.read().splitlines()
    if process.returncode:
        raise SystemExit("\n".join(lines))
    own = Cost(**json.loads(lines[-1]))
    return own, Cost(own.messages, used.ru_utime + used.ru_stime, wall)


# ------------------------------------------------------------------ the ground


@contextmanager
def sink(rtt_ms: float) -> Iterator[int]:
    """The server, and its port."""
    command = [sys.executable, str(Path(__file__).with_name("sink.py")), "--rtt-ms", str(rtt_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def workspace(folder: Path, notices: int) -> None:
    """Books on which about so many emails are due, under git."""
    generate.write(folder, accounts=notices, invoices=10 * notices, by_letter=False)
    for name in ("letters", "site/templates", "site/static"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "portal.key", folder)
    shutil.copy(ROOT / ".gitignore", folder)
    shutil.copy(ROOT / ".gitattributes", folder)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Nora Conneely")
    git(folder, "config", "user.email", SENDER)


def set_mail(folder: Path, port: int) -> None:
    """Writes the server into the config, and commits."""
    config = (ROOT / "config.toml").read_text("utf-8")
    there = f'transport = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nsender = "{SENDER}"'
    changed = config.replace('transport = "folder"', there)
    (folder / "config.toml").write_text(changed, "utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Books")


def git(folder: Path, *arguments: str) -> str:
    """What a git command says."""
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def rounds(count: int, notices: int, rtt_ms: float) -> list[Round]:
    """So many times ours and the bare one, by turns, on a fresh workspace each."""
    found = []
    with sink(rtt_ms) as port, tempfile.TemporaryDirectory() as scratch:
        books = Path(scratch) / "books"
        workspace(books, notices)
        set_mail(books, port)
        for number in range(count):
            root = Path(scratch) / f"round-{number}"
            shutil.copytree(books, root)
            os.sync()  # or what was copied would reach the disk at the expense of the first one who waits for it
            delivery, whole = measured("--ours", root)
            found.append(Round(measured("--bare", root, port)[0], delivery, whole))
            # It stays until the end: ext4 passes over each file that was deleted lately before it makes a new one.
    return found


# ------------------------------------------------------------------ what is said


def ratio(found: list[Round], way: str, what: str) -> float:
    """How many times as much as the bare one the other way took, per message."""

    def per_message(which: str) -> float:
        costs = (getattr(each, which) for each in found)
        return statistics.median(getattr(cost, what) / cost.messages for cost in costs)

    return per_message(way) / per_message("bare")


def say(asked: argparse.Namespace) -> None:
    """Runs both kinds, and prints the ratios."""
    fast = rounds(asked.rounds, asked.notices or 2000, 0.0)
    sent = {cost.messages for each in fast for cost in (each.bare, each.delivery)}
    assert len(sent) == 1, f"the two senders sent different numbers: {sent}"
    print(f"{sent.pop()} notices, {asked.rounds} rounds, no latency; the bare smtplib loop is 1")
    print(f"  CPU per notice, delivery      {ratio(fast, 'delivery', 'cpu'):5.2f}   (at most 2.2)")
    print(f"  CPU per notice, whole command {ratio(fast, 'whole', 'cpu'):5.2f}")
    print(f"  messages per second, delivery {1 / ratio(fast, 'delivery', 'wall'):5.2f}   (at least 0.45)")
    slow = rounds(asked.rounds, asked.slow_notices, asked.rtt_ms)
    print(f"{slow[0].delivery.messages} notices, {asked.rounds} rounds, {asked.rtt_ms:g} ms of round trip")
    print(f"  wall time, delivery           {ratio(slow, 'delivery', 'wall'):5.2f}   (at most 0.75)")
    if asked.times:
        for each in (*fast, *slow):
            for name in ("bare", "delivery", "whole"):
                cost = getattr(each, name)
                print(
                    f"  {name:9} {cost.cpu / cost.messages * 1000:7.3f} ms CPU {cost.wall / cost.messages * 1000:7.3f} ms wall"
                )


def look_back(notices: int) -> None:
    """Emails of one real run, and then what a history of many such runs is like."""
    sys.path.insert(0, str(ROOT))  # installed or not
    with sink(0.0) as port, tempfile.TemporaryDirectory() as scratch:
        books = Path(scratch) / "books"
        workspace(books, min(notices, 500))
        set_mail(books, port)
        measured("--ours", books)
        emails = [path.read_bytes() for path in sorted(books.glob("outbox/*/*.eml"))]
    for runs in (1, min(100, notices)):
        history.measure(emails, notices, runs)


def main() -> None:
    """One of the senders, or all of it."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--notices", type=int, help="roughly, with no latency: 2000; with --history: 10000")
    asked.add_argument("--slow-notices", type=int, default=200, help="roughly, with a round trip")
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--rtt-ms", type=float, default=5.0)
    asked.add_argument("--times", action="store_true", help="print milliseconds too")
    asked.add_argument("--history", action="store_true", help="what many notices weigh, and how fast git finds one")
    asked.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    asked.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    wanted = asked.parse_args()
    if wanted.ours:
        print(json.dumps(vars(ours(wanted.ours))))
    elif wanted.bare:
        print(json.dumps(vars(bare(Path(wanted.bare[0]), int(wanted.bare[1])))))
    elif wanted.history:
        look_back(wanted.notices or 10_000)
    else:
        say(wanted)


if __name__ == "__main__":
    main()
