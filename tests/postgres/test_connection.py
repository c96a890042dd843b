"""Connections to a server on an abstract Unix socket."""

from __future__ import annotations

import asyncio
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from koonj.config import Password, ScratchPlace, Target
from koonj.postgres.connection_cause import ConnectProblem
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.scratch.choose import open_scratch
from koonj.postgres.server_info import describe
from support.network_server import NetworkServer, network_server
from support.project import Project, run_finished

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has abstract sockets")

HBA = "local all postgres trust\nlocal all all scram-sha-256\n"


@pytest.fixture
async def connector() -> AsyncIterator[Connector]:
    async with Connector() as connector:
        yield connector


@pytest.fixture(scope="module")
def abstract(binaries: Binaries) -> Iterator[NetworkServer]:
    """A server on an abstract socket only."""
    name = f"@koonj-test-{secrets.token_hex(4)}"
    settings = {"unix_socket_directories": name, "listen_addresses": ""}
    with network_server(binaries, HBA, settings=settings) as running:
        yield NetworkServer(running.port, running.user, name)


async def test_apply_and_status_work(abstract: NetworkServer, tmp_path: Path, connector: Connector) -> None:
    project = Project(tmp_path, Target("t", abstract.dsn()), connector)
    name = project.table(1)
    assert run_finished(await project.apply()).committed == (name,)
    status = await project.status()
    assert status.applied == 1
    assert str(status.server).endswith(f"{abstract.host}:{abstract.port}")


@pytest.mark.parametrize("way", ["url", "PGHOST", "two hosts"])
async def test_every_spelling_reaches_it(
    abstract: NetworkServer, way: str, connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = f"host=/nowhere,{abstract.host} port={abstract.port} dbname=postgres user=postgres"
    if way == "url":
        dsn = f"postgresql://postgres@{abstract.host.replace('@', '%40')}:{abstract.port}/postgres"
    elif way == "PGHOST":
        monkeypatch.setenv("PGHOST", abstract.host)
        dsn = f"port={abstract.port} dbname=postgres user=postgres"
    conn = await connector.connect(Target("t", dsn))
    async with conn:
        assert (await describe(conn)).user == "postgres"


async def test_login_and_password_are_as_elsewhere(
    abstract: NetworkServer, connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await connector.connect(Target("t", abstract.dsn())) as conn:
        await conn.execute("CREATE ROLE somebody LOGIN PASSWORD 'right'")
    dsn = abstract.dsn(user="somebody", passfile="/nowhere")
    monkeypatch.setenv("KOONJ_TEST_PW", "right")
    password = Password("env", "KOONJ_TEST_PW")
    async with await connector.connect(Target("t", dsn, password=password)) as conn:
        assert (await describe(conn)).user == "somebody"
    monkeypatch.setenv("KOONJ_TEST_PW", "wrong")
    with pytest.raises(ConnectError, match="password authentication failed") as caught:
        await connector.connect(Target("t", dsn, password=password))
    assert caught.value.problem is ConnectProblem.LOGIN


async def test_socket_that_is_not_there_or_silent_is_unreachable(connector: Connector) -> None:
    with pytest.raises(ConnectError, match="Connection refused") as caught:
        await connector.connect(Target("t", "host=@koonj-nobody dbname=x user=x"))
    assert "No server listens there" in caught.value.hint
    name = f"koonj-silent-{secrets.token_hex(4)}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{name}/.s.PGSQL.5432")
        listener.listen()
        with pytest.raises(ConnectError, match="timeout") as caught:
            await connector.connect(Target("t", f"host=@{name} dbname=x user=x connect_timeout=2"))
    assert "did not respond in time" in caught.value.hint


async def test_scratch_server_can_be_there(abstract: NetworkServer) -> None:
    server = await asyncio.to_thread(open_scratch, ScratchPlace(dsn=abstract.dsn()))
    try:
        async with await server.connect() as conn:
            assert conn.info.host == abstract.host
    finally:
        await server.close()
