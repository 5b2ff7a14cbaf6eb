"""git as the audit log: exact bytes in, only the given paths, durable when it returns, the operator's own edits untouched.

Commits are made by `git fast-import` from HEAD's tree and the given files: no filter, line-ending conversion, hook or
signing prompt comes between the bytes and the history, and neither the index nor the work tree is read. The operator's
index is told about the committed paths before the branch moves, so that at no moment a plain `git commit` of theirs
would take a document out of the history again.

Two private refs keep what the tool made reachable whatever becomes of the branch: `refs/pastdue/frozen`, the exact bytes
of the last run before any of them left, and `refs/pastdue/settled`, the last commit of the log.

With a remote, a run is claimed there before anything leaves: `refs/pastdue/claim` is set to the frozen commit, and the
branch is pushed, both or neither. So no second clone can begin a run while this one's is under way or unknown to it.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import IO

from pastdue.delivery import Stopped
from pastdue.delivery.files import flush

_SETTINGS = {
    "core.fsync": "all",  # by default neither objects nor refs are waited for
    "core.fsyncMethod": "batch",
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",  # its daemon would inherit our lock
    "gc.auto": "0",
    "core.compression": "1",  # while letters wait to be sent
}
# The letters of a large run are kept as differences, which are small: to compress these as well takes a fifth of git's time.
_AS_THEY_ARE = {"pack.compression": "0"}
_KNOWS_FSYNC = (2, 36)
_STATES = {
    "MERGE_HEAD": ("a merge", "git merge --abort"),
    "CHERRY_PICK_HEAD": ("a cherry-pick", "git cherry-pick --abort"),
    "REVERT_HEAD": ("a revert", "git revert --abort"),
    "rebase-merge": ("a rebase", "git rebase --abort"),
    "rebase-apply": ("a rebase", "git rebase --abort"),
}
_FULL_DISK = ("No space left on device", "Out of diskspace", "Disk quota exceeded")
_HELD = "End the other git command; if there is none, delete .git/index.lock."
_BEGINNING = 2000  # bytes
_ROOM = 1 << 20  # bytes; with less, it is the disk that git fails at
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
    sign: bool = False  # commits, with the key and program that the operator's git names
    patience: float = 120.0  # seconds for what talks to a network, or to the keeper of a key

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

    def unlock(self) -> None:
        """Removes the locks of a git that is no more: those of our own refs, and whatever is older than this boot of the machine.

        The caller holds the lock of `journal.locked`: nobody else writes our refs. Any younger lock may be the operator's.
        """
        ours = (self.common / "refs/pastdue").glob("*.lock")
        theirs = [self.git_dir / "index.lock", self.git_dir / "HEAD.lock", self.common / "packed-refs.lock"]
        theirs += (self.common / "refs/heads").rglob("*.lock")
        booted = _booted()
        for lock in [*ours, *(lock for lock in theirs if lock.exists() and lock.stat().st_mtime < booted)]:
            lock.unlink(missing_ok=True)

    def ready(self) -> str:
        """Who commits; Stopped unless they can: a name is set, HEAD is on a branch, nothing is half merged, no git is at work."""
        for name, (what, way_out) in _STATES.items():
            if (self.git_dir / name).exists():
                raise Stopped(f"{what} is under way in git", f"Finish it, or drop it with `{way_out}`.")
        if not self._branch():
            raise Stopped(
                "git is on no branch (a detached HEAD): the record of what is sent would get lost",
                "Go back to your branch, such as `git switch main`.",
            )
        if self._is_held():
            raise Stopped("another git command holds the index", _HELD)
        return self._who()

    def _is_held(self) -> bool:
        """True when another git command writes the index, and goes on to do so for two seconds."""
        lock = self.git_dir / "index.lock"
        until = time.monotonic() + 2
        while lock.exists() and time.monotonic() < until:
            time.sleep(0.1)
        return lock.exists()

    def head(self) -> str:
        """The commit that the branch stands at; "" before the first one."""
        with suppress(GitError):
            return self.git("rev-parse", "-q", "--verify", "HEAD").decode().strip()
        return ""

    def blob(self, content: bytes) -> str:
        """git's name for exactly these bytes."""
        name = hashlib.new(self.algorithm, b"blob %d\0" % len(content))
        name.update(content)
        return name.hexdigest()

    def committed(self, commit: str, paths: Iterable[str]) -> dict[str, str]:
        """The blobs that a commit holds at the paths; a path it does not have is left out. One process for all.

        Whole folders are listed: looked up one by one, each path would read its folder from the beginning.
        """
        paths = list(paths)
        if not commit or not paths:
            return {}
        folders = dict.fromkeys(f"{folder}/" if folder else path for path in paths for folder in [_folder(path)])
        said = self.git("ls-tree", "-z", "--full-tree", commit, "--", *(self.prefix + each for each in folders))
        entries = (entry.partition("\t") for entry in os.fsdecode(said).split("\0") if entry)
        held = {path: told.split()[2] for told, _, path in entries if told.split()[1] == "blob"}
        return {path: held[self.prefix + path] for path in paths if self.prefix + path in held}

    def known(self, blobs: Iterable[str]) -> set[str]:
        """Those of the blobs that git still has."""
        asked = set(blobs)
        if not asked:
            return set()
        # Their names alone: for kind and size git would unpack each of them.
        lines = "".join(f"{name}\n" for name in sorted(asked))
        return asked & set(
            self.git("cat-file", "--batch-check=%(objectname)", stdin=lines.encode()).decode().splitlines()
        )

    def contents(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """The bytes of blobs by git's name for them, also `HEAD:path`; one that git does not have is left out. One process for all."""
        asked = sorted(set(blobs))
        if not asked:
            return {}
        said = self.git("cat-file", "--batch", stdin=os.fsencode("".join(f"{name}\n" for name in asked)))
        found, position = {}, 0
        for name in asked:
            end = said.index(b"\n", position)
            *_, kind, size = said[position:end].rsplit(b" ", 2)
            position = end + 1
            if kind != b"blob":
                continue
            found[name] = said[position : position + int(size)]
            position += int(size) + 1
        return found

    def at_head(self, path: str) -> bytes:
        """What the branch holds at a path; b"" where there is nothing, or git has lost it."""
        name = f"HEAD:{self.prefix}{path}"
        return self.contents([name]).get(name, b"")

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
        ref = f"refs/pastdue/frozen{self.suffix}"
        frozen = self._import(ref, self.head(), files, message, self._who(), _AS_THEY_ARE)
        self._settle_on_disk(frozen)
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
            who = self.ready()
            commit = self._import(f"refs/pastdue/settled{self.suffix}", head, new, message, who)
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
            self._settle_on_disk(commit, self._branch())
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

    def _import(
        self,
        ref: str,
        parent: str,
        files: Mapping[str, bytes | str],
        message: str,
        who: str,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        text = message.encode()
        parts = [b"feature done\ncommit %s\nmark :1\n" % ref.encode()]
        parts.append(b"committer %s\ndata %d\n%s\n" % (who.encode(), len(text), text))
        if parent:
            parts.append(b"from %s\n" % parent.encode())
        # git keeps each file as its difference from the one before it: letters of one kind after each other are half as large.
        for path, file in sorted(files.items(), key=_likeness):
            quoted = os.fsencode(self.prefix + path).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            if isinstance(file, str):
                parts.append(b'M 100644 %s "%s"\n' % (file.encode(), quoted))
            else:
                parts.append(b'M 100644 inline "%s"\ndata %d\n' % (quoted, len(file)))
                parts += [file, b"\n"]
        parts.append(b"get-mark :1\ndone\n")
        try:
            said = self.git("fast-import", "--quiet", "--force", "--done", stdin=parts, settings=settings)
            commit = said.decode().strip()
            # Where there is no room left to put an object into its place, git may still say that all went well.
            self.git("rev-list", "--quiet", "--objects", commit, *(["--not", parent] if parent else []))
        except GitError as problem:
            # Of a full disk git may only say that the object is not there that it could not write.
            why = "the disk is full" if shutil.disk_usage(self.common).free < _ROOM else problem
            raise Stopped(f"git cannot store the documents: {why}") from problem
        return self._signed(ref, commit, parent, text) if self.sign else commit

    def _signed(self, ref: str, commit: str, parent: str, text: bytes) -> str:
        """The same commit with a signature; fast-import makes none."""
        parents = ["-p", parent] if parent else []
        try:
            said = self._unattended("commit-tree", "-S", *parents, "-F", "-", f"{commit}^{{tree}}", stdin=text)
        except GitError as problem:
            raise Stopped(
                f"git cannot sign the commit: {problem}",
                "The key has to be at hand without a question, as from an agent: try `git commit -S --allow-empty`.",
            ) from problem
        signed = said.decode().strip()
        self.git("update-ref", ref, signed)
        return signed

    # -------------------------------------------------------------- the remote

    @property
    def has_claimed(self) -> bool:
        """True while a run of this clone may be claimed at the remote."""
        return bool(self._claims())

    def claim(self, remote: str, frozen: str) -> None:
        """Claims a run at the remote, by its frozen commit; Stopped when another clone has, or knows more than this one."""
        there, claims = self._claimed_at(remote), self._claims()
        if there and there not in claims:
            raise _taken(remote, there, self._claim)
        self._note_claims([*claims, frozen])  # before it is made: what is lost on the way back is still ours
        lease = f"--force-with-lease={self._claim}:{there}"
        try:
            self._unattended("push", "--atomic", lease, remote, *self._our_branch(), f"{frozen}:{self._claim}")
        except GitError as problem:
            said = str(problem)
            if "[rejected]" in said:
                self._note_claims(claims)
            if "stale info" in said:
                raise _taken(remote, "", self._claim) from problem
            raise _unpushed(remote, said, self._branch()) from problem

    def push(self, remote: str) -> None:
        """Brings the branch to the remote, and gives back the claim of this clone; Stopped, in words, when that fails."""
        there = self._claimed_at(remote)
        back = [f":{self._claim}"] if there in self._claims() else []
        lease = [f"--force-with-lease={self._claim}:{there}"] if back else []
        try:
            self._unattended("push", "--atomic", *lease, remote, *self._our_branch(), *back)
        except GitError as problem:
            raise _unpushed(remote, str(problem), self._branch()) from problem
        self._note_claims([])

    @property
    def _claim(self) -> str:
        return f"refs/pastdue/claim{self.suffix}"

    def _our_branch(self) -> list[str]:
        head = self.head()
        return [f"{head}:{self._branch()}"] if head else []

    def _claimed_at(self, remote: str) -> str:
        try:
            said = self._unattended("ls-remote", remote, self._claim).decode("utf-8", "replace")
        except GitError as problem:
            raise _unpushed(remote, str(problem), self._branch()) from problem
        return next((line.split()[0] for line in said.splitlines() if line.split()[1:] == [self._claim]), "")

    def _claims(self) -> list[str]:
        with suppress(FileNotFoundError):
            return (self.common / f"pastdue/claims{self.suffix}").read_text(encoding="ascii").split()
        return []

    def _note_claims(self, claims: Iterable[str]) -> None:
        """Keeps them in a file and not as refs: a clone of this clone must not take them for its own."""
        place = self.common / f"pastdue/claims{self.suffix}"
        text = "".join(f"{claim}\n" for claim in claims)
        if not text:
            place.unlink(missing_ok=True)
            return
        place.parent.mkdir(exist_ok=True)
        new = place.with_name(f"{place.name}.new")
        new.write_text(text, encoding="ascii")
        flush(new)
        new.replace(place)
        flush(place.parent)

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
                    _HELD,
                ) from problem
            return

    def _settle_on_disk(self, commit: str, branch: str = "") -> None:
        """git waits for the ref's file and not for its folder: after a power cut the branch could be back where it was."""
        if self.old:
            os.sync()
        objects = self.common / "objects"
        folders = [
            objects / "pack",
            objects / commit[:2],
            objects,
            self.common / "refs/pastdue",
            self.common,
            self.git_dir,
        ]
        folders += [(self.common / branch).parent] if branch else []
        for folder in folders:
            with suppress(FileNotFoundError, NotADirectoryError):
                flush(folder)

    def _unattended(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """What a git command answers that talks to a network or to the keeper of a key: nobody is there to be asked.

        It has no terminal, and does not inherit the lock, which a helper that stays behind would hold on to. Its words go
        to files: such a helper would keep a pipe open as well.
        """
        with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            asked.write(stdin)
            asked.seek(0)
            process = subprocess.Popen(
                ["git", *_settings(), *arguments],
                cwd=self.root,
                env=_surroundings() | UNATTENDED,
                stdin=asked,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
            try:
                process.wait(self.patience)
            except subprocess.TimeoutExpired as problem:
                raise GitError(f"git {arguments[0]} did not come to an end in {self.patience:g} seconds") from problem
            finally:
                if process.returncode is None:
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            out.seek(0)
            err.seek(0)
            if process.returncode:
                raise _git_error(arguments[0], process.returncode, err.read())
            return out.read()

    def git(
        self, *arguments: str, stdin: bytes | Sequence[bytes] = b"", settings: Mapping[str, str] = MappingProxyType({})
    ) -> bytes:
        """What a git command answers; GitError with its words when it fails. What it is told may come in pieces."""
        try:
            with _as_file([stdin] if isinstance(stdin, bytes) else stdin) as asked:
                done = subprocess.run(
                    ["git", *_settings(settings), *arguments],
                    cwd=self.root,
                    env=_surroundings(),
                    stdin=asked,
                    capture_output=True,
                    pass_fds=self.lock,
                    process_group=0,  # Ctrl-C is for us: git is to finish what it writes
                    check=False,
                )
        except FileNotFoundError as problem:
            raise Stopped(
                "git is not installed", "It keeps the record of what is sent: https://git-scm.com"
            ) from problem
        except OSError as problem:
            raise _git_error(arguments[0], 0, str(problem.strerror).encode()) from problem
        if done.returncode:
            raise _git_error(arguments[0], done.returncode, done.stderr)
        return done.stdout


# Nothing may ask: neither on a terminal nor in a window.
UNATTENDED = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS_REQUIRE": "never", "GCM_INTERACTIVE": "never"}


def _booted() -> float:
    """When this boot of the machine began, in seconds of its clock; 0 where the system does not tell."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return 0 if clock is None else time.time() - time.clock_gettime(clock)


def _likeness(entry: tuple[str, bytes | str]) -> tuple[int, int]:
    """What letters of one kind have in common: how many lines they begin with, which tells kind and language apart, and their size."""
    file = entry[1]
    return (file.count(b"\n", 0, _BEGINNING), len(file)) if isinstance(file, bytes) else (0, 0)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


@contextmanager
def _as_file(pieces: Sequence[bytes]) -> Iterator[IO[bytes] | int]:
    """What git is told, as a file: through a pipe it would go in pieces of four kilobytes."""
    if not any(pieces):
        yield subprocess.DEVNULL
        return
    # In memory where the system has such files: thirty megabytes of letters need not go to the disk twice.
    with (
        os.fdopen(os.memfd_create("pastdue"), "w+b")
        if hasattr(os, "memfd_create")
        else tempfile.TemporaryFile() as file
    ):
        file.writelines(pieces)
        file.seek(0)
        yield file


def _settings(more: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    return [word for key, value in (*_SETTINGS.items(), *more.items()) for word in ("-c", f"{key}={value}")]


def _surroundings() -> dict[str, str]:
    ours = {key: value for key, value in os.environ.items() if not _HELD_OUT.fullmatch(key)}
    return ours | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}


def _git_error(command: str, code: int, said: bytes) -> GitError:
    words = " ".join(said.decode("utf-8", "replace").split())
    if any(full in words for full in _FULL_DISK):
        return GitError("the disk is full")
    return GitError(words or f"git {command} ended with {code}")


def _taken(remote: str, commit: str, ref: str) -> Stopped:
    what = f" ({commit[:10]})" if commit else ""
    return Stopped(
        f"another machine has claimed the run at {remote}{what}; nothing was sent",
        f"Wait until it is done, then git clean -fd outbox && git pull. If it died for good, find out what it sent, and give its claim back: git push {remote} :{ref}",
    )


def _unpushed(remote: str, said: str, branch: str) -> Stopped:
    if "fetch first" in said or "non-fast-forward" in said:
        name = branch.removeprefix("refs/heads/")
        return Stopped(
            f"{remote} has commits that are not here: another machine may have sent these notices",
            f"Get them, git clean -fd outbox && git pull --no-rebase {remote} {name}, and run it again: drafts are made anew.",
        )
    return Stopped(
        f"git cannot push to {remote}: {said}", f"Try `git push {remote}`; git.push in config.toml names it."
    )


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
