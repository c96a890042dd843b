"""Runs in processes of their own: list them, wait for them, end them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koonj.runner.process.journal_reader import known_runs
from support import gate
from support.command import Project

PATIENCE = 60.0


def wait_until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Return the first value of `condition` that is true; fail if there is none in time."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
    return value


@dataclass
class Runs:
    """The runs of one test."""

    project: Project
    home: Path

    @property
    def folder(self) -> Path:
        return self.home / ".local" / "state" / "koonj" / "runs"

    def listed(self) -> list[dict[str, Any]]:
        """Return what `koonj runs --json` says."""
        found: list[dict[str, Any]] = self.project.koonj("runs", "--json").json["runs"]
        return found

    def only(self) -> dict[str, Any]:
        """Return the only run, when it has one."""
        (run,) = wait_until(self.listed)
        return run  # type: ignore[no-any-return]

    def wait_for_end(self) -> dict[str, Any]:
        """Return the only run when its process has ended."""
        run = self.only()
        wait_until(lambda: not any(known.alive for known in known_runs() if known.id == run["run_id"]))
        return self.only()

    def write_gate(self, number: int = 1) -> str:
        """Write a migration that waits until `open_gate`; return its name."""
        self.project.sql(gate.CLOSE)
        name = f"{number:03}_gate.sql"
        self.project.write(name, f"BEGIN;\n{gate.wait_at()}\nCREATE TABLE t{number} (id int);\nCOMMIT;\n")
        return name

    def open_gate(self) -> None:
        """Let the migration of `write_gate` go on."""
        self.project.sql(gate.OPEN_ALL)

    def at_gate(self) -> bool:
        """Return whether the migration waits."""
        return bool(self.project.sql(gate.AT_GATE))

    def wait_until_at_work(self) -> None:
        """Wait until the migration waits, and the journal says so."""
        wait_until(self.at_gate)
        wait_until(lambda: self.only()["migration"])

    def files(self) -> dict[str, Path]:
        """Return the files of the only run, by their ending."""
        return {file.suffix: file for file in self.folder.iterdir()}

    def end_all(self) -> None:
        """Kill the processes of all runs that are in progress."""
        for run in self.listed():
            if run["running"]:
                with suppress(ProcessLookupError):
                    os.kill(run["pid"], signal.SIGKILL)
                wait_until(lambda: not any(one["running"] for one in self.listed()))
