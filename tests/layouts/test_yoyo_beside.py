"""koonj applies and rolls back in a folder of yoyo, and yoyo finds its history as if it had done it itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from koonj.config import Target
from koonj.migrations.layouts.yoyo import yoyo_hash
from koonj.postgres.connector import Connector
from koonj.runner.run.events import PlanMade, RunResult
from support import gate
from support.project import Project, events_of_kind, run_finished
from support.turns import definitions, rows, tool_meanwhile
from support.yoyo import Yoyo

TABLES = ["_yoyo_log", "_yoyo_migration", "_yoyo_version", "yoyo_lock"]


@pytest.fixture
def project(tmp_path: Path, database: str, connector: Connector) -> Project:
    (tmp_path / "yoyo.ini").write_text("[DEFAULT]\nsources = migrations\n")
    folder = tmp_path / "migrations"
    folder.mkdir()
    return Project(folder, Target("local", database), connector)


def write(project: Project, number: int, up: str = "", down: str = "") -> str:
    stem = f"{number:04d}.make-t{number}"
    (project.path / f"{stem}.sql").write_text(up or f"CREATE TABLE t{number} (id int);\n")
    (project.path / f"{stem}.rollback.sql").write_text(down or f"DROP TABLE t{number};\n")
    return f"{stem}.sql"


def history(dsn: str) -> dict[str, list[dict[str, Any]]]:
    return {
        "migrations": rows(dsn, "public._yoyo_migration", "applied_at_utc", but=("applied_at_utc",)),
        "log": rows(dsn, "public._yoyo_log", "created_at_utc", but=("id", "created_at_utc")),
        "version": rows(dsn, "public._yoyo_version", "version", but=("installed_at_utc",)),
        "lock": rows(dsn, "public.yoyo_lock", "locked"),
    }


async def test_yoyo_and_koonj_take_turns(project: Project, make_database: Callable[[], str]) -> None:
    """The same folder in a second database, which only yoyo changes: the histories are equal but for times and ids."""
    other = make_database()
    yoyo, alone = Yoyo.on(project.target.dsn, project.path), Yoyo.on(other, project.path)

    write(project, 1)
    yoyo.run("apply")
    write(project, 2)
    assert run_finished(await project.apply()).result is RunResult.DONE
    alone.run("apply")
    assert history(project.target.dsn) == history(other)
    assert yoyo.states == [("A", "0001.make-t1"), ("A", "0002.make-t2")]
    mark = "-- transactional: false\n"
    up = f"{mark}CREATE INDEX CONCURRENTLY i ON t1 (id);\nSELECT 1;\n"
    write(project, 3, up, "DROP INDEX CONCURRENTLY i;\n")
    yoyo.run("apply")
    assert run_finished(await project.roll_back()).committed == ("0003.make-t3.sql",)
    assert run_finished(await project.apply()).committed == ("0003.make-t3.sql",)
    yoyo.run("rollback")
    for word in ("apply", "rollback", "apply", "rollback"):
        alone.run(word)
    assert history(project.target.dsn) == history(other)
    assert project.tables() == {"t1", "t2", *TABLES}


async def test_in_a_new_database_koonj_makes_the_tables_as_yoyo_does(
    project: Project, make_database: Callable[[], str]
) -> None:
    other = make_database()
    write(project, 1)
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE, run_finished(events)
    assert any("as yoyo does." in note for note in events_of_kind(events, PlanMade)[0].plan.notes)
    Yoyo.on(other, project.path).run("apply")
    assert definitions(project.target.dsn, "public", TABLES) == definitions(other, "public", TABLES)
    assert history(project.target.dsn) == history(other)
    utc = project.sql("SELECT age(now() AT TIME ZONE 'UTC', applied_at_utc) < '1 hour' FROM _yoyo_migration")
    assert utc == [(True,)]


def put(project: Project, *statements: str) -> None:
    """Make the history as yoyo leaves it after two migrations."""
    stamp = "'2026-11-29 20:24:45'"
    project.sql(
        "CREATE TABLE yoyo_lock (locked int DEFAULT 1, ctime timestamp, pid int NOT NULL, PRIMARY KEY (locked));"
        "CREATE TABLE _yoyo_log (id varchar(36) PRIMARY KEY, migration_hash varchar(64), migration_id varchar(255),"
        " operation varchar(10), username varchar(255), hostname varchar(255), comment varchar(255),"
        " created_at_utc timestamp);"
        f"CREATE TABLE _yoyo_version (version int PRIMARY KEY, installed_at_utc timestamp);"
        "CREATE TABLE _yoyo_migration (migration_hash varchar(64) PRIMARY KEY, migration_id varchar(255),"
        " applied_at_utc timestamp);"
        f"INSERT INTO _yoyo_version VALUES (2, {stamp});" + ";".join(statements)
    )


def row_of(id_: str) -> str:
    return f"INSERT INTO _yoyo_migration VALUES ('{yoyo_hash(id_)}', '{id_}', '2026-11-29 20:24:45')"


def locked_by(project: Project) -> list[tuple[int]]:
    return project.sql("SELECT pid FROM yoyo_lock")


async def test_the_lock_of_yoyo_is_held_while_koonj_runs_and_free_after_it(project: Project) -> None:
    put(project)
    write(project, 1, "CREATE TABLE t1 AS SELECT pid, ctime FROM yoyo_lock;")
    write(project, 2, "SELECT 1/0;")
    end = run_finished(await project.apply())
    assert (end.result, end.committed) == (RunResult.FAILED, ("0001.make-t1.sql",))
    (held,) = project.sql("SELECT pid, age(now() AT TIME ZONE 'UTC', ctime) < '1 hour' FROM t1")
    assert held == (os.getpid(), True)
    assert locked_by(project) == []


async def test_a_lock_of_yoyo_that_is_held_is_waited_for_and_shown_with_its_holder(project: Project) -> None:
    put(project, "INSERT INTO yoyo_lock VALUES (1, '2026-11-29 20:24:45', 1813)")
    write(project, 1)
    end = run_finished(await project.apply(wait=0.1))
    assert end.result is RunResult.LOCKED
    assert "process 1813 since 2026-11-29 20:24:45 UTC holds the lock of yoyo" in end.message
    assert "run: yoyo break-lock" in end.message
    assert locked_by(project) == [(1813,)]
    assert "t1" not in project.tables()


async def test_a_yoyo_that_is_started_meanwhile_waits_and_does_nothing(project: Project) -> None:
    put(project)
    project.sql(gate.CLOSE)
    write(project, 1, f"CREATE TABLE t1 (); {gate.wait_at()}")
    yoyo = Yoyo.on(project.target.dsn, project.path)
    events, _ = await tool_meanwhile(project, lambda: yoyo.run("apply"), "^ROLLBACK")
    assert run_finished(events).result is RunResult.DONE
    assert [row["operation"] for row in history(project.target.dsn)["log"]] == ["apply"]


REFUSED = {
    "tables before version 6": (
        "DROP TABLE _yoyo_version, _yoyo_log, _yoyo_migration; "
        "CREATE TABLE _yoyo_migration (id varchar(191) PRIMARY KEY, ctime timestamp)",
        {},
        "yoyo of a version before 6 has made the tables.",
    ),
    "tables of another version": (
        "UPDATE _yoyo_version SET version = 3",
        {},
        "yoyo of a version that koonj does not know has made the tables.",
    ),
    "tables in several schemas": (
        "CREATE SCHEMA other; ALTER TABLE _yoyo_log SET SCHEMA other",
        {},
        "The tables of yoyo are in several schemas (",
    ),
    "a file in Python": ("", {"0002.py": "steps = []\n"}, "koonj cannot run it: it is written in Python."),
    "a file that yoyo runs after each apply": (
        "",
        {"0001.a.sql": "SELECT 1;\n", "post-apply.sql": "SELECT 1;\n"},
        "yoyo runs it after each apply.",
    ),
    "a dependency that is not there": ("", {"0002.sql": "-- depends: x\nSELECT 1;\n"}, "It depends on x,"),
    "another order than that of the folder": (
        row_of("0003.c"),
        {
            "0001.a.sql": "-- depends: 0003.c\nSELECT 1;\n",
            "0002.b.sql": "SELECT 1;\n",
            "0003.c.sql": "SELECT 1;\n",
        },
        "'yoyo apply' would take 0001.a.sql before 0002.b.sql:",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_koonj_cannot_promise_is_refused_with_the_reason(project: Project, case: str) -> None:
    statement, files, words = REFUSED[case]
    put(project, statement)
    for name, text in (files or {"0001.a.sql": "SELECT 1;\n"}).items():
        (project.path / name).write_text(text)
    before = None if case.startswith("tables") else history(project.target.dsn)
    events = await project.apply()
    assert run_finished(events).result is RunResult.REFUSED
    conflicts = events_of_kind(events, PlanMade)[-1].plan.conflicts
    assert any(words in one.message and one.hint and not one.can_allow for one in conflicts), conflicts
    assert before is None or history(project.target.dsn) == before


async def test_rollbacks_have_the_order_that_yoyo_gives_to_what_is_applied(project: Project) -> None:
    """0001 depends on 0003: yoyo sorts it behind, and rolls it back first. Of 0001 and 0002 alone, it takes 0002 first."""
    put(project, *map(row_of, ("0001.a", "0002.b", "0003.c", "0009.gone")))
    for name in ("0001.a", "0002.b", "0003.c"):
        mark = "-- depends: 0003.c\n" if name == "0001.a" else ""
        (project.path / f"{name}.sql").write_text(f"{mark}SELECT 1;\n")
        (project.path / f"{name}.rollback.sql").write_text("SELECT 1;\n")
    assert run_finished(await project.roll_back()).committed == ("0001.a.sql",)
    project.sql(f"DELETE FROM _yoyo_migration; {row_of('0001.a')}; {row_of('0002.b')}")
    assert run_finished(await project.roll_back()).committed == ("0002.b.sql",)
    Yoyo.on(project.target.dsn, project.path).run("rollback")
    assert [row["migration_id"] for row in history(project.target.dsn)["log"]] == [
        "0001.a",
        "0002.b",
        "0001.a",
    ]
