"""The rows of graphile-migrate: one for each committed file, with its hash and that of the file before it.

Source: graphile-migrate 1.4.1, src/migration.ts, src/pgReal.ts and src/commands/migrate.ts, which took turns
with koonj. It has no rollbacks. koonj never touches ``current.sql`` and what the tool records of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from koonj.migrations.layouts.graphile_migrate import SETTING
from koonj.migrations.layouts.graphile_text import committed_text
from koonj.migrations.layouts.simple_writer import ForwardWriter
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, Refusal, RowChange
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State

_LOCK = 4727445306447283


class GraphileMigrateWriter(ForwardWriter):
    """The writer of graphile-migrate. It runs only what comes after the newest row."""

    runs_late = False
    columns: Mapping[str, frozenset[str]] = MappingProxyType(
        {"history": frozenset({"hash", "previous_hash", "filename", "date"})}
    )
    create = "layouts/graphile_migrate/create"

    def keys(self, place: HistoryPlace) -> tuple[int, ...]:
        """Return the key of all its runs. Another ``migrate`` fails at once while it is held."""
        return (_LOCK,)

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Refuse files that differ from their rows, and settings by which the tool does more."""
        return tuple(_refusals(statuses))

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the insert of the hashes and the number with ``.sql``."""
        text = committed_text(migration.text)
        values = {"hash": text.hash, "previous": text.previous or None, "filename": migration.version}
        return RowChange("layouts/graphile_migrate/insert", values)


def _refusals(statuses: Sequence[MigrationStatus]) -> Iterator[Refusal]:
    for status in statuses:
        migration = status.migration
        if status.state is State.EDITED:
            yield Refusal(
                status.name,
                f"{status.name}: {status.note}. The files after it were committed on top of another text.",
                "Restore the file as it was committed.",
            )
        elif not status.applied and isinstance(migration, ToolMigration) and migration.detail(SETTING):
            yield Refusal(
                status.name,
                f"{status.name}: graphile-migrate uses the setting {migration.detail(SETTING)}, which koonj "
                "does not do.",
                "Run it with graphile-migrate.",
            )


WRITER = GraphileMigrateWriter()
