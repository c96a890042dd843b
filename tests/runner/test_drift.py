"""Test that drift of a real target is found, and nothing else is reported."""

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
from support.drift import differences_of, drift_of, write
from support.project import Project, run_finished

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parents[2] / "database" / "migrations"


# No drift


def _majors() -> list[Binaries]:
    return list({binaries.major: binaries for binaries in discover()}.values())


@pytest.mark.parametrize("installed", _majors(), ids=lambda installed: str(installed.major))
async def test_sample_has_no_drift_on_any_version(installed: Binaries, connector: Connector) -> None:
    with TemporaryServer(installed) as target_server:
        project = Project(SAMPLE, Target("local", target_server.dsn()), connector)
        assert run_finished(await project.apply()).result == "done"
        drift = await drift_of(project)
        assert (drift.differences, drift.notes, drift.migrations) == ((), (), 15)
        assert drift.objects > 300
        for other in _majors():
            if other.major != installed.major:
                drift = await drift_of(project, major=other.major)
                assert drift.differences == ()
                assert (
                    f"PostgreSQL {installed.major}, the scratch server runs PostgreSQL {other.major}"
                    in drift.notes[0]
                )


async def test_migrations_are_replayed_in_the_order_of_applying(project: Project) -> None:
    write(project, 1, "BEGIN; CREATE TABLE t (a int); COMMIT;")
    write(project, 3, "BEGIN; ALTER TABLE t ADD c int; COMMIT;")
    await project.apply()
    write(project, 2, "BEGIN; ALTER TABLE t ADD b int; COMMIT;")
    events = await project.apply(allow=frozenset({State.LATE}), reason="a test")
    assert run_finished(events).result == "done", run_finished(events).message
    assert differences_of(await drift_of(project)) == set()


async def test_migrations_are_replayed_with_the_settings_of_the_target(project: Project) -> None:
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
    assert differences_of(await drift_of(project)) == set()


async def test_second_comparison_replays_only_new_migrations(project: Project) -> None:
    one = f"slow_{secrets.token_hex(4)}"
    write(project, 1, f"BEGIN; CREATE TABLE {one} (id int); SELECT pg_sleep(0.35); COMMIT;")
    await project.apply()
    progress: list[int] = []
    drift = await drift_of(project, on_progress=lambda done, _: progress.append(done))
    project.table(2)
    await project.apply()
    project.sql("CREATE TABLE extra (id int)")
    drift = await drift_of(project, on_progress=lambda done, _: progress.append(done))
    assert (differences_of(drift), progress) == ({"not removed table public.extra"}, [1, 2])


async def test_rolled_back_and_pending_migrations_are_not_replayed(project: Project) -> None:
    for number in (1, 2, 3):
        project.table(number)
    await project.apply()
    await project.roll_back()
    drift = await drift_of(project)
    assert (differences_of(drift), drift.notes, drift.migrations) == (set(), (), 2)
    project.sql("CREATE TABLE t3 (id int PRIMARY KEY)")
    assert differences_of(await drift_of(project)) == {"not removed table public.t3"}


async def test_everything_is_drift_when_no_migration_is_applied(project: Project) -> None:
    project.table(1)
    project.sql("CREATE TABLE old (id int)")
    drift = await drift_of(project)
    assert differences_of(drift) == {"not removed table public.old"}
    assert drift.notes == ("No migration is applied on local, so everything in it counts as drift.",)


# Files that differ from what ran


async def test_recorded_text_is_replayed_when_the_file_is_edited_or_missing(project: Project) -> None:
    one, two, three = (project.table(number) for number in (1, 2, 3))
    await project.apply()
    (project.path / one).unlink()
    text = (project.path / two).read_text()
    (project.path / two).write_text(text.replace("id int", "id bigint"))
    cosmetic = (project.path / three).read_text()
    (project.path / three).write_text(f"-- A comment.\n{cosmetic}")
    drift = await drift_of(project)
    assert differences_of(drift) == set()
    assert drift.notes == (
        f"{one} has no file; koonj compares the recorded text.",
        f"{two} was edited after it ran; koonj compares the recorded text.",
    )
    project.sql("ALTER TABLE t2 ALTER id TYPE bigint")
    assert differences_of(await drift_of(project)) == {"changed column public.t2.id"}


