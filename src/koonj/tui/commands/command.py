"""Base class of commands: one class declares key, footer, help and binding.

The docstring of a command is its help. `why_not` returns the reason if the command is not available now:
koonj then shows it dim, and shows the reason when the user presses its key. `why_not` needs only a
`Situation`, no screen. `run` needs a screen with certain methods (`Verbs`); this module does not import any
screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from textual.app import App
from textual.binding import Binding
from textual.message import Message

from koonj.runner.run.request import Request
from koonj.tui.commands.keymap import Keymap
from koonj.tui.state.run import RunView
from koonj.tui.state.snapshot import Row, Snapshot
from koonj.tui.toolkit.key_names import NO_KEY
from koonj.tui.widgets.pane import Pane
from koonj.tui.widgets.preview import Tab


class Group(StrEnum):
    """Group of a command, in the order of the help."""

    CHANGES = "changes"
    MIGRATIONS = "migrations"
    PREVIEW = "preview"
    TARGETS = "targets"
    RUN = "run"
    EDITOR = "editor"
    MATRIX = "matrix"
    FORM = "form"
    DIALOGS = "dialogs"
    MOVING = "moving"
    KOONJ = "koonj"

    @property
    def heading(self) -> str:
        """The heading of the group in the help. The group of a pane has its number."""
        return _HEADINGS[self]


_HEADINGS = {
    Group.CHANGES: "Apply and roll back",
    Group.MIGRATIONS: "1 Migrations",
    Group.PREVIEW: "2 Preview",
    Group.TARGETS: "3 Targets",
    Group.RUN: "4 Run",
    Group.EDITOR: "Editor",
    Group.MATRIX: "All targets",
    Group.FORM: "New migration",
    Group.DIALOGS: "Dialogs",
    Group.MOVING: "Move",
    Group.KOONJ: "koonj",
}


@dataclass(frozen=True, slots=True)
class Situation:
    """Facts that decide which commands of the main screen are available now."""

    snapshot: Snapshot
    keymap: Keymap = Keymap()  # noqa: RUF009 - a frozen value
    pane: str = "1"
    """Number of the pane with the focus."""
    selected: Row | None = None
    """Selected migration."""
    running: bool = False
    """Whether a run is in progress. Its first event can still be missing."""
    survives: bool = False
    """Whether that run goes on if this process ends or is stopped."""
    run: RunView | None = None
    """State of the current or the last run."""
    rehearsing: str | None = None
    """Name of the migration whose rehearsal the user started."""
    tab: Tab = Tab.BODY
    """Current tab of the preview."""
    has_text: bool = False
    """Whether that tab has a text."""
    nothing_to_copy: str | None = None
    """Why the pane has nothing to copy; None if it has a text."""
    awaits_dialog: bool = False
    """Whether a dialog or another screen is about to open: what it shows is being read."""
    offers_pattern: bool = False
    """Whether the current problem of the selected migration offers a pattern."""
    problems: int | None = None
    """Number of problems of the selected migration; None if its file is not read yet."""
    in_form: bool = False
    """Whether it is about the screen with the form of a new migration."""
    has_colours: bool = True
    """Whether koonj uses colours."""

    @property
    def no_trust(self) -> str | None:
        """Why nothing runs in this folder; None if the user trusts it."""
        if self.snapshot.settings.trust.given:
            return None
        key = self.keymap.current_key("u")
        return f"You do not trust this folder yet, so koonj runs nothing here. To change that, press {key}."


class HasApp(Protocol):
    """A screen with an application."""

    @property
    def app(self) -> App[object]:
        """The application."""


class HasPane(Protocol):
    """A screen with a pane that keys can move."""

    @property
    def pane(self) -> Pane:
        """The pane with the focus."""


class FileVerbs(Protocol):
    """Methods that change the selected file after they have asked."""

    def renumber(self) -> None:
        """Give it the next free number."""

    def rename(self) -> None:
        """Give it another title."""

    def take_settings(self) -> None:
        """Write settings into it with which it waits longer, or tries again."""

    def restore(self) -> None:
        """Give it the text that ran, or its earlier name."""

    def from_edit(self) -> None:
        """Put its changes into a new migration, and restore it."""

    def delete(self) -> None:
        """Delete it, and keep its text."""


class Openers(Protocol):
    """Methods that open another screen over the main screen."""

    @property
    def files(self) -> FileVerbs:
        """The object that changes files."""

    def help(self) -> None:
        """Open the help."""

    def command_palette(self) -> None:
        """Open the command palette."""

    def new_migration(self) -> None:
        """Open the pattern palette for a new migration."""

    def use_pattern(self) -> None:
        """Open the form of the pattern that the current problem offers."""

    def copy(self) -> None:
        """Copy the current item of the pane, and show it."""

    def settle(self) -> None:
        """Show what is known of the selected migration, which was interrupted, and let the user decide."""

    def unblock(self) -> None:
        """Show which sessions are in the way of the run, and let the user end one of them."""

    def drift(self) -> None:
        """Compare the target's schema with its applied migrations."""

    def all_targets(self) -> None:
        """Show the states of all migrations on all targets."""

    def target_history(self) -> None:
        """Show the history of the chosen target."""

    def edit(self) -> None:
        """Open the selected file in koonj's editor."""

    def edit_external(self) -> None:
        """Open the selected file in the user's editor."""

    def trust(self) -> None:
        """Show what koonj would run in this folder, and ask whether the user trusts it."""

    def quit(self) -> None:
        """Quit koonj. During a run, ask first."""


