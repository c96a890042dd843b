"""The tracer's queries, and their rows as values.

None is prepared on the server: a file's DEALLOCATE ALL would take it away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.locks.state import Counters, Relation, Relations
from koonj.postgres.locks.values import LockMode
from koonj.postgres.queries import query

_INTERVAL = 0.55
"""Seconds."""

_MODES: Mapping[str, LockMode] = {f"{mode.value.title().replace(' ', '')}Lock": mode for mode in LockMode}
"""As pg_locks spells them: ``AccessShareLock``."""

Modes = Mapping[int, frozenset[LockMode]]
"""All modes held, by the relation's OID."""

Watched = tuple[int | None, LockMode, bool]
"""Relation, mode, and whether it is granted. The relation is None in a wait for a transaction to end."""


def mode_of(word: str) -> LockMode:
    """Of pg_locks.mode."""
    return _MODES[word]


@dataclass(frozen=True, slots=True)
class LockSnapshot:
    """What the session's transaction has locked, as it is now."""

    modes: Modes
    relations: Relations
    """Those of `modes` that are there: not dropped, not left out."""
    counters: Mapping[int, Counters]


async def read_all(conn: AsyncConnection) -> dict[int, Relation]:
    """All relations. Raises psycopg.Error."""
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("locks/before"), prepare=False)
        return {row[0]: Relation(*row) for row in await cursor.fetchall()}


async def read_touched(conn: AsyncConnection, known: Iterable[int]) -> LockSnapshot:
    """The relations that this session has locked, and those of `known`. Raises psycopg.Error."""
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("locks/touched"), {"known": list(known)}, prepare=False)
        rows = await cursor.fetchall()
    return LockSnapshot(
        modes={row[0]: frozenset(map(mode_of, row[1])) for row in rows if row[1]},
        relations={row[0]: Relation(row[0], *row[7:]) for row in rows if row[7] is not None},
        counters={row[0]: Counters(*row[2:7]) for row in rows},
    )


async def read_wal(conn: AsyncConnection) -> int:
    """The server's WAL position in bytes. Raises psycopg.Error."""
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("locks/wal"), prepare=False)
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def read_counted(conn: AsyncConnection) -> dict[int, Counters]:
    """What all sessions have counted and sent off, by OID. Raises psycopg.Error."""
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("locks/counted"), prepare=False)
        return {row[0]: Counters(*row[1:]) for row in await cursor.fetchall()}


async def read_watched(conn: AsyncConnection, pid: int) -> list[Watched]:
    """The locks of another session, granted and waited for. Raises psycopg.Error."""
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("locks/watched"), {"pid": pid}, prepare=False)
        return [(row[0], mode_of(row[1]), row[2]) for row in await cursor.fetchall()]


async def send_off_counters(conn: AsyncConnection) -> None:
    """Let the session send off what it has counted when its transaction ends. Raises psycopg.Error.

    Before 15 nothing asks for it: a session does so when it falls idle, if half a second has passed since the
    last time (PGSTAT_STAT_INTERVAL in src/backend/postmaster/pgstat.c). So that is waited for.
    """
    if conn.info.server_version >= 150000:
        await conn.execute("SELECT pg_catalog.pg_stat_force_next_flush()", prepare=False)
    else:
        await asyncio.sleep(_INTERVAL)
        await conn.execute("SELECT 1", prepare=False)
