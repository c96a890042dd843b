"""Tests that settings of a migration file end with the file and do not affect the history."""

import asyncio

import psycopg

from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Notice, RunFinished, RunResult, StatementStarted
from support.project import Project, events_of_kind, run_finished


async def test_search_path_of_a_file_does_not_affect_the_history(project: Project) -> None:
    project.write(
        "001_path.sql",
        """
        BEGIN;
        CREATE SCHEMA elsewhere;
        CREATE TABLE elsewhere.history (id int);
        SET search_path TO elsewhere;
        CREATE TABLE here ();
        COMMIT;
        -- Rollback: none: test
        """,
    )
    project.write("002_next.sql", "CREATE TABLE there ();\n-- Rollback: none: test\n")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT count(*) FROM koonj.history") == [(2,)]
    rows = project.sql(
        "SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname IN ('here', 'there') ORDER BY relname"
    )
    assert rows == [("elsewhere",), ("public",)]


async def test_role_set_by_a_file_is_reset_after_the_file(project: Project) -> None:
    project.sql("DROP ROLE IF EXISTS koonj_leak")
    project.sql("CREATE ROLE koonj_leak")
    project.sql("GRANT CREATE ON SCHEMA public TO koonj_leak")
    for number, outside in ((1, False), (2, True)):
        script = f"SET ROLE koonj_leak;\nCREATE TABLE owned{number} (id int);\n"
        wrapped = f"{script}VACUUM owned{number};\n" if outside else f"BEGIN;\n{script}COMMIT;\n"
        project.write(f"00{number}_role.sql", wrapped + "-- Rollback: none: test\n")
    project.write("003_after.sql", "CREATE TABLE mine (id int);\n-- Rollback: none: test\n")
    try:
        events = await project.apply()
        assert run_finished(events).result is RunResult.DONE, run_finished(events)
        rows = project.sql(
            "SELECT relname, relowner::regrole::text FROM pg_class WHERE relname ~ '^(owned|mine)' ORDER BY 1"
        )
        assert rows[1:] == [("owned1", "koonj_leak"), ("owned2", "koonj_leak")]
        assert rows[0][1] != "koonj_leak"
        assert {entry.database_role for entry in await project.entries()} == {rows[0][1]}
    finally:
        project.sql("DROP OWNED BY koonj_leak")
        project.sql("DROP ROLE koonj_leak")


async def test_settings_and_temporary_tables_end_with_their_file(project: Project) -> None:
    project.write(
        "001_set.sql",
        """
        BEGIN;
        SET statement_timeout = '77s';
        SET TIME ZONE 'Asia/Tokyo';
        CREATE TEMP TABLE left_over (id int);
        PREPARE p AS SELECT 1;
        COMMIT;
        -- Rollback: none: test
        """,
    )
    project.write(
        "002_look.sql",
        """
        CREATE TABLE seen AS
        SELECT current_setting('statement_timeout') AS timeout, current_setting('TimeZone') AS zone,
               to_regclass('left_over') IS NULL AS gone, (SELECT count(*) FROM pg_prepared_statements) AS prepared;
        -- Rollback: none: test
        """,
    )
    assert run_finished(await project.apply()).result is RunResult.DONE
    [(timeout, zone, gone, prepared)] = project.sql("SELECT * FROM seen")
    assert (timeout, gone, prepared) == ("0", True, 0)
    assert zone != "Asia/Tokyo"


async def test_timeouts_are_set_by_koonj_or_by_the_file(project: Project) -> None:
    look = "SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement"
    project.write("001_default.sql", f"CREATE TABLE seen AS {look};\n-- Rollback: none: test\n")
    project.write(
        "002_own.sql",
        f"-- koonj: lock_timeout 250ms\n-- koonj: statement_timeout 1min\nINSERT INTO seen {look};\n"
        "-- Rollback: none: test\n",
    )
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT * FROM seen") == [("500ms", "0"), ("250ms", "1min")]


async def test_concurrent_index_build_has_no_lock_timeout(project: Project) -> None:
    project.table(1)
    project.sql(
        "CREATE FUNCTION said(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS "
        "$$BEGIN RAISE NOTICE 'limit %', current_setting('lock_timeout'); RETURN $1; END$$"
    )
    project.write(
        "002_index.sql",
        "INSERT INTO t1 VALUES (1);\nCREATE INDEX CONCURRENTLY i ON t1 (public.said(id));\n"
        "CREATE TABLE seen AS SELECT current_setting('lock_timeout') AS lock;\n-- Rollback: none: test\n",
    )
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE
    assert {notice.message for notice in events_of_kind(events, Notice)} == {"limit 0"}
    assert project.sql("SELECT lock FROM seen") == [("500ms",)], "only the build has none"


async def test_koonj_takes_the_lock_again_when_a_file_releases_it(project: Project) -> None:
    project.write("001_unlock.sql", "SELECT pg_advisory_unlock_all();\n-- Rollback: none: test\n")
    project.write(
        "002_held.sql",
        "CREATE TABLE seen AS SELECT count(*) AS held FROM pg_locks WHERE locktype = 'advisory' AND granted\n"
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database());\n"
        "-- Rollback: none: test\n",
    )
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT held FROM seen") == [(1,)]


async def test_run_fails_before_commit_when_another_run_took_the_released_lock(project: Project) -> None:
    project.table(1)
    await project.apply()
    project.write(
        "002_unlock.sql",
        "CREATE TABLE IF NOT EXISTS once (n int);\nSELECT pg_advisory_unlock_all();\n"
        "SELECT pg_sleep(0.5);\nINSERT INTO once VALUES (1);\n-- Rollback: none: test\n",
    )
    first = project.start(Direction.APPLY)
    seen: list[RunFinished] = []
    async for event in first.events():
        if isinstance(event, StatementStarted) and event.index == 3:
            second = asyncio.create_task(project.apply())
            await asyncio.sleep(0.2)
        if isinstance(event, RunFinished):
            seen.append(event)
    assert seen[0].result is RunResult.FAILED
    assert "released the koonj lock" in seen[0].message
    assert run_finished(await second).result is RunResult.DONE
    assert project.sql("SELECT count(*) FROM once") == [(1,)]


async def test_the_lock_is_free_after_the_run(project: Project) -> None:
    project.table(1)
    await project.apply()
    with psycopg.connect(project.target.dsn) as conn:
        row = conn.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchone()
    assert row == (0,)
