"""The workspace on disk: all that is read from it, and all that is written into it, byte for byte.

Nothing is read or written outside the workspace, and a file that did not change is not written again. A stale
file of an earlier build is removed only where the tool wrote it: some folders are wholly the tool's; for drafts in
`outbox` the manifest says which they are, and one that was changed since stays. Documents on record are never touched.
"""

import os
import re
import secrets
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from pastdue.delivery import Stopped
from pastdue.findings import Finding, error
from pastdue.model import Inputs

CONFIG = "config.toml"
PORTAL_KEY = "portal.key"
MANIFEST = "outbox/.manifest"  # as `sha256sum` writes it; of this machine, so git ignores it
WHOLLY_OURS = ("site/public", "outbox/preview", "outbox/accounts")
_TEXTS = {".md", ".toml", ".html", ".css", ".txt", ".xml", ".svg", ".j2"}
_MADE_ANEW = tuple(f"{folder}/" for folder in WHOLLY_OURS)
_TEMPORARY = ".pastdue-tmp"  # a file that is being written; left behind only by a crash


def starter() -> Path:
    """What a new workspace starts from: inside the installed package, or the checkout itself."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "starter"
    return installed if installed.is_dir() else package.parent


def find_workspace(start: Path) -> Path:
    """The folder itself, or the nearest one above it that is a workspace; the folder itself again if none is."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / CONFIG).is_file() and (folder == start or (folder / "accounts").is_dir()):
            return folder
    return start


# ------------------------------------------------------------------ reading


def read_inputs(root: Path) -> tuple[Inputs | None, list[Finding]]:
    """All inputs and every finding about reading them; None when there is no config to go by."""
    reader, shipped = _Reader(root), _Reader(starter())
    if not (root / CONFIG).exists():
        return None, [error(CONFIG, "there is no config.toml in this folder", "`init` makes a new workspace.")]
    config = reader.text(CONFIG)
    inputs = Inputs(
        config=config,
        starter_config=shipped.text(CONFIG) if (shipped.root / CONFIG).is_file() else "",
        ledgers=tuple((path, reader.content(path)) for path in reader.names("accounts", deep=False)),
        # What the operator has not written, a later version's new letter say, is as it was shipped.
        letters=_letters(_texts(shipped, "letters"), _texts(reader, "letters")),
        templates=_texts(shipped, "site/templates") | _texts(reader, "site/templates"),
        static=_contents(shipped, "site/static") | _contents(reader, "site/static"),
        portal_key=reader.key(),
        invoices=frozenset(reader.names("invoices")),
    )
    findings = reader.findings + shipped.findings
    return (None if any(f.file == CONFIG for f in findings) else inputs), findings


def read(root: Path, paths: Iterable[str]) -> tuple[dict[str, bytes], list[Finding]]:
    """The content of some files of the workspace, such as the invoices to attach."""
    reader = _Reader(root)
    contents = {path: reader.content(path) for path in paths}
    unread = {finding.file for finding in reader.findings}
    return {path: content for path, content in contents.items() if path not in unread}, reader.findings


def present(root: Path, paths: Iterable[str]) -> set[str]:
    """Those of the paths, all in folders, at which something lies that is not empty; each folder is listed once."""
    asked = set(paths)
    found: set[str] = set()
    for folder in {path.rpartition("/")[0] for path in asked}:
        with suppress(OSError), os.scandir(_located(root, folder)) as entries:
            there = ((f"{folder}/{entry.name}", entry) for entry in entries)
            found.update(path for path, entry in there if path in asked and entry.stat().st_size)
    return found


def _texts(reader: "_Reader", folder: str) -> dict[str, str]:
    names = [path for path in reader.names(folder) if Path(path).suffix in _TEXTS]
    return {path.removeprefix(f"{folder}/"): reader.text(path) for path in names}


