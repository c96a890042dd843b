"""Say what of a migration can be in the database of a target."""

from __future__ import annotations

from koonj.migrations.history_entry import Outcome
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.sql.transactions import Mode

_STARTED = frozenset({State.RUNNING, State.INTERRUPTED})


def use_words(status: MigrationStatus) -> str:
    """Return how a target has used the migration: ``is applied``; empty if nothing of it is there."""
    if status.renamed_from:
        return f"is applied as {status.renamed_from}"
    if status.applied:
        return "is applied"
    if status.state in _STARTED:
        return f"is {status.state}"
    failed = status.last_entry is not None and status.last_entry.outcome is Outcome.FAILED
    return "failed and can have left a part of it" if failed and might_be_partial(status) else ""


def might_be_partial(status: MigrationStatus) -> bool:
    """Return whether a failed attempt might have left something.

    An attempt in a single transaction cannot.
    """
    if (
        status.applied
        or status.migration is None
        or status.last_entry is None
        or status.last_entry.statements_done > 0
    ):
        return True
    return status.migration.shape.mode is not Mode.ONE_TRANSACTION
