"""A database -> its catalog, by catalog queries alone: no row of a table is read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from psycopg import AsyncConnection, AsyncCursor, errors, pq
from psycopg.rows import tuple_row

from koonj.postgres.catalog.assembling import assemble
from koonj.postgres.catalog.statements import GRANTS, NOTES, OBJECTS, PARTS, statement
from koonj.postgres.catalog.values import Catalog

_Rows = list[tuple[Any, ...]]
_ATTEMPTS = 12
_CHUNK = 500
"""Rows that are taken at once: about two milliseconds' work."""
_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;"
_SETTINGS = """
SET LOCAL search_path TO pg_catalog, pg_temp;
SET LOCAL jit TO off;
SET LOCAL max_parallel_workers_per_gather TO 0;
SET LOCAL quote_all_identifiers TO off;
SET LOCAL standard_conforming_strings TO on;
SET LOCAL DateStyle TO ISO;
SET LOCAL IntervalStyle TO postgres;
SET LOCAL TimeZone TO 'UTC';
SET LOCAL extra_float_digits TO 1;
SET LOCAL bytea_output TO hex
"""
"""What the text of a definition depends on, as pg_dump sets it. A search_path of pg_catalog alone shows all
names as an empty one does, and pg_temp last lets no temporary table stand before a catalog."""

_GONE = (errors.InternalError_, errors.UndefinedTable, errors.UndefinedObject, errors.UndefinedFunction)
"""What a function such as pg_get_viewdef says of an object that another session has just dropped."""


async def read_catalog(conn: AsyncConnection[Any]) -> Catalog:
    """All that pg_dump -s would print, object by object, but for koonj's own schema.

    For any role that may connect. The session stays as it is: the settings are those of a transaction that
    is rolled back, or of a savepoint where the caller is in a transaction. A view's text takes ACCESS SHARE
    on what the view reads, as pg_dump does on every table, and gives it back at the end; how long it waits
    for that is the session's lock_timeout.
    Raises psycopg.Error.
    """
    for attempt in range(1, _ATTEMPTS):
        try:
            return await _read(conn)
        except _GONE:
            await asyncio.sleep(attempt * 0.005)  # not in step with who makes and drops without end
    return await _read(conn)


async def _read(conn: AsyncConnection[Any]) -> Catalog:
    major = conn.info.server_version // 10000
    alone = conn.info.transaction_status == pq.TransactionStatus.IDLE
    settings = f"{_SNAPSHOT}{_SETTINGS}" if alone else _SETTINGS
    async with conn.transaction(force_rollback=True), conn.cursor(row_factory=tuple_row) as cursor:
        [absent] = await _answers(cursor, (settings, statement("absent", major)))
        left_out = {name for (name,) in absent}
        names = [name for name in (*OBJECTS, *PARTS, *NOTES, *GRANTS) if name not in left_out]
        answers = await _answers(cursor, [statement(name, major) for name in names])
    return await asyncio.to_thread(assemble, major, dict(zip(names, answers, strict=True)))


async def _answers(cursor: AsyncCursor[tuple[Any, ...]], statements: Iterable[str]) -> list[_Rows]:
    """The rows of each statement that has any to give. All go in one message, which is one round trip."""
    await cursor.execute(";\n".join(statements).encode(), prepare=False)
    answers = []
    more: bool | None = True
    while more:
        if cursor.description is not None:
            answers.append(await _rows(cursor))
        more = cursor.nextset()
    return answers


async def _rows(cursor: AsyncCursor[tuple[Any, ...]]) -> _Rows:
    """All of one answer; others have their turn between two chunks."""
    rows: _Rows = []
    while chunk := await cursor.fetchmany(_CHUNK):
        rows.extend(chunk)
        await asyncio.sleep(0)
    return rows
