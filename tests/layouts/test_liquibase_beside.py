"""koonj runs changesets of Liquibase, beside it and under its lock."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from koonj.config import Target
from koonj.migrations.folder import FolderReader
from koonj.migrations.layouts import checksums
from koonj.postgres.connector import Connector
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, PlanMade, RunResult, StatementStarted
from koonj.runner.run.request import Extent
from support.fork_server import ForkServer
from support.liquibase import Liquibase, rows
from support.own_process import wait_until
from support.project import Project, events_of_kind, run_finished

HEAD = "--liquibase formatted sql\n\n"
MADE = """
    CREATE TABLE databasechangelog (id varchar(255) NOT NULL, author varchar(255) NOT NULL,
        filename varchar(255) NOT NULL, dateexecuted timestamp NOT NULL, orderexecuted integer NOT NULL,
        exectype varchar(10) NOT NULL, md5sum varchar(35), description varchar(255), comments varchar(255),
        tag varchar(255), liquibase varchar(20), contexts varchar(255), labels varchar(255), deployment_id varchar(10));
    CREATE TABLE databasechangeloglock (id integer NOT NULL PRIMARY KEY, locked boolean NOT NULL, lockgranted timestamp,
        lockedby varchar(255));
"""
"""What Liquibase 4.28.0 makes."""
FREE = (1, False, None, None)


def changeset(number: int, sql: str = "", options: str = "", comment: str = "") -> str:
    table = f"t{number}"
    lines = f"--comment: {comment}\n" if comment else ""
    sql = sql or f"create table {table} (id bigint);"
    return f"--changeset ann:{number}{options}\n{lines}{sql}\n--rollback drop table {table};\n\n"


@pytest.fixture
def project(tmp_path: Path, database: str, connector: Connector) -> Project:
    folder = tmp_path / "changelog"
    folder.mkdir()
    return Project(folder, Target("local", database), connector)


def write(project: Project, *changesets: str, head: str = HEAD) -> None:
    (project.path / "a.sql").write_text(head + "".join(changesets))


def put(project: Project, path: str = "changelog/a.sql", checksum: str | None = None) -> None:
    """Make the history as Liquibase leaves it after the first changeset."""
    for statement in MADE.split(";\n")[:-1]:
        project.sql(statement)
    project.sql("INSERT INTO databasechangeloglock VALUES (1, false)")
    project.sql(
        "INSERT INTO databasechangelog VALUES ('1', 'ann', %s, now(), 1, 'EXECUTED', %s, 'sql', '', 'v1', '4.28.0')",
        path,
        checksum or FIRST,
    )
    project.sql("CREATE TABLE t1 (id bigint)")


FIRST = "9:1732906bb96927206a85249b46a7f1f5"
"""The checksum of `changeset(1)`."""


def lock_row(project: Project) -> tuple[object, ...]:
    (row,) = project.sql("SELECT * FROM databasechangeloglock")
    return row


def refused(events: list[Event]) -> list[str]:
    assert run_finished(events).result is RunResult.REFUSED
    conflicts = events_of_kind(events, PlanMade)[-1].plan.conflicts
    assert all(one.hint and not one.can_allow for one in conflicts)
    return [one.message for one in conflicts]


async def test_liquibase_and_koonj_take_turns(
    project: Project, make_database: Callable[[], str], tmp_path: Path
) -> None:
    """The same changelog in a second database, which only Liquibase changes. The times of the rows differ."""
    other = make_database()
    with ExitStack() as stack:
        here = stack.enter_context(Liquibase.on(project.target.dsn, tmp_path, "changelog/a.sql"))
        alone = stack.enter_context(Liquibase.on(other, tmp_path, "changelog/a.sql"))
        second = changeset(
            2, "create table t2 (id bigint);\ncreate index i2 on t2 (id);", comment=" it's  2 "
        )
        write(project, changeset(1), second, changeset(3, comment="x" * 300))
        here.run("update-count", "1")
        end = run_finished(await project.run(Direction.APPLY, extent=Extent.UP_TO, number=3))
        assert end.committed == ("2::ann", "3::ann")
        deployments = project.sql("SELECT deployment_id FROM databasechangelog ORDER BY orderexecuted")
        assert deployments[1] == deployments[2]
        write(project, changeset(1), second, changeset(3, comment="x" * 300), changeset(4))
        assert "Run:                          1" in here.run("update")
        alone.run("update")
        assert rows(project.target.dsn) == rows(other)
        assert run_finished(await project.roll_back()).committed == ("4::ann",)
        here.run("rollback-count", "1")  # takes back what koonj has applied
        alone.run("rollback-count", "2")
    assert rows(project.target.dsn) == rows(other)
    assert [row[0] for row in rows(other)] == ["1", "2"]
    assert lock_row(project) == FREE
    assert project.tables() == {"t1", "t2", "databasechangelog", "databasechangeloglock"}
    assert set((await project.states()).values()) == {"applied", "pending"}


async def test_the_lock_of_liquibase_is_held_during_the_run_and_free_after_it(project: Project) -> None:
    put(project)
    seen = "create table {} as select locked, lockedby from databasechangeloglock;"
    write(project, changeset(1), changeset(2, seen.format("t2")), changeset(3, "select 1/0;"))
    assert run_finished(await project.apply()).result is RunResult.FAILED
    ((locked, who),) = project.sql("SELECT * FROM t2")
    assert (locked, f"(process {os.getpid()})" in who) == (True, True)
    assert lock_row(project) == FREE
    assert [row[0] for row in rows(project.target.dsn)] == ["1", "2"]
    write(project, changeset(1), changeset(2, seen.format("t2")), changeset(3, "select pg_sleep(30);"))
    run = project.start(Direction.APPLY)
    async for event in run.events():
        if isinstance(event, StatementStarted):
            await run.cancel()
    assert lock_row(project) == FREE
    assert len(rows(project.target.dsn)) == 2


async def test_a_lock_that_is_held_is_told_with_its_holder_and_the_run_gives_up(project: Project) -> None:
    put(project)
    write(project, changeset(1), changeset(2))
    project.sql(
        "UPDATE databasechangeloglock SET locked = true, lockgranted = '2026-03-04', lockedby = 'box (::1)'"
    )
    end = run_finished(await project.apply(wait=0.0))
    assert end.result is RunResult.LOCKED
    assert "box (::1) since 2026-03-04 00:00:00 holds the lock of liquibase on this target." in end.message
    assert "If that run is gone, release it: liquibase release-locks." in end.message
    assert lock_row(project)[3] == "box (::1)"
    project.sql("DELETE FROM databasechangeloglock")  # as in a table that was just made
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert lock_row(project) == FREE
    taken = "update databasechangeloglock set lockedby = 'somebody'; create table t3 ();"
    write(project, changeset(1), changeset(2), changeset(3, taken))
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert lock_row(project)[3] == "somebody", "the lock of another one is not released"


async def test_after_kill_9_the_next_run_says_who_has_left_the_lock(project: Project) -> None:
    put(project)
    write(project, changeset(1), changeset(2, "create table t2 (); select pg_sleep(30);"))
    where = ["--dsn", project.target.dsn, "--migrations", str(project.path)]
    with ForkServer() as forks:
        pid = forks.start("apply", "--all", "--yes", "--json", *where, cwd=project.path)
        sleeps = (
            "SELECT FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(30)%%' AND pid <> pg_backend_pid()"
        )
        wait_until(lambda: project.sql(sleeps) != [])
        os.kill(pid, signal.SIGKILL)
        forks.wait()
        wait_until(lambda: project.sql(sleeps) == [])
    assert len(rows(project.target.dsn)) == 1
    assert "t2" not in project.tables()
    assert f"(process {pid}) since" in run_finished(await project.apply(wait=0.0)).message


async def test_a_changeset_that_runs_again_keeps_one_row_with_its_tag(project: Project) -> None:
    """As Liquibase 4.28.0 does it: exectype RERAN, a new number, the tag stays."""
    put(project)
    write(project, changeset(1, options=" runOnChange:true", sql="create table if not exists t1 (id int);"))
    assert run_finished(await project.apply()).result is RunResult.DONE
    ((id_, _, _, number, exectype, md5sum, _, _, tag, version, *_),) = rows(project.target.dsn)
    assert (id_, number, exectype, tag, version) == ("1", 2, "RERAN", "v1", "4.28.0")
    assert md5sum != FIRST
    assert run_finished(await project.apply()).result is RunResult.NOTHING


async def test_the_path_is_the_one_that_liquibase_has_recorded(project: Project) -> None:
    put(project, path="a.sql")
    named = changeset(3, options=" logicalFilePath:./old/path.sql")
    alone = changeset(2, "create index concurrently i on t1 (id);", " runInTransaction:false")
    write(project, changeset(1), alone, named)
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert [row[2] for row in rows(project.target.dsn)] == ["a.sql", "a.sql", "old/path.sql"]
    assert run_finished(await project.roll_back()).committed == ("3::ann",)
    assert len(rows(project.target.dsn)) == 2
    project.sql("UPDATE databasechangelog SET filename = 'changelog/a.sql' WHERE id = '2'")
    write(project, changeset(1), alone, named, changeset(4))
    (message,) = refused(await project.apply())
    assert message.startswith("koonj does not know with which path Liquibase is called for a.sql")


async def test_a_changeset_for_other_databases_is_left_out(project: Project) -> None:
    put(project)
    write(
        project,
        changeset(1),
        changeset(2, options=" dbms:h2,oracle"),
        changeset(3, options=" dbms:postgresql"),
    )
    assert run_finished(await project.apply()).committed == ("3::ann",)
    assert run_finished(await project.apply()).result is RunResult.NOTHING


async def test_files_that_liquibase_has_run_in_the_order_of_their_paths(project: Project) -> None:
    put(project)
    write(project, changeset(1), changeset(2))
    (project.path / "b.sql").write_text(HEAD + changeset(3) + changeset(4))
    project.sql(
        "INSERT INTO databasechangelog SELECT '3', author, 'changelog/b.sql', now(), 2, exectype, %s, description, comments "
        "FROM databasechangelog",
        checksums.liquibase("create table t3 (id bigint);"),
    )
    assert run_finished(await project.apply()).committed == ("2::ann", "4::ann")
    assert [row[2] for row in rows(project.target.dsn)] == [f"changelog/{n}.sql" for n in "abab"]


async def test_the_changeset_that_ran_last_is_rolled_back_first(project: Project) -> None:
    put(project)
    write(project, changeset(1), changeset(3))
    await project.apply()
    write(project, changeset(1), changeset(2), changeset(3))
    assert run_finished(await project.apply()).committed == ("2::ann",), "a late one is applied"
    assert run_finished(await project.roll_back()).committed == ("2::ann",)


async def test_what_koonj_cannot_promise_is_refused_with_the_reason(project: Project) -> None:
    put(project)
    write(project, changeset(1, "create table t1 (id text);"), changeset(2))
    (message,) = refused(await project.apply())
    assert message.startswith("1::ann was changed after it was applied")
    assert refused(await project.roll_back()) == [message]
    for options in (" labels:v1", " context:test", " runWith:psql"):
        write(project, changeset(1), changeset(2, options=options))
        assert len(refused(await project.apply())) == 1
    write(project, changeset(1), changeset(2))
    (project.path / "b.sql").write_text(HEAD + changeset(3))
    (message,) = refused(await project.apply())
    assert message.startswith("No changeset of b.sql has a row yet, so koonj does not know whether Liquibase")
    project.sql(
        "INSERT INTO databasechangelog SELECT '3', author, 'changelog/b.sql', dateexecuted - interval '1 day', 0, "
        "exectype, md5sum FROM databasechangelog"
    )
    message = " ".join(refused(await project.apply()))
    assert "Liquibase has run the files in another order than koonj would: b.sql, a.sql." in message
    project.sql("DELETE FROM databasechangelog WHERE id = '3'")
    (project.path / "b.sql").unlink()
    project.sql("UPDATE databasechangelog SET md5sum = '8:d41d8cd98f00b204e9800998ecf8427e'")
    (message,) = refused(await project.apply())
    assert message.startswith("The newest row of Liquibase has no checksum of the form 9")
    project.sql("UPDATE databasechangelog SET md5sum = %s, filename = 'x/a.sql'", FIRST)
    end = run_finished(await project.apply())
    assert end.failure is not None
    assert "has rows, but none of a file of this folder" in end.failure.message
    project.sql("UPDATE databasechangelog SET filename = 'a.sql'")
    settings = project.path.parent / "liquibase.properties"
    settings.write_text("defaultSchemaName=public\n")
    project.reader = FolderReader(project.path)
    (message,) = refused(await project.apply())
    assert message.startswith("Liquibase's settings name the schema public")
    assert len(rows(project.target.dsn)) == 1
    assert lock_row(project) == FREE


async def test_in_a_new_database_liquibase_must_run_first(project: Project) -> None:
    write(project, changeset(1))
    end = run_finished(await project.apply())
    assert end.failure is not None
    assert end.failure.message.startswith("local: liquibase has no history on this target yet")
    for statement in MADE.split(";\n")[:-1]:
        project.sql(statement)
    (message,) = refused(await project.apply())
    assert message.startswith("The newest row of Liquibase has no checksum of")
