"""The transaction of a probe, which never commits.

It has time limits, and is reset between two migrations.
"""

from __future__ import annotations

from psycopg import AsyncConnection, sql

from koonj.config import Target
from koonj.config.duration import milliseconds
from koonj.postgres.deferrable_constraints import CheckTime, read_deferrable, set_check_time
from koonj.postgres.locks.side_transaction import in_savepoint
from koonj.postgres.session import CLEAN, set_timeouts

LOCK_LIMIT = "1s"
"""Longest time that a probe waits for a lock. Every later session waits behind it."""

IDLE_LIMIT = "60s"
"""How long the server keeps the transaction and its locks if the client sends nothing."""


def lock_limit(lock_timeout: str) -> str:
    """Return the smaller of a lock_timeout and `LOCK_LIMIT`.

    `lock_timeout` is in PostgreSQL's notation; 0 means no limit.
    """
    return lock_timeout if _is_short(lock_timeout) else LOCK_LIMIT


def _is_short(lock_timeout: str) -> bool:
    wanted, limit = milliseconds(lock_timeout), milliseconds(LOCK_LIMIT)
    return bool(wanted) and limit is not None and wanted is not None and wanted <= limit


async def open_transaction(conn: AsyncConnection, text: str | None) -> None:
    """Start a transaction with the file's own BEGIN, or with a plain one.

    The file's BEGIN can set an isolation level.
    """
    await conn.execute(b"BEGIN" if text is None else text.encode())


async def bound(conn: AsyncConnection, lock: str, statement: str) -> None:
    """Set the time limits of one migration in the open transaction."""
    await set_timeouts(conn, lock, statement, local=True)
    idle = sql.SQL("SET LOCAL idle_in_transaction_session_timeout TO {}").format(sql.Literal(IDLE_LIMIT))
    await conn.execute(idle)


async def hold_lock_limit(conn: AsyncConnection) -> None:
    """Reduce a lock_timeout that the file has set above the limit.

    SHOW takes no snapshot, so a SET TRANSACTION can still follow.
    """
    cursor = await conn.execute("SHOW lock_timeout")
    row = await cursor.fetchone()
    assert row is not None
    if not _is_short(row[0]):
        await conn.execute(sql.SQL("SET LOCAL lock_timeout TO {}").format(sql.Literal(LOCK_LIMIT)))


async def dead_client_interval(conn: AsyncConnection) -> str | None:
    """Return client_connection_check_interval; None before PostgreSQL 14.

    The value is one that the server's operating system supports.
    """
    if conn.info.server_version < 140000:
        return None
    cursor = await conn.execute("SHOW client_connection_check_interval")
    row = await cursor.fetchone()
    return None if row is None else str(row[0])


async def make_fresh(conn: AsyncConnection, target: Target, interval: str | None) -> None:
    """Reset the session as `session.clean` does, but in the open transaction.

    `interval` is the result of `dead_client_interval`. No statement here can fail, because that would abort
    the transaction.
    """
    statements: list[sql.Composable] = [sql.SQL(statement) for statement in CLEAN]
    if target.role is not None:
        statements.append(sql.SQL("SET ROLE {}").format(sql.Identifier(target.role)))
    if interval is not None:
        statements.append(
            sql.SQL("SET LOCAL client_connection_check_interval TO {}").format(sql.Literal(interval))
        )
    await conn.execute(sql.SQL("; ").join(statements))


async def check_so_far(conn: AsyncConnection) -> None:
    """Run deferred constraints now, as COMMIT would, and defer them again afterwards.

    Each constraint is named, because SET CONSTRAINTS ALL would also apply to constraints of the migrations
    that follow in the transaction.

    Raises: psycopg.Error.
    """
    async with in_savepoint(conn):
        found = await read_deferrable(conn)
    await set_check_time(conn, found, CheckTime.IMMEDIATE)
    await set_check_time(conn, [one for one in found if one.deferred], CheckTime.DEFERRED)


async def mark(conn: AsyncConnection) -> None:
    """Set a savepoint before a migration, so that its own savepoints can be removed."""
    await conn.execute("SAVEPOINT koonj_probe")


async def forget_mark(conn: AsyncConnection) -> None:
    """Release the savepoint and all later ones."""
    await conn.execute("RELEASE SAVEPOINT koonj_probe")
