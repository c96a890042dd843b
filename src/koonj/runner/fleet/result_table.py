"""What became of each of several targets, as the cells of a table. For the command and the terminal UI."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from koonj.humanize import duration
from koonj.migrations.states import State
from koonj.runner.fleet.wording import outcome_words
from koonj.runner.run.direction import Direction
from koonj.runner.run.fleet_events import Outcome, TargetResult

STATES: Mapping[Outcome, State | None] = MappingProxyType(
    {
        Outcome.APPLIED: State.APPLIED,
        Outcome.UP_TO_DATE: State.APPLIED,
        Outcome.ROLLED_BACK: State.PENDING,
        Outcome.NOTHING: State.PENDING,
        Outcome.FAILED: State.FAILED,
        Outcome.CANCELLED: State.FAILED,
        Outcome.REFUSED: State.EDITED,
        Outcome.LOCKED: State.RUNNING,
        Outcome.PLANNED: State.PENDING,
        Outcome.NOT_STARTED: State.PENDING,
        Outcome.UNREACHABLE: None,
    }
)
"""The state whose glyph an outcome has."""
DONE_WORDS: Mapping[Direction, str] = MappingProxyType(
    {Direction.APPLY: "applied", Direction.ROLLBACK: "rolled back"}
)

Cells = tuple[str, str, str, str, str]
"""Target, result, number of migrations, time, and the migration that failed."""


def headings(direction: Direction) -> Cells:
    """Return the headings of the columns."""
    return "target", "result", DONE_WORDS[direction], "took", ""


def result_cells(one: TargetResult) -> Cells:
    """Return the cells of a target."""
    took = duration(one.seconds) if one.seconds else ""
    failed = one.failure.name if one.failure is not None else ""
    return one.target, outcome_words(one), committed_words(one), took, failed


def committed_words(one: TargetResult) -> str:
    """Return ``1 of 2``; empty if nothing was planned."""
    failed = one.failure is not None and bool(one.failure.name)
    planned = len(one.committed) + len(one.not_run) + failed
    return f"{len(one.committed)} of {planned}" if planned else ""
