"""What every test stands on: a clean environment, a home of its own, and a real PostgreSQL.

One scratch cluster for each process (each pytest-xdist worker), started by the first test that needs a database.
KOONJ_TEST_BINDIR chooses the server programs to test with; by default they are found as koonj finds them. It stays in
the environment, because pytest-xdist starts its workers after this file was loaded.
"""

import os
import re
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from koonj.postgres.embedded.binaries import Binaries, choose
from koonj.postgres.embedded.temporary_server import TemporaryServer

BINDIR = os.environ.get("KOONJ_TEST_BINDIR", "")
MARK = f"KOONJ_TEST_PROCESS={os.getpid()}-{secrets.token_hex(4)}"
"""In the environment of everything that a test starts, so that what is left behind can be found."""


def _clean_environment() -> None:
    """Remove what the shell says to koonj, Textual, libpq and git; a test sets what it needs.

    The time zone, the clock and the locale of the tests themselves stay those of the machine: no test may depend
    on them. `.ci/run` proves it.
    """
    exact = {"NO_COLOR", "FORCE_COLOR", "COLORTERM", "ESCDELAY", "DATABASE_URL"}
    exact |= {"EDITOR", "VISUAL", "PAGER", "LINES", "COLUMNS"}
    for name in list(os.environ):
        if name in exact or re.match(r"PG|KOONJ_(?!TEST_BINDIR$)|TEXTUAL|PSYCOPG_|GIT_", name):
            del os.environ[name]
    os.environ["KOONJ_REHEARSE"] = "0"  # only what a test asks for: the others are not about rehearsals
    name, _, value = MARK.partition("=")
    os.environ[name] = value


def _set_locale_of_children() -> None:
    """Set the locale of what a test starts: koonj draws ASCII where the locale asks for it."""
    for name in list(os.environ):
        if name.startswith("LC_") or name == "LANGUAGE":
            del os.environ[name]
    os.environ["LANG"] = os.environ["LC_ALL"] = "C.UTF-8"


def _let_signals_through() -> None:
    """Let what a test starts be interrupted, also where this process may not: in the background, under nohup.

    A signal that is ignored stays ignored in children; one that has a handler does not.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


_clean_environment()
_let_signals_through()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--golden=write`` writes the golden screens and pictures anew."""
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
    # In /tmp and open to others: root's server runs as another account, which may not enter pytest's tmp_path.
    folder = Path(tempfile.mkdtemp(prefix="koonj-test-", dir="/tmp"))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _session() -> Iterator[None]:
    """A home that is nobody's, for the whole run; at its end nothing that a test started may still run."""
    # Not before: pytest-xdist's workers shall start in the locale of the machine.
    _set_locale_of_children()
    folder = _new_folder()
    _point_home_to(folder, os.environ.__setitem__)
    os.environ["XDG_CACHE_HOME"] = str(
        folder / ".cache"
    )  # one for all tests: root copies server programs to it
    yield
    shutil.rmtree(folder, ignore_errors=True)
    end = time.monotonic() + 5
    while (left := _left_behind()) and time.monotonic() < end:
        time.sleep(0.05)
    assert not left, f"processes that the tests left behind: {left}"


@pytest.fixture(autouse=True)
def _no_kept_verdicts(_session: None) -> None:
    """Remove the verdicts that earlier tests left in the cache: no test may depend on what ran before it."""
    shutil.rmtree(Path(os.environ["XDG_CACHE_HOME"], "koonj", "rehearsals"), ignore_errors=True)


def _left_behind() -> list[str]:
    """The command lines of living processes, other than this one, that carry MARK."""
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
            continue  # it ended just now, or is another user's
    return found


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home folder of the test's own: HOME and XDG_*_HOME point to it, but for the cache."""
    folder = _new_folder()
    _point_home_to(folder, monkeypatch.setenv)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def binaries() -> Binaries:
    """The server programs that the tests run on."""
    return choose({**os.environ, "KOONJ_PG_BINDIR": BINDIR})


@pytest.fixture(scope="session")
def server(binaries: Binaries) -> Iterator[TemporaryServer]:
    """This process's scratch cluster. Roles and settings in it are seen by all its tests: see `scratch`."""
    with TemporaryServer(
        binaries, settings={"max_connections": "100", "max_prepared_transactions": "10"}
    ) as running:
        yield running


@pytest.fixture(scope="session")
def _databases(server: TemporaryServer) -> Iterator[Callable[[], str]]:
    """Makes empty databases. Drops the oldest later, when their sessions are gone: that is 100 ms faster."""
    used: deque[str] = deque()
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        quick = sql.SQL("STRATEGY FILE_COPY" if server.binaries.major >= 15 else "")
        create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 {}")
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")

        def make() -> str:
            name = f"test_{secrets.token_hex(6)}"
            connection.execute(create.format(sql.Identifier(name), quick))
            used.append(name)
            if len(used) > 20:
                connection.execute(drop.format(sql.Identifier(used.popleft())))
            return server.dsn(name)

        yield make


@pytest.fixture
def make_database(_databases: Callable[[], str]) -> Callable[[], str]:
    """Call it for the dsn of one more empty database. At most 20 live at a time."""
    return _databases


@pytest.fixture
def database(make_database: Callable[[], str]) -> str:
    """The dsn of a fresh empty database."""
    return make_database()


@pytest.fixture
def scratch(binaries: Binaries) -> Iterator[TemporaryServer]:
    """A cluster of the test's own, for roles, settings and kills."""
    with TemporaryServer(binaries) as running:
        yield running


def _client(binaries: Binaries, name: str) -> Path:
    """A client program that is not older than the server: from the server's own folder if it has one."""
    program = binaries.program(name) or shutil.which(name)
    if program is None:
        pytest.skip(f"no {name} on this machine")
    return Path(program)


@pytest.fixture(scope="session")
def psql(binaries: Binaries) -> Path:
    """The path of psql, or a skip."""
    return _client(binaries, "psql")


@pytest.fixture(scope="session")
def pg_dump(binaries: Binaries) -> Path:
    """The path of pg_dump, or a skip."""
    return _client(binaries, "pg_dump")


def _keep_bytecode() -> None:
    """Let Python keep what it compiled, though the shell forbids it.

    Otherwise pytest rewrites every test file in each process, and every koonj that a test starts compiles itself.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


_keep_bytecode()

TESTS = Path(__file__).parent
SCREEN = {"binaries", "offline"}
"""The fixtures of tests/tui below all those with which a test opens the screen, or starts koonj on a pty."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Two processes for each core with ``-n auto``: half of the time a test waits for a server, a screen or a key."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # a number that somebody chose
    return 2 * len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A process that has no tests left takes some of another's: tests take from 1 ms to half a minute."""
    if config.getoption("dist") != "load":
        return None  # what somebody chose
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


@pytest.hookimpl(tryfirst=True)  # before pytest drops what -m does not want
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a screen or a terminal: no test is forgotten, and `make fast` leaves them out."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        fixtures = set(getattr(item, "fixturenames", ()))
        if folder == "tui" and fixtures & SCREEN:
            item.add_marker(pytest.mark.screen)
        if folder == "e2e" or "terminal" in fixtures:
            item.add_marker(pytest.mark.terminal)
