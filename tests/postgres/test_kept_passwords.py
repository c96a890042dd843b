"""How long a password is kept that a program brings, and how often the program runs."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from koonj.config import Password, ScratchPlace, Target
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.kept_passwords import KEPT_SECONDS, KeptPasswords, PasswordError
from koonj.postgres.scratch.interface import ScratchError
from koonj.postgres.scratch.login import Login
from support.network_server import NetworkServer, network_server

HBA = "local all all trust\nhost all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
SIGNED = (
    "db.example:5432/?Action=connect&DBUser=migrator&X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Date={date}&X-Amz-Expires={seconds}&X-Amz-Signature=0123abcd"
)
"""A token of RDS, as far as it says how long it is valid."""


class Clock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC

    def __call__(self) -> float:
        return self.now


class Program:
    """A command that prints the text of a file, and counts its runs."""

    def __init__(self, folder: Path) -> None:
        self.answer, self.count = folder / "answer", folder / "count"
        self.says("right")
        self.command = f"echo x >> {self.count}; cat {self.answer}"

    def says(self, text: str) -> None:
        self.answer.write_text(text)

    @property
    def runs(self) -> int:
        return len(self.count.read_text().splitlines()) if self.count.exists() else 0

    def password(self, lifetime: float | None = None) -> Password:
        return Password("command", self.command, lifetime=lifetime)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture(scope="module")
def server(binaries: Binaries) -> Iterator[NetworkServer]:
    with network_server(binaries, HBA) as running:
        yield running


@pytest.fixture
def role(server: NetworkServer) -> Iterator[Callable[[str], None]]:
    """Return what sets the password of the role ``migrator``, which is ``right`` at first."""

    def set_password(text: str) -> None:
        with psycopg.connect(server.dsn(), autocommit=True) as conn:
            conn.execute(f"ALTER ROLE migrator PASSWORD '{text}'")

    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute("CREATE ROLE migrator LOGIN CREATEDB PASSWORD 'right'")
    yield set_password
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute("DROP ROLE migrator")


def kept_seconds(program: Program, lifetime: float | None) -> float:
    """Return how long the answer of a program is used; found by halving, so to a hundredth."""
    low, high = 0.0, 1e6
    while high - low > 0.01:
        clock, middle = Clock(), (low + high) / 2
        kept, asked = KeptPasswords(clock), program.password(lifetime)
        kept.get_blocking(asked)
        clock.now += middle
        low, high = (middle, high) if kept.get_blocking(asked).was_kept else (low, middle)
    return round(high, 1)


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the answer without a shell, which would take most of the test's time."""

    def read(password: Password) -> str:
        return Path(password.value.rpartition(" ")[2]).read_text()

    monkeypatch.setattr("koonj.postgres.kept_passwords.read_password", read)


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize(
    ("answer", "lifetime", "seconds"),
    [
        ("plain", None, KEPT_SECONDS),
        ("plain", 900.0, 840.0),
        ("plain", 100.0, 90.0),
        (SIGNED.format(date="20231114T221320Z", seconds=900), None, 840.0),
        (SIGNED.format(date="20231114T220320Z", seconds=900), None, 240.0),  # it was made ten minutes ago
        (SIGNED.format(date="20231114T221320Z", seconds=900), 300.0, 270.0),
        (SIGNED.format(date="20231114T221320Z", seconds=900), 3600.0, 840.0),
        (SIGNED.format(date="20231114T100000Z", seconds=900), None, 0.0),  # it has expired
        (SIGNED.format(date="20239914T221320Z", seconds=900), None, KEPT_SECONDS),
        (SIGNED.format(date="20231114T221320Z", seconds="soon"), None, KEPT_SECONDS),
        ("X-Amz-Date=20231114T221320Z X-Amz-Expires=900", None, KEPT_SECONDS),
    ],
)
def test_password_is_used_until_shortly_before_it_expires(
    program: Program, answer: str, lifetime: float | None, seconds: float
) -> None:
    program.says(answer)
    assert kept_seconds(program, lifetime) == seconds


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize(("lifetime", "is_kept"), [(None, True), (100.0, False)])
def test_run_of_a_plan_that_was_read_for_long_uses_a_password_whose_lifetime_is_unknown(
    program: Program, lifetime: float | None, *, is_kept: bool
) -> None:
    clock, asked = Clock(), program.password(lifetime)
    before, other = KeptPasswords(clock), KeptPasswords(clock)
    assert before.to_plain(asked) == []
    before.get_blocking(asked)
    clock.now += 1000
    other.add_plain(asked, before.to_plain(asked))
    program.says("new")
    for kept in (before, other):
        kept.begin_run()
        given = kept.get_blocking(asked)
        assert (given.text, given.was_kept) == (("right", True) if is_kept else ("new", False))


