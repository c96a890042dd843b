"""Run a migration in one transaction, together with its history entry.

Either both are committed, or neither.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from time import monotonic

import psycopg

from koonj.migrations.history_entry import Outcome
from koonj.postgres import history
from koonj.postgres.errors import RETRIED, error_message, is_lost
from koonj.postgres.session import begin, check_deferred, commit, fence, roll_back
from koonj.runner.apply.commit_outcome import CommitOutcome, find_commit_outcome
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.failure import MigrationError, failure_of_cancel, failure_of_error, next_steps
from koonj.runner.apply.journal import Journal, open_journal
from koonj.runner.apply.lock import LockLostError, keep_lock
from koonj.runner.apply.statement import StatementError, execute, forward_notices
from koonj.runner.plan.work import Work
from koonj.runner.run.events import Event, Failure, MigrationFinished, Notice, Retrying
from koonj.runner.run.run import Cancelled


class CommitError(Exception):
    """Raised when BEGIN, COMMIT or the history entry fails, not a statement."""

    def __init__(
        self, error: psycopg.Error, transaction_id: str | None = None, *, recording: bool = False
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.recording = recording
        """The history entry could not be written."""
        self.transaction_id = transaction_id
        """Id of the transaction if its COMMIT was sent, otherwise None."""


async def run_transaction(session: RunContext, work: Work) -> AsyncIterator[Event]:
    """Run the migration; retry it as often as the file allows.

    Only the errors in RETRIED are retried: the SQL is not their cause.

    Raises:
        MigrationError: The migration failed, or the user cancelled.
        LockLostError: The migration released the koonj lock and another run took it.
    """
    start = monotonic()
    journal = await open_journal(session, work)
    for attempt in range(1, work.retries + 2):
        try:
            async for event in _attempt(journal):
                yield event
            break
        except (StatementError, CommitError) as error:
            if not _should_retry(journal, error, attempt):
                await _give_up(journal, error)
                break
            await roll_back(session.conn)
            retrying = _retrying(work, error, attempt)
            yield retrying
            await _pause(journal, retrying.delay)
        except LockLostError:
            await roll_back(session.conn)
            raise
        except Cancelled as error:
            await roll_back(session.conn)
            raise MigrationError(await _cancelled(journal)) from error
    yield MigrationFinished(work.migration.name, work.direction, monotonic() - start, work.total)


async def _attempt(journal: Journal) -> AsyncIterator[Event]:
    session, work = journal.session, journal.work
    opening = work.steps[0].step.begin if work.steps else None
    try:
        text = None if opening is None else opening.text
        await begin(session.conn, text, work.planned.lock_timeout, work.statement_timeout)
    except psycopg.Error as error:
        raise CommitError(error) from error
    for step in work.steps:
        for numbered in step.statements:
            async for event in execute(session.conn, session.control, work, numbered):
                yield event
    session.control.check()
    notices: list[Notice] = []
    with forward_notices(session.conn, work.planned.name, notices.append):
        await _commit(journal)
    for notice in notices:  # from deferred triggers
        yield notice


async def _commit(journal: Journal) -> None:
    conn = journal.session.conn
    try:
        await check_deferred(conn)
    except psycopg.Error as error:
        raise CommitError(error) from error
    try:
        await fence(conn, journal.session.target, journal.work.planned.lock_timeout)
        await keep_lock(journal.session)
        row = journal.record(Outcome.DONE, journal.work.total, transactional=True)
        _, transaction_id = await history.insert(conn, row)
    except psycopg.Error as error:
        raise CommitError(error, recording=True) from error
    try:
        await commit(conn)
    except psycopg.Error as error:
        raise CommitError(error, transaction_id) from error


def _should_retry(journal: Journal, error: StatementError | CommitError, attempt: int) -> bool:
    if journal.session.control.cancelled or journal.session.conn.closed:
        return False
    return attempt <= journal.work.retries and error.error.sqlstate in RETRIED


def _retrying(work: Work, error: StatementError | CommitError, attempt: int) -> Retrying:
    delay = random.uniform(0.5, 1.0) * min(2.0**attempt, 30.0)  # noqa: S311 - jitter, not a secret
    message = error_message(error.error)
    sqlstate = error.error.sqlstate or ""
    return Retrying(work.migration.name, attempt + 1, work.retries + 1, sqlstate, message, delay)


async def _give_up(journal: Journal, error: StatementError | CommitError) -> None:
    """Return if the transaction turns out to be committed.

    Raises:
        MigrationError: The transaction was rolled back, or its outcome is unknown.
    """
    if isinstance(error, CommitError):
        await _after_commit_error(journal, error)
        return
    await roll_back(journal.session.conn)
    raise MigrationError(await _rolled_back(journal, error)) from error


async def _after_commit_error(journal: Journal, error: CommitError) -> None:
    cause, outcome = error.error, CommitOutcome.ROLLED_BACK
    if is_lost(cause) and error.transaction_id is not None:
        outcome = await find_commit_outcome(journal.session, error.transaction_id)
    if outcome is CommitOutcome.COMMITTED:
        return
    await roll_back(journal.session.conn)
    if outcome is CommitOutcome.ROLLED_BACK:
        raise MigrationError(await _rolled_back(journal, error)) from cause
    work = journal.work
    state = (
        f"Unknown. The connection was lost during COMMIT of {work.migration.name}, and the target does not "
        "respond. Either all of it is committed, with its history entry, or none of it."
    )
    following = (f"When the target is reachable again, run: koonj status{work.target_option}",)
    raise MigrationError(failure_of_error(work, cause, state=state, next_steps=following)) from cause


async def _rolled_back(journal: Journal, error: StatementError | CommitError) -> Failure:
    cause, name = error.error, journal.work.migration.name
    state = f"No part of {name} was committed: its transaction was rolled back."
    if isinstance(error, CommitError) and error.recording:
        state = f"Its entry in koonj.history could not be written. {state}"
    if is_lost(cause):
        state = (
            f"The connection was lost. No part of {name} was committed: "
            "the server rolls back a transaction when its client disconnects."
        )
    elif not await journal.record_failure(cause):
        state += " The failure could not be recorded in the history."
    failed = error if isinstance(error, StatementError) else cause
    following = next_steps(journal.work, 0, cause, cancelled=journal.session.control.cancelled)
    return failure_of_error(journal.work, failed, state=state, next_steps=following)


async def _pause(journal: Journal, seconds: float) -> None:
    try:
        await journal.session.control.pause(seconds)
    except Cancelled as error:
        raise MigrationError(await _cancelled(journal)) from error


async def _cancelled(journal: Journal) -> Failure:
    """Record that the user cancelled between two statements; return the failure."""
    await journal.record_failure(None)
    state = f"No part of {journal.work.migration.name} was committed: its transaction was rolled back."
    return failure_of_cancel(journal.work, state, 0)
