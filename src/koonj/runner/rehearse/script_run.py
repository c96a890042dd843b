"""Run one script on the scratch server as a run would, but without history.

Each statement is traced, unless the caller wants no traces, which is faster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

import psycopg
from psycopg import AsyncConnection

from koonj.config import Target
from koonj.postgres.demands.demand import Demands
from koonj.postgres.demands.watch import DemandWatch
from koonj.postgres.locks.statistics import forget_counts
from koonj.postgres.locks.strategy import COMMITS_ITSELF, REFUSED, is_silent, needs_watch
from koonj.postgres.locks.trace import StatementTrace
from koonj.postgres.locks.tracer import Tracer
from koonj.postgres.locks.watcher import LockWatcher
from koonj.postgres.queries import query
from koonj.postgres.scratch.interface import ScratchError, ScratchServer
from koonj.postgres.session import check_deferred, clean, commit, roll_back, set_timeouts
from koonj.runner.apply.failure import failure_of_error
from koonj.runner.apply.statement import StatementError, execute
from koonj.runner.plan.work import NumberedStatement, NumberedStep, Work, can_run_as_written, work_as_written
from koonj.runner.run.failure import Failure
from koonj.runner.run.run import Control
from koonj.sql.statements import Statement

_BLOCK_ONLY = frozenset({"lock", "declare"})
"""Verbs of statements that PostgreSQL refuses outside a transaction block.

In a transaction of koonj's own they would succeed here, but fail in an apply.
"""


_MEASURED_INSERTS = 50
"""How many consecutive INSERTs into one table are measured one by one. Data files have thousands."""


class LostError(Exception):
    """Raised when the connection to the scratch server was lost while a script ran."""


async def make_fresh(conn: AsyncConnection, target: Target) -> None:
    """Reset the session to the state in which an apply starts.

    No settings, and no timeout that a file set for the role or the database.
    """
    await clean(conn, target, computes=True)
    await set_timeouts(conn, "0", "0", local=False)


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """Result of a script."""

    traces: tuple[StatementTrace, ...]
    seconds: float
    """Sum of the times of all statements, without the time for measuring."""
    failure: Failure | None
    """None if all statements succeeded."""
    commits: tuple[int, ...] = ()
    """Numbers of statements that commit by themselves, so that the script ran without koonj's transaction."""
    demands: Demands = field(default_factory=Demands)
    """What its statements demand of rows; empty if that was not watched."""


