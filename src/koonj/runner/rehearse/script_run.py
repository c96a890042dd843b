"""One script on the scratch, as a run would send it, without history: with each statement traced, or fast."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

import psycopg
from psycopg import AsyncConnection

from koonj.config import Target
from koonj.postgres.locks.statistics import forget_counts
from koonj.postgres.locks.strategy import REFUSED, is_silent, needs_watch
from koonj.postgres.locks.trace import StatementTrace
from koonj.postgres.locks.tracer import Tracer
from koonj.postgres.locks.watcher import LockWatcher
from koonj.postgres.scratch.interface import ScratchError, ScratchServer
from koonj.postgres.session import check_deferred, clean, commit, roll_back, set_timeouts
from koonj.runner.apply.failure import failure_of_error
from koonj.runner.apply.invalid_index import must_be_valid
from koonj.runner.apply.statement import StatementError, execute
from koonj.runner.plan.work import NumberedStatement, NumberedStep, Work
from koonj.runner.run.events import Failure, Notice
from koonj.runner.run.run import Control
from koonj.sql.statements import Statement

_NEED_BLOCK = frozenset({"lock", "declare"})
"""Refused outside a transaction block: wrapped in one of ours they would pass, and then not in an apply."""


_ONE_BY_ONE = 50
"""INSERTs into one table in a row that are measured each: a file of data can have tens of thousands."""


class LostError(Exception):
    """The scratch was lost while a script ran."""


async def make_fresh(conn: AsyncConnection, target: Target) -> None:
    """As an apply finds its session: nothing set, and no timeout that a file gave role or database."""
    await clean(conn, target)
    await set_timeouts(conn, "0", "0", local=False)


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """How a script went."""

    traces: tuple[StatementTrace, ...]
    seconds: float
    """Of all statements, without what measuring takes."""
    failure: Failure | None


@dataclass(slots=True)
class ScriptRun:
    """One script's way over one connection."""

    conn: AsyncConnection
    control: Control
    work: Work
    target: Target
    """The scratch as a target: with the role to act as, if any."""
    more: Callable[[], Awaitable[AsyncConnection]] | None
    """Opens one more connection, to watch from; None: nothing is traced."""
    alone: bool
    lives: Callable[[], Awaitable[bool]]
    """Does the server still take connections, after this one was lost?"""
    traces: list[StatementTrace] = field(default_factory=list)
    seconds: float = 0.0

    async def run(self) -> ScriptResult:
        """Run all of it. Raises Cancelled, LostError."""
        failure = None
        self.control.working_on(self.conn)
        try:
            for step in self.work.steps:
                await (self._block(step) if step.step.in_transaction else self._alone(step))
        except (StatementError, psycopg.Error) as error:
            if self.conn.closed and not await self.lives():
                raise LostError(str(error)) from error
            await roll_back(self.conn)  # where a statement has not ended the session itself
            self.control.check()  # cancelled, it says nothing of the script
            failure = failure_of_error(self.work, error, state="", next_steps=())
        except BaseException:
            if not self.conn.closed:
                await roll_back(self.conn)
            raise
        finally:
            self.control.working_on(None)
        if not self.conn.closed:
            await make_fresh(self.conn, self.target)
        return ScriptResult(tuple(self.traces), self.seconds, failure)

    async def _block(self, step: NumberedStep) -> None:
        """A transaction: the file's own, or the one that koonj opens around a body without BEGIN."""
        tracer = await self._tracer()
        opening = step.step.begin
        await self.conn.execute(b"BEGIN" if opening is None else opening.text.encode())
        passed_over = _passed_over(step.statements)
        for numbered in step.statements:
            passes = numbered.index in passed_over
            await self._statement(numbered, tracer, in_transaction=True, passes=passes)
        await check_deferred(self.conn)
        await commit(self.conn)

    async def _alone(self, step: NumberedStep) -> None:
        """A statement outside a transaction: in one of its own where that makes no difference but to us."""
        for numbered in step.statements:
            statement = numbered.statement
            if self.more is None or is_silent(statement) or statement.verb in _NEED_BLOCK:
                await self._statement(numbered, None, in_transaction=False)
            elif needs_watch(statement) or not await self._wrapped(numbered):
                await self._watched(numbered)

    async def _wrapped(self, numbered: NumberedStatement) -> bool:
        """Traced in a transaction; False where the server will have it alone."""
        tracer = await self._tracer()
        await self.conn.execute("BEGIN")
        try:
            await self._statement(numbered, tracer, in_transaction=False)
            await check_deferred(self.conn)
            await commit(self.conn)
        except StatementError as error:
            await roll_back(self.conn)
            if error.error.sqlstate in REFUSED:
                return False
            raise
        return True

    async def _watched(self, numbered: NumberedStatement) -> None:
        """Alone, with its locks seen from other sessions."""
        assert self.more is not None
        async with LockWatcher(self.more, self.conn, numbered.statement, alone=self.alone) as watch:
            seconds = await self._send(numbered)
        self.traces.append(watch.trace(numbered.bare_trace(seconds, in_transaction=False)))

    async def _statement(
        self,
        numbered: NumberedStatement,
        tracer: Tracer | None,
        *,
        in_transaction: bool,
        passes: bool = False,
    ) -> None:
        """`passes`: what it does is measured with a later one."""
        seconds = await self._send(numbered)
        if tracer is None:
            return
        bare = numbered.bare_trace(seconds, in_transaction=in_transaction)
        silent = passes or is_silent(numbered.statement)
        self.traces.append(tracer.silent(bare) if silent else await tracer.after(bare))

    async def _send(self, numbered: NumberedStatement) -> float:
        """Send one; how long it took. Raises StatementError, Cancelled."""
        heard = []
        begun = monotonic()
        async for event in execute(self.conn, self.control, self.work, numbered):
            if isinstance(event, Notice):
                heard.append(event)
        seconds = monotonic() - begun
        self.seconds += seconds
        await must_be_valid(self.conn, numbered, heard)
        return seconds

    async def _tracer(self) -> Tracer | None:
        if self.more is None:
            return None
        await forget_counts(self.conn)
        tracer = Tracer(self.conn, alone=self.alone)
        await tracer.begin()
        return tracer


def _passed_over(statements: Sequence[NumberedStatement]) -> frozenset[int]:
    """Numbers of those far within a row of INSERT … VALUES into one table.

    They lock no more than the first; the rows and the WAL of all are counted with the row's last.
    """
    found = set()
    row = 0
    for before, this, after in zip(statements, statements[1:], statements[2:], strict=False):
        row = row + 1 if _goes_on(before.statement, this.statement) else 0
        if row > _ONE_BY_ONE and _goes_on(this.statement, after.statement):
            found.add(this.index)
    return frozenset(found)


def _goes_on(before: Statement, this: Statement) -> bool:
    is_next = this.verb == before.verb == "insert" and this.name == before.name
    return is_next and "select" not in this.text.lower()


_RECOVERY = 50
"""Tenths of a second that a server may take to recover: it has little to recover from."""


async def lives(server: ScratchServer, control: Control) -> bool:
    """Does the server answer, if need be after it has recovered from a crash? Raises Cancelled."""
    for _ in range(_RECOVERY):
        control.check()
        try:
            await (await server.connect()).close()
        except ScratchError:  # which of its messages a client is shown depends on the moment
            await asyncio.sleep(0.1)
        else:
            return True
    return False
