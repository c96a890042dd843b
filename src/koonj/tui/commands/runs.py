"""Commands that start or cancel a run, a rehearsal or a drift comparison.

A run shows its plan and asks before it changes a target.
"""

from __future__ import annotations

from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.runner.run.direction import Direction
from koonj.runner.run.request import Extent, Request
from koonj.runner.target.status import TargetStatus
from koonj.tui.commands.command import Command, Group, Situation, Verbs
from koonj.tui.state.snapshot import Check


def _cannot(status: TargetStatus) -> str:
    return "cannot be reached" if status.problem in {None, "unreachable"} else "cannot be used"


def why_no_status(now: Situation) -> str | None:
    """Return a reason if the current target has not responded, or cannot be used."""
    check = now.snapshot.check
    if check.status is None:
        return f"{check.target.name} has not responded yet."
    if check.status.error is not None:
        again = f"(press {now.keymap.current_key('R')} to retry)"
        return f"{check.target.name} {_cannot(check.status)}: {check.status.error} {again}"
    return None


class _Change(Command[Verbs]):
    group = Group.CHANGES
    footer = "134"
    only_runnable_folder = True
    request: Request
    nothing_to_do: str

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if the target has not responded or has no work, or during a run."""
        check = now.snapshot.check
        if now.running:
            return f"A run is in progress. Wait for it, or press {now.keymap.current_key('c')} to cancel it."
        if now.snapshot.folder_error is not None:
            return now.snapshot.folder_error
        if now.no_trust is not None:
            return now.no_trust
        if (reason := why_no_status(now)) is not None:
            return reason
        return None if self.has_work(check) else f"{self.nothing_to_do} on {check.target.name}."

    def has_work(self, check: Check) -> bool:
        """Return whether the run would do anything."""
        return bool(check.counts.pending)

    def run(self, screen: Verbs) -> None:
        """Start the run. The run itself asks for confirmation."""
        screen.start_run(self.request)


class ApplyNext(_Change):
    """Apply the next pending migration to the chosen target."""

    key = "a"
    label = "apply"
    request = Request(Direction.APPLY)
    nothing_to_do = "Nothing is pending"


class ApplyAll(_Change):
    """Apply all pending migrations to the chosen target."""

    key = "A"
    label = "all"  # The footer of 80 columns has no room for "apply all".
    request = Request(Direction.APPLY, Extent.ALL)
    nothing_to_do = "Nothing is pending"


class RollBackLast(_Change):
    """Roll back the migration that was applied last."""

    key = "r"
    label = "roll back"
    request = Request(Direction.ROLLBACK)
    nothing_to_do = "Nothing is applied"

    def has_work(self, check: Check) -> bool:
        """Return whether anything is applied, or a run did not finish.

        A failed or interrupted run can have committed statements; the run finds out.
        """
        return bool(check.counts.applied) or check.counts.has_stopped


class _ChangeTo(_Change):
    footer = ""

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if no migration is selected, or as for every run."""
        return super().why_not(now) or (None if now.selected is not None else "No migration is selected.")


class ApplyTo(_ChangeTo):
    """Apply all pending migrations up to and including the selected one."""

    key = "U"
    label = "apply up to"
    nothing_to_do = "Nothing is pending"

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if no pending migration has the number of the selected one, or a lower one."""
        if (reason := super().why_not(now)) is not None or now.selected is None:
            return reason
        number = now.selected.number
        if any(s.number <= number and not s.applied for s in _statuses(now)):
            return None
        return f"Nothing is pending up to {now.selected.name}."

    def run(self, screen: Verbs) -> None:
        screen.start_run(Request(Direction.APPLY, Extent.UP_TO, _number(screen)))


class RollBackTo(_ChangeTo):
    """Roll back all applied migrations with a number above that of the selected one, which stays applied."""

    key = "B"
    label = "roll back to"
    nothing_to_do = RollBackLast.nothing_to_do
    has_work = RollBackLast.has_work

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if nothing above the selected migration is applied or was begun."""
        if (reason := super().why_not(now)) is not None or now.selected is None:
            return reason
        number = now.selected.number
        begun = (State.FAILED, State.INTERRUPTED)
        if any(s.number > number and (s.applied or s.state in begun) for s in _statuses(now)):
            return None
        return f"Nothing with a number above {now.selected.name} is applied."

    def run(self, screen: Verbs) -> None:
        screen.start_run(Request(Direction.ROLLBACK, Extent.UP_TO, _number(screen)))


