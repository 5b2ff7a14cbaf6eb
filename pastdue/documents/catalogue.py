"""The tool's own words, language by language: those that are shipped, and those in the operator's letters/LANGUAGE/words.toml.

A language is a folder: whoever adds one touches nothing of the program. What the operator writes there is an input of the
run like their letters, held against the English words: the same keys, the same `{places}`.
"""

import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import takewhile
from typing import Any

from pastdue import toml
from pastdue.documents.site import plain
from pastdue.findings import Finding, error, near, shown, warning

FALLBACK = "en"
FOLDER, FILE, RULES = "letters", "words.toml", "rules.toml"

_SUBTAG = re.compile("[A-Za-z0-9]{1,8}")


def chain(language: str) -> tuple[str, ...]:
    """The tag and what it falls back to, most exact first: "de_at" is de-AT, then de."""
    parts = list(takewhile(_SUBTAG.fullmatch, language.replace("_", "-").split("-")))
    tags = [parts[0].lower(), *(part.upper() if len(part) == 2 else part for part in parts[1:])] if parts else []
    return tuple("-".join(tags[:length]) for length in range(len(tags), 0, -1))


def _flat(table: Mapping[str, Any]) -> dict[str, Any]:
    """`[basis] contract = ...` as "basis.contract"."""
    flat: dict[str, Any] = {}
    tables = [("", table)]
    for prefix, inner in tables:  # to which it adds: a dotted name may be longer than a function can call itself
        for key, value in inner.items():
            if isinstance(value, dict):
                tables.append((f"{prefix}{key}.", value))
            else:
                flat[f"{prefix}{key}"] = value
    return flat


# The shipped catalogues are a part of the program that happens to be written in TOML, so that a language is one file: they
# are loaded with the module, as its code is, and are no input of a run.
CATALOGUES: Mapping[str, Mapping[str, str]] = {
    entry.name.removesuffix(".toml"): _flat(tomllib.loads(entry.read_text(encoding="utf-8")))
    for entry in (files("pastdue.documents") / "languages").iterdir()
    if entry.name.endswith(".toml")
}

# ------------------------------------------------------------------ a language, and all of them


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """A language as the tool speaks it to a reader: its words by key, tables dotted ("basis.contract")."""

    tag: str  # the reader's: "de-AT"
    catalogue: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        return self.catalogue[key]

    def get(self, key: str, otherwise: str = "") -> str:
        """The words of a key that not every language has, such as one of a step of the operator's own."""
        return self.catalogue.get(key, otherwise)

    def table(self, name: str) -> dict[str, str]:
        """The words of a table, by their keys within it."""
        return {k.removeprefix(f"{name}."): text for k, text in self.catalogue.items() if k.startswith(f"{name}.")}

    def plural(self, key: str, count: int) -> str:
        """The form of `key` for a count, by the language's own rule: "1 day late", "2 days late"."""
        form = _plural_form(self["language"], abs(count))
        return self.get(f"{key}-{form}", self[f"{key}-other"]).format(count=abs(count))


@lru_cache(maxsize=4096)
def _plural_form(language: str, count: int) -> str:
    from babel import Locale

    form: str = Locale.parse(language, sep="-").plural_form(count)
    return form


