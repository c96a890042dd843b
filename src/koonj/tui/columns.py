"""The columns of the list of migrations: first a name is to be read, then the state, then the verdict."""

from __future__ import annotations

from dataclasses import dataclass

from koonj.tui.state.rehearsals import LONGEST

WORD = 11
"""Cells for the state's word where there is little room: ``interrupted``."""
_NUMBER, _NAME = 7, 20
"""Cells for number and name where there is little room: `20240131093000` is shortened before a name is."""
_READ = 18
"""Cells of a name, from which on the verdict may have its word."""
_SEEN = 12
"""The same, from which on it has at least its glyph; the preview has the word in any case."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of each column; others are a mark, two blanks, the state's glyph, and blanks beside the words."""

    number: int
    name: int
    word: int
    verdict: int = 0
    """Of the verdict with the blank before it: none, its glyph, or glyph and word."""


def columns(width: int, number: int, word: int, *, rehearsals: bool) -> Columns:
    """For a list of `width` cells; `number`, `word`: the widest ones; `rehearsals`: are there verdicts?"""
    word = min(word, max(WORD, width // 3))
    number = min(number, max(_NUMBER, width - word - _NAME - 5))
    name = width - number - word - 6
    whole, glyph = 3 + LONGEST, 2
    verdict = 0
    if rehearsals and name - glyph >= _SEEN:
        verdict = whole if name - whole >= _READ else glyph
    return Columns(number, name - verdict, word, verdict)
