"""States of Drizzle's migrations, from the times, hashes and names in its history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from koonj.migrations.layouts.tool_history import ToolHistory, ToolHistoryError
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_states import AppliedRow, states_by_version
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the history."""

    created_at: int
    """Milliseconds: the time in the journal, or of the folder's name."""
    hash: str
    name: str | None
    """Name of the folder; None in rows of 0.x."""


@dataclass(frozen=True, slots=True)
class _File:
    """What identifies a migration in the history."""

    version: str
    milliseconds: int
    hash: str
    is_folder: bool
    """It is of Drizzle 1.0, which records the name."""


def statuses(migrations: Sequence[ToolMigration], history: ToolHistory) -> tuple[MigrationStatus, ...]:
    """Return the states. 0.x runs a file only if its time is after that of the newest row.

    Raises: ToolHistoryError if a row has no time.
    """
    rows = [_row(history, *row) for row in history.of("history")]
    files = [_file(migration) for migration in migrations]
    owners = _owners(files, rows)
    newest = max((row.created_at for row in rows), default=None)
    states: dict[str, AppliedRow] = {}
    for file in files:
        row = owners.pop(file.version, None)
        if row is not None:
            states[file.version] = _state(file, row, newest)
            rows.remove(row)
        elif newest is not None and file.milliseconds <= newest and not file.is_folder:
            states[file.version] = AppliedRow(State.LATE, _NEVER)
    for row in rows:
        version = row.name or f"{row.created_at}"
        if version not in states:
            states[version] = AppliedRow(name=row.name or f"{row.created_at} (hash {row.hash[:8]})")
    return states_by_version(migrations, states, key=_key)


def _state(file: _File, row: _Row, newest: int | None) -> AppliedRow:
    if not file.is_folder and newest is not None and file.milliseconds > newest:
        return AppliedRow(State.PENDING, "the same text was run with another time; drizzle will run it again")
    if row.hash != file.hash:
        return AppliedRow(State.EDITED, "the file has another hash than when drizzle ran it")
    return AppliedRow()


def _owners(files: Sequence[_File], rows: Sequence[_Row]) -> dict[str, _Row]:
    """Return the row of each file: by name; else by time and hash, by time, by hash, in this order."""
    rules: tuple[Callable[[_File, _Row], bool], ...] = (
        lambda file, row: file.version == row.name,
        lambda file, row: _is_free(file, row) and _is_same_time(file, row) and file.hash == row.hash,
        lambda file, row: _is_free(file, row) and _is_same_time(file, row),
        lambda file, row: _is_free(file, row) and file.hash == row.hash,
    )
    owners: dict[str, _Row] = {}
    left = list(rows)
    for rule in rules:
        for file in files:
            row = None if file.version in owners else next((one for one in left if rule(file, one)), None)
            if row is not None:
                owners[file.version] = row
                left.remove(row)
    return owners


def _is_free(file: _File, row: _Row) -> bool:
    """Return whether the row can be of this file: 0.x does not look at the names that 1.0 has filled in."""
    return row.name is None or not file.is_folder


def _is_same_time(file: _File, row: _Row) -> bool:
    """Return whether the times are equal; the name of a folder has no milliseconds."""
    if file.is_folder:
        return file.milliseconds // 1000 == row.created_at // 1000
    return file.milliseconds == row.created_at


def _file(migration: ToolMigration) -> _File:
    version, is_folder = migration.version, "/" in migration.up.file
    return _File(version, _key(version), sha256(migration.raw).hexdigest(), is_folder)


def _key(version: str) -> int:
    """Return the milliseconds of a version: a number, or a name that starts with the time in UTC."""
    if not version[:14].isdecimal() or version.isdecimal():
        return int(version) if version.isdecimal() else 0
    try:
        found = datetime.strptime(version[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return 0
    return int(found.timestamp()) * 1000


def _row(history: ToolHistory, created_at: int | None, digest: str, name: str | None) -> _Row:
    """Raises: ToolHistoryError."""
    if created_at is None:
        raise ToolHistoryError(
            f"{history.places['history']} has a row without created_at. drizzle takes it for the newest one.",
            "Write the time of its migration, in milliseconds, into the row.",
        )
    return _Row(created_at, digest, name)


_NEVER = "drizzle never runs it, because the newest row has a later time"
