"""The words that break a rule, language by language: those shipped beside rules.toml, and the operator's letters/LANGUAGE/rules.toml."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pastdue import toml
from pastdue.config import CONSEQUENCES
from pastdue.documents.catalogue import FOLDER, chain
from pastdue.documents.catalogue import RULES as FILE
from pastdue.findings import Finding, Severity, error, near, shown


@dataclass(frozen=True, slots=True)
class Rule:
    """What one code stands for."""

    code: str
    title: str
    severity: Severity
    reason: str
    basis: str
    of_notice: bool  # read off the notice, not off its words


# As with the tool's own words: parts of the program that happen to be written in TOML.
_FILES = {
    entry.name.removesuffix(".toml"): entry
    for entry in (files("pastdue.documents") / "linter_rules").iterdir()
    if entry.name.endswith(".toml")
}


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(_FILES[name].read_text(encoding="utf-8"))


RULES: Mapping[str, Rule] = {
    code: Rule(code, r["title"], Severity(r["severity"]), r["reason"], r["basis"], r.get("of") == "notice")
    for code, r in _table("rules").items()
}

LANGUAGES = tuple(sorted(_FILES.keys() - {"rules"}))

# ------------------------------------------------------------------ the words of a language


@dataclass(frozen=True, slots=True)
class Pattern:
    """Words that show a breach; `unless` finds sentences in which they do not."""

    code: str
    find: re.Pattern[str]
    unless: re.Pattern[str] | None
    planned: frozenset[str]  # consequences of which any one, if really planned, makes it true
    reason: str
    severity: Severity
    cased: bool  # capitals count
    negatable: bool  # no breach when it is said not to happen
    anywhere: bool  # `unless` looks at the whole text
    where: str  # "text", "subject", "consumer", or a consequence: looked for only there


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """The patterns of a language, and how it says no."""

    patterns: tuple[Pattern, ...]
    everywhere: tuple[Pattern, ...]  # those that hold in letters of any language
    lists: Mapping[str, tuple[str, ...]]  # its words for `Lists`, by their key
    no: re.Pattern[str]
    no_after: re.Pattern[str]
    no_far: re.Pattern[str]
    false_no: re.Pattern[str]
    clause: re.Pattern[str]


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """How all languages together name what the rules about a notice look for: mail of any language reaches `info@`."""

    shared: frozenset[str]  # mailboxes that several people read: "info"
    any_name: frozenset[str]  # words of a business's name that tell it from no other: "ltd"
    days: re.Pattern[str]  # days to pay in; the last group that took part is their number
    paying: re.Pattern[str]
    lawyers: re.Pattern[str]
    not_ours: re.Pattern[str]  # what a sender calls itself who is somebody else: "Legal Department"
    abbreviated: re.Pattern[str]  # at the end: a full stop behind it may end no sentence
    goes_on: re.Pattern[str]  # at the beginning: what has a capital and goes on with a sentence, such as a month


_UMLAUTS = {"ä": "(?:ae|a)", "ö": "(?:oe|o)", "ü": "(?:ue|u)", "ß": "(?:ss|s)"}
_MACRO = re.compile(r"(?<!\(\?P)<(\w+)>")
_LONGEST = 100_000  # characters of a pattern that is not whole yet
_DEEPEST = 8  # lists of words within lists of words; those that name each other would grow without end


def _regex(text: str, macros: Mapping[str, str], *, cased: bool = False) -> re.Pattern[str]:
    """A pattern of the TOML: `<name>` stands for a list of words, a space for one space, umlauts for any way to write them."""
    for _ in range(_DEEPEST):
        if len(text) > _LONGEST:
            break
        text = _MACRO.sub(lambda name: f"(?:{macros[name[1]]})", text)
    if _MACRO.search(text):
        raise re.error("its lists of words name each other")
    if not cased:
        text = "".join(_UMLAUTS.get(c, c) for c in text)
    return re.compile(re.sub(r"\s*\n\s*", "", text))


def _macros(table: Mapping[str, Any]) -> dict[str, str]:
    return {name: "|".join(each) if isinstance(each, list) else each for name, each in table.get("words", {}).items()}


def _patterns(each: Mapping[str, Any], macros: Mapping[str, str]) -> Iterator[Pattern]:
    """The patterns of one [[pattern]], which has a list of them."""
    cased, negatable = each.get("cased", False), each.get("negatable", True)
    unless = _regex(each["unless"], macros) if "unless" in each else None
    planned, reason = frozenset(each.get("planned", ())), each.get("reason", "")
    anywhere, where = each.get("anywhere", False), each.get("where", "text")
    severity = Severity(each["severity"]) if "severity" in each else RULES[each["code"]].severity
    for find in each["find"]:
        regex = _regex(find, macros, cased=cased)
        yield Pattern(each["code"], regex, unless, planned, reason, severity, cased, negatable, anywhere, where)


_NOWHERE = "(?!)"  # how a language says no that was told nothing of it: never
_NO = ("words", "after", "far", "false", "clause")
_NUMBER = "N"  # in `days`; all other letters are small
_LISTS_OF = {
    "sentence": ("abbreviated", "goes-on"),
    "notice": ("shared", "any-name", "days", "paying", "lawyers", "not-ours"),
}


def _spoken(table: Mapping[str, Any], parts: Iterable[Mapping[str, Any]]) -> Spoken:
    macros = _macros(table)
    patterns: list[Pattern] = []
    everywhere: list[Pattern] = []
    for each in parts:
        (everywhere if each.get("everywhere") else patterns).extend(_patterns(each, macros))
    said = {key: table.get("no", {}).get(key, _NOWHERE) for key in _NO}
    no = [_regex("|".join(text) if isinstance(text, list) else text, macros) for text in said.values()]
    return Spoken(tuple(patterns), tuple(everywhere), _lists_of(table), *no)


def _lists_of(table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The texts of [sentence] and [notice]."""
    told = {key: table.get(name, {}).get(key, ()) for name, keys in _LISTS_OF.items() for key in keys}
    return {key: (each,) if isinstance(each, str) else tuple(each) for key, each in told.items()}


