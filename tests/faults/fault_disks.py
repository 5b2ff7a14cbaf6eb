"""Small disks of their own: their power can be cut, and they can be full.

A disk is an ext4 image behind a loop device. The image holds what the file system has sent down to the disk, and nothing
of what still waits in memory to be flushed: so a copy of it is what a machine finds after a power cut.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

BOOT_ID = "/proc/sys/kernel/random/boot_id"
MEGABYTES = 24
TOOLS = ("mkfs.ext4", "mount", "umount", "unshare")


@cache
def none_here() -> str:
    """Why this machine has no disks to try; "" where it has."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "no disk images: they need root"
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        return f"no disk images: {', '.join(missing)} is missing"
    try:
        disks = Disks()
        try:
            with disks.new().mounted():
                return ""
        finally:
            disks.close()
    except OSError as problem:  # a container that may not mount, or has no loop devices
        return f"no disk images: {problem}"


class Disk:
    """A disk, and the folder that it is mounted at while `with disk.mounted()` lasts."""

    def __init__(self, image: Path) -> None:
        self.image = image
        self.folder = image.with_suffix(".mounted")

    @contextmanager
    def mounted(self) -> Iterator[Path]:
        """The folder; after a power cut, the file system mends itself here."""
        self.folder.mkdir(exist_ok=True)
        _do("mount", "-o", "loop", str(self.image), str(self.folder))
        try:
            yield self.folder
        finally:
            _unmount(self.folder)
            self.folder.rmdir()

    @contextmanager
    def used_up(self) -> Iterator[Path]:
        """The same for the last time: afterwards the disk is thrown away."""
        try:
            with self.mounted() as folder:
                yield folder
        finally:
            self.image.unlink()

    def copy(self, *, while_in_use: bool = False) -> "Disk":
        """The same disk again; of one in use, as it is after its power was cut just now."""
        content = self.image.read_bytes()
        while while_in_use and (again := self.image.read_bytes()) != content:
            content = again  # only what was read twice was there at one moment
        image = self.image.with_name(f"{uuid4().hex[:12]}.image")
        image.write_bytes(content)
        return Disk(image)

    def fill(self, left: int) -> None:
        """Leaves so many bytes free, as far as blocks allow; the disk must be mounted."""
        size, step = 0, 1 << 20
        with (self.folder / "filler").open("wb") as filler:
            while step >= 1024:
                if self._free() - step >= left and _grow(filler.fileno(), size, step):
                    size += step
                else:
                    step //= 2

    def _free(self) -> int:
        there = os.statvfs(self.folder)
        return there.f_bavail * there.f_frsize

    def make_room(self) -> None:
        """What an operator does about a full disk."""
        (self.folder / "filler").unlink()
        _do("sync", "-f", str(self.folder))  # its blocks are free once the file system has written that down


class Disks:
    """A place in memory for disks, and a name for the boot of the machine that senders started there believe in."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="disks"))
        try:
            _do("mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(self.folder))
        except OSError:
            self.folder.rmdir()
            raise
        _do("mount", "--make-shared", str(self.folder))  # what is mounted later is seen behind `elsewhere` as well
        self._boots = 0

    def close(self) -> None:
        """Throws all of it away."""
        _unmount(self.folder)
        self.folder.rmdir()

    def new(self) -> Disk:
        """An empty disk."""
        image = self.folder / "new.image"
        with image.open("wb") as file:
            file.truncate(MEGABYTES << 20)
        _do("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
        return Disk(image)

    def elsewhere(self) -> tuple[Path, list[str]]:
        """A file that names a boot, and what to put before a command so that it believes in it: see `reboot`."""
        self._boots += 1
        boot = self.folder / f"boot-{self._boots}"
        reboot(boot)
        bind = f'mount --bind "$0" {BOOT_ID} && exec "$@"'
        return boot, ["unshare", "--mount", "--propagation", "slave", "sh", "-c", bind, str(boot)]


def reboot(boot: Path) -> None:
    """Another boot of the machine, for those who believe in that file."""
    boot.write_text(f"{uuid4()}\n")


def _grow(handle: int, size: int, step: int) -> bool:
    try:
        os.posix_fallocate(handle, size, step)
    except OSError:
        return False
    return True


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")


def _unmount(folder: Path) -> None:
    """A process that was just killed may hold on to it for a moment."""
    for _ in range(100):
        if not subprocess.run(["umount", str(folder)], capture_output=True, check=False).returncode:
            return
        time.sleep(0.05)
    _do("umount", "--lazy", str(folder))
