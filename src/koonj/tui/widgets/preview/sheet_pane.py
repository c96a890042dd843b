"""A pane that shows the text of a file, or a sheet instead of it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from textual.strip import Strip

from koonj.sql.display import visible
from koonj.tui.documents.text_search import TextMatch, TextQuery, matches_in_lines
from koonj.tui.documents.wrapped_rows import WrappedRows
from koonj.tui.theme import DIM
from koonj.tui.toolkit.strips import strip
from koonj.tui.widgets.preview.tab_content import Sheet
from koonj.tui.widgets.sql_pane import SqlPane

_COPIED = 5_000
"""Maximum number of lines that are copied from a sheet."""


WIDE = 100_000
"""Width, in cells, of copied lines, so that they are not wrapped."""


class SheetPane(SqlPane):
    """SQL that scrolls, or the lines of a sheet: both can be searched and copied."""

    _sheet: Sheet | None = None
    """Content that is shown instead of file text."""

    def count(self) -> int:
        """Lines of the text or the sheet."""
        return super().count() if self._sheet is None else self._sheet.count(self.size.width)

    def draw(self, index: int, width: int) -> Strip:
        if self._sheet is None:
            return super().draw(index, width)
        fixed, moving = self._sheet.line(index, width)
        taken = sum(cell_len(text) for text, _ in fixed)
        room = max(0, self.left + width - taken)
        return Strip.join([strip(fixed, taken), strip(moving, room, more=DIM).crop(self.left)])

    def validate_left(self, left: int) -> int:
        if self._sheet is None:
            return super().validate_left(left)
        return max(0, min(left, self._sheet.widest(self.size.width) - self.size.width))

    def _colour(self) -> None:
        """Colour lines only if the tab shows file text."""
        if self._sheet is None:
            super()._colour()

    def search_text(self, index: int) -> str:
        assert self._sheet is not None
        fixed, moving = self._sheet.line(index, self.size.width)
        return visible("".join(text for text, _ in (*fixed, *moving)))

    def search_matches(self, query: TextQuery) -> Iterator[TextMatch | None]:
        if self._sheet is None:
            return super().search_matches(query)
        return matches_in_lines(query, self.count(), self.search_text)

    @property
    def rows(self) -> WrappedRows | None:
        """The rows of the wrapped text; None if the tab shows no file text."""
        return super().rows if self._sheet is None else None

    def _columns_of(self, match: TextMatch) -> tuple[int, int]:
        if self._sheet is None:
            return super()._columns_of(match)
        text = self.search_text(match.line)
        return cell_len(text[: match.start]), cell_len(text[: match.end])

    @property
    def margin_width(self) -> int:
        """Cells of the line number; none if the tab shows no file text."""
        return super().margin_width if self._sheet is None else 0

    def whole_text(self) -> str:
        """Return the text; at most `_COPIED` lines of a sheet."""
        if self._sheet is None:
            return self.sql.text
        count = min(self._sheet.count(WIDE), _COPIED)
        lines = (self._sheet.line(index, WIDE) for index in range(count))
        texts = ("".join(text for text, _ in (*fixed, *moving)) for fixed, moving in lines)
        return "".join(text.rstrip() + "\n" for text in texts)
