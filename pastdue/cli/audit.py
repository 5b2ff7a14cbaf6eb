"""`audit`: says whether ledger, documents, journal and history agree, and writes a notice again from its own commit."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from pastdue import __version__, flow
from pastdue.cli import DONE, FINDINGS, Desk, screen
from pastdue.delivery import Stopped, audit, compare, files, pdf
from pastdue.delivery.audit import Break, Recorded, Witness
from pastdue.delivery.git import GitError, Repository
from pastdue.delivery.post import VERSION
from pastdue.documents import attachments, emails
from pastdue.dunning import again
from pastdue.findings import shown
from pastdue.model import Document, Inputs

# All that a notice is made of; git knows it by these names.
_SOURCES = (files.CONFIG, files.PORTAL_KEY, "accounts", "letters", "site/templates", "site/static")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A notice written again: from which commit, by which program at first, and every break."""

    notice_id: str
    base: str  # the commit whose books, letters and config it was written from
    written_by: str  # the version on record; "" when there is none
    signed: bool  # it has a DKIM signature, which is not written again
    breaks: tuple[Break, ...]


def run(desk: Desk, *, since: str, kept: Path | None, notice_id: str, as_json: bool) -> int:
    """Looks at everything, and at the email and the notice that are named; exit 1 on any break."""
    root = desk.root
    report = audit.audit(root, since=since)
    witness = audit.witness(root, kept.read_bytes(), str(kept)) if kept else None
    rebuilt = rebuild(root, notice_id) if notice_id else None
    more = (each.breaks for each in (witness, rebuilt) if each)
    breaks = list(dict.fromkeys((*report.breaks, *(each for found in more for each in found))))
    if as_json:
        click.echo(json.dumps(_shape(breaks, report, witness, rebuilt), ensure_ascii=False, indent=2))
    else:
        _tell(desk, breaks, report, witness, rebuilt)
    return FINDINGS if breaks else DONE


# ------------------------------------------------------------------ writing a notice again


def rebuild(root: Path, notice_id: str) -> Rebuilt:
    """Writes the notice again from the commit that it was written from, for its day, and compares the bytes."""
    repository = Repository.open(root)
    record = audit.recorded(root, repository, notice_id)
    base, version = _base(repository, record), _written_by(repository, record.commit)
    if not base:
        found = ["there is no commit before its own that it could come from"]
    else:
        try:
            found = _compared(record, _again(repository, record, base))
        except (_NotAgain, Stopped) as problem:
            found = [str(problem)]
    hint = "Perhaps books, letters or config were not committed when it went out; or pastdue or a library was another version."
    file, commit = record.row["file"], base or record.commit
    breaks = tuple(
        Break("rebuild", f"written again, {each}", hint, file=file, notice_id=notice_id, commit=commit)
        for each in found
    )
    signed = compare.unsigned(record.content) != record.content
    return Rebuilt(notice_id, base, version, signed, breaks)


class _NotAgain(Exception):  # noqa: N818
    """Why a notice cannot be written again."""


def _base(repository: Repository, record: Recorded) -> str:
    """The commit that a notice was written from: the one that it names, else the one before it went on record."""
    for name in (compare.named_log(record.content), f"{record.commit}^"):
        try:
            return repository.git("rev-parse", "-q", "--verify", f"{name}^{{commit}}").decode().strip()
        except GitError:
            continue
    return ""


def _written_by(repository: Repository, commit: str) -> str:
    said = repository.git("log", "-1", "--no-show-signature", f"--format=%(trailers:key={VERSION},valueonly)", commit)
    return said.decode("utf-8", "replace").strip()


def _again(repository: Repository, record: Recorded, base: str) -> Document:
    on, notice_id = date.fromisoformat(record.row["on"]), record.row["notice_id"]
    inputs = _inputs(repository, record, base)
    worked = flow.run(inputs, today=on, clock=on, check_letters=False)
    if isinstance(worked, flow.Refusal):
        wrong = worked.findings[0]
        raise _NotAgain(f"its books cannot be read: {wrong.place}: {wrong.message}")
    if again.is_again(record.row["step"]):
        worked = _once_more(repository, record, worked)
    day = replace(worked, notices=tuple(n for n in worked.notices if n.notice_id == notice_id))
    if not day.notices:
        raise _NotAgain("it is not due on that day by the books of the commit that it was written from")
    held = repository.committed(base, attachments.wanted(day.notices[0], day.config, inputs.invoices))
    contents = repository.contents(held.values())
    enclosed = {path: contents[blob] for path, blob in held.items() if blob in contents}
    return _composed(day, record, enclosed, compare.named_log(record.content))


def _once_more(repository: Repository, record: Recorded, worked: flow.Run) -> flow.Run:
    """The run with the notice that went once more on purpose, from the bytes on record of the one that it repeats."""
    row = record.row
    try:
        asked = again.repeated(
            worked.standings, worked.decisions, row["account_id"], row["currency"], row["step"], row["channel"]
        )
        content = audit.recorded(repository.root, repository, asked.notice_id).content
        return flow.once_more(worked, asked, content)
    except again.NotAgain as problem:
        raise _NotAgain(problem.why) from problem


def _inputs(repository: Repository, record: Recorded, base: str) -> Inputs:
    """All that the notice was made of, as its commit has it; of the invoices only what they are called."""
    with tempfile.TemporaryDirectory(prefix="pastdue-") as name:
        folder = Path(name)
        _export(repository, _held(repository, base, _SOURCES), folder)
        if not (folder / files.PORTAL_KEY).exists():  # made by the very run, and committed with it
            _export(repository, _held(repository, record.commit, (files.PORTAL_KEY,)), folder)
        inputs, found = files.read_inputs(folder)
    if inputs is None:
        raise _NotAgain(f"its commit has no config that can be read: {found[0].message}")
    return replace(inputs, invoices=frozenset(_held(repository, base, (attachments.FOLDER,))))


