"""How far a session is with a long command: with real commands that are slow on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg import AsyncConnection

from koonj.postgres.progress import CommandProgress, Counter, Unit, command_progress

PATIENCE = 60.0
"""Seconds for anything that a test waits for."""

_TABLE = """
CREATE TABLE t (id int PRIMARY KEY, a int, filler text DEFAULT repeat('x', 1000));
INSERT INTO t SELECT i, i FROM generate_series(1, 500) AS i;
CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(0.01); RETURN $1; END';
"""


@pytest.fixture
async def watch(database: str) -> AsyncIterator[AsyncConnection]:
    async with await AsyncConnection.connect(database, autocommit=True) as conn:
        await conn.execute(_TABLE.encode())
        yield conn


@pytest.fixture
async def conn(database: str, watch: AsyncConnection) -> AsyncIterator[AsyncConnection]:
    async with await AsyncConnection.connect(database, autocommit=True) as conn:
        await conn.execute("SET vacuum_cost_delay = 20; SET vacuum_cost_limit = 1")
        await conn.execute("SET max_parallel_maintenance_workers = 0")
        yield conn
        await conn.cancel_safe()


async def _seen(
    watch: AsyncConnection, conn: AsyncConnection, statement: str, phase: str
) -> tuple[CommandProgress, CommandProgress]:
    """Return what is seen first in a phase, and later in it. Then cancel the statement."""
    running = asyncio.create_task(conn.execute(statement.encode()))
    found: list[CommandProgress] = []
    async with asyncio.timeout(PATIENCE):
        while len(found) < 2:
            assert not running.done(), running
            now = await command_progress(watch, conn.info.backend_pid)
            # In its first block, a scan that begins in the middle of the table counts all blocks.
            if now is not None and now.phase == phase and 0 < _done(now) != _total(now) and now not in found:
                found.append(now)
            await asyncio.sleep(0.001)
    await conn.cancel_safe()
    with pytest.raises(psycopg.errors.QueryCanceled):
        await running
    return found[0], found[1]


def _done(progress: CommandProgress) -> int:
    return 0 if progress.counter is None else progress.counter.done


def _total(progress: CommandProgress) -> int | None:
    return None if progress.counter is None else progress.counter.total


async def test_a_session_without_such_a_command_reports_nothing(
    watch: AsyncConnection, conn: AsyncConnection
) -> None:
    assert await command_progress(watch, conn.info.backend_pid) is None


_CASES = {
    "index": ("CREATE INDEX i ON t (slow(a))", "building index: scanning table", "CREATE INDEX", Unit.BYTES),
    "concurrent": (
        "CREATE INDEX CONCURRENTLY i ON t (slow(a))",
        "building index: scanning table",
        "CREATE INDEX CONCURRENTLY",
        Unit.BYTES,
    ),
    "constraint": (
        "ALTER TABLE t ADD EXCLUDE USING btree (slow(a) WITH =)",
        "building index: scanning table",
        "CREATE INDEX",
        Unit.BYTES,
    ),
    "vacuum": ("VACUUM t", "scanning heap", "VACUUM", Unit.BYTES),
    "analyze": ("ANALYZE t", "acquiring sample rows", "ANALYZE", Unit.BYTES),
}


@pytest.mark.parametrize("case", _CASES)
async def test_the_counter_grows(watch: AsyncConnection, conn: AsyncConnection, case: str) -> None:
    statement, phase, command, unit = _CASES[case]
    first, later = await _seen(watch, conn, statement, phase)
    assert (first.command, first.relation) == (command, "public.t")
    assert first.counter is not None
    assert later.counter is not None
    assert first.counter.unit is later.counter.unit is unit
    assert first.counter.total is not None
    assert 0 < first.counter.done < later.counter.done <= first.counter.total
    pages = (await (await watch.execute("SELECT pg_relation_size('t')")).fetchone() or (0,))[0]
    assert first.counter.total == pages


@pytest.mark.parametrize("statement", ["VACUUM FULL t", "CLUSTER t USING t_pkey"])
async def test_a_rewrite_counts_the_indexes_that_it_builds(
    watch: AsyncConnection, conn: AsyncConnection, statement: str
) -> None:
    await conn.execute("TRUNCATE t; CREATE INDEX i ON t (slow(a))")
    await conn.execute("INSERT INTO t SELECT i, i FROM generate_series(1, 50) AS i")
    running = asyncio.create_task(conn.execute(statement.encode()))
    async with asyncio.timeout(PATIENCE):
        while (found := await command_progress(watch, conn.info.backend_pid)) is None or (
            found.phase != "rebuilding index"
        ):
            await asyncio.sleep(0.001)
    await running
    assert (found.command, found.relation) == (statement.removesuffix(" USING t_pkey")[:-2], "public.t")
    assert found.counter is not None
    assert (found.counter.unit, found.counter.total) == (Unit.INDEXES, None)


async def test_reindex_reports(watch: AsyncConnection, conn: AsyncConnection) -> None:
    await conn.execute("TRUNCATE t; CREATE INDEX i ON t (slow(a))")
    await conn.execute("INSERT INTO t SELECT i, i FROM generate_series(1, 50) AS i")
    first, _ = await _seen(watch, conn, "REINDEX INDEX i", "building index: scanning table")
    assert (first.command, first.relation) == ("REINDEX", "public.t")


async def test_copy_counts_rows(watch: AsyncConnection, conn: AsyncConnection) -> None:
    if watch.info.server_version < 140000:
        pytest.skip("COPY reports since PostgreSQL 14")
    await watch.execute("CREATE VIEW rows AS SELECT slow(i) FROM generate_series(1, 100000) AS i")
    statement = "COPY (SELECT * FROM rows) TO '/dev/null'"
    first, later = await _seen(watch, conn, statement, "")
    assert (first.command, first.relation, first.waits_for) == ("COPY TO", "", None)
    assert isinstance(first.counter, Counter)
    assert isinstance(later.counter, Counter)
    assert (first.counter.unit, first.counter.total) == (Unit.ROWS, None)
    assert first.counter.done < later.counter.done


async def test_the_session_that_a_phase_waits_for_is_named(
    watch: AsyncConnection, conn: AsyncConnection, database: str
) -> None:
    with psycopg.connect(database) as writer:
        writer.execute("UPDATE t SET a = 0 WHERE id = 1")
        running = asyncio.create_task(conn.execute("CREATE INDEX CONCURRENTLY i ON t (a)"))
        async with asyncio.timeout(PATIENCE):
            while (found := await command_progress(watch, conn.info.backend_pid)) is None or (
                found.waits_for is None
            ):
                await asyncio.sleep(0.001)
        assert found.phase == "waiting for writers before build"
        assert found.waits_for == writer.info.backend_pid
        assert found.counter == Counter(0, 1, Unit.SESSIONS)
        writer.rollback()
        await running
