"""Find out whether a target keeps one server session for a connection.

A pooler in transaction mode gives each transaction another session of the server. Then koonj's lock and
settings stay in a session that other clients use. A pooler in session mode, and a proxy that only has its own
process numbers, keep the session: they are as safe as a direct connection. So the behaviour decides, not the
presence of a pooler.
"""

from __future__ import annotations

import asyncio

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.postgres import advisory_lock
from koonj.postgres.connector import ConnectError, Connector

_TURN = 1.0
"""Seconds that the second connection gets for its first transaction."""

_TIMES = 3
"""Number of transactions that must reach the same session."""

POOLER_HINT = (
    "For apply, rollback, probe and rehearse --like, use a dsn that connects to PostgreSQL directly, or to a "
    "pooler in session mode (pgbouncer: pool_mode = session; Supabase: port 5432; Neon: the host without "
    "-pooler)."
)


async def must_keep_session(
    connector: Connector, target: Target, conn: AsyncConnection, first: int | None = None
) -> bool:
    """Refuse a target that does not keep one session for `conn`. Return whether it is behind a pooler.

    Changes nothing in any session. `first`: the pid of a server process that answered on `conn`, if known.

    Raises: ConnectError; psycopg.Error.
    """
    first = await backend_pid(conn) if first is None else first
    if first == conn.info.backend_pid:
        return False  # the server itself has sent this number at the login
    if not await _is_exclusive(connector, target, conn, first):
        raise _shared()
    return True


async def must_hold_lock(conn: AsyncConnection) -> None:
    """Refuse a session that does not hold the koonj lock, although it was taken.

    Raises: ConnectError.
    """
    if not await advisory_lock.is_held_here(conn):
        raise _shared()


async def backend_pid(conn: AsyncConnection) -> int:
    """Return the pid of the server process that answers now."""
    cursor = await conn.execute("SELECT pg_catalog.pg_backend_pid()")
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


def _shared() -> ConnectError:
    return ConnectError(
        "The target is behind a connection pooler that gives each transaction another session of the server "
        "(for example pgbouncer in transaction mode), so locks and settings of a session do not hold.",
        POOLER_HINT,
    )


async def _is_reached_again(conn: AsyncConnection, pid: int) -> bool:
    return all([await backend_pid(conn) == pid for _ in range(_TIMES)])


async def _is_exclusive(connector: Connector, target: Target, conn: AsyncConnection, pid: int) -> bool:
    """Return whether no other client gets the session of `conn` while `conn` is open.

    A pool gives a client the session that was used last, or the one that was not used for the longest time.
    In the first case a second connection gets that of `conn`; in the second case `conn` itself gets another.

    Raises: ConnectError if there is no second connection; psycopg.Error.
    """
    try:
        other = await connector.connect(target, name="koonj")
    except ConnectError as error:
        raise ConnectError(
            "The target is behind a connection pooler, and koonj could not find out whether it keeps "
            f"sessions: a second connection failed. {error.message}",
            POOLER_HINT,
            error.sqlstate,
        ) from error
    async with other:
        for _ in range(_TIMES):
            asking = asyncio.create_task(backend_pid(other))
            try:
                await asyncio.wait((asking,), timeout=_TURN)
                # A pool answers in the order of the questions. If `conn` gets its answer while the second
                # connection still waits, the pool has no more sessions, and keeps that of `conn` for it.
                if not await _is_reached_again(conn, pid):
                    return False
                if not asking.done():
                    return True
                if asking.result() == pid:
                    return False
            finally:
                asking.cancel()
                await asyncio.wait((asking,))
    return True
