"""The rows of node-pg-migrate: one for each applied file, written in the transaction of the migration.

Source: node-pg-migrate 9.0.0, src/runner.ts and src/migration.ts, which took turns with koonj. It runs all
pending files in one transaction; one transaction for each file gives the same history.
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

_LOCK = 7241865325823964


class NodePgMigrateWriter(SimpleWriter):
    """The writer of node-pg-migrate. A late file would stop every later ``up``, so it is refused."""

    runs_late = False
    columns: Mapping[str, frozenset[str]] = MappingProxyType({"history": frozenset({"id", "name", "run_on"})})
    create = "layouts/node_pg_migrate/create"

    @property
    def settings(self) -> str | None:
        """The search_path: only the schema."""
        return "layouts/node_pg_migrate/settings"

    def keys(self, place: HistoryPlace) -> tuple[int, ...]:
        """Return the key of all its runs. Another ``up`` fails at once while it is held."""
        return (_LOCK,)

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Return why ``up`` or ``down`` would refuse: rows without a file, rows in another order."""
        names = [str(name) for (name,) in history.of("history")]
        gone = [status.name for status in statuses if status.state is State.MISSING]
        if gone:
            return [
                Refusal(
                    name,
                    f"{name} is in the history, and there is no such file. node-pg-migrate refuses that.",
                    "Restore the file, or rename it back. If it is not needed, delete the row.",
                )
                for name in gone
            ]
        files = [s.migration for s in statuses if isinstance(s.migration, ToolMigration)]
        for name, file in zip(names, files, strict=False):
            if name != file.version:
                return [_out_of_order(file, name)]
        if not names and (pair := next((file for file in files if file.has_rollback_file), None)):
            return [_unclear_pair(pair)]
        return ()

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the insert of the file's name without its last extension."""
        return RowChange("layouts/node_pg_migrate/insert", {"name": migration.version})

    def rolled_back(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange:
        """Return the delete of that name."""
        return RowChange("layouts/node_pg_migrate/delete", {"name": migration.version})


def _out_of_order(file: ToolMigration, recorded: str) -> Refusal:
    return Refusal(
        file.name,
        f"node-pg-migrate compares the order of its rows with that of the files, and {recorded} is recorded "
        f"in the place of {file.name}. So it refuses 'up'.",
        f"Rename {file.name} so that it comes after all that are applied.",
    )


def _unclear_pair(file: ToolMigration) -> Refusal:
    return Refusal(
        file.name,
        f"{file.name} has its rollback in a file of its own. The command of node-pg-migrate takes each of "
        "the two for a migration, a program can pair them, and no row shows yet which of them is used here.",
        "Apply the first migration with node-pg-migrate.",
    )


WRITER = NodePgMigrateWriter()
