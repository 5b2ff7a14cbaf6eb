"""The operator's letters as templates: front matter, Jinja in a sandbox, values kept apart from words, and mistakes found by reading.

A letter decides with Jinja and says with Markdown. What it prints of the books never becomes Markdown, Jinja or HTML:
each printed value leaves a slot in the text, and the value waits beside it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from jinja2 import (
    FunctionLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    Undefined,
    UndefinedError,
    nodes,
    pass_context,
)
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pastdue.documents.catalogue import FOLDER, chain
from pastdue.documents.site import line_running, plain
from pastdue.documents.words import NAMES
from pastdue.findings import Finding, error, near

LAYOUT, STYLES = "email.html", "email.css"

# ------------------------------------------------------------------ files


@dataclass(frozen=True, slots=True)
class Source:
    """One file of letters/: its front matter as lines, its body at the rows it has in the file."""

    name: str
    letter: str  # "reminder"; a partial begins with "_"
    language: str
    body: str
    front: Mapping[str, tuple[str, int]] = field(default_factory=dict)  # key: text and row
    mistakes: tuple[Finding, ...] = ()

    @property
    def file(self) -> str:
        """The path that findings name."""
        return f"{FOLDER}/{self.name}"


_LETTER, _TAG = r"(?P<letter>_?[a-z][a-z0-9-]*)", r"(?P<tag>[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*)"
_FORMS = (re.compile(rf"{_LETTER}\.{_TAG}\.md"), re.compile(rf"{_TAG}/{_LETTER}\.md"))
_KEYS = ("subject", "preview", "language")


def source(name: str, text: str) -> Source | None:
    """The file as a letter; None when its name is not one of a letter: NAME.LANGUAGE.md, or LANGUAGE/NAME.md."""
    named = next(filter(None, (form.fullmatch(name) for form in _FORMS)), None)
    if not named:
        return None
    letter, language = named["letter"], chain(named["tag"])[0]
    lines = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if letter.startswith("_"):
        return Source(name, letter, language, own_lines("\n".join(lines)))
    end = next((i for i, line in enumerate(lines) if i and line.strip() == "---"), 0)
    if lines[0].strip() != "---" or not end:
        hint = "Begin the file with a line ---, a line subject: ..., and a line --- again."
        return Source(name, letter, language, "", {}, (error(f"{FOLDER}/{name}", "no front matter", hint, row=1),))
    front, mistakes = _front(f"{FOLDER}/{name}", language, lines[1:end])
    body = "\n" * (end + 1) + own_lines("\n".join(lines[end + 1 :]))
    return Source(name, letter, language, body, front, tuple(mistakes))


_TAGS = re.compile(r"^[ \t]*((?:\{%(?:(?!%\}).)*%\}|\{#(?:(?!#\}).)*#\})[ \t]*)+\n", re.MULTILINE | re.DOTALL)


def own_lines(text: str) -> str:
    """Lines that hold nothing but tags leave no line behind; any other line keeps its end.

    Jinja's own `trim_blocks` would glue a sentence that ends with {% endif %} to the next. Here the line break moves into
    the tag, where it says nothing and still counts.
    """
    return _TAGS.sub(lambda tags: re.sub(r"([-+]?[%#]\})[ \t]*\n$", r"\n\1", tags[0].lstrip(" \t")), text)


def _front(file: str, language: str, lines: list[str]) -> tuple[dict[str, tuple[str, int]], list[Finding]]:
    front: dict[str, tuple[str, int]] = {}
    mistakes = []
    for row, line in enumerate(lines, start=2):
        key, colon, value = line.partition(":")
        key = key.strip()
        if not line.strip():
            continue
        if not colon or key not in _KEYS:
            hint = near(key, _KEYS) or f"It knows {', '.join(_KEYS)}."
            mistakes.append(error(file, f"{key or line.strip()} is not a line of the front matter", hint, row=row))
        elif key in front:
            mistakes.append(error(file, f"{key} stands there twice", row=row))
        else:
            front[key] = (value.strip(), row)
    if not front.get("subject", ("", 0))[0]:
        mistakes.append(error(file, "no subject", "Give it one between the lines ---: subject: ...", row=1))
    said, row = front.get("language", (language, 0))
    if chain(said)[:1] != (language,):
        mistakes.append(error(file, f"language is {said}, and the file's name says {language}", row=row))
    return front, mistakes


# ------------------------------------------------------------------ Jinja


class LetterMistake(Exception):  # noqa: N818 -- it is the letter's, not the program's
    """Something that a letter may not do, found while it is written."""


class Verbatim(str):
    """Text of the letter itself, already written: printed as it stands."""

    __slots__ = ()


class Templates(ImmutableSandboxedEnvironment):
    """The letters, partials and layout as Jinja templates, with nothing in reach but the values they are given."""

    def __init__(self, sources: Mapping[str, Source], layout: str) -> None:
        super().__init__(
            loader=FunctionLoader(self.load),
            undefined=StrictUndefined,
            finalize=self._printed,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        self.sources = sources
        self._places = {(each.letter, each.language): name for name, each in sources.items()}
        self.layout = own_lines(layout)
        self.values: list[str] = []
        self._trees: dict[str, nodes.Template] = {}
        self.mark = _unused([layout, *(each.body for each in sources.values())])
        self.slot = re.compile(self.mark + r"(\d+)z")
        self.globals.clear()
        for filter_name in _NOT_FOR_LETTERS:
            self.filters.pop(filter_name, None)
        # All values are escaped where they are printed, so these say nothing more; operators know them from elsewhere.
        self.filters |= {"e": str, "escape": str, "safe": str, "lines": lines}

    def load(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        """Text and file of a template: a letter, a partial, the layout, or a line of front matter (`reminder.en.md#subject`)."""
        if name == LAYOUT:
            return self.layout, f"{FOLDER}/{LAYOUT}", _always
        file, _, key = name.partition("#")
        each = self.sources.get(file)
        if each is None or (key and key not in each.front):
            return None
        if key:
            text, row = each.front[key]
            return "\n" * (row - 1) + text, each.file, _always
        return each.body, each.file, _always

    def tree(self, name: str) -> nodes.Template:
        """The template as Jinja reads it. Raises TemplateSyntaxError, for filters and tests that do not exist too."""
        if name not in self._trees:
            text, file, _ = self.load(name) or ("", "", _always)
            self.get_template(name)
            self._trees[name] = self.parse(text, name, file)
        return self._trees[name]

    def join_path(self, template: str, parent: str) -> str:
        """`_items.md`, included by reminder.de.md or de/reminder.md, is _items.de.md or de/_items.md, whichever there is."""
        writer = self.sources.get(parent.partition("#")[0])
        stem, dot, ending = template.rpartition(".")
        if writer is None or template in self.sources or ending != "md":
            return template
        tags = chain(writer.language)
        wanted = f"{tags[0]}/{template}" if "/" in writer.name else f"{stem}{dot}{tags[0]}.md"
        return next((self._places[stem, tag] for tag in tags if (stem, tag) in self._places), wanted)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A part of a value: looked up where the values are, before the sandbox takes its time over whether it may be."""
        if type(obj) is SimpleNamespace and attribute in vars(obj):
            return vars(obj)[attribute]
        return super().getattr(obj, attribute)

    @pass_context  # with it, Jinja does not print what is constant beforehand
    def _printed(self, _context: Context, value: object) -> str:
        """What stands in the text for a printed value: a slot."""
        if isinstance(value, Verbatim):
            return value
        if isinstance(value, Undefined):
            return str(value)  # says which name it is
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise LetterMistake(f"prints {_what(value)}, which is no text")
        self.values.append(clean(str(value)))
        return f"{self.mark}{len(self.values) - 1}z"

    def write(self, name: str, context: Mapping[str, Any]) -> str:
        """The template with a slot for each value it prints; the values are added to `values`."""
        return self.get_template(name).render(context)

    def line(self, name: str, context: Mapping[str, Any]) -> str:
        """A line of the front matter with its values in it."""
        text = _BREAKS.sub(" ", self.write(name, context)).strip()
        return " ".join(self.slot.sub(lambda slot: self.values[int(slot[1])], text).split("\n"))

    def numbers(self, text: str) -> list[int]:
        """The slots in a text, in order."""
        return [int(slot) for slot in self.slot.findall(text)]


