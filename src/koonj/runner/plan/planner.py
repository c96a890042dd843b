"""A plan put together from what was read of the folder and of the target. Values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import Action, HistoryEntry
from koonj.migrations.migration import Migration
from koonj.migrations.state_rules import MigrationStatus, State
from koonj.postgres.connector import ServerInfo
from koonj.runner.plan.decisions import DecidedSelection, Decision
from koonj.runner.plan.resume import half_done, is_unchanged, same_beginning
from koonj.runner.plan.selection import folder_conflicts, problems_as_conflicts
from koonj.runner.plan.work import Work, make_work
from koonj.runner.run.events import Conflict, Direction, Plan
from koonj.runner.run.request import Request
from koonj.sql.problem import first_error


@dataclass(frozen=True, slots=True)
class PreparedPlan:
    """A plan, and all that carrying it out needs."""

    plan: Plan
    works: tuple[Work, ...]
    decisions: tuple[Decision, ...]
    """What this run was told to pass, and history does not know yet."""
    statuses: tuple[MigrationStatus, ...] = ()
    """What was selected, as it is on the target."""

    @property
    def signature(self) -> frozenset[tuple[str, str, int]]:
        """What would run: file name, hash of the bytes, statements already done."""
        return frozenset(
            (w.migration.name, w.migration.file_hash, w.planned.statements_done) for w in self.works
        )

    @property
    def decided(self) -> frozenset[tuple[str, str]]:
        """What would be recorded as decided: file name, state."""
        return frozenset(decision.key for decision in self.decisions)


@dataclass(frozen=True, slots=True)
class Planner:
    """Everything that a plan is made of."""

    target: Target
    folder: Folder
    request: Request
    server: ServerInfo
    decided: DecidedSelection
    recorded: Mapping[str, Migration]
    entries: Sequence[HistoryEntry]

    def planned(self) -> PreparedPlan:
        """The plan."""
        works: list[Work] = []
        decisions = list(self.decided.decisions)
        decided = {decision.key for decision in decisions}
        stops = [o for o in self._before() if (o.name, o.state) not in decided]
        for status in self.decided.selection.statuses:
            made = self._work(status)
            if isinstance(made, Work):
                works.append(made)
                again = self._runs_again(status, made)
                if again is not None and again.state in self.request.allow:
                    decisions.append(Decision(status, again))
                elif again is not None:
                    stops.append(again)
            else:
                stops.extend(made)
        plan = Plan(
            target=self.target.name,
            direction=self.request.direction,
            protected=self.target.protected,
            server=str(self.server),
            migrations=tuple(work.planned for work in works),
            conflicts=tuple(stops),
            allowed=tuple(decision.conflict for decision in decisions),
            notes=tuple(_notes(self.decided.selection.statuses)),
        )
        return PreparedPlan(plan, tuple(works), tuple(decisions), self.decided.selection.statuses)

    def _before(self) -> tuple[Conflict, ...]:
        """What stands in the way whatever the selected scripts are."""
        conflicts = self.decided.selection.conflicts
        if self.request.direction is Direction.APPLY:
            return (*folder_conflicts(self.folder), *conflicts)
        return conflicts

    def _work(self, status: MigrationStatus) -> Work | tuple[Conflict, ...]:
        """One migration's work, or what stands in its way."""
        direction = self.request.direction
        migration = status.migration or self.recorded.get(status.name)
        if migration is None:
            message = f"{status.name} has no file, and history's text of it cannot be read by this role."
            return (
                Conflict(status.name, "rollback_missing", message, "Bring the file back.", can_allow=False),
            )
        if direction is Direction.ROLLBACK:
            stops = _rollback_conflicts(migration)
            if stops:
                return stops
        elif first_error(migration.problems) is not None:
            return ()  # the selection has said so
        return make_work(
            migration,
            direction,
            lock_timeout=self.target.lock_timeout,
            where=f" --target {quote(self.target.name)}" if self.target.declared else "",
            done=self._done(status, migration),
            from_history=status.migration is None,
        )

    def _done(self, status: MigrationStatus, migration: Migration) -> int:
        """Statements that an entry that stopped half way committed, where the script still begins so."""
        direction = self.request.direction
        entry = half_done(status, direction)
        if entry is None:
            return 0
        if is_unchanged(entry, migration, direction):
            return entry.statements_done
        ran = self.recorded.get(status.name)
        same = ran is not None and same_beginning(ran, migration, direction, entry.statements_done)
        return entry.statements_done if same else 0

    def _runs_again(self, status: MigrationStatus, work: Work) -> Conflict | None:
        """A conflict where statements that are committed were changed since."""
        entry = half_done(status, self.request.direction)
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
            f"{status.name} stopped after {entry.statements_done} committed statements, which were changed "
            "since: it would run from its first statement.",
            "Put those statements back as they were; or take back what they left: koonj rollback; "
            "or run the file from its start: --allow edited --reason '…'",
            can_allow=True,
        )


def _rollback_conflicts(migration: Migration) -> tuple[Conflict, ...]:
    name, rollback, shape = migration.name, migration.sections.rollback, migration.rollback_shape
    if rollback is None or shape is None:
        reason = migration.sections.none_reason
        message = f"{name} has no rollback."
        if reason is not None:
            message = f"{name} cannot be rolled back: {reason}"
        hint = "Write a new migration that undoes it."
        return (Conflict(name, "rollback_missing", message, hint, can_allow=False),)
    return problems_as_conflicts(migration.shown_path, name, (*rollback.problems, *shape.problems))


def _notes(statuses: Sequence[MigrationStatus]) -> list[str]:
    """What a person may want to know and need not decide."""
    notes = []
    for status in statuses:
        if status.state is State.ROLLBACK_EDITED:
            notes.append(f"{status.name}: its rollback was changed after it was applied; the file's is used.")
        if status.note:
            notes.append(f"{status.name}: {status.note}")
    return notes
