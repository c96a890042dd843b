"""What a target says of its relations: sizes, rows, who holds locks; and that asking never waits."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping

import psycopg
import pytest
from psycopg import AsyncConnection, sql

from koonj.postgres.activity import RelationFacts, relation_facts


async def _connect(dsn: str, **more: str) -> AsyncConnection:
    return await AsyncConnection.connect(dsn, autocommit=True, **more)  # type: ignore[arg-type]


@pytest.fixture
async def conn(database: str) -> AsyncIterator[AsyncConnection]:
    async with await _connect(database) as conn:
        yield conn


async def _one(conn: AsyncConnection, name: str) -> RelationFacts:
    return (await relation_facts(conn, [name]))[name]


async def _number(conn: AsyncConnection, query: str) -> int:
    row = await (await conn.execute(query.encode())).fetchone()
    assert row is not None
    return int(row[0])


async def test_names_are_found_as_they_are_written(conn: AsyncConnection) -> None:
    await conn.execute(
        'CREATE SCHEMA "Odd""S"; CREATE TABLE "Odd""S"."a.b c" (a int); CREATE TABLE "user" (a int); '
        "CREATE SEQUENCE s; CREATE VIEW v AS SELECT 1 AS x; CREATE MATERIALIZED VIEW m AS SELECT 1 AS x; "
        "CREATE INDEX i ON m (x)"
    )
    names = {
        '"Odd""S"."a.b c"': "table",
        'public."user"': "table",
        "public.s": "sequence",
        "public.v": "view",
        "public.m": "materialized view",
        "public.i": "index",
    }
    asked = [*names, "public.nothing", "nowhere.user", "public.user"]
    found = await relation_facts(conn, asked)
    assert {name: facts.kind for name, facts in found.items()} == names | {"public.user": "table"}
    assert await relation_facts(conn, []) == {}


async def test_size_and_rows_are_those_of_the_last_analyze(conn: AsyncConnection) -> None:
    await conn.execute(
        "CREATE TABLE documents (id int PRIMARY KEY, body text); CREATE INDEX ON documents (body); "
        "ALTER TABLE documents ALTER body SET STORAGE EXTERNAL; "
        "INSERT INTO documents SELECT i, CASE WHEN i %% 100 = 0 THEN repeat('x', 8000) END "
        "FROM generate_series(1, 20000) AS i WHERE i %% 100 <> 0; "
        "CREATE TABLE large (body text); ALTER TABLE large ALTER body SET STORAGE EXTERNAL; "
        "INSERT INTO large SELECT repeat('x', 8000) FROM generate_series(1, 300)".replace("%%", "%")
    )
    await conn.execute("VACUUM (ANALYZE) documents")
    await conn.execute("VACUUM (ANALYZE) large")
    for name, rows in (("documents", 19_800), ("large", 300)):
        exact = await _number(conn, f"SELECT pg_total_relation_size('{name}')")
        facts = await _one(conn, f"public.{name}")
        assert (facts.rows, facts.unknown, facts.partitions) == (rows, 0, 0)
        assert facts.bytes == pytest.approx(exact, rel=0.1)  # pg_relation_size counts the free space map, too


async def test_toast_that_was_never_vacuumed_is_estimated(conn: AsyncConnection) -> None:
    await conn.execute(
        "CREATE TABLE large (body text) WITH (autovacuum_enabled = off); "
        "ALTER TABLE large ALTER body SET STORAGE EXTERNAL; "
        "INSERT INTO large SELECT repeat('x', 7900) FROM generate_series(1, 300)"
    )
    await conn.execute("ANALYZE large")
    await _sent_off(conn)
    exact = await _number(conn, "SELECT pg_total_relation_size('large')")
    assert (await _one(conn, "public.large")).bytes == pytest.approx(exact, rel=0.15)


async def _sent_off(conn: AsyncConnection) -> None:
    """Wait until this session's counters are where others read them."""
    if conn.info.server_version >= 150000:
        await conn.execute("SELECT pg_stat_force_next_flush()")
    await asyncio.sleep(0.02)


