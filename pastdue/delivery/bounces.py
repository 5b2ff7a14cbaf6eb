"""Delivery status notifications (RFC 3464): what a mail server says afterwards of an email that it had taken.

Whoever knows an address can write such a report. So it counts only for the one notice whose id (the envelope's, which
the server gives back) or whose Message-ID it names, and only if it is about the address that the notice went to. All
else that it says is data: its words go on record, on one line and cut.
"""

import mailbox as folders
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses
from pathlib import Path
from typing import TypeAlias

from pastdue.delivery import Stopped
from pastdue.delivery.gate import mailbox
from pastdue.delivery.ledger import Row
from pastdue.findings import Finding, error, shown
from pastdue.model import COPY, State

LONGEST = 20 * 1024 * 1024  # bytes of a report with the whole email in it
_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"})
_GIVEN_UP_FOR_NOW = re.compile(r"4\.\d{1,3}\.\d{1,3}")
_HAD_LEFT = frozenset({State.SENT, State.DRAFTED, State.UNCLEAR, State.DEFERRED, State.REFUSED})
_NOT_THIS = "Nothing is on record of it. If it tells that an address takes no mail, mend or blank that in customers."

Headers: TypeAlias = "Message[str, str]"


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says of one email; `state` is None where it is no final no."""

    name: str  # of the file
    envelope_id: str
    message_id: str
    recipients: frozenset[str]  # every address that it says it is about
    state: State | None
    words: str


@dataclass(frozen=True, slots=True)
class News:
    """What a report changes for a notice; `state` is None where it changes nothing."""

    notice_id: str
    state: State | None
    words: str


def read(paths: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """The emails in the files, by name: each file one, or an mbox; a folder stands for the files in it."""
    for path in paths:
        inside = path.iterdir() if path.is_dir() else ()
        shown_there = [each for each in inside if each.is_file() and not each.name.startswith(".")]
        for file in sorted(shown_there) if path.is_dir() else [path]:
            try:
                yield from _emails(file)
            except OSError as problem:
                raise Stopped(f"{file} cannot be read: {problem.strerror}") from problem


def _emails(file: Path) -> Iterator[tuple[str, bytes]]:
    with file.open("rb") as opened:
        content = opened.read(LONGEST + 1)
    if not content.startswith(b"From "):
        yield str(file), content
        return
    box = folders.mbox(file, create=False)
    try:
        for number, key in enumerate(box.keys(), start=1):
            yield f"{file}, email {number}", box.get_bytes(key)
    finally:
        box.close()


def report(name: str, content: bytes) -> Report | Finding:
    """The report in an email, or why there is none."""
    if len(content) > LONGEST:
        return error(name, "it is too large for a report of a mail server", _NOT_THIS)
    try:
        message = message_from_bytes(content)
        parts = message.get_payload() if message.is_multipart() else []
        children = [part for part in parts if isinstance(part, Message)]
        status = next((part for part in children if part.get_content_type() in _STATUS), None)
        returned = next((part for part in children if part.get_content_type() in _RETURNED), None)
        if status is None:
            return error(name, "it is no report of a mail server that an email could not be delivered", _NOT_THIS)
        whole, *each = [block for block in _blocks(status) if block.keys()] or [Message()]
        return _read(name, whole, each, _headers(returned) if returned else Message())
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        # The email package, too, stumbles over what was made for that.
        return error(name, "it cannot be read as an email", _NOT_THIS)


def news(said: Report, rows: Sequence[Row]) -> News | Finding:
    """Which notice of the ledger a report is about and what it changes, or why it is about none."""
    by_id = {row["notice_id"] for row in rows if row["notice_id"] == said.envelope_id}
    by_message = {row["notice_id"] for row in rows if row["message_id"] and row["message_id"] == said.message_id}
    if by_id and by_message and by_id != by_message:
        return error(said.name, f"it names {shown(said.envelope_id)} and gives back another notice's email", _NOT_THIS)
    names = by_id or by_message
    if len(names) != 1:
        return error(said.name, "it is about none of the notices on record", _NOT_THIS)
    (notice_id,) = names
    history = [row for row in rows if row["notice_id"] == notice_id]
    last = history[-1]
    if last["channel"] not in {"email", COPY} or State(last["state"]) not in _HAD_LEFT:
        return error(said.name, f"{notice_id} is no email that had left: it is {last['state']}", _NOT_THIS)
    if _same(last["recipient"]) not in said.recipients:
        message = f"it is not about {shown(last['recipient'])}, to whom {notice_id} went"
        return error(said.name, message, _NOT_THIS)
    known = any(row["reply"] == said.words and row["recipient"] == last["recipient"] for row in history)
    is_new = said.state is not None and not known and last["state"] not in {said.state, State.REFUSED}
    return News(notice_id, said.state if is_new else None, said.words)


# ------------------------------------------------------------------ what a report says


def _read(name: str, whole: Headers, each: Sequence[Headers], returned: Headers) -> Report | Finding:
    """`whole` is what it says of the email, `each` what it says of one recipient, `returned` the email's own headers."""
    if not each:
        return error(name, "it does not say what became of whom", _NOT_THIS)
    worst = next((block for block in each if _action(block) != "failed"), each[0])
    addresses = [_text(block, field) for block in each for field in ("Original-Recipient", "Final-Recipient")]
    named = [address.rpartition(";")[2].strip(" <>") for address in addresses]
    named += [address for _, address in getaddresses([_text(returned, "To")])]
    return Report(
        name=name,
        envelope_id=_text(whole, "Original-Envelope-Id"),
        message_id=_text(returned, "Message-ID"),
        recipients=frozenset(map(_same, named)) - {""},
        state=_state(each),
        words=_words(worst),
    )


