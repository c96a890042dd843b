"""A history entry before it is written. Apart from the history, because a read does not need it."""

from __future__ import annotations

from dataclasses import dataclass

from koonj.migrations.history_entry import Action, Outcome


@dataclass(frozen=True, slots=True)
class NewHistoryEntry:
    """A new history entry before it is written."""

    name: str
    action: Action
    outcome: Outcome
    script: str
    """Whole text of the file that runs."""
    file_hash: str
    statements_hash: str
    rollback_hash: str
    statements_done: int
    statements_total: int
    os_user: str
    host: str
    version: str
    run_id: str
    reason: str | None = None
    allowed: str | None = None
    error: str | None = None
    sqlstate: str | None = None
    elapsed: float = 0.0
    """Seconds between the start of the migration and that of the transaction that writes the entry.

    If `transactional` is false, until the entry is written.
    """
    transactional: bool = False
    """Whether the entry is written in the same transaction as the script."""
