"""`build` and `send`: the same list, written as drafts by the one and delivered by the other."""

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pastdue import flow, money
from pastdue.cli import DONE, FAILED, FINDINGS, STOPPED, Desk, _moment, _now, guards, screen
from pastdue.cli.again import once_more
from pastdue.config import Git
from pastdue.delivery import Stopped, copies, files, mail, pdf, post
from pastdue.delivery.git import Repository
from pastdue.delivery.ledger import PATH as RECORD
from pastdue.delivery.ledger import NoticesLedger, grew, last_states
from pastdue.documents import attachments, emails, notices
from pastdue.findings import Finding, error, warning
from pastdue.flow import Run
from pastdue.model import COPY, Document, Notice, Page, State

if TYPE_CHECKING:
    from pastdue.delivery.dkim import Signer

SET_LETTERS = "outbox/.letters.json"  # which data each printed letter was set from; of this machine, git ignores it


@dataclass(frozen=True, slots=True)
class Composed:
    """A run with every notice in its final bytes."""

    run: Run
    documents: tuple[Document, ...]

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The notices that could be written."""
        return tuple(document.notice for document in self.documents)


@dataclass(frozen=True, slots=True)
class Built:
    """What a build wrote."""

    run: Run
    notices: tuple[Notice, ...]
    changed: int
    removed: int
    pages: int
    exit_code: int

    def summary(self) -> str:
        """What was written, in two lines."""
        count = screen.count
        files_ = f"{count(self.changed, 'file')} written" if self.changed else "nothing changed"
        removed = f", {count(self.removed, 'stale file')} removed" if self.removed else ""
        return (
            f"outbox/{self.run.on}/ and site/public/ ({count(self.pages, 'page')}): {files_}{removed}.\n"
            "Look at outbox/desk.html first."
        )


def build(desk: Desk, run: Run) -> Built:
    """Writes drafts, call sheets, site and desk; a file that is as it was is left alone."""
    composed = compose(desk, run, fresh=False)
    return _write(desk, composed, recorded=_recorded(run))


def dry_run(desk: Desk, on: date | None, only: str | None, again: str | None) -> int:
    """Prints exactly the list that `send` would deliver, and what would stop it; writes nothing into the workspace."""
    run = _chosen(desk, desk.run(on), only, again)
    desk.signer(run)
    composed = compose(desk, run, fresh=True)
    screen.show_notices(desk.out, composed.notices, "Would send")
    guards.remember(desk.root, run, "send --dry-run", _now())
    with suppress(Stopped):  # outside git nothing can be sent, but everything can be looked at
        _say(desk, _objections(desk, composed, frozenset()), "send would stop")
        _say_of_record(desk)
    return desk.show_findings(composed.run)


def send(
    desk: Desk,
    on: date | None,
    *,
    only: str | None,
    yes: bool,
    posted: bool,
    again: str | None = None,
    meant: frozenset[str] = frozenset(),
) -> int:
    """Delivers what is due and records it; `meant` are the flags of the guards that the operator overrules.

    The lock is held and an earlier run's remains are recorded before the books are read.
    """
    root = desk.root
    with post_office(desk) as out:
        _remind_of_unclear(desk, out)
        left = _failed(out.recovered.results)
        if posted:
            results = out.mark_posted(only).results
            desk.out.print(f"{screen.count(len(results), 'letter')} recorded as posted.")
        files.ensure_portal_key(root)
        run = _chosen(desk, desk.run(on), only, again)
        signer = desk.signer(run)
        composed = _final(compose(desk, run, fresh=True), out.head, signer)
        screen.show_notices(desk.out, composed.notices, "To send:")
        findings = desk.show_findings(composed.run)
        if not composed.documents:
            _write(desk, composed, recorded=_recorded(run))
            return max(findings, left)
        looked = guards.changed_since_the_look(root, run) if yes else ()
        if _say(desk, [*_objections(desk, composed, meant), *_not(meant, looked)]):
            return STOPPED
        if not yes and not _confirmed(run, len(composed.documents)):
            desk.err.print("Nothing was sent.")
            return STOPPED
        if _say(desk, _not(meant, guards.changed_meanwhile(root, run))):
            return STOPPED
        code = _deliver(desk, out, run, composed.documents)
        after = desk.run(on)
        _write(desk, compose(desk, after, fresh=False), recorded=_recorded(after))
    return max(code, findings, left)


def _deliver(desk: Desk, out: post.Post, run: Run, documents: Sequence[Document]) -> int:
    """Delivers, and says what became of each notice, also where trouble ended it on the way; the exit code for it."""
    trouble: post.CutShort | None = None
    try:
        outcome = out.deliver([_parcel(d) for d in documents], _transport(run, desk.root), [files.PORTAL_KEY])
    except post.CutShort as cut:
        outcome, trouble = cut.outcome, cut
    code = _tell(desk, outcome)
    _keep_copies(desk, run, documents, outcome)
    guards.forget(desk.root)
    if trouble:
        raise trouble
    return code


def _objections(desk: Desk, composed: Composed, meant: frozenset[str]) -> list[guards.Objection]:
    """What the guards say against this run, but for what the operator means."""
    count = sum(notice.channel != COPY for notice in composed.notices)
    return _not(meant, guards.objections(desk.root, composed.run, count, _now())) if count else []


def _in_the_way(desk: Desk, composed: Composed) -> Iterator[str]:
    """Why `send` will refuse, in words for the desk; outside git nothing can be sent, and nobody was going to."""
    with suppress(Stopped):
        for objection in _objections(desk, composed, frozenset()):
            yield f"{objection.message}. {objection.hint} If you mean it: send {objection.flag}"


def _say_of_record(desk: Desk) -> None:
    """Says that the record of what was sent is not what git has of it: no flag means that."""
    if not grew(Repository.open(desk.root).at_head(RECORD), NoticesLedger(desk.root).content()):
        desk.err.print(
            f"send would stop: {RECORD} is not what git has of it with rows after that, so this list may be wrong\n"
            f"    `git diff {RECORD}` shows the change, `git checkout {RECORD}` takes it back."
        )


def _not(meant: frozenset[str], objections: Iterable[guards.Objection]) -> list[guards.Objection]:
    return [objection for objection in objections if objection.flag not in meant]


def _say(desk: Desk, objections: Sequence[guards.Objection], word: str = "stopped") -> bool:
    """Says every objection with the flag that overrules it; True if there is one."""
    for objection in objections:
        desk.err.print(
            f"{word}: {screen.plain(objection.message)}\n    {screen.plain(objection.hint)} If you mean it: {objection.flag}"
        )
    return bool(objections)


def resolve(desk: Desk, asked: str) -> int:
    """Settles an unclear notice as the operator says."""
    name, _, word = asked.rpartition("=")
    if not name or word not in {"sent", "resend"}:
        raise click.BadParameter("write it as NOTICE=sent or NOTICE=resend", param_hint="--resolve")
    with post_office(desk) as out:
        transport = _transport(desk.run(None, letters=False), desk.root) if word == "resend" else None
        return _tell(desk, out.resolve(name, transport))


def compose(desk: Desk, run: Run, *, fresh: bool) -> Composed:
    """Every notice in its final bytes. `fresh`: letters are set anew even when their data did not change."""
    wanted = {p for n in run.notices for p in attachments.wanted(n, run.config, run.inputs.invoices)}
    contents, found = files.read(desk.root, sorted(wanted))
    sent_at = _moment(run) if fresh else _morning(run)
    with _progress(desk, "Writing", len(run.notices)) as step:
        agreements: list[Finding] = []
        documents, problems = flow.documents(
            run, sent_at=sent_at, invoices=contents, typeset=_setter(agreements), progress=step
        )
    documents, unset = _typeset(desk, documents, fresh=fresh)
    findings = (*run.findings, *found, *problems, *agreements, *unset)
    stopped = {finding.account_id for finding in (*problems, *unset) if finding.severity == "error"}
    kept = tuple(d for d in documents if d.notice.customer.account_id not in stopped)
    return Composed(replace(run, findings=findings), kept)


def _final(composed: Composed, log: str, signer: "Signer | None") -> Composed:
    """The very bytes that are to leave, before the question: after it they are not touched any more."""
    documents = tuple(emails.witnessed(document, log) for document in composed.documents)
    return replace(composed, documents=tuple(map(signer.signed, documents)) if signer else documents)


def _setter(findings: list[Finding]) -> Callable[[str, bytes], bytes]:
    """What sets an enclosure of the document at a path in type; what cannot be printed of it is added to the findings."""

    def typeset(path: str, data: bytes) -> bytes:
        findings.extend(_unprintable(path, data))
        try:
            return pdf.render(data)
        except pdf.CannotSet as problem:
            raise ValueError(f"its enclosure cannot be set: {problem}") from problem

    return typeset


def _unprintable(path: str, data: bytes) -> Iterator[Finding]:
    missing = pdf.unprintable(data)
    if missing:
        names = ", ".join(f"{c} (U+{ord(c):04X})" for c in missing[:5])
        yield warning(
            path,
            f"no font has {names}: a mark stands in the printed letter instead",
            "Mend the text in the books if the letter needs it.",
        )


def _morning(run: Run) -> datetime:
    """A draft is dated nine in the morning, so that building twice gives the same bytes."""
    return _moment(run).replace(hour=9, minute=0, second=0, microsecond=0)


def _typeset(desk: Desk, documents: Sequence[Document], *, fresh: bool) -> tuple[list[Document], list[Finding]]:
    """The letters as PDF, in place of their data; one that lies there from the same data is taken as it is."""
    letters = [document for document in documents if document.kind == "pdf"]
    known = {} if fresh else _known_letters(desk)
    made: dict[str, bytes] = {}
    to_set: list[Document] = []
    for document in letters:
        there = desk.root / document.path
        data, printed = known.get(document.path, ("", ""))
        if data == _digest(document.content) and there.is_file() and _digest(there.read_bytes()) == printed:
            made[document.path] = there.read_bytes()
        else:
            to_set.append(document)
    findings: list[Finding] = []
    with _progress(desk, "Setting letters", len(to_set)) as step:
        results = pdf.render_many([document.content for document in to_set])
        for document, result in zip(to_set, results, strict=True):
            account = document.notice.customer.account_id
            if isinstance(result, pdf.CannotSet):
                findings.append(error(document.path, f"the letter cannot be set: {result}", account_id=account))
            else:
                made[document.path] = result
            step()
    for document in letters:
        findings.extend(_unprintable(document.path, document.content))
    if not fresh and letters:
        entries = {d.path: (_digest(d.content), _digest(made[d.path])) for d in letters if d.path in made}
        content = json.dumps(entries, indent=0, sort_keys=True).encode()
        if entries != known:
            files.put(desk.root, SET_LETTERS, content)
    finished = [
        replace(d, content=made[d.path]) if d.kind == "pdf" else d
        for d in documents
        if d.kind != "pdf" or d.path in made
    ]
    return finished, findings


def _known_letters(desk: Desk) -> dict[str, tuple[str, str]]:
    try:
        entries = json.loads((desk.root / SET_LETTERS).read_bytes())
        return {str(path): (str(data), str(printed)) for path, (data, printed) in entries.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _write(desk: Desk, composed: Composed, recorded: frozenset[str]) -> Built:
    run = composed.run
    drafts = [Page(document.path, document.content) for document in composed.documents]
    pages = flow.pages(run, composed.documents, list(_in_the_way(desk, composed)))
    wanted = ((page.path, page.content) for page in (*drafts, *pages))
    todo = files.changes(desk.root, wanted, recorded)
    files.apply(desk.root, todo, recorded)
    return Built(
        run=run,
        notices=composed.notices,
        changed=sum(change.action is files.Action.WRITE for change in todo),
        removed=sum(change.action is files.Action.REMOVE for change in todo),
        pages=sum(change.path.startswith("site/public/") for change in todo),
        exit_code=FINDINGS if any(f.severity == "error" for f in run.findings) else DONE,
    )


def _recorded(run: Run) -> frozenset[str]:
    """The documents of notices on record: never touched again."""
    return frozenset(run.ledger.notices["file"]) - {""}


def _parcel(document: Document) -> post.Parcel:
    notice = document.notice
    asked = money.to_text(notice.asked_sum, notice.currency)
    line = f"{notice.customer.account_id} {notice.step} {notice.channel} {asked} {notice.currency}"
    return post.Parcel(
        notice_id=notice.notice_id,
        path=document.path,
        content=document.content,
        channel=notice.channel,
        rows=notices.ledger_rows(notice, document),
        line="; ".join((line, *notice.reasons)),
        asked=asked,
        recipient=document.recipient,
        message_id=document.message_id,
    )


def _tell(desk: Desk, outcome: post.Outcome) -> int:
    """What became of each notice, in the words of the state it is in; the exit code for it."""
    _tell_failed(desk, outcome.results)
    counts = Counter(result.state for result in outcome.results)
    for notice_id, why in outcome.failures:
        desk.err.print(f"not sent: {notice_id}: {screen.plain(why)}")
    if outcome.ended:
        desk.err.print(
            f"stopped early: {screen.plain(outcome.ended)}; {screen.count(len(outcome.untried), 'notice')} not tried"
        )
    said = ", ".join(f"{number} {state}" for state, number in counts.items())
    desk.out.print(f"{said or 'nothing sent'}." + (f" Committed as {outcome.commit[:10]}." if outcome.commit else ""))
    return FAILED if outcome.failures or outcome.ended else _failed(outcome.results)


def _failed(results: Iterable[post.Result]) -> int:
    """The exit code for what became of notices."""
    return FAILED if any(result.state in {State.REFUSED, State.DEFERRED, State.UNCLEAR} for result in results) else DONE


def _keep_copies(desk: Desk, run: Run, documents: Iterable[Document], outcome: post.Outcome) -> None:
    """Copies of what was sent, into the mail account's Sent folder; that it fails is only told."""
    sent = {result.notice_id for result in outcome.results if result.state is State.SENT}
    messages = [document.content for document in documents if document.notice.notice_id in sent]
    if run.config.mail.imap_host and messages:
        try:
            copies.keep(run.config, desk.root, messages)
        except Stopped as problem:
            desk.err.print(screen.plain(problem.message) + f"\n    {problem.hint}")