# Filters that make HTML, or say something else each time.
_NOT_FOR_LETTERS = ("forceescape", "urlize", "xmlattr", "tojson", "striptags", "random", "pprint")


def _always() -> bool:
    return True


def _unused(texts: Iterable[str]) -> str:
    """The beginning of a slot: letters and no digits, so that Markdown takes it for a word, and found in no letter."""
    mark, everything = "qzx", "\n".join(texts).lower()
    while mark in everything:
        mark += "q"
    return mark


def _what(value: object) -> str:
    if isinstance(value, bool):
        return "yes or no"
    return "a list" if isinstance(value, list | tuple) else "something with parts"


def lines(values: Iterable[object]) -> str:
    """The values that are not blank, on a line each: `{{ [item.due, item.late]|lines }}`."""
    return "\n".join(text for text in map(str, values) if text)


_SPACES = re.compile(" {2,}")
# Where a line may break: not at the spaces that French keeps before its colons.
_BREAKS = re.compile(r"[^\S\u00a0\u202f]+")

# Code points that are no characters: halves of a pair, and those that Unicode keeps from ever being one.
_NO_CHARACTERS = (
    *range(0xD800, 0xE000),
    *range(0xFDD0, 0xFDF0),
    *(p + n for p in range(0, 0x110000, 0x10000) for n in (0xFFFE, 0xFFFF)),
)
_BROKEN = dict.fromkeys(_NO_CHARACTERS, "\N{REPLACEMENT CHARACTER}")


