"""Delete old journals: at the start of a run, and never one whose run is in progress."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from koonj.runner.process.journal_reader import known_runs
from koonj.runner.run.events import RunResult

MOST = 200
"""Number of journals that are kept: of the runs that went well, and as many of the others.

The parts of a run on several targets are not counted: they stay as long as runs of their age.
"""
KEPT, KEPT_FAILED = timedelta(days=30), timedelta(days=90)
_WELL = frozenset({RunResult.DONE, RunResult.NOTHING})


def delete_old_journals(environ: Mapping[str, str] = os.environ) -> None:
    """Delete the journals that are too old or too many. Does not raise OSError."""
    now, number = datetime.now(UTC), {True: 0, False: 0}
    for run in known_runs(environ):
        well = run.head.result in _WELL
        number[well] += not run.head.fleet
        too_old = now - run.head.started > (KEPT if well else KEPT_FAILED)
        if run.alive is False and (too_old or number[well] > MOST):
            for path in run.files.all:
                with suppress(OSError):
                    path.unlink()
