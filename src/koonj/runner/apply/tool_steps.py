"""Run a migration of another tool outside a transaction: its statements one by one, then the row of the tool.

This is what the tool itself does. If it writes a row before the statements, so does koonj, and it gives the
tool's advisory locks back meanwhile: a session that waits for one holds a snapshot, for which CREATE INDEX
CONCURRENTLY waits, so PostgreSQL would see a deadlock. The row keeps the tool from running.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import monotonic

import psycopg

from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.postgres.errors import TargetError, is_lost
from koonj.postgres.read_transaction import read_transaction
from koonj.postgres.session import clean, own_transaction, set_lock_timeout, set_timeouts
from koonj.runner.apply.block import session_lock_timeout
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.failure import MigrationError
from koonj.runner.apply.lock import LockLostError, LockNotAcquiredError, keep_lock
from koonj.runner.apply.lock_tries import LockTries
from koonj.runner.apply.settlement import settle
from koonj.runner.apply.statement import StatementError, execute
from koonj.runner.apply.tool_rows import ToolRows
from koonj.runner.apply.tool_step_failure import Reached, not_recorded, not_started, stopped, stopped_between
from koonj.runner.apply.transaction_failure import blame_crowd
from koonj.runner.plan.tool_target import read_tool_target
from koonj.runner.plan.work import NumberedStatement, Work
from koonj.runner.run.events import Event, MigrationFinished
from koonj.runner.run.run import Cancelled
from koonj.sql.refused_statement import is_refused
from koonj.sql.transactions import might_commit


async def run_tool_steps(session: RunContext, rows: ToolRows, work: Work) -> AsyncIterator[Event]:
    """Run the statements, and write the row of the tool.

    Raises:
        MigrationError: A statement failed, the user cancelled, or the row could not be written.
    """
    steps, start = _Steps(session, rows, work), monotonic()
    try:
        async for event in steps.run():
            yield event
    except StatementError as error:
        raise MigrationError(await stopped(session, rows, work, steps.reached, error)) from error
    except Cancelled as error:
        raise MigrationError(stopped_between(rows, work, steps.reached)) from error
    async for event in steps.finish():
        yield event
    yield MigrationFinished(work.migration.name, work.direction, monotonic() - start, work.total)


class _Steps:
    """The statements of one migration, and how far they are."""

    def __init__(self, session: RunContext, rows: ToolRows, work: Work) -> None:
        self.reached = Reached()
        self._session = session
        self._rows = rows
        self._work = work
        self._history = ToolHistory()

    async def run(self) -> AsyncIterator[Event]:
        """Write the row that says that the migration has started, and run the statements.

        Raises:
            MigrationError: It could not be started.
            StatementError: A statement failed, or the connection was lost.
            Cancelled: The user has cancelled the run.
        """
        self._session.control.check()
        try:
            await self._start()
        except (psycopg.Error, TargetError) as error:
            raise MigrationError(
                not_started(self._session, self._rows, self._work, self.reached, error)
            ) from error
        for numbered in (n for step in self._work.steps for n in step.statements):
            async for event in self._run(numbered):
                yield event
            self.reached = Reached(numbered.index, self.reached.has_row)

    async def finish(self) -> AsyncIterator[Event]:
        """Write the row that says that the migration is done.

        Raises: MigrationError if it is not written.
        """
        session, done = self._session, self.reached
        try:
            await clean(session.conn, session.target)
            async for event in self._lock_again():
                yield event
            await keep_lock(session)
            async with own_transaction(session.conn, session.target):
                await self._rows.write(session.conn, self._work)
            return
        except (LockNotAcquiredError, LockLostError, Cancelled) as problem:
            words = "cancelled" if isinstance(problem, Cancelled) else f"{self._rows.lock} is not free"
            error: psycopg.Error | TargetError = psycopg.errors.LockNotAvailable(words)
        except (psycopg.Error, TargetError) as problem:
            error = problem
        if isinstance(error, psycopg.Error) and is_lost(error):
            committed = await settle(session)
            if committed is not None and self._work.migration.name in committed:
                return
        raise MigrationError(not_recorded(session, self._rows, self._work, done, error))

    async def _start(self) -> None:
        session, work = self._session, self._work
        change = self._rows.started(work.migration)
        if change is not None:
            async with own_transaction(session.conn, session.target):
                await self._rows.make(session.conn, change)
            self.reached = Reached(0, has_row=True)
            self._history = await self._read()
            if session.tool_locks is not None:
                await session.tool_locks.release_keys()
        lock, statement = session_lock_timeout(work), work.statement_timeout
        await set_timeouts(session.conn, lock, statement, local=False, name=session.name)
        if self._rows.writer.settings is not None:
            # LOCK TABLE needs a transaction. Not `own_transaction`: that has a search_path of its own.
            async with session.conn.transaction():
                await self._rows.set_settings(session.conn)

    async def _run(self, numbered: NumberedStatement) -> AsyncIterator[Event]:
        """Run a statement; if a lock is not free, again and again (`LockTries`)."""
        session, base = self._session, self._work
        work, tries = base, LockTries(session)
        limit = base.limits.of([numbered.statement])
        can_repeat = not is_refused(numbered.statement) and not might_commit(numbered.statement)
        try:
            while True:
                session.control.check()
                await self._limit(work, numbered)
                try:
                    async for event in execute(session.conn, session.control, work, numbered):
                        yield event
                    return
                except StatementError as error:
                    blame_crowd(session.control, error)
                    lost = is_lost(error.error)
                    if lost or not (can_repeat and tries.can_follow(base, error, limit=limit)):
                        raise
                async for event in tries.next():
                    yield event
                work = tries.adjusted(base)
        finally:
            await tries.close()

    async def _limit(self, work: Work, numbered: NumberedStatement) -> None:
        """Set the lock_timeout of a statement, unless the script sets one itself. Raises: StatementError."""
        if work.sets_lock_timeout:
            return
        try:
            await set_lock_timeout(self._session.conn, work.limits.of([numbered.statement]))
        except psycopg.Error as error:
            raise StatementError(numbered, error) from error

    async def _lock_again(self) -> AsyncIterator[Event]:
        """Take the tool's locks again, if they were given back, and compare the history.

        Raises: LockNotAcquiredError; Cancelled; psycopg.Error if somebody has changed the history meanwhile.
        """
        locks = self._session.tool_locks
        if not self.reached.has_row:
            return
        if locks is not None:
            async for event in locks.take_keys_again():
                yield event
        if (await self._read()).rows != self._history.rows:
            raise psycopg.errors.ObjectNotInPrerequisiteState(
                f"somebody has changed {self._rows.table.place} while the statements ran"
            )

    async def _read(self) -> ToolHistory:
        async with read_transaction(self._session.conn, self._session.target):
            found = await read_tool_target(self._session.conn, self._session.target, self._rows.folder)
        return found.history
