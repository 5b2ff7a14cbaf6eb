"""With a remote, one machine at a time sends; signed commits are signed, and no prompt is waited for."""

import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fault_server import FaultServer
from fault_workspace import DAY, NOW, git, parcel, states, workspace

from pastdue.delivery import Stopped
from pastdue.delivery.git import Repository
from pastdue.delivery.post import Event, Outcome, Post
from pastdue.delivery.smtp import Patience, Smtp

A1, B2 = (f"{DAY}-{name}-reminder-email" for name in ("A1", "B2"))
CLAIM = "refs/pastdue/claim"


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
    return tmp_path / "remote.git"


def clone(remote: Path, name: str) -> Path:
    """A clone, as another machine has it; the first one brings the books."""
    root = remote.parent / name
    if not git(remote, "for-each-ref"):
        workspace(root)
        git(root, "remote", "add", "origin", str(remote))
        git(root, "push", "-q", "origin", "main")
    else:
        git(remote.parent, "clone", "-q", str(remote), name)
        for setting in ("user.name=Sam", "user.email=sam@example.com"):
            git(root, "config", *setting.split("=", 1))
    return root


def deliver(
    root: Path, server: FaultServer, *names: str, report: Callable[[Event], None] = lambda _: None, sign: bool = False
) -> Outcome:
    smtp = Smtp("127.0.0.1", server.port, "none", "billing@us.example", patience=Patience(3, 3, 3, 0.4, pause=0))
    with Post(root, now=lambda: NOW, report=report, remote="" if sign else "origin", sign=sign) as post:
        return post.deliver([parcel(name) for name in names], smtp)


def at(remote: Path, ref: str) -> str:
    return git(remote, "for-each-ref", "--format=%(objectname)", ref).strip()


class PowerCut(BaseException):
    """Everything ends here."""


def cut_at(kind: str) -> Callable[[Event], None]:
    def report(event: Event) -> None:
        if event.kind == kind:
            raise PowerCut

    return report


# ------------------------------------------------------------------ one machine at a time


def test_the_frozen_commit_is_at_the_remote_before_anything_leaves_and_the_runs_commit_after(
    remote: Path, server: FaultServer
) -> None:
    root = clone(remote, "one")
    claimed: list[tuple[int, str]] = []

    def report(event: Event) -> None:
        if event.kind == "intent":
            claimed.append((len(server.accepted), at(remote, CLAIM)))

    outcome = deliver(root, server, "A1", report=report)
    (before,) = claimed
    assert before == (0, git(root, "rev-parse", "refs/pastdue/frozen").strip())
    assert git(remote, "show", f"{before[1]}:{parcel('A1').path}").encode() == parcel("A1").content.replace(
        b"\r\n", b"\n"
    )
    assert (at(remote, CLAIM), at(remote, "refs/heads/main")) == ("", outcome.commit)


def test_a_second_machine_that_does_not_know_of_the_first_ones_run_sends_nothing(
    remote: Path, server: FaultServer
) -> None:
    one, two = clone(remote, "one"), clone(remote, "two")
    deliver(one, server, "A1")
    before = git(two, "rev-parse", "HEAD")
    with pytest.raises(Stopped, match="origin has commits that are not here") as stopped:
        deliver(two, server, "A1")
    assert "git clean -fd outbox && git pull --no-rebase origin main" in stopped.value.hint
    assert (len(server.accepted), git(two, "rev-parse", "HEAD")) == (1, before)
    git(two, "clean", "-q", "-fd", "outbox")  # where the draft lies that the other machine sent
    git(two, "pull", "-q", "--no-rebase", "origin", "main")
    assert deliver(two, server, "A1", "B2").skipped == (A1,)
    assert [set(server.counted.values()), len(server.accepted)] == [{1}, 2]


