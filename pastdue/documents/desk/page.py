"""The page itself: the day first, the analysis below it."""

from collections.abc import Mapping

from pastdue import days
from pastdue.config import Config
from pastdue.documents import site
from pastdue.documents.desk import sections
from pastdue.documents.desk.ahead import ahead
from pastdue.documents.desk.analysis import analyses
from pastdue.documents.desk.morning import PATH, TEMPLATE, Morning
from pastdue.documents.desk.totals import totals
from pastdue.documents.desk.view import View, Who
from pastdue.documents.desk.words import TEXT, weekday
from pastdue.documents.site import cut, encoded, inline, plain
from pastdue.findings import Finding, Severity, in_reading_order
from pastdue.model import Page


def desk(morning: Morning, config: Config, templates: Mapping[str, str], static: Mapping[str, bytes]) -> Page:
    """The page, in one file that stands alone; links lead to the files beside it."""
    view = View(morning, config)
    findings = in_reading_order(morning.findings)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    html = (
        site.compiled(templates)
        .get_template(TEMPLATE)
        .render(
            style=inline(static.get(site.STYLESHEET, b"")),
            business=plain(config.business.name),
            weekday=weekday(morning.on, view.where),
            on=days.display(morning.on, view.where),
            guards=tuple(plain(guard) for guard in morning.guards),
            findings=tuple(_finding(finding, view) for finding in findings[: sections.LISTED]),
            findings_more=max(len(findings) - sections.LISTED, 0),
            errors=errors,
            warnings=len(findings) - errors,
            totals=totals(view),
            obligations=tuple(section for section in sections.first(view) if section.entries),
            sections=tuple(section for section in sections.of_the_day(view) if section.entries or section.always),
            others=tuple(section for section in sections.for_the_record(view) if section.entries),
            ahead=ahead(view),
            analyses=analyses(view),
        )
    )
    return Page(PATH, encoded(html))


def _finding(finding: Finding, view: View) -> tuple[str, str, str, str, Who | None]:
    """Severity, place, message, hint, and whose it is."""
    column = f"{plain(finding.column)}: " if finding.column else ""
    return (
        str(finding.severity),
        plain(finding.place),
        column + cut(finding.message, 5 * TEXT),
        cut(finding.hint, 5 * TEXT),
        view.named.get(finding.account_id),
    )
