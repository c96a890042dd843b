"""What a rehearsal measured about the statements of a migration, as the rules need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from koonj.checks.model import Claim, Finding


@dataclass(frozen=True, slots=True)
class Measured:
    """The effects of one statement. Tables are named without schema, as the catalog has them."""

    scanned: frozenset[str] = frozenset()
    rewritten: frozenset[str] = frozenset()
    built: frozenset[str] = frozenset()
    """Tables on which it built an index while writes to them waited."""


def contradicts(finding: Finding, measured: Mapping[int, Measured]) -> bool:
    """Return whether a rehearsal measured that the statement does not do what the finding says.

    `measured`: by the line of the statement. What was measured decides; a statement that is not there was not
    measured, and the rule decides.
    """
    statement = measured.get(finding.statement_line)
    if statement is None or not finding.table:
        return False
    match finding.claim:
        case Claim.SCAN:
            return finding.table not in statement.scanned
        case Claim.REWRITE:
            return finding.table not in statement.rewritten
        case Claim.BUILD:
            return finding.table not in statement.built
        case _:
            return False
