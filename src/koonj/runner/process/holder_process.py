"""Find out what the koonj process of a run on this machine does: it works, is stopped, or has ended."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from koonj.postgres.run_name import RunName
from koonj.runner.process.journal_reader import known_run
from koonj.runner.run.holder_state import WORKS, HolderState

_STOPPED = frozenset("Tt")
"""States of a process in /proc (proc(5)): stopped by a signal, or by a debugger."""


def holder_state(run: RunName | None, environ: Mapping[str, str] = os.environ) -> HolderState:
    """Return what is known about the process of a run that holds the koonj lock.

    Whether it is stopped is known if the system has /proc.
    """
    found = None if run is None else known_run(run.id, environ)
    if found is None or found.alive is None or found.head.result is not None:
        return WORKS
    if not found.alive:
        return HolderState(ended=found.head.pid)
    return HolderState(stopped=found.head.pid) if is_stopped(found.head.pid) else WORKS


def migration_at_work(run: RunName | None, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the file name of the migration that a run works on; None: on none, or that is not known here.

    It is known if the run belongs to this user and this machine. Between two attempts it works on it too.
    """
    found = None if run is None else known_run(run.id, environ)
    return found.head.migration or None if found is not None and found.is_in_progress else None


def is_stopped(pid: int) -> bool:
    """Return whether a process is stopped by a signal; False if the system does not tell."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return text.rpartition(b")")[2].split()[:1] in ([state.encode()] for state in _STOPPED)
