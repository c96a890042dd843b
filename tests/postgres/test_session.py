"""Tests of the session of a run: what koonj's own transactions set, whatever a file has set before."""

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from koonj.config import Target
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.session import (
    begin,
    clean,
    closing_texts,
    commit,
    fence,
    own_transaction,
    roll_back,
    set_timeouts,
)
from support.network_server import NetworkServer, network_server

FENCED = [
    ("role", "pg_monitor", "none"),
    ("search_path", "app", "pg_catalog, pg_temp"),
    ("client_encoding", "LATIN1", "UTF8"),
    ("statement_timeout", "7min", "0"),
    ("lock_timeout", "7min", "3s"),
    ("row_security", "off", "on"),
]
"""Settings of a file, and what they are behind the fence, with a lock_timeout of 3 s."""


@pytest.fixture
async def conn(database: str) -> AsyncIterator[psycopg.AsyncConnection]:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as made:
        yield made


async def _setting(conn: psycopg.AsyncConnection, name: str) -> str:
    cursor = await conn.execute("SELECT pg_catalog.current_setting(%s)", (name,))
    row = await cursor.fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize("local", ["", "LOCAL"])
@pytest.mark.parametrize(("name", "value", "expected"), FENCED)
async def test_the_fence_undoes_a_setting_until_the_end_of_the_transaction(
    conn: psycopg.AsyncConnection, name: str, value: str, expected: str, local: str
) -> None:
    await begin(conn, None, None, "0")
    before = await _setting(conn, name)
    await conn.execute(f"SET {local} {name} TO '{value}'")
    await fence(conn, Target("test", ""), "3s")
    assert await _setting(conn, name) == expected
    await commit(conn)
    assert await _setting(conn, name) == (before if local else value)


async def test_the_fence_undoes_a_session_authorization(conn: psycopg.AsyncConnection) -> None:
    await begin(conn, None, None, "0")
    await conn.execute("SET SESSION AUTHORIZATION pg_monitor")
    await fence(conn, Target("test", ""), "3s")
    cursor = await conn.execute("SELECT session_user, current_user")
    assert await cursor.fetchone() == (conn.info.user, conn.info.user)
    await roll_back(conn)


async def test_the_fence_returns_to_the_role_of_the_target(conn: psycopg.AsyncConnection) -> None:
    await begin(conn, None, None, "0")
    await fence(conn, Target("test", "", role="pg_monitor"), "3s")
    cursor = await conn.execute("SELECT session_user, current_user")
    assert await cursor.fetchone() == (conn.info.user, "pg_monitor")
    await roll_back(conn)


async def test_a_transaction_of_koonj_writes_whatever_the_session_has_set(
    conn: psycopg.AsyncConnection,
) -> None:
    await conn.execute(
        "SET default_transaction_read_only = on; SET default_transaction_isolation = 'serializable';"
        "SET search_path TO app; SET lock_timeout = 0; SET statement_timeout = '7min'"
    )
    async with own_transaction(conn, Target("test", "")):
        await conn.execute("CREATE TABLE public.a ()")
        for name, expected in (
            ("transaction_isolation", "read committed"),
            ("search_path", "pg_catalog, pg_temp"),
            ("lock_timeout", "5s"),
            ("statement_timeout", "0"),
        ):
            assert await _setting(conn, name) == expected
    assert await _setting(conn, "search_path") == "app"


async def test_a_transaction_of_koonj_that_fails_is_rolled_back(conn: psycopg.AsyncConnection) -> None:
    async def fail() -> None:
        async with own_transaction(conn, Target("test", "")):
            await conn.execute("CREATE TABLE public.a ()")
            await conn.execute("SELECT 1/0")

    with pytest.raises(psycopg.errors.DivisionByZero):
        await fail()
    assert conn.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
    cursor = await conn.execute("SELECT to_regclass('public.a') IS NULL")
    assert await cursor.fetchone() == (True,)


async def test_a_commit_that_is_answered_with_rollback_is_an_error(conn: psycopg.AsyncConnection) -> None:
    await begin(conn, None, None, "0")
    await conn.execute("CREATE TABLE a ()")
    with pytest.raises(psycopg.errors.DivisionByZero):
        await conn.execute("SELECT 1/0")
    with pytest.raises(psycopg.InternalError, match="COMMIT was answered with ROLLBACK"):
        await commit(conn)


