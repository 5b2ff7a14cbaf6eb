"""Commands. The only place that prints, exits and reads the clock; what they do is told in `flow` and `delivery`."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import click

from pastdue import __version__

if TYPE_CHECKING:
    from pastdue.delivery.dkim import Signer
    from pastdue.flow import Run

P = ParamSpec("P")

DONE, FINDINGS, USAGE, FAILED, STOPPED = range(5)

EXIT_CODES = "Exit codes: 0 done, 1 findings, 2 usage, 3 some notices failed, 4 stopped by a guard."


class Day(click.ParamType[date]):
    """A day on the command line, written as in the ledgers."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date, or a usage error that says how to write one."""
        if isinstance(value, date):
            return value
        from pastdue.books.cells import YEARS

        try:
            day = datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007  (a day has no zone)
        except ValueError:
            self.fail(f"{value!r} is not a date: write it as 2026-03-02", param, ctx)
        if day.year not in YEARS:
            self.fail(f"{value!r} lies outside the years {YEARS[0]} to {YEARS[-1]}", param, ctx)
        return day


class Desk:
    """One command's view of the workspace and the terminal."""

    def __init__(self, folder: Path) -> None:
        from pastdue.cli.screen import consoles

        self.folder = folder
        self.out, self.err = consoles()

    @property
    def root(self) -> Path:
        """The workspace: the folder named, or the nearest one above it."""
        from pastdue.delivery import files

        return files.find_workspace(self.folder)

    def run(self, on: date | None, *, letters: bool = True) -> "Run":
        """The day's run, or exit 1 with every finding that stops it.

        Without `letters` nothing is going to be written: they are not test-written, and nobody looks where the site goes.
        """
        from dataclasses import replace

        from pastdue import flow
        from pastdue.cli import exposed, screen
        from pastdue.delivery import files
        from pastdue.findings import in_reading_order

        inputs, findings = files.read_inputs(self.root)
        if inputs is None:
            screen.show_findings(self.err, in_reading_order(findings))
            sys.exit(FINDINGS)
        worked = flow.run(inputs, today=on, clock=_now().date(), found=findings, check_letters=letters)
        if isinstance(worked, flow.Refusal):
            screen.show_findings(self.err, worked.findings)
            self.err.print(f"{screen.summary(worked.findings)}: nothing was written or sent.")
            sys.exit(FINDINGS)
        if not letters:
            return worked
        said = (*worked.findings, *exposed.findings(self.root, worked.config))
        return replace(worked, findings=tuple(in_reading_order(said)))

    def signer(self, run: "Run") -> "Signer | None":
        """What signs the run's emails, if anything does; exit 1 where its key cannot be used."""
        from pastdue.cli import screen
        from pastdue.delivery import dkim

        signer, findings = dkim.signer(run.config, self.root)
        if findings:
            screen.show_findings(self.err, findings)
            self.err.print("Nothing was written or sent.")
            sys.exit(FINDINGS)
        return signer

    def show_findings(self, run: "Run") -> int:
        """Says what is wrong, and gives the exit code for it."""
        from pastdue.cli import screen
        from pastdue.findings import Severity

        if run.findings:
            screen.show_findings(self.err, run.findings)
            self.err.print(screen.summary(run.findings))
        return FINDINGS if any(f.severity is Severity.ERROR for f in run.findings) else DONE


def _now() -> datetime:
    """The one look at the clock."""
    return datetime.now(UTC).astimezone()


def guarded(command: Callable[P, int | None]) -> Callable[P, None]:
    """Ends with the command's exit code. What stops it is said in a sentence; no traceback reaches an operator."""

    @wraps(command)
    def outer(*args: P.args, **kwargs: P.kwargs) -> None:
        from pastdue.delivery import Stopped

        try:
            sys.exit(command(*args, **kwargs) or DONE)
        except Stopped as stopped:
            click.echo(f"stopped: {stopped.message}", err=True)
            if stopped.hint:
                click.echo(f"    {stopped.hint}", err=True)
            sys.exit(STOPPED)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(DONE)
        except (KeyboardInterrupt, click.Abort):
            click.echo("stopped by you", err=True)
            sys.exit(STOPPED)
        except (click.ClickException, ModuleNotFoundError):
            raise  # what cannot be meant is said by click, with the usage; what is not installed, by build.py
        except Exception as problem:
            _say_defect(problem)
            sys.exit(STOPPED)

    return outer


