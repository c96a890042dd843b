"""A plan's migrations beside what rehearsals measured and what the target says. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from koonj.postgres.locks.trace import StatementTrace
from koonj.runner.impact.consequence import consequence
from koonj.runner.impact.table_effects import Facts
from koonj.runner.rehearse.verdict import Rehearsal, Verdict
from koonj.runner.run.events import Direction, PlannedLock, PlannedMigration, PlannedStatement


def with_impact(
    migrations: tuple[PlannedMigration, ...], rehearsals: Mapping[str, Rehearsal], facts: Facts
) -> tuple[PlannedMigration, ...]:
    """With each statement's locks and each migration's verdict, in the order in which they will run.

    `rehearsals`: by file name, of the very scripts that are planned; `facts`: of `relations_of`. Where
    nothing was rehearsed, the plan is as it was; of a migration that was not, the verdict is ``unknown``.
    """
    if not rehearsals:
        return migrations
    batch = _Batch(facts)
    return tuple(batch.told(migration, rehearsals.get(migration.name)) for migration in migrations)


def relations_of(rehearsals: Mapping[str, Rehearsal], direction: Direction) -> frozenset[str]:
    """What a target should be asked about: all that is locked, and what is created, and may be there."""
    return frozenset(
        name
        for rehearsal in rehearsals.values()
        for trace in _traces(rehearsal, direction)
        for name in _names(trace)
    )


def _traces(rehearsal: Rehearsal, direction: Direction) -> tuple[StatementTrace, ...]:
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
    """What the statements so far have made, and taken away."""

    facts: Facts
    told_activity: set[str] = field(default_factory=set)
    """Relations of which the plan has said how busy they are: once is enough."""
    made: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    @property
    def fresh(self) -> frozenset[str]:
        """Made by the batch; not where the target has one already, which a CREATE … IF NOT EXISTS leaves."""
        return frozenset(name for name in self.made if name not in self.facts or name in self.gone)

    def told(self, migration: PlannedMigration, rehearsal: Rehearsal | None) -> PlannedMigration:
        """With its locks and its verdict."""
        if rehearsal is None:
            return replace(migration, verdict=Verdict.UNKNOWN.value)
        traces = {trace.index: trace for trace in _traces(rehearsal, migration.direction)}
        return replace(
            migration,
            statements=tuple(self._statement(migration, one, traces) for one in migration.statements),
            verdict=rehearsal.verdict.value,
            verdict_message=rehearsal.message,
        )

    def _statement(
        self, migration: PlannedMigration, one: PlannedStatement, traces: Mapping[int, StatementTrace]
    ) -> PlannedStatement:
        trace = traces.get(one.index)
        if trace is None or trace.summary != one.summary or one.index <= migration.statements_done:
            return one  # it did not come so far, is another text, or will not run
        earlier = [traces[index] for index in sorted(traces) if index < one.index]
        locks = consequence(trace, self.facts, self.fresh, earlier)
        self._follow(trace)
        return replace(one, locks=tuple(self._once(lock) for lock in locks))

    def _once(self, lock: PlannedLock) -> PlannedLock:
        if lock.relation in self.told_activity:
            return replace(lock, activity="")
        if lock.activity:
            self.told_activity.add(lock.relation)
        return lock

    def _follow(self, trace: StatementTrace) -> None:
        for change in trace.relations:
            if change.change == "dropped":
                self.made.discard(change.relation)
                self.gone.add(change.relation)
        self.made |= {change.relation for change in trace.relations if change.change == "created"}
