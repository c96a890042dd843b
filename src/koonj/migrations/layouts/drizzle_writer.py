"""The rows of Drizzle: one for each migration, with the SHA-256 of its file and its time.

Source: drizzle-orm b786252, src/pg-core/dialect.ts; drizzle-orm 0.45.4 and drizzle-kit 0.31.11, which took
turns with koonj.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType

from koonj.migrations.layouts.simple_writer import ForwardWriter
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, Refusal, RowChange
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State


class DrizzleWriter(ForwardWriter):
    """The writer of Drizzle 0.x. It takes no lock, and never runs a late migration.

    Drizzle runs all pending files in one transaction, koonj one transaction for each: that history is the
    same as if drizzle had been run after each file.
    """

    runs_late = False
    columns: Mapping[str, frozenset[str]] = MappingProxyType(
        {"history": frozenset({"id", "hash", "created_at", "name", "applied_at"})}
    )
    create = "layouts/drizzle/create"

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Refuse folders of Drizzle 1.0, and a file that drizzle would never run after the one before it."""
        return list(_refusals(statuses))

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the insert of the row."""
        digest = sha256(migration.raw).hexdigest()
        return RowChange("layouts/drizzle/insert", {"hash": digest, "created_at": migration.version})


def _refusals(statuses: Sequence[MigrationStatus]) -> Iterator[Refusal]:
    newest: MigrationStatus | None = None
    for status in statuses:
        migration = status.migration
        if status.state is not State.PENDING or not isinstance(migration, ToolMigration):
            continue
        if not migration.version.isdecimal():
            yield Refusal(
                status.name,
                f"{status.name} is of Drizzle 1.0, whose history koonj does not write yet.",
                "Run it with drizzle-kit migrate.",
            )
        elif newest is not None and int(migration.version) <= _time(newest):
            yield Refusal(
                status.name,
                f"{status.name} has an earlier time in the journal than {newest.name} before it. "
                f"drizzle runs it only together with {newest.name}, and never after it.",
                'Write a later "when" into meta/_journal.json, or run both with drizzle-kit migrate.',
            )
        else:
            newest = status


def _time(status: MigrationStatus) -> int:
    assert isinstance(status.migration, ToolMigration)
    return int(status.migration.version)


WRITER = DrizzleWriter()
