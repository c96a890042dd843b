"""Servers that do not answer: limits for connecting and reading, and Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import pq

from koonj.cli.diagnostics import ExitCode
from koonj.config import ScratchPlace, Target
from koonj.migrations.folder import FolderReader
from koonj.postgres import answer_limit, connector
from koonj.postgres.connection import connect, connect_async, defaults_for
from koonj.postgres.connection_cause import ConnectProblem
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.read_transaction import reading
from koonj.postgres.scratch import named_server
from koonj.postgres.scratch.choose import open_scratch
from koonj.postgres.scratch.interface import ScratchError
from koonj.runner.target.status import read_status
from support.network_server import network_server
from support.pgbouncer import needs_pgbouncer, pgbouncer
from support.project import Project, run_finished
from support.silent_server import Until, silent_server


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads give up early."""
    monkeypatch.setattr(connector, "READ_SECONDS", 0.3)


@pytest.mark.usefixtures("short")
async def test_server_that_lets_in_and_never_answers_ends_every_command(tmp_path: Path) -> None:
    with silent_server("login") as dsn:
        async with Connector() as opened:
            project = Project(tmp_path, Target("t", dsn), opened)
            project.table(1)
            status = await project.status()
            assert status.error == "The server accepted the connection, but has not answered for 0.3 s."
            assert "all its connections can be in use" in (status.hint or "")
            with pytest.raises(ConnectError, match="has not answered"):
                await project.entries()
            failure = run_finished(await project.apply()).failure
            assert failure is not None
            assert "has not answered" in failure.message


async def test_connect_timeout_of_the_connection_string_holds(tmp_path: Path) -> None:
    with silent_server("accept") as dsn:
        async with Connector() as opened:
            start = time.monotonic()
            folder = FolderReader(tmp_path).read()
            status = await read_status(opened, Target("t", f"{dsn} connect_timeout=2"), folder)
            assert 1.9 < time.monotonic() - start < 8  # koonj's own value is 10 s
            assert status.problem is ConnectProblem.UNREACHABLE
            assert "did not respond in time" in (status.hint or "")


async def test_connect_timeout_limits_the_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    finished = threading.Event()

    def slow(*_args: Any, **_keywords: Any) -> Any:
        finished.wait(20)
        raise OSError("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    start = time.monotonic()
    async with Connector() as opened:
        with pytest.raises(ConnectError, match="no name server answered in 2 s") as caught:
            await opened.connect(Target("t", "host=db.example user=x dbname=x connect_timeout=2"))
    finished.set()
    assert "The name server did not respond" in caught.value.hint
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("hosts", "ports"),
    [
        ("localhost", "{port}"),
        ("127.0.0.1,localhost", "1,{port}"),
        ("no.such.host.invalid,localhost", "{port}"),
    ],
)
async def test_every_host_is_tried(hosts: str, ports: str, network: str) -> None:
    conn = await connect_async(
        f"host={hosts} port={ports.format(port=network)} dbname=postgres user=postgres"
    )
    async with conn:
        assert conn.info.host == "localhost"
        assert conn.info.port == int(network)


@pytest.fixture(scope="module")
def network(binaries: Binaries) -> Iterator[str]:
    """The port of a server on the network."""
    with network_server(binaries) as running:
        yield str(running.port)


async def test_unknown_host_has_its_cause() -> None:
    async with Connector() as opened:
        with pytest.raises(ConnectError, match="failed to resolve host"):
            await opened.connect(Target("t", "host=no.such.host.invalid user=x dbname=x"))


@needs_pgbouncer
@pytest.mark.usefixtures("short")
async def test_exhausted_pool_is_said(server: TemporaryServer, database: str) -> None:
    with pgbouncer(server, "transaction", {"default_pool_size": 1}) as pooler:
        dsn = pooler.dsn(database)
        with psycopg.connect(dsn) as other:
            other.execute("SELECT 1")  # its transaction stays open
            async with Connector() as opened:
                with pytest.raises(ConnectError, match="has not answered") as caught:
                    async with reading(opened, Target("t", dsn), name="koonj status"):
                        pass
        assert "all its connections can be in use" in caught.value.hint


