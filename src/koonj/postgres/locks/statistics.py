"""Forget row counts that are true on a scratch database, but not on the target."""

from __future__ import annotations

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.locks.side_transaction import in_own_transaction
from koonj.postgres.queries import query


async def forget_counts(scratch: AsyncConnection) -> None:
    """Reset row counts in pg_class, so that the planner treats no table as empty.

    It would ruin every plan on a real database: use it only on a scratch database. Does nothing before
    PostgreSQL 14, or if the role is not a superuser. Do not call it in a transaction.

    Raises: psycopg.Error.
    """
    if scratch.info.server_version < 140000:
        return
    async with in_own_transaction(scratch, writes=True), scratch.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("locks/counted_rows"), prepare=False)
        if oids := [row[0] for row in await cursor.fetchall()]:
            await cursor.execute(query("locks/forget_counts"), {"oids": oids}, prepare=False)
