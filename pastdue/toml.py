"""TOML as an operator wrote it: a table, or what is wrong with it; and the line in which a part of it stands."""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pastdue.findings import Finding, error

Where = tuple[str | int, ...]  # a part by its keys, and by its place, from 0, in a list of tables

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_CONFLICT = re.compile(r"^<{7} ", re.MULTILINE)  # where a merge could not tell which of two versions holds
_KEY = re.compile(r"""^\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z0-9_-]+))\s*=""")


def read(text: str, file: str, hint: str) -> dict[str, Any] | Finding:
    """The table that the text holds, or the finding that it holds none; `hint` says what is written in this file."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        if marked := _CONFLICT.search(text):
            keep = "Keep one of the two versions between them, and delete the marks."
            return error(
                file, "git's marks of a conflict stand in it", keep, row=text.count("\n", 0, marked.start()) + 1
            )
        line = re.search(r"line (\d+)", str(problem))
        return error(file, f"not valid TOML: {problem}", hint, row=int(line[1]) if line else 0)
    except RecursionError:
        return error(file, "nested too deeply")


def row(text: str, where: Where) -> int:
    """The line of the text on which the deepest part of `where` that has a line of its own stands; 0 if none has."""
    lines = _lines(text)
    while where and where not in lines:
        where = where[:-1]
    return lines.get(where, 0)


@lru_cache(maxsize=4)
def _lines(text: str) -> Mapping[Where, int]:
    """The first line of each table and each key; the standard library tells none."""
    lines: dict[Where, int] = {}
    counts: dict[Where, int] = {}
    table: Where = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            path: Where = ()
            parts = [part.strip().strip("\"'") for part in header[2].split(".")]
            for i, part in enumerate(parts):
                path = (*path, part)
                if header[1] == "[[" and i == len(parts) - 1:
                    counts[path] = counts.get(path, -1) + 1
                if path in counts:
                    path = (*path, counts[path])
            table = path
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, key[1] or key[2] or key[3]), number)
    return lines
