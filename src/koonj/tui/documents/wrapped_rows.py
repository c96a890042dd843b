"""Lines of SQL broken into rows that fit the pane. No character is lost, not even a blank."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from rich.cells import cell_len

from koonj.tui.documents.sql_text import SqlText, expand

MAX_WRAPPED = 200_000
"""Maximum length in characters of a text that is wrapped: more would hold a key back."""

Row = tuple[int, int, int]
"""Line (0-based), its first cell in the row, and its last one (exclusive)."""


def broken(text: str, room: int) -> list[str]:
    """Return `text` in pieces of at most `room` cells, broken after a blank if possible."""
    room = max(room, 8)
    if len(text) <= room and text.isascii():
        return [text]
    pieces, start = [], 0
    while start < len(text):
        end, cells = start, 0
        while end < len(text) and cells + (size := cell_len(text[end])) <= room:
            end, cells = end + 1, cells + size
        if end < len(text):
            blank = text.rfind(" ", start + (end - start) // 2, end)
            end = blank + 1 if blank >= 0 else end
        pieces.append(text[start:end])
        start = end
    return pieces or [""]


class WrappedRows:
    """The rows of a text in a pane with `room` cells for it."""

    def __init__(self, sql: SqlText, room: int) -> None:
        self._first: list[int] = []
        """Index of the first row of each line."""
        self._rows: list[Row] = []
        for line in range(len(sql)):
            self._first.append(len(self._rows))
            self._rows.extend(_rows(sql, line, room))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Row:
        return self._rows[index]

    def index_of(self, line: int, cell: int = 0) -> int:
        """Return the index of the row that shows a cell of a line."""
        first = self._first[max(0, min(line, len(self._first) - 1))]
        last = self._first[line + 1] if line + 1 < len(self._first) else len(self._rows)
        starts = [row[1] for row in self._rows[first:last]]
        return first + max(0, bisect_right(starts, cell) - 1)


def _rows(sql: SqlText, line: int, room: int) -> Iterator[Row]:
    start, end = sql.span(line)
    text = sql.text[start:end]
    if len(text) <= room and text.isascii() and text.isprintable():
        yield line, 0, len(text)
        return
    cell = 0
    for piece in broken(expand(text), room):
        size = cell_len(piece)
        yield line, cell, cell + size
        cell += size
