"""Drift of a real target: found where there is some, and only there."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from koonj.config import ScratchPlace, Target
from koonj.migrations.state import State
from koonj.postgres.catalog.comparing import top_level
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import Binaries, discover
from koonj.postgres.embedded.scratch import Scratch
from koonj.runner.drift import Drift, DriftError, find_drift
from koonj.runner.run import Cancelled, Control
from support.project import Project, ending

SAMPLE = Path(__file__).parents[2] / "database" / "migrations"


async def drift_of(project: Project, **options: Any) -> Drift:
    folder, control = project.reader.read(), Control()
    place = options.pop("place", ScratchPlace())
    return await find_drift(project.connector, project.target, folder, place, control, **options)


def told(drift: Drift) -> set[str]:
    """``left over table public.extra``, …: what is missing, left over, changed or moved on the target."""
    return {f"{d.what} {d.kind} {d.identity}" for d in top_level(drift.differences)}


def write(project: Project, number: int, body: str, rollback: str = "none: a test") -> str:
    name = f"{number:03d}_m.sql"
    down = f" {rollback}" if rollback.startswith("none:") else f"\n{indent(dedent(rollback), '-- ')}"
    (project.path / name).write_text(f"{dedent(body).strip()}\n\n-- Rollback:{down}\n", encoding="utf-8")
    return name


# Each kind


@dataclass(frozen=True)
class Case:
    files: str
    """What the migration makes."""
    by_hand: str
    """What somebody does on the target."""
    told: set[str]


CASES = {
    "a table": Case("", "CREATE TABLE a1 (id int PRIMARY KEY)", {"left over table public.a1"}),
    "a dropped table": Case(
        "CREATE TABLE a2 (id int PRIMARY KEY)", "DROP TABLE a2", {"missing table public.a2"}
    ),
    "a schema and what is in it": Case(
        "",
        "CREATE SCHEMA a3; CREATE TABLE a3.t (id int)",
        {"left over schema a3", "left over table a3.t"},
    ),
    "an unlogged table": Case(
        "CREATE TABLE a4 (id int)", "ALTER TABLE a4 SET UNLOGGED", {"changed table public.a4"}
    ),
    "a partition": Case(
        "CREATE TABLE a5 (id int) PARTITION BY LIST (id)",
        "CREATE TABLE a5_1 PARTITION OF a5 FOR VALUES IN (1)",
        {"left over table public.a5_1"},
    ),
    "a column": Case(
        "CREATE TABLE b1 (id int)", "ALTER TABLE b1 ADD x text", {"left over column public.b1.x"}
    ),
    "a dropped column": Case(
        "CREATE TABLE b2 (id int, x text)", "ALTER TABLE b2 DROP x", {"missing column public.b2.x"}
    ),
    "a type": Case(
        "CREATE TABLE b3 (x varchar(10))",
        "ALTER TABLE b3 ALTER x TYPE varchar(20)",
        {"changed column public.b3.x"},
    ),
    "a default": Case(
        "CREATE TABLE b4 (x int DEFAULT 1)",
        "ALTER TABLE b4 ALTER x SET DEFAULT 2",
        {"changed column public.b4.x"},
    ),
    "NOT NULL": Case(
        "CREATE TABLE b5 (x int)",
        "ALTER TABLE b5 ALTER x SET NOT NULL",
        {"changed column public.b5.x"},
    ),
    "the order of columns": Case(
        "CREATE TABLE b6 (x int, y int, z int)",
        "ALTER TABLE b6 DROP x; ALTER TABLE b6 ADD x int",
        {"moved column public.b6.x"},
    ),
    "a generated column": Case(
        "CREATE TABLE b7 (x int, y int GENERATED ALWAYS AS (x * 2) STORED)",
        "ALTER TABLE b7 ALTER y DROP EXPRESSION",
        {"changed column public.b7.y"},
    ),
    "an index": Case(
        "CREATE TABLE c1 (x int)", "CREATE INDEX c1_x ON c1 (x)", {"left over index public.c1_x"}
    ),
    "a dropped index": Case(
        "CREATE TABLE c2 (x int); CREATE INDEX c2_x ON c2 (x)",
        "DROP INDEX c2_x",
        {"missing index public.c2_x"},
    ),
    "an index that is another": Case(
        "CREATE TABLE c3 (x int, y int); CREATE INDEX c3_x ON c3 (x)",
        "DROP INDEX c3_x; CREATE INDEX c3_x ON c3 (y)",
        {"changed index public.c3_x"},
    ),
    "a check": Case(
        "CREATE TABLE c4 (x int CONSTRAINT c4_x CHECK (x > 0))",
        "ALTER TABLE c4 DROP CONSTRAINT c4_x; ALTER TABLE c4 ADD CONSTRAINT c4_x CHECK (x > 1)",
        {"changed constraint public.c4.c4_x"},
    ),
    "a foreign key": Case(
        "CREATE TABLE c5 (x int PRIMARY KEY); CREATE TABLE c5_of (x int CONSTRAINT c5_fk REFERENCES c5)",
        "ALTER TABLE c5_of DROP CONSTRAINT c5_fk",
        {"missing constraint public.c5_of.c5_fk"},
    ),
    "a view": Case(
        "CREATE VIEW d1 AS SELECT 1 AS x",
        "CREATE OR REPLACE VIEW d1 AS SELECT 2 AS x",
        {"changed view public.d1"},
    ),
    "a materialized view": Case(
        "CREATE MATERIALIZED VIEW d2 AS SELECT 1 AS x",
        "DROP MATERIALIZED VIEW d2",
        {"missing materialized view public.d2"},
    ),
    "a function": Case(
        "CREATE FUNCTION e1() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION e1() RETURNS int LANGUAGE sql AS 'SELECT 2'",
        {"changed function public.e1()"},
    ),
    "a procedure": Case(
        "",
        "CREATE PROCEDURE e2() LANGUAGE sql AS 'SELECT 1'",
        {"left over procedure public.e2()"},
    ),
    "a trigger": Case(
        "CREATE TABLE f1 (x int); CREATE FUNCTION f1_f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER f1_t BEFORE INSERT ON f1 FOR EACH ROW EXECUTE FUNCTION f1_f()",
        "ALTER TABLE f1 DISABLE TRIGGER f1_t",
        {"changed trigger public.f1.f1_t"},
    ),
    "a rule": Case(
        "CREATE TABLE f2 (x int)",
        "CREATE RULE f2_r AS ON DELETE TO f2 DO INSTEAD NOTHING",
        {"left over rule public.f2.f2_r"},
    ),
    "a policy": Case(
        "CREATE TABLE f3 (x int); CREATE POLICY f3_p ON f3 USING (x > 0)",
        "DROP POLICY f3_p ON f3",
        {"missing policy public.f3.f3_p"},
    ),
    "row security": Case(
        "CREATE TABLE f4 (x int)",
        "ALTER TABLE f4 ENABLE ROW LEVEL SECURITY",
        {"changed table public.f4"},
    ),
    "a grant": Case(
        "CREATE TABLE g1 (x int)",
        "GRANT SELECT ON g1 TO pg_monitor",
        {"left over grant on table public.g1 to pg_monitor"},
    ),
    "a lost grant": Case(
        "CREATE TABLE g2 (x int); GRANT SELECT ON g2 TO PUBLIC",
        "REVOKE SELECT ON g2 FROM PUBLIC",
        {"missing grant on table public.g2 to PUBLIC"},
    ),
    "default privileges": Case(
        "",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA h1 GRANT SELECT ON TABLES TO pg_monitor",
        {"left over default privileges for role postgres in schema h1 on tables to pg_monitor"},
    ),
    "a comment": Case(
        "CREATE TABLE g4 (x int); COMMENT ON COLUMN g4.x IS 'old'",
        "COMMENT ON COLUMN g4.x IS 'new'",
        {"changed comment on column public.g4.x"},
    ),
    "an owner": Case(
        "CREATE TABLE g5 (x int)",
        "ALTER TABLE g5 OWNER TO pg_monitor",
        {"changed owner of table public.g5"},
    ),
    "a value of an enum": Case(
        "CREATE TYPE i1 AS ENUM ('a', 'b')", "ALTER TYPE i1 ADD VALUE 'c'", {"changed enum public.i1"}
    ),
    "a domain": Case(
        "CREATE DOMAIN i2 AS int", "ALTER DOMAIN i2 SET DEFAULT 3", {"changed domain public.i2"}
    ),
    "a composite type": Case("", "CREATE TYPE i3 AS (x int)", {"left over composite type public.i3"}),
    "an option of a sequence": Case(
        "CREATE SEQUENCE j1", "ALTER SEQUENCE j1 INCREMENT BY 10", {"changed sequence public.j1"}
    ),
    "a storage parameter": Case(
        "CREATE TABLE k1 (x int)",
        "ALTER TABLE k1 SET (fillfactor = 70)",
        {"left over storage parameter public.k1.fillfactor"},
    ),
    "statistics": Case(
        "CREATE TABLE k2 (x int, y int)",
        "CREATE STATISTICS k2_s ON x, y FROM k2",
        {"left over statistics public.k2_s"},
    ),
    "a publication": Case("", "CREATE PUBLICATION k3", {"left over publication k3"}),
    "an event trigger": Case(
        "CREATE FUNCTION k4() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "CREATE EVENT TRIGGER k4 ON sql_drop EXECUTE FUNCTION k4(); ALTER EVENT TRIGGER k4 DISABLE",
        {"left over event trigger k4"},
    ),
    "an extension": Case("", "CREATE EXTENSION pg_trgm WITH SCHEMA h1", {"left over extension pg_trgm"}),
    "nothing, in another way": Case(
        "CREATE TABLE l1 (x int); CREATE INDEX l1_x ON l1 (x); GRANT SELECT ON l1 TO pg_monitor",
        "REVOKE SELECT ON l1 FROM pg_monitor; GRANT SELECT ON l1 TO pg_monitor; REINDEX INDEX l1_x;"
        "INSERT INTO l1 VALUES (1); ANALYZE l1; CREATE TEMP TABLE l2 (x int)",
        set(),
    ),
}


@pytest.fixture(scope="module")
def by_hand(
    server: Scratch, _databases: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Drift:
    """Every case in one database, so that one replay tells all."""
    folder, target = tmp_path_factory.mktemp("cases"), Target("local", _databases())

    async def find() -> Drift:
        async with Connector() as connector:
            project = Project(folder, target, connector)
            files = "\n".join(f"{case.files};" for case in CASES.values() if case.files)
            write(project, 1, f"BEGIN;\nCREATE SCHEMA h1;\n{files}\nCOMMIT;")
            assert ending(await project.apply()).verdict == "done"
            with psycopg.connect(target.dsn, autocommit=True) as conn:
                for case in CASES.values():
                    conn.execute(case.by_hand.encode())
            return await drift_of(project)

    return asyncio.run(find())


@pytest.mark.parametrize("case", CASES)
def test_drift_of_each_kind(by_hand: Drift, case: str) -> None:
    assert CASES[case].told <= told(by_hand)


def test_no_drift_but_that(by_hand: Drift) -> None:
    assert told(by_hand) == set[str]().union(*(case.told for case in CASES.values()))
    assert by_hand.notes == ()


def test_the_text_of_both_sides(by_hand: Drift) -> None:
    (view,) = [d for d in by_hand.differences if d.identity == "public.d1"]
    assert view.before is not None
    assert view.after is not None
    assert ("SELECT 1" in view.before, "SELECT 2" in view.after) == (True, True)
    assert all((d.before is None) != (d.after is None) for d in by_hand.differences if d.what in ONE_SIDED)


ONE_SIDED = ("missing", "left over")


# No drift


def _majors() -> list[Binaries]:
    return list({binaries.major: binaries for binaries in discover()}.values())


@pytest.mark.parametrize("programs", _majors(), ids=lambda programs: str(programs.major))
async def test_the_sample_has_none(programs: Binaries, connector: Connector) -> None:
    with Scratch(programs) as target_server:
        project = Project(SAMPLE, Target("local", target_server.dsn()), connector)
        assert ending(await project.apply()).verdict == "done"
        drift = await drift_of(project)
        assert (drift.differences, drift.notes, drift.migrations) == ((), (), 15)
        assert drift.objects > 300
        for other in _majors():
            if other.major != programs.major:
                drift = await drift_of(project, major=other.major)
                assert drift.differences == ()
                assert f"PostgreSQL {programs.major}, the scratch PostgreSQL {other.major}" in drift.notes[0]


async def test_the_order_of_applying_counts(project: Project) -> None:
    write(project, 1, "BEGIN; CREATE TABLE t (a int); COMMIT;")
    write(project, 3, "BEGIN; ALTER TABLE t ADD c int; COMMIT;")
    await project.apply()
    write(project, 2, "BEGIN; ALTER TABLE t ADD b int; COMMIT;")
    events = await project.apply(allow=frozenset({State.LATE}), reason="a test")
    assert ending(events).verdict == "done", ending(events).message
    assert told(await drift_of(project)) == set()


async def test_the_settings_of_the_target_count(project: Project) -> None:
    (name,) = project.sql("SELECT current_database()")[0]
    project.sql(f"ALTER DATABASE {name} SET TimeZone TO 'Asia/Kolkata'")
    project.sql(f"ALTER DATABASE {name} SET DateStyle TO 'ISO, DMY'")
    write(
        project,
        1,
        """
        BEGIN;
        CREATE TABLE log (at timestamptz, day date DEFAULT '02/01/2026') PARTITION BY RANGE (at);
        CREATE TABLE log_2026 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        COMMIT;
        """,
    )
    await project.apply()
    assert told(await drift_of(project)) == set()


async def test_nothing_is_replayed_twice(project: Project) -> None:
    one = f"slow_{secrets.token_hex(4)}"
    write(project, 1, f"BEGIN; CREATE TABLE {one} (id int); SELECT pg_sleep(0.35); COMMIT;")
    await project.apply()
    heard: list[int] = []
    drift = await drift_of(project, tell=lambda done, _: heard.append(done))
    project.table(2)
    await project.apply()
    project.sql("CREATE TABLE extra (id int)")
    drift = await drift_of(project, tell=lambda done, _: heard.append(done))
    assert (told(drift), heard) == ({"left over table public.extra"}, [1, 2])


async def test_what_was_rolled_back_or_waits_is_not_applied(project: Project) -> None:
    for number in (1, 2, 3):
        project.table(number)
    await project.apply()
    await project.roll_back()
    drift = await drift_of(project)
    assert (told(drift), drift.notes, drift.migrations) == (set(), (), 2)
    project.sql("CREATE TABLE t3 (id int PRIMARY KEY)")
    assert told(await drift_of(project)) == {"left over table public.t3"}


async def test_nothing_is_applied(project: Project) -> None:
    project.table(1)
    project.sql("CREATE TABLE old (id int)")
    drift = await drift_of(project)
    assert told(drift) == {"left over table public.old"}
    assert drift.notes == ("No migration is applied on local: all it has is only there.",)


# Files that are not what ran


async def test_edited_and_missing_files(project: Project) -> None:
    one, two, three = (project.table(number) for number in (1, 2, 3))
    await project.apply()
    (project.path / one).unlink()
    text = (project.path / two).read_text()
    (project.path / two).write_text(text.replace("id int", "id bigint"))
    cosmetic = (project.path / three).read_text()
    (project.path / three).write_text(f"-- A comment.\n{cosmetic}")
    drift = await drift_of(project)
    assert told(drift) == set()
    assert drift.notes == (
        f"{one} has no file any more: what ran is compared.",
        f"{two} was edited since: what ran is compared.",
    )
    project.sql("ALTER TABLE t2 ALTER id TYPE bigint")
    assert told(await drift_of(project)) == {"changed column public.t2.id"}


async def test_an_edit_that_was_accepted_counts(project: Project) -> None:
    one = project.table(1)
    await project.apply()
    text = (project.path / one).read_text()
    (project.path / one).write_text(text.replace("id int", "id bigint"))
    project.sql("ALTER TABLE t1 ALTER id TYPE bigint")
    project.table(2)
    events = await project.apply(allow=frozenset({State.EDITED}), reason="done by hand")
    assert ending(events).verdict == "done", ending(events).message
    drift = await drift_of(project)
    assert told(drift) == set()
    assert drift.notes == (f"{one} was edited since, and the edit was accepted: the file is compared.",)


async def test_one_that_stopped_half_way(project: Project) -> None:
    name = write(project, 1, "CREATE TABLE half (id int);\nCREATE INDEX CONCURRENTLY x ON nobody (id);")
    assert ending(await project.apply()).verdict == "failed"
    drift = await drift_of(project)
    assert told(drift) == {"left over table public.half"}
    assert f"{name} failed: the target may hold only a part of it." in drift.notes


async def test_what_does_not_run_on_scratch(project: Project) -> None:
    project.sql("CREATE TABLE made_by_hand (id int)")
    write(project, 1, "BEGIN;\nCREATE VIEW v AS\n  SELECT id FROM made_by_hand;\nCOMMIT;")
    await project.apply()
    with pytest.raises(DriftError) as raised:
        await drift_of(project)
    assert re.match(r"\S+/001_m\.sql:3:18: 001_m\.sql does not run on scratch", raised.value.message)
    assert 'ERROR 42P01: relation "made_by_hand" does not exist' in raised.value.message


async def test_cancelled(project: Project) -> None:
    write(project, 1, "BEGIN; SELECT pg_sleep(60) WHERE current_database() !~ '^test_'; COMMIT;")
    project.table(2)
    await project.apply()
    control = Control()
    finding = asyncio.create_task(
        find_drift(project.connector, project.target, project.reader.read(), ScratchPlace(), control)
    )
    await asyncio.sleep(2.0)
    await control.cancel()
    with pytest.raises(Cancelled):
        await asyncio.wait_for(finding, 20)


# Roles


@dataclass(frozen=True)
class Ground:
    """A server of its own, where a database is owned by a role that may not much."""

    server: Scratch

    def dsn(self, user: str, *, options: str = "") -> str:
        return make_conninfo(self.server.dsn("app"), user=user, options=options)

    def sql(self, text: str, *, user: str = "postgres", database: str = "app") -> list[tuple[Any, ...]]:
        dsn = self.server.dsn(database) if user == "postgres" else self.dsn(user)
        with psycopg.connect(dsn, autocommit=True) as conn:
            cursor = conn.execute(text.encode())
            return cursor.fetchall() if cursor.description else []

    def log(self) -> str:
        return (self.server.folder / "log").read_text()


@pytest.fixture
def ground(binaries: Binaries) -> Iterator[Ground]:
    with Scratch(binaries, settings={"log_statement": "all", "log_line_prefix": "<%a> "}) as running:
        ground = Ground(running)
        ground.sql(
            """
            CREATE ROLE "App-Owner" NOLOGIN;
            CREATE ROLE migrator LOGIN IN ROLE "App-Owner";
            CREATE ROLE reader LOGIN;
            CREATE ROLE web NOLOGIN;
            """,
            database="postgres",
        )
        ground.sql('CREATE DATABASE app OWNER "App-Owner"', database="postgres")
        ground.sql("ALTER ROLE migrator SET search_path TO app, public", database="postgres")
        yield ground


async def test_a_target_of_other_roles(ground: Ground, tmp_path: Path, connector: Connector) -> None:
    as_postgres = Project(tmp_path, Target("local", ground.dsn("postgres")), connector)
    write(
        as_postgres,
        1,
        """
        BEGIN;
        CREATE ROLE made_here;
        CREATE SCHEMA app AUTHORIZATION "App-Owner";
        CREATE TABLE before (id int);
        GRANT SELECT ON before TO web, made_here;
        COMMIT;
        """,
    )
    await as_postgres.apply()
    ground.sql('GRANT USAGE ON SCHEMA koonj TO "App-Owner"')
    ground.sql('GRANT SELECT, INSERT, UPDATE ON koonj.history TO "App-Owner"')
    as_migrator = Project(tmp_path, Target("local", ground.dsn("migrator"), role="App-Owner"), connector)
    write(
        as_migrator,
        2,
        """
        BEGIN;
        ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO web;
        CREATE TABLE docs (id int PRIMARY KEY, who name DEFAULT current_user);
        ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON docs TO web USING (who = current_user);
        GRANT INSERT ON docs TO web;
        CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
        REVOKE EXECUTE ON FUNCTION one() FROM PUBLIC;
        COMMIT;
        """,
    )
    end = ending(await as_migrator.apply())
    assert end.verdict == "done", end.failure
    assert ground.sql("SELECT to_regclass('app.docs') IS NOT NULL") == [(True,)], "search_path has its effect"
    assert told(await drift_of(as_migrator)) == set()
    ground.sql("ALTER TABLE app.docs OWNER TO migrator; GRANT DELETE ON app.docs TO reader")
    assert told(await drift_of(as_migrator)) == {
        "changed owner of table app.docs",
        "left over grant on table app.docs to reader",
    }


@pytest.fixture(params=["a superuser", "a role that may make databases and roles"])
def given(request: pytest.FixtureRequest, server: Scratch) -> Iterator[ScratchPlace]:
    """A server that [scratch] names."""
    if request.param == "a superuser":
        yield ScratchPlace(server.dsn())
        return
    role = f"koonj_{secrets.token_hex(4)}"
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {role} LOGIN CREATEDB CREATEROLE".encode())
        yield ScratchPlace(make_conninfo(server.dsn(), user=role))
        conn.execute(f"DROP ROLE {role}".encode())


async def test_on_a_given_server(
    ground: Ground, given: ScratchPlace, server: Scratch, tmp_path: Path, connector: Connector
) -> None:
    ground.sql('GRANT CREATE ON DATABASE app TO "App-Owner"; CREATE SCHEMA app AUTHORIZATION "App-Owner"')
    project = Project(tmp_path, Target("local", ground.dsn("migrator"), role="App-Owner"), connector)
    write(
        project,
        1,
        """
        BEGIN;
        CREATE SCHEMA IF NOT EXISTS app;
        CREATE TABLE docs (id int PRIMARY KEY);
        CREATE POLICY own ON docs TO web;
        GRANT SELECT ON docs TO web;
        COMMIT;
        """,
    )
    end = ending(await project.apply())
    assert end.verdict == "done", end.failure
    with psycopg.connect(server.dsn()) as conn:
        asked = (
            "SELECT (SELECT array_agg(rolname ORDER BY 1) FROM pg_roles), (SELECT count(*) FROM pg_database)"
        )
        before = conn.execute(asked).fetchone()
        drift = await drift_of(project, place=given)
        assert (told(drift), drift.notes) == (set(), ())
        assert conn.execute(asked).fetchone() == before, "nothing is left there"
        by_postgres = Project(tmp_path, Target("local", ground.dsn("postgres")), connector)
        by_postgres.table(2)
        assert ending(await by_postgres.apply()).verdict == "done"
        drift = await drift_of(project, place=given)
        limited = (
            "The scratch does not let koonj act as postgres: owners and default privileges are not compared."
        )
        superuser = "user=koonj_" not in str(given.dsn)
        assert (told(drift), drift.notes) == (set(), () if superuser else (limited,))
        assert conn.execute(asked).fetchone() == before


async def test_the_target_is_only_read(ground: Ground, tmp_path: Path, connector: Connector) -> None:
    project = Project(tmp_path, Target("local", ground.dsn("postgres")), connector)
    one = project.table(1)
    await project.apply()
    read_only = "-c default_transaction_read_only=on"
    project.target = Target("local", ground.dsn("reader", options=read_only))
    assert told(await drift_of(project)) == set()
    sent = re.findall(r"^<koonj drift> LOG:  (?:statement|execute \S+): \s*(\w+)", ground.log(), re.M)
    assert len(sent) > 5
    assert set(sent) <= {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SELECT", "SET", "WITH"}
    text = (project.path / one).read_text()
    (project.path / one).write_text(text.replace("id int", "id bigint"))
    drift = await drift_of(project)
    assert told(drift) == {"changed column public.t1.id"}
    assert drift.notes == (
        f"{one} was edited since, and what ran cannot be read here: the file is compared.",
    )
    (project.path / one).unlink()
    with pytest.raises(DriftError, match=f"{one} has no file any more, and what ran cannot be read"):
        await drift_of(project)
