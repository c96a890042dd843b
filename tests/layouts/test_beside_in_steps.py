"""Migrations of other tools that run outside a transaction: koonj runs them as the tool does, and its row is last."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.layouts import golang_migrate_writer
from koonj.migrations.layouts.tool_writer import HistoryPlace
from koonj.postgres.connector import Connector
from koonj.runner.apply import settlement, statement_watch
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import (
    Event,
    MigrationFailed,
    PlanMade,
    RunResult,
    StatementFinished,
    StatementStarted,
)
from koonj.runner.run.failure import Failure
from koonj.runner.run.lock_events import Blocked, WaitingForLock
from koonj.runner.run.run import Run
from support.clock import clock_of_pauses
from support.dbmate import Dbmate
from support.dbmate import history as dbmate_history
from support.fork_server import ForkServer
from support.losing_proxy import Loss, losing_proxy
from support.own_process import wait_until
from support.project import PATIENCE, Project, events_of_kind, run_finished
from support.sql_migrate import SqlMigrate

SLEEP = (
    "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid() "
    "AND datname = current_database()"
)


@pytest.fixture
def project(tmp_path: Path, database: str, connector: Connector) -> Project:
    folder = tmp_path / "migrations"
    folder.mkdir()
    return Project(folder, Target("local", database), connector)


def write(project: Project, name: str, up: str, down: str = "") -> None:
    """Write a file of sql-migrate, which sends each statement by itself."""
    text = f"-- +migrate Up notransaction\n{up}\n-- +migrate Down notransaction\n{down}\n"
    (project.path / name).write_text(text)


def ids(project: Project) -> list[str]:
    return [row[0] for row in project.sql("SELECT id FROM gorp_migrations ORDER BY 1")]


def failure_of(events: list[Event]) -> Failure:
    (failed,) = events_of_kind(events, MigrationFailed)
    return failed.failure


async def test_dbmate_and_koonj_take_turns_outside_a_transaction(
    project: Project, make_database: Callable[[], str]
) -> None:
    other = make_database()
    tool, alone = Dbmate.on(project.target.dsn, project.path), Dbmate.on(other, project.path)
    options = " transaction:false"
    (project.path / "1_t.sql").write_text(
        "-- migrate:up\nCREATE TABLE t (id int);\n-- migrate:down\nDROP TABLE t;\n"
    )
    (project.path / "2_i.sql").write_text(
        f"-- migrate:up{options}\nCREATE INDEX CONCURRENTLY i ON t (id);\n"
        f"-- migrate:down{options}\nDROP INDEX CONCURRENTLY i;\n"
    )
    events = await project.apply()
    assert run_finished(events).committed == ("1_t.sql", "2_i.sql")
    assert (
        "2_i.sql does not run in one transaction: its statements commit one by one, and dbmate's row is written "
        "after the last one, as with dbmate."
    ) in events_of_kind(events, PlanMade)[0].plan.notes
    alone.run("migrate")
    assert dbmate_history(project.target.dsn) == dbmate_history(other)
    assert tool.states == ["[X] 1_t.sql", "[X] 2_i.sql"]
    assert project.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass") == [(True,)]
    assert run_finished(await project.roll_back()).committed == ("2_i.sql",)
    assert project.sql("SELECT to_regclass('i')") == [(None,)]
    tool.run("migrate")
    tool.run("rollback")
    assert run_finished(await project.apply()).committed == ("2_i.sql",)
    tool.run("rollback")  # takes back what koonj has applied
    assert tool.states == ["[X] 1_t.sql", "[ ] 2_i.sql"]


async def test_a_failure_in_the_middle_says_what_stays_and_that_the_tool_has_no_row(
    project: Project, make_database: Callable[[], str], tmp_path: Path
) -> None:
    other = make_database()
    write(
        project,
        "1_a.sql",
        "CREATE TABLE a (id int);\nCREATE TABLE b (id int);\nSELECT 1/0;\nCREATE TABLE c ();",
    )
    failure = failure_of(await project.apply())
    assert failure.target_state == (
        "2 of 4 statements of 1_a.sql are committed and stay. public.gorp_migrations was not changed for it."
    )
    assert [line.split(":")[0] for line in failure.committed] == ["statement 1", "statement 2"]
    assert failure.next_steps == (
        "Undo the committed statements by hand: the next run begins at statement 1, as sql-migrate does.",
        "Fix the cause, then run: koonj apply",
    )
    assert (ids(project), project.tables()) == ([], {"a", "b", "gorp_migrations"})
    alone = SqlMigrate.on(other, project.path, tmp_path / "alone.yml")
    alone.run("up", fails=True)  # it leaves the same
    with psycopg.connect(other) as conn:
        left = conn.execute("SELECT relname FROM pg_stat_user_tables").fetchall()
        assert conn.execute("SELECT count(*) FROM gorp_migrations").fetchone() == (0,)
    assert {row[0] for row in left} == project.tables()


async def test_an_invalid_index_that_is_left_is_named_with_its_drop_now_and_in_the_next_plan(
    project: Project,
) -> None:
    project.sql("CREATE TABLE t AS SELECT 1 AS id FROM generate_series(1, 2)")
    write(project, "1_i.sql", "CREATE UNIQUE INDEX CONCURRENTLY i ON t (id);")
    failure = failure_of(await project.apply())
    assert failure.target_state.startswith("0 of 1 statements of 1_i.sql are committed.")
    assert "Index public.i is INVALID" in failure.target_state
    assert failure.next_steps[0] == "Remove what is left: DROP INDEX CONCURRENTLY public.i;"
    project.sql("DELETE FROM t")
    events = await project.apply()
    assert run_finished(events).result is RunResult.REFUSED
    (conflict,) = events_of_kind(events, PlanMade)[-1].plan.conflicts
    assert conflict.state == "invalid_index"
    assert conflict.hint.endswith("Run: DROP INDEX CONCURRENTLY public.i;")
    project.sql("DROP INDEX CONCURRENTLY public.i")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert ids(project) == ["1_i.sql"]


async def while_it_sleeps(project: Project, act: Callable[[Run], Awaitable[object]]) -> list[Event]:
    """Return the events of a run, and do something while its second statement sleeps."""
    write(project, "1_a.sql", "CREATE TABLE a ();\nSELECT pg_sleep(60);")
    run, events = project.start(Direction.APPLY), list[Event]()

    async def when_it_sleeps() -> None:
        await asyncio.to_thread(wait_until, lambda: project.sql(SLEEP) != [])
        await act(run)

    async with asyncio.timeout(PATIENCE):
        acting = asyncio.create_task(when_it_sleeps())
        async for event in run.events():
            events.append(event)
        await acting
    assert [one.committed for one in events_of_kind(events, StatementStarted)] == [0, 1]
    return events


async def test_a_cancelled_statement_leaves_those_before_it(project: Project) -> None:
    events = await while_it_sleeps(project, Run.cancel)
    assert run_finished(events).result is RunResult.CANCELLED
    assert "1 of 2 statements of 1_a.sql are committed and stay." in run_finished(events).message
    assert (ids(project), project.tables()) == ([], {"a", "gorp_migrations"})


async def test_a_lost_connection_says_what_is_known(project: Project) -> None:
    async def end(_: Run) -> None:
        project.sql(SLEEP.replace("SELECT 1", "SELECT pg_terminate_backend(pid)"))

    state = failure_of(await while_it_sleeps(project, end)).target_state
    assert state.startswith("At least 1 of 2 statements of 1_a.sql are committed and stay.")
    assert "it is unknown whether statement 2 is committed" in state
    assert (ids(project), project.tables()) == ([], {"a", "gorp_migrations"})


async def test_a_row_that_cannot_be_written_is_told(project: Project) -> None:
    write(project, "1_a.sql", "CREATE TABLE a ();\nINSERT INTO gorp_migrations VALUES ('1_a.sql', now());")
    failure = failure_of(await project.apply())
    assert failure.target_state == (
        "All statements of 1_a.sql are committed. public.gorp_migrations was not changed for it. "
        "The row that says that it is done could not be written."
    )
    assert failure.next_steps[0] == "Tell sql-migrate that 1_a.sql is done. koonj apply would run it again."


async def test_a_lost_answer_to_the_commit_of_the_row_is_found_in_the_row(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_watch, "FIRST", 3600.0)  # the proxy counts connections
    clock_of_pauses(monkeypatch, settlement)
    project.sql("CREATE TABLE gorp_migrations (id text PRIMARY KEY, applied_at timestamptz)")
    real = project.target
    for number, (loss, result) in enumerate(LOST.items(), start=1):
        write(project, f"{number}.sql", f"CREATE TABLE t{number} ();")
        async with losing_proxy(real.dsn, b"COMMIT\0", count=1, loss=loss) as (_, dsn):
            project.target = replace(real, dsn=dsn)
            events = await asyncio.wait_for(project.run(Direction.APPLY), PATIENCE)
        project.target = real
        assert run_finished(events).result is result, loss
        assert f"t{number}" in project.tables(), loss
        assert (f"{number}.sql" in ids(project)) is (result is RunResult.DONE), loss


LOST = {Loss.ANSWERED: RunResult.DONE, Loss.NEVER_SENT: RunResult.FAILED}


async def test_the_statements_wait_for_locks_as_those_of_koonjs_own_files(project: Project) -> None:
    project.sql("CREATE TABLE t (id int)")
    write(project, "1_a.sql", "CREATE TABLE a ();\nALTER TABLE t ADD COLUMN x int;")
    with psycopg.connect(project.target.dsn) as holder:
        holder.execute("SELECT FROM t")
        events = list[Event]()
        async with asyncio.timeout(PATIENCE):
            async for event in project.start(Direction.APPLY).events():
                events.append(event)
                if isinstance(event, Blocked):
                    holder.rollback()
    assert run_finished(events).result is RunResult.DONE
    assert [one.index for one in events_of_kind(events, StatementFinished)] == [1, 2]


def test_after_kill_9_the_tool_has_no_row_and_the_next_plan_says_what_ran(project: Project) -> None:
    project.sql("CREATE TABLE gorp_migrations (id text PRIMARY KEY, applied_at timestamptz)")
    write(project, "1_a.sql", "CREATE TABLE a ();\nSELECT pg_sleep(60);")
    where = ["--dsn", project.target.dsn, "--migrations", str(project.path)]
    with ForkServer() as forks:
        pid = forks.start("apply", "--all", "--yes", "--json", *where, cwd=project.path)
        wait_until(lambda: project.sql(SLEEP) != [])
        os.kill(pid, signal.SIGKILL)
        forks.wait()
        project.sql(SLEEP.replace("SELECT 1", "SELECT pg_terminate_backend(pid)"))
        assert (ids(project), project.tables()) == ([], {"a", "gorp_migrations"})
        forks.start("apply", "--plan", *where, cwd=project.path)
        forks.wait()
        told = " ".join(forks.written().split())
    words = "ended in the middle of it, at statement 2 of 2, or later. What was committed before that stays;"
    assert words in told
    assert "this run begins at statement 1, as sql-migrate does." in told


class Other:
    """A session that takes the lock of golang-migrate while koonj builds an index, as that tool does: it waits."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._conn = psycopg.connect(project.target.dsn, autocommit=True)
        self._writer = psycopg.connect(project.target.dsn)
        self._writer.execute("INSERT INTO t VALUES (1)")  # the build waits for it

    def take(self, statement: str = "SELECT 1") -> None:
        """Take the lock while the index is built; then the build can go on."""
        building = (
            "SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%' AND wait_event_type = 'Lock'"
        )
        wait_until(lambda: self._project.sql(building) != [])
        database = self._project.sql("SELECT current_database()")[0][0]
        place = HistoryPlace(database, "public", "schema_migrations", "")
        for key in golang_migrate_writer.WRITER.keys(place):
            self._conn.execute("SELECT pg_advisory_lock(%s)", (key,))
        self._conn.execute(statement.encode())
        self._writer.commit()

    def give_back(self) -> None:
        self._conn.execute("SELECT pg_advisory_unlock_all()")

    def close(self) -> None:
        self._conn.close()
        self._writer.close()


