"""Find the lines of a text without splitting it: line ends are counted in blocks."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache
from heapq import nlargest
from itertools import pairwise

BLOCK = 64 * 1024
"""Number of characters in a block: a few hundred microseconds of work."""
_MAX_CACHED = 32
"""Number of blocks whose line ends are kept."""
_LINE_END = re.compile(r"\r\n?|\n")
_LINE_FEED = re.compile(r"\n")


class LineIndex:
    r"""Offsets of the lines of a text.

    Line ends are PostgreSQL's: ``\n``, ``\r`` or both. Text after the last line end is a line only if it is
    not empty. An empty text has one line.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._pattern = _LINE_END if "\r" in text else _LINE_FEED
        self._block_starts = array("Q", _block_starts(text))
        self._before = array("Q", [0])
        """Number of line ends before each block."""
        for start, end in pairwise(self._block_starts):
            self._before.append(self._before[-1] + self._count(start, end))
        self._ends = lru_cache(_MAX_CACHED)(self._find_ends)
        ends = self._before[-1]
        self._size = ends if ends and text[-1] in "\r\n" else ends + 1

    def __len__(self) -> int:
        return self._size

    def start(self, index: int) -> int:
        """Return the offset of line `index` (0-based).

        The length of the text if there is no such line.
        """
        if index <= 0:
            return 0
        if index > self._before[-1]:
            return len(self.text)
        block = bisect_left(self._before, index) - 1
        return self._ends(block)[index - self._before[block] - 1]

    def span(self, index: int) -> tuple[int, int]:
        """Return the start and the end of line `index`, without its line end."""
        start, end = self.start(index), self.start(index + 1)
        while end > start and self.text[end - 1] in "\r\n":
            end -= 1
        return start, end

    def line(self, index: int) -> str:
        """Return the text of line `index`, without its line end."""
        start, end = self.span(index)
        return self.text[start:end]

    def line_at(self, offset: int) -> int:
        """Return the line (0-based) that contains the character at `offset`."""
        block = max(0, min(bisect_right(self._block_starts, offset) - 1, len(self._block_starts) - 2))
        ends = self._ends(block) if len(self._block_starts) > 1 else ()
        return min(self._before[block] + bisect_right(ends, offset), self._size - 1)

    def longest(self, per_block: int) -> Iterator[tuple[int, int]]:
        """Yield the start and end of the longest lines, `per_block` of each block.

        They are used to find the width of the text.
        """
        start = 0
        for block in range(len(self._block_starts) - 1):
            starts = [start, *self._find_ends(block)]
            yield from nlargest(per_block, pairwise(starts), key=lambda span: span[1] - span[0])
            start = starts[-1]
        yield start, len(self.text)

    def _find_ends(self, block: int) -> tuple[int, ...]:
        found = self._pattern.finditer(self.text, self._block_starts[block], self._block_starts[block + 1])
        return tuple(end.end() for end in found)

    def _count(self, start: int, end: int) -> int:
        count = self.text.count
        if self._pattern is _LINE_FEED:
            return count("\n", start, end)
        return count("\n", start, end) + count("\r", start, end) - count("\r\n", start, end)


def _block_starts(text: str) -> Iterator[int]:
    r"""Yield the offsets of the blocks and the length of the text.

    A block never starts between a ``\r`` and its ``\n``.
    """
    at = 0
    while at < len(text):
        yield at
        at += BLOCK
        at += text[at - 1 : at + 1] == "\r\n"
    yield len(text)
