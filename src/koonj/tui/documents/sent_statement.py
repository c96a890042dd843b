"""The statement of a file that an interrupted run sent last."""

from __future__ import annotations

from dataclasses import dataclass

from koonj.migrations.history_entry import Action
from koonj.migrations.migration import Migration
from koonj.tui.documents.sql_text import SqlText
from koonj.tui.toolkit.strips import Part


@dataclass(frozen=True, slots=True)
class SentStatement:
    """Where a statement is, and its first line."""

    place: str
    """``database/migrations/017_fill.sql:12``."""
    first_line: tuple[Part, ...]
    """The line with its first word, with its styles."""
    more_lines: int
    """Number of the lines after it."""


def sent_statement(ran: Migration, action: Action, index: int) -> SentStatement | None:
    """Return statement `index` (from 1) of the script that ran; None if there is none.

    `ran`: the migration with the text that ran. It parses, so call it in a thread.
    """
    rollback = action is Action.ROLLBACK
    shape = ran.rollback_shape if rollback else ran.shape
    script = ran.sections.rollback if rollback else ran.sections.body
    statements = () if shape is None else tuple(s for step in shape.steps for s in step.statements)
    if script is None or not 0 < index <= len(statements):
        return None
    statement = statements[index - 1]
    before = statement.line - script.locate(statement.start)[0]
    lines = statement.text.splitlines()[before:] or [""]
    shown = SqlText(lines[0].strip())
    shown.highlight(0, 0)
    return SentStatement(f"{ran.shown_path}:{statement.line}", tuple(shown.line(0)), len(lines) - 1)
