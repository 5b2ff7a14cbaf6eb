"""git keeps exactly the given bytes at exactly the given paths, and the operator's work is left alone."""

import os
import shutil
import subprocess
from pathlib import Path

import needs
import pytest
from fault_workspace import NOW, git, parcel, workspace

from pastdue.delivery import Stopped, journal
from pastdue.delivery.git import Repository
from pastdue.delivery.mail import Folder
from pastdue.delivery.post import Post

CRLF = b"From: us\r\n\r\n.dot\r\nlast\r\n"


def commit(root: Path, files: dict[str, bytes], message: str = "sent: 1 notice") -> str:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return Repository.open(root).commit(files, message)


def in_git(root: Path, path: str) -> bytes:
    return subprocess.run(["git", "show", f"HEAD:./{path}"], cwd=root, capture_output=True, check=True).stdout


def test_only_the_given_paths_are_committed_and_the_operators_edits_stay_as_they_were(workspace: Path) -> None:
    (workspace / "config.toml").write_text("staged\n")
    git(workspace, "add", "config.toml")
    (workspace / "config.toml").write_text("and edited again\n")
    (workspace / "accounts/customers.csv").write_text("unstaged\n")
    (workspace / "accounts/payments.csv").write_text("untracked\n")
    (workspace / "letters.md").write_text("added\n")
    git(workspace, "add", "letters.md")
    before = git(workspace, "status", "--porcelain"), git(workspace, "diff"), git(workspace, "diff", "--cached")
    commit(workspace, {"outbox/d/a.eml": CRLF})
    assert (
        git(workspace, "status", "--porcelain"),
        git(workspace, "diff"),
        git(workspace, "diff", "--cached"),
    ) == before
    assert git(workspace, "show", "--name-only", "--format=%s").split("\n\n") == ["sent: 1 notice", "outbox/d/a.eml\n"]


@pytest.mark.parametrize(
    ("settings", "attributes"),
    [
        (["core.autocrlf=true"], "* text=auto\n"),
        (["core.autocrlf=input", "core.eol=lf"], "*.eml text\n"),
        (["filter.lfs.clean=tr a-z A-Z", "filter.lfs.required=true"], "*.eml filter=lfs\n"),
    ],
)
def test_no_setting_of_git_changes_the_bytes(workspace: Path, settings: list[str], attributes: str) -> None:
    for setting in settings:
        git(workspace, "config", *setting.split("=", 1))
    (workspace / ".gitattributes").write_text(attributes)
    commit(workspace, {"outbox/d/a.eml": CRLF})
    assert in_git(workspace, "outbox/d/a.eml") == CRLF


def test_neither_hooks_nor_signing_stand_in_the_way(workspace: Path) -> None:
    for hook in ("pre-commit", "commit-msg", "reference-transaction", "post-commit"):
        path = workspace / ".git/hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\ntouch hook-ran\nexit 1\n")
        path.chmod(0o755)
    git(workspace, "config", "commit.gpgsign", "true")
    git(workspace, "config", "gpg.program", "false")
    assert commit(workspace, {"outbox/d/a.eml": CRLF}) == git(workspace, "rev-parse", "HEAD").strip()
    assert not (workspace / "hook-ran").exists()


def test_the_first_commit_of_all_may_be_ours(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "config", "user.name", "Pat")
    git(tmp_path, "config", "user.email", "pat@example.com")
    (tmp_path / "config.toml").write_text("staged\n")
    git(tmp_path, "add", "config.toml")
    commit(tmp_path, {"outbox/d/a.eml": CRLF})
    assert git(tmp_path, "ls-tree", "-r", "--name-only", "HEAD").split() == ["outbox/d/a.eml"]
    assert git(tmp_path, "status", "--porcelain") == "A  config.toml\n"


def test_what_is_committed_already_is_not_committed_again(workspace: Path) -> None:
    first = commit(workspace, {"outbox/d/a.eml": CRLF})
    assert commit(workspace, {"outbox/d/a.eml": CRLF}) == first


