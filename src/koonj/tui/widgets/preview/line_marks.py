"""The marks of lines: of those in which something is wrong, and of the statement that runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from koonj.migrations.states import GLYPHS, State
from koonj.tui.documents.sql_text import SqlText
from koonj.tui.state.file_place import FilePlace, by_weight
from koonj.tui.theme import ACCENT, MOVING, WAITING
from koonj.tui.theme.fills import LIFTED, TONES, tinted
from koonj.tui.theme.severities import severity_style
from koonj.tui.widgets.sql_pane import LineMark

_RUNNING: Mapping[str | None, LineMark] = MappingProxyType(
    {
        "info": LineMark(MOVING, None, GLYPHS[State.RUNNING], fill=tinted("info")),
        "warn": LineMark(WAITING, None, GLYPHS[State.RUNNING], fill=tinted("warn")),
    }
)
"""Mark of a line of the running statement, by the tone of the statement: it works, or waits."""


def running_mark(mark: LineMark | None, tone: str | None) -> LineMark | None:
    """Return the mark of a line of a run in progress, whose statement has `tone`.

    `mark`: what is wrong with the line. Its sign stays.
    """
    running = _RUNNING.get(tone)
    if running is None or mark is None:
        return running or mark
    return replace(mark, fill=running.fill)


def line_marks(
    places: Iterable[FilePlace], sql: SqlText, *, is_rollback: bool, shown: int | None = None
) -> Mapping[int, LineMark]:
    """Return the marks of the lines of a text, by their index; the place of most weight decides.

    `shown`: line of the file to which a key has led; it has a mark too.
    """
    marks: dict[int, LineMark] = {}
    for place in by_weight(places):
        index = -1 if place.line is None else place.line - sql.first_line
        if 0 <= index < len(sql):
            column = _column_in_rollback(place, sql, index) if is_rollback else place.column
            style = severity_style(place.severity)
            marks.setdefault(index, LineMark(style, column, fill=tinted(TONES[style])))
    if shown is not None and 0 <= shown - sql.first_line < len(sql):
        marks.setdefault(shown - sql.first_line, LineMark(ACCENT, None, "›", LIFTED))
    return marks


def _column_in_rollback(place: FilePlace, sql: SqlText, index: int) -> int | None:
    """Return the column in the shown text, which has no comment marks; None if it is not known."""
    if place.column is None or not place.source_line:
        return None
    start, end = sql.span(index)
    column = place.column - (len(place.source_line) - (end - start))
    return column if column > 0 else None
