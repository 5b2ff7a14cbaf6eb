"""The test command: `python -m tests` runs the linters, the type checker, the import contracts and the tests."""

import subprocess
import sys
from pathlib import Path

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    ("deptry", "."),
    ("pytest", "-n", "auto"),
)


def main(arguments: list[str]) -> int:
    """Runs every check, the tests with the arguments given, and fails if any of them did."""
    scripts = Path(sys.executable).parent
    failed = []
    for name, *rest in CHECKS:
        command = [str(scripts / name), *rest, *(arguments if name == "pytest" else [])]
        print(f"== {name} {' '.join(rest)}", flush=True)
        if subprocess.run(command, cwd=Path(__file__).parent.parent, check=False).returncode:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
