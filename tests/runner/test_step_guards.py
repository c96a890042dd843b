"""Tests of what koonj does around the statements of a file: its guards before COMMIT and between two files."""

from collections.abc import Iterator

import psycopg
import pytest

from koonj.postgres.advisory_lock import KEY
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, MigrationFinished, Retrying, RunResult, StatementFinished
from koonj.runner.run.request import Extent
from support.clock import clock_of_pauses
from support.project import Project, events_of_kind, run_finished

NONE = "-- Rollback: none: test\n"
SLEEPS = "BEGIN;\nSELECT pg_sleep(30);\nCOMMIT;\n"
ONE, TWO = NONE, f"BEGIN;\nCREATE TABLE last ();\nCOMMIT;\n{NONE}"
"""The end of a file that runs in one transaction, and of one that runs in steps."""


@pytest.fixture
def role(project: Project) -> Iterator[str]:
    """A role that may create tables, but not write the history."""
    [(name,)] = project.sql("SELECT 'guard_' || current_database()")
    project.sql(f'CREATE ROLE "{name}"; GRANT CREATE ON SCHEMA public TO "{name}"')
    yield str(name)
    project.sql(f'DROP OWNED BY "{name}" CASCADE; DROP ROLE "{name}"')


@pytest.mark.parametrize("end", [ONE, TWO], ids=["one transaction", "blocks"])
@pytest.mark.parametrize("how", ['SET ROLE "{}"', 'SET LOCAL ROLE "{}"', 'SET SESSION AUTHORIZATION "{}"'])
async def test_a_block_that_changes_its_role_is_counted_by_the_role_of_the_target(
    project: Project, role: str, how: str, end: str
) -> None:
    project.write("001_role.sql", f"BEGIN;\n{how.format(role)};\nCREATE TABLE a ();\nCOMMIT;\n{end}")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert await project.states() == {"001_role.sql": "applied"}
    assert project.sql("SELECT tableowner FROM pg_tables WHERE tablename = 'a'") == [(role,)]
    (entry,) = await project.entries()
    assert entry.database_role != role


@pytest.mark.parametrize("end", [ONE, TWO], ids=["one transaction", "blocks"])
async def test_deferred_triggers_run_with_the_role_and_the_path_of_the_file(
    project: Project, role: str, end: str
) -> None:
    project.sql(
        f"""
        CREATE SCHEMA app AUTHORIZATION "{role}";
        CREATE TABLE app.log (role text);
        CREATE FUNCTION app.say() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO log VALUES (current_user); RAISE NOTICE 'late'; RETURN NULL; END $$;
        GRANT INSERT ON app.log TO "{role}"
        """
    )
    project.write(
        "001_deferred.sql",
        f"""
        BEGIN;
        SET LOCAL ROLE "{role}";
        SET LOCAL search_path TO app;
        CREATE TABLE a (x int);
        CREATE CONSTRAINT TRIGGER t AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION say();
        INSERT INTO a VALUES (1);
        COMMIT;
        """,
    )
    with (project.path / "001_deferred.sql").open("a") as file:
        file.write(end)
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT role FROM app.log") == [(role,)]


