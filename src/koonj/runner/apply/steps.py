"""Run a migration in several transactions, and record each committed step.

The history entry counts the committed statements. A block, and a statement that PostgreSQL accepts in a
transaction, commit together with their count, so it is exact. They go in flights where possible
(`step_flights`), otherwise one message at a time (`block`). The other statements run outside a transaction
(`refused_step`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from time import monotonic

import psycopg

from koonj.migrations.history_entry import Outcome
from koonj.postgres import history
from koonj.postgres.session import own_transaction, set_lock_timeout, set_timeouts
from koonj.postgres.statement_intent import insert_session
from koonj.runner.apply.block import run_block, session_lock_timeout
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.failure import MigrationError, failure_of_error, next_steps
from koonj.runner.apply.flight_messages import can_fly_steps
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.lock_tries import LockTries
from koonj.runner.apply.refused_step import run_outside_transaction, run_refused
from koonj.runner.apply.statement import StatementError, execute
from koonj.runner.apply.step_failure import StepError, record_step_cancel, record_step_failure
from koonj.runner.apply.step_flights import StepFlightError, StepQueue, fly_steps
from koonj.runner.plan.resume import sets_session
from koonj.runner.plan.work import NumberedStep, Work
from koonj.runner.run.events import Event, MigrationFinished, Notice, StatementStarted
from koonj.runner.run.run import Cancelled
from koonj.sql.refusal import Refusal
from koonj.sql.refused_statement import RefusedKind, is_refused, refused_statement
from koonj.sql.transactions import might_commit


async def run_steps(session: RunContext, work: Work) -> AsyncIterator[Event]:
    """Run the steps that are not committed yet.

    Raises:
        MigrationError: A step failed, or the user cancelled.
    """
    journal, start = Journal(session, work), monotonic()
    entry_id = await _start(journal)
    steps = _Steps(journal, entry_id)
    try:
        async for event in steps.run():
            yield event
    except StepError as error:
        failure = await record_step_failure(journal, entry_id, max(steps.done, error.done), error)
        if failure is not None:
            raise MigrationError(failure) from error
    except Cancelled as error:
        failure = await record_step_cancel(journal, entry_id, steps.done)
        if failure is not None:
            raise MigrationError(failure) from error
    yield MigrationFinished(work.migration.name, work.direction, monotonic() - start, work.total)


async def _start(journal: Journal) -> int:
    """Record a `started` entry, set the session's timeouts, return the entry's id."""
    session, work = journal.session, journal.work
    assert session.server is not None
    record = journal.record(Outcome.STARTED, work.planned.statements_done)
    try:
        async with own_transaction(session.conn, session.target):
            entry_id, _ = await history.insert(session.conn, record)
            await insert_session(session.conn, entry_id, session.server.process, record.run_id)
        lock, statement = session_lock_timeout(work), work.statement_timeout
        await set_timeouts(session.conn, lock, statement, local=False, name=session.name)
    except psycopg.Error as error:
        state = f"This run sent no statement of {work.migration.name}."
        done, cancelled = work.planned.statements_done, session.control.cancelled
        following = next_steps(work, done, error, cancelled=cancelled)
        raise MigrationError(failure_of_error(work, error, state=state, next_steps=following)) from error
    return entry_id


class _Steps:
    """The steps of one migration, and how many of its statements are committed."""

    def __init__(self, journal: Journal, entry_id: int) -> None:
        self.done = journal.work.planned.statements_done
        self._journal = journal
        self._entry_id = entry_id
        self._session_limit = session_lock_timeout(journal.work)
        self._recorded = 0

    async def run(self) -> AsyncIterator[Event]:
        """Run the steps that are not committed yet.

        Raises:
            StepError: A step failed, or the outcome of its COMMIT is unknown.
            Cancelled: The user has cancelled the run.
        """
        steps = self._journal.work.steps
        for step in steps:
            if step.last <= self.done:
                async for event in self._restore_settings(step):
                    yield event
        while waiting := [step for step in steps if step.last > self.done]:
            async for event in self._run_next(waiting):
                yield event

    async def _run_next(self, waiting: Sequence[NumberedStep]) -> AsyncIterator[Event]:
        """Run the first of these steps, or some; if a lock is not free, again and again (`LockTries`)."""
        session, base, done = self._journal.session, self._journal.work, self.done
        tries = LockTries(session)
        try:
            while True:
                session.control.check()
                together = self._together(waiting)
                events = self._fly(waiting[:together]) if together else self._run(waiting[0])
                try:
                    async for event in events:
                        yield event
                    return
                except StepError as error:
                    error.blame_crowd(session.control)
                    if self.done > done:  # lock_wait is that of each transaction
                        await tries.close()
                        tries, done = LockTries(session), self.done
                        waiting = [step for step in waiting if step.last > done]
                    limit = base.limits.of([n.statement for n in waiting[0].statements]) if waiting else None
                    if not (error.is_undone and tries.can_follow(base, error.error, limit=limit)):
                        raise
                async for event in tries.next():
                    yield event
                self._journal = replace(self._journal, work=tries.adjusted(base))
        finally:
            self._journal = replace(self._journal, work=base)
            await tries.close()

    def _together(self, waiting: Sequence[NumberedStep]) -> int:
        """Return how many of the next steps go in one flight; 0 if the next one cannot fly.

        A statement that the server perhaps refuses in a transaction goes alone.
        """
        conn = self._journal.session.conn
        for number, step in enumerate(waiting):
            if not _is_transaction(step) or not can_fly_steps(conn, (step,)):
                return number
            if _is_perhaps_refused(step):
                return number or 1
        return len(waiting)

    async def _fly(self, steps: Sequence[NumberedStep]) -> AsyncIterator[Event]:
        queue, seen = StepQueue(self._journal, self._entry_id, steps), list[Notice]()
        try:
            async for event in fly_steps(self._journal, queue):
                _note(seen, event)
                yield event
            return
        except StepFlightError as error:
            failed = error
        finally:
            self.done = max(self.done, queue.done)
        again = failed.again and not self._journal.session.conn.closed
        step = next((step for step in steps if step.last > self.done), None)
        if step is None or not (again or _must_run_outside(step, failed.error)):
            raise StepError(failed.error, is_undone=True) from failed
        async for event in self._run(step) if again else self._run_refused(step, seen):
            yield event

    async def _run(self, step: NumberedStep) -> AsyncIterator[Event]:
        """Run a step one message at a time, in the way that makes its count as exact as possible."""
        if not _is_transaction(step):
            await self._limit_session(step)
        if _is_transaction(step):
            events = self._run_block(step)
        elif _is_of_session(step):
            events = run_outside_transaction(self._journal, self._entry_id, step)
        else:
            again, self._recorded = self._recorded == step.last, step.last
            events = run_refused(self._journal, self._entry_id, step, is_recorded=again)
        async for event in events:
            yield event
        self.done = step.last

    async def _run_block(self, step: NumberedStep) -> AsyncIterator[Event]:
        seen: list[Notice] = []
        try:
            async for event in run_block(self._journal, self._entry_id, step):
                _note(seen, event)
                yield event
            return
        except StepError as error:
            if not _must_run_outside(step, error.error):
                raise
        async for event in self._run_refused(step, seen):
            yield event

    async def _limit_session(self, step: NumberedStep) -> None:
        """Set the lock_timeout of a statement outside a transaction, unless the script sets one itself.

        A procedure can have committed a part when it fails, so it waits as long as the target allows.

        Raises: StepError.
        """
        work, conn = self._journal.work, self._journal.session.conn
        limit = work.limits.of([n.statement for n in step.statements])
        if _is_procedure(step) and work.limits.own is None:
            limit = work.limits.target
        if work.sets_lock_timeout or limit == self._session_limit:
            return
        try:
            await set_lock_timeout(conn, limit)
        except psycopg.Error as error:
            raise StepError(error) from error
        self._session_limit = limit

    async def _run_refused(self, step: NumberedStep, seen: list[Notice]) -> AsyncIterator[Event]:
        """Run a statement outside a transaction that the server refused in one.

        A CALL or a DO does not show whether it commits. Before the server refuses its COMMIT, it can have run
        a part, which is rolled back, and which runs again. `seen`: its messages, which are not reported
        again.
        """
        await self._limit_session(step)
        async for event in run_refused(self._journal, self._entry_id, step):
            if isinstance(event, StatementStarted):
                continue  # it has been reported
            if isinstance(event, Notice) and seen and _is_same(event, seen[0]):
                seen.pop(0)
                continue
            yield event
        self.done = step.last

    async def _restore_settings(self, step: NumberedStep) -> AsyncIterator[Event]:
        """Run the session settings of a step that an earlier run committed.

        Raises:
            StepError: A statement failed.
            Cancelled: The user has cancelled the run.
        """
        session = self._journal.session
        try:
            for numbered in step.statements:
                if sets_session(numbered.statement.text):
                    async for event in execute(session.conn, session.control, self._journal.work, numbered):
                        yield event
        except StatementError as error:
            raise StepError(error) from error


def _is_transaction(step: NumberedStep) -> bool:
    """Return whether a step is a block, or a statement that can be in a transaction with its count."""
    return step.step.in_transaction or not is_refused(step.statements[0].statement)


def _is_procedure(step: NumberedStep) -> bool:
    return refused_statement(step.statements[0].statement.text).kind is RefusedKind.PROCEDURE


def _is_of_session(step: NumberedStep) -> bool:
    return refused_statement(step.statements[0].statement.text).kind is RefusedKind.SESSION


def _is_perhaps_refused(step: NumberedStep) -> bool:
    """Return whether the server perhaps refuses a statement in a transaction that the file does not have."""
    statements = () if step.step.in_transaction else step.statements
    return any(might_commit(n.statement) or n.statement.refusal is Refusal.MAYBE for n in statements)


def _must_run_outside(step: NumberedStep, error: StatementError | psycopg.Error) -> bool:
    """Return whether the server refused a statement in a transaction that the file does not have."""
    refused = isinstance(error, StatementError) and error.error.sqlstate in _REFUSED
    return refused and not step.step.in_transaction


_REFUSED = frozenset({"25001", "2D000"})
"""SQLSTATEs active_sql_transaction and invalid_transaction_termination."""


def _note(seen: list[Notice], event: Event) -> None:
    """Keep the messages of the statement that runs."""
    if isinstance(event, StatementStarted):
        seen.clear()
    elif isinstance(event, Notice):
        seen.append(event)


def _is_same(one: Notice, other: Notice) -> bool:
    return (one.severity, one.message, one.detail) == (other.severity, other.message, other.detail)