def clean(text: str) -> str:
    """A value as a document says it: no control characters or turned direction, no blank lines, no spaces to spare."""
    if text.isprintable():
        return _SPACES.sub(" ", text).strip(" ")
    kept = (_SPACES.sub(" ", plain(line)).strip(" ") for line in text.translate(_BROKEN).splitlines())
    return "\n".join(line for line in kept if line)


# ------------------------------------------------------------------ mistakes, found by reading


def _schema(names: Iterable[str]) -> dict[str, Any]:
    """NAMES as a tree: {"items": {"[]": {"open": {}}}}."""
    tree: dict[str, Any] = {}
    for name in names:
        branch = tree
        for part in name.replace("[]", ".[]").split("."):
            branch = branch.setdefault(part, {})
    return tree


_LETTER_NAMES = _schema(NAMES)
_LAYOUT_NAMES = _schema([*NAMES, "subject", "preview", "body", "footer", "logo"])

_STATEMENTS = (
    nodes.Output,
    nodes.If,
    nodes.For,
    nodes.Assign,
    nodes.With,
    nodes.Include,
)
_HAS_ONE = frozenset({"sort", "list", "selectattr", "rejectattr", "select", "reject", "reverse", "unique"})
_TAKES_ONE = frozenset({"first", "last", "min", "max"})


