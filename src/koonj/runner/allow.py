"""A person's decision to pass a state: as a history row with its reason, and as what it will be taken for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from time import time

from koonj import __version__
from koonj.migrations.act import Action, HistoryEntry, Outcome
from koonj.migrations.state import MigrationStatus
from koonj.postgres import history
from koonj.postgres.history import NewHistoryEntry
from koonj.postgres.session import own_transaction
from koonj.runner.events import Conflict, DecisionRecorded
from koonj.runner.session import RunContext


@dataclass(frozen=True, slots=True)
class Decision:
    """A conflict that this run was told to pass."""

    status: MigrationStatus
    conflict: Conflict

    @property
    def key(self) -> tuple[str, str]:
        """What was decided about what: file name and state."""
        return self.status.name, self.conflict.state


async def record_decision(session: RunContext, decision: Decision, reason: str) -> DecisionRecorded:
    """Write that a state was seen and is passed: of the file as it is now, or, if it is gone, as recorded."""
    status, state = decision.status, decision.conflict.state
    file_hash, statements_hash, rollback_hash = _hashes(status)
    row = NewHistoryEntry(
        name=status.name,
        action=Action.ALLOW,
        outcome=Outcome.DONE,
        script="" if status.migration is None else status.migration.text,
        file_hash=file_hash,
        statements_hash=statements_hash,
        rollback_hash=rollback_hash,
        statements_done=0,
        statements_total=0,
        started=time(),
        os_user=session.os_user,
        host=session.host,
        version=__version__,
        run_id=session.control.run_id,
        reason=reason,
        allowed=state,
    )
    async with own_transaction(session.conn, session.target):
        await history.insert(session.conn, row)
    return DecisionRecorded(status.name, state, reason)


def as_history_entry(decision: Decision, entry_id: int, reason: str) -> HistoryEntry:
    """The entry that history will hold once the decision is written."""
    file_hash, statements_hash, rollback_hash = _hashes(decision.status)
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


def _hashes(status: MigrationStatus) -> tuple[str, str, str]:
    if status.migration is not None:
        prints = status.migration.fingerprints
        return prints.file, prints.statements, prints.rollback
    if status.last_entry is not None:
        return status.last_entry.file_hash, status.last_entry.statements_hash, status.last_entry.rollback_hash
    return "", "", ""
