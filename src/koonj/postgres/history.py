"""koonj.history: the record in a target of what ran there. Fully qualified; made by the first apply."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import AsyncConnection, capabilities

from koonj.migrations.act import Action, HistoryEntry, Outcome
from koonj.postgres.errors import TargetError
from koonj.postgres.queries import query
from koonj.postgres.sqlstate import is_lost

_ANOTHER_VERSION = "Was it written by another version of koonj?"
_CHUNK = 200
"""Entries that are taken at once: about a millisecond's work."""


class NotWrittenError(psycopg.InternalError):
    """The server took a write of history without an error, and no row came of it."""


class HistoryError(TargetError):
    """History is there but cannot be read or written."""


@dataclass(frozen=True, slots=True)
class NewHistoryEntry:
    """A new entry, as it is written."""

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
    allowed: str | None = None
    error: str | None = None
    sqlstate: str | None = None
    transactional: bool = False
    """The row is written by the very transaction that carries the entry."""


async def exists(conn: AsyncConnection) -> bool:
    """Does this database know koonj?"""
    cursor = await conn.execute(query("history_exists"))
    return await cursor.fetchone() is not None


async def ensure(conn: AsyncConnection) -> None:
    """Make schema and table where they are not there yet, in one transaction. Raises HistoryError.

    No search_path of a role or a database decides what `text` or `=` mean in them.
    """
    if await exists(conn):
        return
    with _explained("made", "This role needs CREATE on the database, once: GRANT CREATE ON DATABASE … TO …;"):
        async with conn.transaction():
            await conn.execute("SET LOCAL search_path TO pg_catalog, pg_temp")
            cursor = await conn.execute(query("schema_exists"))
            if await cursor.fetchone() is None:
                await conn.execute(query("create_schema"))
            await conn.execute(query("create_history"))


async def read_entries(conn: AsyncConnection) -> tuple[HistoryEntry, ...]:
    """Every entry, oldest first; nothing where history does not exist. Raises HistoryError.

    With row_security off, a policy that would hide rows is an error, and not a shorter history.
    """
    if not await exists(conn):
        return ()
    hint = "GRANT USAGE ON SCHEMA koonj TO …; GRANT SELECT ON koonj.history TO …;"
    with _explained("read", hint):
        async with conn.transaction():
            await conn.execute("SET LOCAL row_security TO off")
            errors = await _errors(conn)
            rows = await _rows(conn)
        return await asyncio.to_thread(_entries, rows, errors)  # 10,000 of them are worth a tenth of a second


async def _rows(conn: AsyncConnection) -> list[tuple[Any, ...]]:
    """Of all entries, in chunks: between two of them whoever shares this thread has a turn."""
    chunk = _CHUNK if capabilities.has_stream_chunked() else 1  # libpq 17
    rows = []
    async for row in conn.cursor().stream(query("read_acts"), size=chunk):
        rows.append(row)
        if len(rows) % _CHUNK == 0:
            await asyncio.sleep(0)
    return rows


async def _errors(conn: AsyncConnection) -> dict[int, str]:
    """Error texts by entry; none for a role that may not see them (they can hold data)."""
    cursor = await conn.execute(query("may_see_errors"))
    row = await cursor.fetchone()
    if row is None or not row[0]:
        return {}
    cursor = await conn.execute(query("read_errors"))
    return {int(row[0]): str(row[1]) for row in await cursor.fetchall()}


_COLUMNS = tuple(field.name for field in fields(HistoryEntry) if field.name != "error")
"""Of read_acts.sql."""


def _entries(rows: Iterable[tuple[Any, ...]], errors: Mapping[int, str]) -> tuple[HistoryEntry, ...]:
    return tuple(_entry(row, errors) for row in rows)


def _entry(row: tuple[Any, ...], errors: Mapping[int, str]) -> HistoryEntry:
    """Raises ValueError for what another version of koonj may have written."""
    values = dict(zip(_COLUMNS, row, strict=True))
    values["action"] = Action(values["action"])
    values["outcome"] = Outcome(values["outcome"])
    values["started"] = datetime.fromtimestamp(values["started"], UTC)
    if values["finished"] is not None:
        values["finished"] = datetime.fromtimestamp(values["finished"], UTC)
    return HistoryEntry(error=errors.get(values["id"]), **values)


async def latest(conn: AsyncConnection) -> int:
    """The id of the newest entry; 0 where there is none."""
    cursor = await conn.execute(query("latest_act"))
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def another_ran(conn: AsyncConnection, since: int, run_id: str) -> bool:
    """Has another run recorded an entry after the one with the id `since`?"""
    cursor = await conn.execute(query("others_since"), {"id": since, "run_id": run_id})
    return await cursor.fetchone() is not None


async def read_script(conn: AsyncConnection, entry_id: int) -> str | None:
    """The text that ran in one entry; None where there is no such entry. Raises HistoryError."""
    with _explained("read", "GRANT SELECT ON koonj.history TO …;"):
        cursor = await conn.execute(query("read_script"), (entry_id,))
        row = await cursor.fetchone()
    return None if row is None else str(row[0])


async def insert(conn: AsyncConnection, record: NewHistoryEntry) -> tuple[int, str]:
    """Write one entry; its id, and the id (xid8, as text) of the transaction that wrote it."""
    values = {field: getattr(record, field) for field in NewHistoryEntry.__slots__}
    values["ended"] = record.outcome is not Outcome.STARTED
    cursor = await conn.execute(query("insert_act"), values)
    row = await cursor.fetchone()
    if row is None:
        raise NotWrittenError("koonj.history took no row: a trigger, a rule or a policy on it is in the way.")
    return int(row[0]), str(row[1])


async def advance(conn: AsyncConnection, entry_id: int, done: int) -> str:
    """Count statements that are committed, or will be with this transaction, whose id is given back."""
    return await _update(conn, "advance_act", {"id": entry_id, "statements_done": done})


async def finish(
    conn: AsyncConnection,
    entry_id: int,
    outcome: Outcome,
    done: int,
    *,
    error: str | None = None,
    sqlstate: str | None = None,
) -> str:
    """End an entry that began with `Outcome.STARTED`; the id of the transaction that says so."""
    values = {
        "id": entry_id,
        "outcome": outcome,
        "statements_done": done,
        "error": error,
        "sqlstate": sqlstate,
    }
    return await _update(conn, "finish_act", values)


async def _update(conn: AsyncConnection, name: str, values: dict[str, Any]) -> str:
    cursor = await conn.execute(query(name), values)
    row = await cursor.fetchone()
    if row is None:
        raise NotWrittenError(
            "koonj.history did not take the change of a row: it is gone, or a trigger, a rule or a policy "
            "on it is in the way."
        )
    return str(row[0])


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
        raise HistoryError(message, _ANOTHER_VERSION, error.sqlstate) from error
    except (ValueError, OverflowError) as error:
        raise HistoryError(
            f"koonj.history holds what this koonj does not know: {error}", _ANOTHER_VERSION
        ) from error
    except psycopg.Error as error:
        if is_lost(error):
            raise
        message = f"koonj's history could not be {verb}: {error.diag.message_primary or error}"
        raise HistoryError(
            message, "Something on the target is in the way; it has to be mended there.", error.sqlstate
        ) from error
