"""What koonj finds in a migration's text, for the preview: how it runs, its rollback, its problems."""

from __future__ import annotations

from dataclasses import dataclass

from koonj.migrations.migration import Migration
from koonj.sql.problem import Problem
from koonj.tui.documents.chunks import Segment, segments
from koonj.tui.documents.statement_list import statement_lines

READING = "reading how it runs"
LISTED = 50
"""Problems that are kept; a large file of another kind can have a hundred thousand."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """Plain values, so that they can come from another process."""

    mode: str = READING
    """How the body runs, in words."""
    rollback_mode: str = READING
    """How the rollback runs; why there is none."""
    rollback: str | None = None
    """The rollback's text without its comment marks; None: there is no way back."""
    rollback_line: int | None = None
    """The line of the file with ``-- Rollback:``."""
    rollback_first: int = 1
    """The line of the file where `rollback` begins."""
    rollback_pieces: tuple[Segment, ...] = ()
    problems: tuple[Problem, ...] = ()
    """The first of them."""
    unlisted: int = 0
    """How many more problems there are."""
    statements: str | None = None
    """See `statement_lines`; None: not known yet."""


def analyze(migration: Migration) -> Analysis:
    """Parse the whole text: of a large one, neither in the thread that paints nor in its process."""
    sections, shape = migration.sections, migration.rollback_shape
    script = sections.rollback
    none = f"No rollback: {sections.none_reason}" if sections.none_reason else "The file has no rollback."
    return Analysis(
        mode=migration.shape.explanation,
        rollback_mode=shape.explanation if shape else none,
        rollback=script.source.text if script else None,
        rollback_line=sections.rollback_line,
        rollback_first=script.first_line if script else 1,
        rollback_pieces=tuple(segments(script.source.text)) if script else (),
        problems=migration.problems[:LISTED],
        unlisted=len(migration.problems[LISTED:]),
        statements=statement_lines(migration),
    )
