"""Plan the run on one of several targets. Nothing is changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from koonj.config import Target
from koonj.runner.fleet.wording import nothing_to_do
from koonj.runner.preparation import Confirmation, Job
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, PlanMade, Question, RunFinished, RunResult
from koonj.runner.run.fleet_events import Outcome, TargetResult
from koonj.runner.run.planned import Plan
from koonj.runner.run.run import Run
from koonj.runner.start import Preparation


@dataclass(slots=True)
class Prepared:
    """One target with its plan."""

    target: Target
    result: TargetResult = field(init=False)
    confirmation: Confirmation | None = None
    """What its run carries out, once the user has confirmed all plans; None: there is nothing to run."""

    def __post_init__(self) -> None:
        self.result = TargetResult(self.target.name, Outcome.NOT_STARTED, self.target.protected)

    @property
    def confirmed(self) -> Confirmation:
        """The plan that the run carries out."""
        assert self.confirmation is not None
        return self.confirmation

    @property
    def plan(self) -> Plan:
        """The plan as the user has seen it."""
        return self.confirmed.shown.plan


async def prepare(job: Job, prepared: Prepared, running: set[Run]) -> AsyncIterator[Event]:
    """Plan the run on one target, and complete `prepared`. `running`: contains its run meanwhile.

    The question of the run is answered here: the user is asked once about all targets.
    """
    preparation = Preparation(job)
    run, planned, last = preparation.run, False, None
    running.add(run)
    try:
        async for event in run.events():
            planned, last = planned or isinstance(event, PlanMade), event
            if isinstance(event, Question):
                run.answer(event.id, event.expected)
            elif not isinstance(event, RunFinished):
                yield event
    finally:
        running.discard(run)
    prepared.confirmation = preparation.confirmation
    target, run_id = job.target, run.id
    if prepared.confirmation is not None:
        names = tuple(one.name for one in prepared.plan.migrations)
        prepared.result = TargetResult(
            target.name, Outcome.PLANNED, target.protected, run_id=run_id, not_run=names
        )
        return
    assert isinstance(last, RunFinished)
    prepared.result = TargetResult(
        target.name,
        _outcome(last, job.request.direction, planned=planned),
        target.protected,
        message=last.message,
        failure=last.failure,
        conflicts=last.conflicts,
    )


def _outcome(last: RunFinished, direction: Direction, *, planned: bool) -> Outcome:
    """Return what a preparation without a confirmation means. `planned`: the target was read."""
    if last.result is RunResult.NOTHING:
        return nothing_to_do(direction)
    if last.result is RunResult.CANCELLED:
        return Outcome.CANCELLED
    return Outcome.REFUSED if planned else Outcome.UNREACHABLE
