"""Apply one set of migrations to several targets: plan all, ask once, then run them in waves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import monotonic
from uuid import uuid4

from koonj.config import ScratchPlace, Target
from koonj.humanize import count
from koonj.migrations.folder import FolderReader
from koonj.postgres.connector import Connector
from koonj.runner.fleet.groups import plan_groups
from koonj.runner.fleet.prepare import Prepared, prepare
from koonj.runner.fleet.side_by_side import side_by_side
from koonj.runner.fleet.waves import CANARY, Waves
from koonj.runner.fleet.wording import ended_words, not_ready_words
from koonj.runner.own_process import new_journal
from koonj.runner.preparation import Job
from koonj.runner.process.folders import mark_seen
from koonj.runner.process.journal import Journal, JournalError
from koonj.runner.process.recorded_run import RecordedRun
from koonj.runner.run.events import (
    Event,
    PlanMade,
    Question,
    QuestionKind,
    RunFinished,
    RunResult,
    RunStarted,
)
from koonj.runner.run.fleet_events import (
    COMPLETE,
    FleetFinished,
    FleetPlanned,
    Outcome,
    TargetFinished,
    TargetResult,
    WaveStarted,
)
from koonj.runner.run.request import Request
from koonj.runner.run.run import Cancelled, Control, Run
from koonj.runner.run.target_event import TargetEvent
from koonj.runner.start import movable

AT_ONCE = 4
"""Targets that run side by side, if nothing says so: they can be databases of one server."""
_PLANNED_AT_ONCE = 8
"""Targets that are planned side by side."""
_OUTCOMES = {
    RunResult.DONE: Outcome.APPLIED,
    RunResult.NOTHING: Outcome.UP_TO_DATE,  # another run did it while this one waited for the lock
    RunResult.CANCELLED: Outcome.CANCELLED,
    RunResult.LOCKED: Outcome.LOCKED,
    RunResult.REFUSED: Outcome.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Fleet:
    """Input of an apply to several targets."""

    connector: Connector
    targets: tuple[Target, ...]
    reader: FolderReader
    request: Request
    place: ScratchPlace
    waves: Waves = CANARY
    at_once: int = AT_ONCE
    max_failures: int = 1
    """After so many failures, no other target starts. A target that is not ready is one of them."""
    plan_only: bool = False


class FleetRun(Run):
    """The apply to several targets. Its last event is a `FleetFinished`."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(self._fleet)
        self._input = fleet
        self._running: set[Run] = set()
        self._prepared: dict[str, Prepared] = {}
        self._results: dict[str, TargetResult] = {}
        self._turn = asyncio.Lock()

    async def cancel(self) -> None:
        """Cancel every run, and start no other.

        Raises:
            psycopg.Error: A cancel request could not be sent.
        """
        await super().cancel()
        sent = await asyncio.gather(*(run.cancel() for run in self._running), return_exceptions=True)
        for error in sent:
            if isinstance(error, BaseException):
                raise error

    async def _fleet(self, control: Control) -> AsyncIterator[Event]:
        try:
            async with aclosing(self._stages(control)) as stages:  # type: ignore[type-var]  # a generator
                async for event in stages:
                    yield event
        except Cancelled:
            yield self._end(RunResult.CANCELLED, "Cancelled. Nothing was changed.")

    async def _stages(self, control: Control) -> AsyncIterator[Event]:
        fleet = self._input
        async for event in self._plan(control):
            yield event
        control.check()
        names = [target.name for target in fleet.targets]
        self._results = {name: self._prepared[name].result for name in names}
        ready = [name for name in names if self._results[name].outcome is Outcome.PLANNED]
        plans = {name: self._prepared[name].plan for name in ready}
        waves = fleet.waves.of_targets(ready)
        yield FleetPlanned(
            tuple(self._results.values()), plan_groups(plans), waves, fleet.at_once, fleet.max_failures
        )
        if end := self._end_before_any(ready):
            yield end
            return
        for question in self._questions(ready):
            control.expect_answer(question.id)
            yield question
            if await control.wait_for_answer(question.id) != question.expected:
                yield self._end(RunResult.DECLINED, "Nothing was changed.")
                return
        async for event in self._run_waves(waves, control):
            yield event

    async def _plan(self, control: Control) -> AsyncIterator[Event]:
        works = [partial(self._plan_one, target) for target in self._input.targets]
        planning = side_by_side(works, _PLANNED_AT_ONCE, lambda: not control.cancelled)
        async with aclosing(planning) as events:  # type: ignore[type-var]  # it is a generator
            async for event in events:
                yield event

    async def _plan_one(self, target: Target) -> AsyncIterator[Event]:
        fleet = self._input
        job = Job(fleet.connector, target, fleet.reader, fleet.request, fleet.place, self._turn)
        prepared = Prepared(target)
        async for event in prepare(job, prepared, self._running):
            yield TargetEvent(target.name, event)
        self._prepared[target.name] = prepared

    def _end_before_any(self, ready: Sequence[str]) -> FleetFinished | None:
        """Return the end if nothing is to be run, or too many targets are not ready."""
        fleet, failures = self._input, self._failures
        if fleet.plan_only:
            return self._end(RunResult.NOTHING, "Plan only. Nothing was changed.")
        if failures >= fleet.max_failures or (failures and not ready):
            words = not_ready_words(failures, len(fleet.targets), len(ready))
            return self._end(RunResult.REFUSED, words)
        if not ready:
            return self._end(RunResult.NOTHING, "Nothing to apply: no migration is pending on any target.")
        return None

    def _questions(self, ready: Sequence[str]) -> list[Question]:
        """Return what is asked: once for all targets, and for the name of each protected one."""
        protected = [name for name in ready if self._results[name].protected]
        questions = []
        if len(protected) < len(ready) and not self._input.request.assume_yes:
            text = f"Apply to {count(len(ready), 'target')}?"
            questions.append(Question(str(uuid4()), QuestionKind.YES, text, "yes"))
        for name in protected:
            text = f"{name} is protected. Type its name to confirm."
            questions.append(Question(str(uuid4()), QuestionKind.TYPED, text, name))
        return questions

    @property
    def _failures(self) -> int:
        waiting = {Outcome.PLANNED, Outcome.NOT_STARTED}
        return sum(one.outcome not in COMPLETE | waiting for one in self._results.values())

    async def _run_waves(self, waves: Sequence[Sequence[str]], control: Control) -> AsyncIterator[Event]:
        fleet, before = self._input, self._failures
        for number, wave in enumerate(waves, start=1):
            if control.cancelled or self._failures >= fleet.max_failures:
                break
            if number == 2 and self._failures > before:
                break  # the first wave is there to find what fails
            yield WaveStarted(number, len(waves), tuple(wave))
            works = [partial(self._run_one, self._prepared[name]) for name in wave]
            running = side_by_side(works, fleet.at_once, partial(self._goes_on, control))
            async with aclosing(running) as events:  # type: ignore[type-var]  # it is a generator
                async for event in events:
                    yield event
        self._results = {name: _not_started(one) for name, one in self._results.items()}
        results = tuple(self._results.values())
        result = RunResult.FAILED
        if control.cancelled:
            result = RunResult.CANCELLED
        elif all(one.outcome in COMPLETE for one in results):
            result = RunResult.DONE
        yield self._end(result, ended_words(results))

    def _goes_on(self, control: Control) -> bool:
        return not control.cancelled and self._failures < self._input.max_failures

    async def _run_one(self, prepared: Prepared) -> AsyncIterator[Event]:
        """Carry out the run of one target, with a journal, so that others can follow it."""
        name, part = prepared.target.name, movable(prepared.confirmed)
        run = RecordedRun(part.carry_out(self._input.connector), lambda *_: None)
        journal = _journal(part.started, part.plan, part.folder)
        run.begin(journal)
        started, last = monotonic(), None
        self._running.add(run)
        try:
            async with aclosing(run.events()) as events:  # type: ignore[type-var]  # it is a generator
                async for event in events:
                    last = event
                    yield TargetEvent(name, event)
        finally:
            self._running.discard(run)
        if journal is not None:
            mark_seen(journal.files)  # by the reader of these events
        assert isinstance(last, RunFinished)
        result = _ended(prepared.result, last, monotonic() - started)
        self._results[name] = result
        yield TargetFinished(result)

    def _end(self, result: RunResult, message: str) -> FleetFinished:
        return FleetFinished(result, message, tuple(self._results.values()))


def _journal(started: RunStarted, plan: PlanMade | None, folder: Path) -> Journal | None:
    try:
        return new_journal(started, plan, folder)
    except JournalError:  # as for one target: a run without a terminal can be one without a home
        return None


def _ended(before: TargetResult, last: RunFinished, seconds: float) -> TargetResult:
    return replace(
        before,
        outcome=_OUTCOMES.get(last.result, Outcome.FAILED),
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
