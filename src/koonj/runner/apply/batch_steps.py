"""Run a batch one message at a time, where koonj must look at the answers before it goes on.

That is so if a statement cannot fly (`can_fly`), or if constraints can be deferred: then they are checked at
the end of each migration, so that the one at fault is named.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from time import monotonic

import psycopg

from koonj.postgres.probe_session import check_so_far
from koonj.postgres.session import FORGET_SEQUENCES, check_deferred, commit
from koonj.runner.apply.batch_messages import (
    Batch,
    BatchError,
    after_statements,
    before_statements,
    opening_messages,
    statements_of,
)
from koonj.runner.apply.flight_messages import FlightMessage, closing_messages
from koonj.runner.apply.flights import Numbered, started
from koonj.runner.apply.lock import keep_lock
from koonj.runner.apply.statement import StatementError, execute, forward_notices
from koonj.runner.apply.transaction_failure import CommitError
from koonj.runner.run.events import Event, MigrationUncommitted, Notice


async def step_batch(batch: Batch, *, goes_on: bool) -> AsyncIterator[Event]:
    """Run the batch, and yield its events up to the COMMIT. Parameters: as of `fly_batch`.

    Raises:
        BatchError: A migration failed, or the connection was lost.
        Cancelled: The user has cancelled the run.
        LockLostError: A migration released the koonj lock and another run took it.
    """
    first, last, began = batch.migrations[0], batch.migrations[-1], monotonic()
    if not goes_on:
        yield started(first)
    for message in opening_messages(batch):
        try:
            await batch.session.conn.execute(message.text)
        except psycopg.Error as error:
            raise _opening_error(batch, message, error) from error
    for migration in batch.migrations:
        if migration is not first:
            yield started(migration)
        start = monotonic()
        try:
            # The entry begins with the transaction, and the migration later; the first one perhaps earlier.
            elapsed = began - batch.began if migration is first else began - start
            async for event in _migration(batch, migration, elapsed, last=migration is last):
                yield event
        except (StatementError, CommitError) as error:
            raise BatchError(migration, error) from error
        work = migration.work
        yield MigrationUncommitted(work.migration.name, work.direction, monotonic() - start, work.total)
    batch.session.control.check()
    try:
        await commit(batch.session.conn)
    except psycopg.Error as error:
        raise BatchError(last, CommitError(error, committing=True)) from error


def _opening_error(batch: Batch, message: FlightMessage, error: psycopg.Error) -> BatchError:
    about = message.about
    migration = next(m for m in batch.migrations if m.work is about.work)
    if about.lock is None:
        return BatchError(migration, CommitError(error))
    wanting = next(n for n in statements_of(about.work) if n.index == about.lock.statement)
    return BatchError(migration, StatementError(wanting, error), missed=about.lock)


async def _migration(
    batch: Batch, migration: Numbered, elapsed: float, *, last: bool
) -> AsyncIterator[Event]:
    session, work = batch.session, migration.work
    await _send(batch, before_statements(batch, migration))
    for numbered in statements_of(work):
        async for event in execute(session.conn, session.control, work, numbered):
            yield event
    session.control.check()
    notices: list[Notice] = []
    with forward_notices(session.conn, work.planned.name, notices.append):
        try:
            await (check_deferred(session.conn) if last else check_so_far(session.conn))
        except psycopg.Error as error:
            raise CommitError(error) from error
    for notice in notices:  # from deferred triggers
        yield notice
    await _record(batch, migration, elapsed)


async def _record(batch: Batch, migration: Numbered, elapsed: float) -> None:
    session, work, journal = batch.session, migration.work, batch.journal(migration)
    assert session.server is not None
    await _send(batch, after_statements(work))
    await _send(batch, closing_messages(session.conn, journal, session.server), recording=True)
    await keep_lock(session)
    try:
        await journal.record_done(elapsed)
        await session.conn.execute(FORGET_SEQUENCES)
    except psycopg.Error as error:
        raise CommitError(error, recording=True) from error


async def _send(batch: Batch, messages: Iterable[FlightMessage], *, recording: bool = False) -> None:
    try:
        for message in messages:
            await batch.session.conn.execute(message.text)
    except psycopg.Error as error:
        raise CommitError(error, recording=recording) from error
