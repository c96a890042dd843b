"""Widgets of one line."""

from __future__ import annotations

from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.tui.toolkit.strips import Part, strip
from koonj.tui.widgets.pane import title_line


class TextLine(Widget):
    """One line of text that is drawn as it is."""

    ALLOW_SELECT = False
    parts: reactive[tuple[Part, ...]] = reactive(())

    def render_line(self, y: int) -> Strip:
        """The line."""
        return strip(self.parts, self.size.width).apply_style(self.rich_style)


class Heading(Widget):
    """A title for what stands beneath, raised where the keys are."""

    ALLOW_SELECT = False
    text: reactive[str] = reactive("")
    raised: reactive[bool] = reactive(default=False)

    def render_line(self, y: int) -> Strip:
        """The title."""
        line = title_line(self.text, "", self.size.width, raised=self.raised)
        return line.apply_style(self.rich_style)
