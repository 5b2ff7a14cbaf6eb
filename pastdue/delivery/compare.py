"""Two emails beside each other: the one on record, and one that was kept or written again. Which part says something else?"""

import re
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message

_LONGEST_HEADER = 64 * 1024
_QUOTED = 100  # characters of a difference
_SIGNATURE = re.compile(rb"\ADKIM-Signature:[^\r\n]*\r\n([ \t][^\r\n]*\r\n)*")
_LOG_LINE = re.compile(rb"(?im)^X-Pastdue-Log:[ \t]*([0-9a-f]{40,64})[ \t]*\r?$")


def named_log(content: bytes) -> str:
    """The commit that an email names in its header; "" when it names none."""
    found = _LOG_LINE.search(_lf(content[:_LONGEST_HEADER]).partition(b"\n\n")[0])
    return found[1].decode() if found else ""


def arrived_whole(content: bytes, kept: bytes) -> bool:
    """True when the kept email is the recorded one, but for what servers wrote in front of it and for line ends."""
    ours, theirs = _crlf(content).rstrip(b"\r\n"), _crlf(kept).rstrip(b"\r\n")
    front = theirs[: len(theirs) - len(ours)]
    return theirs.endswith(ours) and (not front or front.endswith(b"\r\n")) and b"\r\n\r\n" not in front


def unsigned(content: bytes) -> bytes:
    """The email without the DKIM signature in front of it, which only who has the key can write."""
    return _SIGNATURE.sub(b"", content, count=1)


def differences(content: bytes, other: bytes, *, carried: bool = False) -> list[str]:
    """In which parts another email says something else than the recorded one; [] when only their form differs.

    `carried`: the other went through mail servers, which add headers of their own.
    """
    ours, theirs = message_from_bytes(_lf(content)), message_from_bytes(_lf(other))
    found = list(_other_headers(ours, theirs, carried))
    mine, its = list(_parts(ours)), list(_parts(theirs))
    for (name, part), (called, against) in zip(mine, its, strict=False):
        if part != against:
            found.append(f"its {name} differs: {first_difference(part, against)}")
        elif name != called:
            found.append(f"its {name} is a {called}")
    if len(mine) != len(its):
        found.append(f"its number of parts is {len(its)}; on record is {len(mine)}")
    return found


_OF_THE_FORM = {"content-type", "content-transfer-encoding", "mime-version", "dkim-signature"}
_TO_PEOPLE = {"cc", "reply-to"}  # no server adds one of these


def _other_headers(ours: "Message[str, str]", theirs: "Message[str, str]", carried: bool) -> Iterator[str]:
    names = dict.fromkeys(name.lower() for name in [*ours.keys(), *theirs.keys()])
    for name in names:
        said, meant = ([_plain(value) for value in each.get_all(name, [])] for each in (theirs, ours))
        if said == meant or name in _OF_THE_FORM or (carried and not meant and name not in _TO_PEOPLE):
            continue
        shown = next(key for key in [*ours.keys(), *theirs.keys()] if key.lower() == name)
        found, wanted = (" and ".join(map(_short, values)) or "none" for values in (said, meant))
        yield f"its {shown} is {found}; on record is {wanted}"


def _plain(value: object) -> str:
    """What a header says, unfolded and decoded."""
    text = str(value)
    with suppress(HeaderParseError, LookupError, ValueError):
        text = str(make_header(decode_header(text)))
    return " ".join(text.split())


def _parts(message: "Message[str, str]") -> Iterator[tuple[str, bytes]]:
    """Each part that is no container: what it is called, and its bytes, decoded."""
    for part in message.walk():
        if not part.is_multipart():
            payload = part.get_payload(decode=True)
            content = payload if isinstance(payload, bytes) else b""
            name = part.get_filename() or f"{part.get_content_type()} part"
            yield name, _lf(content).rstrip(b"\n") if part.get_content_maintype() == "text" else content


def first_difference(ours: bytes, theirs: bytes) -> str:
    """Where two contents part, for a reader: the line and its words, or the place of the byte."""
    if b"\0" in ours[:1000] or ours.startswith(b"%PDF"):
        place = next(
            (i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs))
        )
        return f"from byte {place} on ({len(theirs)} bytes; on record are {len(ours)})"
    mine, its = (content.decode("utf-8", "replace").split("\n") for content in (ours, theirs))
    place = next((i for i, (a, b) in enumerate(zip(mine, its, strict=False)) if a != b), min(len(mine), len(its)))
    old, new = (lines[place].strip() if place < len(lines) else "" for lines in (mine, its))
    start = _parting(old, new)
    return f"line {place + 1} says {_short(new, start)}; on record is {_short(old, start)}"


def _parting(ours: str, theirs: str) -> int:
    """From which character on to quote two texts, so that a reader sees where they part."""
    alike = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs)))
    return max(alike - 40, 0) if max(len(ours), len(theirs)) > _QUOTED else 0


def _short(text: str, start: int = 0) -> str:
    plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    front, back = "..." if start else "", "..." if len(plain) > start + _QUOTED else ""
    return f'"{front}{plain[start : start + _QUOTED]}{back}"'


def _lf(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


def _crlf(content: bytes) -> bytes:
    return _lf(content).replace(b"\n", b"\r\n")
