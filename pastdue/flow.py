"""The whole run as one pure function, in the order of the sentence: read, work out, write. Nothing here touches the world."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from pastdue import checks, config_file
from pastdue.books import ledger as books
from pastdue.books.tables import RawFile
from pastdue.config import Config
from pastdue.config import Look as Chosen
from pastdue.documents import (
    attachments,
    calls,
    desk,
    emails,
    look,
    note,
    notices,
    paper,
    policy,
    portal,
    quoted,
)
from pastdue.documents.desk import previews, timelines
from pastdue.documents.letters import Letter, LetterError, Letters
from pastdue.dunning import (
    again,
    deliveries,
    escalation,
    limitation,
    limits,
    onboarding,
    standing,
)
from pastdue.dunning import calls as telephone
from pastdue.findings import Finding, Severity, error, in_reading_order, located
from pastdue.model import Action, Decision, Document, Inputs, Ledger, Notice, Page, Sent, Standing, State
from pastdue.outlook import Cash, Coming, Metrics

if TYPE_CHECKING:  # the linter is for runs that write letters; the others start without it
    from pastdue.documents.linter import Remark

# How many days the desk looks ahead; with more open accounts than a few, what comes to each is worked out for the nearer ones.
_AHEAD, _NEAR, _FEW = 60, 7, 500


@dataclass(frozen=True, slots=True)
class Run:
    """One day's run: what was read, how everybody stands, what is done about it, and every finding on the way."""

    on: date
    inputs: Inputs
    config: Config
    ledger: Ledger
    letters: Letters
    standings: tuple[Standing, ...]
    decisions: tuple[Decision, ...]  # one per standing, in the same order
    notices: tuple[Notice, ...]
    unbilled: tuple[deliveries.Unbilled, ...]  # delivered work without an invoice
    findings: tuple[Finding, ...]
    remarks: "tuple[Remark, ...]" = ()  # what the linter found in the letters, also what the operator lets stand


@dataclass(frozen=True, slots=True)
class Refusal:
    """A run that is stopped before anything is written, and why."""

    findings: tuple[Finding, ...]


def run(
    inputs: Inputs,
    *,
    today: date | None,
    clock: date,
    found: Iterable[Finding] = (),
    check_letters: bool = True,
    in_every_language: bool = False,
) -> Run | Refusal:
    """Reads everything, works out every standing, and decides.

    The day is `today` (the operator's --on), else the config's, else `clock`. An error in one account's rows stops
    that account; an error in the config, in a letter or in a whole ledger stops the run. `found` is what reading the
    files turned up. Without `check_letters` the letters are not test-written: for a run that writes none. Those in
    languages that nobody in the books reads are, `in_every_language`.
    """
    config, findings = config_file.load(inputs.config, inputs.starter_config)
    findings += found
    if config is None:
        return _refused(findings)
    on = today or config.today or clock

    ledger, found = books.read([RawFile(path, content) for path, content in inputs.ledgers], config)
    letters = _letters(tuple(sorted(inputs.letters.items())), *_appearance(inputs, config))
    findings += [*found, *checks.of_decisions(inputs, config, ledger)]
    remarks: tuple[Remark, ...] = ()
    if check_letters:
        remarks, found = checks.of_letters(letters, inputs, config, ledger, in_every_language=in_every_language)
        findings += found
    if any(finding.stops_run for finding in findings):
        return _refused(findings)

    standings, found = standing.standings(ledger, config, on, findings)
    decisions = escalation.decisions(standings, config)
    unbilled = deliveries.unbilled(ledger, config, on)
    findings += [*found, *checks.of_accounts(standings, decisions, unbilled, config, on)]
    written = tuple(
        notice
        for account, decision in zip(standings, decisions, strict=True)
        if decision.action is Action.NOTICE
        for notice in notices.notices(account, decision, _portal_url(inputs, config, account))
    )
    said = tuple(in_reading_order(located(findings, ledger.places)))
    return Run(on, inputs, config, ledger, letters, standings, decisions, written, unbilled, said, remarks)


def once_more(run: Run, asked: again.Asked, content: bytes) -> Run:
    """The run with nothing in it but a notice that goes once more; `content` is the document that went first.

    Raises NotAgain where it may not go.
    """
    original = quoted.original(asked.lines, content)
    account, decision = asked.standing, again.decide(asked, original, run.config)
    pairs = zip(run.standings, run.decisions, strict=True)
    decided = tuple(decision if standing is account else other for standing, other in pairs)
    written = tuple(notices.notices(account, decision, _portal_url(run.inputs, run.config, account)))
    return replace(run, decisions=decided, notices=written)


