"""What a request means once everything that it allows is decided, and what history will hold of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from koonj import __version__
from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import Action, HistoryEntry, Outcome
from koonj.migrations.state_rules import MigrationStatus, states
from koonj.runner.plan.selection import Selection, select
from koonj.runner.run.events import Conflict
from koonj.runner.run.request import Request


@dataclass(frozen=True, slots=True)
class Decision:
    """A conflict that this run was told to pass."""

    status: MigrationStatus
    conflict: Conflict

    @property
    def key(self) -> tuple[str, str]:
        """What was decided about what: file name and state."""
        return self.status.name, self.conflict.state


@dataclass(frozen=True, slots=True)
class DecidedSelection:
    """The states, what is selected, and the decisions that led there."""

    statuses: tuple[MigrationStatus, ...]
    selection: Selection
    decisions: tuple[Decision, ...]


def decide(folder: Folder, entries: Sequence[HistoryEntry], request: Request) -> DecidedSelection:
    """Decide, look again, until nothing that is allowed is undecided.

    A decision can uncover another one: a migration that is a duplicate and late has two things to be decided,
    and shows one at a time.
    """
    known = list(entries)
    decisions: list[Decision] = []
    while True:
        statuses = states(folder, known)
        selection = select(statuses, known, request)
        fresh = _allowed(statuses, selection, request, {decision.key for decision in decisions})
        if not fresh:
            return DecidedSelection(statuses, selection, tuple(decisions))
        decisions.extend(fresh)
        next_id = 1 + max((entry.id for entry in known), default=0)
        known.extend(as_history_entry(d, next_id + n, request.reason or "") for n, d in enumerate(fresh))


def _allowed(
    statuses: Sequence[MigrationStatus], selection: Selection, request: Request, already: set[tuple[str, str]]
) -> list[Decision]:
    by_name = {status.name: status for status in statuses}
    return [
        Decision(by_name[conflict.name], conflict)
        for conflict in selection.conflicts
        if conflict.can_allow
        and conflict.state in request.allow
        and (conflict.name, conflict.state) not in already
    ]


def as_history_entry(decision: Decision, entry_id: int, reason: str) -> HistoryEntry:
    """The entry that history will hold once the decision is written."""
    file_hash, statements_hash, rollback_hash = hashes_of(decision.status)
    now = datetime.now(UTC)
    return HistoryEntry(
        id=entry_id,
        name=decision.status.name,
        action=Action.ALLOW,
        outcome=Outcome.DONE,
        file_hash=file_hash,
        statements_hash=statements_hash,
        rollback_hash=rollback_hash,
        statements_done=0,
        statements_total=0,
        started=now,
        finished=now,
        reason=reason,
        allowed=decision.conflict.state,
        error=None,
        sqlstate=None,
        transaction_id=None,
        database_role="",
        os_user="",
        host="",
        version=__version__,
        run_id="",
    )


def hashes_of(status: MigrationStatus) -> tuple[str, str, str]:
    """Hashes of file, statements and rollback: of the file as it is now, or, if it is gone, as recorded."""
    if status.migration is not None:
        prints = status.migration.fingerprints
        return prints.file, prints.statements, prints.rollback
    if status.last_entry is not None:
        return status.last_entry.file_hash, status.last_entry.statements_hash, status.last_entry.rollback_hash
    return "", "", ""
