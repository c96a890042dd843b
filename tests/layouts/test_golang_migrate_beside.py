"""koonj keeps the one row of golang-migrate: the rows are those that the tool itself has left (tests/layouts/truth).

golang-migrate is no package of a registry that the tests use, so it does not run here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.config.settings import HistoryName
from koonj.migrations.layouts.golang_migrate_writer import WRITER
from koonj.migrations.layouts.tool_writer import HistoryPlace
from koonj.postgres.connector import Connector
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import MigrationFailed, PlanMade, RunResult
from koonj.runner.run.request import Extent
from support.history_table import definition
from support.project import Project, events_of_kind, run_finished
from support.refusals import why_refused
from support.tool_truth import ToolTruth

TRUTH = ToolTruth.of("golang-migrate")
MOMENTS = {moment["when"]: moment for moment in TRUTH.recorded["moments"]}
TABLE = "public.schema_migrations"


@pytest.fixture
def project(tmp_path: Path, database: str, connector: Connector) -> Project:
    return Project(TRUTH.copy_to(tmp_path / "project"), Target("local", database), connector)


def write(project: Project, number: int, up: str | None = "", down: str | None = "") -> str:
    """Write the files of a migration; None: without that file. Return the name that koonj shows."""
    texts = {"up": up or f"CREATE TABLE t{number} ();", "down": down or f"DROP TABLE t{number};"}
    for direction, given in (("up", up), ("down", down)):
        if given is not None:
            (project.path / f"{number}_t{number}.{direction}.sql").write_text(texts[direction])
    return f"{number}_t{number}.{'down' if up is None else 'up'}.sql"


def rows(project: Project, table: str = TABLE) -> list[tuple[int, bool]]:
    return [(version, dirty) for version, dirty in project.sql(f"SELECT version, dirty FROM {table}")]


async def test_the_rows_are_those_of_golang_migrate_after_each_turn(
    project: Project, make_database: Callable[[], str]
) -> None:
    recorded = make_database()

    def assert_as_recorded(when: str) -> None:
        TRUTH.put(recorded, MOMENTS[when])
        alone = Project(project.path, Target("alone", recorded), project.connector)
        assert rows(project) == rows(alone), when
        assert definition(project.target.dsn, TABLE) == definition(recorded, TABLE), when

    plan = await project.apply(plan_only=True)
    notes = events_of_kind(plan, PlanMade)[0].plan.notes
    assert "koonj creates public.schema_migrations, as golang-migrate does." in notes
    assert project.tables() == set()
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert_as_recorded("up 2")
    for when in ("down 1", "all down"):
        assert run_finished(await project.roll_back()).result is RunResult.DONE
        assert_as_recorded(when)
    TRUTH.put(project.target.dsn, MOMENTS["down 1"])  # golang-migrate applies the first
    project.sql("CREATE TABLE users ()")
    assert run_finished(await project.apply()).committed == ("000002_posts.up.sql",)
    assert_as_recorded("up 2")
    assert project.sql(
        "SELECT m.xmin = c.xmin FROM schema_migrations m, pg_class c WHERE c.relname = 'posts'"
    ) == [(True,)]
    assert project.sql("SELECT FROM pg_namespace WHERE nspname = 'koonj'") == []


async def test_a_failure_leaves_the_row_and_not_a_mark(project: Project) -> None:
    """The tool marks the row before the migration. koonj has one transaction for both, as nothing else remains."""
    write(project, 3, "CREATE TABLE a (); CREATE TABLE b (); SELECT 1/0;")
    events = await project.apply()
    (failed,) = events_of_kind(events, MigrationFailed)
    assert failed.failure.target_state == (
        "No part of 3_t3.up.sql was committed: its transaction was rolled back."
    )
    assert rows(project) == [(2, False)]
    assert project.tables() == {"users", "posts", "schema_migrations"}


async def test_a_migration_without_a_file_of_a_direction_has_its_version(project: Project) -> None:
    write(project, 7, down=None)
    write(project, 10, up=None)
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert (rows(project), "t10" in project.tables()) == ([(10, False)], False)
    project.sql("CREATE TABLE t10 ()")
    assert run_finished(await project.roll_back()).committed == ("10_t10.down.sql",)
    assert rows(project) == [(7, False)]
    assert "7_t7.up.sql has no rollback." in why_refused(await project.roll_back())
    assert (rows(project), "t7" in project.tables()) == ([(7, False)], True)


STATES = {
    "the second one fails: dirty": "either its apply has failed, or the rollback of the migration after it",
    "down from 2 to 1 fails: dirty": "either its apply has failed, or the rollback of the migration after it",
    "down from 1 fails": "its rollback has failed",
    "up 2, then the second one is deleted": "has version 2, and no file has it. golang-migrate does nothing",
}


async def test_a_history_that_golang_migrate_refuses_is_refused_with_its_reason(project: Project) -> None:
    for when, words in STATES.items():
        moment = MOMENTS[when]
        for name in moment.get("without", ()):
            (project.path / name).unlink()
        write(project, 3)
        TRUTH.put(project.target.dsn, moment)
        before = rows(project)
        for direction in Direction:
            found = why_refused(await project.run(direction, extent=Extent.ALL))
            assert words in found, (when, direction)
        assert (rows(project), project.tables()) == (before, {"schema_migrations"}), when


async def test_a_version_that_another_session_has_changed_rolls_the_migration_back(project: Project) -> None:
    await project.apply()
    for statement in (
        "UPDATE schema_migrations SET version = 9",
        "UPDATE schema_migrations SET dirty = true",
    ):
        write(project, 3, f"CREATE TABLE t3 (); {statement};", f"DROP TABLE t3; {statement};")
        (failed,) = events_of_kind(await project.apply(), MigrationFailed)
        assert "Its row in public.schema_migrations could not be written." in failed.failure.target_state
        assert (rows(project), "t3" in project.tables()) == ([(2, False)], False)
    write(project, 2, "-- 2")
    (project.path / "2_t2.up.sql").unlink()
    (project.path / "2_t2.down.sql").unlink()
    for name, version in (("000002_posts", 2), ("000001_users", 1)):
        text = (project.path / f"{name}.down.sql").read_text()
        (project.path / f"{name}.down.sql").write_text(f"{text} UPDATE schema_migrations SET version = 9;")
        (failed,) = events_of_kind(await project.roll_back(), MigrationFailed)
        assert "could not be written" in failed.failure.target_state
        assert rows(project) == [(version, False)]
        (project.path / f"{name}.down.sql").write_text(text)
        await project.roll_back()
    assert rows(project) == []


SEEN = """
DO $$ BEGIN
    CREATE TABLE {name} AS SELECT version, dirty, ARRAY(
        SELECT classid::bigint << 32 | objid::bigint FROM pg_locks
        WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objsubid = 1
    ) AS keys
    FROM schema_migrations;
    IF false THEN COMMIT; END IF;
