"""The folder of the ledgers: which files there are, that nobody has one open, and one moment in which new bytes take its place."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from pastdue.delivery import Stopped
from pastdue.delivery.files import flush, inside

FOLDER = "accounts"
_TEMPORARY = ".pastdue-tmp"  # readers of the workspace pass over it; left behind only by a crash


def named(root: Path, stem: str) -> list[str]:
    """The files of that name in the folder, whatever their ending; not what office suites hide beside them."""
    try:
        names = sorted(entry.name for entry in os.scandir(inside(root, FOLDER)) if entry.is_file())
    except FileNotFoundError:
        return []
    return [f"{FOLDER}/{name}" for name in names if PurePosixPath(name).stem.casefold() == stem]


def content(root: Path, path: str) -> bytes | None:
    """The file's bytes; None where there is none."""
    try:
        return _real(root, path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise Stopped(f"{path} cannot be read: {_words(problem)}") from problem


def replace(root: Path, path: str, before: bytes | None, after: bytes) -> None:
    """Puts the new bytes in the place of those that were read, whole or not at all; mode and owner stay as they are."""
    target = _real(root, path)
    temporary = target.with_name(f"{target.name}-{secrets.token_hex(4)}{_TEMPORARY}")
    try:
        target.parent.mkdir(exist_ok=True)
        _refuse_read_only(target, path)
        _write(temporary, after, mode=0o666 if before is None else 0o600)
        if before is not None:
            _dress_as(target, temporary)
        _refuse_open(root, target, path)
        _refuse_open(root, root / path, path)
        if content(root, path) != before:
            raise Stopped(f"{path} was changed a moment ago; nothing was written", "Run it again.")
        temporary.replace(target)
        flush(target.parent)
    except OSError as problem:
        raise Stopped(f"{path} cannot be written: {_words(problem)}") from problem
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """One row at a time: another one of ours waits, so that neither is lost. Where files cannot be locked it goes on without."""
    handle = -1
    with suppress(ImportError, OSError):
        import fcntl

        handle = os.open(inside(root, FOLDER), os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if handle >= 0:
            os.close(handle)


def _real(root: Path, path: str) -> Path:
    """The file itself, also where a link in the workspace leads to it."""
    target = inside(root, path).resolve()
    if not target.is_relative_to(root.resolve()):
        raise Stopped(f"{path} is a link that leaves the workspace", "Put the file itself here.")
    return target


def _refuse_read_only(target: Path, path: str) -> None:
    with suppress(FileNotFoundError):
        if not target.stat().st_mode & 0o222 or not os.access(target, os.W_OK):
            raise Stopped(f"{path} is read-only", "Allow yourself to write it, then run it again.")


def _refuse_open(root: Path, target: Path, path: str) -> None:
    for name, suite in ((f".~lock.{target.name}#", "LibreOffice"), (f"~${target.name}", "Excel")):
        lock = target.with_name(name)
        if lock.exists():
            hint = f"Close it there and run it again. If it is not open, delete {os.path.relpath(lock, root)}, which was left behind."
            raise Stopped(f"{path} is open in {suite}; nothing was written", hint)


def _write(temporary: Path, content: bytes, mode: int) -> None:
    """Writes a new file and waits until it is on the disk; with narrow rights until it has those of the old one."""
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)


def _dress_as(target: Path, temporary: Path) -> None:
    """Mode, owner and access lists of the file that it replaces, but not its time."""
    there = target.stat()
    with suppress(OSError):  # only root may give a file away; then it stays the operator's own
        os.chown(temporary, there.st_uid, there.st_gid)
    shutil.copystat(target, temporary)
    os.utime(temporary)


def _words(problem: OSError) -> str:
    return (problem.strerror or str(problem)).lower()
