"""Measure runs and status on a slow line: seconds and round trips of koonj, psql, dbmate and others.

    python benchmarks/latency.py [MILLISECONDS ...]        default: round trips of 1, 50 and 150 ms

Each program works through a proxy that delays both directions, on a new database, one after the other.
Programs that are not on PATH are left out. `waited` is the time divided by that of one round trip.
`counted` is the longest chain of answers that the program waited for, without TCP handshakes. If a round
trip takes more than 100 ms, only 15 migrations are applied. Last, koonj's screen is opened on a pty: its
first paint, which asks no server, and the first states.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import terminal
from shared.programs import PROGRAMS, Program, Site, installed, seconds_of
from shared.report import Goal, print_rows
from shared.site import bench_server, new_database
from support.delay_proxy import DelayProxy
from support.network_server import NetworkServer

GOALS = {
    ("apply 15", 50): Goal(0.3, "dbmate"),
    ("apply 100", 50): Goal(0.2, "dbmate"),
    ("rollback 15", 50): Goal(0.15, "dbmate"),
    ("status 15", 150): Goal(1.2, "bare psycopg"),
}
COUNTED_GOALS = "goals in round trips behind connecting: status 2, apply of 15 at most 10"


class Line:
    """One slow line, and what each program took over it."""

    def __init__(self, server: NetworkServer, milliseconds: float) -> None:
        self._server = server
        self._milliseconds = milliseconds
        self.times: dict[str, dict[str, float]] = {}
        self.notes: dict[str, dict[str, str]] = {}

    def measure(self, program: Program, count: int) -> None:
        with (
            tempfile.TemporaryDirectory(prefix="koonj-benchmark-") as name,
            DelayProxy(("127.0.0.1", self._server.port), self._milliseconds / 1000) as proxy,
        ):
            near = new_database(self._server, Path(name))
            far = replace(near, port=proxy.port)
            program.write(far, count)
            if program.rollback is None:  # reads only what koonj wrote
                seconds_of(near, program.apply(near))
            else:
                self._run(program, far, proxy, f"apply {count}", program.apply(far))
            if count != 15:
                return
            if program.status is not None:
                self._run(program, far, proxy, f"status {count}", program.status(far))
            if program.rollback is not None:
                self._run(program, far, proxy, f"rollback {count}", *program.rollback(far, count))

    def _run(self, program: Program, site: Site, proxy: DelayProxy, task: str, *commands: list[str]) -> None:
        proxy.reset()
        seconds = seconds_of(site, *commands)
        self.times.setdefault(task, {})[program.name] = seconds
        waited = seconds * 1000 / self._milliseconds
        note = f"waited {waited:6.0f}, counted {proxy.round_trips:5}, {proxy.connections:2} connections"
        self.notes.setdefault(task, {})[program.name] = note


def print_screen(server: NetworkServer, milliseconds: float) -> None:
    """Print when the screen shows the files, when it shows the states, and the round trips in between."""
    koonj = next(program for program in PROGRAMS if program.name == "koonj")
    with (
        tempfile.TemporaryDirectory(prefix="koonj-benchmark-") as name,
        DelayProxy(("127.0.0.1", server.port), milliseconds / 1000) as proxy,
    ):
        near = new_database(server, Path(name))
        koonj.write(near, 15)
        seconds_of(near, koonj.apply(near))
        far = replace(near, port=proxy.port)
        environ = {**far.environment(), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        words = [sys.executable, "-m", "koonj", "--migrations", str(far.folder)]
        proxy.reset()
        screen = terminal.Program(words, far.folder, environ)
        screen.until("Migrations")
        painted, used = time.perf_counter() - screen.start, screen.cpu()
        screen.until("applied")
        states, used_then = time.perf_counter() - screen.start, screen.cpu()
        screen.end()
        waited = (states - painted) * 1000 / milliseconds
        print(
            f"  screen: first paint {painted * 1000:.0f} ms, states {states * 1000:.0f} ms, which is "
            f"{waited:.1f} round trips later (goal: 5), {proxy.round_trips} counted behind TCP; "
            f"processor's time {used:.0f} and {used_then:.0f} ms"
        )


def main() -> None:
    lines = [float(word) for word in sys.argv[1:]] or [1.0, 50.0, 150.0]
    programs = installed()
    with bench_server() as server:
        for milliseconds in lines:
            line = Line(server, milliseconds)
            for count in (15, 100) if milliseconds <= 100 else (15,):
                for program in programs:
                    if count == 15 or program.rollback is not None:
                        line.measure(program, count)
            print(f"\nround trip of {milliseconds:g} ms ({COUNTED_GOALS})")
            for task, times in line.times.items():
                print_rows(task, times, GOALS.get((task, int(milliseconds))), line.notes[task])
            print_screen(server, milliseconds)


if __name__ == "__main__":
    main()
