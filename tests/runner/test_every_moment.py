"""Tests that cancel a run, end its sessions or stop reading it at every event; the next run completes it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, RunResult
from koonj.runner.run.request import Extent
from koonj.runner.run.run import Run
from support.project import Project, run_finished

pytestmark = pytest.mark.slow

TABLES = {"t1", "a", "b", "t3"}

END_SESSIONS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE application_name LIKE 'koonj%' AND datname = current_database()"
)

SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'koonj%' AND datname = current_database()"

LOCKS = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())"
)


@pytest.fixture
def mixed(project: Project) -> Project:
    """Three migrations: one transaction, several steps, and one transaction with COPY rows and a notice."""
    project.table(1)
    project.write(
        "002_steps.sql",
        """
        CREATE TABLE IF NOT EXISTS a (id int);
        VACUUM a;
        BEGIN;
        CREATE TABLE b (id int);
        COMMIT;
        CREATE INDEX CONCURRENTLY IF NOT EXISTS a_id ON a (id);
        -- Rollback: none: test
        """,
    )
    project.write(
        "003_rows.sql",
        "BEGIN;\nCREATE TABLE t3 (id int);\nCOPY t3 FROM stdin;\n1\n2\n\\.\n"
        "DO $$ BEGIN RAISE NOTICE 'half way'; END $$;\nCOMMIT;\n-- Rollback: none: test\n",
    )
    return project


def _start_over(project: Project) -> None:
    tables = ", ".join(sorted(TABLES))
    project.sql(f"DROP TABLE IF EXISTS {tables}; DROP SCHEMA IF EXISTS koonj CASCADE")


def _start(project: Project) -> Run:
    return project.start(Direction.APPLY, extent=Extent.ALL)


async def _until_gone(project: Project) -> None:
    for _ in range(100):
        if project.sql(SESSIONS) == [(0,)]:
            break
        await asyncio.sleep(0.02)
    assert project.sql(SESSIONS) == [(0,)]
    assert project.sql(LOCKS) == [(0,)]


async def _check(project: Project) -> None:
    """Check that states and history agree with the catalog."""
    await _until_gone(project)
    states, tables = await project.states(), project.tables()
    assert (states["001_make_t1.sql"] == "applied") == ("t1" in tables)
    assert (states["003_rows.sql"] == "applied") == ("t3" in tables)
    entries = [entry for entry in await project.entries() if entry.name == "002_steps.sql"]
    done = entries[-1].statements_done if entries else 0
    assert done < 1 or "a" in tables
    assert (done >= 3) == ("b" in tables)
    assert (states["002_steps.sql"] == "applied") == (done == 4)


async def _at_every_event(
    project: Project, attack: Callable[[Run], Awaitable[None]], allowed: Sequence[RunResult]
) -> None:
    moment, reached = 0, True
    while reached:
        _start_over(project)
        run = _start(project)
        events: list[Event] = []
        async for event in run.events():
            events.append(event)
            if len(events) == moment + 1:
                await attack(run)
        reached = len(events) > moment + 1
        assert run_finished(events).result in allowed, (moment, run_finished(events))
        await _check(project)
        following = [event async for event in _start(project).events()]
        assert run_finished(following).result in (RunResult.DONE, RunResult.NOTHING), (
            moment,
            run_finished(following),
        )
        assert project.tables() == TABLES
        assert set((await project.states()).values()) == {"applied"}
        moment += 1


async def test_cancel_at_every_event_keeps_history_and_catalog_consistent(mixed: Project) -> None:
    async def cancel(run: Run) -> None:
        await run.cancel()
        await run.cancel()

    await _at_every_event(mixed, cancel, [RunResult.CANCELLED, RunResult.DONE])


async def test_ended_session_at_every_event_keeps_history_and_catalog_consistent(mixed: Project) -> None:
    async def cut(_run: Run) -> None:
        mixed.sql(END_SESSIONS)

    await _at_every_event(mixed, cut, [RunResult.FAILED, RunResult.DONE])


async def test_closed_event_stream_at_every_event_keeps_history_and_catalog_consistent(
    mixed: Project,
) -> None:
    moment, reached = 0, True
    while reached:
        _start_over(mixed)
        events, reached = _start(mixed).events(), False
        for _ in range(moment + 1):
            await anext(events)
        reached = await anext(events, None) is not None
        await events.aclose()  # type: ignore[attr-defined]  # it is a generator
        await _check(mixed)
        moment += 1
