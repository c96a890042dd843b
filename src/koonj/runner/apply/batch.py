"""Run migrations in one transaction, together with their history entries: all are committed, or none."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from time import monotonic

from koonj.config.duration import milliseconds
from koonj.postgres.batch_conditions import batch_conditions
from koonj.postgres.errors import is_lost
from koonj.postgres.session import roll_back
from koonj.runner.apply.batch_flight import fly_batch
from koonj.runner.apply.batch_messages import Batch, BatchError
from koonj.runner.apply.batch_steps import step_batch
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.failure import MigrationError
from koonj.runner.apply.flight_messages import can_fly
from koonj.runner.apply.lock import LockLostError, keep_lock
from koonj.runner.apply.lock_tries import LockTries
from koonj.runner.apply.sequence import LOCK_NOT_AVAILABLE, prepared
from koonj.runner.apply.settlement import settle
from koonj.runner.apply.transaction_failure import (
    cancelled,
    pause,
    retrying,
    rolled_back,
    should_retry,
    unknown_outcome,
)
from koonj.runner.plan.work import Work
from koonj.runner.run.events import Event, MigrationFinished, MigrationStarted, MigrationUncommitted
from koonj.runner.run.run import Cancelled

_DEFERS = re.compile(r"\bdeferr|\binitially\b", re.IGNORECASE)
"""The file perhaps makes a constraint that can be deferred."""


async def run_batch(session: RunContext, works: Sequence[Work]) -> AsyncIterator[Event]:
    """Run the migrations in one transaction, and yield their events.

    Raises:
        MigrationError: A migration failed, or the user cancelled. Nothing is committed, or it is not known.
        LockLostError: A migration released the koonj lock and another run took it.
    """
    if not works:
        return
    session, migrations = await prepared(session, works)
    batch, seconds = Batch(session, migrations, monotonic()), dict[str, float]()
    try:
        async for event in _Attempts(batch).run():
            if isinstance(event, MigrationUncommitted):
                seconds[event.name] = event.seconds
            yield event
    except BatchError as error:
        await _after_error(batch, error)
    except LockLostError:
        await roll_back(session.conn)
        raise
    for migration in migrations:
        work, name = migration.work, migration.work.migration.name
        took = seconds.get(name, monotonic() - batch.began)
        yield MigrationFinished(name, work.direction, took, work.total)


class _Attempts:
    """The attempts to run one batch: for locks that are not free, and as often as its files allow."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._conn = batch.session.conn
        self._flies = True
        self._attempt = 1
        self._at = batch.migrations[0]
        """The migration that has begun last."""
        self._goes_on = False
        self._tries: LockTries | None = None

    async def run(self) -> AsyncIterator[Event]:
        """Run the batch until it is committed.

        Raises: BatchError, MigrationError, LockLostError.
        """
        await self._look()
        try:
            while True:
                try:
                    async for event in self._run_once():
                        yield event
                    return
                except BatchError as error:
                    failed = error
                if self._is_final(failed):
                    raise failed
                await roll_back(self._conn)
                async for event in self._before_next(failed):
                    yield event
        finally:
            if self._tries is not None:
                await self._tries.close()

    async def _look(self) -> None:
        """Find out whether the batch can fly, and which of the relations exist that it locks first."""
        works = [migration.work for migration in self._batch.migrations]
        relations = sorted({lock.relation for work in works for lock in work.locks})
        found = await batch_conditions(self._conn, relations)
        self._keep_locks(found.existing)
        can_defer = found.has_deferrable or any(_DEFERS.search(work.migration.text) for work in works)
        self._flies = not can_defer and all(can_fly(self._conn, work) for work in works)

    def _keep_locks(self, relations: frozenset[str]) -> None:
        """Take only the locks of these relations first: the others are made by the batch itself."""
        migrations = (
            replace(m, work=replace(m.work, locks=tuple(x for x in m.work.locks if x.relation in relations)))
            for m in self._batch.migrations
        )
        self._batch = replace(self._batch, migrations=tuple(migrations))

    async def _run_once(self) -> AsyncIterator[Event]:
        batch, patience = self._batch, self._tries.patience if self._tries else 0.0
        try:
            run = fly_batch if self._flies else step_batch
            async for event in run(batch, patience, goes_on=self._goes_on):
                if isinstance(event, MigrationStarted):
                    self._at = batch.migrations[event.index - 1]
                yield event
        except Cancelled as error:
            await roll_back(self._conn)
            raise MigrationError(await cancelled(batch.journal(self._at))) from error

    def _is_final(self, error: BatchError) -> bool:
        if is_lost(error.error.error) or self._batch.session.control.cancelled:
            return True
        if error.missed is not None:
            return self._tries is not None and self._tries.is_over
        journal = self._batch.journal(error.migration)
        return not (error.again or should_retry(journal, error.error, self._attempt))

    async def _before_next(self, error: BatchError) -> AsyncIterator[Event]:
        journal = self._batch.journal(error.migration)
        self._goes_on = error.missed is not None
        if error.again:
            self._flies = False
            await keep_lock(self._batch.session)  # a file can have released it
        elif error.missed is None:
            again = retrying(error.migration.work, error.error, self._attempt)
            yield again
            await pause(journal, again.delay)
            self._attempt += 1
        elif error.error.error.sqlstate == LOCK_NOT_AVAILABLE:
            self._tries = self._tries or LockTries(self._batch.session, self._with_all_locks())
            async for event in self._tries.next(journal):
                yield event
        else:
            self._keep_locks(frozenset())  # the role may only do what the statement does

    def _with_all_locks(self) -> Work:
        """Return the first work with all locks of the batch, and the shortest time to wait for them."""
        works = [migration.work for migration in self._batch.migrations]
        limits = [limit for work in works if (limit := milliseconds(work.planned.lock_wait))]
        wait = f"{min(limits)}ms" if limits else "0"
        locks = tuple(lock for _, lock in self._batch.locks)
        return replace(works[0], locks=locks, planned=replace(works[0].planned, lock_wait=wait))


async def _after_error(batch: Batch, error: BatchError) -> None:
    """Return if the batch turns out to be committed.

    Raises:
        MigrationError: It was rolled back, or its outcome is unknown.
    """
    journal, cause = batch.journal(error.migration), error.error.error
    if is_lost(cause):
        committed = await settle(batch.session)
        if committed is None:
            raise MigrationError(unknown_outcome(journal.work, cause)) from error
        if journal.work.migration.name in committed:
            return
    await roll_back(batch.session.conn)
    raise MigrationError(await rolled_back(journal, error.error)) from error