@pytest.mark.parametrize("local", [True, False])
async def test_timeouts_are_set_for_the_transaction_or_for_the_session(
    conn: psycopg.AsyncConnection, local: bool
) -> None:
    names = ["lock_timeout", "statement_timeout"]
    wanted = ["7s", "8min"]
    if conn.info.server_version >= 170000:
        await conn.execute("SET transaction_timeout = '9min'")
        names.append("transaction_timeout")
        wanted.append("0")
    before = [await _setting(conn, name) for name in names]
    await conn.execute("BEGIN")
    await set_timeouts(conn, "7s", "8min", local=local)
    assert [await _setting(conn, name) for name in names] == wanted
    await conn.execute("COMMIT")
    assert [await _setting(conn, name) for name in names] == (before if local else wanted)


async def test_no_lock_timeout_leaves_the_present_one(conn: psycopg.AsyncConnection) -> None:
    await conn.execute("SET lock_timeout = '9s'")
    await begin(conn, None, None, "0")
    assert await _setting(conn, "lock_timeout") == "9s"
    await roll_back(conn)


async def test_a_transaction_begins_as_the_file_says(conn: psycopg.AsyncConnection) -> None:
    await begin(conn, "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY", "7s", "0")
    assert await _setting(conn, "transaction_isolation") == "serializable"
    assert await _setting(conn, "transaction_read_only") == "on"
    assert await _setting(conn, "lock_timeout") == "7s"
    await roll_back(conn)


async def test_a_session_that_has_ended_needs_no_rollback(
    conn: psycopg.AsyncConnection, database: str
) -> None:
    await begin(conn, None, None, "0")
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (conn.info.backend_pid,))
    await roll_back(conn)
    assert conn.closed
    await roll_back(conn)


LINE = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")
SETTINGS = ("client_connection_check_interval", *LINE)


async def _settings(conn: psycopg.AsyncConnection) -> list[str]:
    return [await _setting(conn, name) for name in SETTINGS]


@pytest.fixture(scope="module")
def network(binaries: Binaries) -> Iterator[NetworkServer]:
    with network_server(binaries) as running:
        yield running


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", ["1s", "30", "10", "3", "60000"]),
        (
            "-c client_connection_check_interval=200 -c tcp_keepalives_idle=5 -c tcp_user_timeout=7000",
            ["200ms", "5", "10", "3", "7000"],
        ),
        (
            "-c client_connection_check_interval=1h -c tcp_keepalives_count=9",
            ["1s", "30", "10", "3", "60000"],
        ),
    ],
    ids=["defaults", "shorter ones", "longer ones"],
)
async def test_the_server_notices_a_dead_client_and_a_cut_line_in_time(
    network: NetworkServer, options: str, expected: list[str]
) -> None:
    async with await psycopg.AsyncConnection.connect(network.dsn(), autocommit=True, options=options) as conn:
        session = await clean(conn, Target("test", ""))
        assert await _settings(conn) == expected
        assert [name for name, _ in session.settings if name not in IDLE] == list(SETTINGS)
        async with conn.transaction():
            for text in closing_texts(None, conn.info.server_version, "5s", session.settings):
                await conn.execute(text)
        assert await _settings(conn) == expected


async def test_nothing_about_the_line_is_set_on_a_unix_socket(conn: psycopg.AsyncConnection) -> None:
    session = await clean(conn, Target("test", ""))
    assert {name for name, _ in session.settings} <= {"client_connection_check_interval", *IDLE}
    assert await _settings(conn) == ["1s", "0", "0", "0", "0"]


IDLE = ("idle_in_transaction_session_timeout", "idle_session_timeout")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", ["1min", "5min"]),
        ("-c idle_in_transaction_session_timeout=5s -c idle_session_timeout=7s", ["5s", "7s"]),
        ("-c idle_in_transaction_session_timeout=1h -c idle_session_timeout=1d", ["1min", "5min"]),
    ],
    ids=["defaults", "shorter ones", "longer ones"],
)
async def test_the_server_ends_a_session_whose_client_has_stopped(
    database: str, binaries: Binaries, options: str, expected: list[str]
) -> None:
    names = IDLE if binaries.major >= 14 else IDLE[:1]
    async with await psycopg.AsyncConnection.connect(database, autocommit=True, options=options) as conn:
        session = await clean(conn, Target("test", ""))
        assert [await _setting(conn, name) for name in names] == expected[: len(names)]
        async with conn.transaction():
            await conn.execute("RESET ALL")
            for text in closing_texts(None, conn.info.server_version, "5s", session.settings):
                await conn.execute(text)
        assert [await _setting(conn, name) for name in names] == expected[: len(names)]


async def test_a_session_between_whose_statements_koonj_computes_is_not_ended(
    conn: psycopg.AsyncConnection,
) -> None:
    session = await clean(conn, Target("test", ""), computes=True)
    assert not {name for name, _ in session.settings} & set(IDLE)
    assert await _setting(conn, IDLE[0]) == "0"
