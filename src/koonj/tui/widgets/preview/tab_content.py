"""A sheet: what a tab shows that is no text of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Protocol

from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.strips import Part, wrap

Line = tuple[Sequence[Part], Sequence[Part]]
"""What stays where it is, and what moves sideways."""


class Sheet(Protocol):
    """Lines that are made as they are drawn; a value."""

    def count(self, width: int) -> int:
        """How many lines there are in a pane of `width` cells."""

    def line(self, index: int, width: int) -> Line:
        """Line `index` (0-based)."""

    def widest(self, width: int) -> int:
        """Cells of the part that moves, at most; 0: nothing is to be moved."""


class WrappedSheet:
    """Lines that are wrapped to the width of the pane, so that none moves sideways."""

    def __init__(self, lines: Callable[[int], list[list[Part]]]) -> None:
        """`lines` makes all lines for a width; it is asked again only when the width changes."""
        self._lines = lru_cache(2)(lines)

    def count(self, width: int) -> int:
        """How many lines there are in a pane of `width` cells."""
        return len(self._lines(width))

    def line(self, index: int, width: int) -> Line:
        """Line `index` (0-based)."""
        return (), self._lines(width)[index]

    def widest(self, width: int) -> int:
        """Always 0: nothing is to be moved."""
        return 0


class TextSheet(WrappedSheet):
    """A few sentences: why there is nothing to show."""

    def __init__(self, *texts: str) -> None:
        super().__init__(partial(_wrapped, texts))


def _wrapped(texts: Sequence[str], width: int) -> list[list[Part]]:
    return [[(" " + line, PLAIN)] for text in texts for line in wrap(text, width - 2)]