async def test_file_is_replayed_when_its_edit_was_allowed(project: Project) -> None:
    one = project.table(1)
    await project.apply()
    text = (project.path / one).read_text()
    (project.path / one).write_text(text.replace("id int", "id bigint"))
    project.sql("ALTER TABLE t1 ALTER id TYPE bigint")
    project.table(2)
    events = await project.apply(allow=frozenset({State.EDITED}), reason="done by hand")
    assert run_finished(events).result == "done", run_finished(events).message
    drift = await drift_of(project)
    assert differences_of(drift) == set()
    assert drift.notes == (
        f"{one} was edited after it ran, and the edit was allowed; koonj compares the file.",
    )


@pytest.mark.parametrize(("was", "now"), [(b"\r\n", b"\n"), (b"\n", b"\r\n")])
async def test_changed_line_ends_of_a_function_are_no_drift(project: Project, was: bytes, now: bytes) -> None:
    text = b"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\nSELECT 1\n$$;\n-- Rollback: none: a test\n"
    file = project.path / "001_m.sql"
    file.write_bytes(text.replace(b"\n", was))
    await project.apply()
    file.write_bytes(text.replace(b"\n", now))
    found = await drift_of(project)
    assert (differences_of(found), found.notes) == (set(), ())


async def test_partly_applied_migration_is_drift_with_a_note(project: Project) -> None:
    name = write(project, 1, "CREATE TABLE half (id int);\nCREATE INDEX CONCURRENTLY x ON nobody (id);")
    assert run_finished(await project.apply()).result == "failed"
    drift = await drift_of(project)
    assert differences_of(drift) == {"not removed table public.half"}
    assert f"{name} failed, so the target might contain only a part of it." in drift.notes


async def test_comparison_fails_when_a_migration_fails_on_the_scratch_server(project: Project) -> None:
    project.sql("CREATE TABLE made_by_hand (id int)")
    write(project, 1, "BEGIN;\nCREATE VIEW v AS\n  SELECT id FROM made_by_hand;\nCOMMIT;")
    await project.apply()
    with pytest.raises(DriftError) as raised:
        await drift_of(project)
    assert re.match(r"\S+/001_m\.sql:3:18: 001_m\.sql fails on the scratch server", raised.value.message)
    assert 'ERROR 42P01: relation "made_by_hand" does not exist' in raised.value.message


async def test_cancel_stops_the_replay(project: Project) -> None:
    write(project, 1, "BEGIN; SELECT pg_sleep(60) WHERE current_setting('wal_level') = 'logical'; COMMIT;")
    project.table(2)
    await project.apply()
    control = Control()
    task = asyncio.create_task(
        find_drift(project.connector, project.target, project.reader.read(), ScratchPlace(), control)
    )
    await asyncio.sleep(1.0)
    await control.cancel()
    with pytest.raises(Cancelled):
        await asyncio.wait_for(task, 50)


# Roles


@dataclass(frozen=True)
class SeparateServer:
    """A separate server whose database belongs to a role with few rights."""

    server: TemporaryServer

    def dsn(self, user: str, *, options: str = "") -> str:
        return make_conninfo(self.server.dsn("app"), user=user, options=options)

    def sql(self, text: str, *, user: str = "postgres", database: str = "app") -> list[tuple[Any, ...]]:
        dsn = self.server.dsn(database) if user == "postgres" else self.dsn(user)
        with psycopg.connect(dsn, autocommit=True) as conn:
            cursor = conn.execute(text.encode())
            return cursor.fetchall() if cursor.description is not None else []

    def log(self) -> str:
        return (self.server.folder / "log").read_text()


@pytest.fixture
def separate_server(binaries: Binaries) -> Iterator[SeparateServer]:
    with TemporaryServer(binaries, settings={"log_statement": "all", "log_line_prefix": "<%a> "}) as running:
        separate_server = SeparateServer(running)
        separate_server.sql(
            """
            CREATE ROLE "App-Owner" NOLOGIN;
            CREATE ROLE migrator LOGIN IN ROLE "App-Owner";
            CREATE ROLE reader LOGIN;
            CREATE ROLE web NOLOGIN;
            """,
            database="postgres",
        )
        separate_server.sql('CREATE DATABASE app OWNER "App-Owner"', database="postgres")
        separate_server.sql("ALTER ROLE migrator SET search_path TO app, public", database="postgres")
        yield separate_server