async def test_what_was_never_analyzed_is_unknown(conn: AsyncConnection) -> None:
    await conn.execute("CREATE TABLE t (a int) WITH (autovacuum_enabled = off)")
    fresh = await _one(conn, "public.t")
    assert (fresh.bytes, fresh.rows, fresh.unknown) == (None, None, 1)
    await conn.execute("INSERT INTO t SELECT generate_series(1, 50)")
    await _sent_off(conn)
    counted = await _one(conn, "public.t")
    assert (counted.bytes, counted.rows, counted.unknown) == (None, 50, 1)
    assert (counted.writes, counted.since) == (50, None)
    await conn.execute("TRUNCATE t; ANALYZE t")
    empty = await _one(conn, "public.t")
    assert (empty.bytes, empty.rows, empty.unknown) == (0, 0, 0)
    await conn.execute("SELECT pg_stat_reset()")
    since = (await _one(conn, "public.t")).since
    assert since is not None
    assert 0 <= since < 60


async def test_a_partitioned_table_is_the_sum_of_its_parts(conn: AsyncConnection) -> None:
    await conn.execute(
        "CREATE TABLE p (a int, b int) PARTITION BY RANGE (a); CREATE INDEX ON p (b); "
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); "
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (b); "
        "CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (0) TO (1000000); "
        "CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30); "
        "INSERT INTO p SELECT i % 20, i FROM generate_series(1, 4000) AS i"
    )
    await conn.execute("ANALYZE p1")
    await conn.execute("ANALYZE p2a")
    found = await relation_facts(conn, ["public.p", "public.p1", "public.p2", "public.p2a", "public.p3"])
    whole, part, deep = found["public.p"], found["public.p1"], found["public.p2a"]
    assert (whole.kind, whole.rows, whole.partitions, whole.unknown) == ("partitioned table", 4_000, 3, 1)
    assert part.bytes is not None
    assert deep.bytes is not None
    assert whole.bytes == part.bytes + deep.bytes
    assert (part.root, deep.root, whole.root) == ("public.p", "public.p", None)
    assert found["public.p2"].rows == 2_000


async def test_who_holds_a_lock_and_since_when(database: str, conn: AsyncConnection) -> None:
    await conn.execute("CREATE TABLE t (a int); CREATE TABLE other (a int)")
    async with (
        await _connect(database, application_name="idle one") as idle,
        await _connect(database) as more,
    ):
        await idle.execute("BEGIN")
        await idle.execute("SELECT * FROM t")
        await more.execute("BEGIN")
        await more.execute("LOCK TABLE t IN ROW EXCLUSIVE MODE")
        found = await relation_facts(conn, ["public.t", "public.other"])
        facts = found["public.t"]
        assert (facts.sessions, facts.waiting, facts.hidden) == (2, 0, 0)
        assert facts.oldest is not None
        assert (facts.oldest.pid, facts.oldest.application_name) == (idle.info.backend_pid, "idle one")
        assert 0 < facts.oldest.seconds < 60
        assert (found["public.other"].sessions, found["public.other"].oldest) == (0, None)


async def test_a_prepared_transaction_holds_locks_too(database: str, conn: AsyncConnection) -> None:
    await conn.execute("CREATE TABLE t (a int)")
    name = f"test {secrets.token_hex(4)}"
    async with await _connect(database) as other:
        await other.execute("BEGIN; LOCK TABLE t IN SHARE MODE")
        await other.execute(sql.SQL("PREPARE TRANSACTION {}").format(sql.Literal(name)))
    try:
        facts = await _one(conn, "public.t")
        assert (facts.sessions, facts.hidden) == (1, 0)
        assert facts.oldest is not None
        assert facts.oldest.pid is None
    finally:
        await conn.execute(sql.SQL("ROLLBACK PREPARED {}").format(sql.Literal(name)))


