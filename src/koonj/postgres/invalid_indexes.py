"""Find INVALID indexes in a database."""

from psycopg import AsyncConnection

from koonj.postgres.queries import query


async def invalid_indexes(conn: AsyncConnection) -> tuple[str, ...]:
    """Return the INVALID indexes, schema-qualified and quoted for SQL."""
    cursor = await conn.execute(query("invalid_indexes"))
    return tuple(str(row[0]) for row in await cursor.fetchall())


async def invalid_indexes_named(conn: AsyncConnection, name: str) -> tuple[str, ...]:
    """Return the INVALID indexes with this name.

    `name` is written as in SQL; a schema in it is ignored.
    """
    cursor = await conn.execute(query("invalid_indexes_named"), (name,))
    return tuple(str(row[0]) for row in await cursor.fetchall())
