"""What stops `send` until the operator means it: stale books, far too many notices, lost rows, a changed ground."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pastdue.delivery import Stopped, files
from pastdue.delivery.git import Repository
from pastdue.delivery.ledger import PATH as NOTICES
from pastdue.model import COPY, Inputs

if TYPE_CHECKING:
    from pastdue.flow import Run

RUNS = 10  # so many of the last ones say what is usual
FEW_ROWS = 10  # a ledger that had no more may shrink as it likes, but not to nothing


@dataclass(frozen=True, slots=True)
class Objection:
    """Why nothing is sent, what to do about it, and the flag that overrules it."""

    flag: str
    message: str
    hint: str


def objections(root: Path, run: "Run", count: int, now: datetime) -> Iterator[Objection]:
    """What speaks against sending so many notices on these books."""
    repository = Repository.open(root)
    yield from _stale(root, repository, run, now)
    yield from _too_many(run, count)
    yield from _shrunk(repository, run)


# ------------------------------------------------------------------ stale books


def _stale(root: Path, repository: Repository, run: "Run", now: datetime) -> Iterator[Objection]:
    limit = run.config.guards.stale_days
    path = _money(run.inputs)
    if not limit or not path or run.config.today:
        return
    touched = _touched(root, repository, path, dict(run.inputs.ledgers)[path])
    if touched is None:
        yield Objection(
            "--stale-books",
            f"this is a shallow clone: nobody can tell when {path} was last changed",
            "Fetch the whole history: git fetch --unshallow.",
        )
        return
    on = touched.astimezone(now.tzinfo).date()
    days = (now.date() - on).days
    if days > limit:
        yield Objection(
            "--stale-books",
            f"{path} was last changed on {on}, {days} days ago: whoever paid since then would be asked again",
            f"Enter what came in, and commit it. guards.stale_days is {limit}.",
        )


def _money(inputs: Inputs) -> str:
    """The file that tells what came in; where there is none, the one that tells what is open."""
    by_name = {PurePosixPath(path).stem.casefold(): path for path, _ in inputs.ledgers}
    return next((by_name[name] for name in ("payments", "books", "invoices") if name in by_name), "")


def _touched(root: Path, repository: Repository, path: str, content: bytes) -> datetime | None:
    """When somebody last worked on the file. What git has is as old as its commit: a clone makes every file look new."""
    held = repository.committed(repository.head(), [path])
    if held.get(path) == repository.blob(content):
        changed = repository.last_change(path)
        return changed[1] if changed else None
    return datetime.fromtimestamp((root / path).stat().st_mtime).astimezone()


# ------------------------------------------------------------------ more than usual


def _too_many(run: "Run", count: int) -> Iterator[Objection]:
    guards, notices = run.config.guards, run.ledger.notices
    first = notices[notices["channel"] != COPY].drop_duplicates("notice_id")
    runs = first.groupby("on").size().sort_index().tail(RUNS)
    if not guards.many_times or runs.empty or count <= guards.many_over:
        return
    largest = int(runs.max())
    if count > guards.many_times * largest:
        yield Objection(
            "--many",
            f"{count} notices are due; the largest of the last {RUNS} runs had {largest}",
            f"See whether payments are missing in the books. guards.many_times is {guards.many_times}.",
        )


# ------------------------------------------------------------------ lost rows


def _shrunk(repository: Repository, run: "Run") -> Iterator[Objection]:
    """Compares with the books as they were in git when notices last went out, or, before that, as they are in it now."""
    share = run.config.guards.shrunk_to
    last = repository.last_change(NOTICES)
    commit = last[0] if last else repository.head()
    if not share or not commit:
        return
    held = {path: blob for path, blob in repository.listed(commit, "accounts").items() if path != NOTICES}
    there = {path: repository.blob(content) for path, content in run.inputs.ledgers if path != NOTICES}
    if held == there:
        return
    for name, before, now in _rows(repository, held, run):
        if (before > FEW_ROWS or not now) and now * 100 < before * share:
            yield Objection(
                "--shrunk",
                f"there are {now} {name} in the books; there were {before} when notices last went out"
                if last
                else f"there are {now} {name} in the books; git has {before}",
                f"See whether a file was cut off: git diff {commit[:10]} -- accounts. guards.shrunk_to is {share}.",
            )


def _rows(repository: Repository, held: dict[str, str], run: "Run") -> Iterator[tuple[str, int, int]]:
    from pastdue.books import ledger as books

    contents = repository.contents(held.values())
    raw = [books.RawFile(path, contents[blob]) for path, blob in sorted(held.items()) if blob in contents]
    before, _ = books.read(raw, run.config)
    now = run.ledger
    yield "customers", len(before.customers), len(now.customers)
    yield "invoices", len(before.invoices), len(now.invoices)
    yield "payments", len(before.payments), len(now.payments)
    yield "lines of activity", len(before.activity), len(now.activity)


# ------------------------------------------------------------------ changed since the operator looked


def remember(root: Path, run: "Run", command: str, now: datetime) -> None:
    """Notes on what books, config and letters the operator was shown a list; in git's own folder, of this clone alone."""
    try:
        place = _place(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        look = {"on": str(run.on), "command": command, "at": now.isoformat(timespec="minutes")}
        temporary = place.with_name(f"{place.name}.new")
        temporary.write_text(json.dumps(look | {"files": _digests(run.inputs)}), encoding="utf-8")
        temporary.replace(place)
    except (Stopped, OSError):
        return  # no repository, or none that may be written to: nothing can be sent from here


def forget(root: Path) -> None:
    """A look is good for one sending."""
    _place(root).unlink(missing_ok=True)


def changed_since_the_look(root: Path, run: "Run") -> Iterator[Objection]:
    """What is not as it was when `build` or `send --dry-run` last showed the list of this day."""
    try:
        look = json.loads(_place(root).read_text(encoding="utf-8"))
        on, command, at, digests = look["on"], look["command"], look["at"], dict(look["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    if on == str(run.on):
        yield from _changed(digests, run.inputs, f"since `{command}` showed you the list ({at[11:16]})")


def changed_meanwhile(root: Path, run: "Run") -> Iterator[Objection]:
    """What is not as it was when this run read it."""
    inputs, _ = files.read_inputs(root)
    if inputs is None:
        yield Objection("--changed", "config.toml is gone", "Put it back.")
    else:
        yield from _changed(_digests(run.inputs), inputs, "while the list was on the screen")


def _changed(before: dict[str, str], inputs: Inputs, when: str) -> Iterator[Objection]:
    now = _digests(inputs)
    changed = sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))
    if changed:
        named = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
        yield Objection("--changed", f"{named} changed {when}", "Look at the list again: build.py send --dry-run.")


def _digests(inputs: Inputs) -> dict[str, str]:
    """What notices are worked out from and written with; not the tool's own record, which every run changes."""
    contents: Iterable[tuple[str, bytes]] = (
        (files.CONFIG, inputs.config.encode()),
        *((path, content) for path, content in inputs.ledgers if path != NOTICES),
        *((f"letters/{name}", text.encode()) for name, text in inputs.letters.items()),
    )
    return {path: sha256(content).hexdigest() for path, content in contents}


def _place(root: Path) -> Path:
    repository = Repository.open(root)
    return repository.common / "pastdue" / f"looked{repository.suffix}"
