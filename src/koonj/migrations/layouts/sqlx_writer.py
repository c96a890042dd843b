"""The rows of sqlx: one for each applied version, with the checksum of its file.

Source: sqlx 9d6bf662, sqlx-cli/src/migrate.rs and sqlx-postgres/src/migrate.rs; sqlx-cli 0.8.6, which took
turns with koonj.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from koonj.migrations.layouts.simple_writer import SimpleWriter
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, Refusal, RowChange
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.sql.transactions import Mode

_ROW = frozenset({"version", "description", "installed_on", "success", "checksum", "execution_time"})
_KEY = 0x3D32AD9E
_SUFFIXES = (".up.sql", ".sql")


class SqlxWriter(SimpleWriter):
    """The writer of sqlx. Its command takes no lock; programs with `Migrator::run` take an advisory lock."""

    runs_late = True
    columns: Mapping[str, frozenset[str]] = MappingProxyType({"history": _ROW})
    create = "layouts/sqlx/create"

    def keys(self, place: HistoryPlace) -> tuple[int, ...]:
        """Return the key that sqlx makes from the name of the database."""
        return (_KEY * zlib.crc32(place.database.encode()),)

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Return the versions without a file, or with the checksum of another text."""
        return tuple(_refusals(statuses))

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the insert of the version."""
        values = {
            "version": migration.version,
            "description": description(migration.up.file),
            "checksum": migration.checksum,
            "in_transaction": str(migration.shape.mode is Mode.ONE_TRANSACTION).lower(),
        }
        return RowChange("layouts/sqlx/insert", values)

    def rolled_back(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange:
        """Return the delete of the version."""
        return RowChange("layouts/sqlx/delete", {"version": migration.version})


def description(file: str) -> str:
    """Return what sqlx stores for a file: its name after the first ``_``, with spaces."""
    words = file.partition("_")[2]
    suffix = next(one for one in _SUFFIXES if words.endswith(one))
    while words.endswith(suffix):
        words = words.removesuffix(suffix)
    return words.replace("_", " ")


def _refusals(statuses: Sequence[MigrationStatus]) -> Iterator[Refusal]:
    for status in statuses:
        if status.state is State.MISSING:
            yield Refusal(
                status.name,
                f"sqlx has applied version {status.name}, and the folder has no file of it. Then 'sqlx "
                "migrate' refuses to run.",
                "Restore the file.",
            )
        elif status.state is State.EDITED:
            yield Refusal(
                status.name,
                f"{status.name} was changed after it was applied: sqlx has recorded another checksum. Then "
                "'sqlx migrate run' refuses to run.",
                "Restore the text that was applied, and write the change as a new migration.",
            )


WRITER = SqlxWriter()
