"""`audit`: do the notices ledger, the documents, their hashes, the journal and the history of git agree, both ways?

    ledger     each row follows from the one before it (the chain); what git has of it has only ever grown
    documents  each row has its document, each document its row, and the bytes have the recorded hash
    history    since a document's row was committed, no commit has changed or removed it
    copy       the files in the folder are those of the last commit
    journal    what the machine that sent noted down is in the ledger, word for word, and its commits are in the history
    witnesses  the commit that each email names is in the history

Nothing is changed and nothing but git and files is needed: whoever has a clone can ask. A break says what is off and where.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from pastdue.delivery import Stopped, files, journal
from pastdue.delivery.compare import arrived_whole, differences, named_log
from pastdue.delivery.git import GitError, Repository
from pastdue.delivery.ledger import (
    CHAIN,
    COLUMNS,
    PATH,
    NoticesLedger,
    Row,
    beginning,
    body,
    grew,
    has_header,
    link,
    parse,
)

OUTBOX = "outbox"
_AT_ONCE = 64  # files of the history in memory
_DOCUMENTS = (".eml", ".pdf")
_PLAIN_FILE = "100644"
_FSCK = "`git fsck --full` shows what is damaged; another clone or a backup has it whole."
_LOOK = f"`git log -p -- {PATH}` shows what became of it."
_NOTICE_LINE = re.compile(r"(?m)^Notice: (\S+) (\S+) (\S+) sha256:([0-9a-f]{16})(?: |$)")
_OF_A_ROW = ("notice_id", "invoice_id", "due", "state", "at")  # what no two rows have in common
_MERGED = (
    "If a rebase or a forced push did it, the old commits are in `git reflog`; what happened since comes in by a merge."
)


@dataclass(frozen=True, slots=True)
class Break:
    """One thing that does not agree: its kind, what it is, where, and what may be done about it."""

    code: str
    message: str
    hint: str = ""
    file: str = ""
    row: int = 0  # of the ledger as a spreadsheet counts: 1 is the header
    notice_id: str = ""
    commit: str = ""

    @property
    def place(self) -> str:
        """Where it is: `accounts/notices.csv:14`, a document, or the history."""
        return f"{self.file}:{self.row}" if self.row else self.file or "history"


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, and every break in it."""

    breaks: tuple[Break, ...]
    checked: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Witness:
    """What a kept email says of the log: whose it is, the commit it names, how it came down to us, and every break."""

    notice_id: str
    state: str
    at: str
    commit: str
    form: str  # "bytes": as it left; "words": the same in another form; "": not the same
    breaks: tuple[Break, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    """What one commit did to one file, as against one of its parents; "" for a file that is not there."""

    commit: str
    path: str
    before: str
    after: str
    mode: str


@dataclass(frozen=True, slots=True)
class _Fact:
    """What matters of the bytes of a document."""

    sha256: str
    log: str  # the commit that it names


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the ledger, and where it stands."""

    number: int
    row: Row

    @property
    def where(self) -> dict[str, str | int]:
        """For a break about it."""
        return {"file": PATH, "row": self.number, "notice_id": self.row["notice_id"]}


def audit(root: Path, *, since: str = "") -> Report:
    """Compares everything with everything; with `since`, a commit or tag, the history from there on, and that it is still there."""
    root = root.resolve()
    with ExitStack() as held:
        repository = Repository.open(root)
        folder = repository.common / "pastdue"
        if os.access(folder / "lock", os.W_OK):  # nothing is to be sent while we look
            held.enter_context(journal.locked(folder))
        return _Audit(root, repository).all(since)


def witness(root: Path, kept: bytes, name: str) -> Witness:
    """Compares an email that somebody else kept with the record of it, and the commit that it names with the history."""
    return _Audit(root.resolve(), Repository.open(root.resolve())).witness(kept, name)


@dataclass(slots=True)
class Recorded:
    """A notice as it stands on record: its last row, its bytes, and the commit that recorded them."""

    row: Row
    content: bytes
    commit: str


def recorded(root: Path, repository: Repository, notice_id: str) -> Recorded:
    """A notice by its name; Stopped when it is not on record, or git does not have its bytes."""
    rows = [row for row in NoticesLedger(root).rows() if row["notice_id"] == notice_id]
    if not rows:
        raise Stopped(f"there is no notice called {notice_id}", f"{PATH} lists them all.")
    row = rows[-1]
    for version in repository.versions([row["file"]]).get(row["file"], ()):
        content = repository.contents([version.blob]).get(version.blob, b"")
        if sha256(content).hexdigest() == row["sha256"]:
            return Recorded(row, content, version.commit)
    raise Stopped(f"git does not have {row['file']} as {notice_id} recorded it", "`audit` says what became of it.")


class _Audit:
    """One look at a workspace."""

    def __init__(self, root: Path, repository: Repository) -> None:
        self._root, self._repository = root, repository
        self._breaks: list[Break] = []
        self._checked = dict.fromkeys(("rows", "notices", "documents", "drafts", "commits", "journal", "witnesses"), 0)
        self._head = repository.head()
        self._known: dict[str, _Fact] = {}
        self._trusted: frozenset[str] = frozenset()  # documents that were there at --since
        self._ranges: dict[str, range] = {}  # the places of the rows that came with a commit

    def all(self, since: str) -> Report:
        """Everything, in the order in which one would look."""
        try:
            self._git_is_whole()
            lines = self._ledger()
            base = self._since(since, lines) if since else ""
            self._chain(lines)
            self._histories(lines, base)
            self._messages(lines)
            self._documents(lines)
            self._copies(lines)
            self._journal(lines, base)
        except GitError as problem:
            self._break("git-damaged", f"git cannot read its history: {problem}", _FSCK)
        once = dict.fromkeys(self._breaks)
        return Report(tuple(once), self._checked)

    def _break(self, code: str, message: str, hint: str = "", **where: object) -> None:
        self._breaks.append(Break(code, message, hint, **where))  # type: ignore[arg-type]

    # -------------------------------------------------------------- git

    def _git_is_whole(self) -> None:
        """What makes git show another history than it has."""
        if self._repository.git("for-each-ref", "--count=1", "refs/replace"):
            self._break("history-replaced", "`git replace` shows other objects than the history has", "git replace -d")
        if (self._repository.common / "info/grafts").exists():
            self._break("history-replaced", "info/grafts shows other parents than the commits have", "Delete the file.")
        if self._repository.git("rev-parse", "--is-shallow-repository").strip() == b"true":
            self._break("history-cut", "this clone has only the end of the history", "git fetch --unshallow")

    @cached_property
    def _commits(self) -> frozenset[str]:
        """Every commit that HEAD goes back to."""
        return frozenset(self._repository.git("rev-list", "HEAD").decode().split()) if self._head else frozenset()

    def _tree(self, commit: str) -> dict[str, tuple[str, str]]:
        """Mode and blob of each document that a commit holds."""
        if not commit:
            return {}
        said = os.fsdecode(self._repository.git("ls-tree", "-r", "-z", commit, "--", f"{OUTBOX}/"))
        entries = (entry.partition("\t") for entry in said.split("\0") if entry)
        split = ((path, *meta.split(" ")) for meta, _, path in entries if _is_document(path))
        return {path: (mode, blob) for path, mode, _, blob in split}

    @cached_property
    def _head_tree(self) -> dict[str, tuple[str, str]]:
        return self._tree(self._head)

    def _ledger_at(self, commit: str) -> bytes:
        held = self._repository.committed(commit, [PATH])
        return next(iter(self._repository.contents(held.values()).values()), b"")

    def _changes(self, since: str) -> list[_Change]:
        """What each commit did to the ledger and the documents, oldest first."""
        if not self._head:
            return []
        span = [f"{since}..HEAD"] if since else ["HEAD"]
        wanted = ["--", PATH, OUTBOX]
        git = self._repository.git
        commits = git("rev-list", "--topo-order", "--reverse", "--full-history", *span, *wanted)
        said = git("diff-tree", "--stdin", "-m", "-r", "--root", "-z", "--no-renames", *wanted, stdin=commits)
        found, commit = [], ""
        tokens = iter(os.fsdecode(said).split("\0"))
        for token in tokens:
            if token.startswith(":"):
                _, mode, before, after, _ = token.split(" ")
                path = next(tokens).removeprefix(self._repository.prefix)
                found.append(_Change(commit, path, before.strip("0") and before, after.strip("0") and after, mode))
            elif token:
                commit = token
        self._checked["commits"] = len({change.commit for change in found})
        return found

    def _contents(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The bytes of many blobs, a few at a time."""
        names = list(dict.fromkeys(blobs))
        for start in range(0, len(names), _AT_ONCE):
            yield from self._repository.contents(names[start : start + _AT_ONCE]).items()

    def _facts(self, blobs: Iterable[str]) -> Mapping[str, _Fact]:
        """What matters of these documents, each read once; one that git has lost is left out."""
        for blob, content in self._contents(blob for blob in blobs if blob and blob not in self._known):
            self._known[blob] = _Fact(sha256(content).hexdigest(), named_log(content))
        return self._known

    # -------------------------------------------------------------- the ledger

    def _ledger(self) -> list[_Line]:
        """The rows to go by: those of the folder, or, where somebody changed them there, those of the last commit."""
        committed, copy = self._ledger_at(self._head), NoticesLedger(self._root).content()
        held, there = self._read(committed, "in the last commit"), self._read(copy, "in the folder")
        lines = there if grew(committed, copy) else held
        if lines is held and (there or not copy):
            self._differences(held, there, "row-changed", "the last commit", "")
        elif lines is there and len(there) > len(held):
            self._break(
                "uncommitted",
                f"{_count(len(there) - len(held), 'row')} from here on {_are(len(there) - len(held))} in no commit",
                "`send` commits what an interrupted run left; a row that somebody wrote by hand has to go.",
                **there[len(held)].where,
            )
        self._checked["rows"] = len(lines)
        self._checked["notices"] = len({line.row["notice_id"] for line in lines})
        return lines

    def _read(self, content: bytes, where: str) -> list[_Line]:
        try:
            rows = parse(content)
        except Stopped:
            rows = []
        if (content and not has_header(content)) or len(rows) != body(content).count(b"\n"):
            message = f"{where} it is not as the tool writes it: other columns, or a line that is no whole row"
            self._break("ledger-unreadable", message, _LOOK, file=PATH)
        return [_Line(number, row) for number, row in enumerate(rows, start=2)]

    def _differences(self, before: Sequence[_Line], after: Sequence[_Line], code: str, whose: str, commit: str) -> None:
        """The first place where a ledger is not the other one with rows after it; of rows that were changed, each one."""
        hint = f"`git log -p -- {PATH}` shows the change; bring the rows back from before it."
        if not commit:
            hint = f"git diff {PATH} shows the change, git checkout {PATH} takes it back."
        where = {"commit": commit} if commit else {}
        olds, news = ({_key(line.row) for line in lines} for lines in (before, after))
        place = next(
            (i for i, pair in enumerate(zip(before, after, strict=False)) if pair[0].row != pair[1].row), len(after)
        )
        if place >= len(before):
            self._break(code, f"it is written otherwise than in {whose}", hint, file=PATH, **where)
            return
        old, new = before[place], after[place] if place < len(after) else None
        if new is None or (_key(new.row) in olds and _key(old.row) not in news):
            message = f"a row of {whose} is gone from here: {_told(old.row)}"
            self._break("row-removed", message, hint, **(old.where | where))
        elif _key(old.row) != _key(new.row) and _key(old.row) in news:
            moved = _key(new.row) in olds
            message = "the rows stand in another order" if moved else "there is no such row"
            self._break("row-moved" if moved else "row-inserted", f"{message} in {whose}", hint, **(new.where | where))
        else:
            for old, new in zip(before[place:], after[place:], strict=False):
                if _key(old.row) != _key(new.row) and (_key(old.row) in news or _key(new.row) in olds):
                    return  # from here on they are not the same rows
                names = [name for name in COLUMNS if old.row[name] != new.row[name]]
                if names == [CHAIN] and old is not before[place]:
                    continue  # it follows another row now, and says the same
                changed = "; ".join(f"{name} is {new.row[name]!a}, and was {old.row[name]!a}" for name in names[:3])
                if names:
                    self._break(code, f"{changed} in {whose}", hint, **(old.where | where))

    def _chain(self, lines: Sequence[_Line]) -> None:
        """Each row against the chain of the one before it; and what no two rows may share."""
        content = self._lines_without_chain(lines)
        before = beginning(content)
        begun = False
        for line in lines:
            said = line.row[CHAIN]
            if said != (link(before, line.row) if said or begun else ""):
                message = (
                    "it does not follow from the row before it: this row was changed, or one before it removed or moved"
                )
                self._break("chain", message, f"`git log -p -- {PATH}` shows when.", **line.where)
            begun = begun or bool(said)
            before = said if begun else before
        seen: dict[tuple[str, ...], _Line] = {}
        for line in lines:
            first = seen.setdefault(_key(line.row), line)
            if first is not line:
                self._break("row-twice", f"row {first.number} says the same already", "", **line.where)

    def _lines_without_chain(self, lines: Sequence[_Line]) -> bytes:
        """The bytes of the rows of a ledger that began before there was a chain."""
        old = next((place for place, line in enumerate(lines) if line.row[CHAIN]), len(lines))
        if not old:
            return b""
        copy = NoticesLedger(self._root).content()
        committed = self._ledger_at(self._head)
        content = body(copy if grew(committed, copy) else committed)
        return b"".join(content.splitlines(keepends=True)[:old])

    # -------------------------------------------------------------- the history

    def _since(self, name: str, lines: Sequence[_Line]) -> str:
        """The commit that is meant; "" when the history does not go back to it."""
        try:
            said = self._repository.git("rev-parse", "-q", "--verify", "--end-of-options", f"{name}^{{commit}}")
        except GitError:
            hint = "If it once was, the history was rewritten since; else see `git tag` and `git log`."
            self._break("since", f"there is no commit or tag {name!a} here", hint)
            return ""
        commit = said.decode().strip()
        if commit not in self._commits:
            self._break("history-rewritten", f"the history does not go back to {name}", _MERGED, commit=commit)
        before = self._ledger_at(commit)
        on_record = {line.row["file"] for line in self._read(before, f"in {name}")}
        if not grew(before, self._ledger_at(self._head)):
            self._differences(self._read(before, f"in {name}"), lines, "row-changed", name, commit)
        then = self._tree(commit)
        self._trusted = frozenset(then)
        for path, (_, blob) in then.items():
            if path in on_record and self._head_tree.get(path, ("", ""))[1] != blob:
                message = f"it is not what it was in {name}"
                self._break("document-changed", message, _bring_back(commit[:10], path), file=path, commit=commit)
        return commit if commit in self._commits else ""

    def _histories(self, lines: Sequence[_Line], since: str) -> None:
        """Every commit that touched the ledger or a document: the one has only grown, the other stayed as recorded."""
        changes = self._changes(since)
        counts = self._ledger_history([change for change in changes if change.path == PATH])
        self._document_history([c for c in changes if c.path != PATH and _is_document(c.path)], lines, counts)

    def _ledger_history(self, changes: Sequence[_Change]) -> dict[str, int]:
        """How many rows each version has; a version that is not the next one's beginning is a break."""
        final = self._ledger_at(self._head)
        counts: dict[str, int] = {}
        whole: set[str] = set()  # versions that the last one has all of
        for blob, content in self._contents(blob for c in changes for blob in (c.before, c.after) if blob):
            counts[blob] = body(content).count(b"\n")
            if grew(content, final):
                whole.add(blob)
        self._ranges = {
            change.commit: range(counts[change.before] if change.before else 0, counts[change.after])
            for change in changes
            if {change.before, change.after} - {""} <= whole and change.after
        }
        for change in changes:
            if not change.after:
                message, hint = "this commit took the notices ledger away", _bring_back(f"{change.commit[:10]}^", PATH)
                self._break("row-removed", message, hint, file=PATH, commit=change.commit)
                continue
            versions = {change.before, change.after} - {""}
            if not versions <= counts.keys():
                message = "git has lost the notices ledger of this commit, or of the one before"
                self._break("git-damaged", message, _FSCK, file=PATH, commit=change.commit)
                continue
            if not change.before or (versions <= whole and counts[change.before] <= counts[change.after]):
                continue
            both = self._repository.contents([change.before, change.after])
            if not grew(both[change.before], both[change.after]):
                before, after = (
                    self._read(both[blob], f"in {change.commit[:10]}") for blob in (change.before, change.after)
                )
                self._differences(before, after, "row-changed", "the commit before", change.commit)
        return counts

    def _messages(self, lines: Sequence[_Line]) -> None:
        """What the messages of the runs' commits say of each notice, for whoever reads `git log`."""
        if not self._ranges:
            return
        git = self._repository.git
        stdin = "".join(f"{commit}\n" for commit in self._ranges).encode()
        said = git("log", "--no-walk=unsorted", "--stdin", "--no-show-signature", "-z", "--format=%H%n%B", stdin=stdin)
        for message in said.decode("utf-8", "replace").split("\0"):
            commit, _, text = message.partition("\n")
            told = {found[1]: found for found in _NOTICE_LINE.finditer(text)}
            came = {
                line.row["notice_id"]: line
                for line in (lines[i] for i in self._ranges.get(commit, ()) if i < len(lines))
            }
            for notice_id, line in came.items() if told else ():
                found = told.get(notice_id)
                row = line.row
                if found and (found[2], found[3], found[4]) == (
                    row["state"],
                    row["message_id"] or "-",
                    row["sha256"][:16],
                ):
                    continue
                what = f"says {found[2]} {found[3]} sha256:{found[4]} of it" if found else "does not name it"
                hint = f"git show -s {commit[:10]}"
                self._break("message-differs", f"the message of its commit {what}", hint, **line.where, commit=commit)

    def _document_history(self, changes: Sequence[_Change], lines: Sequence[_Line], counts: Mapping[str, int]) -> None:
        """From the commit on that has its row, a document is what the row says; before that it is a draft."""
        by_file = _by_file(lines)
        mine = [change for change in changes if change.path in by_file]
        rows_then = self._rows_then({change.commit for change in mine}, counts)
        facts = self._facts(change.after for change in mine)
        for change in mine:
            rows = [line for line in by_file[change.path] if line.number - 2 < rows_then[change.commit]]
            fact = facts.get(change.after)
            is_lost = change.after and not fact
            if not rows or is_lost or (fact and fact.sha256 == rows[-1].row["sha256"]):
                continue
            where = {"file": change.path, "notice_id": rows[-1].row["notice_id"], "commit": change.commit}
            hint = f"`git show {change.commit[:10]} -- {change.path}` shows the change."
            what = "changed it after it went on record" if change.after else "took it away after it went on record"
            self._break(
                "document-changed" if change.after else "document-removed", f"this commit {what}", hint, **where
            )

    def _rows_then(self, commits: Iterable[str], counts: Mapping[str, int]) -> dict[str, int]:
        """How many rows the ledger had in each commit."""
        asked = sorted(commits)
        if not asked:
            return {}
        stdin = os.fsencode("".join(f"{commit}:{self._repository.prefix}{PATH}\n" for commit in asked))
        said = self._repository.git("cat-file", "--batch-check=%(objecttype) %(objectname)", stdin=stdin)
        blobs = [line.removeprefix("blob ") for line in os.fsdecode(said).splitlines()]
        known = dict(counts)
        for blob, content in self._contents(b for b in blobs if b not in known and " " not in b):
            known[blob] = body(content).count(b"\n")
        return {commit: known.get(blob, 0) for commit, blob in zip(asked, blobs, strict=True)}

    # -------------------------------------------------------------- the documents

    def _documents(self, lines: Sequence[_Line]) -> None:
        """No row without its document, no document without its row, and the bytes have the recorded hash."""
        by_file = _by_file(lines)
        tree = self._head_tree
        self._checked["documents"] = len(by_file)
        facts = self._facts(blob for path, (_, blob) in tree.items() if path in by_file)
        for path, rows in by_file.items():
            last = rows[-1].row
            self._alike(rows)
            if not path:
                self._break("row-without-document", "the row names no document", "", **rows[-1].where)
            elif path not in tree:
                missing = "is not there" if not (self._root / path).is_file() else "is in no commit"
                hint = f"`git log --all -- {path}` shows where it was; `send` brings back what it can."
                self._break("row-without-document", f"its document {path} {missing}", hint, **rows[-1].where)
            else:
                self._as_recorded(path, tree[path], facts.get(tree[path][1]), last)
        for path in sorted(tree.keys() - by_file.keys()):
            hint = f"If it is a draft that was committed by hand: git rm --cached {path}, and commit."
            self._break("document-without-row", "it is in the history, and no row is about it", hint, file=path)

    def _alike(self, rows: Sequence[_Line]) -> None:
        """The rows of one document: of one notice, and with one hash from the moment it went out."""
        first = rows[0].row
        for earlier, line in pairwise(rows):
            if line.row["notice_id"] != first["notice_id"]:
                message = f"its document {first['file']!a} is that of {first['notice_id']}, in row {rows[0].number}"
                self._break("document-swapped", message, "", **line.where)
            elif line.row["sha256"] != earlier.row["sha256"] and earlier.row["state"] not in {"refused", "deferred"}:
                message = f"its document has another hash than in row {earlier.number}, and had gone out"
                self._break("document-swapped", message, "", **line.where)

    def _as_recorded(self, path: str, entry: tuple[str, str], fact: _Fact | None, row: Row) -> None:
        where = {"file": path, "notice_id": row["notice_id"]}
        if entry[0] != _PLAIN_FILE or fact is None:
            message = "git has lost its bytes" if fact is None else "it is no plain file any more"
            self._break("git-damaged" if fact is None else "document-changed", message, _FSCK, **where)
            return
        if fact.sha256 != row["sha256"]:
            hint = f"`git log -- {path}` shows when."
            message = f"its hash is {fact.sha256[:16]}, and {row['sha256'][:16]} is on record: it is not what went out"
            self._break("document-changed", message, hint, **where)
        self._checked["witnesses"] += bool(fact.log)
        if fact.log and fact.log not in self._commits and path not in self._trusted:
            message = f"it names {fact.log[:10]} as the log's last commit, and the history does not go back to that"
            self._break("history-rewritten", message, _MERGED, **where, commit=fact.log)

    # -------------------------------------------------------------- the folder

    def _copies(self, lines: Sequence[_Line]) -> None:
        """The files in the folder: those of the last commit, and drafts."""
        tree, by_file = self._head_tree, _by_file(lines)
        there = {
            path.relative_to(self._root).as_posix()
            for path in (self._root / OUTBOX).rglob("*")
            if _is_document(path.name)
        }
        for path, (_, blob) in tree.items():
            notice = by_file[path][-1].row["notice_id"] if path in by_file else ""
            hint = f"git checkout HEAD -- {path}"
            if path not in there:
                self._break("copy-missing", "the file is not in the folder", hint, file=path, notice_id=notice)
            elif self._blob_of(path) != blob:
                message = "the file in the folder is not that of the last commit"
                self._break("copy-changed", message, hint, file=path, notice_id=notice)
        unknown = sorted(there - tree.keys() - by_file.keys())
        drafts = self._drafts() if unknown else set()
        for path in unknown:
            if (path, self._blob_of(path)) in drafts:
                self._checked["drafts"] += 1
            else:
                hint = "`build` writes the drafts anew; delete what is not among them."
                self._break(
                    "document-without-row", "no row is about it, and it is no draft of the last build", hint, file=path
                )

    def _blob_of(self, path: str) -> str:
        file = self._root / path
        try:
            return self._repository.blob(file.read_bytes()) if stat.S_ISREG(file.lstat().st_mode) else ""
        except OSError:
            return ""

    def _drafts(self) -> set[tuple[str, str]]:
        """Path and blob of the drafts of the last build, and of what the last run froze and did not come to."""
        found: set[tuple[str, str]] = set()
        for digest, path in files.drafts(self._root):
            file = self._root / path
            content = file.read_bytes() if file.is_file() else b""
            if sha256(content).hexdigest() == digest:
                found.add((path, self._repository.blob(content)))
        with suppress(GitError):
            frozen = self._tree(f"refs/pastdue/frozen{self._repository.suffix}")
            found |= {(path, blob) for path, (_, blob) in frozen.items()}
        return found

    # -------------------------------------------------------------- the journal

    def _journal(self, lines: Sequence[_Line], since: str) -> None:
        """What this machine noted down while it sent; a clone has no journal."""
        path = self._repository.common / "pastdue" / f"journal{self._repository.suffix}"
        shown = f".git/pastdue/{path.name}"
        try:
            content, whole, records = journal.read(path)
        except Stopped as problem:
            self._break("journal-damaged", problem.message.partition(";")[0], "Restore it from a backup.", file=shown)
            return
        self._checked["journal"] = len(records)
        told = _Told()
        for record in records:
            if not told.hear(record):
                self._break(
                    "journal-damaged", f"it speaks of {record.get('id', '')!a}, which it does not know", "", file=shown
                )
                return
        if told.unsettled or whole < len(content):
            hint = "Run `send`: it records first what an interrupted run left."
            self._break("unfinished", "a run did not come to its end", hint, file=shown)
        by_key = {_key(line.row): line for line in lines}
        for row in told.rows:
            self._as_noted(row, by_key, shown)
        after = (
            self._repository.git("log", "-1", "--no-show-signature", "--format=%cI", since).decode().strip()
            if since
            else ""
        )
        for commit, at in told.commits.items():
            if commit not in self._commits and not _is_before(at, after):
                message = f"a run of {at} was committed as {commit[:10]}, and the history does not go back to that"
                self._break("history-rewritten", message, _MERGED, file=shown, commit=commit)
        self._noted(lines, told, shown)

    def _as_noted(self, row: Row, by_key: Mapping[tuple[str, ...], _Line], shown: str) -> None:
        line = by_key.get(_key(row))
        if line is None:
            message = f"the journal has {_told(row)}, and the ledger does not"
            hint = "Run `send`: it writes rows that were lost at the end; one from the middle was taken out by hand."
            self._break("journal-without-row", message, hint, file=shown, notice_id=row["notice_id"])
            return
        for name in COLUMNS:
            if name != CHAIN and row.get(name, "") != line.row[name]:
                message = f"{name} is {line.row[name]!a}, and {row.get(name, '')!a} in the journal"
                self._break("journal-differs", message, "One of them was changed by hand.", **line.where)
                return

    def _noted(self, lines: Sequence[_Line], told: "_Told", shown: str) -> None:
        """The rows that came with a commit of this machine: the journal has each of them."""
        noted = {_key(row) for row in told.rows}
        for commit in told.commits:
            span = [lines[place] for place in self._ranges.get(commit, ()) if place < len(lines)]
            strange = [line for line in span if _key(line.row) not in noted]
            if len(strange) < len(span):  # else it is another machine's commit
                for line in strange:
                    message = f"it came with {commit[:10]}, which this machine made, and {shown} does not have it"
                    self._break("row-without-journal", message, "", **line.where, commit=commit)

    # -------------------------------------------------------------- a kept email

    def witness(self, kept: bytes, name: str) -> Witness:
        """The email against the record, and its commit against the history."""
        message = message_from_bytes(kept)
        said_id, log = str(message.get("Message-ID", "")).strip(), named_log(kept)
        rows = [row for row in NoticesLedger(self._root).rows() if said_id and row["message_id"] == said_id]
        if not rows:
            called = str(message.get("X-Pastdue-Notice", "")).strip()
            said = f"; it calls itself {called!a}" if called else ""
            text = f"no row of {PATH} has its Message-ID {said_id!a}{said}" if said_id else "it has no Message-ID"
            hint = "It has to be the whole email, with its header, as a mail program saves it." if not said_id else ""
            self._break("witness-unknown", text, hint, file=name)
        notice_id, state, at, form = "", "", "", ""
        if rows:
            notice_id, state, at = rows[-1]["notice_id"], rows[-1]["state"], rows[-1]["at"]
            form = self._form(kept, notice_id, name)
        if log and log not in self._commits:
            text = f"it names {log[:10]} as the log's last commit, and the history does not go back to that: it was rewritten since"
            self._break("history-rewritten", text, _MERGED, file=name, notice_id=notice_id, commit=log)
        elif log and not grew(self._ledger_at(log), self._ledger_at(self._head)):
            before, after = (self._read(self._ledger_at(c), f"in {c[:10]}") for c in (log, self._head))
            self._differences(before, after, "row-changed", f"{log[:10]}, which {name} names", log)
        return Witness(notice_id, state, at, log, form, tuple(dict.fromkeys(self._breaks)))

    def _form(self, kept: bytes, notice_id: str, name: str) -> str:
        try:
            on_record = recorded(self._root, self._repository, notice_id)
        except Stopped as problem:
            self._break("witness-unknown", problem.message, problem.hint, file=name, notice_id=notice_id)
            return ""
        if arrived_whole(on_record.content, kept):
            return "bytes"
        found = differences(on_record.content, kept, carried=True)
        for difference in found:
            self._break("witness-differs", difference, "", file=name, notice_id=notice_id)
        return "" if found else "words"


@dataclass(slots=True)
class _Told:
    """What a journal says, record by record."""

    rows: list[Row] = field(default_factory=list)
    commits: dict[str, str] = field(default_factory=dict)  # each commit of a run, and when
    unsettled: bool = False
    _notices: dict[str, list[Row]] = field(default_factory=dict)

    def hear(self, record: Mapping[str, object]) -> bool:
        """False when it is about a notice that no record before it describes."""
        kind, notice_id = record.get("k"), str(record.get("id", ""))
        if kind == "notice":
            self._notices[str(record["notice_id"])] = list(record["rows"])  # type: ignore[call-overload]
        elif kind == "settled":
            self.unsettled = False
            if record["commit"]:
                self.commits.setdefault(str(record["commit"]), str(record["at"]))
        elif kind in {"intent", "outcome"}:
            self.unsettled = True
            if notice_id not in self._notices:
                return False
            if kind == "outcome":
                own = {name: str(record[name]) for name in ("state", "at", "reply")}
                self.rows += [{**row, **own} for row in self._notices[notice_id]]
        return True


# ------------------------------------------------------------------ small words


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in _OF_A_ROW)


def _by_file(lines: Iterable[_Line]) -> dict[str, list[_Line]]:
    found: dict[str, list[_Line]] = {}
    for line in lines:
        found.setdefault(line.row["file"], []).append(line)
    return found


def _is_document(path: str) -> bool:
    return path.endswith(_DOCUMENTS)


def _is_before(at: str, bound: str) -> bool:
    from datetime import datetime

    return bool(bound) and datetime.fromisoformat(at) <= datetime.fromisoformat(bound)


def _bring_back(commit: str, path: str) -> str:
    return f"To bring it back: git checkout {commit} -- {path}"


def _told(row: Row) -> str:
    about = f" for {row['invoice_id']}" if row["invoice_id"] else ""
    return f"{row['notice_id']}{about}, {row['state']} at {row['at']}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
