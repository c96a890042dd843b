"""Read and write koonj.statement: what a statement was to do, written before it is sent.

PostgreSQL refuses some statements in a transaction, so they cannot commit together with their count in
koonj.history. Before koonj sends such a statement, it commits a row with the facts that later show whether
the statement took effect. Row 0 of a history entry is the session that runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from koonj.postgres.advisory_lock import LockHolder
from koonj.postgres.history import NotWrittenError
from koonj.postgres.queries import query
from koonj.postgres.reading_settings import moment_of
from koonj.postgres.server_process import ServerProcess

if TYPE_CHECKING:
    from psycopg import AsyncConnection


@dataclass(frozen=True, slots=True)
class BackendActivity:
    """What a session does now, as pg_stat_activity shows it; None if it is hidden from this role."""

    state: str | None
    wait_event_type: str | None
    wait_event: str | None


@dataclass(frozen=True, slots=True)
class StatementIntent:
    """A row of koonj.statement whose history entry has no recorded end, or whose statement failed."""

    entry_id: int
    index: int
    """Number of the statement in its script; 0: the session of the entry."""
    sent: datetime
    backend: ServerProcess
    before: Mapping[str, Any] = field(default_factory=dict)
    """Facts from before the statement was sent, which its evidence is compared with."""
    activity: BackendActivity | None = None
    """The session is still there, and does this; None: it has ended."""

    def is_at_work(self, holder: LockHolder | None) -> bool:
        """Return whether the session that sent the statement still works for its run.

        A pooler keeps the session of a client that has died, but it resets it, which releases the koonj lock.
        `holder`: the session that holds this lock.
        """
        if self.activity is None:
            return False
        holds = holder is not None and holder.pid == self.backend.pid
        return holds or self.activity.state != "idle"


async def insert_session(conn: AsyncConnection, entry_id: int, backend: ServerProcess, run_id: str) -> None:
    """Record which session runs a history entry."""
    values = {"entry_id": entry_id, "pid": backend.pid, "start": backend.started, "run_id": run_id}
    await _write(conn, "insert_session", values)


async def insert_intent(
    conn: AsyncConnection, entry_id: int, index: int, statement_hash: str, before: Mapping[str, Any]
) -> None:
    """Record that a statement is about to be sent. It must be committed before that."""
    values = {
        "entry_id": entry_id,
        "index": index,
        "statement_hash": statement_hash,
        "before": Jsonb(dict(before)),
    }
    await _write(conn, "insert_intent", values)


async def finish_intent(conn: AsyncConnection, entry_id: int, index: int) -> None:
    """Record that the statement is done, in the transaction that counts it."""
    await _write(conn, "finish_intent", {"entry_id": entry_id, "index": index})


async def settle_intent(
    conn: AsyncConnection, entry_id: int, index: int, evidence: str, reason: str | None
) -> None:
    """Record what is known of a statement after an interruption; nothing if it was not sent."""
    values = {"entry_id": entry_id, "index": index, "evidence": evidence, "reason": reason}
    await conn.execute(query("settle_intent"), values)


async def read_intents(conn: AsyncConnection) -> tuple[StatementIntent, ...]:
    """Return the rows of all history entries without a recorded end, and of failed statements.

    The table must exist.
    """
    cursor = await conn.execute(query("read_intents"))
    return tuple(_intent(*row) for row in await cursor.fetchall())


def _intent(
    entry_id: int,
    index: int,
    sent: int,
    pid: int,
    start: int | None,
    before: Mapping[str, Any],
    there: bool,  # noqa: FBT001 - a column
    *activity: str | None,
) -> StatementIntent:
    """Return the intent of one row of read_intents.sql."""
    now = BackendActivity(*activity) if there else None
    return StatementIntent(entry_id, index, moment_of(sent), ServerProcess(pid, start), before, now)


async def _write(conn: AsyncConnection, name: str, values: Mapping[str, Any]) -> None:
    cursor = await conn.execute(query(name), values)
    if await cursor.fetchone() is None:
        raise NotWrittenError(
            "koonj.statement accepted no row: a trigger, a rule or a policy on the table prevents it, or the "
            "row of its session was deleted."
        )
