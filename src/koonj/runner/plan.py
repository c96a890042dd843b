"""The plan: what a request would do to one target, in order. Made without changing anything."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.act import Act, Action
from koonj.migrations.folder import Folder
from koonj.migrations.migration import Migration
from koonj.migrations.state import Entry
from koonj.postgres import history
from koonj.postgres.connector import ServerInfo
from koonj.runner.decisions import decide
from koonj.runner.events import Direction
from koonj.runner.planner import Planned, Planner
from koonj.runner.request import Request
from koonj.runner.resume import half_done, is_unchanged


async def make_plan(
    conn: AsyncConnection, target: Target, folder: Folder, request: Request, server: ServerInfo
) -> Planned:
    """Plan over a connection that is there. Raises HistoryError."""
    acts = await history.read_acts(conn)
    decided = await asyncio.to_thread(decide, folder, acts, request)
    recorded = await _recorded_texts(conn, decided.selection.entries, acts, request.direction)
    planner = Planner(target, folder, request, server, decided, recorded, acts)
    return await asyncio.to_thread(planner.planned)


async def _recorded_texts(
    conn: AsyncConnection, entries: Sequence[Entry], acts: Sequence[Act], direction: Direction
) -> Mapping[str, Migration]:
    """What ran, of a file that is gone, or that changed after it stopped half way."""
    texts = {}
    applied = {act.name: act.id for act in acts if act.action in (Action.APPLY, Action.ADOPT)}
    for entry in entries:
        half = half_done(entry, direction)
        if entry.migration is None:
            act_id = applied[entry.name]
        elif half is not None and not is_unchanged(half, entry.migration, direction):
            act_id = half.id
        else:
            continue
        text = await history.read_script(conn, act_id)
        if text is not None:
            texts[entry.name] = Migration.from_recorded(entry.name, text)
    return texts