END $$;
"""
"""One statement that might commit by itself, so the tool's message is no transaction. It keeps what it sees."""


async def test_a_migration_outside_a_transaction_is_marked_while_it_runs(project: Project) -> None:
    """The marks are those that the tool leaves if it fails there. Its keys are free, so nobody waits for them."""
    for path in project.path.iterdir():
        path.unlink()
    for number in (1, 2):
        write(project, number, SEEN.format(name=f"up{number}"), SEEN.format(name=f"down{number}"))
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert rows(project) == [(2, False)]
    assert run_finished(await project.roll_back()).result is RunResult.DONE
    assert rows(project) == [(1, False)]
    assert run_finished(await project.roll_back()).result is RunResult.DONE
    assert rows(project) == []
    database = project.sql("SELECT current_database()")[0][0]
    keys = WRITER.keys(HistoryPlace(database, "public", "schema_migrations", ""))
    marks = {"up1": 1, "up2": 2, "down2": 1, "down1": -1}
    for name, version in marks.items():
        ((seen, dirty, held),) = project.sql(f"SELECT version, dirty, keys FROM {name}")
        assert (seen, dirty, set(keys) & set(held)) == (version, True, set()), name


async def test_a_failure_outside_a_transaction_leaves_the_mark_of_golang_migrate(project: Project) -> None:
    (project.path / "000002_posts.up.sql").write_text("CREATE INDEX CONCURRENTLY i ON users (nothing);")
    events = await project.apply()
    (failed,) = events_of_kind(events, MigrationFailed)
    assert "0 of 1 statements of 000002_posts.up.sql are committed" in failed.failure.target_state
    assert rows(project) == [(2, True)]
    assert "either its apply has failed" in why_refused(await project.apply())
    project.sql("UPDATE schema_migrations SET version = 1, dirty = false")
    (project.path / "000001_users.down.sql").write_text("DO $$ BEGIN RAISE EXCEPTION 'no'; COMMIT; END $$;")
    assert run_finished(await project.roll_back()).result is RunResult.FAILED
    assert rows(project) == [(-1, True)]
    assert "its rollback has failed" in why_refused(await project.roll_back())


async def test_the_table_is_the_one_of_x_migrations_table(project: Project) -> None:
    named = HistoryName("golang-migrate", "Log", "ops")
    project.target = replace(project.target, history=named)
    end = run_finished(await project.apply())
    assert end.failure is not None
    assert "koonj does not create it there" in end.failure.message
    project.sql("CREATE SCHEMA ops")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert rows(project, 'ops."Log"') == [(2, False)]
    assert definition(project.target.dsn, 'ops."Log"')[0][0] == "version"


@pytest.mark.parametrize(
    ("database", "keys"), [("app", (1726534663, 1787120056)), ("t_mig", (791173402, 789887718))]
)
def test_the_keys_are_those_that_golang_migrate_has_asked_for(database: str, keys: tuple[int, int]) -> None:
    """Recorded with the tool opened by URL, which hashes the path of the URL, and without."""
    place = HistoryPlace(database, "public", "schema_migrations", "postgres")
    assert WRITER.keys(place) == keys
    other = replace(place, schema="ops")
    assert not set(WRITER.keys(other)) & set(keys)


async def test_a_conflict_of_the_rows_says_that_the_tool_runs_and_one_of_a_file_does_not(
    project: Project,
) -> None:
    await project.apply()
    write(project, 9, "CREATE TABLE t (id int;")
    database = project.sql("SELECT current_database()")[0][0]
    key = WRITER.keys(HistoryPlace(database, "public", "schema_migrations", ""))[0]
    with psycopg.connect(project.target.dsn, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (key,))
        assert "probably runs now" not in why_refused(await project.apply())
        project.sql("UPDATE schema_migrations SET dirty = true")
        words = why_refused(await project.apply())
        assert (
            "holds the lock of golang-migrate, so it probably runs now. Wait until it has finished." in words
        )
        assert "Close it with )." in words
