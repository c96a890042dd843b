"""Tests of resuming: a migration of several steps continues at the statement where it stopped."""

import asyncio
import socket

import pytest

from koonj.runner.run.direction import Direction
from koonj.runner.run.events import PlanMade, RunResult, StatementStarted
from support.project import Project, collect_events, events_of_kind, run_finished

NONE = "-- Rollback: none: test\n"


async def _edit(project: Project, name: str, old: str, new: str) -> None:
    file = project.path / name
    file.write_text(file.read_text().replace(old, new))


async def test_apply_resumes_when_the_failed_statement_is_fixed(project: Project) -> None:
    project.write("001_steps.sql", f"CREATE TABLE a ();\nVACUUM a;\nCREATE TABLE b (x integger);\n{NONE}")
    assert run_finished(await project.apply()).result is RunResult.FAILED
    await _edit(project, "001_steps.sql", "integger", "integer")
    await _edit(project, "001_steps.sql", "VACUUM a", "-- at night\nVACUUM   a")
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE
    assert [s.index for s in events_of_kind(events, StatementStarted)] == [3]
    assert project.tables() == {"a", "b"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("TABLE a ();\nVACUUM a;", "TABLE aa ();\nVACUUM aa;"),
        ("VACUUM a;\n", ""),
        ("CREATE TABLE a ();\nVACUUM a;", "BEGIN;\nCREATE TABLE a ();\nCOMMIT;"),
    ],
    ids=["other", "fewer", "other steps"],
)
async def test_edited_committed_statements_stop_the_run_until_allowed(
    project: Project, old: str, new: str
) -> None:
    project.write(
        "001_steps.sql", f"CREATE TABLE a ();\nVACUUM a;\nCREATE TABLE b (x integger);\nVACUUM b;\n{NONE}"
    )
    assert run_finished(await project.apply()).result is RunResult.FAILED
    await _edit(project, "001_steps.sql", "integger", "integer")
    await _edit(project, "001_steps.sql", old, new)
    stopped = run_finished(await project.apply())
    assert stopped.result is RunResult.REFUSED
    (conflict,) = stopped.conflicts
    assert (conflict.state, conflict.can_allow) == ("edited", True)
    assert "2 committed statements" in conflict.message
    project.sql("DROP TABLE a")
    events = await project.apply(allow=frozenset({"edited"}), reason="a was dropped by hand")
    assert run_finished(events).result is RunResult.DONE
    assert events_of_kind(events, StatementStarted)[0].index == 1
    assert [entry.allowed for entry in await project.entries() if entry.action == "allow"] == ["edited"]


async def test_settings_of_committed_steps_are_restored_when_resuming(project: Project) -> None:
    project.sql(
        "CREATE SCHEMA s; CREATE TABLE s.t (x int); INSERT INTO s.t VALUES (1), (1); CREATE TABLE t (x int)"
    )
    project.write(
        "001_index.sql",
        "SET search_path TO s;\nSELECT pg_catalog.set_config('work_mem', '5MB', false);\n"
        "CREATE INDEX CONCURRENTLY one ON t (x);\nCREATE UNIQUE INDEX CONCURRENTLY two ON t (x);\n"
        f"CREATE TABLE seen AS SELECT current_setting('work_mem') AS work_mem;\n{NONE}",
    )
    assert run_finished(await project.apply()).result is RunResult.FAILED
    project.sql("DELETE FROM s.t; DROP INDEX s.two")
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE
    assert [s.index for s in events_of_kind(events, StatementStarted)] == [1, 2, 4, 5]
    assert project.sql("SELECT DISTINCT schemaname::text FROM pg_indexes WHERE tablename = 't'") == [("s",)]
    assert project.sql("SELECT work_mem FROM s.seen") == [("5MB",)]


async def test_rollback_resumes_at_the_failed_statement(project: Project) -> None:
    project.write(
        "001_steps.sql",
        "CREATE TABLE a ();\nCREATE TABLE b ();\n"
        "-- Rollback:\n-- DROP TABLE a;\n-- VACUUM;\n-- DROP TABLE c;\n-- DROP TABLE b;\n",
    )
    await project.apply()
    failure = run_finished(await project.roll_back()).failure
    assert failure is not None
    assert (failure.line, len(failure.committed)) == (6, 2)
    assert await project.states() == {"001_steps.sql": "failed"}
    await _edit(project, "001_steps.sql", "DROP TABLE c", "DROP TABLE IF EXISTS c")
    events = await project.roll_back()
    assert [s.index for s in events_of_kind(events, StatementStarted)] == [3, 4]
    assert run_finished(events).result is RunResult.DONE
    assert project.tables() == set()
    assert await project.states() == {"001_steps.sql": "pending"}


