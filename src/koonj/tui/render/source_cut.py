"""A source line, cut around the column of an error."""

from __future__ import annotations

from rich.cells import cell_len

from koonj.tui.documents.sql_text import expand

_NEAR = 1_000
"""Characters of a source line that are read on each side of the column."""


def around(source: str, column: int, room: int) -> tuple[str, str]:
    """Return the drawn text before and after a column (0-based).

    The text before it has at most `room` cells.
    """
    start = max(0, column - _NEAR)
    before = expand(source[start:column])
    after = expand(source[start : column + _NEAR])[len(before) :]
    if start == 0 and cell_len(before) <= room:
        return before, after
    while cell_len(before) >= room:
        before = before[1:]
    return "…" + before, after
