"""Search for plain text: the one matcher of all panes, the editor and the files.

A text in lower case matches letters of any case; one with a capital letter matches only these ("smart case").
Each generator yields None now and then, so that its caller can stop after a slice of time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

_BLOCK = 64 * 1024
"""Characters of a text that are searched at once: less than a millisecond."""
_LINES = 64
"""Number of lines that are searched at once."""


@dataclass(frozen=True, order=True, slots=True)
class TextMatch:
    """A match: line (0-based), and its first and last character (exclusive) in the line."""

    line: int
    start: int
    end: int


@dataclass(frozen=True)
class TextQuery:
    """A text to search for, as the user typed it."""

    text: str

    @cached_property
    def ignores_case(self) -> bool:
        """Whether letters of any case match."""
        return self.text == self.text.lower()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.text), re.IGNORECASE if self.ignores_case else 0)

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield start and end of each match in `text`; matches do not overlap."""
        if not self.text:
            return
        if self.ignores_case:
            lower = text.lower()
            if len(lower) != len(text):  # such as U+0130, which is two characters in lower case
                yield from (found.span() for found in self._pattern.finditer(text))
                return
            text = lower
        at, length = text.find(self.text), len(self.text)
        while at >= 0:
            yield at, at + length
            at = text.find(self.text, at + length)

    def is_in(self, text: str) -> bool:
        """Return whether `text` has a match. Long texts are searched in blocks."""
        return any(found is not None for found in self.offsets(text))

    def offsets(self, text: str) -> Iterator[int | None]:
        """Yield the offset of each match in a long text, and None after each block."""
        step, start, free = max(_BLOCK, 2 * len(self.text)), 0, 0
        while start < len(text):
            for first, end in self.spans(text[start : start + step + len(self.text) - 1]):
                if first < step and start + first >= free:
                    free = start + end
                    yield start + first
            yield None
            start += step


def matches_in_text(
    query: TextQuery, text: str, line_at: Callable[[int], int], start_of: Callable[[int], int]
) -> Iterator[TextMatch | None]:
    """Yield the matches in a text, in order; None after each block.

    `line_at` returns the line of an offset, `start_of` the offset of a line.
    """
    for offset in query.offsets(text):
        if offset is None:
            yield None
            continue
        line = line_at(offset)
        start = offset - start_of(line)
        yield TextMatch(line, start, start + len(query.text))


def matches_in_lines(query: TextQuery, count: int, line: Callable[[int], str]) -> Iterator[TextMatch | None]:
    """Yield the matches in `count` lines, in order; None now and then."""
    for index in range(count):
        for start, end in query.spans(line(index)):
            yield TextMatch(index, start, end)
        if index % _LINES == 0:
            yield None
