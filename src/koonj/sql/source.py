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
        line, column = self.line_and_column(offset)
        return Position(line, column, self._byte(offset), offset)

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, as `position` does, but faster.

        Raises:
            IndexError: the offset is not in the text.
        """
        starts = self._starts or self._line_starts()
        if not 0 <= offset <= len(self.text):
            raise IndexError(_outside(offset, self.text))
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

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
            self._starts = array("Q", _line_starts(self.text))
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


def _line_starts(text: str) -> list[int]:
    if "\r" in text:
        return [0, *[end.end() for end in re.finditer(r"\r\n?|\n", text)]]
    starts = [0]
    at = text.find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    return starts


def _outside(offset: int, text: str) -> str:
    return f"offset {offset} is not in a text of {len(text)} characters"


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
    line, column = source.line_and_column(offset)
    if line == 1 and source.text.startswith("\ufeff"):
        return 1, max(1, column - 1)
    return line, column
