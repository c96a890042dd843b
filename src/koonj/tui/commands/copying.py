"""Copy what the current pane shows."""

from __future__ import annotations

from koonj.tui.commands.command import Command, Group, Situation, Verbs


class Copy(Command[Verbs]):
    """Copy what the pane is about: path, text, dsn without secrets, the run's error or what it said."""

    key = "y"
    label = "copy"
    group = Group.KOONJ
    footer = "1234"

    def why_not(self, now: Situation) -> str | None:
        """There must be a text; and a y that is meant for a question must find no other meaning."""
        if now.running and (now.run is None or now.run.migration is None):
            return "The question has not come yet; y is the answer to it."
        return now.nothing_to_copy

    def run(self, screen: Verbs) -> None:
        """Send it to the terminal's clipboard, and show it."""
        screen.over.copy()
