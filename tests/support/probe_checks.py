"""Check that a probe changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from support.project import Project

CATALOG = """
    SELECT md5(string_agg(row, E'\\n' ORDER BY row)) FROM (
        SELECT (oid, relname, relnamespace, relowner, relfilenode, relnatts, relacl)::text AS row FROM pg_class
        UNION ALL SELECT (oid, nspname)::text FROM pg_namespace
        UNION ALL SELECT (attrelid, attnum, attname, attisdropped)::text FROM pg_attribute
    ) AS rows
"""
NOT_COMMITTED = (
    "Nothing was committed: a probe is always rolled back. Sequences that it advanced are not restored."
)


@contextmanager
def assert_unchanged(project: Project) -> Iterator[None]:
    """Check that the catalog is the same afterwards, and koonj created nothing in it."""
    before = project.sql(CATALOG)
    yield
    assert project.sql(CATALOG) == before
    assert project.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'koonj'") == [(0,)]
