"""The order of events: what is on record after a run, after a run that went wrong, and after the operator's word."""

import csv
import io
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from fault_server import FaultServer
from fault_workspace import DAY, NOW, git, letter, parcel, row, states
from hypothesis import given
from hypothesis import strategies as st

from pastdue import __version__
from pastdue.delivery import Stopped, files, journal
from pastdue.delivery.git import Repository
from pastdue.delivery.ledger import COLUMNS, PATH, NoticesLedger, missing
from pastdue.delivery.mail import Folder, Sendmail
from pastdue.delivery.post import CutShort, Event, Outcome, Parcel, Post
from pastdue.delivery.smtp import Patience, Smtp
from pastdue.model import COPY, State

A1, B2, C3 = (f"{DAY}-{name}-reminder-email" for name in ("A1", "B2", "C3"))


def smtp(server: FaultServer) -> Smtp:
    return Smtp("127.0.0.1", server.port, "none", "billing@us.example", patience=Patience(3, 3, 3, 0.4, pause=0))


def deliver(
    root: Path,
    server: FaultServer | None,
    *parcels: Parcel,
    extra: tuple[str, ...] = (),
    report: Callable[[Event], None] = lambda _: None,
) -> Outcome:
    with Post(root, now=lambda: NOW, report=report) as post:
        return post.deliver(parcels, smtp(server) if server else Folder(), extra)


def found(outcome: Outcome) -> dict[str, State]:
    return {result.notice_id: result.state for result in outcome.results}


def subjects(root: Path) -> list[str]:
    return git(root, "log", "--format=%s").splitlines()


def head(root: Path, path: str) -> bytes:
    return subprocess.run(["git", "show", f"HEAD:{path}"], cwd=root, capture_output=True, check=True).stdout


class PowerCut(BaseException):
    """Everything ends here."""


def cut_at(kind: str) -> Callable[[Event], None]:
    def report(event: Event) -> None:
        if event.kind == kind:
            raise PowerCut

    return report


# ------------------------------------------------------------------ a run


def test_a_run_sends_records_and_commits_in_one_commit(workspace: Path, server: FaultServer) -> None:
    (workspace / "outbox" / DAY).mkdir(parents=True)
    (workspace / "outbox" / DAY / "calls.html").write_text("calls")
    mails = parcel("A1", invoices=2), parcel("B2")
    outcome = deliver(workspace, server, *mails, letter("B2"), extra=(f"outbox/{DAY}/calls.html",))
    assert found(outcome) == {A1: State.SENT, B2: State.SENT, f"{DAY}-B2-demand-letter": State.PRINTED}
    assert server.accepted == [each.content for each in mails]
    assert git(workspace, "status", "--porcelain") == ""
    assert git(workspace, "show", "--name-only", "--format=").split() == [
        PATH,
        f"outbox/{DAY}/A1-reminder.eml",
        f"outbox/{DAY}/B2-demand.pdf",
        f"outbox/{DAY}/B2-reminder.eml",
        f"outbox/{DAY}/calls.html",
    ]
    assert head(workspace, mails[0].path) == mails[0].content
    assert git(workspace, "log", "-1", "--format=%B").splitlines() == [
        "sent: 2 notices to 2 accounts, 300.00 EUR; 1 printed",
        "",
        f"Notice: {A1} sent {mails[0].message_id} sha256:{mails[0].sha256[:16]} A1 reminder 200.00 EUR: due 2026-02-20",
        f"Notice: {B2} sent {mails[1].message_id} sha256:{mails[1].sha256[:16]} B2 reminder 100.00 EUR: due 2026-02-20",
        f"Notice: {DAY}-B2-demand-letter printed - sha256:{letter('B2').sha256[:16]} B2 demand 100.00 EUR",
        "",
        f"Pastdue-Version: {__version__}",
        "",
    ]
    rows = NoticesLedger(workspace).rows()
    assert [(line["notice_id"], line["invoice_id"], line["state"]) for line in rows] == [
        (A1, "A1-1", "sent"), (A1, "A1-2", "sent"), (B2, "B2-1", "sent"), (f"{DAY}-B2-demand-letter", "B2-9", "printed")
    ]  # fmt: skip
    assert rows[0] | {"reply": "", "state": "", "chain": ""} == row("A1", "A1-1", notice=A1) | {
        "state": "",
        "reply": "",
        "message_id": mails[0].message_id,
        "sha256": mails[0].sha256,
        "file": mails[0].path,
        "at": "2026-03-02T09:30:00+00:00",
        "recipient": "a1@customer.example",
        "chain": "",
    }
    assert rows[0]["reply"].startswith("250 ")
    assert "fatal" not in git(workspace, "fsck", "--strict")


