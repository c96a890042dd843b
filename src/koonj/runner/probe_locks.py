"""What one migration of a probe locked and moved, from what its statements did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from koonj.postgres.locks.trace import LockMode, RelationLock, StatementTrace
from koonj.runner.plan.work import Work
from koonj.runner.run.events import MigrationProbed


def probed(work: Work, traces: Sequence[StatementTrace]) -> MigrationProbed:
    """The event of a migration all of whose statements were answered."""
    return MigrationProbed(
        work.migration.name,
        work.direction,
        sum(trace.seconds for trace in traces),
        work.total,
        _strongest(lock for trace in traces for lock in trace.locks),
        _moved(traces),
    )


def _strongest(locks: Iterable[RelationLock]) -> tuple[RelationLock, ...]:
    """One a relation, by name."""
    found: dict[str, RelationLock] = {}
    for lock in locks:
        known = found.get(lock.relation)
        if known is None or known.mode.rank < lock.mode.rank:
            found[lock.relation] = lock
    return tuple(found[name] for name in sorted(found))


def _moved(traces: Iterable[StatementTrace]) -> tuple[str, ...]:
    """Sequences that nextval or setval has moved: they lock ROW EXCLUSIVE, and no command on a sequence does.

    See lock_and_open_sequence in PostgreSQL's src/backend/commands/sequence.c.
    """
    locks = (lock for trace in traces for lock in trace.locks)
    moved = {lock.relation for lock in locks if (lock.kind, lock.mode) == _NEXTVAL}
    return tuple(sorted(moved))


_NEXTVAL = ("sequence", LockMode.ROW_EXCLUSIVE)
