"""Measure the rehearsal of one new migration against psql and pg_dump by hand.

    python benchmarks/rehearse.py [ROUNDS]

It uses the sample's 15 migrations, then a folder of 500. In each it adds one file, applies it, rolls it back,
applies it again, and compares the schemas. By hand: a new database on a running server, each file with psql,
four times pg_dump -s; and the same with the time to create the server (initdb, start, stop), because koonj
starts a server for each rehearsal. koonj: as a command, and within one process, both after a first rehearsal,
so that checkpoints and verdicts of the other files exist. Its time includes the measurement of locks. Prints
medians in milliseconds, and the ratios of this run.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from koonj.config import ScratchPlace
from koonj.migrations.folder import FolderReader
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import Binaries, choose
from koonj.postgres.embedded.template import _initdb
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.rehearse.events import MigrationRehearsalFinished
from koonj.runner.rehearse.request import RehearsalRequest
from koonj.runner.rehearse.start import RehearsalJob, start_rehearsal

SAMPLE = Path(__file__).parents[1] / "database" / "migrations"
TABLE = """\
BEGIN;
CREATE TABLE t{0} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, at timestamptz);
CREATE INDEX t{0}_name ON t{0} (name);
COMMENT ON TABLE t{0} IS 'number {0}';
COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE t{0};
-- COMMIT;
"""
NEW = """\
-- {2}
BEGIN;
ALTER TABLE {0} ADD COLUMN status{1} text DEFAULT 'active' NOT NULL;
CREATE INDEX status{1}_idx ON {0} (status{1});
COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {0} DROP COLUMN status{1};
-- COMMIT;
"""


@contextmanager
def _folder(files: dict[str, str]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="koonj-bench-") as made:
        path = Path(made) / "migrations"
        path.mkdir()
        for name, text in files.items():
            (path / name).write_text(text)
        yield path


def _new(folder: Path, number: int, table: str, turn: int) -> Path:
    """Create a file that koonj has not seen before."""
    path = folder / f"{number:03d}_new.sql"
    path.write_text(NEW.format(table, turn, turn))
    return path


def _by_hand(server: TemporaryServer, folder: Path, new: Path, programs: dict[str, str]) -> float:
    """Run the commands that a careful user types, and return the seconds."""
    down = new.read_text().partition("-- Rollback:\n")[2].replace("-- ", "")
    start = time.perf_counter()
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute("DROP DATABASE IF EXISTS by_hand")
        conn.execute(sql.SQL("CREATE DATABASE by_hand TEMPLATE template0"))
    dsn = server.dsn("by_hand")

    def run(*arguments: str, text: str | None = None) -> str:
        done = subprocess.run(arguments, input=text, capture_output=True, text=True, check=True)
        return "".join(line for line in done.stdout.splitlines(keepends=True) if "restrict" not in line)

    psql = (programs["psql"], "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn)
    dump = (programs["pg_dump"], "-s", "-d", dsn)
    for path in sorted(folder.iterdir()):
        if path != new:
            run(*psql, "-f", str(path))
    before = run(*dump)
    run(*psql, "-f", str(new))
    first = run(*dump)
    run(*psql, text=down)
    back = run(*dump)
    run(*psql, "-f", str(new))
    again = run(*dump)
    assert (before, first) == (back, again)
    return time.perf_counter() - start


def _server_by_hand(binaries: Binaries) -> float:
    """Return the seconds to create and delete a server; the median of three."""
    took = []
    for _ in range(3):
        start = time.perf_counter()
        with TemporaryServer(binaries, fill=_initdb):
            pass
        took.append(time.perf_counter() - start)
    return statistics.median(took)


def _by_command(folder: Path, new: Path) -> float:
    start = time.perf_counter()
    options = ("--migrations", str(folder), "--dsn", "embedded")
    command = [sys.executable, "-m", "koonj", "rehearse", new.name, *options]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return time.perf_counter() - start


def _within(folder: Path, names: tuple[str, ...] | None) -> float:
    async def one() -> float:
        took = 0.0
        async with Connector() as connector:
            request = RehearsalRequest(names=names)
            job = RehearsalJob(ScratchPlace(), FolderReader(folder), request, connector)
            start = time.perf_counter()
            async for event in start_rehearsal(job).events():
                if isinstance(event, MigrationRehearsalFinished) and names is not None:
                    assert event.rehearsal.is_verified, event.rehearsal.message
                    took = time.perf_counter() - start
            return took or time.perf_counter() - start

    return asyncio.run(one())


def _measure(title: str, folder: Path, number: int, table: str, rounds: int, *, hand_rounds: int) -> None:
    binaries = choose()
    programs = {name: str(binaries.program(name) or shutil.which(name)) for name in ("psql", "pg_dump")}
    first = _within(folder, None)
    took: dict[str, list[float]] = {"by hand": [], "koonj rehearse": [], "in one process": []}
    with TemporaryServer(binaries) as server:
        ways: dict[str, Callable[[Path], float]] = {
            "by hand": lambda new: _by_hand(server, folder, new, programs),
            "koonj rehearse": lambda new: _by_command(folder, new),
            "in one process": lambda new: _within(folder, (new.name,)),
        }
        _new(folder, number, table, 0)
        _within(folder, (f"{number:03d}_new.sql",))
        turn = 0
        for done in range(rounds):
            for name, way in ways.items():
                turn += 1
                if name != "by hand" or done < hand_rounds:
                    took[name].append(way(_new(folder, number, table, turn)))
    hand = statistics.median(took["by hand"])
    whole = hand + _server_by_hand(binaries)
    print(f"{title}: first rehearsal of all {number - 1}: {first:.1f} s")
    print(f"  {'by hand':16} {hand * 1000:9.0f} ms, with its server {whole * 1000:.0f} ms")
    for name in ("koonj rehearse", "in one process"):
        middle = statistics.median(took[name])
        print(
            f"  {name:16} {middle * 1000:9.0f} ms: by hand takes {hand / middle:.1f} times as long, "
            f"with its server {whole / middle:.1f}"
        )


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory(prefix="koonj-bench-cache-", dir="/tmp") as cache:
        Path(cache).chmod(0o755)
        os.environ["XDG_CACHE_HOME"] = cache
        sample = {path.name: path.read_text() for path in SAMPLE.glob("*.sql")}
        with _folder(sample) as folder:
            _measure("the sample", folder, 16, "documents", rounds, hand_rounds=rounds)
        many = {f"{n:03d}_t.sql": TABLE.format(n) for n in range(1, 501)}
        with _folder(many) as folder:
            _measure("500 files", folder, 501, "t7", rounds, hand_rounds=1)


if __name__ == "__main__":
    main()
