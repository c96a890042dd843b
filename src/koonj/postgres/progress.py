"""Read how far a session is with a command that reports it.

https://www.postgresql.org/docs/current/progress-reporting.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from koonj.postgres.blockers import WATCHING
from koonj.postgres.queries import query

if TYPE_CHECKING:
    from psycopg import AsyncConnection

_COPY_REPORTS = 140000
"""First version of the server in which COPY reports."""


class Unit(StrEnum):
    """What is counted."""

    BYTES = "bytes"
    ROWS = "rows"
    SESSIONS = "sessions"
    """Sessions that are waited for."""
    INDEXES = "indexes"
    TABLES = "tables"


@dataclass(frozen=True, slots=True)
class Counter:
    """How much is done, and how much there is to do."""

    done: int
    total: int | None
    """None: not known."""
    unit: Unit


@dataclass(frozen=True, slots=True)
class CommandProgress:
    """How far a command is."""

    command: str
    """In PostgreSQL's words, such as ``CREATE INDEX CONCURRENTLY`` or ``VACUUM FULL``."""
    relation: str
    """Qualified name, quoted for SQL; empty if it is not known."""
    phase: str
    """In PostgreSQL's words; empty for COPY, which has no phases."""
    counter: Counter | None
    """The counter of this phase; None if it has none."""
    waits_for: int | None = None
    """The pid of the session that the phase waits for."""


async def command_progress(conn: AsyncConnection[Any], pid: int) -> CommandProgress | None:
    """Return how far the session `pid` is; None if its command does not report it. `conn` is another session.

    Raises: psycopg.Error.
    """
    async with conn.transaction(force_rollback=True):
        await conn.execute(WATCHING)
        row = await (await conn.execute(query("activity/progress"), {"pid": pid})).fetchone()
        if row is None and conn.info.server_version >= _COPY_REPORTS:
            row = await (await conn.execute(query("activity/copy_progress"), {"pid": pid})).fetchone()
    return None if row is None else _progress(*row)


_COMMANDS = {"vacuum": "VACUUM", "analyze": "ANALYZE"}


def _progress(kind: str, relation: str | None, row: Mapping[str, Any], block: int) -> CommandProgress:
    phase = row.get("phase") or ""
    counters = {
        "create_index": _of_index,
        "vacuum": _of_vacuum,
        "cluster": _of_cluster,
        "analyze": _of_analyze,
        "copy": _of_copy,
    }
    return CommandProgress(
        command=row.get("command") or _COMMANDS[kind],
        relation=relation or "",
        phase=phase,
        counter=counters[kind](row, phase, block),
        waits_for=row.get("current_locker_pid") or None,
    )


def _of_index(row: Mapping[str, Any], phase: str, block: int) -> Counter | None:
    if phase.startswith("waiting"):
        return _counter(row, "lockers_done", "lockers_total", Unit.SESSIONS)
    if "sorting" in phase:
        return None  # the counter of the phase before stays
    if "loading" in phase:
        return _counter(row, "tuples_done", "tuples_total", Unit.ROWS)
    of_blocks = _counter(row, "blocks_done", "blocks_total", Unit.BYTES, block)
    return of_blocks or _counter(row, "tuples_done", "tuples_total", Unit.ROWS)


def _of_vacuum(row: Mapping[str, Any], phase: str, block: int) -> Counter | None:
    if phase == "scanning heap":
        return _counter(row, "heap_blks_scanned", "heap_blks_total", Unit.BYTES, block)
    if phase == "vacuuming heap":
        return _counter(row, "heap_blks_vacuumed", "heap_blks_total", Unit.BYTES, block)
    if phase in ("vacuuming indexes", "cleaning up indexes"):  # counted since PostgreSQL 17
        return _counter(row, "indexes_processed", "indexes_total", Unit.INDEXES)
    return None


def _of_cluster(row: Mapping[str, Any], phase: str, block: int) -> Counter | None:
    if phase == "seq scanning heap":
        return _counter(row, "heap_blks_scanned", "heap_blks_total", Unit.BYTES, block)
    if phase == "index scanning heap":
        return Counter(row["heap_tuples_scanned"], None, Unit.ROWS)
    if phase == "writing new heap":
        return _counter(row, "heap_tuples_written", "heap_tuples_scanned", Unit.ROWS)
    if phase == "rebuilding index":
        return Counter(row["index_rebuild_count"], None, Unit.INDEXES)
    return None


def _of_analyze(row: Mapping[str, Any], phase: str, block: int) -> Counter | None:
    if phase == "acquiring sample rows":
        return _counter(row, "sample_blks_scanned", "sample_blks_total", Unit.BYTES, block)
    if phase == "acquiring inherited sample rows":
        return _counter(row, "child_tables_done", "child_tables_total", Unit.TABLES)
    return None


def _of_copy(row: Mapping[str, Any], _phase: str, _block: int) -> Counter:
    of_bytes = _counter(row, "bytes_processed", "bytes_total", Unit.BYTES)
    return of_bytes or Counter(row["tuples_processed"], None, Unit.ROWS)


def _counter(row: Mapping[str, Any], done: str, total: str, unit: Unit, size: int = 1) -> Counter | None:
    """Return the counter of two columns; None if this version has none, or if there is nothing to count."""
    if not row.get(total):
        return None
    return Counter((row.get(done) or 0) * size, row[total] * size, unit)
