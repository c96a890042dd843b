"""From the modes that are held on OIDs to the strongest lock on each relation that was there."""

from __future__ import annotations

from koonj.postgres.locks.reading import Modes
from koonj.postgres.locks.state import Relations
from koonj.postgres.locks.values import LockMode, RelationLock


def strongest(modes: Modes, initial: Relations) -> tuple[RelationLock, ...]:
    """One lock a relation, by name; relations that were not there before are nobody else's business."""
    found = (_lock(oid, held, initial) for oid, held in modes.items() if held and oid in initial)
    return tuple(sorted(found, key=lambda lock: lock.relation))


def _lock(oid: int, held: frozenset[LockMode], initial: Relations) -> RelationLock:
    relation = initial[oid]
    table = None if relation.table is None else initial.get(relation.table)
    of = None if table is None else table.name
    return RelationLock(relation.name, relation.kind, max(held, key=lambda mode: mode.rank), of)


def taken(before: Modes, now: Modes) -> Modes:
    """The modes that were not held before."""
    return {oid: held - before.get(oid, frozenset()) for oid, held in now.items()}


def raised(before: Modes, now: Modes) -> Modes:
    """The modes of relations whose strongest one is stronger than before.

    A mode that is taken again, under the same or a stronger one, does not show in pg_locks: of an ALTER TABLE
    under another's ACCESS EXCLUSIVE only some weaker locks would, and to name those would mislead.
    """
    return {oid: held for oid, held in now.items() if _rank(held) > _rank(before.get(oid, frozenset()))}


def _rank(held: frozenset[LockMode]) -> int:
    return max((mode.rank for mode in held), default=0)
