"""The lock of a migration tool that is a row of one of its tables."""

from __future__ import annotations

import psycopg
from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.layouts.tool_writer import RowLock
from koonj.postgres.queries import query
from koonj.postgres.session import own_transaction
from koonj.postgres.tool_rows import ToolTables, changed_rows


async def take_lock_row(conn: AsyncConnection, target: Target, tables: ToolTables, lock: RowLock) -> bool:
    """Try to take the lock, in a transaction of its own. Return whether it was taken.

    Raises: psycopg.Error.
    """
    try:
        async with own_transaction(conn, target):
            return bool(await changed_rows(conn, tables, lock.take))
    except (psycopg.errors.UniqueViolation, psycopg.errors.LockNotAvailable):
        return False


async def lock_row_holder(
    conn: AsyncConnection, target: Target, tables: ToolTables, lock: RowLock
) -> str | None:
    """Return who has the lock and since when, as text; None if nobody has it.

    Raises: psycopg.Error.
    """
    async with own_transaction(conn, target):
        cursor = await conn.execute(tables.in_text(query(lock.holder)))
        row = await cursor.fetchone()
    if row is None:
        return None
    who, since = row[0] or "a session that the row does not name", row[1]
    return f"{who} since {since}" if since else str(who)


async def release_lock_row(conn: AsyncConnection, target: Target, tables: ToolTables, lock: RowLock) -> None:
    """Release the lock, in a transaction of its own.

    Raises: psycopg.Error.
    """
    async with own_transaction(conn, target):
        await changed_rows(conn, tables, lock.release)
