"""Problems of a whole migration file, and what decides them."""

from __future__ import annotations

from koonj.sql.problem import Problem, Severity
from koonj.sql.script import Script

EMPTY = Problem(
    "empty",
    Severity.WARNING,
    "The file has no statements. Applying it changes nothing.",
    "Write the statements, or delete the file.",
)
EMPTY_ROLLBACK = Problem(
    "empty-rollback",
    Severity.WARNING,
    "The rollback has no statements, so the migration cannot be rolled back.",
    "Write the statements that undo the body, or replace it with '-- Rollback: nothing to undo: <reason>' or "
    "'-- Rollback: none: <reason>'.",
)
NO_ROLLBACK = Problem(
    "no-rollback",
    Severity.WARNING,
    "The file has no rollback, so it cannot be rolled back.",
    "End it with '-- Rollback:' and the statements as -- comments, or with '-- Rollback: none: <reason>'.",
)


def has_statements(script: Script) -> bool:
    """Return whether the script has statements besides BEGIN and COMMIT."""
    return any(s.control is None for s in script.statements)


def in_order(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return each problem once, sorted by position; those without a line come last."""
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda p: (p.line is None, p.line or 0, p.column or 0)))
