"""Watch the running statement of a run: who is in its way, and how far it is.

The watch has its own connection, which it opens when a statement takes long. It only looks: if it cannot
connect, or if a query takes too long, the run continues without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

import psycopg

from koonj.config.duration import milliseconds
from koonj.postgres.answer_limit import LimitedAsyncConnection, NoAnswerError
from koonj.postgres.blockers import Blocker, LockWait, lock_wait
from koonj.postgres.connector import ConnectError
from koonj.postgres.progress import CommandProgress, command_progress
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.journal import WAITED
from koonj.runner.apply.progress_report import ProgressReport
from koonj.runner.plan.work import Work
from koonj.runner.run.events import (
    Event,
    MigrationFailed,
    MigrationFinished,
    MigrationProbed,
    MigrationStarted,
    MigrationUncommitted,
    Progress,
    Retrying,
    StatementFinished,
    StatementStarted,
)
from koonj.runner.run.failure import AwaitedLock, Failure
from koonj.runner.run.lock_events import Blocked, Unblocked
from koonj.runner.run.run import Control

NAME = "koonj watch"
"""application_name of the watch's session."""

FIRST = 0.3
"""Seconds without an event until the watch looks at the running statement."""

REPEAT = 1.0
"""Seconds between two looks at the same statement."""

_AFTER_FAILURE = 5.0
"""Seconds until the watch tries again if it could not look."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the run is: the statement that the server runs, or the moment before or after it."""

    name: str
    statement: int = 0


class StatementWatch:
    """Looks at the session of a run while a statement takes long, and reports what it sees."""

    def __init__(self, session: RunContext, budgets: Mapping[str, float | None]) -> None:
        """Prepare to watch `session`. `budgets`: for each file name, its lock timeout in seconds."""
        self._session = session
        self._budgets = budgets
        self._place: _Place | None = None
        self._moves = 0
        self._conn: LimitedAsyncConnection | None = None
        self._last: AwaitedLock | None = None
        self._shown: Picture | None = None
        self._waited = 0.0
        self._progress = ProgressReport()

    def see(self, event: Event) -> Event:
        """Follow the run: `event` is its next one. Return it, with the lock for which an attempt waited."""
        if isinstance(event, Retrying) and event.sqlstate in WAITED:
            event = replace(event, waited_for=self._session.control.awaited)
        if not isinstance(event, (Blocked, Unblocked, Progress)):
            self._follow(event)
        return event

    def _follow(self, event: Event) -> None:
        match event:
            case MigrationStarted():
                self._move(_Place(event.name))
            case StatementStarted():
                self._move(_Place(event.name, event.index))
            case StatementFinished():
                self._move(_Place(event.name))
            case (
                Retrying()
                | MigrationFinished()
                | MigrationUncommitted()
                | MigrationProbed()
                | MigrationFailed()
            ):
                self._move(None)
            case _:
                self._moves += 1

    def _move(self, place: _Place | None) -> None:
        self._place, self._moves = place, self._moves + 1
        self._shown, self._waited = None, 0.0
        self._progress.forget()
        self._session.control.awaited = None

    async def run(self) -> None:
        """Look whenever the run has been quiet for a while. Runs until it is cancelled."""
        try:
            while True:
                moves = self._moves
                await asyncio.sleep(FIRST)
                # The server does not tell when a session begins to wait.
                while moves == self._moves and self._place is not None:  # noqa: ASYNC110
                    await asyncio.sleep(await self._look())
        finally:
            if self._conn is not None:
                await self._conn.close()

    async def _look(self) -> float:
        """Look once, and return the seconds until the next look."""
        place, server = self._place, self._session.server
        polled = self._shown is None and self._session.control.awaited is not None
        if place is None or server is None or polled:
            return REPEAT
        try:
            conn = await self._connection()
            found = await lock_wait(conn, server.process.pid)
            progress = await command_progress(conn, server.process.pid)
        except (psycopg.Error, ConnectError, NoAnswerError):
            if self._conn is not None:
                await self._conn.close()
            return _AFTER_FAILURE
        if self._place == place:
            self._report(place, found)
            self._report_progress(place, progress)
        return REPEAT

    def _report_progress(self, place: _Place, found: CommandProgress | None) -> None:
        event = None if found is None else self._progress.next(place.name, place.statement, found)
        if event is not None and not self._session.control.report(event):
            self._progress.forget()

    async def _connection(self) -> LimitedAsyncConnection:
        if self._conn is None or self._conn.closed:
            self._conn = await self._session.connector.connect(self._session.target, name=NAME)
        return self._conn

    def _report(self, place: _Place, found: LockWait | None) -> None:
        control = self._session.control
        blockers = () if found is None else tuple(b for b in found.blockers if b.application != NAME)
        if found is None or not blockers:
            if self._shown is not None and control.report(
                Unblocked(name=place.name, statement=place.statement, seconds=self._waited)
            ):
                self._shown, control.awaited = None, None
            return
        self._waited = found.seconds
        control.awaited = lock = awaited_lock(replace(found, blockers=blockers))
        picture = Picture.of(lock, self._shown)
        if picture == self._shown:
            return
        event = Blocked(
            name=place.name, statement=place.statement, budget=self._budgets.get(place.name), lock=lock
        )
        if control.report(event):
            self._shown = picture


@dataclass(frozen=True, slots=True)
class Picture:
    """What must change for another event: a number that grows each second is none of it."""

    relation: str
    mode: str
    object: str
    blockers: tuple[tuple[int | None, str | None, int], ...]
    queue: int
    """Highest number of sessions behind the run so far, by powers of two."""

    @classmethod
    def of(cls, lock: AwaitedLock, before: Picture | None) -> Picture:
        """Return the picture of `lock`. A queue that gets shorter does not change it."""
        highest = 0 if before is None else before.queue
        return cls(
            lock.relation,
            lock.mode,
            lock.object,
            tuple(map(_identity, lock.blockers)),
            max(highest, lock.queue.bit_length()),
        )


def awaited_lock(found: LockWait, seconds: float | None = None, stalled: float = 0.0) -> AwaitedLock:
    """Return what was found as a part of an event. `seconds`: waited so far; `stalled`: see `longest`."""
    return AwaitedLock(
        relation=found.relation,
        mode=found.mode,
        object=found.object,
        seconds=found.seconds if seconds is None else seconds,
        blockers=found.blockers,
        queue=found.queue,
        longest=max(found.longest, stalled),
    )


def _identity(blocker: Blocker) -> tuple[int | None, str | None, int]:
    return blocker.pid, blocker.gid, blocker.depth


def with_awaited_lock(failure: Failure, control: Control) -> Failure:
    """Return the failure with the lock that the migration waited for, if that can be its cause."""
    return replace(failure, waited_for=control.awaited) if failure.sqlstate in WAITED else failure


def lock_budget(work: Work) -> float | None:
    """Return after how many seconds the server stops waiting for a lock of the file; None: never."""
    if work.builds_concurrently and not work.explicit_lock_timeout:
        return None
    limit = milliseconds(work.planned.lock_timeout)
    return limit / 1000 if limit else None


@asynccontextmanager
async def watching(session: RunContext, budgets: Mapping[str, float | None]) -> AsyncIterator[StatementWatch]:
    """Watch the session of a run inside this context."""
    watch = StatementWatch(session, budgets)
    task = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
