"""Set up the session of a run, and reset it between two migrations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache

import psycopg
from psycopg import AsyncConnection, AsyncCursor, errors, sql
from psycopg.pq import TransactionStatus

from koonj.config import Target
from koonj.postgres.queries import filled
from koonj.postgres.server_process import ServerProcess

OWN_LOCK_TIMEOUT = "5s"
"""How long koonj waits for a lock on its own table outside the transaction of a migration."""

_MANY = 64
"""How many different texts are kept: the files of a folder mostly have the same timeouts."""

FORGET_SEQUENCES = "DISCARD SEQUENCES"
CLEAN = (
    "SET SESSION AUTHORIZATION DEFAULT",
    "RESET ROLE",
    "RESET ALL",
    "CLOSE ALL",
    "UNLISTEN *",
    "DEALLOCATE ALL",
    "DISCARD TEMP",
    FORGET_SEQUENCES,
)
"""DISCARD ALL without pg_advisory_unlock_all, which would release the koonj lock of the run
(https://www.postgresql.org/docs/current/sql-discard.html).
"""


_FORGET = sql.SQL(FORGET_SEQUENCES)


@dataclass(frozen=True, slots=True)
class ServerSession:
    """The session on the server that a connection has now."""

    process: ServerProcess
    settings: tuple[tuple[str, str], ...]
    """What lets the server end the session when its client is gone, by name. RESET ALL undoes it."""


async def clean(conn: AsyncConnection, target: Target, *, computes: bool = False) -> ServerSession:
    """Reset the session to its state after connecting, and return it. The koonj lock is kept.

    `computes`: between two statements, koonj can compute for minutes; so the server must not end the session
    because nothing is sent.
    """
    try:
        cursor = await _reset(conn, target, can_check=True, computes=computes)
    except errors.InvalidParameterValue:
        # The server's operating system does not support client_connection_check_interval.
        cursor = await _reset(conn, target, can_check=False, computes=computes)
    while cursor.nextset():
        pass
    row = await cursor.fetchone()
    assert row is not None
    pid, started, settings = row
    return ServerSession(ServerProcess(pid, started), tuple((name, value) for name, value in settings))


async def _reset(conn: AsyncConnection, target: Target, *, can_check: bool, computes: bool) -> AsyncCursor:
    """Send one message: if the server refuses a part of it, all of it is undone."""
    asking = sql.SQL(filled(conn, "server_session", {"can_check": can_check, "ends_if_idle": not computes}))
    return await conn.execute(sql.SQL("; ").join([*_reset_statements(target.role), asking]))


def _reset_statements(role: str | None) -> list[sql.Composable]:
    """Return what resets a session to its state after connecting. The koonj lock is kept."""
    setting = [] if role is None else [sql.SQL("SET ROLE {}").format(sql.Identifier(role))]
    return [*map(sql.SQL, CLEAN), *setting]


async def set_timeouts(
    conn: AsyncConnection, lock: str | None, statement: str, *, local: bool, name: str = ""
) -> None:
    """Set lock_timeout and statement_timeout, in PostgreSQL's notation, and the `name` of the session.

    `local`: only for the current transaction. Also turns off transaction_timeout (17+): one that is set for
    the role or the database would end the session in the middle of a file. Uses SET instead of set_config():
    a SELECT would take a snapshot, and a SET TRANSACTION in the file must come before any snapshot.
    """
    settings = timeout_settings(conn.info.server_version, lock, statement, local=local)
    named = [name_session(name, local=local)] if name else []
    await conn.execute(sql.SQL("; ").join([*settings, *named]))


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


@lru_cache(_MANY)
def timeout_texts(version: int, lock: str | None, statement: str) -> tuple[bytes, ...]:
    """Return what `timeout_settings` returns for one transaction, as it is sent."""
    return _texts(timeout_settings(version, lock, statement, local=True))


def _texts(statements: Iterable[sql.Composable]) -> tuple[bytes, ...]:
    return tuple(statement.as_bytes(None) for statement in statements)


def name_session(name: str, *, local: bool) -> sql.Composed:
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


@lru_cache(_MANY)
def closing_texts(
    role: str | None, version: int, lock: str, settings: tuple[tuple[str, str], ...]
) -> tuple[bytes, ...]:
    """Return what `fence` and `clean` do, for the end of a transaction that commits.

    Then the session is clean after COMMIT, and the next transaction can follow at once. If the transaction is
    rolled back, the settings of the file are as well. FORGET_SEQUENCES is missing: it belongs behind the
    entry in the history. `role`: of the target; `settings`: of the session (`ServerSession.settings`).
    """
    local = {
        "search_path": "pg_catalog, pg_temp",
        "client_encoding": "UTF8",
        "row_security": "on",
        "lock_timeout": lock,
        "statement_timeout": "0",
        "client_min_messages": "error",  # what `insert_entry` warns of is an error, too
    }
    if version >= 170000:
        local["transaction_timeout"] = "0"
    calls = [_set_config(name, value, local=True) for name, value in local.items()]
    calls += [_set_config(name, value, local=False) for name, value in settings]
    # One SELECT, not one SET for each: it takes a snapshot, but nothing of the file follows.
    resetting = [statement for statement in _reset_statements(role) if statement != _FORGET]
    return _texts((*resetting, sql.SQL("SELECT {}").format(sql.SQL(", ").join(calls))))


@lru_cache(_MANY)
def reopening_texts(settings: tuple[tuple[str, str], ...]) -> tuple[bytes, ...]:
    """Return what undoes the local settings of `closing_texts`, for a further script in the transaction."""
    calls = [_set_config(name, value, local=False) for name, value in settings]
    selecting = [sql.SQL("SELECT {}").format(sql.SQL(", ").join(calls))] if calls else []
    return _texts((sql.SQL("RESET ALL"), *selecting))


def _set_config(name: str, value: str, *, local: bool) -> sql.Composable:
    return sql.SQL("pg_catalog.set_config({}, {}, {})").format(name, value, local)


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


async def begin(
    conn: AsyncConnection, text: str | None, lock: str | None, statement: str, *, name: str = ""
) -> None:
    """Start a transaction with the file's own BEGIN, or with a plain one.

    The file's BEGIN can set an isolation level. If `lock` is None, lock_timeout stays unchanged. `name`: of
    the session in this transaction.
    """
    await conn.execute(b"BEGIN" if text is None else text.encode())
    await set_timeouts(conn, lock, statement, local=True, name=name)


@asynccontextmanager
async def own_transaction(conn: AsyncConnection, target: Target) -> AsyncIterator[None]:
    """Run a short transaction of koonj.

    It does not depend on the role or the settings that a file has left in the session.

    Raises: psycopg.Error.
    """
    opening = (
        sql.SQL("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"),
        *timeout_settings(conn.info.server_version, OWN_LOCK_TIMEOUT, "0", local=True),
        *fence_statements(target, OWN_LOCK_TIMEOUT),
    )
    try:
        await conn.execute(sql.SQL("; ").join(opening))
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
