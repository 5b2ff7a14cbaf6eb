"""Letters: a notice in words, from the operator's Markdown, as an email's HTML, as plain text and as blocks for paper."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from jinja2 import TemplateSyntaxError

from pastdue.config import Config, Step
from pastdue.documents import blocks, samples, templates, words
from pastdue.documents.catalogue import FALLBACK, FILE, FOLDER, Words, chain
from pastdue.documents.look import PLAIN, Logo, Look, email_styles
from pastdue.documents.plaintext import to_text
from pastdue.documents.shapes import BODY, FOOTER, Shape
from pastdue.documents.templates import LAYOUT, STYLES, LetterMistake, Source, Templates, Verbatim
from pastdue.findings import Finding, error, near, shown, warning
from pastdue.model import Notice

T = TypeVar("T")

# The letters of notices that no schedule names: answers to what a customer said or did, each by the name of its step.
ANSWERS = (
    "promise", "plan", "plan-offer", "invoice-again", "instalment", "prepayment", "prepayment-lifted", "charges",
    "policy", "satisfaction", "again",
)  # fmt: skip

# What both sides sign; it goes along with the letter `plan`.
NOTE = "note"

# Shapes kept at hand. A run over ten thousand accounts needs about a hundred; the least lately used one goes.
_SHAPES = 512


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice in words: one source, three forms. `blocks` are the body's, as `documents.blocks` describes them."""

    language: str  # the tag it is written in: "en", "de-AT"
    subject: str
    html: str
    text: str
    blocks: list[blocks.Node]
    mailed_as: str = ""  # the subject of its email, where that is not its own
    logo: Logo | None = None  # the picture that its HTML shows by its content id


