"""Contact limits: how often and when an account may be contacted, by the house's rule, the operator's and a law's.

Everything is counted from the notices ledger and the diary. Of several rules in force the strictest holds.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pastdue.config import FILE, Config
from pastdue.days import Calendar, is_known_country
from pastdue.findings import Finding, error, near, shown, warning
from pastdue.model import Customer, Standing

HOUSE, NONE = "house", "none"
Kind = Literal["call", "message"]
Span = tuple[int, int]  # first and last minute of a day
Week = tuple[Span | None, ...]  # from Monday to Sunday; None: no calls on that day
Window = tuple[datetime, datetime]

_DAY = timedelta(days=1)
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CALLS = frozenset({"call", "voicemail", "no-answer"})
_HOURS = ("weekday", "saturday", "sunday")
_IN = {1: "a day", 7: "in seven days", 0: "in a month"}
_FURTHEST = 400  # days ahead after which a rule counts as one that never lets anything go


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, as limits.toml has it. None: it sets no such limit."""

    name: str  # the preset; "" for the operator's own numbers
    title: str = ""
    calls_per_day: int | None = None
    calls_per_week: int | None = None
    messages_per_week: int | None = None
    messages_to: str = ""  # the kind of customer whose messages are counted; "": everybody's
    contacts_per_week: int | None = None
    contacts_per_month: int | None = None
    days_after_talk: int | None = None
    hours: Mapping[str, Week] = field(default_factory=dict)  # by the customer's kind, or "any"; none: at any time
    days_off: tuple[int, ...] = ()  # ISO weekdays
    holidays: str = ""  # "customer", a country, or a country and region: "CA-QC"
    binds: str = ""
    source: str = ""
    checked_on: date | None = None
    confidence: str = ""
    note: str = ""

    @property
    def is_law(self) -> bool:
        """A law counts each channel of a notice, and also what goes out before anything is overdue."""
        return self.name not in {"", HOUSE, NONE}

    def week(self, kind: str) -> Week | None:
        """When a customer of the kind may be called; None: at any time."""
        return self.hours.get(kind) or self.hours.get("any")

    def caps(self, kind: str) -> Iterator["Cap"]:
        """Its numbers for a customer of the kind, each with the days that it looks back over."""
        messages = self.messages_per_week if self.messages_to in {"", kind} else None
        for what, most, days in (
            ("calls", self.calls_per_day, 1),
            ("calls", self.calls_per_week, 7),
            ("messages", messages, 7),
            ("contacts", self.contacts_per_week, 7),
            ("contacts", self.contacts_per_month, 0),
        ):
            if most is not None:
                yield Cap(what, most, days, self)


class Cap(NamedTuple):
    """So many contacts of a sort in a stretch of days."""

    what: str  # "calls", "messages", or "contacts": both
    most: int
    days: int  # of which the last is the day that is asked about; 0: a calendar month back from it
    rule: Rule


@dataclass(frozen=True, slots=True)
class Limits:
    """The rules that hold for every account: the house's or the operator's, and a law's beside it."""

    rules: tuple[Rule, ...]
    quiet: frozenset[date] = frozenset()
    at_home: frozenset[str] = frozenset()  # countries whose public holidays the operator's own calendar decides
    zone: str = "UTC"  # of the operator


class Contact(NamedTuple):
    """One contact with the account, whatever its currency."""

    on: date
    by: str  # "email", "letter", or the diary's "call", "voicemail", "no-answer"
    notice_id: str = ""
    is_dunning: bool = True  # something that it is about was overdue by then

    @property
    def is_call(self) -> bool:
        """By telephone, answered or not."""
        return self.by in _CALLS


# ------------------------------------------------------------------ which rules hold


@cache
def presets() -> Mapping[str, Rule]:
    """The rules that are shipped, by name. Like a catalogue of words, they are a part of the program written in TOML."""
    text = (files("pastdue.dunning") / "limits.toml").read_text(encoding="utf-8")
    return {name: _preset(name, table) for name, table in tomllib.loads(text).items()}


def _preset(name: str, table: Mapping[str, Any]) -> Rule:
    hours = {kind: _week(week) for kind, week in table.get("hours", {}).items()}
    return Rule(name=name, **{**table, "hours": hours, "days_off": tuple(table.get("days_off", ()))})


def _week(hours: Mapping[str, str]) -> Week:
    """Seven days from `weekday`, `saturday` and `sunday`."""
    weekday, saturday, sunday = (_span(hours[day]) if day in hours else None for day in _HOURS)
    return (*[weekday] * 5, saturday, sunday)


