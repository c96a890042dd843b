"""Measure how long others wait while a migration waits for its lock: psql beside koonj.

    python benchmarks/locks.py [--long]

A transaction has read a table. ALTER TABLE … ADD COLUMN needs ACCESS EXCLUSIVE on it, while clients read the
table every 4 ms. Prints for each way the longest wait of a client in ms, how many of their reads waited for
more than 50 ms, and after how many seconds the migration was in. `--long`: also a transaction of 30 s.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from koonj.config import Target
from koonj.migrations.folder import FolderReader
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import choose
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import PlanMade, Question, RunFinished, RunResult
from koonj.runner.run.request import Extent, Request
from koonj.runner.start import start

LATE = 0.05
_PAUSE = 0.004

_CLIENTS = """
import sys, threading, time, psycopg
waits, end = [], threading.Event()
def client():
    with psycopg.connect(sys.argv[1], autocommit=True) as conn:
        while not end.is_set():
            began = time.perf_counter()
            conn.execute("SELECT count(*) FROM t")
            waits.append(time.perf_counter() - began)
            time.sleep(0.004)
threads = [threading.Thread(target=client) for _ in range(int(sys.argv[2]))]
for thread in threads: thread.start()
time.sleep(0.3); waits.clear(); print("ready", flush=True)
sys.stdin.readline(); end.set()
for thread in threads: thread.join()
print(max(waits), sum(wait > 0.05 for wait in waits))
"""


@dataclass(frozen=True)
class Case:
    """What is in the way, and how many clients read meanwhile."""

    name: str
    seconds: float
    """How long the transaction stays; 0: three readers of 100 ms that overlap."""
    clients: int


class Clients:
    """A process whose threads read the table."""

    def __init__(self, dsn: str, number: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CLIENTS, dsn, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def end(self) -> tuple[float, int]:
        """Return the longest wait, and the number of late reads."""
        longest, late = self._process.communicate("\n")[0].split()
        return float(longest), int(late)


class Holders:
    """Transactions that read the table."""

    def __init__(self, dsn: str, case: Case) -> None:
        self._end = threading.Event()
        self._began = threading.Barrier(4 if not case.seconds else 2)
        ways = [self._overlap] * 3 if not case.seconds else [self._stay]
        self._threads = [threading.Thread(target=way, args=(dsn, case, n)) for n, way in enumerate(ways)]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()
        self._began.wait()

    def end(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _stay(self, dsn: str, case: Case, _number: int) -> None:
        with psycopg.connect(dsn) as conn:
            conn.execute("SELECT FROM t")
            self._began.wait()
            self._end.wait(case.seconds)

    def _overlap(self, dsn: str, _case: Case, number: int) -> None:
        with psycopg.connect(dsn) as conn:
            time.sleep(number * 0.03)
            conn.execute("SELECT FROM t")
            self._began.wait()
            while not self._end.is_set():
                conn.execute("SELECT pg_sleep(0.1), count(*) FROM t")
                conn.rollback()


Way = Callable[[str, Path, Callable[[], None]], Awaitable[bool]]
"""Applies the migration, and calls the function before it changes anything. Returns whether it is in."""


def _psql(program: str, *settings: str, seconds: float) -> Way:
    async def run(dsn: str, folder: Path, begin: Callable[[], None]) -> bool:
        await asyncio.to_thread(begin)
        end = time.monotonic() + seconds
        options = " ".join(
            f"-c {one}" for one in settings
        )  # the server's dsn says that PGOPTIONS does not count
        there = make_conninfo(dsn, options=options)
        command = [program, "-qX", "-v", "ON_ERROR_STOP=1", "-d", there, "-f", str(folder / "002_b.sql")]
        while time.monotonic() < end:
            process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
            if await process.wait() == 0:
                return True
        return False

    return run


async def _koonj(dsn: str, folder: Path, begin: Callable[[], None]) -> bool:
    async with Connector() as connector:
        request = Request(Direction.APPLY, Extent.ALL, measure=True)
        run = start(connector, Target("t", dsn), FolderReader(folder), request)
        async for event in run.events():
            if isinstance(event, PlanMade):
                await asyncio.to_thread(begin)
            elif isinstance(event, Question):
                run.answer(event.id, event.expected)
            elif isinstance(event, RunFinished):
                return event.result is RunResult.DONE
    return False


async def _measure(dsn: str, folder: Path, case: Case, way: Way) -> str:
    began = 0.0
    holders, clients = Holders(dsn, case), Clients(dsn, case.clients)

    def begin() -> None:
        nonlocal began
        holders.begin()
        began = time.monotonic()

    is_in = await way(dsn, folder, begin)
    took = time.monotonic() - began
    longest, late = clients.end()
    holders.end()
    return f"{longest * 1000:,.0f} ms, {late} late, " + (f"in at {took:.1f} s" if is_in else "not in")


def _folder(parent: Path, limit: float) -> Path:
    folder = parent / f"m{limit:.0f}"
    folder.mkdir(exist_ok=True)
    (folder / "001_t.sql").write_text("CREATE TABLE t (a int);\n-- Rollback:\n-- DROP TABLE t;\n")
    text = "ALTER TABLE t ADD b int;\n-- Rollback:\n-- ALTER TABLE t DROP b;\n"
    (folder / "002_b.sql").write_text(f"-- koonj: lock_timeout {limit:.0f}s\n{text}")
    return folder


async def _run(server: TemporaryServer, psql: str, cases: list[Case], parent: Path) -> None:
    print(f"{'in the way, clients':26}{'psql':36}{'psql, lock_timeout 2s':36}koonj", flush=True)
    number = 0
    for case in cases:
        limit = case.seconds + 10
        folder, cells = _folder(parent, limit), []
        ways = [
            _psql(psql, seconds=limit),
            _psql(psql, "lock_timeout=2s", seconds=limit),
            _koonj,
        ]
        for way in ways:
            number += 1
            with psycopg.connect(server.dsn(), autocommit=True) as conn:
                conn.execute(f"CREATE DATABASE b{number}".encode())
            dsn = server.dsn(f"b{number}")
            with psycopg.connect(dsn, autocommit=True) as conn:
                conn.execute("CREATE TABLE t (a int)")
            if way is _koonj:
                with psycopg.connect(dsn, autocommit=True) as conn:
                    conn.execute("DROP TABLE t")
                await _koonj_first(dsn, parent)
            cells.append(await _measure(dsn, folder, case, way))
        print(f"{case.name:26}" + "".join(f"{cell:36}" for cell in cells), flush=True)


async def _koonj_first(dsn: str, parent: Path) -> None:
    """Apply the migration that makes the table."""
    folder = parent / "first"
    folder.mkdir(exist_ok=True)
    (folder / "001_t.sql").write_text("CREATE TABLE t (a int);\n-- Rollback:\n-- DROP TABLE t;\n")
    assert await _koonj(dsn, folder, lambda: None)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--long", action="store_true")
    args = parser.parse_args()
    cases = [Case(f"{s:g} s; {n}", s, n) for s in (0.3, 4) for n in (1, 4, 16)]
    cases += [Case(f"overlapping 0.1 s; {n}", 0, n) for n in (4, 16)]
    if args.long:
        cases.append(Case("30 s; 4", 30, 4))
    binaries = choose(os.environ)
    psql = binaries.program("psql") or shutil.which("psql")
    if psql is None:
        sys.exit("There is no psql.")
    os.environ["KOONJ_TRUST"] = "1"
    with tempfile.TemporaryDirectory() as folder, TemporaryServer(binaries) as server:
        asyncio.run(_run(server, str(psql), cases, Path(folder)))


if __name__ == "__main__":
    main()
