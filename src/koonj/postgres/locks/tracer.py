"""What each statement of a transaction locks, rewrites, scans and changes, read in its own session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from psycopg import AsyncConnection

from koonj.postgres.locks.changes import Comparison
from koonj.postgres.locks.compared import compared
from koonj.postgres.locks.quiet import in_own_transaction, in_savepoint
from koonj.postgres.locks.reading import (
    LockSnapshot,
    Modes,
    read_all,
    read_touched,
    read_wal,
    send_off_counters,
)
from koonj.postgres.locks.state import NONE, Counters, Relations
from koonj.postgres.locks.strongest import raised, strongest, taken
from koonj.postgres.locks.values import StatementTrace


@dataclass(frozen=True, slots=True)
class _Moment:
    """All that was known after the last statement."""

    relations: Relations = field(default_factory=dict)
    modes: Modes = field(default_factory=dict)
    counters: Mapping[int, Counters] = field(default_factory=dict)
    wal: int = 0


class Tracer:
    """Of one connection. `begin`, then the transaction's BEGIN; `after` each statement; then the next.

    The session must have no parallel workers (koonj.postgres.scratch.settings): they count for themselves.
    """

    def __init__(self, conn: AsyncConnection, *, alone: bool = True) -> None:
        """`alone`: nobody else writes on the server, so that its WAL is the statement's."""
        self._conn = conn
        self._alone = alone
        self._initial: Relations = {}
        self._last = _Moment()

    async def begin(self) -> None:
        """Before a transaction's BEGIN: read what is there, and nothing but read. Raises psycopg.Error.

        On a scratch `forget_counts` comes before.
        """
        conn = self._conn
        async with in_own_transaction(conn):
            await send_off_counters(conn)  # later they would count from 0 again
            self._initial = await read_all(conn)
            wal = await read_wal(conn) if self._alone else 0
        self._last = _Moment(self._initial, wal=wal)

    async def after(
        self, *, index: int, line: int, summary: str, in_transaction: bool, seconds: float
    ) -> StatementTrace:
        """What a statement did that was answered just now, before its COMMIT.

        `summary` is the statement's: its first word is the verb. Not to be called where `is_silent` holds:
        use `silent`. Raises psycopg.Error; the transaction can go on then, if the connection is there.
        """
        last = self._last
        async with in_savepoint(self._conn):
            wal = await read_wal(self._conn) if self._alone else 0
            touched = await read_touched(self._conn, last.modes)
            then = await read_wal(self._conn) if self._alone else 0
        self._last = _Moment(
            _merged(last.relations, touched), touched.modes, {**last.counters, **touched.counters}, then
        )
        bare = StatementTrace(
            index,
            line,
            summary,
            in_transaction,
            seconds,
            wal_bytes=wal - last.wal if self._alone else None,
            held=strongest(last.modes, self._initial),
        )
        if summary.partition(" ")[0].lower() in {"rollback", "abort"}:
            return bare  # to a savepoint: what comes back, or goes, is no change of its own
        now, initial = self._last, self._initial
        counted = {
            oid: counters.since(last.counters.get(oid, NONE)) for oid, counters in now.counters.items()
        }
        locks = strongest(raised(last.modes, now.modes), initial)
        states = Comparison(initial, last.relations, now.relations)
        return compared(replace(bare, locks=locks), states, taken(last.modes, now.modes), counted)

    def silent(
        self, *, index: int, line: int, summary: str, in_transaction: bool, seconds: float
    ) -> StatementTrace:
        """Of a statement that touches no relation, without a query."""
        held = strongest(self._last.modes, self._initial)
        return StatementTrace(index, line, summary, in_transaction, seconds, held=held)


def _merged(before: Relations, touched: LockSnapshot) -> Relations:
    """What is there now: what was not touched is as it was, and what was and is not there is gone."""
    kept = {oid: relation for oid, relation in before.items() if oid not in touched.counters}
    return {**kept, **touched.relations}
