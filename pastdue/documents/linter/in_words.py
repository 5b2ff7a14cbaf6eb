"""What words may not say, whoever wrote them: the patterns of a language, looked for in every sentence of a text."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pastdue.config import Config
from pastdue.documents.linter.folding import Folded, fold, sentences
from pastdue.documents.linter.remark import Remark
from pastdue.documents.patterns import RULES, Lists, Pattern, Spoken, Tables

# Of a text that is read: the patterns for which places hold, by their `where`.
TEXT, SUBJECT = ("text",), ("text", "subject")


def carried_out(config: Config, lists: Lists) -> set[str]:
    """The consequences that are really carried out: those that a step announces, and where the road ends."""
    planned = {
        each.consequence for schedule in config.schedule.values() for step in schedule.step for each in step.announces
    }
    end = config.end
    named = {name for name, there in (("agency", end.agency), ("small-claims", end.court)) if there}
    lawyer = {"lawyer"} if any(lists.lawyers.search(fold(name).lower) for name in (end.agency, end.court)) else set()
    return {*planned, *named, *lawyer}


_DIGITS = str.maketrans("123456789", "000000000")
_NUMBERS, _NAMES, _BLANKS = (
    re.compile(r"\d+(?:[.,'\u00a0\u202f]\d+)*"),
    re.compile(r"\bx{3,}\b"),
    re.compile(r"(?<![-‐\u00ad])\s+"),
)
_GAPS, _WRAPPED, _RULES, PARAGRAPHS = (
    re.compile(r"[ \t\u00a0\u202f]+"),
    re.compile(r"(?<![-‐\u00ad\n])\n(?=[^\s\-*+#>\d|])"),
    re.compile(r"-{3,}"),
    re.compile(r"\n[ \t>]*\n"),
)
_ADDRESSES = re.compile(r"https?://[^\s)>\]]+|www\.[^\s)>\]]+|(?<![^\s<(\[])[^\s<(\[@]+@[^\s>)\]]+")


@dataclass(frozen=True, slots=True)
class _Hit:
    """Words of one sentence that a pattern found."""

    start: int
    end: int
    pattern: Pattern


# A run over thousands of accounts reads the same few hundred sentences, with other days, names and amounts: what is said
# between them is looked at once, and where that is clean, so are they.
def _hits_in(sentence: str, tables: Tables) -> tuple[_Hit, ...]:
    alike = _NAMES.sub("xxx", _NUMBERS.sub("00", _BLANKS.sub(" ", sentence)))
    return _hits(sentence.translate(_DIGITS), tables) if _hits(alike, tables) else ()


@lru_cache(maxsize=8192)
def _hits(sentence: str, tables: Tables) -> tuple[_Hit, ...]:
    """What the patterns of a language find in a sentence whose digits are all 0."""
    folded = fold(sentence)
    if not folded.plain.strip():
        return ()
    found: list[_Hit] = []
    for own in tables.own:
        found += (hit for pattern in own.patterns for hit in _found(pattern, folded, own))
    for own in tables.everywhere:
        found += (hit for pattern in own.everywhere for hit in _found(pattern, folded, own))
    return tuple(sorted(found, key=lambda hit: (hit.start, -hit.end)))


def _found(pattern: Pattern, folded: Folded, language: Spoken) -> Iterator[_Hit]:
    for match in pattern.find.finditer(folded.plain if pattern.cased else folded.lower):
        if match.start() == match.end():
            continue
        if pattern.unless and not pattern.anywhere and pattern.unless.search(folded.lower):
            continue
        if pattern.negatable and _is_denied(folded.lower, match.start(), match.end(), language):
            continue
        yield _Hit(*folded.at(match.start(), match.end()), pattern)


def _is_denied(sentence: str, start: int, end: int, language: Spoken) -> bool:
    """True when the sentence says that it does not happen: "we will not sue", "nobody goes to prison"."""
    if sentence.endswith("?"):  # "Can your parents not lend you the money?"
        return False
    meant = language.false_no.sub(lambda no: "~" * len(no[0]), sentence)
    if language.no_far.search(meant):
        return True
    stops = [stop.start() for stop in language.clause.finditer(meant)]
    begins = max((stop for stop in stops if stop <= start), default=0)
    ends = min((stop for stop in stops if stop >= end), default=len(meant))
    return bool(language.no.search(meant[begins:end]) or language.no_after.search(meant[end:ends]))


def remarks_in(
    text: str, tables: Tables, planned: Collection[str], where: Collection[str], starts: Sequence[int] = ()
) -> Iterator[Remark]:
    """The breaches in a text; `starts` are the places at which its rows begin.

    `planned` are the consequences that the schedule or an obligation really carries, such as "agency" and "small-claims":
    a plain sentence about them is true. "lawyer" and "credit-report" make true what else would be L06 and L07.
    """
    seen: set[tuple[str, str, int]] = set()
    text = _ADDRESSES.sub(lambda address: "x" * len(address[0]), text)
    for offset, sentence in sentences(text, tables.lists):
        last: dict[str, int] = {}
        for hit in _hits_in(sentence, tables):
            pattern = hit.pattern
            if pattern.where not in where or not pattern.planned.isdisjoint(planned):
                continue
            if pattern.anywhere and pattern.unless and pattern.unless.search(fold(text).lower):
                continue
            if hit.start < last.get(pattern.code, 0):
                continue
            last[pattern.code] = hit.end
            rule = RULES[pattern.code]
            found = " ".join(sentence[hit.start : hit.end].split())
            row = sum(1 for start in starts if start <= offset + hit.start)
            if (pattern.code, found, row) in seen:
                continue
            seen.add((pattern.code, found, row))
            yield Remark(rule.code, pattern.severity, found, pattern.reason or rule.reason, rule.basis, row=row)


# The notices of a run are alike too: a paragraph that says nothing it may not, says it with other days, names and amounts
# no more. Only where one does is the notice read as it stands.
def remarks_in_notice(text: str, tables: Tables, planned: Collection[str], where: tuple[str, ...]) -> Iterator[Remark]:
    """The breaches in the words of a notice."""
    carried, alike = frozenset(planned), made_alike(_ADDRESSES.sub("xxx", text))
    if not all(_is_clean(paragraph, tables, carried, where) for paragraph in PARAGRAPHS.split(alike)):
        yield from remarks_in(text, tables, planned, where)


def made_alike(text: str) -> str:
    """The text with the same for every number, name, rule and gap, and without the line breaks that only wrap it."""
    text = _WRAPPED.sub(" ", _GAPS.sub(" ", text))
    return _RULES.sub("---", _NAMES.sub("xxx", _NUMBERS.sub("00", text)))


@lru_cache(maxsize=8192)
def _is_clean(text: str, tables: Tables, planned: frozenset[str], where: tuple[str, ...]) -> bool:
    return not any(remarks_in(text, tables, planned, where))
