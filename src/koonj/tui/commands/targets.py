"""Commands that show more of the targets."""

from __future__ import annotations

from koonj.tui.commands.command import Command, Group, Situation, Verbs
from koonj.tui.commands.runs import why_no_status


class AllTargets(Command[Verbs]):
    """Show the states of all migrations on all targets, side by side.

    Its own commands are in the group All targets; the key that opens goes to the migration on that target.
    """

    key = "T"
    label = "all targets"
    group = Group.TARGETS
    footer = "3"

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if there is only one target: the list shows its states."""
        if len(now.snapshot.checks) < 2:
            return "There is only one target. The list shows the states of its migrations."
        return None

    def run(self, screen: Verbs) -> None:
        screen.navigator.all_targets()


class TargetHistory(Command[Verbs]):
    """Show who did what on the chosen target, when, how long it took and how it ended.

    The key that opens shows the recorded text of an entry and the log of its run.
    """

    key = "H"
    label = "history"
    group = Group.TARGETS
    footer = "3"

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if the target has not been reached."""
        return why_no_status(now)

    def run(self, screen: Verbs) -> None:
        screen.navigator.target_history()