def _lists(languages: Iterable[Spoken]) -> Lists:
    """The lists of all the languages, each as one."""
    told: dict[str, list[str]] = {key: [] for keys in _LISTS_OF.values() for key in keys}
    for spoken in languages:
        for key, each in spoken.lists.items():
            told[key] += each

    def one(key: str, form: str = "{}", *, cased: bool = False) -> re.Pattern[str]:
        return _regex(form.format("|".join(dict.fromkeys(told[key])) or _NOWHERE), {}, cased=cased)

    return Lists(
        shared=frozenset(told["shared"]),
        any_name=frozenset(told["any-name"]),
        days=re.compile(one("days", r"\b(?:{})\b").pattern.replace(_NUMBER, r"(\d{1,3})")),
        paying=one("paying", r"\b(?:{})"),
        lawyers=one("lawyers"),
        not_ours=one("not-ours", r"\b(?:{})\b"),
        abbreviated=one("abbreviated", r"(?:\b(?:{}|[A-Za-z])|\d)$", cased=True),
        goes_on=one("goes-on", cased=True),
    )


# Read with the first letter: commands that read none do not wait for them.
@lru_cache(maxsize=len(_FILES))
def shipped(tag: str) -> Spoken:
    """The patterns of a language that the tool ships."""
    table = _table(tag)
    return _spoken(table, table["pattern"])


# ------------------------------------------------------------------ the operator's rules.toml

_TABLES = {"no": _NO, **_LISTS_OF}
_KEYS = frozenset({each.name for each in fields(Pattern)} | {"everywhere"})
_TEXTS, _SWITCHES, _LISTS = ("code", "unless", "reason", "severity", "where"), ("cased", "negatable", "anywhere", "everywhere"), ("find", "planned")  # fmt: skip
_PLACES = ("text", "subject", "consumer", *CONSEQUENCES)


