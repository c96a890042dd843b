"""How many relations a migration locks at once on its target, which can have more partitions than its files.

Source: which statements lock all partitions, and their indexes, was observed in PostgreSQL 15 and 18.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from koonj.postgres.locks.trace import StatementTrace
from koonj.postgres.partitioned_tables import PartitionedTable
from koonj.runner.impact.plan_locks import traces_of
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import PlannedMigration
from koonj.sql.tokens import significant

Tables = Mapping[str, PartitionedTable]
"""Partitioned tables of the target, by name."""
Texts = Mapping[str, Mapping[int, str]]
"""Statements by number, by file name."""
_OF_PARTITIONS = frozenset({"added", "dropped", "renamed", "type_changed", "not_null", "nullable"})
"""Changes of columns that PostgreSQL makes in all partitions, too."""


@dataclass(frozen=True, slots=True)
class LockCount:
    """How many relations a migration locks at once, at least."""

    relations: int
    tables: tuple[str, ...] = ()
    """The partitioned tables whose partitions are part of it."""


def lock_counts(
    migrations: Iterable[PlannedMigration],
    rehearsals: Mapping[str, Rehearsal],
    direction: Direction,
    texts: Texts,
    tables: Tables,
) -> Mapping[str, LockCount]:
    """Count the relations that each rehearsed migration locks at once at least, by file name."""
    return {
        migration.name: _locks_of(migration, rehearsals, direction, texts.get(migration.name, {}), tables)
        for migration in migrations
    }


def _locks_of(
    migration: PlannedMigration,
    rehearsals: Mapping[str, Rehearsal],
    direction: Direction,
    texts: Mapping[int, str],
    tables: Tables,
) -> LockCount:
    steps = [
        _step(trace, texts.get(trace.index, ""), tables)
        for trace in traces_to_run(migration, rehearsals, direction)
    ]
    if migration.in_transaction:
        return _count(steps, tables)
    return max((_count((step,), tables) for step in steps), key=lambda one: one.relations, default=_NONE)


_NONE = LockCount(0)


@dataclass(frozen=True, slots=True)
class _Step:
    """What a statement locks."""

    relations: frozenset[str]
    """Those of the rehearsal, new ones included."""
    all_of: tuple[str, ...]
    """Partitioned tables of which it locks all partitions."""
    owned_of: tuple[str, ...]
    """Those of which it locks the indexes and TOAST tables of all partitions, too."""
    more: int
    """Number of indexes that it creates on the partitions of the target."""


def _step(trace: StatementTrace, text: str, tables: Tables) -> _Step:
    every = () if is_only(text) else _topmost((name for name in tables if _recurses(trace, name)), tables)
    known = frozenset[str]().union(*(tables[name].known for name in every))
    names = {lock.relation: lock.of for lock in trace.effective}
    names |= {one.relation: one.of for one in trace.relations}
    emptied = tuple(name for name in every if _is_dropped(trace, name) or name in trace.truncated)
    ordinary = ((name, tables[name].partitions - tables[name].foreign) for name in every)
    more = sum(partitions * new_indexes(trace, name) for name, partitions in ordinary)
    return _Step(frozenset(name for name, of in names.items() if of not in known), every, emptied, more)


def _count(steps: Sequence[_Step], tables: Tables) -> LockCount:
    every = _topmost((name for step in steps for name in step.all_of), tables)
    known = frozenset[str]().union(*(tables[name].known for name in every))
    relations = frozenset[str]().union(*(step.relations for step in steps)) - known
    partitions = sum(tables[name].partitions for name in every)
    owned = sum(tables[name].owned for name in every if any(name in step.owned_of for step in steps))
    return LockCount(len(relations) + partitions + owned + sum(step.more for step in steps), every)


def _topmost(names: Iterable[str], tables: Tables) -> tuple[str, ...]:
    """Return the tables that are not partitions of others of them."""
    every = tuple(dict.fromkeys(names))
    return tuple(name for name in every if not any(name in tables[other].known for other in every))


def _recurses(trace: StatementTrace, name: str) -> bool:
    """Return whether PostgreSQL does to all partitions what the statement does to their table."""
    return (
        any(one.relation == name and one.change in _OF_PARTITIONS for one in trace.columns)
        or any(one.relation == name for one in trace.constraints)
        or new_indexes(trace, name) > 0
        or _is_dropped(trace, name)
        or name in trace.truncated
    )


def _is_dropped(trace: StatementTrace, name: str) -> bool:
    return any(one.relation == name and one.change == "dropped" for one in trace.relations)


def new_indexes(trace: StatementTrace, name: str) -> int:
    """Return how many indexes a statement creates on a table, without those on its partitions."""
    return sum(one.of == name and one.change == "created" for one in trace.relations)


def traces_to_run(
    migration: PlannedMigration, rehearsals: Mapping[str, Rehearsal], direction: Direction
) -> Iterator[StatementTrace]:
    """Yield the effects of the statements of a migration that will run, as far as they were rehearsed."""
    rehearsal = rehearsals.get(migration.name)
    recorded = () if rehearsal is None else traces_of(rehearsal, direction)
    return (trace for trace in recorded if trace.index > migration.statements_done)


def is_only(text: str) -> bool:
    """Return whether the statement says ONLY, so that it leaves the partitions alone."""
    words = [token.text.lower() for token in significant(text)] if " only" in text.lower() else []
    return any(word == "only" and before in {"table", "on", "exists"} for before, word in pairwise(words))
