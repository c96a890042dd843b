"""Find out whether the koonj process of a run, on this machine, is stopped by a signal."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from koonj.postgres.run_name import RunName
from koonj.runner.process.journal_reader import known_run

_STOPPED = frozenset("Tt")
"""States of a process in /proc (proc(5)): stopped by a signal, or by a debugger."""


def stopped_process(run: RunName | None, environ: Mapping[str, str] = os.environ) -> int | None:
    """Return the pid of the process of a run if it is stopped; None if it is not, or if that is not known.

    It is known if the run belongs to this user and this machine, and the system has /proc.
    """
    found = None if run is None else known_run(run.id, environ)
    if found is None or not found.alive or found.head.result is not None:
        return None
    return found.head.pid if is_stopped(found.head.pid) else None


def is_stopped(pid: int) -> bool:
    """Return whether a process is stopped by a signal; False if the system does not tell."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return text.rpartition(b")")[2].split()[:1] in ([state.encode()] for state in _STOPPED)
