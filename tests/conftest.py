"""Fixtures for all tests: clean environment, temporary home, real PostgreSQL.

Each process (each pytest-xdist worker) has one scratch cluster. The first test that needs a database starts it.
KOONJ_TEST_BINDIR selects the server binaries to test with; by default, koonj finds them as usual. It stays in the
environment, because pytest-xdist starts its workers after this file was loaded.
"""

import gc
import os
import re
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from koonj.postgres.embedded.binaries import Binaries, choose, discover
from koonj.postgres.embedded.temporary_server import TemporaryServer

BINDIR = os.environ.get("KOONJ_TEST_BINDIR", "")
MARK = f"KOONJ_TEST_PROCESS={os.getpid()}-{secrets.token_hex(4)}"
"""Environment variable of every process that a test starts, to find the processes that remain."""


def _clean_environment() -> None:
    """Remove variables for koonj, Textual, libpq and git; a test sets what it needs.

    The tests themselves keep the time zone, the clock and the locale of the machine, because no test may depend on
    them. `.ci/run` checks that.
    """
    exact = {"NO_COLOR", "FORCE_COLOR", "COLORTERM", "ESCDELAY", "DATABASE_URL", "CI"}
    exact |= {"EDITOR", "VISUAL", "PAGER", "LINES", "COLUMNS"}
    for name in list(os.environ):
        if name in exact or re.match(r"PG|KOONJ_(?!TEST_BINDIR$)|TEXTUAL|PSYCOPG_|GIT_", name):
            del os.environ[name]
    os.environ["KOONJ_REHEARSE"] = "0"  # most tests are not about rehearsals; the others turn them on
    os.environ["KOONJ_TRUST"] = "1"  # most tests are not about trust; the others turn it off
    name, _, value = MARK.partition("=")
    os.environ[name] = value


def _set_locale_of_children() -> None:
    """Set the locale of processes that a test starts.

    koonj draws only ASCII if the locale is not UTF-8.
    """
    for name in list(os.environ):
        if name.startswith("LC_") or name == "LANGUAGE":
            del os.environ[name]
    os.environ["LANG"] = os.environ["LC_ALL"] = "C.UTF-8"


def _let_signals_through() -> None:
    """Make signals work in processes that a test starts.

    In the background or under nohup, this process ignores signals. Children inherit an ignored signal, but not a
    handler.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


_clean_environment()
_let_signals_through()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option ``--golden=write``, which writes the golden screens and pictures."""
    parser.addoption("--golden", default="compare", choices=("compare", "write"))


_SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile(
    "default", deadline=None, derandomize=True, max_examples=60, suppress_health_check=_SLOW
)
settings.register_profile("more", deadline=None, max_examples=2000, suppress_health_check=_SLOW)
settings.load_profile("default")


def _point_home_to(folder: Path, put: Callable[[str, str], None]) -> None:
    put("HOME", str(folder))
    for name, part in (("DATA", ".local/share"), ("CONFIG", ".config"), ("STATE", ".local/state")):
        put(f"XDG_{name}_HOME", str(folder / part))


def _new_folder() -> Path:
    # In /tmp, and open to others: root runs the server with another account, which cannot enter pytest's tmp_path.
    folder = Path(tempfile.mkdtemp(prefix="koonj-test-", dir="/tmp"))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _session() -> Iterator[None]:
    """Set a temporary home for the run; at its end, check that no process remains."""
    # Not earlier, because the workers of pytest-xdist must start in the locale of the machine.
    _set_locale_of_children()
    folder = _new_folder()
    _point_home_to(folder, os.environ.__setitem__)
    # One cache for all tests, because root copies the server binaries to it.
    os.environ["XDG_CACHE_HOME"] = str(folder / ".cache")
    yield
    shutil.rmtree(folder, ignore_errors=True)
    end = time.monotonic() + 5
    while (remaining := _remaining_processes()) and time.monotonic() < end:
        time.sleep(0.05)
    assert not remaining, f"processes that the tests started and that still run: {remaining}"


@pytest.fixture(autouse=True)
def _no_cached_verdicts(_session: None) -> None:
    """Delete cached verdicts and names of earlier tests, so that no test depends on them."""
    for name in ("rehearsals", "names"):
        shutil.rmtree(Path(os.environ["XDG_CACHE_HOME"], "koonj", name), ignore_errors=True)


