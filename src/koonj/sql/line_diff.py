"""Two texts compared line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of both texts, or of one only."""

    sign: str
    """``-`` for the old text, ``+`` for the new one, a blank for both."""
    index: int
    """0-based, in the text that the line is of; of both: in the new one."""
    text: str


def line_diff(before: Sequence[str], after: Sequence[str]) -> Iterator[DiffLine]:
    """All lines of both texts."""
    return _lines(before, after, SequenceMatcher(None, before, after, autojunk=False).get_opcodes())


def line_hunks(
    before: Sequence[str], after: Sequence[str], *, context: int
) -> Iterator[tuple[DiffLine, ...]]:
    """The differences, with `context` equal lines around them; those that are near each other are one.

    Fast on long texts: of 200 lines and more, lines that occur often are no place to begin a match.
    """
    for opcodes in SequenceMatcher(None, before, after).get_grouped_opcodes(context):
        yield tuple(_lines(before, after, opcodes))


def _lines(before: Sequence[str], after: Sequence[str], opcodes: Iterable[_Opcode]) -> Iterator[DiffLine]:
    for kind, i, j, k, m in opcodes:
        if kind == "equal":
            yield from (DiffLine(" ", n, after[n]) for n in range(k, m))
        else:
            yield from (DiffLine("-", n, before[n]) for n in range(i, j))
            yield from (DiffLine("+", n, after[n]) for n in range(k, m))