def read(templates: Templates, name: str) -> list[Finding]:
    """The mistakes in a template and in all that it includes: bad syntax, unknown names, statements that letters do not have."""
    start = _LAYOUT_NAMES if name == LAYOUT else _LETTER_NAMES
    try:
        return list(dict.fromkeys(_Reader(templates).template(name, dict(start), ())))
    except RecursionError:
        return [error(f"{FOLDER}/{name}", "nested too deeply")]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Walks through a template knowing at each place which names there are."""

    templates: Templates

    def template(self, name: str, scope: dict[str, Any], within: tuple[str, ...]) -> Iterator[Finding]:
        loaded = self.templates.load(name)
        if loaded is None:
            return
        file = loaded[1]
        try:
            tree = self.templates.tree(name)
        except TemplateSyntaxError as problem:
            yield syntax(problem, file, [*self.templates.filters, *self.templates.tests])
            return
        for node in tree.body:
            yield from self.node(node, scope, file, (*within, name))

    def node(self, node: nodes.Node, scope: dict[str, Any], file: str, within: tuple[str, ...]) -> Iterator[Finding]:
        if (isinstance(node, nodes.Stmt) and not isinstance(node, _STATEMENTS)) or _is_recursive(node):
            what = re.sub(r"(?<!^)(?=[A-Z])", " ", type(node).__name__).lower()
            hint = "A letter has if, for, set, with and include."
            yield error(file, f"a letter may not use a {what} statement", hint, row=node.lineno)
        elif isinstance(node, nodes.Include):
            yield from self.include(node, scope, file, within)
        elif isinstance(node, nodes.For):
            yield from self.node(node.iter, scope, file, within)
            inner = dict(scope) | _bound(node.target, self.element(node.iter, scope)) | {"loop": None}
            for part in ([node.test] if node.test else []) + node.body:
                yield from self.node(part, inner, file, within)
            for part in node.else_:
                yield from self.node(part, scope, file, within)
        elif isinstance(node, nodes.Assign):
            yield from self.node(node.node, scope, file, within)
            scope |= _bound(node.target, self.kind(node.node, scope))
        elif isinstance(node, nodes.With):
            inner = dict(scope)
            for target, value in zip(node.targets, node.values, strict=True):
                yield from self.node(value, scope, file, within)
                inner |= _bound(target, self.kind(value, scope))
            for part in node.body:
                yield from self.node(part, inner, file, within)
        elif isinstance(node, nodes.Name):
            if node.name not in scope:
                yield _unknown(node.name, node.name, scope, file, node.lineno)
        else:
            yield from self.attribute(node, scope, file)
            for child in node.iter_child_nodes():
                yield from self.node(child, scope, file, within)

    def attribute(self, node: nodes.Node, scope: dict[str, Any], file: str) -> Iterator[Finding]:
        """`item.opne`, when what `item` stands for is known."""
        if not isinstance(node, nodes.Getattr):
            return
        parts = self.kind(node.node, scope)
        if parts and "[]" not in parts and node.attr not in parts:
            yield _unknown(f"{_spelt(node.node)}.{node.attr}", node.attr, parts, file, node.lineno)

    def include(
        self, node: nodes.Include, scope: dict[str, Any], file: str, within: tuple[str, ...]
    ) -> Iterator[Finding]:
        if not isinstance(node.template, nodes.Const) or not isinstance(node.template.value, str):
            yield error(file, "include without a file's name", 'Name it: {% include "_items.md" %}', row=node.lineno)
            return
        name = self.templates.join_path(node.template.value, within[-1])
        if name in within:
            yield error(file, f"includes {name}, which includes it", row=node.lineno)
        elif self.templates.load(name) is None:
            close = near(name, self.templates.sources)
            yield error(file, f"includes {FOLDER}/{name}, which is not there", close, row=node.lineno)
        else:
            yield from self.template(name, dict(scope), within)

    def kind(self, node: nodes.Node | None, scope: Mapping[str, Any]) -> dict[str, Any] | None:
        """The names that what the expression stands for has; None when that cannot be told, {} when it has none."""
        if isinstance(node, nodes.Name):
            return scope.get(node.name)
        if isinstance(node, nodes.Getattr):
            return (self.kind(node.node, scope) or {}).get(node.attr)
        if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
            return self.kind(node.node, scope)
        if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
            key = "[]" if isinstance(node.arg.value, int) else node.arg.value
            return (self.kind(node.node, scope) or {}).get(key)
        if isinstance(node, nodes.Filter) and node.name in _HAS_ONE:
            return self.kind(node.node, scope)
        if isinstance(node, nodes.Filter) and node.name in _TAKES_ONE:
            return self.element(node.node, scope)
        return None

    def element(self, node: nodes.Node | None, scope: Mapping[str, Any]) -> dict[str, Any] | None:
        return (self.kind(node, scope) or {}).get("[]")


def _is_recursive(node: nodes.Node) -> bool:
    return isinstance(node, nodes.For) and node.recursive


def _bound(target: nodes.Node, kind: dict[str, Any] | None) -> dict[str, Any]:
    """The names that an assignment makes, with what is known of them."""
    if isinstance(target, nodes.Name):
        return {target.name: kind}
    return {each.name: None for each in target.find_all(nodes.Name)}


def _spelt(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    return f"{_spelt(node.node)}.{node.attr}" if isinstance(node, nodes.Getattr) else "..."


def _unknown(said: str, name: str, known: Iterable[str], file: str, row: int) -> Finding:
    hint = near(name, known) or "docs/letters.md lists the names that a letter may print."
    return error(file, f"{said} is not known", hint, row=row)


def syntax(problem: TemplateSyntaxError, file: str, known: Iterable[str] = ()) -> Finding:
    """A template that does not parse."""
    unknown = re.search(r"No (?:filter|test) named '(\w+)'", problem.message or "")
    hint = near(unknown[1], known) if unknown else ""
    return error(problem.filename or file, f"not a template: {problem.message}", hint, row=problem.lineno)


def running(problem: Exception, file: str) -> Finding:
    """A template that parses and cannot be written, at the line that was running."""
    file, row = line_running(problem, FOLDER) or (file, 0)
    said = str(problem) or type(problem).__name__
    if isinstance(problem, TemplateNotFound):
        return error(file, f"includes {FOLDER}/{problem.name}, which is not there", row=row)
    if isinstance(problem, SecurityError):
        return error(file, f"not allowed in a letter: {said}", "A letter prints values and decides by them.", row=row)
    hint = "Check the spelling of the name." if isinstance(problem, UndefinedError) else ""
    return error(file, f"cannot be written: {said}", hint, row=row)
