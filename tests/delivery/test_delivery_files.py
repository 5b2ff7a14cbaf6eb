"""What is read from the workspace, and what a build may write into it."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pastdue.delivery import Stopped, files
from pastdue.delivery.files import Action, Change


def build(root: Path, wanted: dict[str, bytes], recorded: set[str] = frozenset()) -> list[Change]:
    """A build: compare, then carry out; what it did."""
    todo = files.changes(root, wanted.items(), recorded)
    files.apply(root, todo, recorded)
    return [change for change in todo if change.action is not Action.KEEP]


def there(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


# ------------------------------------------------------------------ reading


def test_all_inputs_are_read_and_what_editors_leave_beside_them_is_not(tmp_path: Path) -> None:
    for path in (
        "config.toml",
        "accounts/customers.csv",
        "accounts/.~lock.customers.csv#",
        "accounts/~$books.xlsx",
        "accounts/customers.csv~",
        "letters/reminder.en.md",
        "site/templates/base.html",
        "site/static/fonts/a.woff2",
        "invoices/A-1.pdf",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(path.encode())
    inputs, findings = files.read_inputs(tmp_path)
    assert inputs is not None
    assert findings == []
    assert inputs.config == "config.toml"
    assert inputs.ledgers == (("accounts/customers.csv", b"accounts/customers.csv"),)
    assert inputs.letters["reminder.en.md"] == "letters/reminder.en.md"
    assert inputs.templates["base.html"] == "site/templates/base.html"
    assert inputs.static["fonts/a.woff2"] == b"site/static/fonts/a.woff2"
    assert inputs.invoices == {"invoices/A-1.pdf"}
    assert inputs.portal_key == b""


def test_what_the_operator_has_not_written_is_as_it_was_shipped(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "config.toml").write_text("")
    (tmp_path / "letters" / "reminder.en.md").write_text("mine")
    inputs, _ = files.read_inputs(tmp_path)
    assert inputs is not None
    shipped = files.starter()
    assert inputs.letters["reminder.en.md"] == "mine"
    assert inputs.letters["promise.en.md"] == (shipped / "letters" / "promise.en.md").read_text(encoding="utf-8")
    assert inputs.templates["account.html"] == (shipped / "site/templates/account.html").read_text(encoding="utf-8")


def test_a_workspace_without_config_is_a_finding(tmp_path: Path) -> None:
    inputs, findings = files.read_inputs(tmp_path)
    assert inputs is None
    assert [finding.file for finding in findings] == ["config.toml"]


def test_a_link_out_of_the_workspace_is_refused_and_one_inside_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    root = tmp_path / "books"
    (root / "accounts").mkdir(parents=True)
    (root / "config.toml").write_text("")
    (root / "accounts/real.csv").write_text("real")
    (root / "accounts/inside.csv").symlink_to("real.csv")
    (root / "accounts/customers.csv").symlink_to(tmp_path / "secret")
    (root / "letters").symlink_to(tmp_path)
    (root / "accounts/gone.csv").symlink_to("nowhere.csv")
    inputs, findings = files.read_inputs(root)
    assert inputs is not None
    assert dict(inputs.ledgers)["accounts/inside.csv"] == b"real"
    assert b"secret" not in dict(inputs.ledgers).values()
    assert {finding.file for finding in findings} == {"accounts/customers.csv", "accounts/gone.csv", "letters"}


def test_text_that_is_not_utf8_is_a_finding_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbf# with a byte order mark\r\n")
    (tmp_path / "letters/a.en.md").write_bytes(b"one\ntwo\nM\xfcller\n")
    inputs, findings = files.read_inputs(tmp_path)
    assert inputs is not None
    assert inputs.config == "# with a byte order mark\n"
    assert [(finding.file, finding.row) for finding in findings] == [("letters/a.en.md", 3)]


def test_the_workspace_is_found_from_a_folder_inside_it(tmp_path: Path) -> None:
    (tmp_path / "accounts").mkdir()
    (tmp_path / "config.toml").touch()
    assert files.find_workspace(tmp_path / "accounts") == tmp_path.resolve()
    assert files.find_workspace(tmp_path) == tmp_path.resolve()


def test_a_folder_outside_any_workspace_stays_itself(tmp_path: Path) -> None:
    (tmp_path / "config.toml").touch()  # of something else: there are no accounts beside it
    (tmp_path / "sub").mkdir()
    assert files.find_workspace(tmp_path / "sub") == (tmp_path / "sub").resolve()


# ------------------------------------------------------------------ writing


def test_a_second_build_writes_nothing(tmp_path: Path) -> None:
    wanted = {"site/public/a/index.html": b"a", "outbox/2026-03-02/x.eml": b"x"}
    assert {change.action for change in build(tmp_path, wanted)} == {Action.WRITE}
    before = {path: (tmp_path / path).stat().st_mtime_ns for path in there(tmp_path)}
    assert build(tmp_path, wanted) == []
    assert {path: (tmp_path / path).stat().st_mtime_ns for path in there(tmp_path)} == before


def test_stale_pages_go_with_their_empty_folders_and_what_a_host_keeps_there_stays(tmp_path: Path) -> None:
    build(tmp_path, {"site/public/a/index.html": b"a", "site/public/b/index.html": b"b"})
    (tmp_path / "site/public/.git").write_text("gitdir: elsewhere")
    (tmp_path / "site/public/c.html").write_text("not wanted by this build")
    build(tmp_path, {"site/public/b/index.html": b"b"})
    assert there(tmp_path) == {"site/public/b/index.html", "site/public/.git"}
    assert not (tmp_path / "site/public/a").exists()


def test_a_stale_draft_goes_unless_somebody_changed_it(tmp_path: Path) -> None:
    drafts = {f"outbox/2026-03-01/{name}.eml": name.encode() for name in "abc"}
    build(tmp_path, drafts)
    (tmp_path / "outbox/2026-03-01/b.eml").write_text("edited by the operator")
    (tmp_path / "outbox/2026-03-01/notes.txt").write_text("the operator's own")
    build(tmp_path, {"outbox/2026-03-01/c.eml": b"c"})
    assert there(tmp_path) == {
        "outbox/.manifest",
        "outbox/2026-03-01/b.eml",
        "outbox/2026-03-01/c.eml",
        "outbox/2026-03-01/notes.txt",
    }


def test_documents_on_record_are_never_touched(tmp_path: Path) -> None:
    path = "outbox/2026-03-01/a.eml"
    build(tmp_path, {path: b"as it was sent"})
    assert build(tmp_path, {path: b"as it would be today"}, {path}) == []
    assert build(tmp_path, {}, {path}) == []
    assert build(tmp_path, {}) == []  # not in the manifest any more: not a draft
    assert (tmp_path / path).read_bytes() == b"as it was sent"


def test_after_a_build_that_stopped_half_way_the_next_still_knows_its_drafts(tmp_path: Path) -> None:
    old, new = {"outbox/d/a.eml": b"1", "outbox/d/z/in.eml": b"1"}, {"outbox/d/a.eml": b"2", "outbox/d/z": b"no folder"}
    build(tmp_path, old)
    (tmp_path / "outbox/d/z/in.eml").write_text("edited, so the folder stays in the way")
    with pytest.raises(Stopped, match="cannot write"):
        build(tmp_path, new)
    assert (tmp_path / "outbox/d/a.eml").read_bytes() == b"2"
    build(tmp_path, {})
    assert there(tmp_path) == {"outbox/d/z/in.eml"}


@pytest.mark.parametrize(
    "path", ["../x", "/etc/x", "a/../../x", "a//b", "", ".git/config", "a/.GIT/hooks/x", "a/./b", 'a"b', "a\\b", "a\nb"]
)
def test_no_path_leads_out_of_the_workspace_or_into_git(tmp_path: Path, path: str) -> None:
    with pytest.raises(Stopped):
        files.put(tmp_path / "books", path, b"x")
    assert there(tmp_path) == set()


def test_a_folder_that_is_a_link_is_not_followed_out_of_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "books/outbox").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Stopped, match="link"):
        build(tmp_path / "books", {"outbox/2026-03-02/x.eml": b"x"})
    assert there(tmp_path / "elsewhere") == set()


@given(st.text(min_size=1, max_size=30))
def test_whatever_the_path_is_the_file_is_inside_or_nowhere(text: str) -> None:
    root = Path("/workspace/of/nobody")
    try:
        target = files.inside(root, text)
    except Stopped:
        return
    assert os.path.normpath(target).startswith(f"{root}/")


def test_two_contents_for_one_path_stop_the_build(tmp_path: Path) -> None:
    with pytest.raises(Stopped, match="two different files"):
        files.changes(tmp_path, [("site/public/a", b"1"), ("site/public/a", b"2")])


# ------------------------------------------------------------------ the portal's key


def test_the_portal_key_is_made_once_even_by_eight_at_a_time(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(files.ensure_portal_key, [tmp_path] * 8))
    assert len(keys) == 1
    assert len(keys.pop()) == 32
    assert there(tmp_path) == {"portal.key"}


def test_a_broken_portal_key_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "portal.key").write_text("oops\n")
    with pytest.raises(Stopped, match="not a portal key"):
        files.ensure_portal_key(tmp_path)
    assert (tmp_path / "portal.key").read_text() == "oops\n"
