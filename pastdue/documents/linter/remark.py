"""One breach of a rule, as every part of the linter tells it."""

from dataclasses import dataclass

from pastdue.findings import Severity, shown


@dataclass(frozen=True, slots=True)
class Remark:
    """One breach of a rule: which, how bad, the words as they stand, and why they may not."""

    code: str  # "L03"
    severity: Severity
    found: str
    reason: str
    basis: str  # the law or house rule
    letter: str = ""  # "reminder"; a partial begins with "_"
    language: str = ""
    file: str = ""  # "letters/reminder.en.md"; "" where nobody said of what file the words are
    row: int = 0  # the line in the letter's file; 0 where there is none
    unused: bool = False  # in a letter that nobody gets: said, and stops nothing

    def __str__(self) -> str:
        return f"{self.code} {shown(self.found, 80)}: {self.reason}"