class LetterError(Exception):
    """A letter that cannot be written for a notice; `finding` says where and why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


class Letters:
    """The operator's letters, compiled once per run."""

    def __init__(self, sources: Mapping[str, str], look: Look = PLAIN) -> None:
        """`sources` is the folder by file name: "reminder.en.md", "it/reminder.md", "it/words.toml", "email.html", "email.css"."""
        self.words = Words(sources)
        found = (templates.source(name, text) for name, text in sorted(sources.items()))
        self._sources = {each.name: each for each in found if each}
        self._by_language: dict[str, dict[str, str]] = {}
        self._twice: list[Finding] = []
        for each in self._sources.values():
            other = self._by_language.setdefault(each.letter, {}).setdefault(each.language, each.name)
            if other != each.name:
                message = f"{FOLDER}/{other} is the same letter in the same language"
                self._twice.append(error(each.file, message, "Keep one of the two."))
        self._names = tuple(sources)
        self.look = look
        picture = look.logo.content_id if look.logo else ""
        self._logo = Verbatim(f"cid:{picture}" if picture else "")
        self._styles = email_styles(sources.get(STYLES, ""), look)
        self._has_layout = LAYOUT in sources
        self._templates = Templates(self._sources, sources.get(LAYOUT, ""))
        self._read = lru_cache(maxsize=_SHAPES)(blocks.reader())
        self._dressed = False  # whether `check` has tried email.html and email.css
        self._shapes: dict[tuple[str, str, str], Shape] = {}
        self._checked: dict[object, list[Finding]] = {}

    def languages(self, letter: str) -> list[str]:
        """The languages that the letter is written in."""
        return sorted(self._by_language.get(letter, ()))

    def language_for(self, letter: str, wanted: str, business: str) -> str:
        """The language of the letter for a reader: theirs, else the business's, else English, else any; "" without a letter."""
        there = self._by_language.get(letter, {})
        tags = (*chain(wanted), *chain(business), FALLBACK, *sorted(there))
        return next((tag for tag in tags if tag in there), "")

    def file(self, notice: Notice, config: Config) -> str:
        """The path of the file that the notice is written with, such as letters/it/reminder.md; "" without one."""
        wanted = notice.customer.language or config.business.language
        language = self.language_for(notice.letter, wanted, config.business.language)
        return self._sources[self._by_language[notice.letter][language]].file if language else ""

    def write(self, notice: Notice, config: Config) -> Letter:
        """The notice in words. Raises LetterError when the letter cannot be written for it."""
        wanted = notice.customer.language or config.business.language
        language = self.language_for(notice.letter, wanted, config.business.language)
        if not language:
            raise LetterError(self._missing(notice.letter))
        name = self._by_language[notice.letter][language]
        told = (*chain(wanted), *chain(config.business.language))
        reader = next((tag for tag in told if language in chain(tag)), language)
        said = self.words.of(reader)
        try:
            subject, filled = self._written(name, words.context(notice, config, said), Shape.fill)
        except Exception as problem:  # a letter may ask anything of its values
            raise LetterError(_finding(problem, self._sources[name])) from problem
        text = to_text(filled.body, colon=said["colon"])
        if filled.footer:
            text += f"\n-- \n{to_text(filled.footer, colon=said['colon'])}"
        logo = self.look.logo if self._logo and self._logo in filled.html else None
        return Letter(reader, subject, filled.html, text, filled.body, self._mailed_as(notice, config, wanted), logo)

    def _mailed_as(self, notice: Notice, config: Config, language: str) -> str:
        """The one subject of all emails to the account: in its own language, whichever a letter is written in."""
        if config.mail.subject == "letter":
            return ""
        told = self.words.of(language)
        return told["mail-subject"].format(account=notice.customer.account_id, business=config.business.name)

    def partial(self, name: str, language: str, context: Mapping[str, Any]) -> list[blocks.Node]:
        """A partial alone, such as `_policy`, in one of its languages. Raises LetterError where it cannot be written."""
        jinja, source = self._templates, self._sources[self._by_language[name][language]]
        jinja.values = []
        try:
            shape = Shape(self._read(jinja.write(source.name, context)), [], BODY, jinja.slot, "")
            return shape.say(jinja.values)
        except Exception as problem:  # a letter may ask anything of its values
            raise LetterError(_finding(problem, source)) from problem

    def _written(self, name: str, context: Mapping[str, Any], finish: Callable[[Shape, list[str]], T]) -> tuple[str, T]:
        """Subject of the letter, and its shape finished with the values."""
        jinja, source = self._templates, self._sources[name]
        jinja.values = []
        body = jinja.write(name, context)
        footer_name = jinja.join_path("_footer.md", name)
        footer = jinja.write(footer_name, context) if footer_name in self._sources else ""
        subject = jinja.line(f"{name}#subject", context)
        preview = jinja.line(f"{name}#preview", context) if "preview" in source.front else ""
        around = {
            "body": Verbatim(BODY),
            "footer": Verbatim(FOOTER),
            "subject": subject,
            "preview": preview,
            "logo": self._logo,
        }
        layout = jinja.write(LAYOUT, {**context, **around})
        if BODY not in layout:
            raise LetterMistake(f"{FOLDER}/{LAYOUT} does not print body")
        return subject, finish(self._shape(body, footer, layout), jinja.values)

    def _shape(self, body: str, footer: str, layout: str) -> Shape:
        """The shape of these texts with slots. They are all that it depends on, so letter and language need not be known."""
        key = (body, footer, layout)
        shape = self._shapes.pop(key, None)
        if shape is None:
            shape = Shape(self._read(body), self._read(footer), layout, self._templates.slot, self._styles)
            if len(self._shapes) >= _SHAPES:
                del self._shapes[next(iter(self._shapes))]
        self._shapes[key] = shape
        return shape

    # -------------------------------------------------------------- check

    def check(
        self, wanted: Iterable[tuple[str, Iterable[str]]], config: Config, read: frozenset[str] | None = None
    ) -> list[Finding]:
        """All that is wrong with the letters a run may need: each is read, and written to samples, in each of its languages.

        `wanted` names letters, each with the languages of the customers who may get it; `read` are the languages, without
        their regions, that are looked at: all where it is None. Asked the same again, it answers from memory.
        """
        asked = tuple((letter, tuple(languages)) for letter, languages in wanted)
        key = (asked, config.model_dump_json(), read)
        if key not in self._checked:
            self._checked[key] = self._check(asked, config, read)
        return self._checked[key]

    def _check(
        self, wanted: Iterable[tuple[str, Iterable[str]]], config: Config, read: frozenset[str] | None
    ) -> list[Finding]:
        steps = [step for schedule in config.schedule.values() for step in schedule.step if not step.is_call]
        found = [*self.words.findings, *self._twice, *self._check_layout()]
        readers: dict[str, set[str]] = {}
        for letter, languages in wanted:
            readers.setdefault(letter, set()).update(languages)
        for letter, languages in readers.items():
            if not self.languages(letter):
                found.append(self._missing(letter))
                continue
            found += self._falls_back(letter, languages, config.business.language)
            own = [step for step in steps if step.letter_name == letter]
            for language in self.languages(letter):
                if read is not None and chain(language)[-1] not in read:
                    continue
                if not self.words.speaks(language):
                    file = f"{FOLDER}/{self._by_language[letter][language]}"
                    message = (
                        f"what the tool itself says in a letter, such as what is announced, is English in {language}"
                    )
                    hint = f"Say it yourself, in {FOLDER}/{language}/{FILE}: see docs/letters.md."
                    found.append(warning(file, message, hint))
                found += self._check_letter(self._by_language[letter][language], own, config)
        return list(dict.fromkeys(found))

    def _missing(self, letter: str) -> Finding:
        close = near(f"{letter}.en.md", self._names)
        return error(
            f"{FOLDER}/{letter}.en.md", "there is no such letter", close or "A step in config.toml asks for it."
        )

    def _falls_back(self, letter: str, languages: Iterable[str], business: str) -> Iterator[Finding]:
        for wanted in sorted({chain(each)[-1] for each in languages if chain(each)}):
            got = self.language_for(letter, wanted, business)
            if got.split("-")[0] != wanted:
                message = f"there is no such letter: customers who read {wanted} get {got}"
                yield warning(f"{FOLDER}/{letter}.{wanted}.md", message, "Write it, or set another language for them.")

    def _check_layout(self) -> Iterator[Finding]:
        if not self._has_layout:
            yield error(f"{FOLDER}/{LAYOUT}", "is missing", "It is what emails look like: restore the shipped file.")
            return
        yield from templates.read(self._templates, LAYOUT)
        yield from _check_styles(self._styles)

    def _check_letter(self, name: str, steps: list[Step], config: Config) -> list[Finding]:
        """The mistakes of one file: those found by reading, and where there are none, those found by writing samples."""
        source = self._sources[name]
        found = list(source.mistakes)
        footer = self._templates.join_path("_footer.md", name)
        for part in (name, footer, *(f"{name}#{key}" for key in source.front if key != "language")):
            found += templates.read(self._templates, part)
        if not found:
            partials = (each for each in self._sources.values() if each.letter.startswith("_"))
            for each in (source, *(each for each in partials if each.language == source.language)):
                found += _html_in(each)
            found += self._try_samples(source, config)
            found += self._unsaid(source, steps, config)
        return found

    def _try_samples(self, source: Source, config: Config) -> Iterator[Finding]:
        for notice, each in samples.tries(source.letter, config):
            try:
                # Looks take longest and are the same for all letters: one of them is dressed.
                finish = Shape.say if self._dressed else Shape.fill
                self._written(source.name, words.context(notice, each, self.words.of(source.language)), finish)
                self._dressed = True
            except Exception as problem:  # a letter may ask anything of its values
                yield _finding(problem, source)
                return

    def _unsaid(self, source: Source, steps: list[Step], config: Config) -> Iterator[Finding]:
        """What a step has on record as said, and its letter does not say."""
        for step in steps:
            for channel in step.channels:
                notice = samples.for_step(source.letter, step, channel)
                context = words.context(notice, config, self.words.of(source.language))
                try:
                    _, body = self._written(source.name, context, Shape.say)
                except Exception:  # one sample has said it already
                    return
                said = "".join(blocks.texts(body))
                must = {f"the {each.consequence} it announces": each.on for each in context["announcements"]}
                must["the invoice's number"] = notice.items[0].item.invoice_id
                if channel == "email":  # on paper they stand in a box of their own
                    must |= {"the amount": context["asked"], "the pay-by date": context["pay_by"]}
                for what, words_for_it in must.items():
                    if words_for_it not in said:
                        hint = "What a step announces must be in its letter: see docs/letters.md."
                        yield error(source.file, f"does not say {what}, as step {step.name} does", hint)


