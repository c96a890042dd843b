"""Measure koonj beside psql, dbmate, sql-migrate, yoyo and node-pg-migrate: whole processes, fast line.

    python benchmarks/peers.py [--large] [ROUNDS]        default: 5 rounds

Every program applies, asks and rolls back the same migrations of two statements each, in turns, each time on
a new database. Programs that are not on PATH are left out. `--large` adds 10,000 migrations, once, for koonj
and dbmate. The median of all rounds counts; for 1,000 migrations there are at most 3 rounds.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared.programs import Program, installed, seconds_of
from shared.report import Goal, Limit, print_rows
from shared.site import bench_server, new_database
from support.network_server import NetworkServer

IMPORTS = "koonj's imports"
"""A process that imports what `koonj apply` imports, and ends; like koonj, without looking for garbage."""
IMPORTING = """\
import gc
gc.disable()
import koonj.cli.main, koonj.cli.apply, koonj.cli.invocation
gc.freeze()
"""
GOALS: dict[str, Goal | Limit] = {
    "apply 15": Goal(1.0, IMPORTS, 0.040),
    "status 15": Goal(1.25, "bare psycopg"),
    "apply 1000": Goal(1.0, "dbmate"),
    "status 1000": Goal(1.35, "bare psycopg"),
    "apply 10000": Goal(1.0, "dbmate"),
    "status 10000": Limit(0.5),
}
Times = dict[str, dict[str, list[float]]]


def _measure(server: NetworkServer, program: Program, count: int, times: Times) -> None:
    def add(task: str, seconds: float) -> None:
        times.setdefault(f"{task} {count}", {}).setdefault(program.name, []).append(seconds)

    with tempfile.TemporaryDirectory(prefix="koonj-benchmark-") as name:
        site = new_database(server, Path(name))
        program.write(site, count)
        applied = seconds_of(site, program.apply(site))
        if program.rollback is not None:
            add("apply", applied)
        if program.status is not None:
            for _ in range(3):
                add("status", seconds_of(site, program.status(site)))
        if program.rollback is not None and count <= 100:
            add("rollback", seconds_of(site, *program.rollback(site, count)))


def _imports() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-P", "-c", IMPORTING], check=True)
    return time.perf_counter() - start


def _all_rounds(server: NetworkServer, count: int, rounds: int, programs: list[Program]) -> None:
    times: Times = {}
    for _ in range(rounds):
        if count == 15:
            times.setdefault("apply 15", {}).setdefault(IMPORTS, []).append(_imports())
        for program in programs:
            _measure(server, program, count, times)
    print(f"\n{count} migrations, median of {rounds}")
    for task, each in times.items():
        medians = {name: statistics.median(taken) for name, taken in each.items()}
        print_rows(task, medians, GOALS.get(task))


def main() -> None:
    words = sys.argv[1:]
    large = "--large" in words
    rounds = next((int(word) for word in words if word.isdigit()), 5)
    programs = installed()
    with bench_server() as server:
        _all_rounds(server, 15, rounds, programs)
        _all_rounds(server, 1000, min(rounds, 3), programs)
        if large:
            few = [program for program in programs if program.name in {"koonj", "dbmate", "bare psycopg"}]
            _all_rounds(server, 10000, 1, few)


if __name__ == "__main__":
    main()
