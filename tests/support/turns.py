"""What other migration tools and koonj leave in databases in which they take turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Any

import psycopg
from psycopg import sql

from koonj.runner.run.events import Event
from support import gate
from support.project import PATIENCE, Project

_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
        pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum), obj_description(c.oid)
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' AND c.relname = ANY (%s)
        AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.relname, a.attnum
"""
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = %s::regnamespace AND conrelid = ANY (
        SELECT oid FROM pg_class WHERE relname = ANY (%s) AND relnamespace = connamespace)
    ORDER BY 1, 2
"""


def definitions(dsn: str, schema: str, tables: Collection[str]) -> list[tuple[Any, ...]]:
    """Return the columns and the constraints of tables. All of them must exist."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        values = (schema, list(tables))
        columns = conn.execute(_COLUMNS, values).fetchall()
        assert {row[0] for row in columns} == set(tables)
        return columns + conn.execute(_CONSTRAINTS, values).fetchall()


def rows(dsn: str, table: str, order: str, *, but: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return the rows of a table (``schema.name``), in an order, without the values of the columns `but`.

    They are there, all the same: the test says whether they are NULL.
    """
    name = sql.Identifier(*table.split("."))
    with psycopg.connect(dsn, autocommit=True) as conn:
        cursor = conn.execute(sql.SQL("SELECT * FROM {} ORDER BY {}").format(name, sql.SQL(order)))
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    assert set(but) <= set(names), names
    return [{key: value is None if key in but else value for key, value in row.items()} for row in found]


async def tool_meanwhile(project: Project, tool: Callable[[], str], waits: str) -> tuple[list[Event], str]:
    """Start the tool while koonj applies a migration that waits at a gate; open it when the tool waits for koonj.

    `waits`: a pattern of the statement that the tool's session sent last. Return the events of koonj and what the
    tool prints.
    """

    async def seen(query: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while not project.sql(query):
                await asyncio.sleep(0.02)

    run = asyncio.create_task(project.apply())
    await seen(gate.AT_GATE)
    other = asyncio.create_task(asyncio.to_thread(tool))
    try:
        await seen(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            f"AND query ~ '{waits}' AND application_name !~ 'koonj'"
        )
    finally:
        project.sql(gate.OPEN_ALL)
    return await run, await other
