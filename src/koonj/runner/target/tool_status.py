"""What the history of another migration tool says about a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from koonj.migrations.folder import Folder
from koonj.migrations.layouts.tool_history import ToolHistoryError
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.migration_status import MigrationStatus
from koonj.postgres.history import HistoryError
from koonj.postgres.tool_history import read_tool_history


@dataclass(frozen=True, slots=True)
class ToolStates:
    """The states that a tool's history gives, and where the history is."""

    states: tuple[MigrationStatus, ...]
    place: str
    """The history itself; empty if the tool has none on this target."""
    places: tuple[str, ...]
    """All tables of the history."""


async def read_tool_states(conn: AsyncConnection, folder: Folder) -> dict[str, Any]:
    """Return the fields of a `TargetStatus` that the history of the folder's tool decides. Only reads.

    Raises: as `read_tool`.
    """
    found = await read_tool(conn, folder)
    assert folder.layout is not None, "the folder belongs to a tool"
    return {"tool": folder.layout.name, "tool_history": found.place, "migrations": found.states}


async def read_tool(conn: AsyncConnection, folder: Folder) -> ToolStates:
    """Return what the history of the folder's tool says. Only reads.

    `conn` has an open READ ONLY transaction.

    Raises: HistoryError; psycopg.Error.
    """
    layout = folder.layout
    assert layout is not None, "the folder belongs to a tool"
    read = await read_tool_history(conn, layout.name, layout.tables)
    migrations = [m for m in folder.migrations if isinstance(m, ToolMigration)]
    try:
        states = layout.layout.states(migrations, read)
    except ToolHistoryError as error:
        raise HistoryError(error.message, error.hint) from error
    place = read.places.get(layout.tables[0].key, "")
    return ToolStates(states, place, tuple(read.places.values()))
