"""What the history of another migration tool says about a target, and where it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.layouts.layout_reader import FolderLayout
from koonj.migrations.layouts.tool_history import HistoryTable, ToolHistory, ToolHistoryError
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.migration_status import MigrationStatus
from koonj.postgres.history import HistoryError
from koonj.postgres.tool_history import read_tool_history
from koonj.postgres.tool_rows import ToolTable


@dataclass(frozen=True, slots=True)
class ToolTarget:
    """The states of a tool's migrations on one target."""

    statuses: tuple[MigrationStatus, ...]
    """In the tool's order, with the rows that have no file."""
    table: ToolTable | None
    """The tool's history; None if the database has none."""
    history: ToolHistory
    """What was read of it."""
    places: tuple[str, ...] = ()
    """All tables of the history, with their schemas."""


def tables_of(layout: FolderLayout, target: Target) -> tuple[HistoryTable, ...]:
    """Return the tables of the tool; the history itself with the name that the user has given to it.

    The name is only compared with those in the catalog.
    """
    named, first = target.history, layout.tables[0].key
    if named is None or named.tool != layout.name:
        return layout.tables
    return tuple(
        replace(table, name=named.table, schema=named.schema) if table.key == first else table
        for table in layout.tables
    )


async def read_tool_target(conn: AsyncConnection, target: Target, folder: Folder) -> ToolTarget:
    """Return what the history of the folder's tool says. Only reads.

    `conn` has an open READ ONLY transaction on `target`, which can name another table than the tool's own.

    Raises: HistoryError; psycopg.Error.
    """
    layout = folder.layout
    assert layout is not None, "the folder belongs to a tool"
    read = await read_tool_history(conn, layout.name, tables_of(layout, target))
    migrations = [m for m in folder.migrations if isinstance(m, ToolMigration)]
    try:
        states = layout.layout.states(migrations, read)
    except ToolHistoryError as error:
        raise HistoryError(error.message, error.hint) from error
    found = read.tables.get(layout.tables[0].key)
    table = None if found is None else ToolTable(*found)
    return ToolTarget(states, table, read, tuple(read.places.values()))
