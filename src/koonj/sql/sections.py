"""The sections of a migration file: leading comments with settings, body, rollback.

A file is SQL that psql runs; all that koonj adds stands in ``--`` comments between the statements::

    -- 016_add_status_to_documents.sql
    -- Workflow status of a document.
    -- koonj: lock_timeout 5s
    BEGIN; … COMMIT;

    -- Rollback:
    -- BEGIN; … COMMIT;
"""

from dataclasses import dataclass

from koonj.sql.description import description_of
from koonj.sql.marks import read_marks
from koonj.sql.problem import Problem
from koonj.sql.rollback import NO_BLOCK, misplaced, nearly_rollback, read_rollback
from koonj.sql.script import Script
from koonj.sql.settings import Setting, read_settings
from koonj.sql.source import Source

__all__ = ["Sections", "Setting", "parse"]


@dataclass(frozen=True)
class Sections:
    """The parts of one file."""

    source: Source
    """The whole file."""
    description: str
    """The prose of the leading comments, its lines as they are; without the file's name and the settings."""
    settings: tuple[Setting, ...]
    body: Script
    rollback: Script | None
    """None where there is no block, or where it says that there is no way back."""
    rollback_line: int | None
    """The line of ``-- Rollback:``, 1-based."""
    none_reason: str | None
    """Of ``-- Rollback: none: reason``: the reason."""
    problems: tuple[Problem, ...]
    """Of the comments; body and rollback have their own."""


def parse(text: str) -> Sections:
    """The sections of a file's text. Never raises: what is wrong becomes problems."""
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
        description=description_of(text[: marks.leading_end]),
        settings=settings,
        body=Script.of_body(body, marks.items),
        rollback=block.script,
        rollback_line=block.line,
        none_reason=block.none_reason,
        problems=(*problems, *misplaced(source, marks.others), *missed, *block.problems),
    )