class RollBackAll(RollBackLast):
    """Roll back all applied migrations."""

    key = "Z"
    label = "roll back all"
    footer = ""
    request = Request(Direction.ROLLBACK, Extent.ALL)


def _statuses(now: Situation) -> tuple[MigrationStatus, ...]:
    status = now.snapshot.check.status
    return () if status is None else status.migrations


def _number(screen: Verbs) -> int:
    """Return the number of the selected migration. `why_not` has checked that there is one."""
    row = screen.selected
    assert row is not None
    return row.number


class Settle(Command[Verbs]):
    """Show what an interrupted migration has committed, and decide how to continue."""

    key = "s"
    label = "settle"
    group = Group.CHANGES
    footer = "124"
    only_available = True
    only_own_folder = True

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if the selected migration was not interrupted, or during a run."""
        if now.running:
            return f"A run is in progress. Wait for it, or press {now.keymap.current_key('c')} to cancel it."
        if now.no_trust is not None:
            return now.no_trust
        if (reason := why_no_status(now)) is not None:
            return reason
        if now.selected is None:
            return "No migration is selected."
        if now.selected.state in (State.INTERRUPTED, State.RUNNING):
            return None
        return f"{now.selected.name} is {now.selected.word}: there is nothing to settle."

    def run(self, screen: Verbs) -> None:
        screen.navigator.settle()


class Cancel(Command[Verbs]):
    """Cancel the run (and its statement on the server), or the current rehearsal.

    koonj first says what cancelling the run leaves, and asks. A run on several targets is cancelled on all of
    them; if the Run pane shows one target, only there.
    """

    key = "c"
    also = ("ctrl+c",)
    label = "cancel"
    group = Group.RUN
    footer = "1234"
    while_running = True

    def why_not(self, now: Situation) -> str | None:
        """Return a reason unless there is a run, or a rehearsal that the user started."""
        if now.running or now.rehearsing is not None:
            return None
        return f"Nothing is running. To quit koonj, press {now.keymap.current_key('q')}."

    def run(self, screen: Verbs) -> None:
        screen.cancel()


class Unblock(Command[Verbs]):
    """Show which sessions are in the way of the run, and cancel the statement of one of them or end it."""

    key = "b"
    label = "unblock"
    group = Group.RUN
    footer = "1234"
    while_running = True
    only_available = True

    def why_not(self, now: Situation) -> str | None:
        """Return a reason unless the run waits for another session."""
        if not now.running or now.run is None:
            return "No run is in progress."
        return None if now.run.in_the_way else "No session is known to be in the way of the run."

    def run(self, screen: Verbs) -> None:
        screen.navigator.unblock()


class Rehearse(Command[Verbs]):
    """Rehearse the selected migration: apply, roll back, apply again.

    Runs on a scratch database, never on a target.
    """

    key = "p"
    label = "rehearse"
    group = Group.MIGRATIONS
    footer = "12"

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if there is no file, or during a rehearsal or a run."""
        chosen = now.rehearsing
        if chosen is not None:
            return f"koonj is rehearsing {chosen}. To cancel that, press {now.keymap.current_key('c')}."
        if now.running:
            return "A run is in progress. Rehearse after it has finished."
        if now.selected is None:
            return "No migration is selected."
        if now.selected.migration is None:
            return f"The file {now.selected.name} is missing, so it cannot be rehearsed."
        return now.no_trust

    def run(self, screen: Verbs) -> None:
        """Start the rehearsal and show the tab for its result."""
        screen.rehearse_selected()


class RehearseAll(Command[Verbs]):
    """Rehearse all migrations again, also those with a verdict."""

    key = "P"
    label = "rehearse all"
    group = Group.MIGRATIONS

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if there is no file, or during a rehearsal or a run."""
        if now.rehearsing is not None:
            key = now.keymap.current_key("c")
            return f"koonj is rehearsing {now.rehearsing}. To cancel that, press {key}."
        if now.running:
            return "A run is in progress. Rehearse after it has finished."
        if now.snapshot.folder is None or not now.snapshot.folder.migrations:
            return "The folder has no migrations."
        return now.no_trust

    def run(self, screen: Verbs) -> None:
        screen.rehearse_all()


class Drift(Command[Verbs]):
    """Compare the target's schema with its applied migrations."""

    key = "D"
    label = "drift"
    group = Group.TARGETS
    footer = "3"

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if the target does not respond, or a run is changing it."""
        if now.running:
            return "A run is in progress. Compare after it has finished."
        if now.no_trust is not None:
            return now.no_trust
        return why_no_status(now)

    def run(self, screen: Verbs) -> None:
        screen.navigator.drift()
