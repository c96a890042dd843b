"""Commands that move: the same keys in every pane, in dialogs and in the help."""

from __future__ import annotations

from typing import Protocol

from koonj.tui.commands.application import Repaint
from koonj.tui.commands.command import Command, Group, HasApp, HasPane
from koonj.tui.widgets.pane import Pane

SIDEWAYS = 8
"""Columns to scroll sideways per key press."""


class _Move(Command[HasPane]):
    group = Group.MOVING
    listed = False

    def run(self, screen: HasPane) -> None:
        self.move(screen.pane)

    def move(self, pane: Pane) -> None:
        """Move `pane`. Subclasses implement this."""
        raise NotImplementedError


class Down(_Move):
    """Move one line down."""

    key, also, label = "down", ("j",), "line down"

    def move(self, pane: Pane) -> None:
        pane.go(1)


class Up(_Move):
    """Move one line up."""

    key, also, label = "up", ("k",), "line up"

    def move(self, pane: Pane) -> None:
        pane.go(-1)


class PageDown(_Move):
    """Move one page down."""

    key, also, label = "pagedown", ("ctrl+f",), "page down"

    def move(self, pane: Pane) -> None:
        pane.go(pane.page)


class PageUp(_Move):
    """Move one page up."""

    key, also, label = "pageup", ("ctrl+b",), "page up"

    def move(self, pane: Pane) -> None:
        pane.go(-pane.page)


class HalfDown(_Move):
    """Move half a page down."""

    key, label = "ctrl+d", "half page down"

    def move(self, pane: Pane) -> None:
        pane.go(max(1, pane.page // 2))


class HalfUp(_Move):
    """Move half a page up."""

    key, label = "ctrl+u", "half page up"

    def move(self, pane: Pane) -> None:
        pane.go(-max(1, pane.page // 2))


class First(_Move):
    """Go to the first line."""

    key, also, label = "g", ("home",), "first line"

    def move(self, pane: Pane) -> None:
        pane.go_to(0)


class Last(_Move):
    """Go to the last line."""

    key, also, label = "G", ("end",), "last line"

    def move(self, pane: Pane) -> None:
        pane.go_to(pane.count() - 1)


class ScrollRight(_Move):
    """Scroll right."""

    key, also, label = "right", ("l",), "scroll right"

    def move(self, pane: Pane) -> None:
        pane.sideways(SIDEWAYS)


class ScrollLeft(_Move):
    """Scroll left."""

    key, also, label = "left", ("h",), "scroll left"

    def move(self, pane: Pane) -> None:
        pane.sideways(-SIDEWAYS)


DOWN, UP, PAGE_DOWN, PAGE_UP = Down(), Up(), PageDown(), PageUp()
RIGHT, LEFT = ScrollRight(), ScrollLeft()
MOVING: tuple[_Move, ...] = (
    DOWN,
    UP,
    PAGE_DOWN,
    PAGE_UP,
    HalfDown(),
    HalfUp(),
    First(),
    Last(),
    RIGHT,
    LEFT,
)
"""Commands of every screen with a pane."""


class OverlayScreen(HasApp, HasPane, Protocol):
    """A screen over the main screen, with a pane."""


OVERLAY: tuple[Command[OverlayScreen], ...] = (*MOVING, Repaint())
"""Commands of every screen over the main screen: move its pane, and redraw the screen."""
