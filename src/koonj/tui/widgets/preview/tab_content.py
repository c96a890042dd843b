"""The content of a tab that does not show text of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Protocol

from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.strips import Part, wrap

Line = tuple[Sequence[Part], Sequence[Part]]
"""A line in two parts: the first is fixed, the second scrolls sideways."""


class Sheet(Protocol):
    """Content of a tab: an immutable value that makes its lines as they are drawn."""

    def count(self, width: int) -> int:
        """Return the number of lines in a pane of `width` cells."""

    def line(self, index: int, width: int) -> Line:
        """Return line `index` (0-based)."""

    def widest(self, width: int) -> int:
        """Return the maximum width of the scrolling part; 0 if nothing scrolls."""


class WrappedSheet:
    """Lines that are wrapped to the width of the pane, so nothing scrolls sideways."""

    def __init__(self, lines: Callable[[int], list[list[Part]]]) -> None:
        """`lines` returns all lines for a width; the result is cached."""
        self._lines = lru_cache(2)(lines)

    def count(self, width: int) -> int:
        """Return the number of lines in a pane of `width` cells."""
        return len(self._lines(width))

    def line(self, index: int, width: int) -> Line:
        """Return line `index` (0-based)."""
        return (), self._lines(width)[index]

    def widest(self, width: int) -> int:
        """Return 0: nothing scrolls sideways."""
        return 0


class TextSheet(WrappedSheet):
    """A few sentences, for example why a tab is empty."""

    def __init__(self, *texts: str) -> None:
        super().__init__(partial(_wrapped, texts))


def _wrapped(texts: Sequence[str], width: int) -> list[list[Part]]:
    return [[(" " + line, PLAIN)] for text in texts for line in wrap(text, width - 2)]