async def test_replay_uses_the_roles_of_the_target(
    separate_server: SeparateServer, tmp_path: Path, connector: Connector
) -> None:
    as_postgres = Project(tmp_path, Target("local", separate_server.dsn("postgres")), connector)
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
    separate_server.sql('GRANT USAGE ON SCHEMA koonj TO "App-Owner"')
    separate_server.sql('GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA koonj TO "App-Owner"')
    as_migrator = Project(
        tmp_path, Target("local", separate_server.dsn("migrator"), role="App-Owner"), connector
    )
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
    end = run_finished(await as_migrator.apply())
    assert end.result == "done", end.failure
    assert separate_server.sql("SELECT to_regclass('app.docs') IS NOT NULL") == [(True,)], (
        "search_path has its effect"
    )
    assert differences_of(await drift_of(as_migrator)) == set()
    separate_server.sql("ALTER TABLE app.docs OWNER TO migrator; GRANT DELETE ON app.docs TO reader")
    assert differences_of(await drift_of(as_migrator)) == {
        "changed owner of table app.docs",
        "not removed grant on table app.docs to reader",
    }


@pytest.fixture(params=["a superuser", "a role that may create databases and roles"])
def configured_scratch(request: pytest.FixtureRequest, server: TemporaryServer) -> Iterator[ScratchPlace]:
    """A scratch server as configured with [scratch] dsn."""
    if request.param == "a superuser":
        yield ScratchPlace(server.dsn())
        return
    role = f"koonj_{secrets.token_hex(4)}"
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {role} LOGIN CREATEDB CREATEROLE".encode())
        yield ScratchPlace(make_conninfo(server.dsn(), user=role))
        conn.execute(f"DROP ROLE {role}".encode())


async def test_configured_scratch_server_is_left_unchanged(
    separate_server: SeparateServer,
    configured_scratch: ScratchPlace,
    server: TemporaryServer,
    tmp_path: Path,
    connector: Connector,
) -> None:
    separate_server.sql(
        'GRANT CREATE ON DATABASE app TO "App-Owner"; CREATE SCHEMA app AUTHORIZATION "App-Owner"'
    )
    project = Project(tmp_path, Target("local", separate_server.dsn("migrator"), role="App-Owner"), connector)
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
    end = run_finished(await project.apply())
    assert end.result == "done", end.failure
    with psycopg.connect(server.dsn()) as conn:
        query = (
            "SELECT (SELECT array_agg(rolname ORDER BY 1) FROM pg_roles), (SELECT count(*) FROM pg_database)"
        )
        before = conn.execute(query).fetchone()
        drift = await drift_of(project, place=configured_scratch)
        assert (differences_of(drift), drift.notes) == (set(), ())
        assert conn.execute(query).fetchone() == before, "no role and no database remains there"
        by_postgres = Project(tmp_path, Target("local", separate_server.dsn("postgres")), connector)
        by_postgres.table(2)
        assert run_finished(await by_postgres.apply()).result == "done"
        drift = await drift_of(project, place=configured_scratch)
        note = "The scratch server does not let koonj act as postgres, so owners and default privileges are not compared."
        superuser = "user=koonj_" not in str(configured_scratch.dsn)
        assert (differences_of(drift), drift.notes) == (set(), () if superuser else (note,))
        assert conn.execute(query).fetchone() == before


async def test_target_is_only_read(
    separate_server: SeparateServer, tmp_path: Path, connector: Connector
) -> None:
    project = Project(tmp_path, Target("local", separate_server.dsn("postgres")), connector)
    one = project.table(1)
    await project.apply()
    read_only = "-c default_transaction_read_only=on"
    project.target = Target("local", separate_server.dsn("reader", options=read_only))
    assert differences_of(await drift_of(project)) == set()
    verbs = re.findall(
        r"^<koonj drift> LOG:  (?:statement|execute \S+): \s*(\w+)", separate_server.log(), re.M
    )
    assert len(verbs) > 5
    assert set(verbs) <= {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SELECT", "SET", "WITH"}
    text = (project.path / one).read_text()
    (project.path / one).write_text(text.replace("id int", "id bigint"))
    drift = await drift_of(project)
    assert differences_of(drift) == {"changed column public.t1.id"}
    assert drift.notes == (
        f"{one} was edited after it ran, and its recorded text cannot be read here; koonj compares the file.",
    )
    (project.path / one).unlink()
    with pytest.raises(DriftError, match=f"{one} has no file, and its recorded text cannot be read"):
        await drift_of(project)
