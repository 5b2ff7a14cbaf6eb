"""Hands over to pastdue: `python build.py --help`."""

from pastdue.cli import main

if __name__ == "__main__":
    main()