def test_the_second_send_sends_nothing_and_commits_nothing(workspace: Path, server: FaultServer) -> None:
    deliver(workspace, server, parcel("A1"), letter("A1"))
    before = git(workspace, "rev-parse", "HEAD"), (workspace / PATH).read_bytes()
    outcome = deliver(workspace, server, parcel("A1"), letter("A1"))
    assert outcome == Outcome(skipped=(A1, f"{DAY}-A1-demand-letter"))
    assert (git(workspace, "rev-parse", "HEAD"), (workspace / PATH).read_bytes()) == before
    assert len(server.accepted) == 1


def test_a_document_that_the_disk_and_git_have_both_lost_is_said_and_the_rest_is_on_record(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[str] = []

    def report(event: Event) -> None:
        if event.kind == "journal":
            (workspace / parcel("A1").path).unlink()
            monkeypatch.setattr(Repository, "contents", lambda *_: {})
        elif event.kind == "lost":
            lost.append(event.notice_id)

    outcome = deliver(workspace, None, parcel("A1"), parcel("B2"), report=report)
    assert lost == [A1]
    assert found(outcome) == {A1: State.DRAFTED, B2: State.DRAFTED}
    assert head(workspace, parcel("B2").path) == parcel("B2").content


def test_the_folder_transport_leaves_drafts(workspace: Path) -> None:
    draft = parcel("A1", extra="X-Unsent: 1")
    outcome = deliver(workspace, None, draft)
    assert found(outcome) == {A1: State.DRAFTED}
    assert outcome.results[0].reply == f"left in {draft.path}"
    assert subjects(workspace)[0] == "drafted: 1 notice to 1 account, 100.00 EUR"
    assert head(workspace, draft.path) == draft.content


def test_the_operators_staged_and_unstaged_edits_survive_a_send(workspace: Path, server: FaultServer) -> None:
    (workspace / "config.toml").write_text("staged\n")
    git(workspace, "add", "config.toml")
    (workspace / "accounts/customers.csv").write_text("unstaged\n")
    before = git(workspace, "status", "--porcelain"), git(workspace, "diff", "--cached"), git(workspace, "diff")
    deliver(workspace, server, parcel("A1"))
    assert (
        git(workspace, "status", "--porcelain"),
        git(workspace, "diff", "--cached"),
        git(workspace, "diff"),
    ) == before
    git(workspace, "commit", "-q", "-m", "theirs")
    assert git(workspace, "show", "--name-only", "--format=").split() == ["config.toml"]


def test_what_the_gate_stops_is_no_hindrance_to_the_others(workspace: Path, server: FaultServer) -> None:
    injected = parcel("B2", extra="Bcc: evil@example.com")
    twin = parcel("C3")
    outcome = deliver(workspace, server, parcel("A1"), injected, twin, twin)
    assert found(outcome) == {A1: State.SENT, C3: State.SENT}
    assert outcome.failures == ((B2, "its header says bcc, which nobody wrote"), (C3, "there are two of it"))
    assert states(workspace) == {A1: "sent", C3: "sent"}
    assert not (workspace / injected.path).exists()


@pytest.mark.parametrize("text", ["a\nb", "a\r", "\0", "\ud800"])
def test_an_id_that_would_break_a_row_leaves_nothing_of_its_notice(workspace: Path, text: str) -> None:
    hostile = Parcel("n", "outbox/d/a.pdf", b"x", "letter", (row(text, "1"),), "line")
    assert deliver(workspace, None, hostile).failures[0][0] == "n"
    assert not (workspace / PATH).exists()


@pytest.mark.parametrize("path", ["outbox/../config.toml", "config.toml", "outbox/d/.git/x"])
def test_no_document_goes_outside_the_outbox(workspace: Path, path: str) -> None:
    before = (workspace / "config.toml").read_bytes()
    hostile = Parcel("n", path, b"x", "letter", (row("A1", "1"),), "line")
    with suppress(Stopped):
        assert deliver(workspace, None, hostile).failures
    assert (workspace / "config.toml").read_bytes() == before
    assert git(workspace, "status", "--porcelain") == ""


# ------------------------------------------------------------------ what the server says


def test_refused_and_deferred_are_on_record_and_only_the_deferred_goes_again(
    workspace: Path, server: FaultServer
) -> None:
    server.script = ["rcpt-550", "rcpt-450"]
    outcome = deliver(workspace, server, parcel("A1"), parcel("B2"), parcel("C3"))
    assert found(outcome) == {A1: State.REFUSED, B2: State.DEFERRED, C3: State.SENT}
    assert subjects(workspace)[0] == "sent: 1 notice to 1 account, 100.00 EUR; 1 refused, 1 deferred"
    deliver(workspace, server, parcel("B2"))
    assert states(workspace) == {A1: "refused", B2: "sent", C3: "sent"}
    assert [line["state"] for line in NoticesLedger(workspace).rows() if line["notice_id"] == B2] == [
        "deferred",
        "sent",
    ]
    assert server.counted[parcel("B2").message_id] == 1


@pytest.mark.parametrize(("offers", "state"), [(("SMTPUTF8", "8BITMIME"), State.SENT), ((), State.REFUSED)])
def test_an_address_beyond_ascii_goes_where_the_server_takes_it(
    workspace: Path, offers: tuple[str, ...], state: State
) -> None:
    international = parcel("A1", recipient="jörg@customer.example")
    with FaultServer(extensions=offers) as server:
        outcome = deliver(workspace, server, international, parcel("B2"))
        assert found(outcome) == {A1: state, B2: State.SENT}
        sent = [international.content] * (state is State.SENT) + [parcel("B2").content]
        assert server.accepted == sent
        announced = [command for command in server.commands if command.startswith("MAIL") and "SMTPUTF8" in command]
        assert len(announced) == (state is State.SENT)
    assert NoticesLedger(workspace).rows()[0]["recipient"] == "jörg@customer.example"


@pytest.mark.parametrize("fault", ["greet-554", "mail-550", "ehlo-drop"])
def test_trouble_of_the_session_marks_no_notice_and_leaves_no_trace_in_the_history(
    workspace: Path, server: FaultServer, fault: str
) -> None:
    server.script = [fault]
    with pytest.raises(Stopped, match="; nothing was sent"):
        deliver(workspace, server, parcel("A1"), letter("A1"))
    assert not (workspace / PATH).exists()
    assert subjects(workspace) == ["Books"]
    assert found(deliver(workspace, server, parcel("A1"), letter("A1")))[A1] is State.SENT


def test_trouble_after_the_last_byte_that_was_surely_not_taken_leaves_no_doubt(workspace: Path) -> None:
    (workspace / "sendmail").write_text("#!/bin/sh\nexit 78\n")
    (workspace / "sendmail").chmod(0o755)
    sendmail = Sendmail("billing@us.example", str(workspace / "sendmail"))
    with Post(workspace, now=lambda: NOW) as post, pytest.raises(Stopped, match="ended with 78"):
        post.deliver([parcel("A1")], sendmail)
    with Post(workspace, now=lambda: NOW) as post:
        assert post.recovered == Outcome()
        assert found(post.deliver([parcel("A1")], Folder())) == {A1: State.DRAFTED}


def test_the_server_is_told_goodbye(workspace: Path, server: FaultServer) -> None:
    deliver(workspace, server, parcel("A1"))
    for _ in range(100):
        if server.commands[-1] == "quit":
            break
        time.sleep(0.01)
    assert server.commands[-1] == "quit"


def test_what_was_sent_before_the_trouble_stays_on_record(workspace: Path, server: FaultServer) -> None:
    server.script = ["dot-bare-lf", "mail-550"]
    with pytest.raises(CutShort, match=r"takes nothing from .*; 2 notices not tried") as cut:
        deliver(workspace, server, parcel("A1"), parcel("B2"), letter("A1"), letter("B2"))
    assert found(cut.value.outcome) == {A1: State.SENT, f"{DAY}-A1-demand-letter": State.PRINTED}
    assert states(workspace) == {A1: "sent", f"{DAY}-A1-demand-letter": "printed"}  # B2's letter waits for its email
    assert subjects(workspace)[0] == "sent: 1 notice to 1 account, 100.00 EUR; 1 printed"


@pytest.mark.parametrize(
    ("fault", "state", "words"),
    [
        ("data-554", State.REFUSED, "554"),
        ("dot-drop-accepted", State.UNCLEAR, "no answer to the last byte: it hung up"),
    ],
)
def test_three_failures_in_the_same_words_stop_the_run(
    workspace: Path, server: FaultServer, fault: str, state: State, words: str
) -> None:
    server.script = [fault] * 5
    names = [f"D{number}" for number in range(5)]
    outcome = deliver(workspace, server, *map(parcel, names))
    assert f"the same 3 times in a row: {words}" in outcome.ended
    assert [result.state for result in outcome.results] == [state] * 3
    assert len(outcome.untried) == 2
    assert head(workspace, parcel("D2").path)
    assert (workspace / parcel("D3").path).exists()  # still a draft
    assert parcel("D3").path not in git(workspace, "ls-tree", "-r", "--name-only", "HEAD").split()


def test_a_payment_between_two_runs_withdraws_what_was_frozen_and_not_sent(
    workspace: Path, server: FaultServer
) -> None:
    wanted = {parcel(name).path: parcel(name).content for name in ("A1", "B2")}
    files.apply(workspace, files.changes(workspace, wanted.items()))
    with pytest.raises(PowerCut):
        deliver(workspace, server, parcel("A1"), parcel("B2"), report=cut_at("frozen"))
    files.apply(workspace, files.changes(workspace, [(parcel("B2").path, parcel("B2").content)]))
    deliver(workspace, server, parcel("B2"))
    assert not (workspace / parcel("A1").path).exists()
    assert list(server.counted) == [parcel("B2").message_id]
    assert git(workspace, "ls-tree", "-r", "--name-only", "HEAD", "outbox").split() == [parcel("B2").path]


# ------------------------------------------------------------------ interrupted


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_or_a_closed_terminal_finishes_the_email_in_hand_and_records_it(
    workspace: Path, server: FaultServer, by: signal.Signals
) -> None:
    def interrupt(event: Event) -> None:
        if event.kind == "dot" and event.notice_id == A1:
            os.kill(os.getpid(), by)

    handler = signal.signal(by, signal.SIG_DFL)
    try:
        outcome = deliver(workspace, server, parcel("A1"), parcel("B2"), letter("A1"), letter("B2"), report=interrupt)
    finally:
        after = signal.signal(by, handler)
    assert (outcome.ended, found(outcome)[A1]) == ("interrupted", State.SENT)
    assert outcome.untried == (B2, f"{DAY}-B2-demand-letter")
    assert after is signal.SIG_DFL
    assert git(workspace, "status", "--porcelain") == f"?? outbox/{DAY}/B2-demand.pdf\n?? {parcel('B2').path}\n"


def test_under_nohup_a_closed_terminal_ends_nothing(workspace: Path, server: FaultServer) -> None:
    def close(event: Event) -> None:
        if event.kind == "dot":
            os.kill(os.getpid(), signal.SIGHUP)

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        outcome = deliver(workspace, server, parcel("A1"), parcel("B2"), report=close)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert found(outcome) == {A1: State.SENT, B2: State.SENT}


def copy_of(email: Parcel) -> Parcel:
    """A copy of an email, to somebody else."""
    return replace(
        email,
        notice_id=f"{email.notice_id}-copy",
        path=email.path.replace(".eml", "-copy.eml"),
        content=email.content.replace(b"@customer.example>", b"@copies.example>").replace(b"<pd.", b"<pdc."),
        channel=COPY,
        recipient=email.recipient.replace("customer", "copies"),
        message_id=email.message_id.replace("<pd.", "<pdc."),
    )


@pytest.mark.parametrize(
    ("kind", "email"), [("dot", "unclear"), ("answer", "unclear"), ("outcome", "sent"), ("intent", None)]
)
def test_the_letter_and_the_copy_of_an_email_that_went_are_not_forgotten_when_all_dies(
    workspace: Path, server: FaultServer, kind: str, email: str | None
) -> None:
    """With the email the step counts as done: nothing would ever write them again."""
    mail, paper = parcel("A1"), letter("A1")
    with pytest.raises(PowerCut):
        deliver(workspace, server, paper, mail, copy_of(mail), letter("B2"), report=cut_at(kind))
    (workspace / paper.path).write_bytes(b"what a build wrote anew meanwhile")
    with Post(workspace, now=lambda: NOW):
        pass
    if email is None:
        assert not (workspace / PATH).exists()
        return
    assert states(workspace) == {A1: email, f"{A1}-copy": "deferred", paper.notice_id: "printed"}
    assert (workspace / paper.path).read_bytes() == head(workspace, paper.path) == paper.content
    before = git(workspace, "rev-parse", "HEAD")
    with Post(workspace, now=lambda: NOW) as post:
        assert post.recovered == Outcome()
    assert git(workspace, "rev-parse", "HEAD") == before


def test_a_copy_that_an_interrupted_run_did_not_come_to_is_on_record(workspace: Path, server: FaultServer) -> None:
    def interrupt(event: Event) -> None:
        if event.kind == "dot":
            os.kill(os.getpid(), signal.SIGINT)

    mail = parcel("A1")
    outcome = deliver(workspace, server, mail, copy_of(mail), report=interrupt)
    assert found(outcome) == {A1: State.SENT, f"{A1}-copy": State.DEFERRED}
    assert not outcome.untried


def test_a_letter_waits_for_the_email_of_its_own_step_and_currency(workspace: Path, server: FaultServer) -> None:
    def interrupt(event: Event) -> None:
        if event.kind == "dot":
            os.kill(os.getpid(), signal.SIGINT)

    first, second = parcel("A1"), parcel("B2")
    dollars = replace(second, rows=tuple({**line, "account_id": "A1", "currency": "USD"} for line in second.rows))
    paper = replace(
        letter("B2"), rows=tuple({**line, "account_id": "A1", "currency": "USD"} for line in letter("B2").rows)
    )
    outcome = deliver(workspace, server, first, dollars, paper, report=interrupt)
    assert found(outcome) == {A1: State.SENT}
    assert outcome.untried == (B2, paper.notice_id)


def test_released_and_not_answered_is_unclear_and_never_sent_again_by_itself(
    workspace: Path, server: FaultServer
) -> None:
    with pytest.raises(PowerCut):
        deliver(workspace, server, parcel("A1"), parcel("B2"), report=cut_at("answer"))
    with Post(workspace, now=lambda: NOW) as post:
        assert found(post.recovered) == {A1: State.UNCLEAR}
        outcome = post.deliver([parcel("A1"), parcel("B2")], smtp(server))
    assert (outcome.skipped, found(outcome)) == ((A1,), {B2: State.SENT})
    assert set(server.counted.values()) == {1}
    assert "died between the last byte" in NoticesLedger(workspace).rows()[0]["reply"]


def test_an_intent_without_a_dot_never_left_unless_the_machine_was_restarted(
    workspace: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PowerCut):
        deliver(workspace, server, parcel("A1"), report=cut_at("intent"))
    with Post(workspace, now=lambda: NOW) as post:
        assert post.recovered == Outcome()
    with pytest.raises(PowerCut):
        deliver(workspace, server, parcel("A1"), report=cut_at("intent"))
    monkeypatch.setattr(journal, "boot_id", lambda: "another boot")
    with Post(workspace, now=lambda: NOW) as post:
        assert found(post.recovered) == {A1: State.UNCLEAR}
    assert server.accepted == []


def test_git_accidents_of_the_operator_are_repaired_from_the_journal(workspace: Path, server: FaultServer) -> None:
    deliver(workspace, server, parcel("A1"), letter("A1"))
    git(workspace, "reset", "-q", "--hard", "HEAD~1")
    assert not (workspace / PATH).exists()
    with Post(workspace, now=lambda: NOW) as post:
        assert len(post.recovered.results) == 2
    assert states(workspace) == {A1: "sent", f"{DAY}-A1-demand-letter": "printed"}
    assert (workspace / parcel("A1").path).read_bytes() == parcel("A1").content
    assert git(workspace, "status", "--porcelain") == ""


def test_a_second_sender_is_told_to_wait(workspace: Path) -> None:
    with (
        Post(workspace, now=lambda: NOW),
        pytest.raises(Stopped, match="another send"),
        Post(workspace, now=lambda: NOW),
    ):
        pass


def test_a_run_that_could_not_commit_is_committed_by_the_next(workspace: Path, server: FaultServer) -> None:
    def detach(event: Event) -> None:
        if event.kind == "dot":
            git(workspace, "checkout", "-q", "--detach")

    with pytest.raises(Stopped, match="on no branch"):
        deliver(workspace, server, parcel("A1"), report=detach)
    assert states(workspace) == {A1: "sent"}
    git(workspace, "switch", "-q", "main")
    deliver(workspace, server, parcel("A1"))
    assert subjects(workspace)[0] == "sent: 1 notice to 1 account, 100.00 EUR"
    assert git(workspace, "status", "--porcelain") == ""
    assert len(server.accepted) == 1


# ------------------------------------------------------------------ the operator's word


def unclear(workspace: Path, server: FaultServer, fault: str = "dot-drop") -> None:
    server.script = [fault]
    assert found(deliver(workspace, server, parcel("A1"))) == {A1: State.UNCLEAR}


def test_resolved_as_arrived(workspace: Path, server: FaultServer) -> None:
    unclear(workspace, server, "dot-drop-accepted")
    with Post(workspace, now=lambda: NOW) as post:
        assert found(post.resolve(A1)) == {A1: State.SENT}
    assert states(workspace) == {A1: "sent"}
    assert len(server.accepted) == 1
    assert f"{A1}: the operator says that it arrived" in git(workspace, "log", "-1", "--format=%B")


def test_resent_with_the_very_same_bytes_though_the_draft_was_changed(workspace: Path, server: FaultServer) -> None:
    unclear(workspace, server)
    (workspace / parcel("A1").path).write_text("changed meanwhile")
    with Post(workspace, now=lambda: NOW) as post:
        assert found(post.resolve(A1, smtp(server))) == {A1: State.SENT}
    assert server.accepted == [parcel("A1").content]
    with Post(workspace, now=lambda: NOW) as post, pytest.raises(Stopped, match="is not unclear: it is sent"):
        post.resolve(A1, smtp(server))


def test_a_resend_that_dies_before_its_last_byte_leaves_the_notice_unclear(
    workspace: Path, server: FaultServer
) -> None:
    unclear(workspace, server)
    with pytest.raises(PowerCut), Post(workspace, now=lambda: NOW, report=cut_at("intent")) as post:
        post.resolve(A1, smtp(server))
    with Post(workspace, now=lambda: NOW) as post:
        assert post.deliver([parcel("A1")], smtp(server)).skipped == (A1,)
        assert found(post.resolve(A1, smtp(server))) == {A1: State.SENT}
    assert len(server.accepted) == 1


def test_letters_are_posted_when_the_operator_says_so(workspace: Path) -> None:
    deliver(workspace, None, letter("A1"), letter("B2"))
    with Post(workspace, now=lambda: NOW) as post:
        assert found(post.mark_posted("A1")) == {f"{DAY}-A1-demand-letter": State.POSTED}
        assert found(post.mark_posted()) == {f"{DAY}-B2-demand-letter": State.POSTED}
        assert post.mark_posted() == Outcome()
    assert subjects(workspace)[:2] == ["posted: 1 notice to 1 account, 100.00 EUR"] * 2
    assert [line["state"] for line in NoticesLedger(workspace).rows()] == ["printed", "printed", "posted", "posted"]


def test_another_clone_can_give_the_operators_word_too(workspace: Path, server: FaultServer, tmp_path: Path) -> None:
    unclear(workspace, server)
    deliver(workspace, server, letter("B2"))
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(workspace), str(clone))
    git(clone, "config", "user.name", "Pat")
    git(clone, "config", "user.email", "pat@example.com")
    with Post(clone, now=lambda: NOW) as post:
        assert post.deliver([parcel("A1")], smtp(server)).skipped == (A1,)
        assert found(post.mark_posted()) == {f"{DAY}-B2-demand-letter": State.POSTED}
        assert found(post.resolve(A1, smtp(server))) == {A1: State.SENT}
    assert server.accepted == [parcel("A1").content]


