"""What the target's catalog says."""

from psycopg import AsyncConnection

from koonj.postgres.queries import query


async def invalid_indexes(conn: AsyncConnection) -> tuple[str, ...]:
    """Indexes that are there and not valid, schema-qualified and quoted as SQL wants them."""
    cursor = await conn.execute(query("invalid_indexes"))
    return tuple(str(row[0]) for row in await cursor.fetchall())
