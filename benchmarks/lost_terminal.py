"""Close or kill the terminal of `koonj apply` at random moments after the plan (docs/reliability.md).

    python benchmarks/lost_terminal.py [--trials N] [--seed N]

A run must be done as a whole, or not have begun. If one is neither, the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg

import shared  # noqa: F401 - lets this program import `support`
from koonj.postgres.embedded.binaries import choose
from koonj.postgres.embedded.temporary_server import TemporaryServer
from support.own_process import wait_until

KOONJ = (sys.executable, "-m", "koonj")
MIGRATIONS = 12
MOST_DELAY = 0.6
"""Seconds after the plan; the process of the run starts 10 to 20 ms after it."""
DATABASE = "lost_terminal"


class Trials:
    """Runs of one folder, each on a new database."""

    def __init__(self, folder: Path, server: TemporaryServer, seed: int) -> None:
        self._folder = folder
        self._server = server
        self._random = random.Random(seed)
        for number in range(1, MIGRATIONS + 1):
            text = f"BEGIN;\nCREATE TABLE t{number} (id int);\nSELECT pg_sleep(0.02);\nCOMMIT;\n"
            (folder / f"{number:03}_t{number}.sql").write_text(text)
        self._environ = {
            **os.environ,
            "XDG_STATE_HOME": str(folder / "state"),
            "KOONJ_REHEARSE": "0",
            "CI": "",
        }

    def trial(self) -> str:
        """Run, lose the terminal, and return what came of it."""
        with psycopg.connect(self._server.dsn(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)".encode())
            connection.execute(f"CREATE DATABASE {DATABASE}".encode())
        shutil.rmtree(self._folder / "state", ignore_errors=True)
        how = self._lose_terminal()
        wait_until(lambda: not any(run["running"] for run in self._runs()))
        results = [run["result"] for run in self._runs()]
        with psycopg.connect(self._server.dsn(DATABASE), autocommit=True) as connection:
            row = connection.execute("SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]+$'").fetchone()
        tables = row[0] if row else -1
        if results == ["done"] and tables == MIGRATIONS:
            return f"{how}: done"
        if results in ([], [None]) and not tables:
            return f"{how}: not begun"
        return f"{how}: VIOLATION {results}, {tables} tables"

    def _lose_terminal(self) -> str:
        pid, terminal = pty.fork()
        if not pid:
            argv = (*KOONJ, "apply", "--all", "--yes", "--dsn", self._server.dsn(DATABASE))
            os.execve(KOONJ[0], (*argv, "--migrations", str(self._folder)), self._environ)
        seen = b""
        while b"plan: apply" not in seen:
            seen += os.read(terminal, 4096)
        time.sleep(self._random.random() * MOST_DELAY)
        killed = self._random.random() < 0.5
        if killed:
            os.killpg(pid, signal.SIGKILL)
        os.close(terminal)
        os.waitpid(pid, 0)
        return "process group killed" if killed else "terminal closed"

    def _runs(self) -> list[dict[str, Any]]:
        argv = (*KOONJ, "runs", "--json")
        done = subprocess.run(argv, env=self._environ, capture_output=True, check=True)
        found: list[dict[str, Any]] = json.loads(done.stdout)["runs"]
        return found


def main() -> int:
    """Run the trials and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="koonj-lost-terminal-"))
    try:
        with TemporaryServer(choose(os.environ)) as server:
            trials = Trials(folder, server, args.seed)
            counts = Counter(trials.trial() for _ in range(args.trials))
    finally:
        shutil.rmtree(folder)
    print(f"{args.trials} trials, seed {args.seed}")
    for outcome, number in sorted(counts.items()):
        print(f"{number:5}  {outcome}")
    return int(any("VIOLATION" in outcome for outcome in counts))


if __name__ == "__main__":
    sys.exit(main())
