"""koonj applies and rolls back in a folder of sqlx, and sqlx finds its history as if it had done it itself."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.layouts.sqlx_writer import description
from koonj.postgres.connector import Connector
from koonj.runner.run.events import PlanMade, RunResult
from support.project import Project, events_of_kind, run_finished
from support.sqlx import Sqlx
from support.turns import definitions, rows

TABLE = "_sqlx_migrations"


@pytest.fixture
def project(tmp_path: Path, database: str, connector: Connector) -> Project:
    (tmp_path / "sqlx.toml").touch()
    folder = tmp_path / "migrations"
    folder.mkdir()
    return Project(folder, Target("local", database), connector)


def write(project: Project, number: int, up: str = "", words: str = "make_a__table", down: str = "") -> None:
    up, down = up or f"CREATE TABLE t{number} (id int);\r\n", down or f"DROP TABLE t{number};\n"
    (project.path / f"{number}_{words}.up.sql").write_bytes(up.encode())
    (project.path / f"{number}_{words}.down.sql").write_text(down)


def write_index(project: Project, number: int) -> None:
    """Write a migration that cannot run in a transaction: sqlx sends the file without BEGIN."""
    mark = "-- no-transaction\n"
    up, down = "CREATE INDEX CONCURRENTLY i ON t1 (id);\n", "DROP INDEX CONCURRENTLY i;\n"
    write(project, number, mark + up, "index", mark + down)


def history(dsn: str) -> list[dict[str, Any]]:
    found = rows(dsn, f"public.{TABLE}", "version", but=("installed_on",))
    for row in found:
        is_known = row["description"] != "index" or row["execution_time"] > 0
        assert row["execution_time"] > 0 if is_known else row["execution_time"] == -1
    return [{**row, "execution_time": True} for row in found]


async def test_sqlx_and_koonj_take_turns(project: Project, make_database: Callable[[], str]) -> None:
    """The same folder in a second database, which only sqlx changes: the histories are equal but for times."""
    other = make_database()
    sqlx, alone = Sqlx.on(project.target.dsn, project.path), Sqlx.on(other, project.path)

    def assert_equal(*applied: int) -> None:
        assert history(project.target.dsn) == history(other)
        assert sqlx.states == alone.states
        assert [line.split("/")[0] for line in sqlx.states if "installed" in line] == list(map(str, applied))

    write(project, 1)
    assert "1/migrate make a  table" in sqlx.run("run")
    write(project, 2)
    assert run_finished(await project.apply()).result is RunResult.DONE
    alone.run("run")
    assert_equal(1, 2)
    write_index(project, 3)
    assert "Applied 3/migrate" in sqlx.run("run")
    alone.run("run")
    assert run_finished(await project.roll_back()).committed == ("3_index.up.sql",)
    alone.run("revert")
    assert_equal(1, 2)
    assert run_finished(await project.apply()).committed == ("3_index.up.sql",)
    alone.run("run")
    assert_equal(1, 2, 3)
    assert project.sql(f"SELECT execution_time FROM {TABLE} WHERE version = 3") == [(-1,)]
    assert "Applied" not in sqlx.run("run")
    assert "Applied 3/revert" in sqlx.run("revert")
    assert "Applied 2/revert" in sqlx.run("revert")
    assert project.tables() == {"t1", TABLE}


async def test_in_a_new_database_koonj_makes_the_table_as_sqlx_does(
    project: Project, make_database: Callable[[], str]
) -> None:
    other = make_database()
    write(project, 1)
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE
    notes = events_of_kind(events, PlanMade)[0].plan.notes
    assert f"koonj creates public.{TABLE}, as sqlx does." in notes
    sqlx = Sqlx.on(other, project.path)
    sqlx.run("run")
    assert definitions(project.target.dsn, "public", [TABLE]) == definitions(other, "public", [TABLE])
    assert history(project.target.dsn) == history(other)


def test_the_description_is_that_of_sqlx() -> None:
    """sqlx cuts its suffix as often as it is there (`trim_end_matches`), and keeps every space."""
    files = {
        "1_a.sql": "a",
        "2__b__c_.up.sql": " b  c ",
        "3_a.sql.sql": "a",
        "4_.sql": "",
        "5_a.up.up.sql": "a.up",
    }
    assert {file: description(file) for file in files} == files


def put(project: Project, *statements: str) -> None:
    """Make the history as sqlx leaves it."""
    project.sql(
        f"CREATE TABLE {TABLE} (version bigint PRIMARY KEY, description text NOT NULL, installed_on timestamptz"
        " NOT NULL DEFAULT now(), success boolean NOT NULL, checksum bytea NOT NULL, execution_time bigint NOT NULL);"
        + ";".join(statements)
    )


def row(version: int, text: str = "", *, success: bool = True) -> str:
    checksum = f"sha384('{text}')"
    return f"INSERT INTO {TABLE} VALUES ({version}, 'x', now(), {success}, {checksum}, 1)"


ADVISORY = "SELECT (classid::int8 << 32) | objid::int8 AS key FROM pg_locks WHERE locktype = 'advisory'"


async def test_the_lock_of_programs_with_sqlx_is_held_while_koonj_runs_and_free_after_it(
    project: Project,
) -> None:
    put(project)
    write(project, 1, f"CREATE TABLE t1 AS {ADVISORY};")
    write(project, 2, "SELECT 1/0;")
    end = run_finished(await project.apply())
    assert (end.result, len(end.committed)) == (RunResult.FAILED, 1)
    database = project.sql("SELECT current_database()")[0][0]
    key = 0x3D32AD9E * zlib.crc32(database.encode())
    assert (key,) in project.sql("SELECT key FROM t1")
    with psycopg.connect(project.target.dsn, autocommit=True) as other:
        assert other.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone() == (True,)
        pid, end = other.info.backend_pid, run_finished(await project.apply(wait=0.1))
    assert end.result is RunResult.LOCKED
    assert f"(pid {pid}, user postgres, local) holds the lock of sqlx" in end.message


REFUSED = {
    "edited": (row(1, "SELECT 2;"), "1_a.up.sql was changed after it was applied:"),
    "missing": (
        row(1, "SELECT 1;") + ";" + row(7),
        "sqlx has applied version 7, and the folder has no file of it.",
    ),
    "failed": (row(1, "SELECT 1;", success=False), "sqlx runs nothing more until its row is deleted"),
}


async def test_a_history_with_which_sqlx_refuses_to_run_is_refused_with_the_reason(project: Project) -> None:
    put(project)
    write(project, 1, "SELECT 1;", "a")
    write(project, 2, words="a")
    for case, (statements, words) in REFUSED.items():
        project.sql(f"TRUNCATE {TABLE};{statements}")
        before = history(project.target.dsn)
        events = await project.apply()
        assert run_finished(events).result is RunResult.REFUSED, case
        conflicts = events_of_kind(events, PlanMade)[-1].plan.conflicts
        assert any(words in one.message and one.hint and not one.can_allow for one in conflicts), (
            case,
            conflicts,
        )
        assert (history(project.target.dsn), project.tables()) == (before, {TABLE}), case
        assert "error" in Sqlx.on(project.target.dsn, project.path).run("run", fails=True), case


async def test_a_late_file_is_applied_as_sqlx_does(project: Project) -> None:
    put(project, row(2, "SELECT 1;"))
    write(project, 1, words="a")
    write(project, 2, "SELECT 1;", "a")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql(f"SELECT version, description FROM {TABLE} ORDER BY 1") == [(1, "a"), (2, "x")]
