"""The list of objects that differ between a target and its applied migrations."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from koonj.sql.display import visible
from koonj.tui.render.drift_lines import SIGNS, DifferenceGroup, side
from koonj.tui.theme import DIM, MARKED, PLAIN, STRONG, WARNING
from koonj.tui.toolkit.strips import Part, fit, strip, wrap
from koonj.tui.widgets.cursor_pane import CursorPane
from koonj.tui.widgets.cursor_row import cursor_row

_SIDE, _KIND = 11, 18
"""Maximum cells of the side and of the kind."""
_WIDE_NAME = 24
"""Minimum cells of the name if the side is shown as a word."""
_NO_DRIFT = (
    "No drift: the target's schema matches its applied migrations. koonj compared every object as pg_dump "
    "would print it."
)


class DriftList(CursorPane):
    """Objects, one per line: side, kind and name, below the notes of the comparison."""

    TITLE = "Objects"

    differences: reactive[tuple[DifferenceGroup, ...]] = reactive((), repaint=False)
    notes: reactive[tuple[str, ...]] = reactive((), repaint=False)
    error: reactive[str] = reactive("", repaint=False)
    """Why the comparison failed; empty if it did not."""
    no_drift: reactive[bool] = reactive(default=False, repaint=False)
    """Whether the comparison found no drift."""
    _kind = 0

    class Selected(Message):
        """Posted when the cursor moves to another object, or to none."""

        def __init__(self, differing: DifferenceGroup | None) -> None:
            super().__init__()
            self.differing = differing

    @property
    def current(self) -> DifferenceGroup | None:
        """The object at the cursor; None if the list is empty."""
        return self.differences[self.cursor] if self.differences else None

    def watch_differences(self) -> None:
        self._kind = min(_KIND, max((len(d.whole.kind) for d in self.differences), default=0))
        self.error, self.notes, self.no_drift = "", (), False
        self.cursor = self.top = 0
        self.body_changed()
        self.post_message(self.Selected(self.current))

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        self.post_message(self.Selected(self.current))

    def watch_notes(self) -> None:
        self.body_changed()

    def watch_error(self) -> None:
        self.body_changed()

    def watch_no_drift(self) -> None:
        self.body_changed()

    def count(self) -> int:
        return len(self.differences)

    def title(self) -> tuple[str, str]:
        return self.TITLE, f"{self.cursor + 1} of {len(self.differences)}" if self.differences else ""

    def head(self, width: int) -> Sequence[Strip]:
        """Return the error, the sentence that there is no drift, and the notes."""
        lines: list[list[Part]] = [[(" " + line, PLAIN)] for line in wrap(self.error, width - 2) if line]
        lines += [[(" " + line, PLAIN)] for line in wrap(_NO_DRIFT, width - 2)] if self.no_drift else []
        for note in self.notes:
            for index, line in enumerate(wrap(note, width - 4)):
                lines.append([(" ! " if not index else "   ", WARNING), (line, PLAIN)])
        return [strip(line, width) for line in lines]

    def search_text(self, index: int) -> str:
        return visible("".join(text for text, _ in self._parts(index, self.size.width)))

    def draw(self, index: int, width: int) -> Strip:
        is_current = index == self.cursor
        if self.has_fills:
            focused = self.has_pseudo_class("focus")
            return cursor_row(self._parts(index, width)[1:], width, is_current=is_current, focused=focused)
        style = (MARKED if self.has_pseudo_class("focus") else STRONG) if is_current else PLAIN
        return strip(self._parts(index, width), width, style if is_current else Style.null())

    def _parts(self, index: int, width: int) -> list[Part]:
        difference, is_current = self.differences[index].whole, index == self.cursor
        word = side(difference)
        sign, look = SIGNS[word]
        style, dim = PLAIN, DIM
        if is_current and self.has_fills:
            style = STRONG
        elif is_current:
            style = dim = look = MARKED if self.has_pseudo_class("focus") else STRONG
        wide = width - self._kind - _SIDE - 7 >= _WIDE_NAME
        return [
            ("›" if is_current else " ", style),
            (f"{sign} {fit(word, _SIDE) + ' ' if wide else ''}", look),
            (fit(difference.kind, self._kind) + " ", dim),
            (difference.identity, style),
        ]
