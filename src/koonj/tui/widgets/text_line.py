"""Widgets that are one line high."""

from __future__ import annotations

from typing import cast

from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.toolkit.strips import Part, strip
from koonj.tui.widgets.frame_lines import OPEN, edge, frame_look, title_line, title_parts


class TextLine(Widget):
    """A line of styled text."""

    ALLOW_SELECT = False
    parts: reactive[tuple[Part, ...]] = reactive(())

    def render_line(self, y: int) -> Strip:
        return strip(self.parts, self.size.width).apply_style(self.rich_style)


class Heading(Widget):
    """A title of the widgets below it, raised if they have the focus."""

    ALLOW_SELECT = False
    text: reactive[str] = reactive("")
    raised: reactive[bool] = reactive(default=False)

    def render_line(self, y: int) -> Strip:
        if cast("KeyedApp", self.app).has_fills:
            left = title_parts("", self.text, "accent", focused=self.raised)
            line = edge(left, (), self.size.width, frame_look("accent", focused=self.raised), OPEN)
        else:
            line = title_line(self.text, "", self.size.width, raised=self.raised)
        return line.apply_style(self.rich_style)
