"""States of a tool's migrations, from the rows of its history: what the layouts share."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.names import number_of
from koonj.migrations.states import State

Key = Callable[[str], Any]
"""Returns by what a version is sorted."""


_NOT_APPLIED = frozenset({State.PENDING, State.LATE, State.FAILED})


@dataclass(frozen=True, slots=True)
class AppliedRow:
    """What a tool's history says about one version."""

    state: State = State.APPLIED
    """`APPLIED`; `EDITED` if the file has another checksum; `FAILED` if the tool says so;
    `PENDING` if it will run again, with the reason in `note`."""
    note: str = ""
    """More about it, in words."""
    name: str = ""
    """Name that koonj shows if the file is missing; empty: the version."""


def states_by_version(
    migrations: Sequence[ToolMigration], rows: Mapping[str, AppliedRow], *, key: Key
) -> tuple[MigrationStatus, ...]:
    """Return the states for a tool that records every version.

    Args:
        migrations: in the tool's order.
        rows: what the history says, by version.
        key: sorts versions as the tool does; only for rows without a file.
    """
    found = [_of_file(migration, rows.get(migration.version)) for migration in migrations]
    keys = [key(migration.version) for migration in migrations]
    known = {migration.version for migration in migrations}
    gone = sorted((version for version in rows if version not in known), key=key)
    for version in reversed(gone):
        found.insert(bisect_left(keys, key(version)), _missing(version, rows[version]))
    return _with_late(found)


def states_up_to(
    migrations: Sequence[ToolMigration], newest: str | None, *, key: Key, failed: AppliedRow | None = None
) -> tuple[MigrationStatus, ...]:
    """Return the states for a tool that records only the newest version.

    Args:
        migrations: in the tool's order.
        newest: the recorded version; None if nothing is applied.
        key: sorts versions as the tool does.
        failed: what is known of `newest` if the tool marks it as failed; None if it is applied.
    """
    if newest is None:
        return tuple(_of_file(migration, None) for migration in migrations)
    last = key(newest)
    rows = {m.version: AppliedRow() for m in migrations if key(m.version) <= last}
    rows[newest] = failed or AppliedRow()
    return states_by_version(migrations, rows, key=key)


def _of_file(migration: ToolMigration, row: AppliedRow | None) -> MigrationStatus:
    state = State.PENDING if row is None else row.state
    return MigrationStatus(
        migration.number,
        migration.name,
        state,
        migration,
        None,
        applied=state not in _NOT_APPLIED,
        allowed=False,
        note="" if row is None else row.note,
    )


def _missing(version: str, row: AppliedRow) -> MigrationStatus:
    state = State.FAILED if row.state is State.FAILED else State.MISSING
    note = (
        row.note if state is State.FAILED else "; ".join(filter(None, ("no file has this version", row.note)))
    )
    return MigrationStatus(
        number_of(version),
        row.name or version,
        state,
        None,
        None,
        applied=state is State.MISSING,
        allowed=False,
        note=note,
    )


def _with_late(found: Sequence[MigrationStatus]) -> tuple[MigrationStatus, ...]:
    """Return the statuses; a pending migration before an applied one is late."""
    last = max((place for place, status in enumerate(found) if status.applied), default=-1)
    return tuple(
        _late(status, found[last].name) if place < last and status.state is State.PENDING else status
        for place, status in enumerate(found)
    )


def _late(status: MigrationStatus, applied: str) -> MigrationStatus:
    return MigrationStatus(
        status.number,
        status.name,
        State.LATE,
        status.migration,
        None,
        applied=False,
        allowed=False,
        note="; ".join(filter(None, (f"{applied} is already applied", status.note))),
    )
