"""What is in a text that is being edited: its problems, and where colours may begin. Never in a key's way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from koonj.migrations.migration import Migration
from koonj.sql.problem import Problem
from koonj.tui.documents.analysis import Analysis
from koonj.tui.documents.analysis_process import read_apart
from koonj.tui.documents.chunks import segments
from koonj.tui.documents.document import is_large, is_quick, text_of
from koonj.tui.documents.highlighting import Highlighting


@dataclass(frozen=True, slots=True)
class EditorAnalysis:
    """A text, read."""

    colours: Highlighting
    problems: tuple[Problem, ...]


async def examine(migration: Migration) -> EditorAnalysis:
    """Read it: here where that is quick, else in a thread, a large one in a process of its own.

    Raises OSError, or RuntimeError where that failed.
    """
    if is_quick(migration):
        return _examined(migration)
    if not is_large(migration):
        return await asyncio.to_thread(_examined, migration)
    return await _examined_apart(migration)


def _examined(migration: Migration) -> EditorAnalysis:
    text = text_of(migration)
    return EditorAnalysis(Highlighting(text, segments(text), end=len(text)), migration.problems)


async def _examined_apart(migration: Migration) -> EditorAnalysis:
    colours = Highlighting(text_of(migration), end=0)
    all_found = read_apart(migration)
    async for found in all_found:
        if isinstance(found, Analysis):
            return EditorAnalysis(colours, found.problems)
        colours.add(found.pieces, found.end)
    raise RuntimeError("its reader said nothing")
