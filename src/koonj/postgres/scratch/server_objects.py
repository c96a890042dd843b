"""Read what a migration can change outside the schema of its database.

These are roles, settings, databases, replication slots and large objects.
"""

from __future__ import annotations

from psycopg import AsyncConnection

from koonj.postgres.locks.side_transaction import in_own_transaction
from koonj.postgres.queries import query
from koonj.postgres.readable_text import readable_rows


async def read_around(scratch: AsyncConnection) -> frozenset[str]:
    """Return each of these things in words, such as ``role app LOGIN``.

    Requires a superuser and a session that is not in a transaction. pg_dump prints only large objects of
    these, so the catalog contains none of them.

    Raises: psycopg.Error.
    """
    async with in_own_transaction(scratch):
        return frozenset(row[0] for row in await readable_rows(scratch, query("scratch/around")))
