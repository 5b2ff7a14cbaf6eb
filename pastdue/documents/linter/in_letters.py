"""What the operator's letters may not say, in every branch of every file."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from pastdue.config import Config
from pastdue.documents import patterns, templates
from pastdue.documents.catalogue import FOLDER, chain
from pastdue.documents.linter.in_words import SUBJECT, TEXT, carried_out, remarks_in
from pastdue.documents.linter.remark import Remark
from pastdue.documents.patterns import Patterns

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_LITERAL = re.compile(r"\"([^\"\n]*)\"|'([^'\n]*)'")
_HTML = re.compile(r"<(?:style|head)\b.*?</(?:style|head)>|<[^>]*>", re.DOTALL)
_PRINTED = "Xx"  # stands where a letter prints a value

# A text in pieces: each with the place in its file at which it begins.
_Pieces = list[tuple[int, str]]


def sources(
    letters: Mapping[str, str],
    config: Config,
    used: Collection[str] | None = None,
    read: Collection[str] | None = None,
) -> tuple[Remark, ...]:
    """What the operator's letters may not say, in every branch of every file: partials, layout and subject lines too.

    `used` names the letters that somebody may get; all are where it is None. What stands in the others is marked as unused.
    `read` are the languages, without their regions, that are looked at; all are where it is None.
    """
    spoken = patterns.of_letters(letters)
    planned = frozenset(carried_out(config, spoken.lists))
    known = None if used is None else _with_partials(letters, used)
    found: list[Remark] = []
    for name, text in sorted(letters.items()):
        source = templates.source(name, text) if read is not None else None
        if source and chain(source.language)[-1] not in (read or ()):
            continue
        for remark in _in_source(name, text, planned, spoken):
            # email.html and the like dress all letters
            unused = known is not None and "." not in remark.letter and remark.letter not in known
            found.append(replace(remark, unused=unused))
    return tuple(found)


# The commands work a day out more than once, and what a letter says is the same each time.
@lru_cache(maxsize=512)
def _in_source(name: str, text: str, planned: frozenset[str], spoken: Patterns) -> tuple[Remark, ...]:
    """What one file of the operator's may not say."""
    if not name.endswith((".md", ".html")):
        return ()
    each = templates.source(name, text)
    letter, language = (each.letter, each.language) if each else (name, "")
    file, tables = f"{FOLDER}/{name}", spoken.of(language)
    starts = [0, *(line.end() for line in re.finditer("\n", text))]
    remarks: dict[Remark, None] = {}
    for where, pieces in _readings(text, name):
        place = _starts_of(pieces, starts)
        plain = "".join(piece for _, piece in pieces)
        for remark in remarks_in(plain, tables, planned, where, place):
            remarks[replace(remark, letter=letter, language=language, file=file)] = None
    return tuple(remarks)


_INCLUDED = re.compile(r"\binclude\s+[\"']([^\"'.]+)")


def _with_partials(letters: Mapping[str, str], used: Collection[str]) -> frozenset[str]:
    """The letters, and the partials that they include, in any language; every email has the footer."""
    includes: dict[str, set[str]] = {}
    for name, text in letters.items():
        if each := templates.source(name, text):
            includes.setdefault(each.letter, set()).update(_INCLUDED.findall(text))
    known, new = set[str](), {*used, "_footer"}
    while new:
        known |= new
        new = {partial for letter in new for partial in includes.get(letter, ())} - known
    return frozenset(known)


def _starts_of(pieces: _Pieces, starts: Sequence[int]) -> list[int]:
    """Where the file's rows begin in a text that was put together from pieces of it."""
    rows = [0] * len(starts)
    rows[0] = 0
    made: list[tuple[int, int]] = []  # in the text, row
    at = 0
    for begin, piece in pieces:
        first = sum(1 for start in starts if start <= begin)
        made.append((at, first))
        made += [(at + line.end(), first + n) for n, line in enumerate(re.finditer("\n", piece), start=1)]
        at += len(piece)
    for row in range(len(starts)):
        rows[row] = min((place for place, number in made if number > row), default=at + 1)
    return rows


def _readings(text: str, name: str) -> Iterator[tuple[Collection[str], _Pieces]]:
    """The file as its readers may get it, one reading for each branch; front matter apart."""
    body_at = 0
    front = re.match(r"﻿?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)", text, re.DOTALL)
    if front and not name.startswith("_") and name.endswith(".md"):
        body_at = front.end()
        for line in re.finditer(r"^(subject|preview):(.*)$", front[1], re.MULTILINE):
            where = SUBJECT if line[1] == "subject" else TEXT
            begin = front.start(1) + line.start(2)
            yield from ((where, pieces) for pieces in _branches(line[2], begin))
    body = text[body_at:]
    if name.endswith(".html"):
        body = _HTML.sub(lambda tag: re.sub(r"[^\n]", " ", tag[0]), body)
    yield from ((TEXT, pieces) for pieces in _branches(body, body_at))
    for tag in _TAG.finditer(text):
        if not tag[0].startswith("{#") and "include" not in tag[0]:
            for literal in _LITERAL.finditer(tag[0]):
                yield TEXT, [(tag.start() + literal.start() + 1, literal[1] or literal[2] or "")]


def _branches(text: str, offset: int) -> Iterator[_Pieces]:
    """The text once for each branch that an `if` in it may take: the first of all of them, the second of all, and so on."""
    most = max(1, *(len(each) for each in _forks(text)), 1) if "{%" in text else 1
    for taken in range(most + 1):
        yield [(offset + at, piece) for at, piece in _one_branch(text, taken)]


def _forks(text: str) -> list[list[str]]:
    """The branches of each `if` and `for`, in the order in which they end."""
    stack: list[list[str]] = []
    done: list[list[str]] = []
    for tag in _TAG.finditer(text):
        word = _keyword(tag[0])
        if word in {"if", "for"}:
            stack.append([word])
        elif word in {"elif", "else"} and stack:
            stack[-1].append(word)
        elif word in {"endif", "endfor"} and stack:
            done.append(stack.pop())
    return done + stack


def _keyword(tag: str) -> str:
    word = re.match(r"\{%[-+]?\s*(\w+)", tag)
    return word[1] if word else ""


def _one_branch(text: str, taken: int) -> Iterator[tuple[int, str]]:
    """What is left of the text when each `if` takes its branch number `taken`; one that has fewer says nothing."""
    stack: list[int] = []
    last = 0

    def says() -> bool:
        return all(branch == taken for branch in stack)

    for tag in _TAG.finditer(text):
        if says():
            yield last, text[last : tag.start()]
        word = _keyword(tag[0])
        if word in {"if", "for"}:
            stack.append(0)
        elif word in {"elif", "else"} and stack:
            stack[-1] += 1
        elif word in {"endif", "endfor"} and stack:
            stack.pop()
        elif tag[0].startswith("{{") and says():
            yield tag.start(), _PRINTED
        last = tag.end()
    if says():
        yield last, text[last:]
