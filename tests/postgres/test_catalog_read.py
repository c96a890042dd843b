"""Reading a catalog: required rights, unchanged sessions, omitted objects."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import AsyncConnection, pq
from psycopg.rows import dict_row

from koonj.postgres.catalog.catalog import Catalog, ObjectName
from koonj.postgres.catalog.compare import compare, top_level
from koonj.postgres.catalog.difference_wording import describe
from koonj.postgres.catalog.read import read_catalog
from koonj.postgres.catalog.versions import as_anyone_sees, comparable
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.queries import query

SCHEMA = """
CREATE TABLE public.documents (
    id bigint PRIMARY KEY, gone integer, status character varying(50) DEFAULT 'active' NOT NULL, title text);
ALTER TABLE public.documents DROP COLUMN gone;
CREATE INDEX documents_status_idx ON public.documents (status);
CREATE VIEW public.active AS SELECT id FROM public.documents WHERE status = 'active';
"""


@pytest.fixture
async def conn(database: str) -> AsyncIterator[AsyncConnection]:
    async with await AsyncConnection.connect(database, autocommit=True) as connection:
        await connection.execute(SCHEMA)
        yield connection


def definition(catalog: Catalog, kind: str, identity: str) -> str:
    return catalog.objects[ObjectName(kind, identity)].definition


async def settings(conn: AsyncConnection) -> list[tuple[str, str]]:
    cursor = await conn.execute("SELECT name, setting FROM pg_catalog.pg_settings ORDER BY 1")
    return [tuple(row) for row in await cursor.fetchall()]


async def value(conn: AsyncConnection, statement: str) -> object:
    row = await (await conn.execute(statement.encode())).fetchone()
    assert row is not None
    return row[0]


async def test_definitions_are_readable_ddl(conn: AsyncConnection) -> None:
    catalog = await read_catalog(conn)
    assert definition(catalog, "table", "public.documents") == "CREATE TABLE public.documents"
    column = "status character varying(50) DEFAULT 'active'::character varying NOT NULL"
    assert definition(catalog, "column", "public.documents.status") == column
    index = "CREATE INDEX documents_status_idx ON public.documents USING btree (status)"
    assert definition(catalog, "index", "public.documents_status_idx") == index
    key = "CONSTRAINT documents_pkey PRIMARY KEY (id)"
    assert definition(catalog, "constraint", "public.documents.documents_pkey") == key
    assert catalog.major == conn.info.server_version // 10000


async def test_a_grant_on_the_schema_public_is_to_public_and_is_compared_with_the_same_version(
    conn: AsyncConnection,
) -> None:
    grant = ObjectName("grant", "on schema public to PUBLIC")
    await conn.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    before = await read_catalog(conn)
    assert grant not in before.objects
    await conn.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    after = await read_catalog(conn)
    assert after.objects[grant].definition == "GRANT ALL"
    assert [each.identity for each in compare(before, after)] == [grant.identity]
    for major, other in ((14, 18), (18, 14)):
        there = comparable(Catalog(major, after.objects), other).objects
        assert grant not in there, "before PostgreSQL 15, it is there in each new database"
    for major in (14, 18):
        assert grant in comparable(Catalog(major, after.objects), major).objects


async def test_positions_do_not_count_dropped_columns(conn: AsyncConnection) -> None:
    objects = (await read_catalog(conn)).objects
    table = ObjectName("table", "public.documents")
    columns = {name.identity: value for name, value in objects.items() if name.kind == "column"}
    assert {name: value.position for name, value in columns.items()} == {
        "public.documents.id": 1,
        "public.documents.status": 2,
        "public.documents.title": 3,
    }
    assert {value.parent for value in columns.values()} == {table}


async def test_settings_of_the_session_stay_unchanged(conn: AsyncConnection) -> None:
    await conn.execute("SET search_path TO public; SET jit TO on; SET TimeZone TO 'Asia/Kolkata'")
    before = await settings(conn)
    await read_catalog(conn)
    assert await settings(conn) == before
    assert conn.autocommit
    assert conn.info.transaction_status == pq.TransactionStatus.IDLE


async def test_open_transaction_stays_usable(conn: AsyncConnection) -> None:
    before = await read_catalog(conn)
    async with conn.transaction(force_rollback=True):
        await conn.execute("SET LOCAL search_path TO public; DROP INDEX documents_status_idx")
        held = "SELECT count(*) FROM pg_catalog.pg_locks WHERE pid = pg_catalog.pg_backend_pid()"
        inside = await settings(conn)
        locks = await value(conn, held)
        differences = compare(before, await read_catalog(conn))
        assert await value(conn, held) == locks
        assert await settings(conn) == inside
        await conn.execute("INSERT INTO documents VALUES (1)")
    assert [(each.identity, each.what) for each in differences] == [
        ("public.documents_status_idx", "missing")
    ]


async def test_catalog_is_read_without_autocommit_and_with_another_row_factory(
    database: str, conn: AsyncConnection
) -> None:
    async with await AsyncConnection.connect(database, row_factory=dict_row) as other:
        await other.set_read_only(True)
        assert compare(await read_catalog(conn), await read_catalog(other)) == ()
        assert other.info.transaction_status == pq.TransactionStatus.IDLE


async def test_role_without_rights_reads_the_same_catalog(
    conn: AsyncConnection, server: TemporaryServer
) -> None:
    await conn.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    await conn.execute("CREATE PUBLICATION p FOR ALL TABLES")
    before = await read_catalog(conn)
    role = f"reader_{conn.info.backend_pid}"
    await conn.execute(f"CREATE ROLE {role} LOGIN".encode())
    try:
        async with await AsyncConnection.connect(
            server.dsn(conn.info.dbname), user=role, autocommit=True
        ) as other:
            await other.execute("SET default_transaction_read_only TO on")
            assert compare(before, await read_catalog(other)) == ()
    finally:
        await conn.execute(f"DROP ROLE {role}".encode())


async def test_schema_koonj_is_omitted(conn: AsyncConnection) -> None:
    before = await read_catalog(conn)
    await conn.execute(query("create_schema").encode())
    await conn.execute(query("create_history").encode())
    await conn.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA koonj GRANT SELECT ON TABLES TO PUBLIC")
    assert compare(before, await read_catalog(conn)) == ()


async def test_temporary_table_does_not_hide_a_catalog_table(conn: AsyncConnection) -> None:
    before = await read_catalog(conn)
    await conn.execute("CREATE TEMPORARY TABLE pg_class (oid oid); CREATE TEMPORARY TABLE documents (id int)")
    assert compare(before, await read_catalog(conn)) == ()


async def test_passwords_are_not_in_definitions(conn: AsyncConnection) -> None:
    await conn.execute(
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
        "CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (user 'me', password 's3cret')"
    )
    await conn.execute(
        "CREATE SUBSCRIPTION sub CONNECTION 'host=x password=s3cret' PUBLICATION p"
        " WITH (connect = false, slot_name = NONE)"
    )
    before = await read_catalog(conn)
    assert {each.kind for each in compare(before, as_anyone_sees(before))} == {
        "subscription",
        "owner",
        "user mapping",
    }
    assert not any("s3cret" in each.definition for each in before.objects.values())
    await conn.execute("ALTER USER MAPPING FOR PUBLIC SERVER s OPTIONS (SET password 's3cret2')")
    await conn.execute("ALTER SUBSCRIPTION sub CONNECTION 'host=x password=s3cret2'")
    changed = {each.kind for each in compare(before, await read_catalog(conn))}
    await conn.execute("DROP SUBSCRIPTION sub")
    assert changed == {"user mapping", "subscription"}


async def test_dependency_on_an_extension_is_described_and_belongs_to_its_object(
    conn: AsyncConnection,
) -> None:
    before = await read_catalog(conn)
    await conn.execute("CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
    await conn.execute("ALTER FUNCTION public.f() DEPENDS ON EXTENSION plpgsql")
    await conn.execute("ALTER INDEX public.documents_status_idx DEPENDS ON EXTENSION plpgsql")
    after = await read_catalog(conn)
    assert [describe(each) for each in top_level(compare(before, after))] == [
        "dependency of index public.documents_status_idx on extension plpgsql is not removed",
        "function public.f() is not removed",
    ]


async def test_notes_on_the_index_of_a_constraint_belong_to_the_constraint(conn: AsyncConnection) -> None:
    await conn.execute("COMMENT ON INDEX public.documents_pkey IS 'x'")
    await conn.execute("ALTER INDEX public.documents_pkey DEPENDS ON EXTENSION plpgsql")
    before = await read_catalog(conn)
    await conn.execute("DROP VIEW public.active; DROP TABLE public.documents")
    gone = [describe(each) for each in top_level(compare(before, await read_catalog(conn)))]
    assert gone == ["table public.documents is missing", "view public.active is missing"]


async def test_catalog_is_read_when_other_sessions_drop_and_create_objects(
    conn: AsyncConnection, database: str
) -> None:
    before = await read_catalog(conn)
    done = asyncio.Event()

    async def churn() -> int:
        rounds = 0
        async with await AsyncConnection.connect(database, autocommit=True) as other:
            while not done.is_set():
                await other.execute(
                    "CREATE TABLE x (id serial PRIMARY KEY, a text CHECK (a <> '')); CREATE VIEW xv AS TABLE x;"
                    "CREATE FUNCTION xf() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE INDEX xi ON x (a)"
                )
                await other.execute("DROP VIEW xv; DROP TABLE x; DROP FUNCTION xf()")
                rounds += 1
        return rounds

    churning = asyncio.create_task(churn())
    for _ in range(40):
        await read_catalog(conn)
    done.set()
    assert await churning > 5
    assert compare(before, await read_catalog(conn)) == ()


async def test_read_fails_when_a_lock_times_out(conn: AsyncConnection, database: str) -> None:
    await conn.execute("SET lock_timeout TO '50ms'")
    async with await AsyncConnection.connect(database) as other:
        await other.execute("LOCK TABLE public.documents")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            await read_catalog(conn)
        await other.rollback()
    await read_catalog(conn)


async def test_catalogs_are_equal_for_two_databases_with_the_same_migrations(
    make_database: Callable[[], str], conn: AsyncConnection
) -> None:
    await conn.execute("ALTER TABLE public.documents ADD COLUMN extra text; DROP INDEX documents_status_idx")
    await conn.execute("ALTER TABLE public.documents DROP COLUMN extra")
    await conn.execute("CREATE INDEX documents_status_idx ON public.documents (status)")
    await conn.execute("INSERT INTO public.documents VALUES (1); ANALYZE; REINDEX TABLE public.documents")
    async with await AsyncConnection.connect(make_database(), autocommit=True) as other:
        await other.execute("CREATE TABLE public.first ()")  # so that all oids differ
        await other.execute(SCHEMA)
        await other.execute("DROP TABLE public.first")
        assert compare(await read_catalog(conn), await read_catalog(other)) == ()


def test_every_query_file_starts_with_a_comment() -> None:
    folder = Path(__file__).parents[2] / "src/koonj/postgres/queries/catalog"
    names = sorted(path.stem for path in folder.glob("*.sql"))
    assert len(names) > 25
    assert all(query(f"catalog/{name}").startswith("-- ") for name in names)
