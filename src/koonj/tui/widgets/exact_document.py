r"""A document for Textual's TextArea that preserves every character.

It is also fast for large files. Textual's own Document treats form feeds, U+2028 and other characters as line
ends and loses them, and it measures every line at every key. Its WrappedDocument keeps lists of all lines. It
counts 0 cells for a control character, which koonj shows in 1 cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from heapq import nlargest
from typing import Literal, cast

from rich.cells import cell_len
from textual.expand_tabs import expand_tabs_inline, get_tab_widths
from textual.geometry import Offset, Size
from textual.widgets.text_area import Document, EditResult, Location, WrappedDocument

from koonj.sql.display import in_place

_LINE_END = re.compile(r"\r\n|\r|\n")
_MEASURED = 20
"""Number of the longest lines whose width is measured."""
_STEP = 64
"""Cells: widths are rounded up, since every new size causes a new layout."""

Replaced = Callable[[int, int, int], None]
"""Callback for an edit: first and last replaced line, number of new lines."""


def displayed(line: str, tab: int) -> str:
    """Return a line as drawn: control characters visible, tabs expanded."""
    return expand_tabs_inline(in_place(line), tab) if "\t" in line else in_place(line)


class ExactDocument(Document):
    """Document with one kind of line end; no other character ends a line."""

    def __init__(self, text: str, newline: str, replaced: Replaced) -> None:
        super().__init__("")
        self._replaced = replaced
        self._newline = cast('Literal["\\n", "\\r\\n", "\\r"]', newline)
        self._lines = text.split(newline)

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        """Replace a range. Line ends of any kind in `text` become the document's line end."""
        (top, first), (bottom, last) = sorted((start, end))
        replaced = self.get_text_range((top, first), (bottom, last))
        lines = self._lines
        before = lines[top][:first] if top < len(lines) else ""
        after = lines[bottom][last:] if bottom < len(lines) else ""
        new = _LINE_END.split(text)
        new[0] = before + new[0]
        column = len(new[-1])
        new[-1] += after
        lines[top : bottom + 1] = new
        self._replaced(top, bottom, len(new))
        return EditResult((top + len(new) - 1, column), replaced)

    def get_size(self, tab_width: int) -> Size:
        """Return lines and width; only the longest lines are measured, rounded up."""
        longest = nlargest(_MEASURED, self._lines, key=len)
        width = max(cell_len(displayed(line, tab_width)) for line in longest)
        return Size(-(-width // _STEP) * _STEP, len(self._lines))


class UnwrappedDocument(WrappedDocument):
    """Document without wrapping: each line is one line on screen.

    So nothing has to be stored for a line.
    """

    document: ExactDocument

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        """Store the width of tabs. There is nothing to wrap."""
        self._tab_width = tab_width or self._tab_width

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        """Do nothing: no line is wrapped."""

    @property
    def height(self) -> int:
        return self.document.line_count

    def get_offsets(self, line_index: int) -> list[int]:
        return []

    def get_sections(self, line_index: int) -> list[str]:
        return [in_place(self.document.get_line(line_index))]

    def get_tab_widths(self, line_index: int) -> list[int]:
        line = in_place(self.document.get_line(line_index))
        return [width for _, width in get_tab_widths(line, self._tab_width)]

    def location_to_offset(self, location: Location) -> Offset:
        row = max(0, min(location[0], self.document.line_count - 1))
        return Offset(cell_len(displayed(self.document.get_line(row)[: location[1]], self._tab_width)), row)

    def offset_to_location(self, offset: Offset) -> Location:
        """Return the location of the character at a screen offset, or of the nearest one."""
        row = max(0, min(offset.y, self.document.line_count - 1))
        return row, self.get_target_document_column(row, max(0, offset.x), 0)
