"""The states of a target in a folder of another migration tool."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.runner.plan.tool_target import read_tool_target


async def read_tool_states(conn: AsyncConnection, target: Target, folder: Folder) -> dict[str, Any]:
    """Return the fields of a `TargetStatus` that the history of the folder's tool decides. Only reads.

    `conn` has an open READ ONLY transaction on `target`, which can name another table than the tool's own.

    Raises: HistoryError; psycopg.Error.
    """
    assert folder.layout is not None, "the folder belongs to a tool"
    found = await read_tool_target(conn, target, folder)
    place = "" if found.table is None else found.table.place
    return {"tool": folder.layout.name, "tool_history": place, "migrations": found.statuses}
