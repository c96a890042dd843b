"""koonj applies and rolls back in a folder of node-pg-migrate, beside it and under its lock."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.postgres.connector import Connector
from koonj.runner import locked_run
from koonj.runner.apply import lock, tool_locks
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, PlanMade, RunResult, StatementStarted
from koonj.runner.run.lock_events import LockAcquired, WaitingForLock
from support.clock import clock_of_pauses
from support.fork_server import ForkServer
from support.node_pg_migrate import NodePgMigrate
from support.own_process import wait_until
from support.project import Project, events_of_kind, run_finished

KEY = 7241865325823964
"""The key that the tool locks, in its source."""
MADE = "CREATE TABLE public.pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)"
"""What node-pg-migrate 9.0.0 makes."""
_TABLE = """
    SELECT json_agg(json_build_array(attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid),
        (SELECT json_agg(pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid = attrelid)) ORDER BY attnum)
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = 'pgmigrations'::regclass AND attnum > 0 AND NOT attisdropped
"""
_ROWS = (
    "SELECT name FROM pgmigrations WHERE run_on > now()::timestamp - interval '1 hour' ORDER BY run_on, id"
)
_HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"


@pytest.fixture
def project(tmp_path: Path, database: str, connector: Connector) -> Project:
    folder = tmp_path / "migrations"
    folder.mkdir()
    return Project(folder, Target("local", database), connector)


def write(project: Project, number: int, up: str = "") -> str:
    name, table = f"{number}_t{number}.sql", f"t{number}"
    up = up or f"CREATE TABLE {table} (id int);"
    (project.path / name).write_text(f"-- Up Migration\n{up}\n-- Down Migration\nDROP TABLE {table};\n")
    return name


def names(project: Project) -> list[str]:
    return [row[0] for row in project.sql("SELECT name FROM pgmigrations ORDER BY run_on, id")]


async def test_node_pg_migrate_and_koonj_take_turns(
    project: Project, make_database: Callable[[], str], tmp_path: Path
) -> None:
    """The same folder in a second database, which only the tool changes. The times of the rows differ."""
    other = make_database()
    tool = NodePgMigrate.on(project.target.dsn, project.path, tmp_path / "here.json")
    alone = NodePgMigrate.on(other, project.path, tmp_path / "alone.json")

    def assert_equal(*applied: int) -> None:
        found = []
        for dsn in (project.target.dsn, other):
            with psycopg.connect(dsn) as conn:
                found.append((conn.execute(_TABLE).fetchall(), conn.execute(_ROWS).fetchall()))
        assert found[0] == found[1]
        assert found[0][1] == [(f"{n}_t{n}",) for n in applied]

    write(project, 1)
    assert run_finished(await project.apply()).result is RunResult.DONE  # it makes the table, too
    write(project, 2)
    tool.run("up")
    for number in (3, 4):
        write(project, number)
    assert run_finished(await project.apply()).committed == ("3_t3.sql", "4_t4.sql")
    alone.run("up")
    assert_equal(1, 2, 3, 4)
    assert "No migrations to run!" in tool.run("up")
    assert run_finished(await project.roll_back()).committed == ("4_t4.sql",)
    tool.run("down")  # takes back what koonj has applied
    alone.run("down", "2")
    assert_equal(1, 2)
    assert project.tables() == {"t1", "t2", "pgmigrations"}


async def test_a_history_that_the_tool_refuses_is_refused(project: Project, tmp_path: Path) -> None:
    project.sql(MADE)
    project.sql("INSERT INTO pgmigrations (name, run_on) VALUES ('2_t2', now())")
    project.sql("CREATE TABLE t2 ()")
    for number in (1, 2):
        write(project, number)
    events = await project.apply()
    assert run_finished(events).result is RunResult.REFUSED
    conflicts = events_of_kind(events, PlanMade)[-1].plan.conflicts
    words = "node-pg-migrate compares the order of its rows with that of the files, and 2_t2 is recorded in the place"
    assert any(words in conflict.message and not conflict.can_allow for conflict in conflicts)
    tool = NodePgMigrate.on(project.target.dsn, project.path, tmp_path / "here.json")
    assert "Not run migration 1_t1 is preceding already run migration 2_t2" in tool.run("up", fails=True)
    for name in ("1_t1.sql", "2_t2.sql"):
        (project.path / name).unlink()
    write(project, 3)
    project.sql("INSERT INTO pgmigrations (name, run_on) VALUES ('3_t3', now())")
    events = await project.roll_back()
    (conflict,) = events_of_kind(events, PlanMade)[-1].plan.conflicts
    assert (
        conflict.message == "2_t2 is in the history, and there is no such file. node-pg-migrate refuses that."
    )
    assert "t2" in project.tables()


async def test_objects_land_where_the_tool_puts_them(project: Project) -> None:
    """The tool sets search_path to public; the role's own would be another."""
    project.sql("CREATE SCHEMA postgres")
    project.target = Target("local", f"{project.target.dsn} options='-csearch_path=public,pg_catalog'")
    project.sql(MADE)
    write(project, 1, "CREATE TABLE t1 AS SELECT current_setting('search_path') AS path;")
    write(
        project,
        2,
        "SELECT 1;\nCREATE TABLE t2 AS SELECT current_setting('search_path') AS path; SET client_encoding TO UTF8;",
    )
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT path FROM public.t1 UNION ALL SELECT path FROM public.t2") == [
        ("public",),
        ("public",),
    ]