async def test_second_index_build_fails_and_can_be_run_again(project: Project) -> None:
    project.sql("CREATE TABLE t (x int); INSERT INTO t VALUES (1), (1)")
    project.write(
        "001_index.sql",
        f"CREATE INDEX CONCURRENTLY one ON t (x);\nCREATE UNIQUE INDEX CONCURRENTLY two ON t (x);\n{NONE}",
    )
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert (failure.sqlstate, len(failure.committed)) == ("23505", 1)
    assert "The index public.two is there and INVALID" in failure.target_state
    project.sql("DELETE FROM t; DROP INDEX two")
    (planned,) = events_of_kind(events := await project.apply(), PlanMade)[0].plan.migrations
    assert planned.statements_done == 1
    assert run_finished(events).result is RunResult.DONE


async def test_allowing_one_conflict_does_not_hide_another_one(project: Project) -> None:
    project.table(3)
    await project.apply()
    project.table(2)
    project.write("002_other.sql", f"CREATE TABLE other ();\n{NONE}")
    stopped = run_finished(await project.apply(allow=frozenset({"duplicate"}), reason="both"))
    assert stopped.result is RunResult.REFUSED
    assert {conflict.state for conflict in stopped.conflicts} == {"late"}
    assert not [entry for entry in await project.entries() if entry.action == "allow"]
    events = await project.apply(allow=frozenset({"duplicate", "late"}), reason="both")
    assert run_finished(events).result is RunResult.DONE
    allows = [(entry.name, entry.allowed) for entry in await project.entries() if entry.action == "allow"]
    assert len(allows) == len(set(allows)) == 4


async def test_run_cancelled_before_its_start_creates_nothing(project: Project) -> None:
    project.table(1)
    run = project.start(Direction.APPLY)
    await run.cancel()
    assert run_finished(await collect_events(run)).result is RunResult.CANCELLED
    assert project.sql("SELECT to_regnamespace('koonj') IS NULL") == [(True,)]


async def test_run_cancelled_while_connecting_does_not_wait_for_the_server(project: Project) -> None:
    from dataclasses import replace

    project.table(1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        silent.setblocking(False)
        dsn = f"host=127.0.0.1 port={silent.getsockname()[1]} dbname=x user=x connect_timeout=3600"
        project.target = replace(project.target, dsn=dsn)
        run = project.start(Direction.APPLY)
        task = asyncio.create_task(collect_events(run))
        connection, _ = await asyncio.get_running_loop().sock_accept(silent)
        with connection:
            await run.cancel()
            assert run_finished(await asyncio.wait_for(task, 60)).result is RunResult.CANCELLED


async def test_run_can_be_cancelled_in_the_delay_before_a_retry(project: Project) -> None:
    import psycopg

    from koonj.runner.run.events import Retrying

    project.table(1)
    await project.apply()
    project.write(
        "002_wait.sql",
        f"-- koonj: lock_timeout 20ms\n-- koonj: retries 5\nBEGIN;\nALTER TABLE t1 ADD x int;\nCOMMIT;\n{NONE}",
    )
    with psycopg.connect(project.target.dsn) as blocker:
        blocker.execute("LOCK TABLE t1")
        run = project.start(Direction.APPLY)
        events = []
        async for event in run.events():
            events.append(event)
            if isinstance(event, Retrying):
                await run.cancel()
    assert run_finished(events).result is RunResult.CANCELLED
    assert "No part of 002_wait.sql was committed" in run_finished(events).message
    assert (await project.states())["002_wait.sql"] == "failed"


async def test_serialization_failure_at_commit_is_retried(project: Project) -> None:
    project.sql("CREATE TABLE tries (n int); CREATE SEQUENCE attempts")
    project.write(
        "001_again.sql",
        """
        -- koonj: retries 1
        BEGIN;
        CREATE TABLE a (x int);
        CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('attempts') = 1 THEN RAISE SQLSTATE '40001'; END IF;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER t AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION fail_once();
        INSERT INTO a VALUES (1);
        COMMIT;
        -- Rollback: none: test
        """,
    )
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT count(*) FROM a") == [(1,)]


async def test_a_file_whose_line_ends_changed_goes_on(project: Project) -> None:
    name = "001_two.sql"
    text = "BEGIN;\nCREATE TABLE t1 ();\nCOMMENT ON TABLE t1 IS 'a\nb';\nCOMMIT;\nBEGIN;\nSELECT 1/0;\nCOMMIT;\n-- Rollback: none: x\n"
    (project.path / name).write_bytes(text.replace("\n", "\r\n").encode())
    assert run_finished(await project.apply()).result is RunResult.FAILED
    (project.path / name).write_bytes(text.replace("1/0", "1").encode())
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert await project.states() == {name: "applied"}
