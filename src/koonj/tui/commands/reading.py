"""Commands of the preview."""

from __future__ import annotations

from koonj.tui.commands.command import Command, Group, Situation, Verbs


class NextTab(Command[Verbs]):
    """Show the next tab: Body, Rollback, Statements, Changes since it ran, Rehearsal, History."""

    key = "v"
    also = ("right_square_bracket",)
    label = "next tab"
    group = Group.PREVIEW
    footer = "2"

    def run(self, screen: Verbs) -> None:
        """The next one; after the last the first."""
        screen.step_tab(1)


class PreviousTab(Command[Verbs]):
    """Show the tab before."""

    key = "left_square_bracket"
    label = "previous tab"
    group = Group.PREVIEW

    def run(self, screen: Verbs) -> None:
        """The one before; before the first the last."""
        screen.step_tab(-1)


class Format(Command[Verbs]):
    """Show the text as a formatter writes it, and back. The file stays as it is."""

    key = "f"
    label = "format"
    group = Group.PREVIEW
    footer = "2"

    def why_not(self, now: Situation) -> str | None:
        """There must be a text."""
        if not now.tab.is_text:
            return "Only Body and Rollback can be formatted."
        return None if now.has_text else "There is no text to format."

    def run(self, screen: Verbs) -> None:
        """Format in a thread, or show the file's own text again."""
        screen.toggle_format()
