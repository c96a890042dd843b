"""A migration in one transaction, together with its history row: both or neither."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from time import monotonic

import psycopg

from koonj.migrations.history_entry import Outcome
from koonj.postgres import history
from koonj.postgres.errors import RETRIED, error_message, is_lost
from koonj.postgres.session import begin, check_deferred, commit, fence, roll_back
from koonj.runner.apply.commit_outcome import CommitOutcome, fate_of
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.failure import MigrationError, next_steps, of_cancel, of_error
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.lock import LockLostError, keep_lock
from koonj.runner.apply.statement import StatementError, execute, hearing
from koonj.runner.plan.work import Work
from koonj.runner.run.events import Event, Failure, MigrationFinished, Notice, Retrying
from koonj.runner.run.run import Cancelled


class CommitError(Exception):
    """BEGIN, the history row or COMMIT failed, rather than a statement of the file."""

    def __init__(
        self, error: psycopg.Error, transaction_id: str | None = None, *, recording: bool = False
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.recording = recording
        """The history row could not be written."""
        self.transaction_id = transaction_id
        """Of the transaction whose COMMIT was sent; None where it was not."""


async def run_transaction(session: RunContext, work: Work) -> AsyncIterator[Event]:
    """Run it; again after a lock timeout where the file says so. Raises MigrationError, Cancelled."""
    journal, begun = Journal(session, work), monotonic()
    for attempt in range(1, work.retries + 2):
        try:
            async for event in _attempt(journal):
                yield event
            break
        except (StatementError, CommitError) as error:
            if not _again(journal, error, attempt):
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
    yield MigrationFinished(work.migration.name, work.direction, monotonic() - begun, work.total)


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
    said: list[Notice] = []
    with hearing(session.conn, work.planned.name, said.append):
        await _commit(journal)
    for notice in said:  # of triggers that were deferred until now
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


def _again(journal: Journal, error: StatementError | CommitError, attempt: int) -> bool:
    if journal.session.control.cancelled or journal.session.conn.closed:
        return False
    return attempt <= journal.work.retries and error.error.sqlstate in RETRIED


def _retrying(work: Work, error: StatementError | CommitError, attempt: int) -> Retrying:
    pause = random.uniform(0.5, 1.0) * min(2.0**attempt, 30.0)  # noqa: S311 - jitter, not a secret
    message = error_message(error.error)
    state = error.error.sqlstate or ""
    return Retrying(work.migration.name, attempt + 1, work.retries + 1, state, message, pause)


async def _give_up(journal: Journal, error: StatementError | CommitError) -> None:
    """Return where the transaction is committed after all. Raises MigrationError where not, or unknown."""
    if isinstance(error, CommitError):
        await _after_commit_error(journal, error)
        return
    await roll_back(journal.session.conn)
    raise MigrationError(await _rolled_back(journal, error)) from error


async def _after_commit_error(journal: Journal, error: CommitError) -> None:
    cause, fate = error.error, CommitOutcome.ROLLED_BACK
    if is_lost(cause) and error.transaction_id is not None:
        fate = await fate_of(journal.session, error.transaction_id)
    if fate is CommitOutcome.COMMITTED:
        return
    await roll_back(journal.session.conn)
    if fate is CommitOutcome.ROLLED_BACK:
        raise MigrationError(await _rolled_back(journal, error)) from cause
    name = journal.work.migration.name
    state = (
        f"Unknown: the connection was lost while {name} was being committed, and the target does not answer. "
        "It is committed whole, with its history row, or not at all."
    )
    asking = (f"When the target answers again, its history knows: koonj status{journal.work.where}",)
    raise MigrationError(of_error(journal.work, cause, state=state, next_steps=asking)) from cause


async def _rolled_back(journal: Journal, error: StatementError | CommitError) -> Failure:
    cause, name = error.error, journal.work.migration.name
    state = f"Nothing of {name} is committed: its transaction was rolled back."
    if isinstance(error, CommitError) and error.recording:
        state = f"Its row in koonj.history could not be written. {state}"
    if is_lost(cause):
        state = (
            f"The connection was lost. Nothing of {name} is committed: "
            "the server rolls a transaction back whose client is gone."
        )
    elif not await journal.failed(cause):
        state += " The failure itself could not be written to history."
    where = error if isinstance(error, StatementError) else cause
    return of_error(journal.work, where, state=state, next_steps=next_steps(journal.work, 0))


async def _pause(journal: Journal, seconds: float) -> None:
    try:
        await journal.session.control.pause(seconds)
    except Cancelled as error:
        raise MigrationError(await _cancelled(journal)) from error


async def _cancelled(journal: Journal) -> Failure:
    """Cancelled between two statements."""
    await journal.failed(None)
    state = f"Nothing of {journal.work.migration.name} is committed: its transaction was rolled back."
    return of_cancel(journal.work, state, 0)
