"""Golden cases: small books, the days on which `send` is run, and what must come of it, to be reviewed like prose.

    tests/cases/WHAT-IT-SHOWS/
        accounts/      the ledgers
        config.toml    what the operator decided
        on             the days of the runs, one a line, each with the accounts whose letters are kept
        expected/      decisions.txt, notices.csv, and the kept letters as text

`PASTDUE_REGENERATE=1 pytest tests/test_cases.py` writes `expected/` anew: read `git diff` before you commit it.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from commandline import Workspace, parsed, table, text_of

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())
COLUMNS = (
    "on", "account_id", "invoice_id", "due", "step", "channel", "state", "open", "currency", "pay_by", "announces",
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_case_comes_out_as_it_is_written_down(case: Path, tmp_path: Path) -> None:
    found = played(case, tmp_path)
    if os.environ.get("PASTDUE_REGENERATE"):
        _rewrite(case / "expected", found)
        pytest.skip("expected/ is written anew: read the difference")
    expected = {
        path.relative_to(case / "expected").as_posix(): path.read_text("utf-8")
        for path in (case / "expected").rglob("*")
        if path.is_file()
    }
    assert sorted(found) == sorted(expected)
    for name, text in expected.items():
        assert found[name] == text, f"{case.name}/expected/{name}"


def played(case: Path, folder: Path) -> dict[str, str]:
    """Runs the case day by day in a workspace of its own: the expected files by name."""
    workspace = Workspace(folder)
    shutil.copytree(case / "accounts", folder / "accounts")
    shutil.copy(case / "config.toml", folder / "config.toml")
    workspace.write("portal.key", "0" * 63 + "1\n")
    workspace.committed()
    story: list[str] = []
    letters: dict[str, str] = {}
    for line in (case / "on").read_text("utf-8").splitlines():
        on, *kept = line.split()
        standings = json.loads(workspace.run("status", "--json", "--on", on).stdout)["accounts"]
        sent = workspace.run("send", "--yes", "--on", on)
        assert sent.exit_code in {0, 1}, sent.output
        story += [on, *_findings(sent.stderr), *(said for each in standings for said in _decision(each)), ""]
        for path in sorted((folder / "outbox" / on).glob("*")):
            if path.stem.split("-")[0] in kept and path.suffix != ".html":  # nobody is sent a call sheet
                letters[f"{on}-{path.stem}.txt"] = _letter(path)
    return {
        "decisions.txt": "\n".join(story),
        "notices.csv": table(COLUMNS, *workspace.told(*COLUMNS)),
        **letters,
    }


def _findings(said: str) -> list[str]:
    """The findings of a run without their counts, so that a new one is seen."""
    return [f"    {line.strip()}" for line in said.splitlines() if ": " in line or line.startswith("    ")]


def _decision(account: dict[str, Any]) -> list[str]:
    """One account in one currency, as one would tell it."""
    decision, currency = account["decision"], account["currency"]
    head = f"  {account['account_id']}: {decision['action']}"
    if decision["step"]:
        head += f" {decision['step']}" + (f" by {' and '.join(decision['channels'])}" if decision["channels"] else "")
    if decision["pay_by"]:
        head += f", pay by {decision['pay_by']}"
    sums = f"{account['balance']} {currency} open, {account['overdue']} overdue"
    if account["credit"].strip("0."):
        sums += f", {account['credit']} in credit"
    ages = [
        f"{amount} {'not yet due' if name == 'current' else f'{name} days'}"
        for name, amount in account["buckets"].items()
        if amount.strip("0.")
    ]
    told = [head, f"    {sums}" + (f" ({'; '.join(ages)})" if ages else "")]
    told += [f"    because {reason}" for reason in decision["reasons"]]
    going = {(each["invoice_id"], each["due"]) for each in decision["items"]}
    for item in account["items"]:
        mark = ">" if (item["invoice_id"], item["due"]) in going else "-"
        past = f", {item['days_past_due']} past due" if item["days_past_due"] else ""
        step = f"after {item['step']}" if item["step"] else "nothing sent"
        then = f"{item['next_step'] or 'nothing'} {item['next_on'] or 'when that is settled'}"
        told.append(f"    {mark} {item['invoice_id']} due {item['due']}: {item['open']}{past}; {step}, then {then}")
    return told


def _letter(path: Path) -> str:
    """What the customer reads; of a printed letter, that it is one."""
    if path.suffix != ".eml":
        assert path.read_bytes().startswith(b"%PDF-")
        return "a printed letter\n"
    message = parsed(path.read_bytes())
    return f"To: {message['To']}\nSubject: {message['Subject']}\n\n{text_of(message)}"


def _rewrite(folder: Path, files: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
