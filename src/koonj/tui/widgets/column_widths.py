"""Cells of the columns of the migration list: number, name, state, verdict."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from koonj.tui.state.rehearsals import WORD_WIDTH
from koonj.tui.toolkit.strips import cut

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
_NAME_BESIDE_LONG_STATE = 30
"""Minimum cells of the name if a state that is longer than `WORD` is not shortened beside a verdict."""
_NAME_WITH_GLYPH = 12
"""Minimum cells of the name if the verdict is shown as a glyph.

The preview always shows the word.
"""


def short_state(text: str, cells: int) -> str:
    """Return a state in at most `cells` cells; one that is longer ends after a whole word: ``rollback…``."""
    if cell_len(text) <= cells:
        return text
    first = text.split(" ", maxsplit=1)[0]
    return f"{first}…" if cell_len(first) < cells else cut(text, cells)


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of each column, without cursor, the state's glyph and blanks."""

    number: int
    name: int
    word: int
    verdict: int = 0
    """Cells of the verdict with the blank before it; 0 for none, 2 for a glyph."""


def columns(width: int, number: int, word: int, *, rehearsals: bool, short: int = WORD) -> Columns:
    """Return the columns of a list of `width` cells.

    `number` and `word` are the widths of the widest number and state. `rehearsals` says whether there are
    verdicts. States longer than `WORD` are shortened before the verdict of all rows loses its word; the
    widest has `short` cells then.
    """
    whole, glyph = 3 + WORD_WIDTH, 2
    word = min(word, max(WORD, width // 3))
    if rehearsals and word > WORD:
        word = max(short, min(word, width - number - 6 - whole - _NAME_BESIDE_LONG_STATE))
    number = min(number, max(_NUMBER, width - word - _NAME - 5))
    name = width - number - word - 6
    verdict = 0
    if rehearsals and name - glyph >= _NAME_WITH_GLYPH:
        verdict = whole if name - whole >= _NAME_WITH_WORD else glyph
    return Columns(number, name - verdict, word, verdict)
