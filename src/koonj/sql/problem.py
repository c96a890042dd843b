"""A problem found in text, before any database is asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a problem matters: an error stops an apply, a warning and a note are shown."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and what to do about it."""

    code: str
    """A stable kebab-case word, such as ``open-transaction``; the same in JSON and docs."""
    severity: Severity
    message: str
    hint: str
    """What to do."""
    line: int | None = None
    """1-based; None where the problem belongs to no line (a file name, the folder)."""
    column: int | None = None
    """1-based, in characters."""


def first_error(problems: Iterable[Problem]) -> Problem | None:
    """The first one that stops an apply."""
    return next((problem for problem in problems if problem.severity is Severity.ERROR), None)
