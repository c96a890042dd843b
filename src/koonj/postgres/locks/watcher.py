"""Observe the locks of a statement that runs outside a transaction.

CREATE INDEX CONCURRENTLY and similar statements finish in milliseconds on an empty table, in several
transactions. Two holder sessions therefore lock the tables in turn. The statement stops at every lock that
conflicts, and in every phase in which it waits for other sessions. While it waits, its locks do not change
and koonj reads them. Then one holder takes the locks of the other, except for the relation that the statement
waits for, and the other holder releases its locks. So the statement can continue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from psycopg import AsyncConnection

from koonj.postgres.locks.build_trace import compared
from koonj.postgres.locks.changes import Comparison, strongest
from koonj.postgres.locks.holders import TableLocker, TableLocks, holdable, mode_for
from koonj.postgres.locks.queries import (
    Watched,
    read_all,
    read_counted,
    read_wal,
    read_watched,
    send_off_counters,
)
from koonj.postgres.locks.relations import NONE, Counters, Relations
from koonj.postgres.locks.side_transaction import in_own_transaction
from koonj.postgres.locks.trace import LockMode, StatementTrace
from koonj.sql.statements import Statement

_PAUSE = 0.001
"""Seconds between two reads of pg_locks."""

Connect = Callable[[], Awaitable[AsyncConnection]]
"""Opens another connection to the same database: autocommit, as a role that can read and lock all tables."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """Relations, counters of all sessions, and the WAL position."""

    relations: Relations
    counters: Mapping[int, Counters]
    wal: int


class LockWatcher:
    """Context manager around one statement: ``async with Watch(…) as watch``.

    Afterwards, ``watch.trace(…)`` returns the trace of the statement.
    """

    def __init__(
        self, connect: Connect, conn: AsyncConnection, statement: Statement, *, alone: bool = True
    ) -> None:
        """Observe `statement`, which the session `conn` runs.

        `alone`: no other session writes on the server.
        """
        self._connect = connect
        self._conn = conn
        self._statement = statement
        self._alone = alone
        self._seen: dict[int, set[LockMode]] = {}
        self._ended = asyncio.Event()
        self._stack = AsyncExitStack()
        self._start = self._end = _Moment({}, {}, 0)

    async def __aenter__(self) -> Self:
        """Open the other sessions, and lock the tables that the statement will wait for.

        Raises: psycopg.Error.
        """
        await send_off_counters(self._conn)
        async with self._stack:
            self._eye = await self._opened()
            tables = await holdable(self._eye, self._statement)
            self._hold = TableLocks(
                tables, commented=tuple(table for table in tables if table.relkind == "m")
            )
            mode = mode_for(self._statement)
            self._holders = [TableLocker(await self._opened(), mode) for _ in range(2)]
            self._start = await self._moment()
            await self._holders[0].take(self._hold)
            self._looking = asyncio.create_task(self._look())
            self._stack = self._stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Release the locks, and read the state after the statement.

        Raises: psycopg.Error.
        """
        async with self._stack:
            self._ended.set()
            await asyncio.wait((self._looking,))
            failed = self._looking.exception()
            if error is None:
                if failed is not None:
                    raise failed
                await send_off_counters(self._conn)
                self._end = await self._moment()

    def trace(self, bare: StatementTrace) -> StatementTrace:
        """Return the trace of the statement that ran in this context.

        `bare` says which statement it was and how long it took. Scans by all sessions during that time are
        in `passed`.
        """
        initial = self._start.relations
        wal = self._end.wal - self._start.wal if self._alone else None
        modes = {oid: frozenset(seen) for oid, seen in self._locked().items()}
        bare = replace(bare, wal_bytes=wal, locks=strongest(modes, initial), observed=True)
        before = self._start.counters
        counted = {oid: counters.since(before.get(oid, NONE)) for oid, counters in self._end.counters.items()}
        found = compared(bare, Comparison(initial, initial, self._end.relations), modes, counted)
        return replace(found, scanned=(), scanned_by_any_session=found.scanned)

    def _locked(self) -> Mapping[int, set[LockMode]]:
        """Return the modes that were observed or that follow from PostgreSQL's code.

        A relation gets new storage only under ACCESS EXCLUSIVE (see the callers of
        RelationSetNewRelfilenumber and finish_heap_swap). So VACUUM FULL and REINDEX have locked each index,
        even if only for a moment.
        """
        locked = {oid: set(seen) for oid, seen in self._seen.items()}
        for oid, after in self._end.relations.items():
            before = self._start.relations.get(oid)
            if before is not None and before.file != after.file:
                locked.setdefault(oid, set()).add(LockMode.ACCESS_EXCLUSIVE)
        return locked

    async def _opened(self) -> AsyncConnection:
        conn = await self._connect()
        self._stack.push_async_callback(conn.close)
        return conn

    async def _moment(self) -> _Moment:
        async with in_own_transaction(self._eye):
            relations, counters = await read_all(self._eye), await read_counted(self._eye)
            return _Moment(relations, counters, await read_wal(self._eye) if self._alone else 0)

    async def _look(self) -> None:
        """Record the statement's locks until it ends. Let it continue whenever it waits.

        Raises: psycopg.Error.
        """
        holding, resting = self._holders
        hold, pid = self._hold, self._conn.info.backend_pid
        try:
            while not self._ended.is_set():
                rows = await read_watched(self._eye, pid)
                waiting = any(not granted for _, _, granted in rows)
                self._note(rows, still=waiting)
                if waiting:
                    hold = hold.without(self._waits(rows))
                    await resting.take(hold)
                    await holding.release()
                    holding, resting = resting, holding
                else:
                    await asyncio.sleep(_PAUSE)
        finally:
            try:
                await holding.release()
            finally:
                await resting.release()

    def _note(self, rows: Sequence[Watched], *, still: bool) -> None:
        """Record the locks that the statement holds or waits for.

        If it is not waiting (`still` is false), record only strong locks on tables: those for which it would
        have waited if all tables had been held. Otherwise the result would depend on the moment of the
        observation.
        """
        for oid, mode, _ in rows:
            strong = mode.rank >= LockMode.ROW_EXCLUSIVE.rank
            if oid is not None and (still or (strong and not self._is_index(oid))):
                self._seen.setdefault(oid, set()).add(mode)

    def _is_index(self, oid: int) -> bool:
        relation = self._start.relations.get(oid)
        return relation is not None and relation.is_index

    def _waits(self, rows: Sequence[Watched]) -> dict[int, LockMode]:
        """Return the relations and modes that it waits for.

        For an index, its table is returned: both are held together.
        """
        found = {}
        for oid, mode, granted in rows:
            if oid is not None and not granted:
                relation = self._start.relations.get(oid)
                table = None if relation is None else relation.table
                found[oid if table is None else table] = mode
        return found