@dataclass(slots=True)
class ScriptRun:
    """Execution of one script on one connection."""

    conn: AsyncConnection
    control: Control
    work: Work
    target: Target
    """The scratch database as a target, with the role to act as, if any."""
    connect_more: Callable[[], Awaitable[AsyncConnection]] | None
    """Opens another connection to observe locks from; None: nothing is traced."""
    alone: bool
    """Whether no other process uses the server; see ScratchServer."""
    is_alive: Callable[[int], Awaitable[bool]]
    """Returns whether the server still accepts connections after that of the session with a pid was lost."""
    traces: list[StatementTrace] = field(default_factory=list)
    seconds: float = 0.0
    commits: set[int] = field(default_factory=set)
    watch: DemandWatch | None = None
    """Finds what the statements demand of rows; None: nobody asks."""

    async def run(self) -> ScriptResult:
        """Run the whole script.

        Raises: Cancelled, LostError.
        """
        failure, pid = None, self.conn.info.backend_pid
        self.control.working_on(self.conn)
        try:
            await self._begin_watch()
            await self._run_steps()
        except (StatementError, psycopg.Error) as error:
            if self.conn.closed and not await self.is_alive(pid):
                raise LostError(str(error)) from error
            await roll_back(self.conn)  # if a statement did not end the session itself
            self.control.check()  # after a cancel, the error is not the fault of the script
            failure = failure_of_error(self.work, error, state="", next_steps=())
        except BaseException:
            if not self.conn.closed:
                await roll_back(self.conn)
            raise
        finally:
            self.control.working_on(None)
        if not self.conn.closed:
            await make_fresh(self.conn, self.target)
        demands = Demands() if self.watch is None else self.watch.result()
        return ScriptResult(tuple(self.traces), self.seconds, failure, tuple(sorted(self.commits)), demands)

    async def _begin_watch(self) -> None:
        if self.watch is not None:
            await self.watch.begin()

    async def _run_steps(self) -> None:
        """Run all steps; without koonj's own transaction if a statement commits by itself."""
        try:
            await self._run_each(self.work.steps)
        except StatementError as error:
            if error.error.sqlstate != COMMITS_ITSELF or not can_run_as_written(self.work):
                raise
            await roll_back(self.conn)
            await make_fresh(self.conn, self.target)
            self.commits.add(error.numbered.index)
            self.traces, self.seconds = [], 0.0
            self.work = work_as_written(self.work, ())
            await self._begin_watch()
            await self._run_each(self.work.steps)

    async def _run_each(self, steps: Sequence[NumberedStep]) -> None:
        for step in steps:
            await (
                self._run_transaction(step)
                if step.step.in_transaction
                else self._run_outside_transaction(step)
            )

    async def _run_transaction(self, step: NumberedStep) -> None:
        """Run a transaction of the file, or one that koonj opens.

        koonj opens one if the script has no BEGIN.
        """
        tracer = await self._start_tracer()
        begin = step.step.begin
        await self.conn.execute(b"BEGIN" if begin is None else begin.text.encode())
        unmeasured = _unmeasured_inserts(step.statements)
        for numbered in step.statements:
            skip_measuring = numbered.index in unmeasured
            await self._run_statement(numbered, tracer, in_transaction=True, skip_measuring=skip_measuring)
        await check_deferred(self.conn)
        await commit(self.conn)

    async def _run_outside_transaction(self, step: NumberedStep) -> None:
        """Run statements outside a transaction.

        To trace a statement, koonj runs it in a transaction of its own if the effect is the same.
        """
        for numbered in step.statements:
            statement = numbered.statement
            if self.connect_more is None or is_silent(statement) or statement.verb in _BLOCK_ONLY:
                await self._run_statement(numbered, None, in_transaction=False)
            elif needs_watch(statement) or not await self._run_in_own_transaction(numbered):
                await self._run_observed(numbered)

    async def _run_in_own_transaction(self, numbered: NumberedStatement) -> bool:
        """Run and trace a statement in its own transaction.

        Returns False if the server refuses it there; then nothing was changed.
        """
        tracer = await self._start_tracer()
        await self.conn.execute("BEGIN")
        try:
            await self._run_statement(numbered, tracer, in_transaction=False)
            await check_deferred(self.conn)
            await commit(self.conn)
        except StatementError as error:
            await roll_back(self.conn)
            if error.error.sqlstate in REFUSED:
                if error.error.sqlstate == COMMITS_ITSELF and self.commits:
                    self.commits.add(numbered.index)
                return False
            raise
        return True

    async def _run_observed(self, numbered: NumberedStatement) -> None:
        """Run a statement outside a transaction; observe it from other sessions."""
        assert self.connect_more is not None
        async with LockWatcher(self.connect_more, self.conn, numbered.statement, alone=self.alone) as watcher:
            seconds = await self._send(numbered)
        self.traces.append(watcher.trace(numbered.bare_trace(seconds, in_transaction=False)))
        if self.watch is not None:
            await self.watch.after(numbered.index, numbered.statement, inside=False)

    async def _run_statement(
        self,
        numbered: NumberedStatement,
        tracer: Tracer | None,
        *,
        in_transaction: bool,
        skip_measuring: bool = False,
    ) -> None:
        """Run one statement, and add its trace.

        `skip_measuring`: its effects are measured together with a later statement.
        """
        if self.watch is not None and tracer is not None and await self.watch.before(numbered.statement):
            await tracer.pass_over()
        seconds = await self._send(numbered)
        if tracer is None:
            return
        bare = numbered.bare_trace(seconds, in_transaction=in_transaction)
        silent = skip_measuring or is_silent(numbered.statement)
        self.traces.append(
            tracer.trace_silent_statement(bare) if silent else await tracer.trace_statement(bare)
        )
        if self.watch is not None and not silent:
            await self.watch.after(numbered.index, numbered.statement, inside=True)

    async def _send(self, numbered: NumberedStatement) -> float:
        """Send one statement, and return its time in seconds.

        Raises: StatementError, Cancelled.
        """
        started = monotonic()
        async for _ in execute(self.conn, self.control, self.work, numbered):
            pass  # the traces show what it did
        seconds = monotonic() - started
        self.seconds += seconds
        return seconds

    async def _start_tracer(self) -> Tracer | None:
        if self.connect_more is None:
            return None
        await forget_counts(self.conn)
        tracer = Tracer(self.conn, alone=self.alone)
        await tracer.begin()
        return tracer


def _unmeasured_inserts(statements: Sequence[NumberedStatement]) -> frozenset[int]:
    """Return the indexes of statements that need not be measured.

    They are in a long series of INSERT … VALUES into one table.
    They lock no more than the first one. Their rows and WAL are counted with the last one of the series.
    """
    found = set()
    run_length = 0
    for previous, current, following in zip(statements, statements[1:], statements[2:], strict=False):
        run_length = run_length + 1 if _continues_inserts(previous.statement, current.statement) else 0
        if run_length > _MEASURED_INSERTS and _continues_inserts(current.statement, following.statement):
            found.add(current.index)
    return frozenset(found)


def _continues_inserts(previous: Statement, current: Statement) -> bool:
    is_next = current.verb == previous.verb == "insert" and current.name == previous.name
    return is_next and "select" not in current.text.lower()


_GONE = 5.0
"""Seconds without an answer after which a server is given up."""
_RECOVERY = 120.0
"""Maximum seconds for which a server that recovers from a crash is awaited."""


async def is_alive(server: ScratchServer, control: Control, lost: int) -> bool:
    """Return whether the server accepts connections after one was lost.

    After a crash, wait until it has recovered. How long that takes depends on the machine. A killed process
    is listed as a session until the server has noticed its end; then all its sessions end, and it recovers.

    `lost`: pid of the session whose connection was lost.
    Raises: Cancelled.
    """
    start = answered = monotonic()
    while True:
        control.check()
        if await _is_busy(server):
            answered = monotonic()
        elif (listed := await _is_listed(server, lost)) is False:
            return True
        elif monotonic() - answered >= _GONE:
            return listed is not None
        if monotonic() - start >= _RECOVERY:
            return False
        await asyncio.sleep(0.1)


async def _is_busy(server: ScratchServer) -> bool:
    with suppress(ScratchError):
        return await server.is_busy()
    return False


async def _is_listed(server: ScratchServer, pid: int) -> bool | None:
    """Return whether the server lists a session; None if it accepts no connection, or ends it."""
    with suppress(ScratchError, psycopg.Error):
        async with await server.connect() as conn:
            cursor = await conn.execute(query("activity/is_listed"), {"pid": pid})
            return await cursor.fetchone() == (True,)
    return None
