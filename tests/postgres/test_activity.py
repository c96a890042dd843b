"""Size, row counts and lock holders of a target's relations, read without waiting."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping

import psycopg
import pytest
from psycopg import AsyncConnection, sql

from koonj.postgres import activity
from koonj.postgres.activity import RelationFacts, relation_facts
from koonj.postgres.queries import query

PATIENCE = 60.0
"""Seconds for anything that a test waits for."""


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


async def test_relations_are_found_by_quoted_names(conn: AsyncConnection) -> None:
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


async def test_size_and_rows_come_from_the_last_analyze(conn: AsyncConnection) -> None:
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
        assert facts.bytes == pytest.approx(
            exact, rel=0.1
        )  # pg_total_relation_size() also counts the free space map


async def test_size_of_toast_is_estimated_when_never_vacuumed(conn: AsyncConnection) -> None:
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
    """Wait until other sessions can read this session's counters."""
    if conn.info.server_version >= 150000:
        await conn.execute("SELECT pg_stat_force_next_flush()")
    await asyncio.sleep(0.02)


async def test_never_analyzed_table_has_the_size_of_its_files_and_no_rows(conn: AsyncConnection) -> None:
    await conn.execute("CREATE TABLE t (a int PRIMARY KEY, b text) WITH (autovacuum_enabled = off)")
    fresh = await _one(conn, "public.t")
    exact = await _number(conn, "SELECT pg_total_relation_size('t')")
    assert (fresh.bytes, fresh.rows, fresh.unknown) == (exact, None, 0)
    await conn.execute("INSERT INTO t SELECT generate_series(1, 5000), repeat('x', 100)")
    await _sent_off(conn)
    counted = await _one(conn, "public.t")
    exact = await _number(conn, "SELECT pg_total_relation_size('t')")
    assert exact > 500_000
    assert (counted.bytes, counted.rows, counted.unknown) == (exact, 5_000, 0)
    assert (counted.writes, counted.since) == (5_000, None)
    await conn.execute("TRUNCATE t; ANALYZE t")
    empty = await _one(conn, "public.t")
    assert (empty.rows, empty.unknown) == (0, 0)
    await conn.execute("SELECT pg_stat_reset()")
    since = (await _one(conn, "public.t")).since
    assert since is not None
    assert 0 <= since < 60


@pytest.mark.parametrize("lock", ["LOCK TABLE t IN ACCESS EXCLUSIVE MODE", "REINDEX INDEX i"])
async def test_size_of_a_locked_table_that_was_never_analyzed_is_unknown(
    database: str, conn: AsyncConnection, lock: str
) -> None:
    await conn.execute(
        "CREATE TABLE t (a int) WITH (autovacuum_enabled = off); CREATE INDEX i ON t (a); CREATE TABLE free (a int)"
    )
    async with await _connect(database) as other:
        await other.execute(f"BEGIN; {lock}".encode())
        found = await relation_facts(conn, ["public.t", "public.free"])
        assert (found["public.t"].bytes, found["public.t"].unknown) == (None, 1)
        assert (found["public.free"].bytes, found["public.free"].unknown) == (0, 0)
    assert (await _one(conn, "public.t")).unknown == 0


