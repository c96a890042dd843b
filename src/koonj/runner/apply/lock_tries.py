"""Wait for the locks of a migration without queueing for them, so that nobody waits behind it.

A session that queues for ACCESS EXCLUSIVE lets all readers wait behind it, for as long as it waits itself.
So the whole flight is sent again and again with LOCK TABLE … NOWAIT. Only if all sessions in the way have
begun after the first try, and are young, the server waits for a moment: readers that overlap would otherwise
keep the lock without an end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import monotonic

import psycopg

from koonj.config.duration import milliseconds
from koonj.postgres.answer_limit import LimitedAsyncConnection
from koonj.postgres.blockers import BlockerKind, LockWait, holders_of
from koonj.postgres.connector import ConnectError
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.statement_watch import NAME, Picture, awaited_lock
from koonj.runner.apply.transaction_failure import pause
from koonj.runner.plan.work import Work
from koonj.runner.run.events import Event
from koonj.runner.run.lock_events import Blocked

POLL = 0.05
"""Seconds between two tries with NOWAIT."""

LOOK = 0.25
"""Seconds between two looks at who is in the way."""

STEPS = (0.05, 0.1, 0.25, 0.5)
"""Seconds that a timed try waits for a lock, and lets others wait behind it."""

_SHARE = 10
"""After a timed try, so many times its length passes before the next one."""

_AUTOVACUUM_STEP = 1.3
"""An autovacuum steps aside for a session that has waited for deadlock_timeout, by default 1 s."""

_AUTOVACUUM_PAUSE = 60.0


class LockTries:
    """The tries of one migration. Close it at the end."""

    def __init__(self, session: RunContext, work: Work) -> None:
        self._session = session
        self._work = work
        self._began = monotonic()
        limit = milliseconds(work.planned.lock_wait)
        self._budget = limit / 1000 if limit else None
        self._tries = 1
        self._conn: LimitedAsyncConnection | None = None
        self._found: LockWait | None = None
        self._looked = -LOOK
        self._waited_then = 0.0
        self._timed = 0.0
        self._next_timed = 0.0
        self._shown: Picture | None = None
        self.patience = 0.0
        """Seconds that the next try waits for each lock."""

    @property
    def waited(self) -> float:
        """Seconds since the first try."""
        return monotonic() - self._began

    @property
    def is_over(self) -> bool:
        """Whether the time of the file or of the target is over."""
        return self._budget is not None and self.waited >= self._budget

    async def next(self, journal: Journal) -> AsyncIterator[Event]:
        """Wait for the next try; yield who is in the way, if that has changed, and what a user did about it.

        Raises: MigrationError if the user cancelled.
        """
        if monotonic() - self._looked >= LOOK:
            self._looked = monotonic()
            await self._look()
            if (event := self._event()) is not None:
                yield event
        for other in self._session.control.kept_events():
            yield other
        await pause(journal, POLL)
        self._tries += 1
        self.patience = self._step()

    async def close(self) -> None:
        """Close the connection that looks at the other sessions."""
        if self._conn is not None:
            await self._conn.close()

    async def _look(self) -> None:
        assert self._session.server is not None
        try:
            if self._conn is None or self._conn.closed:
                self._conn = await self._session.connector.connect(self._session.target, name=NAME)
            wanted = [(lock.relation, lock.mode) for lock in self._work.locks]
            self._waited_then = self.waited
            self._found = await holders_of(self._conn, self._session.server.process.pid, wanted)
        except (psycopg.Error, ConnectError):
            self._found = None  # it is not known; the tries go on

    def _event(self) -> Blocked | None:
        if self._found is None:
            return None
        lock = awaited_lock(self._found, seconds=self.waited, stalled=self._timed)
        self._session.control.awaited = lock
        picture = Picture.of(lock, self._shown)
        if picture == self._shown:
            return None
        self._shown = picture
        return Blocked(
            name=self._work.planned.name, statement=0, budget=self._budget, tries=self._tries, lock=lock
        )

    def _step(self) -> float:
        """Return how long the next try waits for a lock; 0: not at all."""
        now, found = monotonic(), self._found
        if found is None or now < self._next_timed:
            return 0.0
        kinds = {blocker.kind for blocker in found.blockers}
        ages = [blocker.xact_seconds for blocker in found.blockers]
        if kinds == {BlockerKind.AUTOVACUUM}:
            step, rest = _AUTOVACUUM_STEP, _AUTOVACUUM_PAUSE
        elif kinds <= {BlockerKind.SESSION, BlockerKind.KOONJ}:
            oldest = max((age for age in ages if age is not None), default=0.0)
            # Those who were there at the first try are gone, and others follow: perhaps without an end.
            follows = None not in ages and oldest < self._waited_then
            step = next((one for one in STEPS if one >= 2 * oldest), 0.0) if follows else 0.0
            rest = step * _SHARE
        else:
            return 0.0
        if step:
            self._next_timed = now + step + rest
            self._timed = max(self._timed, step)
        return step
