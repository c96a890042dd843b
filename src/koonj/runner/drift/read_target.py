"""The target, read: what it holds, what ran there and with which text. SELECT only, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from psycopg import AsyncConnection, IsolationLevel

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import HistoryEntry
from koonj.migrations.migration import Migration
from koonj.postgres import advisory_lock, history
from koonj.postgres.advisory_lock import holder_words
from koonj.postgres.catalog.catalog import Catalog
from koonj.postgres.catalog.read import read_target_catalog
from koonj.postgres.connector import Connector, ServerInfo, describe
from koonj.postgres.history import HistoryError
from koonj.postgres.scratch.role_settings import Settings, TargetRoles, read_world
from koonj.runner.drift.applied_text import AppliedMigration, choices, partial_notes
from koonj.runner.drift.report import DriftError

_FORBIDDEN = psycopg.errors.InsufficientPrivilege.sqlstate


@dataclass(frozen=True, slots=True)
class AppliedScript:
    """One migration with the text that ran on the target, or what counts as it."""

    migration: Migration
    role: str
    """The database role as which it ran."""
    settings: Settings
    """Its session's, at first."""


@dataclass(frozen=True, slots=True)
class TargetSnapshot:
    """One target at one moment."""

    server: ServerInfo
    catalog: Catalog
    scripts: tuple[AppliedScript, ...]
    """In the order in which they were applied."""
    world: TargetRoles
    notes: tuple[str, ...]
    at: datetime
    """Unix seconds."""


async def read_target(connector: Connector, target: Target, folder: Folder) -> TargetSnapshot:
    """Ask the target, which is held to let nothing be written meanwhile (READ ONLY).

    Raises ConnectError, HistoryError, DriftError, psycopg.Error.
    """
    conn = await connector.connect(target, name="koonj drift")
    async with conn:
        await conn.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await conn.set_read_only(True)
        async with conn.transaction():
            world = await read_world(conn)  # first: nothing is set yet
            server = await describe(conn)
            holder = await advisory_lock.holder(conn)
            entries = await history.read_entries(conn)
            chosen = await asyncio.to_thread(choices, folder, entries)
            scripts, notes = await _scripts(conn, chosen, world)
            at = datetime.now(UTC)
            catalog = await read_target_catalog(conn, target)
    partial = await asyncio.to_thread(partial_notes, folder, entries)
    if holder is not None:
        partial = (*partial, f"{holder_words(holder)} is changing the target now: read it again later.")
    nothing = () if scripts else (f"No migration is applied on {target.name}: all it has is only there.",)
    return TargetSnapshot(server, catalog, scripts, world, (*nothing, *notes, *partial), at)


async def _scripts(
    conn: AsyncConnection, chosen: Sequence[AppliedMigration], world: TargetRoles
) -> tuple[tuple[AppliedScript, ...], tuple[str, ...]]:
    """What ran, and a note on each that is not simply its file."""
    scripts, notes = [], []
    for choice in chosen:
        name = choice.entry.name
        if choice.is_what_ran and choice.file is not None:
            migration, note = choice.file, choice.note
        else:
            migration, note = await _recorded(conn, choice)
        role = choice.entry.database_role
        scripts.append(AppliedScript(migration, role, world.settings_of(role)))
        if note:
            notes.append(f"{name} {note}.")
    return tuple(scripts), tuple(notes)


async def _recorded(conn: AsyncConnection, choice: AppliedMigration) -> tuple[Migration, str]:
    """The text that ran, as history has it; of a role that may not read it, the file. Raises DriftError."""
    text = await _text(conn, choice.entry)
    if text:
        recorded = Migration.from_recorded(choice.entry.name, text)
        return recorded, f"{choice.note}: what ran is compared"
    if choice.file is not None:
        return choice.file, f"{choice.note}, and what ran cannot be read here: the file is compared"
    raise DriftError(
        f"{choice.entry.name} {choice.note}, and what ran cannot be read: what it made is not known.",
        "Put the file back, or let this role read the texts: GRANT SELECT ON koonj.history TO …;",
    )


async def _text(conn: AsyncConnection, entry: HistoryEntry) -> str | None:
    try:
        async with conn.transaction():
            return await history.read_script(conn, entry.id)
    except HistoryError as error:
        if error.sqlstate != _FORBIDDEN:
            raise
        return None
