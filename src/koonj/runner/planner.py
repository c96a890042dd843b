"""A plan put together from what was read of the folder and of the target. Values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from koonj.config import Target
from koonj.migrations.act import Act, Action
from koonj.migrations.folder import Folder
from koonj.migrations.migration import Migration
from koonj.migrations.state import Entry, State
from koonj.postgres.connector import ServerInfo
from koonj.runner.decisions import Decided, Decision
from koonj.runner.events import Direction, Obstacle, Plan
from koonj.runner.request import Request
from koonj.runner.resume import half_done, is_unchanged, same_beginning
from koonj.runner.selection import folder_obstacles, problems_as_obstacles
from koonj.runner.work import Work, make_work
from koonj.sql.problem import first_error


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and all that carrying it out needs."""

    plan: Plan
    works: tuple[Work, ...]
    decisions: tuple[Decision, ...]
    """What this run was told to pass, and history does not know yet."""
    entries: tuple[Entry, ...] = ()
    """What was selected, as it is on the target."""

    @property
    def signature(self) -> frozenset[tuple[str, str, int]]:
        """What would run: file name, hash of the bytes, statements already done."""
        return frozenset((w.migration.name, w.migration.file_hash, w.planned.done) for w in self.works)

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
    decided: Decided
    recorded: Mapping[str, Migration]
    acts: Sequence[Act]

    def planned(self) -> Planned:
        """The plan."""
        works: list[Work] = []
        decisions = list(self.decided.decisions)
        decided = {decision.key for decision in decisions}
        stops = [o for o in self._before() if (o.name, o.state) not in decided]
        for entry in self.decided.selection.entries:
            made = self._work(entry)
            if isinstance(made, Work):
                works.append(made)
                again = self._runs_again(entry, made)
                if again is not None and again.state in self.request.allow:
                    decisions.append(Decision(entry, again))
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
            obstacles=tuple(stops),
            accepted=tuple(decision.obstacle for decision in decisions),
            notes=tuple(_notes(self.decided.selection.entries)),
        )
        return Planned(plan, tuple(works), tuple(decisions), self.decided.selection.entries)

    def _before(self) -> tuple[Obstacle, ...]:
        """What stands in the way whatever the selected scripts are."""
        obstacles = self.decided.selection.obstacles
        if self.request.direction is Direction.APPLY:
            return (*folder_obstacles(self.folder), *obstacles)
        return obstacles

    def _work(self, entry: Entry) -> Work | tuple[Obstacle, ...]:
        """One migration's work, or what stands in its way."""
        direction = self.request.direction
        migration = entry.migration or self.recorded.get(entry.name)
        if migration is None:
            message = f"{entry.name} has no file, and history's text of it cannot be read by this role."
            return (
                Obstacle(entry.name, "rollback missing", message, "Bring the file back.", can_allow=False),
            )
        if direction is Direction.ROLLBACK:
            stops = _rollback_obstacles(migration)
            if stops:
                return stops
        elif first_error(migration.problems) is not None:
            return ()  # the selection has said so
        return make_work(
            migration,
            direction,
            lock_timeout=self.target.lock_timeout,
            where=f" --target {quote(self.target.name)}" if self.target.declared else "",
            done=self._done(entry, migration),
            from_history=entry.migration is None,
        )

    def _done(self, entry: Entry, migration: Migration) -> int:
        """Statements that an act that stopped half way committed, where the script still begins so."""
        direction = self.request.direction
        act = half_done(entry, direction)
        if act is None:
            return 0
        if is_unchanged(act, migration, direction):
            return act.statements_done
        ran = self.recorded.get(entry.name)
        same = ran is not None and same_beginning(ran, migration, direction, act.statements_done)
        return act.statements_done if same else 0

    def _runs_again(self, entry: Entry, work: Work) -> Obstacle | None:
        """An obstacle where statements that are committed were changed since."""
        act = half_done(entry, self.request.direction)
        if act is None or work.planned.done:
            return None
        accepts = (
            a for a in self.acts if a.action is Action.ACCEPT and a.name == entry.name and a.id > act.id
        )
        if any(a.accepted == State.EDITED and a.file_hash == work.migration.file_hash for a in accepts):
            return None
        return Obstacle(
            entry.name,
            State.EDITED.value,
            f"{entry.name} stopped after {act.statements_done} committed statements, which were changed "
            "since: it would run from its first statement.",
            "Put those statements back as they were; or take back what they left: koonj rollback; "
            "or run the file from its start: --allow edited --reason '…'",
            can_allow=True,
        )


def _rollback_obstacles(migration: Migration) -> tuple[Obstacle, ...]:
    name, rollback, shape = migration.name, migration.sections.rollback, migration.rollback_shape
    if rollback is None or shape is None:
        reason = migration.sections.none_reason
        message = f"{name} has no rollback."
        if reason is not None:
            message = f"{name} cannot be rolled back: {reason}"
        hint = "Write a new migration that undoes it."
        return (Obstacle(name, "rollback missing", message, hint, can_allow=False),)
    return problems_as_obstacles(migration.shown_path, name, (*rollback.problems, *shape.problems))


def _notes(entries: Sequence[Entry]) -> list[str]:
    """What a person may want to know and need not decide."""
    notes = []
    for entry in entries:
        if entry.state is State.ROLLBACK_EDITED:
            notes.append(f"{entry.name}: its rollback was changed after it was applied; the file's is used.")
        if entry.note:
            notes.append(f"{entry.name}: {entry.note}")
    return notes
