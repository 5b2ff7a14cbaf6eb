"""The schedule in words: what happens if an invoice is late, step by step, as config.toml has it.

Everything here is made from the settings, so that no page or letter tells of a step that does not come.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pastdue.config import Announce, Config, Schedule, Step
from pastdue.documents.catalogue import Language, chain
from pastdue.documents.words import agreed_rate, costs, locale

# Rules of interest that are not for businesses alone.
_FOR_CONSUMERS_TOO = frozenset({"contract", "de-288-consumer", "at-1000", "nl-119", "ch-or104"})

POLICY, SCHEDULE = "policy", "schedule"  # the two pages that every customer may see


@dataclass(frozen=True, slots=True)
class Rung:
    """One step as a customer reads it."""

    when: str  # "14 days after the due date"
    what: str  # "Reminder, by email"
    within: str  # "To be paid within 7 days."; "" when it states no deadline
    announces: tuple[str, ...]  # "Announced for 14 days later: interest on what is then still unpaid."

    @property
    def more(self) -> str:
        """The deadline and what is announced, in one text."""
        return " ".join(filter(None, (self.within, *self.announces)))


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds beside the steps."""

    title: str
    text: str


def page_name(page: str, language: str, config: Config) -> str:
    """The file of a page in a language: `policy.html` in the business's own, `policy.de.html` in another."""
    primary, own = chain(language)[-1:], chain(config.business.language)[-1:]
    return f"{page}.html" if primary == own else f"{page}.{''.join(primary)}.html"


def page_url(page: str, language: str, config: Config) -> str:
    """Its address; "" without a policy, or while the site is published nowhere."""
    base = config.portal.base_url.rstrip("/")
    return f"{base}/{page_name(page, language, config)}" if base and config.policy.version else ""


def steps(config: Config, told: Language) -> tuple[Rung, ...]:
    """The steps of the schedule that customers follow unless something else is agreed; of no other."""
    schedule = config.schedule.get(config.default_track)
    return tuple(_rung(step, config, told) for step in schedule.step) if schedule else ()


def rules(config: Config, told: Language) -> tuple[Rule, ...]:
    """What holds beside the steps: disputes, promises, plans, interest, payment in advance."""
    schedule = config.schedule.get(config.default_track)
    texts = {
        "steps": _between(schedule, config, told) if schedule else "",
        "dispute": told["schedule.dispute"],
        "promise": _promise(config, told),
        "plan": _plan(config, told),
        "interest": _interest(schedule, config, told) if schedule else "",
        "prepayment": _prepayment(config, told),
    }
    return tuple(Rule(told[f"schedule.title-{name}"], text) for name, text in texts.items() if text)


# ------------------------------------------------------------------ one step


def _rung(step: Step, config: Config, told: Language) -> Rung:
    label = told.get(f"portal.step-{step.name}", told["portal.step-other"])
    within = ""
    if step.pay_within is not None:
        within = _days("schedule.within", step.pay_within, told)
    announces = (_announced(each, config, told) for each in step.announces if _is_claimed(each, config))
    what = told["schedule.call"] if step.is_call else f"{label}, {_channels(step, config, told)}"
    return Rung(_when(step, told), what, within, tuple(announces))


def _when(step: Step, told: Language) -> str:
    if step.start == "previous":
        return _days("schedule.after-previous", step.days, told)
    if step.start == "due-month-end" and step.days == 0:
        return told["schedule.month-end"]
    place = {"issued": "issued", "due": "due", "due-month-end": "month-end"}[step.start]
    side = "before" if step.days < 0 else "after"
    return _days(f"schedule.{side}-{place}", abs(step.days), told)


def _days(key: str, count: int, told: Language) -> str:
    """The catalogue's words for a number of days; none has words of its own."""
    return told[f"{key}-none"] if count == 0 else told.plural(key, count)


def _channels(step: Step, config: Config, told: Language) -> str:
    from babel.lists import format_list

    return format_list(
        [told[f"schedule.by-{channel}"] for channel in step.channels], locale=locale(told.tag, config.business)
    )


def _is_claimed(each: Announce, config: Config) -> bool:
    """Interest is announced only where a rule lets it run."""
    return each.consequence != "interest" or bool(config.interest.regime)


def _announced(each: Announce, config: Config, told: Language) -> str:
    what, scope = told[f"schedule.what-{each.consequence}"], ""
    if each.consequence == "fee" and (kind := costs(config.interest.regime)):
        what = told[f"schedule.what-fee{kind}"]  # owed by consumers too
    elif each.consequence == "fee":
        scope = told["schedule.of-businesses"]
    return f"{_days('schedule.announced', each.in_days, told)} {what}{scope}."


# ------------------------------------------------------------------ what holds beside the steps


def _between(schedule: Schedule, config: Config, told: Language) -> str:
    """The gap between steps, and that nothing comes before the date that was given."""
    own = (schedule.minimum_gap if step.minimum_gap is None else step.minimum_gap for step in schedule.step[1:])
    gap = max(min(own, default=0), 1)
    parts = [told.plural("schedule.gap", gap), told["schedule.kept"]]
    if len(config.schedule) > 1:
        parts.append(told["schedule.otherwise"])
    return " ".join(parts)


def _promise(config: Config, told: Language) -> str:
    parts = (
        _days("schedule.promise", config.promises.grace, told),
        told["schedule.promise-early"],
        told.plural("schedule.promise-broken", config.promises.most_broken),
    )
    return " ".join(parts)


def _plan(config: Config, told: Language) -> str:
    parts = [
        told["schedule.plan"],
        _days("schedule.plan-unsigned", config.plans.unsigned_days, told),
        _days("schedule.plan-late", config.plans.grace, told),
    ]
    return " ".join(filter(None, parts))


def _interest(schedule: Schedule, config: Config, told: Language) -> str:
    """By which rule interest runs, from when, and for whom; nothing where no step announces it."""
    interest = config.interest
    if not interest.regime or not any(a.consequence == "interest" for step in schedule.step for a in step.announces):
        return ""
    basis = _basis(config, told)
    text = told[f"schedule.interest-{interest.starts}"].format(basis=basis)
    return text if interest.regime in _FOR_CONSUMERS_TOO else f"{text} {told['schedule.interest-businesses']}"


def _basis(config: Config, told: Language) -> str:
    """The rule that interest runs by, where the catalogue has words for it."""
    rate = agreed_rate(config, locale(told.tag, config.business))
    if config.interest.regime == "contract" and not rate:
        return ""
    return told.get(f"basis.{config.interest.regime}").format(rate=rate)


def _prepayment(config: Config, told: Language) -> str:
    return " ".join(_up_front(config, told))


def _up_front(config: Config, told: Language) -> Iterator[str]:
    prepayment = config.prepayment
    if not (prepayment.late_times or prepayment.after_final_demand):
        return
    if prepayment.late_times:
        late = told.plural("schedule.late", prepayment.late_days)
        yield told.plural("schedule.prepayment-late", prepayment.late_times).replace("[late]", late)
    if prepayment.after_final_demand:
        yield told["schedule.prepayment-demand"]
    yield told["schedule.prepayment-ends"]