class _Own:
    """One rules.toml: the patterns of it that can be used, and what is wrong with the others."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.spoken: Spoken | None = None
        hint = "A pattern is a regular expression between single quotes: find = ['\\barresto\\b']."
        table = toml.read(text, file, hint)
        if isinstance(table, Finding):
            self.findings.append(table)
        else:
            self._read(table)

    def _read(self, table: Mapping[str, Any]) -> None:
        known = ("words", *_TABLES, "pattern")
        for key in table.keys() - set(known):
            self._say(f"there is no [{key}]", near(key, known) or f"It knows {', '.join(known)}.")
        if not all(self._are_texts(table, name) for name in ("words", *_TABLES)):
            return
        for name, keys in _TABLES.items():
            for key in table.get(name, {}).keys() - set(keys):
                self._say(f"{name}.{key} is not known", near(key, keys) or f"It knows {', '.join(keys)}.")
        parts = table.get("pattern", [])
        if not isinstance(parts, list) or not all(isinstance(each, dict) for each in parts):
            self._say("pattern is not a list", "Begin each pattern with a line [[pattern]].")
            return
        macros = _macros(table)
        sound = [each for number, each in enumerate(parts, start=1) if self._is_sound(number, each, macros)]
        if not self._are_lists_sound(table):
            return
        try:
            self.spoken = _spoken(table, sound)
        except (re.error, KeyError) as problem:
            self._say(f"no: {_why(problem)}")

    def _are_texts(self, table: Mapping[str, Any], name: str) -> bool:
        """True when a table holds texts and lists of texts alone."""
        values = table.get(name, {})
        listed = values.values() if isinstance(values, dict) else [None]
        sound = all(isinstance(text, str) for each in listed for text in (each if isinstance(each, list) else [each]))
        if not sound:
            self._say(f"[{name}] holds something else than texts and lists of texts")
        return sound

    def _are_lists_sound(self, table: Mapping[str, Any]) -> bool:
        """True when every text of [sentence] and [notice] can be looked for."""
        before = len(self.findings)
        for key, text in ((key, text) for key, each in _lists_of(table).items() for text in each):
            try:
                groups = _regex(text, {}).groups
            except (re.error, KeyError) as problem:
                hint = "It is a regular expression, in small letters without accents."
                self._say(f"{key}: {_why(problem)}", hint)
                continue
            if groups:
                self._say(f"{key}: {shown(text)} holds a group", "Write (?:...) in place of (...).")
            if key == "days" and _NUMBER not in text:
                self._say(f"{key}: {shown(text)} has no number", 'N stands for it: "entro N giorni".')
        return len(self.findings) == before

    def _is_sound(self, number: int, each: Mapping[str, Any], macros: Mapping[str, str]) -> bool:
        """True when a pattern can be used; else a finding says why not."""
        where = f"pattern {number}"
        before = len(self.findings)
        for key, value in each.items():
            if key not in _KEYS:
                self._say(f"{where}: {key} is not known", near(key, _KEYS) or f"It knows {', '.join(sorted(_KEYS))}.")
            elif not _is_kind(key, value):
                self._say(f"{where}: {key} is not {_kind(key)}")
        code, at = each.get("code"), each.get("where", "text")
        if len(self.findings) > before:
            return False
        if code not in RULES:
            self._say(f"{where}: there is no rule {shown(code or '')}", "docs/linter.md lists the rules.")
        elif not each.get("find"):
            self._say(f"{where}: finds nothing", "Give it words to look for: find = ['...'].")
        elif at not in _PLACES:
            self._say(f"{where}: where is {shown(at)}", near(at, _PLACES) or f"It is one of {', '.join(_PLACES)}.")
        elif each.get("severity", "error") not in {*Severity}:
            self._say(f"{where}: severity is {shown(each['severity'])}", 'It is "error" or "warning".')
        else:
            try:
                list(_patterns(each, macros))
            except (re.error, KeyError) as problem:
                self._say(f"{where}: {_why(problem)}", "It is a regular expression, in small letters without accents.")
        return len(self.findings) == before

    def _say(self, message: str, hint: str = "") -> None:
        self.findings.append(error(self.file, message, hint))


def _why(problem: re.error | KeyError) -> str:
    if isinstance(problem, KeyError):
        return f"there is no list of words <{problem.args[0]}>"
    return f"cannot be read: {problem}"


def _kind(key: str) -> str:
    return "a text" if key in _TEXTS else "true or false" if key in _SWITCHES else "a list of texts"


def _is_kind(key: str, value: object) -> bool:
    if key in _SWITCHES:
        return isinstance(value, bool)
    if key in _LISTS:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, str)


# ------------------------------------------------------------------ all of them


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """What a text in a language is read with."""

    own: tuple[Spoken, ...]  # the language's; of all languages where there is none
    everywhere: tuple[Spoken, ...]
    lists: Lists


class Patterns:
    """Every language that the linter reads in a run."""

    def __init__(self, rules: Mapping[str, str]) -> None:
        """`rules` is the operator's rules.toml of each language, by its file name in letters/."""
        self.findings: list[Finding] = []
        self._own: dict[str, Spoken] = {}
        self._tables: dict[str, Tables] = {}
        self._lists: Lists | None = None  # compiled with the first letter
        for name, text in sorted(rules.items()):
            own = _Own(f"{FOLDER}/{name}", text)
            self.findings += own.findings
            if own.spoken:
                self._own[chain(name.partition("/")[0])[0]] = own.spoken

    def of(self, language: str) -> Tables:
        """The tables for a letter's language: the operator's beside those shipped; all of the shipped where there is neither."""
        if language not in self._tables:
            tags = chain(language)
            found = [self._own[tag] for tag in tags if tag in self._own]
            found += [shipped(tag) for tag in tags if tag in LANGUAGES]
            everything = [shipped(tag) for tag in LANGUAGES]
            self._tables[language] = Tables(tuple(found or everything), (*everything, *self._own.values()), self.lists)
        return self._tables[language]

    @property
    def lists(self) -> Lists:
        """The words of all its languages for what the rules about a notice look for."""
        if self._lists is None:
            self._lists = _lists((*map(shipped, LANGUAGES), *self._own.values()))
        return self._lists


SHIPPED = Patterns({})


def of_letters(letters: Mapping[str, str]) -> Patterns:
    """The shipped patterns, and those in the operator's letters/ by file name."""
    return _with(tuple(sorted((name, text) for name, text in letters.items() if name.endswith(f"/{FILE}"))))


@lru_cache(maxsize=4)
def _with(rules: tuple[tuple[str, str], ...]) -> Patterns:
    return Patterns(dict(rules)) if rules else SHIPPED
