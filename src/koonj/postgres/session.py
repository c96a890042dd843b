"""What a run sets in its session, and how one migration is kept from leaking into the next."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg import AsyncConnection, errors, sql

from koonj.config import Target
from koonj.postgres.connector import ConnectError

OWN_LOCK_TIMEOUT = "5s"
"""How long koonj waits for a lock on its own table, outside a migration's transaction."""

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
"""DISCARD ALL without its pg_advisory_unlock_all, which would give the run's own lock away
(https://www.postgresql.org/docs/current/sql-discard.html)."""


async def clean(conn: AsyncConnection, target: Target) -> None:
    """Put the session back to how it was after connecting; the advisory lock stays."""
    await conn.execute(sql.SQL("; ").join(sql.SQL(statement) for statement in CLEAN))
    if target.role is not None:
        await conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(target.role)))
    await notice_dead_client(conn)


async def notice_dead_client(conn: AsyncConnection) -> None:
    """Let the server end a statement whose client has died, within a second (14+, where the system can)."""
    if conn.info.server_version < 140000:
        return
    try:
        await conn.execute("SET client_connection_check_interval TO '1s'")
    except errors.InvalidParameterValue:
        return  # this server's operating system cannot tell; the statement runs to its end


async def set_timeouts(conn: AsyncConnection, lock: str | None, statement: str, *, local: bool) -> None:
    """lock_timeout and statement_timeout, in PostgreSQL's notation; `local`: for this transaction only.

    A transaction_timeout (17+) of the role or the database would end the session in the middle of a file.
    SET, not set_config: a SELECT would take a snapshot, and a file's SET TRANSACTION must come before any.
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
    """Run deferred constraints and triggers now: under the file's role and search_path, not the fence's."""
    await conn.execute("SET CONSTRAINTS ALL IMMEDIATE")


async def fence(conn: AsyncConnection, target: Target, lock: str) -> None:
    """Inside a transaction: undo what the file set, for what follows in this transaction only.

    History is then written by the role that connected, whatever the file's SET ROLE, search_path or timeouts.
    `lock` is a lock_timeout: who locks history must not make the migration's own locks last for ever.
    """
    role = sql.SQL("NONE") if target.role is None else sql.Identifier(target.role)
    await conn.execute(
        sql.SQL("; ").join(
            (
                sql.SQL("SET LOCAL SESSION AUTHORIZATION DEFAULT"),
                sql.SQL("SET LOCAL ROLE {}").format(role),
                sql.SQL("SET LOCAL search_path TO pg_catalog, pg_temp"),
                sql.SQL("SET LOCAL client_encoding TO 'UTF8'"),
                sql.SQL("SET LOCAL statement_timeout TO 0"),
                sql.SQL("SET LOCAL lock_timeout TO {}").format(sql.Literal(lock)),
                sql.SQL("SET LOCAL row_security TO on"),
            )
        )
    )


async def must_be_direct(conn: AsyncConnection) -> None:
    """Refuse a connection pooler: the session that takes the lock might not be the one that works.

    Behind a pooler the pid that the client was told is not the server process's. Raises ConnectError.
    """
    cursor = await conn.execute("SELECT pg_catalog.pg_backend_pid()")
    row = await cursor.fetchone()
    if row is None or row[0] != conn.info.backend_pid:
        raise ConnectError(
            "The target is behind a connection pooler, where a session's lock and settings do not hold.",
            "Give this target a dsn that reaches PostgreSQL itself.",
        )


async def begin(conn: AsyncConnection, text: str | None, lock: str | None, statement: str) -> None:
    """Begin a transaction with a file's own BEGIN, which can name an isolation level, or a plain one.

    `lock`: None leaves lock_timeout as the session has it.
    """
    await conn.execute(b"BEGIN" if text is None else text.encode())
    await set_timeouts(conn, lock, statement, local=True)


@asynccontextmanager
async def own_transaction(conn: AsyncConnection, target: Target) -> AsyncIterator[None]:
    """A short transaction of koonj's own, whatever role and settings a file has left in the session.

    Raises psycopg.Error.
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
    """COMMIT, and hold that it was one: the server answers ROLLBACK, without an error, to one that failed.

    Raises psycopg.Error.
    """
    cursor = await conn.execute("COMMIT")
    if cursor.statusmessage != "COMMIT":
        raise psycopg.InternalError(f"COMMIT was answered with {cursor.statusmessage}")


async def roll_back(conn: AsyncConnection) -> None:
    """End a transaction; a connection that is lost has ended it by itself, and is closed."""
    if conn.closed:
        return
    try:
        await conn.execute("ROLLBACK")
    except psycopg.OperationalError:
        await conn.close()
