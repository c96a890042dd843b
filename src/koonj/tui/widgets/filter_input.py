"""The line in which the filter is typed."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from koonj.tui.theme import STRONG
from koonj.tui.widgets.text_line import TextLine


class FilterRow(Horizontal):
    """A slash, and what is typed after it."""

    def compose(self) -> ComposeResult:
        """Both."""
        yield TextLine(id="slash")
        yield FilterLine()

    def on_mount(self) -> None:
        """Unseen until it is asked for."""
        self.query_one(TextLine).parts = ((" /", STRONG),)
        self.display = False


class FilterLine(Input):
    """Filters as the person types. Enter keeps, Esc clears, up and down move in the list meanwhile."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "clear", show=False),
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
    ]

    class Kept(Message):
        """Enter."""

    class Cleared(Message):
        """Esc."""

    class Moved(Message):
        """Up or down."""

        def __init__(self, lines: int) -> None:
            super().__init__()
            self.lines = lines

    def __init__(self) -> None:
        super().__init__(
            placeholder="number, name, state or verdict", compact=True, select_on_focus=False, id="filter"
        )
        self.cursor_blink = False

    async def action_submit(self) -> None:
        """Enter: keep the filter."""
        self.post_message(self.Kept())

    def action_clear(self) -> None:
        """Esc: no filter."""
        self.value = ""
        self.post_message(self.Cleared())

    def action_move(self, lines: int) -> None:
        """Move in the list without leaving this line."""
        self.post_message(self.Moved(lines))
