"""Apply the decisions of a request to the states of the migrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from koonj import __version__
from koonj.migrations.folder import Folder
from koonj.migrations.history_entry import Action, HistoryEntry, Outcome
from koonj.migrations.state_rules import MigrationStatus, states
from koonj.runner.plan.selection import Selection, select
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.request import Request


@dataclass(frozen=True, slots=True)
class Decision:
    """Conflict that is allowed or overridden in this run."""

    status: MigrationStatus
    conflict: Conflict

    @property
    def key(self) -> tuple[str, str]:
        """File name and state that the decision is about."""
        return self.status.name, self.conflict.state


@dataclass(frozen=True, slots=True)
class DecidedSelection:
    """States and selection of a request, after its decisions."""

    statuses: tuple[MigrationStatus, ...]
    selection: Selection
    decisions: tuple[Decision, ...]


def decide(folder: Folder, entries: Sequence[HistoryEntry], request: Request) -> DecidedSelection:
    """Select the migrations of a request, with all conflicts decided that it allows.

    One decision can reveal the next conflict: a migration that is both duplicate and late shows one state at
    a time. So this repeats until no allowed conflict is left.
    """
    known = list(entries)
    decisions: list[Decision] = []
    while True:
        statuses = states(folder, known)
        selection = select(statuses, known, request)
        new = _new_decisions(statuses, selection, request, {decision.key for decision in decisions})
        if not new:
            return DecidedSelection(statuses, selection, tuple(decisions))
        decisions.extend(new)
        next_id = 1 + max((entry.id for entry in known), default=0)
        known.extend(
            as_history_entry(d, next_id + n, request.reason_of(d.conflict)) for n, d in enumerate(new)
        )


def _new_decisions(
    statuses: Sequence[MigrationStatus], selection: Selection, request: Request, decided: set[tuple[str, str]]
) -> list[Decision]:
    by_name = {status.name: status for status in statuses}
    new = [
        Decision(by_name[conflict.name], conflict)
        for conflict in selection.conflicts
        if conflict.can_allow and request.allows(conflict) and (conflict.name, conflict.state) not in decided
    ]
    return sorted(new, key=partial(_moves_before, {d.status.renamed_from: d.status.name for d in new}))


def _moves_before(moves: Mapping[str, str], decision: Decision) -> int:
    """Return the number of renames to record before this one: 003 must be free before 002 gets the name."""
    name, length = decision.status.name, 0
    while decision.status.renamed_from and name in moves:
        name, length = moves[name], length + 1
    return length


def as_history_entry(decision: Decision, entry_id: int, reason: str) -> HistoryEntry:
    """Return the history entry that the decision will have when it is recorded."""
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
        renamed_from=decision.status.renamed_from or None,
        transaction_id=None,
        database_role="",
        os_user="",
        host="",
        version=__version__,
        run_id="",
    )


def hashes_of(status: MigrationStatus) -> tuple[str, str, str]:
    """Return the hashes of file, statements and rollback.

    They are those of the current file or, if it is missing, those that the history recorded.
    """
    if status.migration is not None:
        prints = status.migration.fingerprints
        return prints.file, prints.statements, prints.rollback
    if status.last_entry is not None:
        return status.last_entry.file_hash, status.last_entry.statements_hash, status.last_entry.rollback_hash
    return "", "", ""
