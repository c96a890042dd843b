"""Set up the session of a run, and reset it between two migrations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import psycopg
from psycopg import AsyncConnection, AsyncCursor, errors, sql
from psycopg.pq import TransactionStatus

from koonj.config import Target
from koonj.postgres.queries import query

OWN_LOCK_TIMEOUT = "5s"
"""How long koonj waits for a lock on its own table outside the transaction of a migration."""

CLEAN = (
    "SET SESSION AUTHORIZATION DEFAULT",
    "RESET ROLE",
    "RESET ALL",
    "CLOSE ALL",
    "UNLISTEN *",
    "DEALLOCATE ALL",
    "DISCARD TEMP",
    "DISCARD SEQUENCES",
)
"""DISCARD ALL without pg_advisory_unlock_all, which would release the koonj lock of the run
(https://www.postgresql.org/docs/current/sql-discard.html).
"""


NOTICE_DEAD_CLIENT = "SET client_connection_check_interval TO '1s'"
"""How often the server looks whether the client of a running statement is still there."""


@dataclass(frozen=True, slots=True)
class ServerSession:
    """The session on the server that a connection has now."""

    pid: int
    started: int | None
    """Microseconds since 1970 of the server's clock; None if the server hides it from this role."""
    notices_dead_client: bool
    """It ends a statement whose client has died."""


async def clean(conn: AsyncConnection, target: Target) -> ServerSession:
    """Reset the session to its state after connecting, and return it. The koonj lock is kept."""
    cursor = await _notice_dead_client(conn, reset_statements(target), sql.SQL(query("server_session")))
    while cursor.nextset():
        pass
    row = await cursor.fetchone()
    assert row is not None
    return ServerSession(*row)


def reset_statements(target: Target) -> list[sql.Composable]:
    """Return what resets a session to its state after connecting. The koonj lock is kept."""
    role = [] if target.role is None else [sql.SQL("SET ROLE {}").format(sql.Identifier(target.role))]
    return [*map(sql.SQL, CLEAN), *role]


async def _notice_dead_client(
    conn: AsyncConnection, before: Sequence[sql.Composable], *behind: sql.Composable
) -> AsyncCursor:
    """Let the server end a statement within a second after its client has died. Return the results.

    The setting is sent with other statements as one message. Before PostgreSQL 14, or if the server's
    operating system does not support it, only the others are sent.
    """
    if conn.info.server_version >= 140000:
        # The server's operating system perhaps does not support it. Then all of the message is undone.
        with suppress(errors.InvalidParameterValue):
            statements = (*before, sql.SQL(NOTICE_DEAD_CLIENT), *behind)
            return await conn.execute(sql.SQL("; ").join(statements))
    return await conn.execute(sql.SQL("; ").join((*before, *behind)))


async def set_timeouts(conn: AsyncConnection, lock: str | None, statement: str, *, local: bool) -> None:
    """Set lock_timeout and statement_timeout, both in PostgreSQL's notation.

    `local`: only for the current transaction. Also turns off transaction_timeout (17+): one that is set for
    the role or the database would end the session in the middle of a file. Uses SET instead of set_config():
    a SELECT would take a snapshot, and a SET TRANSACTION in the file must come before any snapshot.
    """
    settings = timeout_settings(conn.info.server_version, lock, statement, local=local)
    await conn.execute(sql.SQL("; ").join(settings))


def timeout_settings(version: int, lock: str | None, statement: str, *, local: bool) -> list[sql.Composable]:
    """Return the statements of `set_timeouts` for a server of `version` (170000: PostgreSQL 17)."""
    scope = sql.SQL("SET LOCAL" if local else "SET")
    values = {"lock_timeout": lock, "statement_timeout": statement}
    if version >= 170000:
        values["transaction_timeout"] = "0"
    return [
        sql.SQL("{} {} TO {}").format(scope, sql.Identifier(name), sql.Literal(value))
        for name, value in values.items()
        if value is not None
    ]


def name_session(name: str, *, local: bool = False) -> sql.Composed:
    """Return the statement that names the session for all others (`run_name`). RESET ALL undoes it."""
    scope = sql.SQL("SET LOCAL" if local else "SET")
    return sql.SQL("{} application_name TO {}").format(scope, sql.Literal(name))


CHECK_DEFERRED = "SET CONSTRAINTS ALL IMMEDIATE"


async def check_deferred(conn: AsyncConnection) -> None:
    """Run deferred constraints and triggers now.

    They run with the role and the search_path of the file, not with those of `fence`.
    """
    await conn.execute(CHECK_DEFERRED)


_FOR_HISTORY = (
    sql.SQL("SET LOCAL search_path TO pg_catalog, pg_temp"),
    sql.SQL("SET LOCAL client_encoding TO 'UTF8'"),
    sql.SQL("SET LOCAL row_security TO on"),
)


async def fence(conn: AsyncConnection, target: Target, lock: str) -> None:
    """Undo the settings of the file for the rest of this transaction.

    After this, the connection's own role writes the history, whatever SET ROLE, search_path or timeouts the
    file used. `lock` is a lock_timeout: without it, a session that locks the history could keep the
    migration's own locks waiting without limit.
    """
    await conn.execute(sql.SQL("; ").join(fence_statements(target, lock)))


def fence_statements(target: Target, lock: str) -> list[sql.Composable]:
    """Return the statements of `fence`."""
    # DEFAULT, not NONE: the login role can have a default role (ALTER ROLE … SET role, or options=-c role=…).
    role = sql.SQL("DEFAULT") if target.role is None else sql.Identifier(target.role)
    return [
        sql.SQL("SET LOCAL SESSION AUTHORIZATION DEFAULT"),
        sql.SQL("SET LOCAL role TO {}").format(role),
        *_FOR_HISTORY,
        sql.SQL("SET LOCAL statement_timeout TO 0"),
        sql.SQL("SET LOCAL lock_timeout TO {}").format(sql.Literal(lock)),
    ]


def closing_statements(target: Target, version: int, lock: str) -> list[sql.Composable]:
    """Return what `fence` and `clean` do, for the end of a transaction that commits.

    Then the session is clean after COMMIT, and the next transaction can follow at once. If the transaction is
    rolled back, the settings of the file are as well.
    """
    timeouts = timeout_settings(version, lock, "0", local=True)
    return [*reset_statements(target), *_FOR_HISTORY, *timeouts]


async def leave(conn: AsyncConnection) -> None:
    """Reset everything that a run has set or locked, for the next client of a pooler.

    A pooler in session mode usually does this itself (pgbouncer: server_reset_query).
    """
    if conn.closed:
        return
    try:
        if conn.info.transaction_status is not TransactionStatus.IDLE:
            await conn.execute("ROLLBACK")
        await conn.execute("DISCARD ALL")
    except psycopg.Error:
        await conn.close()  # the pooler does not use the session again


async def begin(conn: AsyncConnection, text: str | None, lock: str | None, statement: str) -> None:
    """Start a transaction with the file's own BEGIN, or with a plain one.

    The file's BEGIN can set an isolation level. If `lock` is None, lock_timeout stays unchanged.
    """
    await conn.execute(b"BEGIN" if text is None else text.encode())
    await set_timeouts(conn, lock, statement, local=True)


@asynccontextmanager
async def own_transaction(conn: AsyncConnection, target: Target) -> AsyncIterator[None]:
    """Run a short transaction of koonj.

    It does not depend on the role or the settings that a file has left in the session.

    Raises: psycopg.Error.
    """
    await begin(conn, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", OWN_LOCK_TIMEOUT, "0")
    try:
        await fence(conn, target, OWN_LOCK_TIMEOUT)
        yield
        await commit(conn)
    except BaseException:
        await roll_back(conn)
        raise


async def commit(conn: AsyncConnection) -> None:
    """Commit, and check the server's answer.

    For a failed transaction the server answers ROLLBACK, which is not an error for libpq.

    Raises: psycopg.Error.
    """
    cursor = await conn.execute("COMMIT")
    if cursor.statusmessage != "COMMIT":
        raise psycopg.InternalError(f"COMMIT was answered with {cursor.statusmessage}")


async def roll_back(conn: AsyncConnection) -> None:
    """Roll back the transaction, if one is open.

    If the connection is lost, the transaction has ended, and the connection is closed.
    """
    if conn.closed or conn.info.transaction_status is TransactionStatus.IDLE:
        return
    try:
        await conn.execute("ROLLBACK")
    except psycopg.OperationalError:
        await conn.close()