async def test_a_tool_that_waits_for_its_lock_is_no_deadlock_for_an_index(project: Project) -> None:
    project.sql("CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)")
    project.sql("CREATE TABLE t (id int)")
    (project.path / "1_i.up.sql").write_text("CREATE INDEX CONCURRENTLY i ON t (id);")
    (project.path / "1_i.down.sql").write_text("DROP INDEX CONCURRENTLY i;")
    other, events = Other(project), list[Event]()
    try:
        async with asyncio.timeout(PATIENCE):
            taking = asyncio.create_task(asyncio.to_thread(other.take))
            async for event in project.start(Direction.APPLY).events():
                events.append(event)
                if isinstance(event, WaitingForLock):
                    other.give_back()
            await taking
    finally:
        other.close()
    assert run_finished(events).result is RunResult.DONE
    assert {one.lock for one in events_of_kind(events, WaitingForLock)} == {"the lock of golang-migrate"}
    assert project.sql("SELECT version, dirty FROM schema_migrations") == [(1, False)]
    assert project.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass") == [(True,)]


async def test_a_history_that_was_changed_meanwhile_is_left_alone(project: Project) -> None:
    project.sql("CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)")
    project.sql("CREATE TABLE t (id int)")
    (project.path / "1_i.up.sql").write_text("CREATE INDEX CONCURRENTLY i ON t (id);")
    (project.path / "1_i.down.sql").write_text("DROP INDEX CONCURRENTLY i;")
    other, events = Other(project), list[Event]()
    try:
        async with asyncio.timeout(PATIENCE):
            change = "UPDATE schema_migrations SET version = 7, dirty = false"
            taking = asyncio.create_task(asyncio.to_thread(other.take, change))
            async for event in project.start(Direction.APPLY).events():
                events.append(event)
                if isinstance(event, WaitingForLock):
                    other.give_back()
            await taking
    finally:
        other.close()
    failure = failure_of(events)
    assert failure.message == "somebody has changed public.schema_migrations while the statements ran"
    assert failure.target_state.startswith("All statements of 1_i.up.sql are committed.")
    assert project.sql("SELECT version, dirty FROM schema_migrations") == [(7, False)]
