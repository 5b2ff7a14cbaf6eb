"""What an earlier notice said, out of the very bytes that went: for a notice that repeats it."""

import re
from collections.abc import Iterator, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import PurePosixPath

from pastdue.documents.plaintext import WIDTH, columns
from pastdue.model import Original, Sent

_FOOTER = "\n-- \n"
_ITEM = re.compile(r"(-|\d+\.) ")
_GAP = re.compile(r" {2,}")
_RULE = re.compile(r"[-=]+")


def original(lines: Sequence[Sent], content: bytes) -> Original:
    """The notice with what it said: an email's text and what was attached to it, or a printed letter as a file.

    `lines` are those of the notices ledger; `content` is the document on record.
    """
    first = max(lines, key=lambda line: line.rung)
    said, enclosed = (
        _read(content) if first.file.endswith(".eml") else ((), ((PurePosixPath(first.file).name, content),))
    )
    return Original(
        notice_id=first.notice_id,
        on=first.on,
        step=first.step,
        channel=first.channel,
        message_id=first.message_id,
        said=said,
        enclosed=enclosed,
    )


def _read(content: bytes) -> tuple[tuple[str, ...], tuple[tuple[str, bytes], ...]]:
    message = message_from_bytes(content, policy=policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError("an email on record is none")
    part = message.get_body(("plain",))
    text = str(part.get_content()).replace("\r\n", "\n") if part else ""
    files = (
        (each.get_filename() or "attachment", each.get_payload(decode=True)) for each in message.iter_attachments()
    )
    return paragraphs(text), tuple((name, data) for name, data in files if isinstance(data, bytes))


def paragraphs(text: str) -> tuple[str, ...]:
    """An email's text without its small print, each paragraph with only the line breaks that were meant.

    What stood in columns has dots between its cells, since no other text is set as a terminal's is.
    """
    parts = text.partition(_FOOTER)[0].split("\n\n")
    return tuple(filter(None, ("\n".join(_lines(part.split("\n"))) for part in parts)))


def _lines(lines: Sequence[str]) -> Iterator[str]:
    """The lines as they were before they were wrapped; lines that only underline are left out."""
    joined, before = "", ""
    for line in lines:
        said = line.strip()
        if not said or _RULE.fullmatch(said):
            continue
        if joined and _was_wrapped(before, said):
            joined += f" {said}"
        else:
            if joined:
                yield joined
            joined = " \N{MIDDLE DOT} ".join(_GAP.split(said))
        before = line
    if joined:
        yield joined


def _was_wrapped(before: str, said: str) -> bool:
    """True where the line before broke only because the next word had no room on it."""
    in_columns = _GAP.search(before.strip()) or _GAP.search(said)
    has_room = columns(before) + 1 + columns(said.split(" ")[0]) <= WIDTH
    return not (in_columns or has_room or _ITEM.match(said))
