"""Decide what follows when a migration in one transaction fails: once more, or a failure that is recorded."""

from __future__ import annotations

import random
from dataclasses import replace

import psycopg

from koonj.postgres.errors import RETRIED, CrowdedError, error_message, is_lost
from koonj.postgres.session import roll_back
from koonj.runner.apply.failure import (
    MigrationError,
    failure_of_cancel,
    failure_of_error,
    next_steps,
    nothing_committed,
)
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.settlement import settle
from koonj.runner.apply.statement import StatementError
from koonj.runner.plan.work import Work
from koonj.runner.run.events import Retrying
from koonj.runner.run.failure import Failure
from koonj.runner.run.lock_wait_wording import awaited_words
from koonj.runner.run.run import Cancelled, Control


class CommitError(Exception):
    """Raised when BEGIN, COMMIT or the history entry fails, not a statement."""

    def __init__(self, error: psycopg.Error, *, recording: bool = False, committing: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.recording = recording
        """The history entry could not be written."""
        self.committing = committing
        """COMMIT was sent: if the connection was lost, its answer can be lost too."""


def blame_crowd(control: Control, error: StatementError | CommitError) -> None:
    """Say in an error that koonj itself cancelled the statement, if it did (`StatementWatch`)."""
    if control.crowd and not control.cancelled and error.error.sqlstate == CrowdedError.sqlstate:
        error.error = CrowdedError(control.crowd)


def should_retry(journal: Journal, error: StatementError | CommitError, attempt: int) -> bool:
    """Return whether the file allows another attempt, and the SQL is not the cause of the error."""
    if journal.session.control.cancelled or journal.session.conn.closed:
        return False
    return attempt <= journal.work.retries and error.error.sqlstate in RETRIED


def retrying(work: Work, error: StatementError | CommitError, attempt: int) -> Retrying:
    """Return the event before the next attempt, with its delay."""
    delay = random.uniform(0.5, 1.0) * min(2.0**attempt, 30.0)  # noqa: S311 - jitter, not a secret
    message = error_message(error.error)
    sqlstate = error.error.sqlstate or ""
    return Retrying(work.migration.name, attempt + 1, work.retries + 1, sqlstate, message, delay)


async def pause(journal: Journal, seconds: float) -> None:
    """Wait before the next attempt.

    Raises: MigrationError if the user cancelled.
    """
    try:
        await journal.session.control.pause(seconds)
    except Cancelled as error:
        raise MigrationError(await cancelled(journal)) from error


async def give_up(journal: Journal, error: StatementError | CommitError) -> None:
    """Return if the transaction turns out to be committed.

    Raises:
        MigrationError: The transaction was rolled back, or its outcome is unknown.
    """
    if isinstance(error, CommitError):
        await _after_commit_error(journal, error)
        return
    await roll_back(journal.session.conn)
    raise MigrationError(await rolled_back(journal, error)) from error


async def _after_commit_error(journal: Journal, error: CommitError) -> None:
    cause, committed = error.error, frozenset[str]()
    if is_lost(cause) and error.committing:
        settled = await settle(journal.session)
        if settled is None:
            raise MigrationError(unknown_outcome(journal.work, cause)) from cause
        committed = settled
    if journal.work.migration.name in committed:
        return
    await roll_back(journal.session.conn)
    raise MigrationError(await rolled_back(journal, error)) from cause


def unknown_outcome(work: Work, cause: psycopg.Error, others: tuple[str, ...] = ()) -> Failure:
    """Return the failure of a migration whose COMMIT was sent, if the target does not respond any more.

    `others`: files that were sent behind it.
    """
    if work.batch is not None:
        words = (
            f"all {work.batch.of} migrations of the batch are committed, with their history entries, or none"
        )
        state = (
            f"Unknown. The connection was lost, and the target does not respond. Either {words}. "
            f"It was at {work.migration.name}, number {work.batch.index}."
        )
        return failure_of_error(work, cause, state=state, next_steps=_when_reachable(work))
    behind = f" The same is true of {', '.join(others)}, each by itself, in this order." if others else ""
    state = (
        f"Unknown. The connection was lost during COMMIT of {work.migration.name}, and the target does not "
        f"respond. Either all of it is committed, with its history entry, or none of it.{behind}"
    )
    return failure_of_error(work, cause, state=state, next_steps=_when_reachable(work))


def _when_reachable(work: Work) -> tuple[str, ...]:
    return (f"When the target is reachable again, run: koonj status{work.target_option}",)


async def rolled_back(journal: Journal, error: StatementError | CommitError) -> Failure:
    """Record that the migration failed; return the failure."""
    cause = error.error
    state = nothing_committed(journal.work)
    if isinstance(error, CommitError) and error.recording:
        state = f"Its {journal.place} could not be written. {state}"
    if is_lost(cause):
        state = f"The connection was lost. {_not_committed(journal.work)}"
    elif not await journal.record_failure(cause):
        state += " The failure could not be recorded in the history."
    failed = error if isinstance(error, StatementError) else cause
    following = next_steps(journal.work, 0, cause, cancelled=journal.session.control.cancelled)
    return failure_of_error(journal.work, failed, state=state, next_steps=following)


def _not_committed(work: Work) -> str:
    if work.batch is not None:
        return nothing_committed(work)
    return (
        f"This run committed no part of {work.migration.name}: "
        "the server rolls back a transaction when its client disconnects."
    )


async def cancelled(journal: Journal) -> Failure:
    """Record that the user cancelled while no statement was running; return the failure."""
    await journal.record_failure(None)
    awaited = journal.session.control.awaited
    failure = failure_of_cancel(journal.work, nothing_committed(journal.work), 0)
    if awaited is None:
        return failure
    return replace(failure, message=f"cancelled while it waited for {awaited_words(awaited)}")
