"""Define problems in SQL text. They are found without a database."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How serious a problem is.

    An error blocks an apply. Warnings and notes are only shown.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class PatternOffer:
    """A pattern that writes the safe form, and the values of its fields as far as they are known."""

    key: str
    values: tuple[tuple[str, str], ...] = ()
    """Pairs (field, value)."""
    replaces: bool = True
    """Whether its files do what the statement does, which has to be taken out then; false: they add to it."""
    missing: tuple[tuple[str, str], ...] = ()
    """Pairs (field, what to write): fields that need a value which the statement does not have."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A message, its place, and the fix."""

    code: str
    """A stable kebab-case word, such as ``open-transaction``; the same in JSON and docs."""
    severity: Severity
    message: str
    hint: str
    """How to fix the problem."""
    line: int | None = None
    """1-based; None if the problem belongs to no line (a file name, the folder)."""
    column: int | None = None
    """1-based, in characters."""
    pattern: PatternOffer | None = None
    """The pattern that writes the safe form; None if there is none."""
    in_rollback_file: bool = False
    """Whether it is in the file with the rollback; only for tools that have a file for each direction."""


def first_error(problems: Iterable[Problem]) -> Problem | None:
    """Return the first problem that blocks an apply; None if there is none."""
    return next((problem for problem in problems if problem.severity is Severity.ERROR), None)