def documents(
    run: Run,
    *,
    sent_at: datetime,
    invoices: Mapping[str, bytes],
    typeset: Callable[[str, bytes], bytes],
    progress: Callable[[], None] = lambda: None,
    heard: "Callable[[Remark], None]" = lambda _remark: None,
) -> tuple[list[Document], list[Finding]]:
    """Every notice in the form of its channel, all of them before any is sent, and those that could not be written.

    `sent_at` is the moment in the emails' Date; `invoices` holds the files to attach, by path; `typeset` makes a
    PDF of the data of a document's enclosure, and raises ValueError where it cannot. A letter that cannot be written for
    one account, or may not be sent to it, is an error of that account. `heard` gets all that the linter found.
    """
    from pastdue.documents import linter

    made: list[Document] = []
    findings: list[Finding] = []
    mild: list[tuple[Notice, Remark]] = []
    pairs = zip(run.standings, run.decisions, strict=True)
    about = {(account.account_id, account.currency): (account, decision) for account, decision in pairs}
    for notice in run.notices:
        try:
            letter = run.letters.write(notice, run.config)
            for remark in _remarks(run, notice, letter, *about[notice.customer.account_id, notice.currency]):
                heard(remark)
                if remark.severity is Severity.ERROR:
                    findings += linter.findings([remark], run.config, notice.customer.account_id)
                else:
                    mild.append((notice, remark))
            made.append(_document(run, notice, letter, sent_at, invoices, typeset))
        except LetterError as problem:
            findings.append(replace(problem.finding, account_id=notice.customer.account_id))
        except ValueError as problem:
            account_id = notice.customer.account_id
            findings.append(error("accounts/customers", f"no email can be written: {problem}", account_id=account_id))
        progress()
    failed = {finding.account_id for finding in findings}
    findings = located([*findings, *_once_each(mild, run)], run.ledger.places)
    return [document for document in made if document.notice.customer.account_id not in failed], findings


def pages(run: Run, documents: Sequence[Document], guards: Sequence[str] = ()) -> Iterator[Page]:
    """Call sheets, the customers' site, and the desk with all that it leads to. `guards` say why `send` will refuse."""
    inputs, config = run.inputs, run.config
    static = look.dressed(inputs.static, run.letters.look)
    hours = partial(limits.hours_text, limits=limits.of(config), on=run.on)
    for account, decision in zip(run.standings, run.decisions, strict=True):
        if calls.has_sheet(account, decision):
            url = _portal_url(inputs, config, account)
            ways = telephone.ways_to_pay(account, config)
            yield calls.sheet(account, decision, config, inputs.templates, static, url, ways, hours(account.customer))
    terms = partial(policy.links, run.letters, config)
    yield from portal.pages(
        run.standings,
        run.decisions,
        config,
        inputs.templates,
        static,
        inputs.portal_key,
        terms,
        run.letters.words,
        partial(telephone.ways_to_pay, config=config),
    )
    yield from policy.pages(run.letters, config, run.on, inputs.templates, portal.policy(config))
    near = run.on + timedelta(days=_AHEAD if sum(bool(s.items) for s in run.standings) <= _FEW else _NEAR)
    morning = desk.Morning(
        on=run.on,
        standings=run.standings,
        decisions=run.decisions,
        findings=_but_for(run.findings, located(deliveries.findings(run.unbilled), run.ledger.places)),
        documents=documents,
        guards=guards,
        timelines=timelines.paths(run.standings),
        pages={s.account_id: _on_disk(inputs, config, s) for s in run.standings},
        hours={
            account.account_id: hours(account.customer)
            for account, decision in zip(run.standings, run.decisions, strict=True)
            if decision.action is Action.CALL
        },
        worth=telephone.worths(run.standings, run.decisions),
        costly=telephone.to_stop_serving(run.standings),
        kept=telephone.kept_in_a_year(run.standings, run.on),
        unbilled=[(each.line, each.currency, each.days) for each in run.unbilled],
        unread=onboarding.unread(run.standings, config),
        metrics=measured(run),
        cash=_expected(run, run.on + timedelta(days=_AHEAD)),
        coming=_coming(run, near),
        until=near,
    )
    yield desk.desk(morning, config, inputs.templates, static)
    yield from previews.pages(documents, inputs.templates)
    yield from timelines.pages(morning, run.ledger, config, inputs.templates, static, inputs.invoices)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the coming days bring if nobody pays, and what money may be expected in them."""

    on: date
    until: date  # inclusive
    coming: tuple[Coming, ...]
    cash: tuple[Cash, ...]  # by currency


def forecast(run: Run, days: int) -> Forecast:
    """The day of the run and so many after it, by the same rules. It knows nothing that is dated later than the run's day."""
    until = run.on + timedelta(days=days)
    return Forecast(run.on, until, _coming(run, until), _expected(run, until))


