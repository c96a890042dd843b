"""One runner at a time a database: a session-level advisory lock, polled.

A waiting ``pg_advisory_lock`` holds a snapshot, and a CREATE INDEX CONCURRENTLY waits for every older
snapshot: the two deadlock and leave an INVALID index. So koonj only ever tries, and sleeps on the client
(https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from koonj.postgres.queries import query

if TYPE_CHECKING:
    from psycopg import AsyncConnection

KEY = int.from_bytes(b"koonj", "big")
"""The bigint under which koonj's lock is known in every database."""


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Who holds a target's lock, as pg_stat_activity tells it."""

    pid: int
    application_name: str
    host: str
    """The client's address, or ``local`` for a unix socket."""
    user: str
    since: datetime | None
    """When that session began, with its zone; None where the server does not show it to this role."""


async def try_lock(conn: AsyncConnection) -> bool:
    """Take the lock for this session, if it is free."""
    cursor = await conn.execute("SELECT pg_catalog.pg_try_advisory_lock(%s)", (KEY,))
    row = await cursor.fetchone()
    return bool(row and row[0])


async def unlock(conn: AsyncConnection) -> bool:
    """Give the lock back; False where this session did not hold it (a pooler changed the session, say)."""
    cursor = await conn.execute("SELECT pg_catalog.pg_advisory_unlock(%s)", (KEY,))
    row = await cursor.fetchone()
    return bool(row and row[0])


async def holder(conn: AsyncConnection) -> LockHolder | None:
    """Who holds the lock of this connection's database now; None when nobody does."""
    cursor = await conn.execute(query("lock_holder"), {"high": KEY >> 32, "low": KEY & 0xFFFFFFFF})
    row = await cursor.fetchone()
    if row is None:
        return None
    pid, application_name, host, user, since = row
    since = None if since is None else datetime.fromtimestamp(since, UTC)
    return LockHolder(pid, application_name, host, user, since)
