"""A migration whose locks are known does not queue for them: nobody waits behind it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from koonj.config import Target
from koonj.postgres.blockers import BlockerKind
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.apply import lock_tries
from koonj.runner.apply.context import RunContext
from koonj.runner.apply.flights import FlightError, fly
from koonj.runner.impact.plan_wording import lock_limits
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import (
    Event,
    MigrationStarted,
    PlanMade,
    Question,
    RunFinished,
    RunResult,
)
from koonj.runner.run.lock_events import Blocked, TimedTry, TryReason
from koonj.runner.run.lock_wait_wording import try_words, wait_words
from koonj.runner.run.request import Extent
from support.project import Project, events_of_kind, run_finished

PATIENCE = 60.0
"""Seconds for anything that a test waits for."""


@pytest.fixture
def measured(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a table t, whose migrations are rehearsed before they run."""
    monkeypatch.setenv("KOONJ_REHEARSE", "1")
    project.write("001_t.sql", "CREATE TABLE t (a int);\n-- Rollback:\n-- DROP TABLE t;\n")
    return project


async def _apply(project: Project) -> list[Event]:
    return await asyncio.wait_for(project.apply(measure=True), PATIENCE)


class Readers:
    """A thread that reads table t all the time, and counts the reads that waited for a lock too long.

    The server measures that, so it does not depend on how busy this machine is.
    """

    def __init__(self, dsn: str, query: str = "SELECT FROM t", most: str = "900ms") -> None:
        self._most = most
        self._query = query.encode()
        self.stalled = 0
        self.reads = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(dsn,))

    def _run(self, dsn: str) -> None:
        with psycopg.connect(dsn, autocommit=True) as conn:
            conn.execute("SELECT set_config('lock_timeout', %s, false)", (self._most,))
            while not self._end.is_set():
                try:
                    conn.execute(self._query)
                except psycopg.errors.LockNotAvailable:
                    self.stalled += 1
                self.reads += 1
                time.sleep(0.002)

    def __enter__(self) -> Readers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


@contextmanager
def _holder(dsn: str) -> Iterator[psycopg.Connection]:
    """A transaction that has read table t."""
    with psycopg.connect(dsn, application_name="report") as conn:
        conn.execute("SELECT FROM t")
        yield conn


ADD_COLUMN = "ALTER TABLE t ADD b int;\n-- Rollback:\n-- ALTER TABLE t DROP b;\n"


async def _while_blocked(
    project: Project, then: Callable[[Blocked], object], **options: object
) -> list[Event]:
    events: list[Event] = []
    async with asyncio.timeout(PATIENCE):
        run = project.start(Direction.APPLY, **{"extent": Extent.ALL, "measure": True, **options})
        async for event in run.events():
            events.append(event)
            if isinstance(event, Question):
                run.answer(event.id, event.expected)
            if isinstance(event, Blocked):
                then(event)
    return events


async def test_readers_do_not_wait_while_a_migration_waits(measured: Project) -> None:
    await _apply(measured)
    measured.write("002_b.sql", ADD_COLUMN)
    with _holder(measured.target.dsn) as holder, Readers(measured.target.dsn) as readers:

        def release_later(_: Blocked) -> None:
            asyncio.get_running_loop().call_later(1.5, holder.rollback)

        events = await _while_blocked(measured, release_later)
    assert run_finished(events).result is RunResult.DONE
    blocked = events_of_kind(events, Blocked)[0]
    assert (blocked.name, blocked.lock.relation) == ("002_b.sql", "public.t")
    assert blocked.lock.mode == "ACCESS EXCLUSIVE"
    assert blocked.lock.tries >= 1
    assert "report" in [b.application for b in blocked.lock.blockers]
    assert len(events_of_kind(events, MigrationStarted)) == 1
    assert readers.reads > 50
    assert not readers.stalled, "nobody waits behind the migration"


async def test_readers_that_overlap_do_not_keep_the_lock(measured: Project) -> None:
    await _apply(measured)
    measured.write("002_b.sql", "-- koonj: lock_timeout 20s\n" + ADD_COLUMN)
    dsn = measured.target.dsn
    with ExitStack() as stack:
        readers = [
            stack.enter_context(Readers(dsn, "SELECT pg_sleep(0.02) FROM t, t AS u", "2s")) for _ in range(3)
        ]
        with psycopg.connect(dsn) as conn:
            conn.execute("INSERT INTO t VALUES (1)")
        events = await _apply(measured)
    assert run_finished(events).result is RunResult.DONE
    assert all(reader.reads for reader in readers)
    assert not any(reader.stalled for reader in readers)


