"""config.toml as it is read: the operator's decisions, or every mistake in them at once, each with its line."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pastdue import toml
from pastdue.config import FILE, LEDGERS, LOOPBACK, Columns, Config
from pastdue.days import is_known_country
from pastdue.findings import Finding, error, near, shown, warning

_NEAR = 0.7  # closer than for a hint alone: an unknown key that is so near to a known one stops the run


def load(text: str, starter: str = "") -> tuple[Config | None, list[Finding]]:
    """The config and every finding in it; None when it cannot be used.

    `starter` is the shipped config.toml: its schedules hold where the operator has none of their own.
    """
    raw = toml.read(text, FILE, 'Text needs quotes, dates do not: name = "Acme", today = 2026-03-02.')
    if isinstance(raw, Finding):
        return None, [raw]
    if not raw.get("schedule") and starter:
        raw["schedule"] = _starter_schedules(starter, has_interest=bool(_table(raw, "interest").get("regime")))
    raw, findings = _columns_apart(raw, text)
    if "password" in _table(raw, "mail"):
        hint = "Whoever has the history has it for good: change it, and see mail.password_command."
        findings.append(
            error(FILE, "a password must not stand in config.toml", hint, row=toml.row(text, ("mail", "password")))
        )
        return None, findings
    findings += _unknown_keys(Config, raw, (), text)
    try:
        config = Config.model_validate(raw)
    except ValidationError as problems:
        findings += [_finding(text, problem) for problem in problems.errors()]
        return None, findings
    findings += list(_cross_checks(config, text))
    return (None if any(f.stops_run for f in findings) else config), findings


def _starter_schedules(starter: str, *, has_interest: bool) -> dict[str, Any]:
    """The shipped schedules; they announce interest only to those who said by which rule it runs."""
    schedules: dict[str, Any] = tomllib.loads(starter)["schedule"]
    for schedule in schedules.values() if not has_interest else ():
        for step in schedule["step"]:
            step["announces"] = [each for each in step.get("announces", ()) if each["consequence"] != "interest"]
    return schedules


def _table(raw: dict[str, Any], name: str) -> dict[str, Any]:
    table = raw.get(name)
    return table if isinstance(table, dict) else {}


def _columns_apart(raw: dict[str, Any], text: str) -> tuple[dict[str, Any], list[Finding]]:
    """In `[columns.NAME]` the formats stand beside the headers; here they are told apart."""
    columns = raw.get("columns")
    if not isinstance(columns, dict):
        return raw, []
    findings = [
        error(
            FILE,
            f"there is no ledger called {shown(name)}",
            near(name, LEDGERS, _NEAR),
            row=toml.row(text, ("columns", name)),
        )
        for name in columns
        if name not in LEDGERS
    ]
    return raw | {"columns": {name: _told_apart(table) for name, table in columns.items()}}, findings


def _told_apart(table: Any) -> Any:
    """One of them; what is none stays as it is, for the types to refuse."""
    if not isinstance(table, dict) or not isinstance(table.get("headers", {}), dict):
        return table
    own = set(Columns.model_fields)
    beside = {key: value for key, value in table.items() if key not in own}
    return {key: value for key, value in table.items() if key in own} | {"headers": beside | table.get("headers", {})}


def _unknown_keys(model: type[BaseModel], raw: Any, where: toml.Where, text: str) -> list[Finding]:
    """Keys that no field is called: an error beside a likely one, since a misspelt rule must not be lost, else a warning."""
    if not isinstance(raw, dict):
        return []
    names = {field.alias or name: field for name, field in model.model_fields.items()}
    found: list[Finding] = []
    for key, value in raw.items():
        here = (*where, key)
        if key not in names:
            meant = near(key, names, _NEAR)
            say = error if meant else warning
            found.append(
                say(FILE, f"{_dotted(here)} is not a setting", meant or "It is ignored.", row=toml.row(text, here))
            )
            continue
        inner = _section_of(names[key].annotation)
        if inner is None:
            continue
        if isinstance(value, list):
            for i, each in enumerate(value):
                found += _unknown_keys(inner, each, (*here, i), text)
        elif _is_mapping(names[key].annotation) and isinstance(value, dict):
            for name, each in value.items():
                found += _unknown_keys(inner, each, (*here, name), text)
        else:
            found += _unknown_keys(inner, value, here, text)
    return found


def _section_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((s for s in map(_section_of, get_args(annotation)) if s is not None), None)


def _is_mapping(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) is dict


def _cross_checks(config: Config, text: str) -> Iterator[Finding]:
    """What a single value cannot tell."""
    if not config.business.name:
        yield error(FILE, "business.name is missing", 'Letters go out in your own name: name = "..." under [business].')
    if not config.sender()[1]:
        say = warning if config.mail.transport == "folder" else error
        yield say(
            FILE,
            "no address that mail comes from",
            "Set business.email, or mail.sender.",
            row=toml.row(text, ("mail",)),
        )
    if config.mail.transport == "smtp" and not config.mail.host:
        yield error(FILE, "mail.host is missing", "Name your SMTP server.", row=toml.row(text, ("mail",)))
    if config.mail.security == "none" and config.mail.host not in {"", *LOOPBACK}:
        yield error(
            FILE,
            'mail.security = "none" is for a server on this machine only',
            'Passwords and letters would travel in the clear: use "starttls" or "tls".',
            row=toml.row(text, ("mail", "security")),
        )
    if bool(config.mail.dkim_selector) != bool(config.mail.dkim_key):
        yield error(
            FILE,
            "mail.dkim_selector and mail.dkim_key go together",
            "Set both, or neither if your mail server signs.",
            row=toml.row(text, ("mail", "dkim_selector" if config.mail.dkim_selector else "dkim_key")),
        )
    if not config.schedule:
        yield error(FILE, "there is no schedule", "Add [schedule.standard] with [[schedule.standard.step]].")
    country = config.business_days().country
    if country != "none" and not is_known_country(country, config.calendar.region):
        place = f"{country} {config.calendar.region}".strip()
        yield error(
            FILE,
            f"the public holidays of {shown(place)} are not known",
            'Check calendar.country and region; country = "none" means no holidays.',
            row=toml.row(text, ("calendar",)) or toml.row(text, ("business", "country")),
        )


def _finding(text: str, problem: Any) -> Finding:
    where = tuple(part for part in problem["loc"])
    message = re.sub(r"^Value error, ", "", problem["msg"])
    if problem["type"] == "missing":
        message = "is missing"
    elif problem["type"] != "value_error" and not isinstance(problem["input"], dict | list | tuple):
        message = f"{shown(problem['input'])}: {message[:1].lower()}{message[1:]}"
    return error(FILE, f"{_dotted(where)}: {message}", row=toml.row(text, where))


def _dotted(where: toml.Where) -> str:
    return "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in where).lstrip(".")
