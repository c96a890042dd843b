"""Define the events of a run on several targets; `TargetEvent` has those of each target's own run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, RunResult, RunStarted
from koonj.runner.run.failure import Failure


class Outcome(StrEnum):
    """What becomes of one target."""

    PLANNED = "planned"
    """It has migrations to run, and nothing is in their way."""
    UP_TO_DATE = "up_to_date"
    """It has all migrations already."""
    NOTHING = "nothing"
    """It has none to roll back."""
    APPLIED = "applied"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    """It cannot be reached or read, so nothing is known about it."""
    REFUSED = "refused"
    """A conflict is in the way (an edited file, a verdict, …), or the target cannot be written to."""
    LOCKED = "locked"
    """Another run holds the koonj lock."""
    CANCELLED = "cancelled"
    NOT_STARTED = "not_started"
    """It was not its turn any more."""


NOT_READY = frozenset({Outcome.UNREACHABLE, Outcome.REFUSED})
"""Outcomes of a plan: nothing can run on such a target."""
COMPLETE = frozenset({Outcome.APPLIED, Outcome.UP_TO_DATE, Outcome.ROLLED_BACK, Outcome.NOTHING})
"""Outcomes of targets on which nothing is left to do for the request."""


@dataclass(frozen=True, slots=True)
class TargetResult:
    """One target: what is planned for it, or what became of it."""

    target: str
    outcome: Outcome
    protected: bool = False
    run_id: str = ""
    """As in its history and in `koonj runs`."""
    committed: tuple[str, ...] = ()
    """File names of the migrations that were committed, in their order."""
    not_run: tuple[str, ...] = ()
    """File names of the planned migrations that were not started."""
    message: str = ""
    """Why, in a sentence; can be empty."""
    failure: Failure | None = None
    conflicts: tuple[Conflict, ...] = ()
    seconds: float = 0.0
    """How long its run took, without the plan."""


@dataclass(frozen=True, slots=True)
class PlanGroup:
    """Targets whose plans are alike."""

    targets: tuple[str, ...]
    migrations: tuple[str, ...]
    """File names, in the order in which they run."""
    shown: str
    """The target whose plan stands for all: that with the largest tables."""


@dataclass(frozen=True, slots=True)
class FleetStarted(Event):
    """The first event of the journal."""

    run_id: str
    targets: tuple[str, ...]
    direction: Direction


Started = RunStarted | FleetStarted
"""The first event in the journal of a run."""


@dataclass(frozen=True, slots=True)
class FleetPlanned(Event):
    """The plans of all targets, before anything changes."""

    targets: tuple[TargetResult, ...]
    groups: tuple[PlanGroup, ...]
    waves: tuple[tuple[str, ...], ...]
    at_once: int
    """How many targets run side by side, at most."""
    max_failures: int
    """After so many failures, no other target starts."""
    direction: Direction = Direction.APPLY


@dataclass(frozen=True, slots=True)
class WaveStarted(Event):
    """Wave `number` of `of` starts."""

    number: int
    of: int
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetFinished(Event):
    """The run on one target has ended."""

    result: TargetResult


@dataclass(frozen=True, slots=True)
class FleetFinished(Event):
    """The last event: what became of each target."""

    result: RunResult
    message: str
    targets: tuple[TargetResult, ...] = ()
