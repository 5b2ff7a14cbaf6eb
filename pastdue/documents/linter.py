"""The letter linter: words that no letter may say, and what must be true of a notice before it goes.

The rules stand in linter_rules/rules.toml, the words of each language beside it. Words are read sentence by sentence, folded
so that accents, capitals, invisible characters and line breaks hide nothing; what is said not to happen is no threat.
"""

import html
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from pastdue.config import FILE, Business, Config, End
from pastdue.documents import patterns, templates
from pastdue.documents.catalogue import FOLDER, chain
from pastdue.documents.patterns import RULES, SHIPPED, Lists, Pattern, Patterns, Spoken, Tables
from pastdue.findings import Finding, Severity, error, shown, warning
from pastdue.model import Charge, Notice

# ------------------------------------------------------------------ what is found


@dataclass(frozen=True, slots=True)
class Remark:
    """One breach of a rule: which, how bad, the words as they stand, and why they may not."""

    code: str  # "L03"
    severity: Severity
    found: str
    reason: str
    basis: str  # the law or house rule
    letter: str = ""  # "reminder"; a partial begins with "_"
    language: str = ""
    file: str = ""  # "letters/reminder.en.md"; "" where nobody said of what file the words are
    row: int = 0  # the line in the letter's file; 0 where there is none
    unused: bool = False  # in a letter that nobody gets: said, and stops nothing

    def __str__(self) -> str:
        return f"{self.code} {shown(self.found, 80)}: {self.reason}"


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
class _Folded:
    """A sentence in plain letters; `origin` tells where each of them came from."""

    plain: str
    lower: str  # of the same length
    origin: tuple[int, ...]

    def at(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of it, as a stretch of what it was made of."""
        return self.origin[start], self.origin[end - 1] + 1


def _fold(text: str) -> _Folded:
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
    return _Folded(plain, lower, tuple(i for _, i in letters))


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


def _sentences(text: str, lists: Lists) -> Iterator[tuple[int, str]]:
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
    if not (c.islower() or c.isdigit() or c in "(&{" or lists.goes_on.match(_fold(after[1]).plain)):
        return False
    return bool(lists.abbreviated.search(_fold(text[max(start, stop.start() - _LONGEST) : stop.start()]).plain))


# ------------------------------------------------------------------ matching

_DIGITS = str.maketrans("123456789", "000000000")
_NUMBERS, _NAMES, _BLANKS = (
    re.compile(r"\d+(?:[.,'\u00a0\u202f]\d+)*"),
    re.compile(r"\bx{3,}\b"),
    re.compile(r"(?<![-‐\u00ad])\s+"),
)
_GAPS, _WRAPPED, _RULES, _PARAGRAPHS = (
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
    folded = _fold(sentence)
    if not folded.plain.strip():
        return ()
    found: list[_Hit] = []
    for own in tables.own:
        found += (hit for pattern in own.patterns for hit in _found(pattern, folded, own))
    for own in tables.everywhere:
        found += (hit for pattern in own.everywhere for hit in _found(pattern, folded, own))
    return tuple(sorted(found, key=lambda hit: (hit.start, -hit.end)))


def _found(pattern: Pattern, folded: _Folded, language: Spoken) -> Iterator[_Hit]:
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


def _remarks(
    text: str, tables: Tables, planned: Collection[str], where: Collection[str], starts: Sequence[int] = ()
) -> Iterator[Remark]:
    """The breaches in a text; `starts` are the places at which its rows begin."""
    seen: set[tuple[str, str, int]] = set()
    text = _ADDRESSES.sub(lambda address: "x" * len(address[0]), text)
    for offset, sentence in _sentences(text, tables.lists):
        last: dict[str, int] = {}
        for hit in _hits_in(sentence, tables):
            pattern = hit.pattern
            if pattern.where not in where or not pattern.planned.isdisjoint(planned):
                continue
            if pattern.anywhere and pattern.unless and pattern.unless.search(_fold(text).lower):
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
def _said(text: str, tables: Tables, planned: Collection[str], where: tuple[str, ...]) -> Iterator[Remark]:
    """The breaches in the words of a notice."""
    carried, alike = frozenset(planned), _alike(_ADDRESSES.sub("xxx", text))
    if not all(_is_clean(paragraph, tables, carried, where) for paragraph in _PARAGRAPHS.split(alike)):
        yield from _remarks(text, tables, planned, where)


def _alike(text: str) -> str:
    """The text with the same for every number, name, rule and gap, and without the line breaks that only wrap it."""
    text = _WRAPPED.sub(" ", _GAPS.sub(" ", text))
    return _RULES.sub("---", _NAMES.sub("xxx", _NUMBERS.sub("00", text)))


@lru_cache(maxsize=8192)
def _is_clean(text: str, tables: Tables, planned: frozenset[str], where: tuple[str, ...]) -> bool:
    return not any(_remarks(text, tables, planned, where))


_TEXT, _SUBJECT = ("text",), ("text", "subject")


def words_of(text: str, language: str, planned: Collection[str] = ()) -> tuple[Remark, ...]:
    """What a finished text may not say.

    `planned` are the consequences that the schedule or an obligation really carries, such as "agency" and "small-claims":
    a plain sentence about them is true. "lawyer" and "credit-report" make true what else would be L06 and L07.
    """
    return tuple(replace(each, language=language) for each in _remarks(text, SHIPPED.of(language), planned, _TEXT))


def letter(subject: str, text: str, language: str, planned: Collection[str] = ()) -> tuple[Remark, ...]:
    """What a finished letter may not say, its subject line included."""
    on_top = (replace(each, language=language) for each in _remarks(subject, SHIPPED.of(language), planned, _SUBJECT))
    return tuple(dict.fromkeys((*on_top, *words_of(text, language, planned))))


# ------------------------------------------------------------------ the operator's sources

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
    planned = frozenset(_planned(config, spoken.lists))
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
        for remark in _remarks(plain, tables, planned, where, place):
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
            where = _SUBJECT if line[1] == "subject" else _TEXT
            begin = front.start(1) + line.start(2)
            yield from ((where, pieces) for pieces in _branches(line[2], begin))
    body = text[body_at:]
    if name.endswith(".html"):
        body = _HTML.sub(lambda tag: re.sub(r"[^\n]", " ", tag[0]), body)
    yield from ((_TEXT, pieces) for pieces in _branches(body, body_at))
    for tag in _TAG.finditer(text):
        if not tag[0].startswith("{#") and "include" not in tag[0]:
            for literal in _LITERAL.finditer(tag[0]):
                yield _TEXT, [(tag.start() + literal.start() + 1, literal[1] or literal[2] or "")]


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


# ------------------------------------------------------------------ a notice about to go

_BUSINESS_ONLY = frozenset({"uk-lpcda", "ie-si580", "eu-2011-7", "de-288-b2b", "at-456", "fr-l441-10", "nl-119a"})
_CONSUMER_SUMS = frozenset({"nl-119"})  # rules that give a fixed sum against consumers: the Dutch collection costs
_OUTSIDE = frozenset({"agency", "small-claims"})
_COMPARED = ("interest", "fee", "prepayment", "stop-service")
_LEAST_DAYS = 7  # for a consumer to pay in
_AMOUNT = re.compile(r"(?:[€£$]|\b[A-Z]{3})\s?\d|\d[\d.,' \u00a0\u202f]*\s?(?:[€£$]|(?:EUR|GBP|USD|CHF)\b)")


def notice(
    notice: Notice,
    subject: str,
    text: str,
    config: Config,
    disputed: Collection[str] = (),
    time_barred: Collection[str] = (),
    spoken: Patterns = SHIPPED,
) -> tuple[Remark, ...]:
    """What stands against sending the notice: its words, and what it claims, of whom, by when and in whose name.

    `disputed` and `time_barred` are invoice ids. What the books say, such as names, is not read as the letter's words.
    """
    language = notice.customer.language or config.business.language
    tables = spoken.of(language)
    planned = _planned(config, spoken.lists) | {each.consequence for each in notice.announces}
    values = _values(notice, config)
    said, on_top = _masked(text, values), _masked(subject, values)
    found = [
        *_said(on_top, tables, planned, _SUBJECT),
        *_said(said, tables, planned, (*_TEXT, *_looked_for(notice, config, planned))),
        *_charges(notice),
        *_deadline(notice, said, tables.lists),
        *_subject(notice, subject, config, tables.lists),
        *_asked(notice, said, tables, disputed, time_barred),
        *_sender(config, tables.lists),
    ]
    return tuple(dict.fromkeys(replace(each, letter=notice.letter, language=language) for each in found))


def _remark(code: str, found: str, reason: str = "", severity: Severity | None = None) -> Remark:
    rule = RULES[code]
    return Remark(code, severity or rule.severity, found, reason or rule.reason, rule.basis)


def _planned(config: Config, lists: Lists) -> set[str]:
    """The consequences that are really carried out: those that a step announces, and where the road ends."""
    planned = {
        each.consequence for schedule in config.schedule.values() for step in schedule.step for each in step.announces
    }
    end = config.end
    named = {name for name, there in (("agency", end.agency), ("small-claims", end.court)) if there}
    lawyer = {"lawyer"} if any(lists.lawyers.search(_fold(name).lower) for name in (end.agency, end.court)) else set()
    return {*planned, *named, *lawyer}


def _values(notice: Notice, config: Config) -> list[str]:
    """What the letter prints of the books and the config: names, places, descriptions; the longest first."""
    customer = notice.customer
    values = {customer.account_id, customer.name, customer.contact, customer.city, *customer.address, notice.reference}
    for line in notice.items:
        values |= {line.item.invoice_id, line.item.description, line.item.reference}
    values |= _own_values(config.business, config.end)
    plain = {" ".join(value.split()) for value in values}
    return sorted((value for value in plain if len(value) > 2), key=lambda value: (-len(value), value))


@lru_cache(maxsize=8)
def _own_values(business: Business, end: End) -> frozenset[str]:
    values = {business.name, business.contact, business.city, *business.address, business.registration, business.bank}
    return frozenset({*values, business.account_holder, business.website, business.bic, end.agency, end.court})


def _masked(text: str, values: Iterable[str]) -> str:
    """The text with a row of x in the place of each value, also of one that is broken over two lines."""
    flat = text
    for gap in "\n\t\u00a0\u202f":
        flat = flat.replace(gap, " ")
    spans = []
    for value in values:
        at = flat.find(value)
        while at >= 0:
            end = at + len(value)
            if not (flat[at - 1 : at].isalnum() or flat[end : end + 1].isalnum()):
                spans.append((at, end))
            at = flat.find(value, end)
    parts, done = [], 0
    for at, end in sorted(spans):
        parts += [text[done:at], "x" * (end - max(at, done))]
        done = max(done, end)
    return "".join((*parts, text[done:]))


def _looked_for(notice: Notice, config: Config, planned: Collection[str]) -> Iterator[str]:
    """What the words may not name of this notice: charges of businesses, and consequences that nobody announced or owes."""
    if notice.customer.kind == "consumer" and notice.regime not in _CONSUMER_SUMS:
        yield "consumer"
    real = {*planned, *({"interest", "fee"} if config.interest.regime else ())}
    real |= {"interest" for line in notice.items if line.charge and line.charge.accruals}
    real |= {"fee" for line in notice.items if line.charge and line.charge.fee}
    if notice.letter.startswith("prepayment"):
        real.add("prepayment")
    yield from (each for each in _COMPARED if each not in real)


def _charges(notice: Notice) -> Iterator[Remark]:
    """L11 and L19: what is claimed beside the principal."""
    for line in notice.items:
        charge = line.charge
        if charge is None or not charge.owed:
            continue
        name = f"{charge.invoice_id}: {'interest' if charge.interest else 'a fixed sum'}"
        if not charge.regime:
            yield _remark("L11", name, "It is claimed by no rule: neither a law nor a contract is named for it.")
        elif not charge.told:
            yield _remark("L11", name, "It is claimed, and no notice has announced it before.")
        if notice.customer.kind == "consumer":
            yield from _of_consumer(charge)


def _of_consumer(charge: Charge) -> Iterator[Remark]:
    if charge.regime in _BUSINESS_ONLY:
        reason = f"The rule {charge.regime} is for debts between businesses, and this customer is a consumer."
        yield _remark("L19", charge.invoice_id, reason)
    elif charge.fees and charge.regime not in _CONSUMER_SUMS:
        yield _remark("L19", charge.invoice_id, "A fixed sum for late payment is not owed by a consumer.")


def _deadline(notice: Notice, text: str, lists: Lists) -> Iterator[Remark]:
    """L12: days to pay that are over, too few, or fewer in the words than in the schedule; a step before its deadline."""
    if notice.pay_by is None:
        return
    days = (notice.pay_by - notice.on).days
    stated = notice.pay_by.isoformat()
    if days < 0:
        yield _remark("L12", stated, f"The day to pay by is before the day of the notice, {notice.on.isoformat()}.")
    elif days < _LEAST_DAYS and notice.customer.kind == "consumer" and notice.answer is None:
        yield _remark("L12", stated, f"It leaves a consumer {days} days to pay; {_LEAST_DAYS} are the least.")
    for given, words in _days_to_pay(text, lists):
        if given < days:
            yield _remark("L12", words, f"The words give fewer days than the notice does: it says {stated}.")
    for each in notice.announces:
        if each.consequence in _OUTSIDE and each.on <= notice.pay_by:
            yield _remark("L12", str(each), f"It is announced for a day before the one to pay by is over, {stated}.")


def _days_to_pay(text: str, lists: Lists) -> Iterator[tuple[int, str]]:
    """The days that a text gives for paying, and its words for them."""
    if not any(_gives_days(paragraph, lists) for paragraph in _PARAGRAPHS.split(_alike(text))):
        return
    for _, sentence in _sentences(text, lists):
        folded = _fold(sentence)
        if lists.paying.search(folded.lower):
            for few in lists.days.finditer(folded.lower):
                start, end = folded.at(few.start(), few.end())
                if few.lastindex:
                    yield int(few[few.lastindex]), sentence[start:end]


@lru_cache(maxsize=8192)
def _gives_days(paragraph: str, lists: Lists) -> bool:
    """True for a paragraph, alike in all notices, that gives days to pay in: only then is the notice read sentence by sentence."""
    return bool(lists.days.search(_fold(paragraph).lower))


def _subject(notice: Notice, subject: str, config: Config, lists: Lists) -> Iterator[Remark]:
    """L13: an amount in the subject of an email that others read too, where it is the letter's own."""
    if config.mail.subject != "letter":
        return
    name = notice.customer.email.partition("@")[0].lower()
    amount = _AMOUNT.search(subject)
    if notice.channel != "letter" and amount and not lists.shared.isdisjoint({name, re.split(r"[.\-_+]", name)[0]}):
        severity = Severity.ERROR if notice.customer.kind == "consumer" else Severity.WARNING
        reason = (
            f"The subject names an amount, and {notice.customer.email} looks like an address that several people read."
        )
        yield _remark("L13", amount[0], reason, severity)


def _asked(
    notice: Notice, text: str, tables: Tables, disputed: Collection[str], time_barred: Collection[str]
) -> Iterator[Remark]:
    """L15 and L16: invoices that may not be sued for, or not be asked for now."""
    asked = dict.fromkeys(line.item.invoice_id for line in notice.asked)
    for invoice_id in asked:
        if invoice_id in disputed:
            yield _remark("L16", invoice_id)
    if not any(invoice_id in time_barred for invoice_id in asked):
        return
    for each in notice.announces:
        if each.consequence == "small-claims":
            yield _remark("L15", str(each))
    for remark in _remarks(text, tables, ("agency",), _TEXT):
        if remark.code == "L03":
            yield _remark("L15", remark.found)


def _sender(config: Config, lists: Lists) -> Iterator[Remark]:
    """L06: mail that comes from a name that is not the business's."""
    business, name = config.business, config.sender()[0]
    if not _is_own_name(name, business.name, business.contact, lists):
        yield _remark("L06", name, f"Mail comes from another name than the business's own, {business.name}.")


@lru_cache(maxsize=64)
def _is_own_name(name: str, business: str, contact: str, lists: Lists) -> bool:
    """True when a sender's name shares a word with the business or its contact, and adds no department or lawyer to it."""
    if not name or name in {business, contact}:
        return True
    own = _fold(business).lower
    added = any(word[0] not in own for word in lists.not_ours.finditer(_fold(name).lower))
    said, known = _name_words(name), _name_words(business) | _name_words(contact)
    return not added and not (said & known) <= lists.any_name


def _name_words(name: str) -> set[str]:
    return set(re.findall(r"\w+", _fold(name).lower))


# ------------------------------------------------------------------ for `check`


def findings(remarks: Iterable[Remark], config: Config, account_id: str = "", about: str = "") -> list[Finding]:
    """The remarks as findings, without the warnings that the operator lets stand; with `account_id`, of that account alone.

    `about` says whose notices they are of. An overrule of what cannot be overruled is a finding too.
    """
    found = []
    for remark in remarks:
        if _overrule(remark, config):
            continue
        say = error if remark.severity is Severity.ERROR and not remark.unused else warning
        file = remark.file or f"{FOLDER}/{remark.letter}.{remark.language}.md"
        rule = RULES[remark.code]
        hint = f"{rule.title}: {remark.basis}."
        if remark.severity is Severity.WARNING:
            hint += (
                f' To let it stand: [[overrule]] code = "{remark.code}", letter = "{remark.letter}", reason = "...".'
            )
        elif remark.unused:
            hint += " No schedule and no answer uses this letter; once one does, this stops the run."
        whose = f"{about or account_id}: " if about or account_id else ""
        found.append(say(file, f"{whose}{remark}", hint, row=remark.row, account_id=account_id))
    return list(dict.fromkeys([*found, *_misplaced(config)]))


def overruled(remarks: Iterable[Remark], config: Config) -> list[str]:
    """The warnings that the operator lets stand, each with the reason on record."""
    return [f"{each} Let stand in {each.letter}: {why}" for each in remarks if (why := _overrule(each, config))]


def _overrule(remark: Remark, config: Config) -> str:
    """The recorded reason for which a warning stands; "" where there is none, and for an error always."""
    if remark.severity is Severity.ERROR:
        return ""
    same = (each for each in config.overrule if (each.code, each.letter) == (remark.code, remark.letter))
    return next((each.reason for each in same), "")


# Rules that are errors, and of which a weaker breach is a warning.
_SOMETIMES = frozenset({"L03", "L13"})


def _misplaced(config: Config) -> Iterator[Finding]:
    for each in config.overrule:
        rule = RULES.get(each.code)
        if rule is None:
            yield error(FILE, f"overrule: there is no rule {each.code}", "docs/linter.md lists the rules.")
        elif rule.severity is Severity.ERROR and each.code not in _SOMETIMES:
            yield error(FILE, f"overrule: {each.code} ({rule.title}) is an error, and errors cannot be overruled")
