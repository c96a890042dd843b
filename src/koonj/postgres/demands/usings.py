"""Read the USING expressions of an ALTER TABLE, with all names qualified: no catalog keeps them."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.postgres.demands.change import Using
from koonj.postgres.demands.snapshot import Snapshot
from koonj.postgres.queries import query
from koonj.postgres.reading_settings import set_local
from koonj.sql.called_names import Retype, Retypes

_SAVEPOINT = "SAVEPOINT koonj_using"
_BACK = "ROLLBACK TO SAVEPOINT koonj_using; RELEASE SAVEPOINT koonj_using"
_QUIET = "SET LOCAL session_replication_role TO replica"
"""So that no event trigger runs."""


async def read_usings(
    conn: AsyncConnection, found: Retypes, before: Snapshot
) -> Mapping[tuple[int, int], Using]:
    """Return the expressions as PostgreSQL reads them, by relation and column. Changes nothing.

    Call it in the transaction of the statement, just before it. An expression that PostgreSQL refuses is not
    in the result: the statement will fail.

    Raises: psycopg.Error if the connection was lost.
    """
    usings: dict[tuple[int, int], Using] = {}
    for retype in found.columns:
        await conn.execute(_SAVEPOINT, prepare=False)
        try:
            read = await _read(conn, found.relation, retype)
        except psycopg.Error:
            if conn.closed:
                raise
            read = None
        finally:
            if not conn.closed:
                await conn.execute(_BACK, prepare=False)
        if read is None:
            continue
        oid, number, using = read
        for key in _with_children(before, oid, number):
            usings[key] = using
    return usings


def _with_children(before: Snapshot, oid: int, number: int) -> list[tuple[int, int]]:
    """Return a column and the same one of all children."""
    found, name = (
        [(oid, number)],
        before.relations[oid].columns[number].name if oid in before.relations else "",
    )
    for child in before.children(oid):
        numbers = [column.number for column in child.columns.values() if column.name == name]
        found += [key for one in numbers for key in _with_children(before, child.oid, one)]
    return found


async def _read(conn: AsyncConnection, relation: str, retype: Retype) -> tuple[int, int, Using] | None:
    # The view has the statement's own text and search path: that is what the statement will run.
    view = (
        f"CREATE TEMPORARY VIEW koonj_using AS SELECT ({retype.expression}\n) AS koonj_using FROM {relation}"
    )
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(_QUIET, prepare=False)
        await cursor.execute(view.encode(), prepare=False)
        await cursor.execute(
            query("demands/column_number"), {"relation": relation, "column": retype.column}, prepare=False
        )
        place = await cursor.fetchone()
        await cursor.execute(set_local().encode(), prepare=False)
        await cursor.execute(query("demands/retyped_view"), {}, prepare=False)
        row = await cursor.fetchone()
    if row is None or place is None:
        return None
    expression = row[0].strip().removeprefix("SELECT").strip()
    expression = expression[: expression.rfind(" AS koonj_using")]
    return place[0], place[1], Using(expression, tuple(row[1]))
