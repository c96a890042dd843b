"""Run a probe: all planned migrations in one transaction, always rolled back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from time import monotonic

import psycopg

from koonj.postgres import advisory_lock
from koonj.postgres.locks.strategy import is_silent
from koonj.postgres.locks.trace import StatementTrace
from koonj.postgres.locks.tracer import Tracer
from koonj.postgres.probe_session import (
    bound,
    check_so_far,
    dead_client_interval,
    forget_mark,
    hold_lock_limit,
    make_fresh,
    mark,
    open_transaction,
)
from koonj.postgres.session import check_deferred, roll_back
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.failure import MigrationError
from koonj.runner.apply.lock import LockLostError
from koonj.runner.apply.statement import StatementError, execute, forward_notices
from koonj.runner.plan.work import NumberedStatement, Work
from koonj.runner.probe.result import probe_cancelled, probe_failed, probed
from koonj.runner.run.events import Event, MigrationStarted, Notice, StatementFinished
from koonj.runner.run.run import Cancelled
from koonj.sql.control import TransactionControl
from koonj.sql.statements import Statement


async def run_probe(session: RunContext, works: Sequence[Work]) -> AsyncIterator[Event]:
    """Run the migrations one after the other in one transaction; always roll back.

    Each script in `works` must be one transaction.

    Raises:
        MigrationError: A migration failed, or the user cancelled.
        LockLostError: A migration released the koonj lock and another run took it.
    """
    probe = _Probe(session, Tracer(session.conn, alone=False))
    try:
        for index, work in enumerate(works, start=1):
            yield MigrationStarted(
                work.migration.name, work.direction, index, len(works), work.total, in_transaction=True
            )
            try:
                async for event in _migration(probe, work, first=index == 1, last=index == len(works)):
                    yield event
            except Cancelled as error:
                raise MigrationError(probe_cancelled(work)) from error
            except (StatementError, psycopg.Error) as error:
                raise MigrationError(
                    probe_failed(work, error, first=index == 1, cancelled=session.control.cancelled)
                ) from error
    finally:
        await roll_back(session.conn)


@dataclass(slots=True)
class _Probe:
    """State of one probe, shared by its migrations."""

    session: RunContext
    tracer: Tracer
    interval: str | None = None
    """client_connection_check_interval at the start of each migration; None before PostgreSQL 14."""
    marked: bool = False
    """koonj's savepoint is set, before the savepoints of the current migration."""

    async def open(self, work: Work) -> None:
        """Start the tracer, and the transaction with the file's own BEGIN if it has one."""
        conn, opening = self.session.conn, work.steps[0].step.begin if work.steps else None
        self.interval = await dead_client_interval(conn)
        await self.tracer.begin()
        text = None if opening is None else opening.text
        await open_transaction(conn, text)

    async def before(self, statement: Statement) -> None:
        """Limit the lock waits of a statement; before a SAVEPOINT, set koonj's own.

        koonj's savepoint is not set earlier, because SET TRANSACTION is not permitted after a savepoint.
        """
        conn = self.session.conn
        await hold_lock_limit(conn)
        if statement.control is TransactionControl.SAVEPOINT and not self.marked:
            await mark(conn)
            self.marked = True

    async def trace_statement(self, numbered: NumberedStatement, seconds: float) -> StatementTrace:
        """Return the trace of a statement: what it locked."""
        statement = numbered.statement
        bare = numbered.bare_trace(seconds, in_transaction=True)
        if is_silent(statement) and len(statement.spans) == 1:
            return self.tracer.trace_silent_statement(bare)
        return await self.tracer.trace_statement(bare)

    async def check(self, work: Work, *, last: bool) -> StatementTrace:
        """Check the deferred constraints as COMMIT would, and return the trace."""
        conn, start = self.session.conn, monotonic()
        await hold_lock_limit(conn)
        await (check_deferred(conn) if last else check_so_far(conn))
        seconds = monotonic() - start
        bare = StatementTrace(work.total, 0, "set constraints", in_transaction=True, seconds=seconds)
        return await self.tracer.trace_statement(bare)

    async def clear(self) -> None:
        """Remove the settings, role, temporary tables and savepoints of a migration."""
        conn = self.session.conn
        if self.marked:
            await forget_mark(conn)
            self.marked = False
        await make_fresh(conn, self.session.target, self.interval)
        await self._keep_lock()

    async def _keep_lock(self) -> None:
        """Check that this session holds the koonj lock, or take it again.

        A migration can release the lock.

        Raises:
            LockLostError: Another run holds the lock.
        """
        conn = self.session.conn
        if await advisory_lock.is_held_here(conn):
            return
        holder = await advisory_lock.holder(conn)
        if not await advisory_lock.try_lock(conn):
            raise LockLostError(holder)


async def _migration(probe: _Probe, work: Work, *, first: bool, last: bool) -> AsyncIterator[Event]:
    session = probe.session
    session.control.check()
    if first:
        await probe.open(work)
    await bound(session.conn, work.planned.lock_timeout, work.statement_timeout)
    if session.tool_rows is not None:
        await session.tool_rows.set_settings(session.conn)
    traces: list[StatementTrace] = []
    for numbered in (n for step in work.steps for n in step.statements):
        await probe.before(numbered.statement)
        async for event in execute(session.conn, session.control, work, numbered):
            if isinstance(event, StatementFinished):
                traces.append(await probe.trace_statement(numbered, event.seconds))
            yield event
    session.control.check()
    notices: list[Notice] = []
    with forward_notices(session.conn, work.planned.name, notices.append):
        traces.append(await probe.check(work, last=last))
    for notice in notices:  # from deferred triggers
        yield notice
    await probe.clear()
    yield probed(work, traces)
