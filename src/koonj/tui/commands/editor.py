"""Commands about a migration's text: opening an editor, and those of koonj's own."""

from __future__ import annotations

from typing import Protocol

from koonj.tui.commands.command import Command, Group, HasApp, Situation, Verbs
from koonj.tui.toolkit.textual_private import paint_anew


class _OfFile(Command[Verbs]):
    group = Group.MIGRATIONS
    footer = "12"

    def why_not(self, now: Situation) -> str | None:
        """There must be a file; and a run must not be left alone with another screen over it."""
        if now.running:
            return "A run is going on; the editor would hide it."
        if now.selected is None:
            return "No migration is selected."
        if now.selected.migration is None:
            return f"There is no file {now.selected.name}; the preview shows what history recorded."
        return None


class Edit(_OfFile):
    """Edit the selected migration here, with its problems marked as you type."""

    key = "i"
    label = "edit"

    def run(self, screen: Verbs) -> None:
        """Open koonj's editor."""
        screen.over.edit()


class EditExternal(_OfFile):
    """Open the selected migration in $VISUAL or $EDITOR."""

    key = "e"
    label = "$EDITOR"

    def run(self, screen: Verbs) -> None:
        """Lend the terminal to the editor."""
        screen.over.edit_external()


class EditorVerbs(HasApp, Protocol):
    """What a command may ask of koonj's editor."""

    def save(self) -> None:
        """Write the file, after the questions that this raises."""

    def next_problem(self, step: int) -> None:
        """Put the cursor on a problem after or before."""


class _Editing(Command[EditorVerbs]):
    group = Group.EDITOR


class Save(_Editing):
    """Save the file, if nobody else wrote it meanwhile."""

    key = "ctrl+s"
    label = "save"

    def run(self, screen: EditorVerbs) -> None:
        """Ask what has to be asked, and write."""
        screen.save()


class NextProblem(_Editing):
    """To the next problem of the file."""

    key = "f8"
    also = ("ctrl+n",)
    label = "next problem"

    def run(self, screen: EditorVerbs) -> None:
        """From the cursor on."""
        screen.next_problem(1)


class PreviousProblem(_Editing):
    """To the problem before."""

    key = "shift+f8"
    label = "problem before"

    def run(self, screen: EditorVerbs) -> None:
        """From the cursor back."""
        screen.next_problem(-1)


class RepaintEditor(_Editing):
    """Draw the whole screen anew."""

    key = "ctrl+l"
    label = "repaint"

    def run(self, screen: EditorVerbs) -> None:
        """Everything, from a cleared screen."""
        paint_anew(screen.app)


EDITING: tuple[Command[EditorVerbs], ...] = (Save(), NextProblem(), PreviousProblem(), RepaintEditor())
"""What the editor understands beside what moves and changes its text."""
