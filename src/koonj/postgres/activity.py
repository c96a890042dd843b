"""How large the relations of a target are, and who uses them: read without waiting for anybody."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from psycopg import AsyncConnection, sql
from psycopg.rows import tuple_row

from koonj.postgres.locks.state import KINDS
from koonj.postgres.queries import query

TIMEOUT = "3s"
"""For each of its queries; they take milliseconds, and no lock that a migration could hold."""


@dataclass(frozen=True, slots=True)
class OldestTransaction:
    """The session, or prepared transaction, whose open transaction is the oldest that locks a relation."""

    pid: int | None
    """None: a prepared transaction, which no session holds."""
    application_name: str
    """Empty where it has none."""
    seconds: float
    """How long its transaction has been open."""


@dataclass(frozen=True, slots=True)
class RelationFacts:
    """What a target says of one relation; of a partitioned table with all that is below it, summed.

    Sizes and rows are the estimates that VACUUM, ANALYZE and CREATE INDEX leave in pg_class
    (https://www.postgresql.org/docs/current/catalog-pg-class.html). pg_relation_size() and its like are
    exact, but take ACCESS SHARE, and so queue behind a migration's lock.
    """

    relation: str
    """As it was asked for: schema-qualified, quoted as SQL wants it."""
    kind: str
    """As in koonj.postgres.locks.values.RelationLock."""
    root: str | None = None
    """Of a partition: the topmost table that it is a part of."""
    bytes: int | None = None
    """With its indexes and its TOAST table; None: not known, or it has no storage."""
    rows: int | None = None
    """Estimated; None: not known, or it has none."""
    partitions: int = 0
    """How many tables hold its rows, of a partitioned table."""
    unknown: int = 0
    """How many of its tables were never analyzed, so that their bytes are not in `bytes`."""
    sessions: int = 0
    """How many others hold a lock on it now, of whatever mode; prepared transactions are among them."""
    waiting: int = 0
    """How many others wait for a lock on it."""
    hidden: int = 0
    """Of `sessions`: those of whom this role may not see since when."""
    oldest: OldestTransaction | None = None
    """Of those whom this role may see."""
    vacuum: int | None = None
    """The pid of a VACUUM (or autovacuum) that works on it."""
    scans: int = 0
    """How often it, or one of its indexes, was scanned, since `since`."""
    writes: int = 0
    """Rows inserted, updated and deleted, since `since`."""
    since: float | None = None
    """Seconds since the database's statistics were reset; None: never, and they began at an unknown time."""


async def relation_facts(conn: AsyncConnection, relations: Collection[str]) -> Mapping[str, RelationFacts]:
    """What is known of each relation; one that this database does not have is not in the answer.

    It only reads catalogs and statistics, which every role may; what a role may not see is unknown, never 0.
    Names are schema-qualified and quoted as SQL wants them. Raises psycopg.Error.
    """
    if not relations:
        return {}
    # Taken back at the end, so that inside another transaction its settings do not stay either.
    async with conn.transaction(force_rollback=True), conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(_SETTINGS)
        await cursor.execute(query("activity/relation_facts"), {"names": sorted(set(relations))})
        return {row[0]: _facts(*row) for row in await cursor.fetchall()}


def _facts(
    name: str,
    relkind: str,
    root: str | None,
    size: int | None,
    rows: int | None,
    tables: int,
    unknown: int,
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
    """Of one row, in the query's order."""
    return RelationFacts(
        relation=name,
        kind=KINDS[relkind],
        root=root,
        bytes=size,
        rows=rows,
        partitions=tables if relkind == "p" else 0,
        unknown=unknown,
        sessions=sessions,
        waiting=waiting,
        hidden=hidden,
        oldest=None if seconds is None else OldestTransaction(pid, application_name or "", seconds),
        vacuum=vacuum,
        scans=scans,
        writes=writes,
        since=since,
    )


_SETTINGS = sql.SQL(
    "SET LOCAL statement_timeout TO {timeout}; SET LOCAL lock_timeout TO {timeout}; "
    "SET LOCAL search_path TO ''; SET LOCAL jit TO off"
).format(timeout=sql.Literal(TIMEOUT))
