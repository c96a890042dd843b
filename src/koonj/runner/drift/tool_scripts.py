"""Find which migrations of another tool are applied on a target, and in which order they ran there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.layouts.layout import Record
from koonj.migrations.migration import Migration
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.runner.drift.report import DriftError
from koonj.runner.plan.tool_target import read_tool_target


@dataclass(frozen=True, slots=True)
class ToolScripts:
    """What is applied on a target by another tool."""

    migrations: tuple[Migration, ...]
    """The applied migrations, in the order of the tool."""
    notes: tuple[str, ...]
    places: frozenset[str]
    """The tables of the tool's history, with their schemas: no migration makes them."""


async def read_tool_scripts(conn: AsyncConnection, target: Target, folder: Folder) -> ToolScripts:
    """Read from the history of the folder's tool what is applied. Only reads.

    `conn` has an open READ ONLY transaction.

    Raises: HistoryError; DriftError if a file is missing that was applied; psycopg.Error.
    """
    layout = folder.layout
    assert layout is not None, "the folder belongs to a tool"
    found = await read_tool_target(conn, target, folder)
    applied = [status for status in found.statuses if status.applied]
    for status in applied:
        if status.migration is None:
            raise DriftError(
                f"{status.name} has no file, and koonj does not have the text that {layout.name} ran, so it "
                "cannot compute the expected schema.",
                "Restore the file.",
            )
    notes = []
    if not found.places:
        notes.append(f"{layout.name} has no history on this target.")
    elif layout.layout.record is Record.NEWEST and applied:
        notes.append(
            f"{layout.name} records only the newest version, so every file up to it counts as applied."
        )
    notes += (note for status in found.statuses for note in _notes(status, layout.name))
    migrations = tuple(status.migration for status in applied if status.migration is not None)
    return ToolScripts(migrations, tuple(notes), frozenset(found.places))


def _notes(status: MigrationStatus, tool: str) -> Iterator[str]:
    if status.state is State.EDITED:
        yield f"{status.name} was edited after {tool} ran it; koonj compares the file."
    if status.state is State.PENDING and status.note:
        yield f"{status.name} is pending ({status.note}); koonj compares without it."
    if status.state is State.FAILED:
        note = f" ({status.note})" if status.note else ""
        yield f"{status.name} failed{note}, so the target might contain only a part of it."
