"""History rows as a run writes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import time

import psycopg

from koonj import __version__
from koonj.migrations.history_entry import Outcome
from koonj.postgres import history
from koonj.postgres.errors import error_message
from koonj.postgres.history import NewHistoryEntry
from koonj.postgres.session import own_transaction
from koonj.runner.apply.context import RunContext
from koonj.runner.plan.work import Work


@dataclass(frozen=True, slots=True)
class Journal:
    """The record of one migration that runs."""

    session: RunContext
    work: Work
    started: float = field(default_factory=time)
    """Unix seconds."""

    def record(
        self,
        outcome: Outcome,
        done: int,
        *,
        error: str | None = None,
        sqlstate: str | None = None,
        transactional: bool = False,
    ) -> NewHistoryEntry:
        """The migration's history row."""
        prints = self.work.migration.fingerprints
        return NewHistoryEntry(
            name=self.work.migration.name,
            action=self.work.direction.action,
            outcome=outcome,
            script=self.work.migration.text,
            file_hash=prints.file,
            statements_hash=prints.statements,
            rollback_hash=prints.rollback,
            statements_done=done,
            statements_total=self.work.total,
            started=self.started,
            os_user=self.session.os_user,
            host=self.session.host,
            version=__version__,
            run_id=self.session.control.run_id,
            error=error,
            sqlstate=sqlstate,
            transactional=transactional,
        )

    async def failed(self, error: psycopg.Error | None) -> bool:
        """Record a failure that left nothing behind; False where that could not be written."""
        message = words_of(error)
        sqlstate = None if error is None else error.sqlstate
        if self.session.conn.closed:
            return False
        record = self.record(Outcome.FAILED, 0, error=message, sqlstate=sqlstate)
        try:
            async with own_transaction(self.session.conn, self.session.target):
                await history.insert(self.session.conn, record)
        except psycopg.Error:
            return False
        return True


def words_of(error: psycopg.Error | None) -> str:
    """What history keeps of an error; None is a person's cancel between two statements."""
    return "cancelled" if error is None else error_message(error)
