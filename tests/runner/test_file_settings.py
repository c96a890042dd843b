"""Tests that what a file sets ends with the file, and does not reach koonj's own statements."""

import pytest

from koonj.runner.run.events import RunResult
from support.project import Project, run_finished

NONE = "-- Rollback: none: test\n"

LEFT_OVER = [
    ("LISTEN koonj_test", "SELECT count(*) FROM pg_listening_channels()"),
    ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", "SELECT count(*) FROM pg_cursors WHERE name <> ''"),
    ("PREPARE p AS SELECT 1", "SELECT count(*) FROM pg_prepared_statements"),
    ("CREATE TEMP TABLE left_over ()", "SELECT count(*) FROM pg_class WHERE relname = 'left_over'"),
    ("SET app.tenant = '7'", "SELECT coalesce(nullif(current_setting('app.tenant', true), '')::int, 0)"),
    ("SET work_mem = '7MB'", "SELECT (current_setting('work_mem') = '7MB')::int"),
    ("SET ROLE pg_monitor", "SELECT (current_user = 'pg_monitor')::int"),
    ("SET SESSION AUTHORIZATION pg_monitor", "SELECT (session_user = 'pg_monitor')::int"),
]


@pytest.mark.parametrize(("setting", "look"), LEFT_OVER, ids=[setting[:30] for setting, _ in LEFT_OVER])
async def test_what_a_file_leaves_in_its_session_ends_with_the_file(
    project: Project, setting: str, look: str
) -> None:
    project.write("001_leave.sql", f"CREATE TABLE seen (left_over int);\n{setting};\n{NONE}")
    project.write("002_look.sql", f"INSERT INTO seen {look};\n{NONE}")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT left_over FROM seen") == [(0,)]


async def test_the_last_value_of_a_sequence_ends_with_its_file(project: Project) -> None:
    project.write("001_next.sql", f"CREATE SEQUENCE s;\nSELECT nextval('s'), lastval();\n{NONE}")
    project.write("002_last.sql", f"CREATE TABLE a AS SELECT lastval();\n{NONE}")
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert (failure.name, failure.sqlstate) == ("002_last.sql", "55000"), "lastval is not yet defined"


@pytest.mark.parametrize("end", ["", "VACUUM a;\n"], ids=["one transaction", "steps"])
@pytest.mark.parametrize("setting", ["SET client_encoding TO 'LATIN1'", "SET client_encoding TO 'SQL_ASCII'"])
async def test_the_history_has_the_text_of_a_file_that_sets_another_encoding(
    project: Project, setting: str, end: str
) -> None:
    file = project.write("001_latin.sql", f"CREATE TABLE a ();\n{setting};\n{end}-- 日本語: é\n{NONE}")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT script FROM koonj.history") == [(file.read_text(encoding="utf-8"),)]


async def test_a_file_is_not_ended_by_the_transaction_timeout_of_the_database(project: Project) -> None:
    [(database, version)] = project.sql(
        "SELECT current_database(), current_setting('server_version_num')::int"
    )
    if version < 170000:
        pytest.skip("PostgreSQL 17 added transaction_timeout")
    project.sql(f"ALTER DATABASE \"{database}\" SET transaction_timeout = '7min'")
    look = "SELECT current_setting('transaction_timeout')"
    project.write("001_one.sql", f"CREATE TABLE seen AS {look} AS timeout;\n{NONE}")
    project.write(
        "002_steps.sql",
        f"INSERT INTO seen {look};\nVACUUM seen;\nBEGIN;\nINSERT INTO seen {look};\nCOMMIT;\n{NONE}",
    )
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT timeout FROM seen") == [("0",), ("0",), ("0",)]