def _say_defect(problem: Exception) -> None:
    """A defect of ours, in one line that can be reported; PASTDUE_DEBUG=1 shows all of it."""
    import os
    import traceback

    where = traceback.extract_tb(problem.__traceback__)[-1]
    if os.environ.get("PASTDUE_DEBUG"):
        traceback.print_exception(problem)
    click.echo(
        f"stopped by a defect of pastdue: {type(problem).__name__} in {Path(where.filename).name}:{where.lineno}",
        err=True,
    )
    click.echo(
        "    Nothing more was written. Please report this line; PASTDUE_DEBUG=1 shows where it happened.", err=True
    )


on_option = click.option("--on", type=Day(), help="Work as at this day; default: today, or the config's.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")


@click.group(context_settings={"max_content_width": 88}, epilog=EXIT_CODES)
@click.option(
    "-C", "--workspace", "folder", type=click.Path(file_okay=False, exists=True, path_type=Path), default=".",
    help="The folder with accounts/ and config.toml; default: here.",
)  # fmt: skip
@click.version_option(__version__, prog_name="pastdue")
@click.pass_context
def main(context: click.Context, folder: Path) -> None:
    """Reads the books, works out what is due, writes the letters, sends them, and lets git remember it."""
    context.obj = folder


def _desk() -> Desk:
    return Desk(click.get_current_context().obj)


@main.command()
@on_option
@json_option
@guarded
def check(on: date | None, *, as_json: bool) -> int:
    """Read books, config and letters, and say everything that is wrong."""
    from dataclasses import replace

    from pastdue import flow
    from pastdue.cli import as_json as shapes
    from pastdue.cli import exposed, screen
    from pastdue.delivery import dkim, files
    from pastdue.documents import linter
    from pastdue.findings import Severity

    desk = _desk()
    inputs, found = files.read_inputs(desk.root)
    worked: flow.Run | flow.Refusal = flow.Refusal(tuple(found))
    if inputs:
        worked = flow.run(inputs, today=on, clock=_now().date(), found=found, in_every_language=True)
    findings = [replace(f, severity=Severity.ERROR) if f.fails_check else f for f in worked.findings]
    overruled: list[str] = []
    if isinstance(worked, flow.Run):
        remarks = list(worked.remarks)
        findings += exposed.findings(desk.root, worked.config)
        findings += flow.documents(
            worked, sent_at=_moment(worked), invoices={}, typeset=lambda _path, data: data, heard=remarks.append
        )[1]
        findings += dkim.signer(worked.config, desk.root)[1]
        overruled = list(dict.fromkeys(linter.overruled(remarks, worked.config)))
    if as_json:
        found_all = {"findings": shapes.findings(findings), "overruled": overruled}
        click.echo(json.dumps(found_all, ensure_ascii=False, indent=2))
    else:
        screen.show_findings(desk.out, findings)
        screen.show_overruled(desk.err, overruled)
        desk.err.print(screen.summary(findings) or "Books, config and letters are clean.")
    return FINDINGS if any(f.severity is Severity.ERROR for f in findings) else DONE


@main.command()
@on_option
@json_option
@click.option("--all", "everyone", is_flag=True, help="Show settled accounts too.")
@guarded
def status(on: date | None, *, as_json: bool, everyone: bool) -> int:
    """Show how everybody stands and what is due today. Writes nothing."""
    from pastdue.cli import as_json as shapes
    from pastdue.cli import screen

    desk = _desk()
    run = desk.run(on, letters=False)
    if as_json:
        click.echo(json.dumps(shapes.status(run), ensure_ascii=False, indent=2))
    else:
        screen.show_status(desk.out, run, everyone=everyone)
    return desk.show_findings(run)


@main.command()
@click.option("--days", type=click.IntRange(0, 366), default=60, show_default=True, help="How far to look ahead.")
@on_option
@json_option
@guarded
def forecast(days: int, on: date | None, *, as_json: bool) -> int:
    """Say what will come if nobody pays, and what cash to expect. Writes nothing."""
    from pastdue import flow
    from pastdue.cli.forecast import shape, show

    desk = _desk()
    run = desk.run(on, letters=False)
    found = flow.forecast(run, days)
    if as_json:
        click.echo(json.dumps(shape(found), ensure_ascii=False, indent=2))
    else:
        show(desk.out, found)
    return desk.show_findings(run)


