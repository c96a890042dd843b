"""Analyze a text that is being edited, without delaying a key."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from koonj.migrations.migration import Migration
from koonj.sql.problem import Problem
from koonj.tui.documents.analysis import Analysis
from koonj.tui.documents.analysis_process import analyze_in_process
from koonj.tui.documents.chunks import segments
from koonj.tui.documents.document import is_large, is_small, text_without_bom
from koonj.tui.documents.highlighting import Highlighting


@dataclass(frozen=True, slots=True)
class EditorAnalysis:
    """Highlighting and problems of a text in the editor."""

    highlighting: Highlighting
    problems: tuple[Problem, ...]


async def analyze_for_editor(migration: Migration) -> EditorAnalysis:
    """Return the analysis of a text in the editor.

    A small text is analyzed at once, a larger one in a thread, a large one in a process of its own.

    Raises: OSError, or RuntimeError if the process failed.
    """
    if is_small(migration):
        return _analyze_here(migration)
    if not is_large(migration):
        return await asyncio.to_thread(_analyze_here, migration)
    return await _analyze_in_process(migration)


def _analyze_here(migration: Migration) -> EditorAnalysis:
    text = text_without_bom(migration)
    return EditorAnalysis(Highlighting(text, segments(text), end=len(text)), migration.problems)


async def _analyze_in_process(migration: Migration) -> EditorAnalysis:
    colours = Highlighting(text_without_bom(migration), end=0)
    all_found = analyze_in_process(migration)
    async for found in all_found:
        if isinstance(found, Analysis):
            return EditorAnalysis(colours, found.problems)
        colours.add(found.segments, found.end)
    raise RuntimeError("the process that analyzes the file sent nothing")
