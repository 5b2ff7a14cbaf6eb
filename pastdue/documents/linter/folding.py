"""A text as the linter reads it: sentence by sentence, in plain letters, so that nothing is hidden."""

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from pastdue.documents.patterns import Lists

# ------------------------------------------------------------------ folding: what is hidden is seen

_LOOKS_LIKE = str.maketrans(
    "аеорсухіјѕԁΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαАВЕКМНОРСТХ’‘‛ʼ´`“”„«»‐‑‒–—−",
    "aeopcyxijsdABEZHIKMNOPTYXoaABEKMHOPCTX''''''\"\"\"\"\"------",
)
_SPELT = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS"}
_UMLAUT_OF = {"a": "ä", "o": "ö", "u": "ü", "A": "Ä", "O": "Ö", "U": "Ü"}
_DIAERESIS = "\N{COMBINING DIAERESIS}"
_UNITS = re.compile(
    r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31});|[-‐\N{SOFT HYPHEN}][ \t]*\n[ \t]*(?=[a-zß-öø-ÿ])|.", re.DOTALL
)
_SPACED_OUT = re.compile(r"(?<!\w)[^\W\d_](?:([ .*·\-])[^\W\d_])(?:\1[^\W\d_]){2,}(?!\w)")


@dataclass(frozen=True, slots=True)
class Folded:
    """A sentence in plain letters; `origin` tells where each of them came from."""

    plain: str
    lower: str  # of the same length
    origin: tuple[int, ...]

    def at(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of it, as a stretch of what it was made of."""
        return self.origin[start], self.origin[end - 1] + 1


def fold(text: str) -> Folded:
    """The text in plain letters: what looks alike is alike, and what is not seen is gone."""
    spaced = {i for run in _SPACED_OUT.finditer(text) for i in range(run.start() + 1, run.end(), 2)}
    letters: list[tuple[str, int]] = []
    for unit in _UNITS.finditer(text):
        start, raw = unit.start(), unit[0]
        if start in spaced or (len(raw) > 1 and raw[0] != "&"):
            continue
        raw = html.unescape(raw)
        if raw == _DIAERESIS and letters and letters[-1][0] in _UMLAUT_OF:
            letters.append(("e", start))
            continue
        for c in unicodedata.normalize("NFKC", raw):
            letters += ((plain, start) for plain in _plain(c, after_space=not letters or letters[-1][0] == " "))
    while letters and letters[-1][0] == " ":
        letters.pop()
    plain = "".join(letter for letter, _ in letters)
    lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in plain)
    return Folded(plain, lower, tuple(i for _, i in letters))


def _plain(c: str, *, after_space: bool) -> str:
    """A character as plain letters; nothing for what is not seen, and for the marks of Markdown."""
    if c.isspace():
        return "" if after_space else " "
    if c in "*`~#>\\" or unicodedata.category(c) in {"Cf", "Mn", "Cc", "Co"}:
        return ""
    if c in _SPELT:
        return _SPELT[c]
    c = c.translate(_LOOKS_LIKE)
    return "".join(d for d in unicodedata.normalize("NFD", c) if unicodedata.category(d) != "Mn")


# ------------------------------------------------------------------ sentences

_BREAK = re.compile(r"\n[ \t>]*\n|\n(?=[ \t>]*(?:[-*+#]|\d+[.)])[ \t])|\||[.!?…]+[\"'”“’)*_]*(?=\s)")
_NEXT = re.compile(r"\s+(\S.{0,3})", re.DOTALL)
_LONGEST = 30  # characters before a full stop, in which an abbreviation is looked for


def sentences(text: str, lists: Lists) -> Iterator[tuple[int, str]]:
    """Where each sentence begins, and the sentence."""
    start = 0
    for stop in _BREAK.finditer(text):
        if stop[0][0] == "." and _goes_on(text, start, stop, lists):
            continue
        yield start, text[start : stop.end()]
        start = stop.end()
    yield start, text[start:]


def _goes_on(text: str, start: int, stop: re.Match[str], lists: Lists) -> bool:
    """True when a full stop belongs to an abbreviation or a number, and what follows goes on with the sentence."""
    after = _NEXT.match(text, stop.end())
    if not after:
        return False
    c = after[1][0]
    if not (c.islower() or c.isdigit() or c in "(&{" or lists.goes_on.match(fold(after[1]).plain)):
        return False
    return bool(lists.abbreviated.search(fold(text[max(start, stop.start() - _LONGEST) : stop.start()]).plain))
