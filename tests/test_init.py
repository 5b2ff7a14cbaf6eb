"""A new workspace is one that works."""

import subprocess
from pathlib import Path

from click.testing import CliRunner

from pastdue.cli import main


def test_a_new_workspace_asks_for_the_business_and_nothing_else(tmp_path: Path) -> None:
    there = tmp_path / "books"
    assert CliRunner().invoke(main, ["init", str(there)]).exit_code == 0
    unfilled = CliRunner().invoke(main, ["-C", str(there), "check"])
    assert unfilled.exit_code == 1
    assert "business.name is missing" in unfilled.output
    config = there / "config.toml"
    filled = (
        config.read_text()
        .replace('name = ""  ', 'name = "Acme"  ')
        .replace('email = ""  ', 'email = "a@acme.example"  ')
    )
    config.write_text(filled)
    checked = CliRunner().invoke(main, ["-C", str(there), "check"])
    assert (checked.exit_code, "error" in checked.output) == (0, False), checked.output


def test_a_new_workspace_builds_and_sends(tmp_path: Path) -> None:
    there = tmp_path / "books"
    CliRunner().invoke(main, ["init", str(there)])
    config = there / "config.toml"
    config.write_text(config.read_text().replace('name = ""  ', 'name = "Acme"  '))
    (there / "accounts" / "customers.csv").write_text("account_id,name,email\nC1,Customer,c@one.example\n")
    (there / "accounts" / "invoices.csv").write_text("invoice_id,account_id,due,amount\nI1,C1,2026-01-05,10.00\n")
    for name, value in (("user.name", "Op"), ("user.email", "op@acme.example")):
        subprocess.run(["git", "-C", str(there), "config", name, value], check=True)
    sent = CliRunner().invoke(main, ["-C", str(there), "send", "--yes", "--on", "2026-01-07"])
    assert sent.exit_code == 0, sent.output
    assert "1 drafted" in sent.output
    assert (there / "accounts" / "notices.csv").read_text().count("\n") == 2


def test_a_folder_with_anything_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    refused = CliRunner().invoke(main, ["init", str(tmp_path)])
    assert refused.exit_code == 4
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
