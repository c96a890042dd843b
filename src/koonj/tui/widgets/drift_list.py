"""The objects that a target and its files do not agree on."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.render.drift_lines import SIGNS, DifferenceGroup, side
from koonj.tui.theme import DIM, MARKED, PLAIN, STRONG, WARNING
from koonj.tui.toolkit.strips import Part, fit, strip, wrap
from koonj.tui.widgets.pane import CursorPane

_SIDE, _KIND = 11, 18
"""Cells of the words for who has it, and for what it is, at most."""
_ROOM = 24
"""Cells of a name from which on there is room for who has it."""
_NONE = (
    "No drift: the target's catalog is what its applied files produce, object by object, as pg_dump would "
    "print it."
)


class DriftList(CursorPane):
    """One a line: who has it, its kind, its name. Above it what else one must know."""

    TITLE = "Objects"

    differences: reactive[tuple[DifferenceGroup, ...]] = reactive((), repaint=False)
    notes: reactive[tuple[str, ...]] = reactive((), repaint=False)
    trouble: reactive[str] = reactive("", repaint=False)
    """Why nothing is known."""
    none: reactive[bool] = reactive(default=False, repaint=False)
    """Is it known that there is no drift?"""
    _kind = 0

    class Selected(Message):
        """Another object is under the cursor, or none."""

        def __init__(self, differing: DifferenceGroup | None) -> None:
            super().__init__()
            self.differing = differing

    @property
    def current(self) -> DifferenceGroup | None:
        """The one under the cursor."""
        return self.differences[self.cursor] if self.differences else None

    def watch_differences(self) -> None:
        """Others."""
        self._kind = min(_KIND, max((len(d.whole.kind) for d in self.differences), default=0))
        self.trouble, self.notes, self.none = "", (), False
        self.cursor = self.top = 0
        self.body_changed()
        self.post_message(self.Selected(self.current))

    def watch_cursor(self, old: int, new: int) -> None:
        """The person moved."""
        super().watch_cursor(old, new)
        self.post_message(self.Selected(self.current))

    def watch_notes(self) -> None:
        """Above the list."""
        self.body_changed()

    def watch_trouble(self) -> None:
        """Instead of the list."""
        self.body_changed()

    def watch_none(self) -> None:
        """Instead of the list."""
        self.body_changed()

    def count(self) -> int:
        """Objects."""
        return len(self.differences)

    def title(self) -> tuple[str, str]:
        """Which of how many."""
        return self.TITLE, f"{self.cursor + 1} of {len(self.differences)}" if self.differences else ""

    def head(self, width: int) -> Sequence[Strip]:
        """Why there is nothing, or what one must know of what there is."""
        lines: list[list[Part]] = [[(" " + line, PLAIN)] for line in wrap(self.trouble, width - 2) if line]
        lines += [[(" " + line, PLAIN)] for line in wrap(_NONE, width - 2)] if self.none else []
        for note in self.notes:
            for index, line in enumerate(wrap(note, width - 4)):
                lines.append([(" ! " if not index else "   ", WARNING), (line, PLAIN)])
        return [strip(line, width) for line in lines]

    def draw(self, index: int, width: int) -> Strip:
        """Sign, who has it, kind, name."""
        difference, here = self.differences[index].whole, index == self.cursor
        word = side(difference)
        sign, look = SIGNS[word]
        style, dim = PLAIN, DIM
        if here:
            style = dim = look = MARKED if self.has_pseudo_class("focus") else STRONG
        wide = width - self._kind - _SIDE - 7 >= _ROOM
        parts: list[Part] = [
            ("›" if here else " ", style),
            (f"{sign} {fit(word, _SIDE) + ' ' if wide else ''}", look),
            (fit(difference.kind, self._kind) + " ", dim),
            (difference.identity, style),
        ]
        return strip(parts, width, style if here else Style.null())
