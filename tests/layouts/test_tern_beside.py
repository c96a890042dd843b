"""koonj keeps the one row of tern: the rows are those that the tool itself has left (tests/layouts/truth).

tern is no package of a registry that the tests use, so it does not run here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from koonj.config import Target
from koonj.migrations.layouts.tern_writer import WRITER
from koonj.migrations.layouts.tool_writer import HistoryPlace
from koonj.postgres.connector import Connector
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import MigrationFailed, PlanMade, RunResult
from koonj.runner.run.request import Extent
from support.history_table import definition
from support.project import Project, events_of_kind, run_finished
from support.refusals import why_refused
from support.tool_truth import ToolTruth

TRUTH = ToolTruth.of("tern")
MOMENTS = {moment["when"]: moment for moment in TRUTH.recorded["moments"]}
TABLE = "public.schema_version"


@pytest.fixture
def project(tmp_path: Path, database: str, connector: Connector) -> Project:
    return Project(TRUTH.copy_to(tmp_path / "project"), Target("local", database), connector)


def write(project: Project, number: int, up: str = "", down: str | None = "") -> str:
    """Write a migration; `down`: None writes no second half."""
    up = up or f"CREATE TABLE t{number} ();"
    half = (
        "" if down is None else f"\n---- create above / drop below ----\n{down or f'DROP TABLE t{number};'}\n"
    )
    name = f"{number:03d}_t{number}.sql"
    (project.path / name).write_text(f"{up}\n{half}")
    return name


def rows(project: Project) -> list[int]:
    return [version for (version,) in project.sql("SELECT version FROM public.schema_version")]


def put(project: Project, version: int) -> None:
    TRUTH.put(project.target.dsn, {"rows": f"INSERT INTO public.schema_version VALUES ({version})"})


async def test_the_row_is_that_of_tern_after_each_turn(
    project: Project, make_database: Callable[[], str]
) -> None:
    recorded = make_database()
    (project.path / "002_idx.sql").unlink()
    write(project, 2, "SET search_path = pg_temp; CREATE TABLE public.t2 ();", "DROP TABLE t2;")
    write(project, 3)

    def assert_as_recorded(when: str) -> None:
        TRUTH.put(recorded, MOMENTS[when])
        alone = Project(project.path, Target("alone", recorded), project.connector)
        assert rows(project) == rows(alone), when
        assert definition(project.target.dsn, TABLE) == definition(recorded, TABLE), when

    plan = await project.apply(plan_only=True)
    assert (
        "koonj creates public.schema_version, as tern does." in events_of_kind(plan, PlanMade)[0].plan.notes
    )
    assert project.tables() == set()
    assert run_finished(await project.apply(extent=Extent.UP_TO, number=2)).result is RunResult.DONE
    assert_as_recorded("up")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert (rows(project), project.tables()) == ([3], {"users", "t2", "t3", "schema_version"})
    assert run_finished(await project.roll_back(extent=Extent.UP_TO, number=1)).result is RunResult.DONE
    assert_as_recorded("down to 1")
    assert run_finished(await project.roll_back()).result is RunResult.DONE
    assert_as_recorded("down to 0")
    put(project, 1)  # tern applies the first
    project.sql("CREATE TABLE users ()")
    assert run_finished(await project.run(Direction.APPLY)).committed == ("002_t2.sql",)
    assert_as_recorded("up")
    assert project.sql("SELECT v.xmin = c.xmin FROM schema_version v, pg_class c WHERE relname = 't2'") == [
        (True,)
    ]
    write(project, 3, "CREATE TABLE t3 (); SELECT 1/0;")
    assert run_finished(await project.apply()).result is RunResult.FAILED
    assert_as_recorded("up, then a third file that fails")
    assert "t3" not in project.tables()
    assert project.sql("SELECT FROM pg_namespace WHERE nspname = 'koonj'") == []


async def test_a_half_without_a_transaction_has_its_row_after_the_last_statement(project: Project) -> None:
    """The recorded folder of tern, whose second file has `disable-tx` in both halves."""
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert rows(project) == [2]
    assert project.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'posts_i'::regclass") == [(True,)]
    assert run_finished(await project.roll_back()).result is RunResult.DONE
    assert (rows(project), project.tables()) == ([1], {"users", "schema_version"})
    path = project.path / "002_idx.sql"
    path.write_text(path.read_text().replace("create index concurrently posts_i on posts (id)", "select 1/0"))
    (failed,) = events_of_kind(await project.apply(), MigrationFailed)
    assert failed.failure.target_state.startswith("1 of 2 statements of 002_idx.sql are committed and stay.")
    assert (rows(project), project.tables()) == ([1], {"users", "posts", "schema_version"})


REFUSED = {
    "a gap": ((1, 3), 1, "Migration 2 is missing, so tern refuses the folder."),
    "a version after the last file": ((1, 2), 5, "has version 5, but the last file is 2. tern does nothing"),
}


async def test_what_tern_refuses_is_refused_with_its_reason(project: Project) -> None:
    for case, (numbers, version, words) in REFUSED.items():
        files(project)
        for number in numbers:
            write(project, number)
        put(project, version)
        for direction in Direction:
            assert words in why_refused(await project.run(direction, extent=Extent.ALL)), (case, direction)
        assert rows(project) == [version], case


def files(project: Project) -> None:
    for path in project.path.iterdir():
        path.unlink()


async def test_a_template_and_a_migration_without_a_second_half_are_refused(project: Project) -> None:
    files(project)
    write(project, 1, down=None)
    write(project, 2, "CREATE TABLE {{.name}} ();")
    put(project, 0)
    assert "tern takes '{{' as the start of a template." in why_refused(await project.apply())
    assert run_finished(await project.apply(extent=Extent.UP_TO, number=1)).result is RunResult.DONE
    assert "001_t1.sql has no rollback." in why_refused(await project.roll_back())
    assert (rows(project), project.tables()) == ([1], {"t1", "schema_version"})


async def test_a_version_that_another_session_has_changed_rolls_the_migration_back(project: Project) -> None:
    files(project)
    write(project, 1, "UPDATE schema_version SET version = 7; CREATE TABLE t1 ();")
    write(project, 2, down="UPDATE schema_version SET version = 7; DROP TABLE t2;")
    put(project, 0)
    (failed,) = events_of_kind(await project.apply(), MigrationFailed)
    assert "Its row in public.schema_version could not be written." in failed.failure.target_state
    put(project, 2)
    project.sql("CREATE TABLE t2 ()")
    (failed,) = events_of_kind(await project.roll_back(), MigrationFailed)
    assert "Its row in public.schema_version could not be written." in failed.failure.target_state
    assert (rows(project), project.tables()) == ([2], {"t2", "schema_version"})


def test_the_key_is_that_of_tern() -> None:
    assert WRITER.keys(HistoryPlace("a", "b", "c", "d")) == (9628173550095224,)