class Words:
    """Every language that the tool can speak in a run."""

    def __init__(self, letters: Mapping[str, str]) -> None:
        """`letters` is the operator's folder by file name: of it, what is called "it/words.toml"."""
        self.findings: list[Finding] = []  # what is wrong with them
        self._own: dict[str, Mapping[str, str]] = {}
        self._languages: dict[str, Language] = {}
        for name, text in sorted(letters.items()):
            if name.endswith(".toml"):
                self._add(name, text)
        for tag in self._own:
            self.findings += self._missing(tag)

    def _add(self, name: str, text: str) -> None:
        folder, _, file = name.rpartition("/")
        tag = next(iter(chain(folder)), "")
        if wrong := _misplaced(name):
            self.findings.append(wrong)
        elif file == FILE and tag in self._own:
            self.findings.append(error(f"{FOLDER}/{name}", f"there is another folder of {tag}", "Keep one of them."))
        elif file == FILE:
            reading = _Reading(f"{FOLDER}/{name}", tag, text)
            self._own[tag] = reading.words
            self.findings += reading.findings

    def speaks(self, language: str) -> bool:
        """True when there are words of the language, shipped or the operator's."""
        return any(tag in CATALOGUES or tag in self._own for tag in chain(language))

    def of(self, language: str) -> Language:
        """The words of a language: the operator's, else those shipped; English where it has none, or lacks a key."""
        if language not in self._languages:
            told = dict(CATALOGUES[FALLBACK])
            for tag in (FALLBACK, *reversed(chain(language))):
                told |= {**CATALOGUES.get(tag, {}), **self._own.get(tag, {})}
            self._languages[language] = Language(language, told)
        return self._languages[language]

    def _missing(self, tag: str) -> Iterator[Finding]:
        """The words that a language of the operator's does without: whole tables by their name, others one by one."""
        if chain(tag)[-1] in CATALOGUES or not self._own[tag]:  # nothing is missing, or nothing could be read
            return
        there = {key for each in chain(tag) for key in self._own.get(each, ())}
        forms = _forms(tag)
        english = [key for key in CATALOGUES[FALLBACK] if not _is_form(key) or key.rpartition("-")[2] in forms]
        lacking = [key for key in english if key not in there]
        tables = {key.partition(".")[0] for key in english if "." in key}
        whole = {name for name in tables if not any(key.startswith(f"{name}.") for key in there)}
        named = dict.fromkeys(f"[{t}]" if (t := key.partition(".")[0]) in whole else key for key in lacking)
        if lacking:
            few = "1 word is" if len(lacking) == 1 else f"{len(lacking)} words are"
            hint = "pastdue/documents/languages/en.toml has all of them, and what each is for."
            yield warning(f"{FOLDER}/{tag}/{FILE}", f"{few} missing, and said in English: {', '.join(named)}", hint)


def _misplaced(name: str) -> Finding | None:
    """A TOML file in letters/ that nothing reads: a slip in its name would go unseen."""
    folder, _, file = name.rpartition("/")
    if not re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*", folder):
        hint = "The words of a language stand in a folder of its own: letters/it/words.toml, letters/pt-BR/words.toml."
        return error(f"{FOLDER}/{name}", "is in no folder of a language", hint)
    if file not in {FILE, RULES}:
        hint = near(file, (FILE, RULES)) or f"A folder of a language has letters, {FILE} and {RULES}."
        return error(f"{FOLDER}/{name}", "is not a file that a language has", hint)
    return None


# ------------------------------------------------------------------ the operator's words.toml

# Tables to which an operator may add: rules of interest, and steps, that have names of their own.
_OPEN = ("basis.", "fee-basis.", "follows.", "portal.step-")
_FORMS = ("zero", "one", "two", "few", "many", "other")
_COUNT = "count"


def _is_form(key: str) -> bool:
    """True for a word that is one plural form of several: "late-one", beside "late-other"."""
    stem, _, form = key.rpartition("-")
    if key in CATALOGUES[FALLBACK] and form not in {
        "one",
        "other",
    }:  # "invoices-many" says that there are too many to name
        return False
    return form in _FORMS and f"{stem}-other" in CATALOGUES[FALLBACK] and f"{stem}-one" in CATALOGUES[FALLBACK]


@lru_cache(maxsize=64)
def _forms(tag: str) -> frozenset[str]:
    """The plural forms that a language has, by CLDR; those of English for one that Babel does not know."""
    from babel import Locale, UnknownLocaleError

    try:
        return frozenset({"other", *Locale.parse(chain(tag)[-1], sep="-").plural_form.tags})
    except (UnknownLocaleError, ValueError):
        return frozenset({"one", "other"})


