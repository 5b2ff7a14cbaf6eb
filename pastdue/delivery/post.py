"""The order of events in which notices leave: none is lost, none leaves twice, whatever dies when.

    lock     one sender per repository; git children inherit the lock
    recover  what an earlier run left: rows that the ledger lacks are written, documents restored, one commit
    gate     each email is one message to one mailbox, or it does not leave
    freeze   the exact bytes are in git (`refs/pastdue/frozen`), checked there by name, before any of them leaves
    claim    with a remote: the frozen commit is there, and no other machine's; refused, nothing leaves
    intent   in the journal and on the disk
    body     sent, all but its last byte
    dot      in the journal; then the last byte, and with it, where the server lets us, the commands for the next email,
             which can still be dropped
    outcome  the server's answer, in the journal
    settle   journal to disk, rows to the ledger and to disk, one commit for the run, its ref and the documents to disk;
             with a remote, pushed

A frozen notice that was never intended, or intended and never released, has not left and is not on record: its bytes
are in no commit of the branch, and its file stays a draft. The next run works out anew whether it is due, since its
customer may have paid meanwhile. What was released and not answered is `unclear`: it is on record, shown, and sent
again only when the operator says `resend`, then with the very same bytes, so that receivers can drop a second copy.

Guarantee, with a server that means what it says: no notice leaves twice without `resend`, none that left is forgotten,
none is called sent without the server's word; a death of this program leaves at most one unclear, a power cut at most
`transport.group`.
"""

import gc
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from pastdue import __version__
from pastdue.delivery import Stopped, files, gate, journal
from pastdue.delivery.git import Repository
from pastdue.delivery.journal import Fate, Filed, Journal
from pastdue.delivery.ledger import COLUMNS, PATH, NoticesLedger, Row, last_states, missing
from pastdue.delivery.mail import Envelope, Transport
from pastdue.model import COPY, State

VERSION = "Pastdue-Version"  # the trailer of a run's commit: the program that wrote its documents
SAME_ANSWER = 3  # so many in a row are not the notices' fault; and of unclear ones each is a customer to be asked
# RFC 3463: no such mailbox or domain, or this mailbox is full or closed. Three dead addresses in a row are no outage.
_ONE_MAILBOX = re.compile(r"[45]\d\d [45]\.(1\.(1|2|3|6|10)|2\.\d{1,3})\b")
_COLUMNS = frozenset(COLUMNS)
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")  # and what no file can hold


@dataclass(frozen=True)
class Parcel:
    """A notice, finished: its bytes, whom it is for, its rows for the ledger without what delivery adds to them."""

    notice_id: str
    path: str  # in outbox/
    content: bytes
    channel: str
    rows: tuple[Row, ...]
    line: str  # what the history says of it
    asked: str = ""  # the sum that it asks for, in its rows' currency; "" where that is what is open in its rows
    recipient: str = ""  # "" for what is printed
    message_id: str = ""

    @cached_property
    def sha256(self) -> str:
        """What names its bytes in the ledger."""
        return sha256(self.content).hexdigest()

    @property
    def is_mail(self) -> bool:
        """True for an email or a copy of one."""
        return bool(self.recipient)

    @property
    def errand(self) -> tuple[str, str, str]:
        """What its email, the email's copy and its letter have in common: account, currency, step."""
        first = self.rows[0]
        return first["account_id"], first["currency"], first["step"]


@dataclass(frozen=True, slots=True)
class Event:
    """A step that was just taken; the words are for the operator, the kinds are those of the table above."""

    kind: str
    notice_id: str = ""
    state: State | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one notice, now on record."""

    notice_id: str
    state: State
    at: str
    reply: str
    path: str
    recipient: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did."""

    results: tuple[Result, ...] = ()
    failures: tuple[tuple[str, str], ...] = ()  # notices whose bytes may not leave, and why
    skipped: tuple[str, ...] = ()  # notices that had gone out before
    untried: tuple[str, ...] = ()  # notices that the run did not come to
    ended: str = ""  # why it did not come to them
    commit: str = ""


