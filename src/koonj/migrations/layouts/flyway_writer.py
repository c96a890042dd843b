"""The rows of Flyway: one for each run of a file, with the checksum of its lines.

Source: Flyway 7.15.0 and the histories that it wrote; DbMigrate of 00afcc5, MigrationInfoImpl of 9d7a28e,
PostgreSQLConnection of 5753965, AbbreviationUtils of 0ff6c22. No Flyway took turns with koonj.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from koonj.migrations.layouts import checksums
from koonj.migrations.layouts.flyway_migration import INSTALLED_BY, REFUSED, REPEATABLE, recorded_description
from koonj.migrations.layouts.flyway_names import version_key
from koonj.migrations.layouts.flyway_states import FlywayRow, flyway_rows, missing_rows
from koonj.migrations.layouts.simple_writer import SimpleWriter
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import HistoryPlace, Refusal, RowChange
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State

_LOCK = 77431708279161
"""The bytes of ``Flyway``, to which the hash of the table's name is added."""
_FOLDER = "layouts/flyway"


class FlywayWriter(SimpleWriter):
    """The writer of Flyway. Before it applies anything it validates what is applied, so koonj does, too."""

    runs_late = False
    columns: Mapping[str, frozenset[str]] = MappingProxyType(
        {
            "history": frozenset(
                {
                    *("installed_rank", "version", "description", "type", "script", "checksum"),
                    *("installed_by", "installed_on", "execution_time", "success"),
                }
            )
        }
    )
    create = None
    """Flyway makes the table only in an empty schema, or with a baseline."""

    @property
    def settings(self) -> str | None:
        """The schema of the history comes first in the search_path."""
        return f"{_FOLDER}/settings"

    @property
    def no_rollback(self) -> str:
        """Only paid editions of Flyway roll back, and koonj has not seen what they record."""
        return "Flyway rolls back only in its paid editions, and koonj does not know how they record it."

    def keys(self, place: HistoryPlace) -> tuple[int, ...]:
        """Return the key of the table. Old and new versions lock the same one."""
        return (_LOCK + _java_hash(f"{_quoted(place.schema)}.{_quoted(place.table)}"),)

    def refusals(self, statuses: Sequence[MigrationStatus], history: ToolHistory) -> Sequence[Refusal]:
        """Return what Flyway's ``validate`` refuses, and what koonj cannot know."""
        migrations = [s.migration for s in statuses if isinstance(s.migration, ToolMigration)]
        found = [_edited(status) for status in statuses if status.state is State.EDITED]
        found += map(_missing, missing_rows(migrations, history))
        found += _unknown(migrations, flyway_rows(history))
        return found

    def started(self, migration: ToolMigration, place: HistoryPlace) -> RowChange | None:
        """Return the row of a migration that has failed: it is one until it has ended."""
        return RowChange(f"{_FOLDER}/start", _values(migration, place))

    def applied(self, migration: ToolMigration, place: HistoryPlace) -> RowChange:
        """Return the insert of the row, or the update of the one that says that it was started."""
        return RowChange(f"{_FOLDER}/insert", _values(migration, place))

    def rolled_back(
        self, migration: ToolMigration, previous: ToolMigration | None, place: HistoryPlace
    ) -> RowChange:
        """Return what is never done: `no_rollback`."""
        return RowChange(f"{_FOLDER}/insert", _values(migration, place))


def _values(migration: ToolMigration, place: HistoryPlace) -> dict[str, str | None]:
    repeats = migration.version.startswith(REPEATABLE)
    return {
        "version": None if repeats else migration.version,
        "description": recorded_description(migration),
        "script": _script(migration),
        "checksum": str(checksums.flyway(migration.text)),
        "installed_by": migration.detail(INSTALLED_BY) or place.user,
    }


def _script(migration: ToolMigration) -> str:
    path = migration.up.file
    return path if len(path) <= 1000 else f"...{path[3:1000]}"


def _java_hash(text: str) -> int:
    """Return what ``String.hashCode`` of Java returns."""
    raw, found = text.encode("utf-16-le"), 0
    for (unit,) in struct.iter_unpack("<H", raw):
        found = (31 * found + unit) & 0xFFFFFFFF
    return found - 2**32 if found >= 2**31 else found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _edited(status: MigrationStatus) -> Refusal:
    return Refusal(
        status.name,
        f"{status.name}: {status.note}. Flyway validates this before it applies anything, and refuses.",
        "Undo the change. If the database is right as it is, run: flyway repair.",
    )


def _missing(row: FlywayRow) -> Refusal:
    return Refusal(
        row.script.rpartition("/")[2],
        f"{row.script} is applied, and there is no such file. Flyway validates this before it applies "
        "anything, and refuses.",
        "Restore the file, or run: flyway repair, which marks it as deleted.",
    )


def _unknown(migrations: Sequence[ToolMigration], rows: Sequence[FlywayRow]) -> Iterator[Refusal]:
    """Yield why koonj does not know what Flyway would run or write."""
    reason = next((one.detail(REFUSED) for one in migrations if one.detail(REFUSED)), "")
    if reason:
        yield Refusal("", reason, "Run the migrations with Flyway.")
    files = {version_key(m.version): m.up.file for m in migrations if not m.version.startswith(REPEATABLE)}
    known = [
        (row.script, files[version_key(row.version)])
        for row in rows
        if row.version is not None and row.is_sql and version_key(row.version) in files
    ]
    if known and not any(script == file for script, file in known):
        script, file = known[-1]
        yield Refusal("", _OTHER_FOLDER.format(script, file), "Give koonj the folder that Flyway is given.")


_OTHER_FOLDER = (
    "Flyway has recorded {}, and koonj would record {}: it reads another folder than Flyway, so it may not "
    "have all files."
)

WRITER = FlywayWriter()
