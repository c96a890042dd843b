"""The list of patterns in the pattern palette."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.documents.drafts import DraftSource
from koonj.tui.theme import MARKED, PLAIN, STRONG
from koonj.tui.toolkit.strips import Part, strip
from koonj.tui.widgets.cursor_pane import CursorPane
from koonj.tui.widgets.cursor_row import cursor_row


class PatternList(CursorPane):
    """Patterns, one per line."""

    TITLE = "Patterns"

    sources: reactive[tuple[DraftSource, ...]] = reactive((), repaint=False)

    @dataclass
    class Chosen(Message):
        """Posted when the cursor moves to a pattern."""

        source: DraftSource

    def watch_sources(self) -> None:
        self.body_changed()
        self._post_chosen()

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        self._post_chosen()

    def _post_chosen(self) -> None:
        if self.sources:
            self.post_message(self.Chosen(self.sources[self.cursor]))

    def title(self) -> tuple[str, str]:
        count = len(self.sources)
        return self.TITLE, f"{self.cursor + 1} of {count}" if self.framed and count else ""

    def count(self) -> int:
        return len(self.sources)

    def draw(self, index: int, width: int) -> Strip:
        is_current = index == self.cursor
        if self.has_fills:
            focused = self.has_pseudo_class("focus")
            title: Part = (" " + self.sources[index].title, STRONG if is_current else PLAIN)
            return cursor_row([title], width, is_current=is_current, focused=focused)
        style = (MARKED if self.has_pseudo_class("focus") else STRONG) if is_current else PLAIN
        return strip(
            [("› " if is_current else "  ", style), (self.sources[index].title, style)], width, style
        )
