"""Emails: a letter as the finished bytes of a message, headers and all, the same on every run.

Built by hand: `email.message` takes ten times as long, and an older one lets a name such as
"=?utf-8?q?x=0D=0ABcc:_..." write headers of its own. What is built is read again and compared before it is handed on.
"""

import binascii
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from email import message_from_string, policy
from email.header import decode_header
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from hashlib import sha256
from pathlib import PurePosixPath
from urllib.parse import quote

from pastdue.config import Config, is_email_address
from pastdue.documents.letters import Letter
from pastdue.documents.look import Logo
from pastdue.documents.notices import path
from pastdue.documents.plaintext import to_text
from pastdue.documents.templates import clean
from pastdue.model import Document, Notice

# Who a draft is from while nobody is set: a name that RFC 2606 keeps from ever being a host.
UNSET_SENDER = "unset@sender.invalid"

_LINE = 78  # RFC 5322, 2.1.1
_LONGEST_NAME = 120  # characters of a person's or firm's name in a header; more is cut, the letter has it in full
_LONGEST_SUBJECT = 250

Attachment = tuple[str, bytes]  # file name and content


def compose(
    notice: Notice,
    letter: Letter,
    config: Config,
    *,
    sent_at: datetime,
    attachments: Sequence[Attachment] = (),
    draft: bool,
) -> Document:
    """The notice as an email, ready to be sent; `draft` marks it as one for the operator's mail program to open.

    Raises ValueError when it has nobody to go to, or when its headers would say something else than they should.
    """
    recipient = address(notice.customer.email, international=True)
    meant = _meant(notice, letter, config, recipient, sent_at, draft=draft)
    kind, body = _content(notice, letter, attachments)
    head = b"".join(_header(name, value) for name, value in meant)
    _check(head + b"\r\n", meant)
    return Document(
        notice=notice,
        path=path(notice),
        kind="eml",
        content=head + kind + body,
        subject=_text_of(meant, "Subject"),
        recipient=recipient,
        message_id=message_id(notice.notice_id, config),
    )


def witnessed(document: Document, commit: str) -> Document:
    """The email with the log's last commit in its header, so that whoever keeps it is a witness of the log up to there.

    A letter, and an email of a log that has no commit yet, is as it was.
    """
    if document.kind != "eml" or not commit:
        return document
    if not _COMMIT.fullmatch(commit):
        raise ValueError(f"no name of a commit: {commit[:80]!r}")
    head, rest = document.content.split(b"\r\nMIME-Version: ", 1)
    return replace(document, content=b"".join((head, b"\r\n", _log(commit), b"MIME-Version: ", rest)))


@lru_cache(maxsize=1)  # one commit for all emails of a run
def _log(commit: str) -> bytes:
    return _header(LOG, commit)


LOG = "X-Pastdue-Log"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def message_id(notice_id: str, config: Config) -> str:
    """The notice's Message-ID, the same on every run and machine: `<pd.` and a hash, at the sender's domain.

    At most 62 characters, so that `In-Reply-To` stays on its line: 32 digits of the hash beside a domain of up to 24
    characters, down to 16 digits beside 40; of a longer domain the first labels are left out.
    """
    sender = _sender(config)[1]
    domain = sender.rpartition("@")[2]
    while len(domain) > 40 and "." in domain:
        domain = domain.partition(".")[2]
    domain = domain if len(domain) <= 40 else UNSET_SENDER.rpartition("@")[2]
    digits = min(32, 62 - len("<pd.@>") - len(domain))
    return f"<pd.{_digest(sender, notice_id)[:digits]}@{domain}>"


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


# ------------------------------------------------------------------ what the headers mean

Mailbox = tuple[str, str]  # name and address
Meant = tuple[str, str | Mailbox]


def _meant(
    notice: Notice, letter: Letter, config: Config, recipient: str, sent_at: datetime, *, draft: bool
) -> list[Meant]:
    """Each header and what it is to say."""
    if sent_at.tzinfo is None:
        raise ValueError("a Date header needs a time zone")
    customer = notice.customer
    person = customer.contact if notice.channel == "email" else ""
    reply_name, reply_to = parseaddr(config.mail.reply_to)
    meant: list[Meant] = [
        ("From", _mailbox(*_sender(config))),
        ("To", _mailbox(_one_line(person, _LONGEST_NAME) or customer.name, recipient)),
    ]
    if reply_to:
        meant.append(("Reply-To", _mailbox(reply_name, address(reply_to))))
    meant += [
        ("Subject", _one_line(letter.mailed_as or letter.subject, _LONGEST_SUBJECT)),
        ("Date", format_datetime(sent_at)),
        ("Message-ID", message_id(notice.notice_id, config)),
    ]
    if _MESSAGE_ID.fullmatch(notice.replies_to):
        meant += [("In-Reply-To", notice.replies_to), ("References", notice.replies_to)]
    meant += [
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("Content-Language", letter.language),
        ("X-Pastdue-Notice", _one_line(notice.notice_id, _LONGEST_SUBJECT)),
    ]
    if draft:
        meant.append(("X-Unsent", "1"))
    return [*meant, ("MIME-Version", "1.0")]


_MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,120}@[!-;=?A-~]{1,120}>")


def _sender(config: Config) -> Mailbox:
    name, own = config.sender()
    return name, address(own) if own else UNSET_SENDER


def _mailbox(name: str, at: str) -> Mailbox:
    return _one_line(name, _LONGEST_NAME), at


def _one_line(text: str, longest: int) -> str:
    """Text as a header may say it: one line, nothing invisible that a reader of headers would stumble over, not endless."""
    line = " ".join(clean(text).split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def address(text: str, *, international: bool = False) -> str:
    """The address as it travels: its domain in IDNA, so "jo@bücher.example" is at xn--bcher-kva.example.

    Raises ValueError for what is no address, and for a non-ASCII name before the @ unless it may be `international`: to
    such a one only servers with SMTPUTF8 can send, and fewer can answer.
    """
    if not is_email_address(text):
        raise ValueError(f"not an email address: {text[:80]!r}")
    local, _, domain = unicodedata.normalize("NFC", text).rpartition("@")
    if not local.isascii() and not international:
        raise ValueError(f"mail servers refuse letters such as these before the @: {text[:80]!r}")
    if "=?" in local:
        raise ValueError(f"looks like a trick in an email address: {text[:80]!r}")
    return f"{local}@{'.'.join(map(_idna, domain.split('.')))}"


def _idna(label: str) -> str:
    """One label of a domain in ASCII. Unlike Python's own codec, ß stays ß: straße.example and strasse.example are two hosts."""
    if label.isascii():
        encoded = label
    else:
        normal = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", label).lower())
        if any(unicodedata.category(c)[0] not in "LMN" and c != "-" for c in normal):
            raise ValueError(f"not a domain name: {label[:80]!r}")
        encoded = normal if normal.isascii() else f"xn--{normal.encode('punycode').decode('ascii')}"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,63}", encoded):
        raise ValueError(f"not a domain name: {label[:80]!r}")
    return encoded


# ------------------------------------------------------------------ headers as bytes


def _header(name: str, value: str | Mailbox) -> bytes:
    """The header, folded at spaces; what is not plain ASCII is encoded (RFC 2047)."""
    if isinstance(value, tuple):
        words = [*_phrase(value[0], len(name)), f"<{value[1]}>"] if value[0] else [value[1]]
    elif name in _STRUCTURED:
        words = value.split(" ")
    else:
        words = value.split(" ") if _is_plain(value) else _encoded_words(value, len(name))
    lines, line = [], f"{name}:"
    for word in words:
        if len(line) + 1 + len(word) > _LINE and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    # Only an address may be more than ASCII (RFC 6532), and `_meant` lets only the recipient's.
    return "\r\n".join([*lines, line]).encode("utf-8" if isinstance(value, tuple) else "ascii") + b"\r\n"


# Headers whose words are not prose: never encoded, and checked to need none.
_STRUCTURED = frozenset({"Date", "Message-ID", "In-Reply-To", "References", "Content-Language", "MIME-Version", LOG})

_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]+")


def _phrase(name: str, taken: int) -> list[str]:
    """A name as words: bare, in quotes, or encoded."""
    if not _is_plain(name):
        return _encoded_words(name, taken)
    if _ATOMS.fullmatch(name):
        return name.split(" ")
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'.split(" ")


def _is_plain(text: str) -> bool:
    """True for ASCII that no reader can take for an encoded word, and that folds."""
    return text.isascii() and text.isprintable() and "=?" not in text and all(len(w) < 60 for w in text.split(" "))


_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


def _encoded_words(text: str, taken: int) -> list[str]:
    """The text in encoded words, none of which cuts a character in two; `taken` is the length of the header's name.

    An encoded word has at most 75 characters, and its line 76.
    """
    words, word = [], ""
    room = 76 - taken - len(": =?utf-8?q??=")
    for character in text:
        said = "".join(
            "_" if byte == 0x20 else chr(byte) if byte in _SAFE else f"={byte:02X}" for byte in character.encode()
        )
        if len(word) + len(said) > room:
            words.append(word)
            word, room = "", 75 - len("=?utf-8?q??=")
        word += said
    return [f"=?utf-8?q?{word}?=" for word in [*words, word]]


