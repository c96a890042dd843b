"""Reduce the modes held on OIDs to the strongest lock on each relation."""

from __future__ import annotations

from koonj.postgres.locks.queries import Modes
from koonj.postgres.locks.relations import Relations
from koonj.postgres.locks.trace import LockMode, RelationLock


def strongest(modes: Modes, initial: Relations) -> tuple[RelationLock, ...]:
    """Return one lock per relation, sorted by name.

    Relations that did not exist before the transaction are omitted: no other session can use them.
    """
    found = (_lock(oid, held, initial) for oid, held in modes.items() if held and oid in initial)
    return tuple(sorted(found, key=lambda lock: lock.relation))


def _lock(oid: int, held: frozenset[LockMode], initial: Relations) -> RelationLock:
    relation = initial[oid]
    table = None if relation.table is None else initial.get(relation.table)
    of = None if table is None else table.name
    return RelationLock(relation.name, relation.kind, max(held, key=lambda mode: mode.rank), of)


def taken(before: Modes, now: Modes) -> Modes:
    """Return the modes that were not held before."""
    return {oid: held - before.get(oid, frozenset()) for oid, held in now.items()}


def raised(before: Modes, now: Modes) -> Modes:
    """Return the modes of relations whose strongest mode became stronger.

    pg_locks does not show that a held mode, or a weaker one, is taken again. For an ALTER TABLE after another
    one that holds ACCESS EXCLUSIVE, it would show only some weaker modes, which would be misleading.
    """
    return {oid: held for oid, held in now.items() if _rank(held) > _rank(before.get(oid, frozenset()))}


def _rank(held: frozenset[LockMode]) -> int:
    return max((mode.rank for mode in held), default=0)
