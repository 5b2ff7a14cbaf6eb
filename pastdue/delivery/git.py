"""git as the audit log: exact bytes in, only the given paths, durable when it returns, the operator's own edits untouched.

Commits are made by `git fast-import` from HEAD's tree and the given files: no filter, line-ending conversion, hook or
signing prompt comes between the bytes and the history, and neither the index nor the work tree is read. The operator's
index is told about the committed paths before the branch moves, so that at no moment a plain `git commit` of theirs
would take a document out of the history again.

Two private refs keep what the tool made reachable whatever becomes of the branch: `refs/pastdue/frozen`, the exact bytes
of the last run before any of them left, and `refs/pastdue/settled`, the last commit of the log.
"""

import hashlib
import os
import re
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from pastdue.delivery import Stopped
from pastdue.delivery.files import flush

_SETTINGS = {
    "core.fsync": "all",  # by default neither objects nor refs are waited for
    "core.fsyncMethod": "batch",
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",  # its daemon would inherit our lock
    "gc.auto": "0",
}
_KNOWS_FSYNC = (2, 36)
_STATES = {
    "MERGE_HEAD": ("a merge", "git merge --abort"),
    "CHERRY_PICK_HEAD": ("a cherry-pick", "git cherry-pick --abort"),
    "REVERT_HEAD": ("a revert", "git revert --abort"),
    "rebase-merge": ("a rebase", "git rebase --abort"),
    "rebase-apply": ("a rebase", "git rebase --abort"),
}
_HELD_OUT = re.compile(r"GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|PREFIX|NAMESPACE|(ALTERNATE_)?OBJECT_.*)")


class GitError(Stopped):
    """What git said when it failed, on one line."""


@dataclass(frozen=True, slots=True)
class Version:
    """A file as one commit recorded it."""

    commit: str
    on: date  # in the zone of whoever made it
    blob: str


