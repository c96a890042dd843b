"""A sign, and what is typed after it to find something in a dialog."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from koonj.tui.theme import STRONG
from koonj.tui.widgets.text_line import TextLine


class SearchRow(Horizontal):
    """One line. Up, down and the pages move what is found meanwhile: an Input leaves them to the screen."""

    def __init__(self, sign: str, placeholder: str) -> None:
        super().__init__()
        self._sign = sign
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        """Both."""
        yield TextLine(classes="sign")
        line = Input(placeholder=self._placeholder, compact=True, select_on_focus=False)
        line.cursor_blink = False
        yield line

    def on_mount(self) -> None:
        """Show the sign."""
        self.query_one(TextLine).parts = ((f" {self._sign}", STRONG),)

    @property
    def line(self) -> Input:
        """Where it is typed."""
        return self.query_one(Input)
