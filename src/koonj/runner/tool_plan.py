"""Read what a run in a folder of another tool needs: the states, and the table with the tool's history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from koonj.config import Target
from koonj.migrations.folder import Folder, FolderError
from koonj.migrations.layouts.layout_reader import FolderLayout
from koonj.migrations.layouts.tool_history import HistoryTable
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.postgres import advisory_lock
from koonj.postgres.advisory_lock import holder_words
from koonj.postgres.history import HistoryError
from koonj.postgres.queries import query
from koonj.postgres.tool_rows import ToolTable, ToolTables, check_writable
from koonj.runner.apply.tool_rows import ToolRows
from koonj.runner.plan.decisions import DecidedSelection
from koonj.runner.plan.tool_selection import select_of_tool
from koonj.runner.plan.tool_target import ToolTarget, read_tool_target, tables_of
from koonj.runner.run.conflict import TOOL_REFUSES
from koonj.runner.run.direction import Direction
from koonj.runner.run.request import Request


@dataclass(frozen=True, slots=True)
class ToolPlan:
    """The selection of a request, and what keeps the tool's history while it runs."""

    selected: DecidedSelection
    rows: ToolRows


async def read_tool_plan(conn: AsyncConnection, target: Target, folder: Folder, request: Request) -> ToolPlan:
    """Read the history of the folder's tool, and select the migrations of a request. Only reads.

    `conn` has an open READ ONLY transaction on `target`.

    Raises:
        FolderError: the request has something for which the tool's history has no place.
        HistoryError: the history cannot be read, or koonj cannot promise to keep it as the tool does.
        psycopg.Error
    """
    layout = folder.layout
    assert layout is not None, "the folder belongs to a tool"
    assert layout.writer is not None, "the folder was checked"
    _must_fit(request, layout.name)
    wanted = tables_of(layout, target)
    cursor = await conn.execute(query("layouts/session_place"), {"schema": wanted[0].schema})
    row = await cursor.fetchone()  # first, because reading the history changes the search_path
    assert row is not None
    found = await read_tool_target(conn, target, folder)
    place, tables = _place(layout, wanted, found, row)
    place = replace(place, learned=layout.writer.learn(found.statuses, found.history))
    if _is_of_others(found.statuses):
        raise HistoryError(
            f"{tables.history.place} has rows, but none of a file of this folder. Another tool, or another "
            f"folder of {layout.name}, has probably written it. Nothing was changed.",
            f"If it is the right table, run {layout.name} once.",
        )
    selected = select_of_tool(folder, found.statuses, found.history, request, layout.writer)
    ordered = [s.migration for s in found.statuses if isinstance(s.migration, ToolMigration)]
    previous = {migration.name: before for before, migration in pairwise(ordered)}
    rows = ToolRows(folder, layout.writer, tables, place, request.direction, previous)
    apply = request.direction is Direction.APPLY
    chosen = [s.migration for s in selected.selection.statuses if s.migration]
    changes = [rows.change_of(one) for one in chosen if apply or one.has_rollback]
    lock = layout.writer.row_lock(place)
    locks = () if lock is None else (lock.take, lock.release)
    if not selected.selection.conflicts:  # they say more than what is wrong with a table
        await check_writable(conn, tables, layout.writer.columns, (*changes, *locks))
    return ToolPlan(await _told_if_the_tool_runs(conn, rows, selected), rows)


_OF_A_MOMENT = frozenset({State.FAILED.value, State.MISSING.value, TOOL_REFUSES})
"""The conflicts that come from the rows. Those of files stay when the tool has finished."""


async def _told_if_the_tool_runs(
    conn: AsyncConnection, rows: ToolRows, selected: DecidedSelection
) -> DecidedSelection:
    """Return a selection whose conflicts say that the tool runs now: those that a run makes for a moment."""
    conflicts = selected.selection.conflicts
    if not any(conflict.state in _OF_A_MOMENT for conflict in conflicts):
        return selected
    for key in rows.keys:
        holder = await advisory_lock.holder(conn, key)
        if holder is None or holder.pid == conn.info.backend_pid:
            continue
        who = holder_words(holder)
        hint = f"{who} holds {rows.lock}, so it probably runs now. Wait until it has finished."
        told = tuple(
            replace(conflict, hint=hint) if conflict.state in _OF_A_MOMENT else conflict
            for conflict in conflicts
        )
        return replace(selected, selection=replace(selected.selection, conflicts=told))
    return selected


def _place(
    layout: FolderLayout, wanted: Sequence[HistoryTable], found: ToolTarget, session: TupleRow
) -> tuple[HistoryPlace, ToolTables]:
    """Return where the tool's tables are, or would be. `session`: the row of session_place.sql.

    Raises: HistoryError if the tool would not look there, or if koonj does not make them.
    """
    first = wanted[0]
    database, user, current, is_there = session
    assert layout.writer is not None
    create = layout.writer.create
    schema = found.table.schema if found.table else first.schema or first.usual_schema or current
    if found.table is None and (
        create is None or schema is None or not (is_there or "{schema}" in query(create))
    ):
        raise HistoryError(
            f"{layout.name} has no history on this target yet, and koonj does not create it there.",
            f"Run {layout.name} once: it creates its table.",
        )
    history = found.table or ToolTable(schema, first.name)
    if first.schema is None and first.usual_schema is None:
        _must_be_where_the_tool_looks(layout, history, current)
    by_key: dict[str, ToolTable] = {}
    for table in wanted:
        known = found.history.tables.get(table.key)
        by_key.setdefault(
            table.key, ToolTable(*known) if known else ToolTable(table.schema or schema, table.name)
        )
    by_key[first.key] = history
    missing = frozenset(key for key in by_key if key not in found.history.tables)
    if create is None and (gone := [by_key[key].place for key in missing & set(layout.writer.columns)]):
        raise HistoryError(
            f"{layout.name} has no table {gone[0]} on this target, and koonj does not create it.",
            f"Run {layout.name} once: it creates its tables.",
        )
    return HistoryPlace(database, schema, history.name, user), ToolTables(history, by_key, missing)


def _must_be_where_the_tool_looks(layout: FolderLayout, table: ToolTable, schema: str | None) -> None:
    """Refuse a table that the tool would not find with this connection: the files would run elsewhere.

    Raises: HistoryError.
    """
    if table.schema != schema:
        raise HistoryError(
            f"{table.place} is not in the current schema of the connection ({schema or 'none'}), where "
            f"{layout.name} looks for it. Nothing was changed.",
            f"Connect as {layout.name} does: add options=-csearch_path={table.schema} to the dsn.",
        )


def _is_of_others(statuses: Sequence[MigrationStatus]) -> bool:
    """Return whether the history has rows, and no file has one of them. Then all files would run again."""
    recorded = [status for status in statuses if status.applied or status.state is State.FAILED]
    return bool(recorded) and not any(status.migration for status in recorded)


def _must_fit(request: Request, tool: str) -> None:
    """Raises: FolderError."""
    options = {
        "--allow": request.allow or request.allowed,
        "--override": request.override is not None,
        "--batch": request.batch,
    }
    given = next((option for option, is_given in options.items() if is_given), None)
    if given is not None:
        raise FolderError(
            f"This folder belongs to {tool}, whose history cannot record {given}. Run the command without it."
        )