class CutShort(Stopped):
    """Trouble that ended a run on its way; `outcome` is what became of its notices before that, all of it on record."""

    def __init__(self, trouble: Stopped, outcome: Outcome) -> None:
        super().__init__(f"{trouble.message}; {_count(len(outcome.untried), 'notice')} not tried", trouble.hint)
        self.outcome = outcome


@dataclass(slots=True)
class _Round:
    """How far the emails of one run came."""

    tried: set[tuple[str, str, str]] = field(default_factory=set)  # errands
    ended: str = ""
    trouble: Stopped | None = None
    last: str = ""
    alike: int = 0

    def hear(self, answer: str, recipient: str) -> None:
        """Ends the round at the third failure in the same words, whosever address stands in them."""
        words = "" if _ONE_MAILBOX.match(answer) else answer.replace(recipient, "").casefold()
        self.alike = self.alike + 1 if words and words == self.last else 1
        self.last = words
        if words and self.alike >= SAME_ANSWER:
            self.ended = f"the same {SAME_ANSWER} times in a row: {answer}"

    def told(self, outcome: Outcome) -> Outcome:
        """The outcome of the run; raised with the trouble, where that ended it."""
        if self.trouble is None:
            return outcome
        if outcome.results:
            raise CutShort(self.trouble, replace(outcome, ended="")) from self.trouble
        raise Stopped(f"{self.trouble.message}; nothing was sent", self.trouble.hint) from self.trouble


