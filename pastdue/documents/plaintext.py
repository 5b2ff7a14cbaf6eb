"""Blocks as plain text for a terminal or a plain mail: 72 columns, tables in columns, addresses written out."""

import re
import unicodedata
from collections.abc import Iterator

from pastdue.documents.blocks import Node, is_sum, lone_link

WIDTH = 72
_GAP = 2  # columns between those of a table
_LEAST = 12  # columns that a column of words keeps when it gives way to the others


def to_text(blocks: list[Node], width: int = WIDTH, colon: str = ":") -> str:
    """The blocks as lines of at most `width` columns, but for words that are longer; ends with a line break.

    `colon` is how the language writes one after a word: French keeps a space before it.
    """
    return "".join(f"{line}\n" for line in _lines(blocks, width, colon))


def _lines(blocks: list[Node], width: int, colon: str) -> list[str]:
    """Blocks with an empty line between them."""
    lines: list[str] = []
    for node in blocks:
        if lines:
            lines.append("")
        lines += _block(node, width, colon)
    return lines


def _block(node: Node, width: int, colon: str) -> list[str]:
    kind = node["t"]
    if button := lone_link(node):
        words, url = _inline(button["c"]), shown(button["url"])
        return [url] if words == url else [*wrapped(f"{words}{colon}", width), url]
    if kind == "p":
        return wrapped(_inline(node["c"]), width)
    if kind == "h":
        said = wrapped(_inline(node["c"]), width)
        return [*said, ("=" if node["level"] == 1 else "-") * max(map(columns, said))]
    if kind == "hr":
        return ["-" * min(width, 24)]
    if kind == "quote":
        return _indented(_lines(node["c"], width - 4, colon), "    ", "    ")
    if kind == "table":
        return _table(node, width, colon)
    return list(_list(node, width, colon))


def _list(node: Node, width: int, colon: str) -> Iterator[str]:
    """Items under each other; an empty line between them only where one holds several paragraphs."""
    airy = any(len(item) > 1 for item in node["items"])
    for number, item in enumerate(node["items"], start=1):
        mark = f"{number}. " if node["t"] == "ol" else "- "
        if airy and number > 1:
            yield ""
        yield from _indented(_lines(item, width - len(mark), colon), mark, " " * len(mark))


def _indented(lines: list[str], first: str, others: str) -> list[str]:
    return [f"{others if i else first}{line}" if line else "" for i, line in enumerate(lines)]


def _inline(nodes: list[Node]) -> str:
    made = []
    for node in nodes:
        kind = node["t"]
        if kind == "br":
            made.append("\n")
        elif kind == "link":
            words, url = _inline(node["c"]), shown(node["url"])
            made.append(url if words == url else f"{words} <{url}>")
        else:
            made.append(node["v"] if "v" in node else _inline(node["c"]))
    return "".join(made)


def shown(url: str) -> str:
    """An address as a reader copies it: without `mailto:` where nothing follows the email address."""
    plain = url[len("mailto:") :] if url.lower().startswith("mailto:") else url
    return plain if "?" not in plain else url


# ------------------------------------------------------------------ lines


# All that is not surely one column wide: the rest of Unicode, but for Latin, common punctuation and currency signs.
_ODD = re.compile("[^ -~\u00a0-\u00ac\u00ae-\u02ff\u2010-\u2027\u20a0-\u20bf]")


def columns(text: str) -> int:
    """Columns that the text takes in a terminal: wide characters two, combining and invisible ones none."""
    return sum(map(_columns_of, text)) if _ODD.search(text) else len(text)


