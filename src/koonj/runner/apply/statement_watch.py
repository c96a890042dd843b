"""Watch the running statement of a run: who is in its way, and how far it is.

The watch has its own connection, which it opens when a statement takes long. It only looks: if it cannot
connect, or if a query takes too long, the run continues without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

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
    InterruptionSettled,
    MigrationFailed,
    MigrationFinished,
    MigrationProbed,
    MigrationStarted,
    MigrationUncommitted,
    Progress,
    RepairStarted,
    Retrying,
    StatementFinished,
    StatementStarted,
)
from koonj.runner.run.failure import AwaitedLock, Failure
from koonj.runner.run.lock_events import Blocked, Unblocked
from koonj.runner.run.run import Control
from koonj.runner.run.tries import Tries
from koonj.runner.run.unblock_wording import unblock_hint

NAME = "koonj watch"
"""application_name of the watch's session."""

FIRST = 0.3
"""Seconds without an event until the watch looks at the running statement."""

REPEAT = 1.0
"""Seconds between two looks at the same statement."""

MOST_BEHIND = 20
"""koonj gives up if more sessions wait behind its statement, which waits for a lock itself."""

_CANCEL_SECONDS = 2.0

_AFTER_FAILURE = 5.0
"""Seconds until the watch tries again if it could not look."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the run is: the statement that the server runs, or the moment before or after it."""

    name: str
    statement: int = 0


class StatementWatch:
    """Looks at the session of a run while a statement takes long, and reports what it sees."""

    def __init__(self, session: RunContext, works: Mapping[str, Work]) -> None:
        """Prepare to watch `session`. `works`: what it runs, by file name."""
        self._session = session
        self._works = works
        self._moved = asyncio.Event()
        self._moved_at = 0.0
        self._place: _Place | None = None
        self._moves = 0
        self._conn: LimitedAsyncConnection | None = None
        self._last: AwaitedLock | None = None
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
            case RepairStarted():
                self._move(_Place(event.name, event.statement))
            case (
                InterruptionSettled()
                | Retrying()
                | MigrationFinished()
                | MigrationUncommitted()
                | MigrationProbed()
                | MigrationFailed()
            ):
                self._move(None)
            case _:
                self._note_move()

    def _note_move(self) -> None:
        self._moves += 1
        self._moved_at = monotonic()
        self._moved.set()

    def _move(self, place: _Place | None) -> None:
        self._place = place
        self._note_move()
        self._progress.forget()
        if self._session.control.tries is None:
            self._session.control.shown = self._session.control.awaited = None
            self._waited = 0.0

    async def run(self) -> None:
        """Look whenever the run has been quiet for a while. Runs until it is cancelled."""
        try:
            while True:
                await asyncio.sleep(self._first)
                # The first look is that long after the last event: a short lock_timeout is over soon after.
                while (rest := self._moved_at + self._first - monotonic()) > 0:  # noqa: ASYNC110 - cheaper
                    await asyncio.sleep(rest)
                moves = self._moves
                # The server does not tell when a session begins to wait.
                while moves == self._moves and self._place is not None:
                    self._moved.clear()
                    seconds = await self._look()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(seconds):  # wait_for can lose the end of the watch
                            await self._moved.wait()
        finally:
            if self._conn is not None:
                await self._conn.close()

    @property
    def _first(self) -> float:
        """Seconds until the first look: before a short lock_timeout is over."""
        limits = self._limits(self._place)
        return FIRST if limits is None or not limits.queues else min(FIRST, limits.queues / 2)

    def _limits(self, place: _Place | None) -> WaitLimits | None:
        work = None if place is None else self._works.get(place.name)
        return None if work is None or place is None else wait_limits(work, place.statement)

    async def _look(self) -> float:
        """Look once, and return the seconds until the next look."""
        place, server, tries = self._place, self._session.server, self._session.control.tries
        if place is None or server is None or (tries is not None and tries.polls):
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
            if found is not None and found.queue > MOST_BEHIND:
                await self._give_up(place, found.queue)
        return REPEAT

    async def _give_up(self, place: _Place, crowd: int) -> None:
        """Cancel a statement that waits for its lock, so that those behind it go on.

        Not one that may wait without limit: nobody who reads or writes waits behind it.
        """
        limits = self._limits(place)
        if limits is None or limits.queues is None or self._session.control.crowd:
            return
        self._session.control.crowd = crowd
        with suppress(psycopg.Error):
            await self._session.conn.cancel_safe(timeout=_CANCEL_SECONDS)

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
            if control.shown is not None and control.report(
                Unblocked(name=place.name, statement=place.statement, seconds=self._waited)
            ):
                control.shown = control.awaited = None
            return
        self._waited = found.seconds
        control.awaited = lock = awaited_lock(replace(found, blockers=blockers), control.tries)
        picture = Picture.of(lock, control.shown)
        if picture == control.shown:
            return
        limits = self._limits(place) or WaitLimits(None, None)
        event = Blocked(
            name=place.name,
            statement=place.statement,
            budget=limits.budget,
            lock=lock,
            queues=limits.queues,
            hint=unblock_hint(lock.blockers, self._session.target, recorded=self._session.tool_rows is None),
        )
        if control.report(event):
            control.shown = picture


