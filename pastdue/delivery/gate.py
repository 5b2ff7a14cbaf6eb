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

import numpy as np

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

_NAME = re.compile(r"[!-9;-~]+")
_BLANK_LINE = re.compile(rb"\r\n[ \t][ \t\x0b\f]*\r\n")  # of a folded field
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")

# What git may hold of a mailbox: no space, no bracket, no second address.
_LOCAL = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
# These the old rule (IDNA 2003, which Python has) and the present one (2008) send to two different domains.
_TWO_WAYS = re.compile("[\u00df\u1e9e\u03c2\u200c\u200d]")


@lru_cache(maxsize=1 << 14)  # a run asks for each address again and again
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
    said, flaw = _header(content[: content.index(b"\r\n\r\n") + 2], draft=draft)
    return flaw or _hidden(said) or _addressed(said, to, message_id)


def _bytes(content: bytes, *, ascii_only: bool) -> str:
    octets = np.frombuffer(content, np.uint8)  # a few times as fast as to count them
    returns, feeds = octets == ord("\r"), octets == ord("\n")
    if not content.endswith(b"\n") or feeds[0] or (returns[:-1] != feeds[1:]).any():
        return "its lines do not end in CRLF throughout"
    if b"\0" in content:
        return "there is a NUL in it"
    if ascii_only and not content.isascii():
        return "it is not plain ASCII"
    if b"\r\n\r\n" not in content:
        return "it has no body"
    if _has_long_line(content):
        return f"a line is longer than {LONGEST_LINE} characters"
    return ""


def _has_long_line(content: bytes) -> bool:
    """Goes from line end to the last line end within reach: of a message of 15 kilobytes it looks at twenty places."""
    at, reach = 0, LONGEST_LINE + len(b"\r\n")
    while len(content) - at > reach:
        at = content.rfind(b"\n", at, at + reach) + 1
        if not at:
            return True
    return False


def _header(block: bytes, *, draft: bool) -> tuple[dict[str, str], str]:
    """What each field says, and why they cannot be believed: each has a name that the composer gives, and none comes twice."""
    said: dict[str, str] = {}
    try:
        fields = block.decode().replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n")[:-1]
    except UnicodeDecodeError:
        return said, "its header is not UTF-8"
    if block.startswith((b" ", b"\t")) or _BLANK_LINE.search(block):
        return said, "its header begins with, or is broken by, a blank"
    allowed = ALLOWED | {DRAFT} if draft else ALLOWED
    for field in fields:
        name, colon, value = field.partition(":")
        key = name.lower() if colon and name.isascii() else ""
        if key in said:
            return said, f"its header says {key} twice"
        if key not in allowed and (draft or said or key != SIGNATURE):
            if not key or not _NAME.fullmatch(key):
                return said, f"this line of its header is none: {field[:60]!a}"
            return said, f"its header says {key}, which nobody wrote"
        said[key] = value
    if not said.keys() >= REQUIRED:
        return said, f"its header has no {', '.join(sorted(REQUIRED - said.keys()))}"
    return _read_again(block, said) if b"=?" in block else (said, "")


def _read_again(block: bytes, said: dict[str, str]) -> tuple[dict[str, str], str]:
    """The same as the email package reads it, which has to find the same fields."""
    message = HeaderParser().parsestr(block.decode())
    again = {name.lower(): str(value).replace("\r\n", "") for name, value in message.items()}
    same = not message.defects and len(message) == len(said) and again.keys() == said.keys()
    return again, "" if same else "its header can be read in two ways"


def _hidden(said: dict[str, str]) -> str:
    """What hides in a field."""
    together = "".join(said.values())
    if (
        "=?" not in together and together.isprintable()
    ):  # of one look at them all, what nearly every header comes out of
        return ""
    for name, value in said.items():
        decoded = _decoded(value)
        if decoded is None or _CONTROL.search(decoded):
            return f"a control character, or no known one, hides in its {name}"
    return ""


def _addressed(said: dict[str, str], to: str, message_id: str) -> str:
    """Is it the notice that it should be, of some day, to the one it is for?"""
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
