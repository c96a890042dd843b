"""Read the contents of tables, sequences and large objects, and find what is lost between two moments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.made_rows.sequences import read_positions
from koonj.postgres.made_rows.tables import quoted
from koonj.postgres.queries import query

_MOST_ROWS = 20_000
"""Rows of a table that are compared one by one. More are compared by their number and their sum."""


@dataclass(frozen=True, slots=True)
class TableContents:
    """Hashes of the rows and columns of one table. A partitioned table is one table."""

    oid: int
    columns: tuple[str, ...]
    count: int
    rows: Counter[int] | None
    """Hashes of all rows; None if there are too many."""
    total: int
    """Sum of the hashes of all rows."""
    values: Mapping[str, tuple[int, int]]
    """For each column: the number of values that are not NULL, and the sum of their hashes."""

    def differs(self, other: TableContents) -> bool:
        """Return whether the rows differ; their order does not matter."""
        return (self.columns, self.count, self.total, self.rows) != (
            *(other.columns, other.count, other.total, other.rows),
        )


@dataclass(frozen=True, slots=True)
class Contents:
    """Contents of a database at one moment, by qualified names."""

    tables: Mapping[str, TableContents]
    sequences: Mapping[str, tuple[int, int]]
    """Next value and increment of each sequence, by its name and by the column that owns it."""
    large_objects: Mapping[int, str]

    def differs(self, other: Contents) -> bool:
        """Return whether rows, positions of sequences or large objects differ, wherever they are stored."""
        objects = Counter(self.large_objects.values()) != Counter(other.large_objects.values())
        if objects or self.sequences != other.sequences or self.tables.keys() != other.tables.keys():
            return True
        return any(one.differs(other.tables[name]) for name, one in self.tables.items())


@dataclass(frozen=True, slots=True)
class Lost:
    """What the later contents lack of the earlier ones."""

    rows: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Tables with rows that are gone or changed, each with the columns whose values differ."""
    fewer: frozenset[str] = frozenset()
    """Those of `rows` that have fewer rows than before."""
    sequences: frozenset[str] = frozenset()
    """Sequences that would return a value again."""
    large_objects: int = 0
    """Number of large objects that are gone or changed."""

    def __bool__(self) -> bool:
        """Return whether anything is lost."""
        return bool(self.rows or self.sequences or self.large_objects)


async def read_contents(conn: AsyncConnection, only: Collection[str] | None = None) -> Contents:
    """Return the contents of tables, sequences and large objects.

    `only`: qualified names of the tables; None: all.

    Raises: psycopg.Error.
    """
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("scratch/content_tables"), prepare=False)
        tables = [row for row in await cursor.fetchall() if only is None or row[3] in only]
        found = {}
        if tables:
            await cursor.execute(_tables_query(tables), prepare=False)
            for at, count, hashes, total, values, sums in await cursor.fetchall():
                oid, _, _, qualified, _, columns = tables[at]
                found[qualified] = TableContents(
                    oid,
                    tuple(columns or ()),
                    count,
                    None if count > _MOST_ROWS else Counter(hashes or ()),
                    int(total or 0),
                    {c: (v, int(s or 0)) for c, v, s in zip(columns or (), values, sums, strict=True)},
                )
        positions = await read_positions(conn)
        await cursor.execute(query("scratch/content_large_objects"), prepare=False)
        return Contents(found, positions, dict(await cursor.fetchall()))


def _tables_query(tables: Sequence[tuple[int, str, str, str, str, list[str] | None]]) -> bytes:
    """Return one query for all tables."""
    parts = (
        _table_query(at, f"{quoted(schema)}.{quoted(name)}", relkind, columns or [])
        for at, (_, schema, name, _, relkind, columns) in enumerate(tables)
    )
    return " UNION ALL ".join(parts).encode()


def _table_query(at: int, table: str, relkind: str, columns: Sequence[str]) -> str:
    only = "" if relkind == "p" else "ONLY "
    names = [f"t.{quoted(column)}" for column in columns]
    row = _hash(f"ROW({', '.join(names)})")
    values = ", ".join(f"pg_catalog.count({name}::pg_catalog.text)" for name in names)
    sums = ", ".join(f"pg_catalog.sum({_hash(name)}::pg_catalog.numeric)" for name in names)
    return (
        f"(SELECT {at}, pg_catalog.count(*), "
        f"CASE WHEN pg_catalog.count(*) <= {_MOST_ROWS} THEN pg_catalog.array_agg({row}) END, "
        f"pg_catalog.sum({row}::pg_catalog.numeric), "
        f"ARRAY[{values}]::pg_catalog.int8[], ARRAY[{sums}]::pg_catalog.numeric[] FROM {only}{table} AS t)"
    )


def _hash(value: str) -> str:
    return f"pg_catalog.hashtextextended({value}::pg_catalog.text, 0)"


def find_lost(before: Contents, after: Contents) -> Lost:
    """Return what is missing in `after`. Rows and values that were added are no loss."""
    rows = dict(_lost_rows(before, after))
    fewer = frozenset(
        n for n in rows if n not in after.tables or after.tables[n].count < before.tables[n].count
    )
    sequences = frozenset(
        name
        for name, (following, step) in before.sequences.items()
        if name in after.sequences and (after.sequences[name][0] - following) * step < 0
    )
    objects = sum(1 for oid, body in before.large_objects.items() if after.large_objects.get(oid) != body)
    return Lost(rows, fewer, sequences, objects)


def _lost_rows(before: Contents, after: Contents) -> Iterator[tuple[str, frozenset[str]]]:
    for name, was in before.tables.items():
        if not was.count:
            continue
        now = after.tables.get(name)
        if now is None:
            yield name, frozenset(was.columns)
        elif was.columns != now.columns:  # the catalog differs: compare what both have
            differing = {c for c in was.columns if was.values[c][0] and was.values[c] != now.values.get(c)}
            if differing:
                yield name, frozenset(differing)
        elif _lacks_rows(was, now):
            differing = {c for c in was.columns if was.values[c] != now.values[c]}
            yield name, frozenset(differing or was.columns)


def _lacks_rows(was: TableContents, now: TableContents) -> bool:
    if was.rows is None or now.rows is None:
        return was.count > now.count or (was.count == now.count and was.total != now.total)
    return bool(was.rows - now.rows)
