"""Which file the line goes into, when nothing is written at all, and that the file is whole at every moment."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sheet_tools import LINE, MEANT, add, contents, meant, read, refused

from pastdue.config import Columns
from pastdue.delivery import Stopped, sheets
from pastdue.delivery.sheets import disk

CSV = b"on,account_id,kind,amount,due,by,note\n2026-01-02,acme,call,,,JD,\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts/activity.csv").write_bytes(CSV)
    return tmp_path


# ------------------------------------------------------------------ which file


def test_two_ledgers_are_refused(root: Path) -> None:
    (root / "accounts/Activity.csv").write_bytes(CSV)
    assert refused(root) == "there are two activity ledgers: accounts/Activity.csv and accounts/activity.csv"


def test_a_ledger_that_nobody_reads_is_not_begun_anew_beside_it(root: Path) -> None:
    (root / "accounts/activity.csv").rename(root / "accounts/activity.xls")
    assert refused(root) == "accounts/activity.xls is not read"


def test_other_files_of_the_name_are_no_reason_not_to_begin(root: Path) -> None:
    (root / "accounts/activity.csv").rename(root / "accounts/activity.csv~")
    (root / "accounts/activity.pdf").write_bytes(b"%PDF-1.4")
    assert add(root).place == "accounts/activity.csv:2"


def test_what_lies_beside_the_ledger_is_not_taken_for_it(root: Path) -> None:
    for name in ("activity.csv~", "activities.csv", ".activity.csv", "books.csv"):
        (root / "accounts" / name).write_bytes(b"x")
    (root / "accounts/activity.ods").mkdir()
    assert add(root).row == 3


def test_the_folder_is_made_where_there_is_none(tmp_path: Path) -> None:
    assert add(tmp_path).place == "accounts/activity.csv:2"
    assert read(tmp_path) == (meant(2),)


def test_another_ledger_is_written_in_the_same_way(root: Path) -> None:
    (root / "accounts/payments.csv").write_bytes(b"received;account_id;amount\r\n")
    cells = {"received": LINE["on"], "account_id": "acme", "amount": LINE["amount"]}
    assert sheets.append_row(root, "payments", cells, columns=Columns()).place == "accounts/payments.csv:2"
    assert contents(root)["payments.csv"] == b"received;account_id;amount\r\n2026-03-02;acme;1420.50\r\n"


# ------------------------------------------------------------------ somebody else has it


@pytest.mark.parametrize(("name", "suite"), [(".~lock.activity.csv#", "LibreOffice"), ("~$activity.csv", "Excel")])
def test_a_file_that_is_open_in_an_office_suite_is_refused(root: Path, name: str, suite: str) -> None:
    (root / "accounts" / name).write_text(",jd,desk,02.03.2026 09:00,file:///;")
    assert refused(root) == f"accounts/activity.csv is open in {suite}; nothing was written"
    (root / "accounts" / name).unlink()
    assert add(root).row == 3


def test_a_file_that_changes_while_the_line_is_made_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = CSV + b"2026-01-03,acme,call,,,JD,typed meanwhile\n"
    replace = disk.replace

    def late(*given: object) -> None:
        (root / "accounts/activity.csv").write_bytes(theirs)
        replace(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(disk, "replace", late)
    with pytest.raises(Stopped, match="was changed a moment ago; nothing was written"):
        add(root)
    assert contents(root) == {"activity.csv": theirs}


def test_a_file_that_appears_while_the_first_line_is_made_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "accounts/activity.csv").unlink()
    replace = disk.replace

    def late(*given: object) -> None:
        (root / "accounts/activity.csv").write_bytes(CSV)
        replace(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(disk, "replace", late)
    with pytest.raises(Stopped, match="was changed a moment ago"):
        add(root)
    assert contents(root) == {"activity.csv": CSV}


def test_a_file_that_may_not_be_written_is_refused(root: Path) -> None:
    (root / "accounts/activity.csv").chmod(0o444)
    assert refused(root) == "accounts/activity.csv is read-only"


def test_a_second_line_waits_until_the_first_is_written(root: Path) -> None:
    with disk.alone(root):
        second = threading.Thread(target=add, args=(root,))
        second.start()
        second.join(0.3)
        assert second.is_alive()
        assert contents(root) == {"activity.csv": CSV}
    second.join(10)
    assert read(root)[-1] == meant(3)


ONE = (
    "import sys; from decimal import Decimal; from pathlib import Path; from pastdue.config import Columns; from pastdue.delivery import sheets\n"
    "for n in range(5): sheets.append_row(Path(sys.argv[1]), 'activity', {'account_id': 'acme', 'note': f'{sys.argv[2]}{n}'}, columns=Columns())"
)


def test_lines_that_are_written_at_the_same_time_are_all_there(root: Path) -> None:
    command = [sys.executable, "-c", ONE, str(root)]
    running = [subprocess.Popen([*command, name], cwd=Path(__file__).parents[2]) for name in "abc"]
    assert [each.wait() for each in running] == [0, 0, 0]
    lines = contents(root)["activity.csv"].decode().splitlines()
    assert sorted(line.rpartition(",")[2] for line in lines[2:]) == [f"{name}{n}" for name in "abc" for n in range(5)]
    assert set(contents(root)) == {"activity.csv"}


# ------------------------------------------------------------------ whole at every moment


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_the_files_mode_stays(root: Path, mode: int) -> None:
    file = root / "accounts/activity.csv"
    file.chmod(mode)
    add(root)
    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_a_new_file_has_the_mode_that_any_new_file_has(root: Path) -> None:
    (root / "accounts/activity.csv").unlink()
    before = os.umask(0o027)
    try:
        add(root)
    finally:
        os.umask(before)
    assert stat.S_IMODE((root / "accounts/activity.csv").stat().st_mode) == 0o640


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_disk_that_fails_leaves_the_file_as_it_was_and_nothing_beside_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if moment == "fsync":
        monkeypatch.setattr(disk.os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(Stopped, match=r"accounts/activity.csv cannot be written: no space left on device"):
        add(root)
    assert contents(root) == {"activity.csv": CSV}


def test_the_new_bytes_are_on_the_disk_before_they_take_the_place_of_the_old(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noting(handle: int) -> None:
        done.append("fsync")
        fsync(handle)

    def moving(self: Path, target: Path) -> Path:
        done.append("replace")
        return replace(self, target)

    monkeypatch.setattr(disk.os, "fsync", noting)
    monkeypatch.setattr(Path, "replace", moving)
    add(root)
    assert done == ["fsync", "replace", "fsync"]


# ------------------------------------------------------------------ links


def test_a_link_inside_the_workspace_stays_a_link(root: Path) -> None:
    (root / "kept").mkdir()
    (root / "accounts/activity.csv").rename(root / "kept/diary.csv")
    (root / "accounts/activity.csv").symlink_to("../kept/diary.csv")
    add(root)
    assert (root / "accounts/activity.csv").is_symlink()
    assert read(root)[-1] == meant(3)
    assert (root / "kept/diary.csv").read_bytes().startswith(CSV)


@pytest.mark.parametrize("lock", ["accounts/.~lock.activity.csv#", "kept/.~lock.diary.csv#"])
def test_a_lock_counts_beside_the_link_and_beside_the_file(root: Path, lock: str) -> None:
    (root / "kept").mkdir()
    (root / "accounts/activity.csv").rename(root / "kept/diary.csv")
    (root / "accounts/activity.csv").symlink_to("../kept/diary.csv")
    (root / lock).touch()
    with pytest.raises(Stopped, match=r"accounts/activity.csv is open in LibreOffice") as stopped:
        add(root)
    assert f"delete {lock}," in stopped.value.hint
    assert (root / "kept/diary.csv").read_bytes() == CSV


def test_a_link_that_leaves_the_workspace_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "books"
    (root / "accounts").mkdir(parents=True)
    (tmp_path / "diary.csv").write_bytes(CSV)
    (root / "accounts/activity.csv").symlink_to(tmp_path / "diary.csv")
    assert refused(root) == "accounts/activity.csv is a link that leaves the workspace"
    assert (tmp_path / "diary.csv").read_bytes() == CSV


def test_what_would_not_read_back_is_not_written(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets.in_csv, "with_row", lambda _, content, *__: content + b"2026-03-02,bolt,promise,1,,,\n")
    assert refused(root) == "accounts/activity.csv: the row would not read back as it was given; nothing was written"
    assert MEANT not in read(root)
