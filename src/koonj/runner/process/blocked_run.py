"""Read from its journal which lock a run on this machine waits for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress

from koonj.postgres.run_name import RunName
from koonj.runner.process.journal_reader import JournalReader, known_run
from koonj.runner.run.events import (
    MigrationFailed,
    MigrationFinished,
    MigrationStarted,
    MigrationUncommitted,
    Retrying,
    RunFinished,
    StatementFinished,
    StatementStarted,
)
from koonj.runner.run.lock_events import Blocked, Unblocked

_OVER = (
    MigrationFailed,
    MigrationFinished,
    MigrationStarted,
    MigrationUncommitted,
    Retrying,
    RunFinished,
    StatementFinished,
    StatementStarted,
    Unblocked,
)
"""After one of these, an earlier `Blocked` is no longer so."""


def blocked_run(run: RunName | None, environ: Mapping[str, str] = os.environ) -> Blocked | None:
    """Return what a run waits for; None if it waits for nothing, or if that is not known here.

    It is known if the run belongs to this user and this machine.
    """
    found = None if run is None else known_run(run.id, environ)
    last: Blocked | None = None
    if found is None or not found.alive:
        return None
    with suppress(OSError), JournalReader(found.files) as reader:
        for event in reader.new_events():
            if isinstance(event, Blocked):
                last = event
            elif isinstance(event, _OVER):
                last = None
    return last
