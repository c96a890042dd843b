"""Commands that look at a migration, or a target, with the help of a scratch database."""

from __future__ import annotations

from koonj.tui.commands.command import Command, Group, Situation, Verbs


class Rehearse(Command[Verbs]):
    """Rehearse the selected migration now: up, down and up again on a scratch database, not on a target."""

    key = "p"
    label = "rehearse"
    group = Group.MIGRATIONS
    footer = "12"

    def why_not(self, now: Situation) -> str | None:
        """There must be a file; one at a time."""
        chosen = now.rehearsing
        if chosen is not None:
            return f"{chosen} is being rehearsed; {now.keymap.now('c')} cancels it."
        if now.running:
            return "A run is going on; rehearse when it has ended."
        if now.selected is None:
            return "No migration is selected."
        if now.selected.migration is None:
            return f"There is no file {now.selected.name} to rehearse."
        return None

    def run(self, screen: Verbs) -> None:
        """Begin, and show the tab in which its result will be."""
        screen.rehearse_selected()


class Drift(Command[Verbs]):
    """What the chosen target has that its applied files do not produce, and the other way round."""

    key = "D"
    label = "drift"
    group = Group.TARGETS
    footer = "3"

    def why_not(self, now: Situation) -> str | None:
        """The target must answer, and must not be changed meanwhile."""
        check = now.snapshot.check
        if now.running:
            return "A run is going on; compare when it has ended."
        if check.status is None:
            return f"{check.target.name} has not answered yet."
        if check.status.error is not None:
            again = f"({now.keymap.now('R')} asks again)"
            return f"{check.target.name} cannot be reached: {check.status.error} {again}"
        return None

    def run(self, screen: Verbs) -> None:
        """Open the screen, which begins at once."""
        screen.over.drift()
