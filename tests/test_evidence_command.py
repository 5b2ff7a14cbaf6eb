"""`evidence ACCOUNT`, letters before action, and the end of the road, as an operator meets them."""

import csv
import io
import re
import shutil
import subprocess
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from commandline import Workspace, table
from pypdf import PdfReader

ROOT = Path(__file__).parent.parent

CONFIG = """
[business]
name = "Brook Street Bakery"
address = ["7 Brook Street"]
postcode = "BS1 4DJ"
city = "Bristol"
country = "GB"
email = "accounts@brookstreet.example"
phone = "+44 117 496 0000"
sort_code = "20-00-00"
account_number = "55779911"
currency = "GBP"
[calendar]
country = "none"
weekend = []
[interest]
regime = "uk-lpcda"
{end}
[schedule.standard]
minimum_gap = 0
[[schedule.standard.step]]
name = "reminder"
days = 1
channels = ["email"]
pay_within = 7
announces = [{{ consequence = "interest", in_days = 8 }}]
{steps}
"""
CUSTOMERS = table(
    ["account_id", "name", "email", "address", "postcode", "city", "country", "language"],
    ["ACME", "Byrne & Daughters Ltd", "a@acme.example", "1 Quay Street", "BS1 6AB", "Bristol", "GB", "en"],
    ["KLEIN", "Klein OHG", "k@klein.example", "Elbstraße 2", "22767", "Hamburg", "DE", "de"],
)
INVOICES = table(
    ["invoice_id", "account_id", "issued", "due", "amount", "description"],
    ["A-1", "ACME", "2025-12-01", "2025-12-31", "1234.50", "Sourdough, December"],
    ["K-1", "KLEIN", "2025-12-01", "2025-12-31", "80", "Brot"],
)
ACTIVITY = ["on", "account_id", "kind", "invoice_id", "amount", "due", "note"]


def books(root: Path, config: str = "", *activity: tuple[str, ...]) -> Workspace:
    return Workspace.of(
        root,
        config or CONFIG.format(end="", steps=""),
        customers=CUSTOMERS,
        invoices=INVOICES,
        activity=table(ACTIVITY, *activity),
    )


@pytest.fixture(scope="module")
def after_a_reminder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = books(tmp_path_factory.mktemp("books"))
    workspace.done("send", "--on", "2026-01-02", "--yes")
    return workspace.root


@pytest.fixture
def sent(after_a_reminder: Path, tmp_path: Path) -> Workspace:
    """Books with one reminder that went out on 2026-01-02."""
    return Workspace(shutil.copytree(after_a_reminder, tmp_path / "books"))


def folder(workspace: Workspace, name: str = "ACME-2026-03-02") -> dict[str, bytes]:
    return workspace.files(f"evidence/{name}")


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


# ------------------------------------------------------------------ the file


