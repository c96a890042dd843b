"""Read what a run in a folder of another tool needs: the states, and the table with the tool's history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.folder import Folder, FolderError
from koonj.migrations.layouts.layout_reader import FolderLayout
from koonj.migrations.layouts.tool_history import HistoryTable
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.postgres.history import HistoryError
from koonj.postgres.tool_rows import ToolTable, check_writable
from koonj.runner.apply.tool_rows import ToolRows
from koonj.runner.plan.decisions import DecidedSelection
from koonj.runner.plan.tool_selection import select_of_tool
from koonj.runner.plan.tool_target import read_tool_target, tables_of
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
    cursor = await conn.execute("SELECT pg_catalog.current_schema()::pg_catalog.text")
    row = await cursor.fetchone()
    schema = None if row is None else row[0]
    found = await read_tool_target(conn, target, folder)
    wanted = tables_of(layout, target)[0]
    table = found.table or _new_table(layout.name, wanted, schema)
    if wanted.schema is None:
        _must_be_where_the_tool_looks(layout, table, schema)
    if _is_of_others(found.statuses):
        raise HistoryError(
            f"{table.place} has rows, but none of a file of this folder. Another tool, or another folder of "
            f"{layout.name}, has probably written it. Nothing was changed.",
            f"If it is the right table, run {layout.name} once.",
        )
    await check_writable(conn, table, layout.writer.columns)
    selected = select_of_tool(folder, found.statuses, request, layout.writer)
    return ToolPlan(selected, ToolRows(folder, layout.writer, table, request.direction, found.table is None))


def _new_table(tool: str, wanted: HistoryTable, schema: str | None) -> ToolTable:
    """Return the table that the tool would make.

    Raises: HistoryError if that is not in the current schema of the session.
    """
    if wanted.schema is not None or schema is None:
        raise HistoryError(
            f"{tool} has no history on this target yet, and koonj does not create it there.",
            f"Run {tool} once: it creates its table.",
        )
    return ToolTable(schema, wanted.name)


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
