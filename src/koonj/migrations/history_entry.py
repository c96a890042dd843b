"""History entries: what koonj recorded about each migration on one target.

`postgres.history` reads and writes the rows of ``koonj.history``. The values are defined here because the
states of migrations are computed from them, without a database.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Action(StrEnum):
    """Kind of a history entry."""

    APPLY = "apply"
    ROLLBACK = "rollback"
    ADOPT = "adopt"
    """The target had the objects of the migration before koonj; recorded as applied, with the evidence."""
    ALLOW = "allow"
    """Decision of the user about a late, edited, missing, renamed, duplicate or interrupted migration, with a
    reason.
    """


INTERRUPTED = "interrupted"
"""Recorded error of an entry whose run was interrupted, when it was found out what it had committed."""


UNBLOCKED = "unblock"
"""What an entry with the action `allow` allowed if it is about a blocking session: its end, or that of its
statement. It decides about no migration.
"""


class Outcome(StrEnum):
    """Recorded outcome of a history entry."""

    STARTED = "started"
    """Started in several transactions, without a recorded end: running now, or interrupted."""
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One row of ``koonj.history``, without the script."""

    id: int
    """Ascending, in the order in which the entries were recorded."""
    name: str
    """File name of the migration, such as ``016_add_status.sql``: its identity."""
    action: Action
    outcome: Outcome
    file_hash: str
    """SHA-256 of the raw bytes of the file that ran, in hexadecimal."""
    statements_hash: str
    """SHA-256 of the body's tokens without comments and white space, in hexadecimal."""
    rollback_hash: str
    """The same hash for the rollback. If there is no rollback, the hash of no tokens."""
    statements_done: int
    """Number of statements that are known to be committed."""
    statements_total: int
    started: datetime
    finished: datetime | None
    reason: str | None
    """Why the user allowed the state; of an adoption, the evidence. Else None."""
    allowed: str | None
    """State that the user allowed, such as ``edited``. None for entries that are not decisions."""
    error: str | None
    sqlstate: str | None
    transaction_id: str | None
    """xid8, as text, of the transaction that ran the script. None if there was not exactly one."""
    database_role: str
    os_user: str
    host: str
    version: str
    """Version of koonj."""
    run_id: str
    """UUID that all entries of one run share."""
    renamed_from: str | None = None
    """File name under which the migration ran, if the user allowed ``renamed``."""


def allowed_text(state: str, renamed_from: str) -> str:
    """Return the state of a decision as the history stores it: ``renamed 002_t.sql`` has the earlier name."""
    return f"{state} {renamed_from}" if renamed_from else state


def split_allowed(text: str | None) -> tuple[str | None, str | None]:
    """Return the state that the user allowed, and the earlier name of a renamed file."""
    state, _, renamed_from = (text or "").partition(" ")
    return state or None, renamed_from or None


def entries_with_earlier_names(entries: Iterable[HistoryEntry], name: str) -> tuple[HistoryEntry, ...]:
    """Return the entries of a migration, also those under its earlier names, in their order."""
    all_entries = tuple(entries)
    names = {name}
    for entry in reversed(all_entries):
        if entry.name in names and entry.renamed_from:
            names.add(entry.renamed_from)
    return tuple(entry for entry in all_entries if entry.name in names)
