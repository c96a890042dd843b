"""The list of patterns in the pattern palette: in groups, or those that match a filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from koonj.patterns.matching import best_texts
from koonj.tui.documents.drafts import DraftSource
from koonj.tui.theme import DIM, MARKED, PLAIN, STRONG
from koonj.tui.toolkit.strips import Part, strip
from koonj.tui.widgets.cursor_pane import CursorPane
from koonj.tui.widgets.cursor_row import cursor_row


class PatternList(CursorPane):
    """Patterns, one per line, below the headings of their groups."""

    TITLE = "Patterns"

    sources: reactive[tuple[DraftSource, ...]] = reactive((), repaint=False)
    typed: reactive[str] = reactive("", repaint=False)
    """The filter."""

    def __init__(self) -> None:
        super().__init__()
        self._found: tuple[DraftSource, ...] = ()
        """The patterns that the filter lets through, in the order of the list."""
        self._lines: tuple[int | str, ...] = ()
        """For each line the number of a pattern in `_found`, or a heading."""
        self._chosen: DraftSource | None = None
        self.moving: frozenset[str] = frozenset()
        """Keys that do something else, such as move the cursor. Other letters begin the filter."""
        self.filtering: frozenset[str] = frozenset()
        """Keys that open the filter."""

    @dataclass
    class Chosen(Message):
        """Posted when the cursor moves to another pattern."""

        source: DraftSource

    @dataclass
    class Typed(Message):
        """Posted when the user types a letter that moves nothing, or a slash (then without a letter)."""

        letter: str

    @property
    def found(self) -> tuple[DraftSource, ...]:
        """The patterns in the list."""
        return self._found

    def watch_sources(self) -> None:
        self._list()

    def watch_typed(self) -> None:
        self._list()

    def _list(self) -> None:
        """List what the filter lets through; choose the best match, or the same as before without one."""
        best = best_texts(self.sources, self.typed, lambda source: source.texts)
        order = list(dict.fromkeys(source.group for source in best))
        self._found = tuple(sorted(best, key=lambda source: order.index(source.group)))
        lines: list[int | str] = []
        for group, sources in groupby(enumerate(self._found), key=lambda pair: pair[1].group):
            lines += [group, *(number for number, _ in sources)]
        self._lines = tuple(lines)
        chosen = self._chosen if not self.typed else None
        self.top = 0
        self.cursor = self._found.index(chosen) if chosen in self._found else 0
        self.body_changed()
        self.show_cursor()
        self._post_chosen()

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        if self.top == self.line_of(new) > 0:
            self.top -= 1  # the heading of its group, or the one before
        self._post_chosen()

    def _post_chosen(self) -> None:
        if self._found and self._found[self.cursor] != self._chosen:
            self._chosen = self._found[self.cursor]
            self.post_message(self.Chosen(self._chosen))

    def title(self) -> tuple[str, str]:
        count = len(self._found)
        return self.TITLE, f"{self.cursor + 1} of {count}" if count else ""

    def head(self, width: int) -> Sequence[Strip]:
        if self._found or not self.sources:
            return ()
        return (strip([(" no pattern matches", DIM)], width),)

    def count(self) -> int:
        return len(self._lines)

    def stops(self) -> int:
        return len(self._found)

    def line_of(self, stop: int) -> int:
        # The cursor can have been on a pattern that the filter has just removed.
        return self._lines.index(stop) if stop in self._lines else 0

    def stop_at(self, line: int) -> int | None:
        stop = self._lines[line]
        return stop if isinstance(stop, int) else None

    def draw(self, index: int, width: int) -> Strip:
        stop = self._lines[index]
        if isinstance(stop, str):
            return strip([(f" {stop}" if self.has_fills else stop, DIM)], width)
        is_current, title = stop == self.cursor, self._found[stop].title
        focused = self.has_pseudo_class("focus")
        if self.has_fills:
            part: Part = (f" {title}", STRONG if is_current else PLAIN)
            return cursor_row([part], width, is_current=is_current, focused=focused)
        style = (MARKED if focused else STRONG) if is_current else PLAIN
        return strip([("› " if is_current else "  ", style), (title, style)], width, style)

    def on_key(self, event: events.Key) -> None:
        """Let letters begin the filter."""
        letter = event.character or ""
        if event.key in self.filtering:
            event.stop()
            event.prevent_default()
            self.post_message(self.Typed(""))
            return
        if letter.isprintable() and letter.strip() and event.key not in self.moving:
            event.stop()
            event.prevent_default()
            self.post_message(self.Typed(letter))
