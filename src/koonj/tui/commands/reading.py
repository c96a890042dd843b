"""Commands of the preview."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koonj.tui.commands.command import Command, Group

if TYPE_CHECKING:
    from koonj.tui.screens.main import Main


class NextTab(Command):
    """Show the next tab: Body, Rollback, Statements, Changes since it ran, Rehearsal, History."""

    key = "v"
    also = ("right_square_bracket",)
    label = "next tab"
    group = Group.PREVIEW
    footer = "2"

    def run(self, screen: Main) -> None:
        """The next one; after the last the first."""
        screen.preview.tab = screen.preview.tab.beside(1)


class PreviousTab(Command):
    """Show the tab before."""

    key = "left_square_bracket"
    label = "previous tab"
    group = Group.PREVIEW

    def run(self, screen: Main) -> None:
        """The one before; before the first the last."""
        screen.preview.tab = screen.preview.tab.beside(-1)


class Format(Command):
    """Show the text as a formatter writes it, and back. The file stays as it is."""

    key = "f"
    label = "format"
    group = Group.PREVIEW
    footer = "2"

    def why_not(self, screen: Main) -> str | None:
        """There must be a text."""
        if not screen.preview.tab.is_text:
            return "Only Body and Rollback can be formatted."
        return None if screen.preview.shown else "There is no text to format."

    def run(self, screen: Main) -> None:
        """Format in a thread, or show the file's own text again."""
        screen.shown.toggle_format()
