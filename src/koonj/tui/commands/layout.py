"""Commands about how the panes stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koonj.tui.commands.command import Command, Group

if TYPE_CHECKING:
    from koonj.tui.screens.main import Main


class Zoom(Command):
    """Give the current pane the whole screen, and back. Another pane that is gone to takes its place."""

    key = "plus"
    label = "zoom"
    group = Group.MOVING
    footer = "1234"
    while_running = False

    def run(self, screen: Main) -> None:
        """In, or out."""
        screen.zoomed = not screen.zoomed
