"""Carry out the confirmed runs on several targets, in waves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from time import monotonic

from koonj.postgres.connector import Connector
from koonj.runner.fleet.planning import FleetConfirmation
from koonj.runner.fleet.prepare import Prepared
from koonj.runner.fleet.run_group import RunGroup
from koonj.runner.fleet.side_by_side import side_by_side
from koonj.runner.fleet.wording import ended_words, failures, nothing_to_do
from koonj.runner.own_process import new_journal
from koonj.runner.process.journal import Journal, JournalError
from koonj.runner.process.recorded_run import RecordedRun
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, PlanMade, RunFinished, RunResult
from koonj.runner.run.fleet_events import (
    COMPLETE,
    FleetFinished,
    FleetStarted,
    Outcome,
    TargetFinished,
    TargetResult,
    WaveStarted,
)
from koonj.runner.run.movable_run import MovableRun
from koonj.runner.run.run import Control
from koonj.runner.run.target_event import TargetEvent
from koonj.runner.start import movable

_OUTCOMES = {
    RunResult.CANCELLED: Outcome.CANCELLED,
    RunResult.LOCKED: Outcome.LOCKED,
    RunResult.REFUSED: Outcome.REFUSED,
}


def movable_fleet(confirmation: FleetConfirmation) -> MovableRun:
    """Return the second part of an apply or a rollback on several targets, for any process."""
    fleet, shown = confirmation.fleet, confirmation.shown
    names = tuple(target.name for target in fleet.targets)
    plans = {one.target.name: one.plan for one in confirmation.prepared if one.confirmation is not None}
    return MovableRun(
        FleetStarted(confirmation.run_id, names, fleet.request.direction),
        (*(TargetEvent(group.shown, PlanMade(plans[group.shown])) for group in shown.groups), shown),
        fleet.reader.path,
        partial(FleetRun, confirmation),
        fleet.connector.passwords,
    )


class FleetRun(RunGroup):
    """The runs on several targets. Its last event is a `FleetFinished`."""

    def __init__(self, confirmation: FleetConfirmation, connector: Connector) -> None:
        super().__init__(self._run_waves, confirmation.run_id)
        self._confirmation = confirmation
        self._connector = connector
        self._results = {one.target.name: one.result for one in confirmation.prepared}

    @property
    def _failures(self) -> int:
        return failures(self._results.values())

    async def _run_waves(self, control: Control) -> AsyncIterator[Event]:
        confirmed, before = self._confirmation, self._failures
        prepared = {one.target.name: one for one in confirmed.prepared}
        waves = confirmed.shown.waves
        for number, wave in enumerate(waves, start=1):
            if not self._goes_on(control):
                break
            if number == 2 and self._failures > before:
                break  # the first wave is there to find what fails
            yield WaveStarted(number, len(waves), wave)
            works = [partial(self._run_one, prepared[name]) for name in wave]
            running = side_by_side(works, confirmed.fleet.at_once, partial(self._goes_on, control))
            async with aclosing(running) as events:  # type: ignore[type-var]  # it is a generator
                async for event in events:
                    yield event
        results = tuple(map(_not_started, self._results.values()))
        result = RunResult.FAILED
        if control.cancelled:
            result = RunResult.CANCELLED
        elif all(one.outcome in COMPLETE for one in results):
            result = RunResult.DONE
        yield FleetFinished(result, ended_words(results, confirmed.shown.direction), results)

    def _goes_on(self, control: Control) -> bool:
        return not control.cancelled and self._failures < self._confirmation.fleet.max_failures

    async def _run_one(self, prepared: Prepared) -> AsyncIterator[Event]:
        """Carry out the run of one target, with a journal, so that others can follow it."""
        name, part = prepared.target.name, movable(prepared.confirmed)
        run = RecordedRun(part.carry_out(self._connector), lambda *_: None)
        run.begin(self._journal(part))
        started, last = monotonic(), None
        self.running.add(run)
        try:
            async with aclosing(run.events()) as events:  # type: ignore[type-var]  # it is a generator
                async for event in events:
                    last = event
                    yield TargetEvent(name, event)
        finally:
            self.running.discard(run)
        assert isinstance(last, RunFinished)
        direction = self._confirmation.shown.direction
        result = _ended(prepared.result, last, direction, monotonic() - started)
        self._results[name] = result
        yield TargetFinished(result)

    def _journal(self, part: MovableRun) -> Journal | None:
        try:
            return new_journal(part.started, part.shown, part.folder, self.id)
        except JournalError:  # as for one target: a run without a terminal can be one without a home
            return None


def _outcome(result: RunResult, direction: Direction) -> Outcome:
    if result is RunResult.DONE:
        return Outcome.APPLIED if direction is Direction.APPLY else Outcome.ROLLED_BACK
    if result is RunResult.NOTHING:  # another run did it while this one waited for the lock
        return nothing_to_do(direction)
    return _OUTCOMES.get(result, Outcome.FAILED)


def _ended(before: TargetResult, last: RunFinished, direction: Direction, seconds: float) -> TargetResult:
    return replace(
        before,
        outcome=_outcome(last.result, direction),
        committed=last.committed,
        not_run=last.not_run,
        message=last.message,
        failure=last.failure,
        conflicts=last.conflicts,
        seconds=seconds,
    )


def _not_started(result: TargetResult) -> TargetResult:
    if result.outcome is not Outcome.PLANNED:
        return result
    return replace(result, outcome=Outcome.NOT_STARTED)
