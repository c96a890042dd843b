"""Build a plan from values that were read from the folder and the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import Action, HistoryEntry
from koonj.migrations.migration import Migration
from koonj.migrations.state_rules import MigrationStatus, State
from koonj.postgres.server_info import ServerInfo
from koonj.runner.evidence.interruption import Interruption
from koonj.runner.plan.check_errors import CheckError
from koonj.runner.plan.decisions import DecidedSelection, Decision
from koonj.runner.plan.folder_conflicts import folder_conflicts, problems_as_conflicts
from koonj.runner.plan.resume import is_unchanged, ran_in_steps, same_beginning, unfinished_entry
from koonj.runner.plan.selection import DECISIONS, UNKNOWN_NUMBER
from koonj.runner.plan.work import Work, can_run_as_written, make_work, work_as_written
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import Plan
from koonj.runner.run.request import Request
from koonj.sql.problem import first_error


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """A plan as the user has seen it, and what identifies it."""

    plan: Plan
    signature: frozenset[tuple[str, str, int]]
    """See `PreparedPlan.signature`."""
    decided: frozenset[tuple[str, str]]
    """See `PreparedPlan.decided`."""


@dataclass(frozen=True, slots=True)
class PreparedPlan:
    """Plan, with everything that is needed to run it."""

    plan: Plan
    works: tuple[Work, ...]
    decisions: tuple[Decision, ...]
    """Decisions of this run that are not recorded in the history yet."""
    interruptions: tuple[Interruption, ...] = ()
    """Interrupted runs of which it is known what they committed; the run records that first."""
    statuses: tuple[MigrationStatus, ...] = ()
    """Selected migrations, with their states on the target."""
    check_errors: tuple[CheckError, ...] = ()
    """What the safety rules report as errors, as far as the texts decide."""

    @property
    def signature(self) -> frozenset[tuple[str, str, int]]:
        """Migrations that would run: file name, file hash, count of committed statements."""
        return frozenset(
            (w.migration.name, w.migration.file_hash, w.planned.statements_done) for w in self.works
        )

    @property
    def decided(self) -> frozenset[tuple[str, str]]:
        """Decisions that would be recorded: file name and state."""
        return frozenset(decision.key for decision in self.decisions)

    @property
    def as_shown(self) -> ShownPlan:
        """The plan without what is needed to run it."""
        return ShownPlan(self.plan, self.signature, self.decided)

    def differs_from(self, shown: ShownPlan) -> bool:
        """Return whether it would run or record anything else than `shown`."""
        return (self.signature, self.decided) != (shown.signature, shown.decided)


@dataclass(frozen=True, slots=True)
class Planner:
    """Input of a plan; `planned` makes the plan."""

    target: Target
    folder: Folder
    request: Request
    server: ServerInfo
    decided: DecidedSelection
    recorded: Mapping[str, Migration]
    entries: Sequence[HistoryEntry]

    def planned(self) -> PreparedPlan:
        """Return the plan."""
        works: list[Work] = []
        decisions = list(self.decided.decisions)
        decided = {decision.key for decision in decisions}
        conflicts = [c for c in self._selection_conflicts() if (c.name, c.state) not in decided]
        for status in self.decided.selection.statuses:
            work = self._work(status)
            if isinstance(work, Work):
                works.append(work)
                restart = self._restart_conflict(status, work)
                if restart is not None and self.request.allows(restart):
                    decisions.append(Decision(status, restart))
                elif restart is not None:
                    conflicts.append(restart)
            else:
                conflicts.extend(work)
        plan = Plan(
            target=self.target.name,
            direction=self.request.direction,
            protected=self.target.protected,
            server=str(self.server),
            migrations=tuple(work.planned for work in works),
            conflicts=tuple(conflicts),
            allowed=tuple(decision.conflict for decision in decisions),
            notes=tuple(_notes(self.decided.selection.statuses)),
        )
        statuses = self.decided.selection.statuses
        return PreparedPlan(plan, tuple(works), tuple(decisions), statuses=statuses)

    def _selection_conflicts(self) -> tuple[Conflict, ...]:
        """Return the conflicts that do not depend on the selected scripts."""
        conflicts = self.decided.selection.conflicts
        if any(conflict.state == UNKNOWN_NUMBER for conflict in conflicts):
            return conflicts
        option = self.target.option
        conflicts = tuple(
            replace(c, hint=c.hint.replace("{target}", option)) if c.state in DECISIONS else c
            for c in conflicts
        )
        if self.request.direction is Direction.APPLY:
            return (*folder_conflicts(self.folder), *conflicts)
        return conflicts

    def _work(self, status: MigrationStatus) -> Work | tuple[Conflict, ...]:
        """Return the work of one migration, or its conflicts."""
        direction = self.request.direction
        migration = status.migration or self.recorded.get(status.name)
        if migration is None:
            message = f"{status.name} is missing, and this role cannot read its text in koonj.history."
            return (Conflict(status.name, "rollback_missing", message, "Restore the file.", can_allow=False),)
        if direction is Direction.ROLLBACK:
            conflicts = _rollback_conflicts(migration)
            if conflicts:
                return conflicts
        elif first_error(migration.problems) is not None:
            return ()  # the selection already has a conflict for it
        work = make_work(
            migration,
            direction,
            lock_timeout=self.target.lock_timeout,
            lock_wait=self.target.lock_wait,
            max_stall=self.target.max_stall,
            target_option=self.target.option,
            done=self._statements_done(status, migration),
            from_history=status.migration is None,
        )
        ran_as_written = can_run_as_written(work) and ran_in_steps(status, direction)
        return work_as_written(work, ()) if ran_as_written else work

    def _statements_done(self, status: MigrationStatus, migration: Migration) -> int:
        """Return how many statements an unfinished run committed; 0 if edited since."""
        direction = self.request.direction
        entry = unfinished_entry(status, direction)
        if entry is None:
            return 0
        if is_unchanged(entry, migration, direction):
            return entry.statements_done
        ran = self.recorded.get(status.name)
        same = ran is not None and same_beginning(ran, migration, direction, entry.statements_done)
        return entry.statements_done if same else 0

    def _restart_conflict(self, status: MigrationStatus, work: Work) -> Conflict | None:
        """Return a conflict if committed statements of an unfinished run were edited."""
        entry = unfinished_entry(status, self.request.direction)
        if entry is None or work.planned.statements_done:
            return None
        decisions = (
            a for a in self.entries if a.action is Action.ALLOW and a.name == status.name and a.id > entry.id
        )
        if any(a.allowed == State.EDITED and a.file_hash == work.migration.file_hash for a in decisions):
            return None
        return Conflict(
            status.name,
            State.EDITED.value,
            f"{status.name} stopped after {entry.statements_done} committed statements, and the file was "
            "edited since. koonj would run it again from the first statement.",
            f"Restore these statements in the file: koonj restore {status.name}{self.target.option}; or undo "
            f"the committed statements: koonj rollback{self.target.option}; or run the file from its first "
            "statement: --allow edited --reason '…'",
            can_allow=True,
        )


def _rollback_conflicts(migration: Migration) -> tuple[Conflict, ...]:
    name, sections = migration.name, migration.sections
    errors = problems_as_conflicts(migration.shown_path, name, migration.rollback_problems)
    if errors or migration.has_rollback:
        return errors
    message, hint = f"{name} has no rollback.", "Write a new migration that undoes its changes."
    if sections.none_reason is not None:
        message = f"{name} cannot be rolled back: {sections.none_reason}"
    elif sections.rollback is not None:
        message = f"The rollback of {name} has no statements."
        of_tool = migration.rollback_shape is not None and migration.rollback_shape.of_tool
        hint = (
            "Write its statements into the file, or roll it back with that tool."
            if of_tool
            else (
                "Write its statements into the file. "
                "If there is nothing to undo, write '-- Rollback: nothing to undo: <reason>'."
            )
        )
    return (Conflict(name, "rollback_missing", message, hint, can_allow=False),)


def _notes(statuses: Sequence[MigrationStatus]) -> list[str]:
    """Return remarks for the user that need no decision."""
    notes = []
    for status in statuses:
        if status.state is State.ROLLBACK_EDITED:
            notes.append(f"{status.name}: its rollback was edited after the apply; koonj uses the new one.")
        if status.note:
            notes.append(note_words(status))
    return notes


def note_words(status: MigrationStatus) -> str:
    """Return the note about a migration's status; a failure is that of an earlier run."""
    earlier = "in an earlier run, " if status.state is State.FAILED else ""
    return f"{status.name}: {earlier}{status.note}"
