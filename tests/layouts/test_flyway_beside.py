"""koonj runs migrations of Flyway, under its lock.

Flyway is in no package manager that the tests have, so no Flyway takes turns with koonj here: the rows are compared
with those that Flyway 7.15.0 has written (truth/flyway), and the refusals with its source.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from shutil import copytree

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.folder import FolderReader
from koonj.migrations.layouts.flyway_writer import WRITER
from koonj.migrations.layouts.tool_writer import HistoryPlace
from koonj.postgres.connector import Connector
from koonj.postgres.history import NotWrittenError
from koonj.postgres.tool_rows import ToolTable, ToolTables, make_change
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import RunResult
from support.project import Project, run_finished
from support.refusals import why_refused
from support.tool_truth import TRUTH, ToolTruth, migrations_of

KEY = 77433833903597
"""The key that Flyway 7.15.0 has locked for "public"."flyway_schema_history"."""
ROWS = (
    "SELECT installed_rank, version, description, type, script, checksum, installed_by, success "
    "FROM flyway_schema_history ORDER BY installed_rank"
)
"""All columns but the times: installed_on and execution_time."""
DDL = ToolTruth.of("flyway").recorded["ddl"]


@pytest.fixture
def project(tmp_path: Path, database: str, connector: Connector) -> Project:
    copytree(TRUTH / "flyway" / "sql", tmp_path / "sql")
    made = Project(tmp_path / "sql", Target("local", database), connector)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(DDL.encode())
    return made


def rows(project: Project) -> list[tuple[object, ...]]:
    return project.sql(ROWS)


def fresh(project: Project) -> Project:
    """Read the folder again: a change of a file above it is not seen."""
    project.reader = FolderReader(project.path)
    return project


def write(project: Project, name: str, text: str) -> None:
    (project.path / name).write_text(text)


async def test_the_rows_are_those_that_flyway_has_written(project: Project) -> None:
    """Flyway has recorded the role that connected; the times are of now."""
    (project.path / "R__view_users.sql").unlink()
    assert run_finished(await project.apply()).committed == ("V1__users.sql", "V1.1__posts_and_index.sql")
    user = project.sql("SELECT current_user")[0][0]
    assert rows(project) == [
        (1, "1", "users", "SQL", "V1__users.sql", -2060162605, user, True),
        (2, "1.1", "posts and index", "SQL", "V1.1__posts_and_index.sql", 1192513714, user, True),
    ]
    times = "SELECT installed_on > now()::timestamp - interval '1 hour', execution_time BETWEEN 0 AND 60000 FROM flyway_schema_history"
    assert project.sql(times) == [(True, True)] * 2
    assert run_finished(await project.apply()).result is RunResult.NOTHING


async def test_repeatable_migrations_run_last_and_again_when_they_have_changed(project: Project) -> None:
    write(project, "R__view_users.sql", "create or replace view v as select 1 as a;\r\nselect 2;\n")
    long = "x" * 190 + "_and_more"
    write(project, f"V2__{long}_é.sql", "")
    (project.path / "sub").mkdir()
    write(project, "sub/V1_3__two__parts_.sql", "create table t3 (s text default '\\u2028');")
    end = run_finished(await project.apply())
    assert end.committed[-2:] == (f"V2__{long}_é.sql", "R__view_users.sql")
    recorded = [(row[1], row[2], row[4]) for row in rows(project)]
    assert recorded[2:] == [
        ("1.3", "two  parts ", "sub/V1_3__two__parts_.sql"),
        ("2", long.replace("_", " ")[:197] + "...", f"V2__{long}_é.sql"),
        (None, "view users", "R__view_users.sql"),
    ]
    assert set((await project.states()).values()) == {"applied"}
    write(project, "R__view_users.sql", "create or replace view v as select 2 as a;")
    assert run_finished(await project.apply()).committed == ("R__view_users.sql",)
    assert [(row[0], row[2]) for row in rows(project)][-2:] == [(5, "view users"), (6, "view users")]


async def test_objects_land_in_the_schema_of_the_history(project: Project) -> None:
    """The search_path that Flyway sets, with the one of the connection behind it."""
    (project.path / "R__view_users.sql").unlink()
    for schema, path in (("Other", '"$user", public'), ("app", "app, public")):
        project.sql(f'CREATE SCHEMA "{schema}"')
        project.sql(f'ALTER TABLE flyway_schema_history SET SCHEMA "{schema}"')
        (project.path.parent / "flyway.conf").write_text(
            f"flyway.defaultSchema={schema}\nflyway.installedBy=ci\n"
        )
        project.sql(
            f"ALTER DATABASE {project.sql('SELECT current_database()')[0][0]} SET search_path = {path}"
        )
        write(
            project,
            "V9__path.sql",
            f"create table path_{schema} as select current_setting('search_path') as p;",
        )
        assert run_finished(await fresh(project).apply()).result is RunResult.DONE
        found = project.sql(f'SELECT p FROM "{schema}".path_{schema}')
        expected = f'"{schema}",{path}' if schema == "Other" else path
        assert found == [(expected,)]
        assert project.sql(f'SELECT DISTINCT installed_by FROM "{schema}".flyway_schema_history') == [("ci",)]
        project.sql(f'ALTER TABLE "{schema}".flyway_schema_history SET SCHEMA public')
        project.sql("DELETE FROM public.flyway_schema_history")
        (project.path / "V9__path.sql").unlink()


async def test_the_lock_of_flyway_is_held_during_the_run_and_waited_for_before_it(project: Project) -> None:
    (project.path / "R__view_users.sql").unlink()
    key = f"FROM pg_locks WHERE locktype = 'advisory' AND (classid::bigint << 32 | objid::bigint) = {KEY}"
    write(project, "V2__seen.sql", f"create table seen as select pid = pg_backend_pid() as own {key};")
    with psycopg.connect(project.target.dsn, autocommit=True) as other:
        other.execute("SELECT pg_try_advisory_lock(%s)", [KEY])
        end = run_finished(await project.apply(wait=0.0))
        assert end.result is RunResult.LOCKED
        assert "holds the lock of flyway" in end.message
        assert rows(project) == []
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT DISTINCT own FROM seen") == [(True,)]
    write(project, "V3__fails.sql", "select 1/0;")
    assert run_finished(await project.apply()).result is RunResult.FAILED
    assert project.sql(f"SELECT count(*) {key}") == [(0,)]
    assert len(rows(project)) == 3, "Flyway records no failure in a transaction"


def test_the_key_is_that_of_the_tables_name() -> None:
    """The second number is what hashCode of Java 17 returns for the quoted name."""
    assert WRITER.keys(HistoryPlace("db", "public", "flyway_schema_history", "u")) == (KEY,)
    assert WRITER.keys(HistoryPlace("db", 'a"b', "é😀", "u")) == (77431708279161 + (-1309862071),)


async def test_what_flyway_validates_is_refused_with_the_reason(project: Project) -> None:
    (project.path / "R__view_users.sql").unlink()
    write(project, "R__v.sql", "select 1;")
    write(project, "V3__c.sql", "create table c ();")
    await project.apply()
    write(project, "V4__d.sql", "create table d ();")
    cases = {
        "V1__users.sql: its checksum is not the one that Flyway has recorded. Flyway validates": (
            "V1__users.sql",
            "create table users ();",
        ),
        "V2__late.sql is pending, but a migration after it is applied": ("V2__late.sql", "select 1;"),
        "V1__users.sql is applied, and there is no such file. Flyway validates": ("V1__users.sql", None),
        "R__v.sql is applied, and there is no such file": ("R__v.sql", None),
        "Flyway replaces ${name} before it runs the file": ("V4__d.sql", "select '${name}';"),
        "V4__d.sql.conf has shouldExecute, which": ("V4__d.sql.conf", "shouldExecute=false"),
        "Flyway runs it by itself, as a callback": ("beforeMigrate.sql", "select 1;"),
    }
    for words, (name, text) in cases.items():
        path = project.path / name
        before = path.read_text() if path.exists() else None
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
        assert words in why_refused(await project.apply()), words
        path.unlink(missing_ok=True)
        if before is not None:
            path.write_text(before)
    newer = (
        "INSERT INTO flyway_schema_history VALUES (9, '99', 'n', 'SQL', 'V99__n.sql', 1, 'me', now(), 1, {})"
    )
    project.sql(newer.format("false"))
    assert "V99__n.sql: Flyway runs nothing more until its command repair" in why_refused(
        await project.apply()
    )
    project.sql("DELETE FROM flyway_schema_history WHERE installed_rank = 9")
    write(project, "U4__d.sql", "drop table d;")
    assert run_finished(await project.apply()).committed == ("V4__d.sql",)
    write(project, "V100__e.sql", "create table e ();")
    assert "Flyway rolls back only in its paid editions" in why_refused(await project.roll_back())
    project.sql(newer.format("true"))
    assert run_finished(await project.apply()).result is RunResult.REFUSED, "99 is missing below 100"
    (project.path / "V100__e.sql").unlink()
    assert run_finished(await project.apply()).result is RunResult.NOTHING, "99 is of a newer release"


async def test_settings_decide_or_are_a_reason_to_refuse(project: Project) -> None:
    (project.path / "R__view_users.sql").unlink()
    settings = project.path.parent / "flyway.conf"
    for text, words in {
        "flyway.locations=filesystem:sql,filesystem:more": "Flyway reads its migrations from filesystem:sql, file",
        "flyway.locations=classpath:db/migration": "Flyway reads its migrations from classpath:db/migration, and",
        "flyway.encoding=ISO-8859-1": "Flyway's settings have encoding, which koonj does not follow",
        "flyway.target=2": "Flyway's settings have target, which",
        "flyway.executeInTransaction=false": "Flyway's settings have executeInTransaction, which",
    }.items():
        settings.write_text(text + "\n")
        assert words in why_refused(await fresh(project).apply()), text
    settings.write_text(
        "flyway.locations=filesystem:./sql\nflyway.encoding=utf-8\nflyway.executeInTransaction=true\nflyway.outOfOrder=true\n"
    )
    write(project, "V3__c.sql", "create table c ();")
    assert run_finished(await fresh(project).apply()).result is RunResult.DONE
    write(project, "V2__b.sql", "create table b ();")
    assert run_finished(await project.apply()).committed == ("V2__b.sql",)
    assert [row[1] for row in rows(project)] == ["1", "1.1", "3", "2"]
    project.sql("UPDATE flyway_schema_history SET script = 'more/' || script")
    write(project, "V4__d.sql", "create table d ();")
    assert "it reads another folder than Flyway" in why_refused(await project.apply())


async def test_outside_a_transaction_the_row_says_that_it_has_failed_until_it_has_ended(
    project: Project,
) -> None:
    """So it does after a failure, as Flyway records it."""
    (project.path / "R__view_users.sql").unlink()
    seen = (
        "create table seen as select success, current_setting('search_path') from flyway_schema_history "
        "where version = '2';"
    )
    write(project, "V2__cic.sql", f"{seen}\ncreate index concurrently i on users (id);\n")
    write(project, "V2__cic.sql.conf", "executeInTransaction=false")
    write(project, "V3__fails.sql", "create index concurrently i on users (id);\n")
    write(project, "V4__after.sql", "create table t4 ();\n")
    assert run_finished(await project.apply()).result is RunResult.FAILED
    assert project.sql("TABLE seen") == [(False, '"public","$user", public')]
    assert [(row[0], row[1], row[-1]) for row in rows(project)] == [
        (1, "1", True),
        (2, "1.1", True),
        (3, "2", True),
        (4, "3", False),
    ]
    assert "V3__fails.sql: Flyway runs nothing more until its command repair" in why_refused(
        await project.apply()
    )
    assert "t4" not in project.tables()


async def test_a_row_that_another_session_writes_at_the_same_time_is_left_alone(project: Project) -> None:
    (migration, *_) = migrations_of(project.reader.read())
    place = HistoryPlace("db", "public", "flyway_schema_history", "me")
    tables = ToolTables(ToolTable(place.schema, place.table))
    async with (
        await psycopg.AsyncConnection.connect(project.target.dsn) as other,
        await psycopg.AsyncConnection.connect(project.target.dsn) as conn,
    ):
        await other.execute(
            "INSERT INTO flyway_schema_history VALUES (1, '7', 'x', 'SQL', 'x', 1, 'you', now(), 1, true)"
        )
        change = asyncio.create_task(make_change(conn, tables, WRITER.applied(migration, place)))
        blocked = f"SELECT FROM pg_locks WHERE pid = {conn.info.backend_pid} AND NOT granted"
        while not project.sql(blocked):
            await asyncio.sleep(0.01)
        await other.commit()
        with pytest.raises(NotWrittenError):
            await change
    assert [row[1] for row in rows(project)] == ["7"]


async def test_a_new_database_is_left_to_flyway(project: Project) -> None:
    project.sql("DROP TABLE flyway_schema_history")
    end = run_finished(await project.run(Direction.APPLY))
    assert end.failure is not None
    assert (
        "flyway has no history on this target yet, and koonj does not create it there" in end.failure.message
    )
    assert project.tables() == set()
