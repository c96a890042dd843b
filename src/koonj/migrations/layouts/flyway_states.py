"""States of Flyway's migrations, from the rows of its history.

Source: Flyway 7.15.0, MigrationInfoServiceImpl and MigrationInfoImpl; histories that it wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from koonj.migrations import encoding
from koonj.migrations.layouts import checksums
from koonj.migrations.layouts.flyway_migration import OUT_OF_ORDER, REPEATABLE, recorded_description
from koonj.migrations.layouts.flyway_names import is_version, version_key
from koonj.migrations.layouts.tool_history import ToolHistory, ToolHistoryError
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State

_CANCELS = frozenset({"DELETE", "UNDO_SQL", "UNDO_JDBC", "UNDO_SCRIPT"})
"""Types of rows which say that the migration before them does not count any more."""
_BASELINES = frozenset({"BASELINE"})
_SCHEMA = "SCHEMA"
"""Type of the row that says that Flyway has created the schema."""
_SQL = frozenset({"SQL", "SQL_BASELINE"})


@dataclass(frozen=True, slots=True)
class FlywayRow:
    """A row of history.sql."""

    rank: int
    version: str | None
    description: str
    type: str
    script: str
    checksum: int | None
    success: bool

    @property
    def is_sql(self) -> bool:
        """Whether Flyway has run a file with SQL."""
        return self.type in _SQL


def flyway_rows(history: ToolHistory) -> list[FlywayRow]:
    """Return the rows of the history, the oldest first."""
    return [FlywayRow(*row) for row in history.of("history")]


def missing_rows(migrations: Sequence[ToolMigration], history: ToolHistory) -> list[FlywayRow]:
    """Return the last rows of migrations without a file, which Flyway's ``validate`` refuses.

    A version above those of all files is no such row: it was applied by a newer release of the program.
    Versions before Flyway 8 accept a repeatable migration without a file.
    """
    files = {_identity(one.version) for one in migrations}
    newest = max((key for key in files if not isinstance(key, str)), default=())
    last = {_row_identity(row): row for row in flyway_rows(history) if row.type != _SCHEMA}
    return [
        row
        for key, row in last.items()
        if key not in files
        and row.type not in _CANCELS | _BASELINES
        and (isinstance(key, str) or key < newest)
    ]


def _identity(version: str) -> tuple[int, ...] | str:
    return version if version.startswith(REPEATABLE) else version_key(version)


def _row_identity(row: FlywayRow) -> tuple[int, ...] | str:
    return REPEATABLE + row.description if row.version is None else version_key(row.version)


def flyway_states(migrations: Sequence[ToolMigration], history: ToolHistory) -> tuple[MigrationStatus, ...]:
    """Return the states of the versioned migrations by version, then those of the repeatable ones by name.

    Raises: ToolHistoryError if a version is none of Flyway.
    """
    rows = flyway_rows(history)
    for row in rows:
        if row.version is not None and not is_version(row.version):
            raise ToolHistoryError(
                f"{history.places['history']} has the version {row.version!r}, which Flyway cannot write.",
                "Another tool has made the table. To name that tool, write layout = … into koonj.toml.",
            )
    versioned = [one for one in migrations if not one.version.startswith(REPEATABLE)]
    repeatable = [one for one in migrations if one.version.startswith(REPEATABLE)]
    place = history.places.get("history", "")
    return (*_versioned(versioned, rows), *_repeatable(repeatable, rows, place))


def _versioned(migrations: Sequence[ToolMigration], rows: Sequence[FlywayRow]) -> tuple[MigrationStatus, ...]:
    last = {version_key(row.version): row for row in rows if row.version is not None}
    baseline = max(
        (version_key(row.version) for row in rows if row.version is not None and row.type in _BASELINES),
        default=None,
    )
    applied: dict[str, AppliedRow] = {}
    for one in migrations:
        key = version_key(one.version)
        row = last.pop(key, None)
        if row is not None and row.type not in _CANCELS | _BASELINES:
            applied[one.version] = _judged(one, row)
        elif baseline is not None and key <= baseline:
            applied[one.version] = AppliedRow(note=_BELOW)
        elif row is not None and row.type != "DELETE":
            applied[one.version] = AppliedRow(State.PENDING, "it was undone")
    for row in last.values():
        if row.type not in _CANCELS | _BASELINES and row.version is not None:
            applied[row.version] = _without_file(row)
    return _placed(tuple(map(_in_any_order, states_by_version(migrations, applied, key=version_key))))


def _in_any_order(status: MigrationStatus) -> MigrationStatus:
    """Return the status; with ``outOfOrder`` a migration is pending where another one would be late."""
    migration = status.migration
    if not isinstance(migration, ToolMigration) or not migration.detail(OUT_OF_ORDER):
        return status
    if status.state is not State.LATE:
        return status
    return replace(status, state=State.PENDING, note=f"{status.note}; Flyway runs it, because of outOfOrder")


def _placed(statuses: tuple[MigrationStatus, ...]) -> tuple[MigrationStatus, ...]:
    """Return the statuses; one without a file has the number of the one before it, if versions have dots."""
    placed: list[MigrationStatus] = []
    has_dots = any("." in s.migration.version for s in statuses if isinstance(s.migration, ToolMigration))
    for status in statuses:
        before = placed[-1].number if placed else 0
        placed.append(replace(status, number=before) if has_dots and status.migration is None else status)
    return tuple(placed)


def _repeatable(
    migrations: Sequence[ToolMigration], rows: Sequence[FlywayRow], place: str
) -> tuple[MigrationStatus, ...]:
    """Return the states of migrations without a version. They run in any order, so none is late."""
    last = {row.description: row for row in rows if row.version is None and row.type != _SCHEMA}
    found: dict[str, tuple[MigrationStatus, ...]] = {}
    for one in migrations:
        description = one.version.removeprefix(REPEATABLE)
        row = last.pop(description, None)
        counts = row is not None and row.type not in _CANCELS
        states = {one.version: _judged_repeatable(one, row, place)} if row is not None and counts else {}
        found[description] = states_by_version((one,), states, key=str)
    for description, row in last.items():
        if row.type not in _CANCELS:
            found[description] = states_by_version(
                (), {REPEATABLE + description: _without_file(row)}, key=str
            )
    return tuple(chain.from_iterable(found[description] for description in sorted(found)))


def _judged(migration: ToolMigration, row: FlywayRow) -> AppliedRow:
    """Return what the last row says about a file with a version."""
    if (known := _without_checksum(migration, row)) is not None:
        return known
    if checksums.flyway(migration.text) != row.checksum:
        return AppliedRow(State.EDITED, "its checksum is not the one that Flyway has recorded")
    if row.description != recorded_description(migration):  # Flyway compares it, too
        return AppliedRow(State.EDITED, f"only its description: Flyway has recorded {row.description!r}")
    return AppliedRow()


def _without_checksum(migration: ToolMigration, row: FlywayRow) -> AppliedRow | None:
    """Return the state if the checksum says nothing about it; else None."""
    if not row.success:
        return AppliedRow(State.FAILED, _FAILED)
    if not row.is_sql:
        return AppliedRow(State.EDITED, _NO_SQL.format(row.type))
    if row.checksum is None:
        return AppliedRow(note="edited or not is unknown: Flyway has recorded no checksum")
    if encoding.problem(migration.raw) is not None:
        return AppliedRow(note="edited or not is unknown: its bytes are not UTF-8")
    return None


def _judged_repeatable(migration: ToolMigration, row: FlywayRow, place: str) -> AppliedRow:
    """Return what the last row says about a file without a version."""
    if (known := _without_checksum(migration, row)) is not None:
        return known
    if row.checksum == checksums.flyway(migration.text):
        return AppliedRow()
    if migration.refused:  # the checksum is that of the text with the values of its placeholders
        text = _replaced(migration, _values(migration, place))
        if row.checksum == checksums.flyway(text):
            return AppliedRow()
        if text == migration.text or "${" in text:
            return AppliedRow(note=_UNKNOWN_VALUES)
    return AppliedRow(State.PENDING, "changed since it was applied, so Flyway runs it again")


def _values(migration: ToolMigration, place: str) -> Mapping[str, str]:
    """Return the placeholders of Flyway itself of which koonj knows the values."""
    schema, _, table = place.rpartition(".")
    return {"defaultSchema": schema, "table": table, "filename": migration.up.file.rpartition("/")[2]}


def _replaced(migration: ToolMigration, values: Mapping[str, str]) -> str:
    text = migration.text
    for name, value in values.items():
        text = text.replace("${flyway:" + name + "}", value)
    return text


def _without_file(row: FlywayRow) -> AppliedRow:
    """Return what is known of a migration whose file is not in the folder."""
    other = "" if row.is_sql else _NO_SQL.format(row.type)
    state = State.APPLIED if row.success else State.FAILED
    note = "; ".join(filter(None, ("" if row.success else _FAILED, other)))
    return AppliedRow(state, note, row.script.rpartition("/")[2])


_FAILED = "Flyway runs nothing more until its command repair"
_BELOW = "not above the baseline, so Flyway never runs it; what of it is in the database is not recorded"
_NO_SQL = "Flyway has run it as {}, not as SQL"
_UNKNOWN_VALUES = "edited or not is unknown: koonj does not know the values of its placeholders"
