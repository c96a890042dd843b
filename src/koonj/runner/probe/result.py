"""The result of a probe for one migration: locks and sequences, or a failure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import psycopg

from koonj.postgres.errors import is_lost
from koonj.postgres.locks.strategy import COMMITS_ITSELF
from koonj.postgres.locks.trace import LockMode, RelationLock, StatementTrace
from koonj.runner.apply.failure import (
    CAUSED_BY_ONE_TRANSACTION,
    COMMANDS,
    failure_of_cancel,
    failure_of_error,
    lead,
)
from koonj.runner.apply.statement import StatementError
from koonj.runner.plan.work import Work
from koonj.runner.run.events import MigrationProbed
from koonj.runner.run.failure import Failure


def probe_failed(
    work: Work, error: StatementError | psycopg.Error, *, first: bool, cancelled: bool
) -> Failure:
    """Return the failure for an error in a probe.

    `first`: of its first migration; `cancelled`: the user has cancelled it.
    """
    cause = error.error if isinstance(error, StatementError) else error
    state = f"The connection was lost. {_STATE}" if is_lost(cause) else _STATE
    following = tuple(_next_steps(work, cause, first=first, cancelled=cancelled))
    return failure_of_error(work, error, state=state, next_steps=following)


def probe_cancelled(work: Work) -> Failure:
    """Return the failure for a probe that the user cancelled between two statements."""
    following = tuple(_next_steps(work, None, first=True, cancelled=True))
    return replace(failure_of_cancel(work, _STATE, 0), next_steps=following)


_STATE = "Nothing was committed: a probe is always rolled back. Sequences that it advanced are not restored."


def _next_steps(work: Work, cause: psycopg.Error | None, *, first: bool, cancelled: bool) -> Iterator[str]:
    again = f"{COMMANDS[work.direction]} --probe{work.target_option}"
    sqlstate = None if cause is None else cause.sqlstate
    if sqlstate == "55P03":
        yield f"Another session holds a lock that the probe needs; a probe waits only briefly. Retry: {again}"
        return
    if sqlstate == COMMITS_ITSELF:
        yield (
            "The statement commits by itself, so it cannot be probed. To rehearse it, run: "
            f"koonj rehearse {work.migration.number}"
        )
        return
    if sqlstate in CAUSED_BY_ONE_TRANSACTION and not first:
        yield (
            "In an apply, the migrations before it are already committed, and it might not fail. "
            f"To find out, run: koonj rehearse {work.migration.name}"
        )
    yield f"{lead(cause, cancelled=cancelled)}: {again}"


def probed(work: Work, traces: Sequence[StatementTrace]) -> MigrationProbed:
    """Return the event for a migration whose statements were all successful."""
    return MigrationProbed(
        work.migration.name,
        work.direction,
        sum(trace.seconds for trace in traces),
        work.total,
        _strongest(lock for trace in traces for lock in trace.locks),
        _advanced_sequences(traces),
    )


def _strongest(locks: Iterable[RelationLock]) -> tuple[RelationLock, ...]:
    """Return the strongest lock on each relation, sorted by name."""
    found: dict[str, RelationLock] = {}
    for lock in locks:
        known = found.get(lock.relation)
        if known is None or known.mode.rank < lock.mode.rank:
            found[lock.relation] = lock
    return tuple(found[name] for name in sorted(found))


def _advanced_sequences(traces: Iterable[StatementTrace]) -> tuple[str, ...]:
    """Return the sequences that nextval or setval changed.

    These functions lock the sequence in ROW EXCLUSIVE mode, which no command on a sequence uses. See
    lock_and_open_sequence in PostgreSQL's src/backend/commands/sequence.c.
    """
    locks = (lock for trace in traces for lock in trace.locks)
    advanced = {lock.relation for lock in locks if (lock.kind, lock.mode) == _NEXTVAL}
    return tuple(sorted(advanced))


_NEXTVAL = ("sequence", LockMode.ROW_EXCLUSIVE)
