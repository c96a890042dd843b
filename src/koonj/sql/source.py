"""Convert offsets of a text to lines, columns and bytes."""

import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass

_CHUNK = 4096
"""Characters between two stored byte offsets.

A lookup encodes at most this many characters.
"""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text."""

    line: int
    """1-based."""
    column: int
    """1-based, in characters."""
    byte: int
    """0-based offset in the text's UTF-8, with the byte-order mark."""
    offset: int
    """0-based, in characters."""


class Source:
    r"""A text whose lines end at ``\n``, ``\r\n`` or a lone ``\r``.

    The index of its lines is built at the first lookup.
    """

    __slots__ = ("_bytes", "_starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts: array[int] | None = None
        self._bytes: array[int] | None = None

    def position(self, offset: int) -> Position:
        """Return the position of the character at ``offset``.

        The length of the text is a valid offset: its end.

        Raises:
            IndexError: the offset is not in the text.
        """
        if not 0 <= offset <= len(self.text):
            msg = f"offset {offset} is not in a text of {len(self.text)} characters"
            raise IndexError(msg)
        line = bisect_right(self._line_starts(), offset)
        column = offset - self._line_starts()[line - 1] + 1
        return Position(line, column, self._byte(offset), offset)

    def line(self, number: int) -> str:
        """Return the line with this 1-based number, without its line end.

        Raises:
            IndexError: the line does not exist.
        """
        starts = self._line_starts()
        if not 1 <= number <= len(starts):
            msg = f"line {number} is not in a text of {len(starts)} lines"
            raise IndexError(msg)
        end = starts[number] if number < len(starts) else len(self.text)
        line = self.text[starts[number - 1] : end]
        return line.removesuffix("\n").removesuffix("\r") if number < len(starts) else line

    @property
    def line_count(self) -> int:
        """The number of lines; the text after the last line end counts, even if empty."""
        return len(self._line_starts())

    def _line_starts(self) -> "array[int]":
        if self._starts is None:
            ends = re.finditer(r"\r\n?|\n", self.text)
            self._starts = array("Q", [0, *(end.end() for end in ends)])
        return self._starts

    def _byte(self, offset: int) -> int:
        if self.text.isascii():
            return offset
        if self._bytes is None:
            self._bytes = self._byte_offsets()
        chunk = offset // _CHUNK
        return self._bytes[chunk] + _encoded_size(self.text[chunk * _CHUNK : offset])

    def _byte_offsets(self) -> "array[int]":
        """Return the byte offset of every _CHUNK-th character."""
        offsets = array("Q", [0])
        for start in range(0, len(self.text), _CHUNK):
            offsets.append(offsets[-1] + _encoded_size(self.text[start : start + _CHUNK]))
        return offsets


def _encoded_size(text: str) -> int:
    """Return the number of bytes in UTF-8.

    A byte that could not be decoded (surrogateescape) counts as one byte.
    """
    return len(text.encode(errors="replace"))


def line_and_column(source: Source, offset: int) -> tuple[int, int]:
    """Return line and column of an offset: 1-based, in characters.

    A byte-order mark does not count, because editors do not show it.

    Raises:
        IndexError: the offset is not in the text.
    """
    place = source.position(offset)
    if place.line == 1 and source.text.startswith("\ufeff"):
        return 1, max(1, place.column - 1)
    return place.line, place.column