def _state(each: Sequence[Headers]) -> State | None:
    """Refused, or put off, when no mailbox behind the address got it and none is still being tried."""
    if any(_action(block) != "failed" for block in each):
        return None
    for_now = all(_GIVEN_UP_FOR_NOW.match(_text(block, "Status")) for block in each)
    return State.DEFERRED if for_now else State.REFUSED


def _action(block: Headers) -> str:
    return next(iter(re.findall(r"[a-z]+", _text(block, "Action").casefold())), "")


def _words(block: Headers) -> str:
    """The server's words, behind one of ours: a cell that others fill must not begin as they like."""
    status, code = _text(block, "Status"), _text(block, "Diagnostic-Code")
    words = re.sub(r"^[A-Za-z0-9-]{1,20};\s*", "", code)
    said = words if status in words else f"{status} {words}".strip()
    action = _action(block)
    return f"{'bounced' if action == 'failed' else action or 'no action'}: {said}"[:500]


def _text(message: Headers, name: str) -> str:
    """A header on one line, with nothing that does not print."""
    raw = next((value for key, value in message.raw_items() if key.casefold() == name.casefold()), "")
    said = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())


def _same(address: str) -> str:
    """An address as it is compared; "" for what is none."""
    try:
        return mailbox(address).casefold()
    except ValueError:
        return ""


def _blocks(status: Headers) -> Iterator[Headers]:
    """The groups of fields; the email package reads them only of the older of the two kinds of part."""
    parts = status.get_payload()
    for part in parts if isinstance(parts, list) else []:
        if not isinstance(part, Message):
            continue
        yield part
        rest = part.get_payload(decode=True)
        yield from map(message_from_bytes, re.split(rb"\r?\n\r?\n", rest if isinstance(rest, bytes) else b""))


def _headers(returned: Headers) -> Headers:
    """The headers of the email that is given back."""
    inner = returned.get_payload()
    if isinstance(inner, list):
        first: Mapping[str, str] | object = inner[0]
        return first if isinstance(first, Message) else Message()
    content = returned.get_payload(decode=True)
    return message_from_bytes(content if isinstance(content, bytes) else b"")
