"""The rows of goose: one for each applied version, written in the transaction of the migration.

Source: goose 520411a, up.go, down.go, migrate.go and migration_sql.go; histories that it wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from koonj.migrations.layouts.simple_writer import SimpleWriter
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, Refusal, RowChange
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State

_COLUMNS = frozenset({"id", "version_id", "is_applied", "tstamp"})
_FIRST = 0
"""The version of the row that goose inserts when it makes the table."""


class GooseWriter(SimpleWriter):
    """The writer of goose. The program takes no lock, and refuses late migrations unless told otherwise."""

    runs_late = False
    columns: Mapping[str, frozenset[str]] = MappingProxyType({"history": _COLUMNS})
    create = "layouts/goose/create"

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Refuse a history in which goose finds no version, and rows of rollbacks of old releases."""
        if not history.has("history"):
            return ()
        rows: dict[int, bool] = dict(history.of("history"))
        place = history.places["history"]
        if not any(rows.values()):
            return (
                Refusal(
                    "",
                    f"{place} has no row of an applied version, nor of version 0. goose does nothing then.",
                    f"Run: INSERT INTO {place} (version_id, is_applied) VALUES (0, true)",
                ),
            )
        return tuple(_left_by_rollbacks(statuses, rows, place))

    def rollback_order(
        self, statuses: Sequence[MigrationStatus], history: ToolHistory
    ) -> Sequence[MigrationStatus]:
        """Return the applied ones from the newest row to the oldest, whatever their versions are."""
        applied = {_version(status): status for status in statuses if status.applied}
        order: list[MigrationStatus] = []
        for version, is_applied in reversed(history.of("history")):
            if is_applied and version <= _FIRST:
                break
            if is_applied:
                order.append(applied[version])
        return order

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the insert of the version."""
        return RowChange("layouts/goose/insert", {"version": migration.version})

    def rolled_back(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange:
        """Return the delete of all rows of the version."""
        return RowChange("layouts/goose/delete", {"version": migration.version})


def _left_by_rollbacks(
    statuses: Sequence[MigrationStatus], rows: Mapping[int, bool], place: str
) -> Iterator[Refusal]:
    """Yield the pending migrations that goose does not apply, because of rows with false.

    `rows`: by version, whether its newest row says that it is applied.
    """
    newest = max(rows)
    for status in statuses:
        version = _version(status)
        if status.migration is None or status.applied:
            continue
        if version in rows:
            yield Refusal(
                status.name,
                f"The newest row of {status.name} in {place} says that it is not applied. goose never "
                "applies it again, because it has a row.",
                f"If it is not applied, run: DELETE FROM {place} WHERE version_id = {version}",
            )
        elif version < newest and status.state is not State.LATE:
            yield Refusal(
                status.name,
                f"{status.name} is pending, but {place} has a row of version {newest}, which says that it is "
                "not applied. goose counts that version, and refuses to apply one before it.",
                f"If it is not applied, run: DELETE FROM {place} WHERE version_id = {newest}",
            )


def _version(status: MigrationStatus) -> int:
    migration = status.migration
    return int(migration.version if isinstance(migration, ToolMigration) else status.name)


WRITER = GooseWriter()
