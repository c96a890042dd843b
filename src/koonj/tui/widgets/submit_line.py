"""The palette's last line: Enter on it writes the files."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.tui.theme import DIM, RAISED, STRONG
from koonj.tui.toolkit.strips import strip


class WriteLine(Widget, can_focus=True):
    """Names the files that would be written."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "press", "write", show=False)]

    files: reactive[tuple[str, ...]] = reactive(())
    """Empty: something is missing."""

    class Pressed(Message):
        """Write."""

    def action_press(self) -> None:
        """Enter."""
        self.post_message(self.Pressed())

    def on_click(self) -> None:
        """The same with the mouse."""
        self.post_message(self.Pressed())

    def render_line(self, y: int) -> Strip:
        """A button in words."""
        text = f"[ Write {', '.join(self.files)} ]" if self.files else "[ Write: fill in what is missing ]"
        style = RAISED if self.has_pseudo_class("focus") else STRONG if self.files else DIM
        return strip([(" ", DIM), (text, style)], self.size.width).apply_style(self.rich_style)
