"""How a scratch's sessions are set up so that what is traced there is what tables with rows would show."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from psycopg import AsyncConnection, sql
from psycopg.rows import tuple_row

from koonj.postgres.locks.quiet import apart
from koonj.postgres.queries import query

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "max_parallel_maintenance_workers": "0",
        "max_parallel_workers_per_gather": "0",
    }
)
"""Parallel workers count for themselves what they read, so there are none.

Give them to the session that is traced as it connects (libpq's `options`, see `OPTIONS`), so that a file's
RESET ALL or DISCARD ALL comes back to them; or to a connection that is there with `prepare`.
"""

OPTIONS = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
"""For the `options` of a connection string."""


async def prepare(conn: AsyncConnection) -> None:
    """Set them in a session. Raises psycopg.Error."""
    settings = [
        sql.SQL("SET {} TO {}").format(sql.Identifier(name), sql.Literal(value))
        for name, value in SETTINGS.items()
    ]
    await conn.execute(sql.SQL("; ").join(settings), prepare=False)


async def forget_counts(scratch: AsyncConnection) -> None:
    """Let the planner take tables for neither empty nor small, whatever ANALYZE or VACUUM found here.

    It writes into pg_class what would ruin every plan of a real database: only for a scratch. Does so where
    the role may, which has to be a superuser's, and from PostgreSQL 14 on. Not to be called in a transaction.
    Raises psycopg.Error.
    """
    if scratch.info.server_version < 140000:
        return
    async with apart(scratch, writes=True), scratch.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("locks/counted_rows"), prepare=False)
        if oids := [row[0] for row in await cursor.fetchall()]:
            await cursor.execute(query("locks/forget_counts"), {"oids": oids}, prepare=False)
