"""The last line of the pattern palette: a button that writes the files."""

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
    """Button that names the files it will write."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "press", "write", show=False)]

    files: reactive[tuple[str, ...]] = reactive(())
    """Names of the files; empty while required fields are missing."""

    class Pressed(Message):
        """Posted when the user presses the button."""

    def action_press(self) -> None:
        """Press the button."""
        self.post_message(self.Pressed())

    def on_click(self) -> None:
        self.post_message(self.Pressed())

    def render_line(self, y: int) -> Strip:
        text = (
            f"[ Write {', '.join(self.files)} ]" if self.files else "[ Write: fill in the required fields ]"
        )
        style = RAISED if self.has_pseudo_class("focus") else STRONG if self.files else DIM
        return strip([(" ", DIM), (text, style)], self.size.width).apply_style(self.rich_style)
