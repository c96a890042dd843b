"""Run the queries of the tracer and return their rows as values.

No query is prepared on the server, because DEALLOCATE ALL in a file would remove it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.locks.relations import Counters, Relation, Relations
from koonj.postgres.locks.trace import LockMode
from koonj.postgres.queries import query

_INTERVAL = 0.55
"""Seconds to wait before PostgreSQL 15, until a session can send its counters again."""

_MODES: Mapping[str, LockMode] = {f"{mode.value.title().replace(' ', '')}Lock": mode for mode in LockMode}
"""Lock modes by their spelling in pg_locks: ``AccessShareLock``."""

Modes = Mapping[int, frozenset[LockMode]]
"""All held modes, by the OID of the relation."""

Watched = tuple[int | None, LockMode, bool]
"""Relation, mode, and whether the lock is granted.

The relation is None if the session waits for a transaction to end.
"""


def mode_of(word: str) -> LockMode:
    """Return the lock mode for a value of pg_locks.mode."""
    return _MODES[word]


@dataclass(frozen=True, slots=True)
class LockSnapshot:
    """Relations that the session's transaction has locked, as they are now."""

    modes: Modes
    relations: Relations
    """Relations of `modes` that exist now, without those that koonj ignores."""
    counters: Mapping[int, Counters]


async def read_all(conn: AsyncConnection) -> dict[int, Relation]:
    """Return all relations by OID.

    Raises: psycopg.Error.
    """
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("locks/before"), prepare=False)
        return {row[0]: Relation(*row) for row in await cursor.fetchall()}


async def read_touched(conn: AsyncConnection, known: Iterable[int]) -> LockSnapshot:
    """Return the relations that this session has locked, and those of `known`.

    Raises: psycopg.Error.
    """
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("locks/touched"), {"known": list(known)}, prepare=False)
        rows = await cursor.fetchall()
    return LockSnapshot(
        modes={row[0]: frozenset(map(mode_of, row[1])) for row in rows if row[1]},
        relations={row[0]: Relation(row[0], *row[7:]) for row in rows if row[7] is not None},
        counters={row[0]: Counters(*row[2:7]) for row in rows},
    )


async def read_wal(conn: AsyncConnection) -> int:
    """Return the server's WAL position in bytes.

    Raises: psycopg.Error.
    """
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("locks/wal"), prepare=False)
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def read_counted(conn: AsyncConnection) -> dict[int, Counters]:
    """Return the counters that all sessions have sent to the server, by OID.

    Raises: psycopg.Error.
    """
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("locks/counted"), prepare=False)
        return {row[0]: Counters(*row[1:]) for row in await cursor.fetchall()}


async def read_watched(conn: AsyncConnection, pid: int) -> list[Watched]:
    """Return the locks that another session holds or waits for.

    Raises: psycopg.Error.
    """
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("locks/watched"), {"pid": pid}, prepare=False)
        return [(row[0], mode_of(row[1]), row[2]) for row in await cursor.fetchall()]


async def send_off_counters(conn: AsyncConnection) -> None:
    """Let the session send its counters to the server when its transaction ends.

    Before PostgreSQL 15 there is no function for this. A session sends its counters when it becomes idle, but
    not more often than every half second (PGSTAT_STAT_INTERVAL in src/backend/postmaster/pgstat.c), so koonj
    waits that long.

    Raises: psycopg.Error.
    """
    if conn.info.server_version >= 150000:
        await conn.execute("SELECT pg_catalog.pg_stat_force_next_flush()", prepare=False)
    else:
        await asyncio.sleep(_INTERVAL)
        await conn.execute("SELECT 1", prepare=False)
