"""The migrations of another tool as koonj's files, and what the tool's history says about them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from koonj.config import Target
from koonj.humanize import listed
from koonj.migrations.conversion import Conversion, convert
from koonj.migrations.folder import Folder, FolderError, FolderReader
from koonj.migrations.layouts.layout import Layout, Record
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.postgres.connector import Connector
from koonj.postgres.read_transaction import REPEATABLE_READ, reading
from koonj.runner.adopt.plan import AdoptError
from koonj.runner.plan.tool_target import ToolTarget, read_tool_target

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ConvertedFolder:
    """koonj's files for a folder of another tool, before they are written."""

    folder: Folder
    """The new folder, as if it had the files."""
    applied: Mapping[str, str]
    """What the tool's history says, by the names of those new files that it has as applied."""
    has_history: bool
    """Whether the tool has a history on the target."""
    places: frozenset[str]
    """The tables of the tool's history, with their schemas: no migration makes them."""
    notes: tuple[str, ...]


async def read_tool_folder(
    connector: Connector, target: Target, folder: Folder, into: FolderReader, shown_into: str
) -> ConvertedFolder:
    """Convert the files of a folder, and read the tool's history on a target.

    Raises: AdoptError, ConnectError, HistoryError, psycopg.Error.
    """
    if folder.layout is None:
        raise AdoptError(
            f"{folder.shown_path or folder.path} is not a folder of another tool.",
            f"To adopt its files, run: koonj adopt{target.option}",
        )
    await asyncio.to_thread(_must_be_empty, into, shown_into)
    files = [m for m in folder.migrations if isinstance(m, ToolMigration)]
    conversion = await asyncio.to_thread(convert, files, str(into.path), shown_into)
    if not conversion.migrations:
        raise AdoptError("No migration can be converted.", "\n".join(_not_converted(folder, conversion)))
    async with reading(connector, target, name="koonj adopt", isolation=REPEATABLE_READ) as conn:
        found = await read_tool_target(conn, target, folder)
    by_name = {status.name: status for status in found.statuses if status.applied}
    tool = folder.layout.name
    new = {old.name: migration for old, migration in conversion.migrations}
    applied = {new[name].name: _words(folder.layout.layout, by_name[name]) for name in by_name if name in new}
    notes = [*_not_converted(folder, conversion), *_gaps(tool, found, set(new))]
    with_files = Folder(into.path, tuple(new.values()), 0, (), shown_into)
    places = frozenset(found.places)
    return ConvertedFolder(with_files, applied, bool(found.places), places, tuple(notes))


def _must_be_empty(into: FolderReader, shown: str) -> None:
    """Check that the new files cannot be mixed with others. Raises: AdoptError."""
    if not into.path.exists():
        return
    try:
        there = into.read()
    except FolderError as error:
        raise AdoptError(str(error), "") from error
    if there.migrations or there.problems or there.layout is not None or _has_sql(into.path):
        raise AdoptError(
            f"{shown} has SQL files already. koonj converts into a new folder, and never over files.",
            "Name another folder with --into.",
        )


def _has_sql(folder: Path) -> bool:
    return any(path.suffix == ".sql" for path in folder.iterdir())


def _not_converted(folder: Folder, conversion: Conversion) -> list[str]:
    unread = [f"{name} is not converted: {problem.message}" for name, problem in folder.problems]
    return [*unread, *(f"{name} is not converted: {reason}" for name, reason in conversion.refused)]


def _gaps(tool: str, found: ToolTarget, converted: set[str]) -> list[str]:
    gone = [s.name for s in found.statuses if s.applied and s.name not in converted]
    failed = [s.name for s in found.statuses if s.state is State.FAILED]
    notes = []
    if not found.places:
        notes.append(f"{tool} has no history on this target, so only the schemas are compared.")
    if gone:
        notes.append(f"{tool} has applied what is not converted: {listed(gone, _SHOWN)}.")
    if failed:
        notes.append(f"{tool} has marked as failed: {listed(failed, _SHOWN)}.")
    return notes


def _words(layout: Layout, status: MigrationStatus) -> str:
    if status.state is State.EDITED:
        return f"{layout.name}: edited after it was applied"
    proves_nothing = layout.record is Record.CHECKSUM and status.note
    return f"{layout.name}: {(Record.ROW if proves_nothing else layout.record).value}"
