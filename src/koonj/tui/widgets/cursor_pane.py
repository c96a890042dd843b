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

    def stops(self) -> int:
        """Return on how many lines the cursor can be."""
        return self.count()

    def line_of(self, stop: int) -> int:
        """Return the line of the body on which the cursor is; not the same if it skips a line."""
        return stop

    def stop_at(self, line: int) -> int | None:
        """Return where the cursor is if it is on a line of the body; None if it skips the line."""
        return line

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.stops() - 1))

    def search_origin(self) -> tuple[int, int]:
        return self.cursor, 0

    def show_match(self, match: TextMatch) -> None:
        """Move the cursor to the line of the match."""
        self.go_to(match.line)

    def watch_cursor(self, old: int, new: int) -> None:
        """Scroll if the cursor is not visible; else redraw only the two lines."""
        old, new, half = self.line_of(old), self.line_of(new), max(1, self.page // 2)
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
        line = self.line_at(event.y)
        stop = self.stop_at(line) if line is not None else None
        if stop is not None:
            self.cursor = stop

    def on_resize(self) -> None:
        super().on_resize()
        self.show_cursor()

    def show_cursor(self) -> None:
        """Scroll down to the cursor if the pane, or what is above the cursor, has changed."""
        line = self.line_of(self.cursor)
        if line >= self.top + self.page:
            self.top = line - self.page + 1
