"""Tests of migration files that try to make koonj report something wrong."""

import asyncio
import os
import time
from contextlib import suppress

import pytest

from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Notice, RunResult, StatementFinished, StatementStarted
from koonj.runner.run.failure import Failure
from support import gate
from support.project import PATIENCE, Project, events_of_kind, run_finished

NONE = "-- Rollback: none: test\n"


async def _failure(project: Project) -> Failure:
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    return failure


async def test_commit_cannot_hide_in_quotes_that_the_server_reads_differently(project: Project) -> None:
    project.write(
        "001_quotes.sql",
        "BEGIN;\nCREATE TABLE a ();\n"
        f"SET standard_conforming_strings = off; SELECT '\\''; COMMIT; --';\nSELECT 1/0;\nCOMMIT;\n{NONE}",
    )
    failure = await _failure(project)
    assert "standard_conforming_strings" in failure.message
    assert (failure.statement, failure.line) == (3, 3)
    assert project.tables() == set()


async def test_database_without_standard_conforming_strings_works_except_for_ambiguous_quotes(
    project: Project,
) -> None:
    [(database,)] = project.sql("SELECT current_database()")
    project.sql(f'ALTER DATABASE "{database}" SET standard_conforming_strings = off')
    project.table(1)
    assert run_finished(await project.apply()).result is RunResult.DONE
    project.write("002_path.sql", f"CREATE TABLE p AS SELECT 'c:\\\\temp' AS path;\n{NONE}")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT path FROM p") == [("c:\\temp",)], "the same as with psql"
    project.write("003_quote.sql", f"CREATE TABLE q AS SELECT '\\' AS path;\n{NONE}")
    assert "standard_conforming_strings" in (await _failure(project)).message


async def test_non_ascii_text_is_refused_when_client_encoding_is_not_utf8(project: Project) -> None:
    project.write(
        "001_latin.sql",
        f"SET client_encoding TO 'LATIN1';\nCREATE TABLE a (x text);\nINSERT INTO a VALUES ('é');\n{NONE}",
    )
    failure = await _failure(project)
    assert (failure.statement, failure.line) == (3, 3)
    assert "LATIN1" in failure.message
    (project.path / "001_latin.sql").unlink()
    project.write("001_latin.sql", f"SET client_encoding TO 'LATIN1';\nCREATE TABLE a (x text);\n{NONE}")
    project.write("002_rows.sql", f"COPY a FROM stdin;\né\n\\.\n{NONE}")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT x FROM a") == [("é",)]


@pytest.mark.parametrize(
    "setting",
    [
        "default_transaction_read_only = on",
        "default_transaction_isolation = 'serializable'",
        "session_replication_role = 'replica'",
        "row_security = off",
        "search_path TO ''",
        "client_encoding TO 'SQL_ASCII'",
        "client_min_messages = 'error'",
        "DateStyle = 'German'",
    ],
)
async def test_session_settings_of_a_step_do_not_affect_the_history(project: Project, setting: str) -> None:
    project.write("001_steps.sql", f"SET {setting};\nVACUUM;\n{NONE}")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert await project.states() == {"001_steps.sql": "applied"}


async def test_discard_all_between_steps_keeps_the_run_working(project: Project) -> None:
    project.write("001_steps.sql", f"CREATE TABLE a ();\nDISCARD ALL;\nCREATE TABLE b ();\n{NONE}")
    project.table(2)
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.tables() == {"a", "b", "t2"}


async def test_transaction_is_rolled_back_when_the_file_makes_it_read_only(project: Project) -> None:
    project.write(
        "001_ro.sql", f"BEGIN;\nCREATE TABLE a ();\nSET transaction_read_only = on;\nCOMMIT;\n{NONE}"
    )
    failure = await _failure(project)
    assert failure.sqlstate == "25006"
    assert "koonj.history could not be written" in failure.target_state
    assert project.tables() == set()


def _wait_until_gone(pid: int) -> None:
    """Wait until a server process has ended: then all that it sent is there, and nothing else will be."""
    with suppress(ProcessLookupError):
        while True:
            os.kill(pid, 0)
            time.sleep(0.01)


async def test_screen_that_is_slow_to_read_holds_no_transaction_open(project: Project) -> None:
    project.write(
        "001_idle.sql",
        f"BEGIN;\nSET idle_in_transaction_session_timeout = 200;\nCREATE TABLE a ();\nCOMMIT;\n{NONE}",
    )
    events = []
    async for event in project.start(Direction.APPLY).events():
        events.append(event)
        if isinstance(event, StatementFinished) and event.index == 1:
            time.sleep(0.5)
    assert run_finished(events).result is RunResult.DONE
    assert project.tables() == {"a"}


async def test_session_timeout_set_by_the_file_is_reported_as_lost_connection(project: Project) -> None:
    """The file sets client_encoding, so koonj waits for each answer before it sends the next statement."""
    project.write(
        "001_idle.sql",
        "BEGIN;\nSET idle_in_transaction_session_timeout = 200;\nSET client_encoding TO 'UTF8';\nCREATE TABLE a ();\n"
        + "SELECT 1;\n" * 5
        + f"COMMIT;\n{NONE}",
    )
    events = []
    sessions = "SELECT pid FROM pg_stat_activity WHERE application_name ~ '^koonj [0-9a-f]+ ' AND datname = current_database()"
    async for event in project.start(Direction.APPLY).events():
        events.append(event)
        if isinstance(event, StatementStarted) and event.index == 1:
            [(pid,)] = project.sql(sessions)
        if isinstance(event, StatementFinished) and event.index == 1:
            _wait_until_gone(pid)  # like a screen that is slow to read events
    failure = run_finished(events).failure
    assert failure is not None
    assert (failure.sqlstate, failure.severity) == ("25P03", "FATAL")
    assert "rolls back a transaction" in failure.target_state
    assert project.tables() == set()
    assert await project.states() == {"001_idle.sql": "pending"}


