"""Cancel the statement of a blocking session, or end the session.

A pid alone does not identify a session: the system uses pids again. So each signal also compares when the
session began.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic
from typing import TYPE_CHECKING, Any

from koonj.config import Target
from koonj.postgres.blockers import WATCHING, Blocker, BlockerKind, with_activity
from koonj.postgres.queries import query
from koonj.postgres.server_process import ServerProcess

if TYPE_CHECKING:
    from psycopg import AsyncConnection


class Ending(StrEnum):
    """What is done to a blocking session."""

    CANCEL = "cancel"
    """Its running statement is cancelled, with pg_cancel_backend(). The session stays."""
    END = "end"
    """The session is ended, with pg_terminate_backend(). What it has not committed is rolled back."""


class Right(StrEnum):
    """Whether this role may do that."""

    GRANTED = "granted"
    SUPERUSER = "superuser"
    """No: the session is that of a superuser."""
    SERVER_PROCESS = "server_process"
    """No: it is a process of the server, such as an autovacuum worker."""
    OTHER_ROLE = "other_role"
    """No: the session is that of another role."""


@dataclass(frozen=True, slots=True)
class BlockingSession:
    """A session or a prepared transaction in the way, and what this role can do about it."""

    blocker: Blocker
    started: int | None = None
    """Start of the session, in microseconds since 1970 of the server's clock; None if it is hidden."""
    right: Right | None = None
    """None: it is a prepared transaction, or it has ended in the meantime."""

    @property
    def process(self) -> ServerProcess | None:
        """Its process, if it can be identified for certain."""
        if self.blocker.pid is None or self.started is None:
            return None
        return ServerProcess(self.blocker.pid, self.started)

    @property
    def endings(self) -> tuple[Ending, ...]:
        """What can be done, the mildest first."""
        if self.process is None or self.right is not Right.GRANTED:
            return ()
        if self.blocker.kind in (BlockerKind.AUTOVACUUM, BlockerKind.AUTOVACUUM_WRAPAROUND):
            return (Ending.CANCEL,)  # the launcher starts another worker for the other tables
        return (Ending.CANCEL, Ending.END) if self.blocker.state == "active" else (Ending.END,)


async def with_rights(
    conn: AsyncConnection[Any], target: Target, blockers: Sequence[Blocker]
) -> tuple[BlockingSession, ...]:
    """Return the blockers with their present state, and what the target's role can do about each.

    Raises: psycopg.Error.
    """
    pids = [blocker.pid for blocker in blockers if blocker.pid is not None]
    async with conn.transaction(force_rollback=True):
        await conn.execute(WATCHING)
        if target.role is not None:
            await conn.execute("SELECT pg_catalog.set_config('role', %s, true)", (target.role,))
        cursor = await conn.execute(query("activity/sessions"), {"pids": pids})
        rows = {row[0]: row for row in await cursor.fetchall()}
    return tuple(
        BlockingSession(blocker)
        if blocker.pid is None or blocker.pid not in rows
        else _session(blocker, *rows[blocker.pid])
        for blocker in blockers
    )


def _session(blocker: Blocker, pid: int, started: int | None, *activity_and_right: Any) -> BlockingSession:
    """Return a row of activity/sessions."""
    del pid
    *activity, right = activity_and_right
    autovacuum = blocker.kind in (BlockerKind.AUTOVACUUM, BlockerKind.AUTOVACUUM_WRAPAROUND)
    now = with_activity(blocker, *activity, autovacuum=autovacuum)
    return BlockingSession(now, started, Right(right))


async def send(conn: AsyncConnection[Any], process: ServerProcess, ending: Ending) -> bool:
    """Send the signal. Return False if the session has ended already.

    Raises: psycopg.Error, if this role may not.
    """
    name = "activity/cancel" if ending is Ending.CANCEL else "activity/end"
    cursor = await conn.execute(query(name), {"pid": process.pid, "started": process.started})
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


def sql_command(pid: int | None, ending: Ending) -> str:
    """Return the SQL that cancels or ends a session, for people."""
    function = "pg_cancel_backend" if ending is Ending.CANCEL else "pg_terminate_backend"
    return f"SELECT {function}({pid})"


def command(process: ServerProcess, ending: Ending) -> str:
    """Return what is sent, as SQL for people and for the history."""
    return sql_command(process.pid, ending)


def checked_command(session: BlockingSession) -> str:
    """Return the SQL that ends the session, or cancels an autovacuum; empty if it cannot be identified.

    For another connection, whose role may do what this one may not. Like koonj, it ends nobody who has got
    the pid since.
    """
    process, kind = session.process, session.blocker.kind
    is_vacuum = kind in (BlockerKind.AUTOVACUUM, BlockerKind.AUTOVACUUM_WRAPAROUND)
    if process is None or (session.right is Right.SERVER_PROCESS and not is_vacuum):
        return ""
    function = "pg_cancel_backend" if is_vacuum else "pg_terminate_backend"
    return (
        f"SELECT pg_catalog.{function}(pid) FROM pg_catalog.pg_stat_activity WHERE pid = {process.pid} "
        f"AND (extract(epoch FROM backend_start) * 1000000)::pg_catalog.int8 = {process.started};"
    )


async def has_taken_effect(
    conn: AsyncConnection[Any], process: ServerProcess, ending: Ending, seconds: float
) -> bool:
    """Wait up to `seconds` until the session has ended, or its statement has.

    Raises: psycopg.Error.
    """
    end = monotonic() + seconds
    values = {"pid": process.pid, "started": process.started, "ending": ending.value}
    while True:
        cursor = await conn.execute(query("activity/is_at_work"), values)
        if await cursor.fetchone() == (False,):
            return True
        if monotonic() >= end:
            return False
        await asyncio.sleep(0.05)
