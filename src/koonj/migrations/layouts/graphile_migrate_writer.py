"""The rows of graphile-migrate: one for each committed file, with its hash and the one before it.

Source: graphile-migrate 54ea390, src/migration.ts and src/commands/migrate.ts; graphile-migrate 1.4.1, which
took turns with koonj.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from koonj.migrations.layouts.graphile_text import committed_text
from koonj.migrations.layouts.simple_writer import ForwardWriter
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, Refusal, RowChange
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State

_KEY = 4727445306447283


class GraphileMigrateWriter(ForwardWriter):
    """The writer of graphile-migrate. It never applies a file before its newest row."""

    runs_late = False
    columns: Mapping[str, frozenset[str]] = MappingProxyType(
        {"history": frozenset({"hash", "previous_hash", "filename", "date"})}
    )
    create = "layouts/graphile_migrate/create"

    def keys(self, place: HistoryPlace) -> tuple[int, ...]:
        """Return its one key, which is the same everywhere."""
        return (_KEY,)

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Refuse a pending file whose previous hash no row has: its row could not be written."""
        return list(_refusals(statuses, {str(row[1]) for row in history.of("history")}))

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the insert of the row."""
        text = committed_text(migration.text)
        values = {
            "hash": text.hash,
            "previous_hash": text.previous or None,
            "filename": migration.version,
        }
        return RowChange("layouts/graphile_migrate/insert", values)


def _refusals(statuses: Sequence[MigrationStatus], hashes: set[str]) -> Iterator[Refusal]:
    known = set(hashes)
    for status in statuses:
        if status.state is State.PENDING and isinstance(status.migration, ToolMigration):
            text = committed_text(status.migration.text)
            if text.previous and text.previous not in known:
                yield Refusal(
                    status.name,
                    f"{status.name} was committed after a migration with another hash than the history has "
                    f"({text.previous}), so graphile-migrate cannot write its row.",
                    "Restore the files as they were when they were applied, then commit this one again.",
                )
            known.add(text.hash)


WRITER = GraphileMigrateWriter()
