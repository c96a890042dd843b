"""Record the failure of a migration that runs outside a single transaction."""

from __future__ import annotations

import psycopg

from koonj.migrations.history_entry import Outcome
from koonj.postgres import history
from koonj.postgres.connector import ConnectError
from koonj.postgres.session import clean, own_transaction
from koonj.runner.apply.failure import done_lines, failure_of_cancel, failure_of_error, next_steps
from koonj.runner.apply.invalid_index import invalid_index_sentence
from koonj.runner.apply.journal import Journal, recorded_message
from koonj.runner.apply.statement import StatementError
from koonj.runner.run.events import Failure
from koonj.sql.transactions import might_commit


class StepError(Exception):
    """Raised when a step fails."""

    def __init__(
        self, error: StatementError | psycopg.Error, *, done: int = 0, unknown: bool = False
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.done = done
        """Number of statements that are committed, if the history does not have it yet; otherwise 0."""
        self.unknown = unknown
        """The connection was lost while a statement or COMMIT was running: its outcome is unknown."""

    @property
    def cause(self) -> psycopg.Error:
        """Error of the server or the connection."""
        return self.error.error if isinstance(self.error, StatementError) else self.error


async def record_step_failure(journal: Journal, entry_id: int, done: int, error: StepError) -> Failure:
    """Return the failure after `done` committed statements, and record it.

    If the outcome of a statement is unknown, the history entry stays `started`.
    """
    work = journal.work
    state = _committed(journal, done)
    if isinstance(error.error, StatementError) and not error.done:
        state += _part_of(journal, error.error)
    if error.unknown:
        state += (
            " It is unknown whether the running statement took effect. The history entry stays `started`, "
            "and koonj shows the migration as interrupted."
        )
    elif not await _record_end(journal, entry_id, done, error.cause):
        state += _NOT_RECORDED
    elif isinstance(error.error, StatementError) and not journal.session.conn.closed:
        state += await invalid_index_sentence(journal.session.conn, error.error.numbered.statement)
    return failure_of_error(
        work,
        error.error,
        state=state,
        next_steps=next_steps(
            work, done, error.cause, cancelled=journal.session.control.cancelled, unknown=error.unknown
        ),
        committed=done_lines(work, done),
    )


async def record_step_cancel(journal: Journal, entry_id: int, done: int) -> Failure:
    """Return the failure of a cancel after `done` committed statements; record it."""
    state = _committed(journal, done)
    if not await _record_end(journal, entry_id, done, None):
        state += _NOT_RECORDED
    return failure_of_cancel(journal.work, state, done)


def _part_of(journal: Journal, error: StatementError) -> str:
    """Return a sentence if a statement that failed can have committed a part of its work."""
    numbered = error.numbered
    if journal.work.planned.statements[numbered.index - 1].in_transaction or not might_commit(
        numbered.statement
    ):
        return ""
    return f" Statement {numbered.index} can have committed a part of its work before it failed."


_NOT_RECORDED = (
    " koonj could not record this in the history: compare the history with the target before you continue."
)


def _committed(journal: Journal, done: int) -> str:
    return f"{done} of {journal.work.total} statements of {journal.work.migration.name} are committed."


async def _record_end(journal: Journal, entry_id: int, done: int, error: psycopg.Error | None) -> bool:
    """Record the end of the entry. Return whether it was written.

    Try twice: a late cancel request for the statement can stop the first attempt, or the connection is lost.
    """
    for _ in range(2):
        try:
            await _connect_and_write(journal, entry_id, done, error)
        except (psycopg.Error, ConnectError):
            continue
        return True
    return False


async def _connect_and_write(journal: Journal, entry_id: int, done: int, error: psycopg.Error | None) -> None:
    session = journal.session
    if not session.conn.closed:
        await clean(session.conn, session.target)
        await _write(journal, session.conn, entry_id, done, error)
        return
    conn = await session.connector.connect(session.target, name="koonj settle")
    async with conn:
        await _write(journal, conn, entry_id, done, error)


async def _write(
    journal: Journal, conn: psycopg.AsyncConnection, entry_id: int, done: int, error: psycopg.Error | None
) -> None:
    outcome = Outcome.DONE if done == journal.work.total else Outcome.FAILED
    message = None if outcome is Outcome.DONE else recorded_message(error)
    sqlstate = None if outcome is Outcome.DONE or error is None else error.sqlstate
    async with own_transaction(conn, journal.session.target):
        await history.finish(conn, entry_id, outcome, done, error=message, sqlstate=sqlstate)
