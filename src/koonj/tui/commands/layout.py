"""Commands about how the panes stand."""

from __future__ import annotations

from koonj.tui.commands.command import Command, Group, Verbs


class Zoom(Command[Verbs]):
    """Give the current pane the whole screen, and back. Another pane that is gone to takes its place."""

    key = "plus"
    label = "zoom"
    group = Group.MOVING
    footer = "1234"
    while_running = False

    def run(self, screen: Verbs) -> None:
        """In, or out."""
        screen.toggle_zoom()
