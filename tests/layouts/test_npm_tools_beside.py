"""koonj applies beside Prisma, Drizzle and the Supabase CLI, and they take its rows for their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.postgres.connector import Connector
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, PlanMade, RunResult
from support.npm_tools import drizzle, prisma, supabase
from support.project import Project, events_of_kind, run_finished

_TABLES = """
    SELECT c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        pg_get_expr(d.adbin, d.adrelid),
        ARRAY(SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = c.oid ORDER BY 1)
    FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0
    LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum
    WHERE relkind = 'r' AND relnamespace::regnamespace::text !~ '^pg_|information_schema' ORDER BY 1, attnum
"""


@pytest.fixture
def make(tmp_path: Path, database: str, connector: Connector) -> Callable[[str], Project]:
    def of(folder: str) -> Project:
        path = tmp_path / folder
        path.mkdir(parents=True)
        return Project(path, Target("local", database), connector)

    return of


def both(project: Project, other: str, rows: str) -> list[list[tuple[object, ...]]]:
    """Return the tables and the rows of both databases."""
    found = []
    for dsn in (project.target.dsn, other):
        with psycopg.connect(dsn) as conn:
            texts = (_TABLES, rows)
            found.append([row for text in texts for row in conn.execute(text.encode()).fetchall()])
    return found


async def refused(project: Project) -> str:
    """Return the first reason why koonj does not apply. Nothing is changed."""
    before = project.tables()
    events: list[Event] = await project.apply()
    assert run_finished(events).result is RunResult.REFUSED, events[-1]
    assert project.tables() == before
    conflicts = events_of_kind(events, PlanMade)[-1].plan.conflicts
    assert not any(conflict.can_allow for conflict in conflicts)
    return " ".join(conflict.message for conflict in conflicts)


async def cannot_roll_back(project: Project) -> str:
    events = await project.roll_back()
    assert run_finished(events).result is RunResult.REFUSED
    return events_of_kind(events, PlanMade)[-1].plan.conflicts[0].message


def _journal(project: Project, whens: dict[str, int]) -> None:
    entries = [
        {"idx": place, "version": "7", "when": when, "tag": tag, "breakpoints": True}
        for place, (tag, when) in enumerate(whens.items())
    ]
    (project.path / "meta").mkdir(exist_ok=True)
    journal = {"version": "7", "dialect": "postgresql", "entries": entries}
    (project.path / "meta" / "_journal.json").write_text(json.dumps(journal))
    for file in project.path.glob("*.sql"):
        if file.stem not in whens:
            file.unlink()
    for tag in whens:
        file = project.path / f"{tag}.sql"
        text = (
            f"CREATE TABLE t{tag[-1]} (id int);\n--> statement-breakpoint\nCREATE INDEX ON t{tag[-1]} (id);"
        )
        file.write_text("CREATE TABLE IF NOT EXISTS twice (id int);" if "again" in tag else text)


async def test_drizzle_and_koonj_take_turns(
    make: Callable[[str], Project], make_database: Callable[[], str], tmp_path: Path
) -> None:
    """The same text twice has the same hash; its time is another."""
    project, other = make("drizzle"), make_database()
    tool = drizzle(project.target.dsn, project.path, tmp_path / "here")
    alone = drizzle(other, project.path, tmp_path / "alone")
    whens = {"0000_t0": 100, "0001_t1": 200, "0002_again": 300, "0003_again": 400, "0004_t4": 500}

    def until(count: int) -> None:
        _journal(project, dict(list(whens.items())[:count]))

    until(1)
    assert run_finished(await project.apply()).result is RunResult.DONE  # it makes the table, too
    until(3)
    tool.run()
    until(5)
    end = run_finished(await project.apply())
    assert end.committed == ("0003_again", "0004_t4")
    tool.run()
    for count in (1, 3, 5):
        until(count)
        alone.run()
    here, there = both(project, other, "SELECT * FROM drizzle.__drizzle_migrations ORDER BY id")
    assert here == there
    assert "has no rollback" in await cannot_roll_back(project)


async def test_what_drizzle_never_runs_is_refused(make: Callable[[str], Project]) -> None:
    project = make("drizzle")
    _journal(project, {"0000_t0": 200, "0001_t1": 100})
    assert "has an earlier time in the journal than 0000_t0 before it" in await refused(project)
    _journal(project, {"0000_t0": 200})
    assert run_finished(await project.apply()).result is RunResult.DONE
    _journal(project, {"0000_t0": 200, "0001_t1": 100})
    assert "drizzle does not apply it" in await refused(project)


async def test_folders_of_drizzle_1_0_are_left_to_it(make: Callable[[str], Project]) -> None:
    project = make("drizzle")
    (project.path / "20240101000001_a").mkdir()
    (project.path / "20240101000001_a" / "migration.sql").write_text("CREATE TABLE a ();")
    (project.path / "20240101000001_a" / "snapshot.json").write_text("{}")
    assert "is of Drizzle 1.0, whose history koonj does not write yet" in await refused(project)


_ODD = """-- a; b
create table o1 (t text default 'a;b''c;'); -- after; it
/* x; /* y; */ z; */ create table o2 (i int);;; ;
do $a_1$ begin perform '$$;'; end $a_1$;
create function f() returns int language sql begin atomic select 1; select 2; end;
create rule r as on insert to o2 do also (select 1; select 2);
select '"', '{}', 'a\\b', E'x\\\\';
select 1 as atomic; select $$$$; select 2 as a$end; select 3
as backend;
-- the end
"""
"""Texts that are hard to split, and hard to write into an array."""


_INNER_END = """create function g() returns int language sql
begin atomic select case when true then 1 end; select 2; end;
"""
"""The CLI takes the first END for that of the body."""


async def test_supabase_and_koonj_take_turns(
    make: Callable[[str], Project], make_database: Callable[[], str], tmp_path: Path
) -> None:
    project, other = make("supabase/migrations"), make_database()
    (tmp_path / "supabase" / "config.toml").write_text('project_id = "x"\n')
    tool, alone = supabase(project.target.dsn, tmp_path), supabase(other, tmp_path)
    texts = {
        "1_one": "create table t1 (id int)",
        "2_two": "-- blank\n",
        "3_odd_name": _ODD,
        "4_cr": "create table t4 (id int);\r\n\r\ncreate table t5 (id int)\r\n;\r\n",
        "5_alone": "create index concurrently i on t4 (id);\n",
    }
    names = [f"2024010100000{name}.sql" for name in texts]

    def write(*numbers: int) -> None:
        for number in numbers:
            (project.path / names[number - 1]).write_bytes(list(texts.values())[number - 1].encode())

    write(1)
    assert run_finished(await project.apply()).result is RunResult.DONE  # it makes the table, too
    write(2)
    tool.run("db", "push")
    write(3, 4, 5)
    assert run_finished(await project.apply()).committed == tuple(names[2:])
    assert "up to date" in tool.run("migration", "up")
    alone.run("db", "push")
    here, there = both(project, other, "SELECT * FROM supabase_migrations.schema_migrations ORDER BY version")
    assert here == there
    assert set((await project.states()).values()) == {"applied"}
    assert "has no rollback" in await cannot_roll_back(project)


async def test_what_supabase_refuses_or_splits_elsewhere_is_refused(
    make: Callable[[str], Project], tmp_path: Path
) -> None:
    project = make("supabase/migrations")
    (tmp_path / "supabase" / "config.toml").write_text('project_id = "x"\n')
    project.sql("CREATE SCHEMA supabase_migrations")
    project.sql(
        "CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, statements text[], "
        "name text, created_by text, idempotency_key text UNIQUE)"
    )
    (project.path / "2_a.sql").write_text("select 1;")
    assert run_finished(await project.apply()).result is RunResult.DONE  # as on a hosted project
    for text in (
        "select E'\\';'; select 2;",
        _INNER_END,
        "select 1 -- begin\n atomic; select 2;",
        "select $$$$a$; select 2;",
        "\ufeffselect 1;",
    ):
        (project.path / "3_b.sql").write_text(text)
        message = await refused(project)
        assert "supabase ends a statement where" in message or "byte order mark" in message, text
    (project.path / "3_b.sql").unlink()
    (project.path / "1_late.sql").write_text("select 1;")
    assert "supabase does not apply it" in await refused(project)
    (project.path / "1_late.sql").unlink()
    project.sql("INSERT INTO supabase_migrations.schema_migrations VALUES ('1', '{}', 'gone')")
    assert "no file has its version. supabase refuses that." in await refused(project)


def _prisma(project: Project, number: int, text: str = "") -> str:
    name = f"2024010100000{number}_t{number}"
    (project.path / name).mkdir()
    (project.path / name / "migration.sql").write_text(text or f"CREATE TABLE t{number} (id int);\n")
    (project.path / "migration_lock.toml").write_text('provider = "postgresql"\n')
    return name


_ATTEMPTS = (
    "SELECT length(id), checksum, migration_name, logs, rolled_back_at, applied_steps_count, finished_at >= started_at, "
    "started_at > now() - interval '1 hour' FROM _prisma_migrations ORDER BY migration_name"
)


async def test_prisma_and_koonj_take_turns(
    make: Callable[[str], Project], make_database: Callable[[], str], tmp_path: Path
) -> None:
    project, other = make("prisma/migrations"), make_database()
    tool = prisma(project.target.dsn, project.path, tmp_path / "here")
    alone = prisma(other, project.path, tmp_path / "alone")
    first = _prisma(project, 2)
    assert run_finished(await project.apply()).result is RunResult.DONE  # it makes the table, too
    _prisma(project, 3)
    assert first not in tool.run("migrate", "deploy").partition("applied:")[2]
    _prisma(project, 4, "CREATE INDEX CONCURRENTLY i ON t3 (id);\n")
    _prisma(project, 5, "-- nothing\n")
    _prisma(project, 1)  # late
    assert len(run_finished(await project.apply()).committed) == 3
    assert "Database schema is up to date!" in tool.run("migrate", "status")
    alone.run("migrate", "deploy")
    here, there = both(project, other, _ATTEMPTS)
    assert here == there
    assert "has no rollback" in await cannot_roll_back(project)


async def test_prisma_is_blocked_by_a_failed_migration_of_koonj(
    make: Callable[[str], Project], tmp_path: Path
) -> None:
    """A row marked as rolled back stays, and the next attempt has a row of its own."""
    project = make("prisma/migrations")
    _prisma(project, 1)
    name = _prisma(project, 2, "CREATE UNIQUE INDEX CONCURRENTLY i ON t1 (id);\n")
    assert run_finished(await project.run(Direction.APPLY)).result is RunResult.DONE
    project.sql("INSERT INTO t1 VALUES (1), (1)")
    assert run_finished(await project.apply()).result is RunResult.FAILED
    assert "it was started and has not finished" in await refused(project)
    tool = prisma(project.target.dsn, project.path, tmp_path / "here")
    assert "P3009" in tool.refuse("migrate", "deploy")
    project.sql("DROP INDEX IF EXISTS i")
    project.sql("DELETE FROM t1")
    project.sql("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = %s", name)
    assert run_finished(await project.apply()).result is RunResult.DONE
    digest = sha256((project.path / name / "migration.sql").read_bytes()).hexdigest()
    assert project.sql(
        "SELECT checksum, finished_at IS NULL, applied_steps_count FROM _prisma_migrations "
        "WHERE migration_name = %s ORDER BY started_at",
        name,
    ) == [(digest, True, 0), (digest, False, 1)]


async def test_prisma_makes_no_table_where_others_are(make: Callable[[str], Project]) -> None:
    project = make("prisma/migrations")
    project.sql("CREATE TABLE other ()")
    _prisma(project, 1)
    end = run_finished(await project.apply())
    assert end.result is RunResult.FAILED
    assert end.failure is not None
    assert "(P3005). Nothing was changed." in end.failure.message
    assert project.tables() == {"other"}
