"""The palette's patterns."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.documents.drafts import DraftSource
from koonj.tui.theme import MARKED, PLAIN, STRONG
from koonj.tui.toolkit.strips import strip
from koonj.tui.widgets.pane import CursorPane


class PatternList(CursorPane):
    """One line a pattern."""

    TITLE = "Patterns"

    sources: reactive[tuple[DraftSource, ...]] = reactive((), repaint=False)

    @dataclass
    class Chosen(Message):
        """The cursor is on a pattern."""

        source: DraftSource

    def watch_sources(self) -> None:
        """They were read."""
        self.body_changed()
        self._tell()

    def watch_cursor(self, old: int, new: int) -> None:
        """Another one."""
        super().watch_cursor(old, new)
        self._tell()

    def _tell(self) -> None:
        if self.sources:
            self.post_message(self.Chosen(self.sources[self.cursor]))

    def count(self) -> int:
        """Lines."""
        return len(self.sources)

    def draw(self, index: int, width: int) -> Strip:
        """Mark and title."""
        here = index == self.cursor
        style = (MARKED if self.has_pseudo_class("focus") else STRONG) if here else PLAIN
        return strip([("› " if here else "  ", style), (self.sources[index].title, style)], width, style)
