"""State of a run on several targets on the screen, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from koonj.humanize import count
from koonj.runner.fleet.cancel_wording import fleet_cancel_words, part_cancel_words
from koonj.runner.fleet.wording import failures, outcome_words
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import RunFinished, RunResult
from koonj.runner.run.fleet_events import COMPLETE, FleetPlanned, Outcome, TargetResult
from koonj.runner.run.planned import Plan
from koonj.tui.state.run import RunStage, RunView


class TargetState(StrEnum):
    """How far one target is. The value is the word on the screen, unless it has ended."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class TargetRun:
    """One of several targets, and its own run."""

    result: TargetResult
    wave: int = 0
    """Number of its wave, from 1; 0: it is in none, because nothing runs on it."""
    view: RunView | None = None
    """Its own run, once it has started or ended."""

    @property
    def name(self) -> str:
        """Name of the target."""
        return self.result.target

    @property
    def state(self) -> TargetState:
        """How far the target is."""
        if self.result.outcome is not Outcome.PLANNED:
            return TargetState.ENDED
        return TargetState.WAITING if self.view is None else TargetState.RUNNING

    @property
    def words(self) -> str:
        """The state in a word or two; at its end those of the command."""
        return outcome_words(self.result) if self.state is TargetState.ENDED else self.state.value

    @property
    def has_problem(self) -> bool:
        """Whether it is not as it was wanted: a failure, or it was not its turn any more."""
        return self.state is TargetState.ENDED and self.result.outcome not in COMPLETE


@dataclass(frozen=True, slots=True)
class FleetRunView(RunView):
    """State of a run on several targets after its events so far. `target` has words for all of them."""

    targets: tuple[TargetRun, ...] = ()
    """In the order of the waves; then those on which nothing runs."""
    planned: FleetPlanned | None = None
    plans: tuple[tuple[str, Plan], ...] = ()
    """By target, the plans that were shown: one for all targets that are alike."""
    wave: int = 0
    """Number of the wave that runs; 0 before the first one."""

    def one(self, name: str) -> TargetRun | None:
        """Return one of the targets."""
        return next((one for one in self.targets if one.name == name), None)

    def on(self, target: str) -> RunView | None:
        """Return the run on one of the targets; None if it has not started."""
        one = self.one(target)
        return None if one is None else one.view

    @property
    def running_targets(self) -> tuple[TargetRun, ...]:
        """The targets that are running now."""
        return tuple(one for one in self.targets if one.state is TargetState.RUNNING)

    @property
    def waiting_targets(self) -> int:
        """Number of targets that have not started."""
        return sum(one.state is TargetState.WAITING for one in self.targets)

    @property
    def left_words(self) -> tuple[str, ...]:
        """What cancelling all runs now does and leaves, as paragraphs."""
        places = {one.name: one.view.place for one in self.running_targets if one.view is not None}
        return fleet_cancel_words(places, self.waiting_targets)

    def left_words_of(self, name: str) -> tuple[str, ...]:
        """Return what cancelling only the run on one target does and leaves; nothing if it is not running."""
        one = self.one(name)
        if one is None or one.view is None or one.state is not TargetState.RUNNING or self.planned is None:
            return ()
        so_far = failures(other.result for other in self.targets)
        goes_on = self.wave > 1 and so_far + 1 < self.planned.max_failures
        return part_cancel_words(one.view.place, self.waiting_targets, goes_on=goes_on)

    @property
    def stage(self) -> RunStage:
        """Stage of the run. It was confirmed before it is shown, so it works from the start."""
        if self.running:
            return RunStage.WORK
        if self.closed:
            return RunStage.REST
        return RunStage.TO_READ if self.has_problem else RunStage.DONE


def new_fleet_view(targets: int, direction: Direction, started: float) -> FleetRunView:
    """Return the state before the first event. `targets`: their number; `started`: in Unix seconds."""
    return FleetRunView(count(targets, "target"), direction, started)


_RESULTS = MappingProxyType(
    {
        Outcome.FAILED: RunResult.FAILED,
        Outcome.UNREACHABLE: RunResult.FAILED,
        Outcome.REFUSED: RunResult.REFUSED,
        Outcome.LOCKED: RunResult.LOCKED,
        Outcome.CANCELLED: RunResult.CANCELLED,
        Outcome.APPLIED: RunResult.DONE,
        Outcome.ROLLED_BACK: RunResult.DONE,
    }
)


def ended_target(one: TargetRun, result: TargetResult, direction: Direction, at: float) -> TargetRun:
    """Return a target after its end. It has a result of its own also if no run was started there."""
    view = one.view
    if view is None and result.outcome in _RESULTS:
        view = RunView(one.name, direction, at)
    if view is not None and view.finished is None:
        finished = RunFinished(
            _RESULTS.get(result.outcome, RunResult.NOTHING),
            result.message,
            committed=result.committed,
            failure=result.failure,
            not_run=result.not_run,
            conflicts=result.conflicts,
        )
        view = replace(view, finished=finished, ended=at)
    return replace(one, result=result, view=view)
