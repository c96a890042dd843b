"""A run whose statement waits for a lock says who is in the way: in events, in its failure and in the history."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import psycopg
import pytest

from koonj.postgres.blockers import BlockerKind
from koonj.runner.apply import statement_watch
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, Retrying, RunResult, StatementFinished
from koonj.runner.run.lock_events import Blocked, Unblocked
from koonj.runner.run.request import Extent
from support.project import Project, events_of_kind, run_finished

PATIENCE = 60.0
"""Seconds for anything that a test waits for."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement_watch, "FIRST", 0.02)
    monkeypatch.setattr(statement_watch, "REPEAT", 0.02)


@pytest.fixture
def reader(project: Project) -> Iterator[psycopg.Connection]:
    """A transaction that has read table t."""
    with psycopg.connect(project.target.dsn, application_name="report") as conn:
        conn.execute("CREATE TABLE t (a int)")
        conn.commit()
        conn.execute("SELECT a FROM t")
        yield conn


_KINDS = {
    "flight": "ALTER TABLE t ADD b int;\n",
    "copy": "CREATE TABLE u (a int);\nCOPY u FROM stdin;\n1\n\\.\nALTER TABLE t ADD b int;\n",
    "block": "SELECT 1;\nVACUUM;\nBEGIN;\nALTER TABLE t ADD b int;\nCOMMIT;\n",
    "refused": "DROP INDEX CONCURRENTLY IF EXISTS nothing;\nVACUUM FULL t;\n",
}


async def _until_blocked(project: Project, reader: psycopg.Connection, **options: object) -> list[Event]:
    """Run; the reader ends its transaction as soon as it is named."""
    events: list[Event] = []
    async with asyncio.timeout(PATIENCE):
        async for event in project.start(Direction.APPLY, extent=Extent.ALL, **options).events():
            events.append(event)
            if isinstance(event, Blocked):
                reader.rollback()
    return events


@pytest.mark.parametrize("kind", _KINDS)
async def test_who_is_in_the_way_is_reported(project: Project, reader: psycopg.Connection, kind: str) -> None:
    project.write("001_change.sql", "-- koonj: lock_timeout 30s\n" + _KINDS[kind])
    events = await _until_blocked(project, reader)
    assert run_finished(events).result is RunResult.DONE
    (blocked,) = events_of_kind(events, Blocked)
    assert blocked.name == "001_change.sql"
    assert blocked.statement == {"flight": 1, "copy": 3, "block": 3, "refused": 2}[kind]
    assert blocked.budget == 30
    assert (blocked.lock.relation, blocked.lock.mode) == ("public.t", "ACCESS EXCLUSIVE")
    (blocker,) = blocked.lock.blockers
    assert (blocker.kind, blocker.pid) == (BlockerKind.SESSION, reader.info.backend_pid)
    assert (blocker.application, blocker.query) == ("report", "SELECT a FROM t")
    finished = [e for e in events_of_kind(events, StatementFinished) if e.index == blocked.statement]
    assert events.index(blocked) < events.index(finished[0])


async def test_a_statement_that_waits_for_nobody_reports_nothing(project: Project) -> None:
    project.write("001_sleep.sql", "SELECT pg_sleep(0.3);\n")
    events = await project.apply()
    assert not events_of_kind(events, Blocked)
    assert not events_of_kind(events, Unblocked)


async def test_one_event_is_sent_while_the_picture_is_the_same(
    project: Project, reader: psycopg.Connection
) -> None:
    project.write("001_change.sql", "-- koonj: lock_timeout 500ms\nALTER TABLE t ADD b int;\n")
    events = await project.apply()
    assert len(events_of_kind(events, Blocked)) == 1
    assert run_finished(events).result is RunResult.FAILED


async def test_another_session_in_the_way_is_another_picture(
    project: Project, reader: psycopg.Connection
) -> None:
    project.write("001_change.sql", "-- koonj: lock_timeout 30s\nLOCK TABLE t IN SHARE MODE;\n")
    reader.rollback()
    reader.execute("INSERT INTO t VALUES (1)")
    pids = []
    first = reader.info.backend_pid
    with psycopg.connect(project.target.dsn) as second:
        second.execute("INSERT INTO t VALUES (2)")
        async with asyncio.timeout(PATIENCE):
            async for event in project.start(Direction.APPLY).events():
                if isinstance(event, Blocked):
                    pids.append({blocker.pid for blocker in event.lock.blockers})
                    (reader if len(pids) == 1 else second).rollback()
        other = second.info.backend_pid
    assert pids == [{first, other}, {other}]


