"""Commands: one class each. Key, footer, help and bindings all come from that one declaration.

A command's docstring is its help. `why_not` says why it cannot be used now: it is then dim, and pressing its
key shows the reason. It is asked with a `Situation`, so it needs no screen; `run` needs verbs, and the screen
that has them is not known here.
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
    """Where a command belongs, in the order of the help."""

    CHANGES = "changes"
    MIGRATIONS = "migrations"
    PREVIEW = "preview"
    TARGETS = "targets"
    RUN = "run"
    EDITOR = "editor"
    MOVING = "moving"
    KOONJ = "koonj"

    @property
    def heading(self) -> str:
        """The heading of the group in the help; a pane's has its number."""
        return _HEADINGS[self]


_HEADINGS = {
    Group.CHANGES: "Apply and roll back",
    Group.MIGRATIONS: "1 Migrations",
    Group.PREVIEW: "2 Preview",
    Group.TARGETS: "3 Targets",
    Group.RUN: "4 Run",
    Group.EDITOR: "Editor",
    Group.MOVING: "Moving",
    Group.KOONJ: "koonj",
}


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides which commands of the main screen can be used now."""

    snapshot: Snapshot
    keymap: Keymap = Keymap()  # noqa: RUF009 - a frozen value
    pane: str = "1"
    """The number of the pane that has the keys."""
    selected: Row | None = None
    """The migration under the list's cursor."""
    running: bool = False
    """Does a run go on? It may have told nothing yet."""
    run: RunView | None = None
    """What the run told, or the last one."""
    rehearsing: str | None = None
    """The migration whose rehearsal the person waits for."""
    tab: Tab = Tab.BODY
    """What the preview shows."""
    has_text: bool = False
    """Is there a text in that tab?"""
    nothing_to_copy: str | None = None
    """Why the pane has nothing to copy; None where it has something."""
    has_colours: bool = True
    """May koonj use colours?"""


class HasApp(Protocol):
    """A screen that can be drawn anew, and has a theme."""

    @property
    def app(self) -> App[object]:
        """The application."""


class HasPane(Protocol):
    """A screen whose keys move a pane."""

    @property
    def pane(self) -> Pane:
        """The pane that has the keys."""


class Openers(Protocol):
    """What can be opened over the main screen."""

    def help(self) -> None:
        """Show all keys."""

    def commands(self) -> None:
        """Open the command palette."""

    def palette(self) -> None:
        """Begin a new migration."""

    def copy(self) -> None:
        """Copy what the pane is about, and show it."""

    def drift(self) -> None:
        """Compare the chosen target with its files."""

    def edit(self) -> None:
        """Open the selected file in koonj's editor."""

    def edit_external(self) -> None:
        """Open the selected file in the person's editor."""

    def quit(self) -> None:
        """Quit, after the question about a run that goes on."""


class Verbs(HasApp, HasPane, Protocol):
    """What a command may ask of the main screen."""

    @property
    def over(self) -> Openers:
        """What opens other screens over this one."""

    def post_message(self, message: Message) -> bool:
        """Tell the screen something."""

    def start_run(self, request: Request) -> None:
        """Begin a run on the chosen target."""

    def cancel(self) -> None:
        """End the run that goes on, or the rehearsal that the person waits for."""

    def rehearse_selected(self) -> None:
        """Rehearse the selected migration."""

    def look_again(self) -> None:
        """Read the folder and ask all targets."""

    def focus_pane(self, number: str) -> None:
        """Give the keys to a pane."""

    def step_pane(self, step: int) -> None:
        """Give the keys to a pane before or after."""

    def step_back(self) -> None:
        """Put away the nearest thing that can be."""

    def step_tab(self, step: int) -> None:
        """Show a tab before or after."""

    def toggle_zoom(self) -> None:
        """Give the pane the whole screen, or take it back."""

    def toggle_format(self) -> None:
        """Show the text formatted, or as it stands."""

    def open_filter(self) -> None:
        """Let the person type a filter."""

    def open_current(self) -> None:
        """Do what Enter means in the pane."""


ScreenT_contra = TypeVar("ScreenT_contra", contravariant=True)


class Command(Generic[ScreenT_contra]):
    """Something that the person can ask of a screen, which is known by its verbs only."""

    key: ClassVar[str] = ""
    """Textual's name of the key; empty where the command has none but by the person's wish."""
    also: ClassVar[tuple[str, ...]] = ()
    """Other keys for the same."""
    label: ClassVar[str]
    """A word or two for the footer."""
    group: ClassVar[Group]
    footer: ClassVar[str] = ""
    """The numbers of the panes in which the bottom line shows it."""
    while_running: ClassVar[bool] = False
    """Does the bottom line show it while a run goes on?"""

    listed: ClassVar[bool] = True
    """Is it in the command palette? Not what only moves."""

    def why_not(self, now: Situation) -> str | None:
        """Why it cannot be used now; None where it can."""
        return None

    def run(self, screen: ScreenT_contra) -> None:
        """Do it."""
        raise NotImplementedError

    @classmethod
    def name(cls) -> str:
        """A stable name, for bindings and keymaps: ``apply-next``."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def help(cls) -> str:
        """What it does, in a sentence."""
        return " ".join((cls.__doc__ or "").split())

    @classmethod
    def all_keys(cls) -> tuple[str, ...]:
        """All its keys, as declared; which hold, `Keymap.keys_of` says."""
        return (cls.key, *cls.also) if cls.key else cls.also


def bindings(commands: Iterable[Command[Any]]) -> list[Binding]:
    """Bindings for a screen whose `action_command` takes a command's name."""
    return [_binding(command) for command in commands]


def _binding(command: Command[Any]) -> Binding:
    name, keys = command.name(), ",".join(command.all_keys()) or NO_KEY
    action = f"command('{name}')"
    return Binding(keys, action, command.label, id=name, tooltip=command.help(), show=False)


def named(commands: Sequence[Command[ScreenT_contra]], name: str) -> Command[ScreenT_contra]:
    """The command of that name. Raises StopIteration where there is none."""
    return next(c for c in commands if c.name() == name)
