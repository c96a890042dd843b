"""Analyze a migration for the preview: transactions, rollback, problems."""

from __future__ import annotations

from dataclasses import dataclass

from koonj.migrations.migration import Migration
from koonj.sql.problem import Problem
from koonj.tui.documents.chunks import Segment, segments
from koonj.tui.documents.statement_list import statement_lines

ANALYZING = "analyzing the statements"
MAX_PROBLEMS = 50
"""Number of problems that are kept. A large file that is not SQL can have a hundred thousand."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """Result of the analysis of one migration.

    Plain values that another process can send.
    """

    mode: str = ANALYZING
    """How the statements of the body commit, in words."""
    rollback_mode: str = ANALYZING
    """How the statements of the rollback commit, or why there is no rollback."""
    rollback: str | None = None
    """Text of the rollback without its comment marks; None if there is no rollback."""
    rollback_line: int | None = None
    """Line of the file with ``-- Rollback:``, 1-based."""
    rollback_first_line: int = 1
    """Line of the file where `rollback` starts, 1-based."""
    rollback_segments: tuple[Segment, ...] = ()
    problems: tuple[Problem, ...] = ()
    """The first `MAX_PROBLEMS` problems."""
    more_problems: int = 0
    """Number of problems that are not in `problems`."""
    statements: str | None = None
    """Result of `statement_lines`; None while the analysis is not complete."""


def analyze(migration: Migration) -> Analysis:
    """Return the analysis of a migration.

    Parses the whole text. If the text is large, do not call it in the process that paints, not even in a
    thread.
    """
    sections, shape = migration.sections, migration.rollback_shape
    script = sections.rollback
    none = f"No rollback: {sections.none_reason}" if sections.none_reason else "The file has no rollback."
    mode = shape.explanation if shape else none
    if sections.nothing_reason is not None:
        mode = f"nothing to undo: {sections.nothing_reason}"
    return Analysis(
        mode=migration.shape.explanation,
        rollback_mode=mode,
        rollback=script.source.text if script else None,
        rollback_line=sections.rollback_line,
        rollback_first_line=script.first_line if script else 1,
        rollback_segments=tuple(segments(script.source.text)) if script else (),
        problems=migration.problems[:MAX_PROBLEMS],
        more_problems=len(migration.problems[MAX_PROBLEMS:]),
        statements=statement_lines(migration),
    )