# Of a copy whose email was tried.
_LEFT_BEHIND = State.DEFERRED, "the run ended before its turn; it can be forwarded by hand"


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Delivery leaves none to be freed; to look for them among all the books that were read took a third of its time."""
    wanted = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if wanted:
            gc.enable()


class Post:
    """Sends and records for one workspace: `with Post(root, now=...) as post: post.deliver(...)`.

    It holds the lock from beginning to end, and has recovered what an earlier run left when it is entered: read the
    books, decide, and ask the operator inside, so that nothing is decided on a ledger that is about to change.
    """

    def __init__(
        self,
        root: Path,
        *,
        now: Callable[[], datetime],
        report: Callable[[Event], None] = lambda _: None,
        remote: str = "",
        sign: bool = False,
    ) -> None:
        self._root, self._now, self._report = root.resolve(), now, report
        self._remote, self._sign = remote, sign
        self._held = ExitStack()
        self._interrupted = False
        self._blobs: dict[str, str] = {}  # git's names for what was frozen, by path
        self.recovered = Outcome()  # what an earlier run left and this one put on record

    def __enter__(self) -> Self:
        with ExitStack() as held:
            self._repository = Repository.open(self._root)
            self._repository.sign = self._sign
            folder = self._repository.common / "pastdue"
            self._repository.lock = [held.enter_context(journal.locked(folder))]
            self._repository.unlock()
            self._journal = Journal(folder, self._repository.suffix)
            held.callback(self._journal.close)
            self._ledger = NoticesLedger(self._root)
            self.recovered = self._recover()
            self._held = held.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    @property
    def head(self) -> str:
        """The log's last commit, which the emails of this run name; "" before the first one."""
        return self._repository.head()

    @property
    def record(self) -> Sequence[Row]:
        """Every row of the notices ledger, in the order things happened."""
        return self._ledger.rows()

    # -------------------------------------------------------------- what the operator can ask for

    @_no_search_for_cycles()
    def deliver(self, parcels: Sequence[Parcel], transport: Transport, extra_paths: Iterable[str] = ()) -> Outcome:
        """Sends the emails, then takes the letters as printed, and records all of it with the further files in one commit.

        A letter is not on record while the email of the same step was not come to: tomorrow both are due again. Once the
        email was tried, the step is done: its letter is printed and its copy is on record, whatever dies.
        """
        self._check()
        gone = self._gone()
        fresh = [parcel for parcel in parcels if parcel.notice_id not in gone]
        skipped = tuple(parcel.notice_id for parcel in parcels if parcel.notice_id in gone)
        extra = self._extra(extra_paths)
        good, failures = self._gate(fresh, transport)
        if not good:
            commit = self._repository.commit(extra, _filed_message(extra)) if extra else ""
            self._push(commit)
            return Outcome(failures=failures, skipped=skipped, commit=commit)
        self._journal.begin(self._at())
        self._freeze(good, extra)
        with self._interruptible():
            together = {name: [*map(self._as_filed, others)] for name, others in _together(good).items()}
            done = self._mail([parcel for parcel in good if parcel.is_mail], transport, together)
            self._print([parcel for parcel in good if not parcel.is_mail], done)
            outcome = self._settle({} if done.trouble else extra, done.trouble)
        tried = {result.notice_id for result in outcome.results}
        untried = tuple(parcel.notice_id for parcel in good if parcel.notice_id not in tried)
        return done.told(replace(outcome, failures=failures, skipped=skipped, untried=untried, ended=done.ended))

    def resolve(self, notice_id: str, transport: Transport | None = None) -> Outcome:
        """Settles an unclear notice: it arrived, or, with a transport, it is sent again with the very same bytes."""
        filed = self._filed(notice_id)
        state = self._states().get(notice_id)
        if state is not State.UNCLEAR:
            raise Stopped(f"{notice_id} is not unclear: it {f'is {state}' if state else 'has not left'}")
        self._check()
        self._journal.begin(self._at())
        if transport is None:
            self._journal.file(filed)
            words = "the operator says that it arrived"
            self._journal.outcome(notice_id, State.SENT, self._at(), words)
            return self._settle(note=f"{notice_id}: {words}")
        parcel = self._frozen(filed)
        good, failures = self._gate([parcel], transport)
        if not good:
            return Outcome(failures=failures)
        self._freeze(good, {})
        with self._interruptible():
            done = self._mail(good, transport)
            outcome = self._settle({}, done.trouble)
        return done.told(replace(outcome, ended=done.ended))

    def mark_posted(self, account_id: str | None = None) -> Outcome:
        """Records that the printed letters that were waiting went out: those to one account, or all."""
        waiting = [name for name, state in self._states().items() if state is State.PRINTED]
        filed = [each for each in map(self._filed, waiting) if account_id in {None, each.rows[0]["account_id"]}]
        if not filed:
            return Outcome()
        self._check()
        self._journal.begin(self._at())
        for each in filed:
            self._journal.file(each)
            self._journal.outcome(each.notice_id, State.POSTED, self._at(), "the operator says that it went out")
        return self._settle()

    def returned(self, news: Iterable[tuple[str, State, str]]) -> Outcome:
        """Records of emails that had left what a mail server says afterwards, in its words: notice, state, words."""
        told = list(news)
        if not told:
            return Outcome()
        self._check()
        self._journal.begin(self._at())
        for name, state, words in told:
            self._journal.file(self._filed(name))
            self._journal.outcome(name, state, self._at(), words)
        return self._settle(note="\n".join(f"{name}: {words}" for name, _, words in told))

    # -------------------------------------------------------------- what an earlier run left

    def _recover(self) -> Outcome:
        boot = journal.boot_id()
        for notice_id, fate in self._journal.fates.items():
            if fate.dot:
                words = "the sender died between the last byte and the answer"
                self._journal.outcome(notice_id, State.UNCLEAR, fate.dot, words)
            elif fate.intent and (not boot or fate.boot != boot):
                words = "the machine stopped while it was being sent"
                self._journal.outcome(notice_id, State.UNCLEAR, fate.intent, words)
        if not self._journal.unsettled and not self._lacking():
            self._push("")
            return Outcome()
        outcome = self._settle(note="An earlier run was interrupted, or its record undone; this puts it on record.")
        self._report(
            Event("recovered", text=f"{_count(len(outcome.results), 'notice')} of an earlier run put on record")
        )
        return outcome

    # -------------------------------------------------------------- before anything leaves

    def _check(self) -> None:
        """Stopped unless what follows can be recorded."""
        self._repository.ready()
        self._check_ledger()

    def _check_ledger(self) -> None:
        self._ledger.check(self._repository.at_head(PATH))

    def _states(self) -> dict[str, State]:
        """The last state of every notice there ever was."""
        rows = last_states(self._ledger.rows())
        states = {name: State(lines[-1]["state"]) for name, lines in rows.items()}
        return states | {name: fate.state for name, fate in self._journal.fates.items() if fate.state}

    def _gone(self) -> set[str]:
        return {name for name, state in self._states().items() if state.went_out}

    def _extra(self, paths: Iterable[str]) -> dict[str, bytes]:
        contents, findings = files.read(self._root, paths)
        if findings:
            raise Stopped(str(findings[0]))
        return contents

    def _gate(
        self, parcels: Sequence[Parcel], transport: Transport
    ) -> tuple[list[Parcel], tuple[tuple[str, str], ...]]:
        good: list[Parcel] = []
        failures: list[tuple[str, str]] = []
        seen: set[str] = set()
        for parcel in parcels:
            twice = seen & {parcel.notice_id, parcel.path, parcel.message_id or parcel.path}
            reason = "there are two of it" if twice else _flaw(parcel, drafts=transport.drafts)
            seen |= {parcel.notice_id, parcel.path, parcel.message_id or parcel.path}
            if reason:
                failures.append((parcel.notice_id, reason))
                self._report(Event("gate", parcel.notice_id, text=reason))
            else:
                good.append(parcel)
        return good, tuple(failures)

    def _freeze(self, parcels: Sequence[Parcel], extra: Mapping[str, bytes]) -> None:
        """Puts the exact bytes into the outbox and into git, and makes sure that git has them."""
        documents = {parcel.path: parcel.content for parcel in parcels}
        contents = dict(extra) | documents
        try:
            files.expect(self._root, ((parcel.sha256, parcel.path) for parcel in parcels))
            files.put_lacking(self._root, documents)
            commit = self._repository.freeze(
                contents, f"frozen: {_count(len(parcels), 'notice')}, before any of them left"
            )
        except Stopped as problem:
            hint = problem.hint or "Mend that, or make room, and run it again."
            raise Stopped(f"{problem.message}; nothing was sent", hint) from problem
        self._blobs = self._repository.committed(commit, contents)
        for path, content in contents.items():
            if self._blobs.get(path) != self._repository.blob(content):
                raise Stopped(
                    f"git does not hold {path} as it was given; nothing was sent", "Check it with `git fsck`."
                )
        self._report(Event("frozen", text=commit))
        if self._remote:
            self._repository.claim(self._remote, commit)
            self._report(Event("claimed", text=commit))

    # -------------------------------------------------------------- what leaves

    def _mail(
        self,
        parcels: Sequence[Parcel],
        transport: Transport,
        together: Mapping[str, Sequence[Filed]] = MappingProxyType({}),
    ) -> _Round:
        """Sends the emails one after the other, until they are through or something ends the round."""
        done = _Round()
        if not parcels:
            return done
        try:
            transport.open()
            for start in range(0, len(parcels), transport.group):
                group = parcels[start : start + transport.group]
                if not self._ends(done):
                    self._arm(group, transport, together)
                envelopes = [Envelope(each.notice_id, each.path, each.recipient, each.content) for each in group]
                for parcel, envelope, following in zip(group, envelopes, [*envelopes[1:], None], strict=True):
                    if not self._ends(done):
                        self._send(parcel, envelope, following, transport, done)
        except Stopped as trouble:
            done.trouble, done.ended = trouble, trouble.message
        finally:
            transport.close()
        return done

    def _ends(self, done: _Round) -> bool:
        if self._interrupted:
            done.ended = "interrupted"
        elif self._journal.full:
            done.ended = "the disk is full"
        return bool(done.ended)

    def _arm(self, group: Sequence[Parcel], transport: Transport, together: Mapping[str, Sequence[Filed]]) -> None:
        self._journal.intend(map(self._as_filed, group), self._at(), together)
        if not transport.drafts:
            self._journal.sync()
        self._report(Event("intent", group[0].notice_id, text=str(len(group))))

    def _send(
        self, parcel: Parcel, envelope: Envelope, following: Envelope | None, transport: Transport, done: _Round
    ) -> None:
        def release() -> None:
            self._journal.dot(parcel.notice_id, self._at())
            self._report(Event("dot", parcel.notice_id))

        try:
            reply = transport.send(envelope, release, following)
        except Stopped:
            self._journal.back(parcel.notice_id)
            raise
        self._report(Event("answer", parcel.notice_id, reply.state, reply.text))
        self._journal.outcome(parcel.notice_id, reply.state, self._at(), reply.text)
        self._report(Event("outcome", parcel.notice_id, reply.state, reply.text))
        done.tried.add(parcel.errand)
        failed = reply.state in {State.REFUSED, State.DEFERRED, State.UNCLEAR}
        done.hear(reply.text if failed else "", parcel.recipient)

    def _print(self, parcels: Sequence[Parcel], done: _Round) -> None:
        try:
            for parcel in parcels:
                if done.ended and parcel.errand not in done.tried:
                    continue
                self._journal.file(self._as_filed(parcel))
                self._journal.outcome(parcel.notice_id, State.PRINTED, self._at(), f"to be posted: {parcel.path}")
                self._report(Event("outcome", parcel.notice_id, State.PRINTED, parcel.path))
        except Stopped as trouble:
            done.trouble = done.trouble or trouble

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Ctrl-C, SIGTERM and a closed terminal end the run after the email in hand, and what was sent is recorded."""

        def interrupt(_number: int, _frame: object) -> None:
            self._interrupted = True
            self._report(Event("interrupted", text="finishing the email in hand"))

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        endings = [signal.SIGINT, signal.SIGTERM]
        if (
            hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
        ):  # as it is under `nohup`
            endings.append(signal.SIGHUP)
        before = {number: signal.signal(number, interrupt) for number in endings}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    # -------------------------------------------------------------- what is put on record

    def _settle(
        self, extra: Mapping[str, bytes] | None = None, trouble: Stopped | None = None, note: str = ""
    ) -> Outcome:
        """Brings ledger, documents and history up to the journal; each step may be taken again. Trouble before it is told first."""
        try:
            return self._record(dict(extra or {}), note)
        except Stopped as problem:
            raise self._unrecorded(trouble or problem) from problem

    def _unrecorded(self, trouble: Stopped) -> Stopped:
        """The trouble, and that what had become of the notices until then is not lost."""
        known = [name for name in self._journal.unsettled if self._journal.fates[name].entries]
        if not known:
            return trouble
        what = f"what became of {_count(len(known), 'notice')} is noted in the journal and not yet on record"
        return Stopped(f"{trouble.message}; {what}", f"{trouble.hint} The next `send` records it first.".strip())

    def _record(self, extra: dict[str, bytes], note: str) -> Outcome:
        for filed in self._journal.owed():
            state, words = _LEFT_BEHIND if filed.recipient else (State.PRINTED, f"to be posted: {filed.path}")
            self._journal.outcome(filed.notice_id, state, self._at(), words)
        self._journal.sync()
        self._report(Event("journal"))
        self._check_ledger()
        lacking = self._lacking()
        if lacking:
            self._ledger.append(lacking)
            self._report(Event("ledger", text=str(len(lacking))))
        names = dict.fromkeys([*self._journal.unsettled, *(row["notice_id"] for row in lacking)])
        told = [fate for name in names if (fate := self._journal.fates[name]).entries]
        commit = ""
        if told or extra:
            changed: dict[str, bytes | str] = {**extra, **self._documents(told, after_death=bool(note))}
            if told:
                changed[PATH] = self._ledger.content()
            commit = self._repository.commit(changed, _message(told, note) if told else _filed_message(extra))
            self._flush_documents()
            self._report(Event("commit", text=commit))
        self._journal.settled(self._at(), commit)
        self._report(Event("settled", text=commit))
        self._push(commit)
        return Outcome(tuple(map(_result, told)), commit=commit)

    def _push(self, commit: str) -> None:
        """Brings a new commit to the remote and gives the claim back; what fails of it the next run does."""
        if not self._remote or not (commit or self._repository.has_claimed):
            return
        try:
            self._repository.push(self._remote)
            self._report(Event("pushed", text=commit))
        except Stopped as problem:
            self._report(Event("unpushed", text=f"not pushed, the next run does it: {problem}"))

    def _lacking(self) -> list[Row]:
        fates = (fate for fate in self._journal.fates.values() if fate.entries)
        return list(missing(self._ledger.rows(), map(_rows, fates)))

    def _documents(self, told: Sequence[Fate], *, after_death: bool) -> dict[str, bytes | str]:
        """The frozen document of each notice, for the commit, and put back where a git command took it away.

        `after_death`: since it went out, a build may have written its draft anew in the same place.
        """
        filed = [entry.filed for entry in (fate.entries[-1] for fate in told) if entry.filed.blob]
        frozen = set(self._blobs.values())  # by this run, which has looked whether git has them
        known = frozen | self._repository.known(each.blob for each in filed if each.blob not in frozen)
        there = files.present(self._root, (each.path for each in filed))
        gone = [
            each
            for each in filed
            if each.blob in known and (each.path not in there or (after_death and self._on_disk(each) is None))
        ]
        restored = self._repository.contents(each.blob for each in gone)
        known -= {each.blob for each in gone} - restored.keys()
        for each in gone:
            if each.blob in known:
                files.put(self._root, each.path, restored[each.blob])
        found: dict[str, bytes | str] = {}
        for each in filed:
            if each.blob in known:
                found[each.path] = each.blob
            elif (content := self._on_disk(each)) is not None:
                found[each.path] = content
            else:
                self._report(Event("lost", each.notice_id, text=f"git has lost the bytes of {each.path}"))
        return found

    def _flush_documents(self) -> None:
        """Makes what lies in the outbox hold as what git has of it does."""
        try:
            files.flush_all(self._root)
        except OSError as problem:
            raise Stopped(
                f"the outbox cannot be flushed to the disk: {problem.strerror}", "The next run tries again."
            ) from problem

    def _on_disk(self, filed: Filed) -> bytes | None:
        contents, _ = files.read(self._root, [filed.path])
        content = contents.get(filed.path)
        return content if content is not None and sha256(content).hexdigest() == filed.sha256 else None

    # -------------------------------------------------------------- notices by name

    def _as_filed(self, parcel: Parcel) -> Filed:
        own = {
            "notice_id": parcel.notice_id,
            "channel": parcel.channel,
            "message_id": parcel.message_id,
            "sha256": parcel.sha256,
            "file": parcel.path,
            "recipient": parcel.recipient,
        }
        return Filed(
            notice_id=parcel.notice_id,
            path=parcel.path,
            sha256=parcel.sha256,
            blob=self._blobs[parcel.path],
            channel=parcel.channel,
            recipient=parcel.recipient,
            message_id=parcel.message_id,
            line=parcel.line,
            asked=parcel.asked,
            rows=tuple({**row, **own} for row in parcel.rows),
        )

    def _filed(self, notice_id: str) -> Filed:
        """A notice on record; in another clone than the one that sent it, as the ledger has it."""
        if fate := self._journal.fates.get(notice_id):
            return fate.entries[-1].filed if fate.entries else fate.filed
        rows = last_states(self._ledger.rows()).get(notice_id)
        if not rows:
            raise Stopped(f"there is no notice called {notice_id}", "accounts/notices.csv lists them all.")
        first = rows[0]
        held = self._repository.committed(self._repository.head(), [first["file"]])
        return Filed(
            notice_id=notice_id,
            path=first["file"],
            sha256=first["sha256"],
            blob=held.get(first["file"], ""),
            channel=first["channel"],
            recipient=first["recipient"],
            message_id=first["message_id"],
            line=f"{first['account_id']} {first['step']}".strip(),
            rows=tuple(rows),
        )

    def _frozen(self, filed: Filed) -> Parcel:
        """A notice as it was frozen, to be sent again."""
        content = self._repository.contents([filed.blob] if filed.blob else []).get(filed.blob)
        if content is None or sha256(content).hexdigest() != filed.sha256:
            content = self._on_disk(filed)
        if content is None:
            raise Stopped(f"the bytes of {filed.notice_id} are lost", f"It was {filed.path}; look for it in a backup.")
        return Parcel(
            notice_id=filed.notice_id,
            path=filed.path,
            content=content,
            channel=filed.channel,
            rows=filed.rows,
            line=filed.line,
            asked=filed.asked,
            recipient=filed.recipient,
            message_id=filed.message_id,
        )

    def _at(self) -> str:
        return self._now().isoformat(timespec="seconds")


def _together(parcels: Sequence[Parcel]) -> dict[str, list[Parcel]]:
    """By the first email of a step: its copy and its letter."""
    firsts: dict[tuple[str, str, str], str] = {}
    found: dict[str, list[Parcel]] = {}
    for parcel in sorted(parcels, key=lambda parcel: not parcel.is_mail):
        if parcel.errand in firsts:
            found.setdefault(firsts[parcel.errand], []).append(parcel)
        elif parcel.is_mail:
            firsts[parcel.errand] = parcel.notice_id
    return found


def _flaw(parcel: Parcel, *, drafts: bool) -> str:
    """Why the notice may not leave; "" when it may."""
    cells = [cell for row in parcel.rows for cell in row.values()]
    if not parcel.rows or any(row.keys() - _COLUMNS for row in parcel.rows):
        return "its rows for the notices ledger are not as they should be"
    text = "".join([*cells, parcel.notice_id, parcel.path, parcel.line])
    if not text.isprintable() and _CONTROL.search(text):
        return "a control character is in its name or its rows"
    if not parcel.path.startswith("outbox/"):
        return f"{parcel.path} is not in outbox/"
    if not parcel.is_mail:
        return ""
    return gate.check(parcel.content, parcel.recipient, parcel.message_id, draft=drafts)


def _rows(fate: Fate) -> list[Row]:
    return [
        {**row, "state": entry.state, "at": entry.at, "reply": entry.reply}
        for entry in fate.entries
        for row in entry.filed.rows
    ]


def _result(fate: Fate) -> Result:
    entry = fate.entries[-1]
    filed = entry.filed
    return Result(filed.notice_id, entry.state, entry.at, entry.reply, filed.path, filed.recipient, filed.message_id)


# ------------------------------------------------------------------ the words of the history


def _message(told: Sequence[Fate], note: str) -> str:
    """The commit message of a run: how many notices to how many accounts, a line per notice, and what wrote them."""
    entries = [fate.entries[-1] for fate in told]
    lines = [
        f"Notice: {entry.filed.notice_id} {entry.state} {entry.filed.message_id or '-'} "
        f"sha256:{entry.filed.sha256[:16]} {entry.filed.line}".rstrip()
        for entry in entries
    ]
    return "\n".join([_subject(told), "", *([note, ""] if note else []), *lines, "", f"{VERSION}: {__version__}", ""])


def _subject(told: Sequence[Fate]) -> str:
    entries = [fate.entries[-1] for fate in told if fate.entries[-1].filed.channel != COPY] or [
        fate.entries[-1] for fate in told
    ]
    counts = Counter(entry.state for entry in entries)
    lead = next(state for state in State if state in counts)
    leading = [entry.filed for entry in entries if entry.state is lead]
    asked = {(filed.rows[0]["account_id"], filed.rows[0]["currency"]): _asked(filed) for filed in leading if filed.rows}
    sums: dict[str, Decimal] = {}
    for (_, currency), amount in asked.items():  # once for an account, however many ways its notice went
        sums[currency] = sums.get(currency, Decimal()) + amount
    money = " + ".join(f"{amount:,f} {currency}" for currency, amount in sums.items())
    accounts = len({account_id for account_id, _ in asked})
    subject = f"{lead}: {_count(counts[lead], 'notice')} to {_count(accounts, 'account')}, {money}"
    others = ", ".join(f"{count} {state}" for state, count in counts.items() if state is not lead)
    return f"{subject}; {others}" if others else subject


def _asked(filed: Filed) -> Decimal:
    """What a notice asks for, in its currency's own units."""
    return Decimal(filed.asked) if filed.asked else sum((Decimal(row["open"]) for row in filed.rows), Decimal())


def _filed_message(extra: Mapping[str, bytes]) -> str:
    return "\n".join([f"filed: {_count(len(extra), 'document')}", "", *sorted(extra), ""])


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
