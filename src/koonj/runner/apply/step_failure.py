"""Record the failure of a migration that runs outside a single transaction."""

from __future__ import annotations

import psycopg

from koonj.migrations.history_entry import Outcome
from koonj.postgres import history
from koonj.postgres.errors import CrowdedError, TargetError, is_lost
from koonj.postgres.overview import overview
from koonj.postgres.session import clean, own_transaction
from koonj.runner.apply.failure import done_lines, failure_of_cancel, failure_of_error, next_steps
from koonj.runner.apply.invalid_index import invalid_index_sentence
from koonj.runner.apply.journal import Journal, recorded_message
from koonj.runner.apply.lost_connection import LostEnd, find_end
from koonj.runner.apply.statement import StatementError
from koonj.runner.apply.transaction_failure import blame_crowd
from koonj.runner.evidence.interruption import Interruption, find_interruptions
from koonj.runner.run.failure import Failure
from koonj.runner.run.run import Control
from koonj.sql.statements import Statement
from koonj.sql.transactions import might_commit


class StepError(Exception):
    """Raised when a step fails."""

    def __init__(
        self, error: StatementError | psycopg.Error, *, done: int = 0, is_undone: bool = False
    ) -> None:
        super().__init__(str(error))
        self.is_undone = is_undone
        """Nothing of the step took effect, so that it can run again."""
        self.error = error
        self.done = done
        """Number of statements that are committed, if the history does not have it yet; otherwise 0."""

    def blame_crowd(self, control: Control) -> None:
        """As `transaction_failure.blame_crowd`."""
        if isinstance(self.error, StatementError):
            blame_crowd(control, self.error)
        elif control.crowd and not control.cancelled and self.error.sqlstate == CrowdedError.sqlstate:
            self.error = CrowdedError(control.crowd)

    @property
    def cause(self) -> psycopg.Error:
        """Error of the server or the connection."""
        return self.error.error if isinstance(self.error, StatementError) else self.error


async def record_step_failure(journal: Journal, entry_id: int, done: int, error: StepError) -> Failure | None:
    """Return the failure after `done` committed statements, and record it.

    If the connection was lost, the target is asked what is committed. Return None if all of it is.
    """
    work, cause = journal.work, error.cause
    if is_lost(cause) or journal.session.conn.closed:
        return await _lost(journal, entry_id, done, error)
    state = _committed(journal, done)
    if isinstance(error.error, StatementError) and not error.done:
        state += _part_of(journal, error.error)
    left = None
    if not await _record_end(journal, entry_id, done, cause):
        state += _NOT_RECORDED
    elif isinstance(error.error, StatementError) and not journal.session.conn.closed:
        left, words = await _left_behind(journal, entry_id, error.error.numbered.statement)
        state += words
    cancelled = journal.session.control.cancelled
    return failure_of_error(
        work,
        error.error,
        state=state,
        next_steps=next_steps(work, done, cause, cancelled=cancelled, left=left),
        committed=done_lines(work, done),
    )


async def _left_behind(
    journal: Journal, entry_id: int, statement: Statement
) -> tuple[Interruption | None, str]:
    """Return what a failed statement left, if the next run repairs it, and a sentence about what is left.

    Only a CONCURRENTLY statement leaves something.
    """
    conn, target = journal.session.conn, journal.session.target
    if not statement.is_concurrent:
        return None, ""
    try:
        async with overview(conn, target) as seen:
            entries = await history.read_entries(conn, seen.history, end=True)
        left = (await find_interruptions(conn, target, entries)).get(entry_id)
    except (TargetError, psycopg.Error):
        left = None
    if left is None or left.evidence is None:
        return None, await invalid_index_sentence(conn, statement)
    return left, f" {left.evidence.text}"


async def _lost(journal: Journal, entry_id: int, done: int, error: StepError) -> Failure | None:
    """Return the failure after a lost connection; None if everything turns out to be committed."""
    work, cause = journal.work, error.cause
    end = await find_end(journal, entry_id, done, cause)
    if end.complete:
        return None
    cancelled = journal.session.control.cancelled
    return failure_of_error(
        work,
        error.error,
        state=_state_of(journal, end),
        next_steps=next_steps(
            work, end.done, cause, cancelled=cancelled, left=end.left, unknown=not end.is_known
        ),
        committed=done_lines(work, end.done),
    )


def _state_of(journal: Journal, end: LostEnd) -> str:
    """Return what is committed after a lost connection, in sentences."""
    state = _committed(journal, end.done)
    if end.is_known:
        return f"{state} {end.words}".rstrip()
    if end.reached:
        return f"At least {state} {end.words}".rstrip()
    return f"At least {state} It is unknown whether more is: the target does not respond."


async def record_step_cancel(journal: Journal, entry_id: int, done: int) -> Failure | None:
    """Return the failure of a cancel after `done` committed statements; record it.

    Return None if the migration turns out to be done.
    """
    if journal.session.conn.closed:
        end = await find_end(journal, entry_id, done, None)
        return None if end.complete else failure_of_cancel(journal.work, _state_of(journal, end), end.done)
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
            return await _write(journal, entry_id, done, error)
        except psycopg.Error:
            continue
    return False


async def _write(journal: Journal, entry_id: int, done: int, error: psycopg.Error | None) -> bool:
    session = journal.session
    if session.conn.closed:
        end = await find_end(journal, entry_id, done, error)
        return end.is_known
    await clean(session.conn, session.target)
    outcome = Outcome.DONE if done == journal.work.total else Outcome.FAILED
    message = None if outcome is Outcome.DONE else recorded_message(error, session.control.awaited)
    sqlstate = None if outcome is Outcome.DONE or error is None else error.sqlstate
    async with own_transaction(session.conn, session.target):
        await history.finish(session.conn, entry_id, outcome, done, error=message, sqlstate=sqlstate)
    return True
