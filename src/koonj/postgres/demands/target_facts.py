"""What a target says of the relations that a question reads, before it reads a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection, sql
from psycopg.rows import tuple_row

from koonj.postgres.demands.value_settings import OF_THE_SESSION
from koonj.postgres.queries import query
from koonj.postgres.reading_settings import set_local

LOCK_TIMEOUT = "1s"
"""How long a question waits behind the lock of another session, which waits for others itself."""
_TABLES = frozenset({"r", "p"})


@dataclass(frozen=True, slots=True)
class TargetRelation:
    """A relation of a target."""

    name: str
    kind: str
    bytes: int
    """Without indexes and TOAST."""
    has_foreign_parts: bool
    parts: int
    """Number of relations that hold its rows, itself included."""
    key: tuple[str, ...]
    """Columns of its primary key whose types are PostgreSQL's own."""

    @property
    def is_readable(self) -> bool:
        """Whether reading its rows runs no code of others: it is no view and no foreign table."""
        return self.kind in {"r", "p", "m"} and not self.has_foreign_parts


async def set_limits(
    conn: AsyncConnection, statement_timeout: str, settings: Sequence[tuple[str, str]] = ()
) -> None:
    """Set what protects the target, and `settings`, for the current transaction.

    With row_security off, PostgreSQL refuses what a policy would hide: an answer never misses a row. A value
    is the one that a run gets, so the settings that it depends on are those of the session.

    Raises: psycopg.Error.
    """
    limits = {
        "statement_timeout": f"'{statement_timeout}'",
        "lock_timeout": f"'{LOCK_TIMEOUT}'",
        "row_security": "off",
        **OF_THE_SESSION,
    }
    await conn.execute(set_local(limits).encode(), prepare=False)
    for setting in settings:
        await conn.execute("SELECT pg_catalog.set_config(%s, %s, true)", setting, prepare=False)


async def hold(conn: AsyncConnection, names: Sequence[str]) -> Mapping[str, TargetRelation]:
    """Lock relations in ACCESS SHARE mode, so that none is replaced, and return what they are.

    Raises: psycopg.Error.
    """
    before = await _read(conn, names)
    tables = [name for name, one in before.items() if one.kind in _TABLES and one.is_readable]
    if not tables:
        return before
    # The names come from the target's own catalog, through quote_ident().
    listed = sql.SQL(", ").join(sql.SQL(name) for name in tables)
    await conn.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(listed), prepare=False)
    return await _read(conn, names)


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """What the last ANALYZE found in a column, or in the same one of all children together."""

    nulls: bool = False
    common: tuple[str, ...] = ()
    """Values that many rows had."""
    ends: tuple[str, ...] = ()
    """The smallest and the largest of the other values in its sample."""
    type: str = ""


async def column_statistics(conn: AsyncConnection, relation: str, column: str) -> ColumnStatistics:
    """Return what the last ANALYZE found in a column: nothing, if the role may not know it.

    Raises: psycopg.Error.
    """
    async with conn.cursor(row_factory=tuple_row) as cursor:
        values = {"relation": relation, "column": column}
        await cursor.execute(query("demands/column_statistics"), values, prepare=False)
        rows = await cursor.fetchall()
    if not rows:
        return ColumnStatistics()
    common, ends = ([value for row in rows for value in row[place]] for place in (1, 2))
    return ColumnStatistics(
        any(row[0] for row in rows), tuple(dict.fromkeys(common)), tuple(dict.fromkeys(ends)), rows[0][3]
    )


async def _read(conn: AsyncConnection, names: Sequence[str]) -> dict[str, TargetRelation]:
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("demands/target"), {"names": list(names)}, prepare=False)
        rows = [[*row[:5], tuple(row[5])] for row in await cursor.fetchall()]
        return {values[0]: TargetRelation(*values) for values in rows}
