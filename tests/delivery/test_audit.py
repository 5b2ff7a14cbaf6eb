"""What the audit catches, and where it says that it is: every accident and every trick by its name."""

import base64
import json
import os
import shutil
import zlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fault_server import FaultServer
from fault_workspace import DAY, NOW, git, letter, parcel, states
from fault_workspace import workspace as new_workspace
from test_delivery_post import PowerCut, cut_at, deliver, smtp
from test_ledger_chain import before_the_chain

from pastdue.delivery import files
from pastdue.delivery.audit import Break, audit, witness
from pastdue.delivery.compare import differences, named_log
from pastdue.delivery.git import Repository
from pastdue.delivery.ledger import CHAIN, COLUMNS, PATH, beginning, chained, parse
from pastdue.delivery.post import Parcel, Post

A1, B2, C3 = (f"{DAY}-{name}-reminder-email" for name in ("A1", "B2", "C3"))
EML_A1, EML_B2, EML_C3 = (f"outbox/{DAY}/{name}-reminder.eml" for name in ("A1", "B2", "C3"))


def mail(root: Path, name: str, **more: int) -> Parcel:
    """An email as `send` makes it: it names the log's last commit."""
    log = git(root, "rev-parse", "HEAD").strip()
    return parcel(name, extra=f"X-Pastdue-Log: {log}", **more)


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Emails to A1 and B2, then an email to C3 and a letter to B2."""
    root = new_workspace(tmp_path_factory.mktemp("two-runs") / "books")
    deliver(root, None, mail(root, "A1", invoices=2), mail(root, "B2"))
    deliver(root, None, mail(root, "C3"), letter("B2"))
    return root


@pytest.fixture
def sent(two_runs: Path, tmp_path: Path) -> Path:
    """A copy of the two runs, journal and all."""
    return Path(shutil.copytree(two_runs, tmp_path / "books"))


def found(root: Path, since: str = "") -> list[tuple[str, str]]:
    """Code and place of every break."""
    return [(each.code, each.place) for each in audit(root, since=since).breaks]


def only(root: Path, code: str, since: str = "") -> Break:
    """The one break, which is of this kind."""
    breaks = audit(root, since=since).breaks
    assert [each.code for each in breaks] == [code], breaks
    return breaks[0]


def ledger(root: Path) -> list[bytes]:
    return (root / PATH).read_bytes().splitlines(keepends=True)


def write(root: Path, lines: list[bytes]) -> None:
    (root / PATH).write_bytes(b"".join(lines))


def commit(root: Path, words: str = "Tidied up") -> str:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", words)
    return git(root, "rev-parse", "HEAD").strip()


def rechained(lines: list[bytes]) -> list[bytes]:
    """The rows with a chain that fits again: what somebody writes who knows how."""
    rows = [{**row, CHAIN: ""} for row in parse(b"".join(lines))]
    text = [",".join(COLUMNS)]
    text += [",".join(row[name] for name in COLUMNS) for row in chained(rows, beginning(b""))]
    return [f"{line}\n".encode() for line in text]


def without_journal(root: Path) -> Path:
    """As in the clone of a stranger, who has the history alone."""
    (root / ".git/pastdue/journal").unlink()
    return root


# ------------------------------------------------------------------ nothing is wrong


def test_a_clean_log_agrees_and_says_what_was_looked_at(sent: Path) -> None:
    report = audit(sent)
    assert report.breaks == ()
    looked = {"rows": 5, "notices": 4, "documents": 4, "drafts": 0, "commits": 2, "journal": 18, "witnesses": 3}
    assert dict(report.checked) == looked


def test_a_strangers_clone_agrees_without_a_journal(sent: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(sent), "clone")
    report = audit(tmp_path / "clone")
    assert report.breaks == ()
    assert (report.checked["rows"], report.checked["journal"]) == (5, 0)


def test_the_audit_writes_nothing(sent: Path) -> None:
    def everything() -> dict[str, tuple[int, bytes]]:
        files = [path for path in sorted(sent.rglob("*")) if path.is_file()]
        return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    before = everything()
    audit(sent, since="HEAD~1")
    assert everything() == before


def test_books_without_any_notice_agree(workspace: Path) -> None:
    assert found(workspace) == []


def test_letters_that_were_posted_and_a_deferred_email_that_went_the_second_time_agree(sent: Path) -> None:
    with Post(sent, now=lambda: NOW + timedelta(hours=1)) as post:
        post.mark_posted()
    with FaultServer() as server:
        server.script = ["dot-451"]
        again = parcel("D4")
        with Post(sent, now=lambda: NOW) as post:
            post.deliver([again], smtp(server))
        later = replace(again, content=again.content.replace(b"09:30:00", b"11:30:00"))
        with Post(sent, now=lambda: NOW + timedelta(hours=2)) as post:
            post.deliver([later], smtp(server))
    assert states(sent) | {A1: "", C3: ""} == {
        A1: "", C3: "", B2: "drafted", f"{DAY}-B2-demand-letter": "posted", again.notice_id: "sent"
    }  # fmt: skip
    assert [row["state"] for row in parse((sent / PATH).read_bytes())][-2:] == ["deferred", "sent"]
    assert found(sent) == []


def test_drafts_of_a_build_and_commits_of_the_operator_are_no_break(sent: Path) -> None:
    draft = f"outbox/{DAY}/D4-reminder.eml"
    recorded = {path.relative_to(sent).as_posix() for path in sent.glob("outbox/*/*")}
    files.apply(sent, files.changes(sent, [(draft, b"a draft\r\n")], recorded), recorded)
    (sent / "accounts/customers.csv").write_text("account_id,name\nA1,Acme renamed\n")
    git(sent, "commit", "-q", "-am", "Books")
    assert found(sent) == []
    assert audit(sent).checked["drafts"] == 1


def test_a_draft_that_was_committed_before_it_was_sent_is_no_break_once_it_is_on_record(workspace: Path) -> None:
    (workspace / f"outbox/{DAY}").mkdir(parents=True)
    (workspace / EML_A1).write_bytes(b"a draft\r\n")
    commit(workspace)
    assert found(workspace) == [("document-without-row", EML_A1)]
    deliver(workspace, None, mail(workspace, "A1"))
    assert found(workspace) == []


def test_a_run_that_dies_is_unfinished_and_the_next_one_mends_it(sent: Path) -> None:
    with pytest.raises(PowerCut):
        deliver(sent, None, mail(sent, "D4"), report=cut_at("ledger"))
    codes = [code for code, _ in found(sent)]
    assert codes == ["uncommitted", "row-without-document", "unfinished"]
    deliver(sent, None)
    assert found(sent) == []


# ------------------------------------------------------------------ the ledger


def test_an_edited_ledger_row_is_named_with_its_cell(sent: Path) -> None:
    lines = ledger(sent)
    lines[2] = lines[2].replace(b",100.00,", b",10.00,")
    write(sent, lines)
    broken = only(sent, "row-changed")
    assert (broken.place, broken.notice_id) == (f"{PATH}:3", A1)
    assert broken.message == "open is '10.00', and was '100.00' in the last commit"
    assert "git checkout accounts/notices.csv" in broken.hint


def test_each_edited_row_is_named_with_all_its_cells(sent: Path) -> None:
    lines = ledger(sent)
    for place in (2, 4):
        lines[place] = lines[place].replace(b",100.00,EUR,", b",10.00,USD,").replace(b",40.00,EUR,", b",4.00,USD,")
    write(sent, rechained(lines))
    assert [(each.code, each.place) for each in audit(sent).breaks] == [
        ("row-changed", f"{PATH}:3"),
        ("row-changed", f"{PATH}:5"),
    ]
    first, _ = audit(sent).breaks
    assert first.message.startswith("open is '10.00', and was '100.00'; currency is 'USD', and was 'EUR'; chain is ")


def test_an_edited_ledger_row_that_was_committed_breaks_the_chain_the_history_and_the_journal(sent: Path) -> None:
    lines = ledger(sent)
    lines[2] = lines[2].replace(b",100.00,", b",10.00,")
    write(sent, lines)
    at = commit(sent)
    breaks = {each.code: each for each in audit(sent).breaks}
    assert sorted(breaks) == ["chain", "journal-differs", "row-changed"]
    assert {each.place for each in breaks.values()} == {f"{PATH}:3"}
    assert (breaks["row-changed"].commit, breaks["row-changed"].notice_id) == (at, A1)
    assert breaks["journal-differs"].message == "open is '10.00', and '100.00' in the journal"


def test_an_edited_row_with_a_chain_that_fits_again_is_caught_by_the_history(sent: Path) -> None:
    lines = ledger(sent)
    lines[2] = lines[2].replace(b",100.00,", b",10.00,")
    write(sent, rechained(lines))
    at = commit(without_journal(sent))
    broken = only(sent, "row-changed")
    assert (broken.place, broken.commit) == (f"{PATH}:3", at)


def test_a_removed_row_is_named(sent: Path) -> None:
    lines = ledger(sent)
    del lines[3]
    write(sent, lines)
    broken = only(sent, "row-removed")
    assert (broken.place, broken.notice_id) == (f"{PATH}:4", B2)
    at = commit(sent)
    breaks = {each.code: each for each in audit(sent).breaks}
    assert sorted(breaks) == ["chain", "document-without-row", "journal-without-row", "row-removed"]
    assert breaks["chain"].place == f"{PATH}:4"
    assert (breaks["row-removed"].commit, breaks["row-removed"].notice_id) == (at, B2)
    assert breaks["document-without-row"].place == EML_B2
    assert breaks["journal-without-row"].notice_id == B2


def test_the_last_row_can_not_be_removed_either(sent: Path) -> None:
    write(sent, ledger(sent)[:-1])
    at = commit(without_journal(sent))
    gone = audit(sent).breaks[0]
    assert (gone.code, gone.place, gone.commit) == ("row-removed", f"{PATH}:6", at)


def test_rows_in_another_order_are_named(sent: Path) -> None:
    lines = ledger(sent)
    lines[1], lines[2] = lines[2], lines[1]
    write(sent, lines)
    assert found(sent) == [("row-moved", f"{PATH}:2")]
    commit(sent)
    assert [each for each in found(sent) if each[0] == "chain"] == [("chain", f"{PATH}:{row}") for row in (2, 3, 4)]


def test_a_row_put_in_by_hand_is_named(sent: Path) -> None:
    lines = ledger(sent)
    lines.insert(3, lines[2].replace(b"A1-2", b"A1-3"))
    write(sent, lines)
    assert found(sent) == [("row-inserted", f"{PATH}:4")]
    commit(without_journal(sent))
    assert set(found(sent)) == {("row-inserted", f"{PATH}:4"), ("chain", f"{PATH}:4")}


def test_a_row_without_a_document_is_named(sent: Path) -> None:
    lines = ledger(sent)
    more = lines[-2].replace(b"C3", b"E5").rpartition(b",")[0] + b",\n"
    write(sent, rechained([*lines, more]))
    assert found(sent) == [("uncommitted", f"{PATH}:7"), ("row-without-document", f"{PATH}:7")]
    commit(sent)
    broken = only(sent, "row-without-document")
    assert (broken.place, broken.notice_id) == (f"{PATH}:7", f"{DAY}-E5-reminder-email")
    assert f"outbox/{DAY}/E5-reminder.eml is not there" in broken.message


def test_a_row_smuggled_into_a_commit_of_this_machine_is_missing_in_the_journal(sent: Path) -> None:
    lines = ledger(sent)
    more = lines[1].replace(b"A1-1", b"A1-7").replace(b",drafted,", b",posted,").rpartition(b",")[0] + b",\n"
    write(sent, rechained([*lines, more]))
    git(sent, "add", "-A")
    git(sent, "commit", "-q", "--amend", "--no-edit")
    journal = sent / ".git/pastdue/journal"
    settled = journal.read_bytes().splitlines(keepends=True)
    record = json.loads(settled[-1].partition(b" ")[2])
    text = json.dumps(record | {"commit": git(sent, "rev-parse", "HEAD").strip()}, separators=(",", ":")).encode()
    journal.write_bytes(b"".join([*settled[:-1], b"%08x %s\n" % (zlib.crc32(text), text)]))
    breaks = audit(sent).breaks
    assert [each.code for each in breaks] == ["message-differs", "row-without-journal"]
    assert {(each.place, each.notice_id) for each in breaks} == {(f"{PATH}:7", A1)}


def test_a_ledger_that_is_gone_is_named(sent: Path) -> None:
    (sent / PATH).unlink()
    assert found(sent) == [("row-removed", f"{PATH}:2")]
    at = commit(sent)
    gone = [each for each in audit(sent).breaks if each.code == "row-removed"]
    assert [(each.place, each.commit) for each in gone] == [(PATH, at)]


def test_a_ledger_that_is_none_is_named(sent: Path) -> None:
    (sent / PATH).write_text("something else\n")
    assert found(sent)[0] == ("ledger-unreadable", PATH)


# ------------------------------------------------------------------ ledgers from before the chain


@pytest.fixture
def old(sent: Path) -> Path:
    """The same history as an older program left it, with one more run by this one."""
    write(sent, [before_the_chain((sent / PATH).read_bytes())])
    git(sent, "add", "-A")
    tree = git(sent, "write-tree").strip()
    first = git(sent, "commit-tree", tree, "-m", "Begun anew from an older program").strip()
    git(sent, "reset", "-q", "--hard", first)
    without_journal(sent)
    for ref in git(sent, "for-each-ref", "--format=%(refname)", "refs/pastdue").split():
        git(sent, "update-ref", "-d", ref)
    return sent


def test_an_older_ledger_goes_on_and_its_rows_are_in_the_chain(old: Path) -> None:
    rewritten = [place for code, place in found(old) if code != "history-rewritten"]
    assert rewritten == []
    deliver(old, None, mail(old, "D4"))
    assert {code for code, _ in found(old)} == {"history-rewritten"}  # the emails' own witness of how this test began
    assert found(old, since="HEAD~1") == []
    lines = ledger(old)
    lines[2] = lines[2].replace(b",100.00,", b",10.00,")
    write(old, lines)
    assert found(old, since="HEAD~1") == [("row-changed", f"{PATH}:3")]
    commit(without_journal(old))
    assert ("chain", f"{PATH}:7") in found(old)  # the first chained row says the hash of all before it


# ------------------------------------------------------------------ documents


def test_an_edited_eml_is_named(sent: Path) -> None:
    content = (sent / EML_A1).read_bytes()
    (sent / EML_A1).write_bytes(content.replace(b"Item 3: 100.00", b"Item 3: 900.00"))
    broken = only(sent, "copy-changed")
    assert (broken.place, broken.notice_id, broken.hint) == (EML_A1, A1, f"git checkout HEAD -- {EML_A1}")


def test_an_edited_eml_that_was_committed_is_named_with_its_commit(sent: Path) -> None:
    content = (sent / EML_A1).read_bytes()
    (sent / EML_A1).write_bytes(content.replace(b"Item 3: 100.00", b"Item 3: 900.00"))
    at = commit(sent)
    breaks = audit(sent).breaks
    assert {(each.code, each.place, each.notice_id) for each in breaks} == {("document-changed", EML_A1, A1)}
    assert at in {each.commit for each in breaks}


def test_an_edited_eml_stays_named_when_it_was_put_right_again_and_since_begins_behind_it(sent: Path) -> None:
    content = (sent / EML_A1).read_bytes()
    (sent / EML_A1).write_bytes(content + b"more\r\n")
    at = commit(sent)
    (sent / EML_A1).write_bytes(content)
    commit(sent)
    assert only(sent, "document-changed").commit == at
    assert found(sent, since="HEAD") == []


def test_a_swapped_document_is_named_on_both_sides(sent: Path) -> None:
    one, other = (sent / EML_A1).read_bytes(), (sent / EML_B2).read_bytes()
    (sent / EML_A1).write_bytes(other)
    (sent / EML_B2).write_bytes(one)
    commit(without_journal(sent))
    assert set(found(sent)) == {("document-changed", EML_A1), ("document-changed", EML_B2)}


def test_rows_that_swap_their_documents_are_named(sent: Path) -> None:
    text = (sent / PATH).read_bytes()
    swapped = (
        text.replace(EML_B2.encode(), b"#").replace(EML_A1.encode(), EML_B2.encode()).replace(b"#", EML_A1.encode())
    )
    write(sent, rechained(swapped.splitlines(keepends=True)))
    commit(without_journal(sent))
    assert {("document-changed", EML_A1), ("document-changed", EML_B2)} <= set(found(sent))


def test_a_document_without_a_row_is_named(sent: Path) -> None:
    path = f"outbox/{DAY}/E5-reminder.eml"
    (sent / path).write_bytes((sent / EML_A1).read_bytes())
    broken = only(sent, "document-without-row")
    assert (broken.place, broken.message) == (path, "no row is about it, and it is no draft of the last build")
    commit(sent)
    broken = only(sent, "document-without-row")
    assert (broken.place, broken.message) == (path, "it is in the history, and no row is about it")


def test_a_document_that_was_taken_away_is_named(sent: Path) -> None:
    (sent / EML_A1).unlink()
    assert found(sent) == [("copy-missing", EML_A1)]
    at = commit(sent)
    breaks = audit(sent).breaks
    assert {each.code for each in breaks} == {"document-removed", "row-without-document"}
    assert [each.commit for each in breaks if each.code == "document-removed"] == [at]


def test_a_link_in_place_of_a_document_is_named(sent: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.eml"
    other.write_bytes((sent / EML_A1).read_bytes())
    (sent / EML_A1).unlink()
    (sent / EML_A1).symlink_to(other)
    assert found(sent) == [("copy-changed", EML_A1)]
    commit(sent)
    assert {code for code, _ in found(sent)} == {"document-changed", "copy-changed"}


# ------------------------------------------------------------------ the history


def rebase(root: Path) -> None:
    """The same commits with other words."""
    env = os.environ | {"FILTER_BRANCH_SQUELCH_WARNING": "1"}
    git(root, "filter-branch", "-f", "--msg-filter", "sed s/Books/Accounts/", "HEAD", env=env)
    git(root, "update-ref", "-d", "refs/original/refs/heads/main")


def test_a_rebased_history_is_caught_by_the_journal_and_by_every_email(sent: Path) -> None:
    first, second = git(sent, "rev-list", "--reverse", "HEAD~1").split()
    runs = git(sent, "rev-list", "--reverse", "HEAD").split()[1:]
    rebase(sent)
    breaks = audit(sent).breaks
    assert {each.code for each in breaks} == {"history-rewritten"}
    assert {(each.file, each.commit) for each in breaks} == {
        (EML_A1, first), (EML_B2, first), (EML_C3, second),
        *((".git/pastdue/journal", each) for each in runs),
    }  # fmt: skip


def test_a_rebased_history_is_caught_in_a_clone_by_the_emails_alone(sent: Path, tmp_path: Path) -> None:
    rebase(sent)
    git(tmp_path, "clone", "-q", str(sent), "clone")
    assert {*found(tmp_path / "clone")} == {("history-rewritten", each) for each in (EML_A1, EML_B2, EML_C3)}


def test_since_a_commit_that_is_no_longer_there_says_so(sent: Path) -> None:
    tag = git(sent, "rev-parse", "HEAD").strip()
    git(sent, "tag", "seen")
    assert found(sent, since="seen") == found(sent, since=tag) == []
    rebase(sent)
    (broken,) = [each for each in audit(sent, since="seen").breaks if "seen" in each.message]
    assert (broken.code, broken.message, broken.commit) == (
        "history-rewritten",
        "the history does not go back to seen",
        tag,
    )
    missing = [each for each in audit(sent, since="0" * 40).breaks if each.code == "since"]
    assert len(missing) == 1


def test_since_says_which_row_and_which_document_of_that_time_are_others_now(sent: Path) -> None:
    git(sent, "tag", "seen")
    git(sent, "reset", "-q", "--hard", "HEAD~1")
    lines = ledger(sent)
    lines[1] = lines[1].replace(b",100.00,", b",10.00,")
    write(sent, rechained(lines))
    (sent / EML_B2).write_bytes(b"another\r\n")
    commit(without_journal(sent))
    since = [each for each in audit(sent, since="seen").breaks if "seen" in each.message]
    assert {(each.code, each.place) for each in since} == {
        ("history-rewritten", "history"), ("row-changed", f"{PATH}:2"), ("document-changed", EML_B2), ("document-changed", EML_C3),
        ("document-changed", f"outbox/{DAY}/B2-demand.pdf"),
    }  # fmt: skip


def test_rows_and_documents_that_were_rewritten_in_every_commit_do_not_fit_its_message(sent: Path) -> None:
    """A history made anew from the beginning, chain, hashes and all, by somebody who forgot what `git log` says."""
    lines = [line.replace(b",drafted,", b",sent,") for line in ledger(sent)]
    write(sent, rechained(lines))
    git(sent, "add", "-A")
    words = git(sent, "log", "-1", "--format=%B")
    first = git(sent, "commit-tree", git(sent, "write-tree").strip(), "-m", words).strip()
    git(sent, "update-ref", "HEAD", first)
    breaks = [each for each in audit(without_journal(sent)).breaks if each.code == "message-differs"]
    told = {each.notice_id: each.message for each in breaks}
    assert told[C3].startswith("the message of its commit says drafted <pd.")
    assert told[A1] == told[B2] == "the message of its commit does not name it"
    assert {each.commit for each in breaks} == {first}


def test_git_that_shows_another_history_than_it_has_is_named(sent: Path, tmp_path: Path) -> None:
    git(sent, "replace", "HEAD", "HEAD~1")
    assert "history-replaced" in [code for code, _ in found(sent)]
    git(sent, "replace", "-d", git(sent, "rev-parse", "HEAD").strip())
    git(tmp_path, "clone", "-q", "--depth=1", sent.as_uri(), "cut")
    assert "history-cut" in [code for code, _ in found(tmp_path / "cut")]


@pytest.mark.parametrize("damaged", [EML_A1, PATH])
def test_a_damaged_object_is_named_and_no_defect_of_ours(sent: Path, damaged: str) -> None:
    for commit_ in ("HEAD", "HEAD~1"):
        blob = git(sent, "rev-parse", f"{commit_}:{damaged}").strip()
        file = sent / f".git/objects/{blob[:2]}/{blob[2:]}"
        file.chmod(0o644)
        file.write_bytes(b"\0" + file.read_bytes()[1:])
    assert ("git-damaged", damaged) in found(sent)


def test_workspaces_in_one_repository_are_audited_each_by_itself(tmp_path: Path) -> None:
    new_workspace(tmp_path / "clients/acme")
    (tmp_path / "clients/acme/.git").rename(tmp_path / ".git")
    root = tmp_path / "clients/acme"
    commit(tmp_path, "Clients")
    deliver(root, None, mail(root, "A1"))
    assert found(root) == []
    (root / EML_A1).write_bytes(b"x")
    at = commit(tmp_path)
    breaks = audit(root).breaks
    assert {each.code for each in breaks} == {"document-changed"}
    assert at in {each.commit for each in breaks}


# ------------------------------------------------------------------ the journal


def test_an_edited_journal_is_named(sent: Path) -> None:
    path = sent / ".git/pastdue/journal"
    text = path.read_bytes()
    path.write_bytes(text.replace(b'"open":"100.00"', b'"open":"900.00"', 1))
    broken = only(sent, "journal-damaged")
    assert (broken.place, broken.message) == (".git/pastdue/journal", "line 2 of the journal is damaged")


def test_an_edited_journal_with_a_checksum_that_fits_again_is_named(sent: Path) -> None:
    path = sent / ".git/pastdue/journal"
    lines = path.read_bytes().splitlines(keepends=True)
    text = lines[1].partition(b" ")[2].rstrip(b"\n").replace(b'"open":"100.00"', b'"open":"900.00"', 1)
    lines[1] = b"%08x %s\n" % (zlib.crc32(text), text)
    path.write_bytes(b"".join(lines))
    broken = only(sent, "journal-differs")
    assert (broken.place, broken.notice_id) == (f"{PATH}:2", A1)
    assert broken.message == "open is '100.00', and '900.00' in the journal"


def test_a_line_taken_out_of_the_journal_is_named(sent: Path) -> None:
    path = sent / ".git/pastdue/journal"
    lines = path.read_bytes().splitlines(keepends=True)
    place = next(i for i, line in enumerate(lines) if b'"k":"outcome"' in line and B2.encode() in line)
    path.write_bytes(b"".join([*lines[:place], *lines[place + 1 :]]))
    assert found(sent) == [("row-without-journal", f"{PATH}:4")]


# ------------------------------------------------------------------ a kept email

FRONT = (
    b"Return-Path: <billing@us.example>\r\nReceived: from mx.us.example by mx.customer.example;\r\n"
    b"\tMon, 02 Mar 2026 09:30:02 +0000\r\nDKIM-Signature: v=1; a=rsa-sha256; b=abc\r\n"
)


def test_a_kept_email_is_the_recorded_one_whatever_servers_wrote_in_front_of_it(sent: Path) -> None:
    content = (sent / EML_A1).read_bytes()
    for kept in (
        content,
        FRONT + content,
        (FRONT + content).replace(b"\r\n", b"\n"),
        b"From us Mon\n" + content + b"\r\n",
    ):
        said = witness(sent, kept, "kept.eml")
        assert (said.form, said.notice_id, said.state, said.breaks) == ("bytes", A1, "drafted", ())
        assert said.commit == named_log(content) == git(sent, "rev-parse", "HEAD~2").strip()


def test_a_kept_email_in_another_form_has_the_same_words(sent: Path) -> None:
    head, _, body = (sent / EML_A1).read_bytes().partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    other = [*reversed(lines[:-2]), b"X-Spam-Score: 0", *lines[-2:], b"Content-Transfer-Encoding: base64"]
    said = witness(sent, b"\r\n".join([*other, b"", base64.encodebytes(body)]), "kept.eml")
    assert (said.form, said.breaks) == ("words", ())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"Item 3: 100.00", b"Item 3: 900.00", 'its text/plain part differs: line 7 says "Item 3: 900.00 EUR"; on record is "Item 3: 100.00 EUR"'),
        (b"Subject: Reminder", b"Subject: [EXTERNAL] Reminder", 'its Subject is "[EXTERNAL] Reminder for A1"; on record is "Reminder for A1"'),
        (b"To: A1", b"To: B1", 'its To is "B1 <a1@customer.example>"; on record is "A1 <a1@customer.example>"'),
        (b"Date: Mon, 02", b"Date: Tue, 03", 'its Date is "Tue, 03 Mar 2026 09:30:00 +0000"; on record is "Mon, 02 Mar 2026 09:30:00 +0000"'),
        (b"Subject:", b"Subject: Final demand\r\nSubject:", 'its Subject is "Final demand" and "Reminder for A1"; on record is "Reminder for A1"'),
        (b"Subject:", b"Cc: court@x.example\r\nSubject:", 'its Cc is "court@x.example"; on record is none'),
    ],
)  # fmt: skip
def test_a_kept_email_that_differs_is_told_by_its_part(sent: Path, old: bytes, new: bytes, words: str) -> None:
    kept = (sent / EML_A1).read_bytes().replace(old, new, 1)
    said = witness(sent, FRONT + kept, "kept.eml")
    assert [(each.code, each.message, each.file) for each in said.breaks] == [("witness-differs", words, "kept.eml")]
    assert said.form == ""


def test_a_kept_email_of_somebody_else_is_not_on_record(sent: Path) -> None:
    kept = (sent / EML_A1).read_bytes().replace(b"<pd.", b"<other.")
    (broken,) = witness(sent, kept, "kept.eml").breaks
    assert (broken.code, broken.place) == ("witness-unknown", "kept.eml")


def test_a_file_that_is_no_email_is_no_witness(sent: Path) -> None:
    (broken,) = witness(sent, b"hello", "kept.eml").breaks
    assert (broken.code, broken.message) == ("witness-unknown", "it has no Message-ID")
    assert "with its header" in broken.hint


def test_a_kept_email_bears_witness_of_a_history_that_was_rewritten(sent: Path) -> None:
    kept = (sent / EML_C3).read_bytes()
    named = named_log(kept)
    git(sent, "update-ref", "refs/heads/elsewhere", "HEAD")  # git still has the old commits, and they do not count
    rebase(sent)
    said = [each for each in witness(sent, FRONT + kept, "kept.eml").breaks if each.code == "history-rewritten"]
    assert [(each.commit, each.notice_id) for each in said] == [(named, C3)]


def test_an_email_names_the_log_in_its_header_alone() -> None:
    name = "0123456789abcdef0123456789abcdef01234567"
    assert named_log(f"From: x\r\nX-Pastdue-Log: {name}\r\n\r\n".encode()) == name
    assert named_log(f"From: x\r\n\r\nX-Pastdue-Log: {name}\r\n".encode()) == ""
    assert named_log(f"X-Pastdue-Log: {name[:20]}\r\n\r\n".encode()) == ""


def test_a_difference_far_along_a_long_line_is_quoted_where_it_is() -> None:
    front = b"Content-Type: text/plain\r\n\r\n" + b"a" * 300
    (said,) = differences(front + b" 100 EUR " + b"z" * 300, front + b" 900 EUR " + b"z" * 300)
    assert said.startswith('its text/plain part differs: line 1 says "...aaa')
    assert "aaa 900 EUR zzz" in said
    assert 'zzz..."; on record is "...aaa' in said
    assert "aaa 100 EUR zzz" in said


def test_two_emails_without_a_difference_have_none() -> None:
    content = parcel("A1").content
    assert differences(content, content) == []
    assert differences(content, content.replace(b"Auto-Submitted: auto-generated\r\n", b"")) == [
        'its Auto-Submitted is none; on record is "auto-generated"'
    ]


def test_ten_thousand_rows_cost_no_process_each(sent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    original = Repository.git

    def counted(self: Repository, *arguments: str, **how: Any) -> bytes:
        calls.append(arguments[0])
        return original(self, *arguments, **how)

    audit(sent)
    monkeypatch.setattr(Repository, "git", counted)
    audit(sent)
    few = len(calls)
    deliver(sent, None, *(mail(sent, f"M{number}") for number in range(20)))
    calls.clear()
    audit(sent)
    assert len(calls) <= few + 2
