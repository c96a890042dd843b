"""Drift of a real target: found where there is some, and only there."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from koonj.config import ScratchPlace, Target
from koonj.migrations.state_rules import State
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import Binaries, discover
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.drift import DriftError, find_drift
from koonj.runner.run.run import Cancelled, Control
from support.drift import drift_of, told, write
from support.project import Project, ending

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parents[2] / "database" / "migrations"


# No drift


def _majors() -> list[Binaries]:
    return list({binaries.major: binaries for binaries in discover()}.values())


@pytest.mark.parametrize("programs", _majors(), ids=lambda programs: str(programs.major))
async def test_the_sample_has_none(programs: Binaries, connector: Connector) -> None:
    with TemporaryServer(programs) as target_server:
        project = Project(SAMPLE, Target("local", target_server.dsn()), connector)
        assert ending(await project.apply()).result == "done"
        drift = await drift_of(project)
        assert (drift.differences, drift.notes, drift.migrations) == ((), (), 15)
        assert drift.objects > 300
        for other in _majors():
            if other.major != programs.major:
                drift = await drift_of(project, major=other.major)
                assert drift.differences == ()
                assert (
                    f"PostgreSQL {programs.major}, the scratch server runs PostgreSQL {other.major}"
                    in drift.notes[0]
                )


async def test_the_order_of_applying_counts(project: Project) -> None:
    write(project, 1, "BEGIN; CREATE TABLE t (a int); COMMIT;")
    write(project, 3, "BEGIN; ALTER TABLE t ADD c int; COMMIT;")
    await project.apply()
    write(project, 2, "BEGIN; ALTER TABLE t ADD b int; COMMIT;")
    events = await project.apply(allow=frozenset({State.LATE}), reason="a test")
    assert ending(events).result == "done", ending(events).message
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
    drift = await drift_of(project, on_progress=lambda done, _: heard.append(done))
    project.table(2)
    await project.apply()
    project.sql("CREATE TABLE extra (id int)")
    drift = await drift_of(project, on_progress=lambda done, _: heard.append(done))
    assert (told(drift), heard) == ({"not removed table public.extra"}, [1, 2])


async def test_what_was_rolled_back_or_waits_is_not_applied(project: Project) -> None:
    for number in (1, 2, 3):
        project.table(number)
    await project.apply()
    await project.roll_back()
    drift = await drift_of(project)
    assert (told(drift), drift.notes, drift.migrations) == (set(), (), 2)
    project.sql("CREATE TABLE t3 (id int PRIMARY KEY)")
    assert told(await drift_of(project)) == {"not removed table public.t3"}


async def test_nothing_is_applied(project: Project) -> None:
    project.table(1)
    project.sql("CREATE TABLE old (id int)")
    drift = await drift_of(project)
    assert told(drift) == {"not removed table public.old"}
    assert drift.notes == ("No migration is applied on local, so everything in it counts as drift.",)


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
        f"{one} has no file; koonj compares the recorded text.",
        f"{two} was edited after it ran; koonj compares the recorded text.",
    )
    project.sql("ALTER TABLE t2 ALTER id TYPE bigint")
    assert told(await drift_of(project)) == {"changed column public.t2.id"}


async def test_an_edit_that_was_allowed_counts(project: Project) -> None:
    one = project.table(1)
    await project.apply()
    text = (project.path / one).read_text()
    (project.path / one).write_text(text.replace("id int", "id bigint"))
    project.sql("ALTER TABLE t1 ALTER id TYPE bigint")
    project.table(2)
    events = await project.apply(allow=frozenset({State.EDITED}), reason="done by hand")
    assert ending(events).result == "done", ending(events).message
    drift = await drift_of(project)
    assert told(drift) == set()
    assert drift.notes == (
        f"{one} was edited after it ran, and the edit was allowed; koonj compares the file.",
    )


async def test_one_that_stopped_half_way(project: Project) -> None:
    name = write(project, 1, "CREATE TABLE half (id int);\nCREATE INDEX CONCURRENTLY x ON nobody (id);")
    assert ending(await project.apply()).result == "failed"
    drift = await drift_of(project)
    assert told(drift) == {"not removed table public.half"}
    assert f"{name} failed, so the target might contain only a part of it." in drift.notes


async def test_what_does_not_run_on_scratch(project: Project) -> None:
    project.sql("CREATE TABLE made_by_hand (id int)")
    write(project, 1, "BEGIN;\nCREATE VIEW v AS\n  SELECT id FROM made_by_hand;\nCOMMIT;")
    await project.apply()
    with pytest.raises(DriftError) as raised:
        await drift_of(project)
    assert re.match(r"\S+/001_m\.sql:3:18: 001_m\.sql fails on the scratch server", raised.value.message)
    assert 'ERROR 42P01: relation "made_by_hand" does not exist' in raised.value.message


async def test_cancelled(project: Project) -> None:
    write(project, 1, "BEGIN; SELECT pg_sleep(60) WHERE current_setting('wal_level') = 'logical'; COMMIT;")
    project.table(2)
    await project.apply()
    control = Control()
    finding = asyncio.create_task(
        find_drift(project.connector, project.target, project.reader.read(), ScratchPlace(), control)
    )
    await asyncio.sleep(1.0)
    await control.cancel()
    with pytest.raises(Cancelled):
        await asyncio.wait_for(finding, 50)


# Roles


@dataclass(frozen=True)
class Ground:
    """A server of its own, where a database is owned by a role that may not much."""

    server: TemporaryServer

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
    with TemporaryServer(binaries, settings={"log_statement": "all", "log_line_prefix": "<%a> "}) as running:
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
    assert end.result == "done", end.failure
    assert ground.sql("SELECT to_regclass('app.docs') IS NOT NULL") == [(True,)], "search_path has its effect"
    assert told(await drift_of(as_migrator)) == set()
    ground.sql("ALTER TABLE app.docs OWNER TO migrator; GRANT DELETE ON app.docs TO reader")
    assert told(await drift_of(as_migrator)) == {
        "changed owner of table app.docs",
        "not removed grant on table app.docs to reader",
    }


@pytest.fixture(params=["a superuser", "a role that may make databases and roles"])
def given(request: pytest.FixtureRequest, server: TemporaryServer) -> Iterator[ScratchPlace]:
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
    ground: Ground, given: ScratchPlace, server: TemporaryServer, tmp_path: Path, connector: Connector
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
    assert end.result == "done", end.failure
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
        assert ending(await by_postgres.apply()).result == "done"
        drift = await drift_of(project, place=given)
        limited = "The scratch server does not let koonj act as postgres, so owners and default privileges are not compared."
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
        f"{one} was edited after it ran, and its recorded text cannot be read here; koonj compares the file.",
    )
    (project.path / one).unlink()
    with pytest.raises(DriftError, match=f"{one} has no file, and its recorded text cannot be read"):
        await drift_of(project)
