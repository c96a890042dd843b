"""Tests of cancelled runs, lost connections and concurrent runs: the history agrees with the schema."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from koonj.postgres.run_name import RunName, user_at_host
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Cancelling, Event, MigrationFinished, RunResult, StatementStarted
from koonj.runner.run.lock_events import LockAcquired, WaitingForLock
from koonj.runner.run.request import Extent
from koonj.runner.run.run import Run
from support.dropping_proxy import dropping_proxy
from support.project import Project, collect_events, events_of_kind, run_finished

SLEEP = "BEGIN;\nCREATE TABLE t1 ();\nSELECT pg_sleep(600);\nCOMMIT;\n-- Rollback: none: test\n"
SLEEP_IN_STEPS = "CREATE TABLE t1 ();\nVACUUM t1;\nSELECT pg_sleep(600);\n-- Rollback: none: test\n"
PATIENCE = 60
"""Maximum seconds that a test waits; a statement that is not cancelled takes ten times as long."""


async def _until_asleep(run: Run, statement: int) -> tuple[list[Event], asyncio.Task[None]]:
    """Read the run in a background task; return when its long statement runs."""
    events, task = await _until(
        run, lambda event: isinstance(event, StatementStarted) and event.index == statement
    )
    await asyncio.sleep(0.1)
    return events, task


async def _until(run: Run, holds: Callable[[Event], bool]) -> tuple[list[Event], asyncio.Task[None]]:
    """Read the run in a background task; return when `holds` is true for one of its events."""
    events: list[Event] = []
    found = asyncio.Event()

    async def read() -> None:
        async for event in run.events():
            events.append(event)
            if holds(event):
                found.set()

    task = asyncio.create_task(read())
    await asyncio.wait_for(found.wait(), PATIENCE)
    return events, task


async def _until_waiting(run: Run) -> tuple[list[Event], asyncio.Task[None]]:
    """Read the run in a background task; return when it waits for the koonj lock."""
    return await _until(run, lambda event: isinstance(event, WaitingForLock))


async def test_cancel_stops_the_statement_on_the_server_and_reports_the_state(project: Project) -> None:
    project.write("001_sleep.sql", SLEEP)
    run = project.start(Direction.APPLY)
    events, task = await _until_asleep(run, 2)
    await run.cancel()
    await asyncio.wait_for(task, PATIENCE)
    end = run_finished(events)
    assert len(events_of_kind(events, Cancelling)) == 1
    assert end.result is RunResult.CANCELLED
    assert end.failure is not None
    assert end.failure.sqlstate == "57014"
    assert "No part of 001_sleep.sql was committed" in end.message
    assert project.tables() == set()
    assert await project.states() == {"001_sleep.sql": "failed"}
    assert project.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE query ~ 'pg_sleep' AND state = 'active' AND pid <> pg_backend_pid()"
    ) == [(0,)]


async def test_cancel_stops_copy_rows_that_are_being_sent(project: Project) -> None:
    rows = ("x" * 200 + "\n") * 100_000
    project.write(
        "001_rows.sql", f"CREATE TABLE t1 (x text);\nCOPY t1 FROM stdin;\n{rows}\\.\n-- Rollback: none: x\n"
    )
    run = project.start(Direction.APPLY)
    events = []
    async for event in run.events():
        events.append(event)
        if isinstance(event, StatementStarted) and event.index == 2:
            asyncio.get_running_loop().call_later(0.02, lambda: asyncio.ensure_future(run.cancel()))
    end = run_finished(events)
    assert (end.result, end.failure and end.failure.sqlstate) == (RunResult.CANCELLED, "57014")
    assert end.failure is not None
    assert end.failure.statement == 2
    assert project.tables() == set()
    assert await project.states() == {"001_rows.sql": "failed"}


async def test_cancel_between_steps_records_the_committed_statements(project: Project) -> None:
    project.write("001_sleep.sql", SLEEP_IN_STEPS)
    run = project.start(Direction.APPLY)
    events, task = await _until_asleep(run, 3)
    await run.cancel()
    await asyncio.wait_for(task, PATIENCE)
    failure = run_finished(events).failure
    assert failure is not None
    assert len(failure.committed) == 2
    (entry,) = await project.entries()
    assert (entry.outcome, entry.statements_done) == ("failed", 2)


async def test_ended_session_leaves_no_part_of_a_transaction(project: Project) -> None:
    project.write("001_sleep.sql", SLEEP)
    run = project.start(Direction.APPLY)
    events, task = await _until_asleep(run, 2)
    project.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ '^koonj [0-9a-f]+ ' AND datname = current_database()"
    )
    await asyncio.wait_for(task, PATIENCE)
    end = run_finished(events)
    assert end.result is RunResult.FAILED
    assert end.failure is not None
    assert "connection was lost" in end.failure.target_state
    assert project.tables() == set()
    assert await project.states() == {"001_sleep.sql": "pending"}


async def test_ended_session_between_steps_leaves_nothing_in_doubt(project: Project) -> None:
    project.write("001_sleep.sql", SLEEP_IN_STEPS)
    run = project.start(Direction.APPLY)
    events, task = await _until_asleep(run, 3)
    project.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ '^koonj [0-9a-f]+ ' AND datname = current_database()"
    )
    await asyncio.wait_for(task, PATIENCE)
    failure = run_finished(events).failure
    assert failure is not None
    assert failure.target_state.startswith("2 of ")
    assert "unknown" not in failure.target_state
    assert "koonj apply (it resumes at statement 3;" in failure.next_steps[0]
    assert await project.states() == {"001_sleep.sql": "failed"}


@pytest.mark.parametrize("forward", [True, False], ids=["committed, response lost", "never sent"])
async def test_outcome_of_commit_is_found_when_its_response_is_lost(project: Project, forward: bool) -> None:
    first, second = project.table(1), project.table(2)
    real = project.target
    # Creating the history is the first COMMIT of the run; those of both migrations leave together.
    with tempfile.TemporaryDirectory(prefix="kj-", dir="/tmp") as folder:
        async with dropping_proxy(real.dsn, Path(folder), b"COMMIT\0", count=2, forward=forward) as dsn:
            project.target = replace(real, dsn=dsn)
            events = await asyncio.wait_for(project.apply(), 60)
    project.target = real
    end = run_finished(events)
    assert end.result is (RunResult.DONE if forward else RunResult.FAILED)
    assert [event.name for event in events_of_kind(events, MigrationFinished)] == [first, second] * forward
    assert project.tables() == ({"t1", "t2"} if forward else set())
    assert set((await project.states()).values()) == {"applied" if forward else "pending"}
    assert end.not_run == (() if forward else (second,))


async def test_concurrent_runs_apply_each_migration_once(project: Project) -> None:
    names = [project.table(n) for n in range(1, 9)]
    runs = [project.start(Direction.APPLY, extent=Extent.ALL) for _ in range(3)]
    all_events = await asyncio.gather(*(collect_events(run) for run in runs))
    done = [name for events in all_events for name in run_finished(events).committed]
    assert sorted(done) == names
    assert {run_finished(events).result for events in all_events} == {RunResult.DONE, RunResult.NOTHING}
    assert [entry.name for entry in await project.entries()] == names


async def test_waiting_run_reports_the_lock_holder(project: Project) -> None:
    project.write("001_sleep.sql", SLEEP)
    holder = project.start(Direction.APPLY)
    _, task = await _until_asleep(holder, 2)
    events = await asyncio.wait_for(collect_events(project.start(Direction.APPLY, wait=0.6)), PATIENCE)
    (waiting,) = events_of_kind(events, WaitingForLock)
    assert waiting.holder is not None
    [(pid,)] = project.sql(
        "SELECT pid FROM pg_stat_activity WHERE query ~ 'pg_sleep' AND state = 'active' AND application_name ~ '^koonj [0-9a-f]+ ' AND datname = current_database()"
    )
    assert (waiting.holder.pid, waiting.holder.host) == (pid, "local")
    assert waiting.holder.run == RunName(holder.id[:8], 1, 1, user_at_host())
    assert run_finished(events).result is RunResult.LOCKED
    assert str(pid) in run_finished(events).message
    status = await project.status()
    assert status.running is not None
    assert status.running.pid == pid
    await holder.cancel()
    await task


async def test_run_waits_for_the_lock(project: Project) -> None:
    project.table(1)
    with psycopg.connect(project.target.dsn, autocommit=True) as conn:
        from koonj.postgres.advisory_lock import KEY

        conn.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        events, task = await _until_waiting(project.start(Direction.APPLY, wait=None))
        await asyncio.sleep(0.5)
        assert not task.done()
    await asyncio.wait_for(task, PATIENCE)
    assert events_of_kind(events, LockAcquired)[0].seconds > 0.3
    assert run_finished(events).result is RunResult.DONE


async def test_run_is_refused_when_a_file_changes_while_it_waits_for_the_lock(project: Project) -> None:
    name = project.table(1)
    with psycopg.connect(project.target.dsn, autocommit=True) as conn:
        from koonj.postgres.advisory_lock import KEY

        conn.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        events, task = await _until_waiting(project.start(Direction.APPLY, wait=None))
        file = project.path / name
        file.write_text(file.read_text().replace("id int", "id text"))
    await asyncio.wait_for(task, PATIENCE)
    end = run_finished(events)
    assert end.result is RunResult.REFUSED
    assert "Run the command again" in end.message
    assert project.tables() == set()


async def test_cancelled_reader_of_events_stops_the_statement(project: Project) -> None:
    project.write("001_sleep.sql", SLEEP)
    _, task = await _until_asleep(project.start(Direction.APPLY), 2)
    task.cancel()
    asleep = "FROM pg_stat_activity WHERE query ~ 'pg_sleep' AND state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()"
    try:
        await asyncio.wait((task,), timeout=PATIENCE)
        assert project.sql(f"SELECT count(*) {asleep}") == [(0,)]
    finally:
        # Otherwise nothing ends before the statement.
        project.sql(f"SELECT pg_terminate_backend(pid) {asleep}")
    assert task.cancelled()
    assert await project.states() == {"001_sleep.sql": "pending"}
