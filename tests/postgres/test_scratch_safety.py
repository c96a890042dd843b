"""A rehearsal never reaches a target, whose server logs all connections."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import AsyncConnection

from koonj.postgres.embedded.binaries import Binaries, discover
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.scratch.interface import ScratchError
from koonj.postgres.scratch.own_server import ClusterScratch

LOUD = {
    "log_connections": "on",
    "log_statement": "all",
    "listen_addresses": "",
    "wal_level": "logical",
    "max_wal_senders": "4",
}


@pytest.fixture
def target(binaries: Binaries) -> Iterator[TemporaryServer]:
    with TemporaryServer(binaries, settings=LOUD) as running:
        yield running


def _heard(target: TemporaryServer) -> str:
    """Return the server's log since it was ready, up to a statement of this function."""
    text = ""
    with psycopg.connect(target.dsn()) as conn:
        conn.execute("select 'the end'")
    end = time.monotonic() + 60
    while "the end" not in text and time.monotonic() < end:
        text = (target.folder / "log").read_text()
    return text.partition("ready to accept connections")[2]


def _connections(log: str) -> int:
    return log.count("connection received")


def _point_at(target: TemporaryServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make all settings that libpq and koonj read point to the target."""
    services = tmp_path / "services"
    services.write_text(f"[target]\nhost={target.folder}\nport=5432\nuser=postgres\ndbname=postgres\n")
    environ = {
        "PGHOST": str(target.folder),
        "PGHOSTADDR": "127.0.0.1",
        "PGPORT": "5432",
        "PGUSER": "postgres",
        "PGDATABASE": "postgres",
        "PGSERVICE": "target",
        "PGSERVICEFILE": str(services),
        "PGOPTIONS": "-c search_path=nowhere",
        "DATABASE_URL": f"postgresql:///postgres?host={target.folder}",
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)


async def test_no_connection_goes_to_the_target_when_all_variables_point_to_it(
    target: TemporaryServer, binaries: Binaries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _point_at(target, tmp_path, monkeypatch)
    scratch = ClusterScratch(binaries)
    try:
        await scratch.reset()
        async with await scratch.connect() as conn:
            await conn.execute("create table t (); create role r")
            cursor = await conn.execute("show search_path")
            assert await cursor.fetchone() == ('"$user", public',)
        await scratch.save("k" + os.urandom(4).hex())
    finally:
        await scratch.close()
    assert _connections(_heard(target)) == 1


def _reaching(target: TemporaryServer) -> dict[str, list[str]]:
    """Return statements of a file that connect to another server, in many ways."""
    where = f"host={target.folder} port=5432 user=postgres dbname=postgres"
    numbers = f"hostaddr=127.0.0.1 {where}"
    return {
        "a subscription": [f"create subscription s connection '{where}' publication p"],
        "a subscription by address": [f"create subscription s connection '{numbers}' publication p"],
        "dblink": ["create extension dblink", f"select * from dblink('{where}', 'select 1') as t (a int)"],
        "a service of its own": [f"select * from dblink('service=target {where}', 'select 1') as t (a int)"],
        "a foreign table": [
            "create extension postgres_fdw",
            f"create server s foreign data wrapper postgres_fdw options (host '{target.folder}', port '5432')",
            "create user mapping for public server s options (user 'postgres')",
            "create foreign table f (a int) server s options (table_name 'x')",
            "select * from f",
        ],
        "an imported schema": ["import foreign schema public from server s into public"],
    }


async def test_file_fails_with_a_reason_when_it_connects_to_the_target(
    target: TemporaryServer, binaries: Binaries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _point_at(target, tmp_path, monkeypatch)
    scratch = ClusterScratch(binaries)
    try:
        async with await scratch.connect() as conn:
            for statements in _reaching(target).values():
                for statement in statements[:-1]:
                    await conn.execute(statement.encode())
                with pytest.raises(psycopg.Error, match="a koonj scratch reaches no other server"):
                    await conn.execute(statements[-1].encode())
            await _psql_of_the_server(conn, target)
    finally:
        await scratch.close()
    assert _connections(_heard(target)) == 1


async def _psql_of_the_server(conn: AsyncConnection, target: TemporaryServer) -> None:
    psql = next((p for b in discover() if (p := b.program("psql"))), None)
    if psql is None:
        return
    await conn.execute("create temporary table said (line text)")
    command = f"{psql} \"host={target.folder} user=postgres dbname=postgres\" -c ''select 1'' 2>&1 || true"
    await conn.execute(
        f"copy said from program '{command}' with (format csv, delimiter e'\\x01', quote e'\\x02')".encode()
    )
    cursor = await conn.execute("select string_agg(line, ' ') from said")
    row = await cursor.fetchone()
    assert row is not None
    assert "reaches no other server" in row[0] or "not found" in row[0] or "ermission denied" in row[0]


async def test_subscription_that_does_not_connect_is_created(binaries: Binaries) -> None:
    scratch = ClusterScratch(binaries)
    try:
        async with await scratch.connect() as conn:
            await conn.execute(
                "create subscription s connection 'host=db.internal dbname=x' publication p "
                "with (connect = false, slot_name = none)"
            )
            await conn.execute("create publication p for all tables")
            cursor = await conn.execute(
                "select subname::text, subenabled, subslotname::text, pubname::text "
                "from pg_subscription, pg_publication"
            )
            assert await cursor.fetchall() == [("s", False, None, "p")]
    finally:
        await scratch.close()


async def test_error_names_pgservice_when_the_service_does_not_exist(
    binaries: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSERVICE", "there_is_none")
    scratch = ClusterScratch(binaries)
    try:
        with pytest.raises(ScratchError) as caught:
            await scratch.connect()
        assert "PGSERVICE" in caught.value.hint
    finally:
        await scratch.close()
