"""Commands about a migration's text: opening an editor, and those of koonj's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from koonj.tui.commands.command import Command, Group
from koonj.tui.private import paint_anew

if TYPE_CHECKING:
    from koonj.tui.screens.editor import Editor
    from koonj.tui.screens.main import Main


class _OfFile(Command):
    group = Group.MIGRATIONS
    footer = "12"

    def why_not(self, screen: Main) -> str | None:
        """There must be a file; and a run must not be left alone with another screen over it."""
        if screen.control.running:
            return "A run is going on; the editor would hide it."
        if screen.selected is None:
            return "No migration is selected."
        if screen.selected.migration is None:
            return f"There is no file {screen.selected.name}; the preview shows what history recorded."
        return None


class Edit(_OfFile):
    """Edit the selected migration here, with its problems marked as you type."""

    key = "i"
    label = "edit"

    def run(self, screen: Main) -> None:
        """Open koonj's editor."""
        screen.over.edit()


class EditExternal(_OfFile):
    """Open the selected migration in $VISUAL or $EDITOR."""

    key = "e"
    label = "$EDITOR"

    def run(self, screen: Main) -> None:
        """Lend the terminal to the editor."""
        screen.over.edit_external()


class _Editing(Command):
    group = Group.EDITOR

    def run(self, screen: Any) -> None:
        """In the editor, which is no main screen."""
        self.edit(screen)

    def edit(self, editor: Editor) -> None:
        """Do it."""
        raise NotImplementedError


class Save(_Editing):
    """Save the file, if nobody else wrote it meanwhile."""

    key = "ctrl+s"
    label = "save"

    def edit(self, editor: Editor) -> None:
        """Ask what has to be asked, and write."""
        editor.save()


class NextProblem(_Editing):
    """To the next problem of the file."""

    key = "f8"
    also = ("ctrl+n",)
    label = "next problem"

    def edit(self, editor: Editor) -> None:
        """From the cursor on."""
        editor.next_problem(1)


class PreviousProblem(_Editing):
    """To the problem before."""

    key = "shift+f8"
    label = "problem before"

    def edit(self, editor: Editor) -> None:
        """From the cursor back."""
        editor.next_problem(-1)


class RepaintEditor(_Editing):
    """Draw the whole screen anew."""

    key = "ctrl+l"
    label = "repaint"

    def edit(self, editor: Editor) -> None:
        """Everything, from a cleared screen."""
        paint_anew(editor.app)


EDITING: tuple[Command, ...] = (Save(), NextProblem(), PreviousProblem(), RepaintEditor())
"""What the editor understands beside what moves and changes its text."""
