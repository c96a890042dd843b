"""Find INVALID indexes in a database.

A failed CREATE INDEX CONCURRENTLY leaves one, and so does an index of a partitioned table without an index of
every partition. No query uses it.
https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import AsyncConnection

from koonj.postgres.queries import query
from koonj.sql.index_statement import IndexStatement


@dataclass(frozen=True, slots=True)
class InvalidIndex:
    """An INVALID index. Names are schema-qualified and quoted for SQL, unless they are bare."""

    oid: int
    name: str
    bare_name: str
    table: str
    constraint: str | None
    """Bare name of the constraint that uses the index."""
    partitioned: bool
    """Whether it is the index of a partitioned table."""
    attached: bool
    """Whether it is a part of the index of a partitioned table."""

    @property
    def problem(self) -> str:
        """What is wrong with the index."""
        cause = "an earlier build failed, or another session is still building it"
        if self.partitioned:
            cause = "a partition has no valid index that is attached to it"
        return f"Index {self.name} is INVALID, so no query uses it: {cause}."

    @property
    def repair(self) -> str:
        """What to do about it."""
        rebuild = f"Rebuild it with REINDEX INDEX CONCURRENTLY {self.name}"
        if self.partitioned:
            rebuild = f"Attach valid indexes with ALTER INDEX {self.name} ATTACH PARTITION"
        return f"{rebuild}{self._or_drop}, then retry."

    @property
    def _or_drop(self) -> str:
        if self.attached:
            return ""
        if self.constraint is not None:
            return f", or drop its constraint {self.constraint} on {self.table}"
        drop = "DROP INDEX" if self.partitioned else "DROP INDEX CONCURRENTLY"
        return f", or drop it with {drop} {self.name}"


async def invalid_indexes(conn: AsyncConnection) -> tuple[str, ...]:
    """Return the INVALID indexes, schema-qualified and quoted for SQL.

    Without those of partitioned tables, which no failed build leaves.
    """
    cursor = await conn.execute(query("invalid_indexes"))
    return tuple(str(row[0]) for row in await cursor.fetchall())


async def invalid_index_details(conn: AsyncConnection) -> tuple[InvalidIndex, ...]:
    """Return all INVALID indexes, those of partitioned tables too."""
    cursor = await conn.execute(query("invalid_indexes_detail"))
    return tuple(InvalidIndex(*row) for row in await cursor.fetchall())


async def invalid_index_of(conn: AsyncConnection, statement: IndexStatement) -> InvalidIndex | None:
    """Return the index that the statement names, if it exists and is INVALID.

    Names without a schema are resolved with the session's search_path. The index of a partitioned table that
    CREATE INDEX … ON ONLY creates may be INVALID.
    """
    found = await invalid_index_details(conn)
    if not found:
        return None
    names = {"index": statement.index or None, "table": statement.table or None}
    cursor = await conn.execute(query("index_of_statement"), names)
    row = await cursor.fetchone()
    oid = None if row is None else row[0]
    return next((i for i in found if i.oid == oid and not (statement.only and i.partitioned)), None)
