"""The one row of golang-migrate: the newest version. It is written in the transaction of the migration.

golang-migrate itself writes the row before the migration with a mark (dirty), and after it without. koonj
needs the mark only if the migration runs outside a transaction.

Source: golang-migrate 18966c75, migrate.go, database/util.go and database/postgres/postgres.go; histories
that it wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from zlib import crc32

from koonj.migrations.layouts.simple_writer import SimpleWriter
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, Refusal, RowChange
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State

_SALT = 1486364155
_NO_VERSION = "-1"
"""What stands in the row while the first migration is rolled back."""
_APPLY = "layouts/golang_migrate/apply"
_ROLL_BACK = "layouts/golang_migrate/roll_back"
_ROLL_BACK_FIRST = "layouts/golang_migrate/roll_back_first"


class GolangMigrateWriter(SimpleWriter):
    """The writer of golang-migrate. It never applies a late migration: the history cannot show one."""

    runs_late = False
    columns: Mapping[str, frozenset[str]] = MappingProxyType({"history": frozenset({"version", "dirty"})})
    create = "layouts/golang_migrate/create"

    def keys(self, place: HistoryPlace) -> tuple[int, ...]:
        """Return both keys of the tool's lock.

        The program, which is given a URL, takes the path of the URL for the name of the database, with its
        slash. A program in Go that opens the database itself has the name without it.
        """
        names = (f"/{place.database}", place.database)
        return tuple(_key(name, place.schema, place.table) for name in names)

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Refuse a recorded version that no file has: the tool looks for it first."""
        return [
            Refusal(
                "",
                f"{history.places['history']} has version {status.name}, and no file has it. golang-migrate "
                "does nothing then.",
                "Restore its files. Or record the last version that is applied: migrate force VERSION",
            )
            for status in statuses
            if status.state is State.MISSING
        ]

    def started(self, migration: ToolMigration, place: HistoryPlace) -> RowChange | None:
        """Return the row with the mark."""
        return _row(migration, dirty=True)

    def rollback_started(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange | None:
        """Return the row with the version before it, or -1, and the mark."""
        before = _NO_VERSION if previous is None else previous.version
        values = {"version": migration.version, "previous": before, "dirty": "true"}
        return RowChange(_ROLL_BACK, values)

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the row with the version."""
        return _row(migration, dirty=False)

    def rolled_back(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange:
        """Return the row with the version before it; without one, the table becomes empty."""
        if previous is None:
            return RowChange(_ROLL_BACK_FIRST, {"version": migration.version})
        values = {"version": migration.version, "previous": previous.version, "dirty": "false"}
        return RowChange(_ROLL_BACK, values)


def _row(migration: ToolMigration, *, dirty: bool) -> RowChange:
    return RowChange(_APPLY, {"version": migration.version, "dirty": "true" if dirty else "false"})


def _key(database: str, schema: str, table: str) -> int:
    return crc32("\0".join((schema, table, database)).encode()) * _SALT % 2**32


WRITER = GolangMigrateWriter()
