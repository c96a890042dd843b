"""What is in a text that is being edited: its problems, and where colours may begin. Never in a key's way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from koonj.migrations.migration import Migration
from koonj.sql.problem import Problem
from koonj.tui.apart import read_apart
from koonj.tui.colours import Colours
from koonj.tui.document import is_large, is_quick, text_of
from koonj.tui.facts import Facts
from koonj.tui.segments import segments


@dataclass(frozen=True, slots=True)
class Examined:
    """A text, read."""

    colours: Colours
    problems: tuple[Problem, ...]


async def examine(migration: Migration) -> Examined:
    """Read it: here where that is quick, else in a thread, a large one in a process of its own.

    Raises OSError, or RuntimeError where that failed.
    """
    if is_quick(migration):
        return _examined(migration)
    if not is_large(migration):
        return await asyncio.to_thread(_examined, migration)
    return await _examined_apart(migration)


def _examined(migration: Migration) -> Examined:
    text = text_of(migration)
    return Examined(Colours(text, segments(text), end=len(text)), migration.problems)


async def _examined_apart(migration: Migration) -> Examined:
    colours = Colours(text_of(migration), end=0)
    all_found = read_apart(migration)
    async for found in all_found:
        if isinstance(found, Facts):
            return Examined(colours, found.problems)
        colours.add(found.pieces, found.end)
    raise RuntimeError("its reader said nothing")
