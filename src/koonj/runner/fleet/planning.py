"""Plan the runs on several targets, and ask once about all of them. Nothing is changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from koonj.config import ScratchPlace, Target
from koonj.humanize import count
from koonj.migrations.folder import FolderReader
from koonj.postgres.connector import Connector
from koonj.runner.fleet.groups import plan_groups
from koonj.runner.fleet.prepare import Prepared, prepare
from koonj.runner.fleet.run_group import RunGroup
from koonj.runner.fleet.side_by_side import side_by_side
from koonj.runner.fleet.waves import CANARY, Waves
from koonj.runner.fleet.wording import failures, not_ready_words, nothing_words
from koonj.runner.preparation import Job
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, Question, QuestionKind, RunResult
from koonj.runner.run.fleet_events import FleetFinished, FleetPlanned, Outcome, TargetResult
from koonj.runner.run.request import Request
from koonj.runner.run.run import Cancelled, Control
from koonj.runner.run.target_event import TargetEvent

AT_ONCE = 4
"""Targets that run side by side, if nothing says so: they can be databases of one server."""
_PLANNED_AT_ONCE = 8
"""Targets that are planned side by side."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Input of an apply or a rollback on several targets."""

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


@dataclass(frozen=True, slots=True)
class FleetConfirmation:
    """The plans of several targets that the user has confirmed."""

    run_id: str
    fleet: Fleet
    prepared: tuple[Prepared, ...]
    """All targets with their plans, in their order, also those that are not ready."""
    shown: FleetPlanned


class FleetPreparation:
    """The first part of an apply or a rollback on several targets: plans and questions.

    If the plans are not confirmed or not needed, the events of `run` end with a `FleetFinished`.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.confirmation: FleetConfirmation | None = None
        """What was confirmed; None: there is nothing to carry out."""
        self.run = RunGroup(self._body)
        self._input = fleet
        self._prepared = tuple(map(Prepared, fleet.targets))
        self._results: tuple[TargetResult, ...] = ()
        """What is planned for each target, once all are planned."""
        self._turn = asyncio.Lock()

    async def _body(self, control: Control) -> AsyncIterator[Event]:
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
        results = self._results = tuple(one.result for one in self._prepared)
        ready = [one for one in self._prepared if one.result.outcome is Outcome.PLANNED]
        plans = {one.target.name: one.plan for one in ready}
        waves = fleet.waves.of_targets(tuple(plans))
        shown = FleetPlanned(
            results,
            plan_groups(plans),
            waves,
            fleet.at_once,
            fleet.max_failures,
            fleet.request.direction,
        )
        yield shown
        if end := self._end_before_any(len(ready)):
            yield end
            return
        for question in self._questions(ready):
            control.expect_answer(question.id)
            yield question
            if await control.wait_for_answer(question.id) != question.expected:
                yield self._end(RunResult.DECLINED, "Nothing was changed.")
                return
        control.check()
        self.confirmation = FleetConfirmation(control.run_id, fleet, self._prepared, shown)

    async def _plan(self, control: Control) -> AsyncIterator[Event]:
        works = [partial(self._plan_one, prepared) for prepared in self._prepared]
        planning = side_by_side(works, _PLANNED_AT_ONCE, lambda: not control.cancelled)
        async with aclosing(planning) as events:  # type: ignore[type-var]  # it is a generator
            async for event in events:
                yield event

    async def _plan_one(self, prepared: Prepared) -> AsyncIterator[Event]:
        fleet, target = self._input, prepared.target
        job = Job(fleet.connector, target, fleet.reader, fleet.request, fleet.place, self._turn)
        async for event in prepare(job, prepared, self.run.running):
            yield TargetEvent(target.name, event)

    def _end_before_any(self, ready: int) -> FleetFinished | None:
        """Return the end if nothing is to be run, or too many targets are not ready."""
        fleet, failed = self._input, failures(self._results)
        if fleet.plan_only:
            return self._end(RunResult.NOTHING, "Plan only. Nothing was changed.")
        if failed >= fleet.max_failures or (failed and not ready):
            return self._end(RunResult.REFUSED, not_ready_words(failed, len(fleet.targets), ready))
        if not ready:
            return self._end(RunResult.NOTHING, nothing_words(fleet.request.direction))
        return None

    def _questions(self, ready: Sequence[Prepared]) -> list[Question]:
        """Return what is asked: once for all targets, and for the name of each protected one."""
        protected = [one.target.name for one in ready if one.target.protected]
        questions = []
        if len(protected) < len(ready) and not self._input.request.assume_yes:
            verb = "Apply to" if self._input.request.direction is Direction.APPLY else "Roll back on"
            text = f"{verb} {count(len(ready), 'target')}?"
            questions.append(Question(str(uuid4()), QuestionKind.YES, text, "yes"))
        for name in protected:
            text = f"{name} is protected. Type its name to confirm."
            questions.append(Question(str(uuid4()), QuestionKind.TYPED, text, name))
        return questions

    def _end(self, result: RunResult, message: str) -> FleetFinished:
        return FleetFinished(result, message, self._results)
