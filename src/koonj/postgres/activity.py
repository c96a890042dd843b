"""Read the size of relations on a target, and who uses them.

No query here waits for a lock, except for a moment if one is taken between two queries.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection
from psycopg.errors import LockNotAvailable, QueryCanceled
from psycopg.rows import tuple_row

from koonj.postgres.locks.relations import KINDS
from koonj.postgres.queries import query
from koonj.postgres.reading_settings import set_local

TIMEOUT = "3s"
"""Limit for each query. The queries take milliseconds, and no lock that can conflict with a migration."""
_SIZES_WAIT = "50ms"
"""Limit for the lock of a table whose files are measured, if somebody locks it at that moment."""
_SIZES = "activity/sizes_of_files"
_UNMEASURED = 6
"""Column of the tables that were never analyzed."""


@dataclass(frozen=True, slots=True)
class OldestTransaction:
    """Session or prepared transaction that has locked a relation the longest.

    That is the one with the oldest open transaction.
    """

    pid: int | None
    """None for a prepared transaction, which belongs to no session."""
    application_name: str
    """Empty if the session has none."""
    seconds: float
    """How long the transaction has been open."""


@dataclass(frozen=True, slots=True)
class RelationFacts:
    """Size and use of one relation on a target.

    For a partitioned table, the values are sums over all its partitions. Sizes and row counts are estimates
    that VACUUM, ANALYZE and CREATE INDEX store in pg_class
    (https://www.postgresql.org/docs/current/catalog-pg-class.html). pg_relation_size() and similar functions
    are exact, but they take ACCESS SHARE and would queue behind the lock of a migration. So they are asked
    only about tables that were never analyzed, and that nobody locks in this way.
    """

    relation: str
    """Name as the caller gave it: schema-qualified, quoted for SQL."""
    kind: str
    """Same values as koonj.postgres.locks.trace.RelationLock.kind."""
    root: str | None = None
    """For a partition: the topmost partitioned table above it."""
    bytes: int | None = None
    """Includes indexes and the TOAST table. None if unknown, or if the relation has no storage."""
    rows: int | None = None
    """Estimate. None if unknown, or if the relation has no rows of its own."""
    partitions: int = 0
    """For a partitioned table: the number of tables that hold its rows."""
    unknown: int = 0
    """Number of its tables whose size is not known, so that it is not included in `bytes`."""
    sessions: int = 0
    """Number of other sessions and prepared transactions that hold a lock of any mode on it."""
    waiting: int = 0
    """Number of other sessions that wait for a lock on it."""
    hidden: int = 0
    """Number of those `sessions` whose start time is hidden from this role."""
    oldest: OldestTransaction | None = None
    """Oldest of the holders whose start time this role can see."""
    vacuum: int | None = None
    """The pid of a VACUUM (or autovacuum) that is processing it."""
    scans: int = 0
    """Number of scans of it and of its indexes, since `since`."""
    writes: int = 0
    """Number of rows inserted, updated and deleted, since `since`."""
    since: float | None = None
    """Seconds since the database's statistics were reset. None: never reset, so their start is unknown."""


async def relation_facts(conn: AsyncConnection, relations: Collection[str]) -> Mapping[str, RelationFacts]:
    """Return the facts about each relation. Relations that do not exist are omitted.

    Reads only catalogs and statistics, which every role may do. A value that is hidden from the role is
    unknown, never 0. Names are schema-qualified and quoted for SQL.

    Raises: psycopg.Error.
    """
    if not relations:
        return {}
    # Rolled back at the end, so that the settings do not stay in an outer transaction either.
    async with conn.transaction(force_rollback=True), conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(_SETTINGS)
        await cursor.execute(query("activity/relation_facts"), {"names": sorted(set(relations))})
        rows = await cursor.fetchall()
        sizes = await _sizes_of_files(conn, {oid for row in rows for oid in row[_UNMEASURED]})
    return {row[0]: _facts(sizes, *row) for row in rows}


async def _sizes_of_files(conn: AsyncConnection, tables: Collection[int]) -> Mapping[int, int]:
    """Return the sizes of tables, by oid, without those that are locked or gone."""
    if not tables:
        return {}
    try:
        async with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(set_local({"lock_timeout": f"'{_SIZES_WAIT}'"}).encode())
            await cursor.execute(query(_SIZES), {"tables": sorted(tables)})
            return {oid: size for oid, size in await cursor.fetchall() if size is not None}
    except (LockNotAvailable, QueryCanceled):
        return {}  # the sizes stay unknown


def _facts(
    sizes: Mapping[int, int],
    name: str,
    relkind: str,
    root: str | None,
    size: int | None,
    rows: int | None,
    tables: int,
    unmeasured: Sequence[int],
    sessions: int,
    waiting: int,
    hidden: int,
    pid: int | None,
    application_name: str | None,
    seconds: float | None,
    vacuum: int | None,
    scans: int,
    writes: int,
    since: float | None,
) -> RelationFacts:
    """Return the facts of one row. The parameters after the sizes are the query's columns, in order."""
    found = [sizes[oid] for oid in unmeasured if oid in sizes]
    return RelationFacts(
        relation=name,
        kind=KINDS[relkind],
        root=root,
        bytes=(size or 0) + sum(found) if found else size,
        rows=rows,
        partitions=tables if relkind == "p" else 0,
        unknown=len(unmeasured) - len(found),
        sessions=sessions,
        waiting=waiting,
        hidden=hidden,
        oldest=None if seconds is None else OldestTransaction(pid, application_name or "", seconds),
        vacuum=vacuum,
        scans=scans,
        writes=writes,
        since=since,
    )


_SETTINGS = set_local({"statement_timeout": f"'{TIMEOUT}'", "lock_timeout": f"'{TIMEOUT}'"}).encode()