def test_nobody_resolves_what_there_is_not(workspace: Path) -> None:
    with Post(workspace, now=lambda: NOW) as post, pytest.raises(Stopped, match="there is no notice called x"):
        post.resolve("x")


# ------------------------------------------------------------------ the notices ledger


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda text: text.replace("A1-1", "A1-7"), "changed by hand"),
        (lambda text: text.replace("\n", "\r\n"), "other line ends"),
        (lambda text: text.split("\n", 1)[1], "other columns"),
        (lambda text: text.rstrip("\n"), "changed by hand"),
        (lambda _: "", "is gone"),
    ],
)
def test_nothing_is_sent_on_a_notices_ledger_that_was_tampered_with(
    workspace: Path, server: FaultServer, change: Callable[[str], str], match: str
) -> None:
    deliver(workspace, server, parcel("A1"))
    text = (workspace / PATH).read_bytes().decode()
    (workspace / PATH).write_bytes(change(text).encode())
    with pytest.raises(Stopped, match=match):
        deliver(workspace, server, parcel("B2"))
    assert len(server.accepted) == 1


@pytest.mark.parametrize("lost", [1, 60, 300])
def test_rows_that_a_power_cut_tore_are_written_again(workspace: Path, server: FaultServer, lost: int) -> None:
    with pytest.raises(PowerCut):
        deliver(workspace, server, parcel("A1", invoices=3), report=cut_at("ledger"))
    whole = (workspace / PATH).read_bytes()
    (workspace / PATH).write_bytes(whole[:-lost])
    deliver(workspace, server)
    assert (workspace / PATH).read_bytes() == whole
    assert head(workspace, PATH) == whole