async def test_commit_inside_a_do_block_works_outside_a_transaction(project: Project) -> None:
    project.write(
        "001_procedure.sql",
        "CREATE TABLE a (n int);\n"
        "DO $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO a VALUES (i); COMMIT; END LOOP; END $$;\n"
        f"VACUUM a;\n{NONE}",
    )
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT count(*) FROM a") == [(3,)]


async def test_failure_gives_the_file_line_of_an_invalid_copy_row(project: Project) -> None:
    project.write(
        "001_rows.sql",
        f"CREATE TABLE a (x int);\n\nCOPY a (x) FROM stdin;\n1\n2\nthree\n4\n\\.\nSELECT 1;\n{NONE}",
    )
    failure = await _failure(project)
    assert (failure.statement, failure.line, failure.source_line) == (2, 6, "three")
    assert "line 3" in (failure.context or "")
    assert project.tables() == set()


async def test_copy_in_a_rollback_comment_fails_and_does_not_hang(project: Project) -> None:
    project.write(
        "001_rows.sql",
        "CREATE TABLE a (x int);\n-- Rollback:\n-- COPY a FROM stdin;\n-- x\n-- \\.\n-- DROP TABLE a;\n",
    )
    assert run_finished(await project.apply()).result is RunResult.DONE
    end = run_finished(await project.roll_back())
    assert end.failure is not None
    assert (end.failure.line, end.failure.source_line) == (4, "-- x")
    assert await project.states() == {"001_rows.sql": "applied"}


async def test_percent_signs_colons_and_parameters_are_sent_unchanged(project: Project) -> None:
    project.path.joinpath("001_text.sql").write_bytes(
        b"\xef\xbb\xbfBEGIN;\r\nCREATE TABLE a AS SELECT '100%s :x $1 %(y)s'::text AS t, 7 % 4 AS n;\r\nCOMMIT;\r\n"
        b"-- Rollback: none: test\r\n"
    )
    project.write("002_empty.sql", "")
    project.write("003_words.sql", f"-- only words\n{NONE}")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT * FROM a") == [("100%s :x $1 %(y)s", 3)]
    assert set((await project.states()).values()) == {"applied"}


async def test_savepoints_of_the_file_work(project: Project) -> None:
    project.write(
        "001_save.sql",
        "BEGIN;\nCREATE TABLE a ();\nSAVEPOINT s;\nCREATE TABLE b ();\nROLLBACK TO s;\nRELEASE s;\n"
        f"CREATE TABLE c ();\nCOMMIT;\n{NONE}",
    )
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.tables() == {"a", "c"}


async def test_many_notices_all_arrive_in_order(project: Project) -> None:
    project.write(
        "001_flood.sql",
        f"DO $$ BEGIN FOR i IN 1..20000 LOOP RAISE NOTICE '%', i; END LOOP; END $$;\n{NONE}",
    )
    events = await project.apply()
    assert [n.message for n in events_of_kind(events, Notice)] == [str(i) for i in range(1, 20001)]


async def test_notices_of_deferred_triggers_arrive_at_commit(project: Project) -> None:
    project.write(
        "001_deferred.sql",
        """
        BEGIN;
        CREATE TABLE a (x int);
        CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'late'; RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER t AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION say();
        INSERT INTO a VALUES (1);
        COMMIT;
        -- Rollback: none: test
        """,
    )
    assert [n.message for n in events_of_kind(await project.apply(), Notice)] == ["late"]


async def test_long_source_line_is_truncated_in_the_failure(project: Project) -> None:
    project.write(
        "001_long.sql",
        f"CREATE TABLE a (x text);\nINSERT INTO a VALUES ('{'x' * 50_000}'), (1/0);\nSELECT nothing;\n{NONE}",
    )
    failure = await _failure(project)
    assert (failure.line, len(failure.source_line)) == (2, 10_000)


async def test_migration_that_releases_the_lock_runs_only_once(project: Project) -> None:
    """Two runs apply a file that releases the lock and then waits; one of them is rolled back."""
    project.sql("CREATE TABLE counted (run int)")
    project.sql(gate.CLOSE)
    project.write(
        "001_unlock.sql",
        f"BEGIN;\nINSERT INTO counted VALUES (1);\nSELECT pg_advisory_unlock_all();\n{gate.wait_at()}\nCOMMIT;\n{NONE}",
    )
    first = asyncio.create_task(project.apply())
    async with asyncio.timeout(PATIENCE):
        while not project.sql(gate.AT_GATE):
            await asyncio.sleep(0.01)
        second = asyncio.create_task(project.apply())
        while len(project.sql(gate.AT_GATE)) < 2:
            await asyncio.sleep(0.01)
    project.sql(gate.OPEN_ALL)
    ends = [run_finished(events) for events in await asyncio.gather(first, second)]
    assert sorted(end.result for end in ends) == [RunResult.DONE, RunResult.FAILED]
    assert project.sql("SELECT count(*) FROM counted") == [(1,)]
    assert [entry.outcome for entry in await project.entries()] == ["done"]
