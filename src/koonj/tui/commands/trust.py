"""The command that trusts the folder."""

from __future__ import annotations

from koonj.tui.commands.command import Command, Group, Situation, Verbs


class Trust(Command[Verbs]):
    """Show what koonj would run in this folder, and ask whether you trust it."""

    key = "u"
    label = "trust folder"
    group = Group.KOONJ
    footer = "1234"
    only_available = True

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if the user already trusts the folder."""
        is_trusted = now.snapshot.settings.trust.given
        return "You already trust this folder. Only the command line can undo that." if is_trusted else None

    def run(self, screen: Verbs) -> None:
        screen.navigator.trust()
