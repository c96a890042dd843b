"""Tests for the shared server, which runs while any of its processes lives."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from koonj.postgres.embedded import postmaster, shared_server
from koonj.postgres.embedded.binaries import Binaries, EmbeddedError
from koonj.postgres.embedded.lease import Lease
from koonj.postgres.embedded.os_account import server_account
from koonj.postgres.embedded.run_folder import scratch_parent
from koonj.postgres.embedded.server_folder import Home
from koonj.postgres.embedded.shared_server import open_shared

pytestmark = pytest.mark.slow

_CLIENT = """
import subprocess, sys
from pathlib import Path
from koonj.postgres.embedded.shared_server import open_shared
lease = open_shared(Path(sys.argv[1]))
if "child" in sys.argv:
    subprocess.Popen(["sleep", "20"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
print(lease.cluster_name, flush=True)
if "wait" in sys.argv:
    sys.stdin.read()
lease.close()
"""


@pytest.fixture(scope="module")
def made_home(binaries: Binaries) -> Iterator[Path]:
    """Return a data home whose cluster exists already, because initdb is slow."""
    folder = Path(tempfile.mkdtemp(prefix="koonj test ", dir=scratch_parent()))
    folder.chmod(0o755)
    open_shared(folder / "made", binaries=binaries).close()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def data_home(made_home: Path, binaries: Binaries) -> Iterator[Path]:
    """Return a copy of `made_home`; stop any server that a test left running."""
    folder = made_home / "data home"
    subprocess.run(["cp", "-a", made_home / "made", folder], check=True)
    yield folder
    data = folder / f"server-{binaries.major}" / "data"
    still = postmaster.running(data)
    postmaster.stop(data, signal.SIGQUIT, 5)
    Home(data.parent, server_account()).remove_sockets()
    shutil.rmtree(folder)
    assert still is None, "the test left its server running"


@pytest.fixture
def opens(data_home: Path, binaries: Binaries) -> Iterator[Callable[[], Lease]]:
    """Return a function that opens leases, which are closed at the end."""
    leases: list[Lease] = []

    def one() -> Lease:
        leases.append(open_shared(data_home, binaries=binaries))
        return leases[-1]

    yield one
    for lease in leases:
        lease.close()


@pytest.fixture
def client(data_home: Path, binaries: Binaries) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts another koonj process with a lease."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str, ready: bool = True) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", _CLIENT, str(data_home), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "KOONJ_PG_BINDIR": str(binaries.bindir)},
        )
        started.append(process)
        assert process.stdout
        assert not ready or process.stdout.readline().startswith("koonj-")
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def _server(data_home: Path) -> Path:
    (folder,) = data_home.glob("server-*")
    return folder / "data"


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


def _watchdogs(data_home: Path) -> list[int]:
    """Return the pids of the two shells: server waiter and FIFO reader."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"koonj-server" in command and os.fsencode(_server(data_home)) in command:
            found.append(int(folder.name))
    return sorted(found)


def _answers(lease: Lease) -> bool:
    with psycopg.connect(lease.dsn()) as connection:
        row = connection.execute("select current_setting('cluster_name')").fetchone()
    return row == (lease.cluster_name,)


def test_first_starts_others_join_and_last_stops(opens: Callable[[], Lease], data_home: Path) -> None:
    first, second = opens(), opens()
    assert first.cluster_name == second.cluster_name
    assert _answers(first)
    assert _answers(second)
    assert first.sockets.stat().st_mode & 0o777 == 0o700
    first.close()
    assert second.is_alive()
    assert _answers(second)
    second.close()
    second.close()
    assert not second.is_alive()
    assert postmaster.running(_server(data_home)) is None
    assert not second.sockets.exists()
    assert not _watchdogs(data_home)


def test_data_is_durable(opens: Callable[[], Lease]) -> None:
    lease = opens()
    assert lease.ensure_database('odd "name" ü')
    assert not lease.ensure_database('odd "name" ü')
    with psycopg.connect(lease.dsn('odd "name" ü')) as connection:
        connection.execute("create table kept as select 42 as answer")
        row = connection.execute(
            "select current_setting('fsync'), current_setting('full_page_writes')"
        ).fetchone()
        assert row == ("on", "on")
    lease.close()
    again = opens()
    assert again.cluster_name == lease.cluster_name
    with psycopg.connect(again.dsn('odd "name" ü')) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_database_is_created_once_by_concurrent_threads(opens: Callable[[], Lease]) -> None:
    lease = opens()
    created: list[bool] = []
    threads = [
        threading.Thread(target=lambda: created.append(lease.ensure_database("wanted"))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(created) == [False] * 5 + [True]
    with pytest.raises(EmbeddedError, match="63 bytes"):
        lease.ensure_database("ü" * 32)


def test_server_stops_when_the_only_process_is_killed(
    client: Callable[..., subprocess.Popen[str]], data_home: Path
) -> None:
    _kill(client("wait"))
    assert postmaster.gone(_server(data_home), 60.0)


def test_server_continues_when_one_of_two_processes_is_killed(
    client: Callable[..., subprocess.Popen[str]], opens: Callable[[], Lease]
) -> None:
    starter = client("wait")
    lease = opens()
    _kill(starter)
    time.sleep(0.2)
    assert lease.is_alive()
    assert _answers(lease)


def test_lease_ends_when_another_process_has_started_a_stopped_server_again(
    opens: Callable[[], Lease], data_home: Path
) -> None:
    before = opens()
    postmaster.stop(_server(data_home), signal.SIGINT, 30)
    shutil.rmtree(before.sockets, ignore_errors=True)
    again = opens()
    assert _answers(again)
    assert again.is_alive()
    assert again.sockets != before.sockets
    assert not before.is_alive()


def test_server_stops_when_only_a_child_of_a_killed_process_lives(
    client: Callable[..., subprocess.Popen[str]], data_home: Path
) -> None:
    process = client("wait", "child")
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    try:
        _kill(process)
        assert postmaster.gone(_server(data_home), 60.0)
    finally:
        os.kill(int(child), signal.SIGKILL)


def test_terminal_signals_do_not_stop_the_server(
    client: Callable[..., subprocess.Popen[str]], opens: Callable[[], Lease]
) -> None:
    starter = client("wait")
    lease = opens()
    for number in (signal.SIGINT, signal.SIGHUP):
        os.killpg(starter.pid, number)
    starter.communicate(timeout=60)  # it reaches end of file although the server continues
    time.sleep(0.1)
    assert _answers(lease)


def test_killed_server_is_restarted_and_recovers(opens: Callable[[], Lease], data_home: Path) -> None:
    lease = opens()
    with psycopg.connect(lease.dsn(), autocommit=True) as connection:
        connection.execute("create table kept as select 42 as answer")
    pid = postmaster.running(_server(data_home))
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert postmaster.gone(_server(data_home), 60.0)
    assert not lease.is_alive()
    again = opens()
    with psycopg.connect(again.dsn()) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)
    # The first process's lease holds the same FIFO and socket, so it works again.
    assert _answers(lease)
    again.close()
    assert _answers(lease)


def test_start_waits_for_sessions_of_a_killed_server(opens: Callable[[], Lease]) -> None:
    """A session that does not notice the death of its server keeps the shared memory."""
    lease = opens()
    with psycopg.connect(lease.dsn(), autocommit=True) as connection:
        connection.execute("CREATE TABLE t AS SELECT 42 AS a")
        session = connection.info.backend_pid
        os.kill(session, signal.SIGSTOP)
        server = postmaster.running(lease.home.data)
        assert server is not None
        os.kill(server, signal.SIGKILL)
        wake = threading.Timer(0.5, os.kill, (session, signal.SIGCONT))
        wake.start()
        try:
            again = opens()
        finally:
            wake.join()
    with psycopg.connect(again.dsn()) as connection:
        assert connection.execute("SELECT a FROM t").fetchone() == (42,)


def test_start_gives_up_if_sessions_of_a_killed_server_do_not_end(
    opens: Callable[[], Lease], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_server, "_REMAINS", 0.3)
    lease = opens()
    with psycopg.connect(lease.dsn(), autocommit=True) as connection:
        session = connection.info.backend_pid
        os.kill(session, signal.SIGSTOP)
        server = postmaster.running(lease.home.data)
        assert server is not None
        os.kill(server, signal.SIGKILL)
        try:
            with pytest.raises(EmbeddedError, match=r"sessions of it still run after 0\.3 s") as caught:
                opens()
        finally:
            os.kill(session, signal.SIGCONT)
    assert lease.cluster_name in caught.value.hint


@pytest.mark.parametrize("which", ["waiting", "reading", "both"])
def test_killed_watchdog_is_replaced(
    which: str, client: Callable[..., subprocess.Popen[str]], opens: Callable[[], Lease], data_home: Path
) -> None:
    starter = client("wait")
    pids = _watchdogs(data_home)
    assert len(pids) == 2
    for pid in {"waiting": pids[:1], "reading": pids[1:], "both": pids}[which]:
        os.kill(pid, signal.SIGKILL)
    lease = opens()
    assert _answers(lease)
    _kill(starter)
    time.sleep(0.05)
    assert _answers(lease)
    lease.close()
    assert postmaster.running(_server(data_home)) is None


def test_server_is_restarted_when_server_and_waiting_shell_are_killed(
    opens: Callable[[], Lease], data_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens()
    server = postmaster.running(_server(data_home))
    assert server
    os.kill(_watchdogs(data_home)[0], signal.SIGKILL)
    os.kill(server, signal.SIGKILL)
    assert _answers(opens())


def test_server_that_has_a_pid_but_answers_nobody_is_restarted(
    opens: Callable[[], Lease], data_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens()
    server = postmaster.running(_server(data_home))
    with monkeypatch.context() as dying:
        dying.setattr(postmaster, "answers", lambda path, seconds: False)
        assert _answers(opens())
    assert postmaster.running(_server(data_home)) not in {None, server}


@pytest.mark.parametrize(("reply", "expected"), [(b"N", True), (b"", False), (None, True)])
def test_socket_answers_unless_it_is_closed(reply: bytes | None, expected: bool, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(8)
                if reply is None:
                    time.sleep(0.3)
                else:
                    client.sendall(reply)

        server = threading.Thread(target=serve)
        server.start()
        assert postmaster.answers(tmp_path / "s", 0.1 if reply is None else 60.0) is expected
        server.join()
    assert not postmaster.answers(tmp_path / "s", 0.1)


def test_server_starts_when_another_process_has_the_old_pid(
    opens: Callable[[], Lease], data_home: Path
) -> None:
    first = opens()
    pid_file = _server(data_home) / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    os.kill(int(lines[0]), signal.SIGKILL)
    assert postmaster.gone(_server(data_home), 60.0)
    first.close()
    lines[0] = str(os.getpid())
    pid_file.write_text("\n".join(lines) + "\n")
    assert _answers(opens())


@pytest.mark.parametrize("killed", [False, True], ids=["running", "killed"])
def test_copied_folder_has_a_server_of_its_own(
    opens: Callable[[], Lease], data_home: Path, made_home: Path, binaries: Binaries, *, killed: bool
) -> None:
    """The copy names the socket of the first folder, and its server: each process would read the other database."""
    lease = opens()
    if killed:
        os.kill(postmaster.running(_server(data_home)) or 0, signal.SIGKILL)
        assert postmaster.gone(_server(data_home), 60.0)
    copied = made_home / "copied home"
    subprocess.run(["cp", "-a", data_home, copied], check=True)
    try:
        lease = opens()
        with open_shared(copied, binaries=binaries) as other:
            assert _data_of(lease) == str(_server(data_home))
            assert _data_of(other) == str(_server(copied))
            assert other.cluster_name != lease.cluster_name
            assert other.sockets != lease.sockets
        assert _data_of(lease) == str(_server(data_home))
    finally:
        shutil.rmtree(copied)


def _data_of(lease: Lease) -> str:
    with psycopg.connect(lease.dsn()) as conn:
        row = conn.execute("SELECT current_setting('data_directory')").fetchone()
    assert row is not None
    return str(row[0])


def test_concurrent_processes_share_one_server(
    client: Callable[..., subprocess.Popen[str]], data_home: Path
) -> None:
    processes = [client("wait", ready=False) for _ in range(4)]
    names = {process.stdout.readline() for process in processes if process.stdout}
    assert len(names) == 1
    assert len(_watchdogs(data_home)) == 2
    for process in processes:
        process.communicate("")
    assert postmaster.running(_server(data_home)) is None


def test_lease_works_when_it_is_opened_while_the_last_one_closes(
    opens: Callable[[], Lease], data_home: Path, binaries: Binaries
) -> None:
    """Open and close leases in two threads: an open lease always works."""
    wrong: list[BaseException] = []

    def churn() -> None:
        try:
            for _ in range(6):
                with open_shared(data_home, binaries=binaries) as lease:
                    assert _answers(lease)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=churn) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_failing_initdb_is_an_error_and_leaves_no_data(data_home: Path) -> None:
    programs = data_home / "programs"
    programs.mkdir()
    for name in ("postgres", "initdb"):
        (programs / name).write_text("#!/bin/sh\necho 'initdb: error: the disk is full'\nexit 1\n")
        (programs / name).chmod(0o755)
    for _ in range(2):
        with pytest.raises(EmbeddedError, match="the disk is full"):
            open_shared(data_home / "new", binaries=Binaries(programs, (17, 1), "test"))
    assert [path.name for path in (data_home / "new/server-17").iterdir()] == ["gate"]


def test_failing_start_is_an_error_and_keeps_the_data(opens: Callable[[], Lease], data_home: Path) -> None:
    configuration = _server(data_home) / "postgresql.conf"
    good = configuration.read_text()
    configuration.write_text(good + "\nwork_mem = banana\n")
    with pytest.raises(EmbeddedError, match=r"did not start:\n(.*\n)*.*banana"):
        opens()
    assert not _watchdogs(data_home)
    configuration.write_text(good)
    assert _answers(opens())
