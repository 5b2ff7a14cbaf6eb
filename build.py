"""Hands over to pastdue: `python build.py --help`."""

import sys


def main() -> None:
    """Runs the command; where it cannot even begin, says why."""
    try:
        from pastdue.cli import main as command

        command()
    except KeyboardInterrupt:
        print("stopped by you", file=sys.stderr)
        sys.exit(4)
    except ModuleNotFoundError as missing:
        print(f"stopped: {missing.name} is not installed for {sys.executable}", file=sys.stderr)
        print(
            "    Use .venv/bin/python build.py, as README.md says; or install it: pip install --editable .",
            file=sys.stderr,
        )
        sys.exit(4)


if __name__ == "__main__":
    main()
