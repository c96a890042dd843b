"""Read the text that a target has recorded for a migration whose file differs from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from koonj.config import Target
from koonj.migrations.file_rename import FileRename
from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import HistoryEntry
from koonj.migrations.migration import Migration
from koonj.migrations.migration_status import MigrationStatus, can_restore
from koonj.migrations.names import TO_LIST
from koonj.migrations.state_rules import states
from koonj.postgres import history
from koonj.postgres.connector import Connector
from koonj.postgres.overview import first_look


class RestoreError(Exception):
    """Raised if a file cannot be restored. The message says why, the hint what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NothingToRestoreError(RestoreError):
    """Raised if the file does not differ from what the target has recorded."""


@dataclass(frozen=True, slots=True)
class Restoration:
    """The recorded text of a migration, and the file as it was read."""

    status: MigrationStatus
    recorded: Migration
    """The migration with the text that ran."""
    entry: HistoryEntry
    """The history entry that recorded it."""
    rename: FileRename | None = None
    """For a renamed file: what gives it its earlier name. Its text stays as it is."""

    @property
    def name(self) -> str:
        """File name of the migration."""
        return self.status.name

    @property
    def before(self) -> bytes | None:
        """The bytes of the file; None if it is missing."""
        return None if self.status.migration is None else self.status.migration.raw

    @property
    def is_exact(self) -> bool:
        """Whether the recorded text has exactly the bytes that ran."""
        return self.recorded.file_hash == self.entry.file_hash


async def read_restoration(
    connector: Connector, target: Target, folder: Folder, number: int, name: str | None = None
) -> Restoration:
    """Return the text that was applied for one migration. Changes nothing.

    Args:
        connector: connects to the target.
        target: the target whose history has the text.
        folder: the migrations.
        number: number of the migration.
        name: its file name; None if the number is enough.

    Raises: RestoreError; ConnectError; HistoryError, for example if this role may not read the text.
    """
    async with first_look(connector, target, name="koonj restore") as (conn, found):
        entries = await history.read_entries(conn, found.history)
        status = _found(states(folder, entries), number, name)
        entry = _recorded_entry(target, status)
        text = await history.read_script(conn, entry.id, found.history, end=True)
    if text is None:
        raise RestoreError(f"The history on {target.name} no longer has the text of {status.name}.")
    recorded = Migration.from_recorded(entry.name, text)
    return Restoration(status, recorded, entry, _rename(folder, status))


def _found(statuses: Sequence[MigrationStatus], number: int, name: str | None) -> MigrationStatus:
    """Return the status of one migration.

    Raises: RestoreError if there is none, or several.
    """
    same = [s for s in statuses if (s.number == number if name is None else s.name == name)]
    if not same:
        what = f"number {number}" if name is None else f"file name {name}"
        raise RestoreError(f"Neither a file nor the history has a migration with the {what}.", TO_LIST)
    different = [status for status in same if can_restore(status)]
    if len(different) == 1:
        return different[0]
    if len(same) > 1:
        names = ", ".join(status.name for status in same)
        raise RestoreError(
            f"{len(same)} migrations have the number {number}: {names}.",
            "Use the file name instead of the number.",
        )
    return same[0]


def _recorded_entry(target: Target, status: MigrationStatus) -> HistoryEntry:
    if status.last_entry is not None and can_restore(status):
        return status.last_entry
    words = status.state.replace("_", " ")
    raise NothingToRestoreError(f"{status.name} is {words} on {target.name}: there is nothing to restore.")


def _rename(folder: Folder, status: MigrationStatus) -> FileRename | None:
    """Return what gives a renamed file its earlier name.

    Raises: RestoreError if another file has that name.
    """
    if not status.renamed_from:
        return None
    if any(migration.name == status.renamed_from for migration in folder.migrations):
        raise RestoreError(
            f"{status.name} was {status.renamed_from}, and another file has that name now.",
            f"Give that file the next free number: koonj renumber {status.renamed_from}",
        )
    return FileRename(status.name, status.renamed_from)
