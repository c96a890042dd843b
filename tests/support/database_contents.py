"""Read all data of a database, and find what is lost between two times."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import psycopg
from psycopg import sql

_RELATIONS = """
    SELECT n.nspname, c.relname, c.relkind = 'p',
        ARRAY(SELECT attname::text FROM pg_attribute
              WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attname)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_|^information_schema$'
"""
_SEQUENCES = """
    SELECT n.nspname, c.relname, s.seqincrement,
        (SELECT format('%s.%s', refobjid::regclass, refobjsubid) FROM pg_depend
         WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype IN ('a', 'i') AND refobjsubid > 0)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_sequence AS s ON s.seqrelid = c.oid
"""


@dataclass(frozen=True, slots=True)
class TableContents:
    """The rows of a table, without their order. A partitioned table has the rows of its partitions."""

    columns: tuple[str, ...]
    rows: Counter[tuple[str, ...]]
    """The output texts of the values, in the order of `columns`."""

    def of(self, columns: tuple[str, ...]) -> Counter[tuple[str, ...]]:
        """Return the rows with only these columns."""
        places = [self.columns.index(name) for name in columns]
        found: Counter[tuple[str, ...]] = Counter()
        for row, count in self.rows.items():
            found[tuple(row[place] for place in places)] += count
        return found


@dataclass(frozen=True, slots=True)
class DatabaseContents:
    """The data of a database. Materialized views are not data: they can be computed again."""

    tables: dict[str, TableContents]
    sequences: dict[str, tuple[int, int]]
    """The next value and the increment, by the column that owns the sequence, else by its name."""
    large_objects: dict[int, bytes]


def read_contents(connection: psycopg.Connection) -> DatabaseContents:
    """Return the data of the connection's database."""
    connection.execute("SET datestyle = ISO; SET intervalstyle = postgres; SET extra_float_digits = 1")
    tables, sequences = {}, {}
    for schema, name, partitioned, columns in connection.execute(_RELATIONS).fetchall():
        statement = sql.SQL("COPY (SELECT {} FROM {} {}) TO STDOUT").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL("" if partitioned else "ONLY"),
            sql.Identifier(schema, name),
        )
        with connection.cursor().copy(statement) as copy:
            lines = b"".join(map(bytes, copy)).decode().splitlines()
        rows = Counter(tuple(line.split("\t")) for line in lines)
        tables[f"{schema}.{name}"] = TableContents(tuple(columns), rows)
    for schema, name, increment, owner in connection.execute(_SEQUENCES).fetchall():
        position = sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(schema, name))
        ((last, called),) = connection.execute(position).fetchall()
        sequences[owner or f"{schema}.{name}"] = (last + increment if called else last, increment)
    objects = connection.execute("SELECT oid, lo_get(oid) FROM pg_largeobject_metadata").fetchall()
    return DatabaseContents(tables, sequences, dict(objects))


def lost_data(before: DatabaseContents, after: DatabaseContents) -> list[str]:
    """Return a text for each table, column, sequence and large object that lost data.

    A sequence loses data if it returns a value again. New rows, and values that a sequence skips, are no loss.
    """
    found = []
    for name, table in before.tables.items():
        now = after.tables.get(name)
        common = tuple(column for column in table.columns if now and column in now.columns)
        for column in set(table.columns) - set(common):
            if any(value != "\\N" for (value,) in table.of((column,))):
                found.append(f"{name}.{column}")
        if now and table.of(common) - now.of(common):
            found.append(name)
    for name, (position, increment) in before.sequences.items():
        now_at = after.sequences.get(name, (1, 1))[0]
        if (now_at - position) * increment < 0:
            found.append(f"sequence {name}")
    for oid, content in before.large_objects.items():
        if after.large_objects.get(oid) != content:
            found.append(f"large object {oid}")
    return found
