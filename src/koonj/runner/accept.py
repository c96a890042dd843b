"""A person's decision to pass a state: as a history row with its reason, and as what it will be taken for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from time import time

from koonj import __version__
from koonj.migrations.act import Act, Action, Outcome
from koonj.migrations.state import Entry
from koonj.postgres import history
from koonj.postgres.history import Record
from koonj.postgres.session import own_transaction
from koonj.runner.events import Accepted, Obstacle
from koonj.runner.session import Session


@dataclass(frozen=True, slots=True)
class Decision:
    """An obstacle that this run was told to pass."""

    entry: Entry
    obstacle: Obstacle

    @property
    def key(self) -> tuple[str, str]:
        """What was decided about what: file name and state."""
        return self.entry.name, self.obstacle.state


async def accept(session: Session, decision: Decision, reason: str) -> Accepted:
    """Write that a state was seen and is passed: of the file as it is now, or, if it is gone, as recorded."""
    entry, state = decision.entry, decision.obstacle.state
    file_hash, statements_hash, rollback_hash = _hashes(entry)
    row = Record(
        name=entry.name,
        action=Action.ACCEPT,
        outcome=Outcome.DONE,
        script="" if entry.migration is None else entry.migration.text,
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
        accepted=state,
    )
    async with own_transaction(session.conn, session.target):
        await history.insert(session.conn, row)
    return Accepted(entry.name, state, reason)


def as_act(decision: Decision, act_id: int, reason: str) -> Act:
    """The act that history will hold once the decision is written."""
    file_hash, statements_hash, rollback_hash = _hashes(decision.entry)
    now = datetime.now(UTC)
    return Act(
        id=act_id,
        name=decision.entry.name,
        action=Action.ACCEPT,
        outcome=Outcome.DONE,
        file_hash=file_hash,
        statements_hash=statements_hash,
        rollback_hash=rollback_hash,
        statements_done=0,
        statements_total=0,
        started=now,
        finished=now,
        reason=reason,
        accepted=decision.obstacle.state,
        error=None,
        sqlstate=None,
        transaction_id=None,
        database_role="",
        os_user="",
        host="",
        version=__version__,
        run_id="",
    )


def _hashes(entry: Entry) -> tuple[str, str, str]:
    if entry.migration is not None:
        prints = entry.migration.fingerprints
        return prints.file, prints.statements, prints.rollback
    if entry.act is not None:
        return entry.act.file_hash, entry.act.statements_hash, entry.act.rollback_hash
    return "", "", ""
