"""A run on several targets in a process of its own, which a test of the screen follows."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from koonj.config import Target
from koonj.runner.process.journal_reader import known_runs
from koonj.tui.workers.subprocesses import PROGRAM
from support import gate
from support.own_process import wait_until
from support.screen import Project

FIRST, SECOND = "001_make_t1.sql", "002_gate.sql"
_TABLES = "BEGIN;\nCREATE TABLE t2 (id int);\nCOMMIT;\n"
UNREACHABLE = "host=127.0.0.1 port=1 user=nobody dbname=none connect_timeout=1"


@dataclass
class FleetScreen:
    """Targets with two migrations. The second one has two transactions, and waits where a gate is closed."""

    project: Project

    def start(self, *words: str) -> None:
        """Apply to all targets in another process, as if in another terminal."""
        arguments = ("apply", "--all-targets", "--yes", "--detach", *words)
        subprocess.run([*PROGRAM, *arguments], cwd=self.project.root, check=True, stdout=subprocess.DEVNULL)

    def sql(self, target: str, text: str) -> list[tuple[object, ...]]:
        """Run a statement on a target."""
        dsn = next(one.dsn for one in self.project.targets if one.name == target)
        with psycopg.connect(dsn, autocommit=True) as connection:
            cursor = connection.execute(text.encode())
            return cursor.fetchall() if cursor.description is not None else []

    def wait_until_at_gate(self, target: str) -> None:
        """Wait until a target runs the statement that waits."""
        wait_until(lambda: self.sql(target, gate.AT_GATE))

    def open_gate(self, target: str) -> None:
        """Let the migration of a target go on."""
        self.sql(target, gate.OPEN_ALL)

    def applied(self, target: str) -> list[object]:
        """Return the names of the migrations that are applied on a target, in their order."""
        if self.sql(target, "SELECT to_regclass('koonj.history') IS NULL") == [(True,)]:
            return []
        query = "SELECT name FROM koonj.history WHERE outcome = 'done' ORDER BY id"
        return [name for (name,) in self.sql(target, query)]


@contextmanager
def fleet_screen(root: Path, make_dsn: Callable[[], str], *closed: str) -> Iterator[FleetScreen]:
    """Return the targets a, b and c, and d that cannot be reached. `closed`: those with a closed gate.

    At the end, no run is left.
    """
    targets = [Target(name, make_dsn(), declared=True) for name in "abc"]
    project = Project(root, *targets, Target("d", UNREACHABLE, declared=True))
    project.table(1)
    project.write(SECOND, f"{_TABLES}BEGIN;\n{gate.wait_at()}\nCREATE TABLE t3 (id int);\nCOMMIT;\n")
    toml = 'migrations = "database/migrations"\n'
    for one in project.targets:
        toml += f'[targets.{one.name}]\ndsn = "{one.dsn}"\npolicy = {{ require = "off" }}\n'
    (root / "koonj.toml").write_text(toml)
    made = FleetScreen(project)
    for one in targets:
        made.sql(one.name, gate.CLOSE)
        if one.name not in closed:
            made.open_gate(one.name)
    try:
        yield made
    finally:
        _end_all()


def _end_all() -> None:
    for run in known_runs():
        if run.alive:
            with suppress(ProcessLookupError):
                os.kill(run.head.pid, signal.SIGKILL)
    end = time.monotonic() + 60
    while any(run.alive for run in known_runs()):
        assert time.monotonic() < end, "a run did not end"
        time.sleep(0.01)
