"""The holder of the koonj lock, among sessions that wait for it and locks that resemble it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import psycopg
import pytest
from psycopg import AsyncConnection

from koonj.postgres import advisory_lock
from koonj.postgres.advisory_lock import KEY


@pytest.fixture
async def conn(database: str) -> AsyncIterator[AsyncConnection]:
    async with await AsyncConnection.connect(database, autocommit=True) as made:
        yield made


async def _holder(conn: AsyncConnection) -> int | None:
    found = await advisory_lock.holder(conn)
    return None if found is None else found.pid


async def test_a_session_that_waits_for_the_lock_is_not_its_holder(
    conn: AsyncConnection, database: str
) -> None:
    """Four sessions hold the lock in turn while the others wait for it, in another order than they came."""
    async with AsyncExitStack() as stack:
        sessions = [
            await stack.enter_async_context(await AsyncConnection.connect(database, autocommit=True))
            for _ in range(4)
        ]
        queue = [sessions[n] for n in (2, 0, 3, 1)]
        taking: list[asyncio.Task[object]] = []
        try:
            for number, session in enumerate(queue):
                taking.append(asyncio.create_task(session.execute("SELECT pg_advisory_lock(%s)", (KEY,))))
                while await _count(conn) <= number:
                    await asyncio.sleep(0.01)
            for session, taken in zip(queue, taking, strict=True):
                await taken
                assert await _holder(conn) == session.info.backend_pid
                await advisory_lock.unlock(session)
        finally:  # sessions that wait must not wait on after a failure
            for session in queue:
                await conn.execute("SELECT pg_cancel_backend(%s)", (session.info.backend_pid,))
            await asyncio.gather(*taking, return_exceptions=True)
    assert await _holder(conn) is None


async def _count(conn: AsyncConnection) -> int:
    """Return how many sessions of this database hold the lock or wait for it."""
    cursor = await conn.execute(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return len(await cursor.fetchall())


async def test_the_lock_of_another_database_is_free_in_this_one(
    conn: AsyncConnection, make_database: Callable[[], str]
) -> None:
    async with await AsyncConnection.connect(make_database(), autocommit=True) as other:
        assert await advisory_lock.try_lock(other)
        assert await _holder(other) == other.info.backend_pid
        assert await _holder(conn) is None
        assert await advisory_lock.try_lock(conn)
        assert await _holder(conn) == conn.info.backend_pid


@pytest.mark.parametrize(
    "lock",
    [
        "pg_advisory_lock({high}, {low})",
        "pg_advisory_lock({high}::bigint << 32 | {low} # 1)",
        "pg_advisory_lock(({high} # 1)::bigint << 32 | {low}::bigint & 4294967295)",
    ],
    ids=["of two numbers", "with another low half", "with another high half"],
)
async def test_a_lock_that_resembles_the_lock_of_koonj_is_another_one(
    conn: AsyncConnection, database: str, lock: str
) -> None:
    high, low = KEY >> 32, int.from_bytes(b"oonj", "big", signed=True)
    assert (high << 32) + low == KEY
    async with await AsyncConnection.connect(database, autocommit=True) as other:
        await other.execute(f"SELECT {lock.format(high=high, low=low)}".encode())
        assert await _holder(conn) is None
        assert await advisory_lock.try_lock(conn)


async def test_a_lock_on_a_table_is_not_the_lock_of_koonj(conn: AsyncConnection, database: str) -> None:
    async with await AsyncConnection.connect(database) as other:
        await other.execute("CREATE TABLE a ()")
        assert await _holder(conn) is None


async def test_only_the_holder_can_give_the_lock_back(conn: AsyncConnection, database: str) -> None:
    async with await AsyncConnection.connect(database, autocommit=True) as other:
        assert await advisory_lock.try_lock(other)
        assert not await advisory_lock.try_lock(conn)
        assert not await advisory_lock.unlock(conn)
        assert await _holder(conn) == other.info.backend_pid
        assert await advisory_lock.unlock(other)
        assert await advisory_lock.try_lock(conn)


async def test_giving_one_of_its_two_locks_back_lets_nobody_in(conn: AsyncConnection, database: str) -> None:
    async with await AsyncConnection.connect(database, autocommit=True) as other:
        assert await advisory_lock.try_lock(other)
        cursor = await other.execute("SELECT pg_advisory_unlock(%s)", (KEY,))
        assert await cursor.fetchone() == (True,)
        assert not await advisory_lock.try_lock(conn)
        assert await advisory_lock.is_held_here(other)


async def test_the_holder_is_described_for_a_person(conn: AsyncConnection, database: str) -> None:
    dsn = psycopg.conninfo.make_conninfo(database, application_name="nightly")
    async with await AsyncConnection.connect(dsn, autocommit=True) as other:
        await advisory_lock.try_lock(other)
        found = await advisory_lock.holder(conn)
        assert found is not None
        pid, user = other.info.backend_pid, other.info.user
        assert advisory_lock.holder_words(found) == f"nightly (pid {pid}, user {user}, local)"
        cursor = await other.execute(
            "SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        )
        assert await cursor.fetchone() == (found.since,)
