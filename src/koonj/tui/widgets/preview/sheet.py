"""A sheet: what a tab shows that is no text of the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from koonj.tui.paint import Part, wrap
from koonj.tui.theme import PLAIN

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


class TextSheet:
    """A few sentences: why there is nothing to show."""

    def __init__(self, *texts: str) -> None:
        self._texts = texts

    def count(self, width: int) -> int:
        """Wrapped."""
        return len(self._lines(width))

    def line(self, index: int, width: int) -> Line:
        """One of them."""
        return (), [(" " + self._lines(width)[index], PLAIN)]

    def widest(self, width: int) -> int:
        """They are wrapped."""
        return 0

    def _lines(self, width: int) -> list[str]:
        return [line for text in self._texts for line in wrap(text, width - 2)]
