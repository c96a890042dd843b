"""Panes that show SQL with line numbers."""

from __future__ import annotations

from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.documents import highlighting
from koonj.tui.documents.sql_text import SqlText
from koonj.tui.theme import DIM, RULE
from koonj.tui.toolkit.strips import Part, strip
from koonj.tui.widgets.line_highlighter import LineHighlighter
from koonj.tui.widgets.pane import Pane

_EMPTY = SqlText("")


class SqlPane(Pane):
    """A pane that shows a SqlText; wide lines scroll sideways."""

    sql: reactive[SqlText] = reactive(_EMPTY, repaint=False)
    left: reactive[int] = reactive(0)
    """First visible column of the text."""

    def __init__(self) -> None:
        super().__init__()
        self._highlighter = LineHighlighter(self, self._colour_slice)

    def watch_sql(self) -> None:
        """Show the new text from its start."""
        self.left = 0
        self.top = 0
        self.body_changed()

    def validate_left(self, left: int) -> int:
        """Keep a part of the widest line visible, if its width is known."""
        return max(0, min(left, self.sql.width - 8)) if self.sql.width else max(0, left)

    def count(self) -> int:
        return len(self.sql) if self.sql.text else 0

    def sideways(self, columns: int) -> None:
        if not self.sql.width and len(self.sql.text) <= highlighting.LARGE:
            self.sql.measure()
        self.left += columns

    @property
    def margin_width(self) -> int:
        """Cells of the line number with a space on both sides."""
        return len(str(self.sql.first_line + len(self.sql))) + (4 if self.has_fills else 2)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Colour lines for one slice before drawing; the rest follows."""
        if self.count():
            self._colour()
        return super().render_lines(crop)

    def _colour(self) -> None:
        self._highlighter.work()

    def _colour_slice(self) -> bool:
        return self.sql.highlight(self.top, min(len(self.sql), self.top + self.page) - 1)

    def draw(self, index: int, width: int) -> Strip:
        gutter = self.margin_width
        line = self.sql.first_line + index
        margin: list[Part] = [(f"{line:>{gutter - 1}} ", DIM)]
        if self.has_fills:
            margin = [(f"{line:>{gutter - 3}} ", DIM), ("│ ", RULE)]
        room = max(0, self.left + width - gutter)
        text = strip(self.sql.line(index, room), room, more=DIM)
        return Strip.join([strip(margin, gutter), text.crop(self.left)])


class SqlPreview(SqlPane):
    """Preview of the migration that a pattern generates, updated as the user types."""

    TITLE = "SQL"

    finished: reactive[bool] = reactive(default=False)
    """Whether all required fields are filled in."""

    def title(self) -> tuple[str, str]:
        note = "complete" if self.finished else "empty fields show example values"
        return f"{self.TITLE}  {note}", self.place

    def watch_sql(self) -> None:
        """Keep the scroll position: the text changes as the user types."""
        self.body_changed()
