"""What a letter says, as a tree: read from Markdown, filled with values, written as HTML; `plaintext` writes it as text.

Blocks: {"t": "p", "c": inline}, {"t": "h", "level": 2, "c": inline}, {"t": "ul" or "ol", "items": [blocks, ...]},
{"t": "quote", "c": blocks}, {"t": "hr"}, {"t": "table", "head": [inline, ...], "rows": [[inline, ...], ...],
"align": ["left", ...]}; `head` is empty where the table has no headings.
Inline: {"t": "text", "v": "..."}, {"t": "strong" or "em", "c": inline}, {"t": "code", "v": "..."},
{"t": "link", "url": "...", "c": inline}, {"t": "br"}.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from html import escape
from typing import Any
from urllib.parse import quote

import markdown
from lxml import etree, html

Node = dict[str, Any]

_GAPS = re.compile(r"[ \t\r\n]+")


class MarkdownError(ValueError):
    """Markdown that a letter has no place for; says what it is, and what its line looks like."""

    def __init__(self, what: str, looks_like: str = "$.") -> None:
        super().__init__(f"has {what}, which a letter has no place for")
        self.looks_like = looks_like


def reader() -> Callable[[str], list[Node]]:
    """A function that turns Markdown into blocks; HTML in the Markdown is text like any other."""
    md = markdown.Markdown(extensions=["tables", "sane_lists"], output_format="xhtml")
    md.preprocessors.deregister("html_block")
    md.inlinePatterns.deregister("html")

    def read(text: str) -> list[Node]:
        md.reset()
        made = md.convert(text)
        return _blocks(html.fragment_fromstring(made, create_parent="div")) if made else []

    return read


def _blocks(parent: etree._Element) -> list[Node]:
    """The children of an element as blocks; loose text among them becomes a paragraph."""
    found: list[Node] = []
    loose: list[Node] = []

    def close_paragraph() -> None:
        if trimmed := _trimmed(loose):
            found.append({"t": "p", "c": trimmed})
        loose.clear()

    loose.extend(_text(parent.text))
    for element in parent:
        tag = str(element.tag)
        if tag in _INLINE:
            loose.append(_INLINE[tag](element))
        else:
            close_paragraph()
            found.append(_block(element))
        loose.extend(_text(element.tail))
    close_paragraph()
    return found


def _block(element: etree._Element) -> Node:
    tag = str(element.tag)
    if tag == "p":
        return {"t": "p", "c": _trimmed(_inline(element))}
    if re.fullmatch("h[1-6]", tag):
        return {"t": "h", "level": int(tag[1]), "c": _trimmed(_inline(element))}
    if tag == "ol" and element.get("start", "1") != "1":
        raise MarkdownError("a numbered list that does not begin at 1", r"^\s*\d+\.")
    if tag in {"ul", "ol"}:
        return {"t": tag, "items": [_blocks(item) for item in element]}
    if tag == "blockquote":
        return {"t": "quote", "c": _blocks(element)}
    if tag == "hr":
        return {"t": "hr"}
    if tag == "table":
        return _table(element)
    raise _unknown(tag)


def _unknown(tag: str) -> MarkdownError:
    if tag == "pre":
        return MarkdownError("a line that begins with four spaces", r"^(    |\t)")
    return MarkdownError("a picture", r"!\[") if tag == "img" else MarkdownError(f"a <{tag}>")


def _table(element: etree._Element) -> Node:
    head, *rows = [[_cell(_trimmed(_inline(cell))) for cell in row] for row in element.iter("tr")]
    sides = [re.search("text-align: (left|right|center)", cell.get("style", "")) for cell in next(element.iter("tr"))]
    return {
        "t": "table",
        "head": head if any(head) else [],
        "rows": rows,
        "align": [side[1] if side else "left" for side in sides],
    }


def _cell(nodes: list[Node]) -> list[Node]:
    """A cell's content; what is emphasised in it is its small print, on a line of its own."""
    made: list[Node] = []
    for node in nodes:
        if node["t"] == "em" and made:
            _strip_end(made)
            made.append({"t": "br"})
        made.append(node)
    return made


