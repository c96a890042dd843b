"""Make the plan of a run from the folder and the target; change nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import Action, HistoryEntry
from koonj.migrations.history_summary import summaries
from koonj.migrations.migration import Migration
from koonj.migrations.state_rules import MigrationStatus
from koonj.postgres import history
from koonj.postgres.encoding import stores_all
from koonj.postgres.overview import overview
from koonj.postgres.read_transaction import read_transaction
from koonj.postgres.server_info import ServerInfo
from koonj.runner.evidence.interruption import find_interruptions, with_known_ends
from koonj.runner.plan.check_errors import check_errors
from koonj.runner.plan.decisions import DecidedSelection, decide
from koonj.runner.plan.encoding_conflicts import with_encoding_conflicts
from koonj.runner.plan.interrupted import with_interruptions, without_repaired
from koonj.runner.plan.invalid_index_conflicts import invalid_index_conflicts, uses_indexes
from koonj.runner.plan.planner import Planner, PreparedPlan
from koonj.runner.plan.resume import is_unchanged, unfinished_entry
from koonj.runner.run.direction import Direction
from koonj.runner.run.request import Request


async def make_plan(
    conn: AsyncConnection,
    target: Target,
    folder: Folder,
    request: Request,
    server: ServerInfo,
    entries: Sequence[HistoryEntry],
    of_tool: DecidedSelection | None = None,
) -> PreparedPlan:
    """Plan a request on the connected target, whose history has `entries`.

    `of_tool`: what was selected in a folder of another tool, where there are no entries.

    Few plans need to read more of the target.

    Raises:
        ConnectError: The target was lost.
        HistoryError: The history cannot be read.
    """
    interruptions = await find_interruptions(conn, target, entries)
    entries = with_known_ends(entries, interruptions)
    decided = of_tool if of_tool is not None else await asyncio.to_thread(decide, folder, entries, request)
    wanted = _wanted_texts(decided.selection.statuses, entries, request.direction)
    recorded = await _recorded_texts(conn, target, wanted) if wanted else {}
    planner = Planner(target, folder, request, server, decided, recorded, entries)
    planned = await asyncio.to_thread(planner.planned)
    if target.checks.levels and request.direction is Direction.APPLY:
        migrations = [work.migration for work in planned.works]
        found = await asyncio.to_thread(check_errors, folder, migrations, target.checks)
        planned = replace(planned, check_errors=found)
    planned = with_interruptions(planned, decided.statuses, interruptions, target.option)
    await asyncio.to_thread(folder.save_parsed)
    if not uses_indexes(planned.works) and stores_all(conn):
        return planned
    async with read_transaction(conn, target):
        invalid = without_repaired(await invalid_index_conflicts(conn, planned.works), planned.interruptions)
        conflicts = (*planned.plan.conflicts, *invalid)
        planned = replace(planned, plan=replace(planned.plan, conflicts=conflicts))
        return await with_encoding_conflicts(conn, planned, request)


async def _recorded_texts(
    conn: AsyncConnection, target: Target, wanted: Mapping[str, int]
) -> Mapping[str, Migration]:
    """Return migrations as the history recorded them, by file name. `wanted`: the ids of their entries."""
    texts = {}
    async with overview(conn, target) as found:
        for name, entry_id in wanted.items():
            text = await history.read_script(conn, entry_id, found.history)
            if text is not None:
                texts[name] = Migration.from_recorded(name, text)
    return texts


def _wanted_texts(
    statuses: Sequence[MigrationStatus], entries: Sequence[HistoryEntry], direction: Direction
) -> Mapping[str, int]:
    """Return the ids of the history entries whose text the plan needs, by file name.

    Needed if the file is missing, or if it was edited after a run that stopped halfway.
    """
    wanted = {}
    applied = {entry.name: entry.id for entry in entries if entry.action in (Action.APPLY, Action.ADOPT)}
    applied |= {name: s.ran.id for name, s in summaries(entries).items() if s.ran is not None}
    for status in statuses:
        unfinished = unfinished_entry(status, direction)
        if status.migration is None:
            wanted[status.name] = applied[status.name]
        elif unfinished is not None and not is_unchanged(unfinished, status.migration, direction):
            wanted[status.name] = unfinished.id
    return wanted
