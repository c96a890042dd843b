"""A migration that cannot be one transaction: run step by step, as written, each step journalled.

A block's count is written by the block's own transaction, so it is exact. A statement outside a transaction
is counted after the server's answer: where koonj dies in between, history says `started`, and the migration
is `interrupted` until a person has looked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import psycopg

from koonj.migrations.act import Outcome
from koonj.postgres import history
from koonj.postgres.catalog import invalid_indexes
from koonj.postgres.session import begin, clean, commit, fence, roll_back, set_timeouts
from koonj.postgres.sqlstate import is_lost
from koonj.runner.events import Event, Failure, MigrationFinished
from koonj.runner.execute import StatementError, execute
from koonj.runner.failure import MigrationError, done_lines, next_steps, of_cancel, of_error
from koonj.runner.journal import Journal
from koonj.runner.run import Cancelled
from koonj.runner.session import Session
from koonj.runner.work import NumberedStep, Work


async def run_steps(session: Session, work: Work) -> AsyncIterator[Event]:
    """Run what is not done yet. Raises MigrationError, Cancelled."""
    journal, begun, done = Journal(session, work), monotonic(), work.planned.done
    act_id = await _start(journal)
    try:
        for step in work.steps:
            if step.last > done:
                async for event in _step(journal, act_id, step):
                    yield event
                done = step.last
    except (StatementError, psycopg.Error) as error:
        raise MigrationError(await _stopped(journal, act_id, done, error)) from error
    except Cancelled as error:
        await _end(journal, act_id, done, None)
        state = f"{done} of {work.total} statements of {work.migration.name} are committed."
        raise MigrationError(of_cancel(work, state, done)) from error
    yield MigrationFinished(work.migration.name, work.direction, monotonic() - begun, work.total)


async def _start(journal: Journal) -> int:
    """The `started` row, and the session's timeouts.

    A lock timeout inside CREATE INDEX CONCURRENTLY leaves an INVALID index, so a file with one waits for
    ever, unless it says otherwise itself.
    """
    session, work = journal.session, journal.work
    try:
        act_id, _ = await history.insert(session.conn, journal.record(Outcome.STARTED, work.planned.done))
        await set_timeouts(session.conn, _session_lock_timeout(work), work.statement_timeout, local=False)
    except psycopg.Error as error:
        state = f"Nothing of {work.migration.name} was sent."
        raise MigrationError(of_error(work, error, state=state, next_steps=next_steps(work, 0))) from error
    return act_id


def _session_lock_timeout(work: Work) -> str:
    concurrent = any(n.statement.is_concurrent for step in work.steps for n in step.statements)
    return "0" if concurrent and not work.explicit_lock_timeout else work.planned.lock_timeout


async def _step(journal: Journal, act_id: int, step: NumberedStep) -> AsyncIterator[Event]:
    run = _block if step.step.in_transaction else _alone
    async for event in run(journal, act_id, step):
        yield event


async def _block(journal: Journal, act_id: int, step: NumberedStep) -> AsyncIterator[Event]:
    conn, work = journal.session.conn, journal.work
    opening = step.step.begin
    journal.session.control.check()
    # Where the session waits for ever because of another statement's sake, a block need not.
    lock = work.planned.lock_timeout if _session_lock_timeout(work) == "0" else None
    await begin(conn, None if opening is None else opening.text, lock, work.statement_timeout)
    try:
        async for event in _statements(journal, step):
            yield event
        journal.session.control.check()
        await fence(conn, journal.session.target)
        await _count(journal, act_id, step)
        await commit(conn)
    except BaseException:
        await roll_back(conn)
        raise


async def _alone(journal: Journal, act_id: int, step: NumberedStep) -> AsyncIterator[Event]:
    async for event in _statements(journal, step):
        yield event
    async with _fenced(journal):
        await _count(journal, act_id, step)


async def _statements(journal: Journal, step: NumberedStep) -> AsyncIterator[Event]:
    for numbered in step.statements:
        async for event in execute(journal.session.conn, journal.session.control, journal.work, numbered):
            yield event


async def _count(journal: Journal, act_id: int, step: NumberedStep) -> None:
    """Count a step; the last one ends the act with it."""
    conn = journal.session.conn
    if step.last == journal.work.total:
        await history.finish(conn, act_id, Outcome.DONE, step.last)
    else:
        await history.advance(conn, act_id, step.last)


@asynccontextmanager
async def _fenced(journal: Journal) -> AsyncIterator[None]:
    """A short transaction of koonj's own, whatever role and settings the file has left in the session."""
    conn = journal.session.conn
    await begin(conn, None, None, "0")
    try:
        await fence(conn, journal.session.target)
        yield
        await commit(conn)
    except BaseException:
        await roll_back(conn)
        raise


async def _end(journal: Journal, act_id: int, done: int, error: psycopg.Error | None) -> bool:
    """Record where it stopped; False where that could not be written: history goes on saying `started`."""
    conn = journal.session.conn
    message = "cancelled" if error is None else error.diag.message_primary or str(error).strip()
    if conn.closed:
        return False
    try:
        await clean(conn, journal.session.target)
        sqlstate = None if error is None else error.sqlstate
        await history.finish(conn, act_id, Outcome.FAILED, done, error=message, sqlstate=sqlstate)
    except psycopg.Error:
        return False
    return True


async def _stopped(
    journal: Journal, act_id: int, done: int, error: StatementError | psycopg.Error
) -> Failure:
    cause = error.error if isinstance(error, StatementError) else error
    work, name = journal.work, journal.work.migration.name
    written = not is_lost(cause) and await _end(journal, act_id, done, cause)
    state = f"{done} of {work.total} statements of {name} are committed."
    if written:
        state += await _leftover(journal, error)
    else:
        state += (
            " Whether the statement that was running took effect is unknown; history says `started`, "
            "and koonj shows the migration as interrupted."
        )
    return of_error(
        work, error, state=state, next_steps=next_steps(work, done), committed=done_lines(work, done)
    )


async def _leftover(journal: Journal, error: StatementError | psycopg.Error) -> str:
    """What a statement that builds in several transactions leaves when it fails, as the catalog has it.

    https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
    """
    if not isinstance(error, StatementError) or not error.numbered.statement.is_concurrent:
        return ""
    try:
        invalid = await invalid_indexes(journal.session.conn)
    except psycopg.Error:
        return " It can have left an INVALID index; the target could not be asked."
    return f" INVALID indexes on the target now: {', '.join(invalid)}." if invalid else ""
