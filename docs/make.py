"""Writes the reference pages from the code they describe: `python docs/make.py`. A test compares them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))

import click  # noqa: E402
from pydantic import BaseModel  # noqa: E402

from pastdue.cli import main  # noqa: E402
from pastdue.config import Config  # noqa: E402
from pastdue.documents.words import NAMES  # noqa: E402


def pages() -> dict[str, str]:
    """Every reference page, by file name."""
    return {"config.md": config_page(), "commands.md": commands_page(), "letters.md": letters_page()}


def config_page() -> str:
    """Each setting of config.toml with its default and what it does."""
    top = [
        "# config.toml",
        "",
        "Every setting, its default, and what it does. A misspelt one is a finding of `build.py check`.",
        "",
        *_table(Config, only_plain=True),
    ]
    return "\n".join([*top, *_sections(Config, ""), ""])


def _sections(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is None:
            continue
        is_map, is_list = get_origin(field.annotation) is dict, get_origin(field.annotation) is tuple
        key = f"{prefix}{field.alias or name}{'.NAME' if is_map else ''}"
        shown = f"[[{key}]]" if is_list else f"[{key}]"
        yield from ("", f"## `{shown}`", "", _sentence(inner), "", *_table(inner, only_plain=True))
        yield from _sections(inner, f"{key}.")


def _sentence(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").split("\n\n")[0].replace("\n    ", " ")


def _table(model: type[BaseModel], *, only_plain: bool) -> Iterator[str]:
    rows = [
        f"| `{field.alias or name}` | {_default(field)} | {(field.description or '').replace('|', chr(92) + '|')} |"
        for name, field in model.model_fields.items()
        if not (only_plain and _model_in(field.annotation))
    ]
    if rows:
        yield from ("| setting | default | what it does |", "| --- | --- | --- |", *rows)


def _default(field: Any) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", (), frozenset()) or value == {}:
        return ""
    if isinstance(value, frozenset):
        return f"`{sorted(value)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for m in map(_model_in, get_args(annotation)) if m), None)


def letters_page() -> str:
    """How to write letters, kept by hand in letters.head.md, and every name that they may use."""
    rows = [f"| `{name}` | {text.replace('|', chr(92) + '|')} |" for name, text in NAMES.items()]
    head = (DOCS / "letters.head.md").read_text(encoding="utf-8")
    return "\n".join([head, "| name | what it is |", "| --- | --- |", *rows, ""])


def commands_page() -> str:
    """`--help` of every command, as it is printed."""
    parts = ["# Commands", "", "What `--help` says.", ""]
    parts += _help(main, ["build.py"])
    return "\n".join(parts)


def _help(command: click.Command, path: list[str]) -> Iterator[str]:
    context = click.Context(command, info_name=" ".join(path), max_content_width=88, terminal_width=88)
    yield from (f"## `{' '.join(path)}`", "", "```text", command.get_help(context), "```", "")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner:
                yield from _help(inner, [*path, name])


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
