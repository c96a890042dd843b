"""The status of one migration on one target."""

from dataclasses import dataclass

from koonj.migrations.history_entry import HistoryEntry
from koonj.migrations.migration import Migration
from koonj.migrations.states import State

DECISIVE = frozenset(
    {
        State.LATE,
        State.EDITED,
        State.MISSING,
        State.RENAMED,
        State.DUPLICATE,
        State.RUNNING,
        State.INTERRUPTED,
    }
)
"""States that are conflicts until the user allows them."""


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """Status of one migration on one target."""

    number: int
    name: str
    state: State
    migration: Migration | None
    """Migration file; None if there is no file."""
    last_entry: HistoryEntry | None
    """History entry that decides the state; None if the migration was never run."""
    applied: bool
    """Whether the body is in the database. Also true if a rollback stopped before its end."""
    allowed: bool
    """Whether a decision of the user covers the current state."""
    note: str = ""
    """More about the state, in words; empty if there is nothing to add."""
    continues: bool = False
    """In the state `interrupted`: the target shows what it committed, so that the next run continues."""
    renamed_from: str = ""
    """In the state `renamed`: the file name under which it ran."""


_DIFFERS = frozenset({State.EDITED, State.COSMETIC, State.ROLLBACK_EDITED, State.MISSING})
_STOPPED = frozenset({State.INTERRUPTED, State.FAILED})


def can_restore(status: MigrationStatus) -> bool:
    """Return whether a target has recorded another text for the file, or another name."""
    entry, migration = status.last_entry, status.migration
    if entry is None:
        return False
    if status.state in _STOPPED:  # the next run continues only in the text that was stopped
        partial = status.state is State.INTERRUPTED or entry.statements_done > 0
        return partial and (migration is None or migration.file_hash != entry.file_hash)
    return status.state in _DIFFERS or status.state is State.RENAMED
