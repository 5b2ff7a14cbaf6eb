"""The real command line in a workspace of its own: books from a few texts, real git, real files, and what came of it."""

import csv
import io
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from click.testing import CliRunner, Result

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build.py"
DEMO = ("accounts", "letters", "site", "config.toml", "portal.key", ".gitignore", ".gitattributes")
WRITTEN = ("outbox", "site/public")  # what a build writes, and nothing else

# A ladder of three emails without weekends, holidays or gaps, for cases that are about something else.
PLAIN = """
[business]
name = "Brook Street Bakery"
email = "accounts@brookstreet.example"
iban = "IE29 AIBK 9311 5212 3456 78"
{business}
[calendar]
country = "none"
weekend = []
{more}
[schedule.standard]
minimum_gap = 0
[[schedule.standard.step]]
name = "reminder"
days = 1
channels = ["email"]
pay_within = 7
[[schedule.standard.step]]
name = "second-notice"
days = 10
channels = ["email"]
pay_within = 7
[[schedule.standard.step]]
name = "final-demand"
days = 20
channels = ["email"]
pay_within = 7
"""


@dataclass(frozen=True)
class Workspace:
    """A folder with books in real git, and the commands that an operator would type in it."""

    root: Path

    @classmethod
    def demo(cls, root: Path, *, history: bool = False) -> "Workspace":
        """The repository's own demo, before anything was sent or, with its `history`, as a fresh clone has it."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--", *DEMO, *(["outbox"] if history else [])],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in sorted({*listed.stdout.split("\0")} - {"", "" if history else "accounts/notices.csv"}):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes((ROOT / name).read_bytes())
        return cls(root).committed()

    @classmethod
    def of(cls, root: Path, config: str = "", **ledgers: str) -> "Workspace":
        """Books from texts, a ledger each; the shipped letters and pages hold where the workspace has none."""
        workspace = cls(root)
        workspace.write("config.toml", config or PLAIN.format(business="", more=""))
        workspace.write(".gitignore", (ROOT / ".gitignore").read_text(encoding="utf-8"))
        for name, text in ledgers.items():
            workspace.write(f"accounts/{name}.csv", text)
        return workspace.committed()

    def committed(self) -> "Workspace":
        """The same, with all of it in git."""
        if not (self.root / ".git").exists():
            self.git("init", "-q", "-b", "main")
            for setting in ("user.name=Pat", "user.email=pat@brookstreet.example", "gc.auto=0"):
                self.git("config", *setting.split("=", 1))
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "Books")
        return self

    def write(self, path: str, text: str | bytes) -> None:
        """One file of the workspace."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())

    def run(self, *arguments: str, env: Mapping[str, str | None] | None = None, answer: str | None = None) -> Result:
        """The command, in this process. A defect of ours fails the test, whatever it wanted to show."""
        from pastdue.cli import main

        done = CliRunner().invoke(main, ["-C", str(self.root), *arguments], env=env, input=answer)
        assert "defect" not in done.stderr, f"{arguments}: {done.stderr}"
        assert "Traceback" not in done.output
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    def done(self, *arguments: str, env: Mapping[str, str | None] | None = None) -> str:
        """What the command prints; it must have ended well."""
        result = self.run(*arguments, env=env)
        assert result.exit_code == 0, f"{arguments}: exit {result.exit_code}\n{result.output}"
        return result.stdout

    def process(
        self, *arguments: str, env: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The command as an operator runs it: build.py in a process of its own."""
        command = [sys.executable, str(BUILD), "-C", str(folder or self.root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=env, timeout=120)

    def git(self, *arguments: str) -> str:
        """What a git command answers."""
        command = ["git", "-c", "core.quotepath=off", *arguments]
        done = subprocess.run(command, cwd=self.root, capture_output=True, check=True)
        return done.stdout.decode("utf-8", "replace")

    # -------------------------------------------------------------- what came of it

    def files(self, *tops: str) -> dict[str, bytes]:
        """Every file under the folders, by path, without what is of this machine alone."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for top in tops or WRITTEN
            for path in sorted((self.root / top).rglob("*"))
            if path.is_file() and path.name not in {".manifest", ".letters.json"}
        }

    def everything(self) -> dict[str, bytes]:
        """Every file of the workspace but git's own."""
        return {name: content for name, content in self.files(".").items() if not name.startswith(".git/")}

    def notices(self) -> list[dict[str, str]]:
        """The notices ledger."""
        path = self.root / "accounts/notices.csv"
        return list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline=""))) if path.is_file() else []

    def told(self, *columns: str) -> list[tuple[str, ...]]:
        """The notices ledger's rows, by some of their columns."""
        return [tuple(row[column] for column in columns) for row in self.notices()]

    def email(self, path: str) -> EmailMessage:
        """A draft or sent email of the workspace."""
        return parsed((self.root / path).read_bytes())


def parsed(content: bytes) -> EmailMessage:
    """An email as a mail program reads it."""
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage) -> str:
    """What a reader of plain text sees."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def html_of(message: EmailMessage) -> str:
    """The HTML part."""
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def table(columns: Sequence[str], *rows: Sequence[object]) -> str:
    """A ledger's text from its columns and rows."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([columns, *rows])
    return out.getvalue()
