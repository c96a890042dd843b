"""Problems of a whole migration file, and what decides them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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


UNCLOSED = "unterminated"
"""Code of a part of a script that is never closed, so that it takes all text after its start."""
_OF_THE_END = frozenset({"open-transaction", EMPTY.code, EMPTY_ROLLBACK.code})
"""Codes of problems that are not known of a script whose end is in such a part."""


def of_script(script: Script, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems of a script: its own, and those of `problems` that do not follow from them.

    If a comment or a string is never closed, it hides the COMMIT, so nothing is known of the transaction.
    """
    if all(one.code != UNCLOSED for one in script.problems):
        return (*script.problems, *problems)
    last = script.statements[-1] if script.statements else None
    place = None if last is None else (last.line, last.column)
    known = (p for p in problems if p.code not in _OF_THE_END and (p.line, p.column) != place)
    return (*script.problems, *known)


def causes(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return the problems of a file without those of a rollback block that the body has swallowed."""
    start = min((p.line or 0 for p in problems if p.code == UNCLOSED), default=None)
    swallowed = [p for p in problems if start and p.code == _NEARLY and p.line and p.line > start]
    if not swallowed:
        return tuple(problems)
    return tuple(p for p in problems if p not in swallowed and p.code != NO_ROLLBACK.code)


_NEARLY = "nearly-rollback"


def in_order(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return each problem once, sorted by position; those without a line come last."""
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda p: (p.line is None, p.line or 0, p.column or 0)))
