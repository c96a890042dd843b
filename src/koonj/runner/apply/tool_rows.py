"""Keep the history of the tool to which the folder belongs, in the transactions of a run.

koonj has no history of its own there: what it knows of the run beside the tool's row is in the journal of the
run on this machine (`koonj runs`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, RowChange, RowLock, ToolWriter
from koonj.migrations.migration import Migration
from koonj.postgres.queries import query
from koonj.postgres.server_process import ServerProcess
from koonj.postgres.tool_rows import (
    ToolTable,
    ToolTables,
    create,
    guarded_change,
    make_change,
    set_tool_settings,
    tool_settings,
)
from koonj.runner.plan.tool_target import read_tool_target
from koonj.runner.plan.work import Work
from koonj.runner.run.direction import Direction


@dataclass(frozen=True, slots=True)
class ToolRows:
    """What a run needs to keep the history of another tool."""

    folder: Folder
    """The folder of the plan."""
    writer: ToolWriter
    tables: ToolTables
    place: HistoryPlace
    direction: Direction
    previous: Mapping[str, ToolMigration] = field(default_factory=dict)
    """By name: the migration before it in the tool's order."""

    @property
    def tool(self) -> str:
        """Name of the tool."""
        assert self.folder.layout is not None
        return self.folder.layout.name

    @property
    def table(self) -> ToolTable:
        """The table with a row for each migration."""
        return self.tables.history

    @property
    def lock(self) -> str:
        """The tool's lock, for the user."""
        return f"the lock of {self.tool}"

    @property
    def keys(self) -> tuple[int, ...]:
        """The keys of the tool's advisory locks, in the order in which they are taken."""
        return self.writer.keys(self.place)

    @property
    def row_lock(self) -> RowLock | None:
        """The tool's lock that is a row; None if it has none."""
        return self.writer.row_lock(self.place)

    @property
    def new_tables(self) -> tuple[ToolTable, ...]:
        """The tables that the run makes before its first migration."""
        by_key = self.tables.by_key
        return tuple(
            by_key[key] for key in by_key if key in self.tables.missing and key in self.writer.columns
        )

    async def ensure(self, conn: AsyncConnection, target: Target) -> None:
        """Make the tables that are missing.

        Raises: HistoryError, psycopg.Error.
        """
        if self.new_tables:
            assert self.writer.create is not None, "the plan has refused it"
            await create(conn, target, self.tables, self.writer.create, self.writer.columns)

    def entry(self, work: Work) -> tuple[bytes, tuple[bytes | None, ...]]:
        """Return the statement of a flight that changes the row of a migration, and its values."""
        return guarded_change(self.tables, self.change_of(work.migration), self.keys)

    async def write(self, conn: AsyncConnection, work: Work) -> None:
        """Change the row of a migration in the transaction that is open.

        Raises: NotWrittenError, psycopg.Error.
        """
        await self.make(conn, self.change_of(work.migration))

    async def make(self, conn: AsyncConnection, change: RowChange) -> None:
        """Make a change in the transaction that is open.

        Raises: NotWrittenError, psycopg.Error.
        """
        await make_change(conn, self.tables, change)

    def started(self, migration: Migration) -> RowChange | None:
        """Return what is written before a script that runs outside a transaction; None if nothing."""
        assert isinstance(migration, ToolMigration)
        if self.direction is Direction.APPLY:
            return self.writer.started(migration, self.place)
        return self.writer.rollback_started(migration, self.previous.get(migration.name), self.place)

    def settings(self) -> tuple[bytes, tuple[bytes | None, ...]] | None:
        """Return what a flight sets at the start of a migration, with its values; None if nothing."""
        name = self.writer.settings
        return None if name is None else tool_settings(self.tables, name, self.place)

    async def set_settings(self, conn: AsyncConnection) -> None:
        """Set what the tool sets at the start of a migration.

        Raises: psycopg.Error.
        """
        if self.writer.settings is not None:
            await set_tool_settings(conn, self.tables, self.writer.settings, self.place)

    async def committed(
        self, conn: AsyncConnection, target: Target, process: ServerProcess
    ) -> frozenset[str] | None:
        """Return the migrations whose rows say that they are done; None while the session `process` lives.

        `conn` has an open READ ONLY transaction.

        Raises: HistoryError, psycopg.Error.
        """
        values = {"pid": process.pid, "started": process.started}
        lives = await conn.execute(query("session_lives"), values)
        if await lives.fetchone() != (False,):
            return None
        found = await read_tool_target(conn, target, self.folder)
        apply = self.direction is Direction.APPLY
        return frozenset(status.name for status in found.statuses if status.applied is apply)

    def change_of(self, migration: Migration) -> RowChange:
        """Return what the run does to the history for a migration."""
        assert isinstance(migration, ToolMigration)
        if self.direction is Direction.APPLY:
            return self.writer.applied(migration, self.place)
        return self.writer.rolled_back(migration, self.previous.get(migration.name), self.place)
