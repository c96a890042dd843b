"""Report INVALID indexes, which a CONCURRENTLY statement leaves if it fails.

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


async def invalid_index_sentence(conn: AsyncConnection, error: StatementError) -> str:
    """Return a sentence about INVALID indexes after a failure; empty if none.

    Only a CONCURRENTLY statement leaves them.
    """
    if not error.numbered.statement.is_concurrent:
        return ""
    try:
        invalid = await invalid_indexes(conn)
    except psycopg.Error:
        return " It can have left an INVALID index; koonj could not ask the target."
    return f" INVALID indexes on the target now: {', '.join(invalid)}." if invalid else ""


async def must_be_valid(conn: AsyncConnection, numbered: NumberedStatement, events: Iterable[Event]) -> None:
    """Check that CREATE INDEX … IF NOT EXISTS did not skip an INVALID index.

    For an index that a failed build left, PostgreSQL reports "already exists, skipping", but no query can
    use it. `events`: the events of the statement.

    Raises:
        StatementError: The statement skipped an INVALID index, or the catalog could not be read.
    """
    statement = numbered.statement
    skipped = any(isinstance(event, Notice) and event.sqlstate == _DUPLICATE_TABLE for event in events)
    if not (skipped and statement.is_concurrent and statement.verb == "create" and statement.name):
        return
    try:
        invalid = await invalid_indexes_named(conn, statement.name)
    except psycopg.Error as error:
        raise StatementError(numbered, error) from error
    if invalid:
        message = (
            f"{invalid[0]} already exists but is INVALID: an earlier build failed, and no query uses it. "
            f"Run: DROP INDEX CONCURRENTLY {invalid[0]}; then retry."
        )
        raise StatementError(numbered, psycopg.errors.DuplicateTable(message))