def _letters(shipped: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The operator's letters, and the shipped ones that they have not written, be it as reminder.de.md or as de/reminder.md."""
    written = {_one_name(name) for name in own}
    return {name: text for name, text in shipped.items() if _one_name(name) not in written} | dict(own)


def _one_name(name: str) -> str:
    return re.sub(r"^([^/]+)/([^/]+)\.md$", r"\2.\1.md", name)


def _contents(reader: "_Reader", folder: str) -> dict[str, bytes]:
    return {path.removeprefix(f"{folder}/"): reader.content(path) for path in reader.names(folder)}


class _Reader:
    """Reads within one folder and keeps what went wrong; what cannot be read is empty."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.findings: list[Finding] = []

    def names(self, folder: str, *, deep: bool = True) -> list[str]:
        """The files under a folder, sorted; not the hidden ones, nor what editors and office programs leave beside them."""
        found: list[str] = []
        top = self.root / folder
        if top.is_symlink() and not self._inside(folder):
            return []
        for here, folders, files in os.walk(top, onerror=self._unreadable_folder):
            inner = Path(here).relative_to(self.root)
            for name in folders:
                if (Path(here) / name).is_symlink():
                    self._say((inner / name).as_posix(), "this folder is a link", "Put the files themselves here.")
            folders[:] = sorted(folders) if deep else []
            found += [(inner / name).as_posix() for name in files if not _is_litter(name)]
        return sorted(found)

    def content(self, path: str) -> bytes:
        """The file's bytes."""
        if not self._inside(path):
            return b""
        try:
            return (self.root / path).read_bytes()
        except OSError as problem:
            self._say(path, f"cannot be read: {_words(problem)}")
            return b""

    def text(self, path: str) -> str:
        """The file's text, which is UTF-8."""
        content = self.content(path)
        try:
            return content.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as problem:
            row = content.count(b"\n", 0, problem.start) + 1
            self.findings.append(error(path, "this text is not UTF-8", 'Save it again as "UTF-8".', row=row))
            return ""

    def key(self) -> bytes:
        """The secret that the portal's addresses come from."""
        if not (self.root / PORTAL_KEY).exists():
            return b""
        text = self.content(PORTAL_KEY).decode("ascii", "replace").strip()
        if re.fullmatch(r"[0-9a-f]{64}", text):
            return bytes.fromhex(text)
        if not any(finding.file == PORTAL_KEY for finding in self.findings):
            hint = "Restore it from git: with another key every customer's page moves to a new address."
            self._say(PORTAL_KEY, "this is not a portal key: 64 digits 0-9 and a-f", hint)
        return b""

    def _inside(self, path: str) -> bool:
        if (self.root / path).resolve().is_relative_to(self.root):
            return True
        self._say(path, "this is a link that leaves the workspace", "Put the file itself here.")
        return False

    def _unreadable_folder(self, problem: OSError) -> None:
        if not isinstance(problem, FileNotFoundError):
            folder = Path(problem.filename).relative_to(self.root).as_posix()
            self._say(folder, f"cannot be read: {_words(problem)}")

    def _say(self, path: str, message: str, hint: str = "") -> None:
        self.findings.append(error(path, message, hint))


def _is_litter(name: str) -> bool:
    return name.startswith((".", "~$")) or name.endswith(("~", _TEMPORARY))


def _words(problem: OSError) -> str:
    return (problem.strerror or str(problem)).lower()


# ------------------------------------------------------------------ writing


class Action(StrEnum):
    """What becomes of a file."""

    WRITE = "write"
    REMOVE = "remove"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Change:
    """One file of the workspace, and what a build does about it; `content` is b"" for one that goes."""

    path: str
    action: Action
    content: bytes = b""


def changes(root: Path, wanted: Iterable[tuple[str, bytes]], recorded: Collection[str] = ()) -> list[Change]:
    """What has to happen so that the wanted files lie in the workspace, by path; nothing is written yet.

    `recorded` are the documents of notices that went out: they stay as they are, whatever is wanted.
    """
    contents: dict[str, bytes] = {}
    for path, content in wanted:
        if contents.setdefault(path, content) != content:
            raise Stopped(f"two different files want to be {path}")
    checked: set[str] = set()
    found = [
        Change(
            path,
            Action.KEEP if path in recorded or _is_there(root, path, content, checked) else Action.WRITE,
            content,
        )
        for path, content in contents.items()
    ]
    stale = {*_files_of_ours(root), *_unchanged_drafts(root)} - contents.keys() - set(recorded)
    found += [Change(path, Action.REMOVE) for path in stale]
    return sorted(found, key=lambda change: change.path)


def apply(root: Path, todo: Iterable[Change], recorded: Collection[str] = ()) -> None:
    """Carries the changes out: first what goes, then what comes. Each file is whole at every moment."""
    todo = list(todo)
    drafts = {
        (sha256(change.content).hexdigest(), change.path)
        for change in todo
        if change.action is not Action.REMOVE and _is_draft(change.path) and change.path not in recorded
    }
    before = _manifest(root)
    checked: set[str] = set()
    try:
        if drafts != before:
            # A crash half way leaves a manifest that knows both the old and the new bytes of each draft.
            _write_manifest(root, before | drafts)
        for change in todo:
            if change.action is Action.REMOVE:
                _remove(root, change.path)
        for change in todo:
            if change.action is Action.WRITE:
                put(root, change.path, change.content, checked)
        if drafts != before:
            _write_manifest(root, drafts)
    except OSError as problem:
        raise Stopped(f"cannot write {problem.filename or root}: {_words(problem)}") from problem


def drafts(root: Path) -> set[tuple[str, str]]:
    """The drafts that the last build left: hash and path of each."""
    return _manifest(root)


def expect(root: Path, coming: Iterable[tuple[str, str]]) -> None:
    """Knows further drafts, by hash and path, before they are written: a run that stops leaves nothing that nobody knows."""
    before = _manifest(root)
    known = before | {(digest, path) for digest, path in coming if _is_draft(path)}
    if known != before:
        _write_manifest(root, known)


def put(root: Path, path: str, content: bytes, checked: set[str] | None = None) -> None:
    """Writes one file of the workspace, whole or not at all; not fsynced, because it can be written again."""
    target = _located(root, path, checked)
    temporary = target + _TEMPORARY
    try:
        try:
            _write(temporary, content)
        except FileNotFoundError:
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            _write(temporary, content)
        os.replace(temporary, target)  # noqa: PTH105  (paths as text: a run writes thousands of files)
    except OSError as problem:
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise Stopped(f"cannot write {path}: {_words(problem)}") from problem


def put_lacking(root: Path, contents: Mapping[str, bytes]) -> None:
    """Writes those of the files that do not lie in the workspace as they are given."""
    checked: set[str] = set()
    for path, content in contents.items():
        if not _is_there(root, path, content, checked):
            put(root, path, content, checked)


def _write(path: str, content: bytes) -> None:
    """All of it, without the buffers that a file object brings along: a run writes thousands."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        while content:
            content = content[os.write(handle, content) :]
    finally:
        os.close(handle)


_UNSAFE = re.compile(r"(?i)(?:^|/)(?:\.{0,2}|\.git)(?:/|$)|[\x00-\x1f\x7f\\\"]")


def inside(root: Path, path: str, checked: set[str] | None = None) -> Path:
    """The path in the file system, after making sure that it stays in the workspace, and out of `.git`.

    `checked` remembers folders that were looked at, for a caller with thousands of paths.
    """
    return Path(_located(root, path, checked))


def _located(root: Path, path: str, checked: set[str] | None = None) -> str:
    """The same as text, which is faster to make."""
    if _UNSAFE.search(path):
        raise Stopped(f"{path!a} is no path that may be written")
    checked = set() if checked is None else checked
    folder = path.rpartition("/")[0]
    while folder and folder not in checked:
        link = root / folder
        if link.is_symlink() and not link.resolve().is_relative_to(root.resolve()):
            raise Stopped(f"{folder} is a link that leaves the workspace", "Replace the link by a folder.")
        checked.add(folder)
        folder = folder.rpartition("/")[0]
    return f"{root}/{path}"


def ensure_portal_key(root: Path) -> bytes:
    """The secret that the portal's addresses come from; made at random where there is none, never replaced."""
    reader = _Reader(root)
    if not (root / PORTAL_KEY).exists():
        temporary = root / f"{PORTAL_KEY}-{secrets.token_hex(8)}{_TEMPORARY}"
        try:
            temporary.touch(0o600)
            temporary.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
            flush(temporary)
            with suppress(FileExistsError):  # somebody else made one meanwhile: theirs holds
                (root / PORTAL_KEY).hardlink_to(temporary)
            flush(root)
        except OSError as problem:
            raise Stopped(f"cannot write {PORTAL_KEY}: {_words(problem)}") from problem
        finally:
            temporary.unlink(missing_ok=True)
    key = reader.key()
    if reader.findings:
        raise Stopped(f"{PORTAL_KEY}: {reader.findings[0].message}", reader.findings[0].hint)
    return key


def flush(path: Path) -> None:
    """Waits until the file, or the names in the folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_all(folder: Path) -> None:
    """Waits until all that was written into the folder's file system is on the disk: one wait for a thousand files."""
    import ctypes

    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:  # not on Linux
        os.sync()
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        if syncfs(handle):
            problem = ctypes.get_errno()
            raise OSError(problem, os.strerror(problem), str(folder))
    finally:
        os.close(handle)


def _is_there(root: Path, path: str, content: bytes, checked: set[str]) -> bool:
    target = _located(root, path, checked)
    try:
        found = os.lstat(target)
        if found.st_size != len(content) or not stat.S_ISREG(found.st_mode):
            return False
        return Path(target).read_bytes() == content
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    except OSError as problem:
        raise Stopped(f"cannot read {path}: {_words(problem)}") from problem


def _files_of_ours(root: Path) -> Iterator[str]:
    """What lies in the folders that are wholly the tool's; not what starts with a dot at their top: `.git`, a host's settings."""
    for folder in WHOLLY_OURS:
        top = root / folder
        for here, folders, files in os.walk(top):
            at_top = Path(here) == top
            folders[:] = [name for name in folders if not (at_top and name.startswith("."))]
            links = [name for name in folders if (Path(here) / name).is_symlink()]
            inner = Path(here).relative_to(root)
            yield from ((inner / name).as_posix() for name in [*files, *links] if not (at_top and name.startswith(".")))


def _is_draft(path: str) -> bool:
    return path.startswith("outbox/") and not path.startswith(_MADE_ANEW)


def _unchanged_drafts(root: Path) -> Iterator[str]:
    known = _manifest(root)
    for path in {path for _, path in known}:
        target = inside(root, path)
        with suppress(OSError):
            if not target.is_symlink() and (sha256(target.read_bytes()).hexdigest(), path) in known:
                yield path
        if target.with_name(target.name + _TEMPORARY).is_file():
            yield path + _TEMPORARY


def _manifest(root: Path) -> set[tuple[str, str]]:
    try:
        lines = (root / MANIFEST).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return set()
    except OSError as problem:
        raise Stopped(f"cannot read {MANIFEST}: {_words(problem)}") from problem
    entries = (line.partition("  ") for line in lines)
    return {(digest, path) for digest, _, path in entries if _is_draft(path)}


def _write_manifest(root: Path, entries: set[tuple[str, str]]) -> None:
    if not entries:
        (root / MANIFEST).unlink(missing_ok=True)
        return
    lines = (f"{digest}  {path}\n" for digest, path in sorted(entries, key=lambda entry: (entry[1], entry[0])))
    put(root, MANIFEST, "".join(lines).encode("utf-8", "surrogateescape"))


def _remove(root: Path, path: str) -> None:
    """Removes a file, and the folders that it leaves empty."""
    target = inside(root, path)
    target.unlink(missing_ok=True)
    tops = {root / folder for folder in (*WHOLLY_OURS, "outbox")}
    for folder in target.parents:
        if folder in tops or folder == root:
            return
        try:
            folder.rmdir()
        except OSError:
            return
