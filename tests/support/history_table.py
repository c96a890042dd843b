"""A table of a migration tool: how it is defined, as the catalog says."""

from __future__ import annotations

from typing import Any

import psycopg

_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
       pg_get_expr(d.adbin, d.adrelid), s.relname, q.seqincrement, q.seqstart, q.seqcache
FROM pg_attribute a
LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
LEFT JOIN pg_class s ON s.oid = pg_get_serial_sequence(a.attrelid::regclass::text, a.attname)::regclass
LEFT JOIN pg_sequence q ON q.seqrelid = s.oid
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""
_CONSTRAINTS = (
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass ORDER BY 1"
)
_INDEXES = "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s::regclass ORDER BY 1"


def definition(dsn: str, table: str) -> list[tuple[Any, ...]]:
    """Return columns with defaults and sequences, constraints and indexes of a table."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        queries = (_COLUMNS, _CONSTRAINTS, _INDEXES)
        return [row for query in queries for row in conn.execute(query, (table,)).fetchall()]