@pytest.mark.usefixtures("fast")
def test_run_of_hours_keeps_a_password_whose_lifetime_is_unknown_until_it_is_refused(
    program: Program,
) -> None:
    clock, asked = Clock(), program.password()
    kept = KeptPasswords(clock)
    kept.get_blocking(asked)
    kept.begin_run()
    program.says("new")
    clock.now += 10_000
    assert kept.get_blocking(asked).text == "right"

    def attempt(text: str) -> str:
        if text != "new":
            raise LookupError
        return text

    for _ in range(2):
        assert kept.log_in_blocking(asked, attempt, lambda error: isinstance(error, LookupError)) == "new"
        program.says("newer")
        clock.now += 10_000


@pytest.mark.usefixtures("fast")
def test_run_of_hours_asks_again_for_a_password_that_has_expired(program: Program) -> None:
    clock, asked = Clock(), program.password(900.0)
    kept = KeptPasswords(clock)
    kept.get_blocking(asked)
    kept.begin_run()
    program.says("new")
    for seconds, text in ((839, "right"), (2, "new")):
        clock.now += seconds
        assert kept.get_blocking(asked).text == text


@pytest.mark.usefixtures("fast")
def test_password_that_another_connection_brought_meanwhile_is_the_last_that_is_tried(
    program: Program,
) -> None:
    clock, tried = Clock(), list[str]()
    kept, asked = KeptPasswords(clock), program.password()
    kept.get_blocking(asked)

    def attempt(text: str) -> None:
        tried.append(text)
        clock.now += 2 * KEPT_SECONDS
        program.says(f"new {len(tried)}")
        kept.get_blocking(asked)
        raise LookupError

    with pytest.raises(LookupError):
        kept.log_in_blocking(asked, attempt, lambda error: isinstance(error, LookupError))
    assert tried == ["right", "new 1"]


async def test_connections_of_one_command_run_the_program_once(
    server: NetworkServer, role: Callable[[str], None], program: Program
) -> None:
    target = Target("t", server.dsn(user="migrator"), password=program.password())
    async with Connector() as connector:
        for _ in range(2):
            async with await connector.connect(target) as conn:
                assert conn.info.user == "migrator"
    assert program.runs == 1


async def test_one_time_password_is_for_one_connection(
    server: NetworkServer, role: Callable[[str], None], program: Program
) -> None:
    target = Target("t", server.dsn(user="migrator"), password=program.password(0.0))
    async with Connector() as connector:
        for connection in await asyncio.gather(connector.connect(target), connector.connect(target)):
            await connection.close()
    assert program.runs == 2


async def test_kept_password_that_the_server_refuses_is_asked_again_at_once(
    server: NetworkServer, role: Callable[[str], None], program: Program
) -> None:
    target = Target("t", server.dsn(user="migrator"), password=program.password(900.0))
    async with Connector() as connector:
        await (await connector.connect(target)).close()
        role("newer")
        program.says("newer")
        await (await connector.connect(target)).close()
        assert program.runs == 2
        role("newest")  # the program does not know it
        with pytest.raises(ConnectError, match="password authentication failed"):
            await connector.connect(target)
        assert program.runs == 3
        program.says("newest")  # a refused one is not kept
        await (await connector.connect(target)).close()
        assert program.runs == 4


async def test_new_password_that_the_server_refuses_is_not_asked_again(
    server: NetworkServer, role: Callable[[str], None], program: Program
) -> None:
    program.says("wrong")
    target = Target("t", server.dsn(user="migrator"), password=program.password())
    async with Connector() as connector:
        with pytest.raises(ConnectError, match="password authentication failed"):
            await connector.connect(target)
    assert program.runs == 1