def _coming(run: Run, until: date) -> tuple[Coming, ...]:
    from pastdue.dunning import forecast

    books, _ = standing.as_at(run.ledger, run.config, run.on, run.findings, to_come=True)

    def write(account: Standing, decision: Decision) -> Iterator[tuple[Notice, tuple[Sent, ...]]]:
        for notice in notices.notices(account, decision, ""):
            yield notice, notices.records(notice, State.SENT)

    return forecast.coming(books, until, write)


def _expected(run: Run, until: date) -> tuple[Cash, ...]:
    from pastdue.dunning import cash
    from pastdue.dunning.ageing import age

    habits = cash.habits(age(run.ledger, run.on).items, run.on)
    return cash.expected(run.standings, run.decisions, habits, until)


def measured(run: Run) -> tuple[Metrics, ...]:
    """The figures of each currency as at the day of the run: how long money takes, and how much of it is collected."""
    from pastdue.dunning import metrics

    return metrics.of(run.ledger, run.standings, run.config, run.on)


# ------------------------------------------------------------------ what the story above leaves out


def _but_for(findings: Iterable[Finding], told: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings without those that the desk tells of in a list of their own."""
    others = set(told)
    return tuple(finding for finding in findings if finding not in others)


def _remarks(run: Run, notice: Notice, letter: Letter, account: Standing, decision: Decision) -> "tuple[Remark, ...]":
    """What stands against sending the notice as it is written."""
    from pastdue.documents import linter, patterns

    if notice.answer and notice.answer.original:  # what was said then was looked at then
        original = replace(notice.answer.original, said=())
        letter = run.letters.write(replace(notice, answer=replace(notice.answer, original=original)), run.config)
    disputed = {hold.invoice_id for hold in decision.holds if hold.kind == "dispute"}
    barred = limitation.time_barred(account, run.config)
    spoken = patterns.of_letters(run.inputs.letters)
    found = linter.notice(notice, letter.subject, letter.text, run.config, disputed, barred, spoken)
    return tuple(replace(each, file=run.letters.file(notice, run.config)) for each in found)


def _once_each(mild: "Iterable[tuple[Notice, Remark]]", run: Run) -> Iterator[Finding]:
    """The warnings about finished notices: each once, however many accounts it is of, and none that its letter had already."""
    from pastdue.documents import linter

    known = {(remark.code, remark.found) for remark in run.remarks}
    whose: dict[tuple[str, str, str, str], tuple[Remark, dict[str, None]]] = {}
    for notice, remark in mild:
        if (remark.code, remark.found) not in known:
            key = remark.code, remark.letter, remark.language, remark.reason
            whose.setdefault(key, (remark, {}))[1][notice.customer.account_id] = None
    for remark, accounts in whose.values():
        first, *others = accounts
        about = f"{first} and {len(others)} more" if others else first
        yield from linter.findings([remark], run.config, about=about)


def _document(
    run: Run,
    notice: Notice,
    letter: Letter,
    sent_at: datetime,
    invoices: Mapping[str, bytes],
    typeset: Callable[[str, bytes], bytes],
) -> Document:
    agreement = note.of(notice, run.letters, run.config)
    if notice.channel == "letter":
        told = run.letters.words.of(letter.language)
        enclosed = [agreement] if agreement else []
        return paper.compose(notice, letter.subject, told, letter.blocks, run.config, enclosed, run.letters.look)
    files = attachments.of(notice, run.config, invoices)
    if agreement:
        files += ((note.FILE, typeset(notices.path(notice), paper.encoded(agreement))),)
    draft = run.config.mail.transport == "folder"
    return emails.compose(notice, letter, run.config, sent_at=sent_at, attachments=files, draft=draft)


# `send` works the day out twice, and what letters and pages are made of is the same in both.
@lru_cache(maxsize=1)
def _letters(files: tuple[tuple[str, str], ...], chosen: Chosen, logo: bytes) -> Letters:
    return Letters(dict(files), look.of(chosen, {chosen.logo: logo}))


def _appearance(inputs: Inputs, config: Config) -> tuple[Chosen, bytes]:
    return config.look, inputs.static.get(config.look.logo, b"")


def _refused(findings: list[Finding]) -> Refusal:
    return Refusal(tuple(in_reading_order(findings)))


def _portal_url(inputs: Inputs, config: Config, account: Standing) -> str:
    return portal.url(config, inputs.portal_key, account.account_id)


def _on_disk(inputs: Inputs, config: Config, account: Standing) -> str:
    """Where the customer's page lies in the workspace, with what opens it."""
    key, account_id = inputs.portal_key, account.account_id
    return portal.path(config, key, account_id) + portal.opening(config, key, account_id)
