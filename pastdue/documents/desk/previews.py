"""Previews: what goes to an account today as its reader will see it, side by side, in files of their own.

An email's HTML part is taken as it is, byte for byte; its text part stands as a terminal shows it; a letter is its PDF.
The desk holds nothing of it before somebody looks, so that it stays light with a thousand notices.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from email import message_from_bytes
from pathlib import PurePosixPath
from typing import NamedTuple

from pastdue.documents import site
from pastdue.documents.desk.words import TEXT, link
from pastdue.documents.site import cut, encoded, plain
from pastdue.model import COPY, Document, Page

FOLDER = "outbox/preview"  # wholly the tool's: what no notice of the day needs is removed
_HERE = f"{FOLDER}/"
TEMPLATE, TEXT_TEMPLATE = "preview.html", "text.html"


class Shown(NamedTuple):
    """One way to look at a notice."""

    title: str
    href: str  # from the page that shows it
    is_paper: bool = False  # a PDF, which a browser shows with a viewer of its own


def paths(documents: Iterable[Document]) -> dict[tuple[str, str], str]:
    """By account and currency: where the page lies on which its notices of the day stand side by side."""
    return {key: _path(group[0], "html") for key, group in _by_account(documents).items()}


def pages(documents: Iterable[Document], templates: Mapping[str, str]) -> Iterator[Page]:
    """For each account a page with its notices, and for each email two files to look at."""
    beside = site.compiled(templates).get_template(TEMPLATE)
    as_text = site.compiled(templates).get_template(TEXT_TEMPLATE)
    for group in _by_account(documents).values():
        name = cut(group[0].notice.customer.name, TEXT)
        shown = [each for document in group for each in _shown(document)]
        yield Page(_path(group[0], "html"), encoded(beside.render(name=name, shown=shown)))
        for document in group:
            if document.kind == "eml":
                html, text = _parts(document.content)
                subject = cut(document.subject, 2 * TEXT)
                yield Page(_path(document, "email.html"), html)
                yield Page(
                    _path(document, "text.html"), encoded(as_text.render(name=name, subject=subject, text=_lines(text)))
                )


def _by_account(documents: Iterable[Document]) -> dict[tuple[str, str], list[Document]]:
    """The notices of each account in a currency; an email's copy is the email itself."""
    found: defaultdict[tuple[str, str], list[Document]] = defaultdict(list)
    for document in documents:
        if document.notice.channel != COPY:
            found[document.notice.customer.account_id, document.notice.currency].append(document)
    return found


def _shown(document: Document) -> tuple[Shown, ...]:
    if document.kind == "eml":
        html, text = (link(_path(document, suffix), _HERE) for suffix in ("email.html", "text.html"))
        return Shown("Email", html), Shown("Email as text", text)
    return (Shown("Letter", link(document.path, _HERE), is_paper=True),)


def _path(document: Document, suffix: str) -> str:
    return f"{FOLDER}/{PurePosixPath(document.path).stem}.{suffix}"


def _parts(content: bytes) -> tuple[bytes, str]:
    """An email's HTML part in its own bytes, and its text part: the first of each, before anything attached."""
    found: dict[str, bytes] = {}
    for part in message_from_bytes(content).walk():
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            found.setdefault(part.get_content_type(), body)
    return found.get("text/html", b""), found.get("text/plain", b"").decode()


def _lines(text: str) -> str:
    return "\n".join(plain(line) for line in text.replace("\r\n", "\n").split("\n")).strip("\n")
