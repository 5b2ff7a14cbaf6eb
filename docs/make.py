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
from pastdue.documents.patterns import RULES  # noqa: E402
from pastdue.documents.words import NAMES  # noqa: E402
from pastdue.dunning import limits, regimes  # noqa: E402
from pastdue.money import to_text  # noqa: E402


def pages() -> dict[str, str]:
    """Every reference page, by file name."""
    return {
        "config.md": config_page(),
        "commands.md": commands_page(),
        "letters.md": letters_page(),
        "interest.md": interest_page(),
        "linter.md": linter_page(),
        "limits.md": limits_page(),
    }


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


def limits_page() -> str:
    """How contacts are counted, kept by hand in limits.head.md, and every preset."""
    parts = [(DOCS / "limits.head.md").read_text(encoding="utf-8")]
    for name, rule in limits.presets().items():
        of = f" ({rule.messages_to}s)" if rule.messages_to else ""
        numbers = [
            f"{field.replace('_', ' ')}: {value}{of if field.startswith('messages') else ''}"
            for field in ("calls_per_day", "calls_per_week", "messages_per_week", "contacts_per_week", "contacts_per_month", "days_after_talk")
            if (value := getattr(rule, field)) is not None
        ]  # fmt: skip
        parts += [
            f"## `{name}`: {rule.title}\n",
            f"- Limits: {', '.join(numbers) or 'no numbers'}.",
            *(f"- Calls ({kind}): {_week_in_words(week)}." for kind, week in rule.hours.items()),
            f"- Binds: {rule.binds}.",
            f"- Source: {rule.source}; checked on {rule.checked_on}; confidence {rule.confidence}.",
            f"- {rule.note}\n",
        ]
    return "\n".join(parts)


def _week_in_words(week: limits.Week) -> str:
    days = {"Monday to Friday": week[0], "Saturday": week[5], "Sunday": week[6]}
    clock = lambda minute: f"{minute // 60:02}:{minute % 60:02}"  # noqa: E731
    return ", ".join(
        f"{day} {clock(span[0])}-{clock(span[1])}" if span else f"{day} none" for day, span in days.items()
    )


def letters_page() -> str:
    """How to write letters, kept by hand in letters.head.md, and every name that they may use."""
    rows = [f"| `{name}` | {text.replace('|', chr(92) + '|')} |" for name, text in NAMES.items()]
    head = (DOCS / "letters.head.md").read_text(encoding="utf-8")
    return "\n".join([head, "| name | what it is |", "| --- | --- |", *rows, ""])


def interest_page() -> str:
    """How interest is worked out, kept by hand in interest.head.md, and every regime with its rates and sources."""
    lines = [(DOCS / "interest.head.md").read_text(encoding="utf-8")]
    for name in regimes.known_ids():
        config = Config.model_validate({"interest": {"regime": name}})
        # `contract` has no rate of its own, and so is none without the operator's: the head tells of it.
        if regime := regimes.for_account(config, "business"):
            lines += _regime(regime, regimes.for_account(config, "consumer"))
    return "\n".join(lines)


def _regime(regime: regimes.Regime, of_consumers: regimes.Regime | None) -> Iterator[str]:
    consumers = f"`{of_consumers.id}`" if of_consumers else "nothing is claimed"
    yield from (f"## `{regime.id}`", "", f"{regime.title}. {regime.law}.", "", "| | |", "| --- | --- |")
    yield f"| rate | {_rate(regime)} |"
    yield f"| interest runs | {_start(regime.start)} |"
    yield f"| fixed sum | {_sums(regime.sums)} |"
    yield f"| a payment is taken for | {_ORDERS[regime.order]} |"
    yield f"| days | {regime.day_count} |"
    yield f"| consumers | {'the same' if of_consumers and of_consumers.id == regime.id else consumers} |"
    yield f"| checked on | {regime.checked_on} |"
    yield from ("", *(f"- {note}" for note in regime.notes), *(f"- Source: {source}." for source in regime.sources), "")
    if len(regime.steps) > 1:
        yield from (f"| from | {regime.reference} | rate |", "| --- | ---: | ---: |")
        yield from (
            f"| {step.first} | {_percent(step.reference)} | {_percent(step.rate)} |" for step in regime.steps[1:]
        )
        yield ""


_ORDERS = {"principal": "the invoice", "costs-interest-principal": "costs, then interest, then the invoice"}


def _rate(regime: regimes.Regime) -> str:
    if not regime.reference:
        return f"{_percent(regime.steps[0].rate)}, fixed"
    added = f" + {_percent(regime.addition)}" if regime.addition else ""
    changes = "one rate for the whole debt" if regime.mode == "pinned" else "changes with each half-year"
    return f"{regime.reference}{added}; {changes}{'; capitalised after each full year' if regime.capitalises else ''}"


def _start(start: regimes.Start) -> str:
    due = {"agreed": "from the day after an agreed due date", "always": "from the day after the due date", "never": ""}
    otherwise = []
    if start.period:
        told = ", of a consumer only where the invoice said so" if start.consumers_told else ""
        otherwise.append(f"after {_PERIODS[start.period]}{told}")
    if start.reminder is not None:
        left = f"from the end of {start.reminder} days after" if start.reminder else "from the day after"
        otherwise.append(f"{left} the first reminder")
    return "; else ".join(part for part in (due[start.due], ", or ".join(otherwise)) if part)


_PERIODS = {
    "beginning-with-invoice": "thirty days that begin with the day of the invoice",
    "after-invoice": "thirty days after the invoice",
    "after-due-and-invoice": "thirty days after due date and invoice",
}


def _sums(sums: regimes.Sums) -> str:
    if not sums.bands:
        return "none"
    bands = [
        f"{_percent(band.share)} of what is above {to_text(band.start, sums.currency)}" if band.share
        else f"{to_text(band.sum, sums.currency)}" + (f" from {to_text(band.start, sums.currency)}" if band.start else "")
        for band in sums.bands
    ]  # fmt: skip
    limits = (
        f"; at least {to_text(sums.least, sums.currency)}, at most {to_text(sums.most, sums.currency)}"
        if sums.most
        else ""
    )
    each = {"invoice": "once for each invoice", "claim": "for each due amount"}[sums.per]
    notice = f", after a notice of {sums.notice_days} days that names it" if sums.notice_days else ""
    return f"{sums.currency} {', '.join(bands)}{limits}; {each}{notice}"


def _percent(rate: int | None) -> str:
    return "not known" if rate is None else f"{rate / 10_000:.2f} %"


def linter_page() -> str:
    """What the linter is for, kept by hand in linter.head.md, and its rules."""
    rows = [f"| `{r.code}` | {r.title} | {r.severity} | {r.reason} | {r.basis} |" for r in RULES.values()]
    return "\n".join([(DOCS / "linter.head.md").read_text(encoding="utf-8").rstrip("\n"), *rows, ""])


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
