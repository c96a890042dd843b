"""Read the catalog of a database. Reads no rows of tables."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from math import inf
from typing import Any

from psycopg import AsyncConnection, AsyncCursor, errors, pq
from psycopg.rows import tuple_row

from koonj.config import Target
from koonj.postgres.answer_limit import LimitedAsyncConnection
from koonj.postgres.catalog.assemble import assemble
from koonj.postgres.catalog.catalog import Catalog
from koonj.postgres.catalog.queries import DEPENDENCIES, GRANTS, NOTES, OBJECTS, PARTS, statement
from koonj.postgres.connector import ConnectError
from koonj.postgres.readable_text import RAW, UNREADABLE, decoded
from koonj.postgres.reading_settings import set_local
from koonj.postgres.session import set_timeouts

_Rows = list[tuple[Any, ...]]
_ATTEMPTS = 12
_CHUNK = 500
"""Number of rows that are read at once: about two milliseconds of work."""
_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_GONE = (errors.InternalError_, errors.UndefinedTable, errors.UndefinedObject, errors.UndefinedFunction)
"""Errors of functions such as pg_get_viewdef if another session has just dropped the object."""


async def read_catalog(conn: AsyncConnection[Any]) -> Catalog:
    """Return all objects that pg_dump -s would print, without those of schema koonj.

    Every role that can connect can call it. The session keeps its settings: those of koonj belong to a
    transaction that is rolled back, or to a savepoint if the caller is in a transaction. Reading a view takes
    ACCESS SHARE on the tables that the view uses, as pg_dump does for every table, and releases it at the
    end. The session's lock_timeout limits the waiting time.

    Raises: psycopg.Error.
    """
    for attempt in range(1, _ATTEMPTS):
        try:
            return await _read(conn)
        except _GONE:
            await asyncio.sleep(
                attempt * 0.005
            )  # not in step with a session that creates and drops repeatedly
    return await _read(conn)


async def _read(conn: AsyncConnection[Any]) -> Catalog:
    major = conn.info.server_version // 10000
    alone = conn.info.transaction_status == pq.TransactionStatus.IDLE
    settings = f"{_SNAPSHOT}; {set_local()}" if alone else set_local()
    try:
        answers = await _read_all(conn, settings, major)
    except UNREADABLE:  # an owner whose name the encoding of the database cannot show
        raw = await _read_all(conn, f"{settings}; {RAW}", major)
        answers = {name: await decoded(conn, rows) for name, rows in raw.items()}
    return await asyncio.to_thread(assemble, major, answers)


async def _read_all(conn: AsyncConnection[Any], settings: str, major: int) -> dict[str, _Rows]:
    """Return the rows of each catalog query that can have some."""
    async with conn.transaction(force_rollback=True), conn.cursor(row_factory=tuple_row) as cursor:
        [absent] = await _answers(cursor, (settings, statement("absent", major)))
        left_out = {name.decode() if isinstance(name, bytes) else name for (name,) in absent}
        names = [name for name in (*OBJECTS, *PARTS, *NOTES, *DEPENDENCIES, *GRANTS) if name not in left_out]
        answers = await _answers(cursor, [statement(name, major) for name in names])
    return dict(zip(names, answers, strict=True))


async def _answers(cursor: AsyncCursor[tuple[Any, ...]], statements: Iterable[str]) -> list[_Rows]:
    """Return the rows of each statement that returns rows.

    All statements are sent in one message, which needs one round trip.
    """
    await cursor.execute(";\n".join(statements).encode(), prepare=False)
    answers = []
    more: bool | None = True
    while more:
        if cursor.description is not None:
            answers.append(await _rows(cursor))
        more = cursor.nextset()
    return answers


async def _rows(cursor: AsyncCursor[tuple[Any, ...]]) -> _Rows:
    """Return all rows of one answer. Other tasks can run between two chunks."""
    rows: _Rows = []
    while chunk := await cursor.fetchmany(_CHUNK):
        rows.extend(chunk)
        await asyncio.sleep(0)
    return rows


async def read_target_catalog(conn: LimitedAsyncConnection, target: Target) -> Catalog:
    """Read the catalog as `read_catalog` does, with the target's lock_timeout, in an open transaction.

    PostgreSQL returns the text of a view only with ACCESS SHARE on the tables that the view reads, so this
    waits behind ACCESS EXCLUSIVE.

    Raises: ConnectError if a lock is not released in time; psycopg.Error.
    """
    conn.answer_limit = inf  # a large catalog takes longer; but a cancelled read still ends at once
    await set_timeouts(conn, target.lock_timeout, "0", local=True)
    try:
        return await read_catalog(conn)
    except errors.LockNotAvailable as error:
        raise ConnectError(
            f"Could not read its catalog: another session has locked a table for longer than "
            f"{target.lock_timeout}.",
            "Retry when that session has ended, or set a longer lock_timeout for the target.",
            error.sqlstate,
        ) from error