def _span(text: str) -> Span:
    first, last = (int(hour) * 60 + int(minute) for hour, minute in (part.split(":") for part in text.split("-")))
    return first, last


def of(config: Config) -> Limits:
    """The limits in force. The operator's own numbers stand in for the house's; a law's hold beside them."""
    name = config.contact.limits
    bare = Rule(NONE, calls_per_day=1, calls_per_week=config.calls.per_week)
    mine = replace(bare if name == NONE else presets()[HOUSE], **_own(config))
    law = presets().get(name)
    country = config.business_days().country
    if country == "none":
        mine = replace(mine, holidays="")  # an operator whose calendar knows no public holidays keeps none
    return Limits(
        rules=(mine, law) if law and law.is_law else (mine,),
        quiet=config.contact.quiet,
        at_home=frozenset({"", country, config.business.country.upper()}),
        zone=config.business.timezone,
    )


def _own(config: Config) -> dict[str, Any]:
    """What the operator set themselves; `calls.per_week` is another name of `contact.calls_per_week`."""
    own = {name: value for name in _numbers() if (value := getattr(config.contact, name)) is not None}
    if "per_week" in config.calls.model_fields_set:
        own = {"calls_per_week": config.calls.per_week} | own
    if "messages_per_week" in own:
        own["messages_to"] = ""
    if config.contact.hours:
        own["hours"] = {"any": _week(config.contact.hours)}
    return own


def _numbers() -> list[str]:
    """The limits that are numbers, and that config.toml may set."""
    return [
        each.name for each in fields(Rule) if each.name.startswith(("calls_per_w", "messages_p", "contacts", "days_a"))
    ]


def problems(config: Config) -> list[Finding]:
    """What is wrong with the limits in config.toml."""
    return [*_unknown(config), *_bad_hours(config), *_looser_than_the_law(config)]


def _unknown(config: Config) -> Iterator[Finding]:
    known, name = [*presets(), NONE], config.contact.limits
    if name not in known:
        hint = near(name, known) or f"There are: {', '.join(known)} (docs/limits.md)."
        yield error(FILE, f"contact.limits: there are no limits called {shown(name)}", hint)


def _bad_hours(config: Config) -> Iterator[Finding]:
    for day, text in config.contact.hours.items():
        if day not in _HOURS:
            hint = near(day, _HOURS) or "Write weekday, saturday and sunday."
            yield error(FILE, f"contact.hours: {shown(day)} is not a sort of day", hint)
        first, last = _span(text)
        if not first < last <= 24 * 60:
            yield error(FILE, f"contact.hours: {shown(text)} does not end after it begins", 'Write "09:00-17:30".')


def _looser_than_the_law(config: Config) -> Iterator[Finding]:
    law = presets().get(config.contact.limits)
    if law is None or not law.is_law:
        return
    own = _own(config)
    for name in _numbers():
        theirs = getattr(law, name)
        is_less = name == "days_after_talk"
        if name in own and theirs is not None and (own[name] < theirs if is_less else own[name] > theirs):
            message = f"contact.{name} = {own[name]} is laxer than {law.name}, whose {theirs} holds all the same"
            yield warning(FILE, message, 'Only limits = "house" or "none" lets your own number go further.')


# ------------------------------------------------------------------ what has been


def contacts(standing: Standing) -> tuple[Contact, ...]:
    """Every contact that the books know of. A copy is none, nor is what their server refused or what they wrote to us."""
    is_dunning: dict[tuple[date, str, str], bool] = {}
    for line in standing.history:
        if line.went_out and line.step and line.channel in {"email", "letter"}:
            key = line.on, line.channel, line.notice_id
            is_dunning[key] = is_dunning.get(key, False) or line.on > line.due
    written = (Contact(*key, late) for key, late in is_dunning.items())
    called = (Contact(line.on, line.kind) for line in standing.activity if line.kind in _CALLS)
    return tuple(sorted((*written, *called)))


# ------------------------------------------------------------------ when the next may go


