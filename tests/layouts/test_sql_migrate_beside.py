"""koonj applies and rolls back in a folder of sql-migrate, which finds its history as if it had done it itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.postgres.connector import Connector
from koonj.runner.run.events import PlanMade, RunResult
from support.project import Project, events_of_kind, run_finished
from support.sql_migrate import SqlMigrate

_HISTORY = """
    SELECT json_build_array(
        (SELECT json_agg(id ORDER BY id COLLATE "C") FROM gorp_migrations WHERE applied_at IS NOT NULL),
        (SELECT json_agg(json_build_array(attname, format_type(atttypid, atttypmod), attnotnull) ORDER BY attnum)
            FROM pg_attribute WHERE attrelid = 'gorp_migrations'::regclass AND attnum > 0 AND NOT attisdropped),
        (SELECT json_agg(pg_get_indexdef(indexrelid)) FROM pg_index WHERE indrelid = 'gorp_migrations'::regclass)
    )
"""


@pytest.fixture
def project(tmp_path: Path, database: str, connector: Connector) -> Project:
    folder = tmp_path / "migrations"
    folder.mkdir()
    return Project(folder, Target("local", database), connector)


def write(project: Project, number: int) -> str:
    name, table = f"{number}_t{number}.sql", f"t{number}"
    text = f"-- +migrate Up\nCREATE TABLE {table} (id int);\n\n-- +migrate Down\nDROP TABLE {table};\n"
    (project.path / name).write_text(text)
    return name


def history(dsn: str) -> object:
    with psycopg.connect(dsn) as conn:
        row = conn.execute(_HISTORY).fetchone()
    assert row is not None
    return row[0]


async def test_sql_migrate_and_koonj_take_turns(
    project: Project, make_database: Callable[[], str], tmp_path: Path
) -> None:
    """The same folder in a second database, which only sql-migrate changes. The times of the rows differ."""
    other = make_database()
    tool = SqlMigrate.on(project.target.dsn, project.path, tmp_path / "here.yml")
    alone = SqlMigrate.on(other, project.path, tmp_path / "alone.yml")

    def assert_equal(*applied: int) -> None:
        assert history(project.target.dsn) == history(other)
        assert tool.states == alone.states
        assert {name for name, done in tool.states.items() if done} == {f"{n}_t{n}.sql" for n in applied}

    write(project, 2)
    assert run_finished(await project.apply()).result is RunResult.DONE  # it makes the table, too
    alone.run("up")
    assert_equal(2)
    write(project, 3)
    tool.run("up")
    alone.run("up")
    for number in (1, 10):  # 1 is late, and 10 is after 3
        write(project, number)
    end = run_finished(await project.apply())
    assert end.committed == ("1_t1.sql", "10_t10.sql")
    alone.run("up")
    assert_equal(1, 2, 3, 10)
    assert "Applied 0 migrations" in tool.run("up")
    assert run_finished(await project.roll_back()).committed == ("10_t10.sql",)
    alone.run("down")
    assert_equal(1, 2, 3)
    tool.run("down", "-limit=0")  # takes back what koonj has applied
    alone.run("down", "-limit=0")
    assert_equal()
    assert project.tables() == {"gorp_migrations"}


async def test_a_row_without_a_file_is_refused_as_sql_migrate_refuses_it(
    project: Project, tmp_path: Path
) -> None:
    for number in (1, 2):
        write(project, number)
    await project.apply()
    (project.path / "1_t1.sql").rename(project.path / "1_other.sql")
    for events in (await project.apply(), await project.roll_back()):
        assert run_finished(events).result is RunResult.REFUSED
        (conflict,) = (
            one for one in events_of_kind(events, PlanMade)[-1].plan.conflicts if one.state == "tool_refuses"
        )
        assert conflict.message == (
            "1_t1.sql is in the history, and there is no such file. sql-migrate refuses that."
        )
        assert not conflict.can_allow
    assert project.tables() == {"t1", "t2", "gorp_migrations"}
    tool = SqlMigrate.on(project.target.dsn, project.path, tmp_path / "here.yml")
    assert "unknown migration in database" in tool.run("up", fails=True)
