"""A migration that cannot be one transaction: run step by step, as written, each step journalled.

A block's count is written by the block's own transaction, so it is exact. A statement outside a transaction
is counted after the server's answer: where koonj dies in between, history says `started`, and the migration
is `interrupted` until a person has looked.
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
from koonj.runner.apply.commit_outcome import CommitOutcome, fate_of
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.failure import MigrationError, next_steps, of_error
from koonj.runner.apply.invalid_index import must_be_valid
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.statement import StatementError, execute, hearing
from koonj.runner.apply.step_failure import StepError, cancelled, stopped
from koonj.runner.plan.resume import sets_session
from koonj.runner.plan.work import NumberedStep, Work
from koonj.runner.run.events import Event, MigrationFinished, Notice
from koonj.runner.run.run import Cancelled


async def run_steps(session: RunContext, work: Work) -> AsyncIterator[Event]:
    """Run what is not done yet. Raises MigrationError, Cancelled."""
    journal, begun, done = Journal(session, work), monotonic(), work.planned.statements_done
    entry_id = await _start(journal)
    try:
        for step in work.steps:
            run = _again if step.last <= done else _block if step.step.in_transaction else _alone
            async for event in run(journal, entry_id, step):
                yield event
            done = max(done, step.last)
    except StepError as error:
        raise MigrationError(await stopped(journal, entry_id, max(done, error.done), error)) from error
    except Cancelled as error:
        raise MigrationError(await cancelled(journal, entry_id, done)) from error
    yield MigrationFinished(work.migration.name, work.direction, monotonic() - begun, work.total)


async def _start(journal: Journal) -> int:
    """The `started` row, and the session's timeouts.

    A lock timeout inside CREATE INDEX CONCURRENTLY leaves an INVALID index, so a file with one waits for
    ever, unless it says otherwise itself.
    """
    session, work = journal.session, journal.work
    try:
        async with own_transaction(session.conn, session.target):
            entry_id, _ = await history.insert(
                session.conn, journal.record(Outcome.STARTED, work.planned.statements_done)
            )
        await set_timeouts(session.conn, _session_lock_timeout(work), work.statement_timeout, local=False)
    except psycopg.Error as error:
        state = f"Nothing of {work.migration.name} was sent."
        following = next_steps(work, work.planned.statements_done)
        raise MigrationError(of_error(work, error, state=state, next_steps=following)) from error
    return entry_id


def _session_lock_timeout(work: Work) -> str:
    return "0" if work.builds_concurrently and not work.explicit_lock_timeout else work.planned.lock_timeout


async def _again(journal: Journal, _act_id: int, step: NumberedStep) -> AsyncIterator[Event]:
    """Of a step that an earlier entry committed: what it set in its session, for the steps that come."""
    session = journal.session
    try:
        for numbered in step.statements:
            if sets_session(numbered.statement.text):
                async for event in execute(session.conn, session.control, journal.work, numbered):
                    yield event
    except StatementError as error:
        raise StepError(error) from error


async def _block(journal: Journal, entry_id: int, step: NumberedStep) -> AsyncIterator[Event]:
    """A transaction of the file's own, its count included. Raises StepError, Cancelled."""
    conn = journal.session.conn
    said: list[Notice] = []
    try:
        await _begin(journal, step)
        async for event in _statements(journal, step):
            yield event
        journal.session.control.check()
        with hearing(conn, journal.work.planned.name, said.append):
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
    for notice in said:
        yield notice


async def _begin(journal: Journal, step: NumberedStep) -> None:
    work, opening = journal.work, step.step.begin
    journal.session.control.check()
    # Where the session waits for ever because of another statement's sake, a block need not.
    lock = work.planned.lock_timeout if _session_lock_timeout(work) == "0" else None
    text = None if opening is None else opening.text
    await begin(journal.session.conn, text, lock, work.statement_timeout)


async def _commit(journal: Journal, transaction_id: str) -> None:
    """COMMIT; where its answer is lost, what became of it is asked. Raises StepError."""
    try:
        await commit(journal.session.conn)
    except psycopg.Error as error:
        fate = await fate_of(journal.session, transaction_id) if is_lost(error) else CommitOutcome.ROLLED_BACK
        if fate is not CommitOutcome.COMMITTED:
            await roll_back(journal.session.conn)
            raise StepError(error, unknown=fate is CommitOutcome.UNKNOWN) from error


async def _alone(journal: Journal, entry_id: int, step: NumberedStep) -> AsyncIterator[Event]:
    """A statement outside a transaction, counted when it is answered. Raises StepError, Cancelled."""
    try:
        async for event in _statements(journal, step):
            yield event
    except StatementError as error:
        raise StepError(error, unknown=is_lost(error.error)) from error
    try:
        await _counted(journal, entry_id, step)
    except psycopg.Error as first:
        if is_lost(first):
            raise StepError(first, done=step.last) from first
        # Most likely a cancel that was meant for the statement; its effect is there and has to be counted.
        try:
            await _counted(journal, entry_id, step)
        except psycopg.Error as error:
            raise StepError(error, done=step.last) from error


async def _counted(journal: Journal, entry_id: int, step: NumberedStep) -> None:
    async with own_transaction(journal.session.conn, journal.session.target):
        await _count(journal, entry_id, step)


async def _statements(journal: Journal, step: NumberedStep) -> AsyncIterator[Event]:
    conn = journal.session.conn
    for numbered in step.statements:
        heard: list[Event] = []
        async for event in execute(conn, journal.session.control, journal.work, numbered):
            if isinstance(event, Notice):
                heard.append(event)
            yield event
        await must_be_valid(conn, numbered, heard)


async def _count(journal: Journal, entry_id: int, step: NumberedStep) -> str:
    """Count a step; the last one ends the entry with it. The id of the transaction that does so."""
    conn = journal.session.conn
    if step.last == journal.work.total:
        return await history.finish(conn, entry_id, Outcome.DONE, step.last)
    return await history.advance(conn, entry_id, step.last)
