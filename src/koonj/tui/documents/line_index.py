"""The lines of a text, found where somebody looks: a long text is counted in blocks, never cut up whole."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache
from heapq import nlargest
from itertools import pairwise

BLOCK = 64 * 1024
"""Characters that are looked at at once: a few hundred microseconds of work."""
_KEPT = 32
"""Blocks whose lines are kept."""
_LINE_END = re.compile(r"\r\n?|\n")
_LINE_FEED = re.compile(r"\n")


class LineIndex:
    r"""Where the lines of a text begin. Line ends are PostgreSQL's: ``\n``, ``\r`` or both.

    What follows the last line end is a line only where it is not empty; an empty text has one line.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._rule = _LINE_END if "\r" in text else _LINE_FEED
        self._borders = array("Q", _borders(text))
        self._before = array("Q", [0])
        """How many line ends stand before each border."""
        for start, end in pairwise(self._borders):
            self._before.append(self._before[-1] + self._count(start, end))
        self._ends = lru_cache(_KEPT)(self._find)
        ends = self._before[-1]
        self._size = ends if ends and text[-1] in "\r\n" else ends + 1

    def __len__(self) -> int:
        return self._size

    def start(self, index: int) -> int:
        """The offset of line `index` (0-based); of one behind the last the text's length."""
        if index <= 0:
            return 0
        if index > self._before[-1]:
            return len(self.text)
        block = bisect_left(self._before, index) - 1
        return self._ends(block)[index - self._before[block] - 1]

    def span(self, index: int) -> tuple[int, int]:
        """Where a line begins and ends, without its line end."""
        start, end = self.start(index), self.start(index + 1)
        while end > start and self.text[end - 1] in "\r\n":
            end -= 1
        return start, end

    def line(self, index: int) -> str:
        """A line without its end."""
        start, end = self.span(index)
        return self.text[start:end]

    def of(self, offset: int) -> int:
        """The line (0-based) in which a character stands."""
        block = max(0, min(bisect_right(self._borders, offset) - 1, len(self._borders) - 2))
        ends = self._ends(block) if len(self._borders) > 1 else ()
        return min(self._before[block] + bisect_right(ends, offset), self._size - 1)

    def longest(self, most: int) -> Iterator[tuple[int, int]]:
        """Start and end of the longest lines: `most` of each block, for the width of the text."""
        start = 0
        for block in range(len(self._borders) - 1):
            starts = [start, *self._find(block)]
            yield from nlargest(most, pairwise(starts), key=lambda span: span[1] - span[0])
            start = starts[-1]
        yield start, len(self.text)

    def _find(self, block: int) -> tuple[int, ...]:
        found = self._rule.finditer(self.text, self._borders[block], self._borders[block + 1])
        return tuple(end.end() for end in found)

    def _count(self, start: int, end: int) -> int:
        count = self.text.count
        if self._rule is _LINE_FEED:
            return count("\n", start, end)
        return count("\n", start, end) + count("\r", start, end) - count("\r\n", start, end)


def _borders(text: str) -> Iterator[int]:
    r"""Every so many characters, but not between a ``\r`` and its ``\n``."""
    at = 0
    while at < len(text):
        yield at
        at += BLOCK
        at += text[at - 1 : at + 1] == "\r\n"
    yield len(text)
