r"""A text for Textual's TextArea that comes out as it went in, and that does not slow a key down.

Textual's own Document takes form feeds, U+2028 and others for line ends, loses them, and measures every line
at every key; its WrappedDocument keeps lists of all lines, and counts no cell for a control character, which
koonj shows in one.
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
_STEP = 64

Replaced = Callable[[int, int, int], None]
"""Told that the lines from the first to the last were replaced by so many others."""


def displayed(line: str, tab: int) -> str:
    """A line as it is drawn: each character in its own cells, hidden ones seen, tabs to their stops."""
    return expand_tabs_inline(in_place(line), tab) if "\t" in line else in_place(line)


class ExactDocument(Document):
    """Lines that end in one and the same line end, and in nothing else."""

    def __init__(self, text: str, newline: str, replaced: Replaced) -> None:
        super().__init__("")
        self._replaced = replaced
        self._newline = cast('Literal["\\n", "\\r\\n", "\\r"]', newline)
        self._lines = text.split(newline)

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        """Textual's, for text whose line ends are of any kind and become the document's."""
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
        """As the lines with most characters tell; in steps, since another size is another layout."""
        longest = nlargest(_MEASURED, self._lines, key=len)
        width = max(cell_len(displayed(line, tab_width)) for line in longest)
        return Size(-(-width // _STEP) * _STEP, len(self._lines))


class UnwrappedDocument(WrappedDocument):
    """Each line of a document is one line of the screen: nothing has to be remembered of any."""

    document: ExactDocument

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        """Nothing to do but to note the tabs' width."""
        self._tab_width = tab_width or self._tab_width

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        """Nothing to do."""

    @property
    def height(self) -> int:
        """Lines."""
        return self.document.line_count

    def get_offsets(self, line_index: int) -> list[int]:
        """It is never broken."""
        return []

    def get_sections(self, line_index: int) -> list[str]:
        """One."""
        return [in_place(self.document.get_line(line_index))]

    def get_tab_widths(self, line_index: int) -> list[int]:
        """Cells of each tab."""
        line = in_place(self.document.get_line(line_index))
        return [width for _, width in get_tab_widths(line, self._tab_width)]

    def location_to_offset(self, location: Location) -> Offset:
        """Where a character is drawn."""
        row = max(0, min(location[0], self.document.line_count - 1))
        return Offset(cell_len(displayed(self.document.get_line(row)[: location[1]], self._tab_width)), row)

    def offset_to_location(self, offset: Offset) -> Location:
        """The character that is drawn there, or the nearest one."""
        row = max(0, min(offset.y, self.document.line_count - 1))
        return row, self.get_target_document_column(row, max(0, offset.x), 0)
