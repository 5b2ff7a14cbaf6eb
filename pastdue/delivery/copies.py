"""Copies in the mail account's Sent folder, by IMAP: made when all is on record, and never in the way of anything."""

import imaplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pastdue.delivery import Stopped
from pastdue.delivery.passwords import password

if TYPE_CHECKING:
    from pastdue.config import Config

PATIENCE = 30.0  # seconds for each thing that the server is asked


def keep(config: "Config", root: Path, messages: Sequence[bytes]) -> None:
    """Lays the very bytes that were sent into the Sent folder; Stopped, in words, when that does not come to its end."""
    mail = config.mail
    where = f"{mail.imap_host}:{mail.imap_port}"
    kept = 0
    imap: imaplib.IMAP4_SSL | None = None
    try:
        secret = password(mail.user, mail.password_command, where, root)
        context = ssl.create_default_context(cafile=mail.ca_file or None)
        imap = imaplib.IMAP4_SSL(mail.imap_host, mail.imap_port, ssl_context=context, timeout=PATIENCE)
        imap.login(_quoted(mail.user), secret)
        for message in messages:
            _append(imap, mail.imap_folder, message)
            kept += 1
    except (OSError, imaplib.IMAP4.error, ValueError, Stopped) as problem:
        raise Stopped(
            f"{len(messages) - kept} of {len(messages)} messages have no copy in {mail.imap_folder} of {where}: {_words(problem)}",
            "They were sent; outbox/ has them, byte for byte. Check mail.imap_host and mail.imap_folder.",
        ) from problem
    finally:
        if imap is not None:
            with suppress(OSError, imaplib.IMAP4.error):
                imap.logout()


def _append(imap: imaplib.IMAP4_SSL, folder: str, message: bytes) -> None:
    sent_at = parsedate_to_datetime(BytesHeaderParser().parsebytes(message)["Date"])
    done, said = imap.append(_quoted(folder), r"(\Seen)", sent_at, message)
    if done != "OK":
        raise imaplib.IMAP4.error(b" ".join(each for each in said if isinstance(each, bytes)))


def _quoted(text: str) -> str:
    """A string as IMAP writes it."""
    if not text.isprintable():
        raise ValueError(f"{text!a} cannot be said to a mail server")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _words(problem: Exception) -> str:
    """What went wrong, on one line, and nothing of the password: `imaplib` puts only the server's words into its errors."""
    said = problem.args[0] if problem.args and isinstance(problem, imaplib.IMAP4.error) else str(problem)
    if isinstance(problem, UnicodeError):
        said = "the password holds characters that this login cannot carry"
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]