def _columns_of(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, broken at spaces; a longer word keeps a line of its own, so that addresses survive."""
    if "\n" not in text and columns(text) <= width:
        return [text]
    return [line for part in text.split("\n") for line in _wrapped_line(part, width)]


def _wrapped_line(text: str, width: int) -> Iterator[str]:
    if columns(text) <= width:
        yield text
        return
    line, used = "", 0
    for word in text.split(" "):
        size = columns(word)
        if line and used + 1 + size > width:
            yield line
            line, used = word, size
        else:
            line, used = (f"{line} {word}", used + 1 + size) if line else (word, size)
    yield line


def _broken(text: str, width: int) -> list[str]:
    """Like `wrapped`, for a cell: a word that is too long is broken too, or the columns beside it would move."""
    lines = []
    for line in wrapped(text, width):
        while columns(line) > width:
            end, used = 0, 0
            while end < len(line) and used + _columns_of(line[end]) <= width:
                used += _columns_of(line[end])
                end += 1
            lines.append(line[: max(end, 1)])
            line = line[max(end, 1) :]  # noqa: PLW2901
        lines.append(line)
    return lines


# ------------------------------------------------------------------ tables


def _table(node: Node, width: int, colon: str) -> list[str]:
    head = [_inline(cell) for cell in node["head"]]
    rows = [[_inline(cell).strip("\n") for cell in row] for row in node["rows"]]
    every = [head, *rows] if head else rows
    count = max(map(len, every), default=0)
    if not count:
        return []
    sides = (node["align"] + ["left"] * count)[:count]
    natural = [max(_widest(row[i]) for row in every if i < len(row)) for i in range(count)]
    widths = _fitted(natural, sides, width - _GAP * (count - 1))
    if not widths:
        return _as_records(head, rows, width, colon)
    rule = "-" * (sum(widths) + _GAP * (count - 1))
    lines = [*_row(head, widths, sides), rule] if head else []
    set_rows = [_row(row, widths, sides) for row in rows]
    airy = any(len(row) > 1 for row in set_rows)
    for i, row in enumerate(set_rows):
        if head and i and is_sum(node["rows"][i]) and not is_sum(node["rows"][i - 1]):
            lines.append(rule)
        elif i and airy:
            lines.append("")
        lines += row
    return lines


def _widest(text: str) -> int:
    return max(map(columns, text.split("\n")))


def _fitted(natural: list[int], sides: list[str], room: int) -> list[int]:
    """Widths that fit into the room: columns of figures keep theirs, the widest columns of words give way; [] if none fit."""
    widths = list(natural)
    while (over := sum(widths) - room) > 0:
        words = sorted(
            {w for w, side in zip(widths, sides, strict=True) if side == "left" and w > _LEAST}, reverse=True
        )
        if not words:
            return []
        widest = [i for i, w in enumerate(widths) if sides[i] == "left" and w == words[0]]
        down_to = max(_LEAST, words[1] if len(words) > 1 else 0, words[0] - -(-over // len(widest)))
        for i in widest:
            widths[i] = down_to
    return widths


def _row(cells: list[str], widths: list[int], sides: list[str]) -> list[str]:
    parts = [_broken(cell, width) for cell, width in zip(cells, widths, strict=False)]
    lines = []
    for i in range(max(map(len, parts), default=0)):
        line = [
            _set(part[i] if i < len(part) else "", width, side)
            for part, width, side in zip(parts, widths, sides, strict=False)
        ]
        lines.append((" " * _GAP).join(line).rstrip(" "))
    return lines


def _set(text: str, width: int, side: str) -> str:
    space = width - columns(text)
    if side == "right":
        return " " * space + text
    if side == "center":
        return " " * (space // 2) + text + " " * (space - space // 2)
    return text + " " * space


def _as_records(head: list[str], rows: list[list[str]], width: int, colon: str) -> list[str]:
    """A table too wide for columns: each row as lines of "heading: value"."""
    lines: list[str] = []
    for row in rows:
        if lines:
            lines.append("")
        for i, cell in enumerate(row):
            label = f"{head[i]}{colon} " if i < len(head) and head[i] else ""
            if cell:
                lines += wrapped(f"{label}{cell}", width)
    return lines