class Verbs(HasApp, HasPane, Protocol):
    """Methods of the main screen that commands use."""

    @property
    def navigator(self) -> Openers:
        """The object that opens other screens over this one."""

    @property
    def selected(self) -> Row | None:
        """The selected migration."""

    def post_message(self, message: Message) -> bool:
        """Post a message to the screen."""

    def start_run(self, request: Request) -> None:
        """Start a run on the chosen target."""

    def cancel(self) -> None:
        """Cancel the current run, or the rehearsal that the user started."""

    def rehearse_selected(self) -> None:
        """Rehearse the selected migration."""

    def rehearse_all(self) -> None:
        """Rehearse all migrations again."""

    def refresh_all(self) -> None:
        """Read the folder and check all targets."""

    def focus_pane(self, number: str) -> None:
        """Focus the pane with that number."""

    def step_pane(self, step: int) -> None:
        """Focus the pane that is `step` panes further."""

    def step_back(self) -> None:
        """Leave zoom, close the run result, clear the filter, or go to the list."""

    def step_tab(self, step: int) -> None:
        """Show the tab that is `step` tabs further."""

    def next_problem(self, step: int) -> None:
        """Go to the next problem (1) or the previous one (-1)."""

    def use_pattern(self) -> None:
        """Open the form of the pattern that the current problem offers."""

    def next_match(self, step: int) -> None:
        """Go to the next match (1) or the previous one (-1)."""

    def next_pending(self, step: int) -> None:
        """Go to the next pending migration (1) or the previous one (-1)."""

    def next_order(self) -> None:
        """Show the list in the next order."""

    def toggle_zoom(self) -> None:
        """Zoom the current pane to the whole screen, or restore the layout."""

    def toggle_wrap(self) -> None:
        """Wrap long lines of the preview, or scroll them sideways."""

    def toggle_format(self) -> None:
        """Show the text formatted, or as written."""

    def search_files(self) -> None:
        """Filter the list by a text in the SQL of the files."""

    def search(self) -> None:
        """Filter the list, or search the text of the current pane."""

    def open_current(self) -> None:
        """Handle Enter in the current pane."""


ScreenT_contra = TypeVar("ScreenT_contra", contravariant=True)


class Command(Generic[ScreenT_contra]):
    """A command of a screen. It uses the screen only through a protocol."""

    key: ClassVar[str] = ""
    """Textual's name of the default key; empty if the command has none."""
    also: ClassVar[tuple[str, ...]] = ()
    """Textual's names of more default keys."""
    label: ClassVar[str]
    """Label for the footer: a verb and its object, 1 to 3 words."""
    group: ClassVar[Group]
    footer: ClassVar[str] = ""
    """Numbers of the panes whose footer shows the command."""
    while_running: ClassVar[bool] = False
    """Whether the footer shows the command during a run."""
    only_available: ClassVar[bool] = False
    """Whether the footer omits the command while it is not available, instead of showing it dim."""

    priority: ClassVar[bool] = False
    """Whether its keys do not go to the widget with the focus, such as the editor's text."""

    in_text: ClassVar[bool] = False
    """Whether its keys work where the user types, so that none of them can be a character."""

    listed: ClassVar[bool] = True
    """Whether the command palette lists it. Commands that only move are not listed."""

    only_own_folder: ClassVar[bool] = False
    """Whether it changes files or a target, and is refused in a folder of another migration tool."""

    only_runnable_folder: ClassVar[bool] = False
    """Whether it runs migrations, and is refused in a folder of a tool whose history koonj cannot keep."""

    def refusal(self, now: Situation) -> str | None:
        """Return why the command is not available now, or in this folder at all; None if it is."""
        folder = now.snapshot.folder
        if folder is not None and self.only_runnable_folder and folder.why_not_run is not None:
            return folder.why_not_run
        if folder is not None and self.only_own_folder and folder.why_read_only is not None:
            return folder.why_read_only
        return self.why_not(now)

    def why_not(self, now: Situation) -> str | None:
        """Return why the command is not available now in a folder of koonj; None if it is."""
        return None

    def label_for(self, now: Situation) -> str:
        """Return the label for the footer of the current pane."""
        return self.label

    def run(self, screen: ScreenT_contra) -> None:
        """Run the command on `screen`."""
        raise NotImplementedError

    @classmethod
    def name(cls) -> str:
        """Return the stable name for bindings and [keys], for example ``apply-next``."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def help(cls) -> str:
        """Return the help: the docstring in one line."""
        return " ".join((cls.__doc__ or "").split())

    @classmethod
    def all_keys(cls) -> tuple[str, ...]:
        """Return all declared keys. `Keymap.keys_of` returns the current ones."""
        return (cls.key, *cls.also) if cls.key else cls.also


def bindings(commands: Iterable[Command[Any]]) -> list[Binding]:
    """Return bindings for a screen with an `action_command(name)` method."""
    return [_binding(command) for command in commands]


def _binding(command: Command[Any]) -> Binding:
    name, keys = command.name(), ",".join(command.all_keys()) or NO_KEY
    action = f"command('{name}')"
    return Binding(
        keys, action, command.label, id=name, tooltip=command.help(), show=False, priority=command.priority
    )


def named(commands: Sequence[Command[ScreenT_contra]], name: str) -> Command[ScreenT_contra]:
    """Return the command with that name.

    Raises:
        StopIteration: no command has that name.
    """
    return next(c for c in commands if c.name() == name)
