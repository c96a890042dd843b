"""Run a step of a migration that is one transaction, together with its count, one message at a time.

For the steps that cannot go in one flight (see `step_flights`), and those that koonj must look at while they
run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import psycopg
from psycopg import AsyncConnection

from koonj.migrations.history_entry import Outcome
from koonj.postgres import history
from koonj.postgres.session import check_deferred, commit, fence, roll_back, timeout_settings
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.statement import StatementError, execute, forward_notices
from koonj.runner.apply.step_failure import StepError
from koonj.runner.plan.lock_limits import NO_LIMIT
from koonj.runner.plan.work import NumberedStep, Work
from koonj.runner.run.events import Event, Notice


async def run_block(journal: Journal, entry_id: int, step: NumberedStep) -> AsyncIterator[Event]:
    """Run the statements, and count them in the same transaction.

    Raises:
        StepError: The block failed, or the outcome of its COMMIT is unknown.
        Cancelled: The user has cancelled the run.
    """
    conn = journal.session.conn
    notices: list[Notice] = []
    try:
        await _begin(journal, step)
        async for event in run_statements(journal, step):
            yield event
        journal.session.control.check()
        with forward_notices(conn, journal.work.planned.name, notices.append):
            await check_deferred(conn)
        await fence(conn, journal.session.target, journal.work.limits.for_history)
        await count_step(journal, entry_id, step)
    except (StatementError, psycopg.Error) as error:
        await roll_back(conn)
        raise StepError(error, is_undone=True) from error
    except BaseException:
        await roll_back(conn)
        raise
    try:
        await commit(conn)
    except psycopg.Error as error:
        await roll_back(conn)
        raise StepError(error) from error
    for notice in notices:
        yield notice


async def _begin(journal: Journal, step: NumberedStep) -> None:
    journal.session.control.check()
    conn = journal.session.conn
    for text in opening_texts(conn, journal.work, step):
        await conn.execute(text)


def opening_texts(conn: AsyncConnection, work: Work, step: NumberedStep) -> Iterator[bytes]:
    """Yield BEGIN and the timeouts of a block.

    A transaction that the file does not have keeps the other settings of the session. If the script sets
    lock_timeout itself, koonj sets it only where the session has none because of a CONCURRENTLY statement.
    """
    opening = step.step.begin
    yield b"BEGIN" if opening is None else opening.text.encode()
    lock: str | None = work.limits.of([n.statement for n in step.statements])
    if not step.step.in_transaction:
        if not work.sets_lock_timeout:
            yield f"SET LOCAL lock_timeout TO '{lock}'".encode()
        return
    if work.sets_lock_timeout and session_lock_timeout(work) != NO_LIMIT:
        lock = None
    for setting in timeout_settings(conn.info.server_version, lock, work.statement_timeout, local=True):
        yield setting.as_bytes(conn)


def session_lock_timeout(work: Work) -> str:
    """Return the lock_timeout of a session that begins to run a migration in steps.

    If CREATE INDEX CONCURRENTLY fails with a lock timeout, it leaves an INVALID index. So a file with such a
    statement begins without a lock timeout, unless it sets one itself.
    """
    return NO_LIMIT if work.builds_concurrently and work.limits.own is None else work.planned.lock_timeout


async def run_statements(journal: Journal, step: NumberedStep) -> AsyncIterator[Event]:
    """Run the statements of a step.

    Raises:
        StatementError: A statement failed, or the connection was lost.
        Cancelled: The user has cancelled the run.
    """
    session = journal.session
    for numbered in step.statements:
        async for event in execute(session.conn, session.control, journal.work, numbered):
            yield event


async def count_step(journal: Journal, entry_id: int, step: NumberedStep) -> None:
    """Record that a step is done. The last step finishes the entry.

    Raises: psycopg.Error.
    """
    conn = journal.session.conn
    if step.last == journal.work.total:
        await history.finish(conn, entry_id, Outcome.DONE, step.last)
    else:
        await history.advance(conn, entry_id, step.last)
