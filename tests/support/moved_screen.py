"""Runs that the screen has moved into processes of their own: find the processes, wait for them, end them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from koonj.runner.process.journal_reader import KnownRun
from koonj.tui.workers.past_runs import runs_of
from support.gate import CLOSE, OPEN_ALL, wait_at
from support.screen import Project, Screen

MODULE = b"koonj.runner.started_process"
PATIENCE = 60.0


def processes(parent: int | None = None) -> list[int]:
    """Return the processes for runs that `parent` has started and that have not ended; by default, this one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_one = MODULE in (folder / "cmdline").read_bytes()
            state, ppid = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if is_one and state != "Z" and int(ppid) == (parent or os.getpid()):
            found.append(int(folder.name))
    return found


class Gate:
    """A migration that waits on the server, and the runs that come to it."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._sql(CLOSE)

    def _sql(self, text: str) -> None:
        with psycopg.connect(self.project.targets[0].dsn, autocommit=True) as connection:
            connection.execute(text.encode())

    def write(self, number: int = 1) -> str:
        """Write the migration."""
        name = f"{number:03}_gate.sql"
        self.project.write(name, f"BEGIN;\nCREATE TABLE t{number} (id int);\n{wait_at()}\nCOMMIT;\n")
        return name

    def open(self) -> None:
        """Let it go on."""
        self._sql(OPEN_ALL)

    def runs(self) -> list[KnownRun]:
        """Return the runs that have a journal, newest first."""
        return self.runs_of(self.project)

    @staticmethod
    def runs_of(project: Project) -> list[KnownRun]:
        """Return the runs of a project that have a journal, newest first."""
        return runs_of(project.migrations)

    def wait_for_end(self) -> KnownRun:
        """Return the newest run, when its process has ended."""
        end = time.monotonic() + PATIENCE
        while (run := self.runs()[0]).alive:
            assert time.monotonic() < end, run
            time.sleep(0.01)
        return run

    def end_all(self) -> None:
        """Kill the processes of all runs."""
        for run in self.runs():
            if (
                run.head.result is None and run.alive is not False
            ):  # None: a golden test has its own host name
                with suppress(ProcessLookupError):
                    os.kill(run.head.pid, signal.SIGKILL)
        if self.runs():
            self.wait_for_end()


@contextmanager
def gate(project: Project) -> Iterator[Gate]:
    """Return the gate of a project; at the end, no run is left."""
    made = Gate(project)
    try:
        yield made
    finally:
        made.end_all()


async def apply_all(screen: Screen, seen: str = "statement 2 of 2") -> None:
    """Apply all migrations, and wait until `seen` is on the screen."""
    await screen.press("A")
    await screen.expect_dialog()
    await screen.yes()
    await screen.until(seen)
