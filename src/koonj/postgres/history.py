"""koonj.history: the record in a target of what ran there. Fully qualified; made by the first apply."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import psycopg
from psycopg import AsyncConnection

from koonj.migrations.act import Act, Action, Outcome
from koonj.postgres.queries import query


class HistoryError(Exception):
    """History is there but cannot be read or written. The message says what, `hint` what to do."""

    def __init__(self, message: str, hint: str, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.sqlstate = sqlstate


@dataclass(frozen=True, slots=True)
class Record:
    """A new act, as it is written."""

    name: str
    action: Action
    outcome: Outcome
    script: str
    """The whole text of the file that runs."""
    file_hash: str
    statements_hash: str
    rollback_hash: str
    statements_done: int
    statements_total: int
    started: float
    """Unix seconds."""
    os_user: str
    host: str
    version: str
    run_id: str
    reason: str | None = None
    accepted: str | None = None
    error: str | None = None
    sqlstate: str | None = None
    transactional: bool = False
    """The row is written by the very transaction that carries the act."""


async def exists(conn: AsyncConnection) -> bool:
    """Does this database know koonj?"""
    cursor = await conn.execute(query("history_exists"))
    return await cursor.fetchone() is not None


async def ensure(conn: AsyncConnection) -> None:
    """Make schema and table where they are not there yet, in one transaction. Raises HistoryError."""
    if await exists(conn):
        return
    with _explained("made", "This role needs CREATE on the database, once: GRANT CREATE ON DATABASE … TO …;"):
        async with conn.transaction():
            await conn.execute(query("create_history"))


async def read_acts(conn: AsyncConnection) -> tuple[Act, ...]:
    """Every act, oldest first; nothing where history does not exist. Raises HistoryError."""
    if not await exists(conn):
        return ()
    hint = "GRANT USAGE ON SCHEMA koonj TO …; GRANT SELECT ON koonj.history TO …;"
    with _explained("read", hint):
        errors = await _errors(conn)
        cursor = await conn.execute(query("read_acts"))
        return tuple(_act(row, errors) for row in await cursor.fetchall())


async def _errors(conn: AsyncConnection) -> dict[int, str]:
    """Error texts by act; none for a role that may not see them (they can hold data)."""
    try:
        cursor = await conn.execute(query("read_errors"))
    except psycopg.errors.InsufficientPrivilege:
        return {}
    return {int(row[0]): str(row[1]) for row in await cursor.fetchall()}


def _act(row: tuple[Any, ...], errors: dict[int, str]) -> Act:
    """`row` has the columns of read_acts.sql: an Act's fields, less `error`."""
    names = (field.name for field in fields(Act) if field.name != "error")
    values = dict(zip(names, row, strict=True))
    values["action"] = Action(values["action"])
    values["outcome"] = Outcome(values["outcome"])
    return Act(error=errors.get(values["id"]), **values)


async def read_script(conn: AsyncConnection, act_id: int) -> str | None:
    """The text that ran in one act; None where there is no such act. Raises HistoryError."""
    with _explained("read", "GRANT SELECT ON koonj.history TO …;"):
        cursor = await conn.execute(query("read_script"), (act_id,))
        row = await cursor.fetchone()
    return None if row is None else str(row[0])


async def insert(conn: AsyncConnection, record: Record) -> tuple[int, str]:
    """Write one act; its id, and the id (xid8, as text) of the transaction that wrote it."""
    values = {field: getattr(record, field) for field in Record.__slots__}
    values["ended"] = record.outcome is not Outcome.STARTED
    cursor = await conn.execute(query("insert_act"), values)
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0]), str(row[1])


async def advance(conn: AsyncConnection, act_id: int, done: int) -> None:
    """Count statements that are committed, or will be with this transaction."""
    await conn.execute(query("advance_act"), {"id": act_id, "statements_done": done})


async def finish(
    conn: AsyncConnection,
    act_id: int,
    outcome: Outcome,
    done: int,
    *,
    error: str | None = None,
    sqlstate: str | None = None,
) -> None:
    """End an act that began with `Outcome.STARTED`."""
    values = {"id": act_id, "outcome": outcome, "statements_done": done, "error": error, "sqlstate": sqlstate}
    await conn.execute(query("finish_act"), values)


async def transaction_status(conn: AsyncConnection, transaction_id: str) -> str | None:
    """``committed``, ``aborted``, ``in progress``; None where the server has forgotten it.

    See pg_xact_status in https://www.postgresql.org/docs/current/functions-info.html.
    """
    cursor = await conn.execute(query("act_outcome"), (transaction_id,))
    row = await cursor.fetchone()
    return None if row is None or row[0] is None else str(row[0])


@contextmanager
def _explained(verb: str, hint: str) -> Iterator[None]:
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        message = f"koonj's history could not be {verb}: {error.diag.message_primary}"
        raise HistoryError(message, hint, error.sqlstate) from error
    except (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable) as error:
        message = f"koonj.history has another shape than this koonj knows: {error.diag.message_primary}"
        raise HistoryError(message, "Was it written by another version of koonj?", error.sqlstate) from error
