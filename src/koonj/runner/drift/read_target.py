"""Read a target: its catalog, and which migrations ran there with which text.

Uses only SELECT, in one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import HistoryEntry
from koonj.migrations.migration import Migration
from koonj.postgres import advisory_lock, history
from koonj.postgres.advisory_lock import holder_words
from koonj.postgres.catalog.catalog import Catalog
from koonj.postgres.catalog.read import read_target_catalog
from koonj.postgres.connector import Connector
from koonj.postgres.history import HistoryError
from koonj.postgres.history_inspection import Inspection, inspect
from koonj.postgres.read_transaction import REPEATABLE_READ, reading
from koonj.postgres.scratch.role_settings import Settings, TargetRoles, read_world
from koonj.postgres.server_info import ServerInfo, describe
from koonj.postgres.target_identity import check_identity
from koonj.runner.drift.applied_text import AppliedMigration, applied_migrations, partial_notes
from koonj.runner.drift.report import DriftError
from koonj.runner.drift.tool_scripts import read_tool_scripts

_FORBIDDEN = psycopg.errors.InsufficientPrivilege.sqlstate


@dataclass(frozen=True, slots=True)
class AppliedScript:
    """A migration with the text that ran on the target, or counts as such."""

    migration: Migration
    role: str
    """The database role with which it ran."""
    settings: Settings
    """Settings of its session at the start."""


@dataclass(frozen=True, slots=True)
class TargetSnapshot:
    """State of a target at one moment."""

    server: ServerInfo
    catalog: Catalog
    scripts: tuple[AppliedScript, ...]
    """In the order in which they were applied."""
    roles: TargetRoles
    notes: tuple[str, ...]
    at: datetime
    """When the catalog was read, in UTC."""
    entries: tuple[HistoryEntry, ...] = ()
    """The history of the target; empty in a folder of another tool."""
    places: frozenset[str] = frozenset()
    """The tables in which another tool keeps its history, with their schemas: no migration makes them."""


async def read_target(
    connector: Connector, target: Target, folder: Folder, *, name: str = "koonj drift"
) -> TargetSnapshot:
    """Read the target in one READ ONLY transaction, so that nothing can be written.

    Raises: ConnectError, HistoryError, DriftError, psycopg.Error.
    """
    async with reading(connector, target, name=name, isolation=REPEATABLE_READ) as conn:
        roles = await read_world(conn)  # first, because later statements change settings
        server = await describe(conn, target)
        identity = await check_identity(target, server)
        holder = await advisory_lock.holder(conn)
        recorded = await _read_recorded(conn, target, folder, roles)
        at = datetime.now(UTC)
        catalog = await read_target_catalog(conn, target)
    notes = [*([identity.words] if identity.words else []), *recorded.notes]
    if folder.layout is None:
        notes += await asyncio.to_thread(partial_notes, folder, recorded.entries)
    if holder is not None:
        notes.append(
            f"{holder_words(holder)} is changing the target now. Compare again when that has finished."
        )
    return TargetSnapshot(
        server, catalog, recorded.scripts, roles, tuple(notes), at, recorded.entries, recorded.places
    )


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What the history of a target says. The fields are those of `TargetSnapshot`."""

    scripts: tuple[AppliedScript, ...]
    notes: tuple[str, ...]
    entries: tuple[HistoryEntry, ...] = ()
    places: frozenset[str] = frozenset()


async def _read_recorded(
    conn: AsyncConnection, target: Target, folder: Folder, roles: TargetRoles
) -> _Recorded:
    if folder.layout is None:
        found = await inspect(conn)
        entries = await history.read_entries(conn, found)
        all_applied = await asyncio.to_thread(applied_migrations, folder, entries)
        return _Recorded(*await _scripts(conn, found, all_applied, roles), entries)
    tool = await read_tool_scripts(conn, target, folder)
    role = roles.acting  # the tool has recorded none
    settings = roles.settings_of(role)
    scripts = tuple(AppliedScript(migration, role, settings) for migration in tool.migrations)
    return _Recorded(scripts, tool.notes, places=tool.places)


async def _scripts(
    conn: AsyncConnection, found: Inspection, all_applied: Sequence[AppliedMigration], roles: TargetRoles
) -> tuple[tuple[AppliedScript, ...], tuple[str, ...]]:
    """Return the scripts that ran, and notes.

    There is a note for each script that is not simply the current file.
    """
    scripts, notes = [], []
    for applied in all_applied:
        name = applied.entry.name
        if applied.use_file and applied.file is not None:
            migration, note = applied.file, applied.note
        else:
            migration, note = await _recorded(conn, found, applied)
        role = applied.entry.database_role
        scripts.append(AppliedScript(migration, role, roles.settings_of(role)))
        if note:
            notes.append(f"{name} {note}.")
    return tuple(scripts), tuple(notes)


async def _recorded(
    conn: AsyncConnection, found: Inspection, applied: AppliedMigration
) -> tuple[Migration, str]:
    """Return the recorded text; if this role may not read it, the file.

    Raises: DriftError if there is neither.
    """
    text = await _text(conn, found, applied.entry)
    if text:
        recorded = Migration.from_recorded(applied.entry.name, text)
        return recorded, f"{applied.note}; koonj compares the recorded text" if applied.note else ""
    if applied.file is not None:
        note = applied.note or "differs from the recorded text in comments or line ends"
        return applied.file, f"{note}, and its recorded text cannot be read here; koonj compares the file"
    raise DriftError(
        f"{applied.entry.name} {applied.note}, and its recorded text cannot be read, so koonj cannot compute "
        "the expected schema.",
        "Restore the file, or let this role read the recorded texts: GRANT SELECT ON koonj.history TO …;",
    )


async def _text(conn: AsyncConnection, found: Inspection, entry: HistoryEntry) -> str | None:
    try:
        async with conn.transaction():
            return await history.read_script(conn, entry.id, found)
    except HistoryError as error:
        if error.sqlstate != _FORBIDDEN:
            raise
        return None
