"""Run the planned migrations in order: in flights where possible, otherwise one message at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from time import monotonic

from koonj.postgres.encoding import storable
from koonj.postgres.run_name import session_name
from koonj.postgres.session import clean, roll_back
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.endings import connection_lost
from koonj.runner.apply.failure import MigrationError
from koonj.runner.apply.flight_messages import can_fly
from koonj.runner.apply.flights import FlightError, Numbered, fly, started
from koonj.runner.apply.journal import Journal
from koonj.runner.apply.lock import keep_lock
from koonj.runner.apply.lock_tries import LockTries, is_unfit_lock
from koonj.runner.apply.settlement import settle
from koonj.runner.apply.steps import run_steps
from koonj.runner.apply.transaction import run_transaction
from koonj.runner.apply.transaction_failure import (
    blame_crowd,
    cancelled,
    give_up,
    pause,
    retrying,
    should_retry,
    unknown_outcome,
)
from koonj.runner.plan.work import WantedLock, Work
from koonj.runner.run.events import Event, MigrationFinished
from koonj.runner.run.run import Cancelled

_LONG = 20_000
"""Characters. The hashes of a longer file are computed in a thread: they take more than some milliseconds."""


async def run_all(session: RunContext, works: Sequence[Work]) -> AsyncIterator[Event]:
    """Run the migrations, and yield their events.

    Raises:
        MigrationError: A migration failed, or the user cancelled.
        RunEnd: The connection was lost between two migrations.
        LockLostError: A migration released the koonj lock and another run took it.
        Cancelled: The user has cancelled the run between two migrations.
    """
    conn = session.conn
    session, numbered = await prepared(session, works)
    waiting: Sequence[Numbered] = numbered
    while waiting:
        if conn.closed:
            raise connection_lost()
        session.control.check()
        done, together = 0, _together(session, waiting)
        running = _fly(session, waiting[:together]) if together else _run(session, waiting[0])
        async for event in running:
            yield event
            done += isinstance(event, MigrationFinished)
        waiting = waiting[done:]


async def prepared(session: RunContext, works: Sequence[Work]) -> tuple[RunContext, tuple[Numbered, ...]]:
    """Return the session with names that the history can store, and the migrations with their places."""
    conn = session.conn
    session = replace(
        session, os_user=await storable(conn, session.os_user), host=await storable(conn, session.host)
    )
    for work in works:
        await _hash(work)
    return session, tuple(Numbered(work, index, len(works)) for index, work in enumerate(works, start=1))


def _together(session: RunContext, waiting: Sequence[Numbered]) -> int:
    """Return how many of the next migrations go in one flight; 0 if the next one cannot fly."""
    together = 0
    for migration in waiting:
        if not can_fly(session.conn, migration.work) or (together and migration.work.retries):
            break
        together += 1
        if migration.work.retries:
            break
    return together


async def _hash(work: Work) -> None:
    """Compute the cached hashes of the file."""
    if len(work.migration.text) > _LONG:
        await asyncio.to_thread(getattr, work.migration, "fingerprints")


async def _run(session: RunContext, migration: Numbered) -> AsyncIterator[Event]:
    yield started(migration)
    name = session_name(session.control.run_id, migration.index, migration.of)
    async for event in _run_one_by_one(replace(session, name=name), migration.work):
        yield event


async def _fly(session: RunContext, migrations: Sequence[Numbered]) -> AsyncIterator[Event]:
    """Fly, and retry as often as the file allows; then deal with the error.

    The flight of a file that allows retries has no other file.
    """
    began, attempt = monotonic(), 1
    while True:
        try:
            async for event in _fly_with_locks(session, migrations, began if attempt > 1 else None):
                yield event
            return
        except FlightError as error:
            journal, failed = error.journals[0], error
        if failed.lost or failed.again or not should_retry(journal, failed.error, attempt):
            break
        await roll_back(session.conn)
        again = retrying(journal.work, failed.error, attempt)
        yield again
        await pause(journal, again.delay)
        attempt += 1
    async for event in _after(session, failed):
        yield event


async def _fly_with_locks(
    session: RunContext, migrations: Sequence[Numbered], began: float | None
) -> AsyncIterator[Event]:
    """Fly; if a lock is not free that a migration needs, try that migration again and again.

    Those behind it are left to another flight. Raises as `fly`; MigrationError if the user cancelled.
    """
    tries = LockTries(session)
    try:
        while True:
            try:
                async for event in fly(session, migrations, began):
                    yield event
                return
            except FlightError as error:
                failed, journal = error, error.journals[0]
                blame_crowd(session.control, error.error)
                is_unfit = is_unfit_lock(error.missed, error.error)
                can_follow = is_unfit or tries.can_follow(journal.work, error.error, missed=error.missed)
                was_waiting = error.missed is not None and session.control.cancelled
                if error.lost or not (can_follow or was_waiting):
                    raise
            await roll_back(session.conn)
            if session.control.cancelled:  # that a lock was not free is not why it ends
                raise MigrationError(await cancelled(journal)) from failed
            began = journal.began or monotonic()
            (one,) = (one for one in migrations if one.work is journal.work)
            if is_unfit:
                migrations = [replace(one, work=replace(one.work, locks=()))]
                continue
            async for event in _before_next(tries, journal, failed.missed):
                yield event
            migrations = [replace(one, work=tries.adjusted(one.work))]
    finally:
        await tries.close()


async def _before_next(tries: LockTries, journal: Journal, missed: WantedLock | None) -> AsyncIterator[Event]:
    try:
        async for event in tries.next(missed):
            yield event
    except Cancelled as error:
        raise MigrationError(await cancelled(journal)) from error


async def _after(session: RunContext, error: FlightError) -> AsyncIterator[Event]:
    """Find out what is committed if the connection was lost; run again what koonj must look at.

    Raises:
        MigrationError: The migration failed, or its outcome is unknown.
        LockLostError: It released the koonj lock and another run took it.
    """
    if error.lost:
        async for event in _settled(session, error):
            yield event
    elif error.again:
        await roll_back(session.conn)
        await keep_lock(session)  # the file can have released it
        async for event in _run_one_by_one(session, error.journals[0].work):
            yield event
    else:
        await give_up(error.journals[0], error.error)


async def _settled(session: RunContext, error: FlightError) -> AsyncIterator[Event]:
    """Yield the migrations that are committed although the connection was lost.

    Raises:
        MigrationError: One is not, or the target does not tell.
    """
    committed = await settle(session)
    if committed is None:
        names = tuple(journal.work.migration.name for journal in error.journals[1:])
        raise MigrationError(unknown_outcome(error.journals[0].work, error.error.error, names)) from error
    for journal in error.journals:
        if journal.work.migration.name not in committed:
            await give_up(journal, error.error)
        yield MigrationFinished(
            journal.work.migration.name, journal.work.direction, journal.elapsed, journal.work.total
        )


async def _run_one_by_one(session: RunContext, work: Work) -> AsyncIterator[Event]:
    """Run a migration one message at a time, and reset the session."""
    if work.in_one_transaction:
        events = run_transaction(session, work)
    elif session.tool_rows is None:
        events = run_steps(session, work)
    else:
        from koonj.runner.apply.tool_steps import run_tool_steps  # noqa: PLC0415 - few folders need it

        events = run_tool_steps(session, session.tool_rows, work)
    async for event in events:
        yield event
    if not session.conn.closed:
        await clean(session.conn, session.target)
        await keep_lock(session)
