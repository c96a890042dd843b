"""The base class of panes with a cursor on one line."""

from __future__ import annotations

from textual import events
from textual.reactive import reactive

from koonj.tui.documents.text_search import TextMatch
from koonj.tui.widgets.pane import Pane


class CursorPane(Pane):
    """A pane with a cursor on one line.

    A cursor that leaves the visible part scrolls by half a page, so that the whole pane is redrawn less often
    over a slow connection.
    """

    cursor: reactive[int] = reactive(0, repaint=False)

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.count() - 1))

    def search_origin(self) -> tuple[int, int]:
        return self.cursor, 0

    def show_match(self, match: TextMatch) -> None:
        """Move the cursor to the line of the match."""
        self.go_to(match.line)

    def watch_cursor(self, old: int, new: int) -> None:
        """Scroll if the cursor is not visible; else redraw only the two lines."""
        half = max(1, self.page // 2)
        if new < self.top:
            self.top = new if self.top - new > half else max(0, self.top - half)
        elif new >= self.top + self.page:
            self.top = new - self.page + 1 if new - self.top - self.page >= half else self.top + half
        self.redraw_line(old)
        self.redraw_line(new)
        self.redraw_title()

    def go(self, lines: int) -> None:
        """Move the cursor by `lines`."""
        self.cursor += lines

    def go_to(self, index: int) -> None:
        """Move the cursor to line `index`."""
        self.cursor = index

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked line."""
        index = self.line_at(event.y)
        if index is not None:
            self.cursor = index

    def on_resize(self) -> None:
        super().on_resize()
        if self.cursor >= self.top + self.page:
            self.top = self.cursor - self.page + 1