async def test_sizes_are_unknown_when_a_table_is_locked_between_the_queries(
    database: str, conn: AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_lock_unseen(name: str) -> str:
        text = query(name)
        return text.replace("'AccessExclusiveLock'", "'no lock'") if "sizes_of_files" in name else text

    monkeypatch.setattr(activity, "query", with_lock_unseen)
    monkeypatch.setattr(activity, "_SETTINGS", b"SET LOCAL search_path TO ''")
    await conn.execute("CREATE TABLE t (a int) WITH (autovacuum_enabled = off)")
    async with await _connect(database) as other:
        await other.execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(PATIENCE):
            facts = await _one(conn, "public.t")
        assert (facts.bytes, facts.unknown, facts.sessions) == (None, 1, 1)


async def test_partitioned_table_sums_its_partitions(conn: AsyncConnection) -> None:
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
    assert (whole.kind, whole.rows, whole.partitions, whole.unknown) == ("partitioned table", 4_000, 3, 0)
    assert part.bytes is not None
    assert deep.bytes is not None
    never = found["public.p3"].bytes
    assert never == await _number(conn, "SELECT pg_total_relation_size('p3')")
    assert whole.bytes == part.bytes + deep.bytes + never
    assert (part.root, deep.root, whole.root) == ("public.p", "public.p", None)
    assert found["public.p2"].rows == 2_000


async def test_oldest_lock_holder_is_reported_with_its_age(database: str, conn: AsyncConnection) -> None:
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


async def test_prepared_transaction_is_a_lock_holder(database: str, conn: AsyncConnection) -> None:
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


async def test_facts_are_read_without_waiting_when_a_table_is_locked(
    database: str, conn: AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "_SETTINGS", sql.SQL("SET LOCAL search_path TO ''"))  # no time is too long
    await conn.execute(
        "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p DEFAULT; "
        "CREATE INDEX i ON p (a); INSERT INTO p VALUES (1); ANALYZE p1"
    )
    async with await _connect(database) as other, await _connect(database) as waiter:
        await other.execute("BEGIN; LOCK TABLE p IN ACCESS EXCLUSIVE MODE; DROP INDEX i")
        waiting = asyncio.create_task(waiter.execute("SELECT * FROM p"))
        async with asyncio.timeout(PATIENCE):
            while not (facts := await _one(conn, "public.p")).waiting:
                await asyncio.sleep(0.005)
            found = await relation_facts(conn, ["public.p", "public.p1", "public.i"])
        assert set(found) == {"public.p", "public.p1", "public.i"}
        assert (facts.rows, facts.sessions, facts.waiting) == (1, 1, 1)
        await other.execute("ROLLBACK")
        await waiting


async def test_role_without_grants_sees_sizes_but_no_ages(database: str, conn: AsyncConnection) -> None:
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


async def test_running_vacuum_is_reported(database: str, conn: AsyncConnection) -> None:
    await conn.execute("CREATE TABLE t (a int) WITH (autovacuum_enabled = off)")
    await conn.execute("INSERT INTO t SELECT generate_series(1, 20000)")
    async with await _connect(database) as other:
        await other.execute("SET vacuum_cost_delay = 20; SET vacuum_cost_limit = 1")
        work = asyncio.create_task(other.execute("VACUUM t"))
        async with asyncio.timeout(PATIENCE):
            while (await _one(conn, "public.t")).vacuum != other.info.backend_pid:
                await asyncio.sleep(0.01)
        other.cancel()
        with pytest.raises(psycopg.errors.QueryCanceled):
            await work


async def test_scans_and_writes_are_counted(conn: AsyncConnection) -> None:
    await conn.execute("CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)")
    await _sent_off(conn)
    before = await _one(conn, "public.t")
    await conn.execute("DELETE FROM t WHERE a < 11; UPDATE t SET a = a + 1000 WHERE a = 50")
    await conn.execute("SELECT count(*) FROM t")
    await _sent_off(conn)
    facts = await _one(conn, "public.t")
    assert facts.writes - before.writes == 11
    assert facts.scans - before.scans == 3


async def test_settings_of_the_session_stay_unchanged(conn: AsyncConnection) -> None:
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


async def test_hostile_search_path_has_no_effect(conn: AsyncConnection) -> None:
    await conn.execute(
        "CREATE SCHEMA evil; CREATE TABLE t (a int); "
        "CREATE FUNCTION evil.never(name, name) RETURNS bool LANGUAGE sql AS 'SELECT false'; "
        "CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = evil.never); "
        "SET search_path = evil, pg_catalog, public"
    )
    found: Mapping[str, RelationFacts] = await relation_facts(conn, ["public.t"])
    assert set(found) == {"public.t"}
