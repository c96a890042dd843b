"""Commands that open an editor, and the commands of koonj's own editor."""

from __future__ import annotations

from typing import Protocol

from koonj.tui.commands.command import Command, Group, HasApp, Situation, Verbs
from koonj.tui.toolkit.textual_private import repaint


class _OfFile(Command[Verbs]):
    group = Group.MIGRATIONS
    footer = "12"

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if there is no file, or a run is in progress."""
        if now.running:
            return "A run is in progress. The editor would hide it."
        if now.selected is None:
            return "No migration is selected."
        if now.selected.migration is None:
            return f"The file {now.selected.name} is missing. The preview shows the text from koonj.history."
        return None


class Edit(_OfFile):
    """Edit the selected migration in koonj, with its problems marked as you type."""

    key = "i"
    label = "edit"

    def run(self, screen: Verbs) -> None:
        screen.navigator.edit()


class EditExternal(_OfFile):
    """Open the selected migration in $VISUAL or $EDITOR."""

    key = "e"
    label = "$EDITOR"

    def run(self, screen: Verbs) -> None:
        screen.navigator.edit_external()


class EditorVerbs(HasApp, Protocol):
    """Methods of koonj's editor that commands use."""

    def save(self) -> None:
        """Save the file; ask first if that is necessary."""

    def next_problem(self, step: int) -> None:
        """Move the cursor to the next problem (1) or the previous one (-1)."""


class _Editing(Command[EditorVerbs]):
    group = Group.EDITOR


class Save(_Editing):
    """Save the file. Asks first if another program changed it."""

    key = "ctrl+s"
    label = "save"

    def run(self, screen: EditorVerbs) -> None:
        screen.save()


class NextProblem(_Editing):
    """Go to the next problem of the file."""

    key = "f8"
    also = ("ctrl+n",)
    label = "next problem"

    def run(self, screen: EditorVerbs) -> None:
        screen.next_problem(1)


class PreviousProblem(_Editing):
    """Go to the previous problem of the file."""

    key = "shift+f8"
    label = "previous problem"

    def run(self, screen: EditorVerbs) -> None:
        screen.next_problem(-1)


class RepaintEditor(_Editing):
    """Redraw the whole screen."""

    key = "ctrl+l"
    label = "redraw screen"

    def run(self, screen: EditorVerbs) -> None:
        repaint(screen.app)


EDITING: tuple[Command[EditorVerbs], ...] = (Save(), NextProblem(), PreviousProblem(), RepaintEditor())
"""Commands of the editor, in addition to the keys that move the cursor and change the text."""
