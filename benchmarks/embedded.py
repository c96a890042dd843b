"""Measure the time to the first answer of a scratch server.

    python benchmarks/embedded.py [ROUNDS]

It is measured with and without the template; without it, initdb creates the cluster. Prints the median,
minimum and maximum milliseconds of each, measured in turns, and the ratio of the medians.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import psycopg

from koonj.postgres.embedded import template
from koonj.postgres.embedded.binaries import Binaries, choose
from koonj.postgres.embedded.os_account import Account
from koonj.postgres.embedded.run_folder import scratch_parent
from koonj.postgres.embedded.shared_server import open_shared
from koonj.postgres.embedded.temporary_server import TemporaryServer


def _answer(binaries: Binaries) -> tuple[float, float]:
    """Return the milliseconds to the first answer, and to delete the server again."""
    start = time.perf_counter()
    with TemporaryServer(binaries) as server:
        with psycopg.connect(server.dsn()) as connection:
            connection.execute("SELECT 1")
        answered = time.perf_counter()
    return (answered - start) * 1000, (time.perf_counter() - answered) * 1000


def _without_template(binaries: Binaries) -> tuple[float, float]:
    def initdb(binaries: Binaries, data: Path, account: Account | None) -> None:
        template._initdb(binaries, data, account)  # noqa: SLF001  measured in addition to the public way

    with patch("koonj.postgres.embedded.temporary_server.fresh_cluster", initdb):
        return _answer(binaries)


def _shared(binaries: Binaries, home: Path) -> tuple[float, float]:
    """Return the milliseconds to start an existing cluster's server and to join it."""
    start = time.perf_counter()
    with open_shared(home, binaries=binaries):
        started = time.perf_counter()
        with open_shared(home, binaries=binaries):
            return (started - start) * 1000, (time.perf_counter() - started) * 1000


def _line(name: str, values: list[float]) -> str:
    return f"{name:34} {statistics.median(values):8.1f} {min(values):8.1f} {max(values):8.1f}"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    binaries = choose()
    print(f"PostgreSQL {binaries.version}, {binaries.source}, in {scratch_parent()}, {rounds} rounds")
    with tempfile.TemporaryDirectory(prefix="koonj-bench-", dir=scratch_parent()) as folder:
        Path(folder).chmod(0o755)
        open_shared(Path(folder), binaries=binaries).close()
        ways: dict[str, Callable[[], tuple[float, float]]] = {
            "scratch": lambda: _answer(binaries),
            "initdb": lambda: _without_template(binaries),
            "shared": lambda: _shared(binaries, Path(folder)),
        }
        _answer(binaries)  # creates the template, which is not measured
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                took[name].append(way())
    print(f"{'milliseconds':34} {'median':>8} {'min':>8} {'max':>8}")
    names = {
        "scratch": ("template to first answer", "stopped and deleted"),
        "initdb": ("initdb to first answer", ""),
    }
    names["shared"] = ("shared server, start", "shared server, join")
    for name, both in names.items():
        for place, title in enumerate(both):
            if title:
                print(_line(title, [each[place] for each in took[name]]))
    ratio = statistics.median(a for a, _ in took["initdb"]) / statistics.median(a for a, _ in took["scratch"])
    print(f"initdb takes {ratio:.1f} times as long as the template")


if __name__ == "__main__":
    main()