@main.command()
@click.argument("account")
@on_option
@json_option
@guarded
def explain(account: str, on: date | None, *, as_json: bool) -> int:
    """Say of one ACCOUNT what is open, which step fires, which does not, and why."""
    from pastdue.cli import as_json as shapes
    from pastdue.cli import screen

    desk = _desk()
    run = desk.run(on, letters=False)
    pairs = [(s, d) for s, d in zip(run.standings, run.decisions, strict=True) if s.account_id == account]
    if not pairs:
        raise click.BadParameter(_no_such(account, run), param_hint="ACCOUNT")
    if as_json:
        described = [shapes.account(s, d) for s, d in pairs]
        click.echo(json.dumps({"on": run.on.isoformat(), "accounts": described}, ensure_ascii=False, indent=2))
    else:
        for standing, decision in pairs:
            screen.show_account(desk.out, standing, decision, run.config.schedule[standing.customer.track])
    return FINDINGS if any(s.errors for s, _ in pairs) else DONE


def _no_such(account: str, run: "Run") -> str:
    import difflib

    from pastdue.findings import shown

    near = difflib.get_close_matches(account, [s.account_id for s in run.standings], n=1)
    return f"no account {shown(account)}" + (f"; did you mean {near[0]}?" if near else "")


@main.command()
@on_option
@guarded
def build(on: date | None) -> int:
    """Write the site, today's notices and the desk. Sends nothing, commits nothing."""
    from pastdue.cli import guards, outbox, screen
    from pastdue.delivery import files

    desk = _desk()
    files.ensure_portal_key(desk.root) if (desk.root / files.CONFIG).is_file() else None
    run = desk.run(on)
    built = outbox.build(desk, run)
    screen.show_notices(desk.out, built.notices, "Ready to send:")
    guards.remember(desk.root, run, "build", _now())
    desk.out.print(built.summary())
    return max(desk.show_findings(built.run), built.exit_code)


_KINDS_OF_SENDING = ("--again", "--resolve", "--bounced", "--only", "--posted", "--dry-run")
_GOES_WITH = {"--again": {"--dry-run"}, "--resolve": set[str](), "--bounced": set[str](), "--posted": {"--only"}}


def _mean_one_thing(said: list[str]) -> None:
    """A usage error for options of `send` that cannot be meant together, rather than to do one of them and not the other."""
    for name in said:
        others = [other for other in said if other not in {name, *_GOES_WITH.get(name, said)}]
        if others:
            raise click.UsageError(f"{name} goes by itself: without {' and '.join(others)}")


@main.command()
@on_option
@click.option("--dry-run", is_flag=True, help="Print the list that would be sent, and stop.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--only", metavar="ACCOUNT", help="Send to one account alone.")
@click.option("--again", metavar="NOTICE", help="Send this notice once more, as a new one that says so, and no other.")
@click.option("--posted", is_flag=True, help="Record that the printed letters are in the post.")
@click.option(
    "--resolve", metavar="NOTICE=sent|resend", help="Settle a notice of which it is unclear whether it arrived."
)
@click.option(
    "--bounced", multiple=True, type=click.Path(path_type=Path, exists=True), metavar="FILE",
    help="Record what a mail server's report, as saved from the mail program, says of a notice; may be repeated.",
)  # fmt: skip
@click.option("--stale-books", is_flag=True, help="Send although payments were not touched for days.")
@click.option("--many", is_flag=True, help="Send although far more is due than usual.")
@click.option("--shrunk", is_flag=True, help="Send although the books have lost half of their rows.")
@click.option("--changed", is_flag=True, help="Send although books, config or letters changed since you looked.")
@guarded
def send(
    on: date | None,
    *,
    dry_run: bool,
    yes: bool,
    only: str | None,
    again: str | None,
    posted: bool,
    resolve: str | None,
    bounced: tuple[Path, ...],
    **meant: bool,
) -> int:
    """Deliver what is due, record each notice, and commit it."""
    from pastdue.cli import outbox

    desk = _desk()
    given = (again, resolve, bounced, only, posted, dry_run)
    _mean_one_thing(
        [name for name, value in zip(_KINDS_OF_SENDING, given, strict=True) if value not in (None, (), False)]
    )
    if resolve is not None:
        return outbox.resolve(desk, resolve)
    if bounced:
        from pastdue.cli.bounced import bounced as record

        return record(desk, bounced)
    if dry_run:
        return outbox.dry_run(desk, on, only, again)
    overruled = frozenset(f"--{name.replace('_', '-')}" for name, said in meant.items() if said)
    return outbox.send(desk, on, only=only, again=again, yes=yes, posted=posted, meant=overruled)


