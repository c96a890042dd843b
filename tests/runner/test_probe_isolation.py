"""Tests that the migrations of a probe do not affect each other, although they share one transaction."""

from __future__ import annotations

from dataclasses import replace

import pytest
from psycopg.conninfo import conninfo_to_dict

from koonj.runner.run.events import Notice, PlanMade, RunResult
from koonj.runner.run.request import Extent
from support.probe_checks import assert_unchanged
from support.project import Project, events_of_kind, run_finished

LOOK = """
    DO $$ BEGIN RAISE NOTICE '%', concat_ws(', ', current_user = session_user, current_schema,
        to_regclass('left_over') IS NULL, (SELECT count(*) FROM pg_prepared_statements),
        current_setting('statement_timeout'), current_setting('lock_timeout'),
        current_setting('idle_in_transaction_session_timeout'),
        (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())); END $$;
"""


def _messages(notices: list[Notice]) -> list[str]:
    return [notice.message for notice in notices]


async def test_settings_of_a_file_do_not_affect_the_next_file(project: Project) -> None:
    project.sql("DROP ROLE IF EXISTS koonj_probed")
    project.sql("CREATE ROLE koonj_probed")
    project.write(
        "001_set.sql",
        f"""
        BEGIN;
        {LOOK}
        CREATE SCHEMA elsewhere;
        CREATE TEMP TABLE left_over (id int) ON COMMIT DROP;
        PREPARE p AS SELECT 1;
        SAVEPOINT mark;
        SET search_path TO elsewhere;
        SET statement_timeout = '77s';
        SET LOCAL lock_timeout = '5ms';
        SELECT pg_advisory_unlock_all();
        SET ROLE koonj_probed;
        COMMIT;
        -- Rollback: none: test
        """,
    )
    project.write("002_look.sql", f"-- koonj: statement_timeout 9s\n{LOOK}\n-- Rollback: none: test\n")
    project.write("003_back.sql", "BEGIN;\nROLLBACK TO mark;\nCOMMIT;\n-- Rollback: none: test\n")
    try:
        with assert_unchanged(project):
            events = await project.apply(probe=True)
        assert _messages(events_of_kind(events, Notice)) == [
            "t, public, t, 0, 0, 1s, 1min, 1",
            "t, public, t, 0, 9s, 1s, 1min, 1",
        ]
        failure = run_finished(events).failure
        assert failure is not None
        assert (failure.name, failure.sqlstate) == ("003_back.sql", "3B001")
        assert run_finished(events).not_run == ()
    finally:
        project.sql("DROP ROLE koonj_probed")


PAIR = (
    "CREATE TABLE parent (id int PRIMARY KEY);\nCREATE TABLE child (id int CONSTRAINT to_parent REFERENCES "
    "parent DEFERRABLE INITIALLY DEFERRED);\n"
)


async def test_deferred_constraints_are_checked_at_the_end_of_each_migration(project: Project) -> None:
    project.write("001_pair.sql", f"{PAIR}INSERT INTO child VALUES (1);\n-- Rollback: none: test\n")
    project.table(2)
    with assert_unchanged(project):
        events = await project.apply(probe=True)
    last = run_finished(events)
    assert last.failure is not None
    assert (last.failure.name, last.failure.sqlstate) == ("001_pair.sql", "23503")
    assert last.not_run == ("002_make_t2.sql",)


@pytest.mark.parametrize("first", ["", "INSERT INTO child VALUES (7);\nINSERT INTO parent VALUES (7);\n"])
async def test_deferred_constraints_stay_deferred_in_the_next_migration(project: Project, first: str) -> None:
    project.write("001_pair.sql", f"{PAIR}{first}-- Rollback: none: test\n")
    late = "INSERT INTO child VALUES (1);\n"
    project.write("002_late.sql", f"{late}INSERT INTO parent VALUES (1);\n-- Rollback: none: test\n")
    assert run_finished(await project.apply(probe=True)).result is RunResult.PROBED
    project.write("003_never.sql", f"{late.replace('1', '2')}-- Rollback: none: test\n")
    failure = run_finished(await project.apply(probe=True)).failure
    assert failure is not None
    assert (failure.name, failure.sqlstate) == ("003_never.sql", "23503")


