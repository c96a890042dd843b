"""An INVALID index is never taken for done, whatever the statement."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from koonj.postgres.connector import Connector
from koonj.runner.rehearse.verdict import Verdict
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import MigrationProbed, PlanMade, RunResult
from koonj.runner.run.failure import Failure
from support.project import Project, collect_events, events_of_kind, run_finished
from support.rehearsal_folder import RehearsalFolder

NONE = "\n-- Rollback: none: test\n"


def invalid(project: Project, name: str = "a_x", table: str = "a") -> None:
    """Leave an INVALID index, as a failed build does."""
    project.sql(f"CREATE TABLE IF NOT EXISTS {table} (x int, y int)")
    project.sql(f"INSERT INTO {table} VALUES (1, 1), (1, 1)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        project.sql(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} (x)")
    project.sql(f"DELETE FROM {table}")


def invalid_partitioned(project: Project) -> None:
    project.sql("CREATE TABLE p (id int, x int) PARTITION BY RANGE (id)")
    project.sql("CREATE TABLE p1 PARTITION OF p DEFAULT")
    project.sql("CREATE INDEX p_x ON ONLY p (x)")


async def conflict_of(project: Project, sql: str) -> Conflict:
    project.write("001_index.sql", sql + NONE)
    end = run_finished(await project.apply())
    assert end.result is RunResult.REFUSED
    (conflict,) = end.conflicts
    assert await project.states() == {"001_index.sql": "pending"}
    return conflict


async def failure_of(project: Project, sql: str) -> Failure:
    project.write("001_index.sql", sql + NONE)
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert failure.sqlstate == "55000"
    return failure


async def test_name_that_the_server_cannot_read_fails_when_its_statement_runs(project: Project) -> None:
    invalid(project)
    project.write("001_index.sql", f"CREATE INDEX IF NOT EXISTS b_x ON b.c.d.e (x);{NONE}")
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert (failure.statement, failure.line, failure.sqlstate) == (1, 1, "42601")
    assert "improper" in failure.message


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX IF NOT EXISTS a_x ON a (x);",
        "CREATE UNIQUE INDEX IF NOT EXISTS a_x ON public.a (x);",
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS A_X ON ONLY a (x);",
        'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "a_x" ON "public"."a" (x);',
        "SET client_min_messages = error;\nCREATE INDEX IF NOT EXISTS a_x ON b (x);",
        "BEGIN;\nCREATE TABLE c (x int);\nCREATE INDEX c_x ON c (x);\n"
        "CREATE INDEX IF NOT EXISTS a_x ON a (x);\nCOMMIT;",
    ],
)
async def test_plan_has_a_conflict_for_each_form_of_create_index(project: Project, sql: str) -> None:
    invalid(project)
    project.sql("CREATE TABLE b (x int)")
    conflict = await conflict_of(project, sql)
    assert (conflict.name, conflict.state, conflict.can_allow) == ("001_index.sql", "invalid_index", False)
    assert "Index public.a_x is INVALID" in conflict.message
    assert f"001_index.sql:{1 + sql[: sql.index('IF NOT')].count(chr(10))}: create " in conflict.message
    assert "REINDEX INDEX CONCURRENTLY public.a_x" in conflict.hint
    assert "DROP INDEX CONCURRENTLY public.a_x" in conflict.hint
    project.sql("REINDEX INDEX a_x")
    assert run_finished(await project.apply()).result is RunResult.DONE, "the hint is the way out"


@pytest.mark.parametrize("sql", ["CREATE INDEX IF NOT EXISTS p_x ON p (x);"])
async def test_plan_has_a_conflict_for_the_index_of_a_partitioned_table(project: Project, sql: str) -> None:
    invalid_partitioned(project)
    conflict = await conflict_of(project, sql)
    assert "public.p_x is INVALID" in conflict.message
    assert "ALTER INDEX public.p_x ATTACH PARTITION" in conflict.hint
    assert "DROP INDEX public.p_x" in conflict.hint
    project.sql("CREATE INDEX p1_x ON p1 (x)")
    project.sql("ALTER INDEX p_x ATTACH PARTITION p1_x")
    assert run_finished(await project.apply()).result is RunResult.DONE


async def test_constraint_of_an_invalid_index_is_named(project: Project) -> None:
    project.sql("CREATE TABLE p (id int) PARTITION BY RANGE (id)")
    project.sql("CREATE TABLE p1 PARTITION OF p DEFAULT")
    project.sql("ALTER TABLE ONLY p ADD UNIQUE (id)")
    conflict = await conflict_of(project, "CREATE UNIQUE INDEX IF NOT EXISTS p_id_key ON p (id);")
    assert "or drop its constraint p_id_key on public.p" in conflict.hint


async def test_invalid_index_of_a_partition_cannot_be_attached(project: Project) -> None:
    invalid_partitioned(project)
    invalid(project, "p1_x", "p1")
    conflict = await conflict_of(project, "ALTER INDEX p_x ATTACH PARTITION p1_x;")
    assert "public.p1_x is INVALID" in conflict.message


@pytest.mark.parametrize(
    "sql",
    [
        "DO $$ BEGIN CREATE INDEX IF NOT EXISTS a_x ON a (x); END $$;",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'CREATE INDEX IF NOT EXISTS a_x ON a (x)';\nSELECT f();",
        "SELECT 1;\nSET client_min_messages = error;\nCREATE INDEX IF NOT EXISTS a_x ON a (x);",
        "SELECT 1;\nCREATE INDEX CONCURRENTLY IF NOT EXISTS a_x ON a (x);",
        "SET search_path = public;\nBEGIN;\nCREATE INDEX IF NOT EXISTS a_x ON a (x);\nCOMMIT;",
    ],
)
async def test_run_fails_when_the_plan_cannot_know(project: Project, sql: str) -> None:
    invalid(project)
    failure = await failure_of(project, sql)
    assert "Index public.a_x is INVALID" in failure.message
    assert "DROP INDEX CONCURRENTLY public.a_x" in failure.message
    assert await project.states() == {"001_index.sql": "failed"}


async def test_run_fails_when_an_index_becomes_invalid_by_a_partition(project: Project) -> None:
    """PostgreSQL attaches the INVALID index of the partition without a word."""
    project.sql("CREATE TABLE p (id int, x int) PARTITION BY RANGE (id)")
    project.sql("CREATE TABLE s PARTITION OF p DEFAULT PARTITION BY RANGE (id)")
    project.sql("CREATE TABLE s1 PARTITION OF s DEFAULT")
    project.sql("CREATE INDEX s_x ON ONLY s (x)")
    failure = await failure_of(project, "CREATE INDEX ON p (x);")
    assert "Index public.p_x_idx is INVALID" in failure.message


@pytest.mark.parametrize(
    "sql",
    [
        "DROP INDEX a_x;\nCREATE INDEX IF NOT EXISTS a_x ON a (x);",
        "BEGIN;\nDROP TABLE a;\nCREATE TABLE a (x int);\nCREATE INDEX IF NOT EXISTS a_x ON a (x);\nCOMMIT;",
        "DO $$ BEGIN DROP INDEX a_x; END $$;\nCREATE INDEX IF NOT EXISTS a_x ON a (x);",
        "REINDEX INDEX a_x;\nCREATE INDEX IF NOT EXISTS a_x ON a (x);",
        "CREATE INDEX IF NOT EXISTS a_x ON other.a (x);",
        "CREATE INDEX IF NOT EXISTS a_y ON a (y);",
        "CREATE TABLE IF NOT EXISTS a (x int);",
        "CREATE INDEX IF NOT EXISTS p_x ON ONLY p (x);",
    ],
)
async def test_other_indexes_and_repaired_ones_are_applied(project: Project, sql: str) -> None:
    invalid(project)
    invalid_partitioned(project)
    project.sql("CREATE SCHEMA other")
    project.sql("CREATE TABLE other.a (x int)")
    project.sql("CREATE INDEX a_x ON other.a (x)")
    project.write("001_index.sql", sql + NONE)
    end = run_finished(await project.apply())
    assert end.result is RunResult.DONE, end


async def test_probe_reports_the_invalid_index(project: Project) -> None:
    invalid(project)
    project.write("001_index.sql", f"BEGIN;\nCREATE INDEX IF NOT EXISTS a_x ON a (x);\nCOMMIT;{NONE}")
    events = await collect_events(project.start(Direction.APPLY, probe=True), "yes")
    (plan,) = events_of_kind(events, PlanMade)
    assert [c.state for c in plan.plan.conflicts] == ["invalid_index"]
    (project.path / "001_index.sql").unlink()
    project.write("001_do.sql", "DO $$ BEGIN CREATE INDEX IF NOT EXISTS a_x ON a (x); END $$;" + NONE)
    events = await collect_events(project.start(Direction.APPLY, probe=True), "yes")
    failure = run_finished(events).failure
    assert failure is not None
    assert "Index public.a_x is INVALID" in failure.message
    assert events_of_kind(events, MigrationProbed) == []


async def test_rehearsal_is_broken_by_an_invalid_index(
    tmp_path_factory: pytest.TempPathFactory, connector: Connector, make_database: Callable[[], str]
) -> None:
    folder = RehearsalFolder(tmp_path_factory.mktemp("folder"), connector)
    folder.write(
        1,
        "CREATE TABLE p (id int, x int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p DEFAULT; "
        "CREATE INDEX p_x ON ONLY p (x);",
        "DROP TABLE p;",
    )
    folder.write(2, "DO $$ BEGIN CREATE INDEX IF NOT EXISTS p_x ON p (x); END $$;", "SELECT 1;")
    found = await folder.last()
    assert found.verdict is Verdict.BROKEN
    assert "Index public.p_x is INVALID" in found.message
