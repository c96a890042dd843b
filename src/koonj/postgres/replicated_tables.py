"""The publications and subscriptions that a target has for its tables (replicated_tables.sql)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.queries import query_for


class Side(StrEnum):
    """What the target is to another database."""

    PUBLICATION = "publication"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True)
class Replication:
    """A publication or a subscription. Names are quoted for SQL, those of tables qualified."""

    side: Side
    name: str
    tables: tuple[str, ...] = ()
    """Those of the tables that were asked for, in it as themselves, or with their partitions or parents."""
    new_tables: tuple[str, ...] = ()
    """Those that will be in it when they are created."""
    by_key: tuple[str, ...] = ()
    """Published tables whose updates and deletes need their primary key."""
    columns: frozenset[tuple[str, str]] = frozenset()
    """Tables and columns, not quoted, that a publication names in a list of columns or in WHERE."""


async def replicated_tables(
    conn: AsyncConnection, tables: Collection[str], created: Collection[str]
) -> tuple[Replication, ...]:
    """Read what publishes or subscribes these tables. All names are qualified and quoted for SQL.

    `created`: tables that do not exist yet. Before PostgreSQL 14, subscriptions are not read: only a
    superuser may.

    Raises: psycopg.Error.
    """
    text = query_for("activity/replicated_tables", conn.info.server_version // 10000)
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(text.encode(), {"tables": sorted(tables), "created": sorted(created)})
        rows = await cursor.fetchall()
    return tuple(
        Replication(
            Side(side),
            name,
            tuple(old or ()),
            tuple(new or ()),
            tuple(by_key or ()),
            frozenset((table, column) for table, column in columns or ()),
        )
        for side, name, old, new, by_key, columns in rows
    )
