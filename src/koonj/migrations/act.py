"""Entries: what history says was done to a migration on one target.

The rows live in ``koonj.history`` and are read by ``postgres.history``; they are values here because the
states are worked out from them, below the database.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Action(StrEnum):
    """What an entry did."""

    APPLY = "apply"
    ROLLBACK = "rollback"
    ADOPT = "adopt"
    ALLOW = "allow"
    """A person's decision about a late, edited, missing, duplicate or interrupted one, with its reason."""


class Outcome(StrEnum):
    """How an entry ended, as far as the target knows."""

    STARTED = "started"
    """Begun outside a single transaction, its end not recorded: running now, or interrupted."""
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One row of ``koonj.history``, without the long texts."""

    id: int
    """Ascending in the order in which entries were recorded."""
    name: str
    """The migration's file name, such as ``016_add_status.sql``: its identity."""
    action: Action
    outcome: Outcome
    file_hash: str
    """sha256 of the raw bytes that ran, hex."""
    statements_hash: str
    """sha256 of the body's tokens without comments and white space, hex."""
    rollback_hash: str
    """The same of the rollback script; of no tokens where there is none."""
    statements_done: int
    """How many statements are known to have been committed."""
    statements_total: int
    started: datetime
    finished: datetime | None
    reason: str | None
    """Of an allow: why, in the person's words."""
    allowed: str | None
    """Of an allow: the state that was allowed, such as ``edited``."""
    error: str | None
    sqlstate: str | None
    transaction_id: str | None
    """The xid8 of the transaction that carried the entry, as text; None where there was not one."""
    database_role: str
    os_user: str
    host: str
    version: str
    """koonj's version."""
    run_id: str
    """One uuid for all entries of one run."""
