"""The list of patterns in the pattern palette."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.documents.drafts import DraftSource
from koonj.tui.theme import MARKED, PLAIN, STRONG
from koonj.tui.toolkit.strips import strip
from koonj.tui.widgets.cursor_pane import CursorPane


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

    def count(self) -> int:
        return len(self.sources)

    def draw(self, index: int, width: int) -> Strip:
        is_current = index == self.cursor
        style = (MARKED if self.has_pseudo_class("focus") else STRONG) if is_current else PLAIN
        return strip(
            [("› " if is_current else "  ", style), (self.sources[index].title, style)], width, style
        )