@pytest.mark.slow
async def test_answers_that_come_in_parts_are_waited_for(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is the silence, not the whole time."""
    monkeypatch.setattr(connector, "READ_SECONDS", 2.0)  # a busy machine is silent for longer than asked to
    async with Connector() as opened, await opened.connect(Target("t", database)) as conn:
        cursor = await conn.execute("SELECT pg_sleep(0.4), repeat('x', 100000) FROM generate_series(1, 6)")
        rows = await cursor.fetchall()
        assert len(rows) == 6
        pid = conn.info.backend_pid
        with pytest.raises(answer_limit.NoAnswerError):
            await conn.execute("SELECT pg_sleep(30)")
        assert conn.closed
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (pid,))


async def test_cancelled_read_ends_at_once() -> None:
    with silent_server("login") as dsn:
        async with Connector() as opened:
            conn = await opened.connect(Target("t", dsn))
            task = asyncio.create_task(conn.execute("SELECT 1"))
            await asyncio.sleep(0.1)
            start = time.monotonic()
            task.cancel()
            await asyncio.wait((task,))
            assert time.monotonic() - start < answer_limit.READ_SECONDS / 2
            assert conn.closed


async def test_scratch_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named_server, "READ_SECONDS", 0.3)
    with silent_server("login") as dsn, pytest.raises(ScratchError, match="has not answered"):
        await asyncio.to_thread(open_scratch, ScratchPlace(dsn))


def test_dead_line_is_known_within_90_seconds() -> None:
    with silent_server("login") as dsn:
        conn = connect(dsn)
        with socket.fromfd(conn.fileno(), socket.AF_INET, socket.SOCK_STREAM) as line:
            options = [line.getsockopt(socket.IPPROTO_TCP, number) for number in _KEEPALIVE]
            idle, interval, count = options[:3]
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert idle + interval * count <= 90
            if sys.platform == "linux":
                assert 0 < options[3] <= 90_000
        conn.pgconn.finish()


_KEEPALIVE = [
    getattr(socket, "TCP_KEEPIDLE", 0x10),  # TCP_KEEPALIVE of macOS
    socket.TCP_KEEPINTVL,
    socket.TCP_KEEPCNT,
    *([socket.TCP_USER_TIMEOUT] if sys.platform == "linux" else []),
]


def test_values_of_the_user_are_kept() -> None:
    with silent_server("login") as dsn:
        conn = connect(f"{dsn} keepalives_idle=7 tcp_user_timeout=5000")
        with socket.fromfd(conn.fileno(), socket.AF_INET, socket.SOCK_STREAM) as line:
            assert line.getsockopt(socket.IPPROTO_TCP, _KEEPALIVE[0]) == 7
            if sys.platform == "linux":
                assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 5000
        conn.pgconn.finish()
    assert "connect_timeout" not in defaults_for({}, {"PGCONNECT_TIMEOUT": "3"})
    keywords = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    assert defaults_for({}, {}).keys() <= keywords


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/net/tcp").exists(), reason="only Linux shows the connections of a process"
)
@pytest.mark.parametrize(
    ("until", "argv"),
    [
        ("login", ("status",)),
        ("accept", ("apply", "--yes")),
        ("login", ("apply", "--yes")),
        ("login", ("drift",)),
    ],
)
def test_ctrl_c_ends_it_at_once(until: Until, argv: Sequence[str], tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "001_a.sql").write_text("SELECT 1;\n")
    with silent_server(until) as dsn:
        command = [sys.executable, "-m", "koonj", *argv, "--dsn", dsn]
        _interrupt(command, tmp_path, dsn)


def test_ctrl_c_does_not_wait_for_the_name_server(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    program = (
        "import socket, sys, time\n"
        "def slow(*args, **keywords):\n"
        "    print('asked', flush=True)\n"
        "    time.sleep(60)\n"
        "socket.getaddrinfo = slow\n"
        "from koonj.cli.main import main\n"
        "sys.exit(main(['status', '--dsn', 'host=db.example user=x dbname=x']))\n"
    )
    _interrupt([sys.executable, "-c", program], tmp_path, "")


def _interrupt(command: Sequence[str], folder: Path, dsn: str) -> None:
    """Start the command, send Ctrl-C when it is connected, and check that it ends."""
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        if dsn:
            _wait_for_connection(process.pid, int(dsn.split("port=")[1].split(maxsplit=1)[0]))
        else:
            assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == ExitCode.CANCELLED, errors
        assert "Traceback" not in errors


def _wait_for_connection(pid: int, port: int) -> None:
    """Wait until the process has a connection to a port of this machine."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if f":{port:04X}" in _connections(pid):
            time.sleep(0.2)  # it waits for the answer now
            return
        time.sleep(0.02)
    raise AssertionError("not connected")


def _connections(pid: int) -> str:
    """Return the remote addresses of the process's established connections."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(str(descriptor.readlink()))
        except OSError:
            continue
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return " ".join(row[2] for row in rows if row[3] == "01" and f"socket:[{row[9]}]" in inodes)
