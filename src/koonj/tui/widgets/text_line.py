"""Widgets that are one line high."""

from __future__ import annotations

from typing import cast

from rich.cells import cell_len
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.tui.theme import DIM, PLAIN
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.toolkit.strips import Part, cut, strip, wrap
from koonj.tui.widgets.frame_lines import OPEN, edge, frame_look, title_line, title_parts


class TextLine(Widget):
    """A line of styled text."""

    ALLOW_SELECT = False
    parts: reactive[tuple[Part, ...]] = reactive(())

    def render_line(self, y: int) -> Strip:
        return strip(self.parts, self.size.width).apply_style(self.rich_style)


class TextBlock(Widget):
    """A text in as many lines as it needs, behind a lead that stands in the first one."""

    ALLOW_SELECT = False
    lead: reactive[Part] = reactive(("", PLAIN), layout=True)
    text: reactive[Part] = reactive(("", PLAIN), layout=True)
    most: int = 0
    """Maximum number of lines; 0: no maximum. The last one ends with an ellipsis if more would follow."""

    def _lines(self, width: int) -> list[str]:
        return wrap(self.text[0], width - cell_len(self.lead[0]) - 1, self.most) if self.text[0] else []

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines of the wrapped text."""
        return max(1, len(self._lines(width)))

    def render_line(self, y: int) -> Strip:
        width, (lead, looks) = self.size.width, self.lead
        lines = self._lines(width)
        before = (lead, looks) if y == 0 else (" " * cell_len(lead), PLAIN)
        parts = [before, (lines[y], self.text[1])] if y < len(lines) else []
        return strip(parts, width).apply_style(self.rich_style)


class Heading(Widget):
    """A title of the widgets below it, raised if they have the focus."""

    ALLOW_SELECT = False
    text: reactive[str] = reactive("")
    note: reactive[str] = reactive("")
    """What stands at the right."""
    raised: reactive[bool] = reactive(default=False)

    def render_line(self, y: int) -> Strip:
        if cast("KeyedApp", self.app).has_fills:
            left = title_parts("", self.text, "accent", focused=self.raised)
            note = [(f" {cut(self.note, self.size.width // 2)} ", DIM)] if self.note else ()
            line = edge(left, note, self.size.width, frame_look("accent", focused=self.raised), OPEN)
        else:
            line = title_line(
                self.text, cut(self.note, self.size.width // 2), self.size.width, raised=self.raised
            )
        return line.apply_style(self.rich_style)
