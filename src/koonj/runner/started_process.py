"""Carry out a run that was confirmed in another koonj process.

The terminal UI starts it (``python -P -m koonj.runner.started_process``) while the user reads the plan, so
its imports delay nothing: a process with threads cannot be forked. It waits for the confirmed run on its
standard input. If the input ends before that, it exits, and nothing has happened. Otherwise it creates the
journal, writes one line about it to its standard output, and carries out the run as the fork of the command
does.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from koonj.runner.confirmed_run import movable_run, read_confirmed
from koonj.runner.own_process import carry_out_alone, new_journal
from koonj.runner.process.journal import Journal, JournalError
from koonj.runner.run.codec import PlainError
from koonj.runner.run.movable_run import MovableRun

NOT_STARTED = 3
"""Exit code if the run was not confirmed, or cannot run in this process."""
_NEW_OBJECTS = 100_000
"""As for the commands that can take hours: a plan of thousands of files makes millions of objects."""


def main() -> NoReturn:
    """Wait for a run, and carry it out if it was confirmed."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the memory will hold the password
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)
    taken = _take_run()
    if taken is not None:
        carry_out_alone(*taken)
    sys.exit(NOT_STARTED)


def _take_run() -> tuple[MovableRun, Journal] | None:
    """Return the run that was handed over, and its new journal; None if it is not for this process."""
    try:
        confirmed = read_confirmed(sys.stdin.buffer)
    except (PlainError, ValueError, KeyError) as error:
        _answer({"error": f"Its own process did not understand it: {type(error).__name__}."})
        return None
    if confirmed is None:
        return None
    movable = movable_run(*confirmed)
    try:
        journal = new_journal(movable.started, movable.shown, movable.folder)
    except JournalError as error:
        _answer({"error": str(error)})
        return None
    files = journal.files
    _answer({"folder": str(files.folder), "stem": files.stem, "end": journal.end})
    return movable, journal


def _answer(answer: Mapping[str, Any]) -> None:
    """Write one line. If nobody reads it, a confirmed run goes on all the same."""
    try:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    except OSError:
        return


if __name__ == "__main__":
    main()
