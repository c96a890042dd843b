"""The rows of dbmate: one for each applied version, written in the transaction of the migration.

Source: dbmate f3e08f1, pkg/dbmate/db.go and pkg/driver/postgres/postgres.go; dbmate 2.37.0,
which took turns with koonj.
"""

from __future__ import annotations

from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import RowChange


class DbmateWriter:
    """The writer of dbmate. It takes no lock, and it applies late migrations without a word."""

    runs_late = True
    columns = frozenset({"version"})
    create = "layouts/dbmate/create"

    def applied(self, migration: ToolMigration) -> RowChange:
        """Return the insert of the version."""
        return RowChange("layouts/dbmate/insert", {"version": migration.version})

    def rolled_back(self, migration: ToolMigration) -> RowChange:
        """Return the delete of the version."""
        return RowChange("layouts/dbmate/delete", {"version": migration.version})


WRITER = DbmateWriter()
