"""`evidence ACCOUNT`: the file for an agency, a lawyer or a court, from the books and from what git has on record."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from pastdue import money
from pastdue.cli import DONE, FINDINGS, Desk, screen
from pastdue.delivery import Stopped, files, git, pdf
from pastdue.documents import bundle, statement
from pastdue.documents import evidence as dossier
from pastdue.documents.notices import slug
from pastdue.findings import Finding, Severity, error, warning
from pastdue.flow import Run
from pastdue.model import Page

FOLDER = "evidence"  # in the workspace; git ignores it


def evidence(desk: Desk, run: Run, account: str, to: Path | None) -> int:
    """Writes the account's file into a folder of its own; exit 1 where a document is not what is on record."""
    root = desk.root
    made, findings = _gathered(desk, run, account)
    data = json.dumps(dossier.sheet(made), ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    try:
        printed = pdf.render(data, pdf.EVIDENCE)
    except pdf.CannotSet as problem:
        raise Stopped(f"the file cannot be set in type: {problem}") from problem
    if missing := pdf.unprintable(data):
        names = ", ".join(f"{c} (U+{ord(c):04X})" for c in missing[:5])
        findings.append(warning(bundle.PDF, f"no font has {names}: a mark stands in the file instead"))
    folder = to.absolute() if to else root / FOLDER / f"{slug(account)}-{run.on}"
    pages = bundle.files(made, run.ledger, printed)
    _write(folder, pages)
    _tell(desk, made, folder, pages, findings)
    errors = any(finding.severity is Severity.ERROR for finding in findings)
    return FINDINGS if errors or any(standing.errors for standing, _ in made.standings) else DONE


def _gathered(desk: Desk, run: Run, account: str) -> tuple[dossier.Account, list[Finding]]:
    """All that the file is made of, and what of it is not as it should be."""
    pairs = tuple(pair for pair in zip(run.standings, run.decisions, strict=True) if pair[0].account_id == account)
    messages = dossier.messages(run.ledger.notices, account, run.on)
    made = dossier.Account(
        on=run.on,
        standings=pairs,
        statements=tuple(statement.of(standing, run.ledger) for standing, _ in pairs),
        messages=messages,
        config=run.config,
        words=run.letters.words,
    )
    wanted = bundle.wanted(messages, run.ledger, account, run.on, run.inputs.invoices)
    repository = _repository(desk)
    enclosed = tuple(_enclosed(desk.root, wanted, repository))
    made = replace(made, enclosed=enclosed)
    if repository:
        head = repository.head()
        made = replace(made, has_history=True, commit=head, changed=_changed(desk.root, run, repository, head))
    return made, list(_findings(made))


def _repository(desk: Desk) -> git.Repository | None:
    """The history around the workspace; None, and said why, where there is none."""
    try:
        found = git.Repository.open(desk.root)
    except Stopped as problem:
        desk.err.print(f"without a history: {screen.plain(problem.message)}")
        return None
    return found if found.head() else None


def _changed(root: Path, run: Run, repository: git.Repository, head: str) -> tuple[str, ...]:
    """Books and config that are not as the commit has them."""
    contents = dict(run.inputs.ledgers) | files.read(root, [files.CONFIG])[0]
    held = repository.committed(head, contents)
    return tuple(sorted(path for path, content in contents.items() if held.get(path) != repository.blob(content)))


# ------------------------------------------------------------------ the documents


def _enclosed(
    root: Path, wanted: Sequence[bundle.Wanted], repository: git.Repository | None
) -> Iterator[dossier.Enclosure]:
    """Each document, in the bytes that were recorded, wherever they are still to be had."""
    sources = [each.source for each in wanted]
    copies, _ = files.read(root, sources)
    versions = repository.versions(sources) if repository else {}
    blobs = repository.contents(v.blob for states in versions.values() for v in states) if repository else {}
    for each in wanted:
        states = [state for state in versions.get(each.source, ()) if state.blob in blobs]
        yield _chosen(each, states, blobs, copies.get(each.source))


def _chosen(
    asked: bundle.Wanted, states: Sequence[git.Version], blobs: Mapping[str, bytes], copy: bytes | None
) -> dossier.Enclosure:
    """A notice as the commit that recorded it has it; an invoice as it lies in the folder, with the commit that has the same."""
    if asked.is_notice:
        is_it = [state for state in states if sha256(blobs[state.blob]).hexdigest() == asked.recorded]
        is_copy_it = copy is not None and sha256(copy).hexdigest() == asked.recorded
        state = next(iter(is_it or ([] if is_copy_it else states)), None)
    else:
        state = next((state for state in reversed(states) if blobs[state.blob] == copy), None)
    content = blobs[state.blob] if state else copy
    return dossier.Enclosure(
        path=asked.path,
        source=asked.source,
        content=content,
        recorded=asked.recorded,
        commit=state.commit if state else "",
        committed=state.on if state else None,
        copy_differs=content is not None and copy != content,
    )


def _findings(made: dossier.Account) -> Iterator[Finding]:
    who = made.customer.account_id
    enclosed = {each.source for each in made.enclosed}
    for message in made.messages:
        if message.file and message.file not in enclosed:
            yield error(
                message.file, f"{message.notice_id} is on record with a file that is no document", account_id=who
            )
    for each in made.enclosed:
        if each.content is None:
            yield error(each.source, "is on record, and neither in git nor in the folder", account_id=who)
        elif not each.is_as_recorded:
            yield error(each.source, "is not what went out, by its hash in accounts/notices.csv", account_id=who)
        elif each.copy_differs:
            hint = f"To bring it back: git checkout {each.commit[:10]} -- {each.source}"
            yield warning(each.source, "is not what went out any more; the file has the recorded bytes", hint)
    if made.changed:
        yield warning(
            made.changed[0], "the books are not as the last commit has them; the file says so", "Commit them."
        )


# ------------------------------------------------------------------ the folder


def _write(folder: Path, pages: Sequence[Page]) -> None:
    """The folder with these files and no other: what an earlier run wrote there is replaced, anything else is left alone."""
    try:
        for path in _earlier(folder):
            (folder / path).unlink()
        for page in pages:
            files.put(folder, page.path, page.content)
    except OSError as problem:
        raise Stopped(
            f"cannot write {problem.filename or folder}: {(problem.strerror or str(problem)).lower()}"
        ) from problem


def _earlier(folder: Path) -> list[str]:
    """The files of an earlier run; Stopped when anything in the folder is not as such a run left it."""
    if not folder.exists():
        return []
    there = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()
    )
    sums = {}
    if (folder / bundle.SUMS).is_file() and not (folder / bundle.SUMS).is_symlink():
        lines = (folder / bundle.SUMS).read_text("utf-8", "replace").splitlines()
        sums = {path: digest for digest, _, path in (line.partition("  ") for line in lines)}
    for path in there:
        file = folder / path
        is_ours = path == bundle.SUMS and sums
        if not is_ours and (file.is_symlink() or sums.get(path) != sha256(file.read_bytes()).hexdigest()):
            raise Stopped(f"{file} is not from an earlier run, or was changed since", "Name a new folder: --to FOLDER.")
    return there


def _tell(desk: Desk, made: dossier.Account, folder: Path, pages: Sequence[Page], findings: Sequence[Finding]) -> None:
    notices = sum(each.source.startswith("outbox/") and each.content is not None for each in made.enclosed)
    sums = [
        money.display(sum(dossier.claims(standing)), standing.currency, screen.LANGUAGE)
        for standing, _ in made.standings
    ]
    desk.out.print(
        f"{folder}: {screen.count(len(pages), 'file')}, {screen.count(notices, 'notice')}; "
        f"{' and '.join(sums)} claimed as at {made.on}.",
        soft_wrap=True,
    )
    if findings:
        screen.show_findings(desk.err, findings)
        desk.err.print(screen.summary(findings))
