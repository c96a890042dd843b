"""Roles that a scratch needs because a schema or a file names them."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import AsyncConnection, sql

from koonj.postgres.queries import query


async def create_roles(conn: AsyncConnection, names: Iterable[str]) -> tuple[str, ...]:
    """Make those that are not there: they may do nothing, and not log in. Returns what was made.

    Raises psycopg.Error, also for a name that PostgreSQL keeps for itself (``pg_…``).
    """
    cursor = await conn.execute(query("scratch/roles"))
    there = {row[0] for row in await cursor.fetchall()}
    made = tuple(name for name in dict.fromkeys(names) if name not in there)
    if made:
        create = sql.SQL("CREATE ROLE {} NOLOGIN")
        await conn.execute(sql.SQL("; ").join(create.format(sql.Identifier(name)) for name in made))
    return made