def _check(head: bytes, meant: list[Meant]) -> None:
    """Reads the finished headers as a mail program would, and compares: nothing more, nothing less, nothing else."""
    read = message_from_string(head.decode(), policy=policy.compat32)
    found = [
        (name, _said(str(value), isinstance(wanted, tuple)))
        for (name, value), (_, wanted) in zip(read.items(), meant, strict=False)
    ]
    if found != meant or len(read.items()) != len(meant) or read.get_payload() or read.defects:
        raise ValueError("the headers of this email would not say what they should")


def _said(value: str, is_mailbox: bool) -> str | Mailbox:
    """What a header says once it is unfolded and decoded."""
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", value)
    if not is_mailbox:
        return _decoded(unfolded)
    name, at = parseaddr(unfolded)
    return _decoded(name), at


def _decoded(text: str) -> str:
    return "".join(
        part.decode(charset or "ascii") if isinstance(part, bytes) else part for part, charset in decode_header(text)
    )


def _text_of(meant: list[Meant], name: str) -> str:
    return next(str(value) for key, value in meant if key == name)


# ------------------------------------------------------------------ content


def _content(notice: Notice, letter: Letter, attachments: Sequence[Attachment]) -> tuple[bytes, bytes]:
    """The headers that say what the content is, with the empty line behind them, and the content."""
    html = _text_part(letter.html, "html")
    if letter.logo:
        html = b"".join(_multipart("related", notice.notice_id, [html, _picture(letter.logo)]))
    parts = [_text_part(_with_headline(letter), "plain"), html]
    kind, body = _multipart("alternative", notice.notice_id, parts)
    if attachments:
        inner = kind + body
        kind, body = _multipart("mixed", notice.notice_id, [inner, *map(_attachment, attachments)])
    return kind, body


def _with_headline(letter: Letter) -> str:
    """The text below the letter's own subject, as in `email.html`: that of the email may be the account's."""
    headline = to_text([{"t": "h", "level": 1, "c": [{"t": "text", "v": letter.subject}]}])
    return f"{headline}\n{letter.text}"


def _multipart(kind: str, notice_id: str, parts: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Parts with a boundary between them that cannot stand in any of them: "=_" occurs neither in quoted-printable nor in base64."""
    boundary = f"=_pd_{_digest(kind, notice_id)[:32]}"
    head = f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    opening, closing = f"--{boundary}\r\n".encode(), f"--{boundary}--\r\n".encode()
    return head, b"".join(opening + part + b"\r\n" for part in parts) + closing


def _text_part(text: str, kind: str) -> bytes:
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    encoded = binascii.b2a_qp(
        text.encode("utf-8", "replace").replace(b"\r\n", b"\n").replace(b"\r", b"\n"), istext=True
    )
    return head.encode() + _LEADING_DOT.sub(b"=2E", encoded).replace(b"\n", b"\r\n")


# On its way a dot that begins a line is doubled, and not every server takes the second one off again: it is written in
# digits, where the line's 76 characters have room for them.
_LEADING_DOT = re.compile(rb"(?m)^\.(?=.{0,73}$)")


def _picture(logo: Logo) -> bytes:
    """The logo beside the HTML that names it, so that nothing is fetched when the email is opened."""
    head = (
        f"Content-Type: image/{logo.kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{logo.content_id}>\r\nContent-Disposition: inline\r\n\r\n"
    )
    return head.encode() + _base64(logo.content)


def _base64(content: bytes) -> bytes:
    return b"\r\n".join(binascii.b2a_base64(content[i : i + 57], newline=False) for i in range(0, len(content), 57))


def _attachment(attachment: Attachment) -> bytes:
    name, content = attachment
    kind = "application/pdf" if name.lower().endswith(".pdf") else "application/octet-stream"
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n{_file_name(name)}\r\n\r\n"
    return head.encode() + _base64(content)


def _file_name(name: str) -> str:
    """The name of an attachment, without folders: in ASCII as it is, any other in RFC 2231."""
    last = PurePosixPath(_one_line(name, 1000).replace("\\", "/")).name
    stem, dot, ending = last.rpartition(".") if "." in last[-10:] else (last, "", "")
    short = f"{stem[:80]}{dot}{ending}".lstrip(".") or "attachment"
    if all(c.isascii() and (c.isalnum() or c in " .-_()+,") for c in short):
        return f' filename="{short}"'
    return f" filename*=utf-8''{quote(short, safe='')}"
