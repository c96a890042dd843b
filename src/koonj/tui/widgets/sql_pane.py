"""A pane of SQL with line numbers."""

from __future__ import annotations

from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.documents import highlighting
from koonj.tui.documents.sql_text import SqlText
from koonj.tui.theme import DIM
from koonj.tui.toolkit.strips import strip
from koonj.tui.widgets.line_highlighter import LineHighlighter
from koonj.tui.widgets.pane import Pane

_EMPTY = SqlText("")


class SqlPane(Pane):
    """Shows one SqlText; lines wider than the pane are reached sideways."""

    sql: reactive[SqlText] = reactive(_EMPTY, repaint=False)
    left: reactive[int] = reactive(0)
    """The first visible column of the text."""

    def __init__(self) -> None:
        super().__init__()
        self._highlighter = LineHighlighter(self, self._reach)

    def watch_sql(self) -> None:
        """Another text: from its beginning."""
        self.left = 0
        self.top = 0
        self.body_changed()

    def validate_left(self, left: int) -> int:
        """Keep some of the widest line visible, where it is known which that is."""
        return max(0, min(left, self.sql.width - 8)) if self.sql.width else max(0, left)

    def count(self) -> int:
        """Lines of the text."""
        return len(self.sql) if self.sql.text else 0

    def sideways(self, columns: int) -> None:
        """Move the text under the pane."""
        if not self.sql.width and len(self.sql.text) <= highlighting.LARGE:
            self.sql.measure()
        self.left += columns

    @property
    def margin_width(self) -> int:
        """Cells for the line number and a space on both sides."""
        return len(str(self.sql.first_line + len(self.sql))) + 2

    def render_lines(self, crop: Region) -> list[Strip]:
        """Colour a slice before it is drawn; the rest follows at once."""
        if self.count():
            self._colour()
        return super().render_lines(crop)

    def _colour(self) -> None:
        """Colour some of the visible lines."""
        self._highlighter.work()

    def _reach(self) -> bool:
        return self.sql.highlight(self.top, min(len(self.sql), self.top + self.page) - 1)

    def draw(self, index: int, width: int) -> Strip:
        """Number and text, coloured as far as time allowed."""
        gutter = self.margin_width
        number = f"{self.sql.first_line + index:>{gutter - 1}} "
        room = max(0, self.left + width - gutter)
        text = strip(self.sql.line(index, room), room, more=DIM)
        return Strip.join([strip([(number, DIM)], gutter), text.crop(self.left)])


class SqlPreview(SqlPane):
    """Changes as the person types, and says whether it is finished."""

    TITLE = "SQL"

    finished: reactive[bool] = reactive(default=False)

    def title(self) -> tuple[str, str]:
        """Finished or not."""
        standing = "finished" if self.finished else "examples stand for what is missing"
        return f"{self.TITLE}  {standing}", self.place

    def watch_sql(self) -> None:
        """The same text, a little different: stay where the person reads."""
        self.body_changed()
