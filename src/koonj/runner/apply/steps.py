"""Run a migration in several transactions, and record each committed step.

The history entry counts the committed statements. The count of a block is written in the block's own
transaction, so it is exact. A statement outside a transaction is counted after the server's response. If
koonj is killed between the two, the entry stays `started`, and the migration is `interrupted` until the
user decides.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import monotonic

import psycopg

from koonj.migrations.history_entry import Outcome
from koonj.postgres import history
from koonj.postgres.errors import is_lost
from koonj.postgres.session import (
    begin,
    check_deferred,
    commit,
    fence,
    own_transaction,
    roll_back,
    set_timeouts,
)
from koonj.runner.apply.commit_outcome import CommitOutcome, find_commit_outcome
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.failure import MigrationError, failure_of_error, next_steps
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.statement import StatementError, execute, forward_notices
from koonj.runner.apply.step_failure import StepError, record_step_cancel, record_step_failure
from koonj.runner.plan.resume import sets_session
from koonj.runner.plan.work import NumberedStep, Work
from koonj.runner.run.events import Event, MigrationFinished, Notice
from koonj.runner.run.run import Cancelled


async def run_steps(session: RunContext, work: Work) -> AsyncIterator[Event]:
    """Run the steps that are not committed yet.

    Raises:
        MigrationError: A step failed, or the user cancelled.
    """
    journal, start, done = Journal(session, work), monotonic(), work.planned.statements_done
    entry_id = await _start(journal)
    try:
        for step in work.steps:
            if step.last <= done:
                events = _restore_settings(journal, step)
            elif step.step.in_transaction:
                events = _run_block(journal, entry_id, step)
            else:
                events = _run_outside_transaction(journal, entry_id, step)
            async for event in events:
                yield event
            done = max(done, step.last)
    except StepError as error:
        failure = await record_step_failure(journal, entry_id, max(done, error.done), error)
        raise MigrationError(failure) from error
    except Cancelled as error:
        raise MigrationError(await record_step_cancel(journal, entry_id, done)) from error
    yield MigrationFinished(work.migration.name, work.direction, monotonic() - start, work.total)


async def _start(journal: Journal) -> int:
    """Record a `started` entry, set the session's timeouts, return the entry's id.

    If CREATE INDEX CONCURRENTLY fails with a lock timeout, it leaves an INVALID index. So a file with such a
    statement has no lock timeout, unless it sets one itself.
    """
    session, work = journal.session, journal.work
    try:
        async with own_transaction(session.conn, session.target):
            entry_id, _ = await history.insert(
                session.conn, journal.record(Outcome.STARTED, work.planned.statements_done)
            )
        await set_timeouts(session.conn, _session_lock_timeout(work), work.statement_timeout, local=False)
    except psycopg.Error as error:
        state = f"No statement of {work.migration.name} was sent."
        done, cancelled = work.planned.statements_done, session.control.cancelled
        following = next_steps(work, done, error, cancelled=cancelled)
        raise MigrationError(failure_of_error(work, error, state=state, next_steps=following)) from error
    return entry_id


def _session_lock_timeout(work: Work) -> str:
    return "0" if work.builds_concurrently and not work.explicit_lock_timeout else work.planned.lock_timeout


async def _restore_settings(journal: Journal, step: NumberedStep) -> AsyncIterator[Event]:
    """Run the session settings of a step that an earlier run committed.

    Raises:
        StepError: A statement failed.
        Cancelled: The user has cancelled the run.
    """
    session = journal.session
    try:
        for numbered in step.statements:
            if sets_session(numbered.statement.text):
                async for event in execute(session.conn, session.control, journal.work, numbered):
                    yield event
    except StatementError as error:
        raise StepError(error) from error


async def _run_block(journal: Journal, entry_id: int, step: NumberedStep) -> AsyncIterator[Event]:
    """Run a BEGIN … COMMIT block of the file, and count it in the same transaction.

    Raises:
        StepError: The block failed, or the outcome of its COMMIT is unknown.
        Cancelled: The user has cancelled the run.
    """
    conn = journal.session.conn
    notices: list[Notice] = []
    try:
        await _begin(journal, step)
        async for event in _statements(journal, step):
            yield event
        journal.session.control.check()
        with forward_notices(conn, journal.work.planned.name, notices.append):
            await check_deferred(conn)
        await fence(conn, journal.session.target, journal.work.planned.lock_timeout)
        transaction_id = await _count(journal, entry_id, step)
    except (StatementError, psycopg.Error) as error:
        await roll_back(conn)
        raise StepError(error) from error
    except BaseException:
        await roll_back(conn)
        raise
    await _commit(journal, transaction_id)
    for notice in notices:
        yield notice


async def _begin(journal: Journal, step: NumberedStep) -> None:
    work, opening = journal.work, step.step.begin
    journal.session.control.check()
    # If the session has no lock timeout because of a CONCURRENTLY statement, a block still gets one.
    lock = work.planned.lock_timeout if _session_lock_timeout(work) == "0" else None
    text = None if opening is None else opening.text
    await begin(journal.session.conn, text, lock, work.statement_timeout)


async def _commit(journal: Journal, transaction_id: str) -> None:
    """Send COMMIT; if the connection is lost, find out whether it was committed.

    Raises:
        StepError: The transaction was rolled back, or its outcome is unknown.
    """
    try:
        await commit(journal.session.conn)
    except psycopg.Error as error:
        outcome = CommitOutcome.ROLLED_BACK
        if is_lost(error):
            outcome = await find_commit_outcome(journal.session, transaction_id)
        if outcome is not CommitOutcome.COMMITTED:
            await roll_back(journal.session.conn)
            raise StepError(error, unknown=outcome is CommitOutcome.UNKNOWN) from error


async def _run_outside_transaction(
    journal: Journal, entry_id: int, step: NumberedStep
) -> AsyncIterator[Event]:
    """Run a statement outside a transaction, and count it after the server's response.

    Raises:
        StepError: The statement failed, or it could not be counted.
        Cancelled: The user has cancelled the run.
    """
    try:
        async for event in _statements(journal, step):
            yield event
    except StatementError as error:
        raise StepError(error, unknown=is_lost(error.error)) from error
    try:
        await _count_in_own_transaction(journal, entry_id, step)
    except psycopg.Error as first:
        if is_lost(first):
            raise StepError(first, done=step.last) from first
        # Probably a late cancel request for the statement. The statement took effect, so it must be counted.
        try:
            await _count_in_own_transaction(journal, entry_id, step)
        except psycopg.Error as error:
            raise StepError(error, done=step.last) from error


async def _count_in_own_transaction(journal: Journal, entry_id: int, step: NumberedStep) -> None:
    async with own_transaction(journal.session.conn, journal.session.target):
        await _count(journal, entry_id, step)


async def _statements(journal: Journal, step: NumberedStep) -> AsyncIterator[Event]:
    session = journal.session
    for numbered in step.statements:
        async for event in execute(session.conn, session.control, journal.work, numbered):
            yield event


async def _count(journal: Journal, entry_id: int, step: NumberedStep) -> str:
    """Record that a step is done, and return the transaction id.

    The last step finishes the entry.
    """
    conn = journal.session.conn
    if step.last == journal.work.total:
        return await history.finish(conn, entry_id, Outcome.DONE, step.last)
    return await history.advance(conn, entry_id, step.last)
