"""The box of a dialog: in themes with fills, the question stands in its border."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual.containers import Vertical
from textual.strip import Strip

from koonj.tui.theme import DIM
from koonj.tui.theme.fills import filled, inked
from koonj.tui.toolkit.textual_private import draw_own_frame
from koonj.tui.widgets.frame_lines import BOTTOM, HEAVY_BOTTOM, HEAVY_TOP, TOP, edge


class DialogBox(Vertical):
    """A box with a border. That of a dialog about a protected target is heavy and red."""

    def __init__(self, title: Callable[[], tuple[str, str]]) -> None:
        """`title`: the question, and the visible lines."""
        super().__init__(id="box")
        self._title = title
        self.danger = False

    def draw_frame(self) -> None:
        """Draw the border with the title, instead of Textual's."""
        draw_own_frame(self, self)

    @property
    def _tone(self) -> str:
        return "error" if self.danger else "accent"

    @property
    def _look(self) -> Style:
        return self.rich_style + inked(self._tone)

    def frame_edge(self, width: int, *, is_top: bool) -> Strip:
        """Return the upper border with the title, or the lower one."""
        heading, place = self._title()
        left = [(f" {heading} ", filled(self._tone))] if is_top and heading else []
        right = [(f" {place} ", DIM)] if is_top and place else []
        light, heavy = (TOP, HEAVY_TOP) if is_top else (BOTTOM, HEAVY_BOTTOM)
        line = edge(left, right, width, inked(self._tone), heavy if self.danger else light)
        return line.apply_style(self.rich_style)

    def frame_side(self) -> Segment:
        """Return the border at the left and at the right."""
        return Segment("┃" if self.danger else "│", self._look)
