"""The rows of Prisma Migrate: one for each attempt, with the SHA-256 of the file.

Source: prisma-engines, schema-engine: apply_migrations.rs, sql_migration_persistence.rs; prisma 6.19.3,
which took turns with koonj.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType

from koonj.migrations.layouts.simple_writer import ForwardWriter
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, RowChange

_KEY = 72707369


class PrismaWriter(ForwardWriter):
    """The writer of Prisma. It applies late migrations, and compares no checksum when it deploys."""

    runs_late = True
    columns: Mapping[str, frozenset[str]] = MappingProxyType(
        {
            "history": frozenset(
                {
                    "id",
                    "checksum",
                    "finished_at",
                    "migration_name",
                    "logs",
                    "rolled_back_at",
                    "started_at",
                    "applied_steps_count",
                }
            )
        }
    )
    create = "layouts/prisma/create"

    def keys(self, place: HistoryPlace) -> tuple[int, ...]:
        """Return its one key, which is the same everywhere."""
        return (_KEY,)

    def started(self, migration: ToolMigration, place: HistoryPlace) -> RowChange | None:
        """Return the insert of an unfinished row: prisma refuses to run until it is finished or resolved."""
        return RowChange("layouts/prisma/insert_started", _values(migration))

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the insert of a finished row; or the end of the unfinished one."""
        return RowChange("layouts/prisma/insert_applied", _values(migration))


def _values(migration: ToolMigration) -> dict[str, str | None]:
    return {"name": migration.version, "checksum": sha256(migration.raw).hexdigest()}


WRITER = PrismaWriter()
