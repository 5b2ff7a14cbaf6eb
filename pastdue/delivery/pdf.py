"""Letters as PDF files: sets what `documents.paper` composed in type, with the fonts beside this file and nothing else.

The files are PDF/UA-1 and PDF/A-2a, and a function of the data alone: no clock, no network, no fonts of the machine.
"""

import json
import os
import re
import threading
import unicodedata
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typst import Compiler, Fonts

_HERE = Path(__file__).parent
FONTS = _HERE / "fonts"

# The templates, each a file beside this one that takes its data under its own name.
LETTER, EVIDENCE = "letter", "evidence"

# What stands in a letter for a character that no bundled font has. `unprintable` names them.
MARK = "\N{REPLACEMENT CHARACTER}"

_STANDARDS = ["ua-1", "a-2a"]

# Below this many letters a second thread costs more than it brings.
_WORTH_A_POOL = 8


class CannotSet(Exception):  # noqa: N818 -- the word that the finding uses
    """A letter that cannot be set in type, and why, in words for a finding."""


def render(data: bytes, template: str = LETTER) -> bytes:
    """The letter, or what another template is for, as a PDF file.

    A character that no bundled font has is printed as `MARK`; `unprintable` tells which.
    """
    import typst

    letter = json.loads(data)
    if missing := preflight(_text(letter)):
        letter = _marked(letter, missing)
    try:
        pdf, warnings = _compiler(template).compile_with_warnings(
            format="pdf",
            sys_inputs={template: json.dumps(letter, ensure_ascii=False)},
            pdf_standards=_STANDARDS,  # type: ignore[arg-type]
            timestamp=(date.fromisoformat(letter["on"]) - date(1970, 1, 1)).days * 86_400,
        )
    except typst.TypstError as problem:
        raise CannotSet(_said(problem)) from problem
    if warnings or not isinstance(pdf, bytes):
        raise CannotSet(_said(warnings[0]) if warnings else "it came to nothing")
    return pdf


def render_many(datas: Sequence[bytes], workers: int | None = None) -> Iterator[bytes | CannotSet]:
    """The letters as PDF files, in their order; one that cannot be set is told in its place and stops no other.

    `workers` is a number of threads (the setting runs outside Python's lock); None takes as many as there are cores.
    """
    workers = min(workers or os.cpu_count() or 1, len(datas))
    if workers < 2 or len(datas) < _WORTH_A_POOL:
        yield from map(_attempt, datas)
        return
    with ThreadPoolExecutor(workers, "letters") as pool:
        waiting: deque[Future[bytes | CannotSet]] = deque()
        for data in datas:
            waiting.append(pool.submit(_attempt, data))
            # A few ahead of the reader keep every thread busy; all at once would fill the memory with finished letters.
            if len(waiting) > 4 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _attempt(data: bytes) -> bytes | CannotSet:
    try:
        return render(data)
    except CannotSet as problem:
        return problem


def _said(problem: object) -> str:
    """What typst has against the letter, on one line."""
    return " ".join(str(getattr(problem, "message", problem)).split())


# ------------------------------------------------------------------ the compiler

_own = threading.local()


def _compiler(template: str) -> "Compiler":
    """This thread's compiler: one must not be shared, and what it has learnt makes the next letter quick."""
    compilers: dict[str, Compiler] = _own.__dict__
    if template not in compilers:
        import typst

        compilers[template] = typst.Compiler(_HERE / f"{template}.typ", root=_HERE, font_paths=_fonts())
    return compilers[template]


@cache
def _fonts() -> "Fonts":
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


# ------------------------------------------------------------------ what the fonts hold

# What nearly every letter is made of, and Noto Sans has: no need to open the fonts to know.
_EVERYDAY = re.compile(r"[^ -~\xa0-\u024f\u2013\u2014\u2018-\u201e\u2022\u2026\u202f\u20ac]")

# Characters that show nothing by themselves, so that no font need have them: joiners, variation selectors, tags.
_UNSEEN = frozenset((0x034F, 0x115F, 0x180E, 0x3164, 0xFFA0, *range(0x180B, 0x180E), *range(0xFE00, 0xFE10)))
_UNSEEN |= frozenset(range(0xE0000, 0xE01F0))

# What PDF/A allows in no text. These show nothing either and go without a mark.
_FORBIDDEN = frozenset("\0\ufeff\ufffe")

# Several marks that belong together, such as the members of a family, are one.
_MARKS = re.compile(f"{MARK}[\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]*(?:\u200d{MARK}[\ufe00-\ufe0f]*)*")


def unprintable(data: bytes) -> tuple[str, ...]:
    """What of a letter can only be printed as `MARK`, each once: what a finding about it names."""
    return tuple(each for each in preflight(_text(json.loads(data))) if each not in _FORBIDDEN)


def preflight(text: str) -> tuple[str, ...]:
    """What of the text no bundled font can print, each once: an emoji, a rare script, a letter with a foreign accent."""
    special = set(_EVERYDAY.findall(text)) - {"\n"}
    missing = {character for character in special if ord(character) not in _UNSEEN}
    for font in _fonts_by_use():
        if not missing:
            break
        missing = {character for character in missing if ord(character) not in _characters(font)}
    together = (cluster for cluster in _accented(text, special) if missing.isdisjoint(cluster))
    return tuple(sorted(missing.union(cluster for cluster in together if not _in_one_font(cluster))))


def _text(value: object) -> str:
    """All that a letter says, a line for each piece."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return "\n".join(map(_text, value))
    return value if isinstance(value, str) else ""


def _marked(value: Any, missing: tuple[str, ...]) -> Any:
    """The same letter with marks for what cannot be printed."""
    if isinstance(value, dict):
        return {key: _marked(each, missing) for key, each in value.items()}
    if isinstance(value, list):
        return [_marked(each, missing) for each in value]
    if not isinstance(value, str):
        return value
    for cluster in sorted(missing, key=len, reverse=True):
        value = value.replace(cluster, "" if cluster in _FORBIDDEN else MARK)
    return _MARKS.sub(MARK, value)


def _accented(text: str, special: set[str]) -> set[str]:
    """Letters with the accents that are written as characters of their own; a font must have them together."""
    accents = "".join(character for character in special if unicodedata.category(character).startswith("M"))
    return set(re.findall(f"[^\n{accents}][{accents}]+", text)) if accents else set()


def _in_one_font(cluster: str) -> bool:
    needed = set(map(ord, cluster)) - _UNSEEN
    return any(needed <= _characters(font) for font in _fonts_by_use())


@cache
def _fonts_by_use() -> tuple[Path, ...]:
    """One face of each bundled family, the likeliest first and the largest last."""
    faces = (path for path in FONTS.glob("*.ttf") if not path.stem.endswith(("-Bold", "-Italic")))
    return tuple(sorted(faces, key=lambda path: (path.stem != "NotoSans-Regular", path.stat().st_size, path.name)))


@cache
def _characters(font: Path) -> frozenset[int]:
    """The characters that a font has."""
    from fontTools.ttLib import TTFont

    with TTFont(font, lazy=True) as face:
        return frozenset(face.getBestCmap()) - set(map(ord, _FORBIDDEN))
