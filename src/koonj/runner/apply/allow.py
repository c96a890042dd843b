"""Record decisions (allow and override) in the history."""

from __future__ import annotations

from koonj import __version__
from koonj.migrations.history_entry import Action, Outcome, allowed_text
from koonj.postgres import history
from koonj.postgres.new_history_entry import NewHistoryEntry
from koonj.postgres.session import own_transaction
from koonj.runner.apply.context import RunContext
from koonj.runner.plan.decisions import Decision, hashes_of
from koonj.runner.run.events import DecisionRecorded


async def record_decision(session: RunContext, decision: Decision, reason: str) -> DecisionRecorded:
    """Record a decision and its reason, with the hashes of the file that it is about."""
    status, state = decision.status, decision.conflict.state
    file_hash, statements_hash, rollback_hash = hashes_of(status)
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
        os_user=session.os_user,
        host=session.host,
        version=__version__,
        run_id=session.control.run_id,
        reason=reason,
        allowed=allowed_text(state, status.renamed_from),
    )
    async with own_transaction(session.conn, session.target):
        await history.insert(session.conn, row)
    return DecisionRecorded(status.name, state, reason)