class _Reading:
    """One words.toml: the words of it that can be used, and what is wrong with the others."""

    def __init__(self, file: str, tag: str, text: str) -> None:
        self.file, self.tag, self.text = file, tag, text
        self.words: dict[str, str] = {}
        self.findings: list[Finding] = []
        told = toml.read(text, file, 'Each line is a key and a text in quotes: due = "scaduta il".')
        if isinstance(told, Finding):
            self.findings.append(told)
        else:
            self._read(_flat(told))

    def _read(self, told: Mapping[str, Any]) -> None:
        for key, value in told.items():
            if wrong := self._wrong(key, value):
                self.findings.append(wrong)
            else:
                self.words[key] = "\n".join(plain(line) for line in value.split("\n"))
        if chain(self.tag)[-1] in CATALOGUES:
            return
        self.words["language"] = self._plurals_of()

    def _plurals_of(self) -> str:
        """The language whose plurals hold: its own; English where Babel, which has dates and amounts too, does not know it."""
        from babel import Locale, UnknownLocaleError

        own = chain(self.tag)[-1]
        try:
            Locale.parse(own)
        except (UnknownLocaleError, ValueError):
            message = f"dates, amounts and plurals are those of the business's language: {own} is not known to Babel"
            self.findings.append(warning(self.file, message))
            return FALLBACK
        return own

    def _wrong(self, key: str, value: object) -> Finding | None:
        """What is wrong with one word; None when it can be used."""
        row = toml.row(self.text, tuple(key.split(".")))
        english = CATALOGUES[FALLBACK]
        stem, _, form = key.rpartition("-")
        is_form = form in _FORMS and _is_form(f"{stem}-other") and (key not in english or _is_form(key))
        if is_form and form not in _forms(self.tag) | {"one", "other"}:
            has = ", ".join(each for each in _FORMS if each in _forms(self.tag))
            return error(self.file, f"{key} is never asked for", f"The plural forms of {self.tag}: {has}.", row=row)
        if key not in english and not is_form and not key.startswith(_OPEN):
            return error(self.file, f"there is no word {key}", near(key, english), row=row)
        if not isinstance(value, str):
            return error(self.file, f"{key} is not a text", 'Put it in quotes: "...".', row=row)
        if key == "language":
            if chain(value)[:1] != (self.tag,):
                return error(self.file, f"language is {shown(value)}, and the folder is {self.tag}", row=row)
            return None
        if not value.strip() and english.get(key, "").strip():
            return error(self.file, f"{key} is blank", "Leave the line out: then the word is the shipped one.", row=row)
        return self._wrong_places(key, value, is_form=is_form, row=row)

    def _wrong_places(self, key: str, value: str, *, is_form: bool, row: int) -> Finding | None:
        """`{places}` that the word is given nothing for, or in which something of it would go unsaid."""
        asked = _places(CATALOGUES[FALLBACK].get(f"{key.rpartition('-')[0]}-other" if is_form else key, "")) or set()
        may = asked or ({"{rate}"} if key.startswith(("basis.", "fee-basis.")) else set())
        must = set() if key == "greeting-firm" or key not in CATALOGUES[FALLBACK] else asked
        if is_form and key.rpartition("-")[2] != "other":
            may, must = may | {f"{{{_COUNT}}}"}, asked - {f"{{{_COUNT}}}"}
        has = _places(value)
        if has is None:
            hint = "A place is a name in braces, such as {date}; a brace of the text itself is written twice: {{."
            return error(self.file, f"{key}: its braces cannot be read", hint, row=row)
        if unknown := sorted(has - may):
            hint = near(unknown[0], may) or (f"It has {', '.join(sorted(may))}." if may else "It has none.")
            return error(self.file, f"{key} has no place {unknown[0]}", hint, row=row)
        if unsaid := sorted(must - has):
            hint = f"In English: {shown(CATALOGUES[FALLBACK].get(key, ''))}"
            return error(self.file, f"{key} does not say {', '.join(unsaid)}", hint, row=row)
        return None


def _places(text: str) -> set[str] | None:
    """The places of a word, in their braces; None where they cannot be read. `[late]` is one that is filled in later."""
    try:
        parts = [each[1:] for each in string.Formatter().parse(text) if each[1] is not None]
    except ValueError:
        return None
    if any(not re.fullmatch(r"\w+", name or "") or spec or conversion for name, spec, conversion in parts):
        return None
    return {f"{{{name}}}" for name, _, _ in parts} | set(re.findall(r"\[late\]", text))


SHIPPED = Words({})
ENGLISH = SHIPPED.of(FALLBACK)
