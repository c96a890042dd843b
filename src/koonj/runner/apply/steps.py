"""Run a migration in several transactions, and record each committed step.

The history entry counts the committed statements. A block, and a statement that PostgreSQL accepts in a
transaction, commit together with their count, so it is exact. Before a statement that PostgreSQL refuses in
a transaction, koonj records what it is about to do. If the count is missing afterwards, the catalog shows
whether the statement took effect (`runner/evidence`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from time import monotonic
from typing import Any

import psycopg
from psycopg import AsyncConnection

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
from koonj.postgres.statement_intent import ServerProcess, finish_intent, insert_intent, insert_session
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.failure import MigrationError, failure_of_error, next_steps
from koonj.runner.apply.invalid_index import must_be_valid
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.refused_flight import (
    NotCountedError,
    SkippedInvalidIndexError,
    can_fly_alone,
    fly_refused,
)
from koonj.runner.apply.statement import StatementError, execute, forward_notices
from koonj.runner.apply.step_failure import StepError, record_step_cancel, record_step_failure
from koonj.runner.evidence.judge import facts_before, judge_facts
from koonj.runner.evidence.statement_evidence import Effect
from koonj.runner.plan.resume import sets_session
from koonj.runner.plan.work import NumberedStatement, NumberedStep, Work
from koonj.runner.run.events import Event, MigrationFinished, Notice, StatementStarted
from koonj.runner.run.run import Cancelled
from koonj.sql.file_hash import file_hash
from koonj.sql.refused_statement import RefusedKind, is_refused, refused_statement


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
            else:
                events = _run_step(journal, entry_id, step)
            async for event in events:
                yield event
            done = max(done, step.last)
    except StepError as error:
        failure = await record_step_failure(journal, entry_id, max(done, error.done), error)
        if failure is not None:
            raise MigrationError(failure) from error
    except Cancelled as error:
        failure = await record_step_cancel(journal, entry_id, done)
        if failure is not None:
            raise MigrationError(failure) from error
    yield MigrationFinished(work.migration.name, work.direction, monotonic() - start, work.total)


def _run_step(journal: Journal, entry_id: int, step: NumberedStep) -> AsyncIterator[Event]:
    """Run a step in the way that makes its count as exact as PostgreSQL allows it."""
    if step.step.in_transaction:
        return _run_block(journal, entry_id, step)
    (numbered,) = step.statements
    if not is_refused(numbered.statement):
        return _run_possible_block(journal, entry_id, step)
    if refused_statement(numbered.statement.text).kind is RefusedKind.SESSION:
        return _run_outside_transaction(journal, entry_id, step)
    return _run_refused(journal, entry_id, step)


async def _run_possible_block(journal: Journal, entry_id: int, step: NumberedStep) -> AsyncIterator[Event]:
    """Run a statement and its count in one transaction; if PostgreSQL refuses that, outside one.

    A CALL or a DO does not show whether it commits. Before the server refuses its COMMIT, it can have run a
    part, which is rolled back, and which runs again.

    Raises:
        StepError: The statement failed, or the outcome of its COMMIT is unknown.
        Cancelled: The user has cancelled the run.
    """
    seen: list[Notice] = []
    try:
        async for event in _run_block(journal, entry_id, step):
            if isinstance(event, Notice):
                seen.append(event)
            yield event
        return
    except StepError as error:
        if error.cause.sqlstate not in _REFUSED or not isinstance(error.error, StatementError):
            raise
    async for event in _run_refused(journal, entry_id, step):
        if isinstance(event, StatementStarted):
            continue  # it has been reported
        if isinstance(event, Notice) and seen and _is_same(event, seen[0]):
            seen.pop(0)
            continue
        yield event


_REFUSED = frozenset({"25001", "2D000"})
"""SQLSTATEs active_sql_transaction and invalid_transaction_termination."""


def _is_same(one: Notice, other: Notice) -> bool:
    return (one.severity, one.message, one.detail) == (other.severity, other.message, other.detail)


async def _start(journal: Journal) -> int:
    """Record a `started` entry, set the session's timeouts, return the entry's id.

    If CREATE INDEX CONCURRENTLY fails with a lock timeout, it leaves an INVALID index. So a file with such a
    statement has no lock timeout, unless it sets one itself.
    """
    session, work = journal.session, journal.work
    assert session.server is not None
    record = journal.record(Outcome.STARTED, work.planned.statements_done)
    try:
        async with own_transaction(session.conn, session.target):
            entry_id, _ = await history.insert(session.conn, record)
            process = ServerProcess(session.server.pid, session.server.started)
            await insert_session(session.conn, entry_id, process, record.run_id)
        await set_timeouts(session.conn, _session_lock_timeout(work), work.statement_timeout, local=False)
    except psycopg.Error as error:
        state = f"This run sent no statement of {work.migration.name}."
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
        await _count(journal, entry_id, step)
    except (StatementError, psycopg.Error) as error:
        await roll_back(conn)
        raise StepError(error) from error
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
    """Start the transaction of a block. One that the file does not have keeps the settings of the session."""
    work, opening = journal.work, step.step.begin
    journal.session.control.check()
    if not step.step.in_transaction:
        await journal.session.conn.execute(b"BEGIN")
        return
    # If the session has no lock timeout because of a CONCURRENTLY statement, a block still gets one.
    lock = work.planned.lock_timeout if _session_lock_timeout(work) == "0" else None
    text = None if opening is None else opening.text
    await begin(journal.session.conn, text, lock, work.statement_timeout)


async def _run_refused(journal: Journal, entry_id: int, step: NumberedStep) -> AsyncIterator[Event]:
    """Record what the statement is about to do, then run it outside a transaction.

    Raises:
        StepError: The statement failed, it could not be counted, or its outcome is unknown.
        Cancelled: The user has cancelled the run.
    """
    conn, (numbered,) = journal.session.conn, step.statements
    journal.session.control.check()
    text = numbered.statement.text
    try:
        facts = await facts_before(conn, text)
        async with own_transaction(conn, journal.session.target):
            await insert_intent(conn, entry_id, numbered.index, file_hash(text.encode()), facts)
    except psycopg.Error as error:
        raise StepError(error) from error
    if not can_fly_alone(conn, numbered.statement):
        async for event in _run_outside_transaction(journal, entry_id, step, is_recorded=True):
            yield event
        return
    try:
        async for event in fly_refused(journal, entry_id, numbered, facts):
            yield event
    except StatementError as error:
        raise StepError(error) from error
    except SkippedInvalidIndexError as error:
        raise StepError(await _skipped(conn, numbered)) from error
    except NotCountedError as error:
        await _count_late(journal, entry_id, step, facts, error.error)


async def _skipped(conn: AsyncConnection, numbered: NumberedStatement) -> StatementError | psycopg.Error:
    """Return the error of a statement that took an INVALID index for done."""
    try:
        await must_be_valid(conn, numbered.statement, ())
    except psycopg.Error as error:
        return StatementError(numbered, error)
    return psycopg.errors.ObjectNotInPrerequisiteState("Its index was INVALID, and is valid now. Retry.")


async def _count_late(
    journal: Journal, entry_id: int, step: NumberedStep, facts: Mapping[str, Any], first: psycopg.Error
) -> None:
    """Count a statement whose count failed: probably, a late cancel request for the statement stopped it.

    Not if the statement ended in the transaction of its count, so that it failed as well.

    Raises:
        StepError: It is not counted.
    """
    conn = journal.session.conn
    if is_lost(first):
        raise StepError(first) from first
    try:
        evidence = await judge_facts(conn, {"sent": 0, **facts})
        if facts["kind"] == RefusedKind.PROCEDURE or evidence.effect in (Effect.HALF, Effect.NOT):
            raise StepError(first) from first
        await _count_in_own_transaction(journal, entry_id, step, is_recorded=True)
    except psycopg.Error as error:
        raise StepError(error, done=step.last) from error


async def _run_outside_transaction(
    journal: Journal, entry_id: int, step: NumberedStep, *, is_recorded: bool = False
) -> AsyncIterator[Event]:
    """Run a statement outside a transaction, and count it after the server's response.

    `is_recorded`: there is a row about it in koonj.statement.

    Raises:
        StepError: The statement failed, or it could not be counted.
        Cancelled: The user has cancelled the run.
    """
    try:
        async for event in _statements(journal, step):
            yield event
    except StatementError as error:
        raise StepError(error) from error
    try:
        await _count_in_own_transaction(journal, entry_id, step, is_recorded=is_recorded)
    except psycopg.Error as first:
        if is_lost(first):
            raise StepError(first, done=step.last) from first
        # Probably a late cancel request for the statement. The statement took effect, so it must be counted.
        try:
            await _count_in_own_transaction(journal, entry_id, step, is_recorded=is_recorded)
        except psycopg.Error as error:
            raise StepError(error, done=step.last) from error


async def _count_in_own_transaction(
    journal: Journal, entry_id: int, step: NumberedStep, *, is_recorded: bool
) -> None:
    conn = journal.session.conn
    async with own_transaction(conn, journal.session.target):
        if is_recorded:
            await finish_intent(conn, entry_id, step.last)
        await _count(journal, entry_id, step)


async def _statements(journal: Journal, step: NumberedStep) -> AsyncIterator[Event]:
    session = journal.session
    for numbered in step.statements:
        async for event in execute(session.conn, session.control, journal.work, numbered):
            yield event


async def _count(journal: Journal, entry_id: int, step: NumberedStep) -> None:
    """Record that a step is done. The last step finishes the entry."""
    conn = journal.session.conn
    if step.last == journal.work.total:
        await history.finish(conn, entry_id, Outcome.DONE, step.last)
    else:
        await history.advance(conn, entry_id, step.last)