def test_a_run_under_way_or_dead_elsewhere_keeps_all_others_out_until_its_machine_gives_it_back(
    remote: Path, server: FaultServer
) -> None:
    one, two = clone(remote, "one"), clone(remote, "two")
    with pytest.raises(PowerCut):
        deliver(one, server, "A1", report=cut_at("answer"))
    for _ in range(2):  # however often it is tried
        with pytest.raises(Stopped, match="another machine has claimed the run at origin") as stopped:
            deliver(two, server, "A1", "B2")
    assert f"git push origin :{CLAIM}" in stopped.value.hint
    assert len(server.accepted) == 1
    assert not (two / "accounts/notices.csv").exists()
    with Post(one, now=lambda: NOW, remote="origin"):
        pass  # nothing is due there any more: coming back is enough
    assert at(remote, CLAIM) == ""
    git(two, "clean", "-q", "-fd", "outbox")
    git(two, "pull", "-q", "origin", "main")
    assert states(two) == {A1: "unclear"}
    assert deliver(two, server, "A1", "B2").skipped == (A1,)


def test_of_two_that_begin_at_the_same_moment_one_sends(remote: Path, server: FaultServer) -> None:
    roots = [clone(remote, "one"), clone(remote, "two")]
    together = threading.Barrier(2)
    ended: list[str] = []

    def go(root: Path) -> None:
        def report(event: Event) -> None:
            if event.kind == "frozen":
                together.wait()

        try:
            deliver(root, server, "A1", "B2", report=report)
            ended.append("sent")
        except Stopped as stopped:
            ended.append(stopped.message)

    threads = [threading.Thread(target=go, args=(root,)) for root in roots]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended.count("sent") == 1
    assert set(server.counted.values()) == {1}


@pytest.mark.parametrize("kind", ["claimed", "intent", "dot", "outcome", "ledger", "commit", "settled"])
def test_a_machine_that_died_goes_on_with_its_own_claim(remote: Path, server: FaultServer, kind: str) -> None:
    one = clone(remote, "one")
    with pytest.raises(PowerCut):
        deliver(one, server, "A1", "B2", report=cut_at(kind))
    assert at(remote, CLAIM)
    deliver(one, server, "A1", "B2")
    assert set(server.counted.values()) == {1}
    assert at(remote, CLAIM) == ""
    assert at(remote, "refs/heads/main") == git(one, "rev-parse", "HEAD").strip()


def test_a_clone_of_the_claiming_clone_is_another_machine(remote: Path, server: FaultServer) -> None:
    one = clone(remote, "one")
    with pytest.raises(PowerCut):
        deliver(one, server, "A1", report=cut_at("claimed"))
    git(remote.parent, "clone", "-q", str(one), "copy")
    copy = remote.parent / "copy"
    git(copy, "remote", "set-url", "origin", str(remote))
    for setting in ("user.name=Sam", "user.email=sam@example.com"):
        git(copy, "config", *setting.split("=", 1))
    with pytest.raises(Stopped, match="another machine"):
        deliver(copy, server, "A1")
    assert server.accepted == []


def test_a_remote_that_is_not_there_stops_before_anything_leaves(remote: Path, server: FaultServer) -> None:
    root = clone(remote, "one")
    git(root, "remote", "set-url", "origin", str(remote.parent / "gone"))
    with pytest.raises(Stopped, match="git cannot push to origin"):
        deliver(root, server, "A1")
    assert server.accepted == []
    git(root, "remote", "set-url", "origin", str(remote))
    deliver(root, server, "A1")
    assert len(server.accepted) == 1


def test_a_remote_that_goes_away_meanwhile_is_told_and_caught_up_with_by_the_next_run(
    remote: Path, server: FaultServer
) -> None:
    root = clone(remote, "one")
    said: list[Event] = []

    def lose(event: Event) -> None:
        said.append(event)
        if event.kind == "dot":
            remote.rename(remote.parent / "away")

    outcome = deliver(root, server, "A1", report=lose)
    assert outcome.commit
    assert states(root) == {A1: "sent"}
    assert "not pushed, the next run does it: git cannot push to origin" in said[-1].text
    (remote.parent / "away").rename(remote)
    with Post(root, now=lambda: NOW, remote="origin"):
        pass
    assert (at(remote, CLAIM), at(remote, "refs/heads/main")) == ("", outcome.commit)


