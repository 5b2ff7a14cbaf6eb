"""The last look at a finished email before its first byte leaves: is it exactly one message, to exactly one mailbox?

The header is read again, by a grammar so narrow that no other reader can take it otherwise, and where something in it is
encoded by the email package as well. It holds nothing that the composer did not mean to write: a name in the books
cannot add a recipient, whatever characters it is made of.
"""

import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.parser import HeaderParser
from email.utils import getaddresses, parsedate_to_datetime
from functools import lru_cache

LONGEST_LINE = 998  # RFC 5322 2.1.1, without the line end
REQUIRED = frozenset({"from", "to", "subject", "date", "message-id", "mime-version", "content-type"})
ALLOWED = REQUIRED | {
    "reply-to",
    "in-reply-to",
    "references",
    "auto-submitted",
    "x-auto-response-suppress",
    "content-language",
    "content-transfer-encoding",
    "x-pastdue-notice",
    "x-pastdue-log",
}
SIGNATURE = "dkim-signature"  # in front of everything else, or nowhere
DRAFT = "x-unsent"  # opens in a mail program as a draft; no such message is to leave by itself

_NAME = re.compile(rb"([!-9;-~]+):")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")

# What git may hold of a mailbox: no space, no bracket, no second address.
_LOCAL = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
# These the old rule (IDNA 2003, which Python has) and the present one (2008) send to two different domains.
_TWO_WAYS = re.compile("[\u00df\u1e9e\u03c2\u200c\u200d]")


@lru_cache(maxsize=1024)
def mailbox(address: str) -> str:
    """The address as the envelope names it, its domain in ASCII; ValueError, in words, when it is none."""
    local, _, domain = address.rpartition("@")
    if not _LOCAL.fullmatch(local) or not local.isprintable():
        raise ValueError(f"{address!a} is not an email address")
    if _TWO_WAYS.search(domain.lower()):
        raise ValueError(f"the domain of {address!a} can be read in two ways: write it as xn--...")
    try:
        plain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        plain = ""
    labels = plain.split(".")
    if len(plain) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError(f"the domain of {address!a} is none")
    return f"{local}@{plain.lower()}"


def check(content: bytes, recipient: str, message_id: str, *, draft: bool) -> str:
    """Why these bytes may not leave, in words; "" when they may. `draft`: they are left for the operator's mail program."""
    try:
        to = mailbox(recipient)
    except ValueError as problem:
        return str(problem)
    if flaw := _bytes(content, ascii_only=to.isascii()):
        return flaw
    block = content[: content.index(b"\r\n\r\n") + 2]
    return _header(block, draft=draft) or _names(block, to, message_id)


def _bytes(content: bytes, *, ascii_only: bool) -> str:
    lines = content.split(b"\r\n")
    text = b"".join(lines)
    if lines[-1] or b"\r" in text or b"\n" in text:
        return "its lines do not end in CRLF throughout"
    if b"\0" in content:
        return "there is a NUL in it"
    if ascii_only and not content.isascii():
        return "it is not plain ASCII"
    if b"\r\n\r\n" not in content:
        return "it has no body"
    if max(map(len, lines)) > LONGEST_LINE:
        return f"a line is longer than {LONGEST_LINE} characters"
    return ""


def _header(block: bytes, *, draft: bool) -> str:
    allowed = ALLOWED | {DRAFT} if draft else ALLOWED
    seen: set[str] = set()
    for line in block.split(b"\r\n")[:-1]:
        if line[:1] in {b" ", b"\t"}:
            if not seen or not line.strip():
                return "its header begins with, or is broken by, a blank"
            continue
        start = _NAME.match(line)
        if not start:
            return f"this line of its header is none: {line[:60]!a}"
        name = start[1].decode("ascii").lower()
        if name in seen:
            return f"its header says {name} twice"
        if name not in allowed and (draft or seen or name != SIGNATURE):
            return f"its header says {name}, which nobody wrote"
        seen.add(name)
    if absent := sorted(REQUIRED - seen):
        return f"its header has no {', '.join(absent)}"
    return ""


def _names(block: bytes, to: str, message_id: str) -> str:
    """What the header says: whom it is for, who it is, and what its encoded words hide."""
    try:
        fields = block.decode().replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n")[:-1]
    except UnicodeDecodeError:
        return "its header is not UTF-8"
    said = {name.lower(): value for name, _, value in (field.partition(":") for field in fields)}
    if b"=?" in block:
        message = HeaderParser().parsestr(block.decode())
        said = {name.lower(): str(value).replace("\r\n", "") for name, value in message.items()}
        if message.defects or len(message) != len(fields) or len(said) != len(fields):
            return "its header can be read in two ways"
    for name, value in said.items():
        decoded = _decoded(value)
        if decoded is None or _CONTROL.search(decoded):
            return f"a control character, or no known one, hides in its {name}"
    if said["message-id"].strip() != message_id or not _MESSAGE_ID.fullmatch(message_id):
        return f"its Message-ID is not {message_id!a}"
    if not _is_date(said["date"]):
        return "its Date is none"
    return _only(said["to"].strip(), to)


@lru_cache(maxsize=16)
def _is_date(text: str) -> bool:
    """Is it a moment? All emails of a run say the same one."""
    try:
        parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return False
    return True


# Atoms or one quoted string, and an address in brackets: there is one way to read it.
_PLAIN = re.compile(r"(?:[\w!#$%&'*+\-/=?^`{|}~ ]*|\"[^\"\\]*\") <([\w!#$%&'*+\-/=?^`{|}~.]+@[\w.\-]+)>", re.ASCII)


def _only(header: str, to: str) -> str:
    plain = _PLAIN.fullmatch(header)
    named = [plain[1]] if plain else [address for _, address in getaddresses([header])]
    try:
        one = len(named) == 1 and mailbox(named[0]) == to
    except ValueError:
        one = False
    return "" if one else "it is not addressed to its one recipient"


def _decoded(value: str) -> str | None:
    if "=?" not in value:  # nothing in it is encoded
        return value
    try:
        parts = decode_header(value)
        return "".join(
            part if isinstance(part, str) else part.decode(charset or "latin-1", "replace") for part, charset in parts
        )
    except (HeaderParseError, LookupError, ValueError):
        return None
