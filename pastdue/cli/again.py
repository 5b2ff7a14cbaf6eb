"""`send --again`: a notice on record, once more, as a new one that says so."""

import difflib
from pathlib import Path

import click

from pastdue import flow
from pastdue.delivery import Stopped, audit
from pastdue.delivery.git import Repository
from pastdue.dunning import again
from pastdue.findings import shown
from pastdue.flow import Run


def once_more(run: Run, root: Path, notice_id: str) -> Run:
    """The run with nothing in it but the notice, written from the very bytes that went first; stopped where it may not go."""
    try:
        asked = again.asked(run.standings, run.decisions, notice_id)
        content = audit.recorded(root, Repository.open(root), asked.notice_id).content
        return flow.once_more(run, asked, content)
    except again.UnknownNotice as problem:
        raise click.BadParameter(
            f"{shown(notice_id)} is no notice{_near(notice_id, run)}", param_hint="--again"
        ) from problem
    except again.NotAgain as problem:
        raise Stopped(problem.why, problem.hint) from problem


def _near(notice_id: str, run: Run) -> str:
    known = dict.fromkeys(line.notice_id for standing in run.standings for line in standing.history)
    close = difflib.get_close_matches(notice_id, known, n=1)
    return f"; did you mean {close[0]}?" if close else "; accounts/notices.csv lists them all"