def _remaining_processes() -> list[str]:
    """Return the command lines of other running processes that have MARK."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name == str(os.getpid()):
            continue
        try:
            if MARK.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(
                    f"{folder.name}: {(folder / 'cmdline').read_bytes().replace(bytes(1), b' ').decode()}"
                )
        except OSError:
            continue  # it has just exited, or belongs to another user
    return found


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home folder for one test. HOME and XDG_*_HOME point to it, except the cache."""
    folder = _new_folder()
    _point_home_to(folder, monkeypatch.setenv)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def binaries() -> Binaries:
    """The server binaries that the tests use."""
    return choose({**os.environ, "KOONJ_PG_BINDIR": BINDIR})


@pytest.fixture(scope="session")
def server(binaries: Binaries) -> Iterator[TemporaryServer]:
    """The scratch cluster of this process.

    All its tests see roles and settings of the cluster; `scratch` is for one test.
    """
    with TemporaryServer(
        binaries, settings={"max_connections": "100", "max_prepared_transactions": "10"}
    ) as running:
        yield running


@pytest.fixture(scope="session")
def _databases(server: TemporaryServer) -> Iterator[Callable[[], str]]:
    """A function that creates empty databases.

    It drops the oldest ones later, when their sessions have ended, which is 100 ms faster. All are copies of one that
    had a session: with its file about the catalog, the first session of a copy takes half the time.
    """
    used: deque[str] = deque()
    template = sql.Identifier(f"template_{secrets.token_hex(6)}")
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        quick = sql.SQL("STRATEGY FILE_COPY" if server.binaries.major >= 15 else "")
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} {}")
        connection.execute(create.format(template, sql.Identifier("template0"), quick))
        psycopg.connect(server.dsn(template.as_string(None).strip('"'))).close()
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")

        def make() -> str:
            name = f"test_{secrets.token_hex(6)}"
            connection.execute(create.format(sql.Identifier(name), template, quick))
            used.append(name)
            if len(used) > 20:
                connection.execute(drop.format(sql.Identifier(used.popleft())))
            return server.dsn(name)

        yield make


@pytest.fixture
def make_database(_databases: Callable[[], str]) -> Callable[[], str]:
    """A function that creates an empty database and returns its dsn; 20 exist at most."""
    return _databases


@pytest.fixture
def database(make_database: Callable[[], str]) -> str:
    """The dsn of a new empty database."""
    return make_database()


@pytest.fixture
def scratch(binaries: Binaries) -> Iterator[TemporaryServer]:
    """A cluster for one test, which can change roles and settings or kill the server."""
    with TemporaryServer(binaries) as running:
        yield running


def _client(binaries: Binaries, name: str) -> Path:
    """Return a client program that is not older than the server, or skip the test.

    It is from the server's own folder if there is one: some packages of binaries have no clients.
    """
    found = (binaries, *(other for other in discover() if other.major >= binaries.major))
    program = next(filter(None, (each.program(name) for each in found)), None)
    if program is None:
        pytest.skip(f"no {name} of PostgreSQL {binaries.major} or newer on this machine")
    return program


@pytest.fixture(scope="session")
def psql(binaries: Binaries) -> Path:
    """The path of psql. Skips the test if there is none."""
    return _client(binaries, "psql")


@pytest.fixture(scope="session")
def pg_dump(binaries: Binaries) -> Path:
    """The path of pg_dump. Skips the test if there is none."""
    return _client(binaries, "pg_dump")


def _keep_bytecode() -> None:
    """Allow Python to write compiled files, even if the shell forbids it.

    Otherwise pytest rewrites every test file in each process, and every koonj that a test starts compiles all its
    modules.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


_keep_bytecode()

TESTS = Path(__file__).parent
SCREEN = {"binaries", "offline"}
"""Fixtures that every test uses, directly or not, if it opens the screen or starts koonj on a pty."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Return two processes per core for ``-n auto``.

    A test waits half of the time, for a server, a screen or a key.
    """
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # the user has set the number
    return 2 * len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let a process without remaining tests take tests of another process.

    The times of tests range from 1 ms to half a minute.
    """
    if config.getoption("dist") != "load":
        return None  # the user has chosen another mode
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let the collector of garbage skip the thousands of tests themselves, and look at the others less often.

    Otherwise it takes a fifth of the time of a test with a screen.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000, 10, 5)
        gc.enable()


@pytest.hookimpl(tryfirst=True)  # before pytest removes tests that -m does not select
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that use a screen or a terminal, so that `make fast` omits them."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        fixtures = set(getattr(item, "fixturenames", ()))
        if folder == "tui" and fixtures & SCREEN:
            item.add_marker(pytest.mark.screen)
        if folder == "e2e" or "terminal" in fixtures:
            item.add_marker(pytest.mark.terminal)
