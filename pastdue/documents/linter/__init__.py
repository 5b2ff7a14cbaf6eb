"""The letter linter: words that no letter may say, and what must be true of a notice before it goes.

The rules stand in linter_rules/rules.toml, the words of each language beside it (`documents.patterns`). Words are read
sentence by sentence, folded so that accents, capitals, invisible characters and line breaks hide nothing; what is said not
to happen is no threat.

folding       a text in plain letters, and where its sentences end
in_words      what no text may say, by the patterns of its language
in_letters    the operator's letters, in every branch of every file
in_notices    a notice about to go: its words, and what it claims, of whom, by when and in whose name
as_findings   what becomes of remarks: findings, and warnings that the operator lets stand
"""

from pastdue.documents.linter.as_findings import findings, overruled
from pastdue.documents.linter.in_letters import sources
from pastdue.documents.linter.in_notices import notice
from pastdue.documents.linter.remark import Remark

__all__ = ["Remark", "findings", "notice", "overruled", "sources"]
