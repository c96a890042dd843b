"""The koonj lock: an advisory lock that allows one run per database at a time.

koonj polls with pg_try_advisory_lock and sleeps on the client. A waiting ``pg_advisory_lock`` holds a
snapshot, and CREATE INDEX CONCURRENTLY waits for every older snapshot: the two would deadlock and leave an
INVALID index (https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from koonj.humanize import to_the_second
from koonj.postgres.queries import filled, query
from koonj.postgres.reading_settings import moment_of
from koonj.postgres.run_name import RunName, run_name

if TYPE_CHECKING:
    from psycopg import AsyncConnection

KEY = int.from_bytes(b"koonj", "big")
"""Key (bigint) of the koonj lock, the same in every database."""


def _try_text(key: int) -> str:
    take = f"pg_catalog.pg_try_advisory_lock({key})"
    return f"SELECT CASE WHEN {take} THEN {take} ELSE false END"


TRY = _try_text(KEY)
"""The query that takes the koonj lock, if it is free.

A session takes it twice. So it can ask cheaply if it has it (`queries/flight/insert_entry.sql`): it gives one
back, which only a session that has it can do, and takes it again. The other one keeps all others out
meanwhile. pg_locks also says who has it, but it lists all locks of the server.
"""
_HALF = 0xFFFFFFFF


def _halves(key: int) -> Mapping[str, int]:
    """Return a key as pg_locks shows it."""
    return {"high": key >> 32 & _HALF, "low": key & _HALF}


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Session that holds the koonj lock, as pg_stat_activity shows it."""

    pid: int
    application_name: str
    host: str
    """Address of the client, or ``local`` for a Unix socket."""
    user: str
    since: datetime | None
    """Start of the session, with its zone. None if the server hides it from this role."""
    run: RunName | None = None
    """The run of this session; None if the session is of no run."""
    silent_seconds: float | None = None
    """How long its client has sent nothing. None: a statement is running, or it is hidden from this role."""


def holder_words(holder: LockHolder | None) -> str:
    """A lock's holder as text: ``koonj (pid 4259, user ada, 10.0.0.7)``, or its run."""
    if holder is None:
        return "a session that is hidden from this role"
    if holder.run is not None:
        place = "" if holder.run.index is None else f", migration {holder.run.index} of {holder.run.of}"
        who = holder.run.who or f"user {holder.user}"
        return f"{who} (run {holder.run.id}{place}; pid {holder.pid}, user {holder.user}, {holder.host})"
    return f"{holder.application_name or 'a session'} (pid {holder.pid}, user {holder.user}, {holder.host})"


def progress_words(holder: LockHolder, run: RunName) -> str:
    """Return what a run does, as a sentence: ``dev1@bastion1 runs koonj here since …: 12 of 40 (run …)``."""
    since = "" if holder.since is None else f" since {to_the_second(holder.since)}"
    place = "" if run.index is None else f": {run.index} of {run.of}"
    session = f"(run {run.id}, pid {holder.pid} on the server)"
    return f"{run.who or holder.user} runs koonj here{since}{place} {session}."


async def try_lock(conn: AsyncConnection, key: int = KEY) -> bool:
    """Try to take the koonj lock for this session, or that of another tool. Return whether it was taken."""
    cursor = await conn.execute(_try_text(key).encode())
    row = await cursor.fetchone()
    return bool(row and row[0])


async def unlock(conn: AsyncConnection, key: int = KEY) -> bool:
    """Release the koonj lock, or that of another tool. Return False if this session did not hold it.

    For example, a connection pooler may have changed the session.
    """
    unlock = f"pg_catalog.pg_advisory_unlock({key})"
    cursor = await conn.execute(f"SELECT {unlock}, {unlock}".encode())
    row = await cursor.fetchone()
    return bool(row and row[0])


async def is_held_here(conn: AsyncConnection, key: int = KEY) -> bool:
    """Return whether the server session that answers now holds the koonj lock, or that of another tool.

    It asks the server for the pid: behind a pooler, the connection's own pid is not that of the session.
    """
    cursor = await conn.execute(query("lock_is_held_here"), _halves(key))
    return await cursor.fetchone() is not None


async def holder(conn: AsyncConnection, key: int = KEY) -> LockHolder | None:
    """Return the session that holds the koonj lock of this database, or that of another tool; or None."""
    cursor = await conn.execute(query("lock_holder"), _halves(key))
    row = await cursor.fetchone()
    return None if row is None else lock_holder(*row)


def holder_query(conn: AsyncConnection) -> str:
    """Return the query that `holder` sends."""
    return filled(conn, "lock_holder", _halves(KEY))


def lock_holder(
    pid: int,
    application_name: str,
    host: str,
    user: str,
    since: int | None,
    silent: int | None = None,
) -> LockHolder:
    """Return the holder of a lock from a row of a query.

    `since`: microseconds since 1970; `silent`: milliseconds.
    """
    started = None if since is None else moment_of(since)
    silence = None if silent is None else silent / 1000
    return LockHolder(pid, application_name, host, user, started, run_name(application_name), silence)
