"""The one row of tern: the newest version, changed in the transaction of the migration.

tern resets all settings of the session before it changes the row; koonj resets them, too.

Source: tern e73daa1, migrate/migrate.go; histories that it wrote.
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

_KEY = 9628173550095224


class TernWriter(SimpleWriter):
    """The writer of tern. Its versions have no gaps, so no migration can be late."""

    runs_late = False
    columns: Mapping[str, frozenset[str]] = MappingProxyType({"history": frozenset({"version"})})
    create = "layouts/tern/create"

    def keys(self, place: HistoryPlace) -> tuple[int, ...]:
        """Return the one key of tern, the same for every table."""
        return (_KEY,)

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Refuse what tern refuses before each run: a gap in the numbers, a version after the last file."""
        return tuple(_refusals([s for s in statuses if s.migration], statuses, history))

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the change to the version of the migration."""
        return _change(migration.number - 1, migration.number)

    def rolled_back(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange:
        """Return the change to the version before it; 0 before the first one."""
        return _change(migration.number, migration.number - 1)


def _refusals(
    files: Sequence[MigrationStatus], statuses: Sequence[MigrationStatus], history: ToolHistory
) -> Iterator[Refusal]:
    gap = next((number for number, status in enumerate(files, start=1) if status.number != number), None)
    if gap is not None:
        yield Refusal(
            "",
            f"Migration {gap} is missing, so tern refuses the folder.",
            "Number the files from 1 on, without gaps.",
        )
    for status in statuses:
        if status.state is State.MISSING:
            yield Refusal(
                "",
                f"{history.places['history']} has version {status.name}, but the last file is {len(files)}. "
                "tern does nothing then.",
                "Restore the files. Or write the version of the last applied one into the table.",
            )


def _change(old: int, new: int) -> RowChange:
    return RowChange("layouts/tern/update", {"from": str(old), "version": str(new)})


WRITER = TernWriter()
