"""The line for a search text in a dialog."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from koonj.tui.theme import STRONG
from koonj.tui.widgets.text_line import TextLine


class SearchRow(Horizontal):
    """A sign and an input line.

    Up, Down, PgUp and PgDn scroll the matches while the user types: an Input passes these keys to the screen.
    """

    def __init__(self, sign: str, placeholder: str) -> None:
        super().__init__()
        self._sign = sign
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        yield TextLine(classes="sign")
        line = Input(placeholder=self._placeholder, compact=True, select_on_focus=False)
        line.cursor_blink = False
        yield line

    def on_mount(self) -> None:
        self.query_one(TextLine).parts = ((f" {self._sign}", STRONG),)

    @property
    def line(self) -> Input:
        """The input line."""
        return self.query_one(Input)
