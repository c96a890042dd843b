"""A document for the editor whose long lines can be broken into rows that fit.

Textual's own WrappedDocument breaks them by other widths than koonj draws: it counts 0 cells for a control
character.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from rich.cells import cell_len
from textual.geometry import Offset
from textual.widgets.text_area import Location

from koonj.sql.display import in_place
from koonj.tui.widgets.exact_document import UnwrappedDocument, displayed

_LEAST = 8
"""Minimum width, in cells, of a row."""


class WrappableDocument(UnwrappedDocument):
    """Lines as they are; or, if `wrap` got a width, in rows of at most that many cells."""

    _room = 0
    """Cells of a row; 0: nothing is wrapped."""
    _starts: dict[str, list[int]]
    """Where the rows of a line start, by its text; without the first row."""
    _first_rows: list[int] | None = None
    """Row at which each line starts, and the number of all rows; None if it is not known."""

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        """Take the width; 0 for no wrapping."""
        super().wrap(width, tab_width)
        self._room = max(_LEAST, width) if width else 0
        self._starts = {}
        self._first_rows = None

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        """Forget which rows the lines have; lines that were not changed are not broken again."""
        self._first_rows = None

    @property
    def _rows(self) -> list[int]:
        if self._first_rows is None:
            counts = (len(self._starts_of(line)) + 1 for line in self.document.lines)
            self._first_rows = list(accumulate(counts, initial=0))
        return self._first_rows

    def _starts_of(self, line: str) -> list[int]:
        found = self._starts.get(line)
        if found is None:
            found = self._starts[line] = _row_starts(line, self._room, self._tab_width)
        return found

    @property
    def height(self) -> int:
        return self._rows[-1] if self._room else super().height

    def line_at(self, y: int) -> tuple[int, int]:
        """Return the line that a row shows, and which of its rows it is; past the end, the last row."""
        if not self._room:
            return max(0, min(y, self.document.line_count - 1)), 0
        rows = self._rows
        y = max(0, min(y, rows[-1] - 1))
        line = bisect_right(rows, y) - 1
        return line, y - rows[line]

    def cells_of(self, line_index: int, row: int) -> tuple[int, int | None]:
        """Return the first cell of a row in its line, and its last one (exclusive); None: to the end."""
        starts = [0, *self.get_offsets(line_index)]
        line = self.document.get_line(line_index)
        end = self._cell(line, starts[row + 1]) if row + 1 < len(starts) else None
        return self._cell(line, starts[row]), end

    def _cell(self, line: str, column: int) -> int:
        return cell_len(displayed(line[:column], self._tab_width))

    def get_offsets(self, line_index: int) -> list[int]:
        return self._starts_of(self.document.get_line(line_index)) if self._room else []

    def get_sections(self, line_index: int) -> list[str]:
        line = in_place(self.document.get_line(line_index))
        starts = [0, *self.get_offsets(line_index)]
        return [line[start:end] for start, end in zip(starts, [*starts[1:], len(line)], strict=True)]

    def get_target_document_column(self, line_index: int, x_offset: int, y_offset: int) -> int:
        """Return the column of the character at a cell of a row, or of the nearest one in this row."""
        if not self._room:
            return super().get_target_document_column(line_index, x_offset, y_offset)
        line = self.document.get_line(line_index)
        starts = [0, *self.get_offsets(line_index), len(line) + 1]
        row = y_offset if y_offset >= 0 else len(starts) - 1 + y_offset
        cell = self._cell(line, starts[row]) + x_offset
        found = bisect_right(range(len(line) + 1), cell, key=lambda column: self._cell(line, column)) - 1
        return max(starts[row], min(found, starts[row + 1] - 1))

    def location_to_offset(self, location: Location) -> Offset:
        if not self._room:
            return super().location_to_offset(location)
        line_index = max(0, min(location[0], self.document.line_count - 1))
        line, starts = self.document.get_line(line_index), [0, *self.get_offsets(line_index)]
        row = bisect_right(starts, location[1]) - 1
        x = self._cell(line, location[1]) - self._cell(line, starts[row])
        return Offset(x, self._rows[line_index] + row)

    def offset_to_location(self, offset: Offset) -> Location:
        """Return the location of the character at a screen offset, or of the nearest one."""
        line_index, row = self.line_at(offset.y)
        return line_index, self.get_target_document_column(line_index, max(0, offset.x), row)


def _row_starts(line: str, room: int, tab: int) -> list[int]:
    """Return the columns at which the rows after the first one start.

    A row ends after a blank if one is in its second half.
    """
    if len(line) <= room and line.isascii() and line.isprintable():
        return []
    starts: list[int] = []
    start = reached = blank = 0
    cell = start_cell = 0
    for column, character in enumerate(in_place(line)):
        size = tab - cell % tab if character == "\t" else cell_len(character)
        if cell + size - start_cell > room and column > start:
            start = blank if blank > start + (column - start) // 2 else column
            starts.append(start)
            start_cell = reached if start == blank else cell
        cell += size
        if character in " \t":
            blank, reached = column + 1, cell
    return starts
