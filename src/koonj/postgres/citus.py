"""What a database with the extension Citus says of its node and of its distributed tables.

Source: Citus documentation, "Citus Tables and Views" (pg_dist_partition) and "Configuration Reference".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.queries import query

_REFERENCE = "t"
"""Replication model of a reference table: two-phase commit."""


@dataclass(frozen=True, slots=True)
class CitusTable:
    """A table that Citus manages."""

    method: str
    """How the rows are distributed: ``h`` by hash, ``a`` append, ``r`` range, ``n`` not."""
    replication: str
    colocation: int
    """Tables with the same number have the same shards on the same nodes."""
    column: str | None
    """The distribution column; None if there is none."""

    @property
    def is_distributed(self) -> bool:
        """Whether its rows are in several shards."""
        return self.method != "n"

    @property
    def is_reference(self) -> bool:
        """Whether each node has a copy of it."""
        return self.method == "n" and self.replication == _REFERENCE


@dataclass(frozen=True, slots=True)
class CitusNode:
    """The node to which koonj is connected."""

    group: int | None
    """Number of the node's group: 0 for the coordinator; None: unknown."""
    propagates: bool
    """Whether it sends changes of the schema to the other nodes."""
    allows_triggers: bool
    """Whether a trigger on a distributed table is allowed."""
    tables: Mapping[str, CitusTable] = field(default_factory=dict)
    """Those of the tables that were asked for, qualified and quoted for SQL."""


async def citus_node(conn: AsyncConnection, relations: Collection[str]) -> CitusNode:
    """Read what Citus says of this node, and of these relations; names are qualified and quoted for SQL.

    Raises: psycopg.Error, also if the catalogs are not those of Citus. The transaction goes on.
    """
    async with conn.transaction(force_rollback=True), conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("activity/citus"), {"relations": sorted(relations)})
        row = await cursor.fetchone()
    assert row is not None
    group, propagates, allows_triggers, tables = row
    return CitusNode(
        group, propagates, allows_triggers, {name: CitusTable(*rest) for name, *rest in tables or ()}
    )