def _inline(parent: etree._Element) -> list[Node]:
    found = _text(parent.text)
    for element in parent:
        tag = str(element.tag)
        if tag not in _INLINE:
            raise _unknown(tag)
        found.append(_INLINE[tag](element))
        found.extend(_text(element.tail))
    return found


def _link(element: etree._Element) -> Node:
    if element.get("title"):
        raise MarkdownError("a link with a title", r"\]\(\S+\s+\S")
    return {"t": "link", "url": element.get("href", ""), "c": _inline(element)}


_INLINE: dict[str, Callable[[etree._Element], Node]] = {
    "strong": lambda element: {"t": "strong", "c": _inline(element)},
    "em": lambda element: {"t": "em", "c": _inline(element)},
    "code": lambda element: {"t": "code", "v": "".join(element.itertext())},
    "a": _link,
    "br": lambda element: {"t": "br"},  # noqa: ARG005 -- a line break has nothing in it
}


def _text(text: str | None) -> list[Node]:
    """Text as one node; the line breaks of the source are spaces."""
    return [{"t": "text", "v": _GAPS.sub(" ", text)}] if text else []


def _trimmed(nodes: list[Node]) -> list[Node]:
    """Inline content without white space or line breaks at its ends, or beside a line break."""
    kept: list[Node] = []
    for node in nodes:
        after_break = not kept or kept[-1]["t"] == "br"
        if node["t"] == "br":
            if after_break:
                continue
            _strip_end(kept)
        elif node["t"] == "text" and after_break:
            node = {"t": "text", "v": node["v"].lstrip(" ")}  # noqa: PLW2901
            if not node["v"]:
                continue
        kept.append(node)
    while kept and kept[-1]["t"] == "br":
        kept.pop()
    _strip_end(kept)
    return kept


def _strip_end(nodes: list[Node]) -> None:
    if nodes and nodes[-1]["t"] == "text":
        nodes[-1] = {"t": "text", "v": nodes[-1]["v"].rstrip(" ")}
        if not nodes[-1]["v"]:
            nodes.pop()


# ------------------------------------------------------------------ changing a tree


def changed(blocks: list[Node], text: Callable[[str], list[Node]], url: Callable[[str], str]) -> list[Node]:
    """The blocks with every text and every address replaced. What becomes empty by it is gone, but not in a table's cells.

    A link whose address becomes "" leaves its words behind.
    """

    def inline(nodes: list[Node], keep: bool) -> list[Node]:
        made: list[Node] = []
        for node in nodes:
            kind = node["t"]
            if kind == "text":
                made += text(node["v"])
            elif kind == "br":
                made.append(node)
            elif kind == "code":
                said = " ".join(part["v"] for part in text(node["v"]) if "v" in part)
                made += [{"t": "code", "v": said}] if said or keep else []
            else:
                inner = inline(node["c"], keep)
                to = url(node["url"]) if kind == "link" else ""
                if kind == "link" and not to:
                    made += inner
                elif inner or keep:
                    made.append({**node, "c": inner} | ({"url": to} if to else {}))
        return made

    def each(nodes: list[Node]) -> Iterator[Node]:
        for node in nodes:
            kind = node["t"]
            if kind in {"p", "h"}:
                if line := _trimmed(inline(node["c"], keep=False)):
                    yield {**node, "c": line}
            elif kind == "quote":
                if inner := list(each(node["c"])):
                    yield {**node, "c": inner}
            elif kind == "table":
                head = [inline(cell, keep=True) for cell in node["head"]]
                yield {
                    **node,
                    "head": head,
                    "rows": [[inline(cell, keep=True) for cell in row] for row in node["rows"]],
                }
            elif kind == "hr":
                yield node
            elif items := [item for item in (list(each(item)) for item in node["items"]) if item]:
                yield {**node, "items": items}

    return list(each(blocks))


def lines(text: str) -> list[Node]:
    """Text as nodes, its line breaks as breaks."""
    nodes: list[Node] = []
    for line in text.split("\n"):
        nodes += ([{"t": "br"}] if nodes else []) + ([{"t": "text", "v": line}] if line else [])
    return nodes


