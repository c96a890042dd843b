"""Remember where each character of a text with shared parts comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from koonj.sql.source import Source


@dataclass(frozen=True, slots=True)
class Part:
    """A file of shared text."""

    name: str
    path: Path
    source: Source

    def problem(self, message: str, offset: int) -> str:
        """Return a message about a place of the part."""
        line, column = self.source.line_and_column(offset)
        return f"In the part {self.name} ({self.path}:{line}:{column}): {message}"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive characters of an expanded text."""

    text: str
    at: int
    """Offset of the first character in the file that it comes from."""
    part: Part | None = None
    """The part that it comes from; None for the text itself."""
    use: int = 0
    """Offset in the text itself of the mark that stands for the part."""


@dataclass(frozen=True, slots=True)
class ExpandedText:
    """A text with the parts that it uses."""

    source: Source
    """The text as written."""
    chunks: tuple[Chunk, ...]

    @property
    def text(self) -> str:
        """The text with the parts put in."""
        return "".join(chunk.text for chunk in self.chunks)

    def place(self, message: str, offset: int) -> tuple[str, int]:
        """Return a message about a placeholder or mark at an offset of `text`, and its offset as written.

        For text of a part, that is where the part is used, and the message says where in the part it is.
        """
        found = next(self._between(offset, len(self.text)), self.chunks[-1])
        if found.part is None:
            return message, found.at
        return found.part.problem(message, found.at), found.use

    def edited(self, edits: Iterable[tuple[int, int, str]]) -> Iterator[Chunk]:
        """Yield the chunks with some text replaced; each edit is its start, end and new text, in order."""
        at = 0
        for start, end, new in edits:
            yield from self._between(at, start)
            if new:
                yield replace(next(self._between(start, end)), text=new)
            at = end
        yield from self._between(at, len(self.text))

    def _between(self, start: int, end: int) -> Iterator[Chunk]:
        """Yield the chunks of a range of `text`."""
        begin = 0
        for chunk in self.chunks:
            first, last = max(start, begin), min(end, begin + len(chunk.text))
            if first < last:
                text = chunk.text[first - begin : last - begin]
                yield replace(chunk, text=text, at=chunk.at + first - begin)
            begin += len(chunk.text)