async def test_koonj_waits_for_the_lock_of_the_tool_and_says_who_has_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_of_pauses(monkeypatch, lock, tool_locks, locked_run)
    write(project, 1)
    with psycopg.connect(project.target.dsn, autocommit=True, application_name="node") as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        events = await project.apply(wait=12.0)
        end = run_finished(events)
        pid = holder.info.backend_pid
        waits = events_of_kind(events, WaitingForLock)
        assert [wait.holder.pid for wait in waits if wait.holder] == [pid] * len(waits)
        assert {wait.lock for wait in waits} == {"the lock of node-pg-migrate"}
        assert end.result is RunResult.LOCKED
        assert f"node (pid {pid}" in end.message
        assert "holds the lock of node-pg-migrate on this target. Nothing was changed." in end.message
        assert project.tables() == set()
        run, told = project.start(Direction.APPLY), list[Event]()
        async for event in run.events():
            told.append(event)
            if isinstance(event, WaitingForLock):
                await run.cancel()
        assert run_finished(told).result is RunResult.CANCELLED
        await asyncio.to_thread(wait_until, lambda: project.sql(_HELD) == [(1,)])
        run, told = project.start(Direction.APPLY), []
        async for event in run.events():
            told.append(event)
            if isinstance(event, WaitingForLock):
                holder.execute("SELECT pg_advisory_unlock_all()")
    assert run_finished(told).result is RunResult.DONE
    assert [one.lock for one in events_of_kind(told, LockAcquired)] == ["", "the lock of node-pg-migrate"]
    assert names(project) == ["1_t1"]


async def test_what_the_tool_did_while_koonj_waited_is_read_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_of_pauses(monkeypatch, lock, tool_locks, locked_run)
    write(project, 1)
    with psycopg.connect(project.target.dsn, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        events = []
        async for event in project.start(Direction.APPLY).events():
            events.append(event)
            if isinstance(event, WaitingForLock):
                holder.execute(f"{MADE}; CREATE TABLE t1 ()")
                holder.execute("INSERT INTO pgmigrations (name, run_on) VALUES ('1_t1', now())")
                holder.execute("SELECT pg_advisory_unlock_all()")
    assert run_finished(events).result is RunResult.NOTHING
    assert names(project) == ["1_t1"]


async def test_the_lock_is_held_during_a_run_and_free_after_it(project: Project, tmp_path: Path) -> None:
    project.sql(MADE)
    tool = NodePgMigrate.on(project.target.dsn, project.path, tmp_path / "here.json")
    write(project, 1, "CREATE TABLE t1 ();\nSELECT 1;")
    started = False
    async for event in project.start(Direction.APPLY).events():
        if isinstance(event, StatementStarted) and not started:
            started = True
            held = project.sql(
                "SELECT count(DISTINCT objid) FROM pg_locks WHERE locktype = 'advisory' AND database = "
                "(SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            assert held == [(2,)]
            refused = await asyncio.to_thread(tool.run, "up", fails=True)
            assert "Another migration is already running" in refused
    assert started
    await asyncio.to_thread(wait_until, lambda: project.sql(_HELD) == [(0,)])
    write(project, 2, "SELECT 1/0;")
    assert run_finished(await project.apply()).result is RunResult.FAILED
    await asyncio.to_thread(wait_until, lambda: project.sql(_HELD) == [(0,)])


async def test_a_file_that_releases_the_lock_is_rolled_back(project: Project) -> None:
    project.sql(MADE)
    for release in ("pg_advisory_unlock_all()", f"pg_advisory_unlock({KEY}), pg_advisory_unlock({KEY})"):
        write(project, 1, f"CREATE TABLE t1 (); SELECT {release};")
        end = run_finished(await project.apply())
        assert end.result is RunResult.FAILED
        assert end.message == (
            "A migration released the lock of node-pg-migrate. Uncommitted changes were rolled back."
        )
        assert (names(project), project.tables()) == ([], {"pgmigrations"})


def test_after_kill_9_the_lock_is_free(project: Project) -> None:
    project.sql(MADE)
    write(project, 1, "CREATE TABLE t1 (); SELECT pg_sleep(30);")
    where = ["--dsn", project.target.dsn, "--migrations", str(project.path)]
    with ForkServer() as forks:
        pid = forks.start("apply", "--all", "--yes", "--json", *where, cwd=project.path)
        wait_until(
            lambda: (
                project.sql(
                    "SELECT FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(30)%%' AND pid <> pg_backend_pid() AND datname = current_database()"
                )
                != []
            )
        )
        os.kill(pid, signal.SIGKILL)
        forks.wait()
        wait_until(lambda: project.sql(_HELD) == [(0,)])
    assert (names(project), project.tables()) == ([], {"pgmigrations"})


async def test_a_file_with_concurrently_is_refused_because_the_tool_could_not_run_it(
    project: Project,
) -> None:
    project.sql(f"{MADE}; CREATE TABLE t (id int)")
    write(project, 1, "CREATE INDEX CONCURRENTLY i ON t (id);")
    events = await project.apply()
    (conflict,) = events_of_kind(events, PlanMade)[-1].plan.conflicts
    assert "PostgreSQL refuses this statement inside a transaction" in conflict.message
    assert not conflict.can_allow
    assert names(project) == []