def test_a_workspace_in_a_folder_with_an_odd_name(tmp_path: Path) -> None:
    root = workspace(tmp_path / "repo")
    inner = root / 'my "clients" & Söhne'
    inner.mkdir()
    commit(inner, {"outbox/d/a.eml": CRLF})
    assert in_git(inner, "outbox/d/a.eml") == CRLF
    assert git(root, "status", "--porcelain") == ""
    assert Repository.open(inner).suffix != Repository.open(root).suffix == ""


@pytest.mark.parametrize("name", [b"caf\xe9", b"a blob 12", b"x missing", b" a:b ", b"^{tree}"])
def test_a_file_of_the_branch_is_found_whatever_the_folder_is_called(tmp_path: Path, name: bytes) -> None:
    inner = workspace(tmp_path / "repo") / os.fsdecode(name)
    inner.mkdir()
    commit(inner, {"outbox/d/a.eml": CRLF})
    assert Repository.open(inner).at_head("outbox/d/a.eml") == CRLF
    assert Repository.open(inner).at_head("outbox/d/b.eml") == b""


def test_frozen_bytes_are_in_git_and_not_on_the_branch(workspace: Path) -> None:
    repository = Repository.open(workspace)
    head = repository.head()
    frozen = repository.freeze({"outbox/d/a.eml": CRLF}, "frozen")
    blob = repository.blob(CRLF)
    assert repository.head() == head
    assert git(workspace, "status", "--porcelain") == ""
    assert repository.committed(frozen, ["outbox/d/a.eml", "outbox/d/none.eml"]) == {"outbox/d/a.eml": blob}
    assert repository.contents([blob, "0" * 40]) == {blob: CRLF}
    assert repository.known([blob, "0" * 40]) == {blob}
    repository.commit({"outbox/d/a.eml": blob}, "sent")
    assert in_git(workspace, "outbox/d/a.eml") == CRLF


def test_a_repository_with_sha256_names(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "--object-format=sha256")
    git(tmp_path, "config", "user.name", "Pat")
    git(tmp_path, "config", "user.email", "pat@example.com")
    assert len(commit(tmp_path, {"outbox/d/a.eml": CRLF})) == 64
    assert in_git(tmp_path, "outbox/d/a.eml") == CRLF


