"""What the target's catalog says."""

from psycopg import AsyncConnection

from koonj.postgres.queries import query


async def invalid_indexes(conn: AsyncConnection) -> tuple[str, ...]:
    """Indexes that are there and not valid, schema-qualified and quoted as SQL wants them."""
    cursor = await conn.execute(query("invalid_indexes"))
    return tuple(str(row[0]) for row in await cursor.fetchall())


async def invalid_indexes_named(conn: AsyncConnection, name: str) -> tuple[str, ...]:
    """Of those, the ones with this name, as SQL writes it; a schema in it is passed over."""
    cursor = await conn.execute(query("invalid_indexes_named"), (name,))
    return tuple(str(row[0]) for row in await cursor.fetchall())