def test_the_operators_word_is_pushed_as_well(remote: Path, server: FaultServer) -> None:
    root = clone(remote, "one")
    server.script = ["dot-drop-accepted"]
    deliver(root, server, "A1")
    with Post(root, now=lambda: NOW, remote="origin") as post:
        outcome = post.resolve(A1)
    assert at(remote, "refs/heads/main") == outcome.commit


def test_without_a_remote_in_the_config_nothing_is_pushed(remote: Path, server: FaultServer) -> None:
    root = clone(remote, "one")
    before = git(remote, "for-each-ref")
    with Post(root, now=lambda: NOW) as post:
        smtp = Smtp("127.0.0.1", server.port, "none", "billing@us.example")
        post.deliver([parcel("A1")], smtp)
    assert git(remote, "for-each-ref") == before


# ------------------------------------------------------------------ signed commits


@pytest.fixture
def signing(tmp_path: Path) -> Path:
    """A workspace whose git signs with a key that nobody is asked for."""
    root = workspace(tmp_path / "signing")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (tmp_path / "signers").write_text(f"pat@example.com {key.with_suffix('.pub').read_text()}")
    for setting in (f"user.signingkey={key}", "gpg.format=ssh", f"gpg.ssh.allowedSignersFile={tmp_path / 'signers'}"):
        git(root, "config", *setting.split("=", 1))
    return root


def test_commits_are_signed_where_the_config_says_so(signing: Path, server: FaultServer) -> None:
    outcome = deliver(signing, server, "A1", sign=True)
    for commit in (outcome.commit, "refs/pastdue/frozen", "refs/pastdue/settled"):
        git(signing, "verify-commit", commit)
    assert git(signing, "log", "-1", "--format=%G? %s").startswith("G sent: 1 notice")
    assert git(signing, "log", "-1", "--format=%ae %ce") == "pat@example.com pat@example.com\n"
    assert git(signing, "status", "--porcelain") == ""


@pytest.mark.parametrize("program", ["exit 1", "sleep 60"])
def test_a_signature_that_fails_or_waits_for_somebody_stops_before_anything_leaves(
    signing: Path, server: FaultServer, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (signing / ".git/signer").write_text(f"#!/bin/sh\n{program}\n")
    (signing / ".git/signer").chmod(0o755)
    git(signing, "config", "gpg.ssh.program", str(signing / ".git/signer"))
    open_ = Repository.open
    monkeypatch.setattr(Repository, "open", lambda root: _hasty(open_(root)))
    began = time.monotonic()
    with pytest.raises(Stopped, match="git cannot sign the commit") as stopped:
        deliver(signing, server, "A1", sign=True)
    assert time.monotonic() - began < 20
    assert "agent" in stopped.value.hint
    assert server.accepted == []
    git(signing, "config", "--unset", "gpg.ssh.program")
    assert deliver(signing, server, "A1", sign=True).commit


def _hasty(repository: Repository) -> Repository:
    repository.patience = 2
    return repository


def test_a_key_with_a_passphrase_is_not_asked_for(signing: Path, server: FaultServer, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "a phrase", "-f", str(locked)], check=True)
    git(signing, "config", "user.signingkey", str(locked))
    with pytest.raises(Stopped, match="git cannot sign the commit"):
        deliver(signing, server, "A1", sign=True)
    assert server.accepted == []


def test_a_signature_that_fails_after_the_mail_went_is_made_by_the_next_run(signing: Path, server: FaultServer) -> None:
    def lose(event: Event) -> None:
        if event.kind == "dot":
            git(signing, "config", "gpg.ssh.program", "false")

    with pytest.raises(Stopped, match="git cannot sign"):
        deliver(signing, server, "A1", report=lose, sign=True)
    assert states(signing) == {A1: "sent"}
    git(signing, "config", "--unset", "gpg.ssh.program")
    assert deliver(signing, server, "A1", sign=True).skipped == (A1,)
    git(signing, "verify-commit", "HEAD")
    assert len(server.accepted) == 1
