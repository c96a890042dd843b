"""Run a migration in one transaction, together with its history entry, one message at a time.

Either both are committed, or neither. For the migrations that cannot go in one flight (see `flights`), and
those that koonj must look at while they run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from time import monotonic

import psycopg

from koonj.postgres.errors import is_lost
from koonj.postgres.session import begin, check_deferred, commit, fence, roll_back
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.failure import MigrationError
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.lock import LockLostError, keep_lock
from koonj.runner.apply.lock_tries import LockTries
from koonj.runner.apply.statement import StatementError, execute, forward_notices
from koonj.runner.apply.transaction_failure import (
    CommitError,
    blame_crowd,
    cancelled,
    give_up,
    pause,
    retrying,
    should_retry,
)
from koonj.runner.plan.work import Work
from koonj.runner.run.events import Event, MigrationFinished, Notice
from koonj.runner.run.run import Cancelled


async def run_transaction(session: RunContext, work: Work) -> AsyncIterator[Event]:
    """Run the migration; try it again while a lock is not free, then as often as the file allows.

    Only the errors in RETRIED are retried: the SQL is not their cause.

    Raises:
        MigrationError: The migration failed, or the user cancelled.
        LockLostError: The migration released the koonj lock and another run took it.
    """
    start = monotonic()
    journal = Journal(session, work, start)
    for attempt in range(1, work.retries + 2):
        try:
            async for event in _until_locked(journal):
                yield event
            break
        except (StatementError, CommitError) as error:
            if not should_retry(journal, error, attempt):
                await give_up(journal, error)
                break
            await roll_back(session.conn)
            again = retrying(work, error, attempt)
            yield again
            await pause(journal, again.delay)
        except LockLostError:
            await roll_back(session.conn)
            raise
        except Cancelled as error:
            await roll_back(session.conn)
            raise MigrationError(await cancelled(journal)) from error
    yield MigrationFinished(work.migration.name, work.direction, monotonic() - start, work.total)


async def _until_locked(journal: Journal) -> AsyncIterator[Event]:
    """Run the migration once; if a lock is not free, again and again (`LockTries`)."""
    tries = LockTries(journal.session)
    try:
        while True:
            try:
                async for event in _attempt(journal):
                    yield event
                return
            except (StatementError, CommitError) as error:
                blame_crowd(journal.session.control, error)
                if is_lost(error.error) or not tries.can_follow(journal.work, error):
                    raise
            await roll_back(journal.session.conn)
            async for event in tries.next():
                yield event
            journal = replace(journal, work=tries.adjusted(journal.work))
    finally:
        await tries.close()


async def _attempt(journal: Journal) -> AsyncIterator[Event]:
    session, work, elapsed = journal.session, journal.work, journal.elapsed
    opening = work.steps[0].step.begin if work.steps else None
    try:
        text = None if opening is None else opening.text
        lock, statement = work.planned.lock_timeout, work.statement_timeout
        await begin(session.conn, text, lock, statement, name=session.name)
        if session.tool_rows is not None:
            await session.tool_rows.set_settings(session.conn)
    except psycopg.Error as error:
        raise CommitError(error) from error
    for step in work.steps:
        for numbered in step.statements:
            async for event in execute(session.conn, session.control, work, numbered):
                yield event
    session.control.check()
    notices: list[Notice] = []
    with forward_notices(session.conn, work.planned.name, notices.append):
        await _commit(journal, elapsed)
    for notice in notices:  # from deferred triggers
        yield notice


async def _commit(journal: Journal, elapsed: float) -> None:
    conn = journal.session.conn
    try:
        await check_deferred(conn)
    except psycopg.Error as error:
        raise CommitError(error) from error
    try:
        await fence(conn, journal.session.target, journal.work.limits.for_history)
        await keep_lock(journal.session)
        await journal.record_done(elapsed)
    except psycopg.Error as error:
        raise CommitError(error, recording=True) from error
    try:
        await commit(conn)
    except psycopg.Error as error:
        raise CommitError(error, committing=True) from error
