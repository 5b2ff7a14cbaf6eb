"""A letter's shape, made once: the email's HTML with its styles inlined and the tree of what it says, both with slots for values.

The shape is all of a message but its values: which branches were taken, how many rows the table has. Markdown and
the inlining of styles, which take a hundred times as long as all else, see shapes; a message only fills one.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from pastdue.documents import blocks as tree
from pastdue.documents.blocks import Node
from pastdue.documents.templates import LetterMistake

if TYPE_CHECKING:
    from lxml import etree
    from premailer import Premailer

# Where the written body and footer go in the layout's text.
BODY, FOOTER = "⟪body⟫", "⟪footer⟫"

# A shape has a variant for each set of values that are blank; more than these are made again when they are needed.
_VARIANTS = 64


@dataclass(frozen=True, slots=True)
class Filled:
    """A message, in the forms that leave the house."""

    html: str
    body: list[Node]
    footer: list[Node]


class Shape:
    """One shape of a letter; `slot` finds the slots in its texts, and `styles` is email.css."""

    def __init__(self, body: list[Node], footer: list[Node], layout: str, slot: re.Pattern[str], styles: str) -> None:
        self.body, self.footer, self.layout, self.slot, self.styles = body, footer, layout, slot, styles
        said, links = _watched([*body, *footer])
        self._prunable = [int(number) for text in said for number in slot.findall(text)]
        beginnings = (slot.match(url) for url in [*links, *_links(layout)])
        self._targets = [int(found[1]) for found in beginnings if found]
        self._variants: dict[tuple[int, ...], _Variant] = {}

    def fill(self, values: list[str]) -> Filled:
        """The message with these values in its slots."""
        return self._variant(values).fill(values)

    def say(self, values: list[str]) -> list[Node]:
        """The body alone, with these values in its slots: what a letter says, without the cost of its looks."""
        return self._variant(values).say(values)

    def _variant(self, values: list[str]) -> "_Variant":
        void = (
            *(number for number in self._prunable if not values[number]),
            *(number for number in self._targets if not tree.web_address(values[number])),
        )
        variant = self._variants.get(void)
        if variant is None:
            if len(self._variants) >= _VARIANTS:
                self._variants.clear()
            variant = self._variants[void] = self._without(frozenset(void))
        return variant

    def _without(self, void: frozenset[int]) -> "_Variant":
        """The shape without what stands around blank values and addresses that lead nowhere."""

        def text(said: str) -> list[Node]:
            kept = self.slot.sub(lambda found: "" if int(found[1]) in void else found[0], said)
            return [{"t": "text", "v": kept}] if kept else []

        def url(to: str) -> str:
            first = self.slot.match(to)
            if not first and not tree.web_address(to):
                raise LetterMistake(f"links to {to}, which is no http, https or mailto address")
            return "" if first and int(first[1]) in void else to

        body, footer = tree.changed(self.body, text, url), tree.changed(self.footer, text, url)

        def page() -> str:
            written = {BODY: tree.to_html(body), FOOTER: tree.to_html(footer)}
            whole = re.sub(f"{BODY}|{FOOTER}", lambda found: written[found[0]], self.layout)
            return inlined(whole, self.styles, self.slot, void)

        return _Variant(body, footer, page, self.slot)


def _watched(nodes: list[Node]) -> tuple[list[str], list[str]]:
    """Texts outside tables, which are gone when their values are blank; and all addresses."""
    texts: list[str] = []
    links: list[str] = []

    def walk(nodes: list[Node], in_table: bool) -> None:
        for node in nodes:
            if "v" in node and not in_table:
                texts.append(node["v"])
            if "url" in node:
                links.append(node["url"])
            walk(node.get("c", []), in_table)
            for item in node.get("items", []):
                walk(item, in_table)
            for row in [node.get("head", []), *node.get("rows", [])]:
                for cell in row:
                    walk(cell, in_table=True)

    walk(nodes, in_table=False)
    return texts, links


class _Variant:
    """A shape as it is written when certain values are blank; `page` makes its HTML."""

    def __init__(self, body: list[Node], footer: list[Node], page: Callable[[], str], slot: re.Pattern[str]) -> None:
        self.body, self.footer, self.slot = body, footer, slot
        self._page = page
        self._literals: list[str] = []
        self._slots: list[tuple[int, Callable[[str], str]]] = []

    def fill(self, values: list[str]) -> Filled:
        """The message with these values, each escaped for the place it stands in."""
        return Filled(self._html(values), self.say(values), self._filled(self.footer, values))

    def say(self, values: list[str]) -> list[Node]:
        """The body with these values."""
        return self._filled(self.body, values)

    def _filled(self, nodes: list[Node], values: list[str]) -> list[Node]:
        slot = self.slot

        def text(said: str) -> list[Node]:
            said = slot.sub(lambda found: values[int(found[1])], said)
            return tree.lines(said) if "\n" in said or not said else [{"t": "text", "v": said}]

        def url(to: str) -> str:
            return address(to, values, slot)

        return tree.changed(nodes, text, url)

    def _html(self, values: list[str]) -> str:
        if not self._literals:
            pieces = re.split(f"{self.slot.pattern[:-1]}([taulm]?)z", self._page())
            self._literals = pieces[::3]
            self._slots = [
                (int(number), _ESCAPES[place]) for number, place in zip(pieces[1::3], pieces[2::3], strict=True)
            ]
        made = [self._literals[0]]
        for (number, escaped), literal in zip(self._slots, self._literals[1:], strict=True):
            made.append(escaped(values[number]))
            made.append(literal)
        return "".join(made)


# ------------------------------------------------------------------ places


def address(url: str, values: list[str], slot: re.Pattern[str]) -> str:
    """The address with its slots filled: a value that begins it is an address itself, any other is a part and quoted."""
    part = _mail_part if _is_mail(url) else _part
    return tree.web_address(
        slot.sub(lambda found: part(values[int(found[1])]) if found.start() else values[int(found[1])], url)
    )


def _is_mail(url: str) -> bool:
    return url.lower().startswith("mailto:")


def _part(value: str) -> str:
    return quote(value, safe="", errors="replace")


def _mail_part(value: str) -> str:
    return quote(value, safe="@", errors="replace")


def _in_text(value: str) -> str:
    return escape(value, quote=False).replace("\n", "<br>")


def _in_title(value: str) -> str:
    return escape(value, quote=False).replace("\n", " ")


def _in_attribute(value: str) -> str:
    return _in_title(value).replace('"', "&quot;")


# What the letter at a slot says about the place it stands in.
_ESCAPES: dict[str, Callable[[str], str]] = {
    "": _in_text,
    "t": _in_title,
    "a": _in_attribute,
    "u": lambda value: _in_attribute(tree.web_address(value)),  # the beginning of an address
    "l": _part,  # a later part of one
    "m": _mail_part,
}

_ADDRESSES = frozenset({"href", "src", "action", "background"})


def _links(page: str) -> Iterator[str]:
    """The addresses in a page's attributes."""
    from lxml import html

    for element in html.document_fromstring(page).iter():
        yield from (value for name, value in element.attrib.items() if name in _ADDRESSES)


