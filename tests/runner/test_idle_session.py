"""A session that ends while koonj does not use it: at a question, and during a rehearsal."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from koonj.migrations.migration import Migration
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.apply.transaction_failure import CommitError, retrying
from koonj.runner.plan.work import make_work
from koonj.runner.rehearse.events import MigrationRehearsalStarted
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, PlanMade, Question, RunFinished, RunResult
from koonj.runner.run.request import Extent
from support.project import Project, events_of_kind, run_finished

End = Callable[[Project], Awaitable[None]]


@pytest.fixture(params=["idle_session_timeout", "terminated"])
def end_session(request: pytest.FixtureRequest, server: TemporaryServer, database: str) -> End:
    """A function that waits until the session of the run has ended."""
    if request.param == "idle_session_timeout":
        if server.binaries.major < 14:
            pytest.skip("PostgreSQL 13 has no idle_session_timeout")
        _alter(database, "SET idle_session_timeout TO '1s'")

    async def end(project: Project) -> None:
        if request.param == "terminated":
            await _terminate(project)
        while project.sql("SELECT pid " + _SESSIONS):
            await asyncio.sleep(0.02)
        _alter(database, "RESET idle_session_timeout")  # the next one may be slow, as this machine

    return end


def _alter(database: str, change: LiteralString) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(
            sql.SQL("ALTER DATABASE {} {}").format(sql.Identifier(conn.info.dbname), sql.SQL(change))
        )


async def _terminate(project: Project) -> None:
    project.sql("SELECT pg_terminate_backend(pid) " + _SESSIONS)
    while project.sql("SELECT pid " + _SESSIONS):
        await asyncio.sleep(0.02)


_SESSIONS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ '^koonj [0-9a-f]+ '"
)


async def _asked(
    project: Project, at_question: Callable[[], Awaitable[None]], **options: object
) -> list[Event]:
    """Run with a question, call `at_question` while it waits, and confirm."""
    events = []
    run = project.start(Direction.APPLY, **{"assume_yes": False, "extent": Extent.ALL, **options})
    async for event in run.events():
        events.append(event)
        if isinstance(event, Question):
            await at_question()
            run.answer(event.id, event.expected)
    return events


async def test_run_goes_on_if_its_session_ends_at_the_question(project: Project, end_session: End) -> None:
    project.table(1)
    project.write("002_steps.sql", "CREATE TABLE a (id int);\nCREATE INDEX CONCURRENTLY ON a (id);\n")
    events = await _asked(project, lambda: end_session(project))
    assert run_finished(events).result is RunResult.DONE
    assert project.tables() == {"t1", "a"}


async def test_run_plans_again_on_the_new_session(project: Project, end_session: End) -> None:
    project.table(1)

    async def another_run() -> None:
        await end_session(project)
        project.table(2)

    events = await _asked(project, another_run)
    assert run_finished(events).result is RunResult.REFUSED
    assert len(events_of_kind(events, PlanMade)) == 2
    assert project.tables() == set()


async def test_new_session_is_checked_again(project: Project, end_session: End) -> None:
    project.table(1)

    async def make_read_only() -> None:
        await end_session(project)
        _alter(project.target.dsn, "SET default_transaction_read_only TO on")

    last = run_finished(await _asked(project, make_read_only))
    assert last.failure is not None
    assert "are read-only" in last.failure.message


def test_no_pause_of_a_run_is_longer_than_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ends the session of a run that sends nothing for five minutes (`server_session.sql`)."""
    monkeypatch.setattr(random, "uniform", max)
    migration = Migration.from_recorded("001_t.sql", "SELECT 1;")
    work = make_work(migration, Direction.APPLY, lock_timeout="0")
    delays = [
        retrying(work, CommitError(psycopg.OperationalError("x"), committing=False), attempt).delay
        for attempt in range(1, 100)
    ]
    assert max(delays) == 30.0


@pytest.mark.slow
async def test_plan_shows_sizes_after_a_rehearsal_in_which_the_session_ended(
    project: Project,
) -> None:
    project.table(1)
    await project.apply()
    project.write("002_add.sql", "BEGIN;\nALTER TABLE t1 ADD COLUMN a int;\nCOMMIT;\n")
    events = []
    async for event in project.start(Direction.APPLY, plan_only=True, measure=True).events():
        events.append(event)
        if isinstance(event, MigrationRehearsalStarted):
            await _terminate(project)
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert (last.result, last.failure) == (RunResult.NOTHING, None)
    [made] = events_of_kind(events, PlanMade)
    assert made.plan.notes == ()
    [lock] = [lock for statement in made.plan.migrations[0].statements for lock in statement.locks or ()]
    assert "t1" in lock.effect