def _tell_failed(desk: Desk, results: Iterable[post.Result]) -> None:
    """The notices that did not go, in the server's words, and those of which only the operator can tell."""
    for result in results:
        if result.state in {State.REFUSED, State.DEFERRED}:
            desk.err.print(
                f"{result.state}: {result.notice_id} to {screen.plain(result.recipient)}: {screen.plain(result.reply)}"
            )
        if result.state is State.UNCLEAR:
            _tell_unclear(desk, result)


def _remind_of_unclear(desk: Desk, out: post.Post) -> None:
    """Says of each notice that earlier runs left unclear, and nobody has settled since, how to settle it."""
    told = {result.notice_id for result in out.recovered.results}
    for name, rows in last_states(out.record).items():
        row = rows[0]
        if row["state"] == State.UNCLEAR and name not in told:
            words = row["at"], row["reply"], row["file"], row["recipient"], row["message_id"]
            _tell_unclear(desk, post.Result(name, State.UNCLEAR, *words))


def _tell_unclear(desk: Desk, result: post.Result) -> None:
    desk.err.print(
        f"unclear: {result.notice_id} to {screen.plain(result.recipient)}: {screen.plain(result.reply)}\n"
        f"    Look for {result.message_id} in the server's log or your Sent folder, or ask the customer; then say\n"
        f"    build.py send --resolve {result.notice_id}=sent   (it arrived)\n"
        f"    build.py send --resolve {result.notice_id}=resend (it did not: the same message goes again)"
    )


