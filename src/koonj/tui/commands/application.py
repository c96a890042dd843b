"""Commands of the whole application: panes, help, palette, theme, suspend, quit."""

from __future__ import annotations

import os

from koonj.config.screen import own_file, shown_path
from koonj.tui.commands.command import Command, Group, HasApp, Situation, Verbs
from koonj.tui.state.messages import StatusMessage
from koonj.tui.theme import next_theme
from koonj.tui.toolkit.textual_private import repaint


class NextPane(Command[Verbs]):
    """Go to the next pane."""

    key = "tab"
    label = "next pane"
    group = Group.MOVING
    listed = False

    def run(self, screen: Verbs) -> None:
        """Focus the next pane; wrap around at the end."""
        screen.step_pane(1)


class PreviousPane(Command[Verbs]):
    """Go to the previous pane."""

    key = "shift+tab"
    label = "previous pane"
    group = Group.MOVING
    listed = False

    def run(self, screen: Verbs) -> None:
        """Focus the previous pane; wrap around at the start."""
        screen.step_pane(-1)


class _Jump(Command[Verbs]):
    label = "go to pane"
    group = Group.MOVING

    def run(self, screen: Verbs) -> None:
        screen.focus_pane(self.key)  # The number of a pane is fixed, even if [keys] adds other keys.


class PaneMigrations(_Jump):
    """Go to the migrations."""

    key = "1"


class PanePreview(_Jump):
    """Go to the preview."""

    key = "2"


class PaneTargets(_Jump):
    """Go to the targets."""

    key = "3"


class PaneRun(_Jump):
    """Go to the run."""

    key = "4"


class Back(Command[Verbs]):
    """Go back: leave zoom, close the run result, clear the filter, or go to the list.

    Never quits koonj.
    """

    key = "escape"
    label = "go back"
    group = Group.KOONJ

    def run(self, screen: Verbs) -> None:
        screen.step_back()


class Help(Command[Verbs]):
    """Show all keys, those of the current pane first."""

    key = "question_mark"
    also = ("f1",)
    label = "help"
    group = Group.KOONJ
    footer = "1234"
    while_running = True

    def run(self, screen: Verbs) -> None:
        screen.navigator.help()


class CommandPalette(Command[Verbs]):
    """Find a command by its name and run it."""

    key = "colon"
    also = ("ctrl+p",)
    label = "run command"
    group = Group.KOONJ
    footer = "1234"
    while_running = True
    listed = False

    def run(self, screen: Verbs) -> None:
        screen.navigator.command_palette()


class Repaint(Command[HasApp]):
    """Redraw the whole screen."""

    key = "ctrl+l"
    label = "redraw screen"
    group = Group.KOONJ

    def run(self, screen: HasApp) -> None:
        """Clear the screen and redraw it, for example after another program wrote to it."""
        repaint(screen.app)


class Theme(Command[Verbs]):
    """Switch to the next theme (terminal, dark, light) for this session.

    To keep one, set [screen] theme.
    """

    label = "switch theme"
    group = Group.KOONJ

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if colours are off: all themes look the same then."""
        return "NO_COLOR is set, so koonj uses no colours." if not now.has_colours else None

    def run(self, screen: Verbs) -> None:
        """Switch the theme and show how to keep it."""
        screen.app.theme = name = next_theme(screen.app.theme)
        screen.post_message(StatusMessage(f"Theme {name}. {_LOOKS.get(name) or _keep(name)}"))


_LOOKS = {"terminal": "It uses the terminal's own colours."}


def _keep(name: str) -> str:
    path = own_file(os.environ)
    return f'To keep it: [screen] theme = "{name}" in {path and shown_path(path, os.environ)}'


class Suspend(Command[Verbs]):
    """Suspend koonj. Type fg in the shell to resume."""

    key = "ctrl+z"
    label = "suspend koonj"
    group = Group.KOONJ

    def why_not(self, now: Situation) -> str | None:
        """Return a reason during a run of this process: a stopped process keeps its transaction open."""
        if now.running and not now.survives:
            return "A run is in progress. A suspended koonj would keep its locks."
        return None

    def run(self, screen: Verbs) -> None:
        screen.app.action_suspend_process()


class Quit(Command[Verbs]):
    """Quit koonj. During a run, ask whether to leave it running or to cancel it."""

    key = "q"
    also = ("ctrl+q",)
    label = "quit"
    group = Group.KOONJ
    footer = "1234"
    while_running = True

    def run(self, screen: Verbs) -> None:
        screen.navigator.quit()


QUIT, HELP = Quit(), Help()
