"""The credit policy and the schedule as pages that every customer may see: what we do, and nothing of anybody."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from types import SimpleNamespace

from markupsafe import Markup

from pastdue import days
from pastdue.config import Config
from pastdue.documents import blocks, schedule, site, words
from pastdue.documents.catalogue import ENGLISH, FALLBACK, Language, chain
from pastdue.documents.letters import Letters
from pastdue.documents.portal.words import business_of
from pastdue.documents.schedule import POLICY, SCHEDULE
from pastdue.documents.site import encoded
from pastdue.findings import Finding, warning
from pastdue.model import Customer, Notice, Page

TEXT = "_policy"  # letters/_policy.LANGUAGE.md: what the page and the letter both say
PUBLIC = "site/public"


def languages(letters: Letters, config: Config) -> tuple[str, ...]:
    """The languages that the pages are in: those of the policy's text, the business's own first; none without a version."""
    if not config.policy.version:
        return ()
    written = {chain(each)[-1]: each for each in sorted(letters.languages(TEXT), reverse=True)}
    own = chain(config.business.language)[-1:]
    return tuple(sorted(written.values(), key=lambda each: (chain(each)[-1:] != own, each)))


def links(letters: Letters, config: Config, wanted: str) -> tuple[tuple[str, str], ...]:
    """What a customer's page links to, as label and file beside it, in a language that they read; nothing without a policy."""
    there = languages(letters, config)
    if not there:
        return ()
    tags = (*chain(wanted), *chain(config.business.language), FALLBACK, *there)
    language = next(tag for tag in tags if tag in there)
    told = letters.words.of(language)
    return (
        (told["policy.other"], schedule.page_name(POLICY, language, config)),
        (told["policy.steps"], schedule.page_name(SCHEDULE, language, config)),
    )


def pages(
    letters: Letters, config: Config, on: date, templates: Mapping[str, str], content_policy: str
) -> Iterator[Page]:
    """Both pages in each of their languages. `content_policy` is what every page of the site carries in its head."""
    there = languages(letters, config)
    for language in there:
        told = letters.words.of(language)
        around = _around(config, told, there, on) | {"policy": content_policy}
        text = letters.partial(TEXT, language, _context(config, told, on))
        # In the letter a heading stands below the subject and the name above it; on the page below the title alone.
        text = [{**node, "level": max(node["level"] - 1, 2)} if node["t"] == "h" else node for node in text]
        body = Markup(blocks.to_html(text))  # noqa: S704 -- written from blocks, every text in them escaped
        yield _page(POLICY, language, config, templates, {**around, "body": body})
        steps, rules = schedule.steps(config, told), schedule.rules(config, told)
        yield _page(SCHEDULE, language, config, templates, {**around, "steps": steps, "rules": rules})


def findings(letters: Letters, config: Config) -> Iterator[Finding]:
    """A policy without a text, or with a schedule that no page can tell."""
    if config.policy.version and not languages(letters, config):
        hint = "Write it, or take policy.version out of config.toml."
        yield warning(
            f"letters/{TEXT}.en.md", "there is no text of the credit policy: the site has no page of it", hint
        )


def _page(page: str, language: str, config: Config, templates: Mapping[str, str], values: Mapping[str, object]) -> Page:
    html = site.compiled(templates).get_template(f"{page}.html").render(values)
    return Page(f"{PUBLIC}/{schedule.page_name(page, language, config)}", encoded(html))


def _around(config: Config, told: Language, there: Sequence[str], on: date) -> dict[str, object]:
    """What stands on both pages: who, as at when, in which other languages, whom to ask."""
    language, where = told.tag, words.locale(told.tag, config.business)
    own = {f"{table}_{key}": text for table in ("policy", "schedule") for key, text in told.table(table).items()}
    say = SimpleNamespace(**{key.replace("-", "_"): text for key, text in own.items()})
    others = [each for each in there if each != language]
    return {
        "lang": where.replace("_", "-"),
        "say": say,
        "business": business_of(config, where),
        "version": say.policy_version.format(version=config.policy.version),
        "as_at": say.policy_as_at.format(date=days.display(on, where)),
        "policy_page": schedule.page_name(POLICY, language, config),
        "schedule_page": schedule.page_name(SCHEDULE, language, config),
        "other_policies": [(*_named(each), schedule.page_name(POLICY, each, config)) for each in others],
        "other_schedules": [(*_named(each), schedule.page_name(SCHEDULE, each, config)) for each in others],
    }


def _named(language: str) -> tuple[str, str]:
    """A language's tag, and its own name for itself: "Deutsch"."""
    from babel import Locale

    name = Locale.parse(chain(language)[-1]).get_display_name() or language
    return language, name[:1].upper() + name[1:]


def _context(config: Config, told: Language, on: date) -> dict[str, object]:
    """The values of a letter that goes to nobody: the page has no customer to tell of."""
    nobody = Customer("", "", language=told.tag, currency=config.business.currency)
    notice = Notice(
        "", on, nobody, nobody.currency, POLICY, -1, POLICY, "letter", items=(), pay_by=None, announces=(),
        reasons=(), portal_url="",
    )  # fmt: skip
    return words.context(notice, config, told) | {"channel": "page"}


# ------------------------------------------------------------------ are the templates sound?


def check(templates: Mapping[str, str]) -> list[Finding]:
    """What is wrong with the templates of the two pages, found by rendering samples with them."""
    step = {"name": "reminder", "days": 1, "channels": ["email"], "pay_within": 7}
    config = Config.model_validate(
        {
            "business": {"name": "Sample Joinery", "phone": "+44 20 7946 0000", "address": ["1 Sample Street"]},
            "policy": {"version": "sample"},
            "schedule": {"standard": {"step": [step]}},
        }
    )

    def attempt(page: str) -> None:
        around = _around(config, ENGLISH, ("en", "de"), date(2026, 3, 2)) | {"policy": ""}
        values = {"body": "", "steps": schedule.steps(config, ENGLISH), "rules": schedule.rules(config, ENGLISH)}
        _page(page, "en", config, templates, {**around, **values})

    return [each for page in (POLICY, SCHEDULE) for each in site.trial(f"{page}.html", partial(attempt, page))]
