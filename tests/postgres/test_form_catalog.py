"""The names of a real catalog, as a form reads them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import psycopg
import pytest

from koonj.config import Target
from koonj.patterns.catalog_snapshot import CatalogSnapshot
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.form_catalog import one_line, read_form_catalog

Read = Callable[[], Awaitable[CatalogSnapshot]]

SCHEMA = r"""
CREATE SCHEMA "A b";
CREATE TYPE "A b".mood AS ENUM ('sad', 'a, b', 'it''s');
CREATE TABLE users (id int PRIMARY KEY, email varchar(50) NOT NULL, "Mixed Case" "A b".mood);
COMMENT ON TABLE users IS 'Who may log in';
CREATE UNIQUE INDEX users_email_idx ON users (lower(email)) WHERE id > 0;
CREATE TABLE "A b"." USING x" (a int CHECK (a > 0), b int REFERENCES users);
CREATE INDEX "odd "" USING y" ON "A b"." USING x" (a, b DESC);
ALTER TABLE "A b"." USING x" ADD CONSTRAINT late CHECK (b > 1) NOT VALID;
CREATE TABLE events (at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX events_at_idx ON events (at);
CREATE VIEW adults AS SELECT id, email AS "e  mail" FROM users
    WHERE email <> 'a  ; b';
CREATE VIEW broken_line AS SELECT E'a\nb' AS x;
CREATE MATERIALIZED VIEW counts AS SELECT count(*) FROM users;
CREATE SEQUENCE numbers;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own ON users USING (true);
INSERT INTO users SELECT n, 'x' || n FROM generate_series(1, 1000) AS n;
INSERT INTO events SELECT '2026-02-01' FROM generate_series(1, 10);
ANALYZE users; ANALYZE events_2026;
"""


@pytest.fixture
def read(database: str) -> Read:
    async def now() -> CatalogSnapshot:
        connector = Connector(keep=60)
        try:
            return await read_form_catalog(connector, Target("local", database))
        finally:
            await connector.close()

    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(SCHEMA)
    return now


async def test_everything_that_a_form_needs_is_read(read: Read) -> None:
    found = await read()
    assert found.schemas == ("A b", "public")
    assert found.search_path == ("public",)
    assert not found.is_cut
    users = found.relation(None, "users")
    assert users is not None
    assert users.kind == "table"
    assert users.rows == 1000
    assert (users.size or 0) > 1000
    assert users.comment == "Who may log in"
    columns = [(one.name, one.type, one.not_null) for one in users.columns]
    assert columns == [
        ("id", "integer", True),
        ("email", "character varying(50)", True),
        ("Mixed Case", '"A b".mood', False),
    ]
    kinds = {one.name: one.kind for one in found.relations}
    assert kinds["events"] == "partitioned table"
    assert kinds["counts"] == "materialized view"
    assert kinds["numbers"] == "sequence"
    events = found.relation("public", "events")
    assert events is not None
    assert events.rows == 10
    assert [part.name for part in found.parts_of(events)] == ["events_2026"]
    assert {one.name for one in found.objects_of(users, "trigger")} == {"touched"}
    assert {one.name for one in found.objects_of(users, "policy")} == {"own"}
    assert ("function", "touch") in {(one.thing, one.name) for one in found.schema_objects}
    assert found.extensions["plpgsql"] is True
    assert "pg_read_all_data" not in found.roles


async def test_definitions_are_what_follows_the_name(read: Read) -> None:
    found = await read()
    indexes = {one.name: one for one in found.indexes}
    assert indexes["users_email_idx"].definition == "USING btree (lower((email)::text)) WHERE (id > 0)"
    assert indexes["users_email_idx"].unique
    assert not indexes["users_email_idx"].whole
    assert indexes["users_email_idx"].columns == ()
    assert indexes["users_pkey"].whole
    assert indexes["users_pkey"].columns == ("id",)
    assert indexes['odd " USING y'].definition == "USING btree (a, b DESC)"
    assert indexes['odd " USING y'].columns == ("a", "b")
    assert indexes["events_at_idx"].definition == "USING btree (at)"
    constraints = {one.name: one.definition for one in found.table_objects if one.thing == "constraint"}
    assert constraints["late"] == "CHECK ((b > 1))"
    assert constraints[" USING x_b_fkey"] == "FOREIGN KEY (b) REFERENCES public.users(id)"
    adults = found.relation(None, "adults")
    assert adults is not None
    assert adults.definition == (
        "SELECT id, email AS \"e  mail\" FROM public.users WHERE ((email)::text <> 'a  ; b'::text)"
    )
    broken = found.relation(None, "broken_line")
    assert broken is not None
    assert broken.definition is None, "a string with a line end cannot be in one line"
    [mood] = [one for one in found.schema_objects if one.name == "mood"]
    assert mood.labels == ("sad", "a, b", "it's")


async def test_locked_tables_hold_up_nothing_but_the_queries_of_views(read: Read, database: str) -> None:
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE users, events IN ACCESS EXCLUSIVE MODE")
        found = await read()
    assert found.relation(None, "users") is not None
    adults = found.relation(None, "adults")
    assert adults is not None
    assert adults.definition is None


async def test_role_without_any_grant_reads_the_names(database: str, read: Read) -> None:
    found = await read()
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM public")
        role = f"names_{conn.info.backend_pid}"
        conn.execute(f"CREATE ROLE {role}")
        connector = Connector()
        try:
            seen = await read_form_catalog(connector, Target("local", database, role=role))
        finally:
            await connector.close()
            conn.execute(f"DROP ROLE {role}")
    assert seen.relations == found.relations


async def test_target_that_cannot_be_reached_is_an_error() -> None:
    target = Target("none", "host=127.0.0.1 port=1 dbname=none connect_timeout=2")
    with pytest.raises(ConnectError):
        await read_form_catalog(Connector(), target)


def test_query_of_a_view_is_one_line() -> None:
    assert one_line(" SELECT 1,\n    2\n   FROM t;") == "SELECT 1, 2 FROM t"
    assert one_line("SELECT 'a;\nb';") is None
    assert one_line('SELECT "a  b"\n FROM t;') == 'SELECT "a  b" FROM t'
    assert one_line("SELECT " + "x" * 5000) is None
