"""What becomes of remarks: findings that stop a run or are said, and warnings that the operator lets stand."""

from collections.abc import Iterable, Iterator

from pastdue.config import FILE, Config
from pastdue.documents.catalogue import FOLDER
from pastdue.documents.linter.remark import Remark
from pastdue.documents.patterns import RULES
from pastdue.findings import Finding, Severity, error, warning


def findings(remarks: Iterable[Remark], config: Config, account_id: str = "", about: str = "") -> list[Finding]:
    """The remarks as findings, without the warnings that the operator lets stand; with `account_id`, of that account alone.

    `about` says whose notices they are of. An overrule of what cannot be overruled is a finding too.
    """
    found = []
    for remark in remarks:
        if _overrule(remark, config):
            continue
        say = error if remark.severity is Severity.ERROR and not remark.unused else warning
        file = remark.file or f"{FOLDER}/{remark.letter}.{remark.language}.md"
        rule = RULES[remark.code]
        hint = f"{rule.title}: {remark.basis}."
        if remark.severity is Severity.WARNING:
            hint += (
                f' To let it stand: [[overrule]] code = "{remark.code}", letter = "{remark.letter}", reason = "...".'
            )
        elif remark.unused:
            hint += " No schedule and no answer uses this letter; once one does, this stops the run."
        whose = f"{about or account_id}: " if about or account_id else ""
        found.append(say(file, f"{whose}{remark}", hint, row=remark.row, account_id=account_id))
    return list(dict.fromkeys([*found, *_misplaced(config)]))


def overruled(remarks: Iterable[Remark], config: Config) -> list[str]:
    """The warnings that the operator lets stand, each with the reason on record."""
    return [f"{each} Let stand in {each.letter}: {why}" for each in remarks if (why := _overrule(each, config))]


def _overrule(remark: Remark, config: Config) -> str:
    """The recorded reason for which a warning stands; "" where there is none, and for an error always."""
    if remark.severity is Severity.ERROR:
        return ""
    same = (each for each in config.overrule if (each.code, each.letter) == (remark.code, remark.letter))
    return next((each.reason for each in same), "")


# Rules that are errors, and of which a weaker breach is a warning.
_SOMETIMES = frozenset({"L03", "L13"})


def _misplaced(config: Config) -> Iterator[Finding]:
    for each in config.overrule:
        rule = RULES.get(each.code)
        if rule is None:
            yield error(FILE, f"overrule: there is no rule {each.code}", "docs/linter.md lists the rules.")
        elif rule.severity is Severity.ERROR and each.code not in _SOMETIMES:
            yield error(FILE, f"overrule: {each.code} ({rule.title}) is an error, and errors cannot be overruled")
