"""The password of a mail account: from a command, the environment, git's credential helper or the system's keyring."""

import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from pastdue.delivery import Stopped
from pastdue.delivery.git import UNATTENDED
from pastdue.delivery.mail import words

PASSWORD = "PASTDUE_SMTP_PASSWORD"  # noqa: S105  (the name of the variable)
WHERE_PASSWORDS_ARE = f"The password comes from mail.password_command, the variable {PASSWORD}, git's credential helper, or the system's keyring."
HELPER_PATIENCE = 30.0  # seconds for a credential helper


def password(user: str, command: str, host: str = "", root: Path | None = None) -> str:
    """The password of the mail account: from the command, the environment, git's helper or the keyring. It is never shown."""
    if command:
        return _from_command(command)
    if found := os.environ.get(PASSWORD) or _from_git(user, host, root):
        return found
    with suppress(Exception):  # no keyring installed, none that works here, or it stays locked
        import keyring

        if kept := keyring.get_password("pastdue", user):
            return str(kept)
    raise Stopped(f"there is no password for {user}", WHERE_PASSWORDS_ARE)


def _from_git(user: str, host: str, root: Path | None) -> str:
    """What the operator's credential helper knows of the server, as `git send-email` asks it; "" when it is nothing.

    Nobody is asked, and what it says goes to a file: a helper that stays behind would keep a pipe open.
    """
    if not host or any(c in f"{user}{host}" for c in "\n\r\0"):
        return ""
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as told, suppress(OSError):
        asked.write(f"protocol=smtp\nhost={host}\nusername={user}\n\n".encode())
        asked.seek(0)
        process = subprocess.Popen(
            ["git", "-c", "core.askPass=", "credential", "fill"],
            cwd=root,
            env=os.environ | UNATTENDED,
            stdin=asked,
            stdout=told,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(HELPER_PATIENCE)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return ""
        told.seek(0)
        lines = told.read().decode("utf-8", "replace").split("\n") if process.returncode == 0 else []
        return next((line.removeprefix("password=") for line in lines if line.startswith("password=")), "")
    return ""


def _from_command(command: str) -> str:
    line = [
        str(Path(word).expanduser()) if word.startswith("~") else word for word in words(command, "password_command")
    ]
    try:
        done = subprocess.run(line, stdout=subprocess.PIPE, check=False)
    except OSError as problem:
        raise Stopped(f"mail.password_command cannot be run: {problem.strerror}", WHERE_PASSWORDS_ARE) from problem
    first = done.stdout.decode("utf-8", "replace").split("\n")[0].rstrip("\r")
    if done.returncode or not first:
        raise Stopped(
            "mail.password_command gave no password", f"It ended with {done.returncode}. {WHERE_PASSWORDS_ARE}"
        )
    return first