@dataclass(slots=True)
class Repository:
    """The repository that a workspace lies in; paths are the workspace's own."""

    root: Path
    git_dir: Path
    common: Path
    prefix: str  # the workspace's place in the repository: "" or "clients/acme/"
    algorithm: str  # of object names: "sha1" or "sha256"
    old: bool  # a git that cannot be told to wait for the disk
    lock: list[int] = field(default_factory=list)  # open files that every git child inherits

    @classmethod
    def open(cls, root: Path) -> "Repository":
        """The repository around the workspace; Stopped when there is none, or git does not trust it."""
        repository = cls(root, root, root, "", "sha1", False)
        try:
            said = repository.git(
                "rev-parse",
                "--is-inside-work-tree",
                "--git-dir",
                "--git-common-dir",
                "--show-object-format",
                "--show-prefix",
            )
        except GitError as problem:
            raise _no_repository(root, str(problem)) from problem
        inside, git_dir, common, algorithm, prefix = os.fsdecode(said).split("\n")[:5]
        if inside != "true":
            raise Stopped("the workspace is not in a git work tree")
        repository.git_dir, repository.common = root / git_dir, root / common
        repository.prefix, repository.algorithm = prefix, algorithm
        version = re.findall(rb"\d+", repository.git("version"))[:2]
        repository.old = tuple(map(int, version)) < _KNOWS_FSYNC
        return repository

    @property
    def suffix(self) -> str:
        """Tells apart the journals and refs of several workspaces in one repository; "" at its top."""
        return f"-{hashlib.sha256(os.fsencode(self.prefix)).hexdigest()[:12]}" if self.prefix else ""

    def ready(self) -> None:
        """Stopped unless a commit can be made: somebody's name is set, HEAD is on a branch, nothing is half merged."""
        for name, (what, way_out) in _STATES.items():
            if (self.git_dir / name).exists():
                raise Stopped(f"{what} is under way in git", f"Finish it, or drop it with `{way_out}`.")
        if not self._branch():
            raise Stopped(
                "git is on no branch (a detached HEAD): the record of what is sent would get lost",
                "Go back to your branch, such as `git switch main`.",
            )
        self._who()

    def head(self) -> str:
        """The commit that the branch stands at; "" before the first one."""
        with suppress(GitError):
            return self.git("rev-parse", "-q", "--verify", "HEAD^{commit}").decode().strip()
        return ""

    def blob(self, content: bytes) -> str:
        """git's name for exactly these bytes."""
        name = hashlib.new(self.algorithm, b"blob %d\0" % len(content))
        name.update(content)
        return name.hexdigest()

    def committed(self, commit: str, paths: Iterable[str]) -> dict[str, str]:
        """The blobs that a commit holds at the paths; a path it does not have is left out. One process for all."""
        paths = list(paths)
        if not commit or not paths:
            return {}
        asked = "".join(f"{commit}:{self.prefix}{path}\n" for path in paths)
        said = self.git("cat-file", "--batch-check=%(objecttype) %(objectname)", stdin=os.fsencode(asked))
        answers = said.decode("utf-8", "replace").split("\n")
        return {
            path: answer.removeprefix("blob ")
            for path, answer in zip(paths, answers, strict=False)
            if answer.startswith("blob ")
        }

    def known(self, blobs: Iterable[str]) -> set[str]:
        """Those of the blobs that git still has."""
        asked = sorted(set(blobs))
        said = (
            self.git("cat-file", "--batch-check", stdin="".join(f"{name}\n" for name in asked).encode())
            if asked
            else b""
        )
        return {line.split()[0] for line in said.decode().splitlines() if " blob " in line}

    def contents(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """The bytes of blobs by name; one that git does not have any more is left out. One process for all."""
        asked = sorted(set(blobs))
        if not asked:
            return {}
        said = self.git("cat-file", "--batch", stdin="".join(f"{name}\n" for name in asked).encode())
        found, position = {}, 0
        for name in asked:
            end = said.index(b"\n", position)
            words = said[position:end].split()
            position = end + 1
            if words[1] != b"blob":
                continue
            found[name] = said[position : position + int(words[2])]
            position += int(words[2]) + 1
        return found

    def versions(self, paths: Iterable[str]) -> dict[str, tuple["Version", ...]]:
        """Each state of the files that the branch's history holds, oldest first; a path without any is left out."""
        asked = sorted(set(paths))
        if not asked or not self.head():
            return {}
        said = self.git(
            "--literal-pathspecs", "log", "--reverse", "--raw", "-z", "--no-abbrev", "--no-renames",
            "--diff-merges=first-parent", "--full-history", "--format=%x01%H %cd", "--date=format:%Y-%m-%d",
            "HEAD", "--", *asked,
        )  # fmt: skip
        found: dict[str, list[Version]] = {}
        commit, on = "", date.min
        tokens = iter(os.fsdecode(said).split("\0"))
        for token in tokens:
            told = token.lstrip("\n")
            if told.startswith("\x01"):
                commit, _, day = told[1:].partition(" ")
                on = date.fromisoformat(day.strip())
            elif told.startswith(":"):
                blob, path = told.split(" ")[3], next(tokens).removeprefix(self.prefix)
                if blob.strip("0"):  # all zeros: the commit took the file away
                    found.setdefault(path, []).append(Version(commit, on, blob))
        return {path: tuple(states) for path, states in found.items()}

    def listed(self, commit: str, folder: str) -> dict[str, str]:
        """The blobs of the files that a commit holds right in a folder, by path; none where it has no such folder."""
        with suppress(GitError):
            said = self.git("ls-tree", "-z", f"{commit}:{self.prefix}{folder}")
            entries = (entry.partition("\t") for entry in os.fsdecode(said).split("\0") if entry)
            return {f"{folder}/{name}": told.split()[2] for told, _, name in entries if told.split()[1] == "blob"}
        return {}

    def last_change(self, path: str) -> tuple[str, datetime] | None:
        """The last commit of the branch that changed a file, and when; None where the history does not reach back to it."""
        if not self.head():
            return None
        said = self.git("--literal-pathspecs", "log", "-1", "--format=%H %ct", "HEAD", "--", path).decode().split()
        shallow = self.common / "shallow"
        if not said or (shallow.exists() and said[0] in shallow.read_text(encoding="ascii").split()):
            return None
        return said[0], datetime.fromtimestamp(int(said[1]), UTC)

    def freeze(self, files: Mapping[str, bytes], message: str) -> str:
        """Keeps exact bytes in git, beside the branch, and returns the commit that holds them."""
        frozen = self._import(f"refs/pastdue/frozen{self.suffix}", self.head(), files, message)
        self._settle_on_disk()
        return frozen

    def commit(self, files: Mapping[str, bytes | str], message: str) -> str:
        """One commit on the branch with these files (bytes, or the name of a blob) and nothing else; the branch's commit.

        What HEAD holds already is not committed again; "" when there is nothing in the history at all.
        """
        names = {path: file if isinstance(file, str) else self.blob(file) for path, file in files.items()}
        for _ in range(5):
            head = self.head()
            held = self.committed(head, files)
            new = {path: file for path, file in files.items() if held.get(path) != names[path]}
            if not new:
                self._tell_index(names)
                return head
            self.ready()
            commit = self._import(f"refs/pastdue/settled{self.suffix}", head, new, message)
            self._tell_index(names)
            try:
                self.git(
                    "update-ref",
                    "-m",
                    f"pastdue: {message.partition(chr(10))[0]}",
                    "HEAD",
                    commit,
                    head or "0" * len(commit),
                )
            except GitError as problem:
                if self.head() == head:
                    raise Stopped(f"git cannot move the branch: {problem}") from problem
                continue  # somebody committed meanwhile
            self._settle_on_disk()
            return commit
        raise Stopped("the branch keeps moving under us", "Wait until the other git commands are done.")

    def _branch(self) -> str:
        with suppress(GitError):
            return self.git("symbolic-ref", "-q", "HEAD").decode().strip()
        return ""

    def _who(self) -> str:
        try:
            return self.git("var", "GIT_COMMITTER_IDENT").decode("utf-8", "replace").strip()
        except GitError as problem:
            raise Stopped(
                "git does not know who you are",
                'Tell it once: git config --global user.name "Your Name", '
                'and git config --global user.email "you@example.com".',
            ) from problem

    def _import(self, ref: str, parent: str, files: Mapping[str, bytes | str], message: str) -> str:
        text = message.encode()
        parts = [b"feature done\ncommit %s\nmark :1\n" % ref.encode()]
        parts.append(b"committer %s\ndata %d\n%s\n" % (self._who().encode(), len(text), text))
        if parent:
            parts.append(b"from %s\n" % parent.encode())
        for path, file in files.items():
            quoted = os.fsencode(self.prefix + path).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            if isinstance(file, str):
                parts.append(b'M 100644 %s "%s"\n' % (file.encode(), quoted))
            else:
                parts.append(b'M 100644 inline "%s"\ndata %d\n' % (quoted, len(file)))
                parts += [file, b"\n"]
        parts.append(b"get-mark :1\ndone\n")
        try:
            said = self.git("fast-import", "--quiet", "--force", "--done", stdin=b"".join(parts))
        except GitError as problem:
            raise Stopped(f"git cannot store the documents: {problem}") from problem
        return said.decode().strip()

    def _tell_index(self, names: Mapping[str, str]) -> None:
        """Sets the operator's index to what is committed at these paths, and at no other."""
        lines = "".join(f"100644 {name}\t{self.prefix}{path}\0" for path, name in names.items())
        for left in range(10, -1, -1):
            try:
                self.git("update-index", "-z", "--index-info", stdin=os.fsencode(lines))
            except GitError as problem:
                if left and "index.lock" in str(problem):
                    time.sleep(0.2)
                    continue
                raise Stopped(
                    f"git cannot update its index: {problem}",
                    "End the other git command; if there is none, delete .git/index.lock.",
                ) from problem
            return

    def _settle_on_disk(self) -> None:
        """git waits for the ref's file and not for its folder: after a power cut the branch could be back where it was."""
        if self.old:
            os.sync()
        branch = self._branch()
        folders = [self.common / "objects/pack", self.common / "refs/pastdue", self.common, self.git_dir]
        folders += [(self.common / branch).parent] if branch else []
        for folder in folders:
            with suppress(FileNotFoundError, NotADirectoryError):
                flush(folder)

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """What a git command answers; GitError with its words when it fails."""
        settings = [word for key, value in _SETTINGS.items() for word in ("-c", f"{key}={value}")]
        surroundings = {key: value for key, value in os.environ.items() if not _HELD_OUT.fullmatch(key)}
        surroundings |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
        try:
            done = subprocess.run(
                ["git", *settings, *arguments],
                cwd=self.root,
                env=surroundings,
                input=stdin,
                capture_output=True,
                pass_fds=self.lock,
                process_group=0,  # Ctrl-C is for us: git is to finish what it writes
                check=False,
            )
        except FileNotFoundError as problem:
            raise Stopped(
                "git is not installed", "It keeps the record of what is sent: https://git-scm.com"
            ) from problem
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip() or f"git {arguments[0]} ended with {done.returncode}"
            raise GitError(" ".join(said.split()))
        return done.stdout


def _no_repository(root: Path, said: str) -> Stopped:
    if "dubious ownership" in said:
        return Stopped(
            "git does not trust this folder: it belongs to another user",
            f"If it is yours: git config --global --add safe.directory {root}",
        )
    if "not a git repository" in said:
        return Stopped(
            "the workspace is not under version control, so there would be no record of what is sent",
            'Begin one: git init, git add -A, git commit -m "Books".',
        )
    return Stopped(f"git cannot open the workspace: {said}")