async def test_it_is_reported_when_the_statement_continues(
    project: Project, reader: psycopg.Connection
) -> None:
    project.write(
        "001_change.sql",
        "-- koonj: lock_timeout 30s\nDO $$ BEGIN LOCK TABLE t; PERFORM pg_sleep(0.5); END $$;\n",
    )
    events = await _until_blocked(project, reader)
    (unblocked,) = events_of_kind(events, Unblocked)
    assert (unblocked.name, unblocked.statement) == ("001_change.sql", 1)
    assert 0 < unblocked.seconds < PATIENCE


async def test_the_sessions_behind_are_counted_once_each_time_they_double(
    project: Project, reader: psycopg.Connection
) -> None:
    project.write("001_change.sql", "-- koonj: lock_timeout 30s\nALTER TABLE t ADD b int;\n")
    queues: list[int] = []
    waiting: list[asyncio.Task[object]] = []
    conns: list[psycopg.AsyncConnection] = []
    async with asyncio.timeout(PATIENCE):
        async for event in project.start(Direction.APPLY).events():
            if isinstance(event, Blocked):
                queues.append(event.lock.queue)
                if event.lock.queue < 2:
                    conns.append(await psycopg.AsyncConnection.connect(project.target.dsn))
                    waiting.append(asyncio.create_task(conns[-1].execute("SELECT FROM t")))
                else:
                    reader.rollback()
    assert queues == [0, 1, 2]
    await asyncio.gather(*waiting)
    for conn in conns:
        await conn.close()


async def test_a_failure_names_who_was_in_the_way(
    project: Project, reader: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda *_: 0.01)
    project.write(
        "001_change.sql", "-- koonj: lock_timeout 500ms\n-- koonj: retries 1\nALTER TABLE t ADD b int;\n"
    )
    events = await project.apply()
    failure = run_finished(events).failure
    assert failure is not None
    assert failure.sqlstate == "55P03"
    assert failure.waited_for is not None
    assert failure.waited_for.relation == "public.t"
    assert [b.pid for b in failure.waited_for.blockers] == [reader.info.backend_pid]
    (again,) = events_of_kind(events, Retrying)
    assert again.waited_for is not None
    assert [b.pid for b in again.waited_for.blockers] == [reader.info.backend_pid]
    reader.rollback()
    (text,) = project.sql("SELECT error FROM koonj.history WHERE outcome = 'failed'")
    assert text[0].startswith("canceling statement due to lock timeout\nIt waited for ACCESS EXCLUSIVE on ")
    assert f"blocked by pid {reader.info.backend_pid} report, " in text[0]
    assert "SELECT a" not in text[0], "a statement can contain data"


async def test_a_failure_of_the_sql_names_nobody(project: Project, reader: psycopg.Connection) -> None:
    project.write("001_change.sql", "-- koonj: lock_timeout 30s\nALTER TABLE t ADD b int;\nSELECT 1 / 0;\n")
    events = await _until_blocked(project, reader)
    failure = run_finished(events).failure
    assert failure is not None
    assert (failure.sqlstate, failure.waited_for) == ("22012", None)


async def test_a_probe_names_who_is_in_the_way(project: Project, reader: psycopg.Connection) -> None:
    project.write("001_change.sql", "ALTER TABLE t ADD b int;\n")
    events = await _until_blocked(project, reader, probe=True)
    assert run_finished(events).result is RunResult.PROBED
    assert len(events_of_kind(events, Blocked)) == 1


async def test_the_run_continues_if_the_watch_cannot_connect(
    project: Project, reader: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, names = project.connector.connect, []

    async def refuse(target: object, *, name: str = "koonj") -> object:
        names.append(name)
        if name == "koonj watch":
            raise psycopg.OperationalError("too many connections")
        return await connect(target, name=name)  # type: ignore[arg-type]

    monkeypatch.setattr(project.connector, "connect", refuse)
    project.write("001_change.sql", "-- koonj: lock_timeout 300ms\nALTER TABLE t ADD b int;\n")
    events = await project.apply()
    failure = run_finished(events).failure
    assert failure is not None
    assert (failure.sqlstate, failure.waited_for) == ("55P03", None)
    assert names.count("koonj watch") == 1
    reader.rollback()


async def test_the_watch_leaves_no_session(project: Project, reader: psycopg.Connection) -> None:
    project.write("001_change.sql", "-- koonj: lock_timeout 30s\nALTER TABLE t ADD b int;\n")
    await _until_blocked(project, reader)
    async with asyncio.timeout(PATIENCE):
        while project.sql("SELECT FROM pg_stat_activity WHERE application_name = 'koonj watch'"):
            await asyncio.sleep(0.01)


async def test_a_quick_run_opens_no_other_connection(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_watch, "FIRST", 5.0)
    connect, names = project.connector.connect, []

    async def count(target: object, *, name: str = "koonj") -> object:
        names.append(name)
        return await connect(target, name=name)  # type: ignore[arg-type]

    monkeypatch.setattr(project.connector, "connect", count)
    project.table(1)
    await project.apply()
    assert "koonj watch" not in names
