"""REFRESH MATERIALIZED VIEW CONCURRENTLY: the view must have rows already, and its new ones no key twice."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.demands.change import Change, in_words
from koonj.postgres.demands.demand import Counted, Demand, DemandKind, Source
from koonj.postgres.demands.partition import HASHED
from koonj.postgres.demands.snapshot import MATERIALIZED, Index, Relation, Snapshot
from koonj.postgres.queries import query
from koonj.sql.reader import Reader
from koonj.sql.row_values import plain_name

BASE = "koonj_base"
"""Begins the name of a table that the view reads."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A materialized view that a statement has refreshed."""

    relation: Relation
    definition: str
    reads: tuple[int, ...]
    """OIDs of the relations in its query."""
    calls: tuple[str, ...]


async def read_refreshed(
    conn: AsyncConnection, text: str, now: Snapshot, locked: Collection[int]
) -> Refreshed | None:
    """Return the view of a REFRESH … CONCURRENTLY that has just run; None for another statement.

    Raises: psycopg.Error.
    """
    reader = Reader(text)
    if not reader.accept("refresh", "materialized", "view", "concurrently"):
        return None
    name = plain_name(reader.name())
    views = [now.relations[oid] for oid in locked if oid in now.relations]
    named = [one for one in views if one.kind == MATERIALIZED and plain_name(one.alias) == name]
    if len(named) != 1:
        return None
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("demands/refreshed"), {"oid": named[0].oid}, prepare=False)
        row = await cursor.fetchone()
    return (
        None if row is None else Refreshed(named[0], row[0].strip().rstrip(";"), tuple(row[1]), tuple(row[2]))
    )


def demands(change: Change, found: Refreshed) -> Iterator[Demand]:
    """Yield that the view must be populated, and a demand for each key."""
    if not change.is_old(found.relation.oid):
        return
    yield change.demand(
        DemandKind.REFRESH,
        found.relation,
        "is not populated, which CONCURRENTLY needs",
        f"FROM {HASHED}0 AS p JOIN pg_catalog.pg_class AS c USING (oid) WHERE NOT c.relispopulated",
        counted=Counted.RELATION,
        hashed=(change.names[found.relation.oid],),
    )
    for index in found.relation.indexes.values():
        if index.unique and index.valid and index.is_plain:
            yield _unique(change, found, index)


def _unique(change: Change, found: Refreshed, index: Index) -> Demand:
    filled = " AND ".join(f"({key}) IS NOT NULL" for key in index.keys)
    where = "" if index.nulls_equal else f" WHERE {filled}"
    keys = [f"({key}){collation}" for key, collation in zip(index.keys, index.collations, strict=False)]
    alias = found.relation.alias
    sources = _sources(change, found, change.names)
    rows = f"FROM ({found.definition}) AS {alias}{where}"
    writes = next(filter(None, map(change.may, found.reads)), "")
    return change.demand(
        DemandKind.REFRESH,
        found.relation,
        f"the same {in_words(index.keys)} after the refresh ({index.name})",
        f"{rows} GROUP BY {', '.join(keys)} HAVING pg_catalog.count(*) > 1",
        texts=[found.definition],
        calls=found.calls,
        counted=Counted.GROUPS,
        more=sources or (),
        may=writes.replace("this table", "a table that the view reads"),
        unknown="" if sources is not None else "its query reads views, or what the migration makes",
    )


def _sources(change: Change, found: Refreshed, names: Mapping[int, str]) -> tuple[Source, ...] | None:
    """Return the tables that the query reads; None if one of them is not a table that was there before."""
    if any(oid not in names or oid not in change.after.relations for oid in found.reads):
        return None
    return tuple(
        change.source(oid, f"{BASE}{number}", earlier=True) for number, oid in enumerate(found.reads)
    )
