"""The docs say what the code does: reference pages are made from it, and the README's commands exist."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))


def test_reference_pages_are_as_the_code_says() -> None:
    from make import pages

    for name, text in pages().items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text, f"python docs/make.py writes {name} anew"


def test_the_readme_begins_with_two_commands_of_one_line_each() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert [block.count("\n") for block in blocks[:2]] == [1, 1]
    assert "build.py build" in blocks[0]
    assert "-m tests" in blocks[1]


def test_every_command_and_file_that_the_readme_names_exists() -> None:
    from pastdue.cli import main

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in re.findall(r"build\.py (?:-C \S+ )?([a-z]+)", text):
        assert command in main.commands, command
    for target in re.findall(r"\]\(((?!https?:)[^)#]+)", text):
        assert (ROOT / target).exists(), target


def test_no_path_of_a_machine_is_in_the_project() -> None:
    """No folder of somebody's home, temporary or mounted; the folder beside the project is CI's alone to know."""
    import subprocess

    tops = "home|root|tmp|work|mnt|opt|srv|Users"
    found = subprocess.run(
        ["git", "grep", "-nIE", rf"(^|[^A-Za-z0-9._-])/({tops})/[A-Za-z]|\.\./shared", "--", ".", ":!.ci"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 1, found.stdout
    assert found.stdout == ""


def test_no_test_is_passed_over_but_for_what_ci_has_or_is_asked_for() -> None:
    """Skips are marks of tests/needs.py, all of which CI requires; but for the long trials, and cases that are being written anew."""
    import needs

    asked_for = {"tests/faults/test_faults.py": 1, "tests/test_cases.py": 1}
    found = {
        path.relative_to(ROOT).as_posix(): len(
            re.findall(r"skipif\(|pytest\.skip\(|importorskip|xfail", path.read_text("utf-8"))
        )
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path.name not in {"needs.py", Path(__file__).name}
    }
    assert {name: skips for name, skips in found.items() if skips} == asked_for
    ci = (ROOT / ".ci/run").read_text("utf-8")
    required = {name for names in re.findall(r'PASTDUE_NEEDS\+?="([a-z -]+)"', ci) for name in names.split()}
    assert required == needs.NAMES
