"""Cells of the columns of the migration list: number, name, state, verdict."""

from __future__ import annotations

from dataclasses import dataclass

from koonj.tui.state.rehearsals import WORD_WIDTH

WORD = 11
"""Cells of the state's word in a narrow list; ``interrupted`` fits."""
LEAST_WORD = len("applying")
"""Minimum cells of the state's word, so that the start of an apply does not move the columns."""
_NUMBER, _NAME = 7, 20
"""Cells of number and name in a narrow list.

A long number such as `20240131093000` is shortened before the name.
"""
_NAME_WITH_WORD = 18
"""Minimum cells of the name if the verdict is shown with its word."""
_NAME_WITH_GLYPH = 12
"""Minimum cells of the name if the verdict is shown as a glyph.

The preview always shows the word.
"""


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of each column, without cursor, the state's glyph and blanks."""

    number: int
    name: int
    word: int
    verdict: int = 0
    """Cells of the verdict with the blank before it; 0 for none, 2 for a glyph."""


def columns(width: int, number: int, word: int, *, rehearsals: bool) -> Columns:
    """Return the columns of a list of `width` cells.

    `number` and `word` are the widths of the widest number and state. `rehearsals` says whether there are
    verdicts.
    """
    word = min(word, max(WORD, width // 3))
    number = min(number, max(_NUMBER, width - word - _NAME - 5))
    name = width - number - word - 6
    whole, glyph = 3 + WORD_WIDTH, 2
    verdict = 0
    if rehearsals and name - glyph >= _NAME_WITH_GLYPH:
        verdict = whole if name - whole >= _NAME_WITH_WORD else glyph
    return Columns(number, name - verdict, word, verdict)
