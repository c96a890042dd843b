"""The partitions that a target has below its partitioned tables (partitioned_tables.sql)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.queries import query


@dataclass(frozen=True, slots=True)
class PartitionedTable:
    """A partitioned table that has partitions. Names are qualified and quoted for SQL."""

    partitions: int
    """Number of partitions on all levels, partitioned ones included."""
    owned: int
    """Number of their indexes and TOAST tables, and of the indexes of these."""
    foreign: int
    """Number of partitions that are foreign tables: their rows are on another server."""
    foreign_names: tuple[str, ...] = ()
    """The first of them, by name; at most three."""
    servers: tuple[str, ...] = ()
    """Foreign servers of these partitions, as in CREATE SERVER; not quoted."""
    known: frozenset[str] = frozenset()
    """Partitions that are among the relations that were asked for."""


async def partitioned_tables(
    conn: AsyncConnection, tables: Collection[str], relations: Collection[str]
) -> Mapping[str, PartitionedTable]:
    """Read the partitions of tables, by the table's name. What is not partitioned is left out.

    `relations`: names of which those that are partitions are returned in `known`. All names are qualified and
    quoted for SQL.

    Raises: psycopg.Error.
    """
    async with conn.cursor(row_factory=tuple_row) as cursor:
        names = {"tables": sorted(tables), "relations": sorted(relations)}
        await cursor.execute(query("activity/partitioned_tables"), names)
        rows = await cursor.fetchall()
    return {
        name: PartitionedTable(
            partitions, owned, foreign, tuple(first or ()), tuple(servers or ()), frozenset(known or ())
        )
        for name, partitions, owned, foreign, first, servers, known in rows
    }
