"""Split a migration file into leading comments with settings, body and rollback.

A file is SQL that psql runs. koonj's additions are ``--`` comments between the statements::

    -- 016_add_status_to_documents.sql
    -- Workflow status of a document.
    -- koonj: lock_timeout 5s
    BEGIN; … COMMIT;

    -- Rollback:
    -- BEGIN; … COMMIT;
"""

from dataclasses import dataclass
from functools import cached_property

from koonj.sql.description import description_of
from koonj.sql.ignores import Ignore, read_ignores
from koonj.sql.markers import read_marks
from koonj.sql.problem import Problem
from koonj.sql.rollback import NO_BLOCK, misplaced, nearly_rollback, read_rollback
from koonj.sql.script import Script
from koonj.sql.settings import Setting, read_settings
from koonj.sql.source import Source

__all__ = ["Sections", "Setting", "parse"]


@dataclass(frozen=True)
class Sections:
    """The parts of one migration file."""

    source: Source
    """The whole file."""
    leading_end: int
    """The offset where the leading comments end."""
    settings: tuple[Setting, ...]
    ignores: tuple[Ignore, ...]
    """The comments that tell koonj to ignore findings."""
    body: Script
    rollback: Script | None
    """None if there is no block, or if the file declares that it has no rollback.

    If the file declares that there is nothing to undo, the script is empty.
    """
    rollback_line: int | None
    """The line of ``-- Rollback:``, 1-based."""
    none_reason: str | None
    """The reason of ``-- Rollback: none: reason``."""
    nothing_reason: str | None
    """The reason of ``-- Rollback: nothing to undo: reason``."""
    problems: tuple[Problem, ...]
    """Problems of the comments. Body and rollback have their own."""

    @cached_property
    def description(self) -> str:
        """The prose of the leading comments, with unchanged lines.

        The name of the file and the settings are omitted.
        """
        return description_of(self.source.text[: self.leading_end])


def parse(text: str) -> Sections:
    """Return the sections of a file's text. Never raises: errors become problems."""
    source = Source(text)
    marks = read_marks(source)
    settings, problems = read_settings(source, marks.others)
    block = NO_BLOCK if marks.rollback is None else read_rollback(source, marks.rollback)
    seen = marks.rollback is not None or any(mark.word != "koonj" for mark in marks.others)
    missed = () if seen else nearly_rollback(source)
    end = len(text) if marks.rollback is None else marks.rollback.start
    body = text if end == len(text) else text[:end]
    return Sections(
        source=source,
        leading_end=marks.leading_end,
        settings=settings,
        ignores=tuple(read_ignores(source, marks.others)),
        body=Script.of_body(body, marks.items),
        rollback=block.script,
        rollback_line=block.line,
        none_reason=block.none_reason,
        nothing_reason=block.nothing_reason,
        problems=(*problems, *misplaced(source, marks.others), *missed, *block.problems),
    )
