"""`serve`: desk and site in the browser, built anew whenever books, letters, templates or config change."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pastdue import flow
from pastdue.cli import Desk, outbox, screen
from pastdue.delivery import Stopped, files
from pastdue.delivery.preview import Preview
from pastdue.findings import Finding, Severity, in_reading_order


def serve(desk: Desk, on: date | None, port: int, now: Callable[[], datetime]) -> None:
    """Builds, answers on the loopback interface, and builds again at every change, until it is interrupted.

    What cannot be built is said in the page and in the terminal, and the last good pages stay.
    """
    root = desk.root
    files.ensure_portal_key(root)
    preview = Preview(root, port)
    preview.start()
    desk.out.print(f"Preview at {preview.address}, for this machine only. Ctrl-C ends it.", soft_wrap=True)
    try:
        for changed in preview.changes():
            if changed:
                more = " …" if len(changed) > 3 else ""
                desk.out.print(f"{screen.plain(', '.join(changed[:3]))}{more}", soft_wrap=True)
            _build(desk, root, preview, on, now)
    except KeyboardInterrupt:
        desk.out.print("The preview has ended.")
    finally:
        preview.stop()


def _build(desk: Desk, root: Path, preview: Preview, on: date | None, now: Callable[[], datetime]) -> None:
    """One build, and what came of it, to the terminal and to the page."""
    at = now()
    try:
        said, findings, stopped = _attempt(desk, root, on, at.date())
    except Stopped as problem:
        said, stopped = f"stopped: {problem.message}", True
        findings = [Finding(Severity.ERROR, "", problem.message, problem.hint)]
    screen.show_findings(desk.err, findings)
    desk.out.print(f"{at:%H:%M:%S} {screen.plain(said)}", soft_wrap=True)
    preview.tell(
        {
            "said": f"{said} · {at:%H:%M:%S}",
            "stopped": stopped,
            "summary": screen.summary(findings),
            "findings": [_shown(finding) for finding in findings],
        }
    )


def _attempt(desk: Desk, root: Path, on: date | None, today: date) -> tuple[str, Sequence[Finding], bool]:
    """What was built in a line, what is to be said of it, and whether nothing could be."""
    inputs, found = files.read_inputs(root)
    if inputs is None:
        return "nothing was built", in_reading_order(found), True
    run = flow.run(inputs, today=on, clock=today, found=found)
    if isinstance(run, flow.Refusal):
        return "nothing was built", run.findings, True
    built = outbox.build(desk, run)
    day = f"{run.on:%Y-%m-%d}"
    return f"built for {day}: {screen.count(built.changed, 'file')} changed", built.run.findings, False


def _shown(finding: Finding) -> dict[str, Any]:
    column = f"{finding.column}: " if finding.column else ""
    return {
        "severity": str(finding.severity),
        "place": screen.plain(finding.place),
        "message": screen.plain(column + finding.message),
        "hint": screen.plain(finding.hint),
    }
