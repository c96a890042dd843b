"""Acquire and keep the koonj lock, which allows one run at a time on a target."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

from koonj.postgres import advisory_lock, history
from koonj.postgres.advisory_lock import LockHolder
from koonj.postgres.read_transaction import reading
from koonj.runner.apply.context import RunContext
from koonj.runner.run.events import Event
from koonj.runner.run.lock_events import LockAcquired, WaitingForLock

POLL = 0.25
"""Seconds between two attempts to take the lock."""

REPEAT = 5.0
"""Seconds between two events about the same lock holder."""


class LockNotAcquiredError(Exception):
    """Raised when another run held the koonj lock for the whole wait."""

    def __init__(self, waiting: WaitingForLock) -> None:
        super().__init__("another run holds the koonj lock")
        self.waiting = waiting


class LockLostError(Exception):
    """Raised when a migration released the koonj lock and another run took it, or released a tool's lock."""

    def __init__(self, holder: LockHolder | None, lock: str = "") -> None:
        super().__init__(f"a migration released {lock or 'the koonj lock'}")
        self.holder = holder
        self.lock = lock
        """Which lock: ``the lock of tern``; empty: the koonj lock."""


async def acquire_lock(
    session: RunContext, wait: float | None, *, taken: bool = False
) -> AsyncIterator[Event]:
    """Poll for the koonj lock for up to `wait` seconds; None: no limit. `taken`: the session has it.

    Raises:
        LockNotAcquiredError: Another run held the lock all the time.
        Cancelled: The user has cancelled the run.
    """
    start = monotonic()
    last_event: tuple[int, float] | None = None
    while not taken and not await advisory_lock.try_lock(session.conn):
        holder, waited = await advisory_lock.holder(session.conn), monotonic() - start
        if holder is None:
            await session.control.pause(0.01)  # the lock was released a moment ago
            continue
        if wait is not None and waited >= wait:
            raise LockNotAcquiredError(await _waiting(session, holder, waited))
        if last_event is None or last_event[0] != holder.pid or waited - last_event[1] >= REPEAT:
            last_event = holder.pid, waited
            yield await _waiting(session, holder, waited)
        for event in session.control.kept_events():
            yield event
        await session.control.pause(POLL)
    yield LockAcquired(monotonic() - start)


async def _waiting(session: RunContext, holder: LockHolder, waited: float) -> WaitingForLock:
    """Return who holds the lock, and what to do if the holder does nothing."""
    from koonj.runner.process.holder_process import holder_state  # noqa: PLC0415 - few runs wait
    from koonj.runner.run.unblock_wording import silence_words, way_out  # noqa: PLC0415 - as above

    state = await asyncio.to_thread(holder_state, holder.run)
    hint = (
        way_out(holder, session.target, recorded=session.tool_rows is None)
        if silence_words(holder, state)
        else ""
    )
    return WaitingForLock(holder, waited, state.stopped, hint, state.ended)


async def keep_lock(session: RunContext) -> None:
    """Check that this session holds the koonj lock, or take it again.

    A migration can release the lock (DISCARD ALL, pg_advisory_unlock_all). It is taken again only if no other
    run has written to the history in the meantime. Locks of a tool are not taken again: its history does not
    always show what happened in the meantime.

    Raises:
        LockLostError: Another run holds the lock, or has run in the meantime; or a tool's lock was released.
        ConnectError: The second connection, which reads the history, failed.
    """
    if session.tool_rows is not None:
        for key in session.tool_rows.keys:
            if not await advisory_lock.is_held_here(session.conn, key):
                held = await advisory_lock.holder(session.conn, key)
                raise LockLostError(held, session.tool_rows.lock)
    if await advisory_lock.is_held_here(session.conn):
        return
    held = await advisory_lock.holder(session.conn)
    if not await advisory_lock.try_lock(session.conn) or await _another_ran(session):
        raise LockLostError(held)


async def _another_ran(session: RunContext) -> bool:
    """Return whether another run wrote to the history since this run has the lock.

    The history of another tool needs no answer: a row can be written, or deleted, only once. Reads over a new
    connection, because the open transaction can have an older snapshot.

    Raises:
        ConnectError: The connection failed.
    """
    if session.tool_rows is not None:
        return False
    async with reading(session.connector, session.target, name="koonj settle") as conn:
        return await history.another_ran(conn, session.since, session.control.run_id)
