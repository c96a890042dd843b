"""Interrupt a run for good: kill koonj, and end its session, while a statement waits for a lock."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from support.project import Project

_WORKER = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ '^koonj [0-9a-f]+ ' "
    "AND wait_event_type IN ('Lock', 'Timeout')"
)


@contextmanager
def blocked_run(
    project: Project, blocker: str, command: str = "apply"
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run koonj as a process of its own until a statement waits; yield the process and the server's pid.

    `blocker`: a statement that takes a lock in an open transaction; empty if the statement sleeps by itself.
    """
    where = ["--dsn", project.target.dsn, "--migrations", str(project.path)]
    with psycopg.connect(project.target.dsn) as holder:
        if blocker:
            holder.execute(blocker.encode())
        process = subprocess.Popen(
            [sys.executable, "-m", "koonj", command, "--all", "--yes", *where],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not (found := project.sql(_WORKER)):
                assert process.poll() is None, "koonj has ended"
                time.sleep(0.02)
            yield process, found[0][0]
        finally:
            process.kill()
            process.wait()


def interrupt(project: Project, blocker: str = "", command: str = "apply") -> None:
    """Kill koonj while a statement waits, and end its session on the server."""
    with blocked_run(project, blocker, command) as (process, pid):
        process.kill()
        process.wait()
        project.sql("SELECT pg_terminate_backend(%s)", pid)
        while project.sql("SELECT FROM pg_stat_activity WHERE pid = %s", pid):
            time.sleep(0.02)
