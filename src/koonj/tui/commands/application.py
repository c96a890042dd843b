"""Commands of the whole screen."""

from __future__ import annotations

import os

from koonj.config.screen import own_file, shown_path
from koonj.tui.commands.command import Command, Group, HasApp, Situation, Verbs
from koonj.tui.state.messages import StatusMessage
from koonj.tui.theme import after
from koonj.tui.toolkit.textual_private import paint_anew


class NextPane(Command[Verbs]):
    """To the next pane."""

    key = "tab"
    label = "next pane"
    group = Group.MOVING
    listed = False

    def run(self, screen: Verbs) -> None:
        """Round and round."""
        screen.step_pane(1)


class PreviousPane(Command[Verbs]):
    """To the pane before."""

    key = "shift+tab"
    label = "pane before"
    group = Group.MOVING
    listed = False

    def run(self, screen: Verbs) -> None:
        """Round and round."""
        screen.step_pane(-1)


class _Jump(Command[Verbs]):
    label = "pane"
    group = Group.MOVING

    def run(self, screen: Verbs) -> None:
        """Focus it."""
        screen.focus_pane(self.key)  # a pane keeps its number, whatever else leads to it


class PaneMigrations(_Jump):
    """To the migrations."""

    key = "1"


class PanePreview(_Jump):
    """To the preview."""

    key = "2"


class PaneTargets(_Jump):
    """To the targets."""

    key = "3"


class PaneRun(_Jump):
    """To the run."""

    key = "4"


class Back(Command[Verbs]):
    """One step back: end the zoom, dismiss the run, clear the filter, go to the list. It never quits."""

    key = "escape"
    label = "back"
    group = Group.KOONJ

    def run(self, screen: Verbs) -> None:
        """The nearest thing first."""
        screen.step_back()


class Help(Command[Verbs]):
    """All keys, those of the current pane first."""

    key = "question_mark"
    also = ("f1",)
    label = "help"
    group = Group.KOONJ
    footer = "1234"
    while_running = True

    def run(self, screen: Verbs) -> None:
        """Open the help."""
        screen.over.help()


class CommandPalette(Command[Verbs]):
    """All commands by name; type to find one, Enter runs it."""

    key = "colon"
    also = ("ctrl+p",)
    label = "commands"
    group = Group.KOONJ
    footer = "1234"
    while_running = True
    listed = False

    def run(self, screen: Verbs) -> None:
        """Open it."""
        screen.over.commands()


class Repaint(Command[HasApp]):
    """Draw the whole screen anew."""

    key = "ctrl+l"
    label = "repaint"
    group = Group.KOONJ

    def run(self, screen: HasApp) -> None:
        """Everything, from a cleared screen: another program may have written over it."""
        paint_anew(screen.app)


class Theme(Command[Verbs]):
    """The next theme: the terminal's own colours, dark, light. For this session; [screen] keeps one."""

    label = "theme"
    group = Group.KOONJ

    def why_not(self, now: Situation) -> str | None:
        """Where there are to be no colours, all themes are one."""
        return "NO_COLOR is set, so there are no colours to choose." if not now.has_colours else None

    def run(self, screen: Verbs) -> None:
        """Switch, and say how to keep it."""
        screen.app.theme = name = after(screen.app.theme)
        screen.post_message(StatusMessage(f"Theme {name}: {_LOOKS.get(name) or _keep(name)}"))


_LOOKS = {"terminal": "the terminal's own colours."}


def _keep(name: str) -> str:
    path = own_file(os.environ)
    return f'[screen] theme = "{name}" in {path and shown_path(path, os.environ)} keeps it.'


class Suspend(Command[Verbs]):
    """Put koonj in the background; fg brings it back."""

    key = "ctrl+z"
    label = "suspend"
    group = Group.KOONJ

    def why_not(self, now: Situation) -> str | None:
        """A stopped process would keep a transaction and its locks open."""
        return "A run is going on; a stopped koonj would keep its locks." if now.running else None

    def run(self, screen: Verbs) -> None:
        """Stop the process."""
        screen.app.action_suspend_process()


class Quit(Command[Verbs]):
    """Quit koonj. While a run goes on it asks: wait, or cancel."""

    key = "q"
    also = ("ctrl+q",)
    label = "quit"
    group = Group.KOONJ
    footer = "1234"
    while_running = True

    def run(self, screen: Verbs) -> None:
        """Now, or after the person decided about the run."""
        screen.over.quit()
