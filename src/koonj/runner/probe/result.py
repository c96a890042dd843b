"""A probe that stopped: nothing of it is kept, and what can be done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import psycopg

from koonj.postgres.errors import is_lost
from koonj.postgres.locks.trace import LockMode, RelationLock, StatementTrace
from koonj.runner.apply.failure import COMMANDS, of_cancel, of_error
from koonj.runner.apply.statement import StatementError
from koonj.runner.plan.work import Work
from koonj.runner.run.events import Failure, MigrationProbed


def probe_failed(work: Work, error: StatementError | psycopg.Error, *, alone: bool) -> Failure:
    """The failure of a statement, or of what koonj sent around them; `alone`: no migration ran before it."""
    cause = error.error if isinstance(error, StatementError) else error
    state = f"The connection was lost. {_STATE}" if is_lost(cause) else _STATE
    return of_error(work, error, state=state, next_steps=tuple(_next(work, cause, alone=alone)))


def probe_cancelled(work: Work) -> Failure:
    """Cancelled by a person between two statements."""
    return replace(of_cancel(work, _STATE, 0), next_steps=tuple(_next(work, None, alone=True)))


_STATE = (
    "Nothing of it is committed: a probe is always rolled back. A sequence that it moved stays where it is."
)


def _next(work: Work, cause: psycopg.Error | None, *, alone: bool) -> Iterator[str]:
    again = f"{COMMANDS[work.direction]} --probe{work.where}"
    sqlstate = None if cause is None else cause.sqlstate
    if sqlstate == "55P03":
        yield f"Another session holds a lock that it needs, and a probe waits only shortly: later, {again}"
        return
    if sqlstate in _OF_ONE_TRANSACTION and not alone:
        yield (
            "In an apply the migrations before it are committed by then, and it may pass: "
            f"koonj rehearse {work.migration.name}"
        )
    yield f"Mend the cause, then probe again: {again}" if cause is not None else f"Probe again: {again}"


_OF_ONE_TRANSACTION = frozenset({"25001", "55006", "55P04"})
"""SQLSTATEs of what a transaction refuses for what went before in it: SET TRANSACTION after a query, a table
with pending trigger events, a value that was just added to an enum."""


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
