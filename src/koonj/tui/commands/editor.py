"""Commands that open an editor, and the commands of koonj's own editor."""

from __future__ import annotations

from typing import Protocol

from koonj.tui.commands.command import Command, Group, HasApp, Situation, Verbs
from koonj.tui.commands.places import PROBLEMS, USE_PATTERN, HasOffers, HasProblems
from koonj.tui.commands.search import MATCHES, HasSearch
from koonj.tui.toolkit.textual_private import repaint


class _OfFile(Command[Verbs]):
    group = Group.MIGRATIONS
    footer = "12"
    only_own_folder = True

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


class EditorVerbs(HasApp, HasProblems, HasOffers, HasSearch, Protocol):
    """Methods of koonj's editor that commands use."""

    def save(self) -> None:
        """Save the file; ask first if that is necessary."""

    def list_problems(self) -> None:
        """Focus the list of problems."""

    def find(self) -> None:
        """Open the line for a search."""

    def go_to_line(self) -> None:
        """Open the line for the number of a line."""

    def toggle_wrap(self) -> None:
        """Wrap long lines, or scroll them sideways."""

    def next_file(self, step: int) -> None:
        """Go to the next file (1) or the previous one (-1) of the form."""


class _Editing(Command[EditorVerbs]):
    group = Group.EDITOR


class Save(_Editing):
    """Save the file. Asks first if another program changed it.

    A file of a form that is not written yet goes back into the form; nothing is on disk then.
    """

    key = "ctrl+s"
    label = "save"

    def run(self, screen: EditorVerbs) -> None:
        screen.save()


class Find(_Editing):
    """Search the text of the file. Enter keeps the search, Esc ends it."""

    key = "ctrl+f"
    label = "find"
    priority = True

    def run(self, screen: EditorVerbs) -> None:
        screen.find()


class GoToLine(_Editing):
    """Go to a line of the file by its number."""

    key = "ctrl+g"
    label = "go to line"
    priority = True

    def run(self, screen: EditorVerbs) -> None:
        screen.go_to_line()


class ListProblems(_Editing):
    """Go to the list of problems. Up and Down select one, Enter goes to its place in the text."""

    key = "f4"
    label = "list problems"

    def run(self, screen: EditorVerbs) -> None:
        screen.list_problems()


class WrapText(_Editing):
    """Wrap long lines of the text, or scroll them sideways. The file stays as it is."""

    key = "f9"
    label = "wrap"

    def run(self, screen: EditorVerbs) -> None:
        screen.toggle_wrap()


class NextFile(_Editing):
    """Go to the next file of a form whose files are not written yet."""

    key = "f5"
    label = "next file"

    def run(self, screen: EditorVerbs) -> None:
        screen.next_file(1)


class PreviousFile(_Editing):
    """Go to the previous file of a form."""

    key = "shift+f5"
    also = ("f17",)  # The Linux console sends F17 for it.
    label = "previous file"

    def run(self, screen: EditorVerbs) -> None:
        screen.next_file(-1)


class RepaintEditor(_Editing):
    """Redraw the whole screen."""

    key = "ctrl+l"
    label = "redraw screen"

    def run(self, screen: EditorVerbs) -> None:
        repaint(screen.app)


EDITING: tuple[Command[EditorVerbs], ...] = (
    Save(),
    Find(),
    GoToLine(),
    *MATCHES,
    *PROBLEMS,
    ListProblems(),
    USE_PATTERN,
    WrapText(),
    NextFile(),
    PreviousFile(),
    RepaintEditor(),
)
"""Commands of the editor, in addition to the keys that move the cursor and change the text."""