def test_the_folder_has_every_notice_as_it_went_out_with_its_commit_and_its_hashes_agree(sent: Workspace) -> None:
    sent.write("invoices/A-1.pdf", b"%PDF-invoice")
    sent.committed()
    (recorded,) = (row for row in sent.notices() if row["account_id"] == "ACME")
    sent.done("evidence", "ACME", "--on", "2026-03-02")
    made = sent.root / "evidence/ACME-2026-03-02"
    checked = subprocess.run(
        ["sha256sum", "-c", "--quiet", "--strict", "SHA256SUMS"], cwd=made, capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    rows = {row["file"]: row for row in csv.DictReader(io.StringIO((made / "manifest.csv").read_text()))}
    notice = rows["notices/2026-01-02-ACME-reminder.eml"]
    commit = sent.git("log", "--format=%H", "--", recorded["file"]).strip()
    assert (notice["sha256"], notice["commit"], notice["as_recorded"]) == (recorded["sha256"], commit, "yes")
    assert (made / "notices/2026-01-02-ACME-reminder.eml").read_bytes() == (sent.root / recorded["file"]).read_bytes()
    assert rows["invoices/A-1.pdf"]["commit"] == sent.git("rev-parse", "HEAD").strip()
    said = re.sub(r"\s", "", text_of((made / "file.pdf").read_bytes()))
    for particular in (
        recorded["message_id"],
        recorded["sha256"],
        commit,
        "Sourdough,December",
        sent.git("rev-parse", "HEAD").strip(),
    ):
        assert particular in said
    listed = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert listed == {*rows, "manifest.csv", "SHA256SUMS"}
    assert sent.git("status", "--porcelain") == ""


def test_the_page_to_begin_at_links_within_the_folder_and_needs_nothing_else(sent: Workspace) -> None:
    sent.done("evidence", "ACME", "--on", "2026-03-02")
    made = sent.root / "evidence/ACME-2026-03-02"
    links: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in {"script", "link", "img", "iframe"}
            links.extend(value or "" for name, value in attrs if name in {"href", "src"})

    Links().feed((made / "index.html").read_text("utf-8"))
    assert "file.pdf" in links
    assert "notices/2026-01-02-ACME-reminder.eml" in links
    for link in links:
        assert not link.startswith(("/", "http", "..")), link
        assert (made / link).is_file(), link


def test_the_same_books_commit_and_day_give_the_same_bytes(
    sent: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other") / "file"
    sent.done("evidence", "ACME", "--on", "2026-03-02")
    first = folder(sent)
    sent.done("evidence", "ACME", "--on", "2026-03-02")
    assert folder(sent) == first
    sent.done("evidence", "ACME", "--on", "2026-03-02", "--to", str(other))
    assert {path.relative_to(other).as_posix(): path.read_bytes() for path in other.rglob("*") if path.is_file()} == {
        name.removeprefix("evidence/ACME-2026-03-02/"): content for name, content in first.items()
    }


def test_the_recorded_bytes_are_enclosed_when_the_copy_was_changed_or_is_gone(sent: Workspace) -> None:
    path = next(row["file"] for row in sent.notices() if row["account_id"] == "ACME")
    original = (sent.root / path).read_bytes()
    for change in (lambda: sent.write(path, b"softened"), (sent.root / path).unlink):
        change()
        result = sent.run("evidence", "ACME", "--on", "2026-03-02")
        assert result.exit_code == 0, result.output
        assert "is not what went out any more" in result.stderr
        assert folder(sent)["evidence/ACME-2026-03-02/notices/2026-01-02-ACME-reminder.eml"] == original
        said = text_of(folder(sent)["evidence/ACME-2026-03-02/file.pdf"])
        assert "is not what went out; the recorded bytes are enclosed" in said.replace("\n", " ")


def test_a_changed_document_that_was_committed_does_not_pass_for_the_one_that_went_out(sent: Workspace) -> None:
    path = next(row["file"] for row in sent.notices() if row["account_id"] == "ACME")
    original = (sent.root / path).read_bytes()
    sent.write(path, b"softened")
    sent.committed()
    sent.run("evidence", "ACME", "--on", "2026-03-02")
    assert folder(sent)["evidence/ACME-2026-03-02/notices/2026-01-02-ACME-reminder.eml"] == original


def test_without_a_history_the_copies_are_from_the_folder_and_the_file_says_so(sent: Workspace) -> None:
    shutil.rmtree(sent.root / ".git")
    result = sent.run("evidence", "ACME", "--on", "2026-03-02")
    assert result.exit_code == 0, result.output
    assert "without a history" in result.stderr
    files = folder(sent)
    row = next(
        r
        for r in csv.DictReader(io.StringIO(files["evidence/ACME-2026-03-02/manifest.csv"].decode()))
        if "notices/" in r["file"]
    )
    assert (row["commit"], row["as_recorded"]) == ("", "yes")
    assert "There is no git history here." in text_of(files["evidence/ACME-2026-03-02/file.pdf"])


def test_a_document_that_is_nowhere_is_a_finding_and_the_file_says_so(sent: Workspace) -> None:
    path = next(row["file"] for row in sent.notices() if row["account_id"] == "ACME")
    shutil.rmtree(sent.root / ".git")
    (sent.root / path).unlink()
    result = sent.run("evidence", "ACME", "--on", "2026-03-02")
    assert result.exit_code == 1
    assert f"{path}: error: is on record, and neither in git nor in the folder" in result.stderr
    assert "Not enclosed" in text_of(folder(sent)["evidence/ACME-2026-03-02/file.pdf"])


def test_a_workspace_within_a_larger_repository_finds_its_own_history(tmp_path: Path) -> None:
    outer = Workspace(tmp_path)
    outer.write("README", "several clients")
    outer.committed()
    inner = books(tmp_path / "clients" / "brook street")
    shutil.rmtree(inner.root / ".git")
    outer.committed()
    inner.done("send", "--on", "2026-01-02", "--yes")
    inner.done("evidence", "ACME", "--on", "2026-03-02")
    manifest = folder(inner)["evidence/ACME-2026-03-02/manifest.csv"].decode()
    row = next(row for row in csv.DictReader(io.StringIO(manifest)) if row["file"].startswith("notices/"))
    assert (row["commit"], row["as_recorded"]) == (outer.git("rev-parse", "HEAD").strip(), "yes")


def test_books_that_are_not_committed_are_named(sent: Workspace) -> None:
    sent.write("accounts/payments.csv", table(["received", "account_id", "amount"], ["2026-02-01", "ACME", "34.50"]))
    result = sent.run("evidence", "ACME", "--on", "2026-03-02")
    assert "accounts/payments.csv: warning: the books are not as the last commit has them" in result.stderr
    assert "Not as that commit has them: accounts/payments.csv" in text_of(
        folder(sent)["evidence/ACME-2026-03-02/file.pdf"]
    )


def test_what_comes_after_the_day_is_not_in_the_file(sent: Workspace) -> None:
    sent.done("evidence", "ACME", "--on", "2026-01-01")
    files = folder(sent, "ACME-2026-01-01")
    assert not [name for name in files if "/notices/" in name]
    assert files["evidence/ACME-2026-01-01/books/notices.csv"].count(b"\n") == 1


def test_an_unknown_account_is_a_usage_error_with_a_near_miss(sent: Workspace) -> None:
    result = sent.run("evidence", "ACMEE")
    assert result.exit_code == 2
    assert "did you mean ACME?" in result.stderr


def test_a_folder_with_anything_else_in_it_is_left_alone(
    sent: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("mine")
    (other / "thesis.txt").write_text("years of work")
    result = sent.run("evidence", "ACME", "--to", str(other), "--on", "2026-03-02")
    assert result.exit_code == 4
    assert "Name a new folder" in result.stderr
    assert [path.name for path in other.iterdir()] == ["thesis.txt"]
    (other / "thesis.txt").unlink()
    sent.done("evidence", "ACME", "--to", str(other), "--on", "2026-03-02")
    (other / "index.html").write_text("my notes")
    assert sent.run("evidence", "ACME", "--to", str(other), "--on", "2026-03-02").exit_code == 4
    assert (other / "index.html").read_text() == "my notes"


def test_the_interest_in_the_file_is_the_interest_of_the_letter(tmp_path: Path) -> None:
    workspace = books(tmp_path)
    workspace.done("send", "--on", "2026-01-02", "--yes")
    workspace.done("evidence", "ACME", "--on", "2026-02-10")
    said = text_of(folder(workspace, "ACME-2026-02-10")["evidence/ACME-2026-02-10/file.pdf"])
    days = (date(2026, 2, 10) - date(2026, 1, 10)).days + 1  # announced on 2 January, from the 10th
    amount = (123450 * 1175 * days * 2 + 3650000) // 7300000
    assert f"£{amount // 100}.{amount % 100:02}" in said
    assert "11.75%" in said


# ------------------------------------------------------------------ letters before action


def ready_block(letter: str) -> str:
    """The step as docs/evidence.md shows it."""
    text = (ROOT / "docs/evidence.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    return next(block for block in blocks if f'letter = "{letter}"' in block)


@pytest.mark.parametrize(
    ("letter", "deadline", "claim"),
    [
        ("before-action-uk-individual", "4 March 2026", "14 March 2026"),
        ("before-action-uk-company", "16 February 2026", "23 February 2026"),
        ("before-action", "16 February 2026", "23 February 2026"),
    ],
)
def test_the_block_in_the_docs_passes_check_and_its_letter_states_the_claim(
    tmp_path: Path, letter: str, deadline: str, claim: str
) -> None:
    end = '[end]\ncourt = "the County Court"\ncourt_fee = "£115"\n'
    workspace = books(tmp_path, CONFIG.format(end=end, steps=ready_block(letter)))
    workspace.write("accounts/customers.csv", CUSTOMERS.replace(",de\n", ",en\n"))
    checked = workspace.run("check", "--on", "2026-01-02")
    assert (checked.exit_code, checked.stdout) == (0, ""), checked.output
    workspace.done("send", "--on", "2026-01-02", "--yes")
    workspace.done("send", "--on", "2026-02-02", "--yes")
    (path,) = (row["file"] for row in workspace.notices() if row["account_id"] == "ACME" and row["channel"] == "letter")
    said = re.sub(r"\s+", " ", text_of((workspace.root / path).read_bytes()))
    for words in (
        "£1,234.50", "Interest to 2 February 2026", "each day after 2 February 2026 adds £0.40", deadline,
        f"On {claim}, we intend to bring a court claim", "The claim would go to the County Court. Starting one costs £115.",
        "Annex A: statement", "Annex B: reply form", "7 Brook Street", "Sourdough, December", "11.75%",
    ):  # fmt: skip
        assert words in said, words
    if letter == "before-action-uk-individual":
        assert "we will wait for 30 days" in said
        assert "at least 14 days before" in said
        assert "Information Sheet, Reply Form and Financial Statement" in said


def test_a_german_reader_gets_the_generic_letter_in_german_and_no_court_where_none_is_named(tmp_path: Path) -> None:
    workspace = books(tmp_path, CONFIG.format(end="", steps=ready_block("before-action")))
    workspace.done("send", "--on", "2026-01-02", "--yes")
    workspace.done("send", "--on", "2026-02-02", "--yes")
    said = {
        row["account_id"]: re.sub(r"\s+", " ", text_of((workspace.root / row["file"]).read_bytes()))
        for row in workspace.notices()
        if row["channel"] == "letter"
    }
    assert "The claim would go to" not in said["ACME"]
    assert "Zuständig wäre" not in said["KLEIN"]
    assert "Anlage A: Aufstellung" in said["KLEIN"]
    assert "16. Februar 2026" in said["KLEIN"]


def test_a_letter_before_action_that_announces_nothing_threatens_nothing(tmp_path: Path) -> None:
    steps = re.sub(r"announces = .*\n", "", ready_block("before-action"))
    workspace = books(tmp_path, CONFIG.format(end='[end]\ncourt = "the County Court"\n', steps=steps))
    workspace.done("send", "--on", "2026-01-02", "--yes")
    workspace.done("send", "--on", "2026-02-02", "--yes")
    (path,) = (row["file"] for row in workspace.notices() if row["account_id"] == "ACME" and row["channel"] == "letter")
    said = text_of((workspace.root / path).read_bytes())
    assert "Still unpaid" in said
    assert "court" not in said.casefold()
    assert "claim would" not in said


# ------------------------------------------------------------------ placed, recalled, written off


def test_a_placed_account_falls_silent_and_a_recalled_one_goes_on_where_it_stood(tmp_path: Path) -> None:
    workspace = books(tmp_path, CONFIG.format(end="", steps=ready_block("before-action")))
    workspace.done("send", "--on", "2026-01-02", "--yes")
    workspace.done("log", "ACME", "placed", "--on", "2026-01-20", "--note", "Severn Recoveries")
    workspace.done("send", "--on", "2026-02-02", "--yes", "--only", "ACME")
    assert [step for account, step in workspace.told("account_id", "step") if account == "ACME"] == ["reminder"]
    workspace.done("evidence", "ACME", "--on", "2026-02-02")
    said = text_of(folder(workspace, "ACME-2026-02-02")["evidence/ACME-2026-02-02/file.pdf"])
    assert "On this day: placed with a third party." in said
    assert "Severn Recoveries" in said
    workspace.done("log", "ACME", "recalled", "--on", "2026-02-10")
    workspace.done("send", "--on", "2026-02-20", "--yes", "--only", "ACME")
    assert "before-action" in [step for account, step in workspace.told("account_id", "step") if account == "ACME"]


def test_a_write_off_leaves_the_balance_stays_in_explain_and_in_the_file_and_can_be_undone(sent: Workspace) -> None:
    sent.done(
        "log",
        "ACME",
        "writeoff",
        "--on",
        "2026-02-01",
        "--invoice",
        "A-1",
        "--amount",
        "1234.50",
        "--note",
        "gone away",
    )
    assert "written off of A-1 on 2026-02-01, £1,234.50: gone away" in sent.done(
        "explain", "ACME", "--on", "2026-02-02"
    )
    sent.done("evidence", "ACME", "--on", "2026-02-02")
    said = text_of(folder(sent, "ACME-2026-02-02")["evidence/ACME-2026-02-02/file.pdf"])
    assert "Written off of A-1" in said
    assert "gone away" in said
    sent.done(
        "log",
        "ACME",
        "writeoff",
        "--on",
        "2026-02-03",
        "--invoice",
        "A-1",
        "--amount",
        "-1234.50",
        "--note",
        "found again",
    )
    told = sent.done("explain", "ACME", "--on", "2026-02-04")
    assert "£1,234.50 open" in told
    assert "write-off undone of A-1 on 2026-02-03, £1,234.50: found again" in told


def test_the_hash_of_the_notice_is_that_of_the_enclosed_bytes(sent: Workspace) -> None:
    sent.done("evidence", "KLEIN", "--on", "2026-03-02")
    files = folder(sent, "KLEIN-2026-03-02")
    enclosed = [content for name, content in files.items() if "/notices/" in name]
    recorded = [row["sha256"] for row in sent.notices() if row["account_id"] == "KLEIN"]
    assert [sha256(content).hexdigest() for content in enclosed] == recorded
