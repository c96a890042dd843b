"""The input line of the filter of the migration list."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from koonj.tui.theme import STRONG
from koonj.tui.widgets.text_line import TextLine

SQL = "sql:"
"""Start of a filter that searches the SQL of the files."""


class FilterRow(Horizontal):
    """A slash and the input line."""

    def compose(self) -> ComposeResult:
        yield TextLine(id="slash")
        yield FilterLine()

    def on_mount(self) -> None:
        self.query_one(TextLine).parts = ((" /", STRONG),)
        self.display = False


class FilterLine(Input):
    """The filter, applied as the user types.

    Enter keeps it, Esc clears it, Up and Down move in the list.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "clear", show=False),
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
    ]

    class Kept(Message):
        """Posted when the user presses Enter."""

    class Cleared(Message):
        """Posted when the user presses Esc."""

    class Moved(Message):
        """Posted when the user presses Up or Down."""

        def __init__(self, lines: int) -> None:
            super().__init__()
            self.lines = lines

    def __init__(self) -> None:
        super().__init__(
            placeholder=f"number, name, state or verdict, or {SQL}TEXT",
            compact=True,
            select_on_focus=False,
            id="filter",
        )
        self.cursor_blink = False

    async def action_submit(self) -> None:
        self.post_message(self.Kept())

    def action_clear(self) -> None:
        """Clear the filter."""
        self.value = ""
        self.post_message(self.Cleared())

    def action_move(self, lines: int) -> None:
        """Move the cursor of the list by `lines`; the focus stays here."""
        self.post_message(self.Moved(lines))


def sql_text(typed: str) -> str:
    """Return the text that a filter searches for in the SQL; empty if it is another filter."""
    return typed.removeprefix(SQL).strip() if typed.startswith(SQL) else ""
