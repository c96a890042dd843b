"""The rows of sql-migrate: one for each applied file, written in the transaction of the migration.

Source: sql-migrate 563a2f0, migrate.go; its release 2019-12, which took turns with koonj.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from koonj.migrations.layouts.simple_writer import SimpleWriter
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, Refusal, RowChange
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State


class SqlMigrateWriter(SimpleWriter):
    """The writer of sql-migrate. It takes no lock, and it applies late migrations first."""

    runs_late = True
    columns: Mapping[str, frozenset[str]] = MappingProxyType({"history": frozenset({"id", "applied_at"})})
    create = "layouts/sql_migrate/create"

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Return the rows without a file: sql-migrate stops at them (``unknown migration in database``)."""
        return [
            Refusal(
                status.name,
                f"{status.name} is in the history, and there is no such file. sql-migrate refuses that.",
                "Restore the file, or rename it back. If it is not needed, delete the row.",
            )
            for status in statuses
            if status.state is State.MISSING
        ]

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the insert of the file's name."""
        return RowChange("layouts/sql_migrate/insert", {"id": migration.version})

    def rolled_back(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange:
        """Return the delete of the file's name."""
        return RowChange("layouts/sql_migrate/delete", {"id": migration.version})


WRITER = SqlMigrateWriter()