async def test_asking_never_waits(database: str, conn: AsyncConnection) -> None:
    await conn.execute(
        "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p DEFAULT; "
        "CREATE INDEX i ON p (a); INSERT INTO p VALUES (1); ANALYZE p1"
    )
    async with await _connect(database) as other, await _connect(database) as waiter:
        await other.execute("BEGIN; LOCK TABLE p IN ACCESS EXCLUSIVE MODE; DROP INDEX i")
        waiting = asyncio.create_task(waiter.execute("SELECT * FROM p"))
        begun = time.monotonic()
        while not (facts := await _one(conn, "public.p")).waiting:
            await asyncio.sleep(0.005)
            assert time.monotonic() - begun < 2
        begun = time.monotonic()
        found = await relation_facts(conn, ["public.p", "public.p1", "public.i"])
        assert time.monotonic() - begun < 0.5
        assert set(found) == {"public.p", "public.p1", "public.i"}
        assert (facts.rows, facts.sessions, facts.waiting) == (1, 1, 1)
        await other.execute("ROLLBACK")
        await waiting


async def test_a_role_without_any_grant_sees_sizes_and_not_since_when(
    database: str, conn: AsyncConnection
) -> None:
    role = f"nobody_{secrets.token_hex(4)}"
    await conn.execute("CREATE SCHEMA private; CREATE TABLE private.t AS SELECT generate_series(1, 10) AS a")
    await conn.execute("ANALYZE private.t")
    await conn.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    try:
        async with await _connect(database, user=role) as nobody, await _connect(database) as other:
            await other.execute("BEGIN; LOCK TABLE private.t IN SHARE MODE")
            facts = await _one(nobody, "private.t")
            assert (facts.bytes, facts.rows) == (8192, 10)
            assert (facts.sessions, facts.hidden, facts.oldest) == (1, 1, None)
    finally:
        await conn.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


async def test_a_vacuum_at_work_is_seen(database: str, conn: AsyncConnection) -> None:
    await conn.execute("CREATE TABLE t (a int) WITH (autovacuum_enabled = off)")
    await conn.execute("INSERT INTO t SELECT generate_series(1, 20000)")
    async with await _connect(database) as other:
        await other.execute("SET vacuum_cost_delay = 20; SET vacuum_cost_limit = 1")
        work = asyncio.create_task(other.execute("VACUUM t"))
        begun = time.monotonic()
        while (await _one(conn, "public.t")).vacuum != other.info.backend_pid:
            await asyncio.sleep(0.01)
            assert time.monotonic() - begun < 5
        other.cancel()
        with pytest.raises(psycopg.errors.QueryCanceled):
            await work


async def test_use_is_counted(conn: AsyncConnection) -> None:
    await conn.execute("CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)")
    await _sent_off(conn)
    before = await _one(conn, "public.t")
    await conn.execute("DELETE FROM t WHERE a < 11; UPDATE t SET a = a + 1000 WHERE a = 50")
    await conn.execute("SELECT count(*) FROM t")
    await _sent_off(conn)
    facts = await _one(conn, "public.t")
    assert facts.writes - before.writes == 11
    assert facts.scans - before.scans == 3


async def test_nothing_stays_in_the_session(conn: AsyncConnection) -> None:
    await conn.execute("CREATE TABLE t (a int)")
    settings = "SELECT current_setting('statement_timeout'), current_setting('search_path')"

    async def now() -> object:
        return await (await conn.execute(settings.encode())).fetchone()

    before = await now()
    await _one(conn, "public.t")
    assert await now() == before
    async with conn.transaction():
        await _one(conn, "public.t")
        assert await now() == before
        await conn.execute("INSERT INTO t VALUES (1)")
    assert await _number(conn, "SELECT count(*) FROM t") == 1


async def test_a_hostile_search_path_changes_nothing(conn: AsyncConnection) -> None:
    await conn.execute(
        "CREATE SCHEMA evil; CREATE TABLE t (a int); "
        "CREATE FUNCTION evil.never(name, name) RETURNS bool LANGUAGE sql AS 'SELECT false'; "
        "CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = evil.never); "
        "SET search_path = evil, pg_catalog, public"
    )
    found: Mapping[str, RelationFacts] = await relation_facts(conn, ["public.t"])
    assert set(found) == {"public.t"}
