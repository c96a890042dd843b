"""A pane of SQL with line numbers."""

from __future__ import annotations

from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.paint import strip
from koonj.tui.sql_text import SLICE, SqlText
from koonj.tui.theme import DIM
from koonj.tui.widgets.pane import Pane

_EMPTY = SqlText("")


class SqlPane(Pane):
    """Shows one SqlText; lines wider than the pane are reached sideways."""

    sql: reactive[SqlText] = reactive(_EMPTY, repaint=False)
    left: reactive[int] = reactive(0)
    """The first visible column of the text."""

    def watch_sql(self) -> None:
        """Another text: from its beginning."""
        self.left = 0
        self.top = 0
        self.body_changed()

    def validate_left(self, left: int) -> int:
        """Keep some of the widest line visible."""
        return max(0, min(left, self.sql.width - 8))

    def count(self) -> int:
        """Lines of the text."""
        return len(self.sql) if self.sql.text else 0

    def sideways(self, columns: int) -> None:
        """Move the text under the pane."""
        self.left += columns

    @property
    def margin_width(self) -> int:
        """Cells for the line number and a space on both sides."""
        return len(str(self.sql.first_line + len(self.sql))) + 2

    def draw(self, index: int, width: int) -> Strip:
        """Number and text, coloured as far as time allowed; the rest follows at once."""
        if not self.sql.reach(min(len(self.sql) - 1, self.top + self.page)):
            self.set_timer(SLICE * 2, self.refresh)
        gutter = self.margin_width
        number = f"{self.sql.first_line + index:>{gutter - 1}} "
        text = strip(self.sql.line(index), 0 if width <= gutter else self.left + width - gutter)
        return Strip.join([strip([(number, DIM)], gutter), text.crop(self.left)])