@pytest.mark.parametrize("end", [ONE, TWO], ids=["one transaction", "blocks"])
async def test_a_deferred_constraint_that_fails_commits_nothing(project: Project, end: str) -> None:
    project.sql("CREATE TABLE a (x int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    project.write("001_twice.sql", f"BEGIN;\nINSERT INTO a VALUES (1), (1);\nCOMMIT;\n{end}")
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert (failure.sqlstate, failure.committed) == ("23505", ())
    assert project.sql("SELECT FROM a") == []
    assert await project.states() == {"001_twice.sql": "failed"}


@pytest.mark.parametrize("setting", ["", "SET client_encoding TO 'UTF8';\n"], ids=["in flight", "one by one"])
async def test_a_cancel_behind_the_last_statement_says_what_is_committed(
    project: Project, setting: str
) -> None:
    """A flight has its COMMIT with it. One statement at a time, it is not sent any more."""
    project.write("001_a.sql", f"BEGIN;\n{setting}CREATE TABLE a ();\nCOMMIT;\n{ONE}")
    project.write("002_b.sql", f"BEGIN;\n{setting}CREATE TABLE b ();\nSELECT pg_sleep(30);\nCOMMIT;\n{ONE}")
    run = project.start(Direction.APPLY, extent=Extent.ALL)
    events: list[Event] = []
    async for event in run.events():
        events.append(event)
        if isinstance(event, StatementFinished) and event.command_tag == "CREATE TABLE":
            await run.cancel()
    end = run_finished(events)
    assert end.result is RunResult.CANCELLED
    assert not (setting and end.committed)
    assert end.committed in ((), ("001_a.sql",))  # the server can have run COMMIT before the request came
    assert project.tables() == ({"a"} if end.committed else set())
    assert (await project.states())["001_a.sql"] == ("applied" if end.committed else "failed")


@pytest.mark.parametrize("setting", ["", "SET client_encoding TO 'UTF8';\n"], ids=["in flight", "one by one"])
async def test_a_cancel_behind_the_last_statement_of_a_block_says_what_is_committed(
    project: Project, setting: str
) -> None:
    """A flight has the COMMIT and the next block with it. One message at a time, it is not sent any more."""
    project.write("001_a.sql", f"BEGIN;\n{setting}CREATE TABLE a ();\nCOMMIT;\n{SLEEPS}{TWO}")
    run = project.start(Direction.APPLY)
    events: list[Event] = []
    async for event in run.events():
        events.append(event)
        if isinstance(event, StatementFinished) and event.command_tag == "CREATE TABLE":
            await run.cancel()
    end = run_finished(events)
    assert end.result is RunResult.CANCELLED
    assert end.failure is not None
    done = len(end.failure.committed)
    assert done in ((0,) if setting else (0, 1))  # the server can have run COMMIT before the request came
    assert project.tables() == ({"a"} if done else set())
    (entry,) = await project.entries()
    assert (entry.outcome.value, entry.statements_done) == ("failed", done)


async def test_the_lock_is_checked_between_two_migrations(project: Project) -> None:
    """A file of steps gives the lock away at its last statement, and another run takes it."""
    project.write(
        "001_unlock.sql", f"CREATE TABLE a ();\nVACUUM a;\nSELECT pg_advisory_unlock_all();\n{NONE}"
    )
    project.write("002_steps.sql", f"CREATE TABLE b ();\nVACUUM b;\n{NONE}")
    events: list[Event] = []
    with psycopg.connect(project.target.dsn, autocommit=True) as other:
        pid = other.info.backend_pid
        async for event in project.start(Direction.APPLY, extent=Extent.ALL).events():
            events.append(event)
            if isinstance(event, MigrationFinished) and event.name == "001_unlock.sql":
                assert other.execute("SELECT pg_try_advisory_lock(%s)", (KEY,)).fetchone() == (True,)
    end = run_finished(events)
    assert end.result is RunResult.FAILED
    assert "released the koonj lock" in end.message
    assert f"pid {pid}" in end.message
    assert (end.committed, end.not_run) == (("001_unlock.sql",), ("002_steps.sql",))
    assert project.tables() == {"a"}


async def test_pauses_between_retries_double_up_to_half_a_minute(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = clock_of_pauses(monkeypatch)
    project.write(
        "001_again.sql",
        f"-- koonj: retries 7\nDO $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END $$;\n{NONE}",
    )
    events = await project.apply()
    assert run_finished(events).result is RunResult.FAILED
    retrying = events_of_kind(events, Retrying)
    assert [(event.attempt, event.sqlstate) for event in retrying] == [(n, "40001") for n in range(2, 9)]
    assert clock.pauses == [event.delay for event in retrying]
    for seconds, most in zip(clock.pauses, [2, 4, 8, 16, 30, 30, 30], strict=True):
        assert most / 2 <= seconds <= most
    assert len(set(clock.pauses)) == 7, "a random part keeps two runs apart"
