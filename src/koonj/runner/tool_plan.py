"""Read what a run in a folder of another tool needs: the states, and the table with the tool's history."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import AsyncConnection

from koonj.migrations.folder import Folder, FolderError
from koonj.postgres.history import HistoryError
from koonj.postgres.tool_rows import check_writable
from koonj.runner.apply.tool_rows import ToolRows
from koonj.runner.plan.decisions import DecidedSelection
from koonj.runner.plan.tool_selection import select_of_tool
from koonj.runner.plan.tool_target import read_tool_target
from koonj.runner.run.request import Request


@dataclass(frozen=True, slots=True)
class ToolPlan:
    """The selection of a request, and what keeps the tool's history while it runs."""

    selected: DecidedSelection
    rows: ToolRows


async def read_tool_plan(conn: AsyncConnection, folder: Folder, request: Request) -> ToolPlan:
    """Read the history of the folder's tool, and select the migrations of a request. Only reads.

    `conn` has an open READ ONLY transaction.

    Raises:
        FolderError: the request has something for which the tool's history has no place.
        HistoryError: the history cannot be read, or koonj cannot promise to keep it as the tool does.
        psycopg.Error
    """
    layout = folder.layout
    assert layout is not None, "the folder belongs to a tool"
    assert layout.writer is not None, "the folder was checked"
    _must_fit(request, layout.name)
    found = await read_tool_target(conn, folder)
    if found.table is None:
        raise HistoryError(
            f"{layout.name} has no history on this target yet, and koonj does not create it.",
            f"Run {layout.name} once: it creates its table.",
        )
    await check_writable(conn, found.table, layout.writer.columns)
    selected = select_of_tool(folder, found.statuses, request, layout.writer)
    return ToolPlan(selected, ToolRows(folder, layout.writer, found.table, request.direction))


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