def inlined(page: str, styles: str, slot: re.Pattern[str], void: frozenset[int]) -> str:
    """The page with its styles inlined and its slots marked by the place they stand in."""
    import logging

    from lxml import etree, html

    root = html.document_fromstring(page)
    for element in root.iter():
        _mark(element, slot, void)
    made = _inliner()(
        root,
        css_text=styles,
        allow_network=False,
        disable_validation=True,
        cssutils_logging_level=logging.CRITICAL,
    ).transform()
    for element in made.iter(*_BLOCKS):
        if not ((element.tail or "").strip(" \t\r\n\f") or _INLINE.search(element.get("style", ""))) and not any(
            map(_keeps_spaces, element.iterancestors())
        ):
            element.tail = "\n"
    doctype = root.getroottree().docinfo.doctype or "<!DOCTYPE html>"
    return str(etree.tostring(made, method="html", encoding="unicode", doctype=doctype))


# A line ends after each of these, where a reader sees none: in an email every line is cut at 76 characters, and what stands in
# one line would be cut elsewhere in each message. So git keeps of two emails what is different in them, and no more.
_BLOCKS = ("br", "div", "h1", "h2", "h3", "li", "ol", "p", "table", "tbody", "td", "th", "thead", "tr", "ul")


def _keeps_spaces(element: "etree._Element") -> bool:
    return element.tag == "pre" or bool(_SPACES.search(element.get("style", "")))


_SPACES = re.compile(r"(?i)white-space\s*:\s*(pre|break-spaces)")
_INLINE = re.compile(r"(?i)display\s*:\s*inline")


@lru_cache(maxsize=1)
def _inliner() -> "type[Premailer]":
    """Premailer, but that it works out once what the styles say: it takes longer than to apply them, and is the same for every shape."""
    from premailer import Premailer

    class Inliner(Premailer):  # type: ignore[misc]
        said: ClassVar[dict[tuple[str, int], tuple[Any, Any]]] = {}

        def _parse_style_rules(self, css_body: str, ruleset_index: int) -> tuple[list[Any], list[Any]]:
            key = css_body, ruleset_index
            if key not in self.said:
                if len(self.said) >= _VARIANTS:
                    self.said.clear()
                rules, rest = super()._parse_style_rules(css_body, ruleset_index)
                self.said[key] = rules, [_Rest(self._css_rules_to_string(rest))] if rest else []
            rules, rest = self.said[key]
            return list(rules), rest

        def _css_rules_to_string(self, rules: list[Any]) -> str:
            if rules and all(isinstance(rule, _Rest) for rule in rules):
                return "\n".join(rule.text for rule in rules)
            return str(super()._css_rules_to_string(rules))

    return Inliner


@dataclass(frozen=True, slots=True)
class _Rest:
    """Styles that cannot be inlined, such as those for small screens, as they go into the head."""

    text: str


def _mark(element: "etree._Element", slot: re.Pattern[str], void: frozenset[int]) -> None:
    """Notes at each slot of an element what place it is; text needs no note."""

    def marked(text: str, first: str, later: str) -> str:
        return slot.sub(lambda found: f"{found[0][:-1]}{later if found.start() else first}z", text)

    if not isinstance(element.tag, str) or element.tag in {"style", "script"}:
        if slot.search(element.text or ""):
            raise LetterMistake("prints a value inside a comment, a style or a script")
        return
    if element.tag == "title" and element.text:
        element.text = marked(element.text, "t", "t")
    for name, value in element.attrib.items():
        if not slot.search(value):
            continue
        if name == "style" or name.startswith("on"):
            raise LetterMistake(f"prints a value inside {name}")
        beginning = slot.match(value)
        if name not in _ADDRESSES:
            element.set(name, marked(value, "a", "a"))
        elif beginning and int(beginning[1]) in void:
            del element.attrib[name]
        elif not beginning and not tree.web_address(value):
            raise LetterMistake(f"links to {value}, which is no http, https or mailto address")
        else:
            element.set(name, marked(value, "u", "m" if _is_mail(value) else "l"))