async def test_constraints_with_any_name_are_checked(project: Project) -> None:
    """Two constraints with one name, only one of them deferrable; partitions; a schema without USAGE."""
    project.sql("DROP ROLE IF EXISTS koonj_probed; CREATE ROLE koonj_probed; CREATE SCHEMA closed")
    project.sql('CREATE TABLE p (id int CONSTRAINT "same, NAME" UNIQUE, n int CHECK (n > 0))')
    project.sql(
        'CREATE TABLE q (id int CONSTRAINT "to p" REFERENCES p (id) DEFERRABLE) PARTITION BY LIST (id);'
        "CREATE TABLE q1 PARTITION OF q FOR VALUES IN (1, 2);"
        "CREATE TABLE closed.r (id int CONSTRAINT u UNIQUE DEFERRABLE INITIALLY DEFERRED);"
        'CREATE TABLE s (id int, CONSTRAINT "to p" CHECK (id > 0));'
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO koonj_probed"
    )
    swap = "SET CONSTRAINTS ALL DEFERRED;\nINSERT INTO q VALUES (1);\nINSERT INTO p VALUES (1);\n"
    project.write("001_role.sql", f"{swap}SET ROLE koonj_probed;\n-- Rollback: none: test\n")
    project.table(2)
    try:
        with assert_unchanged(project):
            assert run_finished(await project.apply(probe=True)).result is RunResult.PROBED
            project.write("001_role.sql", f"{swap.replace('1', '2', 1)}-- Rollback: none: test\n")
            failure = run_finished(await project.apply(probe=True)).failure
        assert failure is not None
        assert (failure.name, failure.sqlstate) == ("001_role.sql", "23503")
    finally:
        project.sql("DROP OWNED BY koonj_probed; DROP ROLE koonj_probed")


async def test_each_migration_runs_as_the_role_of_the_target(project: Project) -> None:
    project.sql("DROP ROLE IF EXISTS koonj_acting; CREATE ROLE koonj_acting")
    project.sql(f"GRANT CREATE ON DATABASE {conninfo_to_dict(project.target.dsn)['dbname']} TO koonj_acting")
    project.target = replace(project.target, role="koonj_acting")
    for number in (1, 2):
        who = "DO $$ BEGIN RAISE NOTICE '%', current_user; END $$;\nRESET ROLE;\n"
        project.write(f"00{number}_who.sql", f"{who}-- Rollback: none: test\n")
    try:
        assert _messages(events_of_kind(await project.apply(probe=True), Notice)) == ["koonj_acting"] * 2
    finally:
        project.sql("DROP OWNED BY koonj_acting; DROP ROLE koonj_acting")


async def test_first_begin_sets_the_isolation_level(project: Project) -> None:
    look = "DO $$ BEGIN RAISE NOTICE '%', current_setting('transaction_isolation'); END $$;\nCOMMIT;\n"
    none = "-- Rollback: none: test\n"
    project.write("001_one.sql", f"BEGIN ISOLATION LEVEL SERIALIZABLE;\n{look}{none}")
    project.write("002_two.sql", f"START TRANSACTION ISOLATION LEVEL REPEATABLE READ;\n{look}{none}")
    events = await project.apply(probe=True)
    assert run_finished(events).result is RunResult.PROBED
    assert _messages(events_of_kind(events, Notice)) == ["serializable", "serializable"]
    assert events_of_kind(events, PlanMade)[0].plan.notes[1:] == (
        "002_two.sql: ISOLATION LEVEL REPEATABLE READ is ignored, because the probe is one transaction and "
        "the first migration sets its mode",
    )


async def test_set_transaction_is_permitted_in_the_first_migration(project: Project) -> None:
    for number, level in ((1, "REPEATABLE READ"), (2, "SERIALIZABLE")):
        script = f"BEGIN;\nSET TRANSACTION ISOLATION LEVEL {level};\nSAVEPOINT a;\nSELECT 1;\nCOMMIT;\n"
        project.write(f"00{number}_set.sql", f"{script}-- Rollback: none: test\n")
    assert run_finished(await project.apply(probe=True, extent=Extent.NEXT)).result is RunResult.PROBED
    failure = run_finished(await project.apply(probe=True)).failure
    assert failure is not None
    assert (failure.name, failure.sqlstate) == ("002_set.sql", "25001")
    assert failure.next_steps[0] == (
        "In an apply, the migrations before it are already committed, and it might not fail. "
        "To find out, run: koonj rehearse 002_set.sql"
    )