def wait(
    standing: Standing,
    limits: Limits,
    calendar: Calendar,
    kind: Kind,
    *,
    first: date | None = None,
    channels: int = 1,
    is_dunning: bool = True,
    known: Sequence[Contact] | None = None,
) -> tuple[date | None, str] | None:
    """The first day on which a call or a message may go, and why not before; None when it may go on the first day.

    `first` is today unless given; `known` are the contacts, where they are worked out already or more are decided on.
    A day of None means never: by a number of 0.
    """
    day = start = first or standing.on
    known = contacts(standing) if known is None else known
    counted_by = standing.customer.kind
    caps = [cap for rule in limits.rules for cap in rule.caps(counted_by) if cap.what in {f"{kind}s", "contacts"}]
    counted = [(cap, _units(cap, known)) for cap in caps]
    why = off = ""
    while (day - start).days <= _FURTHEST:
        reached = (_too_many(cap, units, day, kind, channels, is_dunning=is_dunning) for cap, units in counted)
        against = next(filter(None, reached), "") or (_too_soon(limits, known, day) if kind == "call" else "")
        off_today = _day_off(standing.customer, limits, day, kind)
        if not (against or off_today) and (day == start or calendar.is_business(day)):
            return None if day == start else (day, f"{why or off}; again on {day}")
        why, off = why or against, off or off_today
        day += _DAY
    return None, why or off


class _Unit(NamedTuple):
    """What counts as one for a rule."""

    on: date
    by: Literal["call", "attempt", "message"]


def _units(cap: Cap, known: Sequence[Contact]) -> list[_Unit]:
    """What counts for the number, oldest first.

    For a law each channel of a notice counts by itself. Else what is written on one day is one message, and is none
    where nothing was overdue.
    """
    calls = [_Unit(each.on, "call" if each.by == "call" else "attempt") for each in known if each.is_call]
    written = [each for each in known if not each.is_call]
    if cap.rule.is_law:
        messages = [_Unit(each.on, "message") for each in written]
    else:
        messages = [_Unit(on, "message") for on in {each.on for each in written if each.is_dunning}]
    counted = {"calls": calls, "messages": messages, "contacts": calls + messages}
    return sorted(counted[cap.what])


def _too_many(cap: Cap, units: Sequence[_Unit], day: date, kind: Kind, channels: int, *, is_dunning: bool) -> str:
    """Why one more on the day would be too many; "" when it is not."""
    since = _month_back(day) if cap.days == 0 else day - timedelta(days=cap.days)
    before = [unit for unit in units if since < unit.on <= day]
    more = 1
    if kind == "message" and cap.rule.is_law:
        more = channels
    elif kind == "message" and (not is_dunning or _Unit(day, "message") in before):
        return ""  # no contact by the house's count, or one with what went out today in another currency
    return _enough(cap, before) if len(before) + more > cap.most else ""


def _enough(cap: Cap, before: Sequence[_Unit]) -> str:
    """That no more may follow, with the days that count."""
    said = f" ({cap.rule.name})" if cap.rule.is_law else ""
    if cap.most == 0:
        return f"contact.{cap.what}_per_{'week' if cap.days else 'month'} is 0"
    if cap.what == "calls":
        verb = "tried" if all(unit.by == "attempt" for unit in before) else "called"
        times = "once" if len(before) == 1 else f"{len(before)} times"
        return f"{verb} today" if cap.days == 1 else f"{verb} {times} {_IN[cap.days]}{said}"
    last = list(dict.fromkeys(str(unit.on) for unit in before))[-3:]
    were = f"the last {'was' if len(before) == 1 else 'were'} on {' and '.join(last)}" if last else "this is more"
    if cap.most == 1:
        return f"1 {cap.what[:-1]} {_IN[cap.days]} is enough{said}: {were}"
    return f"{cap.most} {cap.what} {_IN[cap.days]} are enough{said}: {were}"


def _month_back(day: date) -> date:
    """The same day of the month before, or its last one."""
    before = day.replace(day=1) - _DAY
    return before.replace(day=min(day.day, before.day))


def _too_soon(limits: Limits, known: Sequence[Contact], day: date) -> str:
    """Why a conversation is too fresh for another call."""
    spoken = max((each.on for each in known if each.by == "call"), default=None)
    for rule in limits.rules:
        if spoken and rule.days_after_talk and spoken <= day < spoken + timedelta(days=rule.days_after_talk):
            said = f" ({rule.name})" if rule.is_law else ""
            return f"no call in the {rule.days_after_talk} days from a conversation, and one was on {spoken}{said}"
    return ""


def _day_off(customer: Customer, limits: Limits, day: date, kind: Kind) -> str:
    """Why nobody is contacted, or called, on the day."""
    if day in limits.quiet:
        return f"{day} is quiet by contact.quiet"
    for rule in limits.rules:
        said = f" ({rule.name})" if rule.is_law else ""
        if day.isoweekday() in rule.days_off:
            return f"{day} is a {_NAMES[day.weekday()]}{said}"
        place = "" if rule.holidays == "customer" and customer.country in limits.at_home else rule.holidays
        if place and _is_holiday(customer.country if place == "customer" else place, day):
            return f"{day} is a public holiday where they are{said}"
        week = rule.week(customer.kind)
        if kind == "call" and week and week[day.weekday()] is None:
            return f"no calls are made on a {_NAMES[day.weekday()]}{said}"
    return ""


