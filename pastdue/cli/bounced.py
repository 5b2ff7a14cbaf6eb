"""`send --bounced`: what mail servers report afterwards of emails that they had taken."""

from collections.abc import Sequence
from pathlib import Path

from pastdue.cli import DONE, FINDINGS, Desk, screen
from pastdue.cli.outbox import post_office
from pastdue.delivery import bounces
from pastdue.findings import Finding


def bounced(desk: Desk, paths: Sequence[Path]) -> int:
    """Puts on record what the reports say of notices; one that is about none is a finding, and changes nothing."""
    findings: list[Finding] = []
    changed: dict[str, bounces.News] = {}
    with post_office(desk) as out:
        rows = out.record
        for name, content in bounces.read(paths):
            report = bounces.report(name, content)
            news = report if isinstance(report, Finding) else bounces.news(report, rows)
            if isinstance(news, Finding):
                findings.append(news)
            elif not news.state or changed.setdefault(news.notice_id, news) is not news:
                desk.out.print(f"nothing changes: {news.notice_id}: {screen.plain(news.words)}", soft_wrap=True)
        outcome = out.returned((news.notice_id, news.state, news.words) for news in changed.values() if news.state)
    for result in outcome.results:
        said = f"{result.state}: {result.notice_id} to {screen.plain(result.recipient)}: {screen.plain(result.reply)}"
        desk.out.print(said, soft_wrap=True)
    screen.show_findings(desk.err, findings)
    committed = f" Committed as {outcome.commit[:10]}." if outcome.commit else ""
    desk.out.print(f"{screen.count(len(outcome.results), 'notice')} on record.{committed}")
    return FINDINGS if findings else DONE