class _Listener(logging.Handler):
    """Hears what cssutils, which premailer reads styles with, has to say about them."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


_PLACE = re.compile(r" ?\[(\d+):\d+: .*?\]$")


def _check_styles(styles: str) -> Iterator[Finding]:
    """A stylesheet that does not parse: premailer leaves out what it cannot read without a word."""
    from premailer import Premailer

    log, listener = logging.getLogger("CSSUTILS"), _Listener()
    others, log.handlers = log.handlers, [listener]
    try:
        Premailer(
            "<html><head></head><body></body></html>",
            css_text=styles,
            cache_css_parsing=False,
            disable_validation=True,
            cssutils_logging_level=logging.ERROR,
        ).transform()
    finally:
        log.handlers = others
    placed = ((message, _PLACE.search(message)) for message in listener.heard)
    if first := next(((message, place) for message, place in placed if place), None):
        message, place = first
        hint = "Email programs would get the letter without this."
        yield error(f"{FOLDER}/{STYLES}", message[: place.start()], hint, row=int(place[1]))


_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)

# A tag, and not an address in angle brackets.
_HTML = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(\s[^<>]*)?/?>|<!--")


def _html_in(source: Source) -> Iterator[Finding]:
    """HTML in a letter would be read by the customer as it stands."""
    said = _JINJA.sub(lambda tag: "\n" * tag[0].count("\n"), source.body)
    for row, line in enumerate(said.split("\n"), start=1):
        if tag := _HTML.search(line):
            hint = "Write Markdown. A remark for yourself stands between {# and #}."
            yield error(source.file, f"HTML does not work in a letter: {shown(tag[0])}", hint, row=row)


def _finding(problem: Exception, source: Source) -> Finding:
    """What went wrong while a letter was written."""
    if isinstance(problem, TemplateSyntaxError):
        return templates.syntax(problem, source.file)
    if isinstance(problem, blocks.MarkdownError):
        rows = enumerate(source.body.split("\n"), start=1)
        row = next((number for number, line in rows if re.search(problem.looks_like, line)), 0)
        return error(source.file, str(problem), row=row)
    return templates.running(problem, source.file)
