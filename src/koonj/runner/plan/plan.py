"""The plan: what a request would do to one target, in order. Made without changing anything."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import Action, HistoryEntry
from koonj.migrations.migration import Migration
from koonj.migrations.state_rules import MigrationStatus
from koonj.postgres import history
from koonj.postgres.connector import ServerInfo
from koonj.runner.plan.decisions import decide
from koonj.runner.plan.planner import Planner, PreparedPlan
from koonj.runner.plan.resume import half_done, is_unchanged
from koonj.runner.run.events import Direction
from koonj.runner.run.request import Request


async def make_plan(
    conn: AsyncConnection, target: Target, folder: Folder, request: Request, server: ServerInfo
) -> PreparedPlan:
    """Plan over a connection that is there. Raises HistoryError."""
    entries = await history.read_entries(conn)
    decided = await asyncio.to_thread(decide, folder, entries, request)
    recorded = await _recorded_texts(conn, decided.selection.statuses, entries, request.direction)
    planner = Planner(target, folder, request, server, decided, recorded, entries)
    return await asyncio.to_thread(planner.planned)


async def _recorded_texts(
    conn: AsyncConnection,
    statuses: Sequence[MigrationStatus],
    entries: Sequence[HistoryEntry],
    direction: Direction,
) -> Mapping[str, Migration]:
    """What ran, of a file that is gone, or that changed after it stopped half way."""
    texts = {}
    applied = {entry.name: entry.id for entry in entries if entry.action in (Action.APPLY, Action.ADOPT)}
    for status in statuses:
        half = half_done(status, direction)
        if status.migration is None:
            entry_id = applied[status.name]
        elif half is not None and not is_unchanged(half, status.migration, direction):
            entry_id = half.id
        else:
            continue
        text = await history.read_script(conn, entry_id)
        if text is not None:
            texts[status.name] = Migration.from_recorded(status.name, text)
    return texts