async def test_program_does_not_run_again_for_what_no_password_changes(
    server: NetworkServer, role: Callable[[str], None], program: Program
) -> None:
    password = program.password()
    async with Connector() as connector:
        await (await connector.connect(Target("t", server.dsn(user="migrator"), password=password))).close()
        for dsn in (server.dsn(user="migrator", dbname="nowhere"), server.dsn(port=1, user="migrator")):
            with pytest.raises(ConnectError):
                await connector.connect(Target("t", dsn, password=password))
    assert program.runs == 1


def test_scratch_server_asks_again_for_a_refused_password(
    server: NetworkServer, role: Callable[[str], None], program: Program
) -> None:
    login = Login.of(ScratchPlace(server.dsn(user="migrator"), program.password(900.0)))
    login.connect().close()
    login.connect().close()
    assert program.runs == 1
    role("newer")
    program.says("newer")
    login.connect().close()
    assert program.runs == 2
    role("newest")
    with pytest.raises(ScratchError, match="password authentication failed"):
        login.connect()
    assert program.runs == 3


def waiting_program(folder: Path) -> tuple[Password, Path, Path]:
    """Return a command that prints a password when it reads a line of a FIFO, its count, and the FIFO."""
    gate, count = folder / "gate", folder / "count"
    os.mkfifo(gate)
    return Password("command", f"echo x >> {count}; head -1 {gate}"), count, gate


async def test_connections_of_several_threads_share_one_run_of_the_program(tmp_path: Path) -> None:
    password, count, gate = waiting_program(tmp_path)
    kept = KeptPasswords()
    arrived = threading.Semaphore(0)

    async def ask() -> str:
        arrived.release()
        return (await kept.get(password)).text

    with ThreadPoolExecutor(4) as threads:
        others = [threads.submit(lambda: asyncio.run(ask())) for _ in range(3)]
        own = [asyncio.create_task(ask()) for _ in range(3)]
        await asyncio.to_thread(lambda: [arrived.acquire() for _ in range(6)])
        await asyncio.to_thread(gate.write_text, "s3cret\n")
        assert await asyncio.gather(*own) == ["s3cret"] * 3
        assert [await asyncio.wrap_future(one) for one in others] == ["s3cret"] * 3
    assert count.read_text() == "x\n"


async def test_connection_that_is_given_up_takes_the_answer_from_nobody(tmp_path: Path) -> None:
    password, count, gate = waiting_program(tmp_path)
    kept = KeptPasswords()
    first, second = (asyncio.create_task(kept.get(password)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await asyncio.to_thread(gate.write_text, "s3cret\n")
    assert (await second).text == "s3cret"
    assert count.read_text() == "x\n"


async def test_failure_of_the_program_is_told_to_all_and_is_not_kept(program: Program) -> None:
    kept, password = KeptPasswords(), program.password()
    program.says("")
    found = await asyncio.gather(kept.get(password), kept.get(password), return_exceptions=True)
    assert [str(error) for error in found] == ["the first line of the command is empty"] * 2
    program.says("right")
    assert (await kept.get(password)).text == "right"
    assert program.runs == 2


@pytest.mark.parametrize("source", ["env", "file"])
async def test_variable_and_file_are_read_again(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, file = KeptPasswords(), tmp_path / "pw"
    password = Password(source, "KOONJ_TEST_PW" if source == "env" else str(file))
    for text in ("one", "two"):
        monkeypatch.setenv("KOONJ_TEST_PW", text)
        file.write_text(text)
        assert (await kept.get(password)).text == text


def test_program_that_is_too_slow_is_ended_with_what_it_has_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("koonj.postgres.password.PASSWORD_SECONDS", 0.2)
    pid = tmp_path / "pid"
    with pytest.raises(PasswordError, match=r"did not finish in 0\.2 s"):
        KeptPasswords().get_blocking(Password("command", f"sleep 600 & echo $! > {pid}; wait"))
    started = pid.read_text().strip() if pid.exists() else ""  # empty: the shell was ended before that
    end = time.monotonic() + 30
    while started and is_running(int(started)):
        assert time.monotonic() < end
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"  # nobody may wait for it here


def test_password_is_in_no_text_of_the_values() -> None:
    kept = KeptPasswords()
    given = kept.get_blocking(Password("command", "echo s3cret"))
    assert given.text == "s3cret"
    assert "s3cret" not in repr((kept, given, given.answer))
