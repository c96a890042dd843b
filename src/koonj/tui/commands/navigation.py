"""Moving: the same keys in every pane, in dialogs and in the help."""

from __future__ import annotations

from typing import Protocol

from koonj.tui.commands.application import Repaint
from koonj.tui.commands.command import Command, Group, HasApp, HasPane
from koonj.tui.widgets.pane import Pane

SIDEWAYS = 8
"""Columns that one key moves the text sideways."""


class _Move(Command[HasPane]):
    group = Group.MOVING
    listed = False

    def run(self, screen: HasPane) -> None:
        """Move the focused pane."""
        self.move(screen.pane)

    def move(self, pane: Pane) -> None:
        """How."""
        raise NotImplementedError


class Down(_Move):
    """One line down."""

    key, also, label = "down", ("j",), "down"

    def move(self, pane: Pane) -> None:
        """One line."""
        pane.go(1)


class Up(_Move):
    """One line up."""

    key, also, label = "up", ("k",), "up"

    def move(self, pane: Pane) -> None:
        """One line."""
        pane.go(-1)


class PageDown(_Move):
    """One page down."""

    key, also, label = "pagedown", ("ctrl+f",), "page down"

    def move(self, pane: Pane) -> None:
        """One page."""
        pane.go(pane.page)


class PageUp(_Move):
    """One page up."""

    key, also, label = "pageup", ("ctrl+b",), "page up"

    def move(self, pane: Pane) -> None:
        """One page."""
        pane.go(-pane.page)


class HalfDown(_Move):
    """Half a page down."""

    key, label = "ctrl+d", "half down"

    def move(self, pane: Pane) -> None:
        """Half a page."""
        pane.go(max(1, pane.page // 2))


class HalfUp(_Move):
    """Half a page up."""

    key, label = "ctrl+u", "half up"

    def move(self, pane: Pane) -> None:
        """Half a page."""
        pane.go(-max(1, pane.page // 2))


class First(_Move):
    """To the first line."""

    key, also, label = "g", ("home",), "first"

    def move(self, pane: Pane) -> None:
        """The first."""
        pane.go_to(0)


class Last(_Move):
    """To the last line."""

    key, also, label = "G", ("end",), "last"

    def move(self, pane: Pane) -> None:
        """The last."""
        pane.go_to(pane.count() - 1)


class ScrollRight(_Move):
    """See what is right of the edge."""

    key, also, label = "right", ("l",), "right"

    def move(self, pane: Pane) -> None:
        """Some columns."""
        pane.sideways(SIDEWAYS)


class ScrollLeft(_Move):
    """Back to the left."""

    key, also, label = "left", ("h",), "left"

    def move(self, pane: Pane) -> None:
        """Some columns."""
        pane.sideways(-SIDEWAYS)


MOVING: tuple[_Move, ...] = (
    Down(),
    Up(),
    PageDown(),
    PageUp(),
    HalfDown(),
    HalfUp(),
    First(),
    Last(),
    ScrollRight(),
    ScrollLeft(),
)
"""What every screen with a pane understands."""


class Covering(HasApp, HasPane, Protocol):
    """A screen that covers the main one, and has a pane."""


COVERING: tuple[Command[Covering], ...] = (*MOVING, Repaint())
"""Moving its pane; and a screen that was written over is drawn anew whatever it shows."""
