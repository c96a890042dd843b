"""Try to get the locks of a migration, again and again, so that nobody waits long behind it.

A session that queues for ACCESS EXCLUSIVE lets all readers wait behind it, for as long as it waits itself.
So a lock that is known before is taken with LOCK TABLE … NOWAIT, every 50 ms. Only if all sessions in the way
have begun after the first try, and are young, the server waits for a moment: readers that overlap would
otherwise keep the lock without an end. A lock that is not known makes its statement fail after `max_stall`;
then koonj waits without queueing until it can be free, and runs the statement or the transaction again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from time import monotonic

import psycopg

from koonj.config.duration import milliseconds
from koonj.postgres.answer_limit import LimitedAsyncConnection
from koonj.postgres.blockers import BlockerKind, LockWait, deadlock_timeout, holders_of
from koonj.postgres.connector import ConnectError
from koonj.postgres.locks.trace import LockMode
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.journal import WAITED
from koonj.runner.apply.statement import StatementError
from koonj.runner.apply.statement_watch import NAME, Picture, awaited_lock
from koonj.runner.apply.transaction_failure import CommitError
from koonj.runner.plan.work import WantedLock, Work, with_lock_timeout
from koonj.runner.run.events import Event
from koonj.runner.run.lock_events import Blocked, TimedTry, TryReason
from koonj.runner.run.tries import Tries
from koonj.runner.run.unblock_wording import unblock_hint

POLL = 0.05
"""Seconds between two tries with NOWAIT."""

LOOK = 0.25
"""Seconds between two looks at who is in the way."""

STEPS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
"""Seconds that a timed try waits for a lock, and lets others wait behind it, unless max_stall is shorter."""

SHARE = 10
"""After a try that queued, so many times its length passes before the next one."""

_LONGEST_REST = 30.0
"""The server ends a session that is silent for minutes."""

_AUTOVACUUM_MARGIN = 0.3
"""An autovacuum steps aside for a session that has waited for deadlock_timeout; then it needs a moment."""

_AUTOVACUUM_PAUSE = 60.0

_DEADLOCK_TIMEOUT = 1.0
"""PostgreSQL's default, in seconds."""

NOT_AVAILABLE = frozenset({"55P03", "40P01"})
"""SQLSTATEs lock_not_available and deadlock_detected."""