async def test_the_lock_timeout_limits_the_wait(measured: Project) -> None:
    await _apply(measured)
    measured.write("002_b.sql", "-- koonj: lock_timeout 1s\n" + ADD_COLUMN)
    with _holder(measured.target.dsn) as holder:
        events = await _apply(measured)
        pid = holder.info.backend_pid
    failure = run_finished(events).failure
    assert failure is not None
    assert (failure.sqlstate, failure.statement, failure.line) == ("55P03", 1, 2)
    assert failure.waited_for is not None
    assert 0.5 < failure.waited_for.seconds < PATIENCE
    assert [b.pid for b in failure.waited_for.blockers] == [pid]
    (row,) = measured.sql("SELECT error FROM koonj.history WHERE outcome = 'failed'")
    assert f"blocked by pid {pid} report" in row[0]
    watches = (
        "SELECT FROM pg_stat_activity WHERE application_name = 'koonj watch' AND datname = current_database()"
    )
    async with asyncio.timeout(PATIENCE):
        while measured.sql(watches):  # the server needs a moment to end it
            await asyncio.sleep(0.01)


async def test_a_cached_verdict_is_enough_if_nobody_reads_the_plan(measured: Project) -> None:
    await _apply(measured)
    measured.write("002_b.sql", ADD_COLUMN)
    await measured.apply(measure=True, plan_only=True)
    with _holder(measured.target.dsn) as holder:
        events = await _while_blocked(measured, lambda _: holder.rollback(), measure=False)
    assert run_finished(events).result is RunResult.DONE
    (blocked,) = events_of_kind(events, Blocked)
    assert blocked.queues == 0
    assert "without queueing for it" in wait_words(blocked, 0)


@pytest.mark.parametrize("why", ["no verdict", "file changed", "earlier file changed"])
async def test_without_a_cached_verdict_the_statement_queues(measured: Project, why: str) -> None:
    await _apply(measured)
    measured.write("002_b.sql", ADD_COLUMN)
    if why != "no verdict":
        await measured.apply(measure=True, plan_only=True)
    if why == "file changed":
        measured.write("002_b.sql", f"-- changed\n{ADD_COLUMN}")
    if why == "earlier file changed":
        measured.write("000_first.sql", "CREATE TABLE u (a int);\n-- Rollback: none: test\n")
    with _holder(measured.target.dsn) as holder:
        events = await _while_blocked(
            measured, lambda _: holder.rollback(), measure=False, allow=frozenset({"late"}), reason="test"
        )
    assert run_finished(events).result is RunResult.DONE
    assert {blocked.queues for blocked in events_of_kind(events, Blocked)} <= {0.5}


async def test_those_before_are_committed_and_those_behind_follow(measured: Project) -> None:
    await _apply(measured)
    measured.write("002_u.sql", "CREATE TABLE u (a int);\n-- Rollback:\n-- DROP TABLE u;\n")
    measured.write("003_b.sql", ADD_COLUMN)
    measured.write("004_v.sql", "CREATE TABLE v (a int);\n-- Rollback:\n-- DROP TABLE v;\n")
    seen: list[set[str]] = []
    with _holder(measured.target.dsn) as holder:

        def look(_: Blocked) -> None:
            seen.append(measured.tables())
            holder.rollback()

        events = await _while_blocked(measured, look)
    assert run_finished(events).committed == ("002_u.sql", "003_b.sql", "004_v.sql")
    assert seen == [{"t", "u"}]
    names = [event.name for event in events_of_kind(events, MigrationStarted)]
    assert names == ["002_u.sql", "003_b.sql", "004_v.sql"]


async def test_a_cancelled_wait_ends(measured: Project) -> None:
    await _apply(measured)
    measured.write("002_b.sql", ADD_COLUMN)
    with _holder(measured.target.dsn):
        run = measured.start(Direction.APPLY, extent=Extent.ALL, measure=True)
        events: list[Event] = []
        async with asyncio.timeout(PATIENCE):
            async for event in run.events():
                events.append(event)
                if isinstance(event, Question):
                    run.answer(event.id, event.expected)
                if isinstance(event, Blocked):
                    await run.cancel()
    _check_cancelled_wait(measured, run_finished(events))