def _is_holiday(place: str, day: date) -> bool:
    holidays = _holidays(place)
    return holidays is not None and not holidays.is_business(day)


@cache
def _holidays(place: str) -> Calendar | None:
    """The public holidays of a country, or of a region of it; None where they are not known."""
    country, _, region = place.partition("-")
    return Calendar(country, region, weekend=()) if is_known_country(country, region) else None


# ------------------------------------------------------------------ at what time


def hours(customer: Customer, limits: Limits, on: date) -> tuple[Window, ...] | None:
    """When the customer may be called on the operator's day, in the operator's time; None: at any time.

    Where the customer's own time zone is not known, it is one that suits every zone of their country.
    """
    weeks = [week for rule in limits.rules if (week := rule.week(customer.kind))]
    if not weeks:
        return None
    home = ZoneInfo(limits.zone)
    whole = (_at(on, 0, home), _at(on, 24 * 60, home))
    found = [whole]
    for zone in _zones(customer, limits, on):
        there = [
            (_at(day, span[0], zone), _at(day, span[1], zone))
            for day in (on - _DAY, on, on + _DAY)
            if (span := _span_on(customer, limits, weeks, day))
        ]
        found = [both for one in found for other in there if (both := _both(one, other))]
    return tuple((first.astimezone(home), last.astimezone(home)) for first, last in _joined(found))


def _span_on(customer: Customer, limits: Limits, weeks: Sequence[Week], day: date) -> Span | None:
    """The minutes of a day of the customer's that every rule allows."""
    if _day_off(customer, limits, day, "call"):
        return None
    spans = [span for week in weeks if (span := week[day.weekday()])]
    first, last = max(span[0] for span in spans), min(span[1] for span in spans)
    return (first, last) if first < last else None


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The moment at which their clock shows the minute of the day; 24:00 is the midnight after it."""
    shows = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    return shows.astimezone(UTC)


def _both(one: Window, other: Window) -> Window | None:
    first, last = max(one[0], other[0]), min(one[1], other[1])
    return (first, last) if first < last else None


def _joined(found: Sequence[Window]) -> list[Window]:
    """Windows that meet at midnight are one."""
    joined: list[Window] = list(found[:1])
    for before, each in pairwise(found):
        if before[1] == each[0]:
            joined[-1] = joined[-1][0], each[1]
        else:
            joined.append(each)
    return joined


def _zones(customer: Customer, limits: Limits, on: date) -> list[ZoneInfo]:
    """The customer's time zone, else one zone of their country for each time that its clocks show, else the operator's."""
    if customer.timezone:
        return [ZoneInfo(customer.timezone)]
    names = _zones_of(customer.country.upper())
    if not names or (limits.zone in names and len(names) == 1):
        return [ZoneInfo(limits.zone)]
    noon = datetime(on.year, on.month, on.day, 12)  # noqa: DTZ001 -- each zone's own noon
    return list({zone.utcoffset(noon): zone for zone in map(ZoneInfo, names)}.values())


@cache
def _zones_of(country: str) -> tuple[str, ...]:
    from babel.core import get_global

    return tuple(get_global("territory_zones").get(country, ()))


def hours_text(customer: Customer, limits: Limits, on: date) -> str:
    """When to call, in words for the call list and the call sheet; "" when any time will do."""
    windows = hours(customer, limits, on)
    if windows is None:
        return ""
    zones = _zones(customer, limits, on)
    if not windows:
        if len(zones) > 1:
            return f"No hour suits every time zone of {customer.country}: set their timezone in customers"
        return "No calls today"
    yours = _shown(windows)
    if len(zones) > 1:
        return f"Call {yours} your time, which suits every time zone of {customer.country}; theirs is not set"
    there = tuple((first.astimezone(zones[0]), last.astimezone(zones[0])) for first, last in windows)
    theirs = _shown(there)
    if theirs == yours:
        return f"Call {theirs}"
    return f"Call {theirs} their time ({', '.join(f'{first:%H:%M}-{_end(last)}' for first, last in windows)} yours)"


def _shown(windows: Sequence[Window]) -> str:
    return " or ".join(f"between {first:%H:%M} and {_end(last)}" for first, last in windows)


def _end(moment: datetime) -> str:
    """The end of a window; midnight belongs to the day before it."""
    text = f"{moment:%H:%M}"
    return "24:00" if text == "00:00" else text