@dataclass(frozen=True, slots=True)
class Picture:
    """What must change for another event: a number that grows each second is none of it."""

    relation: str
    mode: str
    object: str
    blockers: tuple[tuple[int | None, str | None, int], ...]
    queue: int
    """Highest number of sessions behind the run so far, by powers of two."""
    is_tried: bool
    """A first try has failed."""

    @classmethod
    def of(cls, lock: AwaitedLock, before: Any) -> Picture:
        """Return the picture of `lock`. A queue that gets shorter does not change it."""
        highest = before.queue if isinstance(before, Picture) else 0
        return cls(
            lock.relation,
            lock.mode,
            lock.object,
            tuple(map(_identity, lock.blockers)),
            max(highest, lock.queue.bit_length()),
            lock.tries > 0,
        )


def awaited_lock(found: LockWait, tries: Tries | None) -> AwaitedLock:
    """Return what was found as a part of an event. `tries`: those before."""
    return AwaitedLock(
        relation=found.relation,
        mode=found.mode,
        object=found.object,
        seconds=found.seconds if tries is None else monotonic() - tries.began,
        blockers=found.blockers,
        queue=found.queue,
        longest=max(found.longest, tries.stalled if tries else 0.0),
        tries=tries.number if tries else 0,
    )


def _identity(blocker: Blocker) -> tuple[int | None, str | None, int]:
    return blocker.pid, blocker.gid, blocker.depth


def with_awaited_lock(failure: Failure, control: Control) -> Failure:
    """Return the failure with the lock that the migration waited for, if that can be its cause."""
    return replace(failure, waited_for=control.awaited) if failure.sqlstate in WAITED else failure


@dataclass(frozen=True, slots=True)
class WaitLimits:
    """How long a statement waits for its locks, in seconds; None: without limit."""

    queues: float | None
    """At a time."""
    budget: float | None
    """In all tries together."""


def wait_limits(work: Work, statement: int) -> WaitLimits:
    """Return the limits of a statement of a work, unless the script itself sets others."""
    limit = work.planned.lock_timeout
    step = next((step for step in work.steps if step.last >= statement), None)
    if step is not None and not work.in_one_transaction:
        limit = work.limits.of([n.statement for n in step.statements])
    queues = _seconds(limit)
    if queues is None or not work.planned.lock_wait:
        return WaitLimits(queues, queues)
    return WaitLimits(queues, _seconds(work.planned.lock_wait))


def _seconds(limit: str) -> float | None:
    value = milliseconds(limit)
    return value / 1000 if value else None


@asynccontextmanager
async def watching(session: RunContext, works: Mapping[str, Work]) -> AsyncIterator[StatementWatch]:
    """Watch the session of a run inside this context. `works`: what it runs, by file name."""
    watch = StatementWatch(session, works)
    task = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
