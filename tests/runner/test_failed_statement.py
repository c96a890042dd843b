"""A CONCURRENTLY statement that failed leaves something: koonj says what, and the next run repairs it by itself."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from koonj.migrations.states import State
from koonj.runner.apply.interrupted_entry import SettleError
from koonj.runner.evidence.interruption import with_known_ends
from koonj.runner.evidence.interruption_wording import interruption_lines
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import InterruptionSettled, PlanMade, RunResult, StatementStarted
from koonj.runner.run.failure import Failure
from koonj.runner.run.request import Extent
from koonj.runner.run.run import Run
from koonj.runner.settle import Settlement, settle
from support.project import Project, events_of_kind, run_finished

NAME = "001_steps.sql"
ROLLBACK = "-- Rollback:\n-- DROP INDEX IF EXISTS a_x;\n-- DROP TABLE first;\n"
UNIQUE = "CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x)"
INVALID = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
REPAIR = "DROP INDEX CONCURRENTLY public.a_x"


@pytest.fixture(autouse=True)
def table(project: Project) -> None:
    project.sql("CREATE TABLE a (x int, y int); INSERT INTO a VALUES (1, 1), (1, 2)")


def _write(project: Project, statement: str) -> None:
    project.write(NAME, f"CREATE TABLE first ();\n{statement};\nCREATE TABLE last ();\n{ROLLBACK}")


async def _failed(project: Project, statement: str = UNIQUE) -> Failure:
    _write(project, statement)
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    return failure


async def _continued(project: Project, *, at: int) -> list[InterruptionSettled]:
    """Apply, check that it continues at statement `at`, and return what it repaired first."""
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE, run_finished(events)
    assert [event.index for event in events_of_kind(events, StatementStarted)] == list(range(at, 4))
    assert await project.states() == {NAME: "applied"}
    assert project.sql(INVALID) == [(0,)]
    return events_of_kind(events, InterruptionSettled)


async def _cancelled(project: Project, statement: str, lock: str) -> Failure:
    """Apply and cancel the second statement, which waits for a transaction."""
    _write(project, statement)
    return await _cancelled_run(project, lock)


async def _cancelled_run(project: Project, lock: str) -> Failure:
    run, events, tasks = project.start(Direction.APPLY), [], []
    waiting = "SELECT pid FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
    async with asyncio.timeout(30):
        with psycopg.connect(project.target.dsn) as other:
            other.execute(lock.encode())
            async for event in run.events():
                events.append(event)
                if isinstance(event, StatementStarted) and event.index == 2:
                    cancelling = _cancel(project, run, waiting, other.info.backend_pid)
                    tasks.append(asyncio.create_task(cancelling))
            other.rollback()
    end = run_finished(events)
    assert end.result is RunResult.CANCELLED
    assert end.failure is not None
    return end.failure


async def _cancel(project: Project, run: Run, waiting: str, pid: int) -> None:
    while not project.sql(waiting, pid):
        await asyncio.sleep(0.02)
    await run.cancel()


async def test_invalid_index_is_told_and_rebuilt_by_the_next_run(project: Project) -> None:
    failure = await _failed(project)
    assert failure.sqlstate == "23505"
    assert failure.target_state == (
        "1 of 3 statements of 001_steps.sql are committed. The index public.a_x is there and INVALID: the build "
        "stopped before its end."
    )
    assert failure.next_steps == (
        "Fix the cause, then run: koonj apply",
        f"That run continues by itself: koonj runs {REPAIR}, and then runs statement 2 again.",
        "To run only the repair: koonj settle 1 --repair",
        "To undo the committed statements of 001_steps.sql, run: koonj rollback",
        "To see its history, run: koonj history 1",
    )
    status = await project.status()
    assert [each.state for each in status.migrations] == [State.FAILED]
    assert not status.leftovers, "told with the migration"
    assert list(interruption_lines(status.interruptions[NAME], status.migrations[0], ""))[:2] == [
        "1 of 3 statements are committed. Statement 2 failed. The index public.a_x is there and INVALID: the build "
        "stopped before its end.",
        f"koonj runs {REPAIR}, and then runs statement 2 again.",
    ]
    entries, left = await project.entries(), status.interruptions[NAME]
    assert with_known_ends(entries, {left.entry.id: left}) == entries, "its end and its error are recorded"
    plan = events_of_kind(await project.apply(plan_only=True), PlanMade)[0].plan
    assert REPAIR in plan.notes[0]
    project.sql("DELETE FROM a WHERE y = 2")
    (event,) = await _continued(project, at=2)
    assert (event.done, event.reason) == (1, f"repaired with {REPAIR}")
    assert project.sql("SELECT indisunique FROM pg_index WHERE indexrelid = 'a_x'::regclass") == [(True,)]
    errors = [entry.error for entry in await project.entries()]
    assert errors[0] is not None
    assert "could not create unique index" in errors[0]


async def test_what_the_statement_left_is_repaired_although_it_was_changed(project: Project) -> None:
    await _failed(project)
    _write(project, "CREATE INDEX CONCURRENTLY IF NOT EXISTS a_x ON a (x)")
    assert len(await _continued(project, at=2)) == 1


async def test_repair_is_repeated_until_the_statement_succeeds(project: Project) -> None:
    await _failed(project)
    again = await _failed(project)
    assert again.sqlstate == "23505", "not that the index exists"
    project.sql("DELETE FROM a WHERE y = 2")
    assert len(await _continued(project, at=2)) == 1


async def test_settle_runs_the_repair_alone(project: Project) -> None:
    await _failed(project)
    chosen = Settlement(repair=True)
    event = await settle(project.connector, project.target, project.reader.read(), NAME, chosen)
    assert (event.done, event.of) == (1, 3)
    assert project.sql(INVALID) == [(0,)]
    assert await project.states() == {NAME: "failed"}
    with pytest.raises(SettleError, match="there is nothing to settle"):
        await settle(project.connector, project.target, project.reader.read(), NAME, chosen)
    with pytest.raises(psycopg.errors.UniqueViolation):
        project.sql(UNIQUE)
    assert (await project.status()).interruptions == {}, "this one is not its own"
    project.sql("DROP INDEX a_x; DELETE FROM a WHERE y = 2")
    assert await _continued(project, at=2) == []


async def test_cancelled_build_is_repaired(project: Project) -> None:
    failure = await _cancelled(
        project, "CREATE INDEX CONCURRENTLY a_x ON a (x)", "INSERT INTO a VALUES (3, 3)"
    )
    assert "public.a_x is there and INVALID" in failure.target_state
    assert failure.next_steps[0].startswith("To start it again, run: koonj apply")
    assert len(await _continued(project, at=2)) == 1


async def test_next_step_after_a_lost_line_is_the_run_that_continues_by_itself(project: Project) -> None:
    _write(project, "CREATE INDEX CONCURRENTLY a_x ON a (x)")
    waiting = "SELECT pid FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
    events = []
    with psycopg.connect(project.target.dsn) as other:
        other.execute("INSERT INTO a VALUES (3, 3)")
        async for event in project.start(Direction.APPLY).events():
            events.append(event)
            if isinstance(event, StatementStarted) and event.index == 2:
                ending = asyncio.create_task(_end_waiting(project, waiting, other.info.backend_pid))
        await ending
        other.rollback()
    failure = run_finished(events).failure
    assert failure is not None
    assert failure.target_state.startswith("At least 1 of 3 statements")
    assert "public.a_x is there and INVALID" in failure.target_state
    assert failure.next_steps[0].endswith("run: koonj apply")
    assert failure.next_steps[1:3] == (
        f"That run continues by itself: koonj runs {REPAIR}, and then runs statement 2 again.",
        "To run only the repair: koonj settle 1 --repair",
    )
    assert len(await _continued(project, at=2)) == 1


async def _end_waiting(project: Project, waiting: str, pid: int) -> None:
    while not (found := project.sql(waiting, pid)):
        await asyncio.sleep(0.02)
    project.sql("SELECT pg_terminate_backend(%s)", found[0][0])


async def test_cancelled_rebuild_is_repaired(project: Project) -> None:
    project.sql("CREATE INDEX a_y ON a (y)")
    failure = await _cancelled(project, "REINDEX INDEX CONCURRENTLY a_y", "INSERT INTO a VALUES (3, 3)")
    assert "left public.a_y_ccnew" in failure.target_state
    assert len(await _continued(project, at=2)) == 1
    assert project.sql("SELECT relname FROM pg_class WHERE relname ~ '_cc(new|old)'") == []


@pytest.fixture
def partition(project: Project) -> str:
    """Return the statement that detaches a partition."""
    if project.sql("SELECT current_setting('server_version_num')::int < 140000") == [(True,)]:
        pytest.skip("DETACH CONCURRENTLY is new in PostgreSQL 14")
    project.sql("CREATE TABLE p (x int) PARTITION BY RANGE (x)")
    project.sql("CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (9)")
    return "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY"


async def test_cancelled_detach_is_completed(project: Project, partition: str) -> None:
    """The repair completes the statement, so the run continues behind it."""
    failure = await _cancelled(project, partition, "SELECT FROM p")
    assert "public.p1" in failure.target_state
    (event,) = await _continued(project, at=3)
    assert event.done == 2
    assert project.sql("SELECT 1 FROM pg_inherits") == []


async def test_cancelled_detach_at_the_end_of_a_file_is_completed(project: Project, partition: str) -> None:
    """There is no statement to run, only the repair."""
    project.write(NAME, f"CREATE TABLE first ();\n{partition};\n{ROLLBACK}")
    await _cancelled_run(project, "SELECT FROM p")
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE
    (event,) = events_of_kind(events, InterruptionSettled)
    assert (event.done, event.of) == (2, 2)
    assert not events_of_kind(events, StatementStarted)
    assert await project.states() == {NAME: "applied"}
    assert project.sql("SELECT 1 FROM pg_inherits") == []


async def test_index_that_was_there_before_is_not_dropped(project: Project) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        project.sql(UNIQUE)
    failure = await _failed(project)
    assert failure.sqlstate == "42P07"
    assert "INVALID indexes on the target now: public.a_x." in failure.target_state
    assert (await project.status()).interruptions == {}
    assert run_finished(await project.apply()).result is RunResult.FAILED
    assert project.sql(INVALID) == [(1,)]


async def test_run_of_other_migrations_or_a_rollback_repairs_nothing(project: Project) -> None:
    await _failed(project)
    (project.path / "000_other.sql").write_text(
        "CREATE TABLE other ();\n-- Rollback:\n-- DROP TABLE other;\n"
    )
    events = await project.roll_back(extent=Extent.NEXT)
    assert run_finished(events).result is RunResult.DONE, run_finished(events)
    assert not events_of_kind(events, InterruptionSettled)
    assert project.sql("SELECT to_regclass('first'), to_regclass('a_x')") == [(None, None)]


async def test_repair_by_hand_is_noticed(project: Project) -> None:
    await _failed(project)
    project.sql("DROP INDEX a_x; DELETE FROM a WHERE y = 2")
    assert (await project.status()).interruptions == {}
    assert await _continued(project, at=2) == []
