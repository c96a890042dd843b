"""Write the history entries of a migration that runs."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import psycopg

from koonj import __version__
from koonj.migrations.history_entry import Outcome
from koonj.postgres import history
from koonj.postgres.errors import error_message
from koonj.postgres.new_history_entry import NewHistoryEntry
from koonj.postgres.session import own_transaction
from koonj.runner.apply.context import RunContext
from koonj.runner.plan.work import Work
from koonj.runner.run.failure import AwaitedLock
from koonj.runner.run.lock_wait_wording import one_line


@dataclass(frozen=True, slots=True)
class Journal:
    """Writer of the history entries of one migration."""

    session: RunContext
    work: Work
    began: float | None = None
    """When the migration began (`time.monotonic`); None: when an entry is written."""

    @property
    def elapsed(self) -> float:
        """Seconds since the migration began."""
        return 0.0 if self.began is None else monotonic() - self.began

    def record(
        self,
        outcome: Outcome,
        done: int,
        *,
        error: str | None = None,
        sqlstate: str | None = None,
        transactional: bool = False,
        elapsed: float = 0.0,
    ) -> NewHistoryEntry:
        """Return a history entry; `done`: number of committed statements."""
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
            elapsed=elapsed,
            os_user=self.session.os_user,
            host=self.session.host,
            version=__version__,
            run_id=self.session.control.run_id,
            error=error,
            sqlstate=sqlstate,
            transactional=transactional,
        )

    def flight_entry(
        self, elapsed: float, *, follows: bool = False
    ) -> tuple[bytes, tuple[bytes | None, ...]]:
        """Return the statement that records the migration as done in its own transaction, and its values.

        `follows`: as for `guarded_insert`.
        """
        if self.session.tool_rows is not None:
            return self.session.tool_rows.entry(self.work)
        return history.guarded_insert(self._done(elapsed), follows=follows)

    async def record_done(self, elapsed: float) -> None:
        """Record the migration as done, in the transaction that is open.

        Raises: NotWrittenError, psycopg.Error.
        """
        if self.session.tool_rows is not None:
            await self.session.tool_rows.write(self.session.conn, self.work)
        else:
            await history.insert(self.session.conn, self._done(elapsed))

    @property
    def place(self) -> str:
        """What the migration is recorded in, for the user: ``entry in koonj.history``."""
        rows = self.session.tool_rows
        return "entry in koonj.history" if rows is None else f"row in {rows.table.place}"

    def _done(self, elapsed: float) -> NewHistoryEntry:
        return self.record(Outcome.DONE, self.work.total, transactional=True, elapsed=elapsed)

    async def record_failure(self, error: psycopg.Error | None) -> bool:
        """Record a failure after which no statement is committed.

        Return whether the entry was written. `error` is None if the user cancelled between two statements.
        Another tool records no failure that left nothing behind.
        """
        if self.session.tool_rows is not None:
            return True
        message = recorded_message(error, self.session.control.awaited)
        sqlstate = None if error is None else error.sqlstate
        if self.session.conn.closed:
            return False
        record = self.record(Outcome.FAILED, 0, error=message, sqlstate=sqlstate, elapsed=self.elapsed)
        try:
            async with own_transaction(self.session.conn, self.session.target):
                await history.insert(self.session.conn, record)
        except psycopg.Error:
            return False
        return True


def recorded_message(error: psycopg.Error | None, awaited: AwaitedLock | None = None) -> str:
    """Return the message that the history records; None means cancelled by the user.

    `awaited`: the lock that the failed statement waited for.
    """
    message = "cancelled" if error is None else error_message(error)
    if awaited is None or error is None or error.sqlstate not in WAITED:
        return message
    return f"{message}\n{one_line(awaited)}"


WAITED = frozenset({"55P03", "40P01", "57014"})
"""SQLSTATEs of a statement that ended while it waited: lock timeout, deadlock, cancelled."""