def _check_cancelled_wait(measured: Project, end: RunFinished) -> None:
    """The lock that was not free is no error to fix, and is not recorded as one."""
    assert end.result is RunResult.CANCELLED
    assert end.message == "Cancelled. No part of 002_b.sql was committed: its transaction was rolled back."
    assert end.failure is not None
    assert (end.failure.sqlstate, end.failure.statement) == (None, 0)
    assert end.failure.message == "cancelled while it waited for ACCESS EXCLUSIVE on public.t"
    assert end.failure.next_steps == ("To start it again, run: koonj apply",)
    assert measured.sql("SELECT error FROM koonj.history WHERE outcome = 'failed'") == [("cancelled",)]


async def test_a_wait_that_is_cancelled_during_a_try_ends_the_same(
    measured: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def fly_then_cancel(session: RunContext, *args: Any) -> AsyncIterator[Event]:
        nonlocal tries
        try:
            async for event in fly(session, *args):
                yield event
        except FlightError:
            tries += 1
            if tries == 20:
                session.control._cancelled.set()
            raise

    await _apply(measured)
    measured.write("002_b.sql", ADD_COLUMN)
    monkeypatch.setattr("koonj.runner.apply.sequence.fly", fly_then_cancel)
    with _holder(measured.target.dsn):
        events = await _apply(measured)
    _check_cancelled_wait(measured, run_finished(events))


async def test_a_prepared_transaction_and_an_older_writer_are_named(measured: Project) -> None:
    await _apply(measured)
    measured.write("002_b.sql", ADD_COLUMN)
    with psycopg.connect(measured.target.dsn, autocommit=True) as other:
        other.execute("BEGIN; INSERT INTO t VALUES (1)")
        other.execute("PREPARE TRANSACTION 'order-4711'")
        rolled_back = "ROLLBACK PREPARED 'order-4711'"
        events = await _while_blocked(measured, lambda _: other.execute(rolled_back))
    assert run_finished(events).result is RunResult.DONE
    (blocker,) = events_of_kind(events, Blocked)[0].lock.blockers
    assert (blocker.kind, blocker.gid, blocker.mode) == (
        BlockerKind.PREPARED,
        "order-4711",
        "ROW EXCLUSIVE",
    )


async def test_a_relation_that_cannot_be_locked_is_left_to_the_statement(measured: Project) -> None:
    """The target can differ from the files that were rehearsed."""
    await _apply(measured)
    measured.sql("DROP TABLE t")
    measured.write(
        "002_b.sql", "ALTER TABLE IF EXISTS t ADD b int;\n-- Rollback:\n-- ALTER TABLE IF EXISTS t DROP b;\n"
    )
    events = await _apply(measured)
    assert run_finished(events).result is RunResult.DONE
    assert len(events_of_kind(events, MigrationStarted)) == 1


async def test_an_isolation_level_can_follow_the_locks(measured: Project) -> None:
    await _apply(measured)
    measured.write("002_b.sql", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n" + ADD_COLUMN)
    assert run_finished(await _apply(measured)).result is RunResult.DONE


@pytest.mark.parametrize(
    ("settings", "target", "wait"),
    [
        ("", None, "10min"),
        ("", "2min", "2min"),
        ("-- koonj: lock_wait 1min\n", "2min", "1min"),
        ("-- koonj: lock_timeout 3s\n", "2min", "3s"),
        ("-- koonj: lock_timeout 3s, lock_wait 1min\n", None, "1min"),
    ],
)
async def test_lock_wait_is_that_of_the_file_or_the_target(
    project: Project, settings: str, target: str | None, wait: str
) -> None:
    project.write("001_t.sql", f"{settings}CREATE TABLE t (a int);\n")
    if target is not None:
        project.target = replace(project.target, lock_wait=target)
    events = await project.apply(plan_only=True)
    (migration,) = events_of_kind(events, PlanMade)[0].plan.migrations
    assert migration.lock_wait == wait


async def test_koonj_does_not_queue_behind_a_transaction_that_was_there_before(measured: Project) -> None:
    """It is young when koonj looks for the first time, and can stay for long."""
    await _apply(measured)
    measured.write("002_b.sql", "-- koonj: lock_wait 1s\n" + ADD_COLUMN)
    events: list[Event] = []
    with psycopg.connect(measured.target.dsn) as holder:
        run = measured.start(Direction.APPLY, extent=Extent.ALL, measure=True)
        async with asyncio.timeout(PATIENCE):
            async for event in run.events():
                events.append(event)
                if isinstance(event, PlanMade):
                    holder.execute("SELECT FROM t")
    failure = run_finished(events).failure
    assert failure is not None
    assert failure.waited_for is not None
    assert failure.waited_for.longest == 0, "it has never queued"


async def test_lock_wait_limits_the_tries(measured: Project) -> None:
    await _apply(measured)
    measured.write("002_b.sql", "-- koonj: lock_wait 300ms\n" + ADD_COLUMN)
    with _holder(measured.target.dsn):
        events = await _apply(measured)
    plans = events_of_kind(events, PlanMade)
    assert lock_limits(plans[0].plan.migrations[0]) == "max_stall 500ms, lock_wait 300ms"
    failure = run_finished(events).failure
    assert failure is not None
    assert failure.sqlstate == "55P03"


@pytest.fixture
def with_autovacuum(
    tmp_path: Path, binaries: Binaries, connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    """A project on a server with a real autovacuum, which steps aside after 700 ms."""
    monkeypatch.setenv("KOONJ_REHEARSE", "1")
    (tmp_path / "migrations").mkdir()
    settings = {"autovacuum": "on", "autovacuum_naptime": "1s", "deadlock_timeout": "700ms"}
    with TemporaryServer(binaries, settings=settings) as server:
        yield Project(tmp_path / "migrations", Target("local", server.dsn()), connector)


async def _while_vacuumed(project: Project) -> None:
    """Apply a migration that makes table t, and wait until an autovacuum works on it, which takes minutes."""
    slow = "autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1"
    soon = "autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0"
    project.write(
        "001_t.sql", f"CREATE TABLE t (a int) WITH ({slow}, {soon});\n-- Rollback:\n-- DROP TABLE t;\n"
    )
    await _apply(project)
    project.write("002_b.sql", ADD_COLUMN)
    with psycopg.connect(project.target.dsn, autocommit=True) as conn:
        conn.execute("INSERT INTO t SELECT generate_series(1, 100000)")
        conn.execute("DELETE FROM t WHERE a % 2 = 0")
        async with asyncio.timeout(PATIENCE):
            while (
                conn.execute("SELECT FROM pg_stat_progress_vacuum WHERE relid = 't'::regclass").fetchone()
                is None
            ):
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("is_known", [True, False], ids=["known lock", "other lock"])
async def test_an_autovacuum_steps_aside(
    with_autovacuum: Project, monkeypatch: pytest.MonkeyPatch, *, is_known: bool
) -> None:
    monkeypatch.setattr(lock_tries, "SHARE", 1)
    project = with_autovacuum
    await _while_vacuumed(project)
    events = await asyncio.wait_for(project.apply(measure=is_known), PATIENCE)
    assert run_finished(events).result is RunResult.DONE
    blocked = events_of_kind(events, Blocked)[-1]
    assert [b.kind for b in blocked.lock.blockers] == [BlockerKind.AUTOVACUUM]
    assert "queueing for 1.00 s once a minute, so that the autovacuum steps aside" in wait_words(blocked, 0)
    assert blocked.hint == ""
    timed = events_of_kind(events, TimedTry)[-1]
    assert (timed.seconds, timed.reason) == (1.0, TryReason.AUTOVACUUM)
    assert "so that the autovacuum steps aside; others can wait" in try_words(timed)


async def test_an_autovacuum_is_left_alone_if_max_stall_is_shorter(with_autovacuum: Project) -> None:
    project = with_autovacuum
    await _while_vacuumed(project)
    project.target = replace(project.target, max_stall="500ms", lock_wait="0")
    ended: list[object] = []

    def end(blocked: Blocked) -> None:
        ended.append(project.sql(f"SELECT pg_cancel_backend({blocked.lock.blockers[0].pid})"))

    found = await _while_blocked(project, end)
    assert run_finished(found).result is RunResult.DONE
    blocked = events_of_kind(found, Blocked)[0]
    assert blocked.queues == 0
    assert "steps aside only for a session that waits longer than max_stall allows" in wait_words(blocked, 0)
    assert blocked.hint.startswith("To cancel it, run: koonj unblock ")
    assert TryReason.AUTOVACUUM not in {event.reason for event in events_of_kind(found, TimedTry)}
