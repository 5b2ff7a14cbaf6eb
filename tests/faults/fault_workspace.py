"""A small workspace in real git, and notices to send from it."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from pastdue.delivery.ledger import NoticesLedger, last_states
from pastdue.delivery.post import Parcel

DAY = "2026-03-02"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def git(root: Path, *arguments: str, **options: object) -> str:
    """What a git command answers."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True, **options)  # type: ignore[call-overload]
    return done.stdout


def workspace(root: Path) -> Path:
    """A repository with books and one commit."""
    (root / "accounts").mkdir(parents=True)
    (root / "accounts/customers.csv").write_text("account_id,name\nA1,Acme\nB2,Bolt\nC3,Cog\n")
    (root / "config.toml").write_text('[business]\nname = "Us"\n')
    (root / ".gitignore").write_text("/outbox/.manifest\n")
    git(root, "init", "-q", "-b", "main")
    for setting in ("user.name=Pat", "user.email=pat@example.com", "gc.auto=0"):
        git(root, "config", *setting.split("=", 1))
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Books")
    return root


def email(name: str, recipient: str, *, day: str = DAY, extra: str = "") -> bytes:
    """A finished email, as the composer makes it: a line that begins with a dot is in it."""
    lines = [
        "From: Us <billing@us.example>",
        f"To: {name} <{recipient}>",
        f"Subject: Reminder for {name}",
        "Date: Mon, 02 Mar 2026 09:30:00 +0000",
        f"Message-ID: <pd.{day}.{name.lower()}@us.example>",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        *([extra] if extra else []),
        "",
        f"Dear {name},",
        ". this line begins with a dot",
        "",
        *(f"Item {number}: 100.00 EUR" for number in range(20)),
        "",
    ]
    return "\r\n".join(lines).encode()


def row(
    account: str, invoice: str, *, amount: str = "100.00", notice: str = "", channel: str = "email"
) -> dict[str, str]:
    """A line of a notice for the ledger, without what delivery adds."""
    return {
        "notice_id": notice,
        "on": DAY,
        "account_id": account,
        "invoice_id": invoice,
        "due": "2026-02-20",
        "step": "reminder",
        "rung": "2",
        "channel": channel,
        "open": amount,
        "currency": "EUR",
        "pay_by": "2026-03-09",
        "announces": "",
    }


def parcel(name: str, *, recipient: str = "", day: str = DAY, invoices: int = 1, extra: str = "") -> Parcel:
    """An email to one account."""
    notice_id = f"{day}-{name}-reminder-email"
    recipient = recipient or f"{name.lower()}@customer.example"
    return Parcel(
        notice_id=notice_id,
        path=f"outbox/{day}/{name}-reminder.eml",
        content=email(name, recipient, day=day, extra=extra),
        channel="email",
        rows=tuple(row(name, f"{name}-{number}", notice=notice_id) for number in range(1, invoices + 1)),
        line=f"{name} reminder {invoices}00.00 EUR: due 2026-02-20",
        recipient=recipient,
        message_id=f"<pd.{day}.{name.lower()}@us.example>",
    )


def letter(name: str, *, day: str = DAY) -> Parcel:
    """A letter to one account."""
    notice_id = f"{day}-{name}-demand-letter"
    return Parcel(
        notice_id=notice_id,
        path=f"outbox/{day}/{name}-demand.pdf",
        content=b"%PDF-1.7\n" + name.encode(),
        channel="letter",
        rows=(row(name, f"{name}-9", notice=notice_id, channel="letter"),),
        line=f"{name} demand 100.00 EUR",
    )


def states(root: Path) -> dict[str, str]:
    """The last state of each notice, as the ledger has it."""
    return {name: rows[-1]["state"] for name, rows in last_states(NoticesLedger(root).rows()).items()}
