"""Tests of failures: location, error, state of the target, next steps."""

import pytest

from koonj.config import Target
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import MigrationFailed, RunResult
from koonj.runner.run.failure import Failure
from koonj.runner.run.request import Request
from koonj.runner.start import start
from support.project import Project, collect_events, events_of_kind, run_finished


async def _failure(project: Project) -> Failure:
    events = await project.apply()
    failure = run_finished(events).failure
    assert failure is not None
    assert run_finished(events).result is RunResult.FAILED
    return failure


async def test_failure_gives_line_and_column_of_the_error_in_the_file(project: Project) -> None:
    project.table(1)
    project.write(
        "002_typo.sql",
        "-- é: a line of more bytes than characters\nBEGIN;\nCREATE TABLE t2 (id int);\n"
        "ALTER TABLE t2\n    ADD COLUMN ö integger;\nCOMMIT;\n-- Rollback: none: test\n",
    )
    failure = await _failure(project)
    assert (failure.name, failure.statement, failure.of) == ("002_typo.sql", 2, 2)
    assert failure.file.endswith("002_typo.sql")
    assert (failure.line, failure.column) == (5, 18)
    assert failure.source_line == "    ADD COLUMN ö integger;"
    assert failure.sqlstate == "42704"
    assert failure.committed == ()
    assert "rolled back" in failure.target_state
    assert failure.next_steps
    assert project.tables() == {"t1"}


async def test_failure_is_recorded_and_the_migration_can_be_applied_again(project: Project) -> None:
    project.write("001_bad.sql", "CREATE TABLE t1 (id integger);\n-- Rollback: none: test\n")
    await _failure(project)
    (entry,) = await project.entries()
    assert (entry.outcome, entry.sqlstate, entry.statements_done) == ("failed", "42704", 0)
    assert entry.error == 'type "integger" does not exist'
    assert await project.states() == {"001_bad.sql": "failed"}
    project.write("001_bad.sql", "CREATE TABLE t1 (id integer);\n-- Rollback: none: test\n")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert await project.states() == {"001_bad.sql": "applied"}


async def test_failure_has_detail_hint_and_context_of_the_server(project: Project) -> None:
    project.write(
        "001_raise.sql",
        "DO $$\nBEGIN\n  RAISE EXCEPTION 'no' USING DETAIL = 'because', HINT = 'try yes', ERRCODE = 'KJ001';\nEND $$;\n"
        "-- Rollback: none: test\n",
    )
    failure = await _failure(project)
    assert (failure.message, failure.detail, failure.hint) == ("no", "because", "try yes")
    assert failure.sqlstate == "KJ001"
    assert "inline_code_block line 3" in (failure.context or "")
    assert failure.line == 1


_IN_A_DO = """-- first
  DO $$
BEGIN
  PERFORM missing;
END $$;
"""
_OF_A_FUNCTION = """-- first
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN missing; END $$;
SELECT 1; SELECT f();
"""


@pytest.mark.parametrize("outside", [False, True], ids=["one transaction", "steps"])
@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("-- first\n  SELECT 1 / 0;\n", 2, None),
        (_IN_A_DO, 2, None),
        (_OF_A_FUNCTION, 3, None),
        ("SELECT 'é', '東京', '\U0001f600', missing;\n", 1, 24),
        ("\tSELECT\t'e\u0301',\tmissing;\n", 1, 15),
        ("SELECT 1,\n  2 +", 2, 6),
        ("DO $$\nBEGIN\n  PERFORM 1 FROM;\n  IF;\nEND $$;\n", 3, 17),
    ],
    ids=["no position", "in a DO", "in a function", "wide", "tabs", "after the end", "syntax of a DO"],
)
async def test_only_a_place_that_the_server_names_has_a_column(
    project: Project, text: str, line: int, column: int | None, *, outside: bool
) -> None:
    lead = "VACUUM pg_catalog.pg_am;" if outside else ""
    project.write("001_no.sql", f"{lead}{text}\n-- Rollback: none: test\n")
    failure = await _failure(project)
    assert (failure.line, failure.column) == (
        line,
        None if column is None else column + len(lead) * (line == 1),
    )
    assert failure.source_line


async def test_deferred_constraint_fails_at_the_commit_in_the_file(project: Project) -> None:
    project.write(
        "001_deferred.sql",
        """
        BEGIN;
        CREATE TABLE p (id int PRIMARY KEY);
        CREATE TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO c VALUES (1);
        COMMIT;
        -- Rollback: none: test
        """,
    )
    failure = await _failure(project)
    assert (failure.line, failure.sqlstate, failure.statement) == (5, "23503", 0)
    assert project.tables() == set()
    assert await project.states() == {"001_deferred.sql": "failed"}


async def test_migrations_before_a_failure_stay_and_those_after_it_do_not_run(project: Project) -> None:
    project.table(1)
    project.write("002_bad.sql", "SELECT 1/0;\n-- Rollback: none: test\n")
    last = project.table(3)
    events = await project.apply()
    assert run_finished(events).committed == ("001_make_t1.sql",)
    assert run_finished(events).not_run == (last,)
    assert len(events_of_kind(events, MigrationFailed)) == 1
    assert project.tables() == {"t1"}


async def test_unreachable_target_fails_without_showing_the_password(project: Project) -> None:
    project.table(1)
    target = Target("gone", "postgresql://u:s3cret@127.0.0.1:1/x?connect_timeout=2")
    run = start(project.connector, target, project.reader, Request(Direction.APPLY, assume_yes=True))
    events = await collect_events(run)
    assert run_finished(events).result is RunResult.FAILED
    assert "s3cret" not in repr(events)


async def test_lock_timeout_is_retried_as_often_as_the_file_allows(project: Project) -> None:
    import psycopg

    from koonj.runner.run.events import Retrying

    project.table(1)
    await project.apply()
    project.write(
        "002_wait.sql",
        "-- koonj: lock_timeout 50ms\n-- koonj: retries 1\nBEGIN;\nALTER TABLE t1 ADD x int;\nCOMMIT;\n"
        "-- Rollback: none: test\n",
    )
    with psycopg.connect(project.target.dsn) as blocker:
        blocker.execute("LOCK TABLE t1")
        events = await project.apply()
    assert [(r.attempt, r.of, r.sqlstate) for r in events_of_kind(events, Retrying)] == [(2, 2, "55P03")]
    assert run_finished(events).result is RunResult.FAILED
    assert run_finished(await project.apply()).result is RunResult.DONE
