"""Take the locks of the tool to which the folder belongs, so that it does not run at the same time.

koonj polls: a session that waits in ``pg_advisory_lock`` holds a snapshot, for which CREATE INDEX
CONCURRENTLY of another session would wait.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import monotonic

import psycopg
from psycopg import AsyncConnection

from koonj.migrations.layouts.tool_writer import RowLock
from koonj.postgres import advisory_lock
from koonj.postgres.connector import ConnectError
from koonj.postgres.errors import error_message
from koonj.postgres.session import roll_back
from koonj.postgres.tool_lock_row import lock_row_holder, release_lock_row, take_lock_row
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.lock import POLL, REPEAT, LockNotAcquiredError
from koonj.runner.apply.tool_rows import ToolRows
from koonj.runner.run.events import Event, Notice
from koonj.runner.run.lock_events import LockAcquired, WaitingForLock


class ToolLocks:
    """The tool's locks of one run: advisory locks, and one that is a row."""

    def __init__(
        self, session: RunContext, rows: ToolRows, start: float, wait: float | None, *, probe: bool = False
    ) -> None:
        """Prepare to take them.

        `start`: when the run began to wait for locks (`time.monotonic`); `wait`: seconds after which it gives
        up, None: never. `probe`: commit nothing, so take no lock that is a row.
        """
        self._session = session
        self._rows = rows
        self._start = start
        self._wait = wait
        self._row = None if probe else rows.row_lock
        self._keys: list[int] = []
        self._has_row = False
        self._has_connection = True

    async def take_keys(self) -> AsyncIterator[Event]:
        """Take the advisory locks, in the order of the tool.

        Raises:
            LockNotAcquiredError: Another session held one all the time.
            Cancelled: The user has cancelled the run.
        """
        for key in self._rows.keys:
            async for event in self._take_key(key):
                yield event
            self._keys.append(key)

    async def take_keys_again(self) -> AsyncIterator[Event]:
        """Take them after `release_keys`, with a new limit. Raises as `take_keys`."""
        self._start = monotonic()
        async for event in self.take_keys():
            yield event

    @property
    def has_row(self) -> bool:
        """Whether the tool has a lock that is a row, too."""
        return self._row is not None

    async def take_row(self) -> AsyncIterator[Event]:
        """Take the lock that is a row; make the tool's tables before, if they are missing.

        Raises: as `take_keys`; HistoryError if the tables could not be made.
        """
        assert self._row is not None, "there is one"
        await self._rows.ensure(self._session.conn, self._session.target)
        async for event in self._take_row(self._row):
            yield event

    async def release_keys(self) -> None:
        """Release the advisory locks for a while.

        Raises: psycopg.Error.
        """
        while self._keys:
            await advisory_lock.unlock(self._session.conn, self._keys.pop())

    def leave_connection(self) -> None:
        """Use the connection of the run no more: it is closed next, and its advisory locks go with it."""
        self._has_connection = False

    async def release(self) -> None:
        """Release what was taken. What could not be released is told with the last events of the run.

        An advisory lock goes with the session at the latest.
        """
        if self._is_usable:
            await roll_back(self._session.conn)
        if self._has_row and self._row is not None:
            await self._release_row(self._row)
        if self._is_usable:
            await self.release_keys()

    @property
    def _is_usable(self) -> bool:
        return self._has_connection and not self._session.conn.closed

    async def _take_key(self, key: int) -> AsyncIterator[Event]:
        conn, waiting = self._session.conn, _Waiting(self._rows.lock, self._start)
        while not await advisory_lock.try_lock(conn, key):
            holder = await advisory_lock.holder(conn, key)
            if holder is None:
                await self._session.control.pause(0.01)  # it was released a moment ago
                continue
            event = WaitingForLock(holder, waiting.seconds, lock=self._rows.lock)
            async for told in self._pause(waiting, event):
                yield told
        for acquired in waiting.acquired():
            yield acquired

    async def _take_row(self, lock: RowLock) -> AsyncIterator[Event]:
        session, waiting = self._session, _Waiting(self._rows.lock, self._start)
        while not await take_lock_row(session.conn, session.target, self._rows.tables, lock):
            who = await lock_row_holder(session.conn, session.target, self._rows.tables, lock)
            if who is None:
                await session.control.pause(0.01)
                continue
            event = WaitingForLock(None, waiting.seconds, hint=lock.way_out, lock=self._rows.lock, who=who)
            async for told in self._pause(waiting, event):
                yield told
        self._has_row = True
        for acquired in waiting.acquired():
            yield acquired

    async def _pause(self, waiting: _Waiting, event: WaitingForLock) -> AsyncIterator[Event]:
        if self._wait is not None and waiting.seconds >= self._wait:
            raise LockNotAcquiredError(event)
        if waiting.is_news(event):
            yield event
        for kept in self._session.control.kept_events():
            yield kept
        await self._session.control.pause(POLL)

    async def _release_row(self, lock: RowLock) -> None:
        session = self._session
        try:
            if not self._is_usable:
                async with await session.connector.connect(session.target, name="koonj settle") as conn:
                    await self._release_on(conn, lock)
            else:
                await self._release_on(session.conn, lock)
        except (ConnectError, psycopg.Error) as error:
            why = error_message(error) if isinstance(error, psycopg.Error) else error.message
            message = f"{self._rows.lock} could not be released: {why}"
            session.control.keep(Notice("", "WARNING", message[0].upper() + message[1:], hint=lock.way_out))
        self._has_row = False

    async def _release_on(self, conn: AsyncConnection, lock: RowLock) -> None:
        await release_lock_row(conn, self._session.target, self._rows.tables, lock)


class _Waiting:
    """The wait for one lock: since when, and what was told last."""

    def __init__(self, lock: str, start: float) -> None:
        self._lock = lock
        self._start = start
        self._told: tuple[object, float] | None = None

    @property
    def seconds(self) -> float:
        return monotonic() - self._start

    def is_news(self, event: WaitingForLock) -> bool:
        """Return whether the event says something new, or the last one is old. Then it is told."""
        holder = event.who or (event.holder and event.holder.pid)
        if self._told is not None and self._told[0] == holder and event.seconds - self._told[1] < REPEAT:
            return False
        self._told = holder, event.seconds
        return True

    def acquired(self) -> tuple[Event, ...]:
        """Return that the lock is taken, if it was told that it was not."""
        return () if self._told is None else (LockAcquired(self.seconds, self._lock),)
