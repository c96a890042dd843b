"""Trace each statement of a transaction in its own session.

A trace has the locks, rewrites, scans and changes of the statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from psycopg import AsyncConnection

from koonj.postgres.locks.build_trace import compared
from koonj.postgres.locks.changes import Comparison, raised, strongest, taken
from koonj.postgres.locks.queries import (
    LockSnapshot,
    Modes,
    read_all,
    read_touched,
    read_wal,
    send_off_counters,
)
from koonj.postgres.locks.relations import NONE, Counters, Relations
from koonj.postgres.locks.side_transaction import in_own_transaction, in_savepoint
from koonj.postgres.locks.trace import StatementTrace


@dataclass(frozen=True, slots=True)
class _Moment:
    """Snapshot of locks, relations and counters after the previous statement."""

    relations: Relations = field(default_factory=dict)
    modes: Modes = field(default_factory=dict)
    counters: Mapping[int, Counters] = field(default_factory=dict)
    wal: int = 0


class Tracer:
    """Traces the statements of one connection.

    Call `begin` before the transaction's BEGIN, and `after` or `silent` after each statement. The session
    must not use parallel workers (see koonj.postgres.scratch.settings), because they have counters of their
    own.
    """

    def __init__(self, conn: AsyncConnection, *, alone: bool = True) -> None:
        """Trace statements on `conn`.

        `alone`: no other session writes on the server, so all new WAL comes from the statement.
        """
        self._conn = conn
        self._alone = alone
        self._initial: Relations = {}
        self._last = _Moment()

    async def begin(self) -> None:
        """Read the relations before a transaction's BEGIN. Only reads.

        On a scratch database, call `forget_counts` first.

        Raises: psycopg.Error.
        """
        conn = self._conn
        async with in_own_transaction(conn):
            await send_off_counters(conn)  # if they were sent later, they would start from 0 again
            self._initial = await read_all(conn)
            wal = await read_wal(conn) if self._alone else 0
        self._last = _Moment(self._initial, wal=wal)

    async def trace_statement(self, bare: StatementTrace) -> StatementTrace:
        """Return the trace of a statement that has just finished. Call it before COMMIT.

        `bare` says which statement it was and how long it took. The first word of its summary is the
        statement's verb. If `is_silent` is true for the statement, use `silent` instead. After an error, the
        transaction can continue if the connection still exists.

        Raises: psycopg.Error.
        """
        last = self._last
        async with in_savepoint(self._conn):
            wal = await read_wal(self._conn) if self._alone else 0
            touched = await read_touched(self._conn, last.modes)
            then = await read_wal(self._conn) if self._alone else 0
        self._last = _Moment(
            _merged(last.relations, touched), touched.modes, {**last.counters, **touched.counters}, then
        )
        bare = replace(
            bare,
            wal_bytes=wal - last.wal if self._alone else None,
            held=strongest(last.modes, self._initial),
        )
        if bare.summary.partition(" ")[0].lower() in {"rollback", "abort"}:
            return bare  # to a savepoint: what it restores or removes is not a change of its own
        now, initial = self._last, self._initial
        counted = {
            oid: counters.since(last.counters.get(oid, NONE)) for oid, counters in now.counters.items()
        }
        locks = strongest(raised(last.modes, now.modes), initial)
        states = Comparison(initial, last.relations, now.relations)
        return compared(replace(bare, locks=locks), states, taken(last.modes, now.modes), counted)

    async def pass_over(self) -> None:
        """Leave out what koonj itself wrote since the last statement, and rolled back.

        Raises: psycopg.Error.
        """
        if self._alone:
            async with in_savepoint(self._conn):
                self._last = replace(self._last, wal=await read_wal(self._conn))

    def trace_silent_statement(self, bare: StatementTrace) -> StatementTrace:
        """Return the trace of a statement that uses no relation. Sends no query."""
        return replace(bare, held=strongest(self._last.modes, self._initial))


def _merged(before: Relations, touched: LockSnapshot) -> Relations:
    """Return the current relations: changed ones replaced, dropped ones omitted."""
    kept = {oid: relation for oid, relation in before.items() if oid not in touched.counters}
    return {**kept, **touched.relations}
