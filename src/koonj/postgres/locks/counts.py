"""What ANALYZE and VACUUM have counted on a scratch, where it is not so on the target."""

from __future__ import annotations

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.locks.quiet import in_own_transaction
from koonj.postgres.queries import query


async def forget_counts(scratch: AsyncConnection) -> None:
    """Let the planner take tables for neither empty nor small, whatever ANALYZE or VACUUM found here.

    It writes into pg_class what would ruin every plan of a real database: only for a scratch. Does so where
    the role may, which has to be a superuser's, and from PostgreSQL 14 on. Not to be called in a transaction.
    Raises psycopg.Error.
    """
    if scratch.info.server_version < 140000:
        return
    async with in_own_transaction(scratch, writes=True), scratch.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("locks/counted_rows"), prepare=False)
        if oids := [row[0] for row in await cursor.fetchall()]:
            await cursor.execute(query("locks/forget_counts"), {"oids": oids}, prepare=False)
