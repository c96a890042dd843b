"""One migration as the preview shows it: its texts, how it runs, what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from koonj.migrations.migration import Migration
from koonj.sql.problem import Problem
from koonj.tui.sql_text import SqlText

SMALL = 32_768
"""Bytes; a larger file is parsed in a thread."""


@dataclass(frozen=True, slots=True)
class Document:
    """What the preview draws of one migration."""

    name: str
    path: str
    body: SqlText
    rollback: SqlText | None
    """None: there is no way back."""
    mode: str
    """How the body runs, in words."""
    rollback_mode: str
    """How the rollback runs; why there is none."""
    problems: tuple[Problem, ...]


def document(migration: Migration, of_folder: tuple[Problem, ...] = ()) -> Document:
    """Read a migration for the preview; `of_folder` is what is wrong with its name or number.

    Parses its text: for a large one, not in the thread that paints.
    """
    sections, shape = migration.sections, migration.rollback_shape
    script = sections.rollback
    none_reason = (
        f"No rollback: {sections.none_reason}" if sections.none_reason else "The file has no rollback."
    )
    return Document(
        name=migration.name,
        path=migration.shown_path,
        body=SqlText(_before(migration.text, sections.rollback_line)),
        rollback=SqlText(script.source.text, first_line=script.first_line) if script else None,
        mode=migration.shape.explanation,
        rollback_mode=shape.explanation if shape else none_reason,
        problems=(*of_folder, *migration.problems),
    )


def _before(text: str, line: int | None) -> str:
    """The text above the rollback block, without the blank lines between."""
    text = text.removeprefix("\ufeff")
    if line is None:
        return text
    kept = SqlText(text)
    return kept.above(line).rstrip() + "\n"
