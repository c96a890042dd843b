"""koonj applies in a folder of graphile-migrate, which finds its history as if it had done it itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.layouts.graphile_text import committed_text, graphile_hash
from koonj.postgres.connector import Connector
from koonj.runner.run.events import RunResult
from support.graphile_migrate import GraphileMigrate
from support.project import Project, run_finished
from support.refusals import why_refused
from support.turns import definitions, rows

SCHEMA, TABLE = "graphile_migrate", "graphile_migrate.migrations"
KEY = 4727445306447283
"""The key that the tool locks, in its source."""


@pytest.fixture
def project(tmp_path: Path, database: str, connector: Connector) -> Project:
    folder = tmp_path / "migrations" / "committed"
    folder.mkdir(parents=True)
    (tmp_path / ".gmrc").write_text("{}")
    return Project(folder.parent, Target("local", database), connector)


def write(project: Project, number: int, body: str = "") -> str:
    """Write a file as ``graphile-migrate commit`` does, on top of the last one."""
    folder = project.path / "committed"
    before = max(folder.iterdir(), default=None)
    previous = committed_text(before.read_text()).hash if before else ""
    body = body or f"create table t{number} (id int);\n"
    name, head = (
        f"{number:06d}-t.sql",
        f"--! Previous: {previous or '-'}\n--! Hash: {graphile_hash(body, previous)}",
    )
    (folder / name).write_text(f"{head}\n\n{body}")
    return name


def history(dsn: str) -> list[dict[str, Any]]:
    return rows(dsn, TABLE, "filename", but={"date"})


async def test_graphile_migrate_and_koonj_take_turns(
    project: Project, make_database: Callable[[], str], tmp_path: Path
) -> None:
    """The same folder in a second database, which only the tool changes. It has no rollbacks."""
    other = make_database()
    tool = GraphileMigrate.on(project.target.dsn, tmp_path, "here.json")
    alone = GraphileMigrate.on(other, tmp_path, "alone.json")
    write(project, 1)
    assert (
        run_finished(await project.apply()).result is RunResult.DONE
    )  # it makes the schema and the tables, too
    alone.run("migrate")
    tables = ("migrations", "current")
    assert definitions(project.target.dsn, SCHEMA, tables) == definitions(other, SCHEMA, tables)
    write(project, 2)
    assert "1 committed migrations executed" in tool.run("migrate")
    for number in (3, 4):
        write(project, number)
    assert run_finished(await project.apply()).committed == ("000003-t.sql", "000004-t.sql")
    alone.run("migrate")
    assert history(project.target.dsn) == history(other)
    assert [row["filename"] for row in history(other)] == [f"{n:06d}.sql" for n in (1, 2, 3, 4)]
    assert "Already up to date" in tool.run("migrate")
    assert tool.run("status") == "Up to date.\n"
    assert project.tables() == {"t1", "t2", "t3", "t4"}


async def test_there_is_no_rollback(project: Project) -> None:
    write(project, 1)
    await project.apply()
    words = why_refused(await project.roll_back())
    assert "000001-t.sql cannot be rolled back: graphile-migrate has no rollbacks" in words
    assert project.tables() == {"t1"}


async def test_a_file_without_transaction_runs_as_the_tool_runs_it(
    project: Project, make_database: Callable[[], str], tmp_path: Path
) -> None:
    other = make_database()
    write(project, 1)
    write(project, 2, "--! no-transaction\ncreate index concurrently i on t1 (id);\n")
    assert run_finished(await project.apply()).result is RunResult.DONE
    alone = GraphileMigrate.on(other, tmp_path, "alone.json")
    alone.run("migrate")
    assert history(project.target.dsn) == history(other)
    assert project.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass") == [(True,)]


async def test_what_the_tool_would_not_do_is_refused(project: Project) -> None:
    first = write(project, 1)
    await project.apply()
    write(project, 2)
    write(project, 3)
    project.sql(
        f"INSERT INTO {TABLE} (hash, previous_hash, filename) SELECT 'x', hash, '000003.sql' FROM {TABLE}"
    )
    words = why_refused(await project.apply())
    assert "000002-t.sql is pending, but a migration after it is applied." in words
    assert "000003-t.sql: the history has another hash." in words
    project.sql(f"DELETE FROM {TABLE} WHERE hash = 'x'")
    project.sql(f"UPDATE {TABLE} SET hash = 'sha1:other'")
    assert f"{first}: the history has another hash. The files after it" in why_refused(await project.apply())
    assert project.tables() == {"t1"}


SETTINGS = {
    '{"afterAllMigrations": [], "pgSettings": {},\n "beforeAllMigrations": null}': "",
    '{\n  // "afterAllMigrations": ["a.sql"],\n  /* pgSettings: {a: "1"} */\n}': "",
    '{\n  "beforeAllMigrations": ["a.sql"]\n}': "beforeAllMigrations",
    "module.exports = {\n  afterAllMigrations: [\n    { _: 'sql', file: 'a.sql' } ] }": "afterAllMigrations",
    '{\n  "pgSettings": {"search_path": "app"}\n}': "pgSettings",
}


async def test_settings_by_which_the_tool_does_more_are_refused(project: Project, tmp_path: Path) -> None:
    name = write(project, 1)
    for text, setting in SETTINGS.items():
        (tmp_path / ".gmrc").write_text(text)
        if setting:
            words = f"{name}: graphile-migrate uses the setting {setting}, which koonj does not do."
            assert words in why_refused(await project.apply()), text
        else:
            assert run_finished(await project.apply(plan_only=True)).result is RunResult.NOTHING, text
    assert project.tables() == set()


async def test_the_lock_of_the_tool_is_held_during_a_run(project: Project, tmp_path: Path) -> None:
    tool = GraphileMigrate.on(project.target.dsn, tmp_path, "here.json")
    write(project, 1)
    await project.apply()
    held = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND (classid::bigint << 32 | objid::bigint) = %s"
    write(project, 2, f"create table t2 as {held.replace('%s', str(KEY)).replace('SELECT', 'select pid')};\n")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert len(project.sql("SELECT FROM t2")) == 1
    assert project.sql(held, KEY) == []
    with psycopg.connect(project.target.dsn, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        assert "Failed to get exclusive lock" in tool.run("migrate", fails=True)


async def test_a_file_that_the_tool_passes_over_stops_nothing(project: Project) -> None:
    write(project, 1)
    (project.path / "committed" / "000002 b.sql").write_text("select 1;\n")
    assert [name for name, _ in project.reader.read().problems] == ["committed/000002 b.sql"]
    assert run_finished(await project.apply()).committed == ("000001-t.sql",)
