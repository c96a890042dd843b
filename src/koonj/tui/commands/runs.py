"""Commands that change a target. Each shows its plan and asks before it changes anything."""

from __future__ import annotations

from koonj.runner.run.events import Direction
from koonj.runner.run.request import Extent, Request
from koonj.tui.commands.command import Command, Group, Situation, Verbs
from koonj.tui.state.snapshot import Check


class _Change(Command[Verbs]):
    group = Group.CHANGES
    footer = "134"
    request: Request
    nothing: str

    def why_not(self, now: Situation) -> str | None:
        """The target must have answered and have something to do; one run at a time."""
        check = now.snapshot.check
        if now.running:
            return f"A run is going on; wait for its end, or cancel it with {now.keymap.now('c')}."
        if now.snapshot.lost is not None:
            return now.snapshot.lost
        if check.status is None:
            return f"{check.target.name} has not answered yet."
        if check.status.error is not None:
            again = f"({now.keymap.now('R')} asks again)"
            return f"{check.target.name} cannot be reached: {check.status.error} {again}"
        return None if self.anything(check) else f"{self.nothing} on {check.target.name}."

    def anything(self, check: Check) -> bool:
        """Is there something to do?"""
        return bool(check.counts.pending)

    def run(self, screen: Verbs) -> None:
        """Begin; the run itself asks."""
        screen.start_run(self.request)


class ApplyNext(_Change):
    """Apply the next pending migration to the chosen target."""

    key = "a"
    label = "apply"
    request = Request(Direction.APPLY)
    nothing = "Nothing is pending"


class ApplyAll(_Change):
    """Apply all pending migrations to the chosen target."""

    key = "A"
    label = "all"
    request = Request(Direction.APPLY, Extent.ALL)
    nothing = "Nothing is pending"


class RollBackLast(_Change):
    """Roll back the migration that was applied last."""

    key = "r"
    label = "roll back"
    request = Request(Direction.ROLLBACK)
    nothing = "Nothing is applied"

    def anything(self, check: Check) -> bool:
        """What failed or was cut off may have left something, where it ran step by step: the run knows."""
        return bool(check.counts.applied) or check.counts.stopped


class Cancel(Command[Verbs]):
    """Cancel the running statement on the server, and end the run; or the rehearsal that was asked for."""

    key = "c"
    also = ("ctrl+c",)
    label = "cancel"
    group = Group.RUN
    footer = "1234"
    while_running = True

    def why_not(self, now: Situation) -> str | None:
        """There must be a run, or a rehearsal that a person waits for."""
        if now.running or now.rehearsing is not None:
            return None
        return f"Nothing is running. {now.keymap.now('q')} quits koonj."

    def run(self, screen: Verbs) -> None:
        """Ask the server to stop."""
        screen.cancel()


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
