"""Remember that a user has seen how a run ended, and how its parts did."""

from __future__ import annotations

from koonj.postgres.run_name import SHORT_ID
from koonj.runner.process.folders import RunFiles, mark_seen
from koonj.runner.process.journal_reader import known_run
from koonj.runner.run.events import Event
from koonj.runner.run.fleet_events import FleetFinished


def mark_end_seen(files: RunFiles, end: Event) -> None:
    """Remember that a user has seen `end`, the last event of a run. Does not raise OSError."""
    mark_seen(files)
    if isinstance(end, FleetFinished):
        for result in end.targets:
            part = known_run(result.run_id[:SHORT_ID]) if result.run_id else None
            if part is not None:
                mark_seen(part.files)
