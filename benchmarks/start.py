"""Measure `koonj status` and `koonj history` against a bare psycopg that connects and selects, or counts.

    python benchmarks/start.py [ENTRIES ...]        default: 15 1000 10000 applied migrations

Whole processes, in turns, on one embedded server. The aims: at most 1.25 times psycopg for 15 migrations,
1.35 times for 1,000, and 500 ms for 10,000; and for `koonj history` as much memory for 100,000 entries as for
10,000. The processor's time is printed too, because it depends less on
what else the machine does.
"""

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg

from koonj.config import Target
from koonj.migrations.folder import FolderReader
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import choose
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.run.direction import Direction
from koonj.runner.run.request import Extent, Request
from koonj.runner.start import start

ROUNDS = 15
FEW = 3
"""Rounds of what takes long."""
BARE = """\
import asyncio, sys, psycopg
async def main():
    async with await psycopg.AsyncConnection.connect(sys.argv[1], autocommit=True) as conn:
        await (await conn.execute(sys.argv[2])).fetchone()
asyncio.run(main())
"""
COLUMNS = """action, outcome, script, file_hash, statements_hash, rollback_hash, statements_done,
    statements_total, started, finished, transaction_id, os_user, host, version, run_id"""
COPIES = f"""INSERT INTO koonj.history (name, {COLUMNS})
SELECT lpad(n::text, %s, '0') || '_one.sql', {COLUMNS} FROM koonj.history, generate_series(2, %s) AS n"""


def file_name(number: int, entries: int) -> str:
    """Return the name of a migration. All numbers have as many digits: SQL's lpad cuts longer ones."""
    return f"{number:0{digits(entries)}d}_one.sql"


def digits(entries: int) -> int:
    """Return how many digits a number has."""
    return max(5, len(str(entries)))


async def fill(folder: Path, dsn: str, entries: int) -> None:
    """Apply one migration, and copy it and its history entry."""
    text = "BEGIN;\nSELECT 1;\nCOMMIT;\n\n-- Rollback: none: a benchmark\n"
    (folder / file_name(1, entries)).write_text(text)
    async with Connector() as connector:
        request = Request(Direction.APPLY, extent=Extent.ALL, assume_yes=True, wait=10.0)
        async for _ in start(connector, Target("local", dsn), FolderReader(folder), request).events():
            pass
    for number in range(2, entries + 1):
        (folder / file_name(number, entries)).write_text(text)
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(COPIES, (digits(entries), entries))
        conn.execute("VACUUM ANALYZE koonj.history")


def peak(words: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> float:
    """Return the most memory that one process has used, in MB."""
    process = subprocess.Popen(words, cwd=cwd, env=environ, stdout=subprocess.DEVNULL)
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return used.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)


def measured(words: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> tuple[float, float]:
    """Return the elapsed and the processor's time of one process, in ms."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(words, cwd=cwd, env=environ, stdout=subprocess.DEVNULL, check=True)
    took, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took * 1000, used * 1000


def compare(server: TemporaryServer, entries: int) -> None:
    """Print one line."""
    name = f"entries_{entries}"
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    with tempfile.TemporaryDirectory() as root:
        (folder := Path(root) / "migrations").mkdir()
        asyncio.run(fill(folder, server.dsn(name), entries))
        environ = {**os.environ, "DATABASE_URL": server.dsn(name), "KOONJ_TRUST": "1"}
        commands = (
            (sys.executable, "-P", "-c", BARE, server.dsn(name), "SELECT version()"),
            (sys.executable, "-P", "-m", "koonj", "status"),
        )
        times = [[measured(words, folder.parent, environ) for words in commands] for _ in range(ROUNDS)]
        history = (sys.executable, "-P", "-m", "koonj", "history")
        listing = (
            (sys.executable, "-P", "-c", BARE, server.dsn(name), "SELECT count(*) FROM koonj.history"),
            history,
            (*history, "--json"),
            (*history, file_name(2, entries)),
        )
        used = [
            (
                min(measured(words, folder.parent, environ)[1] for _ in range(FEW)),
                peak(words, folder, environ),
            )
            for words in listing
        ]
    columns = [[statistics.median(t[of][kind] for t in times) for of in (0, 1)] for kind in (0, 1)]
    (bare, koonj), (bare_used, koonj_used) = columns
    print(
        f"{entries:>6} applied: psycopg {bare:.0f} ms, koonj status {koonj:.0f} ms = {koonj / bare:.2f} x "
        f"(processor {bare_used:.0f} and {koonj_used:.0f} ms = {koonj_used / bare_used:.2f} x)"
    )
    (count, _), *lists = used
    for words, (took, most) in zip(("history", "history --json", "history NAME"), lists, strict=True):
        print(f"       koonj {words}: processor {took:.0f} ms = {took / count:.1f} x count(*), {most:.0f} MB")


def main() -> None:
    """Compare."""
    with TemporaryServer(choose(os.environ)) as server:
        for entries in [int(word) for word in sys.argv[1:]] or [15, 1000, 10_000]:
            compare(server, entries)


if __name__ == "__main__":
    main()
