"""An object's definition on both sides, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.tui.differences import DifferenceGroup
from koonj.tui.documents.sql_text import expand
from koonj.tui.theme import BAD, DIM, GOOD, PLAIN
from koonj.tui.toolkit.strips import Part, wrap

_SIGNS = {"-": BAD, "+": GOOD, " ": PLAIN}
_MOST = 1_000
"""Lines that are shown."""


def definition_lines(differing: DifferenceGroup, width: int, indent: int = 1) -> Iterator[list[Part]]:
    """``-`` before, ``+`` after, a blank for both; what is wider than `width` goes on under itself."""
    lines = differing.definition()
    for sign, text in lines[:_MOST]:
        look = _SIGNS[sign]
        for index, part in enumerate(wrap(expand(text), width - indent - 3)):
            yield [(" " * indent + (sign if not index else " ") + " ", look), (part, look)]
    if len(lines) > _MOST:
        yield [(f"{' ' * indent}… {len(lines) - _MOST} more lines", DIM)]