def _composed(day: flow.Run, record: Recorded, enclosed: dict[str, bytes], log: str) -> Document:
    try:
        made, problems = flow.documents(
            day, sent_at=_moment(day, record), invoices=enclosed, typeset=lambda _path, data: pdf.render(data)
        )
        if not made:
            raise _NotAgain(f"it cannot be composed: {problems[0].message}")
        document = made[0]
        return (
            replace(document, content=pdf.render(document.content))
            if document.kind == "pdf"
            else emails.witnessed(document, log)
        )
    except pdf.CannotSet as problem:
        raise _NotAgain(f"it cannot be set in type: {problem}") from problem


def _moment(day: flow.Run, record: Recorded) -> datetime:
    """The moment in the email's Date; a letter has none."""
    said = (
        BytesHeaderParser().parsebytes(record.content[:65536])["Date"] if record.row["file"].endswith(".eml") else None
    )
    try:
        moment = parsedate_to_datetime(str(said))
    except (TypeError, ValueError):
        moment = datetime(day.on.year, day.on.month, day.on.day, 9, tzinfo=ZoneInfo(day.config.business.timezone))
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo("UTC"))


def _held(repository: Repository, commit: str, paths: Sequence[str]) -> dict[str, str]:
    """The blobs of the files that a commit holds at the paths; links, which could lead anywhere, are left out."""
    said = repository.git("ls-tree", "-r", "-z", commit, "--", *paths).split(b"\0")
    entries = [entry.partition(b"\t") for entry in said if entry.startswith(b"100")]
    return {path.decode("utf-8", "surrogateescape"): meta.split(b" ")[2].decode() for meta, _, path in entries}


def _export(repository: Repository, held: Mapping[str, str], folder: Path) -> None:
    """Writes the files into a folder."""
    contents = repository.contents(held.values())
    for path, blob in held.items():
        if blob in contents:
            files.put(folder, path, contents[blob])


def _compared(record: Recorded, document: Document) -> list[str]:
    """In which parts the notice that was written again is another one."""
    if document.content == compare.unsigned(record.content):
        return []
    if document.kind == "pdf":
        return [f"it differs {compare.first_difference(record.content, document.content)}"]
    found = compare.differences(record.content, document.content)
    return found or ["it says the same in another form"]


# ------------------------------------------------------------------ what is said


def _shape(
    breaks: Sequence[Break], report: audit.Report, witness: Witness | None, rebuilt: Rebuilt | None
) -> dict[str, object]:
    names = ("code", "file", "row", "notice_id", "commit", "message", "hint")
    said: dict[str, object] = {
        "ok": not breaks,
        "breaks": [
            {name: getattr(each, name) or None if name == "row" else getattr(each, name) for name in names}
            for each in breaks
        ],
        "checked": dict(report.checked),
    }
    if witness:
        shape = ("notice_id", "state", "at", "commit", "form")
        said["witness"] = {name: getattr(witness, name) for name in shape} | {"ok": not witness.breaks}
    if rebuilt:
        said["rebuilt"] = {
            "notice_id": rebuilt.notice_id,
            "commit": rebuilt.base,
            "identical": not rebuilt.breaks,
            "signed": rebuilt.signed,
            "written_by": rebuilt.written_by,
            "program": __version__,
        }
    return said


def _tell(
    desk: Desk, breaks: Sequence[Break], report: audit.Report, witness: Witness | None, rebuilt: Rebuilt | None
) -> None:
    def say(text: str) -> None:
        desk.out.print(screen.plain(text), soft_wrap=True)

    for each in breaks:
        about = (
            f" ({', '.join(filter(None, (each.notice_id, each.commit[:10])))})" if each.notice_id or each.commit else ""
        )
        say(f"{each.place}: {each.code}: {each.message}{about}")
        if each.hint:
            say(f"    {each.hint}")
    count, number = screen.count, report.checked
    if witness and not witness.breaks:
        how = (
            "the very bytes that are on record"
            if witness.form == "bytes"
            else "the words that are on record; servers changed their form"
        )
        log = (
            f"; the history goes back to {witness.commit[:10]}, which it names"
            if witness.commit
            else "; it names no commit"
        )
        say(f"The kept email is {witness.notice_id}, {witness.state} at {witness.at}: {how}{log}.")
    if rebuilt:
        say(_about(rebuilt))
    looked = (
        f"{count(number['rows'], 'row')} of {count(number['notices'], 'notice')}, {count(number['documents'], 'document')}, "
        f"{count(number['commits'], 'commit')}, {count(number['witnesses'], 'email')} that {'names' if number['witnesses'] == 1 else 'name'} "
        f"the log, {count(number['journal'], 'line')} of the journal"
    )
    say(f"{looked}: {count(len(breaks), 'break') if breaks else 'all of it agrees'}.")


def _about(rebuilt: Rebuilt) -> str:
    result = "not identical" if rebuilt.breaks else "identical, byte for byte"
    if rebuilt.signed and not rebuilt.breaks:
        result += ", but for its DKIM signature, which only the key can write"
    source = f" from commit {rebuilt.base[:10]}" if rebuilt.base else ""
    if rebuilt.written_by and rebuilt.written_by != __version__:
        version = f" It was written by pastdue {rebuilt.written_by}; this is {__version__}."
    else:
        version = "" if rebuilt.written_by else " Which version wrote it at first is not on record."
    return f"{shown(rebuilt.notice_id)} written again{source}: {result}.{version}"
