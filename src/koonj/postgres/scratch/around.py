"""What a migration can change beside the schema of its database: roles, settings, databases, slots."""

from __future__ import annotations

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.locks.quiet import in_own_transaction
from koonj.postgres.queries import query


async def read_around(scratch: AsyncConnection) -> frozenset[str]:
    """Each thing in words: ``role app LOGIN``. For a superuser, outside of a transaction.

    pg_dump shows none of it but large objects, so the catalog has none of it. Raises psycopg.Error.
    """
    async with in_own_transaction(scratch), scratch.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("scratch/around"), prepare=False)
        return frozenset(row[0] for row in await cursor.fetchall())
