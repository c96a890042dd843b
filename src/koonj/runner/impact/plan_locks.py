"""Add verdicts and locks to the migrations of a plan. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from koonj.postgres.locks.trace import StatementTrace
from koonj.runner.impact.consequence import consequence
from koonj.runner.impact.table_effects import Facts
from koonj.runner.rehearse.rollback_verdict import rollback_verdict
from koonj.runner.rehearse.verdict import Rehearsal, Verdict
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import PlannedLock, PlannedMigration, PlannedStatement
from koonj.runner.run.row_check import RowCheck


def with_impact(
    migrations: tuple[PlannedMigration, ...], rehearsals: Mapping[str, Rehearsal], facts: Facts
) -> tuple[PlannedMigration, ...]:
    """Return the migrations with their verdicts and the locks of their statements.

    `migrations`: in the order in which they will run; `rehearsals`: of exactly these scripts, by file name;
    `facts`: of the relations of `relations_of`. One that was not rehearsed gets the verdict ``unknown``.
    """
    batch = _Batch(facts)
    return tuple(batch.with_locks(migration, rehearsals.get(migration.name)) for migration in migrations)


def with_row_checks(
    migrations: tuple[PlannedMigration, ...], checks: Mapping[str, tuple[RowCheck, ...]]
) -> tuple[PlannedMigration, ...]:
    """Return the migrations with what the target's rows answer, by file name."""
    return tuple(replace(one, row_checks=checks.get(one.name, ())) for one in migrations)


def relations_of(rehearsals: Mapping[str, Rehearsal], direction: Direction) -> frozenset[str]:
    """Return the relations whose facts are needed: locked, scanned or created ones.

    A relation that a rehearsal created can already exist on the target.
    """
    return frozenset(
        name
        for rehearsal in rehearsals.values()
        for trace in traces_of(rehearsal, direction)
        for name in _names(trace)
    )


def traces_of(rehearsal: Rehearsal, direction: Direction) -> tuple[StatementTrace, ...]:
    """Return the effects of the statements of the script of that direction."""
    return rehearsal.apply if direction is Direction.APPLY else rehearsal.rollback


def _names(trace: StatementTrace) -> Iterator[str]:
    for lock in (*trace.locks, *trace.held):
        yield lock.relation
        if lock.of is not None:
            yield lock.of
    yield from (scan.relation for scan in (*trace.scanned, *trace.scanned_by_any_session))
    yield from (change.relation for change in trace.relations if change.change == "created")


@dataclass(slots=True)
class _Batch:
    """Effects of the statements of the plan so far."""

    facts: Facts
    shown_activity: set[str] = field(default_factory=set)
    """Relations whose activity the plan already shows; it is shown once."""
    shown_held: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """Impact with which the plan shows a held lock, by migration, relation and mode."""
    created: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)

    @property
    def new(self) -> frozenset[str]:
        """Relations that the plan created.

        Without those that already exist on the target, which a CREATE … IF NOT EXISTS does not create.
        """
        return frozenset(name for name in self.created if name not in self.facts or name in self.dropped)

    def with_locks(self, migration: PlannedMigration, rehearsal: Rehearsal | None) -> PlannedMigration:
        """Return the migration with its verdict and the locks of its statements."""
        if rehearsal is None:
            return replace(migration, verdict=Verdict.UNKNOWN.value)
        verdict, message = rehearsal.verdict, rehearsal.message
        if migration.direction is Direction.ROLLBACK:
            verdict, message = rollback_verdict(rehearsal)
        traces = {trace.index: trace for trace in traces_of(rehearsal, migration.direction)}
        return replace(
            migration,
            statements=tuple(self._statement(migration, one, traces) for one in migration.statements),
            verdict=verdict.value,
            verdict_message=message,
        )

    def _statement(
        self, migration: PlannedMigration, one: PlannedStatement, traces: Mapping[int, StatementTrace]
    ) -> PlannedStatement:
        trace = traces.get(one.index)
        if trace is None or trace.summary != one.summary or one.index <= migration.statements_done:
            return one  # the rehearsal did not reach it, it has a different text, or it will not run
        earlier = [traces[index] for index in sorted(traces) if index < one.index]
        locks = [
            lock
            for lock in consequence(trace, self.facts, self.new, earlier)
            if not lock.held or self._is_news(migration.name, lock)
        ]
        self._add_changes(trace)
        return replace(one, locks=tuple(self._with_activity_once(lock) for lock in locks))

    def _is_news(self, migration: str, held: PlannedLock) -> bool:
        """Return whether no earlier statement of the migration shows this held lock with this impact.

        Otherwise n statements would show n² locks.
        """
        key = (migration, held.relation, held.mode)
        if self.shown_held.get(key, 0) >= held.impact:
            return False
        self.shown_held[key] = held.impact
        return True

    def _with_activity_once(self, lock: PlannedLock) -> PlannedLock:
        if lock.relation in self.shown_activity:
            return replace(lock, activity="")
        if lock.activity:
            self.shown_activity.add(lock.relation)
        return lock

    def _add_changes(self, trace: StatementTrace) -> None:
        for change in trace.relations:
            if change.change == "dropped":
                self.created.discard(change.relation)
                self.dropped.add(change.relation)
        self.created |= {change.relation for change in trace.relations if change.change == "created"}