def a_line(state: str, at: str, reply: str = "", sha256: str = "") -> dict[str, str]:
    return row("A1", "1") | {"state": state, "at": at, "reply": reply, "sha256": sha256}


def test_a_row_that_somebody_took_out_and_committed_does_not_change_the_last_state() -> None:
    first, second = a_line("deferred", "1"), a_line("sent", "2")
    assert list(missing([second], [[first, second]])) == []
    assert list(missing([first], [[first, second]])) == [second]


@pytest.mark.parametrize("again", [a_line("sent", "1", "250 2"), a_line("sent", "1", "250 1", "ff")])
def test_what_came_back_and_went_out_once_more_within_a_second_is_on_record(again: dict[str, str]) -> None:
    first, second = a_line("sent", "1", "250 1"), a_line("refused", "1", "bounced")
    assert list(missing([first, second], [[first, second, again]])) == [again]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), min_size=1, max_size=3))
def test_ids_come_back_from_the_ledger_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str]
) -> None:
    """=1+1, +49, -5, @x, quotes, commas: a changed id would be another item, and its customer asked twice."""
    ledger = NoticesLedger(tmp_path_factory.mktemp("ledger"))
    ids = [*ids, "=1+1", "+49", "-5", "@x", '"', ",", " 7 ", "0007"]
    ledger.append([row(name, name) for name in ids])
    assert [line["account_id"] for line in ledger.rows()] == ids
    assert next(csv.reader(io.StringIO(ledger.content().decode()))) == list(COLUMNS)