def test_a_worktree_shares_the_journal_with_its_repository(workspace: Path, tmp_path: Path) -> None:
    git(workspace, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    assert Repository.open(tmp_path / "side").common.resolve() == (workspace / ".git").resolve()
    commit(tmp_path / "side", {"outbox/d/a.eml": CRLF})
    assert git(workspace, "log", "--format=%s", "side").splitlines()[0] == "sent: 1 notice"


def test_a_commit_of_the_operator_meanwhile_is_built_upon(workspace: Path) -> None:
    repository = Repository.open(workspace)
    heads = [repository.head()]
    (workspace / "config.toml").write_text("theirs\n")
    git(workspace, "commit", "-q", "-am", "theirs")
    original = Repository.head
    try:
        # What `head` said was true a moment ago: the branch has moved since.
        Repository.head = lambda self: heads.pop() if heads else original(self)  # type: ignore[method-assign]
        repository.commit({"outbox/d/a.eml": CRLF}, "sent")
    finally:
        Repository.head = original  # type: ignore[method-assign]
    assert git(workspace, "log", "--format=%s").split() == ["sent", "theirs", "Books"]


def not_ready(root: Path, match: str) -> None:
    """Refused, and nothing has changed."""
    before = git(root, "for-each-ref"), git(root, "status", "--porcelain")
    with pytest.raises(Stopped, match=match):
        Repository.open(root).commit({"outbox/d/a.eml": CRLF}, "sent")
    assert (git(root, "for-each-ref"), git(root, "status", "--porcelain")) == before


def test_nobody_known(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(workspace, "config", "--unset", "user.name")
    git(workspace, "config", "--unset", "user.email")
    git(workspace, "config", "user.useConfigOnly", "true")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    not_ready(workspace, "git does not know who you are")


def test_a_detached_head(workspace: Path) -> None:
    git(workspace, "checkout", "-q", "--detach")
    not_ready(workspace, "on no branch")


def test_a_merge_under_way(workspace: Path) -> None:
    git(workspace, "switch", "-q", "-c", "side")
    (workspace / "config.toml").write_text("side\n")
    git(workspace, "commit", "-q", "-am", "side")
    git(workspace, "switch", "-q", "main")
    (workspace / "config.toml").write_text("main\n")
    git(workspace, "commit", "-q", "-am", "main")
    subprocess.run(["git", "merge", "-q", "side"], cwd=workspace, capture_output=True, check=False)
    not_ready(workspace, "a merge is under way")


def test_an_index_that_another_git_holds(workspace: Path) -> None:
    (workspace / ".git/index.lock").touch()
    head = Repository.open(workspace).head()
    with pytest.raises(Stopped, match="index"):
        commit(workspace, {"outbox/d/a.eml": CRLF})
    assert Repository.open(workspace).head() == head
    (workspace / ".git/index.lock").unlink()
    commit(workspace, {"outbox/d/a.eml": CRLF})
    assert git(workspace, "status", "--porcelain") == ""


def test_no_repository_at_all(tmp_path: Path) -> None:
    with pytest.raises(Stopped, match="not under version control") as stopped:
        Repository.open(tmp_path)
    assert "git init" in stopped.value.hint


def test_no_git_at_all(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(workspace))
    with pytest.raises(Stopped, match="git is not installed"):
        Repository.open(workspace)


@needs.root
def test_a_folder_of_another_user(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    os.chown(workspace, 65534, 65534)
    with pytest.raises(Stopped, match="does not trust") as stopped:
        Repository.open(workspace)
    assert "safe.directory" in stopped.value.hint


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A git that does something else first."""
    real = shutil.which("git")
    folder.mkdir()
    (folder / "git").write_text(f'#!/bin/sh\ngit() {{ {real} "$@"; }}\n{script}\n')
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@needs.flock
def test_every_git_child_holds_the_lock(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository.open(workspace)
    with journal.locked(tmp_path) as lock:
        stand_in(
            tmp_path / "bin", monkeypatch, f"flock -n {tmp_path}/lock true; echo free:$?; flock -n {lock}; echo own:$?"
        )
        repository.lock = [lock]
        assert repository.git("version") == b"free:1\nown:0\n"


def test_a_git_that_changes_bytes_is_found_out_before_anything_leaves(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(
        tmp_path / "bin",
        monkeypatch,
        'case "$*" in *fast-import*) sed s/Dear/Deer/ | git "$@";; *) git "$@";; esac',
    )
    with Post(workspace, now=lambda: NOW) as post, pytest.raises(Stopped, match="does not hold outbox"):
        post.deliver([parcel("A1")], Folder())
    assert not (workspace / "accounts/notices.csv").exists()


@pytest.mark.parametrize("lost", ["", ":outbox", ":outbox/d/a.eml"])
def test_a_git_that_calls_stored_what_it_has_not_moves_no_branch(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """As on a full disk, where it may have no room to put an object into its place."""
    repository = Repository.open(workspace)
    before = repository.head()
    loses = (
        f'made=$(git "$@"); name=$(git rev-parse "$made{lost}"); echo $made; '
        "rm -f .git/objects/$(echo $name | cut -c1-2)/$(echo $name | cut -c3-)"
    )
    stand_in(tmp_path / "bin", monkeypatch, f'case "$*" in *fast-import*) {loses};; *) git "$@";; esac')
    for kept in (repository.freeze, repository.commit):
        with pytest.raises(Stopped, match="git cannot store the documents"):
            kept({"outbox/d/a.eml": CRLF}, "sent")
    monkeypatch.undo()
    assert repository.head() == before
    assert repository.commit({"outbox/d/a.eml": CRLF}, "sent") != before
    assert in_git(workspace, "outbox/d/a.eml") == CRLF


def test_git_variables_of_a_surrounding_hook_do_not_lead_astray(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "elsewhere/index"))
    repository = Repository.open(workspace)
    assert repository.commit({"outbox/d/a.eml": CRLF}, "sent") == repository.head()