class LockTries:
    """The tries of one transaction. Close it at the end."""

    def __init__(self, session: RunContext) -> None:
        self._session = session
        self._tries: Tries | None = None
        self._work: Work | None = None
        self._length = 0.0
        self._conn: LimitedAsyncConnection | None = None
        self._deadlock_timeout: float | None = None
        self._contended: frozenset[str] = frozenset()
        self._found: LockWait | None = None
        self._looked = -LOOK
        self._waited_then = 0.0
        self._next_timed = 0.0
        self._statement = 0
        self._patience = 0.0

    def can_follow(
        self,
        work: Work,
        error: StatementError | CommitError | psycopg.Error,
        *,
        missed: WantedLock | None = None,
        limit: str | None = None,
    ) -> bool:
        """Return whether another try follows a failed one, which is rolled back.

        `missed`: the lock that was not free before the statements. `limit`: the lock_timeout of the
        statements, if it is not that of the whole work.
        """
        control = self._session.control
        if control.cancelled or control.crowd or self._session.conn.closed:
            return False
        if not _is_repeated(work, error, missed):
            return False
        is_of_statement = missed is None and isinstance(error, StatementError)
        self._statement = error.numbered.index if is_of_statement else 0  # type: ignore[union-attr]
        if self._tries is None:
            limit = limit or work.planned.lock_timeout
            self._begin(work, 0.0 if missed else (milliseconds(limit) or 0) / 1000)
        return not self._is_over

    def _begin(self, work: Work, length: float) -> None:
        self._work, self._length = work, length
        # A statement that failed has waited for as long as it may.
        self._tries = Tries(monotonic() - length, stalled=length)
        self._session.control.tries = self._tries

    @property
    def _waited(self) -> float:
        assert self._tries is not None
        return monotonic() - self._tries.began

    @property
    def _budget(self) -> float | None:
        assert self._work is not None
        limit = milliseconds(self._work.planned.lock_wait)
        return limit / 1000 if limit else None

    @property
    def _is_over(self) -> bool:
        return self._budget is not None and self._waited >= self._budget

    async def next(self, missed: WantedLock | None = None) -> AsyncIterator[Event]:
        """Wait for the next try; yield who is in the way, if that has changed, and what a user did about it.

        Raises: Cancelled, if the user cancelled.
        """
        assert self._tries is not None
        self._tries.number += 1
        self._tries.polls = True
        self._patience = 0.0
        if missed is None:
            events = self._until_worthwhile()
        else:
            self._contended |= {missed.relation}
            events = self._poll()
        async for event in events:
            yield event
        for other in self._session.control.kept_events():
            yield other
        self._tries.polls = missed is not None and not self._patience

    async def close(self) -> None:
        """Close the connection that looks at the other sessions."""
        self._session.control.tries = None
        if self._conn is not None:
            await self._conn.close()

    def adjusted(self, work: Work) -> Work:
        """Return the work for the next try: how long the server waits for each lock.

        `work` can be that of an earlier try.
        """
        assert self._work is not None
        base = replace(self.with_patience(work), limits=self._work.limits, planned=self._work.planned)
        waits_longer = self._patience and not self._contended
        return with_lock_timeout(base, self._patience) if waits_longer else base

    def with_patience(self, work: Work) -> Work:
        """Return the work for the next try, as far as it takes locks before its statements."""
        locks = (
            replace(lock, patience=self._patience if lock.relation in self._contended else 0.0)
            for lock in work.locks
        )
        return replace(work, locks=tuple(locks))

    async def _poll(self) -> AsyncIterator[Event]:
        """Wait for a moment before the known locks are tried again, and decide how long that queues."""
        assert self._tries is not None
        assert self._work is not None
        if monotonic() - self._looked >= LOOK:
            wanted = [(lock.relation, lock.mode) for lock in self._work.locks]
            await self._look(wanted)
            if (event := self._event(self._autovacuum_step() or 0.0)) is not None:
                yield event
        await self._session.control.pause(POLL)
        self._patience = self._step()
        if self._patience:
            yield self._timed(self._patience * len(self._contended))

    async def _until_worthwhile(self) -> AsyncIterator[Event]:
        """Wait until the statement that failed can be run again: nobody is in its way, or for long enough.

        The lock that it waited for is known if somebody looked while it waited.
        """
        assert self._tries is not None
        self._contended, awaited = frozenset(), self._session.control.awaited
        is_known = awaited is not None and awaited.mode in _MODES
        wanted = [(awaited.relation, LockMode(awaited.mode))] if awaited and is_known else []
        rest_ends = monotonic() + min(self._length * SHARE, _LONGEST_REST)
        self._next_timed = max(self._next_timed, rest_ends)
        while not self._is_over:
            known = bool(wanted) and await self._look(wanted)
            autovacuum = self._autovacuum_step() if known else None
            if (event := self._event(self._length if autovacuum is None else autovacuum)) is not None:
                yield event
            if known and self._found is None:
                break
            if monotonic() >= rest_ends and not (known and self._are_ages_known):
                break
            if known and (step := self._step()):
                self._patience = step if autovacuum else 0.0
                break
            await self._session.control.pause(LOOK)
        yield self._timed(self._patience or self._length)

    def _timed(self, seconds: float) -> TimedTry:
        assert self._tries is not None
        assert self._work is not None
        self._tries.stalled = max(self._tries.stalled, seconds)
        reason = TryReason.OVERLAP if self._contended else TryReason.AGAIN
        if self._patience and self._autovacuum_step() is not None:
            reason = TryReason.AUTOVACUUM
        return TimedTry(self._work.planned.name, self._tries.number, seconds, reason)

    async def _look(self, wanted: list[tuple[str, LockMode]]) -> bool:
        """Read who is in the way of these locks. Return whether that is known."""
        assert self._session.server is not None
        self._looked = monotonic()
        try:
            if self._conn is None or self._conn.closed:
                self._conn = await self._session.connector.connect(self._session.target, name=NAME)
            self._waited_then = self._waited
            self._found = await holders_of(self._conn, self._session.server.process.pid, wanted)
            if self._is_only_autovacuum and self._deadlock_timeout is None:
                self._deadlock_timeout = await deadlock_timeout(self._conn)
        except (psycopg.Error, ConnectError):
            self._found = None  # it is not known; the tries go on
            return False
        return True

    @property
    def _is_only_autovacuum(self) -> bool:
        kinds = {blocker.kind for blocker in self._found.blockers} if self._found else set()
        return kinds == {BlockerKind.AUTOVACUUM}

    @property
    def _are_ages_known(self) -> bool:
        return self._found is None or all(one.xact_seconds is not None for one in self._found.blockers)

    def _autovacuum_step(self) -> float | None:
        """Return how long a try queues so that an autovacuum steps aside; 0: max_stall does not allow that.

        None: not only autovacuum workers are in the way.
        """
        assert self._work is not None
        if not self._is_only_autovacuum:
            return None
        step = (self._deadlock_timeout or _DEADLOCK_TIMEOUT) + _AUTOVACUUM_MARGIN
        return 0.0 if self._work.explicit_stall and step > self._stall else step

    @property
    def _stall(self) -> float:
        assert self._work is not None
        return (milliseconds(self._work.planned.max_stall) or 0) / 1000

    def _event(self, queues: float) -> Blocked | None:
        """Return who is in the way, unless that was said. `queues`: seconds that a try queues."""
        assert self._tries is not None
        assert self._work is not None
        if self._found is None:
            return None
        lock = awaited_lock(self._found, self._tries)
        self._session.control.awaited = lock
        control = self._session.control
        picture = Picture.of(lock, control.shown)
        if picture == control.shown:
            return None
        control.shown = picture
        steps_aside = queues and self._is_only_autovacuum
        session = self._session
        hint = unblock_hint(lock.blockers, session.target, recorded=session.tool_rows is None)
        hint = "" if steps_aside else hint
        name, statement = self._work.planned.name, self._statement
        return Blocked(
            name=name, statement=statement, budget=self._budget, lock=lock, queues=queues, hint=hint
        )

    def _step(self) -> float:
        """Return how long the next try waits for each lock that was not free; 0: not at all."""
        now, found = monotonic(), self._found
        if found is None or now < self._next_timed:
            return 0.0
        if (autovacuum := self._autovacuum_step()) is not None:
            step, rest = autovacuum, _AUTOVACUUM_PAUSE
        elif {blocker.kind for blocker in found.blockers} <= {BlockerKind.SESSION, BlockerKind.KOONJ}:
            step = self._overlap_step([blocker.xact_seconds for blocker in found.blockers])
            rest = step * max(1, len(self._contended)) * SHARE
        else:
            return 0.0
        if step:
            self._next_timed = now + step + rest
        return step

    def _overlap_step(self, ages: list[float | None]) -> float:
        """Return the step for sessions that are so old, if all have begun after the first try; else 0.

        Those who were there at the first try are gone, and others follow: perhaps without an end.
        """
        known = [age for age in ages if age is not None]
        oldest = max(known, default=0.0)
        if len(known) < len(ages) or oldest >= self._waited_then:
            return 0.0
        most = self._stall / max(1, len(self._contended))
        steps = (*(step for step in STEPS if step < most), most)
        return next((step for step in steps if step >= 2 * oldest), 0.0)


def is_unfit_lock(missed: WantedLock | None, error: StatementError | CommitError) -> bool:
    """Return whether a lock cannot be taken before the statements, whoever holds it.

    It is not the relation that was measured, or the role may only do what the statement does.
    """
    return missed is not None and error.error.sqlstate not in WAITED


def _is_repeated(
    work: Work, error: StatementError | CommitError | psycopg.Error, missed: WantedLock | None
) -> bool:
    """Return whether a try failed because a lock was not free, and the file leaves the rest to koonj."""
    cause = error if isinstance(error, psycopg.Error) else error.error
    if cause.sqlstate not in NOT_AVAILABLE or not work.planned.lock_wait:
        return False
    if missed is not None:
        return True
    if cause.diag.source_function == _RAISE:
        return False
    from koonj.sql.lock_patience import says_nowait  # noqa: PLC0415 - only if a lock was not free

    if isinstance(error, StatementError) and says_nowait(error.numbered.statement.text):
        return False
    return not work.sets_lock_timeout


_RAISE = "exec_stmt_raise"
"""The function of the server whose errors the SQL raises itself, in PL/pgSQL."""

_MODES = frozenset(mode.value for mode in LockMode)
