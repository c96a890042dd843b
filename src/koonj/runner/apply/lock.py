"""Getting the target's lock, and keeping it: one runner at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import monotonic

from koonj.postgres import advisory_lock, history
from koonj.postgres.advisory_lock import LockHolder
from koonj.runner.apply.context import RunContext
from koonj.runner.run.events import LockAcquired, WaitingForLock

POLL = 0.25
"""Seconds between two tries."""

SAY_AGAIN = 5.0
"""Seconds between two words about the same holder."""


class LockNotAcquiredError(Exception):
    """Another run held the lock for the whole wait."""

    def __init__(self, holder: LockHolder, seconds: float) -> None:
        super().__init__("another run holds the target's lock")
        self.holder = holder
        self.seconds = seconds


class LockLostError(Exception):
    """A file gave the lock away, and another run has it now."""

    def __init__(self, holder: LockHolder | None) -> None:
        super().__init__("a migration released the target's lock")
        self.holder = holder


async def acquire_lock(
    session: RunContext, wait: float | None
) -> AsyncIterator[WaitingForLock | LockAcquired]:
    """Poll for the lock, `wait` seconds long, or for ever. Raises LockNotAcquiredError, Cancelled."""
    begun = monotonic()
    said: tuple[int, float] | None = None
    while not await advisory_lock.try_lock(session.conn):
        holder, waited = await advisory_lock.holder(session.conn), monotonic() - begun
        if holder is None:
            await session.control.pause(0.01)  # it was given back just now
            continue
        if wait is not None and waited >= wait:
            raise LockNotAcquiredError(holder, waited)
        if said is None or said[0] != holder.pid or waited - said[1] >= SAY_AGAIN:
            said = holder.pid, waited
            yield WaitingForLock(holder, waited)
        await session.control.pause(POLL)
    yield LockAcquired(monotonic() - begun)


async def keep_lock(session: RunContext) -> None:
    """Hold that the lock is still there, or take it again if nobody ran meanwhile. Raises LockLostError.

    A file can give it away (DISCARD ALL, pg_advisory_unlock_all).
    """
    held = await advisory_lock.holder(session.conn)
    if held is not None and held.pid == session.conn.info.backend_pid:
        return
    if not await advisory_lock.try_lock(session.conn) or await _another_ran(session):
        raise LockLostError(held)


async def _another_ran(session: RunContext) -> bool:
    """Over a connection of its own: this one's transaction may see the target as it was before.

    Raises ConnectError.
    """
    conn = await session.connector.connect(session.target, name="koonj settle")
    async with conn:
        return await history.another_ran(conn, session.since, session.control.run_id)
