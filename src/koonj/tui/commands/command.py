"""Commands: one class each. Key, footer, help and bindings all come from that one declaration.

A command's docstring is its help. `why_not` says why it cannot be used now: it is then dim, and pressing its
key shows the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from koonj.tui.key_names import NO_KEY

if TYPE_CHECKING:
    from koonj.tui.screens.main import Main


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


class Command:
    """Something that the person can ask of the main screen."""

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

    def why_not(self, screen: Main) -> str | None:
        """Why it cannot be used now; None where it can."""
        return None

    def run(self, screen: Main) -> None:
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


def bindings(commands: Iterable[Command]) -> list[Binding]:
    """Bindings for a screen whose `action_command` takes a command's name."""
    return [_binding(command) for command in commands]


def _binding(command: Command) -> Binding:
    name, keys = command.name(), ",".join(command.all_keys()) or NO_KEY
    action = f"command('{name}')"
    return Binding(keys, action, command.label, id=name, tooltip=command.help(), show=False)


def named(commands: Sequence[Command], name: str) -> Command:
    """The command of that name. Raises StopIteration where there is none."""
    return next(c for c in commands if c.name() == name)
