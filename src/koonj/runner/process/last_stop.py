"""Find out whether the last run of a folder on a target ended in the middle of a migration."""

from __future__ import annotations

from pathlib import Path

from koonj.runner.process.journal_head import JournalHead, folder_hash
from koonj.runner.process.journal_reader import known_runs


def last_stop(folder: Path, target: str) -> JournalHead | None:
    """Return the last run of this user and machine, if its process ended in the middle of a migration.

    `target`: its name. The journal is some milliseconds behind the run.
    """
    here = folder_hash(folder)
    runs = (run for run in known_runs() if (run.head.folder_hash, run.head.target) == (here, target))
    last = next(runs, None)
    if last is None or last.head.result is not None or last.alive is not False or last.head.settles:
        return None
    return last.head if last.head.migration else None
