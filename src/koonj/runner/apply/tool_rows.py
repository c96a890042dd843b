"""Keep the history of the tool to which the folder belongs, in the transactions of a run.

koonj has no history of its own there: what it knows of the run beside the tool's row is in the journal of the
run on this machine (`koonj runs`).
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import RowChange, ToolWriter
from koonj.postgres.queries import query
from koonj.postgres.server_process import ServerProcess
from koonj.postgres.tool_rows import ToolTable, create, guarded_change, make_change
from koonj.runner.plan.tool_target import read_tool_target
from koonj.runner.plan.work import Work
from koonj.runner.run.direction import Direction


@dataclass(frozen=True, slots=True)
class ToolRows:
    """What a run needs to keep the history of another tool."""

    folder: Folder
    """The folder of the plan."""
    writer: ToolWriter
    table: ToolTable
    direction: Direction
    is_missing: bool = False
    """The database has no such table yet: the run makes it before its first migration."""

    @property
    def tool(self) -> str:
        """Name of the tool."""
        assert self.folder.layout is not None
        return self.folder.layout.name

    async def ensure(self, conn: AsyncConnection, target: Target) -> None:
        """Make the table if it is missing.

        Raises: HistoryError, psycopg.Error.
        """
        if self.is_missing:
            await create(conn, target, self.table, self.writer.create, self.writer.columns)

    def entry(self, work: Work) -> tuple[bytes, tuple[bytes, ...]]:
        """Return the statement of a flight that changes the row of a migration, and its values."""
        return guarded_change(self.table, self._change(work))

    async def write(self, conn: AsyncConnection, work: Work) -> None:
        """Change the row of a migration in the transaction that is open.

        Raises: NotWrittenError, psycopg.Error.
        """
        await make_change(conn, self.table, self._change(work))

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

    def _change(self, work: Work) -> RowChange:
        migration = work.migration
        assert isinstance(migration, ToolMigration)
        if work.direction is Direction.APPLY:
            return self.writer.applied(migration)
        return self.writer.rolled_back(migration)