@contextmanager
def post_office(desk: Desk) -> Iterator[post.Post]:
    """The post office of the workspace, after it has said what an earlier run left in doubt.

    The books are read later, inside: only what it needs itself is taken from the config.
    """
    git = Git()
    with suppress(OSError, ValueError):  # the run says what is wrong, before anything is sent
        git = Git.model_validate(tomllib.loads((desk.root / files.CONFIG).read_text("utf-8")).get("git", {}))
    with post.Post(desk.root, now=_now, report=_reporter(desk), remote=git.push, sign=git.sign) as out:
        _tell_failed(desk, out.recovered.results)
        yield out


def _transport(run: Run, root: Path) -> mail.Transport:
    return mail.transport(run.config, root)


def _chosen(desk: Desk, run: Run, only: str | None, again: str | None) -> Run:
    """The run with a notice alone that is to go once more, or with those to one account, where one is named."""
    if again is not None:
        return once_more(run, desk.root, again)
    if only is None:
        return run
    if not any(standing.account_id == only for standing in run.standings):
        raise click.BadParameter(f"no account {only!r}", param_hint="--only")
    return replace(run, notices=tuple(n for n in run.notices if n.customer.account_id == only))


def _confirmed(run: Run, number: int) -> bool:
    """The operator's word; without a terminal there is none, and --yes is needed."""
    import sys

    if not sys.stdin.isatty():
        raise Stopped("send asks before it sends, and there is no terminal", "Say --yes if you mean it.")
    how = "write drafts for" if run.config.mail.transport == "folder" else "send"
    try:
        return click.confirm(f"{how.capitalize()} {screen.count(number, 'notice')}?", default=False, err=True)
    except click.Abort:
        click.echo(err=True)  # what follows begins a line of its own
        return False


def _reporter(desk: Desk) -> Callable[[post.Event], None]:
    """Says what takes long enough to be worth a line."""

    def report(event: post.Event) -> None:
        if event.kind in {"recovered", "unpushed"}:
            desk.err.print(screen.plain(event.text))

    return report


@contextmanager
def _progress(desk: Desk, what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar for work of more than two seconds, on a terminal; nothing before that."""
    from time import monotonic

    from rich.progress import Progress

    began = monotonic()
    bar: Progress | None = None
    done = 0

    def step() -> None:
        nonlocal bar, done
        done += 1
        if bar is None and desk.err.is_terminal and monotonic() - began > 2:
            bar = Progress(console=desk.err, transient=True)
            bar.start()
            bar.add_task(what, total=total)
        if bar is not None:
            bar.update(bar.task_ids[0], completed=done)

    try:
        yield step
    finally:
        if bar is not None:
            bar.stop()
