"""Create the roles that a schema or a file needs on a scratch server."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import AsyncConnection, sql

from koonj.postgres.queries import query


async def create_roles(conn: AsyncConnection, names: Iterable[str]) -> tuple[str, ...]:
    """Create missing roles, without rights and without login. Return their names.

    Raises: psycopg.Error, also for names that PostgreSQL reserves (``pg_…``).
    """
    cursor = await conn.execute(query("scratch/roles"))
    there = {row[0] for row in await cursor.fetchall()}
    made = tuple(name for name in dict.fromkeys(names) if name not in there)
    if made:
        create = sql.SQL("CREATE ROLE {} NOLOGIN")
        await conn.execute(sql.SQL("; ").join(create.format(sql.Identifier(name)) for name in made))
    return made
