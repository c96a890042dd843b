"""Tests of a flight: what was sent together is answered in order, skipped after an error, and never left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.errors import Diagnostic
from psycopg.pq import TransactionStatus

from koonj.postgres.flight import Answer, Flight, Landed, Message, Tick


@pytest.fixture
async def conn(database: str) -> AsyncIterator[AsyncConnection]:
    async with await AsyncConnection.connect(database, autocommit=True) as connection:
        yield connection


def _hear(about: str, diagnostic: Diagnostic) -> str:
    return f"{about}: {diagnostic.message_primary}"


def _flight(conn: AsyncConnection, *, ticks: bool = False) -> Flight[str, str]:
    return Flight(conn, _hear, lambda: ticks)


def _send(flight: Flight[str, str], *texts: str) -> None:
    for text in texts:
        flight.send(Message(text, text.encode(), told=True))


async def _all(flight: Flight[str, str]) -> list[Answer[str] | str]:
    flight.end()
    arrived: list[Answer[str] | str] = []
    while not isinstance(item := await flight.next(), Landed):
        assert not isinstance(item, Tick)
        arrived.append(item)
    return arrived


def _short(arrived: list[Answer[str] | str]) -> list[str]:
    return [
        item
        if isinstance(item, str)
        else item.tag or ("skipped" if item.skipped else item.error and item.error.sqlstate) or "nothing"
        for item in arrived
    ]


async def test_answers_come_in_order_with_values_and_notices(conn: AsyncConnection) -> None:
    async with _flight(conn) as flight:
        _send(flight, "SELECT 1", "DO $$ BEGIN RAISE NOTICE 'hear'; END $$", "")
        flight.send(Message("values", b"SELECT $1::int4 + 1, $2::text", (b"41", None), told=True))
        arrived = await _all(flight)
    assert _short(arrived) == [
        "SELECT 1",
        "DO $$ BEGIN RAISE NOTICE 'hear'; END $$: hear",
        "DO",
        "nothing",
        "SELECT 1",
    ]
    last = arrived[-1]
    assert isinstance(last, Answer)
    assert (last.about, last.row) == ("values", (b"42", None))


async def test_all_behind_an_error_is_skipped_also_what_is_sent_later(conn: AsyncConnection) -> None:
    async with _flight(conn) as flight:
        _send(
            flight,
            "BEGIN",
            "CREATE TABLE a ()",
            "COMMIT",
            "BEGIN",
            "SELECT 1/0",
            "CREATE TABLE b ()",
            "COMMIT",
        )
        arrived: list[Answer[str] | str] = []
        while len(arrived) < 5:
            item = await flight.next()
            assert isinstance(item, Answer)
            arrived.append(item)
        _send(flight, "CREATE TABLE c ()")
        arrived += await _all(flight)
    assert _short(arrived) == [
        "BEGIN",
        "CREATE TABLE",
        "COMMIT",
        "BEGIN",
        "22012",
        "skipped",
        "skipped",
        "skipped",
    ]
    await conn.execute("ROLLBACK")
    cursor = await conn.execute("SELECT relname FROM pg_class WHERE relname IN ('a', 'b', 'c')")
    assert await cursor.fetchall() == [("a",)]


async def test_of_a_message_that_is_not_told_only_the_error_arrives(conn: AsyncConnection) -> None:
    async with _flight(conn) as flight:
        for text in ("SELECT 1", "SELECT 1/0", "SELECT 2"):
            flight.send(Message(text, text.encode()))
        _send(flight, "SELECT 3")
        arrived = await _all(flight)
    assert _short(arrived) == ["22012", "skipped"]
    assert flight.unanswered_bytes == 0


async def test_the_connection_can_be_used_again(conn: AsyncConnection) -> None:
    for _ in range(2):
        async with _flight(conn) as flight:
            _send(flight, "SELECT 1")
            await _all(flight)
        cursor = await conn.execute("SELECT 2")
        assert await cursor.fetchone() == (2,)
    async with _flight(conn):
        pass  # nothing was sent
    assert conn.info.transaction_status is TransactionStatus.IDLE


async def test_nobody_else_uses_the_connection_meanwhile(conn: AsyncConnection) -> None:
    async with _flight(conn) as flight:
        other = asyncio.create_task(conn.execute("SELECT 3"))
        _send(flight, "SELECT 1")
        await _all(flight)
        assert not other.done()
    assert await (await other).fetchone() == (3,)


async def test_answer_that_is_told_comes_while_the_next_one_runs(conn: AsyncConnection) -> None:
    async with _flight(conn, ticks=True) as flight:
        _send(flight, "SELECT 1", "SELECT pg_sleep(30)")
        flight.end()
        first = await asyncio.wait_for(_until_answer(flight), 60)
        assert isinstance(first, Answer)
        assert first.about == "SELECT 1"
        async with asyncio.timeout(60):
            while isinstance(second := await flight.next(), Tick):
                await conn.cancel_safe()  # perhaps the statement has not begun
        assert isinstance(second, Answer)
        assert second.error is not None
        assert second.error.sqlstate == "57014"


async def test_flight_that_is_given_up_ends_on_the_server(conn: AsyncConnection) -> None:
    async def give_up() -> None:
        async with _flight(conn) as flight:
            _send(flight, "BEGIN", "CREATE TABLE a ()", "SELECT pg_sleep(30)", "COMMIT")
            for _ in range(2):
                await flight.next()
            raise ValueError("given up")

    with pytest.raises(ValueError, match="given up"):
        await give_up()
    async with asyncio.timeout(60):
        await conn.execute("ROLLBACK")
        cursor = await conn.execute("SELECT to_regclass('a')")
        assert await cursor.fetchone() == (None,)


async def test_what_arrived_before_the_line_was_lost_comes_first(conn: AsyncConnection) -> None:
    async with _flight(conn) as flight:
        _send(flight, "SELECT 1", "SELECT pg_terminate_backend(pg_backend_pid())", "SELECT 2")
        flight.end()
        first = await flight.next()
        assert isinstance(first, Answer)
        assert first.tag == "SELECT 1"
        second = await flight.next()
        assert isinstance(second, Answer)
        assert second.error is not None
        assert second.error.sqlstate == "57P01"
        with pytest.raises(psycopg.OperationalError):
            await _all(flight)
    assert conn.closed


async def test_session_that_ends_behind_the_last_answer_is_lost(conn: AsyncConnection, database: str) -> None:
    async with _flight(conn, ticks=True) as flight:
        _send(flight, "SELECT pg_backend_pid()")
        answer = await _until_answer(flight)
        assert isinstance(answer, Answer)
        assert answer.row is not None
        with psycopg.connect(database, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s::int, 10000)", [(answer.row[0] or b"").decode()])
        with pytest.raises(psycopg.OperationalError):
            await _all(flight)
    assert conn.closed


async def test_copy_is_refused_and_the_connection_closed(conn: AsyncConnection) -> None:
    async with _flight(conn) as flight:
        _send(flight, "COPY pg_class TO STDOUT")
        with pytest.raises(psycopg.NotSupportedError):
            await _all(flight)
    assert conn.closed


async def test_tick_comes_only_if_it_is_wanted(conn: AsyncConnection) -> None:
    async with _flight(conn, ticks=True) as flight:
        _send(flight, "SELECT pg_sleep(0.5)")
        assert isinstance(await flight.next(), Tick)
        assert not isinstance((await _until_answer(flight)), Tick)


async def _until_answer(flight: Flight[str, str]) -> object:
    while isinstance(item := await flight.next(), Tick):
        pass
    return item


async def test_size_of_what_is_not_answered_is_known(conn: AsyncConnection) -> None:
    async with _flight(conn) as flight:
        flight.send(Message("a", b"SELECT $1", (b"12345",)))
        flight.send(Message("b", b"SELECT 1"))
        assert flight.unanswered_bytes == 9 + 5 + 8
        await _all(flight)
        assert flight.unanswered_bytes == 0


async def test_connection_stays_usable_when_the_task_of_a_flight_is_cancelled(conn: AsyncConnection) -> None:
    sent = asyncio.Event()

    async def fly() -> None:
        async with _flight(conn) as flight:
            _send(flight, "SELECT 1", "SELECT pg_sleep(60)")
            await flight.next()
            sent.set()
            await _all(flight)

    task = asyncio.create_task(fly())
    await asyncio.wait_for(sent.wait(), 60)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 60)
    assert not conn.closed
    assert (await (await conn.execute("SELECT 2")).fetchone()) == (2,)
