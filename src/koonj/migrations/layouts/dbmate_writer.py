"""The rows of dbmate: one for each applied version, written in the transaction of the migration.

Source: dbmate f3e08f1, pkg/dbmate/db.go and pkg/driver/postgres/postgres.go; dbmate 2.37.0,
which took turns with koonj.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from koonj.migrations.layouts.simple_writer import SimpleWriter
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, RowChange


class DbmateWriter(SimpleWriter):
    """The writer of dbmate. It takes no lock, and it applies late migrations without a word."""

    runs_late = True
    columns: Mapping[str, frozenset[str]] = MappingProxyType({"history": frozenset({"version"})})
    create = "layouts/dbmate/create"

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the insert of the version."""
        return RowChange("layouts/dbmate/insert", {"version": migration.version})

    def rolled_back(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange:
        """Return the delete of the version."""
        return RowChange("layouts/dbmate/delete", {"version": migration.version})


WRITER = DbmateWriter()
