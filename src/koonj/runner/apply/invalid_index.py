"""What a statement that builds in several transactions leaves when it fails, as the catalog has it.

https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
"""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import AsyncConnection

from koonj.postgres.invalid_indexes import invalid_indexes, invalid_indexes_named
from koonj.runner.apply.statement import StatementError
from koonj.runner.plan.work import NumberedStatement
from koonj.runner.run.events import Event, Notice

_DUPLICATE_TABLE = "42P07"


async def leftover(conn: AsyncConnection, error: StatementError) -> str:
    """A sentence about INVALID indexes after a concurrent statement failed; empty where there are none."""
    if not error.numbered.statement.is_concurrent:
        return ""
    try:
        invalid = await invalid_indexes(conn)
    except psycopg.Error:
        return " It can have left an INVALID index; the target could not be asked."
    return f" INVALID indexes on the target now: {', '.join(invalid)}." if invalid else ""


async def must_be_valid(conn: AsyncConnection, numbered: NumberedStatement, heard: Iterable[Event]) -> None:
    """Refuse to take CREATE INDEX CONCURRENTLY IF NOT EXISTS for done that passed over an INVALID index.

    PostgreSQL says "already exists, skipping" of an index that an earlier build left behind, and which no
    query can use. Raises StatementError.
    """
    statement = numbered.statement
    skipped = any(isinstance(event, Notice) and event.sqlstate == _DUPLICATE_TABLE for event in heard)
    if not (skipped and statement.is_concurrent and statement.verb == "create" and statement.name):
        return
    try:
        invalid = await invalid_indexes_named(conn, statement.name)
    except psycopg.Error as error:
        raise StatementError(numbered, error) from error
    if invalid:
        message = (
            f"{invalid[0]} is there already and INVALID: an earlier build failed, and no query uses it. "
            f"DROP INDEX CONCURRENTLY {invalid[0]}; then run this again."
        )
        raise StatementError(numbered, psycopg.errors.DuplicateTable(message))
