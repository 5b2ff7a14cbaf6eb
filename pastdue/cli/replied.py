"""`log --from`: what a customer answered by the buttons of their page, out of their email into the diary."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import click

from pastdue import days, money
from pastdue.books import replies
from pastdue.cli import DONE, FINDINGS, Desk, screen
from pastdue.cli.log import Books, checked, read_books, refused, said, write
from pastdue.delivery import Stopped
from pastdue.delivery.gate import mailbox
from pastdue.findings import Finding, Severity, error
from pastdue.model import Activity, Customer, Standing

_SOON, _OLD = timedelta(days=92), timedelta(days=60)  # how far off a date may be, and how long ago a line was made
_STDIN = "-"


@dataclass(frozen=True, slots=True)
class _Asking:
    """What a line is held against before it is written."""

    on: date
    standings: Sequence[Standing]
    sender: str
    is_sure: bool  # nobody is asked


def replied(desk: Desk, source: Path, *, by: str, on: date | None, yes: bool) -> int:
    """Shows each line that the email holds, and adds those that the operator wants; nothing when one of them is wrong."""
    if str(source) == _STDIN and not yes:
        raise click.UsageError("with - there is nobody to ask: say --yes, or save the email to a file")
    name = "standard input" if str(source) == _STDIN else str(source)
    reply = replies.read(name, _content(source))
    books, findings = read_books(desk)
    if books is None:
        return refused(desk, findings)
    findings, lines = [*reply.findings], []
    for cells in reply.lines:
        line, found = checked(books, {**cells, "by": by}, name)
        findings += found
        lines += [line] * (line is not None)
    if not reply.lines and not findings:
        findings.append(_nothing(name))
    if any(finding.severity is Severity.ERROR for finding in findings):
        return refused(desk, findings)
    screen.show_findings(desk.err, findings)
    run = desk.run(on, letters=False)
    asking = _Asking(run.on, run.standings, reply.sender, yes)
    written = [_written(desk, books, line, asking) for line in lines if line]
    return DONE if all(written) else FINDINGS


def _content(source: Path) -> bytes:
    try:
        if str(source) == _STDIN:
            return sys.stdin.buffer.read(replies.LONGEST + 1)
        with source.open("rb") as opened:
            return opened.read(replies.LONGEST + 1)
    except OSError as problem:
        raise Stopped(f"{source} cannot be read: {problem.strerror}") from problem


def _nothing(name: str) -> Finding:
    hint = "The customer has not used a button, or has changed the line: build.py log ACCOUNT KIND writes one."
    return error(name, "there is no line for the diary in it", hint)


def _written(desk: Desk, books: Books, line: Activity, asking: _Asking) -> bool:
    """Adds the line unless it is there already or the operator says no; False where nobody was there to decide."""
    customer = books.accounts.customers[line.account_id]
    words = (
        f"{screen.plain(line.account_id)}, {days.display(line.on, screen.LANGUAGE)}: {said(line, customer.currency)}"
    )
    if any(_same(line, known) for known in books.before):
        desk.out.print(f"already in the ledger: {words}", soft_wrap=True)
        return True
    desk.err.print(words, soft_wrap=True)
    doubts = [*_stranger(customer, asking.sender), *_doubts(line, customer, asking)]
    for doubt in doubts:
        desk.err.print(f"    warning: {screen.plain(doubt)}", soft_wrap=True)
    if asking.is_sure and doubts:
        desk.err.print("    not written: somebody has to look at it; without --yes you are asked")
        return False
    if asking.is_sure or click.confirm("Add it to the ledger?", err=True):
        write(desk, books, line)
    else:
        desk.err.print("not written")
    return True


def _same(one: Activity, other: Activity) -> bool:
    """True for the same line, whoever wrote it down, wherever it stands."""
    return replace(one, row=0, by="") == replace(other, row=0, by="")


# ------------------------------------------------------------------ what to look at before it is written


def _stranger(customer: Customer, sender: str) -> Iterator[str]:
    """That the email is not from an address that the books have of the customer."""
    known = {_address(each) for text in (customer.email, customer.cc) for each in text.replace(";", ",").split(",")}
    if sender and _address(sender) not in known:
        theirs = customer.email or "no address"
        yield f"it comes from {sender}; the books have {theirs} for {customer.account_id}"


def _address(text: str) -> str:
    try:
        return mailbox(text.strip()).casefold()
    except ValueError:
        return text.strip().casefold()


def _doubts(line: Activity, customer: Customer, asking: _Asking) -> Iterator[str]:
    """Days out of reason, sums that are not those of the books, an invoice on which nothing is open."""
    own = [each for each in asking.standings if each.account_id == line.account_id]
    if line.on > asking.on:
        yield f"it is dated {line.on}, and today is {asking.on}"
    if line.on < asking.on - _OLD:
        yield f"it was made {(asking.on - line.on).days} days ago"
    if line.due and line.due < asking.on:
        yield f"{line.due} has passed"
    if line.due and line.due > asking.on + _SOON:
        yield f"{line.due} is {(line.due - asking.on).days} days away"
    if line.invoice_id and not any(line.invoice_id in _owing(each) for each in own):
        yield f"nothing is open on {line.invoice_id}"
    if line.amount is not None:
        owed = sum(_owed(each) for each in own if each.currency == customer.currency)
        yield from _sums(line, owed, customer.currency)


def _sums(line: Activity, owed: int, currency: str) -> Iterator[str]:
    times = line.count or 1
    total = (line.amount or 0) * times
    text = f"{money.to_text(owed, currency)} {currency}"
    if total >= owed + times:  # equal parts of a sum come to a few cents more
        yield f"that is {money.to_text(total, currency)} {currency}, and {text} is open"


def _owing(standing: Standing) -> set[str]:
    """The invoices on which something is open, be it interest alone."""
    return {item.invoice_id for item in standing.items} | {each.invoice_id for each in standing.claims if each.owed}


def _owed(standing: Standing) -> int:
    return standing.balance + sum(each.owed for each in standing.claims)
