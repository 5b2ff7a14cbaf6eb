"""How the repository holds up under 10,000 notices: `python benchmarks/send.py --history [--notices 10000]`.

The emails are those of one real run, each again and again for other accounts: the customer's number, the invoice's and the
Message-ID are changed. So they are more alike than real ones, and weigh less; as many as are made by that run, 500 at most, are all
different: with `--notices 400` none is there twice. They are put on record as `send` does it, in one run and in a hundred; drafts, so that no server is needed.
"""

import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.parser import BytesHeaderParser
from pathlib import Path

PATIENCE = 5  # times that each question is asked; the median counts


def measure(emails: Sequence[bytes], notices: int, runs: int) -> None:
    """Prints what so many notices in so many runs weigh, and how long git takes to find one."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        begin(root)
        each = notices // runs
        for day in range(runs):
            record(
                root, emails, range(day * each, (day + 1) * each), datetime(2026, 1, 1, 9, tzinfo=UTC) + timedelta(day)
            )
        before = size(root)
        git(root, "gc", "-q")
        some = account(notices // 2)
        path = git(root, "ls-files", f"outbox/*{some}*").splitlines()[0]
        print(f"{each * runs} notices in {runs} run{'s' if runs > 1 else ''}")
        print(
            f"  KB of repository per notice   {before / notices:5.2f}, after git gc {size(root) / notices:.2f}   (at most 2.5)"
        )
        print(f"  git log -- FILE               {asked(root, '--', path):5.0f} ms   (under 50)")
        print(f"  git log --grep ACCOUNT        {asked(root, f'--grep={some}'):5.0f} ms")
        git(root, "commit-graph", "write", "--reachable", "--changed-paths")
        print(
            f"  git log -- FILE               {asked(root, '--', path):5.0f} ms with git commit-graph write --changed-paths"
        )


def begin(root: Path) -> None:
    """A repository with somebody's name in it."""
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "Nora Conneely")
    git(root, "config", "user.email", "accounts@harbourjoinery.example")


def record(root: Path, emails: Sequence[bytes], numbers: range, now: datetime) -> None:
    """One run, with a notice to each of the accounts."""
    from pastdue.delivery.mail import Folder
    from pastdue.delivery.post import Post

    with Post(root, now=lambda: now) as post:
        post.deliver([parcel(emails[number % len(emails)], number, now) for number in numbers], Folder())


def parcel(email: bytes, number: int, now: datetime):  # type: ignore[no-untyped-def]
    """One of the emails, for another account."""
    from pastdue.delivery.post import Parcel

    day, name = now.date().isoformat(), account(number)
    content = re.sub(rb"\bC\d{6}\b", name.encode(), re.sub(rb"INV-\d{7}", b"INV-%07d" % number, email))
    content = re.sub(
        rb"<pd\.[0-9a-f]{32}",
        b"<pd.%032x" % (number * 7919 << 64),
        re.sub(rb"c\d{6}\.example", b"c%06d.example" % number, content),
    )
    header = BytesHeaderParser().parsebytes(content)
    notice = f"{day}-{name}-reminder-email"
    row = {
        "notice_id": notice, "on": day, "account_id": name, "invoice_id": f"INV-{number:07d}", "due": "2025-12-01", "step": "reminder",
        "rung": "1", "open": "1234.56", "currency": "EUR", "pay_by": day, "announces": "interest:2026-02-01",
    }  # fmt: skip
    line = f"{name} reminder email 1234.56 EUR; {number % 90} days after the due date"
    recipient = header["To"].rpartition("<")[2].rstrip(">")
    return Parcel(
        notice_id=notice,
        path=f"outbox/{day}/{name}-reminder.eml",
        content=content,
        channel="email",
        rows=(row,),
        line=line,
        recipient=recipient,
        message_id=header["Message-ID"],
    )


def account(number: int) -> str:
    """The account that the notice of this number is for."""
    return f"C{number:06d}"


def asked(root: Path, *about: str) -> float:
    """Milliseconds that `git log` takes to answer."""
    times = []
    for _ in range(PATIENCE):
        began = time.perf_counter()
        found = git(root, "log", "--format=%h", *about)
        times.append((time.perf_counter() - began) * 1000)
        assert len(found.split()) == 1, f"one run told of it, and git says {found!r}"
    return statistics.median(times)


def size(root: Path) -> float:
    """KB of everything in `.git` that git keeps; without our journal."""
    told = (path for path in (root / ".git").rglob("*") if path.is_file() and "pastdue" not in path.parts)
    return sum(path.stat().st_size for path in told) / 1024


def git(root: Path, *arguments: str) -> str:
    """What a git command says."""
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout
