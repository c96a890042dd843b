"""The next step after a failure: nobody is told to fix a cause that is not in the file."""

import asyncio

import psycopg
import pytest

from koonj.runner.run.direction import Direction
from koonj.runner.run.events import RunResult
from support.project import Project, run_finished

FIX = "Fix the cause, then run: koonj apply"
CANCELLED = "To start it again, run: koonj apply"
RETRIES = "To let koonj retry, add a comment before the first statement: -- koonj: retries 5"
SLOW = {
    "one transaction": "BEGIN;\nSELECT pg_sleep(30);\nCOMMIT;\n-- Rollback: none: test\n",
    "outside a transaction": "CREATE INDEX CONCURRENTLY i ON t1 ((koonj_slow(id)));\n-- Rollback: none: test\n",
}


async def _next_steps(project: Project, **options: object) -> tuple[str, ...]:
    failure = run_finished(await project.apply(**options)).failure
    assert failure is not None
    return failure.next_steps


async def _cancelled(project: Project, **options: object) -> tuple[str, ...]:
    """Cancel a run while its statement sleeps, and return the next steps."""
    run = project.start(Direction.APPLY, **options)

    async def cancel() -> None:
        asleep = (
            "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
        )
        while not project.sql(asleep):
            await asyncio.sleep(0.01)
        await run.cancel()

    waiting = asyncio.ensure_future(cancel())
    events = [event async for event in run.events()]
    await waiting
    end = run_finished(events)
    assert end.result is RunResult.CANCELLED
    assert end.failure is not None
    assert end.failure.sqlstate == "57014"
    return end.failure.next_steps


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
async def test_cancelled_run_can_be_started_again(project: Project, text: str) -> None:
    project.sql("CREATE TABLE t1 (id int); INSERT INTO t1 VALUES (1)")
    project.write("001_slow.sql", text)
    project.sql(
        "CREATE FUNCTION koonj_slow(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_catalog.pg_sleep(30); RETURN 1; END $$"
    )
    steps = await _cancelled(project)
    assert CANCELLED in steps
    assert not any("Fix" in step for step in steps)


async def test_cancelled_probe_can_be_started_again(project: Project) -> None:
    project.write("001_slow.sql", SLOW["one transaction"])
    assert await _cancelled(project, probe=True) == (f"{CANCELLED} --probe",)


async def test_lock_timeout_names_the_other_session_and_the_retries(project: Project) -> None:
    project.sql("CREATE TABLE busy (id int)")
    body = "BEGIN;\nALTER TABLE busy ADD x int;\nCOMMIT;\n-- Rollback: none: test\n"
    project.write("001_wait.sql", f"-- koonj: lock_timeout 10ms\n{body}")
    expected = "Another session holds a lock that this needs. When it has released the lock, run: koonj apply"
    with psycopg.connect(project.target.dsn) as other:
        other.execute("SELECT FROM busy")
        assert await _next_steps(project) == (expected, RETRIES)
        project.write("001_wait.sql", f"-- koonj: lock_timeout 10ms\n-- koonj: retries 1\n{body}")
        assert await _next_steps(project) == (expected,)


async def test_ended_session_is_reported_as_such(project: Project) -> None:
    project.write("001_end.sql", "SELECT pg_terminate_backend(pg_backend_pid());\n-- Rollback: none: test\n")
    assert await _next_steps(project) == (
        "The connection was lost, or the server ended the session. When the target accepts connections again, "
        "run: koonj apply",
    )


@pytest.mark.parametrize(
    ("sqlstate", "expected"),
    [
        ("40001", "Another session changed the same data at the same time. To try again, run: koonj apply"),
        ("40P01", "The server ended a deadlock with another session. To try again, run: koonj apply"),
        ("53100", "The server has no disk space left. When it has free space, run: koonj apply"),
        ("53200", "The server is out of memory. When it has free memory, run: koonj apply"),
        (
            "57014",
            "The statement reached statement_timeout, or another session cancelled it. To try again, run: koonj apply",
        ),
        ("23505", FIX),
        ("42601", FIX),
    ],
)
async def test_next_step_follows_from_the_sqlstate(project: Project, sqlstate: str, expected: str) -> None:
    raised = f"DO $$ BEGIN RAISE 'no' USING ERRCODE = '{sqlstate}'; END $$;"
    project.write("001_raise.sql", f"{raised}\n-- Rollback: none: test\n")
    assert (await _next_steps(project))[0] == expected
    project.write("001_raise.sql", f"{raised}\nVACUUM;\n-- Rollback: none: test\n")
    assert (await _next_steps(project))[0] == expected


async def test_history_that_is_locked_is_no_cause_to_fix(project: Project) -> None:
    project.table(1)
    await project.apply()
    project.sql("ALTER ROLE postgres SET lock_timeout = '20ms'")
    try:
        with psycopg.connect(project.target.dsn) as other:
            other.execute("LOCK TABLE koonj.history")
            status = await project.status()
    finally:
        project.sql("ALTER ROLE postgres RESET lock_timeout")
    assert status.hint == "Another session holds a lock that this needs. Retry."


FAILS = "SELECT 1 / 0;\n"
BUILD = "CREATE INDEX CONCURRENTLY i ON t1 ((1 / (id - 1)));\n"
RESUMES = f"{FIX} (it resumes at statement 2; do not change the statements before it)"
UNDO = "To undo the committed statements of 001_steps.sql, run: koonj rollback"
REPAIRS = "That run continues by itself: koonj runs DROP INDEX CONCURRENTLY public.i, and then runs statement 2 again."
HISTORY = "To see its history, run: koonj history 1"
STEPS = {
    "resumed or rolled back": (f"VACUUM;\n{FAILS}-- Rollback:\n-- VACUUM;\n", (RESUMES, UNDO, HISTORY)),
    "an INVALID index, which the next run drops first": (
        f"VACUUM;\n{BUILD}-- Rollback:\n-- VACUUM;\n",
        (FIX, REPAIRS, "To run only the repair: koonj settle 1 --repair", UNDO, HISTORY),
    ),
    "no rollback": (f"VACUUM;\n{FAILS}-- Rollback: none: test\n", (RESUMES, HISTORY)),
    "no committed statement": (f"{FAILS}VACUUM;\n-- Rollback: none: test\n", (FIX, HISTORY)),
}


@pytest.mark.parametrize("case", STEPS)
async def test_next_steps_of_a_file_outside_one_transaction_are_best_first(
    project: Project, case: str
) -> None:
    text, expected = STEPS[case]
    project.sql("CREATE TABLE t1 (id int); INSERT INTO t1 VALUES (1)")
    project.write("001_steps.sql", text)
    assert await _next_steps(project) == expected


async def test_failed_rollback_is_not_undone_by_a_rollback(project: Project) -> None:
    project.write("001_steps.sql", f"VACUUM;\n-- Rollback:\n-- VACUUM;\n-- {FAILS}")
    assert run_finished(await project.apply()).result is RunResult.DONE
    failure = run_finished(await project.roll_back()).failure
    assert failure is not None
    resumes = RESUMES.replace("koonj apply", "koonj rollback")
    assert failure.next_steps == (resumes, HISTORY)
