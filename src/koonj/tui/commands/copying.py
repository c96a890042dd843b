"""Copy what the current pane shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koonj.tui.commands.command import Command, Group

if TYPE_CHECKING:
    from koonj.tui.screens.main import Main


class Copy(Command):
    """Copy what the pane is about: path, text, dsn without secrets, the run's error or what it said."""

    key = "y"
    label = "copy"
    group = Group.KOONJ
    footer = "1234"

    def why_not(self, screen: Main) -> str | None:
        """There must be a text; and a y that is meant for a question must find no other meaning."""
        if screen.control.running and (screen.view is None or screen.view.migration is None):
            return "The question has not come yet; y is the answer to it."
        pane = screen.pane
        return None if pane.copyable() is not None else pane.NOTHING_TO_COPY

    def run(self, screen: Main) -> None:
        """Send it to the terminal's clipboard, and show it."""
        screen.over.copy()
