"""Set up the session of a run, and reset it between two migrations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psycopg
from psycopg import AsyncConnection, errors, sql
from psycopg.pq import TransactionStatus

from koonj.config import Target

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


async def clean(conn: AsyncConnection, target: Target) -> None:
    """Reset the session to its state after connecting. The koonj lock is kept."""
    parts: list[sql.Composable] = [sql.SQL(statement) for statement in CLEAN]
    if target.role is not None:
        parts.append(sql.SQL("SET ROLE {}").format(sql.Identifier(target.role)))
    await _notice_dead_client(conn, parts)


async def notice_dead_client(conn: AsyncConnection) -> None:
    """Let the server end a statement within a second after its client has died.

    Does nothing before PostgreSQL 14, or if the server's operating system does not support it.
    """
    await _notice_dead_client(conn, ())


async def _notice_dead_client(conn: AsyncConnection, before: Sequence[sql.Composable]) -> None:
    """Send the statements `before`, and the setting behind them, as one message if possible."""
    supported = conn.info.server_version >= 140000
    try:
        if supported:
            setting = sql.SQL("SET client_connection_check_interval TO '1s'")
            await conn.execute(sql.SQL("; ").join((*before, setting)))
    except errors.InvalidParameterValue:
        # The server's operating system does not support it: a statement runs to its end.
        # All of the message was undone.
        supported = False
    if before and not supported:
        await conn.execute(sql.SQL("; ").join(before))


async def set_timeouts(conn: AsyncConnection, lock: str | None, statement: str, *, local: bool) -> None:
    """Set lock_timeout and statement_timeout, both in PostgreSQL's notation.

    `local`: only for the current transaction. Also turns off transaction_timeout (17+): one that is set for
    the role or the database would end the session in the middle of a file. Uses SET instead of set_config():
    a SELECT would take a snapshot, and a SET TRANSACTION in the file must come before any snapshot.
    """
    scope = sql.SQL("SET LOCAL" if local else "SET")
    values = {"lock_timeout": lock, "statement_timeout": statement}
    if conn.info.server_version >= 170000:
        values["transaction_timeout"] = "0"
    settings = [
        sql.SQL("{} {} TO {}").format(scope, sql.Identifier(name), sql.Literal(value))
        for name, value in values.items()
        if value is not None
    ]
    await conn.execute(sql.SQL("; ").join(settings))


async def check_deferred(conn: AsyncConnection) -> None:
    """Run deferred constraints and triggers now.

    They run with the role and the search_path of the file, not with those of `fence`.
    """
    await conn.execute("SET CONSTRAINTS ALL IMMEDIATE")


async def fence(conn: AsyncConnection, target: Target, lock: str) -> None:
    """Undo the settings of the file for the rest of this transaction.

    After this, the connection's own role writes the history, whatever SET ROLE, search_path or timeouts the
    file used. `lock` is a lock_timeout: without it, a session that locks the history could keep the
    migration's own locks waiting without limit.
    """
    # DEFAULT, not NONE: the login role can have a default role (ALTER ROLE … SET role, or options=-c role=…).
    role = sql.SQL("DEFAULT") if target.role is None else sql.Identifier(target.role)
    await conn.execute(
        sql.SQL("; ").join(
            (
                sql.SQL("SET LOCAL SESSION AUTHORIZATION DEFAULT"),
                sql.SQL("SET LOCAL role TO {}").format(role),
                sql.SQL("SET LOCAL search_path TO pg_catalog, pg_temp"),
                sql.SQL("SET LOCAL client_encoding TO 'UTF8'"),
                sql.SQL("SET LOCAL statement_timeout TO 0"),
                sql.SQL("SET LOCAL lock_timeout TO {}").format(sql.Literal(lock)),
                sql.SQL("SET LOCAL row_security TO on"),
            )
        )
    )


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
