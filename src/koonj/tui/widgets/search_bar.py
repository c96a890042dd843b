"""The line for a search in a pane, at the place of the keys."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Input

from koonj.tui.theme import DIM, STRONG
from koonj.tui.widgets.search_input import SearchRow
from koonj.tui.widgets.text_line import TextLine


class SearchBar(SearchRow):
    """The search text, and the number of the current match and of all.

    Enter keeps the search, Esc ends it, Up and Down go to the previous and the next match.
    """

    class Typed(Message):
        """Posted when the text changes."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Kept(Message):
        """Posted when the user presses Enter."""

    class Ended(Message):
        """Posted when the user presses Esc."""

    class Stepped(Message):
        """Posted when the user presses Up (-1) or Down (1)."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class NumberTyped(Message):
        """Posted when the user has typed the number of a line, and presses Enter."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, placeholder: str = "") -> None:
        """`placeholder`: what can be typed; by default that of a text search."""
        super().__init__("/", placeholder or _TEXT)
        self._asks_number = False

    @property
    def is_open(self) -> bool:
        """Whether the line is visible."""
        return bool(self.display)

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield TextLine(classes="count")

    def on_mount(self) -> None:
        super().on_mount()
        self.display = False

    def ask_number(self) -> None:
        """Show the line for the number of a line."""
        self.open("")
        self._asks_number = True
        self.line.placeholder = "number of a line"
        self.query_one(".sign", TextLine).parts = ((" :", STRONG),)
        self.query_one(".count", TextLine).parts = (
            ("".rjust(_COUNT), STRONG),
            ("  Enter go to  Esc end ", DIM),
        )

    def open(self, text: str) -> None:
        """Show the line with a text, and focus it."""
        self._asks_number = False
        self.line.placeholder = self._placeholder
        self.query_one(".sign", TextLine).parts = ((" /", STRONG),)
        self.display = True
        self.line.value = text
        self.line.cursor_position = len(text)
        self.line.focus()

    def close(self) -> None:
        """Hide the line."""
        self.display = False

    def show_count(self, count: str) -> None:
        """Show the number of the current match and of all."""
        count = count.rjust(_COUNT)
        self.query_one(".count", TextLine).parts = ((count, STRONG), ("  Enter keep  Esc end ", DIM))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open and not self._asks_number:
            self.post_message(self.Typed(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Kept())
        if self._asks_number and event.value.strip().isdecimal():
            self.post_message(self.NumberTyped(int(event.value)))

    def on_key(self, event: events.Key) -> None:
        steps = {"up": -1, "down": 1}
        if event.key == "escape":
            event.stop()
            self.post_message(self.Kept() if self._asks_number else self.Ended())
        elif event.key in steps:
            event.stop()
            self.post_message(self.Stepped(steps[event.key]))


_TEXT = "text; small letters match capitals too"
_COUNT = 16
"""Cells of the count."""