@main.command()
@click.argument("account", required=False)
@click.argument("kind", required=False)
@click.option("--on", type=Day(), help="The day it happened; default: today, or the config's.")
@click.option("--invoice", default="", metavar="ID", help="The invoice it is about.")
@click.option("--amount", default="", help="As 1234.56, in the account's currency.")
@click.option("--due", type=Day(), help="Until when, or by when.")
@click.option("--every", type=click.Choice(["week", "month"]), help="For a plan.")
@click.option("--count", default="", help="For a plan: how many instalments.")
@click.option("--by", default="", help="Who wrote it down.")
@click.option("--note", default="", help="What was said, or what the kind asks for.")
@click.option(
    "--from", "source", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True), metavar="FILE",
    help="Add what a customer answered by the buttons of their page: a saved email, or - for text on the standard input.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="With --from: do not ask, and write no line that is doubtful.")
@guarded
def log(
    account: str | None,
    kind: str | None,
    on: date | None,
    source: Path | None,
    *,
    yes: bool,
    **more: Any,
) -> int:
    """Add one line to the activity ledger: what ACCOUNT said or did, and of which KIND it is."""
    from pastdue.cli.log import Options
    from pastdue.cli.log import log as add

    if source is not None:
        if account is not None or any(value for name, value in more.items() if name != "by"):
            raise click.UsageError("--from takes account, kind and the rest from what it reads")
        from pastdue.cli.replied import replied

        return replied(_desk(), source, by=more["by"], on=on, yes=yes)
    if account is None or kind is None:
        raise click.UsageError("say which ACCOUNT, and which KIND; or --from FILE")
    return add(_desk(), account, kind, Options(on=on, **more | {"every": more["every"] or ""}))


@main.command()
@click.argument("account")
@on_option
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help="Where to write it; default: evidence/ACCOUNT-DATE.",
)  # fmt: skip
@guarded
def evidence(account: str, on: date | None, to: Path | None) -> int:
    """Write the file of one ACCOUNT for an agency, a lawyer or a court."""
    from pastdue.cli.evidence import evidence as write

    desk = _desk()
    run = desk.run(on, letters=False)
    if not any(standing.account_id == account for standing in run.standings):
        raise click.BadParameter(_no_such(account, run), param_hint="ACCOUNT")
    return write(desk, run, account, to)


@main.command()
@json_option
@click.option(
    "--since", default="", metavar="COMMIT|TAG",
    help="The history from there on, and that it still goes back to there.",
)  # fmt: skip
@click.option(
    "--witness", "kept", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE.eml",
    help="An email that somebody else kept: is it on record, and does the log go back to what it names?",
)  # fmt: skip
@click.option(
    "--rebuild", "notice", default="", metavar="NOTICE",
    help="Write this notice again, from the books, letters and config of its own commit, and compare.",
)  # fmt: skip
@guarded
def audit(*, as_json: bool, since: str, kept: Path | None, notice: str) -> int:
    """Prove that notices ledger, documents, journal and git history agree. Writes nothing."""
    from pastdue.cli.audit import run

    return run(_desk(), since=since, kept=kept, notice_id=notice, as_json=as_json)


@main.command()
@on_option
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any that is free."
)
@guarded
def serve(on: date | None, port: int) -> None:
    """Show desk and site in the browser, built anew at every change. For this machine only."""
    from pastdue.cli import preview

    preview.serve(_desk(), on, port, _now)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@guarded
def init(folder: Path) -> int:
    """Make a new workspace in FOLDER: empty ledgers, letters, pages, a config to fill in."""
    from pastdue.cli.init import init as make

    return make(_desk(), folder)


def _moment(run: "Run") -> datetime:
    """The moment in the Date of today's emails: now, or nine in the morning when the run is for another day."""
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(run.config.business.timezone)
    now = _now().astimezone(zone).replace(microsecond=0)
    return now if now.date() == run.on else datetime(run.on.year, run.on.month, run.on.day, 9, tzinfo=zone)


__all__ = ["Desk", "main"]