def texts(blocks: Iterable[Any]) -> Iterator[str]:
    """Every text in the tree, in reading order."""
    for node in blocks:
        if isinstance(node, list):
            yield from texts(node)
        elif "v" in node:
            yield node["v"]
        else:
            yield from texts(node.get("head", ()))
            yield from texts(node.get("c") or node.get("items") or node.get("rows") or ())


# ------------------------------------------------------------------ addresses

# What an address may hold as it is. Brackets and the dollar sign are left out: parsers of HTML differ over them.
_IN_ADDRESS = "!#%&'()*+,-./:;=?@_~"
_KNOWN = re.compile(r"(?:https?://[^/]|mailto:[^?]).*", re.IGNORECASE)


def web_address(url: str) -> str:
    """The address percent-encoded where it must be; "" unless it is http, https or mailto."""
    return quote(url, safe=_IN_ADDRESS, errors="replace") if _KNOWN.fullmatch(url) else ""


# ------------------------------------------------------------------ writing


def is_sum(row: list[list[Node]]) -> bool:
    """A row in which all that stands is strong adds up the others."""
    filled = [cell for cell in row if cell]
    return len(filled) > 1 and all(node["t"] == "strong" for cell in filled for node in cell)


def lone_link(block: Node) -> Node | None:
    """The link that a paragraph holds and nothing else: a button."""
    nodes = block["c"] if block["t"] == "p" else []
    return nodes[0] if len(nodes) == 1 and nodes[0]["t"] == "link" else None


def to_html(blocks: list[Node]) -> str:
    """The blocks as an email's HTML, with class names for email.css. Layout is by tables: some mail programs know no other."""
    return "".join(map(_block_html, blocks))


def _block_html(node: Node) -> str:
    kind = node["t"]
    if button := lone_link(node):
        return (
            '<table class="button" role="presentation" border="0" cellspacing="0" cellpadding="0"><tr>'
            f'<td class="button-cell"><a class="button-link" href="{escape(button["url"])}">'
            f"{_inline_html(button['c'])}</a></td></tr></table>"
        )
    if kind == "p":
        return f"<p>{_inline_html(node['c'])}</p>"
    if kind == "h":
        return f"<h{node['level']}>{_inline_html(node['c'])}</h{node['level']}>"
    if kind in {"ul", "ol"}:
        return f"<{kind}>{''.join(f'<li>{_item_html(item)}</li>' for item in node['items'])}</{kind}>"
    if kind == "quote":
        return (
            '<table class="panel" role="presentation" width="100%" border="0" cellspacing="0" cellpadding="0"><tr>'
            f'<td class="panel-cell">{to_html(node["c"])}</td></tr></table>'
        )
    if kind == "table":
        return _table_html(node)
    return '<hr class="rule">'


def _item_html(item: list[Node]) -> str:
    return _inline_html(item[0]["c"]) if len(item) == 1 and item[0]["t"] == "p" else to_html(item)


def _table_html(node: Node) -> str:
    def row(cells: list[list[Node]], tag: str, scope: str = "") -> str:
        sides = zip(cells, node["align"], strict=False)
        return "".join(
            f"<{tag}{scope}{'' if side == 'left' else f' class={side}'}>{_inline_html(cell)}</{tag}>"
            for cell, side in sides
        )

    head = f"<thead><tr>{row(node['head'], 'th', ' scope=col')}</tr></thead>" if node["head"] else ""
    body = "".join(f"<tr{' class=sum' if is_sum(cells) else ''}>{row(cells, 'td')}</tr>" for cells in node["rows"])
    kind = "figures" if node["head"] else "facts"
    return f'<table class="{kind}" width="100%" border="0" cellspacing="0" cellpadding="0">{head}<tbody>{body}</tbody></table>'


def _inline_html(nodes: list[Node]) -> str:
    made = []
    for node in nodes:
        kind = node["t"]
        if kind == "text":
            made.append(escape(node["v"], quote=False))
        elif kind == "br":
            made.append("<br>")
        elif kind == "code":
            made.append(f"<code>{escape(node['v'], quote=False)}</code>")
        elif kind == "link":
            made.append(f'<a href="{escape(node["url"])}">{_inline_html(node["c"])}</a>')
        else:
            made.append(f"<{kind}>{_inline_html(node['c'])}</{kind}>")
    return "".join(made)
